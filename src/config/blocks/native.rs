//! The form of native integrations: the older way in which a backend pushes a folder, whose credentials are its
//! own. Which of these attributes a service takes is in `config::native`.

use crate::config::blocks::Count;
use crate::config::blocks::ENVIRONMENT;
use crate::config::blocks::Form;
use crate::config::blocks::PATH;
use crate::config::blocks::PLAIN;
use crate::config::blocks::PROJECT;
use crate::config::blocks::Ty;
use crate::config::blocks::opt;
use crate::model::resource::Kind;

pub(super) static NATIVE_INTEGRATION: Form = Form {
    word: "native_integration",
    labels: &["service", "name"],
    kind: Some(Kind::NativeIntegration),
    attrs: &[
        PROJECT,
        ENVIRONMENT,
        PATH,
        opt("access_id", Ty::TextOrSecret, "The id of the access key (AWS), of the role (Vault), or of the user."),
        opt("access_token", Ty::Secret, "The secret of the access key, or the token."),
        opt(
            "assume_role_arn",
            Ty::TextOrSecret,
            "Of AWS: the role that the backend takes on, instead of an access key.",
        ),
        opt("refresh_token", Ty::Secret, "Of Google: the JSON of a service account's key."),
        opt("host", Ty::String, "The address of the service's own server: a Databricks workspace, a Vault."),
        opt("namespace", Ty::String, "The namespace of a Vault."),
        opt(
            "app",
            Ty::String,
            "Where to: a project, an app, a secret scope, the name of a secret that holds all keys.",
        ),
        opt("app_id", Ty::String, "The service's id of that."),
        opt("owner", Ty::String, "Whose it is: an organisation, a team."),
        opt("region", Ty::String, "The region."),
        opt("target_path", Ty::String, "Where to below that: the path of parameters."),
        opt("target_environment", Ty::String, "The service's environment."),
        opt("target_environment_id", Ty::String, "The service's id of that."),
        opt("target_service", Ty::String, "The part of the app, where the service has such."),
        opt("target_service_id", Ty::String, "The service's id of that."),
        opt("scope", Ty::String, "The scope, where the service has such."),
        opt("url", Ty::String, "The address of what is written to, where the service has such."),
        opt("active", Ty::Bool, "Whether it runs at all; it does by default."),
        opt(
            "on_delete",
            Ty::OneOf(&["keep", "remove"]),
            "What becomes of the keys at the service when it is deleted; they are kept by default.",
        ),
        opt("timeout", Ty::Integer(0, 86_400), "Seconds to wait for how a run went, after a change; 60 by default."),
    ],
    blocks: &[&Form {
        word: "options",
        attrs: &[
            opt(
                "initial_sync",
                Ty::OneOf(&["overwrite-target", "prefer-target", "prefer-source"]),
                "What the first run does with what is there.",
            ),
            opt("secret_prefix", Ty::String, "What stands before each key."),
            opt("secret_suffix", Ty::String, "What stands after each key."),
            opt(
                "mapping_behavior",
                Ty::OneOf(&["one-to-one", "many-to-one"]),
                "Of AWS Secrets Manager: one secret for each key, or one that holds all.",
            ),
            opt("metadata_sync_mode", Ty::String, "Of AWS Secrets Manager: how the metadata of secrets is written."),
            opt("aws_tags", Ty::Map, "Tags of what is written to AWS."),
            opt("kms_key_id", Ty::String, "The key that AWS encrypts with."),
            opt("gcp_label_name", Ty::String, "The label of what is written to Google."),
            opt("gcp_label_value", Ty::String, "Its value."),
            opt("auto_redeploy", Ty::Bool, "Whether the app is deployed again after a run."),
            opt("disable_delete", Ty::Bool, "Never delete what the source no longer has."),
            opt("enable_delete", Ty::Bool, "Delete what the source no longer has, where the service's way is not to."),
            opt("mask_secrets", Ty::Bool, "Whether values are masked in logs of the service."),
            opt("protect_secrets", Ty::Bool, "Whether values are for protected branches only."),
        ],
        count: Count::One,
        doc: "How it writes. What is no longer declared stays as it is where it can't be taken back.",
        ..PLAIN
    }],
    doc: "The older way in which a backend pushes a folder to a service, with credentials of its own; a `secret_sync` is the newer one.",
    ..PLAIN
};
