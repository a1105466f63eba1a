//! The directories that the editor works in: their files as they are open or on disk, what they declare, which of them
//! call which as modules, and what providers they know. Everything is read again when something of it may have changed.

use crate::config;
use crate::config::overlay::Overlay;
use crate::diag::Diagnostics;
use crate::diag::source::SourceId;
use crate::diag::source::Sources;
use crate::lang::ast::Block;
use crate::lang::ast::Body;
use crate::lang::ast::Expr;
use crate::lang::parse;
use crate::lsp::documents::Documents;
use crate::lsp::names::Names;
use crate::lsp::text::Lines;
use crate::model::address::MODULE;
use crate::model::schema::Schemas;
use crate::provider::registry::MANIFESTS;
use crate::provider::registry::Registry;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

/// How far above a file that no folder of the editor holds its callers are looked for.
const MOST_ABOVE: usize = 4;

/// A file as far as it can be read, whatever is wrong with it.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) text: Arc<str>,
    pub(crate) lines: Lines,
    /// Its blocks and attributes, without values.
    pub(crate) body: Body,
}

impl File {
    pub(crate) fn read(path: PathBuf, text: Arc<str>) -> Self {
        let (lines, body) = (Lines::new(&text), parse::skeleton(SourceId(0), &text));
        tracing::debug!(path = %path.display(), bytes = text.len(), "file read");
        Self { path, text, lines, body }
    }

    /// The text of an attribute, if it is written out as one.
    pub(crate) fn literal(&self, body: &Body, name: &str) -> Option<&str> {
        let attr = body.attrs.iter().find(|attr| &*attr.name == name)?;
        self.quoted(&attr.expr)
    }

    /// The text of an expression, if it is one without anything computed or escaped.
    pub(crate) fn quoted(&self, expr: &Expr) -> Option<&str> {
        let text = self.text.get(expr.span.range())?.strip_prefix('"')?.strip_suffix('"')?;
        (!text.contains(['"', '\\', '$', '%'])).then_some(text)
    }
}

/// A directory: one configuration or module.
pub(crate) struct Folder {
    pub(crate) dir: PathBuf,
    pub(crate) files: Vec<Rc<File>>,
    pub(crate) names: Names,
}

impl Folder {
    /// A file by its path.
    pub(crate) fn file(&self, path: &Path) -> Option<usize> {
        self.files.iter().position(|file| file.path == path)
    }

    /// The `module` blocks, each with its file.
    pub(crate) fn calls(&self) -> impl Iterator<Item = (&Rc<File>, &Block)> {
        let blocks = self.files.iter().flat_map(|file| file.body.blocks.iter().map(move |block| (file, block)));
        blocks.filter(|(_, block)| &*block.kind == MODULE)
    }

    /// The directory that a `module` block calls.
    pub(crate) fn called(&self, file: &File, block: &Block) -> Option<PathBuf> {
        file.literal(&block.body, "source").map(|source| config::module_dir(&self.dir, source))
    }
}

/// All of it.
#[derive(Default)]
pub(crate) struct Workspace {
    pub(crate) documents: Documents,
    /// The folders of the editor.
    pub(crate) tops: Vec<PathBuf>,
    folders: HashMap<PathBuf, Rc<Folder>>,
    /// Folders as they were: of files that did not change nothing is read again.
    former: HashMap<PathBuf, Rc<Folder>>,
    /// The directories that may call others.
    known: Option<Rc<BTreeSet<PathBuf>>>,
    schemas: HashMap<PathBuf, Rc<Schemas>>,
}

impl Workspace {
    /// Something in a directory changed in the editor.
    pub(crate) fn touch(&mut self, path: &Path) {
        let dir = path.parent().unwrap_or(path);
        if let Some(folder) = self.folders.remove(dir) {
            self.former.insert(dir.to_owned(), folder);
        }
        if dir.ends_with(MANIFESTS) {
            self.schemas.clear();
        }
    }

    /// Anything may have changed on disk.
    pub(crate) fn forget(&mut self) {
        self.former.extend(self.folders.drain());
        self.schemas.clear();
        self.known = None;
    }

    /// Whether a directory holds no configuration.
    pub(crate) fn is_empty(&mut self, dir: &Path) -> bool {
        self.folder(dir).files.is_empty()
    }

    /// Whether a directory holds the manifests of the configuration above it.
    pub(crate) fn is_manifests(&mut self, dir: &Path) -> bool {
        dir.ends_with(MANIFESTS) && dir.parent().is_some_and(|above| !self.is_empty(above))
    }

    /// The texts that are open.
    pub(crate) fn overlay(&self) -> Overlay {
        self.documents.overlay()
    }

    /// A directory as it is now.
    pub(crate) fn folder(&mut self, dir: &Path) -> Rc<Folder> {
        if let Some(folder) = self.folders.get(dir) {
            return folder.clone();
        }
        let former = self.former.remove(dir);
        let mut files = Vec::new();
        for (path, text) in config::texts(dir, &self.overlay()) {
            let known = former.iter().flat_map(|folder| &folder.files).find(|file| file.path == path);
            files.push(match known {
                Some(file) if file.text == text => file.clone(),
                _ => Rc::new(File::read(path, text)),
            });
        }
        let names = Names::of(files.iter().map(|file| &file.body));
        let folder = Rc::new(Folder { dir: dir.to_owned(), files, names });
        self.folders.insert(dir.to_owned(), folder.clone());
        folder
    }

    /// The directories that may call others: those of the editor's folders, and those around what is open.
    pub(crate) fn known(&mut self) -> Rc<BTreeSet<PathBuf>> {
        if let Some(known) = &self.known {
            return known.clone();
        }
        let mut known: BTreeSet<PathBuf> = self.tops.iter().flat_map(|top| config::directories(top)).collect();
        for path in self.documents.paths() {
            if !self.tops.iter().any(|top| path.starts_with(top)) {
                known.extend(path.ancestors().skip(1).take(MOST_ABOVE).map(Path::to_owned));
            }
            known.extend(path.parent().map(Path::to_owned));
        }
        let known = Rc::new(known);
        self.known = Some(known.clone());
        known
    }

    /// The directories that call one as a module.
    pub(crate) fn callers(&mut self, dir: &Path) -> Vec<Rc<Folder>> {
        let folders: Vec<_> = self.known().iter().map(|known| self.folder(known)).collect();
        let calls =
            |folder: &Folder| folder.calls().any(|(file, block)| folder.called(file, block).as_deref() == Some(dir));
        folders.into_iter().filter(|folder| folder.dir != dir && calls(folder)).collect()
    }

    /// The configurations that a directory is part of: those that call it, directly or through others, or else itself. A
    /// directory of manifests belongs to the configuration above it.
    pub(crate) fn roots(&mut self, dir: &Path) -> BTreeSet<PathBuf> {
        if self.is_manifests(dir) {
            return dir.parent().map(Path::to_owned).into_iter().collect();
        }
        let mut roots = BTreeSet::new();
        let mut seen = BTreeSet::from([dir.to_owned()]);
        let mut open = vec![dir.to_owned()];
        while let Some(next) = open.pop() {
            let callers = self.callers(&next);
            if callers.is_empty() {
                roots.insert(next);
                continue;
            }
            open.extend(callers.iter().map(|caller| caller.dir.clone()).filter(|dir| seen.insert(dir.clone())));
        }
        // What only calls itself in a circle is a root of its own.
        if roots.is_empty() {
            roots.insert(dir.to_owned());
        }
        roots
    }

    /// What connections and destinations take there. With a bad manifest beside it: what is built in.
    pub(crate) fn schemas(&mut self, dir: &Path) -> Rc<Schemas> {
        let root = self.roots(dir).into_iter().next().unwrap_or_default();
        if let Some(schemas) = self.schemas.get(&root) {
            return schemas.clone();
        }
        let registry = Registry::beside(&mut Diagnostics::new(), &mut Sources::new(), &root, &self.overlay());
        let schemas = registry.or_else(|| Registry::builtin().ok()).map(|registry| registry.schemas().clone());
        let schemas = Rc::new(schemas.unwrap_or_default());
        self.schemas.insert(root, schemas.clone());
        schemas
    }
}
