//! Secret imports: a list in each folder, whose order counts.

use crate::api;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::dialect;
use crate::backend::read;
use crate::backend::refusal::Failure;
use crate::backend::state::Import;
use crate::backend::write;
use crate::backend::write::Place;
use crate::backend::write::settled;
use crate::http::Method;
use std::sync::Arc;

/// Makes an import at the end of its folder's list.
///
/// # Errors
/// The backend's answer.
pub async fn create(
    client: &Client,
    about: &str,
    place: &Place,
    environment: &str,
    path: &str,
) -> Result<Import, Failure> {
    let import = api::imports::From { environment: environment.to_owned(), path: path.to_owned() };
    let new = api::imports::Create { place: import_place(place), import, is_replication: false };
    let call = Call::new(about, Method::Post, api::imports::IMPORTS).json(&new);
    let made = client.send::<api::imports::Changed>(call).await.map(|a| read::import(a.secret_import));
    let found = Box::pin(async {
        let folder = (Arc::from(place.environment.as_str()), Arc::from(place.path.as_str()));
        let imports = read::imports(client, &place.project, &place.project, &folder).await.ok()?;
        imports.into_iter().find(|import| *import.from_environment == *environment && *import.from_path == *path)
    });
    settled(made, found).await
}

/// Changes what an import reads.
///
/// # Errors
/// The backend's answer.
pub async fn update(
    client: &Client,
    about: &str,
    place: &Place,
    id: &str,
    environment: &str,
    path: &str,
) -> Result<(), Failure> {
    let (environment, path) = (Some(environment.to_owned()), Some(path.to_owned()));
    let import = api::imports::Change { environment, path, position: None };
    let change = api::imports::Update { place: import_place(place), import };
    write::patch(client, Call::new(about, Method::Patch, dialect::IMPORT).arg(id), &change).await
}

/// Puts an import behind some of its folder and before some others.
///
/// # Errors
/// The backend's answer.
pub async fn order(
    client: &Client,
    about: &str,
    place: &Place,
    id: &str,
    before: &[Arc<str>],
    behind: &[Arc<str>],
) -> Result<(), Failure> {
    let call = Call::new(about, Method::Get, api::imports::IMPORTS)
        .query("projectId", &place.project)
        .query("environment", &place.environment)
        .query("path", &place.path);
    let mut all = client.send::<api::imports::Many>(call).await?.secret_imports;
    all.sort_by_key(|import| import.position);
    let at = |id: &str| all.iter().position(|import| import.id == id);
    let Some(here) = at(id) else { return Ok(()) };
    let last = before.iter().filter_map(|id| at(id)).max().filter(|last| *last > here);
    let first = behind.iter().filter_map(|id| at(id)).min().filter(|first| *first < here);
    // Whoever takes the place of another one shifts it towards where it was itself.
    let Some(there) = last.or(first).and_then(|place| all.get(place)) else { return Ok(()) };
    let import = api::imports::Change { environment: None, path: None, position: Some(there.position) };
    let change = api::imports::Update { place: import_place(place), import };
    write::patch(client, Call::new(about, Method::Patch, dialect::IMPORT).arg(id), &change).await
}

/// Deletes an import.
///
/// # Errors
/// The backend's answer.
pub async fn delete(client: &Client, about: &str, place: &Place, id: &str) -> Result<(), Failure> {
    let call = Call::new(about, Method::Delete, dialect::IMPORT).arg(id);
    write::delete(client, call.json(&import_place(place))).await
}

fn import_place(place: &Place) -> api::imports::Place {
    api::imports::Place {
        project_id: place.project.clone(),
        environment: place.environment.clone(),
        path: place.path.clone(),
    }
}
