//! Starting jobs of a sync by hand, deleting a sync, and asking whether a destination is taken.

use crate::api::syncs::Json as Object;
use crate::api::syncs::One;
use crate::api::syncs::SYNCS;
use crate::api::syncs::Status;
use crate::server::Shared;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::object;
use crate::server::check::one_of;
use crate::server::check::text;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Ids;
use crate::server::routes::Routes;
use crate::server::routes::syncs::find;
use crate::server::routes::syncs::title;
use crate::server::specs;
use crate::server::store::jobs::Kind;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::post;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

const DELETE: &[Rule] = &[bool("removeSecrets")];
const IMPORT: &[Rule] = &[one_of("importBehavior", &["prioritize-source", "prioritize-destination"]).required()];
const DESTINATION: &[Rule] =
    &[object("destinationConfig").required(), text("projectId").required(), text("excludeSyncId")];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delete {
    #[serde(default)]
    remove_secrets: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Import {
    import_behavior: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CheckDestination {
    destination_config: Object,
    project_id: String,
    exclude_sync_id: Option<String>,
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(&format!("{SYNCS}/{{destination}}/{{id}}/sync-secrets"), post(push))
        .route(&format!("{SYNCS}/{{destination}}/{{id}}/import-secrets"), post(import))
        .route(&format!("{SYNCS}/{{destination}}/{{id}}/remove-secrets"), post(remove))
        .route(&format!("{SYNCS}/{{destination}}/check-destination"), post(check_destination))
}

async fn push(app: State<Shared>, ids: Ids) -> Answer<One> {
    start(app, ids, Kind::Sync, None).await
}

async fn import(app: State<Shared>, ids: Ids, Asked(query): Asked) -> Answer<One> {
    let asked: Import = check::read_query(query, IMPORT)?;
    let Path((slug, _)) = &ids;
    if app.registry.schemas().destinations.get(slug.as_str()).is_some_and(|destination| !destination.can_import) {
        return Err(Refusal::bad(format!("{} does not support importing secrets.", title(&app, slug))));
    }
    start(app, ids, Kind::Import, Some(asked.import_behavior)).await
}

async fn remove(app: State<Shared>, ids: Ids) -> Answer<One> {
    start(app, ids, Kind::Remove, None).await
}

/// `DELETE /api/v1/secret-syncs/{destination}/{id}`: at once, or after what was pushed is taken away.
pub(super) async fn delete(State(app): State<Shared>, Path(ids): Ids, Asked(query): Asked) -> Answer<One> {
    let asked: Delete = check::read_query(query, DELETE)?;
    if asked.remove_secrets {
        return start(State(app), Path(ids), Kind::Delete, None).await;
    }
    let (slug, id) = ids;
    let title = title(&app, &slug);
    let gone = app.db.run(move |store| {
        let sync = find(store, &title, &slug, &id)?;
        store.delete_sync(&id)?;
        Ok(sync)
    });
    Ok(Json(One { secret_sync: gone.await? }))
}

async fn start(State(app): State<Shared>, Path(ids): Ids, kind: Kind, argument: Option<String>) -> Answer<One> {
    let (slug, id) = ids;
    let title = title(&app, &slug);
    let started = app.db.run(move |store| {
        let sync = find(store, &title, &slug, &id)?;
        if sync.folder_id.is_none() {
            return Err(Refusal::bad(specs::NO_SOURCE));
        }
        let status = match kind {
            Kind::Sync => &sync.sync_status,
            Kind::Import => &sync.import_status,
            Kind::Remove | Kind::Delete => &sync.remove_status,
        };
        if status.as_ref().is_some_and(Status::is_open) {
            return Err(Refusal::bad("A job of this kind is already in progress for this sync"));
        }
        store.queue(&id, kind, argument.as_deref())?;
        store.find_sync(&id)?.ok_or(Refusal::internal("InternalServerError"))
    });
    let secret_sync = started.await?;
    Ok(Json(One { secret_sync }))
}

async fn check_destination(State(app): State<Shared>, Path(slug): Id, Given(fields): Given) -> Answer<Value> {
    let asked: CheckDestination = check::read(fields, DESTINATION)?;
    let found = app.db.run(move |store| {
        store.project_id(&asked.project_id)?;
        for project in store.projects(None)? {
            let syncs = store.syncs(&project.id, Some(&slug))?;
            let other = |sync: &&crate::api::syncs::Sync| Some(&sync.id) != asked.exclude_sync_id.as_ref();
            if syncs.iter().filter(other).any(|sync| sync.destination_config == asked.destination_config) {
                return Ok(Some(project.id));
            }
        }
        Ok(None)
    });
    let found = found.await?;
    Ok(Json(json!({"hasDuplicate": found.is_some(), "duplicateProjectId": found})))
}
