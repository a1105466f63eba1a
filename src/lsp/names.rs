//! What a directory declares, found without evaluating anything, and what a chain of names leads to.

use crate::config::blocks;
use crate::config::blocks::Form;
use crate::config::blocks::reuse::DATA_KINDS;
use crate::diag::source::Span;
use crate::lang::ast::Block;
use crate::lang::ast::Body;
use crate::model::address::Address;
use crate::model::address::DATA;
use crate::model::address::MODULE;
use crate::model::resource::Kind;
use std::collections::HashMap;
use std::sync::Arc;

/// What local values and variables are read by.
pub(crate) const LOCAL: &str = "local";
pub(crate) const VAR: &str = "var";
/// What outputs are kept under: nothing in the directory itself reads them.
pub(crate) const OUTPUT: &str = "output";

/// The names that lead to a declaration: `var x`, `data project x`, `project a environment b`.
pub(crate) type Path = Vec<Arc<str>>;

/// One declaration.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    /// The names that lead to it.
    pub(crate) path: Path,
    /// What its block may hold; `None` of a local value.
    pub(crate) form: Option<&'static Form>,
    /// The kind of resource, if it is one that is declared.
    pub(crate) kind: Option<Kind>,
    /// The file, by its place in the directory.
    pub(crate) file: usize,
    /// The name: a label with its quotes, or a bare word.
    pub(crate) label: Span,
    /// The first word and the labels.
    pub(crate) header: Span,
    /// All of it.
    pub(crate) whole: Span,
    /// Whether it has instances with keys.
    pub(crate) is_keyed: bool,
}

impl Declared {
    /// The last of its names.
    pub(crate) fn name(&self) -> &str {
        self.path.last().map_or("", |name| name)
    }

    /// Its address as plans write it.
    pub(crate) fn address(&self) -> Option<Address> {
        address(&self.path)
    }

    /// As expressions write it.
    pub(crate) fn shown(&self) -> String {
        match &self.path[..] {
            [data, kind, name] if **data == *DATA => format!("{DATA}.{}", Address::new(kind, name)),
            path => address(path).map_or_else(|| path.join("."), |address| address.to_string()),
        }
    }
}

/// The address that pairs of kinds and names spell.
fn address(path: &[Arc<str>]) -> Option<Address> {
    path.chunks(2).try_fold(None, |above: Option<Address>, pair| {
        let [kind, name] = pair else { return None };
        Some(Some(above.map_or_else(|| Address::new(kind, name), |above| above.child(kind, name))))
    })?
}

/// Everything that a directory declares.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) list: Vec<Declared>,
    /// The first declaration under each path.
    index: HashMap<Path, usize>,
}

/// Whether a block has an attribute.
pub(crate) fn has(body: &Body, name: &str) -> bool {
    body.attrs.iter().any(|attr| &*attr.name == name)
}

impl Names {
    /// What the files declare.
    pub(crate) fn of<'b>(bodies: impl Iterator<Item = &'b Body>) -> Self {
        let mut out = Self::default();
        for (file, body) in bodies.enumerate() {
            for block in &body.blocks {
                out.block(file, block);
            }
        }
        for (at, declared) in out.list.iter().enumerate() {
            out.index.entry(declared.path.clone()).or_insert(at);
        }
        out
    }

    fn block(&mut self, file: usize, block: &Block) {
        let Some(form) = blocks::top(&block.kind) else { return };
        if form.kind.is_some() {
            return self.resource(file, block, form, &[]);
        }
        let (path, form) = match (&*block.kind, &block.labels[..]) {
            ("locals", _) => {
                for attr in &block.body.attrs {
                    let whole = attr.name_span.to(attr.expr.span);
                    let path = vec![LOCAL.into(), attr.name.clone()];
                    let header = attr.name_span;
                    let (form, kind, label) = (None, None, header);
                    self.list.push(Declared { path, form, kind, file, label, header, whole, is_keyed: false });
                }
                return;
            }
            ("variable", [name, ..]) => (vec![VAR.into(), name.text.clone()], form),
            (OUTPUT | MODULE, [name, ..]) => (vec![form.word.into(), name.text.clone()], form),
            (DATA, [kind, name, ..]) => {
                let known = DATA_KINDS.iter().find(|(known, _)| known.word() == &*kind.text);
                (vec![DATA.into(), kind.text.clone(), name.text.clone()], known.map_or(form, |(_, form)| form))
            }
            _ => return,
        };
        self.add(file, block, form, path);
    }

    fn add(&mut self, file: usize, block: &Block, form: &'static Form, path: Path) {
        let Some(label) = block.labels.last() else { return };
        self.list.push(Declared {
            path,
            form: Some(form),
            kind: form.kind,
            file,
            label: label.span,
            header: block.header,
            whole: block.span,
            is_keyed: form.kind == Some(Kind::Folder) || has(&block.body, "for_each"),
        });
    }

    fn resource(&mut self, file: usize, block: &Block, form: &'static Form, above: &[Arc<str>]) {
        let Some(name) = block.labels.get(form.labels.len() - 1).filter(|label| !label.text.is_empty()) else { return };
        let path: Path = above.iter().cloned().chain([form.word.into(), name.text.clone()]).collect();
        self.add(file, block, form, path.clone());
        for child in &block.body.blocks {
            if let Some(inner) = form.block(&child.kind).filter(|inner| inner.kind.is_some()) {
                self.resource(file, child, inner, &path);
            }
        }
    }

    /// What has a path.
    pub(crate) fn get(&self, path: &[Arc<str>]) -> Option<&Declared> {
        self.index.get(path).map(|at| &self.list[*at])
    }

    /// What is declared directly below a path, of one kind: variables, connections, environments of a project.
    pub(crate) fn below<'n>(&'n self, above: &'n [Arc<str>], word: &'n str) -> impl Iterator<Item = &'n Declared> {
        self.list.iter().filter(move |declared| {
            let (path, length) = (&declared.path, above.len());
            path.len() == length + 2 && path[..length] == *above && *path[length] == *word
        })
    }

    /// What the steps of an expression lead to, one after the other: the number of the step that names it, and it. A step
    /// that nobody can know, such as a computed key, is `None`.
    pub(crate) fn resolve(&self, steps: &[Option<Arc<str>>]) -> Vec<(usize, &Declared)> {
        let mut found = Vec::new();
        let step = |at: usize| steps.get(at).and_then(Option::as_ref);
        let Some(root) = step(0) else { return found };
        let depth = if **root == *DATA { 3 } else { 2 };
        let Some(path) = (0..depth).map(|at| step(at).cloned()).collect::<Option<Path>>() else { return found };
        // Nothing in the directory itself reads an output.
        let Some(mut declared) = self.get(&path).filter(|_| **root != *OUTPUT) else { return found };
        let mut at = depth - 1;
        found.push((at, declared));
        let mut may_be_key = declared.is_keyed;
        while declared.kind.is_some() && at + 1 < steps.len() {
            let pair = [step(at + 1), step(at + 2)];
            let inner = match pair {
                [Some(kind), Some(name)] => {
                    let path: Path = declared.path.iter().chain([kind, name]).cloned().collect();
                    self.get(&path)
                }
                _ => None,
            };
            match inner {
                Some(inner) => {
                    at += 2;
                    found.push((at, inner));
                    declared = inner;
                    may_be_key = inner.is_keyed;
                }
                None if std::mem::take(&mut may_be_key) => at += 1,
                None => break,
            }
        }
        found
    }
}
