//! Trying a destination where it really is: the laws that can be held against somebody's own account, in keys that
//! nobody else has, which are taken away again. What else is there is read and compared, never written on purpose.
//!
//! Nothing here asks or shows; whoever runs it does, and calls [`Trial::clean`] whatever came of the laws.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::provider::Destination;
use crate::provider::Observation;
use crate::provider::Op;
use crate::provider::Outcome;
use crate::provider::Seen;
use crate::provider::Write;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One law, in the order in which they are held: each stands on what those before it left there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// What was created is read.
    Create,
    /// Read again, it says the same: nothing would be written a second time.
    Twice,
    /// An update touches one key.
    Update,
    /// Values arrive as they left, whatever they are made of.
    Bytes,
    /// A delete touches the keys it names, and one that is gone already is no error.
    Delete,
    /// What others wrote stays as it was.
    Foreign,
}

impl Law {
    /// All, in their order.
    pub const ALL: [Self; 6] = [Self::Create, Self::Twice, Self::Update, Self::Bytes, Self::Delete, Self::Foreign];

    /// Its word for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Twice => "twice",
            Self::Update => "update",
            Self::Bytes => "bytes",
            Self::Delete => "delete",
            Self::Foreign => "foreign",
        }
    }

    /// What it says.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Create => "what was created is read",
            Self::Twice => "read again, it says the same",
            Self::Update => "an update touches one key",
            Self::Bytes => "values arrive as they left",
            Self::Delete => "a delete touches the keys it names",
            Self::Foreign => "what others wrote stays as it was",
        }
    }
}

/// Values that some writer or reader somewhere takes for something else.
const ODD: [&str; 12] = [
    "two\nlines\n",
    " space at both ends ",
    "${NAME} $NAME %{name} {{name}} `name`",
    "quotes \" and ' and \\ and \\n",
    "käse 日本語 🗝️",
    "007",
    "true",
    "null",
    "# no comment",
    "{\"json\": [1, null]}",
    "&amp; <tag> %20 +",
    "KEY=value",
];

/// Keys that the first laws need.
const FEWEST: usize = 3;
/// The first pause between two looks at a service that shows what was written a little later; each next is twice as long.
const PAUSE: Duration = Duration::from_millis(50);

/// Keys of its own at a destination, and what was there before.
pub struct Trial<'a> {
    destination: &'a Destination,
    keys: Vec<Arc<str>>,
    before: Observation,
    patience: Duration,
}

impl<'a> Trial<'a> {
    /// Looks at the destination and finds names that it takes and nobody has. `tag` makes them its own, `patience` is how
    /// long it may take until what was written shows. Writes nothing.
    ///
    /// # Errors
    /// It can't be read to its end, takes none of the names, or holds no more keys.
    pub async fn begin(destination: &'a Destination, tag: &str, patience: Duration) -> Result<Self, Diagnostic> {
        let before = complete(destination.read().await?)?;
        let most = destination.variant().max_entries.unwrap_or(usize::MAX);
        let count = (FEWEST + ODD.len()).min(most.saturating_sub(before.entries.len()));
        if count < FEWEST {
            let detail = format!("It holds {most} keys at most and has {} already.", before.entries.len());
            return Err(Diagnostic::error(&codes::NO_ROOM, detail));
        }
        let keys = names(destination, &before, tag, count);
        let keys =
            keys.ok_or_else(|| Diagnostic::error(&codes::NO_ROOM, "It takes none of the names that were tried."))?;
        Ok(Self { destination, keys, before, patience })
    }

    /// The keys that are written and taken away.
    #[must_use]
    pub fn keys(&self) -> &[Arc<str>] {
        &self.keys
    }

    /// How many keys of others there are.
    #[must_use]
    pub fn others(&self) -> usize {
        self.before.entries.len()
    }

    /// Holds a law. Gives what is worth knowing beside that it holds; mostly nothing.
    ///
    /// # Errors
    /// It is broken, or can't be held: why.
    pub async fn hold(&self, law: Law) -> Result<String, Diagnostic> {
        let held = match law {
            Law::Create => self.create().await,
            Law::Twice => self.twice().await,
            Law::Update => self.update().await,
            Law::Bytes => self.bytes().await,
            Law::Delete => self.delete().await,
            Law::Foreign => self.foreign().await,
        };
        held.map_err(|why| match why {
            Why::Broken(why) => Diagnostic::error(&codes::LAW_BROKEN, format!("{}: {why}.", law.sentence())),
            Why::Failed(why) => *why,
        })
    }

    /// Takes away what is there of its keys.
    ///
    /// # Errors
    /// Some may be left: which, and why.
    pub async fn clean(&self) -> Result<(), Diagnostic> {
        let mut why = None;
        // A write that was stopped may arrive after the first look.
        for pause in [0, 500] {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            why = self.clean_once().await.err();
        }
        let Some(why) = why else { return Ok(()) };
        let (first, last) = (self.keys.first().map_or("", |key| key), self.keys.last().map_or("", |key| key));
        let detail = match why {
            Why::Broken(why) => why,
            Why::Failed(why) => why.detail.clone(),
        };
        let detail = format!("Of `{first}` to `{last}` some may still be there: {}.", detail.trim_end_matches('.'));
        Err(Diagnostic::error(&codes::LEFT_BEHIND, detail).help("take them away by hand; their values mean nothing"))
    }

    async fn clean_once(&self) -> Result<(), Why> {
        let seen = self.read().await?;
        let left: Vec<Write> = self.own(&seen).map(|(key, _)| delete(key)).collect();
        if left.is_empty() {
            return Ok(());
        }
        written(self.destination.write(&seen, &left).await)?;
        self.settled(|seen| self.own(seen).next().map(|(key, _)| format!("`{key}` is still there"))).await.map(drop)
    }

    async fn create(&self) -> Result<String, Why> {
        let seen = self.read().await?;
        let wanted: Vec<(&Arc<str>, &str)> = self.keys.iter().zip(FIRST).collect();
        let writes: Vec<Write> = wanted.iter().map(|(key, value)| create(key, value)).collect();
        written(self.destination.write(&seen, &writes).await)?;
        self.settled(|seen| wanted.iter().find_map(|(key, value)| other(seen, key, value))).await?;
        let readable = self.destination.variant().readable;
        Ok(if readable { "" } else { "values don't come back, so that keys were all there was to see" }.to_owned())
    }

    async fn twice(&self) -> Result<String, Why> {
        let first = self.read().await?;
        let second = self.read().await?;
        match self.keys.iter().find(|key| changed(first.entries.get(*key), second.entries.get(*key))) {
            Some(key) => Err(Why::Broken(format!("`{key}` looks otherwise the second time, and nothing wrote it"))),
            None => Ok(String::new()),
        }
    }

    async fn update(&self) -> Result<String, Why> {
        let [_, second, ..] = &*self.keys else { return Ok(String::new()) };
        if !self.destination.variant().readable {
            // What tells a change may be a time in whole seconds.
            tokio::time::sleep(Duration::from_millis(1100)).await;
        }
        let before = self.read().await?;
        let value = "keyform-test-changed";
        written(self.destination.write(&before, &[update(second, value)]).await)?;
        let after = self
            .settled(|seen| {
                let is_old =
                    seen.entries.get(second).is_some_and(|now| !changed(before.entries.get(second), Some(now)));
                // Where nothing tells that a value changed, nothing can be seen.
                let tells = before.entries.get(second).is_some_and(|seen| seen.value.is_some() || mark(seen).is_some());
                let still = (is_old && tells).then(|| format!("`{second}` was updated, and still is as it was"));
                still.or_else(|| other(seen, second, value))
            })
            .await?;
        match self.keys.iter().find(|key| *key != second && differs(&before, &after, key)) {
            Some(key) => Err(Why::Broken(format!("`{second}` was updated, and `{key}` changed"))),
            None => Ok(String::new()),
        }
    }

    async fn bytes(&self) -> Result<String, Why> {
        let seen = self.read().await?;
        let mut wanted: Vec<(&Arc<str>, &str)> = self.keys.iter().skip(FEWEST).zip(ODD).collect();
        let checked: BTreeMap<Arc<str>, Option<Secret>> =
            wanted.iter().map(|(key, value)| ((*key).clone(), Some(secret(value)))).collect();
        let bad: Vec<Arc<str>> = self.destination.check(&checked).into_iter().map(|(key, _)| key).collect();
        wanted.retain(|(key, _)| !bad.contains(*key));
        let writes: Vec<Write> = wanted.iter().map(|(key, value)| create(key, value)).collect();
        let outcomes = self.destination.write(&seen, &writes).await;
        // What is refused in so many words is not lost.
        let refused: Vec<Arc<str>> = outcomes.into_iter().filter(|o| o.result.is_err()).map(|o| o.key).collect();
        wanted.retain(|(key, _)| !refused.contains(*key));
        if wanted.is_empty() && !writes.is_empty() {
            return Err(Why::Broken("the service refused every one of them".to_owned()));
        }
        self.settled(|seen| {
            let wrong =
                |(key, value): &(&Arc<str>, &str)| other(seen, key, value).map(|why| format!("{why} ({value:?})"));
            wanted.iter().find_map(wrong)
        })
        .await?;
        Ok(match refused.len() {
            0 => String::new(),
            n => format!("{n} of {} were refused by the service, in an error of its own", writes.len()),
        })
    }

    async fn delete(&self) -> Result<String, Why> {
        let [first, _, third, ..] = &*self.keys else { return Ok(String::new()) };
        let before = self.read().await?;
        written(self.destination.write(&before, &[delete(first), delete(third)]).await)?;
        let named = [first, third];
        let after = self
            .settled(|seen| {
                let still = named.into_iter().find(|key| seen.entries.contains_key(*key));
                still.map(|key| format!("`{key}` is still there"))
            })
            .await?;
        if let Some(key) = self.keys.iter().find(|key| !named.contains(key) && differs(&before, &after, key)) {
            return Err(Why::Broken(format!("`{key}` is gone or changed, and nothing named it")));
        }
        // A run that was stopped would send it again.
        let again = self.destination.write(&before, &[delete(first)]).await;
        let again: Vec<Diagnostic> = again.into_iter().filter_map(|outcome| outcome.result.err()).collect();
        Ok(match again.first() {
            Some(why) => format!("deleting it again is an error: {}", why.detail),
            None => String::new(),
        })
    }

    async fn foreign(&self) -> Result<String, Why> {
        // Also not by taking away what is left.
        self.clean_once().await?;
        let after = self.read().await?;
        match self.before.entries.keys().find(|key| differs(&self.before, &after, key)) {
            Some(key) => {
                Err(Why::Broken(format!("`{key}` is not as it was before; it may also have been changed by its owner")))
            }
            None => Ok(String::new()),
        }
    }

    async fn read(&self) -> Result<Observation, Why> {
        Ok(complete(self.destination.read().await?)?)
    }

    /// Its own keys of what is there.
    fn own<'s>(&'s self, seen: &'s Observation) -> impl Iterator<Item = (&'s Arc<str>, &'s Seen)> {
        seen.entries.iter().filter(|(key, _)| self.keys.contains(key))
    }

    /// Reads until nothing is wrong any more, for a while.
    async fn settled(&self, wrong: impl Fn(&Observation) -> Option<String>) -> Result<Observation, Why> {
        let (mut pause, mut waited) = (PAUSE, Duration::ZERO);
        loop {
            let seen = self.read().await?;
            match wrong(&seen) {
                None => return Ok(seen),
                Some(why) if waited >= self.patience => return Err(Why::Broken(why)),
                Some(_) => {}
            }
            tokio::time::sleep(pause).await;
            waited += pause;
            pause *= 2;
        }
    }
}

/// Values of the first keys.
const FIRST: [&str; FEWEST] = ["keyform-test-one", "keyform-test-two", "keyform-test-three"];

/// Why a law does not hold.
enum Why {
    /// It is broken: what was seen, without a full stop.
    Broken(String),
    /// It can't be held: the service failed.
    Failed(Box<Diagnostic>),
}

impl From<Diagnostic> for Why {
    fn from(why: Diagnostic) -> Self {
        Self::Failed(Box::new(why))
    }
}

/// A listing that is one.
fn complete(seen: Observation) -> Result<Observation, Diagnostic> {
    match &seen.partial {
        Some(why) => Err(why.clone()),
        None => Ok(seen),
    }
}

/// Names as many as are wanted, in the first style that the destination takes.
fn names(destination: &Destination, before: &Observation, tag: &str, count: usize) -> Option<Vec<Arc<str>>> {
    let (upper, lower) = (tag.to_uppercase(), tag.to_lowercase());
    let styles: [&dyn Fn(usize) -> String; 4] = [
        &|n| format!("KEYFORM_TEST_{upper}_{n}"),
        &|n| format!("keyform-test-{lower}-{n}"),
        &|n| format!("keyform_test_{lower}_{n}"),
        &|n| format!("keyformtest{lower}n{n}"),
    ];
    styles.into_iter().find_map(|style| {
        let names: Vec<String> = (1..=count).map(style).collect();
        let wanted = names.iter().map(|name| (Arc::from(name.as_str()), None)).collect();
        let stored: Vec<Arc<str>> = names.iter().map(|name| destination.stored_key(name).into()).collect();
        let is_free = !stored.iter().any(|key| before.entries.contains_key(key));
        (destination.check(&wanted).is_empty() && is_free).then_some(stored)
    })
}

/// What is wrong with a key that should have a value.
fn other(seen: &Observation, key: &Arc<str>, value: &str) -> Option<String> {
    match seen.entries.get(key) {
        None => Some(format!("`{key}` was written and is not there")),
        Some(there) => {
            let differs = there.value.as_ref().is_some_and(|there| there.expose() != value);
            differs.then(|| format!("`{key}` was written and holds something else"))
        }
    }
}

/// What tells that a value changed, where it does not come back.
fn mark(seen: &Seen) -> Option<&Arc<str>> {
    seen.version.as_ref().or(seen.digest.as_ref())
}

fn changed(before: Option<&Seen>, after: Option<&Seen>) -> bool {
    let marks = before.and_then(mark) != after.and_then(mark);
    value_changed(before, after) || marks
}

/// Whether a key is there in one of them only, or has another value.
fn differs(before: &Observation, after: &Observation, key: &Arc<str>) -> bool {
    value_changed(before.entries.get(key), after.entries.get(key))
}

/// Whether the value changed; a version alone may be that of all keys together.
fn value_changed(before: Option<&Seen>, after: Option<&Seen>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => match (&before.value, &after.value) {
            (Some(before), Some(after)) => before != after,
            (None, None) => mark(before) != mark(after),
            _ => true,
        },
        (before, after) => before.is_some() != after.is_some(),
    }
}

/// All writes went well.
fn written(outcomes: Vec<Outcome>) -> Result<(), Why> {
    outcomes.into_iter().try_for_each(|outcome| outcome.result.map(drop).map_err(Why::from))
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn create(key: &Arc<str>, value: &str) -> Write {
    Write { key: key.clone(), op: Op::Create(secret(value)) }
}

fn update(key: &Arc<str>, value: &str) -> Write {
    Write { key: key.clone(), op: Op::Update(secret(value)) }
}

fn delete(key: &Arc<str>) -> Write {
    Write { key: key.clone(), op: Op::Delete }
}
