//! `keyform ledger`: what keyform wrote and owns. Offline.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::model::ledger::Ledger;
use crate::view::words;
use serde::Serialize;
use std::collections::BTreeMap;

/// Look at the ledger: what keyform wrote, and therefore owns.
///
/// The ledger holds ids, natural keys and fingerprints, never a value. It is what deletion and drift are
/// decided by; losing it loses no resource, only the right to delete.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  keyform ledger show --json | jq '.records[].address'")]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List every record
    Show,
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

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let Action::Show = args.action;
    let Some(ledger) = context.ledger() else { return context.failed("ledger") };
    if context.global.json {
        context.document(&document(&ledger));
        return Exit::Done;
    }
    let paint = context.terminal.style().paint;
    let mut out = String::new();
    for (address, record) in &ledger.records {
        let protected = if record.protected { "  protected" } else { "" };
        let version = record.version.as_ref().map(|v| format!("  version {}", words::shown(v))).unwrap_or_default();
        let address = words::shown(&address.to_string());
        out.push_str(&format!("{address}  {}\n", paint.dim(&format!("{}{version}{protected}", record.at))));
    }
    for address in ledger.intents.keys() {
        let address = words::shown(&address.to_string());
        out.push_str(&format!("{address}  {}\n", paint.warn("begun, and not heard of since")));
    }
    let counted = words::count(ledger.records.len(), "record", "records");
    out.push_str(&format!("{counted}, serial {}.\n", ledger.serial));
    context.terminal.out(&out);
    Exit::Done
}

fn document(ledger: &Ledger) -> Document<'_> {
    Document {
        format: "keyform.ledger/1",
        serial: ledger.serial,
        owner: &ledger.owner,
        records: ledger
            .records
            .iter()
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
        intents: ledger.intents.keys().map(ToString::to_string).collect(),
    }
}
