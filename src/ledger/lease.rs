//! The right of one run to write to a shared ledger, for as long as it is heard of.
//!
//! It is kept in the head, renewed in the background, and given back at the end. Whoever finds that the holder was not
//! heard of for longer than its patience takes it over, by writing the head. From then on the old holder can write nothing:
//! its next write meets another head. It learns that at its next write, at its next renewal, or when it asks before its
//! next change ([`Lease::ensure`]), whichever comes first, and stops.
//!
//! A shard has a lease with a [`Seat`]. Those of one split have theirs at once: whoever was passed by another one reads what
//! that wrote, and writes again.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::ledger::journal;
use crate::ledger::journal::Event;
use crate::ledger::lock::Holder;
use crate::ledger::process;
use crate::ledger::shared;
use crate::ledger::shared::Head;
use crate::ledger::shared::SHORT;
use crate::ledger::shared::Shared;
use crate::ledger::shared::State;
use crate::ledger::shared::key_name;
use crate::ledger::snapshot;
use crate::ledger::snapshot::mark_of;
use crate::ledger::store::Version;
use crate::model::ledger::Ledger;
use crate::secret::FingerprintKey;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;
use tokio::sync::oneshot;

/// How long the journal in the head may get before it is folded into a snapshot, in bytes: every event writes all of it again.
const LONGEST: usize = 128 << 10;

/// A lease as the head has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// What it is called, for `keyform ledger unlock`.
    pub id: String,
    /// Whose it is.
    pub holder: Holder,
    /// When the holder was last heard of, by its own clock: in UTC, as RFC 3339.
    pub renewed: String,
    /// How long it is waited for, in seconds.
    pub seconds: u64,
    /// The process among all of its machine, where that can be said: see [`process`].
    pub process: Option<String>,
    /// Of a shard: which one. Others of its split may have leases beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<Seat>,
}

/// The place of one shard among those that write at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// Its number, from 1.
    pub index: u32,
    /// Names the split: only those of one split have nothing in common.
    pub split: String,
    /// Counts how often it was heard of.
    pub beat: u64,
}

impl Note {
    pub(crate) fn new(holder: &Holder, seat: Option<&Seat>, patience: Duration) -> Self {
        Self {
            seat: seat.cloned(),
            id: uuid::Uuid::new_v4().to_string(),
            holder: holder.clone(),
            renewed: now(),
            seconds: patience.as_secs(),
            process: process::of(std::process::id()),
        }
    }

    /// Whether somebody with this seat may write at the same time.
    pub(crate) fn is_beside(&self, seat: Option<&Seat>) -> bool {
        let both = self.seat.as_ref().zip(seat);
        both.is_some_and(|(own, their)| own.split == their.split && own.index != their.index)
    }

    /// How long it is waited for.
    #[must_use]
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// Now, in UTC, as RFC 3339 in whole seconds.
fn now() -> String {
    let now = Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}

/// What somebody who waits has seen of leases: by the id of each, its last sign and since when.
#[derive(Debug, Default)]
pub(crate) struct Watch(BTreeMap<String, (String, Instant)>);

impl Watch {
    /// Whether the holder is dead: its process is gone, the time that it wrote is long past, or it did not write while
    /// this process watched. Clocks of two machines may differ by as much as the holder's patience.
    pub(crate) fn is_over(&mut self, note: &Note, version: &Version) -> bool {
        let patience = note.patience();
        let silent = note.renewed.parse::<Timestamp>().map(|then| Timestamp::now().duration_since(then).as_secs());
        let most = i64::try_from(note.seconds).unwrap_or(i64::MAX).saturating_mul(2);
        if silent.is_ok_and(|silent| silent > most) || note.process.as_deref().is_some_and(process::has_ended) {
            return true;
        }
        // Where several write, the head is no sign of one of them.
        let sign = note.seat.as_ref().map_or_else(|| version.0.clone(), |seat| seat.beat.to_string());
        match self.0.get(&note.id) {
            Some((seen, since)) if *seen == sign => since.elapsed() > patience,
            _ => {
                self.0.insert(note.id.clone(), (sign, Instant::now()));
                false
            }
        }
    }
}

/// The right to write. Given back with [`Lease::release`]; dropped without, it ends when its time does.
pub struct Lease {
    inner: Arc<Inner>,
    beat: tokio::task::JoinHandle<()>,
}

struct Inner {
    shared: Shared,
    /// Which of the leases in the head is its own.
    id: String,
    /// The number of the shard whose it is.
    seat: Option<u32>,
    /// Events that wait to be written: whoever gets the turn writes all of them at once.
    queue: Mutex<Vec<Waiting>>,
    tail: tokio::sync::Mutex<Tail>,
    renewed: Mutex<Instant>,
    /// Why this run may write no more.
    lost: OnceLock<Diagnostic>,
}

type Waiting = (Vec<Event>, oneshot::Sender<Result<(), Diagnostic>>);

/// What is there, and what it stands for.
struct Tail {
    state: State,
    ledger: Ledger,
}

impl Lease {
    /// Begins to renew what was just written into the head.
    pub(crate) fn begin(shared: Shared, (id, seat): (String, Option<u32>), state: State, ledger: Ledger) -> Self {
        let tail = tokio::sync::Mutex::new(Tail { state, ledger });
        let (queue, lost) = Default::default();
        let inner = Arc::new(Inner { shared, id, seat, queue, tail, renewed: Mutex::new(Instant::now()), lost });
        let own = Arc::clone(&inner);
        let beat = tokio::spawn(async move {
            loop {
                tokio::time::sleep(own.shared.patience() / 4).await;
                if own.renew().await.is_err() {
                    return;
                }
            }
        });
        Self { inner, beat }
    }

    /// Adds events: on return they are durable. Those that others add meanwhile go into the same write.
    ///
    /// # Errors
    /// The lease was lost, or the store can't be written.
    pub async fn append(&self, events: &[Event]) -> Result<(), Diagnostic> {
        let (done, heard) = oneshot::channel();
        self.inner.queue.lock().unwrap_or_else(PoisonError::into_inner).push((events.to_vec(), done));
        let mut tail = self.inner.tail.lock().await;
        let waiting = std::mem::take(&mut *self.inner.queue.lock().unwrap_or_else(PoisonError::into_inner));
        if !waiting.is_empty() {
            let (events, all): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
            let outcome = self.inner.write(&mut tail, &events.concat()).await;
            for done in all {
                // Who does not listen any more was stopped.
                let _ = done.send(outcome.clone());
            }
        }
        drop(tail);
        heard.await.unwrap_or_else(|_| Err(self.inner.lose("a write was stopped in the middle")))
    }

    /// Makes sure that the lease is held, before a change is made: renews it if that was not done for a while, such as
    /// on a machine that slept.
    ///
    /// # Errors
    /// It was lost.
    pub async fn ensure(&self) -> Result<(), Diagnostic> {
        if let Some(why) = self.inner.lost.get() {
            return Err(why.clone());
        }
        let silent = self.inner.renewed.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        if silent < self.inner.shared.patience() / 2 { Ok(()) } else { self.inner.renew().await }
    }

    /// The number of the shard whose it is; `None` if nobody else may write.
    #[must_use]
    pub fn seat(&self) -> Option<u32> {
        self.inner.seat
    }

    /// Whether it was found to be lost.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.inner.lost.get().is_some()
    }

    /// Puts another ledger in the place of what is there, with the key that its fingerprints were made with.
    ///
    /// # Errors
    /// `KEYFORM_FINGERPRINT_KEY` is another key, the lease was lost, or the store can't be written.
    pub async fn replace(&self, ledger: &Ledger, key: &FingerprintKey) -> Result<(), Diagnostic> {
        let inner = &self.inner;
        inner.shared.keep_key(key).await?;
        let mut tail = inner.tail.lock().await;
        let (old, mark) = (tail.state.head.key.clone(), mark_of(key));
        tail.ledger = ledger.clone();
        (tail.state.head.owner, tail.state.head.key) = (ledger.owner.clone(), mark.clone());
        inner.commit(&mut tail, &[], true).await?;
        if old != mark {
            inner.shared.forget(&key_name(&old)).await;
        }
        Ok(())
    }

    /// Gives it back.
    pub async fn release(self) {
        self.beat.abort();
        if self.inner.lost.get().is_some() {
            return;
        }
        let mut tail = self.inner.tail.lock().await;
        let until = Instant::now() + SHORT;
        let given = loop {
            let head = tail.state.head.clone().without(&self.inner.id);
            match self.inner.put(&tail.state.version, &head, &tail.state.journal, until).await {
                Ok(None) if Instant::now() < until => {
                    if let Err(why) = self.inner.reread(&mut tail).await {
                        break Err(why);
                    }
                }
                Ok(_) => break Ok(()),
                Err(why) => break Err(why),
            }
        };
        if let Err(why) = given {
            tracing::debug!(why = why.detail, "the lease was not given back, and ends by itself");
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.beat.abort();
    }
}

impl Inner {
    async fn renew(&self) -> Result<(), Diagnostic> {
        let mut tail = self.tail.lock().await;
        self.commit(&mut tail, &[], false).await
    }

    async fn write(&self, tail: &mut Tail, events: &[Event]) -> Result<(), Diagnostic> {
        self.commit(tail, events, false).await
    }

    /// Writes events into the head, which renews the lease; `fold` has a snapshot made in any case. Where another shard wrote in
    /// between, the events come after what it wrote. After a failure nothing is written any more: what is there is not known.
    async fn commit(&self, tail: &mut Tail, events: &[Event], fold: bool) -> Result<(), Diagnostic> {
        let mut pause = Duration::from_millis(5);
        loop {
            if let Some(why) = self.lost.get() {
                return Err(why.clone());
            }
            let mut head = self.beat(&tail.state.head);
            let mut journal = tail.state.journal.clone();
            for (serial, event) in (tail.ledger.serial + 1..).zip(events) {
                let line = journal::line(serial, event);
                journal.extend(line.map_err(|_| self.lose("an event can't be put into words"))?.into_bytes());
            }
            let mut folded = None;
            if fold || journal.len() > LONGEST {
                let mut ledger = tail.ledger.clone();
                events.iter().for_each(|event| journal::apply(&mut ledger, event.clone()));
                let made = self.snapshot(&ledger, &head.key).await?;
                journal.clear();
                let old = head.snapshot.replace(made.clone());
                folded = Some((ledger, made, old));
            }
            let until = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) + self.shared.patience();
            let begun = Instant::now();
            match self.put(&tail.state.version, &head, &journal, until).await {
                Ok(Some(version)) => {
                    *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = begun;
                    tail.state = State { head, journal, version };
                    match folded {
                        None => events.iter().for_each(|event| journal::apply(&mut tail.ledger, event.clone())),
                        Some((ledger, _, old)) => {
                            tail.ledger = ledger;
                            if let Some(old) = old {
                                self.shared.forget(&old).await;
                            }
                        }
                    }
                    return Ok(());
                }
                Ok(None) if begun >= until => return Err(self.lose("the others wrote all the time")),
                Ok(None) => {}
                Err(why) => return Err(self.lost.get_or_init(|| why).clone()),
            }
            // Not all at once again.
            let share = f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 256.0;
            tokio::time::sleep(pause.mul_f64(share)).await;
            pause = (pause * 2).min(Duration::from_millis(200));
            if let Err(why) = self.reread(tail).await {
                return Err(self.lost.get_or_init(|| why).clone());
            }
            // Where only the answer was lost, the head names it.
            if let Some((_, made, _)) = folded.filter(|(_, made, _)| tail.state.head.snapshot.as_ref() != Some(made)) {
                self.shared.forget(&made).await;
            }
        }
    }

    /// Writes a snapshot, which no head names yet.
    async fn snapshot(&self, ledger: &Ledger, mark: &str) -> Result<String, Diagnostic> {
        let text = snapshot::text(ledger, mark);
        let text = text.map_err(|_| self.lose("a snapshot can't be put into words"))?;
        let name = format!("snapshot-{}-{}.json", ledger.serial, &uuid::Uuid::new_v4().simple().to_string()[..8]);
        match self.shared.make(&name, &text).await {
            Ok(()) => Ok(name),
            Err(why) => Err(self.lose(&why.detail)),
        }
    }

    /// The next head, which says that this run is alive.
    fn beat(&self, head: &Head) -> Head {
        let mut head = head.clone();
        head.write += 1;
        for note in head.lease.iter_mut().chain(&mut head.shards).filter(|note| note.id == self.id) {
            note.renewed = now();
            if let Some(seat) = &mut note.seat {
                seat.beat += 1;
            }
        }
        head
    }

    /// Reads what the others wrote.
    async fn reread(&self, tail: &mut Tail) -> Result<(), Diagnostic> {
        let fails = |why: Diagnostic| self.diagnostic(&format!("it could not be read. {}", why.detail));
        let is_ours = |state: &State| state.head.notes().any(|note| note.id == self.id);
        let gone = || self.diagnostic("somebody unlocked it, or took it over");
        let state = self.shared.head().await.map_err(fails)?.filter(is_ours).ok_or_else(gone)?;
        // Mostly only events came; those that are known are skipped.
        if state.head.snapshot == tail.state.head.snapshot && journal::replay(&mut tail.ledger, &state.journal).is_ok()
        {
            tail.state = state;
            return Ok(());
        }
        let (state, ledger) = self.shared.whole().await.map_err(fails)?.ok_or_else(gone)?;
        if !is_ours(&state) {
            return Err(gone());
        }
        *tail = Tail { state, ledger };
        Ok(())
    }

    /// Writes a head over a known one; `None` if another shard wrote in between.
    async fn put(
        &self,
        over: &Version,
        head: &Head,
        journal: &[u8],
        until: Instant,
    ) -> Result<Option<Version>, Diagnostic> {
        let content = shared::content(head, journal)?;
        match self.shared.swap(&content, Some(over), until).await {
            Ok(Some(version)) => Ok(Some(version)),
            Ok(None) => {
                let now = self.shared.leases().await.unwrap_or_default();
                if now.iter().any(|note| note.id == self.id && note.seat.is_some()) {
                    return Ok(None);
                }
                let by = now.first().map_or_else(
                    || "somebody unlocked it, or wrote it meanwhile".to_owned(),
                    |note| format!("now it is {}", note.holder.words()),
                );
                Err(self.diagnostic(&by))
            }
            Err(why) => Err(self.diagnostic(&format!("it could not be renewed. {}", why.detail))),
        }
    }

    fn lose(&self, why: &str) -> Diagnostic {
        self.lost.get_or_init(|| self.diagnostic(why)).clone()
    }

    fn diagnostic(&self, why: &str) -> Diagnostic {
        let detail =
            format!("This run may not write to {} any more: {}.", self.shared.place(), why.trim_end_matches('.'));
        Diagnostic::error(&codes::LEASE_LOST, detail)
            .help("plan again: what was done and not recorded is found by its name")
    }
}
