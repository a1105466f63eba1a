//! App connections: credentials are sealed, their plain fields are kept beside for answers.

use crate::api::connections::Connection;
use crate::server::check::Fields;
use crate::server::clock;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::store::all;
use crate::server::store::one;
use crate::server::store::run;
use rusqlite::Row;
use rusqlite::params;
use sha2::Digest as _;
use sha2::Sha256;
use zeroize::Zeroizing;

const COLUMNS: &str = "id, name, description, app, method, shown, credentials_hash, project_id, created_at, updated_at";

/// A connection to be made.
pub(crate) struct NewConnection {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) app: String,
    pub(crate) method: String,
    pub(crate) project: Option<String>,
    pub(crate) credentials: Credentials,
}

/// Fields of a method.
pub(crate) struct Credentials {
    /// All of them, as JSON.
    pub(crate) sealed: Zeroizing<Vec<u8>>,
    /// Those that are no secrets.
    pub(crate) shown: Fields,
}

impl Store<'_> {
    /// Connections by name: all, those of an app, those of a project.
    pub(crate) fn connections(&self, app: Option<&str>, project: Option<&str>) -> Result<Vec<Connection>, Refusal> {
        let statement = format!(
            "SELECT {COLUMNS} FROM connections WHERE app = coalesce(?1, app) AND (?2 IS NULL OR project_id = ?2)
             ORDER BY lower(name)"
        );
        all(self.sql, &statement, params![app, project], |row| self.read_connection(row))
    }

    /// Connections that a project may use: the organisation's and its own.
    pub(crate) fn usable_connections(&self, app: &str, project: Option<&str>) -> Result<Vec<Connection>, Refusal> {
        let statement = format!(
            "SELECT {COLUMNS} FROM connections WHERE app = ?1 AND (project_id IS NULL OR project_id = ?2)
             ORDER BY lower(name)"
        );
        all(self.sql, &statement, params![app, project], |row| self.read_connection(row))
    }

    /// The connection of an id; of an app, if one is named.
    pub(crate) fn connection(&self, id: &str, app: Option<&str>) -> Result<Connection, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM connections WHERE id = ?");
        let found = one(self.sql, &statement, [id], |row| self.read_connection(row))?
            .ok_or_else(|| Refusal::missing(format!("Could not find App Connection with ID {id}")))?;
        match app {
            Some(app) if app != found.app => {
                Err(Refusal::bad(format!("App Connection with ID {id} is not for App \"{app}\"")))
            }
            _ => Ok(found),
        }
    }

    /// The connection of a name: the organisation's, or a project's.
    pub(crate) fn connection_by_name(
        &self,
        app: &str,
        name: &str,
        project: Option<&str>,
    ) -> Result<Connection, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM connections WHERE app = ? AND name = ? AND project_id IS ?");
        one(self.sql, &statement, params![app, name, project], |row| self.read_connection(row))?
            .ok_or_else(|| Refusal::missing(format!("Could not find App Connection with name {name}")))
    }

    /// Refuses a name that another connection of the same scope has.
    pub(crate) fn refuse_taken_connection(&self, name: &str, project: Option<&str>, own: &str) -> Result<(), Refusal> {
        let statement = "SELECT 1 FROM connections WHERE name = ? AND project_id IS ? AND id <> ?";
        match one(self.sql, statement, params![name, project, own], |_| Ok(()))? {
            None => Ok(()),
            Some(()) => Err(Refusal::bad(format!("An App Connection with the name \"{name}\" already exists"))),
        }
    }

    /// Keeps a connection whose credentials were tried.
    pub(crate) fn create_connection(&self, new: &NewConnection) -> Result<Connection, Refusal> {
        self.refuse_taken_connection(&new.name, new.project.as_deref(), "")?;
        let (id, now) = (clock::id(), clock::now());
        let (sealed, shown, hash) = self.seal_credentials(&id, &new.credentials)?;
        run(
            self.sql,
            "INSERT INTO connections (id, name, description, app, method, credentials, shown, credentials_hash,
             project_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![id, new.name, new.description, new.app, new.method, sealed, shown, hash, new.project, now, now],
        )?;
        self.connection(&id, None)
    }

    /// Changes a connection; credentials were tried.
    pub(crate) fn update_connection(
        &self,
        id: &str,
        name: Option<&str>,
        description: Option<&Option<String>>,
        credentials: Option<&Credentials>,
    ) -> Result<Connection, Refusal> {
        let old = self.connection(id, None)?;
        if let Some(name) = name {
            self.refuse_taken_connection(name, old.project_id.as_deref(), id)?;
        }
        if let Some(credentials) = credentials {
            let (sealed, shown, hash) = self.seal_credentials(id, credentials)?;
            let statement = "UPDATE connections SET credentials = ?, shown = ?, credentials_hash = ? WHERE id = ?";
            run(self.sql, statement, params![sealed, shown, hash, id])?;
        }
        let statement = "UPDATE connections SET name = ?, description = ?, updated_at = ? WHERE id = ?";
        let description = description.unwrap_or(&old.description);
        run(self.sql, statement, params![name.unwrap_or(&old.name), description, clock::now(), id])?;
        self.connection(id, None)
    }

    /// Deletes a connection that no sync uses.
    pub(crate) fn delete_connection(&self, id: &str, app: &str) -> Result<Connection, Refusal> {
        let connection = self.connection(id, Some(app))?;
        if one(self.sql, "SELECT 1 FROM syncs WHERE connection_id = ?", [id], |_| Ok(()))?.is_some() {
            return Err(Refusal::bad(
                "Cannot delete App Connection with existing connections. Remove all existing connections and try again.",
            ));
        }
        run(self.sql, "DELETE FROM connections WHERE id = ?", [id])?;
        Ok(connection)
    }

    /// All fields of a connection's method.
    pub(crate) fn credentials(&self, id: &str) -> Result<Fields, Refusal> {
        let sealed: Vec<u8> =
            one(self.sql, "SELECT credentials FROM connections WHERE id = ?", [id], |row| row.get(0))?
                .ok_or_else(|| Refusal::missing(format!("Could not find App Connection with ID {id}")))?;
        let text = self.vault.open(&format!("connections.credentials.{id}"), &sealed)?;
        serde_json::from_slice(&text).map_err(|_| Refusal::internal("InternalServerError"))
    }

    /// Sealed fields, plain fields, and the digest of what is sealed: it differs with every write.
    fn seal_credentials(&self, id: &str, given: &Credentials) -> Result<(Vec<u8>, String, String), Refusal> {
        let sealed = self.vault.seal(&format!("connections.credentials.{id}"), &given.sealed);
        let hash = hex::encode(Sha256::digest(&sealed));
        Ok((sealed, serde_json::Value::Object(given.shown.clone()).to_string(), hash))
    }

    fn read_connection(&self, row: &Row<'_>) -> rusqlite::Result<Connection> {
        let shown: String = row.get(5)?;
        Ok(Connection {
            id: row.get(0)?,
            name: row.get(1)?,
            description: row.get(2)?,
            app: row.get(3)?,
            method: row.get(4)?,
            credentials: serde_json::from_str(&shown).unwrap_or_default(),
            credentials_hash: row.get(6)?,
            version: 1,
            org_id: self.organization.id.clone(),
            project_id: row.get(7)?,
            is_platform_managed_credentials: Some(false),
            gateway_id: None,
            created_at: row.get(8)?,
            updated_at: row.get(9)?,
        })
    }
}
