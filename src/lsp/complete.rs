//! What can be typed at a place: blocks, labels, attributes, words, references, functions.

use crate::config::blocks;
use crate::config::blocks::Form;
use crate::config::blocks::Ty;
use crate::config::labels;
use crate::lsp::cursor::Cursor;
use crate::lsp::cursor::Place;
use crate::lsp::cursor::Within;
use crate::lsp::docs;
use crate::lsp::inputs;
use crate::lsp::inputs::Context;
use crate::lsp::inputs::Input;
use crate::lsp::inputs::Takes;
use crate::lsp::names::Declared;
use crate::lsp::names::LOCAL;
use crate::lsp::names::OUTPUT;
use crate::lsp::names::VAR;
use crate::lsp::names::has;
use crate::lsp::workspace::Folder;
use crate::model::address::DATA;
use crate::model::address::MODULE;
use crate::model::address::is_identifier;
use crate::model::resource::Kind;
use crate::model::schema::Type;
use crate::plan::HazardKind;
use gen_lsp_types::CompletionItemKind;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What can be typed.
pub(crate) struct Proposal {
    /// What is listed, and matched with what is typed.
    pub(crate) label: String,
    pub(crate) kind: CompletionItemKind,
    /// A few words beside it.
    pub(crate) detail: String,
    /// What it is, as Markdown.
    pub(crate) doc: String,
    /// What is put in, if it is not the label: with places to fill in where editors know those, and without.
    pub(crate) insert: Option<Insert>,
    /// The smaller one comes first.
    pub(crate) rank: u8,
}

/// What is put in.
pub(crate) struct Insert {
    pub(crate) snippet: String,
    pub(crate) plain: String,
}

impl Proposal {
    fn new(label: impl Into<String>, kind: CompletionItemKind, rank: u8) -> Self {
        Self { label: label.into(), kind, detail: String::new(), doc: String::new(), insert: None, rank }
    }

    fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    fn doc(self, doc: impl Into<String>) -> Self {
        Self { doc: doc.into(), ..self }
    }

    fn insert(self, snippet: impl Into<String>, plain: impl Into<String>) -> Self {
        Self { insert: Some(Insert { snippet: snippet.into(), plain: plain.into() }), ..self }
    }
}

/// What can be typed at a place of a configuration's file.
pub(crate) fn at(cursor: &Cursor<'_>, context: &Context<'_>, folder: &Folder) -> Vec<Proposal> {
    let completion = Completion { cursor, context, folder };
    match &cursor.place {
        Place::Nothing => Vec::new(),
        Place::Item => completion.items(),
        Place::Label { word, before: 0, quoted } => completion.labels(word, *quoted),
        Place::Label { .. } => Vec::new(),
        Place::Value { attr, within, quoted, steps } => completion.values(attr, within, *quoted, steps),
    }
}

/// What can be typed in a file of values: the variables of the configuration.
pub(crate) fn values(set: &[&str], folder: &Folder) -> Vec<Proposal> {
    let variables = folder.names.below(&[], VAR).filter(|variable| !set.contains(&variable.name()));
    let proposal = |variable: &Declared| {
        let name = variable.name();
        Proposal::new(name, CompletionItemKind::Variable, 0).insert(format!("{name} = "), format!("{name} = "))
    };
    variables.map(proposal).collect()
}

struct Completion<'c, 's> {
    cursor: &'c Cursor<'c>,
    context: &'c Context<'s>,
    folder: &'c Folder,
}

impl<'s> Completion<'_, 's> {
    /// Attributes that are not set yet, those that must be first, and blocks.
    fn items(&self) -> Vec<Proposal> {
        let Some(block) = self.cursor.blocks.last() else {
            return blocks::TOP.iter().map(|form| self.block(form, 0)).collect();
        };
        let Some(form) = inputs::form(&self.cursor.blocks) else { return Vec::new() };
        let inputs = self.context.inputs(&self.cursor.blocks);
        let unset = inputs.iter().filter(|input| !has(&block.body, input.name));
        let is_taken = |inner: &Form| {
            inner.count == blocks::Count::One && block.body.blocks.iter().any(|child| &*child.kind == inner.word)
        };
        let inner = form.blocks().filter(|inner| !is_taken(inner));
        unset.map(attribute).chain(inner.map(|form| self.block(form, 2))).collect()
    }

    fn block(&self, form: &Form, rank: u8) -> Proposal {
        let places = form.labels.iter().enumerate();
        let labels: String = places.map(|(n, label)| format!(" \"${{{}:{label}}}\"", n + 1)).collect();
        let word = form.word;
        Proposal::new(word, CompletionItemKind::Struct, rank)
            .detail("block")
            .doc(docs::form(form))
            .insert(format!("{word}{labels} {{\n  $0\n}}"), word)
    }

    fn labels(&self, word: &str, quoted: bool) -> Vec<Proposal> {
        let schemas = self.context.schemas;
        let doc = |label: &str| match word {
            "app_connection" => schemas.apps.get(label).map(docs::app),
            "secret_sync" => schemas.destinations.get(label).map(docs::destination),
            _ => None,
        };
        let words = labels::words(word, schemas);
        let proposal =
            |label: &&str| text(label, quoted, CompletionItemKind::EnumMember, 0).doc(doc(label).unwrap_or_default());
        words.iter().map(proposal).collect()
    }

    fn values(&self, attr: &str, within: &[Within<'_>], quoted: bool, steps: &[Option<Arc<str>>]) -> Vec<Proposal> {
        if !steps.is_empty() {
            return self.next(steps, quoted);
        }
        let inputs = self.context.inputs(&self.cursor.blocks);
        let input = inputs.into_iter().find(|input| input.name == attr);
        let is_secret =
            input.as_ref().is_some_and(|input| matches!(input.takes, Takes::Secret | Takes::Ty(Ty::Secret)));
        let mut out = match expected(input.map(|input| input.takes), within) {
            Expected::Fields(fields) => {
                return fields.iter().map(|field| attribute(&inputs::of_table(field))).collect();
            }
            Expected::Keys(keys) => {
                return keys.iter().map(|key| attribute(&Input { name: key, ..of_place(key) })).collect();
            }
            Expected::Value(takes) => self.fitting(attr, &takes, quoted),
            Expected::Unknown => Vec::new(),
        };
        if !quoted {
            out.extend(self.roots(&out));
            let rank = |name: &str| if name.starts_with("secret_") == is_secret { 4 } else { 5 };
            out.extend(docs::functions().map(|function| {
                let name = function.name;
                Proposal::new(name, CompletionItemKind::Function, rank(name))
                    .detail(format!("({})", function.params))
                    .doc(docs::function(function))
                    .insert(format!("{name}($0)"), format!("{name}("))
            }));
        }
        out
    }

    /// Values that an attribute takes: words, truth values, references to what it refers to.
    fn fitting(&self, attr: &str, takes: &Takes<'s>, quoted: bool) -> Vec<Proposal> {
        let word = |word: &str| text(word, quoted, CompletionItemKind::EnumMember, 0);
        let mut out: Vec<Proposal> = takes.words().into_iter().map(word).collect();
        let refer = |kind: Kind| -> Vec<Proposal> { if quoted { Vec::new() } else { self.references(kind) } };
        let form = inputs::form(&self.cursor.blocks);
        match takes {
            Takes::Ty(Ty::Bool) | Takes::Field(Type::Bool) if !quoted => {
                out.extend(["true", "false"].map(|word| Proposal::new(word, CompletionItemKind::Keyword, 0)));
            }
            Takes::Ty(Ty::Ref(kind) | Ty::NameOf(kind)) => out.extend(refer(*kind)),
            Takes::Ty(Ty::Template) => out.extend(refer(Kind::KeySchema)),
            Takes::Ty(Ty::Environment) => {
                out.extend(self.slugs(Kind::Environment).iter().map(|slug| word(slug)));
                out.extend(refer(Kind::Environment));
            }
            Takes::Ty(Ty::Tags) => {
                out.extend(self.slugs(Kind::Tag).iter().map(|slug| word(slug)));
                out.extend(refer(Kind::Tag));
            }
            Takes::Ty(Ty::Roles) => out.extend(refer(Kind::ProjectRole)),
            Takes::Ty(Ty::Refs | Ty::Address) if !quoted => {
                out.extend(Kind::ALL.into_iter().flat_map(|kind| self.references(kind)));
            }
            Takes::Ty(Ty::Strings) if attr == "environments" => {
                out.extend(self.slugs(Kind::Environment).iter().map(|slug| word(slug)));
            }
            Takes::Ty(Ty::Strings) if attr == "allow" => {
                let allowable = HazardKind::ALL.into_iter().filter(|kind| kind.can_be_allowed());
                out.extend(allowable.map(|kind| word(kind.word())));
            }
            Takes::Ty(Ty::Strings) if attr == "ignore" => {
                let outer = inputs::form(&self.cursor.blocks[..self.cursor.blocks.len().saturating_sub(1)]);
                out.extend(outer.into_iter().flat_map(Form::attrs).map(|attr| word(attr.name)));
            }
            Takes::Ty(Ty::String) if attr == "match" && form.is_some_and(|form| form.word == "rule") => {
                out.extend(Kind::ALL.map(|kind| word(kind.word())));
            }
            _ => {}
        }
        out
    }

    /// The declarations of a kind, as references.
    fn references(&self, kind: Kind) -> Vec<Proposal> {
        let is_it = |declared: &&Declared| {
            declared.kind == Some(kind)
                || (declared.path.len() == 3 && *declared.path[0] == *DATA && *declared.path[1] == *kind.word())
        };
        let found = self.folder.names.list.iter().filter(is_it);
        found.map(|d| Proposal::new(d.shown(), CompletionItemKind::Reference, 1).detail(self.place_of(d))).collect()
    }

    /// What environments or tags are called, where that is written out.
    fn slugs(&self, kind: Kind) -> BTreeSet<String> {
        let found = self.folder.names.list.iter().filter(|declared| declared.kind == Some(kind));
        found
            .map(|declared| {
                let file = &self.folder.files[declared.file];
                let block = block_at(&file.body.blocks, declared.header.start);
                let slug = block.and_then(|block| file.literal(&block.body, "slug"));
                slug.unwrap_or(declared.name()).to_owned()
            })
            .collect()
    }

    /// The names that an expression can begin with, besides those that are listed already.
    fn roots(&self, listed: &[Proposal]) -> Vec<Proposal> {
        let listed: BTreeSet<&str> = listed.iter().map(|proposal| &*proposal.label).collect();
        let roots: BTreeSet<&str> = self.folder.names.list.iter().map(|declared| &*declared.path[0]).collect();
        let mut out: Vec<Proposal> = roots
            .into_iter()
            .filter(|root| *root != OUTPUT && !listed.contains(root))
            .map(|root| Proposal::new(root, CompletionItemKind::Module, 3))
            .collect();
        for root in [VAR, LOCAL] {
            out.extend(self.folder.names.below(&[], root).map(|declared| {
                Proposal::new(declared.shown(), CompletionItemKind::Variable, 2).detail(self.place_of(declared))
            }));
        }
        if self.cursor.blocks.iter().any(|block| has(&block.body, "for_each")) {
            out.extend(["each.key", "each.value"].map(|name| Proposal::new(name, CompletionItemKind::Variable, 1)));
        }
        if self.cursor.blocks.first().is_some_and(|block| &*block.kind == "rule") {
            out.push(Proposal::new("self", CompletionItemKind::Variable, 1));
        }
        out
    }

    /// What can follow some names.
    fn next(&self, steps: &[Option<Arc<str>>], quoted: bool) -> Vec<Proposal> {
        let names = &self.folder.names;
        let Some(Some(root)) = steps.first() else { return Vec::new() };
        let below = |above: &[Arc<str>], word: &str| -> Vec<Proposal> {
            let found = names.below(above, word).filter(|declared| quoted || is_identifier(declared.name()));
            found.map(|d| Proposal::new(d.name(), CompletionItemKind::Reference, 0).detail(self.place_of(d))).collect()
        };
        let plain = |name: &str| Proposal::new(name, CompletionItemKind::Field, 1);
        match (&**root, steps) {
            ("each", [_]) => return ["key", "value"].map(plain).into(),
            ("self", [_]) => return self.of_rule(),
            (DATA, [_]) => {
                let kinds: BTreeSet<&str> =
                    names.list.iter().filter(|d| *d.path[0] == *DATA).map(|d| &*d.path[1]).collect();
                return kinds.into_iter().map(plain).collect();
            }
            (DATA, [_, Some(kind)]) => {
                let found =
                    names.list.iter().filter(|d| d.path.len() == 3 && d.path[1] == *kind && *d.path[0] == *DATA);
                return found.map(|d| Proposal::new(d.name(), CompletionItemKind::Reference, 0)).collect();
            }
            (_, [_]) => return below(&[], root),
            _ => {}
        }
        let resolved = names.resolve(steps);
        let Some((at, declared)) = resolved.last() else { return Vec::new() };
        let rest = &steps[at + 1..];
        if *declared.path[0] == *MODULE {
            return if rest.len() <= usize::from(declared.is_keyed) { self.outputs(declared) } else { Vec::new() };
        }
        let Some(form) =
            declared.form.filter(|form| declared.kind.is_some() || *declared.path[0] == *DATA && form.word == DATA)
        else {
            return Vec::new();
        };
        match rest {
            // The kind of something nested in it: `project.payments.environment.`
            [Some(kind)] if form.block(kind).is_some_and(|inner| inner.kind.is_some()) => below(&declared.path, kind),
            [] => self.steps_of(declared, form),
            [_] if declared.is_keyed => self.steps_of(declared, form),
            _ => Vec::new(),
        }
    }

    /// Attributes of a declaration that can be read, and kinds of what is nested in it.
    fn steps_of(&self, declared: &Declared, form: &'static Form) -> Vec<Proposal> {
        let attrs = form.attrs().filter(|attr| !matches!(attr.name, "for_each" | "depends_on" | "allow"));
        let attrs = attrs.map(|attr| {
            let doc = docs::input(&inputs::of_table(attr));
            Proposal::new(attr.name, CompletionItemKind::Field, 1).doc(doc)
        });
        let inner = form.blocks().filter(|inner| inner.kind.is_some());
        let inner = inner.filter(|inner| self.folder.names.below(&declared.path, inner.word).next().is_some());
        attrs.chain(inner.map(|inner| Proposal::new(inner.word, CompletionItemKind::Module, 0))).collect()
    }

    /// What a module gives.
    fn outputs(&self, declared: &Declared) -> Vec<Proposal> {
        let folder = self.context.modules.get(declared.name());
        let outputs = folder.into_iter().flat_map(|folder| folder.names.below(&[], OUTPUT));
        outputs.map(|output| Proposal::new(output.name(), CompletionItemKind::Field, 0)).collect()
    }

    /// What a rule can ask of a resource.
    fn of_rule(&self) -> Vec<Proposal> {
        let block = self.cursor.blocks.first();
        let kind = block.and_then(|block| self.context.file.literal(&block.body, "match"));
        let form = kind.and_then(blocks::top);
        let attrs = form.into_iter().flat_map(Form::attrs).map(|attr| attr.name);
        let inner =
            form.into_iter().flat_map(Form::blocks).filter(|inner| inner.kind.is_none()).map(|inner| inner.word);
        let names = attrs.chain(inner).chain(["labels", "address"]);
        names.map(|name| Proposal::new(name, CompletionItemKind::Field, 0)).collect()
    }

    fn place_of(&self, declared: &Declared) -> String {
        let file = &self.folder.files[declared.file];
        file.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }
}

/// The block whose header begins at a byte.
pub(crate) fn block_at(blocks: &[crate::lang::ast::Block], start: u32) -> Option<&crate::lang::ast::Block> {
    blocks.iter().find_map(|block| match block.header.start == start {
        true => Some(block),
        false => block_at(&block.body.blocks, start),
    })
}

fn attribute(input: &Input<'_>) -> Proposal {
    let rank = if input.is_needed { 0 } else { 1 };
    let (name, words) = (input.name, input.takes.words());
    let value = match words.is_empty() {
        true => "$0".to_owned(),
        false => "\"$0\"".to_owned(),
    };
    Proposal::new(name, CompletionItemKind::Property, rank)
        .detail(if input.is_needed { "required" } else { "" })
        .doc(docs::input(input))
        .insert(format!("{name} = {value}"), format!("{name} = "))
}

/// A field of the place that an import takes its secrets from.
fn of_place(name: &str) -> Input<'_> {
    let doc = "Of the folder whose secrets are seen as well.";
    Input { name, takes: Takes::Ty(Ty::String), is_needed: name == "environment", doc, default: None }
}

/// A word, in quotes unless it is within some.
fn text(word: &str, quoted: bool, kind: CompletionItemKind, rank: u8) -> Proposal {
    match quoted {
        true => Proposal::new(word, kind, rank),
        false => Proposal::new(format!("\"{word}\""), kind, rank),
    }
}

/// What is expected within some brackets of a value.
enum Expected<'s> {
    /// The name of a field of an object of the table.
    Fields(&'static [blocks::Attribute]),
    /// The name of one of these.
    Keys(&'static [&'static str]),
    /// A value.
    Value(Takes<'s>),
    Unknown,
}

fn expected<'s>(takes: Option<Takes<'s>>, within: &[Within<'_>]) -> Expected<'s> {
    let Some(takes) = takes else { return Expected::Unknown };
    match (takes, within) {
        (takes, []) => Expected::Value(takes),
        (Takes::Ty(Ty::Place), [Within::Object(None)]) => Expected::Keys(&["environment", "path"]),
        (Takes::Ty(Ty::Place), [Within::Object(Some("environment"))]) => Expected::Value(Takes::Ty(Ty::Environment)),
        (Takes::Ty(Ty::Roles), [Within::List, Within::Object(None)]) => Expected::Keys(&["role", "range", "start"]),
        (Takes::Ty(Ty::Objects(fields)), [Within::List, Within::Object(None)]) => Expected::Fields(fields),
        (Takes::Ty(Ty::Objects(fields)), [Within::List, Within::Object(Some(key)), rest @ ..]) => {
            let field = fields.iter().find(|field| field.name == *key);
            expected(field.map(|field| Takes::Ty(field.ty)), rest)
        }
        (Takes::Ty(ty @ (Ty::Strings | Ty::Tags | Ty::Refs | Ty::Roles)), [Within::List]) => {
            Expected::Value(Takes::Ty(ty))
        }
        (Takes::Field(Type::List(inner)), [Within::List, rest @ ..]) => expected(Some(Takes::Field(inner)), rest),
        _ => Expected::Unknown,
    }
}
