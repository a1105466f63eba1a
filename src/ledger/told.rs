//! Which findings of drift were told to whom, so that only news is told: `told.json` beside the ledger. It is no part of it, takes no
//! lock, and losing it means no more than that things are told once more.

use crate::diag::Diagnostic;
use crate::diag::Severity;
use crate::diag::codes;
use crate::diag::later;
use crate::ledger::beside;
use crate::ledger::keeper::Keeper;
use crate::ledger::store::Version;
use crate::plan::drift::Verdict;
use crate::plan::news::Item;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;

const NAME: &str = "told.json";

/// The version of the file.
const VERSION: u32 = 1;

/// The findings that each channel was told of, by the channel's name.
pub type Told = BTreeMap<String, BTreeSet<Item>>;

/// What was told, as it was read.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// What was told.
    pub told: Told,
    version: Option<Version>,
}

/// What is read first.
#[derive(Deserialize)]
struct Claim {
    version: u64,
    #[serde(default)]
    keyform: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    /// Which keyform wrote it.
    #[serde(default)]
    keyform: String,
    told: BTreeMap<String, Vec<Line>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    address: String,
    verdict: String,
}

impl Keeper {
    /// What was told before; nothing if nobody was.
    ///
    /// # Errors
    /// It can't be read, is damaged, or of a later version.
    pub async fn told(&self) -> Result<Kept, Diagnostic> {
        let (content, version) = match self {
            Self::Files(files) => {
                let path = files.dir().join(NAME);
                let unreadable = |error: io::Error| bad(&path.display().to_string(), &error.to_string());
                (beside::read(&path).map_err(unreadable)?, None)
            }
            Self::Shared(shared) => match shared.store().get(NAME).await? {
                Some(found) => (Some(found.content), Some(found.version)),
                None => (None, None),
            },
        };
        let Some(content) = content else { return Ok(Kept { version, ..Kept::default() }) };
        let damaged = || bad(&self.place(), &format!("`{NAME}` is damaged"));
        let claim: Claim = serde_json::from_slice(&content).map_err(|_| damaged())?;
        let (place, found) = (format!("{}/{NAME}", self.place()), (claim.version, VERSION));
        later::refused(&codes::TOLD, (&place, "a list of what was told"), found, claim.keyform.as_deref())
            .map_err(|why| Diagnostic { severity: Severity::Warning, ..why })?;
        let file = serde_json::from_slice::<File>(&content).ok();
        let told =
            file.and_then(|file| file.told.into_iter().map(|(name, lines)| Some((name, items(lines)?))).collect());
        Ok(Kept { told: told.ok_or_else(damaged)?, version })
    }

    /// Keeps what is told now. Where another run did so since it was read, that stays.
    ///
    /// # Errors
    /// It can't be written.
    pub async fn keep_told(&self, kept: &Kept, told: &Told) -> Result<(), Diagnostic> {
        let lines = |items: &BTreeSet<Item>| {
            items
                .iter()
                .map(|item| Line { address: item.address.to_string(), verdict: item.verdict.word().to_owned() })
                .collect()
        };
        let told = told.iter().map(|(name, items)| (name.clone(), lines(items))).collect();
        let unwritable = |error: &io::Error| bad(&self.place(), &error.to_string());
        let content = serde_json::to_vec(&File { version: VERSION, keyform: later::OWN.to_owned(), told });
        let content = content.map_err(|error| unwritable(&error.into()))?;
        match self {
            Self::Files(files) => beside::replace(files.dir(), NAME, &content).map_err(|error| unwritable(&error)),
            Self::Shared(shared) => shared.store().put(NAME, &content, kept.version.as_ref()).await.map(drop),
        }
    }
}

/// `None` if a line is none.
fn items(lines: Vec<Line>) -> Option<BTreeSet<Item>> {
    let item =
        |line: Line| Some(Item { address: line.address.parse().ok()?, verdict: Verdict::from_word(&line.verdict)? });
    lines.into_iter().map(item).collect()
}

fn bad(place: &str, why: &str) -> Diagnostic {
    Diagnostic::warning(&codes::TOLD, format!("{place}: {why}."))
        .help("if it is damaged, delete it: everything is told once more")
}
