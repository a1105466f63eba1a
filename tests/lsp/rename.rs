//! Renaming: every place, a `moved` block, and what the label stood for; or a reason why not.

use crate::lsp::editor;
use crate::lsp::editor::Editor;
use serde_json::Value as Json;
use serde_json::json;
use std::collections::BTreeMap;

impl Editor {
    /// Renames what is at a place; gives the files that change as they are then.
    fn rename(&mut self, name: &str, at: &Json, new: &str) -> Result<BTreeMap<String, String>, String> {
        let params = json!({ "textDocument": self.id(name), "position": at, "newName": new });
        let answer = self.try_ask("rename", params).map_err(|error| error["message"].as_str().unwrap().to_owned())?;
        let root = format!("file://{}/", self.dir.path().display());
        let changes = answer["changes"].as_object().unwrap().iter();
        Ok(changes
            .map(|(uri, edits)| {
                let name = uri.strip_prefix(&root).unwrap().to_owned();
                let text = editor::edited(&self.text(&name), edits);
                (name, text)
            })
            .collect())
    }

    /// Renames at the mark of the one file.
    fn renamed(&mut self, marked: &str, new: &str) -> String {
        let (text, at) = editor::marked(marked);
        self.open("main.hcl", &text);
        let can = self.ask_at("prepareRename", "main.hcl", &at);
        assert!(can["placeholder"].is_string(), "{marked}: {can}");
        self.rename("main.hcl", &at, new).unwrap().remove("main.hcl").unwrap()
    }
}

#[test]
fn a_resource_gets_another_name_and_stays_what_it_is() {
    let mut editor = Editor::new();
    let after = editor.renamed(
        "project \"bak|ery\" {\n  environment \"prod\" {}\n}\n\nsecret \"A\" {\n  project     = project.bakery\n  environment = project.bakery.environment.prod\n  value       = secret_env(\"A\")\n  comment     = \"é🥐 ${project.bakery.slug}\"\n}\n",
        "patisserie",
    );
    let wanted = "project \"patisserie\" {\n  name = \"bakery\"\n  slug = \"bakery\"\n  environment \"prod\" {}\n}\n\nmoved {\n  from = project.bakery\n  to   = project.patisserie\n}\n\nsecret \"A\" {\n  project     = project.patisserie\n  environment = project.patisserie.environment.prod\n  value       = secret_env(\"A\")\n  comment     = \"é🥐 ${project.patisserie.slug}\"\n}\n";
    assert_eq!(after, wanted);
    // And back: the block that led here goes.
    let back = editor.renamed(&after.replacen("patisserie", "patis|serie", 1), "bakery");
    assert!(!back.contains("moved") && back.contains("project     = project.bakery\n"), "{back}");
}

#[test]
fn what_is_nested_keyed_or_no_identifier_is_renamed_where_it_stands() {
    let mut editor = Editor::new();
    let after = editor.renamed(
        "project \"bakery\" {\n  environment \"prod\" {}\n  folder \"/a|pi\" {}\n}\noutput \"x\" { value = project.bakery.folder[\"/api\"][\"prod\"].path }\n",
        "/web",
    );
    assert_eq!(
        after,
        "project \"bakery\" {\n  environment \"prod\" {}\n  folder \"/web\" {\n    path = \"/api\"\n  }\n}\n\nmoved {\n  from = project.bakery.folder[\"/api\"]\n  to   = project.bakery.folder[\"/web\"]\n}\noutput \"x\" { value = project.bakery.folder[\"/web\"][\"prod\"].path }\n"
    );
    // One line, CRLF, a name that is no identifier.
    let after = editor.renamed("tag \"ol|d\" { project = data.project.p }\r\ndata \"project\" \"p\" {}\r\noutput \"x\" { value = tag.old.slug }\r\n", "new-er 1");
    assert_eq!(
        after,
        "tag \"new-er 1\" {\r\n  slug = \"old\"\r\n  project = data.project.p\r\n}\r\n\r\nmoved {\r\n  from = tag.old\r\n  to   = tag[\"new-er 1\"]\r\n}\r\ndata \"project\" \"p\" {}\r\noutput \"x\" { value = tag[\"new-er 1\"].slug }\r\n"
    );
    // What is in the configuration only did not move.
    let after = editor.renamed("key_schema \"ol|d\" { prefix = \"A_\" }\n", "new");
    assert_eq!(after, "key_schema \"new\" { prefix = \"A_\" }\n");
    let keyed = "project \"bakery\" {}\napp_connection \"local\" \"disk\" {\n  for_each = toset([\"a\", \"b\"])\n  path     = \"/tmp/${each.key}\"\n}\noutput \"x\" { value = app_connection.di|sk[\"a\"].name }\n";
    let after = editor.renamed(keyed, "drive");
    assert!(after.contains("\"local\" \"drive\" {\n  name = \"disk-${each.key}\"\n"), "{after}");
    assert!(
        after.contains("from = app_connection.disk\n") && after.contains("app_connection.drive[\"a\"].name"),
        "{after}"
    );
}

#[test]
fn a_variable_is_renamed_in_values_and_calls_and_an_output_where_it_is_read() {
    let mut editor = Editor::new();
    editor.write(
        "service/main.hcl",
        "variable \"team\" {}\nlocals { x = var.team }\noutput \"path\" { value = local.x }\n",
    );
    editor.write("keyform.vars.hcl", "region = \"eu\"\n");
    let main = "variable \"region\" {}\nmodule \"s\" {\n  source   = \"./service\"\n  for_each = toset([var.region])\n  team     = each.key\n}\noutput \"o\" { value = module.s[\"eu\"].path }\n";
    let place = |needle: &str| editor::end(&main[..main.find(needle).unwrap() + needle.len()]);
    editor.open("main.hcl", main);
    let after = editor.rename("main.hcl", &place("var.reg"), "zone").unwrap();
    assert_eq!(after["keyform.vars.hcl"], "zone = \"eu\"\n");
    assert!(after["main.hcl"].contains("variable \"zone\"") && after["main.hcl"].contains("toset([var.zone])"));
    assert!(!after["main.hcl"].contains("moved"));
    // From where the module is called, and from its own file.
    let after = editor.rename("main.hcl", &place("  te"), "crew").unwrap();
    assert!(after["service/main.hcl"].starts_with("variable \"crew\" {}\nlocals { x = var.crew }"), "{after:?}");
    assert!(after["main.hcl"].contains("  crew     = each.key"), "{after:?}");
    let after = editor.rename("main.hcl", &place("[\"eu\"].pa"), "folder").unwrap();
    assert!(after["service/main.hcl"].contains("output \"folder\"") && after["main.hcl"].contains("[\"eu\"].folder"));
    let after = editor.rename("main.hcl", &place("module.s"), "svc").unwrap();
    assert!(after["main.hcl"].contains("moved {\n  from = module.s\n  to   = module.svc\n}"), "{after:?}");
    assert!(after["main.hcl"].contains("module.svc[\"eu\"].path"));
}

#[test]
fn what_would_break_something_is_not_renamed() {
    let mut editor = Editor::new();
    let good = "project \"bakery\" {}\nproject \"other-one\" {}\nvariable \"v\" { default = 1 }\n";
    let mut refused = |text: &str, needle: &str, new: &str| {
        editor.open("main.hcl", text);
        let at = editor::end(&text[..text.find(needle).unwrap() + 1]);
        editor.rename("main.hcl", &at, new).unwrap_err()
    };
    assert!(refused(good, "bakery", "other-one").contains("declared twice"));
    assert!(refused(good, "bakery", "").contains("not empty"));
    assert!(refused(good, "bakery", "a\"b").contains("quotes"));
    assert!(refused(good, "v\"", "not a name").contains("has to be a name"));
    assert!(refused(good, "default", "x").contains("Nothing that can be renamed"));
    let broken = format!("{good}output \"x\" {{ value = nothing.at_all }}\n");
    assert!(refused(&broken, "bakery", "shop-one").contains("must be mended first"));
}

/// The plan behind a rename: nothing at the backend changes, only the ledger hears of it.
#[test]
fn after_a_rename_nothing_is_made_and_nothing_is_deleted() {
    let mut editor = Editor::new();
    let text = "project \"bakery\" {\n  environment \"prod\" {}\n  folder \"/api\" {}\n}\nsecret \"TOKEN\" {\n  project     = project.bakery\n  environment = \"prod\"\n  value       = secret_random({})\n}\n";
    editor.write("main.hcl", text);
    let keyform = |editor: &Editor, args: &[&str]| {
        let mut command = std::process::Command::new(crate::scenarios::PROGRAM);
        let output = command.arg("-C").arg(editor.dir.path()).args(args).env_clear().output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(keyform(&editor, &["apply", "--auto-approve"]).0, 0);
    for (needle, new) in [("bakery\" {", "patisserie"), ("TOKEN\" {", "KEY"), ("/api\" {", "/web")] {
        let text = editor.text("main.hcl");
        let at = editor::end(&text[..text.find(needle).unwrap() + 1]);
        editor.open("main.hcl", &text);
        let after = editor.rename("main.hcl", &at, new).unwrap().remove("main.hcl").unwrap();
        editor.write("main.hcl", &after);
        editor.open("main.hcl", &after);
    }
    let (_, plan) = keyform(&editor, &["plan", "--json"]);
    let plan: Json = serde_json::from_str(&plan).unwrap();
    let actions: Vec<&str> =
        plan["changes"].as_array().unwrap().iter().map(|change| change["action"].as_str().unwrap()).collect();
    assert!(actions.len() >= 4 && actions.iter().all(|action| *action == "adopt"), "{actions:?}");
}
