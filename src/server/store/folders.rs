//! Folders: each keeps its absolute path, so that a path is one look-up.

use crate::api::folders::Folder;
use crate::server::clock;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::store::all;
use crate::server::store::one;
use crate::server::store::run;
use rusqlite::Row;
use rusqlite::params;

const COLUMNS: &str = "id, name, version, environment_id, parent_id, description, path, created_at, updated_at";

/// A path as it is stored: absolute, without a slash at the end.
pub(crate) fn clean(path: &str) -> String {
    format!("/{}", path.trim().trim_matches('/'))
}

/// A folder is not there; `error` is the operation's name in the refusal.
pub(crate) fn no_folder(environment: &str, path: &str, error: &'static str) -> Refusal {
    Refusal::new(404, error, format!("Folder with path '{path}' in environment with slug '{environment}' not found"))
}

/// The path of a folder in another one.
fn below(parent: &str, name: &str) -> String {
    if parent == "/" { format!("/{name}") } else { format!("{parent}/{name}") }
}

impl Store<'_> {
    /// The root folder of a new environment.
    pub(crate) fn create_root(&self, environment: &str) -> Result<(), Refusal> {
        self.insert_folder(environment, None, "root", "/", None).map(drop)
    }

    /// The folder at a path, if there is one.
    pub(crate) fn folder_at(&self, environment: &str, path: &str) -> Result<Option<Folder>, Refusal> {
        let statement = format!("SELECT {COLUMNS} FROM folders WHERE environment_id = ? AND path = ?");
        one(self.sql, &statement, [environment, &clean(path)], read)
    }

    /// The folder of an environment's slug and a path, if both exist.
    pub(crate) fn find_folder(&self, project: &str, environment: &str, path: &str) -> Result<Option<Folder>, Refusal> {
        match self.environment_by_slug(project, environment)? {
            Some(environment) => self.folder_at(&environment.id, path),
            None => Ok(None),
        }
    }

    /// The same; `error` is the operation's name in the refusal.
    pub(crate) fn folder_for(
        &self,
        project: &str,
        environment: &str,
        path: &str,
        error: &'static str,
    ) -> Result<Folder, Refusal> {
        self.find_folder(project, environment, path)?.ok_or_else(|| no_folder(environment, path, error))
    }

    /// The folder of an id.
    pub(crate) fn folder(&self, id: &str) -> Result<Option<Folder>, Refusal> {
        one(self.sql, &format!("SELECT {COLUMNS} FROM folders WHERE id = ?"), [id], read)
    }

    /// Makes a folder, and those above that are missing. One that exists is given as it is.
    pub(crate) fn create_folder(
        &self,
        environment: &str,
        parent: &str,
        name: &str,
        description: Option<&str>,
    ) -> Result<Folder, Refusal> {
        let Some(mut folder) = self.folder_at(environment, "/")? else {
            return Err(Refusal::internal("InternalServerError"));
        };
        let parent = clean(parent);
        let mut names: Vec<&str> = parent.split('/').filter(|segment| !segment.is_empty()).collect();
        names.push(name);
        let last = names.len() - 1;
        for (number, name) in names.into_iter().enumerate() {
            let path = below(folder.path.as_deref().unwrap_or("/"), name);
            folder = match self.folder_at(environment, &path)? {
                Some(found) => found,
                None => {
                    let description = description.filter(|_| number == last);
                    self.insert_folder(environment, Some(&folder.id), name, &path, description)?
                }
            };
        }
        Ok(folder)
    }

    /// The children of a folder, or all below it with their relative paths.
    pub(crate) fn folders(&self, parent: &Folder, recursive: bool) -> Result<Vec<Folder>, Refusal> {
        if !recursive {
            let statement = format!("SELECT {COLUMNS} FROM folders WHERE parent_id = ? ORDER BY name");
            let children = all(self.sql, &statement, [&parent.id], read)?;
            return Ok(children.into_iter().map(|folder| Folder { path: None, ..folder }).collect());
        }
        let (path, environment) = (parent.path.as_deref().unwrap_or("/"), &parent.env_id);
        let start = if path == "/" { 1 } else { path.len() + 1 };
        let found = self.folders_below(environment, path)?;
        let relative = |folder: Folder| Folder {
            relative_path: folder.path.as_deref().and_then(|p| p.get(start..)).map(str::to_owned),
            path: None,
            ..folder
        };
        Ok(found.into_iter().map(relative).collect())
    }

    /// All folders below a path, by path.
    pub(crate) fn folders_below(&self, environment: &str, path: &str) -> Result<Vec<Folder>, Refusal> {
        let prefix = if path == "/" { "/".to_owned() } else { format!("{path}/") };
        let statement = format!(
            "SELECT {COLUMNS} FROM folders WHERE environment_id = ?1 AND substr(path, 1, length(?2)) = ?2
             AND parent_id IS NOT NULL ORDER BY path"
        );
        all(self.sql, &statement, [environment, &prefix], read)
    }

    /// Renames or describes a folder; those below get new paths.
    pub(crate) fn update_folder(
        &self,
        folder: &Folder,
        name: &str,
        description: Option<&Option<String>>,
    ) -> Result<Folder, Refusal> {
        let old = folder.path.as_deref().unwrap_or("/");
        let parent = old.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent });
        let new = below(parent, name);
        if new != old {
            if self.folder_at(&folder.env_id, &new)?.is_some() {
                return Err(Refusal::new(400, "UpdateFolder", "Folder with specified name already exists"));
            }
            // The folder itself, then all below it.
            let statement = "UPDATE folders SET path = ?1 || substr(path, length(?2) + 1)
                             WHERE environment_id = ?3 AND (path = ?2 OR substr(path, 1, length(?2) + 1) = ?2 || '/')";
            run(self.sql, statement, params![new, old, folder.env_id])?;
        }
        let statement =
            "UPDATE folders SET name = ?, description = ?, version = version + 1, updated_at = ? WHERE id = ?";
        let description = description.unwrap_or(&folder.description);
        run(self.sql, statement, params![name, description, clock::now(), folder.id])?;
        self.folder(&folder.id)?.ok_or(Refusal::internal("InternalServerError"))
    }

    /// Whether anything is in a folder.
    pub(crate) fn holds_something(&self, folder: &str) -> Result<bool, Refusal> {
        let statement = "SELECT EXISTS (SELECT 1 FROM folders WHERE parent_id = ?1)
                         OR EXISTS (SELECT 1 FROM secrets WHERE folder_id = ?1)
                         OR EXISTS (SELECT 1 FROM imports WHERE folder_id = ?1)";
        Ok(one(self.sql, statement, [folder], |row| row.get(0))?.unwrap_or(false))
    }

    /// Deletes a folder with everything in it.
    pub(crate) fn delete_folder(&self, id: &str) -> Result<(), Refusal> {
        run(self.sql, "DELETE FROM folders WHERE id = ?", [id]).map(drop)
    }

    fn insert_folder(
        &self,
        environment: &str,
        parent: Option<&str>,
        name: &str,
        path: &str,
        description: Option<&str>,
    ) -> Result<Folder, Refusal> {
        let (id, now) = (clock::id(), clock::now());
        run(
            self.sql,
            "INSERT INTO folders (id, environment_id, parent_id, name, path, description, version, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)",
            params![id, environment, parent, name, path, description, now, now],
        )?;
        self.folder(&id)?.ok_or(Refusal::internal("InternalServerError"))
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Folder> {
    Ok(Folder {
        id: row.get(0)?,
        name: row.get(1)?,
        version: row.get(2)?,
        env_id: row.get(3)?,
        parent_id: row.get(4)?,
        is_reserved: false,
        description: row.get(5)?,
        path: row.get(6)?,
        relative_path: None,
        environment: None,
        project_id: None,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}
