//! The events that change a ledger, and their lines in the journal.
//!
//! A line is one JSON object with a serial that counts on from the snapshot's. A last line without an end
//! was cut off by a crash and counts as not written; anything else that is no event, or a serial that is
//! missing, is damage. Files are opened and written in [`crate::ledger::files`].

use crate::model::address::Address;
use crate::model::ledger::Ledger;
use crate::model::ledger::Natural;
use crate::model::ledger::Record;
use crate::model::ledger::Request;
use crate::secret::Fingerprint;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One change of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A create begins: what is found under this natural key from now on is ours.
    Intent {
        /// Of what.
        address: Address,
        /// What will find it.
        natural: Natural,
    },
    /// The backend took a change as a request for approval.
    Request {
        /// Of what.
        address: Address,
        /// What is known of the request.
        request: Request,
    },
    /// Something was written, or adopted. Ends its intent, and its request.
    Record {
        /// What.
        address: Address,
        /// What is known of it.
        record: Record,
    },
    /// A resource is declared under another address now; its entries and its intent go along.
    Move {
        /// What it was.
        from: Address,
        /// What it is.
        to: Address,
    },
    /// Something is gone, or no longer managed. Ends its intent and its request as well.
    Forget {
        /// What.
        address: Address,
    },
}

/// What a ledger is after an event: the serial counts it.
pub fn apply(ledger: &mut Ledger, event: Event) {
    ledger.serial += 1;
    match event {
        Event::Intent { address, natural } => {
            ledger.intents.insert(address, natural);
        }
        Event::Request { address, request } => {
            ledger.requests.insert(address, request);
        }
        Event::Record { address, record } => {
            ledger.intents.remove(&address);
            ledger.requests.remove(&address);
            ledger.records.insert(address, record);
        }
        Event::Move { from, to } => ledger.rename(&from, &to),
        Event::Forget { address } => {
            ledger.intents.remove(&address);
            ledger.requests.remove(&address);
            ledger.records.remove(&address);
        }
    }
}

/// The line of an event, its end included.
///
/// # Errors
/// Never for the types of an event; the library does not promise it.
pub(crate) fn line(serial: u64, event: &Event) -> Result<String, serde_json::Error> {
    let line = match event {
        Event::Intent { address, natural } => {
            Line::Intent { serial, address: address.to_string(), natural: natural.clone() }
        }
        Event::Request { address, request } => {
            Line::Request { serial, address: address.to_string(), request: Requested::of(request) }
        }
        Event::Record { address, record } => {
            Line::Record { serial, address: address.to_string(), record: Written::of(record) }
        }
        Event::Move { from, to } => Line::Move { serial, from: from.to_string(), to: to.to_string() },
        Event::Forget { address } => Line::Forget { serial, address: address.to_string() },
    };
    let mut text = serde_json::to_string(&line)?;
    text.push('\n');
    Ok(text)
}

/// Where a journal is damaged: the line, counted from 1, and what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) line: usize,
    pub(crate) what: &'static str,
}

/// Applies all events that the ledger does not know yet.
pub(crate) fn replay(ledger: &mut Ledger, journal: &[u8]) -> Result<(), Damage> {
    for (i, text) in journal.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let damage = |what| Damage { line: i + 1, what };
        let (serial, event) = match (event(text), text.ends_with(b"\n")) {
            (Some(event), _) => event,
            (None, true) => return Err(damage("is no event")),
            (None, false) => return Ok(()),
        };
        if serial > ledger.serial + 1 {
            return Err(damage("does not follow: events before it are missing"));
        }
        if serial == ledger.serial + 1 {
            apply(ledger, event);
        }
    }
    Ok(())
}

fn event(text: &[u8]) -> Option<(u64, Event)> {
    Some(match serde_json::from_slice(text).ok()? {
        Line::Intent { serial, address, natural } => {
            (serial, Event::Intent { address: address.parse().ok()?, natural })
        }
        Line::Request { serial, address, request } => {
            (serial, Event::Request { address: address.parse().ok()?, request: request.request()? })
        }
        Line::Record { serial, address, record } => {
            (serial, Event::Record { address: address.parse().ok()?, record: record.record()? })
        }
        Line::Move { serial, from, to } => (serial, Event::Move { from: from.parse().ok()?, to: to.parse().ok()? }),
        Line::Forget { serial, address } => (serial, Event::Forget { address: address.parse().ok()? }),
    })
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase", deny_unknown_fields)]
enum Line {
    Intent { serial: u64, address: String, natural: Natural },
    Request { serial: u64, address: String, request: Requested },
    Record { serial: u64, address: String, record: Written },
    Move { serial: u64, from: String, to: String },
    Forget { serial: u64, address: String },
}

/// A request in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Requested {
    row: String,
    at: Arc<str>,
}

impl Requested {
    pub(crate) fn of(request: &Request) -> Self {
        Self { row: request.row.to_hex(), at: Arc::clone(&request.at) }
    }

    pub(crate) fn request(self) -> Option<Request> {
        Some(Request { row: Fingerprint::from_hex(&self.row)?, at: self.at })
    }
}

/// A record in a file; what is empty is left out.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    #[serde(default, skip_serializing_if = "str::is_empty")]
    id: Arc<str>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    natural: Natural,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    written: BTreeMap<Arc<str>, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    marked: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "is_false")]
    protected: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    removes: bool,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    at: Arc<str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Written {
    pub(crate) fn of(record: &Record) -> Self {
        Self {
            id: Arc::clone(&record.id),
            natural: record.natural.clone(),
            written: record.written.iter().map(|(name, f)| (Arc::clone(name), f.to_hex())).collect(),
            marked: record.marked.clone(),
            version: record.version.clone(),
            protected: record.protected,
            removes: record.removes,
            at: Arc::clone(&record.at),
        }
    }

    pub(crate) fn record(self) -> Option<Record> {
        let written = self.written.into_iter().map(|(name, hex)| Some((name, Fingerprint::from_hex(&hex)?)));
        Some(Record {
            id: self.id,
            natural: self.natural,
            written: written.collect::<Option<_>>()?,
            marked: self.marked,
            version: self.version,
            protected: self.protected,
            removes: self.removes,
            at: self.at,
        })
    }
}
