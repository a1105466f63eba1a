//! `keyform ledger`: what keyform wrote and owns, and where that is kept. [`transfer`] moves a ledger from one place to another.

mod transfer;

use crate::cli::apply::seconds;
use crate::cli::confirm;
use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::exit::Exit;
use crate::cli::plan::address;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::keeper;
use crate::ledger::journal::Event;
use crate::ledger::keeper::Hold;
use crate::ledger::keeper::Keeper;
use crate::ledger::lease::Note;
use crate::ledger::lock::Holder;
use crate::ledger::snapshot;
use crate::model::address::Address;
use crate::model::ledger::Ledger;
use crate::model::ledger::Record;
use crate::secret::FingerprintKey;
use crate::view::text::Style;
use crate::view::words;
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

/// Look at the ledger and mend it: what keyform wrote, and therefore owns.
///
/// The ledger holds ids, natural keys and fingerprints, never a value. It is what deletion and drift are
/// decided by; losing it loses no resource, only the right to delete. The `ledger` block says where it is kept: beside the
/// configuration, or where every machine that applies finds it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  keyform ledger list --json | jq -r '.records[].address'\n  keyform ledger show   # where it is, and who is \
                  writing\n  keyform ledger push   # to where the `ledger` block says now"
)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List every record
    List,
    /// Say where the ledger is and who is writing to it; with ADDRESS, what is known of that
    Show {
        /// A resource, or an entry of a sync
        #[arg(value_parser = address)]
        address: Option<Address>,
    },
    /// Have the ledger know something by another address
    ///
    /// What was written stays owned. A `moved` block does the same at the next apply, for everybody who has the configuration;
    /// this is for what no block can say.
    #[command(after_help = "Example:\n  keyform ledger mv secret_sync.web secret_sync.shop")]
    Mv {
        /// What it is called in the ledger
        #[arg(value_parser = address)]
        from: Address,
        /// What it is called from now on
        #[arg(value_parser = address)]
        to: Address,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Forget what the ledger knows of something: it stays as it is, and is nobody's from then on
    ///
    /// Nothing is deleted, and keyform deletes it no more: it counts as foreign. What is declared all the same is an error of the
    /// next plan, until `--adopt` or an `import` block takes it over. A `removed` block does the same at the next apply.
    #[command(after_help = "Example:\n  keyform ledger rm 'secret_sync.web[\"prod\"]'")]
    Rm {
        /// A resource, with all that is in it; or an entry of a sync
        #[arg(required = true, value_parser = address)]
        addresses: Vec<Address>,
        /// Do not ask
        #[arg(long)]
        auto_approve: bool,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// End the lease of a run that is dead
    ///
    /// A run that is not heard of loses its lease by itself, after a minute or what the `ledger` block says. If it
    /// is alive after all, it stops before its next change, and can write nothing to the ledger.
    #[command(after_help = "Example:\n  keyform ledger unlock 4f0c…   # the id that `keyform ledger show` names")]
    Unlock {
        /// The id of the lease
        id: String,
        /// Do not ask
        #[arg(long)]
        auto_approve: bool,
    },
    /// Put a ledger where the `ledger` block says
    Push(transfer::Push),
    /// Give the ledger as one file
    Pull(transfer::Pull),
}

/// How to wait for another run.
#[derive(Debug, Clone, clap::Args)]
struct Waiting {
    /// How long to wait for another run that is writing to the ledger
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    lock_timeout: Duration,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let Some((desired, registry)) = context.load_ledger(&args.inputs) else { return context.failed("ledger") };
    let Some(runtime) = context.runtime() else { return context.failed("ledger") };
    runtime.block_on(async {
        let options = context.options(registry, false, None);
        let opened = match keeper::Opened::open(&options, &desired).await {
            Ok(opened) => opened,
            Err(why) => {
                context.tell(why);
                return context.failed("ledger");
            }
        };
        let done = act(context, &opened.keeper, &options, &args.action).await;
        opened.close().await;
        match done {
            Ok(exit) => exit,
            Err(why) => {
                context.tell(why);
                context.failed("ledger")
            }
        }
    })
}

async fn act(
    context: &mut Context,
    keeper: &Keeper,
    options: &crate::engine::Options,
    action: &Action,
) -> Result<Exit, Diagnostic> {
    match action {
        Action::List => Ok(list(context, &keeper.load().await?.0)),
        Action::Show { address: None } => {
            let (ledger, key) = keeper.load().await?;
            let (leases, writing) = (keeper.leases().await?, keeper.writing().await?);
            Ok(state(context, keeper, (&ledger, &key), &leases, writing.as_ref()))
        }
        Action::Show { address: Some(address) } => one(context, &keeper.load().await?.0, address),
        Action::Mv { from, to, waiting } => mv(context, keeper, from, to, waiting).await,
        Action::Rm { addresses, auto_approve, waiting } => rm(context, keeper, addresses, *auto_approve, waiting).await,
        Action::Unlock { id, auto_approve } => unlock(context, keeper, id, *auto_approve).await,
        Action::Push(args) => transfer::push(context, keeper, options, args).await,
        Action::Pull(args) => transfer::pull(context, keeper, args).await,
    }
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    serial: u64,
    owner: &'a str,
    records: Vec<Entry<'a>>,
    intents: Vec<String>,
}

#[derive(Serialize)]
struct Entry<'a> {
    address: String,
    id: &'a str,
    natural: BTreeMap<&'a str, &'a str>,
    written: BTreeMap<&'a str, String>,
    version: Option<&'a str>,
    protected: bool,
    at: &'a str,
}

/// How many columns the date of a record takes, with the gap before it.
const DATE: usize = 22;

fn list(context: &Context, ledger: &Ledger) -> Exit {
    if context.global.json {
        context.document(&document(ledger, |_| true));
        return Exit::Done;
    }
    let Style { paint, width } = context.terminal.style();
    let mut out = String::new();
    let lengths = ledger.records.keys().map(|address| shown(address).chars().count());
    let column = lengths.filter(|length| length + DATE <= width).max().unwrap_or_default();
    for (address, record) in &ledger.records {
        let protected = if record.protected { "  protected" } else { "" };
        let version = record.version.as_ref().map(|v| format!("  version {}", words::shown(v))).unwrap_or_default();
        let rest = paint.dim(&format!("{}{version}{protected}", record.at));
        let line = format!("{:<column$}  {rest}", shown(address));
        words::line(&mut out, &line, 0, 2, width);
    }
    for address in ledger.intents.keys() {
        let address = words::shown(&address.to_string());
        let line = format!("{address}  {}", paint.warn("begun, and not heard of since"));
        words::line(&mut out, &line, 0, 2, width);
    }
    let counted = words::count(ledger.records.len(), "record", "records");
    out.push_str(&format!("{counted}, serial {}.\n", ledger.serial));
    context.terminal.out(&out);
    Exit::Done
}

fn document(ledger: &Ledger, is_meant: impl Fn(&Address) -> bool) -> Document<'_> {
    Document {
        format: "keyform.ledger/1",
        serial: ledger.serial,
        owner: &ledger.owner,
        records: ledger
            .records
            .iter()
            .filter(|(address, _)| is_meant(address))
            .map(|(address, record)| Entry {
                address: address.to_string(),
                id: &record.id,
                natural: record.natural.iter().map(|(name, value)| (&**name, &**value)).collect(),
                written: record.written.iter().map(|(name, print)| (&**name, print.short())).collect(),
                version: record.version.as_deref(),
                protected: record.protected,
                at: &record.at,
            })
            .collect(),
        intents: ledger.intents.keys().filter(|address| is_meant(address)).map(ToString::to_string).collect(),
    }
}

/// What a ledger is, without what is in it.
#[derive(Serialize)]
struct State<'a> {
    format: &'static str,
    place: String,
    owner: &'a str,
    serial: u64,
    records: usize,
    intents: usize,
    key: Option<String>,
    writing: Option<&'a Holder>,
    lease: Option<&'a Note>,
    /// Shards that write at once, each with a lease of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shards: Vec<&'a Note>,
}

fn state(
    context: &Context,
    keeper: &Keeper,
    (ledger, key): (&Ledger, &FingerprintKey),
    leases: &[Note],
    writing: Option<&Holder>,
) -> Exit {
    let is_there = !ledger.owner.is_empty();
    let state = State {
        format: "keyform.ledger-state/1",
        place: keeper.place(),
        owner: &ledger.owner,
        serial: ledger.serial,
        records: ledger.records.len(),
        intents: ledger.intents.len(),
        // Which key it is, without saying anything of it.
        key: is_there.then(|| snapshot::mark_of(key)[..8].to_owned()),
        writing,
        lease: leases.iter().find(|note| note.seat.is_none()),
        shards: leases.iter().filter(|note| note.seat.is_some()).collect(),
    };
    if context.global.json {
        context.document(&state);
        return Exit::Done;
    }
    let mut rows = vec![("place", words::shown(&state.place))];
    if is_there {
        rows.push(("owner", words::shown(state.owner)));
        rows.push(("serial", state.serial.to_string()));
        rows.push(("records", state.records.to_string()));
        rows.extend((state.intents > 0).then(|| ("begun", format!("{}, and not heard of since", state.intents))));
        rows.extend(state.key.map(|key| ("key", format!("fingerprints are made with #{key}"))));
    } else {
        rows.push(("owner", "nothing was written yet".to_owned()));
    }
    for note in leases {
        rows.push(("writing", words::shown(&note.holder.words())));
        rows.push(("heard of", format!("{}; taken for dead after {} seconds", note.renewed, note.seconds)));
        rows.push(("lease", words::shown(&note.id)));
    }
    if leases.is_empty() && (is_there || writing.is_some()) {
        rows.push(("writing", writing.map_or_else(|| "nobody".to_owned(), |holder| words::shown(&holder.words()))));
    }
    let style = context.terminal.style();
    let mut out = String::new();
    for (name, value) in rows {
        out.push_str(&format!("{}  ", style.paint.dim(&format!("{name:8}"))));
        words::paragraph(&mut out, &value, 0, 10, style.width.saturating_sub(10));
    }
    context.terminal.out(&out);
    Exit::Done
}

/// Whether a record is of what was named: the thing, what is in it, its entries; or one entry.
fn is_of(address: &Address, named: &Address) -> bool {
    if named.entry_key().is_some() { address == named } else { address.is_within(named) }
}

fn one(context: &Context, ledger: &Ledger, named: &Address) -> Result<Exit, Diagnostic> {
    let found: Vec<(&Address, &Record)> = ledger.records.iter().filter(|(address, _)| is_of(address, named)).collect();
    if found.is_empty() && !ledger.intents.keys().any(|address| is_of(address, named)) {
        return Err(unknown(ledger, named));
    }
    if context.global.json {
        context.document(&document(ledger, |address| is_of(address, named)));
        return Ok(Exit::Done);
    }
    let Style { paint, width } = context.terminal.style();
    let mut out = String::new();
    for (address, record) in found {
        out.push_str(&format!("{}\n", paint.bold(&words::shown(&address.to_string()))));
        let mut rows = vec![("id", record.id.to_string()), ("recorded", record.at.to_string())];
        rows.extend(record.version.iter().map(|version| ("version", version.to_string())));
        rows.extend(record.protected.then(|| ("lifecycle", "prevent_destroy".to_owned())));
        rows.extend(record.removes.then(|| ("on_delete", "remove".to_owned())));
        rows.extend(record.natural.iter().map(|(name, value)| ("found by", format!("{name} {value}"))));
        rows.extend(record.written.iter().map(|(name, print)| ("has", format!("{name} #{}", print.short()))));
        let mut last = "";
        for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
            // What there are several of is named once.
            let name = if *name == std::mem::replace(&mut last, name) { "" } else { name };
            out.push_str(&format!("  {}  ", paint.dim(&format!("{name:10}"))));
            words::paragraph(&mut out, &words::shown(value), 0, 14, width.saturating_sub(14));
        }
    }
    for address in ledger.intents.keys().filter(|address| is_of(address, named)) {
        let address = words::shown(&address.to_string());
        let line = format!("{address}  {}", paint.warn("begun, and not heard of since"));
        words::line(&mut out, &line, 0, 2, width);
    }
    context.terminal.out(&out);
    Ok(Exit::Done)
}

fn unknown(ledger: &Ledger, named: &Address) -> Diagnostic {
    let names: Vec<String> = ledger.records.keys().map(ToString::to_string).collect();
    let detail = format!("The ledger has nothing under `{named}`.");
    Diagnostic::error(&codes::UNKNOWN_ADDRESS, detail)
        .help("`keyform ledger list` lists everything")
        .did_you_mean(&named.to_string(), names.iter().map(String::as_str))
}

/// Does something with the right to write, and gives it back.
async fn written(
    keeper: &Keeper,
    waiting: &Waiting,
    command: &str,
    events: impl FnOnce(&Ledger) -> Result<Vec<Event>, Diagnostic>,
) -> Result<Vec<Event>, Diagnostic> {
    let hold = keeper::take(keeper, command, None, waiting.lock_timeout).await?;
    let done = append(keeper, &hold, events).await;
    hold.release().await;
    done
}

async fn append(
    keeper: &Keeper,
    hold: &Hold,
    events: impl FnOnce(&Ledger) -> Result<Vec<Event>, Diagnostic>,
) -> Result<Vec<Event>, Diagnostic> {
    let events = events(&keeper.load().await?.0)?;
    hold.append(&events).await?;
    Ok(events)
}

async fn mv(
    context: &Context,
    keeper: &Keeper,
    from: &Address,
    to: &Address,
    waiting: &Waiting,
) -> Result<Exit, Diagnostic> {
    if let Some(entry) = [from, to].into_iter().find(|address| address.entry_key().is_some()) {
        let detail = format!("`{entry}` is an entry: it goes where its sync goes.");
        return Err(Diagnostic::error(&codes::UNKNOWN_ADDRESS, detail).help("name the sync"));
    }
    let events = written(keeper, waiting, "ledger mv", |ledger| {
        let known = || ledger.records.keys().chain(ledger.intents.keys()).map(Address::resource);
        let moves: BTreeMap<Address, Address> =
            known().filter_map(|address| Some((address.clone(), address.renamed(from, to)?))).collect();
        if moves.is_empty() {
            return Err(unknown(ledger, from));
        }
        if let Some(taken) = moves.values().find(|to| known().any(|address| address == **to)) {
            let detail = format!("The ledger has `{taken}` already.");
            return Err(Diagnostic::error(&codes::OWNED_TWICE, detail)
                .help("`keyform ledger rm` forgets one of them; it stays as it is"));
        }
        Ok(moves.into_iter().map(|(from, to)| Event::Move { from, to }).collect())
    })
    .await?;
    let lines = events.iter().filter_map(|event| match event {
        Event::Move { from, to } => Some(format!("{} is {} now.\n", shown(from), shown(to))),
        _ => None,
    });
    Ok(told(context, &lines.collect::<String>()))
}

async fn rm(
    context: &mut Context,
    keeper: &Keeper,
    named: &[Address],
    auto_approve: bool,
    waiting: &Waiting,
) -> Result<Exit, Diagnostic> {
    let meant = |ledger: &Ledger| -> Result<BTreeSet<Address>, Diagnostic> {
        let mut all = BTreeSet::new();
        for named in named {
            let known = ledger.records.keys().chain(ledger.intents.keys());
            let before = all.len();
            all.extend(known.filter(|address| is_of(address, named)).cloned());
            if all.len() == before {
                return Err(unknown(ledger, named));
            }
        }
        Ok(all)
    };
    let asked = meant(&keeper.load().await?.0)?;
    if !context.global.json {
        let lines: String = asked.iter().map(|address| format!("  {}\n", shown(address))).collect();
        context.terminal.out(&lines);
    }
    let rest = format!("{}. They stay as they are.", words::count(asked.len(), "record", "records"));
    let alone = "look at the list above, then add --auto-approve";
    if let Err(exit) = confirm::ask(context, "Forget this?", &rest, alone, auto_approve) {
        return Ok(context.end("ledger", exit));
    }
    // What came between the question and the answer was not asked about.
    let events = written(keeper, waiting, "ledger rm", |ledger| {
        let all = meant(ledger)?;
        Ok(all.intersection(&asked).map(|address| Event::Forget { address: address.clone() }).collect())
    })
    .await?;
    let count = words::count(events.len(), "record", "records");
    Ok(told(
        context,
        &format!(
            "Forgotten: {count}. What is there stays, and is foreign from now on: nothing deletes it, and `--adopt` or an \
             `import` block takes it over again.\n"
        ),
    ))
}

async fn unlock(context: &mut Context, keeper: &Keeper, id: &str, auto_approve: bool) -> Result<Exit, Diagnostic> {
    if let Some(note) = keeper.leases().await?.into_iter().find(|note| note.id == id) {
        let rest = format!(
            "It is {}, last heard of at {}. If it is alive, it stops before its next change.",
            words::shown(&note.holder.words()),
            note.renewed
        );
        let alone = "make sure that the run is dead, then add --auto-approve";
        if let Err(exit) = confirm::ask(context, "End this lease?", &rest, alone, auto_approve) {
            return Ok(context.end("ledger", exit));
        }
    }
    let note = keeper.unlock(id).await?;
    Ok(told(context, &format!("Unlocked: {} can write no more.\n", words::shown(&note.holder.words()))))
}

fn shown(address: &Address) -> String {
    words::shown(&address.to_string())
}

/// What was done, in a sentence.
fn told(context: &Context, text: &str) -> Exit {
    if context.global.json {
        return context.end("ledger", Exit::Done);
    }
    context.terminal.say(text);
    Exit::Done
}
