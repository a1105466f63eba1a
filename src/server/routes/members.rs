//! Machine identities as members of a project. The server's own identity is an admin of every project.

use crate::api::members::IdentityName;
use crate::api::members::Many;
use crate::api::members::Member;
use crate::api::members::Role;
use crate::api::members::Write;
use crate::api::roles::BUILT_IN;
use crate::server::Shared;
use crate::server::body::Asked;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::int;
use crate::server::check::list;
use crate::server::check::one_of;
use crate::server::check::text;
use crate::server::db::Store;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Ids;
use crate::server::routes::Routes;
use crate::server::routes::at;
use crate::server::routes::identities;
use crate::server::store::documents::Document;
use crate::server::store::documents::Kind;
use crate::server::store::documents::New;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

const ROLE: &[Rule] = &[
    text("role").required(),
    bool("isTemporary"),
    one_of("temporaryMode", &["relative"]),
    text("temporaryRange"),
    text("temporaryAccessStartTime"),
];
const WRITE: &[Rule] = &[list("roles", 1, ROLE).required()];
const LIST: &[Rule] = &[int("offset", 0, i64::MAX), int("limit", 1, 1000)];

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    offset: usize,
    #[serde(default = "page")]
    limit: usize,
}

fn page() -> usize {
    20
}

pub(super) fn routes() -> Routes {
    let member = get(read).post(create).patch(update).delete(delete);
    let everywhere = |below: &str, methods| {
        let bases = [
            "/api/v1/projects/{project}/memberships/identities",
            "/api/v1/projects/{project}/identity-memberships",
            "/api/v2/workspace/{project}/identity-memberships",
        ];
        let addresses = bases.map(|base| format!("{base}{below}"));
        at(&addresses.each_ref().map(String::as_str), &methods)
    };
    everywhere("", get(all)).merge(everywhere("/{identity}", member))
}

async fn all(State(app): State<Shared>, Path(project): Id, Asked(query): Asked) -> Answer<Many> {
    let page: Page = check::read_query(query, LIST)?;
    let members = app.db.run(move |store| members(store, &store.project_id(&project)?)).await?;
    let total_count = members.len();
    let identity_memberships = members.into_iter().skip(page.offset).take(page.limit).collect();
    Ok(Json(Many { identity_memberships, total_count }))
}

async fn read(State(app): State<Shared>, Path((project, identity)): Ids) -> Answer<Value> {
    let found = app.db.run(move |store| {
        let project = store.project(&project)?;
        let member = find(store, &project.id, &identity)?;
        Ok(json!({ "identityMembership": whole(&member, &project.id, &project.name) }))
    });
    Ok(Json(found.await?))
}

async fn create(State(app): State<Shared>, Path((project, identity)): Ids, Given(mut fields): Given) -> Answer<Value> {
    // The short form of older clients.
    if let Some(role) = fields.remove("role").filter(|_| !fields.contains_key("roles")) {
        fields.insert("roles".to_owned(), json!([{ "role": role }]));
    }
    let new: Write = check::read(fields, WRITE)?;
    let made = app.db.run(move |store| {
        let project = store.project_id(&project)?;
        let name = identities::name(store, &identity)?;
        let roles = known(store, &project, new.roles)?;
        if members(store, &project)?.iter().any(|member| member.identity.id == identity) {
            return Err(Refusal::bad(format!(
                "Identity with ID {identity} already exists in project with ID {project}"
            )));
        }
        let body = Write { roles };
        let new = New { name: Some(&identity), parent: Some(&identity), ..New::of(Some(&project), &body) };
        let id = store.create_document(Kind::Member, &new)?;
        let identity = IdentityName { id: identity.clone(), name };
        let member = Member { id, identity_id: identity.id.clone(), roles: Vec::new(), identity };
        Ok(json!({ "identityMembership": bare(&member, &project) }))
    });
    Ok(Json(made.await?))
}

async fn update(State(app): State<Shared>, Path((project, identity)): Ids, Given(fields): Given) -> Answer<Value> {
    let change: Write = check::read(fields, WRITE)?;
    let made = app.db.run(move |store| {
        let project = store.project_id(&project)?;
        let roles = known(store, &project, change.roles)?;
        let member = find(store, &project, &identity)?;
        store.update_document(&member.id, Some(&identity), &Write { roles })?;
        Ok(json!({ "roles": find(store, &project, &identity)?.roles }))
    });
    Ok(Json(made.await?))
}

async fn delete(State(app): State<Shared>, Path((project, identity)): Ids) -> Answer<Value> {
    let gone = app.db.run(move |store| {
        let project = store.project_id(&project)?;
        let member = find(store, &project, &identity)?;
        store.delete_document(&member.id)?;
        Ok(json!({ "identityMembership": bare(&member, &project) }))
    });
    Ok(Json(gone.await?))
}

/// Whether a member of a project has a role.
pub(super) fn has_role(store: &Store<'_>, project: &str, slug: &str) -> Result<bool, Refusal> {
    let has = |member: &Member| member.roles.iter().any(|role| role.custom_role_slug.as_deref() == Some(slug));
    Ok(members(store, project)?.iter().any(has))
}

fn members(store: &Store<'_>, project: &str) -> Result<Vec<Member>, Refusal> {
    let mut all = Vec::new();
    if let Some(own) = identities::own(store)? {
        let identity = IdentityName { id: own.identity.id.clone(), name: own.identity.name };
        let admin = Role {
            role: "admin".to_owned(),
            custom_role_slug: None,
            is_temporary: false,
            temporary_mode: None,
            temporary_range: None,
            temporary_access_start_time: None,
        };
        all.push(Member { id: own.identity.id.clone(), identity_id: own.identity.id, roles: vec![admin], identity });
    }
    for document in store.documents::<Write>(Kind::Member, Some(project))? {
        all.push(member(store, document)?);
    }
    Ok(all)
}

fn member(store: &Store<'_>, document: Document<Write>) -> Result<Member, Refusal> {
    let id = document.parent.unwrap_or_default();
    let name = identities::name(store, &id)?;
    let told = |role: Role| match BUILT_IN.contains(&&*role.role) {
        true => role,
        false => Role { custom_role_slug: Some(role.role), role: "custom".to_owned(), ..role },
    };
    Ok(Member {
        id: document.id,
        identity_id: id.clone(),
        roles: document.body.roles.into_iter().map(told).collect(),
        identity: IdentityName { id, name },
    })
}

fn find(store: &Store<'_>, project: &str, identity: &str) -> Result<Member, Refusal> {
    let found = members(store, project)?.into_iter().find(|member| member.identity.id == identity);
    found.ok_or_else(|| {
        Refusal::missing(format!(
            "Project membership for identity with ID '{identity}' in project with ID '{project}' not found"
        ))
    })
}

/// Roles that the project has; one for a while says for how long.
fn known(store: &Store<'_>, project: &str, roles: Vec<Role>) -> Result<Vec<Role>, Refusal> {
    for role in &roles {
        let is_own = || store.named_document(Kind::Role, Some(project), &role.role);
        if !BUILT_IN.contains(&&*role.role) && is_own()?.is_none() {
            return Err(Refusal::missing(format!("Specified role was not found: {}", role.role)));
        }
        let is_dated = role.temporary_access_start_time.as_deref().is_some_and(|text| {
            text.parse::<jiff::Timestamp>().is_ok() && role.temporary_range.is_some() && role.temporary_mode.is_some()
        });
        if role.is_temporary && !is_dated {
            return Err(check::custom(&["roles"], "A temporary role needs a mode, a range and a start time"));
        }
    }
    Ok(roles)
}

fn bare(member: &Member, project: &str) -> Value {
    json!({ "id": member.id, "identityId": member.identity_id, "projectId": project })
}

fn whole(member: &Member, project: &str, name: &str) -> Value {
    let mut out = json!(member);
    out["project"] = json!({ "id": project, "name": name });
    out
}
