//! Projects.

use crate::api::projects::Create;
use crate::api::projects::EnvironmentName;
use crate::api::projects::Project;
use crate::api::projects::Retention;
use crate::api::projects::Update;
use crate::api::roles;
use crate::api::templates::Write;
use crate::server::clock;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::store::all;
use crate::server::store::documents::Document;
use crate::server::store::documents::Kind;
use crate::server::store::documents::New;
use crate::server::store::one;
use crate::server::store::run;
use rusqlite::Row;
use rusqlite::params;
use serde_json::json;

const COLUMNS: &str = "id, name, slug, description, kind, auto_capitalization, has_delete_protection, \
                       pit_version_limit, created_at, updated_at, audit_logs_retention_days, secret_sharing, \
                       show_snapshots_legacy, secret_detection_ignore_values";

/// The environments of a new project, in order.
const DEFAULT_ENVIRONMENTS: [(&str, &str); 3] =
    [("Development", "dev"), ("Staging", "staging"), ("Production", "prod")];

/// The template that stands for none.
const DEFAULT_TEMPLATE: &str = "default";

impl Store<'_> {
    /// Makes a project.
    pub(crate) fn create_project(&self, new: &Create, auto_capitalization: bool) -> Result<Project, Refusal> {
        let slug = match &new.slug {
            Some(slug) => slug.clone(),
            None => free_slug(&new.project_name),
        };
        self.refuse_taken_slug(&slug, "")?;
        let (id, now) = (clock::id(), clock::now());
        let kind = new.kind.as_deref().unwrap_or("secret-manager");
        run(
            self.sql,
            &format!("INSERT INTO projects ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, 10, ?, ?, NULL, 1, 0, NULL)"),
            params![
                id,
                new.project_name,
                slug,
                new.project_description,
                kind,
                auto_capitalization,
                new.has_delete_protection,
                now,
                now
            ],
        )?;
        let template = new.template.as_deref().filter(|name| *name != DEFAULT_TEMPLATE);
        if let Some(name) = template {
            self.apply_template(&id, name)?;
        } else if new.should_create_default_envs {
            for (name, slug) in DEFAULT_ENVIRONMENTS {
                self.create_environment(&id, name, slug, None)?;
            }
        }
        self.project(&id)
    }

    /// Gives a new project the environments and roles of a template.
    fn apply_template(&self, project: &str, name: &str) -> Result<(), Refusal> {
        let missing = || Refusal::missing(format!("Could not find project template with name {name}"));
        let template = self.named_document(Kind::Template, None, name)?.ok_or_else(missing)?;
        let template: Document<Write> = self.document(Kind::Template, &template)?.ok_or_else(missing)?;
        let mut environments = template.body.environments.unwrap_or_default();
        environments.sort_by_key(|environment| environment.position);
        for environment in environments {
            self.create_environment(project, &environment.name, &environment.slug, None)?;
        }
        for role in template.body.roles.unwrap_or_default() {
            let role =
                roles::Create { slug: role.slug, name: role.name, description: None, permissions: role.permissions };
            let new = New { name: Some(&role.slug), ..New::of(Some(project), &role) };
            self.create_document(Kind::Role, &new)?;
        }
        Ok(())
    }

    /// All projects, by slug.
    pub(crate) fn projects(&self, kind: Option<&str>) -> Result<Vec<Project>, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM projects WHERE kind = coalesce(?, kind) ORDER BY slug");
        let projects = all(self.sql, &statement, [kind], |row| self.read_project(row))?;
        projects.into_iter().map(|project| self.with_environments(project)).collect()
    }

    /// The project of an id.
    pub(crate) fn project(&self, id: &str) -> Result<Project, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM projects WHERE id = ?1");
        let found = one(self.sql, &statement, [id], |row| self.read_project(row))?;
        self.with_environments(found.ok_or_else(|| no_project(id).failed_once("Failed to find project by id"))?)
    }

    /// The id of a project that exists, by id or, for clients that know it by that, by slug.
    pub(crate) fn project_id(&self, id: &str) -> Result<String, Refusal> {
        let statement = "SELECT id FROM projects WHERE id = ?1 OR slug = ?1 ORDER BY id = ?1 DESC";
        one(self.sql, statement, [id], |row| row.get(0))?.ok_or_else(|| {
            let error = format!("Identity is not a member of the specified project with ID '{id}'");
            no_project(id).once(403, error, "You are not allowed to access this resource")
        })
    }

    /// The project of a slug.
    pub(crate) fn project_by_slug(&self, slug: &str) -> Result<Project, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM projects WHERE slug = ?");
        let found = one(self.sql, &statement, [slug], |row| self.read_project(row))?;
        let missing = || Refusal::missing(format!("Project with slug '{slug}' not found"));
        self.with_environments(found.ok_or_else(|| missing().failed_once("Failed to find project by slug"))?)
    }

    /// Changes a project.
    pub(crate) fn update_project(&self, old: &Project, change: &Update) -> Result<Project, Refusal> {
        let mut project = old.clone();
        if let Some(slug) = &change.slug {
            self.refuse_taken_slug(slug, &project.id)?;
            project.slug.clone_from(slug);
        }
        if let Some(name) = &change.name {
            project.name.clone_from(name);
        }
        if let Some(description) = &change.description {
            project.description.clone_from(description);
        }
        let ignored = change.secret_detection_ignore_values.as_ref();
        let ignored =
            ignored.or(project.secret_detection_ignore_values.as_ref()).map(|values| json!(values).to_string());
        run(
            self.sql,
            "UPDATE projects SET name = ?, slug = ?, description = ?, auto_capitalization = ?,
             has_delete_protection = ?, pit_version_limit = ?, secret_sharing = ?, show_snapshots_legacy = ?,
             secret_detection_ignore_values = ?, updated_at = ? WHERE id = ?",
            params![
                project.name,
                project.slug,
                project.description,
                change.auto_capitalization.unwrap_or(project.auto_capitalization),
                change.has_delete_protection.unwrap_or(project.has_delete_protection),
                change.pit_version_limit.unwrap_or(project.pit_version_limit),
                change.secret_sharing.or(project.secret_sharing),
                change.show_snapshots_legacy.or(project.show_snapshots_legacy),
                ignored,
                clock::now(),
                project.id
            ],
        )?;
        Ok(bare(self.project(&project.id)?))
    }

    /// Says how long audit logs of a project are kept.
    pub(crate) fn retain_audit_logs(&self, project: &Project, asked: &Retention) -> Result<Project, Refusal> {
        let statement = "UPDATE projects SET audit_logs_retention_days = ?, updated_at = ? WHERE id = ?";
        run(self.sql, statement, params![asked.audit_logs_retention_days, clock::now(), project.id])?;
        Ok(bare(self.project(&project.id)?))
    }

    /// Deletes a project with everything in it.
    pub(crate) fn delete_project(&self, project: Project) -> Result<Project, Refusal> {
        if project.has_delete_protection {
            return Err(Refusal::new(403, "ForbiddenError", "Project delete protection is enabled"));
        }
        // Syncs first: they hold on to connections of the project.
        run(self.sql, "DELETE FROM syncs WHERE project_id = ?", [&project.id])?;
        run(self.sql, "DELETE FROM projects WHERE id = ?", [&project.id])?;
        Ok(bare(project))
    }

    fn refuse_taken_slug(&self, slug: &str, own: &str) -> Result<(), Refusal> {
        let taken = one(self.sql, "SELECT 1 FROM projects WHERE slug = ? AND id <> ?", [slug, own], |_| Ok(()))?;
        match taken {
            None => Ok(()),
            Some(()) => Err(Refusal::bad(format!(
                "A project with the slug \"{slug}\" already exists in your organization. \
                 Please choose a different name or slug."
            ))
            .failed_once("Create")),
        }
    }

    fn with_environments(&self, mut project: Project) -> Result<Project, Refusal> {
        project.environments = Some(all(
            self.sql,
            "SELECT id, name, slug FROM environments WHERE project_id = ? ORDER BY position, slug",
            [&project.id],
            |row| Ok(EnvironmentName { id: row.get(0)?, name: row.get(1)?, slug: row.get(2)? }),
        )?);
        Ok(project)
    }

    fn read_project(&self, row: &Row<'_>) -> rusqlite::Result<Project> {
        let id: String = row.get(0)?;
        Ok(Project {
            id_again: Some(id.clone()),
            id,
            name: row.get(1)?,
            slug: row.get(2)?,
            description: row.get(3)?,
            kind: row.get(4)?,
            org_id: self.organization.id.clone(),
            auto_capitalization: row.get(5)?,
            has_delete_protection: row.get(6)?,
            pit_version_limit: row.get(7)?,
            version: 3,
            environments: None,
            created_at: row.get(8)?,
            updated_at: row.get(9)?,
            audit_logs_retention_days: row.get(10)?,
            secret_sharing: row.get(11)?,
            show_snapshots_legacy: row.get(12)?,
            // Written by this server as a list.
            secret_detection_ignore_values: row
                .get::<_, Option<String>>(13)?
                .and_then(|text| serde_json::from_str(&text).ok()),
        })
    }
}

fn no_project(id: &str) -> Refusal {
    Refusal::missing(format!("Project with ID '{id}' not found"))
}

/// As updates and deletes answer it.
fn bare(project: Project) -> Project {
    Project { id_again: None, environments: None, ..project }
}

/// A slug of a name, and four random letters or digits: at most 36 characters.
fn free_slug(name: &str) -> String {
    let mut slug = String::new();
    let mut last = ' ';
    for c in name.chars() {
        let starts = c.is_ascii_uppercase() && (last.is_ascii_lowercase() || last.is_ascii_digit());
        if (starts || !c.is_ascii_alphanumeric()) && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        }
        last = c;
    }
    slug.truncate(31);
    if slug.is_empty() {
        slug.push('p');
    }
    let random: u16 = rand::random();
    let separator = if slug.ends_with('-') { "" } else { "-" };
    format!("{slug}{separator}{random:04x}")
}
