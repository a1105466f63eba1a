//! The command line before clap sees it: Terraform's options with one dash are taken as well.

use std::ffi::OsString;

/// Options that people know with one dash.
const ONE_DASH: &[&str] = &[
    "var",
    "var-file",
    "target",
    "auto-approve",
    "parallelism",
    "chdir",
    "json",
    "out",
    "destroy",
    "check",
    "diff",
    "lock-timeout",
    "no-color",
];

/// Gives each of these options its second dash; `-detailed-exitcode` is `--exit-code`. What follows a
/// bare `--` stays as it is.
pub(super) fn dashes(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut literal = false;
    args.into_iter()
        .map(|arg| {
            literal |= arg == "--";
            if literal { arg } else { dash(arg) }
        })
        .collect()
}

fn dash(arg: OsString) -> OsString {
    let Some(text) = arg.to_str() else { return arg };
    let bare = text.trim_start_matches('-');
    if bare == "detailed-exitcode" && text.len() > bare.len() {
        return "--exit-code".into();
    }
    let name = bare.split('=').next().unwrap_or_default();
    let has_one = text.len() == bare.len() + 1;
    if has_one && ONE_DASH.contains(&name) { format!("-{text}").into() } else { arg }
}

#[cfg(test)]
mod tests {
    use super::dashes;
    use std::ffi::OsString;

    #[test]
    fn known_options_get_their_second_dash() {
        let check = |given: &[&str], wanted: &[&str]| {
            let args: Vec<OsString> = given.iter().map(OsString::from).collect();
            assert_eq!(dashes(args), wanted.iter().map(OsString::from).collect::<Vec<_>>());
        };
        check(&["keyform", "plan", "-var", "a=-var"], &["keyform", "plan", "--var", "a=-var"]);
        check(&["-var-file=x", "-chdir=y"], &["--var-file=x", "--chdir=y"]);
        check(&["-detailed-exitcode"], &["--exit-code"]);
        check(&["-q", "-vv", "-C", "x", "-"], &["-q", "-vv", "-C", "x", "-"]);
        check(&["--", "-var"], &["--", "-var"]);
    }
}
