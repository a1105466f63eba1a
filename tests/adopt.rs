//! `keyform adopt --from-tfstate`: things are called what Terraform called them, and nothing of the secrets that a
//! state holds gets out of it. The rest of `adopt` is in `scenarios/adopt`.

use crate::scenarios::World;
use crate::session::Step;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Runs one command of a session; gives what it shows.
fn run(world: &mut World, command: &str, input: Option<&str>) -> String {
    world.run(&Step { command: command.to_owned(), input: input.map(str::to_owned), ..Step::default() })
}

/// The backend's ids of what is declared in `a`, by address.
fn ids(world: &mut World) -> BTreeMap<String, String> {
    run(world, "keyform -C a show --json --var url=$URL > shown.json", None);
    let text = fs::read_to_string(world.dir().join("shown.json")).unwrap();
    let shown: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows = shown["resources"].as_array().unwrap().iter();
    rows.filter_map(|row| Some((row["address"].as_str()?.to_owned(), row["id"].as_str()?.to_owned()))).collect()
}

/// A resource of a state, with attributes that only Terraform cares about beside those that are read.
fn resource(
    module: Option<&str>,
    kind: &str,
    name: &str,
    instances: &[(Option<&str>, serde_json::Value)],
) -> serde_json::Value {
    let instance = |(key, attributes): &(Option<&str>, serde_json::Value)| {
        let mut one = serde_json::json!({ "schema_version": 0, "attributes": attributes, "sensitive_attributes": [] });
        if let Some(key) = key {
            one["index_key"] = (*key).into();
        }
        one
    };
    let instances: Vec<_> = instances.iter().map(instance).collect();
    let provider = "provider[\"registry.terraform.io/infisical/infisical\"]";
    let mut one = serde_json::json!({
        "mode": "managed", "type": kind, "name": name, "provider": provider, "instances": instances
    });
    if let Some(module) = module {
        one["module"] = module.into();
    }
    one
}

fn id(id: &str) -> serde_json::Value {
    serde_json::json!({ "id": id, "last_updated": "Monday", "value": "canary-in-the-state-0" })
}

#[test]
fn a_state_of_terraform_says_what_things_are_called() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/adopt");
    let mut world = World::of(&scenario);
    run(&mut world, "write secret.txt", Some("canary-client-secret-0123456789\n"));
    run(&mut world, "mkdir out", None);
    let serve = "start keyform serve --listen 127.0.0.1:0 --data server --client-id keyform \
                 --client-secret-file secret.txt --allow-local out";
    run(&mut world, serve, None);
    let applied = run(&mut world, "keyform -C a apply --auto-approve --quiet --var url=$URL", None);
    assert!(!applied.contains("\n? "), "{applied}");
    let ids = ids(&mut world);
    let sync = |key: &str| id(&ids[&format!("secret_sync.web[\"{key}\"]")]);
    let environment = |slug: &str| id(&ids[&format!("project.payments.environment.{slug}")]);
    let secret = serde_json::json!({
        "name": "DB_URL", "value": "canary-in-the-state-1", "env_slug": "prod", "folder_path": "/api",
        "workspace_id": ids["project.payments"]
    });
    let member = serde_json::json!({ "membership_id": ids["project_identity.ci"], "roles": [] });
    let state = serde_json::json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 3, "lineage": "x", "outputs": {
            "password": { "value": "canary-in-the-state-2", "type": "string", "sensitive": true }
        },
        "resources": [
            resource(None, "infisical_project", "money", &[(None, id(&ids["project.payments"]))]),
            resource(None, "infisical_project_environment", "all", &[
                (Some("development"), environment("dev")), (Some("production"), environment("prod")),
            ]),
            resource(Some("module.files[\"eu\"]"), "infisical_app_connection_local", "disk", &[
                (None, id(&ids["app_connection.files"])),
            ]),
            resource(None, "infisical_secret_sync_local_file", "dotenv", &[
                (Some("dev"), sync("dev")), (Some("prod"), sync("prod")),
            ]),
            resource(None, "infisical_secret", "database", &[(None, secret)]),
            resource(None, "infisical_project_identity", "pipeline", &[(None, member)]),
            resource(None, "infisical_dynamic_secret_sql_database", "report", &[(None, id("not-there"))]),
            // Of others, in shapes that nobody here knows.
            serde_json::json!({ "mode": "managed", "type": "aws_instance", "name": "x", "provider": "p",
                "instances": [{ "attributes": { "id": 7, "password": "canary-in-the-state-3" } }] }),
            serde_json::json!({ "mode": "data", "type": "infisical_secrets", "name": "x", "provider": "p",
                "instances": [{ "attributes": { "secrets": { "A": { "value": "canary-in-the-state-4" } } } }] }),
        ]
    });
    let state = state.to_string();
    for n in 0..5 {
        world.watch(&format!("canary-in-the-state-{n}"));
    }
    run(&mut world, "write terraform.tfstate", Some(&state));
    for name in ["DB_URL", "PGPASS", "HOOK_URL", "HOOK_KEY"] {
        run(&mut world, &format!("unset {name}"), None);
    }
    let shown = run(&mut world, "keyform adopt --dir b --url $URL --from-tfstate terraform.tfstate", None);
    assert!(shown.contains("The plan is empty:") && !shown.contains("\n? "), "{shown}");
    assert!(shown.contains("infisical_dynamic_secret_sql_database.report is in the state"), "{shown}");
    let file = |name: &str| fs::read_to_string(world.dir().join("b").join(name)).unwrap();
    let (payments, connections) = (file("payments.hcl"), file("connections.hcl"));
    assert!(
        connections.contains("app_connection \"local\" \"files_eu_disk\" {\n  name   = \"files\""),
        "{connections}"
    );
    assert!(!connections.contains("postgres"), "only what the state has: {connections}");
    for part in [
        "project \"money\" {\n  slug        = \"payments\"",
        "  environment \"all_development\" {\n    slug = \"dev\"\n    name = \"Development\"\n  }",
        "  secret \"database\" {\n    environment = \"prod\"\n    path        = \"/api\"\n    key         = \"DB_URL\"",
        "secret_env(\"PAYMENTS_PROD_API_DB_URL\")",
        "  project_identity \"pipeline\" {\n    identity = data.identity.ci_runner\n    roles = [",
        "secret_sync \"local-file\" \"dotenv\" {\n  for_each = toset([\"dev\", \"prod\"])\n\n  name        = \"web-${each.key}\"",
    ] {
        assert!(payments.contains(part), "{part}\nis not in\n{payments}");
    }
    let plan = run(&mut world, "keyform -C b plan", None);
    assert!(plan.contains("Nothing to do"), "{plan}");
    world.search_files();
    assert_eq!(world.leaks(), Vec::<String>::new());
}

#[test]
fn what_is_no_state_is_refused_without_being_quoted() {
    let mut world = World::of(Path::new("/nowhere"));
    world.watch("canary-in-the-state");
    for text in [
        "{\"version\": 4, \"resources\": canary-in-the-state}",
        "{\"version\": 3, \"modules\": [\"canary-in-the-state\"]}",
        "{\"version\": 4, \"resources\": [{\"mode\": \"managed\", \"type\": \"infisical_secret\", \"name\": \"x\", \
         \"instances\": \"canary-in-the-state\"}]}",
    ] {
        run(&mut world, "write terraform.tfstate", Some(text));
        let shown = run(&mut world, "keyform adopt --dir b --from-tfstate terraform.tfstate", None);
        assert!(shown.contains("KF1031") && shown.ends_with("? 1\n"), "{shown}");
    }
    assert_eq!(world.leaks(), Vec::<String>::new());
}
