//! Undo capsules: sealed, kept beside the ledger, opened again.
//!
//! | file | what it is |
//! |---|---|
//! | `undo/RUN.age` | the values of a run, sealed for the recipients of the configuration; `age -d` opens it as well |
//! | `undo/RUN.json` | what everybody may know of it: when, and whose values; never a value, nor a fingerprint |
//!
//! Anybody can seal something for a recipient. So what is sealed begins with a mark that only the holder of the
//! ledger's fingerprint key can make, and a capsule without it is not opened: else whoever can write files here could
//! have values of their choice written. The capsule is on disk before the note, and both before the run begins.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::ledger::beside::Beside;
use crate::ledger::journal::Written;
use crate::ledger::keeper::Hold;
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

const SEALED: &str = ".age";
const NOTE: &str = ".json";

/// The version of both files.
const VERSION: u32 = 1;

/// The capsules of one ledger.
#[derive(Debug, Clone)]
pub struct Capsules {
    files: Beside,
}

impl Capsules {
    /// Those beside the ledger in `dir`. Reads and writes nothing.
    #[must_use]
    pub fn beside(dir: &Path) -> Self {
        Self { files: Beside::new(&dir.join("undo")) }
    }

    /// Seals a capsule; on return it is on disk. Of all that are there then, the newest `most` are kept.
    ///
    /// # Errors
    /// It can't be written. Whatever would be lost without it must not be done.
    pub fn keep(
        &self,
        _: &Hold,
        key: &FingerprintKey,
        recipients: &[Recipient],
        most: usize,
        capsule: &Capsule,
    ) -> Result<(), Diagnostic> {
        let (note, run) = (&capsule.note, &capsule.note.run);
        let sealed = format!("{run}{SEALED}");
        let fails = |error: &io::Error| {
            let detail = format!("{}: {error}. Nothing was changed.", self.files.place(&sealed));
            Diagnostic::error(&codes::CAPSULE_WRITE, detail)
                .help("mend that; or go on with --no-undo, and what is overwritten or deleted is lost")
        };
        let content = plain(key, capsule).and_then(|plain| seal::seal(recipients, &plain)).map_err(|e| fails(&e))?;
        self.files.write(&sealed, &content).map_err(|error| fails(&error))?;
        self.write_note(note).map_err(|error| fails(&error))?;
        self.files.sweep().map_err(|error| fails(&error))?;
        let old = self.names().map_err(|error| fails(&error))?.into_iter().rev().skip(most.max(1));
        for run in old {
            // The note first: without it the rest is not listed, and the next run takes it away.
            for name in [format!("{run}{NOTE}"), format!("{run}{SEALED}")] {
                self.files.delete(&name).map_err(|error| fails(&error))?;
            }
        }
        Ok(())
    }

    /// The notes of all capsules, the newest first.
    ///
    /// # Errors
    /// One can't be read, or is damaged.
    pub fn notes(&self) -> Result<Vec<Note>, Diagnostic> {
        let unreadable = |error: &io::Error| unreadable(&self.files.place(""), &error.to_string());
        let names = self.files.list().map_err(|error| unreadable(&error))?;
        let runs = names.iter().rev().filter_map(|name| name.strip_suffix(NOTE));
        let mut notes = Vec::new();
        for run in runs {
            notes.extend(self.note(run)?);
        }
        Ok(notes)
    }

    fn note(&self, run: &str) -> Result<Option<Note>, Diagnostic> {
        let name = format!("{run}{NOTE}");
        let place = self.files.place(&name);
        let text = self.files.read(&name).map_err(|error| unreadable(&place, &error.to_string()))?;
        let Some(text) = text else { return Ok(None) };
        let note = serde_json::from_slice::<WrittenNote>(&text).ok().and_then(|written| written.note(run));
        note.map(Some).ok_or_else(|| unreadable(&place, "it is no note of a capsule"))
    }

    /// Opens the capsule that a note is of.
    ///
    /// # Errors
    /// It is gone, damaged, sealed for others, or not of this ledger.
    pub fn open(&self, note: &Note, identities: &[Identity], key: &FingerprintKey) -> Result<Capsule, Diagnostic> {
        let name = format!("{}{SEALED}", note.run);
        let place = self.files.place(&name);
        let sealed = self.files.read(&name).map_err(|error| unreadable(&place, &error.to_string()))?;
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
        let kept = serde_json::from_slice::<Content>(text).ok().and_then(Content::kept);
        let kept = kept.ok_or_else(|| unreadable(&place, "this keyform does not know what is in it"))?;
        Ok(Capsule { note: note.clone(), kept })
    }

    /// Says in its note that all of a capsule was put back.
    ///
    /// # Errors
    /// The note can't be written.
    pub fn undone(&self, _: &Hold, note: &Note, at: &str) -> Result<(), Diagnostic> {
        self.write_note(&Note { undone: Some(at.into()), ..note.clone() }).map_err(|error| {
            let place = self.files.place(&format!("{}{NOTE}", note.run));
            Diagnostic::error(&codes::CAPSULE_WRITE, format!("{place}: {error}. What was put back is put back."))
        })
    }

    fn write_note(&self, note: &Note) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(&WrittenNote::of(note))?;
        text.push(b'\n');
        self.files.write(&format!("{}{NOTE}", note.run), &text)
    }

    /// The runs of which there is anything, the oldest first.
    fn names(&self) -> io::Result<Vec<String>> {
        let mut runs: Vec<String> = self.files.list()?;
        runs.retain_mut(|name| {
            let run = [SEALED, NOTE].iter().find_map(|end| name.strip_suffix(end)).map(str::to_owned);
            run.is_some_and(|run| {
                *name = run;
                true
            })
        });
        runs.dedup();
        Ok(runs)
    }
}

fn unreadable(place: &str, why: &str) -> Diagnostic {
    Diagnostic::error(&codes::CAPSULE_READ, format!("{place}: {why}."))
        .help("restore the file from a copy; without it the values that it held are lost")
}

/// The digits of a mark and a line end.
const MARK_LENGTH: usize = 33;

fn mark_of(key: &FingerprintKey, run: &str, text: &[u8]) -> Fingerprint {
    key.fingerprint(&format!("keyform undo {run}"), text)
}

/// What is sealed: the mark, and below it the content.
fn plain(key: &FingerprintKey, capsule: &Capsule) -> io::Result<Zeroizing<Vec<u8>>> {
    // As long as it can become (a character is six at most in JSON, and names count double): so it never moves, and
    // leaves no copy behind.
    let size = |kept: &Kept| 2048 + 6 * kept.value.len() + 12 * format!("{:?}{:?}", kept.place, kept.owner).len();
    let room = capsule.kept.iter().map(size).sum::<usize>() + MARK_LENGTH + 256;
    let mut plain = Zeroizing::new(Vec::with_capacity(room));
    plain.extend_from_slice(&[b'\n'; MARK_LENGTH]);
    serde_json::to_writer(&mut *plain, &Content::of(capsule))?;
    let mark = mark_of(key, &capsule.note.run, &plain[MARK_LENGTH..]).to_hex();
    plain[..mark.len()].copy_from_slice(mark.as_bytes());
    Ok(plain)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNote {
    version: u32,
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
            at: note.at.clone(),
            command: note.command.clone(),
            values: note.values.iter().map(ToString::to_string).collect(),
            undone: note.undone.clone(),
        }
    }

    fn note(self, run: &str) -> Option<Note> {
        let values = self.values.iter().map(|address| address.parse().ok()).collect::<Option<_>>()?;
        let Self { version, at, command, undone, .. } = self;
        (version == VERSION).then(|| Note { run: run.into(), at, command, values, undone })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
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
        Self { version: VERSION, kept: kept.collect() }
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
        kept.collect::<Option<_>>().filter(|_| self.version == VERSION)
    }
}
