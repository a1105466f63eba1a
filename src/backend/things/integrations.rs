//! Native integrations. What people call one is two things of the backend: credentials, and what is pushed with
//! them. Neither is unique, so both are known by their ids.

use crate::api::integrations;
use crate::api::integrations::Credentials;
use crate::api::integrations::Label;
use crate::api::integrations::Metadata;
use crate::api::integrations::Tag;
use crate::api::integrations::Target;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::refusal;
use crate::backend::refusal::Failure;
use crate::backend::state::Thing;
use crate::backend::things::Scope;
use crate::backend::things::Wanted;
use crate::backend::things::attrs;
use crate::backend::things::object;
use crate::backend::things::or_null;
use crate::backend::things::text;
use crate::backend::write;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::Method;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::secret::Secret;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// Where the id of the credentials is among the attributes.
const AUTH: &str = "integration_auth";

/// How the last run of an integration went.
pub struct Run {
    /// Which run it was; `None` if there was none.
    pub id: Option<String>,
    /// Whether it went well.
    pub is_synced: Option<bool>,
    /// Why not, in the backend's words.
    pub message: String,
}

pub(super) async fn list(client: &Client, scope: &Scope) -> Result<Vec<Thing>, Failure> {
    let about = format!("the native integrations of project {}", scope.name);
    let call = |pattern| Call::new(&about, Method::Get, pattern).arg(&scope.id);
    let found: integrations::Many = client.send(call(integrations::OF_PROJECT)).await?;
    if found.integrations.is_empty() {
        return Ok(Vec::new());
    }
    let known: integrations::Authorizations = client.send(call(integrations::AUTHORIZATIONS)).await?;
    let one = |integration: integrations::Integration| {
        let auth = known.authorizations.iter().find(|auth| auth.id == integration.integration_auth_id);
        thing(integration, auth)
    };
    Ok(found.integrations.into_iter().map(one).collect())
}

fn thing(found: integrations::Integration, auth: Option<&integrations::Authorization>) -> Thing {
    let to = found.target;
    let mut attrs = attrs([
        (AUTH, Value::string(found.integration_auth_id)),
        ("integration", Value::string(found.integration)),
        ("environment", found.environment.map_or(Value::Null, |environment| Value::string(environment.slug))),
        ("path", Value::string(format!("/{}", found.secret_path.trim_matches('/')))),
        ("active", Value::Bool(found.is_active)),
        ("host", or_null(auth.and_then(|auth| auth.url.clone()))),
        ("namespace", or_null(auth.and_then(|auth| auth.namespace.clone()))),
        ("app", or_null(to.app)),
        ("app_id", or_null(to.app_id)),
        ("owner", or_null(to.owner)),
        ("region", or_null(to.region)),
        ("target_path", or_null(to.path)),
        ("target_environment", or_null(to.target_environment)),
        ("target_environment_id", or_null(to.target_environment_id)),
        ("target_service", or_null(to.target_service)),
        ("target_service_id", or_null(to.target_service_id)),
        ("scope", or_null(to.scope)),
        ("url", or_null(to.url)),
        ("options", Value::object(options(found.metadata.unwrap_or_default()))),
    ]);
    attrs.insert("run".into(), or_null(found.last_sync_job_id));
    if found.is_synced == Some(false) {
        attrs.insert("run_failed".into(), Value::string(found.sync_message.unwrap_or_default()));
    }
    Thing { id: found.id.into(), attrs }
}

fn options(found: Metadata) -> Object {
    let flag = |value: Option<bool>| value.map_or(Value::Null, Value::Bool);
    let tags = found.secret_aws_tag.unwrap_or_default();
    let tags = tags.into_iter().map(|tag| (tag.key.into(), Value::string(tag.value))).collect();
    let (label, value) = found.secret_gcp_label.map_or((None, None), |l| (Some(l.label_name), Some(l.label_value)));
    let all = object([
        ("initial_sync", or_null(found.initial_sync_behavior)),
        ("secret_prefix", or_null(found.secret_prefix)),
        ("secret_suffix", or_null(found.secret_suffix)),
        ("mapping_behavior", or_null(found.mapping_behavior)),
        ("metadata_sync_mode", or_null(found.metadata_sync_mode)),
        ("aws_tags", Value::object(tags)),
        ("kms_key_id", or_null(found.kms_key_id)),
        ("gcp_label_name", or_null(label)),
        ("gcp_label_value", or_null(value)),
        ("auto_redeploy", flag(found.should_auto_redeploy)),
        ("disable_delete", flag(found.should_disable_delete)),
        ("enable_delete", flag(found.should_enable_delete)),
        ("mask_secrets", flag(found.should_mask_secrets)),
        ("protect_secrets", flag(found.should_protect_secrets)),
    ]);
    all.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// What is to be said of how it writes. Of a change, `live` is what it was told before: what is taken back is told as
/// empty, since what is not told stays.
fn metadata(new: &Wanted<'_>, live: Option<&Thing>) -> Metadata {
    let (empty, none) = (Object::new(), Object::new());
    let wanted = new.object("options").unwrap_or(&empty);
    let had = live.and_then(|live| live.attrs.get("options")?.as_object()).unwrap_or(&none);
    let any = |name: &str| wanted.get(name).and_then(Value::as_str).map(str::to_owned);
    let said = |name: &str| any(name).or_else(|| had.contains_key(name).then(String::new));
    let flag =
        |name: &str| wanted.get(name).and_then(Value::as_bool).or_else(|| had.contains_key(name).then_some(false));
    let tags = wanted.get("aws_tags").and_then(Value::as_object);
    let tag = |(key, value): (&std::sync::Arc<str>, &Value)| Tag {
        key: key.to_string(),
        value: text(Some(value)).to_owned(),
    };
    let tags = tags.map(|tags| tags.iter().map(tag).collect::<Vec<_>>());
    Metadata {
        initial_sync_behavior: any("initial_sync"),
        secret_prefix: said("secret_prefix"),
        secret_suffix: said("secret_suffix"),
        mapping_behavior: any("mapping_behavior"),
        metadata_sync_mode: any("metadata_sync_mode"),
        secret_aws_tag: tags.or_else(|| had.contains_key("aws_tags").then(Vec::new)),
        kms_key_id: said("kms_key_id"),
        secret_gcp_label: any("gcp_label_name")
            .map(|label_name| Label { label_name, label_value: any("gcp_label_value").unwrap_or_default() }),
        should_auto_redeploy: flag("auto_redeploy"),
        should_disable_delete: flag("disable_delete"),
        should_enable_delete: flag("enable_delete"),
        should_mask_secrets: flag("mask_secrets"),
        should_protect_secrets: flag("protect_secrets"),
    }
}

fn credentials(new: &Wanted<'_>) -> Credentials {
    Credentials {
        access_id: new.secret("access_id"),
        access_token: new.secret("access_token"),
        aws_assume_iam_role_arn: new.secret("assume_role_arn"),
        refresh_token: new.secret("refresh_token"),
        url: new.any_text("host"),
        namespace: new.any_text("namespace"),
    }
}

/// What no message may quote.
fn secrets(credentials: &Credentials) -> Vec<Secret> {
    let Credentials { access_id, access_token, aws_assume_iam_role_arn, refresh_token, .. } = credentials;
    [access_id, access_token, aws_assume_iam_role_arn, refresh_token].into_iter().flatten().cloned().collect()
}

/// The credentials come first; if the rest can't be made, they are taken back.
pub(super) async fn create(client: &Client, new: &Wanted<'_>) -> Result<String, Failure> {
    let credentials = credentials(new);
    let secrets = secrets(&credentials);
    let body = integrations::Authorize {
        workspace_id: new.scope.id.to_string(),
        integration: new.text("integration"),
        credentials,
    };
    let call = Call::new(new.about, Method::Post, integrations::AUTHORIZE).json(&body).secrets(secrets);
    let auth = client.send::<integrations::OneAuthorization>(call).await?.integration_auth.id;
    let body = integrations::Create {
        integration_auth_id: auth.clone(),
        source_environment: new.text("environment"),
        secret_path: new.text("path"),
        is_active: new.flag("active").unwrap_or(true),
        target: Target {
            app: new.any_text("app"),
            app_id: new.any_text("app_id"),
            target_environment: new.any_text("target_environment"),
            target_environment_id: new.any_text("target_environment_id"),
            target_service: new.any_text("target_service"),
            target_service_id: new.any_text("target_service_id"),
            owner: new.any_text("owner"),
            url: new.any_text("url"),
            path: new.any_text("target_path"),
            region: new.any_text("region"),
            scope: new.any_text("scope"),
        },
        metadata: metadata(new, None),
    };
    let call = Call::new(new.about, Method::Post, integrations::INTEGRATIONS).json(&body);
    match client.send::<integrations::One>(call).await {
        Ok(made) => Ok(made.integration.id),
        // It may have been made: then its credentials are not taken away.
        Err(why) if why.is_open => Err(why),
        Err(why) => {
            let undo = Call::new(new.about, Method::Delete, integrations::AUTHORIZATION).arg(&auth);
            write::delete(client, undo).await.and(Err(why))
        }
    }
}

pub(super) async fn update(client: &Client, live: &Thing, change: &Wanted<'_>) -> Result<(), Failure> {
    let of_auth = ["credentials", "host", "namespace"];
    if of_auth.iter().any(|name| change.differs(name)) {
        let body = Credentials {
            url: change.differs("host").then(|| change.text("host")),
            namespace: change.differs("namespace").then(|| change.text("namespace")),
            ..credentials(change)
        };
        let auth = text(live.attrs.get(AUTH));
        let call = Call::new(change.about, Method::Patch, integrations::AUTHORIZATION).arg(auth);
        write::patch(client, call.secrets(secrets(&body)), &body).await.map_err(|why| {
            match why.is_unknown_route() {
                true => too_old(change.about, why),
                false => why,
            }
        })?;
    }
    if change.changed.iter().all(|name| of_auth.contains(name)) {
        // New credentials set nothing going by themselves.
        if change.flag("active") == Some(false) {
            return Ok(());
        }
        let call = Call::new(change.about, Method::Post, integrations::SYNC).arg(&live.id);
        let call = call.json(&BTreeMap::<&str, &str>::new()).repeatable();
        return client.send::<IgnoredAny>(call).await.map(drop);
    }
    let body = integrations::Update {
        environment: change.new_text("environment"),
        secret_path: change.text("path"),
        is_active: change.flag("active").unwrap_or(true),
        target: Target {
            app: change.new_text("app"),
            app_id: change.new_text("app_id"),
            target_environment: change.new_text("target_environment"),
            owner: change.new_text("owner"),
            path: change.new_text("target_path"),
            region: change.new_text("region"),
            ..Target::default()
        },
        metadata: change.differs("options").then(|| metadata(change, Some(live))),
    };
    let call = Call::new(change.about, Method::Patch, integrations::INTEGRATION).arg(&live.id);
    let kept = client.send::<integrations::One>(call.json(&body).repeatable()).await?.integration.target;
    // Servers of 2024 take neither, and say so only by what they answer.
    for (name, told, kept) in
        [("region", &body.target.region, kept.region), ("target_path", &body.target.path, kept.path)]
    {
        if told.as_ref().is_some_and(|told| *told != kept.unwrap_or_default()) {
            return Err(refusal::not_kept(change.about, name));
        }
    }
    Ok(())
}

fn too_old(about: &str, why: Failure) -> Failure {
    let detail = format!("{about}: this server can't change the credentials of an integration that exists");
    let help = "update the backend; or give the block another name, so that a new one is made and the old one ends";
    Failure { diagnostic: Diagnostic::error(&codes::BACKEND_OLD, detail).help(help), ..why }
}

/// Deletes it, and its credentials unless something else uses them: they would take that along. With `removes`
/// what it wrote goes first; where the backend can't do that, nothing is deleted.
pub(super) async fn delete(
    client: &Client,
    about: &str,
    scope: &Scope,
    live: &Thing,
    removes: bool,
) -> Result<(), Failure> {
    let flag = if removes { "true" } else { "false" };
    let call = Call::new(about, Method::Delete, integrations::INTEGRATION).arg(&live.id);
    write::delete(client, call.query("shouldDeleteIntegrationSecrets", flag)).await.map_err(|why| {
        if !removes || why.status != Some(400) {
            return why;
        }
        let detail = format!("{}; nothing was deleted", why.diagnostic.detail);
        let help = "the backend can't take away what this integration wrote: declare it with `on_delete = \"keep\"`, \
                    apply, and remove it then; the keys stay at the service";
        Failure { diagnostic: Diagnostic::error(why.diagnostic.code, detail).help(help), ..why }
    })?;
    let auth = text(live.attrs.get(AUTH));
    let call = Call::new(about, Method::Get, integrations::OF_PROJECT).arg(&scope.id);
    let rest: integrations::Many = client.send(call).await?;
    if auth.is_empty() || rest.integrations.iter().any(|other| other.integration_auth_id == auth) {
        return Ok(());
    }
    write::delete(client, Call::new(about, Method::Delete, integrations::AUTHORIZATION).arg(auth)).await
}

/// How its last run went.
///
/// # Errors
/// The backend's answer.
pub async fn last_run(client: &Client, about: &str, id: &str) -> Result<Run, Failure> {
    let call = Call::new(about, Method::Get, integrations::INTEGRATION).arg(id);
    let found = client.send::<integrations::One>(call).await?.integration;
    let message = found.sync_message.unwrap_or_default();
    Ok(Run { id: found.last_sync_job_id, is_synced: found.is_synced, message })
}
