//! Editors: `keyform lsp`. What it says of places is asked of it as values (`lsp/editor.rs`); that it speaks the protocol is
//! asked of the program itself, on its standard input and output (`lsp/program.rs`).

mod editor;
mod program;
mod rename;

use editor::Editor;
use keyform::lsp::check::Settings;
use serde_json::Value as Json;
use serde_json::json;

/// A configuration with something of most kinds.
const BASE: &str = r#"variable "region" {
  type        = string
  description = "Where it runs."
  default     = "eu"
}

locals { team = "bäckerei 🥐" }

project "bakery" {
  environment "prod" {}
  environment "stage" { slug = "staging" }
  folder "/api" {}
}

app_connection "github" "gh" {
  method                = "pat"
  personal_access_token = secret_env("GH")
}

data "project" "old" {}

secret_sync "github" "web" {
  for_each    = toset(["a", "b"])
  project     = project.bakery
  environment = "prod"
  connection  = app_connection.gh
  destination {
    scope = "repository"
    owner = "acme"
    repo  = "web-${each.key}"
  }
}
"#;

/// What is proposed at the mark of a text that follows [`BASE`].
fn proposed(fragment: &str) -> Vec<String> {
    let mut editor = Editor::new();
    let (text, at) = editor::marked(&format!("{BASE}\n{fragment}"));
    editor.open("main.hcl", &text);
    editor.completions("main.hcl", &at).into_iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn completion_knows_what_the_readers_know() {
    // The place, what is proposed there (the first ones in this order), and what is not.
    let table: &[(&str, &[&str], &[&str])] = &[
        ("|", &["app_connection", "secret_sync"], &["destination", "slug"]),
        ("secret_sync \"|", &["aws-secrets-manager", "github", "local-file"], &["aws"]),
        ("secret_sync \"git|\" \"x\" {}", &["github"], &[]),
        ("app_connection |", &["\"aws\"", "\"github\""], &["\"aws-secrets-manager\""]),
        ("data \"|", &["app_connection", "project"], &["folder"]),
        ("notify \"|", &["email", "slack"], &[]),
        ("keyform {\n  ledger \"|\n}", &["postgres", "s3"], &[]),
        ("keyform {\n  ledger \"s3\" {\n    |\n  }\n}", &["bucket", "region"], &["container", "password"]),
        ("backend \"embedded\" {\n  |\n}", &["auth"], &["url"]),
        ("backend \"infisical\" {\n  auth \"universal\" {\n    |\n  }\n}", &["client_id", "client_secret"], &["jwt"]),
        // What must be given comes first; what is given already does not come at all.
        ("secret \"x\" {\n  |\n}", &["environment", "project", "value", "comment"], &["slug"]),
        ("secret \"x\" {\n  value = 1\n  |\n}", &["environment", "project", "comment"], &["value"]),
        ("project \"x\" {\n  environment \"y\" {\n    |\n  }\n}", &["slug"], &["project"]),
        ("project \"x\" {\n  |\n", &["slug", "environment", "lifecycle"], &["project"]),
        ("app_connection \"aws\" \"x\" {\n  method = \"|\"\n}", &["access-key", "assume-role"], &[]),
        ("app_connection \"aws\" \"x\" {\n  method = \"assume-role\"\n  |\n}", &["role_arn"], &["access_key"]),
        ("secret_sync \"github\" \"x\" {\n  destination {\n    |", &["scope", "repo"], &["project"]),
        ("secret_sync \"github\" \"x\" {\n  destination {\n    scope = \"|", &["organization", "repository"], &[]),
        (
            "secret_sync \"github\" \"x\" {\n  destination {\n    scope = \"repository\"\n    |\n  }\n}",
            &["owner", "repo"],
            &["org"],
        ),
        ("secret_sync \"github\" \"x\" {\n  initial_sync = \"|", &["overwrite-destination"], &[]),
        ("secret_sync \"github\" \"x\" {\n  auto_sync = |", &["false", "true"], &["secret_env("]),
        ("secret_sync \"github\" \"x\" {\n  allow = [\"|\"]", &["takeover", "wipe"], &["collision"]),
        ("secret_sync \"github\" \"x\" {\n  lifecycle {\n    ignore = [\"|\"]", &["auto_sync"], &[]),
        ("project_role \"x\" {\n  permissions = [{ |", &["action", "subject", "conditions"], &["project"]),
        ("project_role \"x\" {\n  permissions = [{ inverted = |", &["false", "true"], &[]),
        ("secret_import \"x\" {\n  from = { |", &["environment", "path"], &[]),
        ("secret_import \"x\" {\n  from = { environment = \"|", &["prod", "staging"], &[]),
        // References, of the kind that is wanted first.
        (
            "secret \"x\" {\n  project = |\n}",
            &["data.project.old", "project.bakery", "var.region"],
            &["app_connection.gh"],
        ),
        ("secret \"x\" {\n  project = project.|\n}", &["bakery"], &["old"]),
        ("secret \"x\" {\n  project = data.|\n}", &["project"], &[]),
        ("secret \"x\" {\n  project = data.project.|\n}", &["old"], &["bakery"]),
        ("secret \"x\" {\n  environment = \"|\"\n}", &["prod", "staging"], &["stage"]),
        (
            "secret \"x\" {\n  environment = project.bakery.|\n}",
            &["environment", "folder", "slug"],
            &["for_each", "tag"],
        ),
        ("secret \"x\" {\n  environment = project.bakery.environment.|\n}", &["prod", "stage"], &[]),
        ("secret \"x\" {\n  path = project.bakery.folder[\"|", &["/api"], &[]),
        ("secret \"x\" {\n  path = project.bakery.folder[\"/api\"][\"prod\"].|\n}", &["path"], &[]),
        ("secret \"x\" {\n  key = var.|\n}", &["region"], &["team"]),
        ("secret \"x\" {\n  value = |\n}", &["local.team", "secret_env", "secret_file"], &[]),
        ("secret \"x\" {\n  for_each = toset([])\n  key = each.|\n}", &["key", "value"], &[]),
        ("rule \"x\" {\n  match   = \"secret_sync\"\n  require = self.|\n}", &["destination", "key_schema"], &["slug"]),
        ("output \"x\" { value = secret_sync.web[\"a\"].| }", &["environment", "run"], &["destination"]),
        // In texts.
        ("secret \"x\" {\n  path = \"/a/${|}\"\n}", &["local.team", "var.region", "lower"], &[]),
        ("secret \"x\" {\n  path = \"/é🥐/${var.|\n}", &["region"], &["team"]),
        ("secret \"x\" {\n  path = <<-EOT\n    ${upper(local.|)}\n  EOT\n}", &["team"], &["region"]),
        ("secret \"x\" {\n  comment = \"${var.region} var.|\"\n}", &[], &["region"]),
        ("secret \"x\" {\n  # var.|\n}", &[], &["region"]),
        ("secret \"x\" {\n  comment = \"$${var.|\"\n}", &[], &["region"]),
    ];
    for (fragment, wanted, unwanted) in table {
        let labels = proposed(fragment);
        let places: Vec<_> = wanted.iter().map(|word| labels.iter().position(|label| label == word)).collect();
        assert!(places.iter().all(Option::is_some), "{fragment}\n{wanted:?} in {labels:?}");
        assert!(places.is_sorted(), "{fragment}\n{wanted:?} in {labels:?}");
        assert!(!labels.iter().any(|label| unwanted.contains(&&**label)), "{fragment}\n{unwanted:?} not in {labels:?}");
    }
}

#[test]
fn what_is_put_in_fits_what_is_there() {
    let mut editor = Editor::new();
    for (marked, label, put) in [
        ("proj|", "project", "project \"${1:name}\" {\n  $0\n}"),
        ("proj| \"x\" {}", "project", "project"),
        ("project \"x\" {\n  sl|\n}", "slug", "slug = $0"),
        ("project \"x\" {\n  sl| = \"y\"\n}", "slug", "slug"),
        ("project \"x\" {\n  type = |\n}", "\"kms\"", "\"kms\""),
        ("project \"x\" {\n  type = \"k|\"\n}", "kms", "kms"),
        ("project \"x\" {\n  slug = upp|\n}", "upper", "upper($0)"),
        ("project \"x\" {\n  slug = upp|(\"x\")\n}", "upper", "upper"),
    ] {
        let (text, at) = editor::marked(marked);
        editor.open("main.hcl", &text);
        let all = editor.completions("main.hcl", &at);
        let item = all.iter().find(|item| item["label"] == label).unwrap_or_else(|| panic!("{marked}"));
        assert_eq!(item["textEdit"]["newText"], put, "{marked}");
        assert_eq!(item["textEdit"]["range"]["end"], at, "{marked}");
    }
}

#[test]
fn providers_beside_the_configuration_are_known_and_so_are_modules() {
    let mut editor = Editor::new();
    let manifest = include_str!("../providers/heroku.hcl").replace("heroku", "acme").replace("Heroku", "Acme");
    editor.write("providers/acme.hcl", &manifest);
    editor.write("service/main.hcl", "variable \"team\" {\n  type        = string\n  description = \"Whose it is.\"\n}\nvariable \"size\" { default = 1 }\noutput \"path\" { value = \"/x\" }\n");
    let (text, at) = editor::marked("secret_sync \"|");
    editor.open("main.hcl", &text);
    assert!(editor.labels("main.hcl", &at).contains(&"acme".to_owned()));
    let (text, at) = editor::marked("module \"s\" {\n  source = \"./service\"\n  |\n}\n");
    editor.open("main.hcl", &text);
    let labels = editor.labels("main.hcl", &at);
    assert_eq!(labels[..1], ["team"], "{labels:?}");
    assert!(labels.contains(&"size".to_owned()) && !labels.contains(&"source".to_owned()));
    let (text, at) = editor::marked("module \"s\" { source = \"./service\" }\noutput \"x\" { value = module.s.| }\n");
    editor.open("main.hcl", &text);
    assert_eq!(editor.labels("main.hcl", &at), ["path"]);
    let (text, at) = editor::marked("module \"s\" {\n  source = \"./service\"\n  te|am = 1\n}\n");
    editor.open("main.hcl", &text);
    assert!(editor.hover("main.hcl", &at).contains("Whose it is."));
    let to = editor.ask_at("definition", "main.hcl", &at);
    assert!(to["uri"].as_str().unwrap().ends_with("/service/main.hcl"), "{to}");
    assert_eq!(to["range"]["start"], json!({ "line": 0, "character": 10 }));
}

#[test]
fn values_of_variables_are_named_in_their_files() {
    let mut editor = Editor::new();
    editor.write("main.hcl", "variable \"region\" {}\nvariable \"size\" {}\n");
    let (text, at) = editor::marked("size = 1\nre|");
    editor.open("keyform.vars.hcl", &text);
    assert_eq!(editor.labels("keyform.vars.hcl", &at), ["region"]);
}

#[test]
fn hover_says_what_the_tables_say() {
    for (fragment, wanted) in [
        ("sec|ret \"x\" {}", "A secret in a folder."),
        ("secret_sync \"aws-secrets-man|ager\" \"x\" {}", "The key schema names the one container"),
        ("app_connection \"git|hub\" \"x\" {}", "Methods:"),
        ("project \"x\" {\n  pit_ver|sion_limit = 3\n}", "whole number, 1 to 100"),
        ("secret_sync \"github\" \"x\" {\n  destination {\n    sco|pe = \"repository\"\n  }\n}", "`\"repository\"`"),
        ("keyform {\n  ledger \"s3\" {\n    le|ase = 5\n  }\n}", "60 by default"),
        ("output \"x\" { value = upp|er(\"a\") }", "`upper(text)`"),
        ("output \"x\" { value = \"${var.reg|ion}\" }", "Where it runs."),
        ("output \"x\" { value = local.te|am }", "`local.team`"),
        ("output \"x\" { value = project.bak|ery.slug }", "`project.bakery`"),
        ("output \"x\" { value = project.bakery.folder[\"/a|pi\"] }", "`project.bakery.folder[\"/api\"]`"),
        ("output \"x\" { value = data.project.ol|d.slug }", "It is only looked up."),
    ] {
        let mut editor = Editor::new();
        let (text, at) = editor::marked(&format!("{BASE}\n{fragment}"));
        editor.open("main.hcl", &text);
        let said = editor.hover("main.hcl", &at);
        assert!(said.contains(wanted), "{fragment}\n{said}");
    }
}

#[test]
fn definitions_and_references_are_found_in_every_file() {
    let mut editor = Editor::new();
    editor.open("main.hcl", BASE);
    let (text, at) = editor::marked(
        "secret \"A\" {\n  project     = project.bak|ery\n  environment = project.bakery.environment.prod\n  value = secret_env(\"A\")\n  comment = \"é🥐 ${project.bakery.slug} ${[for project in []: project.bakery]}\"\n}\n",
    );
    editor.open("secrets.hcl", &text);
    let to = editor.ask_at("definition", "secrets.hcl", &at);
    assert!(to["uri"].as_str().unwrap().ends_with("/main.hcl"));
    assert_eq!(to["range"], json!({ "start": { "line": 8, "character": 9 }, "end": { "line": 8, "character": 15 } }));
    let mut listed: Vec<String> = editor
        .ask_at("references", "secrets.hcl", &at)
        .as_array()
        .unwrap()
        .iter()
        .map(|place| {
            let file = place["uri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            format!("{file}:{}:{}", place["range"]["start"]["line"], place["range"]["start"]["character"])
        })
        .collect();
    listed.sort();
    // Not what a `for` calls the same.
    assert_eq!(listed, ["main.hcl:23:24", "main.hcl:8:9", "secrets.hcl:1:24", "secrets.hcl:2:24", "secrets.hcl:4:27"]);
    let (_, at) = editor::marked("\n\n  environment = project.bakery.environment.pr|od");
    assert_eq!(
        editor.ask_at("definition", "secrets.hcl", &at)["range"]["start"],
        json!({ "line": 9, "character": 15 })
    );
}

#[test]
fn problems_stand_in_their_own_files_and_their_codes_are_explained() {
    let docs = Some("https://docs.example/reference/".to_owned());
    let mut editor =
        Editor::with(Settings { docs, vars: vec![("given".to_owned(), "1".to_owned())], ..Settings::default() });
    editor.write("main.hcl", "variable \"given\" {}\nmodule \"s\" {\n  source = \"./service\"\n  team   = \"x\"\n}\n");
    // By itself the module would miss its variable.
    editor.open("service/main.hcl", "variable \"team\" {}\noutput \"x\" { value = var.taem }\n");
    let told = editor.check();
    assert_eq!(told.keys().collect::<Vec<_>>(), ["service/main.hcl"]);
    let problem = &told["service/main.hcl"][0];
    assert_eq!(told["service/main.hcl"].as_array().unwrap().len(), 1, "{told:?}");
    let code = problem["code"].as_str().unwrap();
    let link = problem["codeDescription"]["href"].as_str().unwrap();
    let (page, anchor) = link.split_once('#').unwrap();
    assert_eq!(page, "https://docs.example/reference/diagnostics.md");
    let headings = include_str!("../docs/reference/diagnostics.md").lines().filter(|line| line.starts_with("## "));
    let anchors =
        headings.map(|line| line[3..].to_lowercase().replace([':', ',', '\'', '`', '/', '.'], "").replace(' ', "-"));
    assert!(anchors.into_iter().any(|known| known == anchor), "{anchor}");
    let related = problem["relatedInformation"].as_array().unwrap();
    assert!(related.iter().any(|one| one["message"] == "help: did you mean `team`?"), "{related:?}");
    assert!(related.iter().any(|one| one["location"]["uri"] == editor.uri("main.hcl")), "{related:?}");
    let said = editor.hover("service/main.hcl", &problem["range"]["start"]);
    assert!(said.contains(&format!("**{code}**")), "{said}");
    // Mended in the editor, though not on disk; then the caller is wrong, and it is told although it is not open.
    editor.open("service/main.hcl", "variable \"team\" {}\nvariable \"size\" {}\n");
    let told = editor.check();
    assert_eq!(told["service/main.hcl"], json!([]));
    assert_eq!(told["main.hcl"][0]["range"]["start"]["line"], 1);
    assert!(editor.check().is_empty(), "nothing changed");
}

#[test]
fn what_lies_beside_a_configuration_has_its_problems_in_its_own_file() {
    let mut editor = Editor::new();
    editor.write("keyform.vars.hcl", "# canary\n\nunheard = \"canary-of-a-value\"\n");
    editor.write("x.kftest.hcl", "rnu \"x\" {}\n");
    editor.open("drift.ignore.hcl", "accept \"project.bakery\" {\n  verdict = \"mising\"\n}\n");
    editor.open("main.hcl", "project \"bakery\" {}\n");
    let told = editor.check();
    let place = |name: &str| (told[name][0]["code"].clone(), told[name][0]["range"]["start"]["line"].clone());
    assert_eq!(place("keyform.vars.hcl"), (json!("KF0216"), json!(2)), "{told:?}");
    assert_eq!(place("x.kftest.hcl").1, json!(0), "{told:?}");
    assert_eq!(place("drift.ignore.hcl").1, json!(1), "{told:?}");
    assert_eq!(told.get("main.hcl").cloned().unwrap_or(json!([])), json!([]), "{told:?}");
    // As it is open, not as it is on disk.
    editor.open("x.kftest.hcl", "run \"plan\" {}\n");
    editor.open("drift.ignore.hcl", "");
    editor.open("keyform.vars.hcl", "");
    let told = editor.check();
    assert!(told.values().all(|problems| *problems == json!([])), "{told:?}");
}

#[test]
fn a_manifest_is_checked_with_its_configuration() {
    let mut editor = Editor::new();
    editor.write("main.hcl", "locals { a = 1 }\n");
    editor.open("providers/acme.hcl", "provider \"acme\" {\n  titel = \"Acme\"\n}\n");
    let told = editor.check();
    assert!(!told["providers/acme.hcl"].as_array().unwrap().is_empty(), "{told:?}");
    let at = told["providers/acme.hcl"][0]["range"]["start"].clone();
    assert!(editor.completions("providers/acme.hcl", &at).is_empty());
    assert!(editor.hover("providers/acme.hcl", &at).starts_with("**KF0"));
}

#[test]
fn the_outline_holds_every_block_also_of_a_text_that_is_half_typed() {
    let mut editor = Editor::new();
    editor.open(
        "main.hcl",
        &format!(
            "{BASE}\nproject \"late\" {{\n  environment \"x\" {{\n    slug = \"\n\noutput \"end\" {{ value = [1 }}\n"
        ),
    );
    let outline = editor.symbols("main.hcl");
    let names = |list: &Json| -> Vec<String> {
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&outline), ["region", "locals", "bakery", "gh", "old", "web", "late", "end"]);
    assert_eq!(names(&outline[2]["children"]), ["prod", "stage", "/api"]);
    assert_eq!(names(&outline[1]["children"]), ["team"]);
    assert_eq!(outline[5]["detail"], "secret_sync github");
    assert_eq!(names(&outline[6]["children"]), ["x"]);
}

#[test]
fn the_layout_is_that_of_fmt() {
    for text in
        [BASE, "a {\r\nb=1\r\n}\r\n", "x   =  1\n\n\n\ny = [\n1,\n2]\n", "locals{\n  é=\"🥐\"   # x\n  bb=2 # y\n}", ""]
    {
        let mut editor = Editor::new();
        editor.open("main.hcl", text);
        let options = json!({ "tabSize": 8, "insertSpaces": false });
        let edits = editor.ask("formatting", json!({ "textDocument": editor.id("main.hcl"), "options": options }));
        assert_eq!(editor::edited(text, &edits), keyform::lang::format::format(text).unwrap());
    }
    let mut editor = Editor::new();
    editor.open("main.hcl", "a {");
    let options = json!({ "tabSize": 8, "insertSpaces": false });
    assert!(editor.ask("formatting", json!({ "textDocument": editor.id("main.hcl"), "options": options })).is_null());
}

/// Whatever is asked of a text at whatever place, it has an answer; and a literal secret is in none.
#[test]
fn every_cut_of_a_text_is_answered_and_no_answer_holds_a_secret() {
    let text = format!(
        "{BASE}\nsecret \"A\" {{\n  value = \"canary-7f3a\"\n  comment = \"é🥐\"\n}}\nlocals {{ hidden = \"canary-7f3a\" }}\nvariable \"v\" {{\n  sensitive = true\n  default = \"canary-7f3a\"\n}}\noutput \"o\" {{ value = local.hidden }}\n"
    );
    let mut editor = Editor::new();
    let mut said = String::new();
    editor.open("main.hcl", &text);
    for (line, typed) in text.lines().enumerate() {
        for character in 0..=typed.encode_utf16().count() {
            let at = json!({ "line": line, "character": character });
            for method in ["hover", "definition", "references"] {
                said += &editor.ask_at(method, "main.hcl", &at).to_string();
            }
        }
    }
    said += &serde_json::to_string(&editor.check()).unwrap();
    assert!(said.contains("KF0208") && said.contains("Where it runs."), "nothing was said");
    assert!(!said.contains("canary"), "a secret is shown");
    for (cut, _) in text.char_indices() {
        editor.open("main.hcl", &text[..cut]);
        let at = editor::end(&text[..cut]);
        for item in editor.completions("main.hcl", &at) {
            assert!(!item.to_string().contains("canary"), "a secret is proposed");
        }
        editor.ask_at("hover", "main.hcl", &at);
    }
}
