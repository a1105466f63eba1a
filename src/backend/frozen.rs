//! A snapshot: what was read of a backend and of destinations, with the ledger, and without a value. Signed, so that whoever
//! plans with it knows whose it is; of one configuration's backend and ledger; until a day.
//!
//! Where a value was there is a stand-in. A fingerprint of a stand-in, made with the snapshot's own key, which is no secret, leads to
//! the fingerprint that the ledger's key made of the value ([`Frozen::known`]): so fingerprints can be compared and nobody can
//! make one of a guess.
//!
//! The file has two lines: the snapshot as JSON, and the signature of exactly that line.

use crate::backend::bytes;
use crate::backend::read::Mention;
use crate::backend::state::Folder;
use crate::backend::state::State;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::later;
use crate::ledger::snapshot;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::ledger::Ledger;
use crate::model::references;
use crate::model::references::Place;
use crate::model::references::Reference;
use crate::provider::Observation;
use crate::provider::Seen;
use crate::secret::Fingerprint;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use crate::secret::sign::Signer;
use crate::secret::sign::Verifier;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

const FORMAT: &str = "keyform.snapshot/1";

/// The latest version that is read.
const VERSION: u32 = 1;

/// What a snapshot holds.
pub struct Frozen {
    /// The version of keyform that made it.
    pub keyform: String,
    /// When it was made, in seconds since 1970.
    pub at: i64,
    /// When it ends, in seconds since 1970.
    pub until: i64,
    /// Which backend and which ledger it is of, as a digest of how they are declared.
    pub of: String,
    /// What the backend is called in a plan.
    pub called: Arc<str>,
    /// What the backend holds, with stand-ins for values.
    pub state: State,
    /// What the destinations hold, by place; the same.
    pub places: BTreeMap<String, Observation>,
    /// What keyform wrote last.
    pub ledger: Ledger,
    /// The key of the fingerprints of stand-ins. No secret.
    pub key: FingerprintKey,
    /// Fingerprints of what they stand for, by those.
    pub known: BTreeMap<Fingerprint, Fingerprint>,
    /// Digests of where the values of declared resources come from, by their addresses.
    pub sources: BTreeMap<String, String>,
}

/// What is read first.
#[derive(Deserialize)]
struct Claim {
    format: String,
    #[serde(default)]
    keyform: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    format: String,
    keyform: String,
    at: i64,
    until: i64,
    of: String,
    called: Arc<str>,
    key: String,
    state: State,
    places: BTreeMap<String, Listed>,
    ledger: serde_json::Value,
    known: Vec<(String, String)>,
    sources: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    #[serde(with = "bytes::problem")]
    partial: Option<Diagnostic>,
    entries: BTreeMap<Arc<str>, Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(with = "bytes::secret", default)]
    value: Option<Secret>,
    digest: Option<Arc<str>>,
    version: Option<Arc<str>>,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    key: String,
    signature: String,
}

/// The file.
///
/// # Errors
/// Something in it is no stand-in: then nothing is written.
pub fn text(frozen: &Frozen, signer: &Signer) -> Result<Vec<u8>, Diagnostic> {
    // The library's message may quote what it found.
    let odd =
        |_| Diagnostic::error(&codes::SNAPSHOT_ODD, "Something that was read is of no kind that a snapshot can hold.");
    let ledger = snapshot::text(&frozen.ledger, "").map_err(odd)?;
    let entry =
        |seen: &Seen| Entry { value: seen.value.clone(), digest: seen.digest.clone(), version: seen.version.clone() };
    let listed = |seen: &Observation| Listed {
        partial: seen.partial.clone(),
        entries: seen.entries.iter().map(|(key, seen)| (Arc::clone(key), entry(seen))).collect(),
    };
    let written = serde_json::json!({
        "format": FORMAT,
        "keyform": frozen.keyform,
        "at": frozen.at,
        "until": frozen.until,
        "of": frozen.of,
        "called": frozen.called,
        "key": frozen.key.to_hex().expose(),
        "state": serde_json::to_value(&frozen.state).map_err(odd)?,
        "places": serde_json::to_value(frozen.places.iter().map(|(place, seen)| (place, listed(seen))).collect::<BTreeMap<_, _>>()).map_err(odd)?,
        "ledger": serde_json::from_slice::<serde_json::Value>(&ledger).map_err(odd)?,
        "known": frozen.known.iter().map(|(a, b)| (a.to_hex(), b.to_hex())).collect::<Vec<_>>(),
        "sources": frozen.sources,
    });
    let mut text = serde_json::to_vec(&written).map_err(odd)?;
    let signed = Signed { key: signer.verifier().to_hex(), signature: signer.sign(&text) };
    text.push(b'\n');
    text.extend(serde_json::to_vec(&signed).map_err(odd)?);
    text.push(b'\n');
    Ok(text)
}

/// Whether a text is a snapshot of any version, whoever signed it.
#[must_use]
pub fn is_one(text: &str) -> bool {
    let claim = text.lines().next().and_then(|line| serde_json::from_str::<Claim>(line).ok());
    claim.is_some_and(|claim| later::of_format(&claim.format, "snapshot").is_some())
}

/// Reads a file that the owner of one of these keys signed. `name` is what the user calls it.
///
/// # Errors
/// It is none, of another version, not signed by one of them, or changed since.
pub fn read(name: &str, text: &str, keys: &[Verifier]) -> Result<Frozen, Diagnostic> {
    let bad = |what: &str| {
        Diagnostic::error(&codes::SNAPSHOT_BAD, format!("`{name}` {what}."))
            .help("make one: `keyform snapshot --out FILE`")
    };
    let (line, rest) = text.split_once('\n').ok_or_else(|| bad("is no snapshot"))?;
    // Before the signature, which may be made otherwise by then: nothing comes of it but that it is refused.
    let claim = serde_json::from_str::<Claim>(line).ok();
    let by = claim.as_ref().and_then(|claim| claim.keyform.as_deref());
    let version = claim.as_ref().and_then(|claim| later::of_format(&claim.format, "snapshot"));
    let found = (version.unwrap_or_default(), VERSION);
    later::refused(&codes::LATER_FILE, (&format!("`{name}`"), "a snapshot"), found, by)?;
    let signed: Signed = serde_json::from_str(rest).map_err(|_| bad("is no snapshot, or its end is missing"))?;
    let is_signed =
        keys.iter().any(|key| key.to_hex() == signed.key && key.verifies(line.as_bytes(), &signed.signature));
    if !is_signed {
        let is_known = keys.iter().any(|key| key.to_hex() == signed.key);
        let why = if is_known { "was changed after it was signed" } else { "is signed with another key" };
        let detail = format!("`{name}` {why}. Nothing in it was used.");
        return Err(
            Diagnostic::error(&codes::SNAPSHOT_FORGED, detail).help("take it from where the trusted job put it")
        );
    }
    if version != Some(VERSION.into()) {
        return Err(bad("is no snapshot"));
    }
    // The library's message may quote what it found.
    let beyond = |_| later::beyond(&codes::LATER_FILE, &format!("`{name}`"), by);
    let written: Written = serde_json::from_str(line)
        .map_err(|error| beyond(error).unwrap_or_else(|| bad("is not as a snapshot is written")))?;
    let ledger = serde_json::to_vec(&written.ledger).map_err(|_| bad("has no ledger"))?;
    let print = |text: &str| Fingerprint::from_hex(text).ok_or_else(|| bad("has a fingerprint that is none"));
    let known = written.known.iter().map(|(a, b)| Ok((print(a)?, print(b)?))).collect::<Result<_, Diagnostic>>()?;
    let seen =
        |entry: Entry| Seen { value: entry.value, digest: entry.digest, version: entry.version, ..Seen::default() };
    let places = written.places.into_iter().map(|(place, listed)| {
        let entries = listed.entries.into_iter().map(|(key, entry)| (key, seen(entry))).collect();
        (place, Observation { entries, partial: listed.partial, ..Observation::default() })
    });
    Ok(Frozen {
        keyform: written.keyform,
        at: written.at,
        until: written.until,
        of: written.of,
        called: written.called,
        places: places.collect(),
        state: written.state,
        ledger: snapshot::parse(name, &ledger)?.0,
        key: FingerprintKey::from_hex(&written.key).ok_or_else(|| bad("has no key"))?,
        known,
        sources: written.sources,
    })
}

/// Puts stand-ins in the place of all values. References stay: where they lead is no secret, and what a sync pushes depends
/// on it.
pub fn blank(state: &mut State) {
    for project in state.projects.values_mut() {
        let secrets = project.environments.iter().filter_map(|e| Some((&e.slug, e.secrets.as_ref()?.as_ref().ok()?)));
        let there: BTreeSet<(String, String, String)> = secrets
            .flat_map(|(slug, all)| all.iter().map(|one| (slug.to_string(), one.path.to_string(), one.key.to_string())))
            .collect();
        let is_there = |reference: &Reference| {
            let Reference { place, key } = reference.clone();
            there.contains(&(place.environment, place.path, key))
        };
        for environment in &mut project.environments {
            let Some(Ok(secrets)) = &mut environment.secrets else { continue };
            for secret in secrets {
                let at = Place { environment: environment.slug.to_string(), path: secret.path.to_string() };
                secret.value =
                    secret.value.as_ref().map(|value| references::masked(value, &at, &is_there, &mut bytes::stand_in));
            }
        }
        project.things.values_mut().flatten().flatten().for_each(|thing| blank_attrs(&mut thing.attrs));
        // What somebody else says may quote a value.
        project.syncs.iter_mut().flatten().flatten().for_each(|sync| sync.message = None);
    }
    state.things.values_mut().flatten().flatten().for_each(|thing| blank_attrs(&mut thing.attrs));
}

fn blank_attrs(attrs: &mut BTreeMap<Arc<str>, Value>) {
    attrs.remove("run_failed");
    attrs.values_mut().for_each(|value| *value = blanked(value));
}

fn blanked(value: &Value) -> Value {
    match value {
        Value::Secret(secret) => Value::Secret(of(secret)),
        Value::List(items) => Value::list(items.iter().map(blanked).collect()),
        Value::Object(fields) => {
            Value::object(fields.iter().map(|(name, field)| (Arc::clone(name), blanked(field))).collect::<Object>())
        }
        other => other.clone(),
    }
}

/// The same of what a destination holds. What else its manifest keeps for writing is left out.
#[must_use]
pub fn blank_place(seen: &Observation) -> Observation {
    let entries = seen.entries.iter().map(|(key, seen)| {
        let value = seen.value.as_ref().map(of);
        (Arc::clone(key), Seen { value, digest: seen.digest.clone(), version: seen.version.clone(), ..Seen::default() })
    });
    Observation { entries: entries.collect(), partial: seen.partial.clone(), ..Observation::default() }
}

/// A stand-in for a value; for an empty one, an empty one.
fn of(secret: &Secret) -> Secret {
    Secret::new(if secret.is_empty() { String::new() } else { bytes::stand_in() })
}

/// Has what is mentioned and was not read be unread, never absent.
pub fn unread(state: &mut State, mentions: &BTreeMap<Arc<str>, Mention>) {
    for (slug, mention) in mentions {
        let Some(project) = state.projects.get_mut(slug) else { continue };
        let why = |what: &str| missing(&format!("{what} of {slug}"));
        if mention.tags {
            project.tags.get_or_insert_with(|| Err(why("tags")));
        }
        if mention.syncs {
            project.syncs.get_or_insert_with(|| Err(why("syncs")));
        }
        for kind in mention.things.keys() {
            project.things.entry(*kind).or_insert_with(|| Err(why(kind.word())));
        }
        for environment in &mut project.environments {
            let Some(asked) = mention.environments.get(&environment.slug) else { continue };
            if asked.folders {
                environment.folders.get_or_insert_with(|| Err(why("folders")));
            }
            if asked.secrets {
                environment.secrets.get_or_insert_with(|| Err(why("secrets")));
            }
            if asked.position {
                environment.position.get_or_insert_with(|| Err(why("positions")));
            }
        }
        let mut open: Vec<Folder> = mention.imports.iter().chain(&mention.sources).cloned().collect();
        while let Some(folder) = open.pop() {
            let Some(environment) = project.environments.iter_mut().find(|e| e.slug == folder.0) else { continue };
            environment.secrets.get_or_insert_with(|| Err(why("secrets")));
            // A folder that is not there imports nothing.
            let is_there = match &environment.folders {
                Some(Ok(folders)) => *folder.1 == *"/" || folders.contains_key(&folder.1),
                _ => true,
            };
            match project.imports.get(&folder) {
                Some(_) => {}
                None if is_there => {
                    let why = why(&format!("imports in {}{}", folder.0, folder.1));
                    project.imports.insert(folder, Err(why));
                }
                None => {
                    project.imports.insert(folder, Ok(Vec::new()));
                }
            }
        }
    }
}

/// What a snapshot does not have.
#[must_use]
pub fn missing(what: &str) -> Diagnostic {
    let detail = format!("The snapshot does not have the {what}.");
    Diagnostic::error(&codes::SNAPSHOT_LACKS, detail)
        .help("plan where the backend can be asked, or take a snapshot of this configuration")
}
