//! What may be a secret is covered in every excerpt, also in files that are wrong all over.

use crate::canary;
use keyform::config;
use keyform::diag::Diagnostics;
use keyform::diag::render::render;
use keyform::diag::source::Sources;
use keyform::model::schema::Schemas;
use keyform::provider::registry::Registry;

fn schemas() -> Schemas {
    Registry::builtin().unwrap_or_else(|_| panic!("the built-in manifests are good")).schemas().clone()
}

/// All that `validate` draws for a file.
fn drawn(text: &str, schemas: &Schemas) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.hcl"), text).unwrap();
    let (mut acc, mut sources) = (Diagnostics::new(), Sources::new());
    config::load(&mut acc, &mut sources, &config::Input::new(dir.path()), schemas);
    acc.iter().map(|d| render(d, &sources, false, 100)).collect()
}

#[test]
fn no_mistake_shows_a_literal() {
    let schemas = schemas();
    let cases = [
        "app_connection \"aws\" \"a\" {\n  secret_access_key = \"canary-a1\"\n  method = \"acess-key\"\n}",
        "app_connection \"aws\" \"a\" {\n  secret_acess_key = \"canary-a1\"\n}",
        "app_connection \"gitlab\" \"a\" {\n  personal_access_token = \"canary-a1\"\n  method = \"x\"\n}",
        "backend \"infisical\" {\n  auth \"univrsal\" { client_secret = \"canary-a1\" }\n}",
        "backend \"embedded\" {\n  auth \"universal\" {\n    client_secret = \"canary-a1\"\n  }\n}",
        "backend \"infisical\" {\n  token = \"canary-a1\"\n}",
        "secret \"A\" {\n  value = \"canary-a1\"\n  value = \"canary-a2\"\n}",
        "secret \"A\" {\n  value = upper(\"canary-a1\", 1)\n}",
        "secret \"A\" {\n  value = format(\"%d\", \"canary-a1\")\n}",
        "secret \"A\" {\n  value = tonumber(\"canary-a1\")\n}",
        "secret \"A\" {\n  valeu = \"canary-a1\"\n}",
        "secret \"A\" {\n  value canary-a1\n}",
        "secret \"A\" {\n  value: canary-a1\n}",
        "variable \"a\" {\n  type = strin\n  default = \"canary-a1\"\n  sensitive = true\n}",
        "variable \"a\" {\n  default = \"canary-a1\"\n  sensitive = \"yes\"\n}",
        "variable \"a\" {\n  default = \"canary-a1\"\n  sensitve = true\n}",
        "module \"a\" {\n  token = \"canary-a1\"\n}",
        "data \"a\" { token = \"canary-a1\" }",
        "locals {\n  a = \"canary-a1\"\n  a = \"canary-a2\"\n}",
        "secret \"A\" {\n  value = canary-a1\n}",
        "secret \"A\" {\n  value = canary-a1\n  key = \"b\" x\n}",
        "secret_sync \"s3\" \"A\" {\n  path = canary-a1\n}",
        "project \"A\" {\n  name = canarya1\n}",
        "variable \"a\" { default = [canarya1, canarya2] }",
        "variable \"a\" { default = { b = canarya1 } }",
        "variable \"a\" { default = canarya1(1) }",
        "variable \"a\" { default = canarya1.b.c[0] }",
        "variable \"a\" { default = 123456789987654321 + var.b }",
        "variable \"a\" { default = \"canary-a1 ${var.b} canary-a2\" }",
        "project \"A\" {\n  nme = 1 # canary-a1\n}",
        "project \"A\" {\n  // canary-a1\n  nme = 1 /* canary-a2 */\n  /* b\n  canary-a3 */ }",
        "project \"A\" {\n  depends_on = [ # canary-a1\n    project.b,\n  ]\n}",
        "app_connection \"aws\" \"a\" {\n  url = \"https://canary-a1:canary-a2@host.example/\"\n  ur = 1\n}",
        "backend \"infisical\" {\n  url = \"https://canary-a1:canary-a2@host.example/\"\n  ur = 1\n}",
        // No syntax.
        "secret \"A\" {\n  value = [canary-a1\n    canary-a2\n  ]\n}",
        "secret \"A\" {\n  key = \"b\" value = canary-a1\n}",
        "secret \"A\" {\n  value =\n  canary-a1\n}",
        "secret \"A\" {\n  value =\n  Y2FuYXJ5LWExYQ==\n}",
        "secret \"A\" {\n  value = (\n  canary-a1 = b\n}",
        "secret \"A\" {\n  value = <<EOT\n  canary-a1 = b\n  canary-a2 {\n",
        "secret \"A\" {\n  canary-a1\n}",
        "secret \"A\" {\n  value = correct horse canary-a1\n}",
        "secret \"A\" {\n  value = 1 + # canary-a1\n}",
        "secret \"A\" {\n  value = \"canary-a1\n}",
        "secret \"A\" {\n  value = \"canary-a1\" x\n}",
        "secret \"A\" {\n  value = \"x\"canary-a1\"\n}",
        "secret \"A\" {\n  value = \"x\"canary-a1\"x\"\n}",
        "secret \"A\" {\n  value = canary-a1\"\n}",
        "secret \"A\" {\n  value = 'canary-a1'\n}",
        "secret \"A\" {\n  value \"canary-a1\"\n}",
        "secret \"A\" { value = \"canary-a1\", key = \"b\" }",
        "secret \"A\" {\n  value = \"\\qcanary-a1\"\n}",
        "secret \"A\" {\n  value = \"canary-a1${1 + }\"\n}",
        "secret \"A\" {\n  value = \"canary-a1${upper(\"canary-a2\"}\"\n}",
        "secret \"A\" {\n  value = <<EOT\ncanary-a1\n",
        "secret \"A\" {\n  value = <<-EOT\n    canary-a1\n    ${1 + }\n    canary-a2\n  EOT\n}",
        "secret \"A\" {\n  value = << EOT\n    canary-a1\n  EOT\n}",
        "secret \"A\" {\n  # value = \"canary-a1\"\n  valeu = 1\n}",
        "secret \"A\" {\n  value = \"canary-a1\"\n  }}",
        "secret \"A\" {\n  value = [\"canary-a1\",\n    \"canary-a2\"\n  key = 1\n}",
    ];
    for text in cases {
        let drawn = drawn(text, &schemas);
        assert!(drawn.contains("error"), "{text}\n{drawn}");
        let canaries = canary::collect([text]);
        let found = canary::found(&canaries, drawn.as_bytes());
        assert!(found.is_empty(), "{text}\n{drawn}");
    }
}

#[test]
fn what_is_plain_is_shown() {
    let schemas = schemas();
    let text = "project \"p\" {\n  slug = \"Not A Slug\"\n}\nsecret_sync \"nowhere\" \"s\" {\n  path = \"here\"\n}\n";
    let drawn = drawn(text, &schemas);
    for shown in ["slug = \"Not A Slug\"", "secret_sync \"nowhere\" \"s\""] {
        assert!(drawn.contains(shown), "{drawn}");
    }
}

#[test]
fn texts_of_every_shape_are_covered_in_place() {
    let cases = [
        // What has syntax.
        ("secret \"A\" { value = \"abc\" }", "secret \"A\" { value = \"***\" }"),
        ("a = \"x${var.c[\"k\"]}y$${z}\"", "a = \"*${var.c[\"*\"]}******\""),
        ("a = <<-E\n  one ${var.two} three\n  E\nb = null", "a = <***\n******${var.two}******\n**E\nb = null"),
        ("a = [\"x\", \"y\"] # \"z\"", "a = [\"*\", \"*\"] #****"),
        ("a = [for x in \"b\" : x if x != \"c\"]", "a = [for x in \"*\" : x if x != \"*\"]"),
        ("a = \"ä\u{202e}\"", "a = \"*****\""),
        ("a = 12 # b", "a = ** #**"),
        ("a = eyJh.eyJz.x", "a = ***********"),
        (
            "a = var.b\nb = upper(local.c)\nc = true\nd = each.x == 1",
            "a = var.b\nb = upper(local.c)\nc = true\nd = each.x == *",
        ),
        ("a = upper(b, c.d)", "a = upper(*, ***)"),
        ("a = \"${upper(var.b[0])}\"\nc {}\nd { e = f }", "a = \"${upper(var.b[*])}\"\nc {}\nd { e = * }"),
        ("a = { b = c, var.d = project.e }", "a = { b = *, var.d = project.e }"),
        ("backend \"infisical\" { url = \"https://u:p@h/\" }", "backend \"infisical\" { url = \"https://***@h/\" }"),
        // What has none.
        ("a = \"x", "a = **"),
        ("a\u{202e}\u{1b}b = 1\r\n", "**********\r\n"),
        ("a { b = c-1/d+e== }", "a { b = ********* }"),
        ("a = 1 b = c", "a = *******"),
        ("a = [b,\n  c\n]\nd = e f", "a = ***\n  *\n]\nd = ***"),
        ("a\nb c\nd=\ne==\nf = g h", "*\n***\n**\n***\nf = ***"),
        ("a \"b\" {\n  c = d e\n}\n} f", "a \"b\" {\n  c = ***\n}\n} *"),
    ];
    for (text, wanted) in cases {
        let shown = config::covered(text, &Schemas::default());
        assert_eq!(shown.len(), text.len(), "{text}");
        assert_eq!(shown, wanted, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn anything_can_be_covered(text in "([\"'`${}<\n\\\\# =a-cé]|<<E\n|\nE\n|/\\*)*") {
        let shown = config::covered(&text, &Schemas::default());
        assert_eq!(shown.len(), text.len());
        assert_eq!(shown.matches('\n').count(), text.matches('\n').count());
    }
}

#[test]
fn values_without_measure_are_refused() {
    let schemas = schemas();
    let ends = |kind: &str| match kind {
        "text" => ("\"0123456789\"", "\"${local.aN}${local.aN}\""),
        "list" => ("[1, 2, 3, 4]", "concat(local.aN, local.aN)"),
        _ => ("range(1000)", "[for x in range(1000) : [for y in range(1000) : [for z in range(1000) : x]]]"),
    };
    for kind in ["text", "list", "for"] {
        let (first, next) = ends(kind);
        let count = if kind == "for" { 1 } else { 40 };
        let more: String =
            (0..count).map(|n| format!("  a{} = {}\n", n + 1, next.replace('N', &n.to_string()))).collect();
        let drawn = drawn(&format!("locals {{\n  a0 = {first}\n{more}}}\n"), &schemas);
        assert!(drawn.contains("too much to evaluate"), "{kind}: {drawn}");
    }
}
