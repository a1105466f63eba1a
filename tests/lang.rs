//! The language: expression → value or diagnostic.

use keyform::diag::Diagnostic;
use keyform::diag::source::SourceId;
use keyform::lang::eval::eval;
use keyform::lang::functions;
use keyform::lang::parse;
use keyform::lang::scope::Outside;
use keyform::lang::scope::Scope;
use keyform::model::attrs::SecretSource;
use keyform::model::attrs::Value;
use keyform::secret::Secret;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

pub const ID: SourceId = SourceId(0);

fn env(name: &str) -> Option<String> {
    (name == "HOME").then(|| "/home/ann".to_owned())
}

fn read(path: &Path) -> std::io::Result<String> {
    match path.to_str() {
        Some("/base/hello.tpl") => Ok("Hello ${name}!%{ for n in list } ${n}%{ endfor }".to_owned()),
        Some("/base/bad.tpl") => Ok("Hello\n${nam}".to_owned()),
        Some("/base/note.txt") => Ok("note\n".to_owned()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    }
}

fn glob(directory: &Path, _: &str) -> std::io::Result<Vec<PathBuf>> {
    Ok(vec![directory.join("b.txt"), directory.join("a/c.txt")])
}

/// Evaluates with `a = 1`, `text`, `list`, `object`, `nothing`, `source` and `secret` in scope.
pub fn evaluate(text: &str) -> Result<Value, Diagnostic> {
    let expr = parse::expression(ID, text)?;
    let nothing = Outside::nothing(&[]);
    let outside = Outside {
        functions: &[functions::CORE, functions::OUTSIDE],
        base: Path::new("/base"),
        env: &env,
        read: &read,
        glob: &glob,
        ..nothing
    };
    let mut scope = Scope::new(&outside);
    scope.set("a", Value::int(1));
    scope.set("text", Value::from("hello"));
    scope.set("list", Value::list(vec![Value::from("x"), Value::from("y")]));
    let people = [("ann", 1), ("bob", 2)].map(|(name, n)| {
        let fields = [(Arc::from("name"), Value::from(name)), (Arc::from("n"), Value::list(vec![Value::int(n)]))];
        Value::object(fields.into_iter().collect())
    });
    scope.set("people", Value::list(people.to_vec()));
    let fields = [(Arc::from("region"), Value::from("eu")), (Arc::from("count"), Value::int(2))];
    scope.set("object", Value::object(fields.into_iter().collect()));
    scope.set("nothing", Value::Null);
    scope.set("source", Value::Source(Arc::new(SecretSource::Env("TOKEN".into()))));
    scope.set("secret", Value::Secret(Secret::new("canary-1".to_owned())));
    eval(&expr, &scope)
}

/// A value as it would be written; secrets are shown, because these are none.
fn show(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key} = {}", show(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Resource(address) => address.to_string(),
        Value::Source(source) => format!("source {source:?}"),
        Value::Secret(secret) => format!("secret {:?}", secret.expose()),
        Value::Fingerprint(_) => "fingerprint".to_owned(),
    }
}

/// A diagnostic on one line: code, detail, what its first label underlines, help.
pub fn say(d: &Diagnostic, text: &str) -> String {
    let under = d.labels.first().and_then(|label| text.get(label.span.range())).unwrap_or("?");
    let help = d.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{} {} «{under}»{help}", d.code.id, d.detail)
}

pub fn result(text: &str) -> String {
    evaluate(text).map_or_else(|d| say(&d, text), |value| show(&value))
}

fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, wanted)| (text, wanted, result(text)))
        .filter(|(_, wanted, got)| got != *wanted)
        .map(|(text, wanted, got)| format!("{text}\n  wanted {wanted}\n  got    {got}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn values_and_operators() {
    check(&[
        ("1 + 2 * 3", "7"),
        ("\"1\" + 2", "3"),
        ("7 / 2", "3.5"),
        ("6 / 2", "3"),
        ("7 % 3", "1"),
        ("-a", "-1"),
        ("- 5", "-5"),
        ("0.5 + 0.5", "1"),
        ("9223372036854775807 + 1", "9223372036854775808"),
        ("18446744073709551615", "18446744073709551615"),
        ("1 == 1.0", "true"),
        ("1 == \"1\"", "false"),
        ("[1, {b = 2}] == [1, {b = 2}]", "true"),
        ("null == nothing", "true"),
        ("!true || 2 >= 2", "true"),
        ("false && nothing.x", "false"),
        ("true || nothing.x", "true"),
        ("\"true\" && true", "true"),
        ("true ? 1 : nothing.x", "1"),
        ("{ a = 1, \"b\" = 2, (text) = 3, null = 4 }", "{a = 1, b = 2, hello = 3, null = 4}"),
        ("1e3", "1000"),
        ("list[1]", "\"y\""),
        ("list.0", "\"x\""),
        ("object[\"region\"]", "\"eu\""),
        ("people[*].name", "[\"ann\", \"bob\"]"),
        ("people[*].n[0]", "[1, 2]"),
        ("people.*.n[0]", "[1]"),
        ("people.*.name", "[\"ann\", \"bob\"]"),
        ("[people, people][*][*].name", "[[\"ann\", \"bob\"], [\"ann\", \"bob\"]]"),
        ("nothing[*].name", "[]"),
        ("object[*].region", "[\"eu\"]"),
        ("source", "source Env(\"TOKEN\")"),
    ]);
}

#[test]
fn all_functions() {
    check(&[
        (
            "format(\"%s-%03d %5.2f|%-4s|%x %q %v %t%%\", \"a\", 7, 1.5, \"b\", 255, \"q\", [1], true)",
            "\"a-007  1.50|b   |ff \\\"q\\\" [1] true%\"",
        ),
        ("format(\"%[2]s%[1]s\", \"a\", \"b\")", "\"ba\""),
        ("format(\"%d\")", "KF0109 `format` has more verbs than values. «format(\"%d\")»"),
        ("join(\"-\", list, [1])", "\"x-y-1\""),
        ("split(\",\", \"a,b\")", "[\"a\", \"b\"]"),
        ("replace(\"a.b.c\", \".\", \"-\")", "\"a-b-c\""),
        ("replace(\"a1b2\", \"/[0-9]/\", \"#\")", "\"a#b#\""),
        ("regex(\"[a-z]+\", \"1ab2\")", "\"ab\""),
        ("regex(\"([a-z])([a-z])\", \"1ab2\")", "[\"a\", \"b\"]"),
        ("regex(\"(?P<n>[0-9])\", \"ab2\").n", "\"2\""),
        ("can(regex(\"x\", \"y\"))", "false"),
        ("regexall(\"[0-9]\", \"1a2\")", "[\"1\", \"2\"]"),
        ("[lower(\"AB\"), upper(\"ab\"), title(\"hello big world\")]", "[\"ab\", \"AB\", \"Hello Big World\"]"),
        (
            "[trim(\"?a!?\", \"?!\"), trimspace(\" a \"), trimprefix(\"ab\", \"a\"), trimsuffix(\"ab\", \"b\")]",
            "[\"a\", \"a\", \"b\", \"a\"]",
        ),
        ("[startswith(\"ab\", \"a\"), endswith(\"ab\", \"a\")]", "[true, false]"),
        ("[substr(\"hällo\", 1, 3), substr(\"hello\", -2, -1)]", "[\"äll\", \"lo\"]"),
        (
            "[basename(\"a/b.txt\"), dirname(\"a/b.txt\"), dirname(\"b\"), dirname(\"/b\")]",
            "[\"b.txt\", \"a\", \".\", \"/\"]",
        ),
        ("[length(\"äb\"), length(list), length(object)]", "[2, 2, 2]"),
        ("[contains(list, \"x\"), contains(list, 1)]", "[true, false]"),
        ("concat(list, [1])", "[\"x\", \"y\", 1]"),
        ("flatten([1, [2, [3]], []])", "[1, 2, 3]"),
        ("distinct([2, 1, 2, \"2\"])", "[2, 1, \"2\"]"),
        ("sort([\"b\", \"a\", 10])", "[\"10\", \"a\", \"b\"]"),
        ("reverse(list)", "[\"y\", \"x\"]"),
        ("[keys({ b = 1, a = 2 }), values({ b = 1, a = 2 })]", "[[\"a\", \"b\"], [2, 1]]"),
        ("[lookup(object, \"region\"), lookup(object, \"x\", 1)]", "[\"eu\", 1]"),
        (
            "lookup(object, \"x\")",
            "KF0109 Argument 2 of `lookup` names an attribute that the object does not have. «\"x\"»",
        ),
        ("merge({ a = 1 }, null, { a = 2 })", "{a = 2}"),
        ("zipmap(list, [1, 2])", "{x = 1, y = 2}"),
        ("setunion([\"b\"], [\"a\", \"b\"])", "[\"a\", \"b\"]"),
        ("[setintersection([1, 2], [2, 3]), setsubtract([1, 2], [2])]", "[[2], [1]]"),
        ("setproduct([1, 2], list)", "[[1, \"x\"], [1, \"y\"], [2, \"x\"], [2, \"y\"]]"),
        ("[toset([2, 1, 2]), tolist(list), tomap({ a = 1 })]", "[[1, 2], [\"x\", \"y\"], {a = 1}]"),
        ("[tonumber(\"1.5\"), tostring(2), tobool(\"true\"), tostring(null)]", "[1.5, \"2\", true, null]"),
        ("coalesce(null, \"\", \"a\")", "\"a\""),
        ("[compact([\"a\", \"\", null]), compact({ a = null, b = 1 })]", "[[\"a\"], {b = 1}]"),
        ("[one([]), one([1])]", "[null, 1]"),
        ("[range(3), range(1, 4), range(0, 10, 5), range(2, 0)]", "[[0, 1, 2], [1, 2, 3], [0, 5], [2, 1]]"),
        ("range(1000000)", "KF0109 `range` gives more than 10000 elements. «range(1000000)»"),
        ("[min(2, \"1\"), max([1, 3]...), abs(-2), floor(1.5), ceil(1.5)]", "[1, 3, 2, 1, 2]"),
        (
            "jsonencode({ b = [1, 2.5, null], a = \"<\\\"\" })",
            "\"{\\\"b\\\":[1,2.5,null],\\\"a\\\":\\\"<\\\\\\\"\\\"}\"",
        ),
        (
            "jsondecode(\"{\\\"a\\\": [18446744073709551615, 1.0, \\\"x\\\"]}\")",
            "{a = [18446744073709551615, 1, \"x\"]}",
        ),
        ("jsondecode(\"{\")", "KF0109 Argument 1 of `jsondecode` is no JSON at line 1, column 1. «\"{\"»"),
        ("yamldecode(\"a: [1, yes]\\nb: 007\")", "{a = [1, \"yes\"], b = \"007\"}"),
        ("csvdecode(\"a,b\\n1,2\\n\")", "[{a = \"1\", b = \"2\"}]"),
        ("[base64encode(\"hi\"), base64decode(\"aGk=\")]", "[\"aGk=\", \"hi\"]"),
        ("sha256(\"a\")", "\"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\""),
        ("[try(object.x, 1), can(object.x), can(object.region)]", "[1, false, true]"),
        (
            "try(object.x, nam)",
            "KF0105 A bare word is the name of something, and nothing here has this name. «nam» (texts stand in double quotes)",
        ),
        (
            "try(object.x, list.y)",
            "KF0109 Every argument of `try` fails. «try(object.x, list.y)» (the first one: The object has no attribute `x`.)",
        ),
        ("[env(\"HOME\"), env(\"X\", \"d\")]", "[\"/home/ann\", \"d\"]"),
        (
            "env(\"X\")",
            "KF0109 Argument 1 of `env` names a variable that is not set; set it, or give a default: `env(name, default)`. «\"X\"»",
        ),
        ("file(\"note.txt\")", "\"note\\n\""),
        ("file(\"x\")", "KF0109 Argument 1 of `file` names a file that can't be read: it does not exist. «\"x\"»"),
        ("fileset(\"docs\", \"**\")", "[\"a/c.txt\", \"b.txt\"]"),
        ("abspath(\"./a/../b\")", "\"/base/b\""),
        ("templatefile(\"hello.tpl\", { name = \"Ann\", list = [1, 2] })", "\"Hello Ann! 1 2\""),
        (
            "templatefile(\"bad.tpl\", { name = 1 })",
            "KF0109 Argument 1 of `templatefile` names a template that fails at line 2, column 3: There is no `nam` here. «\"bad.tpl\"»",
        ),
    ]);
    let mut tested = include_str!("lang.rs").to_owned();
    tested.retain(|c| c != ' ');
    let untested =
        functions::CORE.iter().chain(functions::OUTSIDE).filter(|f| !tested.contains(&format!("{}(", f.name)));
    assert_eq!(untested.map(|f| f.name).collect::<Vec<_>>(), ["secret_file"; 0]);
}

#[test]
fn for_expressions() {
    check(&[
        ("[for x in list : upper(x)]", "[\"X\", \"Y\"]"),
        ("[for i, x in list : \"${i}${x}\"]", "[\"0x\", \"1y\"]"),
        ("[for k, v in { b = 1, a = 2 } : k]", "[\"a\", \"b\"]"),
        ("[for x in [1, 2, 3] : x if x != 2]", "[1, 3]"),
        ("{for p in people : p.name => p.n[0]}", "{ann = 1, bob = 2}"),
        ("{for x in [1, 2, 3] : x % 2 == 1 ? \"odd\" : \"even\" => x...}", "{odd = [1, 3], even = [2]}"),
        (
            "{for x in [1, 1] : x => x}",
            "KF0104 Two elements give the same key. «x» (put `...` behind the value to gather all values of a key in a list)",
        ),
        ("[for x in 1 : x]", "KF0108 `for` goes through lists and objects; this is a number. «1»"),
    ]);
}

#[test]
fn templates() {
    check(&[
        ("\"a ${1 + 1} ${true} ${text}\"", "\"a 2 true hello\""),
        ("\"${list}\"", "[\"x\", \"y\"]"),
        ("\"$${a} %%{ if } $a %d \\\"\\n\\u00e9\"", "\"${a} %{ if } $a %d \\\"\\né\""),
        ("\"%{ if a == 1 }yes\\n%{ else }no%{ endif }\"", "\"yes\\n\""),
        ("\"%{ for x in list }<${x}>%{ endfor }\"", "\"<x><y>\""),
        ("\"a   ${~ text ~}   b\"", "\"ahellob\""),
        ("<<EOT\n  a\n\tb ${a}\nEOT", "\"  a\\n\\tb 1\\n\""),
        ("<<-EOT\n    a\n\n      b\n    ${text}\n    EOT", "\"a\\n\\n  b\\nhello\\n\""),
        ("<<-EOT\n    a\n  b\nc\n    EOT", "\"    a\\n  b\\nc\\n\""),
        ("<<EOT\n%{ for x in list ~}\n- ${x}\n%{ endfor ~}\nEOT", "\"- x\\n- y\\n\""),
        // As in HCL: what follows `~}` does not count as the start of a line.
        ("<<-EOT\n  %{ for x in list ~}\n  - ${x}\n  %{ endfor ~}\n  EOT", "\"  - x\\n  - y\\n\""),
        ("<<EOT\nEOT", "\"\""),
        ("<<EOT\n\\n $${x}\nEOT", "\"\\\\n ${x}\\n\""),
        (
            "\"a ${list}\"",
            "KF0108 A list can't be part of a text. «list» (make a text of it: `join(\", \", list)` or `jsonencode(list)`)",
        ),
        (
            "\"a ${nothing}\"",
            "KF0108 Null can't be part of a text. «nothing» (give a default: `coalesce(value, \"\")`)",
        ),
        (
            "\"\\q\"",
            "KF0101 This is no escape. «\\q» (escapes are \\n \\r \\t \\\" \\\\ \\uHHHH \\UHHHHHHHH, and $${ %%{ for ${ %{)",
        ),
    ]);
}

#[test]
fn failures_stand_at_the_part_that_fails() {
    check(&[
        ("1 + b", "KF0105 There is no `b` here. «b» (did you mean `a`?)"),
        ("1 + objct.x", "KF0105 There is no `objct` here. «objct» (did you mean `object`?)"),
        ("object.regon", "KF0106 The object has no attribute `regon`. «regon» (did you mean `region`?)"),
        ("[1, object.count.x]", "KF0108 There is no attribute `x`: this is a number. «x»"),
        (
            "list.name",
            "KF0108 A list has no attribute `name`; its elements may have. «name» (`[*].name` takes it of every element, `[0].name` of the first)",
        ),
        ("list[2]", "KF0106 The list has 2 elements, with indices from 0 to 1. «2»"),
        ("list[-1]", "KF0106 The list has 2 elements, with indices from 0 to 1. «-1»"),
        ("object[\"regoin\"]", "KF0106 The object has no such key. «\"regoin\"» (did you mean `region`?)"),
        ("1 / (1 - 1)", "KF0110 Nothing can be divided by zero. «1 - 1»"),
        ("1 % 0", "KF0110 Nothing can be divided by zero. «0»"),
        (
            "18446744073709551615 * 2",
            "KF0110 The result of `*` is too large to be kept exactly. «18446744073709551615 * 2»",
        ),
        ("18446744073709551616", "KF0110 The number is too large to be kept exactly. «18446744073709551616»"),
        ("1e400", "KF0110 The number is too large. «1e400»"),
        ("1e300 * 1e300", "KF0110 The result of `*` is too large to be kept exactly. «1e300 * 1e300»"),
        ("list + 1", "KF0108 The left side of `+` must be a number, not a list. «list»"),
        ("text && true", "KF0108 The left side of `&&` must be true or false, not another text. «text»"),
        ("list ? 1 : 2", "KF0108 The condition must be true or false, not a list. «list»"),
        ("uper(text)", "KF0107 There is no function `uper` here. «uper» (did you mean `upper`?)"),
        ("upper()", "KF0109 `upper` takes 1 argument, not 0. «upper()» (it is `upper(text)`)"),
        ("join(\",\", list, 1)", "KF0109 Argument 3 of `join` must be a list, not a number. «1»"),
        ("max(list...)", "KF0109 Argument 1 of `max` must be a number, not a text of another form. «list»"),
    ]);
}

#[test]
fn secrets_stay_secret() {
    let refused = |what: &str, under: &str| {
        let help = "give it, alone, to an attribute that takes a secret";
        format!("KF0111 This is a secret source: a place, not yet a value. {what} «{under}» ({help})")
    };
    let cases = [
        ("\"x ${source}\"", refused("It can't be part of a text.", "source")),
        ("\"${source}\"", refused("It can't be part of a text.", "source")),
        ("upper(source)", refused("`upper` can't work with it.", "source")),
        ("jsonencode({ a = [source] })", refused("`jsonencode` can't work with it.", "{ a = [source] }")),
        ("try(upper(source), 1)", refused("`upper` can't work with it.", "source")),
        ("source == \"x\"", refused("It can't be compared.", "source")),
        ("source + 1", refused("It can't be computed with.", "source")),
        ("{ (source) = 1 }", refused("It can't be computed with.", "source")),
        ("source != null", "true".to_owned()),
        ("merge({ a = 1 }, { b = source }).b", "source Env(\"TOKEN\")".to_owned()),
        ("\"x ${secret}\"", "secret \"x canary-1\"".to_owned()),
        ("\"${secret}\"", "secret \"canary-1\"".to_owned()),
        ("base64encode(secret)", "secret \"Y2FuYXJ5LTE=\"".to_owned()),
        ("split(\"-\", secret)", "[secret \"canary\", secret \"1\"]".to_owned()),
        ("length(secret)", "8".to_owned()),
        ("secret == \"canary-1\"", "true".to_owned()),
        ("secret + 1", "KF0108 The left side of `+` must be a number, not a secret. «secret»".to_owned()),
        ("secret.x", "KF0108 A secret has no attribute `x`. «x»".to_owned()),
        ("secret_env(\"TOKEN\")", "source Env(\"TOKEN\")".to_owned()),
        ("secret_file(\"a.txt\")", "source File(\"a.txt\")".to_owned()),
        ("secret_exec([\"op\", \"read\"])", "source Exec([\"op\", \"read\"])".to_owned()),
        ("secret_stored(\"p/dev/KEY\")", "source Stored(\"p/dev/KEY\")".to_owned()),
        (
            "secret_stored(\"KEY\")",
            "KF0109 Argument 1 of `secret_stored` must be of the form \"project/environment/path/KEY\". «\"KEY\"»"
                .to_owned(),
        ),
        (
            "secret_random({ length = 4, alphabet = \"ab\" })",
            "source Random { length: 4, alphabet: \"ab\" }".to_owned(),
        ),
        (
            "secret_random({ size = 4 })",
            "KF0109 Argument 1 of `secret_random` has no option `size`, only `length` and `alphabet`. «{ size = 4 }»"
                .to_owned(),
        ),
    ];
    check(&cases.iter().map(|(text, wanted)| (*text, wanted.as_str())).collect::<Vec<_>>());
}
