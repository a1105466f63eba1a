//! Whoever keeps the ledger: the files of this machine, or a store that many machines share.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::client::Pacer;
use crate::ledger::capsules::Capsules;
use crate::ledger::files::Files;
use crate::ledger::journal::Event;
use crate::ledger::lease::Lease;
use crate::ledger::lease::Note;
use crate::ledger::lease::Seat;
use crate::ledger::lock;
use crate::ledger::lock::Holder;
use crate::ledger::lock::Lock;
use crate::ledger::shared::Shared;
use crate::model::ledger::Ledger;
use crate::secret::FingerprintKey;
use std::time::Duration;

/// Where a ledger is kept.
#[derive(Clone)]
pub enum Keeper {
    /// Below `.keyform/`.
    Files(Files),
    /// Where the `ledger` block says.
    Shared(Shared),
}

/// The right to write to a ledger.
pub enum Hold {
    /// Held as long as the process lives.
    Files(Files, Lock),
    /// Held as long as it is heard of.
    Shared(Lease),
}

impl Keeper {
    /// What people call it.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Files(files) => files.dir().display().to_string(),
            Self::Shared(shared) => shared.place(),
        }
    }

    /// How processes of one ledger share what hosts bear a minute; `None` where there is one process at a time.
    #[must_use]
    pub fn pacer(&self) -> Option<Box<Pacer>> {
        match self {
            Self::Files(_) => None,
            Self::Shared(shared) => Some(shared.pacer()),
        }
    }

    /// What runs kept, so that they can be undone: it lies where the ledger does.
    #[must_use]
    pub fn capsules(&self) -> Capsules {
        match self {
            Self::Files(files) => Capsules::beside(files.dir()),
            Self::Shared(shared) => Capsules::shared(shared),
        }
    }

    /// Reads everything, without writing. Nothing there: an empty ledger, and a key that is kept nowhere.
    ///
    /// # Errors
    /// It can't be read, is damaged, of a later version, or the key is lost or of another ledger.
    pub async fn load(&self) -> Result<(Ledger, FingerprintKey), Diagnostic> {
        match self {
            Self::Files(files) => files.load(),
            Self::Shared(shared) => shared.load().await,
        }
    }

    /// Takes the right to write, waiting for it for at most `timeout`; makes the ledger if there is none. With a seat, several
    /// may have it at once in a store; the files of this machine have one writer at a time.
    ///
    /// # Errors
    /// Another run has it, or what [`Keeper::load`] and writing can fail with.
    pub async fn take(&self, holder: &Holder, seat: Option<&Seat>, timeout: Duration) -> Result<Hold, Diagnostic> {
        match self {
            Self::Files(files) => {
                let (own, holder) = (files.clone(), holder.clone());
                // Waiting for the lock puts the thread to sleep.
                let taken = tokio::task::spawn_blocking(move || own.lock(&holder, timeout)).await;
                let taken = taken.unwrap_or_else(|_| {
                    let detail = "the thread that waited for the ledger's lock was lost";
                    Err(Diagnostic::error(&codes::NEED_MISSING, detail))
                });
                Ok(Hold::Files(files.clone(), taken?))
            }
            Self::Shared(shared) => shared.take(holder, seat, timeout).await.map(Hold::Shared),
        }
    }

    /// Who is writing now, as far as can be told without waiting.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn writing(&self) -> Result<Option<Holder>, Diagnostic> {
        match self {
            Self::Files(files) => Ok(lock::holder(files.dir())),
            Self::Shared(shared) => Ok(shared.leases().await?.into_iter().next().map(|note| note.holder)),
        }
    }

    /// The lease of whoever is writing, where that outlives a process.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn leases(&self) -> Result<Vec<Note>, Diagnostic> {
        match self {
            Self::Files(_) => Ok(Vec::new()),
            Self::Shared(shared) => shared.leases().await,
        }
    }

    /// Ends the lease of this id.
    ///
    /// # Errors
    /// There is no such lease, or the store can't be written.
    pub async fn unlock(&self, id: &str) -> Result<Note, Diagnostic> {
        match self {
            Self::Files(files) => {
                let detail = format!("The ledger in {} needs no unlocking.", files.dir().display());
                let help = "its lock is the operating system's, and free as soon as its holder has ended";
                Err(Diagnostic::error(&codes::NO_LEASE, detail).help(help))
            }
            Self::Shared(shared) => shared.unlock(id).await,
        }
    }
}

impl Hold {
    /// Adds events, all durable on return.
    ///
    /// # Errors
    /// The ledger can't be written, or this run may not any more.
    pub async fn append(&self, events: &[Event]) -> Result<(), Diagnostic> {
        match self {
            Self::Files(files, lock) => files.append_all(lock, events),
            Self::Shared(lease) => lease.append(events).await,
        }
    }

    /// Makes sure that this run may still write, before it changes something.
    ///
    /// # Errors
    /// It may not.
    pub async fn ensure(&self) -> Result<(), Diagnostic> {
        match self {
            Self::Files(..) => Ok(()),
            Self::Shared(lease) => lease.ensure().await,
        }
    }

    /// The number of the shard that has it beside others; `None` if nobody else may write.
    #[must_use]
    pub fn seat(&self) -> Option<u32> {
        match self {
            Self::Files(..) => None,
            Self::Shared(lease) => lease.seat(),
        }
    }

    /// Whether it was found that this run may not write any more.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        match self {
            Self::Files(..) => false,
            Self::Shared(lease) => lease.is_lost(),
        }
    }

    /// Puts another ledger in the place of what is there, with the key that its fingerprints were made with.
    ///
    /// # Errors
    /// `KEYFORM_FINGERPRINT_KEY` is another key, or the ledger can't be written.
    pub async fn replace(&self, ledger: &Ledger, key: &FingerprintKey) -> Result<(), Diagnostic> {
        match self {
            Self::Files(files, lock) => files.replace(lock, ledger, key),
            Self::Shared(lease) => lease.replace(ledger, key).await,
        }
    }

    /// Gives it back.
    pub async fn release(self) {
        if let Self::Shared(lease) = self {
            lease.release().await;
        }
    }
}
