//! What a block takes: the table of blocks, what a label leaves of it, and what providers, ways to log in and modules
//! declare. Completion offers it and hover explains it.

use crate::config::blocks;
use crate::config::blocks::Attribute;
use crate::config::blocks::Form;
use crate::config::blocks::Open;
use crate::config::blocks::Ty;
use crate::config::blocks::reuse::DATA_KINDS;
use crate::config::labels;
use crate::config::reference;
use crate::lang::ast::Block;
use crate::lsp::names::VAR;
use crate::lsp::names::has;
use crate::lsp::workspace::File;
use crate::lsp::workspace::Folder;
use crate::model::address::DATA;
use crate::model::login;
use crate::model::schema::Destination;
use crate::model::schema::Field;
use crate::model::schema::Schemas;
use crate::model::schema::Type;
use crate::provider::reference as manifests;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

/// An attribute that a block takes.
pub(crate) struct Input<'s> {
    pub(crate) name: &'s str,
    pub(crate) takes: Takes<'s>,
    pub(crate) is_needed: bool,
    pub(crate) doc: &'s str,
    /// Its default, as it would be written.
    pub(crate) default: Option<String>,
}

/// What an attribute takes.
#[derive(Clone)]
pub(crate) enum Takes<'s> {
    /// What the table of blocks says.
    Ty(Ty),
    /// What a manifest says.
    Field(&'s Type),
    /// A secret source.
    Secret,
    /// One of some words.
    Words(Vec<&'s str>),
}

impl Takes<'_> {
    /// In words.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Ty(ty) => reference::takes(*ty),
            Self::Field(ty) => manifests::takes(ty),
            Self::Secret => reference::takes(Ty::Secret),
            Self::Words(words) => words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", "),
        }
    }

    /// The words that it is one of.
    pub(crate) fn words(&self) -> Vec<&str> {
        match self {
            Self::Ty(Ty::OneOf(words)) => words.to_vec(),
            Self::Field(Type::OneOf(words)) => words.iter().map(|word| &**word).collect(),
            Self::Words(words) => words.clone(),
            _ => Vec::new(),
        }
    }
}

/// Directories that are called, by the names of the calls.
pub(crate) type Modules = BTreeMap<Arc<str>, Rc<Folder>>;

/// Where blocks stand, and what is known there.
pub(crate) struct Context<'s> {
    pub(crate) file: &'s File,
    pub(crate) schemas: &'s Schemas,
    /// The modules that are called there, by their names.
    pub(crate) modules: &'s Modules,
}

/// What the innermost of some blocks may hold; `None` if nobody knows.
pub(crate) fn form(blocks: &[&Block]) -> Option<&'static Form> {
    let (first, inner) = blocks.split_first()?;
    let top = match &*first.kind {
        DATA => data(first).or_else(|| blocks::top(DATA)),
        word => blocks::top(word),
    };
    inner.iter().try_fold(top?, |form, block| form.block(&block.kind))
}

fn data(block: &Block) -> Option<&'static Form> {
    let kind = block.labels.first()?;
    DATA_KINDS.iter().find(|(known, _)| known.word() == &*kind.text).map(|(_, form)| *form)
}

/// The first label of a block.
fn label(block: &Block) -> &str {
    block.labels.first().map_or("", |label| &label.text)
}

impl<'s> Context<'s> {
    /// Everything that the innermost of some blocks takes, in the order of the tables.
    pub(crate) fn inputs(&self, blocks: &[&Block]) -> Vec<Input<'s>> {
        let (Some(form), Some(block)) = (form(blocks), blocks.last()) else { return Vec::new() };
        let nested = blocks.len() > 1;
        let own = form.attrs().filter(|attr| !(nested && form.kind.is_some() && attr.name == "project"));
        let mut out: Vec<Input<'s>> = own
            .filter_map(|attr| {
                let is_needed = labels::needs(form.word, label(block), attr.name, attr.required)?;
                Some(Input { is_needed, ..of_table(attr) })
            })
            .collect();
        match form.open {
            Open::No | Open::Names => {}
            Open::Inputs => out.extend(self.variables(label(block))),
            Open::Login => {
                let word = label(block);
                let method: Option<&'static login::Method> = login::METHODS.iter().find(|method| *method.word == *word);
                out.extend(method.into_iter().flat_map(|method| method.fields).map(of_login));
            }
            Open::Connection => self.connection(&mut out, block),
            Open::Destination | Open::Options => {
                let sync = blocks.len().checked_sub(2).map_or("", |at| label(blocks[at]));
                if let Some(to) = self.schemas.destinations.get(sync) {
                    match form.open {
                        Open::Options => out.extend(to.options.iter().map(of_field)),
                        _ => self.destination(&mut out, block, to),
                    }
                }
            }
        }
        out
    }

    fn variables(&self, module: &str) -> impl Iterator<Item = Input<'s>> {
        let folder = self.modules.get(module);
        let variables = folder.into_iter().flat_map(|folder| folder.names.below(&[], VAR).map(move |v| (folder, v)));
        variables.map(|(folder, variable)| {
            let file = &folder.files[variable.file];
            let block = file.body.blocks.iter().find(|block| block.header == variable.header);
            let doc =
                block.and_then(|block| file.literal(&block.body, "description")).unwrap_or("A variable of the module.");
            let is_needed = block.is_some_and(|block| !has(&block.body, "default"));
            Input { name: variable.name(), takes: Takes::Ty(Ty::Any), is_needed, doc, default: None }
        })
    }

    fn connection(&self, out: &mut Vec<Input<'s>>, block: &Block) {
        let Some(app) = self.schemas.apps.get(label(block)) else { return };
        let declarable = || app.methods.iter().filter(|(_, method)| !method.browser_only);
        let is_choice = declarable().count() > 1;
        if let Some(method) = out.iter_mut().find(|input| input.name == "method") {
            method.takes = Takes::Words(declarable().map(|(name, _)| &**name).collect());
            method.is_needed = is_choice;
        }
        let written = self.file.literal(&block.body, "method");
        let chosen: Vec<_> = match written.and_then(|name| app.methods.get_key_value(name)) {
            Some(method) => vec![method],
            None => declarable().collect(),
        };
        let inputs = chosen.iter().flat_map(|(_, method)| method.inputs());
        merged(out, inputs.map(of_field), chosen.len() == 1);
    }

    fn destination(&self, out: &mut Vec<Input<'s>>, block: &Block, to: &'s Destination) {
        let Some(selector) = to.selector.as_deref() else {
            out.extend(to.variants.values().flat_map(|variant| &variant.fields).map(of_field));
            return;
        };
        let words: Vec<&str> = to.variants.keys().map(|name| &**name).collect();
        let is_needed = words.len() > 1;
        out.push(Input {
            name: selector,
            takes: Takes::Words(words),
            is_needed,
            doc: "Which kind of place it is.",
            default: None,
        });
        let chosen: Vec<_> = match self.file.literal(&block.body, selector).and_then(|name| to.variants.get(name)) {
            Some(variant) => vec![variant],
            None => to.variants.values().collect(),
        };
        merged(out, chosen.iter().flat_map(|variant| &variant.fields).map(of_field), chosen.len() == 1);
    }
}

/// Adds inputs, each once; none is needed where there is a choice.
fn merged<'s>(out: &mut Vec<Input<'s>>, inputs: impl Iterator<Item = Input<'s>>, is_chosen: bool) {
    let mut seen: BTreeSet<&str> = out.iter().map(|input| input.name).collect();
    for input in inputs {
        if seen.insert(input.name) {
            let is_needed = input.is_needed && is_chosen;
            out.push(Input { is_needed, ..input });
        }
    }
}

/// A row of the table of blocks.
pub(crate) fn of_table<'s>(attr: &'static Attribute) -> Input<'s> {
    Input { name: attr.name, takes: Takes::Ty(attr.ty), is_needed: attr.required, doc: attr.doc, default: None }
}

fn of_field(field: &Field) -> Input<'_> {
    Input {
        name: &field.name,
        takes: if field.sensitive { Takes::Secret } else { Takes::Field(&field.ty) },
        is_needed: field.required && field.default.is_none(),
        doc: &field.doc,
        default: field.default.as_ref().map(manifests::shown),
    }
}

fn of_login<'s>(field: &'static login::Field) -> Input<'s> {
    let takes = if field.secret { Takes::Secret } else { Takes::Ty(Ty::String) };
    Input { name: field.name, takes, is_needed: field.required, doc: field.doc, default: None }
}
