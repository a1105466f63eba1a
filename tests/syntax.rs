//! The syntax: file → tree or diagnostics, and texts that would be too much for a careless parser.

use crate::lang::ID;
use crate::lang::evaluate;
use crate::lang::result;
use crate::lang::say;
use keyform::diag::Diagnostics;
use keyform::lang::ast::Body;
use keyform::lang::ast::Key;
use keyform::lang::ast::Node;
use keyform::lang::functions;
use keyform::lang::parse;
use proptest::prelude::*;

fn file(text: &str) -> (Option<Body>, Vec<String>) {
    let mut acc = Diagnostics::new();
    let body = parse::parse(&mut acc, ID, text);
    (body, acc.iter().map(|d| say(d, text)).collect())
}

#[test]
fn mistakes_in_files() {
    let cases: &[(&str, &[&str])] = &[
        ("a = 1\nb { c = 2 }\n# end", &[]),
        ("\u{feff}a = 1\r\nb \"l\" x {\r\n  c = <<-E\r\n    x\r\n    E\r\n}\r\n", &[]),
        ("x = {", &["KF0102 A `{` is opened and never closed. «{»"]),
        (
            "x = \"abc\ny = 1",
            &[
                "KF0102 A quote is opened and never closed. «\"» (close it with `\"` on the same line; a text of several lines is a heredoc, `<<-EOT`)",
            ],
        ),
        ("x = \"a ${b", &["KF0102 An interpolation is opened and never closed. «${» (close it with `}`)"]),
        (
            "x = <<EOT\nabc\n",
            &["KF0102 A heredoc is opened and never closed. «<<EOT» (close it with `EOT` on a line of its own)"],
        ),
        ("x = 1 /* y", &["KF0102 A comment is opened and never closed. «/*» (close it with `*/`)"]),
        ("a {\n  b = 1\n", &["KF0102 A block is opened and never closed. «{» (close it with `}`)"]),
        ("}\na = 1", &["KF0101 Here an attribute or a block is expected. «}» (nothing is open that this could close)"]),
        ("x = [1, (2]", &["KF0102 A `(` is never closed. «(»"]),
        ("x =\ny = 1", &["KF0101 A value is expected here. «=»"]),
        (
            "x = 1 +\ny = 2",
            &[
                "KF0101 The expression is not complete. «+» (an expression goes on to the next line only inside brackets)",
            ],
        ),
        ("x = 1 2\ny = 'a'", &["KF0101 Texts stand in double quotes. «'» (write \"…\" instead of '…')"]),
        ("x = 1 2\ny = )\nz = 1", &["KF0101 This can't stand here. «2»", "KF0101 A value is expected here. «=»"]),
        (
            "x : 1",
            &[
                "KF0101 After a name an equals sign or a brace is expected. «:» (write `name = …` for an attribute, `name { … }` for a block)",
            ],
        ),
        ("a = 1\na = 2", &["KF0104 `a` is set twice in this block. «a»"]),
        ("a = { b = 1, b = 2 }", &["KF0104 A key of this object is set twice. «b»"]),
        (
            "a = 1, b = 2",
            &[
                "KF0101 A comma can't stand here. «,» (attributes stand on lines of their own, without commas; items in brackets)",
            ],
        ),
        ("a { b = 1 c = 2 }", &["KF0101 This can't stand here. «c»"]),
        (
            "a {\n b = 1 }",
            &[
                "KF0101 A block that starts on a line of its own ends on one. «}» (put the closing brace on a line of its own)",
            ],
        ),
        (
            "\"a\" = 1",
            &["KF0101 A text can't stand here. «\"a\"» (names of attributes and blocks stand without quotes)"],
        ),
        ("a \"${b}\" {}", &["KF0101 A label is a plain text. «\"${b}\"»"]),
        ("a = 1\0", &["KF0101 The character U+0000 means nothing here. «\0»"]),
        ("a = %{ if }", &["KF0101 An expression is expected here. «%»"]),
        (
            "a = \"%{ if b }x\"",
            &[
                "KF0101 This can't stand here. «%» (every `%{ if … }` needs its `%{ endif }`, every `%{ for … }` its `%{ endfor }`)",
            ],
        ),
        ("a = 1e400", &["KF0110 The number is too large. «1e400»"]),
        ("a = <<E x\nE", &["KF0101 The marker of a heredoc ends its line. « »"]),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, wanted)| (text, wanted, file(text)))
        .filter(|(_, wanted, (body, got))| got != *wanted || body.is_none() == wanted.is_empty())
        .map(|(text, wanted, (_, got))| format!("{text:?}\n  wanted {wanted:#?}\n  got    {got:#?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Everything that is done with a text, on a thread as small as those of tests and of tokio.
fn survives(text: &str) -> Vec<String> {
    let (body, problems) = file(text);
    drop(body);
    let _ = keyform::lang::format::format(text);
    let _ = parse::template(ID, text);
    let _ = evaluate(text);
    problems
}

#[test]
fn nothing_is_too_deep_or_too_long() {
    let n = 5000;
    let deep: &[(&str, String)] = &[
        ("KF0103", format!("a = {}1{}", "[".repeat(n), "]".repeat(n))),
        ("KF0103", format!("a = {}1{}", "(".repeat(n), ")".repeat(n))),
        ("KF0103", format!("a = {}1{}", "{ a = ".repeat(n), "}".repeat(n))),
        ("KF0103", format!("a = {}1{}", "f(".repeat(n), ")".repeat(n))),
        ("KF0103", format!("a = {}1", "!".repeat(n))),
        ("KF0103", format!("a = {}1", "-".repeat(n))),
        ("KF0103", format!("a = 1{}", " + 1".repeat(n))),
        ("KF0103", format!("a = b{}", ".b".repeat(n))),
        ("KF0103", format!("a = b{}", "[0]".repeat(n))),
        ("KF0103", format!("a = {}1{}", "true ? ".repeat(n), " : 1".repeat(n))),
        ("KF0103", format!("a = {}1{}", "\"${".repeat(n), "}\"".repeat(n))),
        ("KF0103", format!("a = \"{}1{}\"", "%{ if true }".repeat(n), "%{ endif }".repeat(n))),
        ("KF0103", format!("a = {}1{}", "[for x in y : ".repeat(n), "]".repeat(n))),
        ("KF0103", format!("{}{}", "a {\n".repeat(n), "}\n".repeat(n))),
        ("KF0103", format!("a = \"${{{{{}}}}}\"", "a = 1, ".repeat(n))),
        ("KF0102", "a {\n".repeat(10)),
        ("KF0103", "a {\n".repeat(n)),
        ("KF0102", format!("a = {}", "[".repeat(n))),
        ("KF0102", format!("a = {}", "\"${".repeat(10))),
    ];
    for (code, text) in deep {
        let problems = survives(text);
        let start: String = text.chars().take(40).collect();
        assert!(problems.first().is_some_and(|first| first.starts_with(code)), "{start}: {problems:?}");
        let expression = text.strip_prefix("a = ").unwrap_or(text);
        survives(expression);
    }
    // As deep as it goes, and everything can still be done with it.
    let m = 30;
    for text in [
        format!("{}1{}", "[".repeat(m), "]".repeat(m)),
        format!("{}1{}", "[for x in [1] : ".repeat(m), "]".repeat(m)),
        format!("{}1{}", "{ for x in [1] : x => ".repeat(m), "}".repeat(m)),
        format!("{}1{}", "true ? ".repeat(m), " : 1".repeat(m)),
        format!("{}1{}", "\"a${".repeat(m), "}\"".repeat(m)),
        format!("1{}", " + 1".repeat(128)),
        format!("object{}", "[*]".repeat(60)),
        format!("{}1{}", "try(".repeat(m), ")".repeat(m)),
        format!("{}1{}{}", "try(".repeat(60), ")".repeat(60), " + 1".repeat(125)),
    ] {
        assert!(evaluate(&text).is_ok(), "{text}: {}", result(&text));
    }
}

#[test]
fn large_objects_are_objects() {
    let fields: String = (0..3000).map(|n| format!("  k{n} = {{ x = [{n}, \"a\"], # c\r\n y = k }}\r\n")).collect();
    let text = format!("a = [{{ # c\r\n{fields}}}, 1]\nb = bad + 1");
    let (body, problems) = file(&text);
    assert_eq!(problems, [""; 0]);
    let body = body.unwrap();
    let Node::List(items) = &body.attrs[0].expr.node else { panic!("no list") };
    let Node::Object(fields) = &items[0].node else { panic!("no object") };
    assert_eq!(fields.len(), 3000);
    // Spans of parts point into the whole text.
    for (n, (key, value)) in fields.iter().enumerate() {
        let Key::Name(name, span) = key else { panic!("no name") };
        assert_eq!((&text[span.range()], &**name), (&*format!("k{n}"), &*format!("k{n}")));
        let Node::Object(inner) = &value.node else { panic!("no object") };
        assert_eq!(&text[inner[0].1.span.range()], format!("[{n}, \"a\"]"));
        assert_eq!(&text[inner[1].1.span.range()], "k");
    }
    let twice = format!("a = {{\n{}k7 = 1\n}}", fields_of(3000));
    assert_eq!(file(&twice).1, ["KF0104 A key of this object is set twice. «k7»"]);
    let mistake = format!("a = {{\n{}k = = 1\n}}", fields_of(3000));
    assert_eq!(file(&mistake).1, ["KF0101 An expression is expected here. «=»"]);
    let inner = format!("a = {{\n{}k = {{\n{}}}\n}}", fields_of(300), fields_of(300));
    assert_eq!(file(&inner).1, [""; 0]);
}

fn fields_of(n: usize) -> String {
    (0..n).map(|n| format!("k{n} = {n}\n")).collect()
}

/// Pieces that the language is made of, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        " = ",
        "\"",
        "${",
        "}",
        "{",
        "[",
        "]",
        "(",
        ")",
        "\n",
        "\r\n",
        "\r",
        "<<E",
        "<<-E\n",
        "\nE\n",
        "%{ if a }",
        "%{ for x in a }",
        "%{ endif }",
        "%{ else }",
        "%{ endfor }",
        "~",
        ".",
        "...",
        "[*]",
        ".*",
        ",",
        "?",
        ":",
        "=>",
        "for x in ",
        "if",
        "1",
        "1.5e9",
        "-",
        "!",
        "&&",
        "#",
        "//",
        "/*",
        "*/",
        "\\",
        "\\n",
        "$${",
        "%%{",
        "\u{0}",
        "\u{feff}",
        "é",
        "👍🏽",
        "try(",
        "upper(",
        "secret",
        "source",
        "list",
        "object",
        " ",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_makes_anything_panic(text in "\\PC*") {
        survives(&text);
    }

    #[test]
    fn no_order_of_pieces_makes_anything_panic(text in pieces()) {
        let problems = survives(&text);
        let bug = "is a bug";
        prop_assert!(!problems.iter().any(|problem| problem.contains(bug)), "{:?}", problems);
    }

    #[test]
    fn no_argument_makes_a_function_panic(n in 0usize..200, args in prop::collection::vec(argument(), 0..4)) {
        let all: Vec<_> = functions::CORE.iter().chain(functions::OUTSIDE).collect();
        let _ = evaluate(&format!("{}({})", all[n % all.len()].name, args.join(", ")));
    }
}

fn argument() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "0",
            "-1",
            "1.5",
            "1e300",
            "18446744073709551615",
            "-9223372036854775808",
            "\"\"",
            "\"%\"",
            "\"%5\"",
            "\"%[9]s %d\"",
            "\"/(/\"",
            "\"{\"",
            "\"é👍🏽\"",
            "source",
            "secret",
            "list",
            "object",
            "people",
            "\"a,b\\n1\"",
            "\"..\"",
        ])
        .prop_map(str::to_owned),
        "[a-z%$./é ]{0,6}".prop_map(|text| format!("{text:?}").replace("${", "")),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(", ")))
    })
}
