//! The routes: one file a resource. A handler checks the shape of a request, runs one transaction and
//! answers; what is stored how does not live here.

mod connections;
mod environments;
mod folders;
mod identities;
mod imports;
mod integrations;
mod members;
pub(crate) mod outer;
mod projects;
mod roles;
mod secret_batches;
mod secrets;
mod sync_jobs;
mod syncs;
mod tags;
mod templates;
mod webhooks;

use crate::server::Shared;
use crate::server::auth;
use crate::server::body;
use crate::server::rate;
use axum::Router;
use axum::extract::Path;
use axum::middleware::from_fn;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use axum::routing::get;
use axum::routing::post;

/// A router whose handlers know the server.
type Routes = Router<Shared>;

/// The one segment of an address.
type Id = Path<String>;
/// The two segments of an address.
type Ids = Path<(String, String)>;

/// The whole service.
pub(crate) fn service(app: Shared) -> Router {
    let open = Routes::new()
        .route(crate::api::auth::LOGIN, post(auth::login))
        .route(crate::api::auth::RENEW, post(auth::renew))
        .route(crate::api::auth::REVOKE, post(auth::revoke))
        .route_layer(from_fn_with_state(app.clone(), rate::limit))
        // Not counted.
        .route("/api/status", get(outer::status))
        .route_layer(from_fn_with_state(app.clone(), auth::look));
    let closed = Routes::new()
        .route(crate::api::identities::DETAILS, get(outer::details))
        .merge(projects::routes())
        .merge(environments::routes())
        .merge(folders::routes())
        .merge(secrets::routes())
        .merge(secret_batches::routes())
        .merge(imports::routes())
        .merge(tags::routes())
        .merge(roles::routes())
        .merge(identities::routes())
        .merge(members::routes())
        .merge(webhooks::routes())
        .merge(templates::routes())
        .merge(integrations::routes())
        .merge(connections::routes())
        .merge(syncs::routes())
        .merge(sync_jobs::routes())
        .route_layer(from_fn(body::refuse_empty))
        .route_layer(from_fn_with_state(app.clone(), rate::limit))
        .route_layer(from_fn_with_state(app.clone(), auth::demand));
    outer::wrap(open.merge(closed), app)
}

/// The same handlers at several addresses: the newest one and those of older clients.
fn at(addresses: &[&str], methods: &MethodRouter<Shared>) -> Routes {
    addresses.iter().fold(Routes::new(), |routes, address| routes.route(address, methods.clone()))
}
