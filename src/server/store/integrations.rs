//! Native integrations and the credentials that they use, as documents: what runs is one of these, and its queue is what
//! they say of themselves, so a crash loses no run.

use crate::api::integrations::Metadata;
use crate::api::integrations::Target;
use crate::server::check::Fields;
use crate::server::clock;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::store::all;
use crate::server::store::documents::Document;
use crate::server::store::documents::Kind;
use crate::server::store::one;
use crate::server::store::run;
use rusqlite::params;
use serde::Deserialize;
use serde::Serialize;

/// Credentials as they are kept, besides what is secret.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KeptAuth {
    pub(crate) integration: String,
    pub(crate) url: Option<String>,
    pub(crate) namespace: Option<String>,
}

/// An integration as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The folder that it pushes.
    pub(crate) path: String,
    pub(crate) is_active: bool,
    pub(crate) target: Target,
    pub(crate) metadata: Metadata,
    /// Whether it is to run, and whether it does.
    pub(crate) waits: bool,
    pub(crate) runs: bool,
    /// What it wrote and has not taken away: nothing else is ever deleted.
    pub(crate) written: Vec<String>,
    pub(crate) is_synced: Option<bool>,
    pub(crate) message: Option<String>,
    pub(crate) last_used: Option<String>,
    pub(crate) job: Option<String>,
}

/// An integration with its credentials.
pub(crate) struct Loaded {
    pub(crate) integration: Document<Kept>,
    pub(crate) auth: Document<KeptAuth>,
}

impl Store<'_> {
    /// The credentials of an id.
    pub(crate) fn integration_auth(&self, id: &str) -> Result<Document<KeptAuth>, Refusal> {
        let missing = || Refusal::missing(format!("Integration auth with ID '{id}' not found"));
        let missing = || missing().failed_once_unless_uuid(id, "Find by id");
        self.document(Kind::IntegrationAuth, id)?.ok_or_else(missing)
    }

    /// The integration of an id, with its credentials.
    pub(crate) fn integration(&self, id: &str) -> Result<Loaded, Refusal> {
        let missing = || Refusal::missing(format!("Integration with ID '{id}' not found"));
        let integration: Document<Kept> = self.document(Kind::Integration, id)?.ok_or_else(missing)?;
        let auth = self.integration_auth(integration.parent.as_deref().unwrap_or_default())?;
        Ok(Loaded { integration, auth })
    }

    /// Changes credentials.
    pub(crate) fn update_integration_auth(&self, id: &str, kept: &KeptAuth, secret: &Fields) -> Result<(), Refusal> {
        self.update_document(id, None, kept)?;
        self.reseal_document(id, secret)
    }

    /// Has the integrations run whose source is one of these folders.
    pub(crate) fn queue_integrations(&self, folders: impl Iterator<Item = String>) -> Result<(), Refusal> {
        let statement = "UPDATE documents SET body = json_set(body, '$.waits', json('true'))
                         WHERE kind = 'integration' AND json_extract(body, '$.is_active') AND EXISTS (
                             SELECT 1 FROM folders f WHERE f.id = ? AND f.environment_id = documents.environment_id
                             AND f.path = json_extract(documents.body, '$.path'))";
        for folder in folders {
            run(self.sql, statement, [folder])?;
        }
        Ok(())
    }

    /// The next integration that is to run, taken; gives its id.
    pub(crate) fn take_integration(&self) -> Result<Option<String>, Refusal> {
        let next = "SELECT id FROM documents WHERE kind = 'integration' AND json_extract(body, '$.waits')
                    AND NOT json_extract(body, '$.runs') ORDER BY updated_at, id LIMIT 1";
        let Some(id) = one(self.sql, next, [], |row| row.get::<_, String>(0))? else { return Ok(None) };
        let taken = "UPDATE documents SET body = json_set(body, '$.waits', json('false'), '$.runs', json('true'))
                     WHERE id = ?";
        run(self.sql, taken, [&id])?;
        Ok(Some(id))
    }

    /// Writes how a run ended: what is written now, or why it failed.
    pub(crate) fn finish_integration(&self, id: &str, went: Result<Vec<String>, String>) -> Result<(), Refusal> {
        // It may be gone by now.
        let Some(document) = self.document::<Kept>(Kind::Integration, id)? else { return Ok(()) };
        let mut kept = document.body;
        (kept.runs, kept.job, kept.is_synced) = (false, Some(clock::id()), Some(went.is_ok()));
        kept.message = went.as_ref().err().cloned();
        if let Ok(written) = went {
            (kept.written, kept.last_used) = (written, Some(clock::now()));
        }
        self.update_document(id, None, &kept)
    }

    /// At start: what was running when the last run ended is waiting again.
    pub(crate) fn reset_integrations(&self) -> Result<(), Refusal> {
        let statement = "UPDATE documents SET body = json_set(body, '$.waits', json('true'), '$.runs', json('false'))
                         WHERE kind = 'integration' AND json_extract(body, '$.runs')";
        run(self.sql, statement, []).map(drop)
    }

    /// The integrations of a project, each with the service that its credentials are for.
    pub(crate) fn integrations(&self, project: &str) -> Result<Vec<Loaded>, Refusal> {
        let statement =
            "SELECT id FROM documents WHERE kind = 'integration' AND project_id = ? ORDER BY created_at, id";
        let ids = all(self.sql, statement, params![project], |row| row.get::<_, String>(0))?;
        ids.iter().map(|id| self.integration(id)).collect()
    }
}
