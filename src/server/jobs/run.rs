//! One job: reads source and destination, asks [`crate::model::job`] what is to be done, and does it.
//!
//! A destination that could not be read, or only in part, fails the job: it is never taken for empty. The
//! error is a sentence for `lastSyncMessage`, with the key as JSON where one key is at fault.

use crate::api::secrets::StoredSecret;
use crate::api::syncs::Sync;
use crate::diag::Diagnostic;
use crate::model::job;
use crate::model::job::Content;
use crate::model::job::InitialSync;
use crate::model::job::Step;
use crate::model::job::Unimportable;
use crate::model::key_schema::KeySchema;
use crate::model::schema::KeyRules;
use crate::provider::Destination;
use crate::provider::Observation;
use crate::provider::Op;
use crate::provider::Outcome;
use crate::provider::Seen;
use crate::provider::Write;
use crate::secret::Secret;
use crate::server::App;
use crate::server::check::Fields;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::specs;
use crate::server::store::jobs::Job;
use crate::server::store::jobs::Kind;
use crate::server::store::secrets::At;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;

/// The source's values by key.
type Source = BTreeMap<Arc<str>, Secret>;

/// What a job works with, as it stood in the database.
struct Loaded {
    sync: Sync,
    at: At,
    method: String,
    credentials: Fields,
}

/// A destination with what was read of it.
struct Opened {
    destination: Destination,
    seen: Observation,
    schema: KeySchema,
    can_import: bool,
    _turn: OwnedMutexGuard<()>,
}

/// Runs a job to its end.
pub(crate) async fn run(app: &App, job: &Job) -> Result<(), String> {
    let id = job.sync.clone();
    let loaded = app.db.run(move |store| load(store, &id)).await.map_err(sentence)?;
    let opened = open(app, &loaded).await?;
    match job.kind {
        Kind::Sync => {
            let first =
                loaded.sync.last_synced_at.is_none().then(|| specs::initial(&loaded.sync.sync_options)).flatten();
            if let Some(first) = first.filter(|first| *first != InitialSync::OverwriteDestination) {
                import(app, &loaded, &opened, first).await?;
            }
            push(app, &loaded, &opened).await
        }
        Kind::Import => {
            let first = match job.argument.as_deref() {
                Some("prioritize-destination") => InitialSync::ImportPrioritizeDestination,
                _ => InitialSync::ImportPrioritizeSource,
            };
            import(app, &loaded, &opened, first).await
        }
        Kind::Remove | Kind::Delete => remove(app, &loaded, &opened).await,
    }
}

fn load(store: &Store<'_>, id: &str) -> Result<Loaded, Refusal> {
    let sync = store.find_sync(id)?.ok_or(Refusal::missing("The sync is gone"))?;
    let (Some(environment), Some(folder)) = (&sync.environment, &sync.folder) else {
        return Err(Refusal::bad(specs::NO_SOURCE));
    };
    let at = At {
        project: sync.project_id.clone(),
        environment: environment.slug.clone(),
        folder: folder.id.clone(),
        path: folder.path.clone(),
    };
    let method = store.connection(&sync.connection_id, None)?.method;
    let credentials = store.credentials(&sync.connection_id)?;
    Ok(Loaded { sync, at, method, credentials })
}

async fn open(app: &App, loaded: &Loaded) -> Result<Opened, String> {
    let sync = &loaded.sync;
    let schemas = app.registry.schemas();
    let declared = schemas
        .destinations
        .get(sync.destination.as_str())
        .ok_or_else(|| format!("This server does not know the destination {}.", sync.destination))?;
    let template = specs::key_schema(&sync.sync_options, &loaded.at.environment);
    let spec = specs::spec(schemas, declared, sync, &loaded.method, &loaded.credentials, &template)?;
    // It may be older than what this server allows.
    let method = schemas.apps.get(&declared.app).and_then(|app| app.methods.get(&spec.method));
    if let Some(why) = method.and_then(|method| app.local.refusal(&method.fields, &spec.connection)) {
        return Err(why);
    }
    let names_container = !spec.key_schema.is_none();
    let destination = app.registry.open(&spec, &app.client).map_err(|d| words(&d))?;
    let turn = app.turns.enter(&destination).await;
    let seen = destination.read().await.map_err(|d| words(&d))?;
    if let Some(why) = &seen.partial {
        return Err(format!("The destination could be read only in part, so nothing was changed. {}", words(why)));
    }
    let schema = if names_container { KeySchema::none() } else { template };
    Ok(Opened { destination, seen, schema, can_import: declared.can_import, _turn: turn })
}

/// The source's values, references replaced.
pub(super) async fn source(app: &App, at: &At) -> Result<BTreeMap<String, StoredSecret>, String> {
    let at = at.clone();
    app.db.run(move |store| store.payload(&at)).await.map_err(sentence)
}

fn values(source: &BTreeMap<String, StoredSecret>) -> Source {
    source.iter().map(|(key, secret)| (key.as_str().into(), secret.secret_value.clone())).collect()
}

fn same(wanted: &Secret, found: &Seen) -> Option<bool> {
    found.value.as_ref().map(|value| value == wanted)
}

fn content(found: &Seen) -> Content {
    match &found.value {
        None => Content::Unreadable,
        Some(value) if value.is_empty() => Content::Empty,
        Some(_) => Content::Text,
    }
}

fn plan<'a>(
    opened: &'a Opened,
    source: &'a Source,
    rules: &'a KeyRules,
    first: Option<InitialSync>,
    delete: bool,
) -> job::Job<'a, Secret, Seen> {
    job::Job {
        source,
        destination: &opened.seen.entries,
        complete: opened.seen.partial.is_none(),
        schema: &opened.schema,
        rules,
        first,
        delete,
        can_import: opened.can_import,
    }
}

async fn push(app: &App, loaded: &Loaded, opened: &Opened) -> Result<(), String> {
    let values = values(&source(app, &loaded.at).await?);
    let rules = &opened.destination.variant().keys;
    clash(opened, &values)?;
    let delete = !specs::disables_deletion(&loaded.sync.sync_options);
    let steps =
        job::steps(&plan(opened, &values, rules, None, delete), same, content).map_err(|why| unimportable(&why))?;
    let mut writes = Vec::new();
    for (key, step) in steps {
        let value = |source: &Arc<str>| values.get(source).cloned().unwrap_or_else(|| Secret::new(String::new()));
        let op = match &step {
            Step::Create { source } => Op::Create(value(source)),
            Step::Overwrite { source, .. } => Op::Update(value(source)),
            Step::Delete => Op::Delete,
            Step::Same { .. } | Step::Import { .. } | Step::Keep(_) => continue,
        };
        writes.push(Write { key, op });
    }
    write(opened, &writes).await
}

async fn remove(app: &App, loaded: &Loaded, opened: &Opened) -> Result<(), String> {
    let values = values(&source(app, &loaded.at).await?);
    let rules = &opened.destination.variant().keys;
    let keys = job::removals(&plan(opened, &values, rules, None, false));
    let writes: Vec<Write> = keys.into_iter().map(|key| Write { key, op: Op::Delete }).collect();
    write(opened, &writes).await
}

/// Takes values of the destination into the source folder.
async fn import(app: &App, loaded: &Loaded, opened: &Opened, first: InitialSync) -> Result<(), String> {
    let values = values(&source(app, &loaded.at).await?);
    clash(opened, &values)?;
    let rules = &opened.destination.variant().keys;
    let steps = job::steps(&plan(opened, &values, rules, Some(first), false), same, content)
        .map_err(|why| unimportable(&why))?;
    let mut taken: Vec<(Arc<str>, Secret)> = Vec::new();
    for (key, step) in steps {
        let Step::Import { source, .. } = step else { continue };
        taken.extend(opened.seen.entries.get(&key).and_then(|seen| Some((source, seen.value.clone()?))));
    }
    if taken.is_empty() {
        return Ok(());
    }
    let at = loaded.at.clone();
    let own = loaded.sync.id.clone();
    let stored = app.db.run(move |store| {
        for (key, value) in taken {
            store.take_secret(&at, &key, &value)?;
        }
        store.queue_touched(&at.project, &at.folder, Some(&own))
    });
    stored.await.map_err(sentence)
}

/// Writes; a key that the destination's rules refuse fails alone, and is named in the error.
async fn write(opened: &Opened, writes: &[Write]) -> Result<(), String> {
    if writes.is_empty() {
        return Ok(());
    }
    let outcomes = opened.destination.write(&opened.seen, writes).await;
    let mut failed = outcomes.iter().filter_map(|Outcome { key, result }| Some((key, result.as_ref().err()?)));
    let Some((key, problem)) = failed.next() else { return Ok(()) };
    match failed.count() {
        0 => Err(about(key, &words(problem))),
        more => Err(about(key, &format!("{} ({more} more keys failed)", words(problem)))),
    }
}

/// A diagnostic as one sentence; it never quotes a value.
pub(super) fn words(diagnostic: &Diagnostic) -> String {
    format!("{}: {}", diagnostic.summary(), diagnostic.detail)
}

pub(super) fn sentence(refusal: Refusal) -> String {
    match refusal.message {
        crate::api::Message::Text(text) => text,
        _ => refusal.error.into_owned(),
    }
}

pub(super) fn about(key: &str, message: &str) -> String {
    serde_json::json!({"secretKey": key, "message": message}).to_string()
}

/// Two secrets that would be one key: nothing is done then.
fn clash(opened: &Opened, values: &Source) -> Result<(), String> {
    let rules = &opened.destination.variant().keys;
    match job::collisions(&opened.schema, rules, values.keys()).into_iter().next() {
        Some((key, keys)) => {
            Err(about(&key, &format!("the secrets {} would be one key at the destination", keys.join(", "))))
        }
        None => Ok(()),
    }
}

fn unimportable(why: &Unimportable) -> String {
    match (why.illegal.first(), why.unreadable.first()) {
        (None, Some(key)) => about(key, "its value can't be read, so it can't be imported"),
        (key, _) => about(
            key.map_or("", |key| key),
            "its name can't be the name of a secret, so it can't be imported: it holds `:` or `/`, or is empty",
        ),
    }
}
