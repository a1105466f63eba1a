//! Undo capsules: sealed, kept beside the ledger, opened again.
//!
//! Each is two things: `RUN.age`, the values of a run, sealed for the recipients of the configuration (`age -d` opens it as
//! well), and a note of what everybody may know of it: when, and whose values; never a value, nor a fingerprint. Where
//! they lie: [`crate::ledger::beside`].
//!
//! Anybody can seal something for a recipient. So what is sealed begins with a mark that only the holder of the
//! ledger's fingerprint key can make, and a capsule without it is not opened: else whoever can write files here could
//! have values of their choice written. The capsule is there before the note, and both before the run begins.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::later;
use crate::ledger::beside::Beside;
use crate::ledger::journal::Written;
use crate::ledger::keeper::Hold;
use crate::ledger::shared::Shared;
use crate::model::capsule::Capsule;
use crate::model::capsule::Kept;
use crate::model::capsule::Note;
use crate::model::capsule::Owner;
use crate::model::capsule::Place;
use crate::model::capsule::Stored;
use crate::secret::Fingerprint;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use crate::secret::seal;
use crate::secret::seal::Closed;
use crate::secret::seal::Identity;
use crate::secret::seal::Recipient;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The version of both files.
const VERSION: u32 = 1;

/// The capsules of one ledger.
#[derive(Clone)]
pub struct Capsules {
    beside: Beside,
}

impl Capsules {
    /// Those beside the ledger in `dir`. Reads and writes nothing.
    #[must_use]
    pub fn beside(dir: &Path) -> Self {
        Self { beside: Beside::Directory(dir.join("undo")) }
    }

    /// Those in the store of a shared ledger. Asks nothing.
    #[must_use]
    pub fn shared(shared: &Shared) -> Self {
        Self { beside: Beside::Store(shared.clone()) }
    }

    /// Seals a capsule; on return it is there for good. Gives the name of its run, which sorts after all that are
    /// there, also where a clock went back. Of all, the newest `most` are kept, and the one that is being `undone`.
    ///
    /// # Errors
    /// It can't be written. Whatever would be lost without it must not be done.
    pub async fn keep(
        &self,
        hold: &Hold,
        key: &FingerprintKey,
        (recipients, most): (&[Recipient], usize),
        capsule: &Capsule,
        undone: Option<&str>,
    ) -> Result<Arc<str>, Diagnostic> {
        let fails = |why: String| {
            let why = why.trim_end_matches('.');
            let detail = format!("{}: {why}. Nothing was changed.", self.beside.place(&capsule.note.run));
            Diagnostic::error(&codes::CAPSULE_WRITE, detail)
                .help("mend that; or go on with --no-undo, and what is overwritten or deleted is lost")
        };
        let runs = self.beside.runs().await.map_err(fails)?;
        // Shards begin in the same moment.
        let own = hold.seat().map(|seat| format!("-{seat}")).unwrap_or_default();
        let run: Arc<str> = match runs.last() {
            Some(last) if **last >= *capsule.note.run => format!("{last}-1{own}").into(),
            _ => format!("{}{own}", capsule.note.run).into(),
        };
        let note = Note { run: run.clone(), ..capsule.note.clone() };
        let sealed = plain(key, &run, capsule).and_then(|plain| seal::seal(recipients, &plain));
        self.beside.seal(&run, &sealed.map_err(|error| fails(error.to_string()))?).await.map_err(fails)?;
        self.write_note(&note).await.map_err(fails)?;
        // Of those that were there: another shard may have added its own.
        let older = runs.into_iter().rev().skip(most.saturating_sub(1));
        let older = older.filter(|old| **old != *run && Some(&**old) != undone).collect();
        self.beside.prune(&older).await.map_err(fails)?;
        Ok(run)
    }

    /// The notes of all capsules, the newest first, and what is wrong with those that are damaged.
    ///
    /// # Errors
    /// Nothing can be read.
    pub async fn notes(&self) -> Result<(Vec<Note>, Vec<Diagnostic>), Diagnostic> {
        let written = self.beside.notes().await.map_err(|why| unreadable(&self.beside.note_place(""), &why))?;
        let (mut notes, mut damaged) = (Vec::new(), Vec::new());
        for (run, text) in written.iter().rev() {
            let place = self.beside.note_place(run);
            if let Err(why) = known(&place, text) {
                damaged.push(why);
                continue;
            }
            match serde_json::from_slice::<WrittenNote>(text).ok().and_then(|written| written.note(run)) {
                Some(note) => notes.push(note),
                None => damaged.push(unreadable(&place, &format!("it has no note of run {run}"))),
            }
        }
        Ok((notes, damaged))
    }

    /// Opens the capsule that a note is of.
    ///
    /// # Errors
    /// It is gone, damaged, sealed for others, or not of this ledger.
    pub async fn open(
        &self,
        note: &Note,
        identities: &[Identity],
        key: &FingerprintKey,
    ) -> Result<Capsule, Diagnostic> {
        let place = self.beside.place(&note.run);
        let sealed = self.beside.sealed(&note.run).await.map_err(|why| unreadable(&place, &why))?;
        let sealed = sealed.ok_or_else(|| unreadable(&place, "it is not there"))?;
        let plain = seal::open(identities, &sealed).map_err(|why| match why {
            Closed::Damaged => unreadable(&place, "it is not as it was written"),
            Closed::Others => Diagnostic::error(&codes::CAPSULE_SEALED, format!("{place} is sealed for others."))
                .help("give the identity of one of the recipients that the `undo` block named at that time"),
        })?;
        let (mark, text) = plain.split_at_checked(MARK_LENGTH).ok_or_else(|| unreadable(&place, "it is too short"))?;
        let mark = std::str::from_utf8(mark).ok().and_then(|mark| Fingerprint::from_hex(mark.trim_end()));
        if mark != Some(mark_of(key, &note.run, text)) {
            let detail = format!("{place} was not sealed by this ledger, or is of another run.");
            return Err(Diagnostic::error(&codes::CAPSULE_FOREIGN, detail)
                .help("nothing of it was used; `age -d` shows what is in it, if you trust where it comes from"));
        }
        known(&place, text)?;
        let kept = serde_json::from_slice::<Content>(text).ok().and_then(Content::kept);
        let kept = kept.ok_or_else(|| unreadable(&place, "it is not as it was written"))?;
        Ok(Capsule { note: note.clone(), kept })
    }

    /// Says in its note that all of a capsule was put back.
    ///
    /// # Errors
    /// The note can't be written.
    pub async fn undone(&self, _: &Hold, note: &Note, at: &str) -> Result<(), Diagnostic> {
        let note = Note { undone: Some(at.into()), ..note.clone() };
        self.write_note(&note).await.map_err(|why| {
            let (place, why) = (self.beside.note_place(&note.run), why.trim_end_matches('.'));
            Diagnostic::error(&codes::CAPSULE_WRITE, format!("{place}: {why}. What was put back is put back."))
        })
    }

    async fn write_note(&self, note: &Note) -> Result<(), String> {
        let mut text = serde_json::to_vec_pretty(&WrittenNote::of(note)).map_err(|error| error.to_string())?;
        text.push(b'\n');
        self.beside.note(&note.run, &text).await
    }
}

fn unreadable(place: &str, why: &str) -> Diagnostic {
    Diagnostic::error(&codes::CAPSULE_READ, format!("{place}: {}.", why.trim_end_matches('.')))
        .help("restore the file from a copy; without it the values that it held are lost")
}

/// Refuses what a later keyform wrote: a note, or what is sealed. What is no JSON is told by whoever reads on.
fn known(place: &str, text: &[u8]) -> Result<(), Diagnostic> {
    let Ok(claim) = serde_json::from_slice::<Claim>(text) else { return Ok(()) };
    let found = (claim.version, VERSION);
    later::refused(&codes::LATER_FILE, (place, "an undo capsule"), found, claim.keyform.as_deref())
}

/// What is read first.
#[derive(Deserialize)]
struct Claim {
    version: u64,
    #[serde(default)]
    keyform: Option<String>,
}

/// The digits of a mark and a line end.
const MARK_LENGTH: usize = 33;

fn mark_of(key: &FingerprintKey, run: &str, text: &[u8]) -> Fingerprint {
    key.fingerprint(&format!("keyform undo {run}"), text)
}

/// What is sealed: the mark, and below it the content.
fn plain(key: &FingerprintKey, run: &str, capsule: &Capsule) -> io::Result<Zeroizing<Vec<u8>>> {
    // As long as it can become (a character is six at most in JSON, and names count double): so it never moves, and
    // leaves no copy behind.
    let size = |kept: &Kept| 2048 + 6 * kept.value.len() + 12 * format!("{:?}{:?}", kept.place, kept.owner).len();
    let room = capsule.kept.iter().map(size).sum::<usize>() + MARK_LENGTH + 256;
    let mut plain = Zeroizing::new(Vec::with_capacity(room));
    plain.extend_from_slice(&[b'\n'; MARK_LENGTH]);
    serde_json::to_writer(&mut *plain, &Content::of(capsule))?;
    let mark = mark_of(key, run, &plain[MARK_LENGTH..]).to_hex();
    plain[..mark.len()].copy_from_slice(mark.as_bytes());
    Ok(plain)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNote {
    version: u32,
    #[serde(default)]
    keyform: String,
    at: Arc<str>,
    command: Arc<str>,
    values: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undone: Option<Arc<str>>,
}

impl WrittenNote {
    fn of(note: &Note) -> Self {
        Self {
            version: VERSION,
            keyform: later::OWN.to_owned(),
            at: note.at.clone(),
            command: note.command.clone(),
            values: note.values.iter().map(ToString::to_string).collect(),
            undone: note.undone.clone(),
        }
    }

    fn note(self, run: &str) -> Option<Note> {
        let values = self.values.iter().map(|address| address.parse().ok()).collect::<Option<_>>()?;
        let Self { at, command, undone, .. } = self;
        Some(Note { run: run.into(), at, command, values, undone })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    #[serde(default)]
    keyform: String,
    kept: Vec<WrittenKept>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKept {
    address: String,
    #[serde(with = "exposed")]
    value: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<String>,
    place: WrittenPlace,
    owner: WrittenOwner,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenPlace {
    Secret {
        project: Arc<str>,
        environment: Arc<str>,
        path: Arc<str>,
        key: Arc<str>,
        comment: Arc<str>,
        tags: Vec<Arc<str>>,
        metadata: BTreeMap<Arc<str>, Arc<str>>,
    },
    Entry {
        called: Arc<str>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenOwner {
    Other,
    Apart,
    Keyform(Written),
}

/// A secret on its way into what is sealed, and out of it.
mod exposed {
    use crate::secret::Secret;
    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serializer;

    pub(super) fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::new)
    }
}

impl Content {
    fn of(capsule: &Capsule) -> Self {
        let kept = capsule.kept.iter().map(|kept| WrittenKept {
            address: kept.address.to_string(),
            value: kept.value.clone(),
            left: kept.left.map(Fingerprint::to_hex),
            place: match &kept.place {
                Place::Secret(Stored { project, environment, path, key, comment, tags, metadata }) => {
                    WrittenPlace::Secret {
                        project: project.clone(),
                        environment: environment.clone(),
                        path: path.clone(),
                        key: key.clone(),
                        comment: comment.clone(),
                        tags: tags.clone(),
                        metadata: metadata.clone(),
                    }
                }
                Place::Entry { called } => WrittenPlace::Entry { called: called.clone() },
            },
            owner: match &kept.owner {
                Owner::Other => WrittenOwner::Other,
                Owner::Apart => WrittenOwner::Apart,
                Owner::Keyform(record) => WrittenOwner::Keyform(Written::of(record)),
            },
        });
        Self { version: VERSION, keyform: later::OWN.to_owned(), kept: kept.collect() }
    }

    fn kept(self) -> Option<Vec<Kept>> {
        let kept = self.kept.into_iter().map(|kept| {
            Some(Kept {
                address: kept.address.parse().ok()?,
                place: match kept.place {
                    WrittenPlace::Secret { project, environment, path, key, comment, tags, metadata } => {
                        Place::Secret(Stored { project, environment, path, key, comment, tags, metadata })
                    }
                    WrittenPlace::Entry { called } => Place::Entry { called },
                },
                value: kept.value,
                left: match kept.left {
                    Some(left) => Some(Fingerprint::from_hex(&left)?),
                    None => None,
                },
                owner: match kept.owner {
                    WrittenOwner::Other => Owner::Other,
                    WrittenOwner::Apart => Owner::Apart,
                    WrittenOwner::Keyform(record) => Owner::Keyform(record.record()?),
                },
            })
        });
        kept.collect()
    }
}
