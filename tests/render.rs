//! Diagnostics as they are drawn for a terminal.

use keyform::diag::Diagnostic;
use keyform::diag::codes;
use keyform::diag::render::render;
use keyform::diag::source::Known;
use keyform::diag::source::SourceId;
use keyform::diag::source::Sources;
use keyform::diag::source::Span;
use proptest::prelude::*;

fn span(source: u32, start: u32, end: u32) -> Span {
    Span { source: SourceId(source), start, end }
}

fn check(diagnostic: &Diagnostic, sources: &Sources, wanted: &str) {
    let drawn = render(diagnostic, sources, false, 80);
    assert_eq!(format!("\n{drawn}"), wanted, "\n{drawn}");
}

#[test]
fn one_source_with_two_labels() {
    let mut sources = Sources::new();
    sources.add_plain("main.hcl", "a = 1\nb = 2\na = 3\n");
    let d = Diagnostic::error(&codes::DUPLICATE, "`a` is set twice in this block.")
        .at(span(0, 12, 13), "second time")
        .at(span(0, 0, 1), "first time")
        .help("remove one");
    check(
        &d,
        &sources,
        r#"
error KF0104: set twice

  x `a` is set twice in this block.
   ,-[main.hcl:3:1]
 1 | a = 1
   : |
   : `-- first time
 2 | b = 2
 3 | a = 3
   : |
   : `-- second time
   `----
  help: remove one
"#,
    );
}

#[test]
fn two_sources() {
    let mut sources = Sources::new();
    sources.add_plain("a.hcl", "x = [\n  1,\n]\n");
    sources.add_plain("b.hcl", "ünder = 2");
    let d = Diagnostic::warning(&codes::DUPLICATE, "Two things collide.")
        .at(span(0, 4, 12), "this")
        .at(span(1, 0, 6), "collides with this");
    check(
        &d,
        &sources,
        r#"
warning KF0104: set twice

  ! Two things collide.
   ,-[a.hcl:1:5]
 1 | ,-> x = [
 2 | |     1,
 3 | |-> ]
   : `---- this
   `----
  > and here:
   ,-[b.hcl:1:1]
 1 | ünder = 2
   : ^^|^^
   :   `-- collides with this
   `----
"#,
    );
}

#[test]
fn secrets_are_covered_and_no_source_is_needed() {
    let mut sources = Sources::new();
    sources.add_plain("a.hcl", "token = \"canary-2\"\n");
    sources.mark(span(0, 9, 17), Known::Hidden);
    let d = Diagnostic::error(&codes::TYPE, "This is no number.").at(span(0, 8, 18), "");
    check(
        &d,
        &sources,
        r#"
error KF0108: wrong kind of value

  x This is no number.
   ,-[a.hcl:1:9]
 1 | token = "********"
   :         ^^^^^^^^^^
   `----
"#,
    );
    let d = Diagnostic::error(&codes::TYPE, "This is no number.").at(span(7, 8, 18), "");
    check(
        &d,
        &sources,
        r#"
error KF0108: wrong kind of value

  x This is no number.
"#,
    );
}

proptest! {
    #[test]
    fn no_span_makes_it_panic(text in "(\\PC|[\n\t\r\0äß👍🏽])*", spans in prop::collection::vec((0u32..3, 0u32..60, 0u32..60), 0..5), color: bool, width in 0usize..120) {
        let mut sources = Sources::new();
        sources.add_plain("a", text.as_str());
        sources.add_plain("b", "");
        sources.mark(span(0, 1, 3), Known::Hidden);
        let mut d = Diagnostic::error(&codes::TYPE, "x");
        for (source, start, end) in spans {
            d = d.at(span(source, start, end), "here");
        }
        let _ = render(&d, &sources, color, width);
    }
}
