//! Machine identities as members of a project. The server's own identity is an admin of every project.

use crate::api::members::IdentityName;
use crate::api::members::Role;
use crate::api::members::Write;
use crate::api::projects::Project;
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
use crate::server::clock;
use crate::server::db::Store;
use crate::server::dialect::Dialect;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Id;
use crate::server::routes::Ids;
use crate::server::routes::Routes;
use crate::server::routes::at;
use crate::server::routes::identities;
use crate::server::routes::identities::Name;
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

async fn all(State(app): State<Shared>, Path(project): Id, Asked(query): Asked) -> Answer<Value> {
    let page: Page = check::read_query(query, LIST)?;
    let dialect = app.dialect;
    let all = app.db.run(move |store| {
        let project = store.project(&store.project_id(&project)?)?;
        let told = |member| whole(dialect, &member, &project);
        Ok(members(store, &project)?.into_iter().map(told).collect::<Vec<_>>())
    });
    let all = all.await?;
    let page: Vec<&Value> = all.iter().skip(page.offset).take(page.limit).collect();
    Ok(Json(json!({ "identityMemberships": page, "totalCount": all.len() })))
}

async fn read(State(app): State<Shared>, Path((project, identity)): Ids) -> Answer<Value> {
    let dialect = app.dialect;
    let found = app.db.run(move |store| {
        let project = store.project(&store.project_id(&project)?)?;
        Ok(json!({ "identityMembership": whole(dialect, &find(store, &project, &identity)?, &project) }))
    });
    Ok(Json(found.await?))
}

async fn create(State(app): State<Shared>, Path((project, identity)): Ids, Given(mut fields): Given) -> Answer<Value> {
    // The short form of older clients; in October 2024 who was told no role had none that allows anything.
    let role = fields.remove("role").or_else(|| app.dialect.pick(None, Some(json!("no-access"))));
    if let Some(role) = role.filter(|_| !fields.contains_key("roles")) {
        fields.insert("roles".to_owned(), json!([{ "role": role }]));
    }
    let new: Write = check::read(fields, WRITE)?;
    let made = app.db.run(move |store| {
        let project = store.project(&store.project_id(&project)?)?;
        let missing = format!("Failed to find identity with ID {identity}");
        identities::name(store, &identity).map_err(|refusal| refusal.once(404, "NotFound", missing))?;
        let roles = known(store, &project.id, new.roles)?;
        if members(store, &project)?.iter().any(|member| member.identity.id == identity) {
            return Err(Refusal::bad(format!(
                "Identity with ID {identity} already exists in project with ID {}",
                project.id
            )));
        }
        let body = Write { roles };
        let new = New { name: Some(&identity), parent: Some(&identity), ..New::of(Some(&project.id), &body) };
        store.create_document(Kind::Member, &new)?;
        Ok(json!({ "identityMembership": bare(&find(store, &project, &identity)?, &project) }))
    });
    Ok(Json(made.await?))
}

async fn update(State(app): State<Shared>, Path((project, identity)): Ids, Given(fields): Given) -> Answer<Value> {
    let change: Write = check::read(fields, WRITE)?;
    let made = app.db.run(move |store| {
        let project = store.project(&store.project_id(&project)?)?;
        let roles = known(store, &project.id, change.roles)?;
        let member = find(store, &project, &identity)?;
        store.update_document(&member.id, Some(&identity), &Write { roles })?;
        let member = find(store, &project, &identity)?;
        let more = |mut role: Value| {
            role["projectMembershipId"] = json!(member.id);
            role["createdAt"] = json!(member.updated_at);
            role["updatedAt"] = json!(member.updated_at);
            // The name of a role is told by reads only.
            role.as_object_mut()
                .into_iter()
                .for_each(|role| role.retain(|name, _| !name.starts_with("customRole") || name == "customRoleId"));
            role
        };
        Ok(json!({ "roles": told_roles(&member).map(more).collect::<Vec<_>>() }))
    });
    Ok(Json(made.await?))
}

async fn delete(State(app): State<Shared>, Path((project, identity)): Ids) -> Answer<Value> {
    let gone = app.db.run(move |store| {
        let project = store.project(&store.project_id(&project)?)?;
        let missing = format!("Failed to find identity with ID {identity}");
        let member = find(store, &project, &identity).map_err(|refusal| refusal.once(404, "NotFound", missing))?;
        store.delete_document(&member.id)?;
        Ok(json!({ "identityMembership": bare(&member, &project) }))
    });
    Ok(Json(gone.await?))
}

/// Whether a member of a project has a role.
pub(super) fn has_role(store: &Store<'_>, project: &str, slug: &str) -> Result<bool, Refusal> {
    let has = |member: &Found| member.roles.iter().any(|role| role.custom_role_slug.as_deref() == Some(slug));
    Ok(members(store, &store.project(project)?)?.iter().any(has))
}

/// A member, as far as it is told.
struct Found {
    id: String,
    identity: IdentityName,
    /// Whether it has a login.
    logs_in: bool,
    roles: Vec<Role>,
    created_at: String,
    updated_at: String,
}

fn members(store: &Store<'_>, project: &Project) -> Result<Vec<Found>, Refusal> {
    let mut all = Vec::new();
    if let Some(id) = identities::own_id(store)? {
        let role = Role {
            role: "admin".to_owned(),
            custom_role_slug: None,
            is_temporary: false,
            temporary_mode: None,
            temporary_range: None,
            temporary_access_start_time: None,
        };
        let created_at = project.created_at.clone();
        all.push(found(store, id.clone(), id, vec![role], [created_at.clone(), created_at])?);
    }
    for Document { id, parent, body, created_at, updated_at, .. } in
        store.documents::<Write>(Kind::Member, Some(&project.id))?
    {
        let told = |role: Role| match BUILT_IN.contains(&&*role.role) {
            true => role,
            false => Role { custom_role_slug: Some(role.role), role: "custom".to_owned(), ..role },
        };
        let roles = body.roles.into_iter().map(told).collect();
        all.push(found(store, id, parent.unwrap_or_default(), roles, [created_at, updated_at])?);
    }
    Ok(all)
}

fn found(
    store: &Store<'_>,
    id: String,
    identity: String,
    roles: Vec<Role>,
    [created_at, updated_at]: [String; 2],
) -> Result<Found, Refusal> {
    let Name { name, logs_in } = identities::name(store, &identity)?;
    Ok(Found { id, identity: IdentityName { id: identity, name }, logs_in, roles, created_at, updated_at })
}

fn find(store: &Store<'_>, project: &Project, identity: &str) -> Result<Found, Refusal> {
    let found = members(store, project)?.into_iter().find(|member| member.identity.id == identity);
    let missing = |quote: &str| {
        format!(
            "Project membership for identity with ID '{identity}{quote} in project with ID '{}' not found",
            project.id
        )
    };
    found.ok_or_else(|| Refusal::missing(missing("'")).once(404, "NotFound", missing("")))
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

fn bare(member: &Found, project: &Project) -> Value {
    json!({
        "id": member.id,
        "identityId": member.identity.id,
        "projectId": project.id,
        "createdAt": member.created_at,
        "updatedAt": member.updated_at,
    })
}

fn whole(dialect: Dialect, member: &Found, project: &Project) -> Value {
    json!({
        "id": member.id,
        "identityId": member.identity.id,
        "identity": identities::named(dialect, &member.identity.id, &member.identity.name, member.logs_in),
        "roles": told_roles(member).collect::<Vec<_>>(),
        "project": { "id": project.id, "name": project.name },
        "createdAt": member.created_at,
        "updatedAt": member.updated_at,
    })
}

/// The roles of a member; what is not set is `null`. Each has an id, which nobody asks for anything with.
fn told_roles(member: &Found) -> impl Iterator<Item = Value> {
    let of_member = uuid::Uuid::try_parse(&member.id).unwrap_or_default().as_u128();
    member.roles.iter().zip(1..).map(move |(role, number)| {
        let start = role.temporary_access_start_time.as_deref().and_then(|text| text.parse().ok()).map(clock::written);
        json!({
            "id": uuid::Uuid::from_u128(of_member ^ number).to_string(),
            "role": role.role,
            "customRoleId": null,
            "customRoleName": null,
            "customRoleSlug": role.custom_role_slug,
            "isTemporary": role.is_temporary,
            "temporaryMode": role.temporary_mode,
            "temporaryRange": role.temporary_range,
            "temporaryAccessStartTime": start,
            "temporaryAccessEndTime": null,
        })
    })
}
