//! Files of this machine: which of them those who talk to the server may have written through its connections.

use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::model::schema::Field;
use crate::model::schema::Type;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

/// Where connections may lead on this machine.
#[derive(Debug, Clone)]
pub enum LocalFiles {
    /// Anywhere: whoever talks to the server is who started it.
    Anywhere,
    /// Into one directory only.
    Below(PathBuf),
    /// Nowhere.
    Refused,
}

impl LocalFiles {
    /// Why a connection with these inputs is refused: one of them is a path that is not allowed.
    pub(crate) fn refusal(&self, fields: &[Field], inputs: &Attrs) -> Option<String> {
        let mut paths = fields.iter().filter(|field| field.ty == Type::Path).filter_map(|field| {
            let path = inputs.get(&field.name).and_then(Value::as_str)?;
            Some((&field.name, Path::new(path)))
        });
        match self {
            Self::Anywhere => None,
            Self::Refused => paths.next().map(|_| {
                "This server writes no files of its machine; start it with `--allow-local DIR` to allow one directory"
                    .to_owned()
            }),
            Self::Below(root) => paths.find(|(_, path)| !is_below(path, root)).map(|(name, _)| {
                format!("`{name}` leads out of the directory that this server allows ({})", root.display())
            }),
        }
    }
}

/// Whether a path is a directory or in it, links followed. What is not there yet is where its nearest parent is.
fn is_below(path: &Path, root: &Path) -> bool {
    let goes_up = path.components().any(|part| part == Component::ParentDir);
    let real = path.ancestors().find_map(|ancestor| ancestor.canonicalize().ok());
    match (root.canonicalize(), real) {
        (Ok(root), Some(real)) => !goes_up && real.starts_with(root),
        _ => false,
    }
}
