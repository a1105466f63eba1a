//! The formatter: what it makes of texts, and that it changes nothing but layout.

use keyform::diag::Diagnostics;
use keyform::diag::source::SourceId;
use keyform::lang::format::format;
use keyform::lang::parse;
use proptest::prelude::*;

fn check(text: &str, wanted: &str) {
    let got = format(text).unwrap();
    assert_eq!(got, wanted, "\n{got}");
    assert_eq!(format(&got).unwrap(), got, "again");
}

/// The tree without spans.
fn tree(text: &str) -> Option<String> {
    let body = parse::parse(&mut Diagnostics::new(), SourceId(0), text)?;
    let spans = regex::Regex::new(r"(name_span|header|span): Span \{[^}]*\},?|, Span \{[^}]*\}").unwrap();
    // `span` fields only: `Key::Name` and `Step` hold theirs without a name.
    let shown = format!("{body:?}").replace("source: SourceId(0), ", "");
    Some(spans.replace_all(&shown, "").into_owned())
}

#[test]
fn blocks_and_attributes() {
    check(
        r#"
variable "region"{
type=string
    default   =    "us-east-1"   # the first
  description="x"  # the second
}


secret_sync "aws"   "a" {
	for_each=toset( ["dev","prod"] )
	destination {
region=var.region
  }
  lifecycle{ prevent_destroy=true }
  empty {
  }
}

"#,
        r#"variable "region" {
  type        = string
  default     = "us-east-1" # the first
  description = "x"         # the second
}

secret_sync "aws" "a" {
  for_each = toset(["dev", "prod"])
  destination {
    region = var.region
  }
  lifecycle { prevent_destroy = true }
  empty {
  }
}
"#,
    );
}

#[test]
fn blank_lines() {
    check(
        "\n\na = 1\n\n\n\nb {\n\n  # c\n\n\n  d = [ # e\n\n    1,\n\n\n    2\n\n  ]\n\n}\n\n\n",
        "a = 1\n\nb {\n  # c\n\n  d = [ # e\n    1,\n\n    2\n  ]\n}\n",
    );
}

#[test]
fn expressions() {
    check(
        r#"a=1+2*-3-  -x
bb=!a&&b||c!=d
ccc=a?b:c
d={a=1,"b":2,(c)=3}
e={ }
f=[ ]
g=a . b[ 0 ].c[*] . d.*[1]
h=[for k,v in {a=1}:k if(v>1)]
i={for k,v in x:k=>v...}
j=f (a,b...)
k=1 .0
l=provider :: f(x)
m="${ a+b }"
n=! ( a )||! ! b?- ( c ) :-[ d ] [0]
"#,
        r#"a   = 1 + 2 * -3 - -x
bb  = !a && b || c != d
ccc = a ? b : c
d   = { a = 1, "b" : 2, (c) = 3 }
e   = {}
f   = []
g   = a.b[0].c[*].d.*[1]
h   = [for k, v in { a = 1 } : k if (v > 1)]
i   = { for k, v in x : k => v... }
j   = f(a, b...)
k   = 1 .0
l   = provider::f(x)
m   = "${ a+b }"
n   = !(a) || !!b ? -(c) : -[d][0]
"#,
    );
}

#[test]
fn several_lines() {
    check(
        "x = [{\na = 1\nlong=2 # c\n},{\nb=2\n}]\ny = merge(\na,\n{\nb = 1\n},\n)\nz=(a\n||b)\n",
        "x = [{\n  a    = 1\n  long = 2 # c\n}, {\n  b = 2\n}]\ny = merge(\n  a,\n  {\n    b = 1\n  },\n)\nz = (a\n||b)\n"
            .replace("(a\n||b)", "(a\n  || b)")
            .as_str(),
    );
}

#[test]
fn comments_heredocs_and_line_breaks() {
    check(
        "\u{feff}# top  \r\n\r\n\r\n\r\na = <<-EOT\r\n      keep   \r\n   EOT\r\nlonger=1 // c\r\n/* several\r\n     lines */\r\nb/* x */=/* y */1\r\n  # end",
        "# top\n\na = <<-EOT\n      keep   \n   EOT\nlonger = 1 // c\n/* several\n     lines */\nb /* x */ = /* y */ 1\n# end\n",
    );
    check("", "");
    check("\n\n", "");
}

#[test]
fn a_text_that_does_not_parse_is_a_diagnostic() {
    assert_eq!(format("a = ").unwrap_err().code.id, "KF0101");
}

/// Texts made of everything that the language has, in an order that is often right.
fn source() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec!["a", "b", "in", "if", "for", "x-y", "true", "null"]);
    let leaf = prop_oneof![
        word.clone().prop_map(str::to_owned),
        prop::sample::select(vec!["1", "0", "1.5", "\"t\"", "\"a ${ b }\"", "\"$${%%{\\n\"", "-1"])
            .prop_map(str::to_owned),
    ];
    let gap = prop::sample::select(vec!["", " ", "  ", "\t", " /* c */ "]);
    let expr = leaf.prop_recursive(4, 24, 4, move |inner| {
        let gap = gap.clone();
        let op = prop::sample::select(vec!["+", "-", "*", "/", "%", "==", "!=", "<", "&&", "||"]);
        prop_oneof![
            (inner.clone(), gap.clone(), op, gap.clone(), inner.clone())
                .prop_map(|(a, s, op, t, b)| format!("{a}{s} {op}{t}{b}")),
            (prop::sample::select(vec!["-", "!", "- "]), inner.clone()).prop_map(|(op, a)| format!("{op}{a}")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ?{b}\n: {c})")),
            (gap.clone(), prop::collection::vec(inner.clone(), 0..3))
                .prop_map(|(s, items)| format!("[{s}{}\n]", items.join(","))),
            prop::collection::vec((word.clone(), inner.clone()), 0..3).prop_map(|fields| {
                let fields: Vec<_> = fields.iter().map(|(k, v)| format!("({k})={v}")).collect();
                format!("{{\n{}}}", fields.join("\n  # c\n"))
            }),
            (inner.clone(), gap.clone(), prop::sample::select(vec![".b", ".*.c", "[*].c[0]", ".0 .1", "[ 0 ]"]))
                .prop_map(|(a, s, path)| format!("({a}){s}{path}")),
            inner.clone().prop_map(|a| format!("f (1,{a}...)")),
            inner.clone().prop_map(|a| format!("[for x in[1]:{a} if({a})]")),
            inner.clone().prop_map(|a| format!("{{for k,v in{{}}:k=>{a}...}}")),
            inner.prop_map(|a| format!("<<-E\r\n  ${{{a}}}\r\n  E\n")).prop_map(|a| format!("f({a})")),
        ]
    });
    let item = prop_oneof![
        (0..100u32, expr.clone()).prop_map(|(n, e)| format!("a{n}={e}")),
        (0..100u32, expr.clone()).prop_map(|(n, e)| format!("long{n}  = {e} # c  ")),
        expr.clone().prop_map(|e| format!("b \"l\" m{{ x={e} }}")),
        (expr.clone(), expr).prop_map(|(e, f)| format!("b{{\n\n\nx={e}\ny = {f}// c\n c{{\n}}\n}}")),
        Just("# comment".to_owned()),
        Just("/* two\n  lines */".to_owned()),
        Just("\r\n\r\n\r\n".to_owned()),
    ];
    prop::collection::vec(item, 0..6).prop_map(|items| items.join("\n"))
}

proptest! {
    #[test]
    fn only_layout_changes(text in source()) {
        if let Some(before) = tree(&text) {
            let once = format(&text).unwrap();
            prop_assert_eq!(tree(&once), Some(before), "{}", once);
            let twice = format(&once).unwrap();
            prop_assert_eq!(&twice, &once);
            let before: String = text.matches(['#', '*']).collect();
            let after: String = once.matches(['#', '*']).collect();
            prop_assert_eq!(before, after, "comments stay");
        }
    }
}
