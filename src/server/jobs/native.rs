//! One run of a native integration: what syncs do, for the two services of AWS. Nothing is deleted at a service but what
//! an earlier run wrote. For any other service the run fails with a sentence that says so.

use crate::model::attrs::Attrs;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::job;
use crate::model::key_schema::KeySchema;
use crate::model::key_schema::SECRET_KEY;
use crate::provider::Destination;
use crate::provider::Observation;
use crate::provider::Op;
use crate::provider::Spec;
use crate::provider::Write;
use crate::secret::Secret;
use crate::server::App;
use crate::server::jobs::run::about;
use crate::server::jobs::run::sentence;
use crate::server::jobs::run::source;
use crate::server::jobs::run::words;
use crate::server::store::integrations::Loaded;
use crate::server::store::secrets::At;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The destination of syncs that is the same place as a service, where there is one.
fn destination(service: &str) -> Option<&'static str> {
    match service {
        "aws-parameter-store" => Some("aws-parameter-store"),
        "aws-secret-manager" => Some("aws-secrets-manager"),
        _ => None,
    }
}

/// Whether integrations with a service can run here.
pub(crate) fn can_run(service: &str) -> bool {
    destination(service).is_some()
}

/// Runs an integration; gives what it has written and not taken away, by then.
pub(crate) async fn run(app: &App, id: &str) -> Result<Vec<String>, String> {
    let wanted = id.to_owned();
    let found = app.db.run(move |store| {
        let loaded = store.integration(&wanted)?;
        let body = &loaded.integration;
        let environment = body.environment.as_ref().map_or("", |environment| &environment.slug);
        let folder = store.folder_for(&body.project, environment, &body.body.path, "InternalServerError")?;
        let at = At {
            project: body.project.clone(),
            environment: environment.to_owned(),
            folder: folder.id,
            path: body.body.path.clone(),
        };
        Ok((loaded, at))
    });
    let (loaded, at) = found.await.map_err(sentence)?;
    let values = source(app, &at).await?;
    let kept = &loaded.integration.body;
    let first = kept.metadata.initial_sync_behavior.as_deref();
    if kept.last_used.is_none() && first.is_some_and(|first| first != "overwrite-target") {
        return Err("This server does not take values from a service: use overwrite-target.".to_owned());
    }
    let (destination, seen) = open(app, &loaded).await?;
    let template = format!(
        "{}{SECRET_KEY}{}",
        kept.metadata.secret_prefix.as_deref().unwrap_or(""),
        kept.metadata.secret_suffix.as_deref().unwrap_or("")
    );
    let schema = KeySchema::new(&template, &at.environment).unwrap_or_default();
    let rules = &destination.variant().keys;
    let keys = values.keys().map(|key| Arc::<str>::from(key.as_str())).collect::<Vec<_>>();
    if let Some((key, keys)) = job::collisions(&schema, rules, keys.iter()).into_iter().next() {
        return Err(about(&key, &format!("the secrets {} would be one key at the destination", keys.join(", "))));
    }
    let wanted: BTreeMap<Arc<str>, Secret> =
        values.into_iter().map(|(key, secret)| (job::stored(&schema, rules, &key), secret.secret_value)).collect();
    let mut writes: Vec<Write> = Vec::new();
    for (key, value) in &wanted {
        let op = match seen.entries.get(key) {
            None => Op::Create(value.clone()),
            Some(found) if found.value.as_ref() == Some(value) => continue,
            Some(_) => Op::Update(value.clone()),
        };
        writes.push(Write { key: Arc::clone(key), op });
    }
    let mut written: BTreeSet<String> = wanted.keys().map(ToString::to_string).collect();
    if kept.metadata.should_disable_delete == Some(true) {
        written.extend(kept.written.iter().cloned());
    } else {
        writes.extend(removals(kept.written.iter().filter(|key| !wanted.contains_key(key.as_str())), &seen));
    }
    write(&destination, &seen, &writes).await?;
    Ok(written.into_iter().collect())
}

/// Takes away what an integration wrote.
pub(crate) async fn remove(app: &App, loaded: &Loaded) -> Result<(), String> {
    let (destination, seen) = open(app, loaded).await?;
    let writes: Vec<Write> = removals(loaded.integration.body.written.iter(), &seen).collect();
    write(&destination, &seen, &writes).await
}

fn removals<'a>(
    keys: impl Iterator<Item = &'a String> + 'a,
    seen: &'a Observation,
) -> impl Iterator<Item = Write> + 'a {
    let there = keys.filter(|key| seen.entries.contains_key(key.as_str()));
    there.map(|key| Write { key: key.as_str().into(), op: Op::Delete })
}

async fn write(destination: &Destination, seen: &Observation, writes: &[Write]) -> Result<(), String> {
    if writes.is_empty() {
        return Ok(());
    }
    for outcome in destination.write(seen, writes).await {
        outcome.result.map_err(|why| about(&outcome.key, &words(&why)))?;
    }
    Ok(())
}

async fn open(app: &App, loaded: &Loaded) -> Result<(Destination, Observation), String> {
    let service = &loaded.auth.body.integration;
    let Some(slug) = destination(service) else {
        return Err(format!("This server can't run integrations with {service}: it only keeps them."));
    };
    let spec = spec(slug, loaded);
    let destination = app.registry.open(&spec, &app.client).map_err(|why| words(&why))?;
    let seen = destination.read().await.map_err(|why| words(&why))?;
    match &seen.partial {
        Some(why) => Err(format!("The service could be read only in part, so nothing was changed. {}", words(why))),
        None => Ok((destination, seen)),
    }
}

/// The same place as a sync would have it.
fn spec(slug: &str, loaded: &Loaded) -> Spec {
    let secret = |name: &str| {
        loaded.auth.secret.get(name).and_then(serde_json::Value::as_str).map(|text| Secret::new(text.to_owned()))
    };
    let (method, connection) = match secret("awsAssumeIamRoleArn") {
        Some(role) => ("assume-role", attrs([("role_arn", Some(Value::Secret(role)))])),
        None => {
            let id = secret("accessId").map(|id| Value::string(id.expose()));
            let key = secret("accessToken").map(Value::Secret);
            ("access-key", attrs([("access_key_id", id), ("secret_access_key", key)]))
        }
    };
    let kept = &loaded.integration.body;
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty()).map(Value::string);
    let is_single = kept.metadata.mapping_behavior.as_deref() == Some("one-to-one");
    let place = match slug {
        "aws-parameter-store" => {
            let path = kept.target.path.as_deref().unwrap_or("").trim_matches('/');
            let path = if path.is_empty() { "/".to_owned() } else { format!("/{path}/") };
            attrs([("region", text(&kept.target.region)), ("path", Some(Value::string(path)))])
        }
        _ if is_single => {
            attrs([("region", text(&kept.target.region)), ("mapping_behavior", Some(Value::string("one-to-one")))])
        }
        _ => attrs([
            ("region", text(&kept.target.region)),
            ("mapping_behavior", Some(Value::string("many-to-one"))),
            ("secret_name", text(&kept.target.app)),
        ]),
    };
    let tag = |tag: &crate::api::integrations::Tag| {
        Value::object(Object::from_iter([
            ("key".into(), Value::string(tag.key.as_str())),
            ("value".into(), Value::string(tag.value.as_str())),
        ]))
    };
    let tags = kept.metadata.secret_aws_tag.as_deref().filter(|tags| !tags.is_empty());
    let tags = tags.map(|tags| Value::list(tags.iter().map(tag).collect()));
    Spec {
        slug: slug.into(),
        method: method.into(),
        connection,
        destination: place,
        options: attrs([("key_id", text(&kept.metadata.kms_key_id)), ("tags", tags)]),
        key_schema: KeySchema::none(),
        environment: Arc::default(),
    }
}

fn attrs<const N: usize>(pairs: [(&str, Option<Value>); N]) -> Attrs {
    pairs.into_iter().filter_map(|(name, value)| Some((name.into(), value?))).collect()
}
