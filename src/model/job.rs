//! The rules of the backend's own sync job, as a pure function: which keys it creates, overwrites,
//! deletes, imports and keeps. The embedded backend runs it; a plan previews with it. Reading and
//! writing do not live here: values are whatever the caller compares.
//!
//! Infisical's rules (secret syncs, read 2025–2026), for each key that the source or the destination has:
//!
//! | source | destination | key | step |
//! |---|---|---|---|
//! | yes | – | | `Create` |
//! | yes | equal | | `Same` |
//! | yes | differs, or can't be compared | | `Overwrite` |
//! | yes | differs, not empty | first run with `import-prioritize-destination` | `Import` over the source's value |
//! | – | yes | first run with an import, the schema strips | `Import` |
//! | – | yes | managed, deletion enabled, listing complete | `Delete` |
//! | – | yes | any other | `Keep` |
//!
//! Without a key schema every key counts as managed. From a partial listing nothing is deleted or
//! imported. An import whose stripped name is no legal name (it holds `:` or `/`) fails the whole job; so does one of a
//! value that can't be read, since nobody knows what would be in the source then. `docs/SEMANTICS.md` has the same with every
//! case written out.

use crate::model::key_schema;
use crate::model::key_schema::KeySchema;
use crate::model::schema::Case;
use crate::model::schema::KeyRules;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the first run of a sync does, until one has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitialSync {
    /// Push at once.
    OverwriteDestination,
    /// Take into the source what only the destination has, then push.
    ImportPrioritizeSource,
    /// The same, and where both have a value, the destination's wins.
    ImportPrioritizeDestination,
}

impl InitialSync {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 3] =
        [Self::OverwriteDestination, Self::ImportPrioritizeSource, Self::ImportPrioritizeDestination];

    /// The word for it in configurations and on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OverwriteDestination => "overwrite-destination",
            Self::ImportPrioritizeSource => "import-prioritize-source",
            Self::ImportPrioritizeDestination => "import-prioritize-destination",
        }
    }

    /// Whether it takes anything into the source.
    #[must_use]
    pub fn imports(self) -> bool {
        self != Self::OverwriteDestination
    }

    /// What a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// One run: `V` is what is known of a source's value, `D` of a destination's.
#[derive(Debug)]
pub struct Job<'a, V, D> {
    /// The source's secrets by their own keys.
    pub source: &'a BTreeMap<Arc<str>, V>,
    /// The destination's entries by their keys there.
    pub destination: &'a BTreeMap<Arc<str>, D>,
    /// Whether `destination` is all that is there.
    pub complete: bool,
    /// How keys are named at the destination: [`KeySchema::none`] where the schema names a container.
    pub schema: &'a KeySchema,
    /// What the destination makes of a key.
    pub rules: &'a KeyRules,
    /// The initial behaviour while no run has succeeded; `None` afterwards.
    pub first: Option<InitialSync>,
    /// Whether managed keys that the source lacks are deleted: not `disable_secret_deletion`.
    pub delete: bool,
    /// Whether the destination can be imported from; if not, a first run pushes.
    pub can_import: bool,
}

/// What becomes of one key of the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is not there (or, in a partial listing, was not seen): written.
    Create {
        /// The secret's key.
        source: Arc<str>,
    },
    /// It is there with another value: written.
    Overwrite {
        /// The secret's key.
        source: Arc<str>,
        /// Whether the values were compared; if not, they may be equal.
        compared: bool,
    },
    /// It is there with the same value.
    Same {
        /// The secret's key.
        source: Arc<str>,
    },
    /// Its value goes into the source; the destination stays as it is.
    Import {
        /// The secret's key.
        source: Arc<str>,
        /// Whether the source has another value, which is lost.
        overwrite_source: bool,
    },
    /// Managed, and not in the source: taken away.
    Delete,
    /// Left alone.
    Keep(Kept),
}

/// Why a key that the source lacks is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The key schema does not name it.
    Unmanaged,
    /// Deletion is disabled.
    DeletionDisabled,
    /// The listing is partial, so nothing is sure.
    Partial,
}

/// What a run knows of a value at the destination by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// It does not come back.
    Unreadable,
    /// The empty text.
    Empty,
    /// A text that would be no mere value as a secret: it refers to others (`${…}`).
    Referring,
    /// Any other.
    Text,
}

/// The job fails before it writes anything: it would import these keys of the destination, and can't.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unimportable {
    /// No secret can have such a name; ordered.
    pub illegal: Vec<Arc<str>>,
    /// Their values can't be read; ordered.
    pub unreadable: Vec<Arc<str>>,
    /// Their values would refer to secrets, and the next push would write something else back; ordered. A backend takes
    /// them all the same; only a plan says so.
    pub referring: Vec<Arc<str>>,
}

impl Unimportable {
    /// Notes what is wrong with the content of a key that is to be imported, if anything is.
    fn take(&mut self, key: &Arc<str>, content: Content) {
        match content {
            Content::Unreadable => self.unreadable.push(Arc::clone(key)),
            Content::Referring => self.referring.push(Arc::clone(key)),
            Content::Empty | Content::Text => {}
        }
    }
}

/// What a run does, by the key at the destination. `same` compares (`None` where it can't be known),
/// `content` looks at one value of the destination.
///
/// # Errors
/// It would import what can't be imported.
pub fn steps<V, D>(
    job: &Job<'_, V, D>,
    same: impl Fn(&V, &D) -> Option<bool>,
    content: impl Fn(&D) -> Content,
) -> Result<BTreeMap<Arc<str>, Step>, Unimportable> {
    let import = job.first.filter(|_| job.can_import && job.complete);
    let overwrite_source = import == Some(InitialSync::ImportPrioritizeDestination);
    let import = import.is_some_and(InitialSync::imports);
    let folded: BTreeMap<String, &Arc<str>> = match job.rules.case {
        Case::Insensitive => job.destination.keys().map(|key| (key.to_lowercase(), key)).collect(),
        Case::Sensitive | Case::Upper | Case::Lower => BTreeMap::new(),
    };

    let mut steps = BTreeMap::new();
    let mut failed = Unimportable::default();
    for (source, wanted) in job.source {
        let stored = match job.schema.is_none() && job.rules.keeps_letters() {
            true => Arc::clone(source),
            false => stored(job.schema, job.rules, source),
        };
        let found = job.destination.get_key_value(&stored).or_else(|| {
            let key = *folded.get(&stored.to_lowercase())?;
            job.destination.get_key_value(key)
        });
        let source = Arc::clone(source);
        let Some((key, found)) = found else {
            steps.insert(stored, Step::Create { source });
            continue;
        };
        let step = match same(wanted, found) {
            Some(true) => Step::Same { source },
            _ if overwrite_source && content(found) != Content::Empty => {
                failed.take(key, content(found));
                Step::Import { source, overwrite_source: true }
            }
            compared => Step::Overwrite { source, compared: compared.is_some() },
        };
        steps.insert(Arc::clone(key), step);
    }

    for (key, found) in job.destination {
        if steps.contains_key(key) {
            continue;
        }
        let imported = job.schema.strip(key).filter(|_| import);
        match imported {
            Some(name) if !is_legal(name) => failed.illegal.push(Arc::clone(key)),
            Some(_) => failed.take(key, content(found)),
            None => {}
        }
        let step = match imported {
            Some(name) => Step::Import { source: name.into(), overwrite_source: false },
            None if !job.schema.manages(key) => Step::Keep(Kept::Unmanaged),
            None if !job.delete => Step::Keep(Kept::DeletionDisabled),
            None if !job.complete => Step::Keep(Kept::Partial),
            None => Step::Delete,
        };
        steps.insert(Arc::clone(key), step);
    }
    failed.unreadable.sort();
    failed.referring.sort();
    if failed == Unimportable::default() { Ok(steps) } else { Err(failed) }
}

/// The keys that a sync takes away when it is deleted together with its secrets: those that the source
/// has now. Keys that were renamed since are left behind.
#[must_use]
pub fn removals<V, D>(job: &Job<'_, V, D>) -> Vec<Arc<str>> {
    let steps = steps(&Job { first: None, ..*job }, |_, _| None, |_| Content::Unreadable).unwrap_or_default();
    steps.into_iter().filter(|(_, step)| matches!(step, Step::Overwrite { .. })).map(|(key, _)| key).collect()
}

/// The key under which a destination holds a secret: the key schema's, as the destination's rules change it.
#[must_use]
pub fn stored(schema: &KeySchema, rules: &KeyRules, key: &str) -> Arc<str> {
    changed(rules, schema.apply(key)).into()
}

/// A key, or a part of one, as the destination's rules change it.
fn changed(rules: &KeyRules, mut key: String) -> String {
    for (from, to) in rules.replace.iter().filter(|(from, _)| !from.is_empty()) {
        key = key.replace(&**from, to);
    }
    match rules.case {
        Case::Sensitive | Case::Insensitive => key,
        Case::Upper => key.to_uppercase(),
        Case::Lower => key.to_lowercase(),
    }
}

/// A schema as a destination stores what it names. Where two of these don't [meet](KeySchema::meets), no two keys
/// become one there. Rules that replace more than single letters prove nothing: then it is none.
#[must_use]
pub fn under(schema: &KeySchema, rules: &KeyRules) -> KeySchema {
    if rules.replace.iter().any(|(from, _)| from.chars().count() > 1) {
        return KeySchema::none();
    }
    let part = |text: &str| identity(rules, &changed(rules, text.to_owned()));
    let template = format!("{}{}{}", part(schema.prefix()), key_schema::SECRET_KEY, part(schema.suffix()));
    KeySchema::new(&template, "").unwrap_or_default()
}

/// Source keys that end up as one key at the destination, by that key; empty if all is well.
#[must_use]
pub fn collisions<'a>(
    schema: &KeySchema,
    rules: &KeyRules,
    keys: impl IntoIterator<Item = &'a Arc<str>>,
) -> BTreeMap<Arc<str>, Vec<Arc<str>>> {
    let mut all: BTreeMap<Arc<str>, Vec<Arc<str>>> = BTreeMap::new();
    for key in keys {
        all.entry(identity(rules, &stored(schema, rules, key))).or_default().push(Arc::clone(key));
    }
    all.retain(|_, keys| keys.len() > 1);
    all
}

/// What two keys of a destination have in common when it takes them for one: the stored key, without
/// its case where the destination does not mind it.
#[must_use]
pub fn identity(rules: &KeyRules, stored: &str) -> Arc<str> {
    match rules.case {
        Case::Insensitive => stored.to_lowercase().into(),
        Case::Sensitive | Case::Upper | Case::Lower => stored.into(),
    }
}

/// Whether a secret can have this name (Infisical: no `:` and no `/`). The empty name is refused as well.
fn is_legal(name: &str) -> bool {
    !name.is_empty() && !name.contains([':', '/'])
}
