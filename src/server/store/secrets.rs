//! Secrets of a folder: values, comments and metadata are sealed.

use crate::api::secrets::Change;
use crate::api::secrets::Metadata;
use crate::api::secrets::New;
use crate::api::secrets::StoredSecret;
use crate::api::secrets::trimmed;
use crate::api::tags::Tag;
use crate::secret::Secret;
use crate::server::clock;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::store::all;
use crate::server::store::one;
use crate::server::store::run;
use rusqlite::Row;
use rusqlite::params;
use std::collections::BTreeMap;

const COLUMNS: &str = "id, key, value, comment, metadata, skip_encoding, reminder_note, reminder_days, version,
                       created_at, updated_at";

/// What is answered instead of a value that was not asked for.
const MASK: &str = "<hidden-by-infisical>";

/// A folder, as secrets tell where they are.
#[derive(Debug, Clone)]
pub(crate) struct At {
    pub(crate) project: String,
    /// The environment's slug.
    pub(crate) environment: String,
    pub(crate) folder: String,
    pub(crate) path: String,
}

/// A row whose sealed columns are still sealed.
struct Sealed {
    id: String,
    key: String,
    value: Vec<u8>,
    comment: Vec<u8>,
    metadata: Option<Vec<u8>>,
    skip_encoding: Option<bool>,
    reminder_note: Option<String>,
    reminder_days: Option<i64>,
    version: u32,
    created_at: String,
    updated_at: String,
}

impl Store<'_> {
    /// The folder that a request names, to read from or write to.
    pub(crate) fn place(
        &self,
        project: String,
        environment: &str,
        path: &str,
        error: &'static str,
    ) -> Result<At, Refusal> {
        let folder = self.folder_for(&project, environment, path, error)?;
        Ok(At {
            project,
            environment: environment.to_owned(),
            folder: folder.id,
            path: folder.path.unwrap_or_default(),
        })
    }

    /// All secrets of a folder, by key.
    pub(crate) fn secrets(&self, at: &At, with_values: bool) -> Result<Vec<StoredSecret>, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM secrets WHERE folder_id = ? ORDER BY key");
        let rows = all(self.sql, &statement, [&at.folder], read)?;
        let mut tags = self.tags_of_secrets(&at.folder)?;
        let open = |row: Sealed| {
            let tags = tags.remove(&row.id).unwrap_or_default();
            self.open_secret(at, row, tags, with_values)
        };
        rows.into_iter().map(open).collect()
    }

    /// One secret of a folder.
    pub(crate) fn secret(&self, at: &At, key: &str, with_value: bool) -> Result<Option<StoredSecret>, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM secrets WHERE folder_id = ? AND key = ?");
        let Some(row) = one(self.sql, &statement, [&at.folder, key], read)? else { return Ok(None) };
        let tags = all(
            self.sql,
            "SELECT t.id, t.slug, t.color FROM secret_tags s JOIN tags t ON t.id = s.tag_id WHERE s.secret_id = ?
             ORDER BY t.slug",
            [&row.id],
            |row| read_tag(row, 0),
        )?;
        self.open_secret(at, row, tags, with_value).map(Some)
    }

    /// The raw value of a secret by names, if it exists.
    pub(crate) fn value_at(
        &self,
        project: &str,
        environment: &str,
        path: &str,
        key: &str,
    ) -> Result<Option<Secret>, Refusal> {
        let statement = "SELECT s.id, s.value FROM environments e JOIN folders f ON f.environment_id = e.id
                         JOIN secrets s ON s.folder_id = f.id
                         WHERE e.project_id = ? AND e.slug = ? AND f.path = ? AND s.key = ?";
        let found: Option<(String, Vec<u8>)> =
            one(self.sql, statement, [project, environment, path, key], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let Some((id, value)) = found else { return Ok(None) };
        Ok(Some(Secret::new(self.vault.open_text(&sealed_at("value", &id), &value)?)))
    }

    /// The place and key of a secret by its id.
    pub(crate) fn secret_by_id(&self, id: &str) -> Result<Option<(At, String)>, Refusal> {
        one(
            self.sql,
            "SELECT e.project_id, e.slug, f.id, f.path, s.key FROM secrets s JOIN folders f ON f.id = s.folder_id
             JOIN environments e ON e.id = f.environment_id WHERE s.id = ?",
            [id],
            |row| {
                let at = At { project: row.get(0)?, environment: row.get(1)?, folder: row.get(2)?, path: row.get(3)? };
                Ok((at, row.get(4)?))
            },
        )
    }

    /// Makes a secret; `None` if the key is taken.
    pub(crate) fn create_secret(&self, at: &At, key: &str, new: &New) -> Result<Option<StoredSecret>, Refusal> {
        let (id, now) = (clock::id(), clock::now());
        let value = trimmed(new.secret_value.expose());
        let made = run(
            self.sql,
            "INSERT INTO secrets (id, folder_id, key, value, comment, metadata, refers, skip_encoding, reminder_note,
             reminder_days, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
             ON CONFLICT (folder_id, key) DO NOTHING",
            params![
                id,
                at.folder,
                key,
                self.vault.seal_text(&sealed_at("value", &id), &value),
                self.vault.seal_text(&sealed_at("comment", &id), new.secret_comment.trim()),
                self.seal_metadata(&id, new.secret_metadata.as_deref())?,
                value.contains("${"),
                new.skip_multiline_encoding.unwrap_or(false),
                new.secret_reminder_note,
                new.secret_reminder_repeat_days,
                now,
                now
            ],
        )?;
        if made == 0 {
            return Ok(None);
        }
        let tags = match &new.tag_ids {
            Some(tags) => self.set_tags(&at.project, &id, tags)?,
            None => Vec::new(),
        };
        Ok(Some(StoredSecret {
            id_again: id.clone(),
            id,
            workspace: at.project.clone(),
            environment: at.environment.clone(),
            version: 1,
            kind: "shared".to_owned(),
            secret_key: key.to_owned(),
            secret_value: Secret::new(value),
            secret_comment: new.secret_comment.trim().to_owned(),
            secret_value_hidden: false,
            secret_path: Some(at.path.clone()),
            secret_reminder_note: new.secret_reminder_note.clone(),
            secret_reminder_repeat_days: new.secret_reminder_repeat_days,
            skip_multiline_encoding: Some(new.skip_multiline_encoding.unwrap_or(false)),
            secret_metadata: Some(new.secret_metadata.clone().unwrap_or_default()),
            tags: Some(tags),
            created_at: now.clone(),
            updated_at: now,
        }))
    }

    /// Changes a secret; `None` if there is none of the key.
    pub(crate) fn update_secret(&self, at: &At, key: &str, change: &Change) -> Result<Option<StoredSecret>, Refusal> {
        let Some(old) = self.secret(at, key, true)? else { return Ok(None) };
        let name = change.new_secret_name.as_deref().unwrap_or(key);
        if change.new_secret_name.is_some() && self.has_secret(at, name)? {
            return Err(Refusal::bad("Secret with the new name already exist"));
        }
        let value = change.secret_value.as_ref().map_or(old.secret_value, |v| Secret::new(trimmed(v.expose())));
        let comment = change.secret_comment.as_deref().unwrap_or(&old.secret_comment).trim().to_owned();
        let metadata = change.secret_metadata.as_ref().or(old.secret_metadata.as_ref());
        run(
            self.sql,
            "UPDATE secrets SET key = ?, value = ?, comment = ?, metadata = ?, refers = ?,
             skip_encoding = coalesce(?, skip_encoding), reminder_note = coalesce(?, reminder_note),
             reminder_days = coalesce(?, reminder_days), version = version + 1, updated_at = ? WHERE id = ?",
            params![
                name,
                self.vault.seal_text(&sealed_at("value", &old.id), value.expose()),
                self.vault.seal_text(&sealed_at("comment", &old.id), &comment),
                self.seal_metadata(&old.id, metadata.map(Vec::as_slice))?,
                value.expose().contains("${"),
                change.skip_multiline_encoding,
                change.secret_reminder_note,
                change.secret_reminder_repeat_days,
                clock::now(),
                old.id
            ],
        )?;
        if let Some(tags) = &change.tag_ids {
            self.set_tags(&at.project, &old.id, tags)?;
        }
        self.secret(at, name, true)
    }

    /// Takes what a sync found at its destination into the source, byte for byte. White space is cut of what comes by the
    /// API; cut here, it would be cut at the destination as well by the push that follows.
    pub(crate) fn take_secret(&self, at: &At, key: &str, value: &Secret) -> Result<(), Refusal> {
        let kept = match self.update_secret(at, key, &Change::default())? {
            Some(kept) => Some(kept),
            None => self.create_secret(at, key, &New::of(Secret::new(String::new())))?,
        };
        let Some(kept) = kept else { return Ok(()) };
        let (value, id) = (value.expose(), kept.id);
        let sealed = self.vault.seal_text(&sealed_at("value", &id), value);
        run(
            self.sql,
            "UPDATE secrets SET value = ?, refers = ? WHERE id = ?",
            params![sealed, value.contains("${"), id],
        )?;
        Ok(())
    }

    /// Deletes a secret; `None` if there is none of the key.
    pub(crate) fn delete_secret(&self, at: &At, key: &str) -> Result<Option<StoredSecret>, Refusal> {
        let Some(secret) = self.secret(at, key, true)? else { return Ok(None) };
        run(self.sql, "DELETE FROM secrets WHERE id = ?", [&secret.id])?;
        Ok(Some(secret))
    }

    /// Puts secrets into another folder, under new ids, as the vendor does. One that is there already is refused, or
    /// overwritten.
    pub(crate) fn move_secrets(&self, from: &At, to: &At, ids: &[String], overwrite: bool) -> Result<(), Refusal> {
        for id in ids {
            let found = self.secret_by_id(id)?.filter(|(at, _)| at.folder == from.folder);
            let (_, key) = found.ok_or(Refusal::bad("Invalid secrets"))?;
            let Some(secret) = self.delete_secret(from, &key)? else { continue };
            if overwrite {
                self.delete_secret(to, &key)?;
            }
            let new = New {
                secret_comment: secret.secret_comment,
                secret_metadata: secret.secret_metadata,
                tag_ids: secret.tags.map(|tags| tags.into_iter().map(|tag| tag.id).collect()),
                skip_multiline_encoding: secret.skip_multiline_encoding,
                secret_reminder_note: secret.secret_reminder_note,
                secret_reminder_repeat_days: secret.secret_reminder_repeat_days,
                ..New::of(secret.secret_value)
            };
            let words = "Failed to move secrets. The following secrets already exist in the destination";
            self.create_secret(to, &key, &new)?.ok_or_else(|| Refusal::bad(format!("{words}: {key}")))?;
        }
        Ok(())
    }

    fn has_secret(&self, at: &At, key: &str) -> Result<bool, Refusal> {
        let statement = "SELECT 1 FROM secrets WHERE folder_id = ? AND key = ?";
        Ok(one(self.sql, statement, [&at.folder, key], |_| Ok(()))?.is_some())
    }

    fn set_tags(&self, project: &str, secret: &str, ids: &[String]) -> Result<Vec<Tag>, Refusal> {
        run(self.sql, "DELETE FROM secret_tags WHERE secret_id = ?", [secret])?;
        let mut tags = Vec::new();
        for id in ids {
            let statement = "SELECT id, slug, color FROM tags WHERE project_id = ? AND id = ?";
            let tag = one(self.sql, statement, [project, id], |row| read_tag(row, 0))?;
            let tag = tag.filter(|tag: &Tag| tags.iter().all(|other: &Tag| other.id != tag.id));
            let missing = || Refusal::missing("One or more tags not found").failed_once_unless_uuid(id, "Find one");
            tags.push(tag.ok_or_else(missing)?);
            run(self.sql, "INSERT INTO secret_tags (secret_id, tag_id) VALUES (?, ?)", [secret, id])?;
        }
        tags.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(tags)
    }

    fn tags_of_secrets(&self, folder: &str) -> Result<BTreeMap<String, Vec<Tag>>, Refusal> {
        let statement = "SELECT st.secret_id, t.id, t.slug, t.color FROM secrets s
                         JOIN secret_tags st ON st.secret_id = s.id JOIN tags t ON t.id = st.tag_id
                         WHERE s.folder_id = ? ORDER BY t.slug";
        let rows: Vec<(String, Tag)> = all(self.sql, statement, [folder], |row| Ok((row.get(0)?, read_tag(row, 1)?)))?;
        let mut tags: BTreeMap<String, Vec<Tag>> = BTreeMap::new();
        for (secret, tag) in rows {
            tags.entry(secret).or_default().push(tag);
        }
        Ok(tags)
    }

    fn seal_metadata(&self, id: &str, metadata: Option<&[Metadata]>) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(metadata) = metadata.filter(|metadata| !metadata.is_empty()) else { return Ok(None) };
        let text = serde_json::to_vec(metadata).map_err(|_| Refusal::internal("InternalServerError"))?;
        Ok(Some(self.vault.seal(&sealed_at("metadata", id), &text)))
    }

    fn open_secret(&self, at: &At, row: Sealed, tags: Vec<Tag>, with_value: bool) -> Result<StoredSecret, Refusal> {
        let value = match with_value {
            true => self.vault.open_text(&sealed_at("value", &row.id), &row.value)?,
            false => MASK.to_owned(),
        };
        let metadata: Vec<Metadata> = match &row.metadata {
            None => Vec::new(),
            Some(sealed) => {
                let text = self.vault.open(&sealed_at("metadata", &row.id), sealed)?;
                serde_json::from_slice(&text).map_err(|_| Refusal::internal("InternalServerError"))?
            }
        };
        Ok(StoredSecret {
            workspace: at.project.clone(),
            environment: at.environment.clone(),
            version: row.version,
            kind: "shared".to_owned(),
            secret_key: row.key,
            secret_value: Secret::new(value),
            secret_comment: self.vault.open_text(&sealed_at("comment", &row.id), &row.comment)?,
            secret_value_hidden: !with_value,
            secret_path: Some(at.path.clone()),
            secret_reminder_note: row.reminder_note,
            secret_reminder_repeat_days: row.reminder_days,
            skip_multiline_encoding: row.skip_encoding,
            secret_metadata: Some(metadata),
            tags: Some(tags),
            created_at: row.created_at,
            updated_at: row.updated_at,
            id_again: row.id.clone(),
            id: row.id,
        })
    }
}

/// What binds a sealed column to its row.
fn sealed_at(column: &str, id: &str) -> String {
    format!("secrets.{column}.{id}")
}

fn read(row: &Row<'_>) -> rusqlite::Result<Sealed> {
    Ok(Sealed {
        id: row.get(0)?,
        key: row.get(1)?,
        value: row.get(2)?,
        comment: row.get(3)?,
        metadata: row.get(4)?,
        skip_encoding: row.get(5)?,
        reminder_note: row.get(6)?,
        reminder_days: row.get(7)?,
        version: row.get(8)?,
        created_at: row.get(9)?,
        updated_at: row.get(10)?,
    })
}

/// A tag as a secret tells it: id, slug and colour from a column on.
fn read_tag(row: &Row<'_>, first: usize) -> rusqlite::Result<Tag> {
    let slug: String = row.get(first + 1)?;
    Ok(Tag {
        id: row.get(first)?,
        name: Some(slug.clone()),
        slug,
        color: row.get(first + 2)?,
        project_id: None,
        created_at: None,
        updated_at: None,
    })
}
