//! What native integrations demand beyond types: which service takes which attributes.

use crate::config::resources::Builder;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::attrs::Value;

/// What a service takes, where that is known in full (Infisical's own Terraform provider, August 2026).
struct Typed {
    slug: &'static str,
    required: &'static [&'static str],
    /// Groups of credentials, of which one must be whole.
    credentials: &'static [&'static [&'static str]],
    optional: &'static [&'static str],
    options: &'static [&'static str],
    /// Whether `app_id` is what `app` is.
    app_is_id: bool,
}

const AWS: &[&[&str]] = &[&["access_id", "access_token"], &["assume_role_arn"]];

static TYPED: &[Typed] = &[
    Typed {
        slug: "aws-parameter-store",
        required: &["region", "target_path"],
        credentials: AWS,
        optional: &[],
        options: &["initial_sync", "aws_tags", "kms_key_id", "disable_delete"],
        app_is_id: false,
    },
    Typed {
        slug: "aws-secret-manager",
        required: &["region"],
        credentials: AWS,
        optional: &["app"],
        options: &["initial_sync", "aws_tags", "kms_key_id", "mapping_behavior", "metadata_sync_mode", "secret_prefix"],
        app_is_id: false,
    },
    Typed {
        slug: "gcp-secret-manager",
        required: &["app"],
        credentials: &[&["refresh_token"]],
        optional: &["app_id"],
        options: &["initial_sync", "gcp_label_name", "gcp_label_value", "secret_prefix", "secret_suffix"],
        app_is_id: true,
    },
    Typed {
        slug: "circleci",
        required: &["app", "owner"],
        credentials: &[&["access_token"]],
        optional: &["app_id"],
        options: &["initial_sync"],
        app_is_id: true,
    },
    Typed {
        slug: "databricks",
        required: &["app", "host"],
        credentials: &[&["access_token"]],
        optional: &[],
        options: &["initial_sync"],
        app_is_id: false,
    },
];

/// Services that take any attributes.
const GENERAL: &[&str] = &[
    "azure-devops",
    "checkly",
    "cloud-66",
    "cloudflare-pages",
    "cloudflare-workers",
    "codefresh",
    "digital-ocean-app-platform",
    "flyio",
    "gitlab",
    "hashicorp-vault",
    "hasura-cloud",
    "laravel-forge",
    "northflank",
    "qovery",
    "railway",
    "render",
    "rundeck",
    "supabase",
    "teamcity",
    "terraform-cloud",
    "travisci",
    "windmill",
];

/// Services that someone has to log in to on their page.
const BROWSER_ONLY: &[&str] =
    &["azure-app-configuration", "azure-key-vault", "bitbucket", "github", "heroku", "netlify", "vercel"];

const CREDENTIALS: [&str; 4] = ["access_id", "access_token", "assume_role_arn", "refresh_token"];

/// What every service takes.
const ALWAYS: [&str; 6] = ["project", "environment", "path", "active", "on_delete", "timeout"];

/// The first credentials that an integration with a service can have; `None` if it can't be declared.
pub(crate) fn credentials(service: &str) -> Option<&'static [&'static str]> {
    match TYPED.iter().find(|typed| typed.slug == service) {
        Some(typed) => typed.credentials.first().copied(),
        None => GENERAL.contains(&service).then_some(&[]),
    }
}

/// Whether an integration with a service takes an attribute, options apart.
pub(crate) fn takes(service: &str, name: &str) -> bool {
    let Some(typed) = TYPED.iter().find(|typed| typed.slug == service) else { return true };
    ["options", "credentials"].contains(&name)
        || ALWAYS.contains(&name)
        || typed.required.contains(&name)
        || typed.optional.contains(&name)
}

/// The services that an integration can be declared with.
pub(crate) fn services() -> Vec<&'static str> {
    TYPED.iter().map(|typed| typed.slug).chain(GENERAL.iter().copied()).collect()
}

/// Whether a service needs an attribute, credentials apart; `None` if it does not take it.
pub(crate) fn needs(service: &str, name: &str) -> Option<bool> {
    let typed = TYPED.iter().find(|typed| typed.slug == service);
    let is_credential = CREDENTIALS.contains(&name);
    let is_own = typed.is_none_or(|typed| typed.credentials.iter().any(|group| group.contains(&name)));
    let is_taken = if is_credential { is_own } else { takes(service, name) };
    is_taken.then(|| typed.is_some_and(|typed| typed.required.contains(&name)))
}

impl Builder<'_, '_> {
    pub(crate) fn native_integration(&mut self) {
        self.place_of_it();
        self.default("active", |_| Value::Bool(true));
        self.default("on_delete", |_| Value::string("keep"));
        self.default("timeout", |_| Value::int(60));
        self.attrs.remove("description");
        let options = self.inner("options").unwrap_or_default();
        let slug = self.decl.slug.clone();
        let span = self.decl.block.labels.first().map_or(self.decl.block.header, |label| label.span);
        let typed = TYPED.iter().find(|typed| *typed.slug == *slug);
        match typed {
            Some(typed) => {
                self.takes(typed, &options.keys().map(|name| name.to_string()).collect::<Vec<_>>());
                if typed.app_is_id {
                    self.default("app_id", |builder| builder.attrs.get("app").cloned().unwrap_or_default());
                }
            }
            None if GENERAL.contains(&&*slug) => {}
            None if BROWSER_ONLY.contains(&&*slug) => {
                let detail = format!("An integration with `{slug}` needs someone to log in on the service's page.");
                let d = Diagnostic::error(&codes::BROWSER_ONLY, detail).at(span, "");
                self.report(d.help("create it in the browser, in the backend's web page; or use a `secret_sync`"));
            }
            None => {
                let known = TYPED.iter().map(|typed| typed.slug).chain(GENERAL.iter().copied());
                let d = Diagnostic::error(&codes::UNKNOWN_APP, format!("There is no native integration `{slug}`."));
                self.report(d.at(span, "").did_you_mean(&slug, known));
            }
        }
        self.attrs.insert("integration".into(), Value::String(slug));
        self.attrs.insert("options".into(), Value::object(options));
        self.hide(&CREDENTIALS);
    }

    /// Says what a service lacks, and what it does not take.
    fn takes(&mut self, typed: &Typed, options: &[String]) {
        let header = self.decl.block.header;
        let address = self.instance.address.clone();
        let is_set = |builder: &Self, name: &&&str| builder.spans.contains_key(**name);
        for name in typed.required.iter().filter(|name| !is_set(self, name)).collect::<Vec<_>>() {
            let d = Diagnostic::error(&codes::REQUIRED, format!("`{address}` needs `{name}`."));
            self.report(d.at(header, format!("`{name}` is not set")));
        }
        let whole = typed.credentials.iter().filter(|group| group.iter().all(|name| is_set(self, &name)));
        let written = CREDENTIALS.iter().filter(|name| is_set(self, name)).count();
        let fits = whole.map(|group| group.len()).max() == Some(written);
        if !fits {
            let quoted =
                |group: &&[&str]| group.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
            let listed = typed.credentials.iter().map(quoted).collect::<Vec<_>>().join(", or ");
            let d = Diagnostic::error(&codes::REQUIRED, format!("`{address}` takes {listed}."));
            self.report(d.at(header, "its credentials are not that"));
        }
        let takes = |name: &str| {
            ALWAYS.contains(&name)
                || CREDENTIALS.contains(&name)
                || typed.required.contains(&name)
                || typed.optional.contains(&name)
                || name.strip_prefix("options.").is_some_and(|option| typed.options.contains(&option))
        };
        let written = self.attrs.keys().map(ToString::to_string);
        let written: Vec<String> = written.chain(options.iter().map(|name| format!("options.{name}"))).collect();
        for name in written.iter().filter(|name| !takes(name)) {
            let span = self.spans.get(name.as_str()).copied().unwrap_or(header);
            let detail = format!("An integration with `{}` has no `{name}`.", typed.slug);
            let known = typed.required.iter().chain(typed.optional).copied();
            self.report(Diagnostic::error(&codes::UNEXPECTED, detail).at(span, "").did_you_mean(name, known));
        }
    }
}
