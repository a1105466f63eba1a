//! Bodies → declarations, by the table of [`blocks`](crate::config::blocks): every word, label and
//! attribute is checked here, once for each block, before anything is evaluated. A module is decoded for
//! each block that calls it.

use crate::config::blocks;
use crate::config::blocks::Count;
use crate::config::blocks::Form;
use crate::config::blocks::Open;
use crate::config::blocks::reuse::DATA_KINDS;
use crate::config::load::Files;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::lang::ast::Attr;
use crate::lang::ast::Block;
use crate::lang::ast::Body;
use crate::lang::ast::Expr;
use crate::model::address::Address;
use crate::model::address::DATA;
use crate::model::address::MODULE;
use crate::model::resource::Kind;
use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::hash_map::Entry;
use std::path::Path;
use std::sync::Arc;

/// A resource block.
pub(crate) struct Decl<'a> {
    /// The module that it is in.
    pub(crate) module: usize,
    /// What it declares, or looks up.
    pub(crate) kind: Kind,
    /// What its address begins with: the kind, or `data` and the kind.
    pub(crate) word: &'static str,
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
pub(crate) struct Declared<'a> {
    pub(crate) resources: Vec<Decl<'a>>,
    /// The configuration itself, then what it calls.
    pub(crate) modules: Vec<Module<'a>>,
    pub(crate) imports: Vec<&'a Block>,
    pub(crate) keyform: Option<&'a Block>,
    pub(crate) backend: Option<&'a Block>,
    pub(crate) guard: Option<&'a Block>,
    pub(crate) rules: Vec<&'a Block>,
    pub(crate) notify: Vec<&'a Block>,
}

/// A module, as one block calls it; the first one is the configuration, which nothing calls.
pub(crate) struct Module<'a> {
    /// The block that calls it, and the module that this stands in.
    pub(crate) call: Option<(usize, &'a Block)>,
    /// Its directory.
    pub(crate) dir: &'a Path,
    pub(crate) variables: Vec<&'a Block>,
    pub(crate) locals: Vec<&'a Attr>,
    pub(crate) outputs: Vec<&'a Block>,
    pub(crate) moved: Vec<&'a Block>,
    pub(crate) removed: Vec<&'a Block>,
}

impl<'a> Module<'a> {
    fn new(call: Option<(usize, &'a Block)>, dir: &'a Path) -> Self {
        let (variables, locals, outputs) = (Vec::new(), Vec::new(), Vec::new());
        Self { call, dir, variables, locals, outputs, moved: Vec::new(), removed: Vec::new() }
    }

    /// The name that it is called by.
    pub(crate) fn name(&self) -> Option<&'a Arc<str>> {
        Some(&self.call?.1.labels.first()?.text)
    }
}

impl<'a> Declared<'a> {
    /// The configuration itself.
    pub(crate) fn root(&self) -> &Module<'a> {
        &self.modules[0]
    }

    /// Where the module of an index is called from, the innermost block first.
    pub(crate) fn calls(&self, module: usize) -> impl Iterator<Item = &'a Block> {
        let first = self.modules[module].call;
        std::iter::successors(first, |(above, _)| self.modules[*above].call).map(|(_, block)| block)
    }
}

/// The attributes of a `module` block that are no inputs.
pub(crate) const OF_CALLS: &[&str] = &["source", "for_each", "depends_on"];

/// The expression of an attribute.
pub(crate) fn expr<'a>(body: &'a Body, name: &str) -> Option<&'a Expr> {
    body.attrs.iter().find(|attr| &*attr.name == name).map(|attr| &attr.expr)
}

/// Goes through the bodies of all files.
pub(crate) fn collect<'a>(acc: &mut Diagnostics, files: &'a Files, dir: &'a Path) -> Declared<'a> {
    let mut out = Declared {
        resources: Vec::new(),
        modules: vec![Module::new(None, dir)],
        imports: Vec::new(),
        keyform: None,
        backend: None,
        guard: None,
        rules: Vec::new(),
        notify: Vec::new(),
    };
    module(acc, &mut out, files, &files.bodies, 0);
    out
}

/// Goes through the files of one module, and of what it calls.
fn module<'a>(acc: &mut Diagnostics, out: &mut Declared<'a>, files: &'a Files, bodies: &'a [Body], module: usize) {
    let mut seen = HashMap::new();
    let mut calls = Vec::new();
    for body in bodies {
        for attr in &body.attrs {
            acc.push(
                Diagnostic::error(&codes::UNEXPECTED, format!("`{}` is set outside of any block.", attr.name))
                    .at(attr.name_span, "")
                    .help("values of variables are set in *.vars.hcl files, names for expressions in `locals`"),
            );
        }
        for block in &body.blocks {
            let mut reader = Reader { acc, out, seen: &mut seen, module, calls: &mut calls };
            reader.top(block);
        }
    }
    for block in calls {
        let Some(called) = files.calls.get(&block.header).map(|number| &files.modules[*number]) else { continue };
        let mut found = Diagnostics::new();
        let next = out.modules.len();
        out.modules.push(Module::new(Some((module, block)), &called.dir));
        self::module(&mut found, out, files, &called.bodies, next);
        for d in found {
            acc.push(d.at(block.header, CALLED));
        }
        inputs(acc, &out.modules[next], block);
    }
}

/// What a label says of the block that calls a module.
pub(crate) const CALLED: &str = "called from here";

/// Checks the inputs of a call against the module's variables.
fn inputs(acc: &mut Diagnostics, module: &Module<'_>, block: &Block) {
    let names: Vec<&str> = module.variables.iter().map(|variable| &*variable.labels[0].text).collect();
    for attr in &block.body.attrs {
        if !OF_CALLS.contains(&&*attr.name) && !names.contains(&&*attr.name) {
            let detail = format!("`{}` has no variable `{}`.", module.dir.display(), attr.name);
            let d = Diagnostic::error(&codes::MODULE_INPUT, detail).at(attr.name_span, "");
            let known = names.iter().copied().chain(OF_CALLS.iter().copied());
            acc.push(d.did_you_mean(&attr.name, known));
        }
    }
    for variable in &module.variables {
        let name = &*variable.labels[0].text;
        let is_set = has(block, name) || has(variable, "default");
        if !is_set && !OF_CALLS.contains(&name) {
            let detail = format!("This call needs `{name}`.");
            let d = Diagnostic::error(&codes::MODULE_INPUT, detail).at(block.header, format!("`{name}` is not set"));
            acc.push(d.at(variable.header, "has no default"));
        }
    }
}

fn has(block: &Block, name: &str) -> bool {
    expr(&block.body, name).is_some()
}

/// Names that are taken, with the place that took them.
type Seen = HashMap<(Option<usize>, &'static str, Arc<str>), Span>;

/// What goes through the blocks of one module.
struct Reader<'r, 'a> {
    acc: &'r mut Diagnostics,
    out: &'r mut Declared<'a>,
    seen: &'r mut Seen,
    module: usize,
    calls: &'r mut Vec<&'a Block>,
}

impl<'a> Reader<'_, 'a> {
    fn top(&mut self, block: &'a Block) {
        let word = &*block.kind;
        let Some(form) = blocks::top(word) else {
            let nested = blocks::TOP.iter().find(|form| form.block(word).is_some());
            let d = Diagnostic::error(&codes::UNEXPECTED, format!("There is no block `{word}`.")).at(block.header, "");
            self.acc.push(match nested {
                Some(form) => d.help(format!("`{word}` stands inside of a `{}` block", form.word)),
                None => d.did_you_mean(word, blocks::TOP.iter().map(|form| form.word)),
            });
            return;
        };
        if form.kind.is_some() {
            self.resource(form, block, None);
            return;
        }
        if word == DATA {
            self.data(form, block);
            return;
        }
        if !check(self.acc, form, block, false) {
            return;
        }
        let module = &mut self.out.modules[self.module];
        match word {
            "moved" => module.moved.push(block),
            "removed" => module.removed.push(block),
            "variable" | "output" | MODULE => {
                let label = &block.labels[0];
                if taken(self.acc, self.seen, (None, form.word, label.text.clone()), block.header) {
                    return;
                }
                match word {
                    "variable" if self.module > 0 && OF_CALLS.contains(&&*label.text) => {
                        let detail = format!("`{}` can't be a variable of a module: calls use the name.", label.text);
                        self.acc.push(Diagnostic::error(&codes::BAD_NAME, detail).at(label.span, ""));
                    }
                    "variable" => module.variables.push(block),
                    "output" => module.outputs.push(block),
                    _ => self.calls.push(block),
                }
            }
            "locals" => self.locals(block),
            _ => self.of_root(block),
        }
    }

    /// The blocks of the configuration itself, most of which there can be only one of.
    fn of_root(&mut self, block: &'a Block) {
        let word = &*block.kind;
        if self.module > 0 {
            let detail = format!("`{word}` blocks belong to the configuration, not to a module of it.");
            self.acc.push(Diagnostic::error(&codes::UNEXPECTED, detail).at(block.header, ""));
            return;
        }
        let single = match word {
            "import" => return self.out.imports.push(block),
            "rule" => {
                let label = &block.labels[0];
                if !taken(self.acc, self.seen, (None, "rule", label.text.clone()), block.header) {
                    self.out.rules.push(block);
                }
                return;
            }
            "notify" => {
                let label = &block.labels[1];
                if !taken(self.acc, self.seen, (None, "notify", label.text.clone()), block.header) {
                    self.out.notify.push(block);
                }
                return;
            }
            "keyform" => &mut self.out.keyform,
            "backend" => &mut self.out.backend,
            _ => &mut self.out.guard,
        };
        if let Some(first) = single {
            self.acc.push(twice(format!("There can be only one `{word}` block."), block, first));
        } else {
            *single = Some(block);
        }
    }

    fn locals(&mut self, block: &'a Block) {
        for attr in &block.body.attrs {
            if !taken(self.acc, self.seen, (None, "local", attr.name.clone()), attr.name_span) {
                self.out.modules[self.module].locals.push(attr);
            }
        }
    }

    /// Something that is only looked up: the first label says of which kind.
    fn data(&mut self, form: &'static Form, block: &'a Block) {
        if !labels(self.acc, form, block) {
            return;
        }
        let [kind, name] = &block.labels[..] else { return };
        let known = DATA_KINDS.iter().find(|(known, _)| known.word() == &*kind.text);
        let Some((known, form, word)) = known.and_then(|(known, form)| Some((*known, *form, known.data_word()?)))
        else {
            let detail = format!("Things of the kind `{}` can't be looked up.", kind.text);
            let d = Diagnostic::error(&codes::UNEXPECTED, detail).at(kind.span, "");
            let words: Vec<&str> = DATA_KINDS.iter().map(|(kind, _)| kind.word()).collect();
            self.acc.push(d.help(format!("one of `{}`", words.join("`, `"))).did_you_mean(&kind.text, words));
            return;
        };
        if !check(self.acc, form, block, false)
            || taken(self.acc, self.seen, (None, word, name.text.clone()), block.header)
        {
            return;
        }
        self.out.resources.push(Decl {
            module: self.module,
            kind: known,
            word,
            form,
            slug: Arc::default(),
            name: name.text.clone(),
            name_span: name.span,
            block,
            parent: None,
            children: Vec::new(),
        });
    }

    fn resource(&mut self, form: &'static Form, block: &'a Block, parent: Option<usize>) {
        let Some(kind) = form.kind else { return };
        if !check(self.acc, form, block, parent.is_some()) {
            return;
        }
        let Some(label) = block.labels.last() else { return };
        if taken(self.acc, self.seen, (parent, form.word, label.text.clone()), block.header) {
            return;
        }
        let slug = if form.labels.len() == 2 { block.labels[0].text.clone() } else { Arc::default() };
        let index = self.out.resources.len();
        self.out.resources.push(Decl {
            module: self.module,
            kind,
            word: kind.word(),
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
                let next = self.out.resources.len();
                self.resource(form, child, Some(index));
                if self.out.resources.len() > next {
                    self.out.resources[index].children.push(next);
                }
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
