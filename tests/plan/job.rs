//! The backend's own sync job: its table, a case a row.

use keyform::model::job;
use keyform::model::job::Content;
use keyform::model::job::InitialSync;
use keyform::model::job::Job;
use keyform::model::key_schema::KeySchema;
use keyform::model::schema::KeyRules;
use std::collections::BTreeMap;
use std::sync::Arc;

type Keys = BTreeMap<Arc<str>, &'static str>;

fn keys(pairs: &[(&str, &'static str)]) -> Keys {
    pairs.iter().map(|(k, v)| (Arc::from(*k), *v)).collect()
}

#[derive(Clone, Copy)]
struct Case<'a> {
    source: &'a [(&'a str, &'static str)],
    destination: &'a [(&'a str, &'static str)],
    schema: &'a str,
    first: Option<InitialSync>,
    delete: bool,
    complete: bool,
}

const PLAIN: Case<'static> =
    Case { source: &[], destination: &[], schema: "{{secretKey}}", first: None, delete: true, complete: true };

/// Values are compared but for `?`, which can't be read.
fn check(case: &Case<'_>, expected: &[&str]) {
    let (source, destination) = (keys(case.source), keys(case.destination));
    let schema = KeySchema::new(case.schema, "prod").unwrap();
    let job = Job {
        source: &source,
        destination: &destination,
        complete: case.complete,
        schema: &schema,
        rules: &KeyRules::default(),
        first: case.first,
        delete: case.delete,
        can_import: true,
    };
    let same = |a: &&str, b: &&str| (*b != "?").then_some(a == b);
    let content = |value: &&str| match *value {
        "?" => Content::Unreadable,
        "" => Content::Empty,
        _ => Content::Text,
    };
    let found: Vec<String> = match job::steps(&job, same, content) {
        Ok(steps) => steps.iter().map(|(key, step)| format!("{key}: {step:?}")).collect(),
        Err(why) => vec![format!("illegal: {:?}, unreadable: {:?}", why.illegal, why.unreadable)],
    };
    assert_eq!(found, expected);
}

#[test]
fn pushes() {
    check(
        &Case {
            source: &[("A", "1"), ("B", "2"), ("C", "3"), ("D", "4")],
            destination: &[("B", "2"), ("C", "x"), ("D", "?"), ("E", "5")],
            ..PLAIN
        },
        &[
            r#"A: Create { source: "A" }"#,
            r#"B: Same { source: "B" }"#,
            r#"C: Overwrite { source: "C", compared: true }"#,
            r#"D: Overwrite { source: "D", compared: false }"#,
            "E: Delete",
        ],
    );
}

#[test]
fn keeps() {
    let destination = &[("X", "1"), ("a/KF_b/c", "1"), ("a/KF_b", "1")];
    let case = Case { destination, schema: "a/KF_{{secretKey}}", ..PLAIN };
    check(&case, &["X: Keep(Unmanaged)", "a/KF_b: Delete", "a/KF_b/c: Keep(Unmanaged)"]);
    let destination = &[("X", "1")];
    check(&Case { destination, delete: false, ..PLAIN }, &["X: Keep(DeletionDisabled)"]);
    check(&Case { destination, complete: false, ..PLAIN }, &["X: Keep(Partial)"]);
}

#[test]
fn imports() {
    let case = Case {
        source: &[("A", "1"), ("B", "2")],
        destination: &[("KF_A", "x"), ("KF_B", ""), ("KF_C", "3"), ("D", "4")],
        schema: "KF_{{secretKey}}",
        first: Some(InitialSync::ImportPrioritizeSource),
        ..PLAIN
    };
    check(
        &case,
        &[
            "D: Keep(Unmanaged)",
            r#"KF_A: Overwrite { source: "A", compared: true }"#,
            r#"KF_B: Overwrite { source: "B", compared: true }"#,
            r#"KF_C: Import { source: "C", overwrite_source: false }"#,
        ],
    );
    check(
        &Case { first: Some(InitialSync::ImportPrioritizeDestination), ..case },
        &[
            "D: Keep(Unmanaged)",
            r#"KF_A: Import { source: "A", overwrite_source: true }"#,
            r#"KF_B: Overwrite { source: "B", compared: true }"#,
            r#"KF_C: Import { source: "C", overwrite_source: false }"#,
        ],
    );
    check(
        &Case {
            destination: &[("a:b", "1"), ("a/b", "2"), ("fine", "3")],
            first: Some(InitialSync::ImportPrioritizeSource),
            ..PLAIN
        },
        &[r#"illegal: ["a/b", "a:b"], unreadable: []"#],
    );
    let hidden = Case { destination: &[("KF_A", "?"), ("KF_C", "?"), ("D", "?")], ..case };
    check(
        &Case { first: Some(InitialSync::ImportPrioritizeDestination), ..hidden },
        &[r#"illegal: [], unreadable: ["KF_A", "KF_C"]"#],
    );
    check(&hidden, &[r#"illegal: [], unreadable: ["KF_C"]"#]);
}
