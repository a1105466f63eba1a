//! A ledger in a [`Store`] that many machines reach.
//!
//! | name | what it is |
//! |---|---|
//! | `ledger.jsonl` | the head: one line that says who may write and which snapshot counts, then a line an event since that |
//! | `snapshot-….json` | all records as of one serial; written once, before the head names it |
//! | `fingerprint-….key` | the key of all fingerprints, named after its mark; not there under `KEYFORM_FINGERPRINT_KEY` |
//! | `told.json` | which findings of drift were told to whom ([`crate::ledger::told`]); no part of the ledger |
//!
//! Every change is one conditional write of the head, so a writer whose head is not the one that is there
//! has written nothing, and knows it: that is what fences off a run whose [`Lease`] was taken over. Shards of one split
//! write at once: whose head was passed by another one's reads it again, and if its own lease is still in it, adds its events to
//! what is there now. A reader takes no lease. It reads the head, then the snapshot that this names.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::later;
use crate::http::client::Pacer;
use crate::ledger::files;
use crate::ledger::journal;
use crate::ledger::lease::Lease;
use crate::ledger::lease::Note;
use crate::ledger::lease::Seat;
use crate::ledger::lease::Watch;
use crate::ledger::lock::Holder;
use crate::ledger::snapshot;
use crate::ledger::snapshot::damaged;
use crate::ledger::snapshot::mark_of;
use crate::ledger::store::Put;
use crate::ledger::store::Store;
use crate::ledger::store::Version;
use crate::model::ledger::Ledger;
use crate::secret::FingerprintKey;
use crate::secret::Secret;
use serde::Deserialize;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// The name of the head.
const HEAD: &str = "ledger.jsonl";

/// How often a waiting run looks again.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a write that nobody depends on yet is tried.
pub(crate) const SHORT: Duration = Duration::from_secs(5);

/// A shared ledger. Clones share the connection.
#[derive(Clone)]
pub struct Shared {
    store: Arc<dyn Store>,
    /// What `KEYFORM_FINGERPRINT_KEY` gives; then the store holds no key.
    key: Option<FingerprintKey>,
    /// How long a run that is not heard of keeps its lease.
    patience: Duration,
}

/// The first line of the head.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) version: u32,
    /// Which keyform took the last lease.
    #[serde(default)]
    pub(crate) keyform: String,
    /// Counts the writes, so that no two heads are equal.
    pub(crate) write: u64,
    pub(crate) owner: Arc<str>,
    /// [`mark_of`] the key.
    pub(crate) key: String,
    pub(crate) snapshot: Option<String>,
    /// Counts the leases.
    pub(crate) token: u64,
    pub(crate) lease: Option<Note>,
    /// Those who write at once, each what is its own part's: then nobody has `lease`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) shards: Vec<Note>,
}

impl Head {
    /// The next head, in which this lease is none any more.
    pub(crate) fn without(mut self, id: &str) -> Self {
        self.write += 1;
        self.lease = self.lease.filter(|note| note.id != id);
        self.shards.retain(|note| note.id != id);
        self
    }

    /// Everybody who may write.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &Note> {
        self.lease.iter().chain(&self.shards)
    }
}

/// The head as it was read.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) head: Head,
    pub(crate) journal: Vec<u8>,
    pub(crate) version: Version,
}

impl Shared {
    /// A ledger in `store`, which need not exist yet. `key` is the text of `KEYFORM_FINGERPRINT_KEY`. Asks nothing.
    ///
    /// # Errors
    /// `key` is not 64 hexadecimal digits.
    pub fn new(store: Arc<dyn Store>, key: Option<&Secret>, patience: Duration) -> Result<Self, Diagnostic> {
        Ok(Self { store, key: files::given(key)?, patience })
    }

    /// What people call it.
    #[must_use]
    pub fn place(&self) -> String {
        self.store.place()
    }

    /// How processes of one ledger share what hosts bear a minute.
    #[must_use]
    pub fn pacer(&self) -> Box<Pacer> {
        let store = Arc::clone(&self.store);
        Box::new(move |host, rate| {
            let (store, host) = (Arc::clone(&store), host.to_owned());
            Box::pin(async move { store.turn(&host, rate).await })
        })
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// Reads everything, without a lease and without writing. Nothing there: an empty ledger and, unless one was
    /// given, a new key that is kept nowhere.
    ///
    /// # Errors
    /// The store can't be read, the ledger is damaged or of a later version, or its key is lost or another one.
    pub async fn load(&self) -> Result<(Ledger, FingerprintKey), Diagnostic> {
        match self.whole().await? {
            Some((state, ledger)) => Ok((ledger, self.key_of(&state.head).await?)),
            None => Ok((Ledger::default(), self.key.clone().unwrap_or_else(FingerprintKey::passing))),
        }
    }

    /// Who may write now.
    ///
    /// # Errors
    /// The head can't be read.
    pub async fn leases(&self) -> Result<Vec<Note>, Diagnostic> {
        Ok(self.head().await?.map(|state| state.head.notes().cloned().collect()).unwrap_or_default())
    }

    /// Takes the right to write, waiting for it for at most `timeout`; makes the ledger if there is none. With a seat, beside
    /// those that have other seats of the same split.
    ///
    /// # Errors
    /// Another run has it, or what [`Shared::load`] and writing can fail with.
    pub async fn take(&self, holder: &Holder, seat: Option<&Seat>, timeout: Duration) -> Result<Lease, Diagnostic> {
        let begun = Instant::now();
        let mut watch = Watch::default();
        loop {
            let found = self.whole().await?;
            let notes = found.iter().flat_map(|(state, _)| state.head.notes().map(|note| (note, &state.version)));
            let alive: Vec<Note> =
                notes.filter(|(note, version)| !watch.is_over(note, version)).map(|(note, _)| note.clone()).collect();
            if let Some(note) = alive.iter().find(|note| !note.is_beside(seat)) {
                let left = timeout.saturating_sub(begun.elapsed());
                if left.is_zero() {
                    return Err(self.held(note, seat));
                }
                tracing::debug!(holder = note.holder.words(), "waiting for the lease");
                tokio::time::sleep(PAUSE.min(note.patience() / 4).min(left)).await;
                continue;
            }
            // What is over is left out, and so fenced off.
            if let Some(lease) = self.enter(found, Note::new(holder, seat, self.patience), alive).await? {
                return Ok(lease);
            }
            // Somebody else was faster: who, says the head.
        }
    }

    /// Writes this run into the head; `None` if another one wrote in between.
    async fn enter(
        &self,
        found: Option<(State, Ledger)>,
        note: Note,
        beside: Vec<Note>,
    ) -> Result<Option<Lease>, Diagnostic> {
        let own = (note.id.clone(), note.seat.as_ref().map(|seat| seat.index));
        let (head, journal, ledger, over) = match found {
            Some((State { head, journal, version }, ledger)) => {
                // A run without the key would record what nobody can read again.
                self.key_of(&head).await?;
                (head, journal, ledger, Some(version))
            }
            None => {
                let owner: Arc<str> = uuid::Uuid::new_v4().to_string().into();
                let key = match &self.key {
                    Some(key) => key.clone(),
                    None => FingerprintKey::generate(),
                };
                self.keep_key(&key).await?;
                let (version, key) = (snapshot::VERSION, mark_of(&key));
                let head = Head {
                    version,
                    keyform: String::new(),
                    write: 0,
                    owner: owner.clone(),
                    key,
                    snapshot: None,
                    token: 0,
                    lease: None,
                    shards: Vec::new(),
                };
                (head, Vec::new(), Ledger { owner, ..Ledger::default() }, None)
            }
        };
        let (write, token) = (head.write + 1, head.token + 1);
        let (lease, shards) = match own.1.is_some() {
            true => (None, beside.into_iter().chain([note]).collect()),
            false => (Some(note), Vec::new()),
        };
        let head = Head { keyform: later::OWN.to_owned(), write, token, lease, shards, ..head };
        let content = content(&head, &journal)?;
        match self.swap(&content, over.as_ref(), Instant::now() + SHORT).await? {
            Some(version) => Ok(Some(Lease::begin(self.clone(), own, State { head, journal, version }, ledger))),
            None => {
                if over.is_none() && self.key.is_none() {
                    // Nobody was told of this key.
                    self.forget(&key_name(&head.key)).await;
                }
                Ok(None)
            }
        }
    }

    /// Ends the lease of this id, whoever holds it: that run can't write to the ledger any more.
    ///
    /// # Errors
    /// There is no such lease, or the head can't be written.
    pub async fn unlock(&self, id: &str) -> Result<Note, Diagnostic> {
        let none = |detail: String| Err(Diagnostic::error(&codes::NO_LEASE, detail));
        let Some(State { head, journal, version }) = self.head().await? else {
            return none(format!("There is no ledger in {}.", self.place()));
        };
        let Some(first) = head.notes().next() else {
            return none(format!("Nobody is writing to {}: there is nothing to unlock.", self.place()));
        };
        let Some(note) = head.notes().find(|note| note.id == id).cloned() else {
            let detail = format!("{} is held under another id: {}.", self.place(), first.holder.words());
            return none(detail).map_err(|d| d.help("`keyform ledger show` says who is writing, and under which id"));
        };
        let head = head.without(id);
        let content = content(&head, &journal)?;
        match self.swap(&content, Some(&version), Instant::now() + SHORT).await? {
            Some(_) => Ok(note),
            None => none(format!("{} was written in this moment: its holder is alive.", self.place())),
        }
    }

    /// Replaces the head; `None` if another run did in between.
    pub(crate) async fn swap(
        &self,
        content: &[u8],
        over: Option<&Version>,
        until: Instant,
    ) -> Result<Option<Version>, Diagnostic> {
        self.exchange(HEAD, content, over, until).await
    }

    /// Replaces another content; says whether it was done, or somebody else did in between.
    pub(crate) async fn replace(&self, name: &str, content: &[u8], over: Option<&Version>) -> Result<bool, Diagnostic> {
        Ok(self.exchange(name, content, over, Instant::now() + SHORT).await?.is_some())
    }

    /// Where no answer came, what is there says whether it was written; where it was not, it is tried again until
    /// the time is over.
    async fn exchange(
        &self,
        name: &str,
        content: &[u8],
        over: Option<&Version>,
        until: Instant,
    ) -> Result<Option<Version>, Diagnostic> {
        let mut pause = Duration::from_millis(200);
        loop {
            let failed = match self.store.put(name, content, over).await {
                Ok(Put::Done(version)) => return Ok(Some(version)),
                Ok(Put::Conflict) => None,
                Err(why) => Some(why),
            };
            match self.store.get(name).await {
                Ok(Some(found)) if found.content == content => return Ok(Some(found.version)),
                Ok(found) if found.as_ref().map(|found| &found.version) != over => return Ok(None),
                Ok(_) | Err(_) => {}
            }
            if Instant::now() + pause >= until {
                return Err(failed.unwrap_or_else(|| {
                    let detail = format!("{} refuses to replace what it says is there.", self.place());
                    Diagnostic::error(&codes::LEDGER_STORE, detail)
                }));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(SHORT);
        }
    }

    pub(crate) async fn head(&self) -> Result<Option<State>, Diagnostic> {
        let Some(found) = self.store.get(HEAD).await? else { return Ok(None) };
        let place = self.called(HEAD);
        let end = found.content.iter().position(|byte| *byte == b'\n').map_or(found.content.len(), |end| end + 1);
        let (line, journal) = found.content.split_at(end);
        // The library's message may quote what it found.
        let damage = |_| damaged(&place, "line 1 is not of a ledger");
        serde_json::from_slice::<snapshot::Version>(line).map_err(damage)?.known(&place)?;
        let head: Head = serde_json::from_slice(line).map_err(damage)?;
        Ok(Some(State { head, journal: journal.to_vec(), version: found.version }))
    }

    /// The head with the ledger that it stands for.
    pub(crate) async fn whole(&self) -> Result<Option<(State, Ledger)>, Diagnostic> {
        let mut last: Option<Version> = None;
        loop {
            let Some(state) = self.head().await? else { return Ok(None) };
            let base = match &state.head.snapshot {
                None => Some(Ledger { owner: state.head.owner.clone(), ..Ledger::default() }),
                Some(name) => match self.store.get(name).await? {
                    Some(found) => Some(snapshot::parse(&self.called(name), &found.content)?.0),
                    None => None,
                },
            };
            let Some(mut ledger) = base else {
                // A writer may have folded its journal since the head was read; then the head is another one.
                if last.replace(state.version.clone()).as_ref() == Some(&state.version) {
                    let name = state.head.snapshot.unwrap_or_default();
                    return Err(damaged(&self.called(HEAD), &format!("it names `{name}`, which is not there")));
                }
                continue;
            };
            journal::replay(&mut ledger, &state.journal).map_err(|damage| {
                // The head itself is the first line.
                let journal::Damage { line, what } = damage;
                damaged(&self.called(HEAD), &format!("line {} {what}", line + 1))
            })?;
            ledger.share();
            return Ok(Some((state, ledger)));
        }
    }

    /// The key of a ledger.
    async fn key_of(&self, head: &Head) -> Result<FingerprintKey, Diagnostic> {
        let key = match &self.key {
            Some(key) => key.clone(),
            None => {
                let name = key_name(&head.key);
                let Some(found) = self.store.get(&name).await? else {
                    return Err(self.wrong_key(&format!("{} is not there, but the ledger is.", self.called(&name))));
                };
                let text = Secret::new(String::from_utf8(found.content).unwrap_or_default());
                let bad = || self.wrong_key(&format!("{} is not 64 hexadecimal digits.", self.called(&name)));
                FingerprintKey::from_hex(text.expose()).ok_or_else(bad)?
            }
        };
        if mark_of(&key) != head.key {
            return Err(self.wrong_key(&format!("{} was written with another key.", self.place())));
        }
        Ok(key)
    }

    /// Keeps the key of a new ledger in the store, unless the environment has it.
    pub(crate) async fn keep_key(&self, key: &FingerprintKey) -> Result<(), Diagnostic> {
        if let Some(own) = &self.key {
            return match mark_of(own) == mark_of(key) {
                true => Ok(()),
                false => Err(self.wrong_key("KEYFORM_FINGERPRINT_KEY is not the key of that ledger.")),
            };
        }
        // Named after its own mark: whatever is there already is the same.
        self.make(&key_name(&mark_of(key)), key.to_hex().expose().as_bytes()).await
    }

    /// Writes what no other writer has a name for: where it is there already, an answer was lost.
    pub(crate) async fn make(&self, name: &str, content: &[u8]) -> Result<(), Diagnostic> {
        match self.store.put(name, content, None).await {
            Ok(_) => Ok(()),
            Err(_) => self.store.put(name, content, None).await.map(drop),
        }
    }

    /// Removes what no head names any more. What can't be removed is left over, and harms nobody.
    pub(crate) async fn forget(&self, name: &str) {
        if let Err(why) = self.store.delete(name).await {
            tracing::debug!(name, why = why.detail, "left over");
        }
    }

    fn called(&self, name: &str) -> String {
        format!("{}/{name}", self.place())
    }

    fn wrong_key(&self, detail: &str) -> Diagnostic {
        Diagnostic::error(&codes::LEDGER_KEY, detail).help(
            "set KEYFORM_FINGERPRINT_KEY to the right key, or restore it in the store; if it is lost, remove \
             `ledger.jsonl` there and plan with `--adopt`",
        )
    }

    fn held(&self, note: &Note, seat: Option<&Seat>) -> Diagnostic {
        let mut detail =
            format!("{} is held: {}. Last heard of at {}.", self.place(), note.holder.words(), note.renewed);
        if note.seat.as_ref().zip(seat).is_some_and(|(their, own)| their.split != own.split) {
            detail.push_str(" It splits otherwise: of another configuration, or into another number of shards.");
        }
        let seconds = note.patience().as_secs();
        Diagnostic::error(&codes::LEDGER_LOCKED, detail).help(format!(
            "wait for it with `--lock-timeout 5m`; a run that is not heard of for {seconds} seconds is taken for dead. If \
             you know that it is: `keyform ledger unlock {}`",
            note.id
        ))
    }
}

/// The head as text.
pub(crate) fn content(head: &Head, journal: &[u8]) -> Result<Vec<u8>, Diagnostic> {
    let mut text = serde_json::to_vec(head)
        .map_err(|_| Diagnostic::error(&codes::LEDGER_WRITE, "The head of the ledger can't be put into words."))?;
    text.push(b'\n');
    text.extend_from_slice(journal);
    Ok(text)
}

/// What a key is called, by its mark.
pub(crate) fn key_name(mark: &str) -> String {
    format!("fingerprint-{}.key", mark.get(..8).unwrap_or_default())
}
