//! What of drift is news: each finding once, and never that something is over which only could not be looked at.

use crate::plan::world::address;
use keyform::plan::drift::Cause;
use keyform::plan::drift::Drift;
use keyform::plan::drift::Evidence;
use keyform::plan::drift::Finding;
use keyform::plan::drift::Verdict;
use keyform::plan::news;
use keyform::plan::news::Item;
use std::collections::BTreeSet;

fn finding(at: &str, verdict: Verdict, cause: Cause) -> Finding {
    Finding {
        address: address(at),
        verdict,
        evidence: Evidence::Proven,
        cause,
        row: None,
        fields: Vec::new(),
        said: "".into(),
        steps: Vec::new(),
        accepted: None,
    }
}

fn drift(findings: &[Finding]) -> Drift {
    Drift { findings: findings.to_vec(), ..Drift::default() }
}

/// What is told, one text for each of the four.
fn check(findings: &[Finding], causes: &[Cause], told: &[(&str, Verdict)], expected: [&[&str]; 4]) {
    let told = told.iter().map(|(at, verdict)| Item { address: address(at), verdict: *verdict }).collect();
    let news = news::news(&drift(findings), causes, &told);
    let shown = |items: &BTreeSet<Item>| -> Vec<String> {
        items.iter().map(|item| format!("{} {}", item.verdict.word(), item.address)).collect()
    };
    let found = [&news.fresh, &news.still, &news.unseen, &news.gone].map(shown);
    assert_eq!(found, expected.map(|items| items.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()));
    assert_eq!(news.is_any(), !expected[0].is_empty() || !expected[3].is_empty());
    assert_eq!(news.is_clean(), expected[..3].iter().all(|items| items.is_empty()));
    assert_eq!(news.told().len(), expected[..3].iter().map(|items| items.len()).sum::<usize>());
}

const A: &str = "secret_sync.web.entry.A";
const B: &str = "secret_sync.web.entry.B";
const WEB: &str = "secret_sync.web";

#[test]
fn each_finding_is_told_once_and_so_is_its_end() {
    let a = || finding(A, Verdict::Missing, Cause::Outside);
    check(&[], &[], &[], [&[]; 4]);
    check(&[a()], &[], &[], [&["missing secret_sync.web.entry.A"], &[], &[], &[]]);
    check(&[a()], &[], &[(A, Verdict::Missing)], [&[], &["missing secret_sync.web.entry.A"], &[], &[]]);
    check(&[], &[], &[(A, Verdict::Missing)], [&[], &[], &[], &["missing secret_sync.web.entry.A"]]);
    // Another verdict is another finding.
    check(
        &[a()],
        &[],
        &[(A, Verdict::ValueChanged)],
        [&["missing secret_sync.web.entry.A"], &[], &[], &["value-changed secret_sync.web.entry.A"]],
    );
}

#[test]
fn what_can_not_be_looked_at_is_not_over() {
    let told = [(A, Verdict::Missing), (B, Verdict::Extra)];
    let unreadable = "unreadable secret_sync.web";
    let kept: &[&str] = &["missing secret_sync.web.entry.A", "extra secret_sync.web.entry.B"];
    check(&[finding(WEB, Verdict::Unreadable, Cause::Unknown)], &[], &told, [&[unreadable], &[], kept, &[]]);
    // Also where nobody wants to hear that it can't be looked at.
    let blind = finding(WEB, Verdict::Unreadable, Cause::Unknown);
    check(std::slice::from_ref(&blind), &[Cause::Outside], &told, [&[], &[], kept, &[]]);
    // What is on its way is not there yet.
    let late = finding(A, Verdict::Missing, Cause::Lag);
    check(&[late], &[], &told[..1], [&[], &[], &kept[..1], &[]]);
    // One key that can't be compared says nothing of another.
    let other = finding(A, Verdict::Unknown, Cause::Unknown);
    check(&[other], &[Cause::Outside], &told, [&[], &[], &kept[..1], &kept[1..]]);
}

#[test]
fn a_channel_hears_of_the_causes_that_it_wants() {
    let findings = [finding(A, Verdict::Missing, Cause::Outside), finding(B, Verdict::Extra, Cause::Unapplied)];
    check(&findings, &[Cause::Unapplied], &[], [&["extra secret_sync.web.entry.B"], &[], &[], &[]]);
    let accepted = Finding { accepted: Some(0), ..findings[0].clone() };
    check(&[accepted], &[], &[], [&[]; 4]);
}
