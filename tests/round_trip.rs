//! Reading what was written gives what was written, for every kind and every attribute: after each apply a new plan is
//! empty, whether nothing is set, or everything, or one attribute was just changed.

use crate::engine::World;
use crate::engine::rows;
use keyform::config::blocks;
use keyform::engine::Engine;
use keyform::engine::Scope;
use keyform::engine::event::Cancel;
use keyform::model::resource::Kind;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// One kind: what is around it, its block, and its attributes with two values each.
struct Case {
    kind: Kind,
    around: &'static str,
    header: &'static str,
    /// What it can't be without.
    always: &'static [(&'static str, &'static str, &'static str)],
    /// What it can be without; `a.b` stands in a block `a`.
    maybe: &'static [(&'static str, &'static str, &'static str)],
    /// Attributes of its form that are not tried, and why.
    apart: &'static [(&'static str, &'static str)],
    /// Attributes whose change nobody has to be told.
    silent: &'static [&'static str],
}

const NONE: Case =
    Case { kind: Kind::Project, around: "", header: "", always: &[], maybe: &[], apart: &[], silent: &[] };

const BAKERY: &str = r#"
project "bakery" {
  environment "dev" {}
  environment "prod" {}
  folder "/api" {}
  tag "red" {}
  tag "blue" {}
  secret "A" {
    environment = "dev"
    value       = secret_file("a")
  }
}
"#;

static CASES: &[Case] = &[
    Case {
        kind: Kind::Project,
        around: r#"
project_template "base" { environments = [{ slug = "dev" }] }
project_template "other" { environments = [{ slug = "prod" }] }
"#,
        header: "project \"cellar\"",
        maybe: &[
            ("name", "\"Cellar\"", "\"Vault\""),
            ("description", "\"Below\"", "\"Deep below\""),
            ("delete_protection", "true", "false"),
            ("auto_capitalization", "true", "false"),
            ("pit_version_limit", "20", "30"),
            ("audit_logs_retention_days", "30", "60"),
            ("secret_sharing", "false", "true"),
            ("show_snapshots_legacy", "true", "false"),
            ("secret_detection_ignore_values", "[\"one\"]", "[\"two\", \"three\"]"),
            ("slug", "\"cellar-one\"", "\"cellar-two\""),
            ("type", "\"secret-manager\"", "\"kms\""),
            ("template", "project_template.base", "project_template.other"),
        ],
        ..NONE
    },
    Case {
        kind: Kind::Environment,
        around: "project \"bakery\" {\n environment \"first\" {}\n}\n",
        header: "environment \"dev\"",
        always: &[("project", "project.bakery", "project.bakery")],
        maybe: &[("slug", "\"dev\"", "\"devel\""), ("name", "\"Dev\"", "\"Devel\""), ("position", "1", "2")],
        ..NONE
    },
    Case {
        kind: Kind::Folder,
        around: BAKERY,
        header: "folder \"/web\"",
        always: &[("project", "project.bakery", "project.bakery")],
        maybe: &[
            ("description", "\"Pages\"", "\"More pages\""),
            ("environments", "[\"dev\"]", "[\"dev\", \"prod\"]"),
            ("path", "\"/web\"", "\"/site\""),
        ],
        ..NONE
    },
    Case {
        kind: Kind::Tag,
        around: BAKERY,
        header: "tag \"green\"",
        always: &[("project", "project.bakery", "project.bakery")],
        maybe: &[("slug", "\"green\"", "\"lime\""), ("color", "\"#00ff00\"", "\"#bfff00\"")],
        ..NONE
    },
    Case {
        kind: Kind::ProjectRole,
        around: BAKERY,
        header: "project_role \"deployer\"",
        always: &[
            ("project", "project.bakery", "project.bakery"),
            (
                "permissions",
                "[{ subject = \"secrets\", action = [\"read\"] }]",
                "[{ subject = \"secrets\", action = [\"edit\", \"read\"], conditions = { environment = { \"$eq\" = \"dev\" } } }, { subject = \"tags\", action = [\"read\"], inverted = true }]",
            ),
        ],
        maybe: &[
            ("slug", "\"deployer\"", "\"shipper\""),
            ("name", "\"Deployer\"", "\"Shipper\""),
            ("description", "\"Deploys\"", "\"Ships\""),
        ],
        ..NONE
    },
    Case {
        kind: Kind::Identity,
        header: "identity \"ci\"",
        maybe: &[
            ("name", "\"ci-one\"", "\"ci-two\""),
            ("role", "\"member\"", "\"admin\""),
            ("metadata", "{ team = \"ovens\" }", "{ team = \"mills\", floor = \"2\" }"),
            ("universal_auth.access_token_ttl", "600", "900"),
            ("universal_auth.access_token_max_ttl", "3600", "7200"),
            ("universal_auth.access_token_uses", "5", "0"),
            ("universal_auth.access_token_trusted_ips", "[\"10.0.0.0/8\"]", "[\"10.0.0.1\", \"10.0.0.2\"]"),
            ("universal_auth.client_secret_trusted_ips", "[\"10.1.0.0/16\"]", "[\"10.2.0.0/16\"]"),
            ("delete_protection", "true", "false"),
        ],
        ..NONE
    },
    Case {
        kind: Kind::ProjectIdentity,
        around: "project \"bakery\" {}\nidentity \"ci\" {}\nidentity \"cd\" {}\n",
        header: "project_identity \"it\"",
        always: &[
            ("project", "project.bakery", "project.bakery"),
            (
                "roles",
                "[\"viewer\"]",
                "[\"member\", { role = \"admin\", range = \"8h\", start = \"2026-01-01T00:00:00Z\" }]",
            ),
            ("identity", "identity.ci", "identity.cd"),
        ],
        ..NONE
    },
    Case {
        kind: Kind::Secret,
        around: BAKERY,
        header: "secret \"K\"",
        always: &[
            ("project", "project.bakery", "project.bakery"),
            ("environment", "\"dev\"", "\"prod\""),
            ("value", "secret_file(\"a\")", "secret_file(\"b\")"),
        ],
        maybe: &[
            ("comment", "\"one\"", "\"two\\nlines\""),
            ("tags", "[\"red\"]", "[\"blue\", \"red\"]"),
            ("metadata", "{ owner = \"ovens\" }", "{ owner = \"mills\", since = \"2026\" }"),
            ("key", "\"K\"", "\"L\""),
            ("path", "\"/api\"", "\"/\""),
        ],
        ..NONE
    },
    Case {
        kind: Kind::SecretImport,
        around: BAKERY,
        header: "secret_import \"shared\"",
        always: &[
            ("project", "project.bakery", "project.bakery"),
            ("environment", "\"dev\"", "\"prod\""),
            ("from", "{ environment = \"prod\", path = \"/api\" }", "{ environment = \"dev\" }"),
        ],
        maybe: &[("path", "\"/\"", "\"/api\""), ("position", "1", "2")],
        // It is the only one of its folder: it stands where it is to stand.
        silent: &["position"],
        ..NONE
    },
    Case {
        kind: Kind::AppConnection,
        around: BAKERY,
        header: "app_connection \"local\" \"files\"",
        always: &[("path", "abspath(\"out\")", "abspath(\".\")")],
        maybe: &[
            ("name", "\"files-one\"", "\"files-two\""),
            ("description", "\"One\"", "\"Two\""),
            ("project", "project.bakery", "project.bakery"),
        ],
        apart: &[
            ("method", "this app has one way only"),
            ("gateway", "an embedded backend has none: connections.rs tries it"),
        ],
        silent: &["project"],
    },
    Case {
        kind: Kind::SecretSync,
        around: r#"
project "bakery" {
  environment "dev" {}
  environment "prod" {}
  folder "/api" {}
}
app_connection "local" "one" { path = abspath("out") }
app_connection "local" "two" { path = abspath("out") }
"#,
        header: "secret_sync \"local-file\" \"web\"",
        always: &[
            ("project", "project.bakery", "project.bakery"),
            ("environment", "\"dev\"", "\"prod\""),
            ("connection", "app_connection.one", "app_connection.two"),
            ("destination.format", "\"dotenv\"", "\"json\""),
            ("destination.file", "\"a.env\"", "\"b.env\""),
        ],
        maybe: &[
            ("name", "\"web-one\"", "\"web-two\""),
            ("description", "\"One\"", "\"Two\""),
            ("path", "\"/api\"", "\"/\""),
            ("key_schema", "\"A_{{secretKey}}\"", "\"B_{{secretKey}}\""),
            ("initial_sync", "\"import-prioritize-source\"", "\"overwrite-destination\""),
            ("disable_secret_deletion", "true", "false"),
            ("auto_sync", "false", "true"),
            ("on_delete", "\"remove\"", "\"keep\""),
            ("timeout", "30", "60"),
        ],
        apart: &[("run", "then the backend has no sync: kept.rs tries it")],
        silent: &["timeout"],
    },
    Case {
        kind: Kind::Webhook,
        around: BAKERY,
        header: "webhook \"alerts\"",
        always: &[
            ("project", "project.bakery", "project.bakery"),
            ("environment", "\"dev\"", "\"prod\""),
            ("url", "\"https://example.com/one\"", "\"https://example.com/two\""),
        ],
        maybe: &[
            ("path", "\"/api\"", "\"/\""),
            ("type", "\"microsoft-teams\"", "\"general\""),
            ("secret_key", "secret_file(\"a\")", "secret_file(\"b\")"),
            ("events", "[\"secrets.modified\"]", "[\"secrets.rotation-failed\", \"secrets.modified\"]"),
            ("enabled", "false", "true"),
        ],
        ..NONE
    },
    Case {
        kind: Kind::ProjectTemplate,
        header: "project_template \"service\"",
        maybe: &[
            ("name", "\"service-one\"", "\"service-two\""),
            ("description", "\"One\"", "\"Two\""),
            ("environments", "[{ slug = \"dev\", name = \"Dev\" }]", "[{ slug = \"prod\" }, { slug = \"dev\" }]"),
            (
                "roles",
                "[{ slug = \"reader\", permissions = [{ subject = \"secrets\", action = [\"read\"] }] }]",
                "[{ slug = \"writer\", name = \"Writer\", permissions = [{ subject = \"secrets\", action = [\"edit\"] }] }]",
            ),
            ("type", "\"kms\"", "\"secret-manager\""),
        ],
        ..NONE
    },
    Case {
        kind: Kind::NativeIntegration,
        around: BAKERY,
        header: "native_integration \"gitlab\" \"web\"",
        always: &[("project", "project.bakery", "project.bakery"), ("environment", "\"dev\"", "\"prod\"")],
        maybe: &[
            ("path", "\"/api\"", "\"/\""),
            ("access_id", "\"canary-id-one\"", "\"canary-id-two\""),
            ("access_token", "secret_file(\"a\")", "secret_file(\"b\")"),
            ("assume_role_arn", "\"arn:aws:iam::123456789012:role/one\"", "\"arn:aws:iam::123456789012:role/two\""),
            ("refresh_token", "secret_file(\"b\")", "secret_file(\"a\")"),
            ("host", "\"https://one.example\"", "\"https://two.example\""),
            ("namespace", "\"one\"", "\"two\""),
            ("app", "\"one\"", "\"two\""),
            ("app_id", "\"1\"", "\"2\""),
            ("owner", "\"one\"", "\"two\""),
            ("region", "\"one\"", "\"two\""),
            ("target_path", "\"/one\"", "\"/two\""),
            ("target_environment", "\"one\"", "\"two\""),
            ("active", "false", "true"),
            ("timeout", "30", "60"),
            ("options.initial_sync", "\"prefer-source\"", "\"overwrite-target\""),
            ("options.secret_prefix", "\"A_\"", "\"B_\""),
            ("options.secret_suffix", "\"_A\"", "\"_B\""),
            ("options.mapping_behavior", "\"one-to-one\"", "\"many-to-one\""),
            ("options.metadata_sync_mode", "\"one\"", "\"two\""),
            ("options.aws_tags", "{ team = \"ovens\" }", "{ team = \"mills\", floor = \"2\" }"),
            ("options.kms_key_id", "\"one\"", "\"two\""),
            ("options.gcp_label_name", "\"one\"", "\"two\""),
            ("options.gcp_label_value", "\"one\"", "\"two\""),
            ("options.auto_redeploy", "true", "false"),
            ("options.disable_delete", "true", "false"),
            ("options.enable_delete", "true", "false"),
            ("options.mask_secrets", "true", "false"),
            ("options.protect_secrets", "true", "false"),
            ("target_environment_id", "\"1\"", "\"2\""),
            ("target_service", "\"one\"", "\"two\""),
            ("target_service_id", "\"1\"", "\"2\""),
            ("scope", "\"one\"", "\"two\""),
            ("url", "\"https://one.example\"", "\"https://two.example\""),
        ],
        apart: &[("on_delete", "the embedded backend can't take away what this service has: a scenario tries it")],
        silent: &["timeout"],
    },
];

impl Case {
    /// The configuration with these attributes.
    fn text(&self, attrs: &BTreeMap<&str, &str>) -> String {
        let mut inner: BTreeMap<&str, String> = BTreeMap::new();
        let mut text = format!("{}\n{} {{\n", self.around, self.header);
        for (name, value) in attrs {
            match name.split_once('.') {
                Some((block, name)) => writeln!(inner.entry(block).or_default(), "    {name} = {value}").unwrap(),
                None => writeln!(text, "  {name} = {value}").unwrap(),
            }
        }
        for (block, body) in inner {
            writeln!(text, "  {block} {{\n{body}  }}").unwrap();
        }
        text + "}\n"
    }

    /// Applies a configuration; gives the rows, or what is wrong: a new plan has to be empty.
    async fn apply(&self, world: &World, engine: &Engine, text: &str, about: &str) -> Result<Vec<String>, String> {
        let about = format!("{}: {about}", self.kind);
        world.write("main.hcl", text);
        let (desired, _) = world.desired();
        let scope = Scope::default();
        let plan = || engine.plan(&desired, &scope);
        let planned = plan().await.map_err(|why| format!("{about}: {why:?}"))?;
        let wanted = rows(&planned.plan);
        let report = engine.apply(planned, &Cancel::new(), &mut |_| {}).await;
        if !report.is_complete() {
            return Err(format!("{about}: {wanted:?} {:?} {:?}", report.failed, report.skipped));
        }
        let again = plan().await.map_err(|why| format!("{about}: {why:?}"))?.plan;
        let differs: Vec<_> = again.changes.iter().map(|change| &change.fields).collect();
        match rows(&again).is_empty() {
            true => Ok(wanted),
            false => Err(format!("{about}: after {wanted:?} still {:?}: {differs:?}", rows(&again))),
        }
    }

    async fn check(&self) -> Result<(), String> {
        let world = World::new(self.around);
        let (desired, registry) = world.desired();
        let engine = world.open(&desired, registry).await.unwrap();
        let least: BTreeMap<&str, &str> = self.always.iter().map(|(name, first, _)| (*name, *first)).collect();
        let mut all = least.clone();
        all.extend(self.maybe.iter().map(|(name, first, _)| (*name, *first)));
        self.apply(&world, &engine, self.around, "what is around it").await?;
        let made = self.apply(&world, &engine, &self.text(&least), "made with nothing").await?;
        assert!(!made.is_empty(), "{}", self.kind);
        self.apply(&world, &engine, &self.text(&all), "everything set").await?;
        let mut now = all.clone();
        let mut wrong = Vec::new();
        for (name, first, second) in self.always.iter().chain(self.maybe).filter(|(_, first, second)| first != second) {
            now.insert(name, second);
            let about = format!("{name} from {first} to {second}");
            match self.apply(&world, &engine, &self.text(&now), &about).await {
                Ok(rows) if rows.is_empty() == self.silent.contains(name) => {}
                Ok(rows) => wrong.push(format!("{}: {about}: {rows:?}", self.kind)),
                Err(why) => wrong.push(why),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong.join("\n"));
        }
        self.apply(&world, &engine, self.around, "deleted").await?;
        let made = self.apply(&world, &engine, &self.text(&now), "made with everything").await?;
        assert!(!made.is_empty(), "{}", self.kind);
        self.apply(&world, &engine, &self.text(&least), "everything taken back").await?;
        engine.close().await;
        Ok(())
    }
}

#[tokio::test]
async fn what_was_written_is_what_is_read() {
    let only = std::env::var("KEYFORM_SCENARIO").unwrap_or_default();
    let cases = CASES.iter().filter(|case| case.kind.word().contains(only.trim_start_matches('/')));
    let went = futures_util::future::join_all(cases.map(Case::check)).await;
    let wrong: Vec<String> = went.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_kind_and_every_attribute_is_tried() {
    let tried: BTreeSet<Kind> = CASES.iter().map(|case| case.kind).collect();
    let all: BTreeSet<Kind> = Kind::ALL.into_iter().filter(|kind| kind.is_planned()).collect();
    assert_eq!(tried, all);
    for case in CASES {
        let form = blocks::top(case.kind.word()).unwrap();
        let own = form.attrs.iter().map(|attr| attr.name.to_owned());
        let tables = form.blocks.iter().filter(|block| block.kind.is_none());
        let inner = tables.flat_map(|block| block.attrs.iter().map(|attr| format!("{}.{}", block.word, attr.name)));
        let wanted: BTreeSet<String> = own.chain(inner).collect();
        let pairs = case.always.iter().chain(case.maybe);
        let tried: BTreeSet<&str> =
            pairs.map(|(name, ..)| *name).chain(case.apart.iter().map(|(name, _)| *name)).collect();
        let forgotten: Vec<&String> = wanted.iter().filter(|name| !tried.contains(name.as_str())).collect();
        assert!(forgotten.is_empty(), "{}: {forgotten:?} is not tried", case.kind);
    }
}
