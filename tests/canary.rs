//! Canaries: test secrets that are searched for wherever they must not be, also in disguise.
//!
//! Every secret of a scenario begins with `canary-`. The runner collects them from the scenario's files and
//! looks for each in every output and in every file that the program wrote.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

/// The canaries in some texts.
pub(crate) fn collect<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let canary = regex::Regex::new("canary-[A-Za-z0-9._-]*[A-Za-z0-9]").unwrap();
    texts.into_iter().flat_map(|text| canary.find_iter(text).map(|m| m.as_str().to_owned())).collect()
}

/// A canary as it is and in every disguise: base64 at each of the three alignments, hexadecimal, URL-encoded
/// byte by byte, and escaped as in JSON and Rust.
fn disguises(canary: &str) -> Vec<Vec<u8>> {
    let bytes = canary.as_bytes();
    let mut forms = vec![bytes.to_vec(), hex::encode(bytes).into_bytes(), hex::encode_upper(bytes).into_bytes()];
    forms.push(bytes.iter().map(|b| format!("%{b:02X}")).collect::<String>().into_bytes());
    forms.push(bytes.iter().map(|b| format!("\\u{b:04x}")).collect::<String>().into_bytes());
    forms.push(bytes.iter().map(|b| format!("\\u{{{b:x}}}")).collect::<String>().into_bytes());
    forms.push(bytes.iter().map(|b| format!("{b}, ")).collect::<String>().trim_end_matches(", ").into());
    for (before, start) in [(0, 0), (1, 2), (2, 3)] {
        let mut padded = vec![0; before];
        padded.extend_from_slice(bytes);
        // Only characters that depend on the canary alone.
        let end = padded.len() * 8 / 6;
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            forms.push(text.as_bytes()[start..end].to_vec());
        }
    }
    forms
}

/// The canaries that are in some bytes, in whatever disguise. Texts are also searched as if they had no spaces, no
/// lines, no frames and no colours, since drawing breaks them.
pub(crate) fn found<'a>(canaries: &'a BTreeSet<String>, bytes: &[u8]) -> Vec<&'a str> {
    let whole: Option<Vec<u8>> = std::str::from_utf8(bytes).ok().map(|text| {
        let text = console::strip_ansi_codes(text);
        text.chars().filter(|c| !c.is_whitespace() && !"|│╎·".contains(*c)).collect::<String>().into_bytes()
    });
    let holds = |form: &[u8]| {
        let is_in = |bytes: &[u8]| bytes.windows(form.len()).any(|window| window == form);
        is_in(bytes) || whole.as_deref().is_some_and(is_in)
    };
    canaries.iter().filter(|canary| disguises(canary).iter().any(|form| holds(form))).map(String::as_str).collect()
}

/// All files below a directory, links not followed.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut open = vec![dir.to_owned()];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        let Ok(kind) = std::fs::symlink_metadata(&path) else { continue };
        if kind.is_dir() {
            open.extend(std::fs::read_dir(&path).into_iter().flatten().map(|entry| entry.unwrap().path()));
        } else if kind.is_file() {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn a_canary_is_found_in_every_disguise() {
    let canaries = collect(["password = canary-blue-7f3a."]);
    assert_eq!(canaries.iter().collect::<Vec<_>>(), ["canary-blue-7f3a"]);
    let inside = |text: String| found(&canaries, text.as_bytes()).len();
    assert_eq!(inside("x canary-blue-7f3a y".to_owned()), 1);
    for before in ["", "a", "ab", "abc"] {
        assert_eq!(inside(STANDARD_NO_PAD.encode(format!("{before}canary-blue-7f3a, and more"))), 1, "{before}");
    }
    assert_eq!(inside(hex::encode("xcanary-blue-7f3ay")), 1);
    assert_eq!(inside(format!("{:?}", "canary-blue-7f3a".as_bytes())), 1);
    assert_eq!(inside("canary-blue-7f3a".bytes().map(|b| format!("\\u{b:04x}")).collect()), 1);
    assert_eq!(inside("x canary-blue-\n    | 7f3a y".to_owned()), 1);
    assert_eq!(inside("x canary-\u{1b}[1;31mblue\u{1b}[0m-\n    │ 7f3a y".to_owned()), 1);
    assert_eq!(inside("canary-blue-7f3".to_owned()), 0);
}
