//! The right of one run to write to a shared ledger, for as long as it is heard of.
//!
//! It is kept in the head, renewed in the background, and given back at the end. Whoever finds that the holder was not
//! heard of for longer than its patience takes it over, by writing the head. From then on the old holder can write nothing:
//! its next write meets another head. It learns that at its next write, at its next renewal, or when it asks before its
//! next change ([`Lease::ensure`]), whichever comes first, and stops.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::ledger::journal;
use crate::ledger::journal::Event;
use crate::ledger::lock::Holder;
use crate::ledger::shared;
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
}

impl Note {
    pub(crate) fn new(holder: &Holder, patience: Duration) -> Self {
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            holder: holder.clone(),
            renewed: now(),
            seconds: patience.as_secs(),
            process: process::of(std::process::id()),
        }
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

/// What somebody who waits has seen of a lease.
#[derive(Debug, Default)]
pub(crate) struct Watch(Option<(Version, Instant)>);

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
        match &self.0 {
            Some((seen, since)) if seen == version => since.elapsed() > patience,
            _ => {
                self.0 = Some((version.clone(), Instant::now()));
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
    pub(crate) fn begin(shared: Shared, state: State, ledger: Ledger) -> Self {
        let tail = tokio::sync::Mutex::new(Tail { state, ledger });
        let (queue, lost) = Default::default();
        let inner = Arc::new(Inner { shared, queue, tail, renewed: Mutex::new(Instant::now()), lost });
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
        inner.fold(&mut tail).await?;
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
        tail.state.head.lease = None;
        if let Err(why) = self.inner.put(&mut tail, Instant::now() + SHORT).await {
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
        self.flush(&mut tail).await
    }

    async fn write(&self, tail: &mut Tail, events: &[Event]) -> Result<(), Diagnostic> {
        let mut lines = String::new();
        for event in events {
            let line = journal::line(tail.ledger.serial + 1, event);
            lines += &line.map_err(|_| self.lose("an event can't be put into words"))?;
            journal::apply(&mut tail.ledger, event.clone());
        }
        if tail.state.journal.len() + lines.len() > LONGEST {
            return self.fold(tail).await;
        }
        tail.state.journal.extend_from_slice(lines.as_bytes());
        self.flush(tail).await
    }

    /// Writes a snapshot, and a head with an empty journal that names it.
    async fn fold(&self, tail: &mut Tail) -> Result<(), Diagnostic> {
        let text = snapshot::text(&tail.ledger, &tail.state.head.key);
        let text = text.map_err(|_| self.lose("a snapshot can't be put into words"))?;
        let name = format!("snapshot-{}-{}.json", tail.ledger.serial, &uuid::Uuid::new_v4().simple().to_string()[..8]);
        if let Err(why) = self.shared.make(&name, &text).await {
            return Err(self.lose(&why.detail));
        }
        let old = tail.state.head.snapshot.replace(name);
        tail.state.journal.clear();
        self.flush(tail).await?;
        if let Some(old) = old {
            self.shared.forget(&old).await;
        }
        Ok(())
    }

    /// Writes the head, which renews the lease. After a failure nothing is written any more: what is there is not known.
    async fn flush(&self, tail: &mut Tail) -> Result<(), Diagnostic> {
        if let Some(why) = self.lost.get() {
            return Err(why.clone());
        }
        if let Some(note) = &mut tail.state.head.lease {
            note.renewed = now();
        }
        let until = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) + self.shared.patience();
        let begun = Instant::now();
        match self.put(tail, until).await {
            Ok(()) => {
                *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = begun;
                Ok(())
            }
            Err(why) => Err(self.lost.get_or_init(|| why).clone()),
        }
    }

    async fn put(&self, tail: &mut Tail, until: Instant) -> Result<(), Diagnostic> {
        tail.state.head.write += 1;
        let content = shared::content(&tail.state.head, &tail.state.journal)?;
        match self.shared.swap(&content, Some(&tail.state.version), until).await {
            Ok(Some(version)) => {
                tail.state.version = version;
                Ok(())
            }
            Ok(None) => {
                let now = self.shared.lease().await.ok().flatten();
                let by = now.map_or_else(
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

/// Processes of this machine: whether the one that took a lease still runs.
mod process {
    /// Names a process among all that ever ran: the boot of the machine, the namespace in which its number counts, the
    /// user, the number, and when it started. `None` where the system does not say (`/proc` of Linux does).
    pub(super) fn of(pid: u32) -> Option<String> {
        Some(format!("{} {pid} {}", here()?.join(" "), start(pid)?))
    }

    /// Whether a process of this machine, user and namespace is gone. Of others nothing can be said: they may be hidden.
    pub(super) fn has_ended(name: &str) -> bool {
        let parts: Vec<&str> = name.split(' ').collect();
        let [boot, space, user, pid, began] = parts[..] else { return false };
        let (Some(here), Ok(pid)) = (here(), pid.parse()) else { return false };
        here == [boot, space, user] && start(pid).as_deref() != Some(began)
    }

    #[cfg(unix)]
    fn here() -> Option<[String; 3]> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let space = std::fs::read_link("/proc/self/ns/pid").ok()?;
        let user = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").ok()?);
        Some([boot.trim().to_owned(), space.to_str()?.to_owned(), user.to_string()])
    }

    #[cfg(not(unix))]
    fn here() -> Option<[String; 3]> {
        None
    }

    /// When a process started, in ticks since the boot; `None` if there is none.
    fn start(pid: u32) -> Option<String> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name of the program, in brackets, may hold anything.
        let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_whitespace();
        // A zombie has ended: nobody has asked for its result yet.
        let is_zombie = fields.next()? == "Z";
        fields.nth(18).filter(|_| !is_zombie).map(str::to_owned)
    }
}
