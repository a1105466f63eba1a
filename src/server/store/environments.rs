//! Environments, in order of their positions.

use crate::api::environments::Environment;
use crate::api::environments::Update;
use crate::server::clock;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::store::one;
use crate::server::store::run;
use rusqlite::Row;
use rusqlite::params;

const COLUMNS: &str = "id, name, slug, position, project_id, created_at, updated_at";

impl Store<'_> {
    /// Makes an environment with an empty root folder; the last one, or at a position where the others
    /// move up.
    pub(crate) fn create_environment(
        &self,
        project: &str,
        name: &str,
        slug: &str,
        position: Option<i64>,
    ) -> Result<Environment, Refusal> {
        self.refuse_taken_environment(project, slug, "", "CreateEnvironment")?;
        let (id, now) = (clock::id(), clock::now());
        let position = match position {
            Some(position) => {
                self.make_room(project, position)?;
                position
            }
            None => {
                let next = "SELECT coalesce(max(position), 0) + 1 FROM environments WHERE project_id = ?";
                one(self.sql, next, [project], |row| row.get(0))?.unwrap_or(1)
            }
        };
        run(
            self.sql,
            "INSERT INTO environments (id, project_id, name, slug, position, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![id, project, name, slug, position, now, now],
        )?;
        self.create_root(&id)?;
        self.environment(project, &id)
    }

    /// The environment of an id.
    pub(crate) fn environment(&self, project: &str, id: &str) -> Result<Environment, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM environments WHERE project_id = ? AND id = ?");
        one(self.sql, &statement, [project, id], read)?
            .ok_or_else(|| Refusal::missing(format!("Environment with ID '{id}' not found")))
    }

    /// The environment of an id, whatever its project.
    pub(crate) fn any_environment(&self, id: &str) -> Result<Environment, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM environments WHERE id = ?");
        one(self.sql, &statement, [id], read)?.ok_or_else(|| {
            let missing = Refusal::missing(format!("Environment with ID '{id}' not found"));
            missing.failed_once_unless_uuid(id, "Find by id")
        })
    }

    /// The environment of a slug, if there is one.
    pub(crate) fn environment_by_slug(&self, project: &str, slug: &str) -> Result<Option<Environment>, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM environments WHERE project_id = ? AND slug = ?");
        one(self.sql, &statement, [project, slug], read)
    }

    /// Changes an environment.
    pub(crate) fn update_environment(&self, project: &str, id: &str, change: &Update) -> Result<Environment, Refusal> {
        let old = self.environment_in(project, id, "NotFound", "Find one")?;
        if let Some(slug) = &change.slug {
            self.refuse_taken_environment(project, slug, id, "UpdateEnvironment")?;
        }
        if let Some(position) = change.position.filter(|position| *position != old.position) {
            self.move_others(project, old.position, position)?;
        }
        run(
            self.sql,
            "UPDATE environments SET name = ?, slug = ?, position = ?, updated_at = ? WHERE id = ?",
            params![
                change.name.as_ref().unwrap_or(&old.name),
                change.slug.as_ref().unwrap_or(&old.slug),
                change.position.unwrap_or(old.position),
                clock::now(),
                id
            ],
        )?;
        self.environment(project, id)
    }

    /// Deletes an environment with everything in it.
    pub(crate) fn delete_environment(&self, project: &str, id: &str) -> Result<Environment, Refusal> {
        let environment = self.environment_in(project, id, "DeleteEnvironment", "Delete")?;
        run(self.sql, "DELETE FROM environments WHERE id = ?", [id])?;
        Ok(environment)
    }

    /// `failed` is what servers of October 2024 failed to do with an id that is none.
    fn environment_in(
        &self,
        project: &str,
        id: &str,
        error: &'static str,
        failed: &'static str,
    ) -> Result<Environment, Refusal> {
        self.environment(project, id).map_err(|refusal| {
            let message = format!("Environment with id '{id}' in project with ID '{project}' not found");
            match refusal.status {
                404 => Refusal::new(404, error, message).failed_once_unless_uuid(id, failed),
                _ => refusal,
            }
        })
    }

    fn refuse_taken_environment(
        &self,
        project: &str,
        slug: &str,
        own: &str,
        error: &'static str,
    ) -> Result<(), Refusal> {
        match self.environment_by_slug(project, slug)? {
            Some(other) if other.id != own => Err(Refusal::new(400, error, "Environment with slug already exist")),
            _ => Ok(()),
        }
    }

    fn make_room(&self, project: &str, position: i64) -> Result<(), Refusal> {
        let taken = "SELECT 1 FROM environments WHERE project_id = ? AND position = ?";
        if one(self.sql, taken, params![project, position], |_| Ok(()))?.is_some() {
            let shift = "UPDATE environments SET position = position + 1 WHERE project_id = ? AND position >= ?";
            run(self.sql, shift, params![project, position])?;
        }
        Ok(())
    }

    /// Those between the old and the new position take one step towards the old one.
    fn move_others(&self, project: &str, old: i64, new: i64) -> Result<(), Refusal> {
        let (step, from, to) = if new > old { (-1, old + 1, new) } else { (1, new, old - 1) };
        let statement =
            "UPDATE environments SET position = position + ? WHERE project_id = ? AND position BETWEEN ? AND ?";
        run(self.sql, statement, params![step, project, from, to])?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Environment> {
    Ok(Environment {
        id: row.get(0)?,
        name: row.get(1)?,
        slug: row.get(2)?,
        position: row.get(3)?,
        project_id: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    })
}
