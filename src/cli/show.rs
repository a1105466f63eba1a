//! `keyform show`: what is declared and managed, and whether it is right.

use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::output::Outputs;
use crate::cli::plan;
use crate::cli::plan::kept;
use crate::cli::shard;
use crate::config::Extent;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Scope;
use crate::model::address::Address;
use crate::model::address::MODULE;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::model::resource::Kind;
use crate::plan::Change;
use crate::plan::Plan;
use crate::plan::saved::Saved;
use crate::view::json;
use crate::view::outcome;
use crate::view::paint::Paint;
use crate::view::text;
use crate::view::words;
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// Show what is declared and managed, and whether it is right; or a saved plan.
///
/// One line a resource: what is declared, what keyform owns though it is no longer declared, and what the
/// next apply would do to each. With an address, also its attributes, its record and its keys at the
/// destination. With files that `keyform plan --out` wrote, those plans, and what those of all shards come to together;
/// nothing else is read then. With --output also files that `--output json=FILE` wrote. Values are never shown.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  keyform show\n  keyform show 'secret_sync.web[\"prod\"]'\n  keyform show web.plan\n  \
                  keyform show 1.plan 2.plan   # those of all shards, and what they come to\n  \
                  keyform show shard-*.plan --output html=plan.html   # one page"
)]
pub(super) struct Args {
    /// A resource, where a block with for_each stands for all its instances; or the files of saved plans
    #[arg(value_name = "ADDRESS|FILE", value_parser = what)]
    what: Vec<What>,
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    outputs: Outputs,
}

/// What is to be shown.
#[derive(Debug, Clone)]
enum What {
    Address(Address),
    File(PathBuf),
}

/// What begins like an address of a resource is one; a file is what is there, or is called like one.
fn what(text: &str) -> Result<What, String> {
    let address = plan::address(text);
    let is_known = |address: &Address| {
        address.segments().first().is_some_and(|s| Kind::from_word(&s.kind).is_some() || &*s.kind == MODULE)
    };
    match address {
        Ok(address) if is_known(&address) => Ok(What::Address(address)),
        _ if Path::new(text).is_file() || [".plan", ".json"].iter().any(|ending| text.ends_with(ending)) => {
            Ok(What::File(text.into()))
        }
        other => other.map(What::Address),
    }
}

#[derive(Serialize)]
struct Document {
    format: &'static str,
    resources: Vec<Row>,
    outputs: BTreeMap<String, serde_json::Value>,
}

/// What follows the report of an apply.
#[derive(Serialize)]
struct Declared {
    format: &'static str,
    outputs: BTreeMap<String, serde_json::Value>,
}

/// A resource with its state.
#[derive(Serialize)]
struct Row {
    address: String,
    declared: bool,
    owned: bool,
    state: String,
    id: Option<String>,
    written_at: Option<String>,
    attributes: BTreeMap<String, serde_json::Value>,
    /// The attributes as text.
    #[serde(skip)]
    texts: BTreeMap<String, String>,
    keys: Vec<Key>,
}

/// A key at a destination.
#[derive(Serialize)]
struct Key {
    key: String,
    state: String,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let wanted = match args.what.as_slice() {
        [] => None,
        [What::Address(address)] => Some(address),
        files => return self::files(context, files, &args.outputs),
    };
    if !args.outputs.is_empty() {
        let detail = "Other outputs are of saved plans and reports only.";
        context.tell(Diagnostic::error(&codes::NOT_DRAWN, detail).help("name their files, or look at `--json`"));
        return context.end("show", Exit::Usage);
    }
    let Some((desired, registry)) = context.load_for(&args.inputs, Extent::Used) else { return context.failed("show") };
    let desired = Arc::new(desired);
    let Some(runtime) = context.runtime() else { return context.failed("show") };
    let planned = runtime.block_on(async {
        let engine = context.open(&desired, registry, false, None).await?;
        let planned = plan::make(context, &engine, &desired, &Scope::default()).await;
        let ledger = context.ledger(&engine).await;
        engine.close().await;
        Some((planned?, ledger?))
    });
    let Some((planned, ledger)) = planned else { return context.failed("show") };
    let is_meant = |address: &Address| wanted.is_none_or(|wanted| address.is_within(wanted));
    let facts = Facts::new(&desired, &ledger, &planned.plan);
    let addresses = facts.addresses();
    let rows: Vec<Row> = addresses.iter().filter(|address| is_meant(address)).map(|a| facts.row(a)).collect();
    if let (true, Some(address)) = (rows.is_empty(), wanted) {
        let detail = format!("`{}` is neither declared nor owned.", words::shown(&address.to_string()));
        context.tell(Diagnostic::error(&codes::UNKNOWN_ADDRESS, detail).help("`keyform show` lists everything"));
        return context.end("show", Exit::Failed);
    }
    if context.global.json {
        let outputs = data_outputs(&desired);
        context.document(&Document { format: "keyform.show/1", resources: rows, outputs });
    } else {
        let mut out = draw(&rows, wanted.is_some(), context.terminal.style().paint);
        if wanted.is_none() {
            out.push_str(&text_outputs(&desired));
        }
        context.terminal.out(&out);
    }
    if planned.plan.incomplete.is_empty() { Exit::Done } else { Exit::Undetermined }
}

/// Shows saved plans; of those of all shards of a split, also what they come to together.
fn files(context: &mut Context, what: &[What], outputs: &Outputs) -> Exit {
    let mut files = Vec::new();
    for what in what {
        let What::File(path) = what else {
            let detail = "Of several things, each has to be the file of a saved plan.";
            context.tell(Diagnostic::error(&codes::BAD_PLAN, detail).help("show one resource at a time"));
            return context.failed("show");
        };
        files.push(path.clone());
    }
    if let Err(exit) = output::begin(context, "show", outputs, None) {
        return exit;
    }
    let is_one = files.len() == 1;
    let mut saved = Vec::new();
    for path in &files {
        match kept(context, path) {
            Ok(plan) => saved.push((path, plan)),
            // A report is drawn as well as a plan, but not as text.
            Err(_) if !outputs.is_empty() => {}
            Err(why) => {
                context.tell(why);
                return context.failed("show");
            }
        }
    }
    let run = match is_one && outputs.is_empty() {
        true => shard::report(context, &files[0]),
        false => shard::reports(context, &files),
    };
    let Some(run) = run else { return context.failed("show") };
    context.show(|style| {
        let mut out = String::new();
        for (path, (saved, cost)) in &saved {
            let Saved { origin, plan } = saved;
            if !is_one {
                let shard = origin.shard.map(|shard| format!(", shard {shard}")).unwrap_or_default();
                out.push_str(&format!("{}{shard}\n", words::shown(&path.display().to_string())));
            }
            let (by, at) = (words::shown(&origin.keyform), words::shown(&origin.at));
            out.push_str(&format!("Made by keyform {by} at {at}.\n\n"));
            out.push_str(&(text::plan(plan, style, *cost) + &text::refusal(plan, style)));
            out.push_str(if is_one { "" } else { "\n" });
        }
        if !is_one {
            out.push_str(&words::sentences(&format!("All {}: {}\n", files.len(), outcome::verdict(&run)), style.width));
        }
        out
    });
    if context.global.json {
        context.terminal.out(&run.documents());
    }
    let exit = if run.unknown.is_empty() { Exit::Done } else { Exit::Undetermined };
    context.kept = shard::kept(&run, &files);
    context.run = run;
    exit
}

/// What a row is made from, looked up once for all rows.
struct Facts<'a> {
    desired: &'a Desired,
    ledger: &'a Ledger,
    plan: &'a Plan,
    changes: BTreeMap<&'a Address, &'a Change>,
    /// Entries by their sync: those that are owned, and those that will change.
    entries: BTreeMap<Address, BTreeSet<&'a Address>>,
}

impl<'a> Facts<'a> {
    fn new(desired: &'a Desired, ledger: &'a Ledger, plan: &'a Plan) -> Self {
        let changes: BTreeMap<&Address, &Change> =
            plan.changes.iter().map(|change| (&change.address, change)).collect();
        let mut entries: BTreeMap<Address, BTreeSet<&Address>> = BTreeMap::new();
        let all = ledger.records.keys().chain(changes.keys().copied());
        for entry in all.filter(|address| address.entry_key().is_some()) {
            entries.entry(entry.resource()).or_default().insert(entry);
        }
        Self { desired, ledger, plan, changes, entries }
    }

    /// What is declared, and what is owned though it is not declared any more.
    fn addresses(&self) -> BTreeSet<Address> {
        let planned =
            self.desired.resources.values().filter(|resource| resource.kind.is_planned() && !resource.is_data());
        let declared = planned.map(|resource| resource.address.clone());
        declared.chain(self.ledger.records.keys().map(Address::resource)).collect()
    }

    fn state(&self, address: &Address) -> String {
        if self.plan.blocked.contains_key(address) {
            return "blocked".to_owned();
        }
        if self.plan.incomplete.contains_key(address) {
            return "not read".to_owned();
        }
        self.changes.get(address).map_or("as declared".to_owned(), |change| format!("to {}", change.action.word()))
    }

    fn row(&self, address: &Address) -> Row {
        let record = self.ledger.records.get(address);
        let declared = self.desired.resources.get(address);
        let keys = self.entries.get(address).into_iter().flatten();
        let attrs = || declared.into_iter().flat_map(|resource| resource.attrs.iter());
        Row {
            address: address.to_string(),
            declared: declared.is_some(),
            // Of a sync that keyform runs itself, the ledger has nothing but the keys.
            owned: record.is_some() || keys.clone().any(|entry| self.ledger.records.contains_key(entry)),
            state: self.state(address),
            id: record.map(|record| record.id.to_string()).filter(|id| !id.is_empty()),
            written_at: record.map(|record| record.at.to_string()),
            attributes: attrs().map(|(name, value)| (name.to_string(), data(value))).collect(),
            texts: attrs().map(|(name, value)| (name.to_string(), text(value))).collect(),
            keys: keys
                .map(|entry| Key { key: entry.entry_key().unwrap_or_default().to_owned(), state: self.state(entry) })
                .collect(),
        }
    }
}

/// Writes the outputs for a command that has said everything else: as text, or as one line of JSON.
pub(super) fn tell_outputs(context: &mut Context, desired: &Desired) {
    if !context.global.json {
        context.show(|_| text_outputs(desired));
    } else if !desired.outputs.is_empty() {
        let document = Declared { format: "keyform.outputs/1", outputs: data_outputs(desired) };
        context.terminal.out(&json::line(&document));
    }
}

fn data_outputs(desired: &Desired) -> BTreeMap<String, serde_json::Value> {
    desired.outputs.iter().map(|(name, value)| (name.to_string(), data(value))).collect()
}

/// The outputs as text, one a line.
fn text_outputs(desired: &Desired) -> String {
    let line = |(name, value): (&Arc<str>, &Value)| {
        format!("output {} = {}\n", words::shown(name), words::shown(&text(value)))
    };
    desired.outputs.iter().map(line).collect()
}

/// An attribute as data: what is no plain data is its text.
fn data(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(b) => (*b).into(),
        Value::Number(n) => serde_json::from_str(&n.to_string()).unwrap_or_else(|_| n.to_string().into()),
        Value::String(text) => (&**text).into(),
        Value::List(items) => items.iter().map(data).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.to_string(), data(value))).collect(),
        other => text(other).into(),
    }
}

/// An attribute as text: a secret is where it comes from.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => format!("\"{text}\""),
        Value::List(items) => format!("[{}]", items.iter().map(self::text).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name} = {}", self::text(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Resource(address) => address.to_string(),
        Value::Source(source) => self::source(source),
        Value::Secret(_) => "(secret)".to_owned(),
        Value::Fingerprint(print) => format!("#{}", print.short()),
    }
}

/// Where a value comes from, as it is written in a configuration.
pub(super) fn source(source: &SecretSource) -> String {
    match source {
        SecretSource::Env(name) => format!("secret_env(\"{name}\")"),
        SecretSource::File(path) => format!("secret_file(\"{}\")", path.display()),
        SecretSource::Exec(_) => "secret_exec([…])".to_owned(),
        SecretSource::OrEmpty(source) => self::source(source),
        SecretSource::Stored(place) => format!("secret_stored(\"{place}\")"),
        SecretSource::Random { length, .. } => format!("secret_random({{ length = {length} }})"),
        SecretSource::Literal(_) => "(secret)".to_owned(),
    }
}

fn draw(rows: &[Row], detailed: bool, paint: Paint) -> String {
    let mut out = String::new();
    let column = rows.iter().map(|row| row.address.chars().count()).max().unwrap_or(0).min(60);
    for row in rows {
        let address = words::shown(&row.address);
        let pad = " ".repeat(column.saturating_sub(address.chars().count()));
        let state = if row.state == "as declared" { paint.good(&row.state) } else { paint.warn(&row.state) };
        let keys = match (row.keys.len(), row.keys.iter().filter(|key| key.state != "as declared").count()) {
            (0, _) => String::new(),
            (n, 0) => format!(", {}", words::count(n, "key", "keys")),
            (n, wrong) => format!(", {} of {} to change", wrong, words::count(n, "key", "keys")),
        };
        let owned = if row.owned { "" } else { ", not owned yet" };
        let declared = if row.declared { "" } else { ", no longer declared" };
        out.push_str(&format!("{}{pad}  {state}{keys}{declared}{owned}\n", paint.bold(&address)));
        if detailed {
            details(&mut out, row, paint);
        }
    }
    if rows.is_empty() {
        out.push_str("Nothing is declared, and nothing is owned.\n");
    }
    out
}

fn details(out: &mut String, row: &Row, paint: Paint) {
    for (name, value) in &row.texts {
        out.push_str(&format!("  {} = {}\n", words::shown(name), words::shown(value)));
    }
    if let Some(id) = &row.id {
        out.push_str(&format!("  {}\n", paint.dim(&format!("id {}", words::shown(id)))));
    }
    if let Some(at) = &row.written_at {
        out.push_str(&format!("  {}\n", paint.dim(&format!("written {at}"))));
    }
    for key in &row.keys {
        out.push_str(&format!("  {}  {}\n", words::shown(&key.key), key.state));
    }
}
