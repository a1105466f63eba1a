//! Tags.

use crate::api::tags::Tag;
use crate::api::tags::Write;
use crate::server::clock;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::store::all;
use crate::server::store::one;
use crate::server::store::run;
use rusqlite::Row;
use rusqlite::params;

const COLUMNS: &str = "id, slug, color, project_id, created_at, updated_at";

impl Store<'_> {
    /// All tags of a project, by slug.
    pub(crate) fn tags(&self, project: &str) -> Result<Vec<Tag>, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM tags WHERE project_id = ? ORDER BY slug");
        all(self.sql, &statement, [project], read)
    }

    /// The tag of an id.
    pub(crate) fn tag(&self, project: &str, id: &str) -> Result<Tag, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM tags WHERE project_id = ? AND id = ?");
        let missing = || Refusal::missing(format!("Tag with ID '{id}' not found"));
        one(self.sql, &statement, [project, id], read)?
            .ok_or_else(|| missing().failed_once_unless_uuid(id, "Find by id"))
    }

    /// The tag of a slug.
    pub(crate) fn tag_by_slug(&self, project: &str, slug: &str) -> Result<Tag, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM tags WHERE project_id = ? AND slug = ?");
        one(self.sql, &statement, [project, slug], read)?
            .ok_or_else(|| Refusal::missing(format!("Tag with slug '{slug}' not found")))
    }

    /// Makes a tag.
    pub(crate) fn create_tag(&self, project: &str, new: &Write) -> Result<Tag, Refusal> {
        self.refuse_taken_tag(project, &new.slug, "")?;
        let (id, now) = (clock::id(), clock::now());
        run(
            self.sql,
            "INSERT INTO tags (id, project_id, slug, color, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
            params![id, project, new.slug, new.color, now, now],
        )?;
        self.tag(project, &id)
    }

    /// Changes a tag; what is `None` stays.
    pub(crate) fn update_tag(
        &self,
        project: &str,
        id: &str,
        slug: Option<&str>,
        color: Option<&str>,
    ) -> Result<Tag, Refusal> {
        self.tag(project, id)?;
        if let Some(slug) = slug {
            self.refuse_taken_tag(project, slug, id)?;
        }
        let statement =
            "UPDATE tags SET slug = coalesce(?, slug), color = coalesce(?, color), updated_at = ? WHERE id = ?";
        run(self.sql, statement, params![slug, color, clock::now(), id])?;
        self.tag(project, id)
    }

    /// Deletes a tag; secrets that have it lose it.
    pub(crate) fn delete_tag(&self, project: &str, id: &str) -> Result<Tag, Refusal> {
        let tag = self.tag(project, id)?;
        run(self.sql, "DELETE FROM tags WHERE id = ?", [id])?;
        Ok(tag)
    }

    fn refuse_taken_tag(&self, project: &str, slug: &str, own: &str) -> Result<(), Refusal> {
        let statement = "SELECT 1 FROM tags WHERE project_id = ? AND slug = ? AND id <> ?";
        match one(self.sql, statement, [project, slug, own], |_| Ok(()))? {
            None => Ok(()),
            Some(()) => Err(Refusal::bad("Tag already exist")),
        }
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Tag> {
    let slug: String = row.get(1)?;
    Ok(Tag {
        id: row.get(0)?,
        name: Some(slug.clone()),
        slug,
        color: row.get(2)?,
        project_id: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
    })
}
