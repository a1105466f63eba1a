//! All records as of one serial, as text: the file `ledger.json`, what a shared ledger folds its journal into, and
//! what `keyform ledger pull` gives.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::later;
use crate::ledger::journal::Requested;
use crate::ledger::journal::Written;
use crate::model::ledger::Apart;
use crate::model::ledger::Ledger;
use crate::model::ledger::Natural;
use crate::secret::FingerprintKey;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version that this program writes, and the latest that it reads.
pub(crate) const VERSION: u32 = 1;

/// What tells whether a key is the ledger's, without telling the key.
#[must_use]
pub fn mark_of(key: &FingerprintKey) -> String {
    key.fingerprint("keyform", b"ledger").to_hex()
}

/// The text of a ledger whose fingerprints were made with the key of this mark.
///
/// # Errors
/// Never for the types of a ledger; the library does not promise it.
pub fn text(ledger: &Ledger, mark: &str) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = serde_json::to_vec_pretty(&Snapshot::of(ledger, mark.to_owned()))?;
    text.push(b'\n');
    Ok(text)
}

/// Reads what [`text`] wrote: the ledger and the mark of its key. `place` is what the text is called in a problem.
///
/// # Errors
/// It is of a later version, or nothing that keyform wrote.
pub fn parse(place: &str, text: &[u8]) -> Result<(Ledger, String), Diagnostic> {
    let version = serde_json::from_slice::<Version>(text)
        .map_err(|error| damaged(place, &format!("line {} is no JSON of a ledger", error.line())))?;
    version.known(place)?;
    // The library's message may quote what it found; the line is enough.
    let snapshot: Snapshot = serde_json::from_slice(text)
        .map_err(|error| damaged(place, &format!("line {} is not of a ledger", error.line())))?;
    let mark = snapshot.key.clone();
    let ledger = snapshot.ledger().ok_or_else(|| damaged(place, "a record has no address, or no fingerprint"))?;
    Ok((ledger, mark))
}

/// What is there is none of ours.
pub(crate) fn damaged(place: &str, what: &str) -> Diagnostic {
    Diagnostic::error(&codes::LEDGER_DAMAGED, format!("{place}: {what}. Nothing was written."))
        .help("restore the file from a copy, or move it away and plan with `--adopt`")
}

/// Nobody has the key with which the fingerprints were made.
pub(crate) fn wrong_key(detail: &str) -> Diagnostic {
    Diagnostic::error(&codes::LEDGER_KEY, detail).help(
        "restore the key, or set KEYFORM_FINGERPRINT_KEY to it; if it is lost, move `ledger.json` and \
         `journal.jsonl` away and plan with `--adopt`",
    )
}

/// What is read first: it stays the same in all versions.
#[derive(Deserialize)]
pub(crate) struct Version {
    version: u64,
    #[serde(default)]
    keyform: Option<String>,
}

impl Version {
    /// Refuses what a later keyform wrote.
    pub(crate) fn known(&self, place: &str) -> Result<(), Diagnostic> {
        let by = self.keyform.as_deref();
        later::refused(&codes::LEDGER_VERSION, (place, "a ledger"), (self.version, VERSION), by)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    version: u32,
    /// Which keyform wrote it.
    #[serde(default)]
    keyform: String,
    serial: u64,
    owner: Arc<str>,
    /// [`mark_of`] the key.
    key: String,
    records: BTreeMap<String, Written>,
    intents: BTreeMap<String, Natural>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    requests: BTreeMap<String, Requested>,
}

impl Snapshot {
    fn of(ledger: &Ledger, key: String) -> Self {
        Self {
            version: VERSION,
            keyform: later::OWN.to_owned(),
            serial: ledger.serial,
            owner: Arc::clone(&ledger.owner),
            key,
            records: ledger.records.iter().map(|(address, r)| (address.to_string(), Written::of(r))).collect(),
            intents: ledger.intents.iter().map(|(address, n)| (address.to_string(), n.clone())).collect(),
            requests: ledger.requests.iter().map(|(address, r)| (address.to_string(), Requested::of(r))).collect(),
        }
    }

    fn ledger(self) -> Option<Ledger> {
        let records = self.records.into_iter().map(|(address, r)| Some((address.parse().ok()?, r.record()?)));
        let intents = self.intents.into_iter().map(|(address, natural)| Some((address.parse().ok()?, natural)));
        let requests = self.requests.into_iter().map(|(address, r)| Some((address.parse().ok()?, r.request()?)));
        Some(Ledger {
            serial: self.serial,
            owner: self.owner,
            records: records.collect::<Option<_>>()?,
            intents: intents.collect::<Option<_>>()?,
            requests: requests.collect::<Option<_>>()?,
            apart: Apart::default(),
        })
    }
}
