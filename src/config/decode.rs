//! Bodies → declarations, by the table of [`blocks`](crate::config::blocks): every word, label and
//! attribute is checked here, once for each block, before anything is evaluated.

use crate::config::blocks;
use crate::config::blocks::Count;
use crate::config::blocks::Form;
use crate::config::blocks::Open;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::lang::ast::Attr;
use crate::lang::ast::Block;
use crate::lang::ast::Body;
use crate::lang::ast::Expr;
use crate::model::address::Address;
use crate::model::resource::Kind;
use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// A resource block.
pub(crate) struct Decl<'a> {
    /// What it declares.
    pub(crate) kind: Kind,
    /// What it may hold.
    pub(crate) form: &'static Form,
    /// The first label where a kind has two.
    pub(crate) slug: Arc<str>,
    /// The last label.
    pub(crate) name: Arc<str>,
    /// Where the last label stands.
    pub(crate) name_span: Span,
    /// The block.
    pub(crate) block: &'a Block,
    /// The project that it is nested in.
    pub(crate) parent: Option<usize>,
    /// What is nested in it.
    pub(crate) children: Vec<usize>,
}

/// Everything that the files declare.
#[derive(Default)]
pub(crate) struct Declared<'a> {
    pub(crate) resources: Vec<Decl<'a>>,
    pub(crate) variables: Vec<&'a Block>,
    pub(crate) locals: Vec<&'a Attr>,
    pub(crate) outputs: Vec<&'a Block>,
    pub(crate) moved: Vec<&'a Block>,
    pub(crate) removed: Vec<&'a Block>,
    pub(crate) keyform: Option<&'a Block>,
    pub(crate) backend: Option<&'a Block>,
    pub(crate) guard: Option<&'a Block>,
}

/// The expression of an attribute.
pub(crate) fn expr<'a>(body: &'a Body, name: &str) -> Option<&'a Expr> {
    body.attrs.iter().find(|attr| &*attr.name == name).map(|attr| &attr.expr)
}

/// Goes through the bodies of all files.
pub(crate) fn collect<'a>(acc: &mut Diagnostics, bodies: &'a [Body]) -> Declared<'a> {
    let mut out = Declared::default();
    let mut seen = HashMap::new();
    for body in bodies {
        for attr in &body.attrs {
            acc.push(
                Diagnostic::error(&codes::UNEXPECTED, format!("`{}` is set outside of any block.", attr.name))
                    .at(attr.name_span, "")
                    .help("values of variables are set in *.vars.hcl files, names for expressions in `locals`"),
            );
        }
        for block in &body.blocks {
            top(acc, &mut out, &mut seen, block);
        }
    }
    out
}

/// Names that are taken, with the place that took them.
type Seen = HashMap<(Option<usize>, &'static str, Arc<str>), Span>;

fn top<'a>(acc: &mut Diagnostics, out: &mut Declared<'a>, seen: &mut Seen, block: &'a Block) {
    let word = &*block.kind;
    if blocks::LATER.contains(&word) {
        acc.push(
            Diagnostic::error(&codes::NOT_SUPPORTED, format!("`{word}` blocks are not supported by this version."))
                .at(block.header, "not supported yet"),
        );
        return;
    }
    let Some(form) = blocks::top(word) else {
        let nested = blocks::TOP.iter().find(|form| form.block(word).is_some());
        let d = Diagnostic::error(&codes::UNEXPECTED, format!("There is no block `{word}`.")).at(block.header, "");
        acc.push(match nested {
            Some(form) => d.help(format!("`{word}` stands inside of a `{}` block", form.word)),
            None => d.did_you_mean(word, blocks::TOP.iter().map(|form| form.word)),
        });
        return;
    };
    if form.kind.is_some() {
        resource(acc, out, seen, form, block, None);
        return;
    }
    if !check(acc, form, block, false) {
        return;
    }
    let single = match word {
        "keyform" => &mut out.keyform,
        "backend" => &mut out.backend,
        "guard" => &mut out.guard,
        "moved" => return out.moved.push(block),
        "removed" => return out.removed.push(block),
        "variable" | "output" => {
            let label = block.labels[0].text.clone();
            if taken(acc, seen, (None, form.word, label), block.header) {
                return;
            }
            if word == "variable" {
                out.variables.push(block)
            } else {
                out.outputs.push(block)
            }
            return;
        }
        _ => {
            locals(acc, out, seen, block);
            return;
        }
    };
    if let Some(first) = single {
        acc.push(twice(format!("There can be only one `{word}` block."), block, first));
    } else {
        *single = Some(block);
    }
}

fn locals<'a>(acc: &mut Diagnostics, out: &mut Declared<'a>, seen: &mut Seen, block: &'a Block) {
    for attr in &block.body.attrs {
        if !taken(acc, seen, (None, "local", attr.name.clone()), attr.name_span) {
            out.locals.push(attr);
        }
    }
}

fn resource<'a>(
    acc: &mut Diagnostics,
    out: &mut Declared<'a>,
    seen: &mut Seen,
    form: &'static Form,
    block: &'a Block,
    parent: Option<usize>,
) {
    let Some(kind) = form.kind else { return };
    if !check(acc, form, block, parent.is_some()) {
        return;
    }
    let Some(label) = block.labels.last() else { return };
    if taken(acc, seen, (parent, form.word, label.text.clone()), block.header) {
        return;
    }
    let slug = if form.labels.len() == 2 { block.labels[0].text.clone() } else { Arc::default() };
    let index = out.resources.len();
    out.resources.push(Decl {
        kind,
        form,
        slug,
        name: label.text.clone(),
        name_span: label.span,
        block,
        parent,
        children: Vec::new(),
    });
    for child in &block.body.blocks {
        if let Some(form) = form.block(&child.kind).filter(|form| form.kind.is_some()) {
            let next = out.resources.len();
            resource(acc, out, seen, form, child, Some(index));
            if out.resources.len() > next {
                out.resources[index].children.push(next);
            }
        }
    }
}

/// Whether a name is taken already; if so it is reported.
fn taken(acc: &mut Diagnostics, seen: &mut Seen, key: (Option<usize>, &'static str, Arc<str>), span: Span) -> bool {
    let name = Address::new(key.1, &key.2);
    match seen.entry(key) {
        Entry::Occupied(first) => {
            acc.push(
                Diagnostic::error(&codes::DECLARED_TWICE, format!("`{name}` is declared twice."))
                    .at(span, "again here")
                    .at(*first.get(), "first here")
                    .help("give one of them another name"),
            );
            true
        }
        Entry::Vacant(free) => {
            free.insert(span);
            false
        }
    }
}

fn twice(detail: String, second: &Block, first: &Block) -> Diagnostic {
    Diagnostic::error(&codes::DECLARED_TWICE, detail).at(second.header, "second one").at(first.header, "first one")
}

/// Checks labels, names of attributes and blocks, and what is missing. `false` if the labels are wrong, so
/// that nothing can be made of the block.
fn check(acc: &mut Diagnostics, form: &'static Form, block: &Block, nested: bool) -> bool {
    let good = labels(acc, form, block);
    for attr in &block.body.attrs {
        attribute(acc, form, attr, nested);
    }
    let set: HashSet<&str> = block.body.attrs.iter().map(|attr| &*attr.name).collect();
    for attr in form.attrs().filter(|attr| attr.required && !set.contains(attr.name)) {
        if !(nested && attr.name == "project") {
            acc.push(missing(form, block, attr.name));
        }
    }
    let mut singles: HashMap<&str, &Block> = HashMap::new();
    for child in &block.body.blocks {
        let Some(inner) = form.block(&child.kind) else {
            acc.push(unknown_block(form, child));
            continue;
        };
        if inner.count == Count::One
            && let Some(first) = singles.insert(inner.word, child)
        {
            acc.push(twice(format!("There can be only one `{}` block here.", inner.word), child, first));
        }
        // Nested resources are checked when they are collected.
        if inner.kind.is_none() {
            check(acc, inner, child, false);
        }
    }
    good
}

fn missing(form: &Form, block: &Block, name: &str) -> Diagnostic {
    Diagnostic::error(&codes::REQUIRED, format!("This `{}` block needs the attribute `{name}`.", form.word))
        .at(block.header, format!("`{name}` is not set"))
}

fn attribute(acc: &mut Diagnostics, form: &Form, attr: &Attr, nested: bool) {
    let name = &*attr.name;
    if form.attr(name).is_some() {
        if nested && name == "project" {
            acc.push(
                Diagnostic::error(&codes::UNEXPECTED, "A block nested in a project belongs to it.")
                    .at(attr.name_span, "")
                    .help("remove `project`, or move the block out"),
            );
        }
        return;
    }
    if form.open != Open::No && form.block(name).is_none() {
        return;
    }
    let d = Diagnostic::error(
        &codes::UNEXPECTED,
        format!("{} `{}` block has no attribute `{name}`.", article(form.word), form.word),
    )
    .at(attr.name_span, "");
    acc.push(if form.block(name).is_some() {
        d.help(format!("`{name}` is a block: write `{name} {{ … }}`, without the equals sign"))
    } else if blocks::COMPUTED.contains(&name) {
        d.help("ids and timestamps are made by the backend; they can't be declared")
    } else {
        d.did_you_mean(name, form.attrs().map(|attr| attr.name))
    });
}

fn unknown_block(form: &Form, child: &Block) -> Diagnostic {
    let word = &*child.kind;
    let d = Diagnostic::error(
        &codes::UNEXPECTED,
        format!("{} `{}` block has no block `{word}`.", article(form.word), form.word),
    )
    .at(child.header, "");
    if form.attr(word).is_some() {
        d.help(format!("`{word}` is an attribute: write `{word} = …`"))
    } else if blocks::top(word).is_some() {
        d.help(format!("`{word}` blocks stand at the top of a file"))
    } else {
        d.did_you_mean(word, form.blocks().map(|form| form.word))
    }
}

fn labels(acc: &mut Diagnostics, form: &Form, block: &Block) -> bool {
    let wanted: String = form.labels.iter().map(|label| format!(" \"<{label}>\"")).collect();
    let help = format!("it is written `{}{wanted} {{ … }}`", form.word);
    let word = form.word;
    if let Some(extra) = block.labels.get(form.labels.len()) {
        let detail = match form.labels.len() {
            0 => format!("{} `{word}` block has no label.", article(word)),
            1 => format!("{} `{word}` block has one label.", article(word)),
            _ => format!("{} `{word}` block has two labels.", article(word)),
        };
        acc.push(Diagnostic::error(&codes::UNEXPECTED, detail).at(extra.span, "one too many").help(help));
        return false;
    }
    if let Some(missing) = form.labels.get(block.labels.len()) {
        let detail = format!("{} `{word}` block needs the label <{missing}>.", article(word));
        acc.push(Diagnostic::error(&codes::REQUIRED, detail).at(block.header, "").help(help));
        return false;
    }
    if let Some(empty) = block.labels.iter().find(|label| label.text.is_empty()) {
        acc.push(Diagnostic::error(&codes::BAD_NAME, "A label can't be empty.").at(empty.span, ""));
        return false;
    }
    true
}

/// The article of a word at the start of a sentence.
pub(crate) fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "An" } else { "A" }
}
