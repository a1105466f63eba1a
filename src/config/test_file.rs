//! `*.kftest.hcl`: how a configuration is tested. Such a file lies beside a configuration, or in its `tests/`, and is no part of it.
//! Here it is read; `cli::test` does what it says. What a `given` block declares is read by [`load_blocks`](crate::config::load_blocks).

use crate::config::load;
use crate::config::overlay::Overlay;
use crate::config::refs;
use crate::config::stand_ins::StandIns;
use crate::config::stand_ins::Values;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Known;
use crate::diag::source::Sources;
use crate::diag::source::Span;
use crate::lang::ast::Attr;
use crate::lang::ast::Block;
use crate::lang::ast::Body;
use crate::lang::ast::Expr;
use crate::lang::ast::Key;
use crate::lang::ast::Node;
use crate::lang::decode::Decoder;
use crate::lang::decode::labels;
use crate::lang::eval;
use crate::lang::functions;
use crate::lang::parse;
use crate::lang::scope::Budget;
use crate::lang::scope::Outside;
use crate::lang::scope::Scope;
use crate::model::address::Address;
use crate::model::address::DATA;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use crate::plan::Action;
use crate::plan::HazardKind;
use crate::plan::Reason;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

/// How such files end.
pub const ENDING: &str = ".kftest.hcl";

/// The directory that they may be in, beside the configuration.
pub const DIR: &str = "tests";

/// What a file says: steps in one world, one after the other.
pub struct TestFile {
    /// Values of variables, for every step.
    pub variables: BTreeMap<Arc<str>, Value>,
    /// What stands in for the world outside.
    pub stand_ins: StandIns,
    /// What happens, in the order in which it is written.
    pub steps: Vec<Step>,
}

/// One thing that happens.
pub enum Step {
    /// Others change something.
    Given(Given),
    /// Keyform runs.
    Run(Box<Run>),
}

/// What others did, past keyform.
pub struct Given {
    /// Where it stands.
    pub header: Span,
    /// What they made or changed in the backend, as a configuration would declare it.
    pub made: Body,
    /// What they took away there.
    pub gone: Vec<(Address, Span)>,
    /// What they wrote at destinations, by the sync that leads there; `None` for a key that they took away.
    pub entries: Vec<At<Option<Secret>>>,
}

/// Keys at the destination of a sync.
pub struct At<T> {
    /// The sync.
    pub sync: Address,
    /// Where it is named.
    pub span: Span,
    /// What is said of each key, and where.
    pub keys: Vec<(Arc<str>, T, Span)>,
}

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Nothing is changed.
    Plan,
    /// What is planned is done.
    Apply,
    /// What is owned ends.
    Destroy,
}

impl Command {
    const ALL: [Self; 3] = [Self::Plan, Self::Apply, Self::Destroy];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Destroy => "destroy",
        }
    }
}

/// A run of keyform, and what is expected of it.
pub struct Run {
    /// What it is called.
    pub name: Arc<str>,
    /// Where it stands.
    pub header: Span,
    /// What is run.
    pub command: Command,
    /// Another configuration than the one that the file is for, relative to that, and where it is named.
    pub configuration: Option<(Arc<str>, Span)>,
    /// `--target`
    pub targets: Vec<Address>,
    /// `--adopt`
    pub adopt: bool,
    /// `--allow`
    pub allow: Vec<(HazardKind, usize)>,
    /// `--var`, on top of those of the file; null takes one of those away.
    pub variables: BTreeMap<Arc<str>, Value>,
    /// On top of those of the file.
    pub stand_ins: StandIns,
    /// What is expected.
    pub expect: Expect,
    /// What must hold.
    pub asserts: Vec<Assert>,
}

/// A name, and where it stands.
pub type Named = (Arc<str>, Span);

/// A hazard, its number, and where both stand.
pub type Counted = (HazardKind, usize, Span);

/// What is expected of a run; whatever is not named may be as it likes, but for errors.
#[derive(Default)]
pub struct Expect {
    /// The exit code.
    pub exit: Option<(u8, Span)>,
    /// It is refused, with errors of these codes and no others.
    pub refused: Option<(Vec<Named>, Span)>,
    /// Codes of diagnostics, also of warnings.
    pub diagnostics: Vec<Named>,
    /// Rows of the plan.
    pub rows: Vec<(Address, Row, Span)>,
    /// Whether these are all rows, and where that is said.
    pub nothing_else: Option<(bool, Span)>,
    /// How many rows of an action.
    pub counts: Vec<(Action, usize, Span)>,
    /// Hazards with their numbers; there are no others.
    pub hazards: Option<(Vec<Counted>, Span)>,
    /// What is at destinations afterwards: the value of which secret; `None` for a key that is not there.
    pub entries: Vec<At<Option<Arc<str>>>>,
}

/// What a row is expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// There is none.
    None,
    /// One of this action, and of this reason if one is named.
    Of(Action, Option<Reason>),
}

/// A condition over the plan.
pub struct Assert {
    /// What must be true.
    pub condition: Expr,
    /// What is said if it is not.
    pub message: Expr,
}

/// Whether an expression mentions a name.
#[must_use]
pub fn mentions(expr: &Expr, name: &str) -> bool {
    refs::mentions(expr).iter().any(|mention| *mention.root == *name)
}

/// Reads a file; `shown` is what the user calls it. `None` if this found an error.
pub fn read(
    acc: &mut Diagnostics,
    sources: &mut Sources,
    path: &Path,
    shown: &str,
    overlay: &Overlay,
) -> Option<TestFile> {
    let mut found = Diagnostics::new();
    let text = load::text(&mut found, path, shown, overlay);
    let body = text.and_then(|text| {
        let id = sources.add(shown, text.clone());
        parse::parse(&mut found, id, &text)
    });
    let file = body.map(|body| {
        marks(sources, &body);
        file(&mut found, &body)
    });
    let is_good = !found.has_errors();
    acc.extend(found);
    file.filter(|_| is_good)
}

/// What is expected is no secret, unless values are compared. Variables and stand-ins stay covered.
fn marks(sources: &mut Sources, body: &Body) {
    for step in body.blocks.iter().filter(|block| matches!(&*block.kind, "run" | "given")) {
        step.labels.iter().for_each(|label| sources.mark(label.span, Known::Plain));
        let inner = step.body.blocks.iter().filter(|block| matches!(&*block.kind, "expect" | "assert"));
        for attr in step.body.attrs.iter().chain(inner.flat_map(|block| &block.body.attrs)) {
            sources.mark(attr.expr.span, Known::Plain);
            // Somebody may have written a value where the place of a secret should be.
            if &*attr.name == "entries" {
                hide(sources, &attr.expr, true);
            } else if mentions(&attr.expr, "entries") {
                hide(sources, &attr.expr, false);
            }
        }
    }
}

/// Covers the texts that values may be compared with, and with `bare` whatever else may be a value; names in brackets, and
/// those of fields, are none.
fn hide(sources: &mut Sources, expr: &Expr, bare: bool) {
    match &expr.node {
        Node::Null | Node::Bool(_) => {}
        Node::Number(_) | Node::Name(_) if !bare => {}
        Node::String(_) | Node::Template(_) | Node::Number(_) | Node::Name(_) => {
            sources.mark(expr.span, Known::Hidden);
        }
        Node::List(items) => items.iter().for_each(|item| hide(sources, item, bare)),
        Node::Object(fields) => fields.iter().for_each(|(_, value)| hide(sources, value, bare)),
        Node::Get(of, _) if bare => hide(sources, &Expr { span: expr.span, ..(**of).clone() }, bare),
        Node::Get(of, _) | Node::Splat(of, _) | Node::Unary(_, of) => hide(sources, of, bare),
        Node::Index(pair) => {
            hide(sources, &pair.0, bare);
            if bare || !matches!(pair.1.node, Node::String(_)) {
                hide(sources, &pair.1, bare);
            }
        }
        Node::Call { args, .. } => args.iter().for_each(|arg| hide(sources, arg, bare)),
        Node::Binary(_, pair) => [&pair.0, &pair.1].into_iter().for_each(|one| hide(sources, one, bare)),
        Node::If(three) => [&three.0, &three.1, &three.2].into_iter().for_each(|one| hide(sources, one, bare)),
        Node::For(each) => {
            let all = [&each.over, &each.value_expr].into_iter().chain(&each.key_expr).chain(&each.cond);
            all.for_each(|one| hide(sources, one, bare));
        }
    }
}

fn file(acc: &mut Diagnostics, body: &Body) -> TestFile {
    let mut top = Decoder::new(body);
    let variables = top.block(acc, "variables").map(|block| variables(acc, block)).unwrap_or_default();
    let stand_ins = top.block(acc, "stand_ins").map(|block| stand_ins(acc, block)).unwrap_or_default();
    let (_, _) = (top.blocks("given"), top.blocks("run"));
    top.finish(acc);
    let mut names: BTreeMap<Arc<str>, Span> = BTreeMap::new();
    let mut steps = Vec::new();
    for block in &body.blocks {
        match &*block.kind {
            "given" => steps.push(Step::Given(given(acc, block))),
            "run" => {
                let Some(run) = run(acc, block) else { continue };
                if let Some(first) = names.insert(run.name.clone(), run.header) {
                    let detail = format!("Two runs are called `{}`.", run.name);
                    acc.push(Diagnostic::error(&codes::DUPLICATE, detail).at(run.header, "again").at(first, "first"));
                }
                steps.push(Step::Run(Box::new(run)));
            }
            _ => {}
        }
    }
    if names.is_empty() && !acc.has_errors() {
        acc.push(bad(body.span, "It has no `run` block, so that nothing is tested."));
    }
    TestFile { variables, stand_ins, steps }
}

fn bad(span: Span, detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error(&codes::BAD_TEST, detail).at(span, "")
}

fn variables(acc: &mut Diagnostics, block: &Block) -> BTreeMap<Arc<str>, Value> {
    Decoder::new(&Body { attrs: Vec::new(), ..block.body.clone() }).finish(acc);
    let values = block.body.attrs.iter().filter_map(|attr| Some((attr.name.clone(), value(acc, &attr.expr)?)));
    values.collect()
}

fn stand_ins(acc: &mut Diagnostics, block: &Block) -> StandIns {
    let mut body = Decoder::new(&block.body);
    let mut values = |acc: &mut Diagnostics, name: &str| -> Values {
        let pairs = body.attr(name).map(|attr| pairs(acc, &attr.expr)).unwrap_or_default();
        pairs.into_iter().filter_map(|(name, _, expr)| Some((name, secret(acc, expr)?))).collect()
    };
    let (env, files, programs) = (values(acc, "env"), values(acc, "files"), values(acc, "programs"));
    body.finish(acc);
    StandIns { env, files, programs }
}

fn given(acc: &mut Diagnostics, block: &Block) -> Given {
    let _ = labels(acc, block, []);
    let mut body = Decoder::new(&block.body);
    let gone = body.attr("gone").map(|attr| addresses(acc, attr)).unwrap_or_default();
    let entries = body.attr("entries").map(|attr| at(acc, attr, secret)).unwrap_or_default();
    for kind in Kind::ALL.into_iter().map(Kind::word).chain([DATA]) {
        body.blocks(kind);
    }
    body.finish(acc);
    let made = Body { attrs: Vec::new(), ..block.body.clone() };
    Given { header: block.header, made, gone, entries }
}

fn run(acc: &mut Diagnostics, block: &Block) -> Option<Run> {
    let [name] = labels(acc, block, ["name"])?;
    let mut body = Decoder::new(&block.body);
    let command = body.attr("command").and_then(|attr| command(acc, &attr.expr)).unwrap_or(Command::Plan);
    let configuration = body.attr("configuration").and_then(|attr| Some((text(acc, &attr.expr)?, attr.expr.span)));
    let targets = body.attr("targets").map(|attr| addresses(acc, attr)).unwrap_or_default();
    let adopt = body.attr("adopt").and_then(|attr| truth(acc, &attr.expr)).unwrap_or(false);
    let allow = body.attr("allow").map(|attr| hazards(acc, &attr.expr)).unwrap_or_default();
    for (kind, _, span) in allow.iter().filter(|(kind, ..)| !kind.can_be_allowed()) {
        acc.push(bad(*span, format!("`{}` can't be allowed.", kind.word())));
    }
    let variables = body.block(acc, "variables").map(|block| variables(acc, block)).unwrap_or_default();
    let stand_ins = body.block(acc, "stand_ins").map(|block| stand_ins(acc, block)).unwrap_or_default();
    let expect = body.block(acc, "expect").map(|block| expect(acc, block)).unwrap_or_default();
    let asserts = body.blocks("assert").into_iter().filter_map(|block| assert(acc, block)).collect();
    body.finish(acc);
    Some(Run {
        name: name.into(),
        header: block.header,
        command,
        configuration,
        targets: targets.into_iter().map(|(address, _)| address).collect(),
        adopt,
        allow: allow.into_iter().map(|(kind, number, _)| (kind, number)).collect(),
        variables,
        stand_ins,
        expect,
        asserts,
    })
}

fn expect(acc: &mut Diagnostics, block: &Block) -> Expect {
    let mut body = Decoder::new(&block.body);
    let codes_of = |acc: &mut Diagnostics, attr: &Attr| -> Vec<Named> {
        let list = list(acc, &attr.expr);
        let code = |expr: &Expr| {
            let code = text(acc, expr)?;
            let is_known = codes::all().any(|known| *known.id == *code);
            if !is_known {
                acc.push(
                    bad(expr.span, format!("There is no diagnostic `{code}`."))
                        .help("`keyform explain` knows all of them"),
                );
            }
            is_known.then_some((code, expr.span))
        };
        list.iter().filter_map(code).collect()
    };
    let mut out = Expect {
        exit: body.attr("exit").and_then(|attr| exit(acc, &attr.expr)),
        refused: body.attr("refused").map(|attr| (codes_of(acc, attr), attr.name_span)),
        diagnostics: body.attr("diagnostics").map(|attr| codes_of(acc, attr)).unwrap_or_default(),
        nothing_else: body.attr("nothing_else").and_then(|attr| Some((truth(acc, &attr.expr)?, attr.name_span))),
        hazards: body.attr("hazards").map(|attr| (hazards(acc, &attr.expr), attr.name_span)),
        entries: body.attr("entries").map(|attr| at(acc, attr, place)).unwrap_or_default(),
        ..Expect::default()
    };
    for action in Action::ALL {
        let Some(attr) = body.attr(action.word()) else { continue };
        out.counts.extend(number(acc, &attr.expr).map(|number| (action, number, attr.expr.span)));
    }
    let rows = body.attr("rows").map(|attr| pairs(acc, &attr.expr)).unwrap_or_default();
    for (name, span, expr) in rows {
        let address = address(acc, &name, span);
        let Some((address, row)) = address.zip(row(acc, expr)) else { continue };
        out.rows.push((address, row, span.to(expr.span)));
    }
    body.finish(acc);
    out
}

fn exit(acc: &mut Diagnostics, expr: &Expr) -> Option<(u8, Span)> {
    let code = u8::try_from(number(acc, expr)?);
    acc.take(code.map(|code| (code, expr.span)).map_err(|_| bad(expr.span, "No program ends with such a code.")))
}

fn assert(acc: &mut Diagnostics, block: &Block) -> Option<Assert> {
    let _ = labels(acc, block, []);
    let mut body = Decoder::new(&block.body);
    let condition = body.required(acc, block, "condition");
    let message = body.required(acc, block, "message");
    body.finish(acc);
    Some(Assert { condition: condition?.expr.clone(), message: message?.expr.clone() })
}

/// `"update"`, `"update drifted"`, `"none"`.
fn row(acc: &mut Diagnostics, expr: &Expr) -> Option<Row> {
    let words = text(acc, expr)?;
    if &*words == "none" {
        return Some(Row::None);
    }
    let (action, reason) = words.split_once(' ').map_or((&*words, None), |(action, reason)| (action, Some(reason)));
    let actions = || Action::ALL.into_iter().map(Action::word).chain(["none"]);
    let reasons = || Reason::ALL.into_iter().map(Reason::word);
    let known = Action::from_word(action);
    let known_reason = reason.and_then(Reason::from_word);
    match (known, reason) {
        (None, _) => {
            let words: Vec<&str> = actions().collect();
            let detail = format!("There is no action `{action}`: it is one of {}.", words.join(", "));
            acc.push(bad(expr.span, detail).did_you_mean(action, actions()));
        }
        (Some(_), Some(reason)) if known_reason.is_none() => {
            let words: Vec<&str> = reasons().collect();
            let detail = format!("There is no reason `{reason}`: it is one of {}.", words.join(", "));
            acc.push(bad(expr.span, detail).did_you_mean(reason, reasons()));
        }
        (Some(action), _) => return Some(Row::Of(action, known_reason)),
    }
    None
}

/// Where a secret is, or that there is nothing.
fn place(acc: &mut Diagnostics, expr: &Expr) -> Option<Option<Arc<str>>> {
    let place = match value(acc, expr)? {
        Value::Null => return Some(None),
        Value::String(place) if place.matches('/').count() >= 2 => return Some(Some(place)),
        _ => bad(expr.span, "An entry is expected to have the value of a secret, or not to be there."),
    };
    acc.push(place.help("name the secret, never its value: `\"project/environment/path/KEY\"`; or write `null`"));
    None
}

fn at<T>(acc: &mut Diagnostics, attr: &Attr, read: impl Fn(&mut Diagnostics, &Expr) -> Option<T>) -> Vec<At<T>> {
    let mut out = Vec::new();
    for (name, span, expr) in pairs(acc, &attr.expr) {
        let Some(sync) = address(acc, &name, span) else { continue };
        let keys = pairs(acc, expr).into_iter();
        let keys = keys.filter_map(|(key, at, expr)| Some((key, read(acc, expr)?, at.to(expr.span)))).collect();
        out.push(At { sync, span, keys });
    }
    out
}

fn hazards(acc: &mut Diagnostics, expr: &Expr) -> Vec<Counted> {
    let mut out = Vec::new();
    for (word, span, expr) in pairs(acc, expr) {
        let Some(kind) = HazardKind::from_word(&word) else {
            let words = HazardKind::ALL.into_iter().map(HazardKind::word);
            acc.push(bad(span, format!("There is no hazard `{word}`.")).did_you_mean(&word, words));
            continue;
        };
        out.extend(number(acc, expr).map(|number| (kind, number, span.to(expr.span))));
    }
    out
}

fn addresses(acc: &mut Diagnostics, attr: &Attr) -> Vec<(Address, Span)> {
    let mut out = Vec::new();
    for expr in list(acc, &attr.expr) {
        let Some(name) = text(acc, expr) else { continue };
        out.extend(address(acc, &name, expr.span).map(|address| (address, expr.span)));
    }
    out
}

fn address(acc: &mut Diagnostics, text: &str, span: Span) -> Option<Address> {
    let help = "write it as plans do, with quotes escaped: `\"secret_sync.web[\\\"dev\\\"].entry.API_KEY\"`";
    acc.take(Address::from_str(text).map_err(|_| bad(span, "This is no address.").help(help)))
}

fn command(acc: &mut Diagnostics, expr: &Expr) -> Option<Command> {
    // As a bare word as well, as other tools have it.
    let word = match &expr.node {
        Node::Name(word) => word.clone(),
        _ => text(acc, expr)?,
    };
    let found = Command::ALL.into_iter().find(|command| command.word() == &*word);
    if found.is_none() {
        let detail = format!("There is no command `{word}` here: it is plan, apply or destroy.");
        acc.push(bad(expr.span, detail).did_you_mean(&word, Command::ALL.into_iter().map(Command::word)));
    }
    found
}

/// The fields of an object that is written out, each with where its name stands.
fn pairs<'e>(acc: &mut Diagnostics, expr: &'e Expr) -> Vec<(Arc<str>, Span, &'e Expr)> {
    let Node::Object(fields) = &expr.node else {
        acc.push(bad(expr.span, "This must be written out as an object: `{ name = value }`."));
        return Vec::new();
    };
    let mut out = Vec::new();
    for (key, value) in fields {
        let name = match key {
            Key::Name(name, span) => Some((name.clone(), *span)),
            Key::Expr(expr) => text(acc, expr).map(|name| (name, expr.span)),
        };
        out.extend(name.map(|(name, span)| (name, span, value)));
    }
    out
}

fn list<'e>(acc: &mut Diagnostics, expr: &'e Expr) -> &'e [Expr] {
    match &expr.node {
        Node::List(items) => items,
        _ => {
            acc.push(bad(expr.span, "This must be written out as a list: `[\"a\", \"b\"]`."));
            &[]
        }
    }
}

/// A value that nothing outside is needed for.
fn value(acc: &mut Diagnostics, expr: &Expr) -> Option<Value> {
    acc.take(evaluated(expr, []))
}

/// The value of an expression, with these names and nothing outside.
///
/// # Errors
/// It has none.
pub fn evaluated(expr: &Expr, names: impl IntoIterator<Item = (&'static str, Value)>) -> Result<Value, Diagnostic> {
    let functions = [functions::CORE];
    let outside = Outside { budget: Budget::of_value(), ..Outside::nothing(&functions) };
    let mut scope = Scope::new(&outside);
    names.into_iter().for_each(|(name, value)| scope.set(name, value));
    eval::eval(expr, &scope)
}

fn text(acc: &mut Diagnostics, expr: &Expr) -> Option<Arc<str>> {
    match value(acc, expr)? {
        Value::String(text) => Some(text),
        other => refuse(acc, expr, "a text", &other),
    }
}

/// A value that may be anything but shown, or null.
fn secret(acc: &mut Diagnostics, expr: &Expr) -> Option<Option<Secret>> {
    match value(acc, expr)? {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(Secret::new(text.to_string()))),
        other => refuse(acc, expr, "a text, or null", &other),
    }
}

fn number(acc: &mut Diagnostics, expr: &Expr) -> Option<usize> {
    match value(acc, expr)? {
        Value::Number(number) if number.as_i64().is_some_and(|n| n >= 0) => usize::try_from(number.as_i64()?).ok(),
        other => refuse(acc, expr, "a whole number", &other),
    }
}

fn truth(acc: &mut Diagnostics, expr: &Expr) -> Option<bool> {
    match value(acc, expr)? {
        Value::Bool(truth) => Some(truth),
        other => refuse(acc, expr, "true or false", &other),
    }
}

fn refuse<T>(acc: &mut Diagnostics, expr: &Expr, wanted: &str, found: &Value) -> Option<T> {
    let detail = format!("This must be {wanted}.");
    acc.push(Diagnostic::error(&codes::WRONG_TYPE, detail).at(expr.span, format!("this is {}", found.shape())));
    None
}
