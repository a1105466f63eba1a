//! What the API calls things, by the age of the server: one table of routes. Everything else speaks the newest
//! dialect; [`crate::backend::client`] translates a call when the server turns out to be an older one.
//!
//! The parts of the API were renamed one after another, so every [`Area`] is found out for itself, by its first
//! call of a run: a route that is not there answers 404 with `Not Found`, where a thing that is not there answers
//! `NotFound` (measured, October 2024). App connections and syncs have no older name: a server without
//! them is too old for them.

use crate::api::integrations;
use crate::api::members;
use crate::api::roles;
use crate::http::Method;
use serde_json::value::RawValue;
use std::sync::OnceLock;

/// A part of the API whose routes were renamed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Projects with their environments and tags.
    Projects,
    /// Secrets.
    Secrets,
    /// Folders.
    Folders,
    /// Secret imports.
    Imports,
    /// Roles of projects.
    Roles,
    /// Identities as members of projects.
    Members,
}

/// Which names a server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Those of 2026.
    Newest,
    /// Those of 2024.
    Old,
}

/// One operation: its newest route, and the one of 2024 if it had one. In queries and bodies, servers of 2024 call
/// `workspaceId` what newer ones call `projectId`.
pub(super) struct Route {
    pub(super) area: Area,
    method: Method,
    newest: &'static str,
    pub(super) old: Option<&'static str>,
}

const fn route(area: Area, method: Method, newest: &'static str, old: &'static str) -> Route {
    Route { area, method, newest, old: Some(old) }
}

static ROUTES: &[Route] = &[
    // A machine identity of 2024 can't list projects without the id of its organisation, which nothing tells it.
    Route { area: Area::Projects, method: Method::Get, newest: "/api/v1/projects", old: None },
    route(Area::Projects, Method::Post, "/api/v1/projects", "/api/v2/workspace"),
    route(Area::Projects, Method::Get, PROJECT_BY_SLUG, "/api/v2/workspace/:slug"),
    route(Area::Projects, Method::Get, PROJECT, "/api/v1/workspace/:projectId"),
    route(Area::Projects, Method::Patch, PROJECT, "/api/v1/workspace/:projectId"),
    route(Area::Projects, Method::Delete, PROJECT, "/api/v1/workspace/:projectId"),
    route(Area::Projects, Method::Post, ENVIRONMENTS, "/api/v1/workspace/:projectId/environments"),
    route(Area::Projects, Method::Get, ENVIRONMENT, "/api/v1/workspace/:projectId/environments/:environmentId"),
    route(Area::Projects, Method::Patch, ENVIRONMENT, "/api/v1/workspace/:projectId/environments/:environmentId"),
    route(Area::Projects, Method::Delete, ENVIRONMENT, "/api/v1/workspace/:projectId/environments/:environmentId"),
    route(Area::Projects, Method::Get, TAGS, "/api/v1/workspace/:projectId/tags"),
    route(Area::Projects, Method::Post, TAGS, "/api/v1/workspace/:projectId/tags"),
    route(Area::Projects, Method::Patch, TAG, "/api/v1/workspace/:projectId/tags/:tagId"),
    route(Area::Projects, Method::Delete, TAG, "/api/v1/workspace/:projectId/tags/:tagId"),
    route(Area::Projects, Method::Get, integrations::OF_PROJECT, "/api/v1/workspace/:projectId/integrations"),
    route(Area::Projects, Method::Get, integrations::AUTHORIZATIONS, "/api/v1/workspace/:projectId/authorizations"),
    route(Area::Secrets, Method::Get, "/api/v4/secrets", "/api/v3/secrets/raw"),
    route(Area::Secrets, Method::Post, "/api/v4/secrets/batch", "/api/v3/secrets/batch/raw"),
    route(Area::Secrets, Method::Patch, "/api/v4/secrets/batch", "/api/v3/secrets/batch/raw"),
    route(Area::Secrets, Method::Delete, "/api/v4/secrets/batch", "/api/v3/secrets/batch/raw"),
    route(Area::Folders, Method::Get, "/api/v2/folders", "/api/v1/folders"),
    route(Area::Folders, Method::Post, "/api/v2/folders", "/api/v1/folders"),
    route(Area::Folders, Method::Patch, FOLDER, "/api/v1/folders/:folderId"),
    route(Area::Folders, Method::Delete, FOLDER, "/api/v1/folders/:folderId"),
    route(Area::Imports, Method::Get, "/api/v2/secret-imports", "/api/v1/secret-imports"),
    route(Area::Imports, Method::Post, "/api/v2/secret-imports", "/api/v1/secret-imports"),
    route(Area::Imports, Method::Patch, IMPORT, "/api/v1/secret-imports/:importId"),
    route(Area::Imports, Method::Delete, IMPORT, "/api/v1/secret-imports/:importId"),
    // By the project's slug, not by its id.
    route(Area::Roles, Method::Get, roles::ROLES, "/api/v1/workspace/:projectSlug/roles"),
    route(Area::Roles, Method::Post, roles::ROLES, "/api/v1/workspace/:projectSlug/roles"),
    route(Area::Roles, Method::Get, roles::BY_SLUG, "/api/v1/workspace/:projectSlug/roles/slug/:roleSlug"),
    route(Area::Roles, Method::Patch, roles::ROLE, "/api/v1/workspace/:projectSlug/roles/:roleId"),
    route(Area::Roles, Method::Delete, roles::ROLE, "/api/v1/workspace/:projectSlug/roles/:roleId"),
    route(Area::Members, Method::Get, members::MEMBERS, OLD_MEMBERS),
    route(Area::Members, Method::Post, members::MEMBER, OLD_MEMBER),
    route(Area::Members, Method::Patch, members::MEMBER, OLD_MEMBER),
    route(Area::Members, Method::Delete, members::MEMBER, OLD_MEMBER),
];

/// One project.
pub(super) const PROJECT: &str = "/api/v1/projects/:projectId";
/// One project by its slug.
pub(super) const PROJECT_BY_SLUG: &str = "/api/v1/projects/slug/:slug";
/// The environments of a project.
pub(super) const ENVIRONMENTS: &str = "/api/v1/projects/:projectId/environments";
/// One of them.
pub(super) const ENVIRONMENT: &str = "/api/v1/projects/:projectId/environments/:environmentId";
/// The tags of a project.
pub(super) const TAGS: &str = "/api/v1/projects/:projectId/tags";
/// One of them.
pub(super) const TAG: &str = "/api/v1/projects/:projectId/tags/:tagId";
/// One folder.
pub(super) const FOLDER: &str = "/api/v2/folders/:folderId";
/// One import.
pub(super) const IMPORT: &str = "/api/v2/secret-imports/:importId";

const OLD_MEMBERS: &str = "/api/v2/workspace/:projectId/identity-memberships";
const OLD_MEMBER: &str = "/api/v2/workspace/:projectId/identity-memberships/:identityId";

/// The row of an operation, if it was ever called otherwise.
pub(super) fn of(method: Method, newest: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.method == method && route.newest == newest)
}

/// What a parameter or field is called by servers of 2024.
pub(super) fn old_name(name: &'static str) -> &'static str {
    if name == "projectId" { "workspaceId" } else { name }
}

/// A body with the names that servers of 2024 know, its values untouched.
pub(super) fn old_body(body: &[u8]) -> Vec<u8> {
    let renamed = || {
        let fields: indexmap::IndexMap<&str, &RawValue> = serde_json::from_slice(body).ok()?;
        let fields =
            fields.into_iter().map(|(name, value)| (if name == "projectId" { "workspaceId" } else { name }, value));
        serde_json::to_vec(&fields.collect::<indexmap::IndexMap<_, _>>()).ok()
    };
    // Bodies are objects of plain names: reading them back always works.
    renamed().unwrap_or_else(|| body.to_vec())
}

/// What was found out of each area.
#[derive(Default)]
pub(super) struct Known([Found; 6]);

#[derive(Default)]
pub(super) struct Found {
    generation: OnceLock<Generation>,
    /// Who finds out; the others wait.
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl Known {
    pub(super) fn of(&self, area: Area) -> &Found {
        &self.0[area as usize]
    }
}

impl Found {
    pub(super) fn get(&self) -> Option<Generation> {
        self.generation.get().copied()
    }

    pub(super) fn keep(&self, generation: Generation) {
        // Whoever comes second found the same.
        let _ = self.generation.set(generation);
    }
}

#[cfg(test)]
mod tests {
    use super::old_body;

    #[test]
    fn a_body_is_renamed_at_its_top_only() {
        let body = br#"{"projectId":"p","environment":"dev","secrets":[{"secretKey":"projectId","secretValue":"\u00e9 \"projectId\""}]}"#;
        let old = br#"{"workspaceId":"p","environment":"dev","secrets":[{"secretKey":"projectId","secretValue":"\u00e9 \"projectId\""}]}"#;
        assert_eq!(old_body(body), old);
        assert_eq!(old_body(br#"{"name":"x"}"#), br#"{"name":"x"}"#);
    }
}
