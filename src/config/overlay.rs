//! Texts that stand before what files hold: what an editor has open and did not save yet.

use crate::config::load;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// Texts by the paths of their files; these need not exist.
#[derive(Clone, Default)]
pub struct Overlay {
    texts: Arc<BTreeMap<PathBuf, Arc<str>>>,
}

impl Overlay {
    /// Texts by paths.
    #[must_use]
    pub fn new(texts: impl IntoIterator<Item = (PathBuf, Arc<str>)>) -> Self {
        Self { texts: Arc::new(texts.into_iter().map(|(path, text)| (plain(&path), text)).collect()) }
    }

    /// The text of a file, if it is one of them.
    #[must_use]
    pub fn text(&self, path: &Path) -> Option<&Arc<str>> {
        if self.texts.is_empty() { None } else { self.texts.get(&plain(path)) }
    }

    /// The names of those in a directory.
    pub(crate) fn names(&self, dir: &Path) -> impl Iterator<Item = &OsStr> {
        let dir = plain(dir);
        self.texts.keys().filter(move |path| path.parent() == Some(&*dir)).filter_map(|path| path.file_name())
    }
}

/// The path from the root, without steps that lead nowhere.
fn plain(path: &Path) -> PathBuf {
    load::clean(&load::absolute(path))
}
