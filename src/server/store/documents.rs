//! Things that the server keeps and gives back as they are: what they say is JSON, what is secret in it is
//! sealed. Who owns what, and what goes with what, is the database's business.

use crate::api::projects::EnvironmentName;
use crate::server::check::Fields;
use crate::server::clock;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::store::all;
use crate::server::store::one;
use crate::server::store::run;
use rusqlite::Row;
use rusqlite::params;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

const SELECT: &str = "SELECT d.id, d.project_id, d.parent_id, d.body, d.created_at, d.updated_at, e.id, e.name, e.slug,
                      d.sealed FROM documents d LEFT JOIN environments e ON e.id = d.environment_id";

/// The kinds of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Role,
    Identity,
    Member,
    Webhook,
    Template,
    IntegrationAuth,
    Integration,
}

/// A document.
pub(crate) struct Document<T> {
    pub(crate) id: String,
    /// Empty for the organisation's.
    pub(crate) project: String,
    pub(crate) environment: Option<EnvironmentName>,
    pub(crate) parent: Option<String>,
    pub(crate) body: T,
    /// What is secret in it.
    pub(crate) secret: Fields,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// A document to be made.
pub(crate) struct New<'a, T> {
    pub(crate) project: Option<&'a str>,
    pub(crate) environment: Option<&'a str>,
    pub(crate) parent: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) body: T,
    pub(crate) secret: Fields,
}

impl<'a, T> New<'a, T> {
    /// One of a project, or of the organisation, without anything special.
    pub(crate) fn of(project: Option<&'a str>, body: T) -> Self {
        Self { project, environment: None, parent: None, name: None, body, secret: Fields::new() }
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Identity => "identity",
            Self::Member => "member",
            Self::Webhook => "webhook",
            Self::Template => "template",
            Self::IntegrationAuth => "integration_auth",
            Self::Integration => "integration",
        }
    }
}

/// A document as the database has it.
struct Stored {
    document: Document<String>,
    sealed: Option<Vec<u8>>,
}

impl Store<'_> {
    /// Makes a document; gives its id. Refuses a name that is taken.
    pub(crate) fn create_document<T: Serialize>(&self, kind: Kind, new: &New<'_, T>) -> Result<String, Refusal> {
        let (id, now) = (clock::id(), clock::now());
        let sealed = self.seal_fields(&id, &new.secret)?;
        run(
            self.sql,
            "INSERT INTO documents (id, kind, project_id, environment_id, parent_id, name, body, sealed, created_at,
             updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                id,
                kind.word(),
                new.project,
                new.environment,
                new.parent,
                new.name,
                json(&new.body)?,
                sealed,
                now,
                now
            ],
        )?;
        Ok(id)
    }

    /// All documents of a kind, of a project or of the organisation, the oldest first.
    pub(crate) fn documents<T: DeserializeOwned>(
        &self,
        kind: Kind,
        project: Option<&str>,
    ) -> Result<Vec<Document<T>>, Refusal> {
        let statement = format!("{SELECT} WHERE d.kind = ? AND d.project_id IS ? ORDER BY d.created_at, d.id");
        let found = all(self.sql, &statement, params![kind.word(), project], read)?;
        found.into_iter().map(|stored| self.opened(stored)).collect()
    }

    /// The document of an id.
    pub(crate) fn document<T: DeserializeOwned>(&self, kind: Kind, id: &str) -> Result<Option<Document<T>>, Refusal> {
        let statement = format!("{SELECT} WHERE d.kind = ? AND d.id = ?");
        let found = one(self.sql, &statement, [kind.word(), id], read)?;
        found.map(|stored| self.opened(stored)).transpose()
    }

    /// The id of the document that has a name.
    pub(crate) fn named_document(
        &self,
        kind: Kind,
        project: Option<&str>,
        name: &str,
    ) -> Result<Option<String>, Refusal> {
        let statement = "SELECT id FROM documents WHERE kind = ? AND project_id IS ? AND name = ?";
        one(self.sql, statement, params![kind.word(), project, name], |row| row.get(0))
    }

    /// Writes what a document says, all of it but what is secret.
    pub(crate) fn update_document<T: Serialize>(&self, id: &str, name: Option<&str>, body: &T) -> Result<(), Refusal> {
        let statement = "UPDATE documents SET name = ?, body = ?, updated_at = ? WHERE id = ?";
        run(self.sql, statement, params![name, json(body)?, clock::now(), id]).map(drop)
    }

    /// Writes what is secret in a document.
    pub(crate) fn reseal_document(&self, id: &str, secret: &Fields) -> Result<(), Refusal> {
        let sealed = self.seal_fields(id, secret)?;
        run(self.sql, "UPDATE documents SET sealed = ? WHERE id = ?", params![sealed, id]).map(drop)
    }

    /// Puts a document into another environment.
    pub(crate) fn move_document(&self, id: &str, environment: &str) -> Result<(), Refusal> {
        run(self.sql, "UPDATE documents SET environment_id = ? WHERE id = ?", [environment, id]).map(drop)
    }

    /// Deletes a document, with what goes with it.
    pub(crate) fn delete_document(&self, id: &str) -> Result<(), Refusal> {
        run(self.sql, "DELETE FROM documents WHERE id = ?", [id]).map(drop)
    }

    fn seal_fields(&self, id: &str, fields: &Fields) -> Result<Option<Vec<u8>>, Refusal> {
        if fields.is_empty() {
            return Ok(None);
        }
        let plain = serde_json::to_vec(fields).map_err(|_| Refusal::internal("InternalServerError"))?;
        Ok(Some(self.vault.seal(&place(id), &Zeroizing::new(plain))))
    }

    fn opened<T: DeserializeOwned>(&self, Stored { document, sealed }: Stored) -> Result<Document<T>, Refusal> {
        let broken = |_| Refusal::internal("DatabaseError");
        let secret = match sealed {
            Some(sealed) => serde_json::from_slice(&self.vault.open(&place(&document.id), &sealed)?).map_err(broken)?,
            None => Fields::new(),
        };
        Ok(Document {
            body: serde_json::from_str(&document.body).map_err(broken)?,
            secret,
            id: document.id,
            project: document.project,
            environment: document.environment,
            parent: document.parent,
            created_at: document.created_at,
            updated_at: document.updated_at,
        })
    }
}

fn place(id: &str) -> String {
    format!("documents.sealed.{id}")
}

fn json<T: Serialize>(body: &T) -> Result<String, Refusal> {
    serde_json::to_string(body).map_err(|_| Refusal::internal("InternalServerError"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let environment = match row.get::<_, Option<String>>(6)? {
        Some(id) => Some(EnvironmentName { id, name: row.get(7)?, slug: row.get(8)? }),
        None => None,
    };
    let document = Document {
        id: row.get(0)?,
        project: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
        parent: row.get(2)?,
        body: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
        environment,
        secret: Fields::new(),
    };
    Ok(Stored { document, sealed: row.get(9)? })
}
