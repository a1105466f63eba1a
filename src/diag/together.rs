//! Problems of one kind that are told together: where each resource or key may have one and the remedy is the same for all,
//! one line each stands above one advice.

use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::codes;

/// The kinds that are. Others need their place in the source shown, each of its own.
const KINDS: [&Code; 4] = [&codes::NOT_MANAGED, &codes::STALE_PLAN, &codes::NO_WAY_BACK, &codes::CHANGED_SINCE];

/// How many of them are named; the rest is a number.
const NAMED: usize = 10;

/// Draws together what is of one kind and has one remedy: where the first one stands, without places in the source.
#[must_use]
pub fn together(all: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut groups: Vec<(Diagnostic, usize)> = Vec::new();
    for one in all {
        let is_like = |other: &Diagnostic| {
            KINDS.contains(&one.code)
                && (other.code, other.severity, &other.help) == (one.code, one.severity, &one.help)
        };
        match groups.iter_mut().find(|(other, _)| is_like(other)) {
            Some((first, count)) => {
                *count += 1;
                first.labels.clear();
                if *count <= NAMED {
                    first.detail = format!("{}\n{}", first.detail, one.detail);
                }
            }
            None => groups.push((one, 1)),
        }
    }
    let told = groups.into_iter().map(|(mut one, count)| {
        if count > NAMED {
            one.detail = format!("{}\n… and {} more; `--json` has all.", one.detail, count - NAMED);
        }
        one
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::together;
    use crate::diag::Diagnostic;
    use crate::diag::codes;

    #[test]
    fn one_remedy_is_said_once() {
        let one = |n: usize, help: &str| Diagnostic::error(&codes::NOT_MANAGED, format!("a{n}.")).help(help);
        let mut all: Vec<Diagnostic> = (0..12).map(|n| one(n, "adopt")).collect();
        all.insert(1, one(90, "rename"));
        all.push(Diagnostic::error(&codes::REQUIRED, "x."));
        all.push(Diagnostic::error(&codes::REQUIRED, "x."));
        let told = together(all);
        let details: Vec<&str> = told.iter().map(|one| &*one.detail).collect();
        assert_eq!(details.len(), 4, "{details:?}");
        assert!(details[0].starts_with("a0.\na1.\n") && details[0].ends_with("a9.\n… and 2 more; `--json` has all."));
        assert_eq!(details[1..], ["a90.", "x.", "x."]);
    }
}
