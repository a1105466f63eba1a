//! The jobs of syncs that have not ended: the table is the queue, so a crash loses none.

use crate::server::clock;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::store::all;
use crate::server::store::one;
use crate::server::store::run;
use rusqlite::params;
use std::collections::BTreeSet;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Pushes.
    Sync,
    /// Imports.
    Import,
    /// Takes away what was pushed.
    Remove,
    /// The same, then deletes the sync.
    Delete,
}

/// A job that a runner has taken.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) sync: String,
    pub(crate) kind: Kind,
    /// For an import: what wins.
    pub(crate) argument: Option<String>,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Import => "import",
            Self::Remove => "remove",
            Self::Delete => "delete",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "import" => Self::Import,
            "remove" => Self::Remove,
            "delete" => Self::Delete,
            _ => Self::Sync,
        }
    }

    /// The columns of `syncs` that tell how it goes: status, job, message, time of the last success.
    fn columns(self) -> [&'static str; 4] {
        match self {
            Self::Sync => ["sync_status", "last_sync_job_id", "last_sync_message", "last_synced_at"],
            Self::Import => ["import_status", "last_import_job_id", "last_import_message", "last_imported_at"],
            Self::Remove | Self::Delete => {
                ["remove_status", "last_remove_job_id", "last_remove_message", "last_removed_at"]
            }
        }
    }
}

impl Store<'_> {
    /// Queues a job. One of its kind that still waits is enough: it will see everything.
    pub(crate) fn queue(&self, sync: &str, kind: Kind, argument: Option<&str>) -> Result<(), Refusal> {
        let waiting = "SELECT 1 FROM jobs WHERE sync_id = ? AND kind = ? AND argument IS ? AND running = 0";
        if one(self.sql, waiting, params![sync, kind.word(), argument], |_| Ok(()))?.is_some() {
            return Ok(());
        }
        let id = clock::id();
        let statement = "INSERT INTO jobs (id, sync_id, kind, argument) VALUES (?, ?, ?, ?)";
        run(self.sql, statement, params![id, sync, kind.word(), argument])?;
        let [status, job, ..] = kind.columns();
        run(self.sql, &format!("UPDATE syncs SET {status} = 'pending', {job} = ? WHERE id = ?"), [&id, sync])?;
        Ok(())
    }

    /// Queues a push of every sync with auto-sync that a change in a folder can reach: the folder is its
    /// source, or is imported there, or a secret of its source refers to others. One sync can be left out.
    pub(crate) fn queue_touched(&self, project: &str, folder: &str, but: Option<&str>) -> Result<(), Refusal> {
        let mut seen = BTreeSet::from([folder.to_owned()]);
        seen.extend(all(
            self.sql,
            "SELECT DISTINCT s.folder_id FROM secrets s JOIN folders f ON f.id = s.folder_id
             JOIN environments e ON e.id = f.environment_id WHERE e.project_id = ? AND s.refers",
            [project],
            |row| row.get::<_, String>(0),
        )?);
        let mut open: Vec<String> = seen.iter().cloned().collect();
        while let Some(next) = open.pop() {
            let importers = "SELECT i.folder_id FROM imports i JOIN folders f
                             ON f.environment_id = i.from_environment AND f.path = i.from_path WHERE f.id = ?";
            for importer in all(self.sql, importers, [&next], |row| row.get::<_, String>(0))? {
                if seen.insert(importer.clone()) {
                    open.push(importer);
                }
            }
        }
        self.queue_integrations(seen.iter().cloned())?;
        let reached = "SELECT id, folder_id FROM syncs WHERE project_id = ? AND auto AND folder_id IS NOT NULL";
        let syncs = all(self.sql, reached, [project], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        for (sync, _) in syncs.iter().filter(|(id, source)| seen.contains(source) && Some(id.as_str()) != but) {
            self.queue(sync, Kind::Sync, None)?;
        }
        Ok(())
    }

    /// The next job whose sync is not at work, taken.
    pub(crate) fn take_job(&self) -> Result<Option<Job>, Refusal> {
        let next = "SELECT id, sync_id, kind, argument FROM jobs j WHERE running = 0
                    AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.sync_id = j.sync_id AND o.running) ORDER BY rowid LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| {
            let kind: String = row.get(2)?;
            Ok(Job { id: row.get(0)?, sync: row.get(1)?, kind: Kind::from_word(&kind), argument: row.get(3)? })
        };
        let Some(job) = one(self.sql, next, [], read)? else { return Ok(None) };
        run(self.sql, "UPDATE jobs SET running = 1 WHERE id = ?", [&job.id])?;
        let [status, id, ..] = job.kind.columns();
        run(self.sql, &format!("UPDATE syncs SET {status} = 'running', {id} = ? WHERE id = ?"), [&job.id, &job.sync])?;
        Ok(Some(job))
    }

    /// Writes how a job ended. If another of its kind waits, the status says so.
    pub(crate) fn finish_job(&self, job: &Job, failed: Option<&str>) -> Result<(), Refusal> {
        run(self.sql, "DELETE FROM jobs WHERE id = ?", [&job.id])?;
        if job.kind == Kind::Delete && failed.is_none() {
            return self.delete_sync(&job.sync);
        }
        let [status, id, message, time] = job.kind.columns();
        let now = clock::now();
        let word = if failed.is_none() { "succeeded" } else { "failed" };
        let done = failed.is_none().then_some(&now);
        let statement = format!(
            "UPDATE syncs SET {status} = ?, {message} = ?, {time} = coalesce(?, {time}), updated_at = ? WHERE id = ?"
        );
        run(self.sql, &statement, params![word, failed, done, now, job.sync])?;
        let waiting = "SELECT id FROM jobs WHERE sync_id = ? AND kind = ? AND running = 0 ORDER BY rowid";
        let next: Option<String> = one(self.sql, waiting, [job.sync.as_str(), job.kind.word()], |row| row.get(0))?;
        if let Some(next) = next {
            run(
                self.sql,
                &format!("UPDATE syncs SET {status} = 'pending', {id} = ? WHERE id = ?"),
                [&next, &job.sync],
            )?;
        }
        Ok(())
    }

    /// At start: what was running when the last run ended is waiting again.
    pub(crate) fn reset_jobs(&self) -> Result<(), Refusal> {
        run(self.sql, "UPDATE jobs SET running = 0", [])?;
        self.reset_integrations()?;
        for kind in [Kind::Sync, Kind::Import, Kind::Remove] {
            let [status, ..] = kind.columns();
            run(self.sql, &format!("UPDATE syncs SET {status} = 'pending' WHERE {status} = 'running'"), [])?;
        }
        Ok(())
    }
}
