//! Secret syncs. Their jobs are in [`crate::server::store::jobs`].

use crate::api::syncs::ConnectionName;
use crate::api::syncs::Json;
use crate::api::syncs::Status;
use crate::api::syncs::Sync;
use crate::api::syncs::SyncEnvironment;
use crate::api::syncs::SyncFolder;
use crate::server::clock;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::store::all;
use crate::server::store::one;
use crate::server::store::run;
use rusqlite::Row;
use rusqlite::params;

const SELECT: &str =
    "SELECT s.id, s.name, s.description, s.auto, s.project_id, s.folder_id, s.connection_id, c.app, c.name,
    e.id, e.slug, e.name, f.path, s.destination, s.destination_config, s.options, s.sync_status, s.last_sync_job_id,
    s.last_sync_message, s.last_synced_at, s.import_status, s.last_import_job_id, s.last_import_message,
    s.last_imported_at, s.remove_status, s.last_remove_job_id, s.last_remove_message, s.last_removed_at, s.created_at,
    s.updated_at
    FROM syncs s JOIN connections c ON c.id = s.connection_id
    LEFT JOIN folders f ON f.id = s.folder_id LEFT JOIN environments e ON e.id = f.environment_id";

/// What a sync is made of.
pub(crate) struct SyncFields {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) folder: Option<String>,
    pub(crate) connection: String,
    pub(crate) config: Json,
    pub(crate) options: Json,
    pub(crate) auto: bool,
}

impl Store<'_> {
    /// The syncs of a project by name; those to one kind of destination, if one is named.
    pub(crate) fn syncs(&self, project: &str, destination: Option<&str>) -> Result<Vec<Sync>, Refusal> {
        let statement =
            format!("{SELECT} WHERE s.project_id = ? AND s.destination = coalesce(?, s.destination) ORDER BY s.name");
        all(self.sql, &statement, params![project, destination], read)
    }

    /// How many syncs of all projects go through connections of an app.
    pub(crate) fn count_syncs(&self, app: &str) -> Result<usize, Refusal> {
        let statement = "SELECT count(*) FROM syncs s JOIN connections c ON c.id = s.connection_id WHERE c.app = ?";
        let count: Option<i64> = one(self.sql, statement, [app], |row| row.get(0))?;
        Ok(count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default())
    }

    /// The sync of an id, if it is there.
    pub(crate) fn find_sync(&self, id: &str) -> Result<Option<Sync>, Refusal> {
        one(self.sql, &format!("{SELECT} WHERE s.id = ?"), [id], read)
    }

    /// The sync of a name in a project, if it is there.
    pub(crate) fn find_sync_by_name(&self, project: &str, name: &str) -> Result<Option<Sync>, Refusal> {
        one(self.sql, &format!("{SELECT} WHERE s.project_id = ? AND s.name = ?"), [project, name], read)
    }

    /// Makes a sync.
    pub(crate) fn create_sync(&self, project: &str, destination: &str, new: &SyncFields) -> Result<Sync, Refusal> {
        self.refuse_taken_sync(project, &new.name, "")?;
        let (id, now) = (clock::id(), clock::now());
        run(
            self.sql,
            "INSERT INTO syncs (id, project_id, name, description, folder_id, connection_id, destination,
             destination_config, options, auto, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                id,
                project,
                new.name,
                new.description,
                new.folder,
                new.connection,
                destination,
                text(&new.config),
                text(&new.options),
                new.auto,
                now,
                now
            ],
        )?;
        self.find_sync(&id)?.ok_or(Refusal::internal("InternalServerError"))
    }

    /// Writes all fields of a sync.
    pub(crate) fn update_sync(&self, old: &Sync, new: &SyncFields) -> Result<Sync, Refusal> {
        self.refuse_taken_sync(&old.project_id, &new.name, &old.id)?;
        run(
            self.sql,
            "UPDATE syncs SET name = ?, description = ?, folder_id = ?, connection_id = ?, destination_config = ?,
             options = ?, auto = ?, updated_at = ? WHERE id = ?",
            params![
                new.name,
                new.description,
                new.folder,
                new.connection,
                text(&new.config),
                text(&new.options),
                new.auto,
                clock::now(),
                old.id
            ],
        )?;
        self.find_sync(&old.id)?.ok_or(Refusal::internal("InternalServerError"))
    }

    /// Deletes a sync. What it pushed stays.
    pub(crate) fn delete_sync(&self, id: &str) -> Result<(), Refusal> {
        run(self.sql, "DELETE FROM syncs WHERE id = ?", [id]).map(drop)
    }

    fn refuse_taken_sync(&self, project: &str, name: &str, own: &str) -> Result<(), Refusal> {
        let statement = "SELECT 1 FROM syncs WHERE project_id = ? AND name = ? AND id <> ?";
        match one(self.sql, statement, [project, name, own], |_| Ok(()))? {
            None => Ok(()),
            Some(()) => Err(Refusal::bad(format!(
                "A Secret Sync with the name \"{name}\" already exists for the project with ID \"{project}\""
            ))),
        }
    }
}

fn text(json: &Json) -> String {
    serde_json::Value::Object(json.clone()).to_string()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Sync> {
    let json = |column| row.get(column).map(|text: String| serde_json::from_str(&text).unwrap_or_default());
    let status = |column| row.get(column).map(|word: Option<String>| word.map(Status::from));
    let connection_id: String = row.get(6)?;
    let folder_id: Option<String> = row.get(5)?;
    let environment = match row.get::<_, Option<String>>(9)? {
        Some(id) => Some(SyncEnvironment { id, slug: row.get(10)?, name: row.get(11)? }),
        None => None,
    };
    let folder = match &folder_id {
        Some(id) => Some(SyncFolder { id: id.clone(), path: row.get(12)? }),
        None => None,
    };
    Ok(Sync {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        is_auto_sync_enabled: row.get(3)?,
        version: 1,
        project_id: row.get(4)?,
        folder_id,
        connection: ConnectionName { app: row.get(7)?, name: row.get(8)?, id: connection_id.clone() },
        connection_id,
        environment,
        folder,
        destination: row.get(13)?,
        destination_config: json(14)?,
        sync_options: json(15)?,
        sync_status: status(16)?,
        last_sync_job_id: row.get(17)?,
        last_sync_message: row.get(18)?,
        last_synced_at: row.get(19)?,
        import_status: status(20)?,
        last_import_job_id: row.get(21)?,
        last_import_message: row.get(22)?,
        last_imported_at: row.get(23)?,
        remove_status: status(24)?,
        last_remove_job_id: row.get(25)?,
        last_remove_message: row.get(26)?,
        last_removed_at: row.get(27)?,
        created_at: row.get(28)?,
        updated_at: row.get(29)?,
    })
}
