//! Secret imports of a folder, in order of their positions.

use crate::api::imports::Change;
use crate::api::imports::Import;
use crate::api::projects::EnvironmentName;
use crate::server::clock;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::store::all;
use crate::server::store::folders::clean;
use crate::server::store::one;
use crate::server::store::run;
use rusqlite::Row;
use rusqlite::params;

const SELECT: &str = "SELECT i.id, i.version, i.from_path, e.id, e.name, e.slug, i.position, i.folder_id, i.created_at,
                      i.updated_at FROM imports i JOIN environments e ON e.id = i.from_environment";

impl Store<'_> {
    /// All imports of a folder.
    pub(crate) fn imports(&self, folder: &str) -> Result<Vec<Import>, Refusal> {
        let statement = format!("{SELECT} WHERE i.folder_id = ? ORDER BY i.position, i.created_at");
        all(self.sql, &statement, [folder], read)
    }

    /// The import of an id.
    pub(crate) fn import(&self, id: &str) -> Result<Option<Import>, Refusal> {
        one(self.sql, &format!("{SELECT} WHERE i.id = ?"), [id], read)
    }

    /// Adds an import as the last one.
    pub(crate) fn create_import(
        &self,
        project: &str,
        folder: &str,
        environment: &str,
        path: &str,
    ) -> Result<Import, Refusal> {
        let source = self.import_environment(project, environment)?;
        self.refuse_cycle(folder, &source, path)?;
        let (id, now) = (clock::id(), clock::now());
        run(
            self.sql,
            "INSERT INTO imports (id, folder_id, from_environment, from_path, position, version, created_at, updated_at)
             SELECT ?1, ?2, ?3, ?4, coalesce(max(position), 0) + 1, 1, ?5, ?5 FROM imports WHERE folder_id = ?2",
            params![id, folder, source, clean(path), now],
        )?;
        self.import(&id)?.ok_or(Refusal::internal("InternalServerError"))
    }

    /// Changes an import of a folder.
    pub(crate) fn update_import(
        &self,
        project: &str,
        folder: &str,
        id: &str,
        change: &Change,
    ) -> Result<Import, Refusal> {
        let old = self.import(id)?.filter(|import| import.folder_id == folder);
        let missing = || Refusal::missing("Secret import not found").once(400, "BadRequest", "Secret import not found");
        let old = old.ok_or_else(missing)?;
        let source = match &change.environment {
            Some(slug) => self.import_environment(project, slug)?,
            None => old.import_env.id,
        };
        let path = change.path.as_deref().map_or(old.import_path, clean);
        self.refuse_cycle(folder, &source, &path)?;
        let position = change.position.unwrap_or(old.position);
        // The vendor takes 0 as it is: nobody moves.
        if position != old.position && position != 0 {
            let (step, from, to) = if position > old.position {
                (-1, old.position + 1, position)
            } else {
                (1, position, old.position - 1)
            };
            let others = "UPDATE imports SET position = position + ? WHERE folder_id = ? AND position BETWEEN ? AND ?";
            run(self.sql, others, params![step, folder, from, to])?;
        }
        run(
            self.sql,
            "UPDATE imports SET from_environment = ?, from_path = ?, position = ?, updated_at = ? WHERE id = ?",
            params![source, path, position, clock::now(), id],
        )?;
        self.import(id)?.ok_or(Refusal::internal("InternalServerError"))
    }

    /// Deletes an import of a folder; those behind it move up.
    pub(crate) fn delete_import(&self, folder: &str, id: &str) -> Result<Import, Refusal> {
        let import = self
            .import(id)?
            .filter(|import| import.folder_id == folder)
            .ok_or_else(|| Refusal::missing(format!("Secret import with folder ID '{id}' not found")))?;
        run(self.sql, "DELETE FROM imports WHERE id = ?", [id])?;
        let behind = "UPDATE imports SET position = position - 1 WHERE folder_id = ? AND position > ?";
        run(self.sql, behind, params![folder, import.position])?;
        Ok(import)
    }

    fn import_environment(&self, project: &str, slug: &str) -> Result<String, Refusal> {
        let found = self.environment_by_slug(project, slug)?;
        let missing = || Refusal::missing(format!("Environment with slug '{slug}' not found"));
        let missing = || missing().once(404, "NotFound", "The requested entity is not found");
        Ok(found.ok_or_else(missing)?.id)
    }

    /// Two folders that import each other are refused. Longer cycles are not: reading them ends anyway.
    fn refuse_cycle(&self, folder: &str, source: &str, path: &str) -> Result<(), Refusal> {
        let statement = "SELECT 1 FROM folders f
                         JOIN imports i ON i.folder_id = f.id
                         JOIN folders own ON own.environment_id = i.from_environment AND own.path = i.from_path
                         WHERE f.environment_id = ?1 AND f.path = ?2 AND own.id = ?3 AND f.id <> ?3";
        match one(self.sql, statement, [source, &clean(path), folder], |_| Ok(()))? {
            None => Ok(()),
            Some(()) => Err(Refusal::bad("Cyclic import not allowed")),
        }
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Import> {
    Ok(Import {
        id: row.get(0)?,
        version: row.get(1)?,
        import_path: row.get(2)?,
        import_env: EnvironmentName { id: row.get(3)?, name: row.get(4)?, slug: row.get(5)? },
        position: row.get(6)?,
        folder_id: row.get(7)?,
        is_replication: false,
        is_reserved: false,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
    })
}
