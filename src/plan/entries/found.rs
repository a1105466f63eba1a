//! What is known of one key at a destination, and what the ledger makes of a difference.

use crate::model::ledger::Record;
use crate::model::ledger::VALUE;
use crate::model::live::Sighting;
use crate::plan::Action;
use crate::plan::Field;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::entries::secret;
use crate::plan::entries::seen;
use crate::plan::entries::shown;
use crate::plan::entries::value;
use crate::secret::Fingerprint;

/// What a step comes to.
pub(super) enum Verdict {
    Row(Action, Reason, Vec<Field>),
    Right,
    Foreign,
    Unknown,
}

/// What is known of one key.
pub(super) struct Found<'a> {
    pub(super) sighting: Option<&'a Sighting>,
    pub(super) record: Option<&'a Record>,
    /// What a run that did not end was to write.
    pub(super) meant: Option<Fingerprint>,
}

impl Found<'_> {
    /// Whether a run that did not end has written it, for certain.
    pub(super) fn is_begun(&self) -> bool {
        self.meant.is_some() && self.meant == self.live()
    }

    pub(super) fn ours(&self) -> Option<Fingerprint> {
        self.record?.written.get(VALUE).copied()
    }

    pub(super) fn live(&self) -> Option<Fingerprint> {
        seen(self.sighting)
    }

    pub(super) fn shown(&self) -> Shown {
        shown(self.sighting)
    }

    pub(super) fn update(&self, reason: Reason, wanted: Option<Fingerprint>) -> Verdict {
        Verdict::Row(Action::Update, reason, vec![value(self.shown(), secret(wanted))])
    }

    /// It was compared, and is not what is wanted.
    pub(super) fn differs(&self, wanted: Option<Fingerprint>) -> Verdict {
        let ours = self.ours();
        let reason = match self.live() {
            _ if self.record.is_none() && self.is_begun() => Reason::Resumed,
            _ if self.record.is_none() => Reason::Takeover,
            Some(live) if ours == Some(live) => Reason::Changed,
            _ if ours.is_some() && ours == wanted => Reason::Drifted,
            Some(_) if ours.is_some() => Reason::Conflict,
            Some(_) | None => Reason::Changed,
        };
        self.update(reason, wanted)
    }

    /// It could not be compared: only the ledger and the vendor's version say something.
    pub(super) fn unreadable(&self, wanted: Option<Fingerprint>) -> Verdict {
        let Some(record) = self.record else {
            // What is there may be known where what is wanted is not, because it is not made yet.
            let reason = if self.live().is_some() { Reason::Takeover } else { Reason::Unseen };
            return self.update(reason, wanted);
        };
        if wanted.is_none() || self.ours() != wanted {
            return self.update(Reason::Changed, wanted);
        }
        let version = self.sighting.and_then(|sighting| sighting.version.as_ref());
        match (&record.version, version) {
            (Some(ours), Some(theirs)) if ours != theirs => self.update(Reason::Drifted, wanted),
            _ => Verdict::Right,
        }
    }
}
