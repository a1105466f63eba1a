//! Desired: what the configuration says, all of it evaluated.

use crate::diag::source::Span;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::model::graph::Graph;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::model::shard::Part;
use crate::secret::seal::Recipient;
use crate::secret::sign::Verifier;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The whole configuration.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// Every instance of every resource block.
    pub resources: BTreeMap<Address, Resource>,
    /// What needs what.
    pub graph: Graph,
    /// The `moved` blocks.
    pub moved: Vec<Moved>,
    /// The `removed` blocks.
    pub removed: Vec<Removed>,
    /// The `import` blocks, by what they are for.
    pub imports: BTreeMap<Address, Import>,
    /// The `output` blocks; never sensitive.
    pub outputs: BTreeMap<Arc<str>, Value>,
    /// The `backend` block.
    pub backend: Backend,
    /// The `keyform` block.
    pub settings: Settings,
    /// The `guard` block.
    pub policy: Policy,
    /// What does not meet the `rule` blocks, in the order of the blocks.
    pub broken: Vec<Broken>,
    /// The `notify` blocks.
    pub notify: Vec<Notify>,
    /// Which part of the configuration this is; `None` for the whole.
    pub part: Option<Arc<Part>>,
}

impl Desired {
    /// The syncs that are declared; not those that are only looked up.
    pub fn syncs(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values().filter(|resource| resource.kind == Kind::SecretSync && !resource.is_data())
    }

    /// Whether something is another shard's: it is read here, and never written.
    #[must_use]
    pub fn borrows(&self, address: &Address) -> bool {
        self.part.as_ref().is_some_and(|part| part.borrows(address))
    }

    /// Whether a `removed` block lets go what is no longer declared under an address: it stays as it is.
    #[must_use]
    pub fn releases(&self, address: &Address) -> bool {
        let released = |removed: &Removed| !removed.destroy && address.is_within(&removed.from);
        !self.resources.contains_key(address) && self.removed.iter().any(released)
    }
}

/// A declared resource that does not meet a `rule` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The label of the block.
    pub rule: Arc<str>,
    /// The resource.
    pub address: Address,
    /// What the block says about it.
    pub message: Arc<str>,
    /// Where `require` stands.
    pub origin: Span,
}

/// A `notify` block: who hears of drift.
#[derive(Debug, Clone, Default)]
pub struct Notify {
    /// `slack`, `teams`, `webhook`, `pagerduty`, `email`, `github`, `gitlab` or `heartbeat`.
    pub channel: Arc<str>,
    /// The label of the block.
    pub name: Arc<str>,
    /// What the channel takes; secrets are sources.
    pub attrs: Attrs,
    /// The causes that it hears of, by their words; none for all.
    pub causes: Vec<Arc<str>>,
}

/// A `moved` block: what was declared as `from` is declared as `to` now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The address until now, with everything nested in it.
    pub from: Address,
    /// The address from now on.
    pub to: Address,
    /// Where it stands.
    pub origin: Span,
}

/// A `removed` block: what was declared as `from` is declared no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The address until now, with everything nested in it.
    pub from: Address,
    /// Whether it is deleted; else it is only managed no longer.
    pub destroy: bool,
}

/// An `import` block: what exists under this name is what is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The backend's id, or the natural path: `payments/prod/api/DB_URL`.
    pub id: Arc<str>,
    /// Where it stands.
    pub origin: Span,
}

/// Which backend, and how to log in there. Without a block: the embedded one.
#[derive(Debug, Clone, Default)]
pub struct Backend {
    /// `embedded`, `infisical` or `hanzo-kms`; empty means `embedded`.
    pub kind: Arc<str>,
    /// Attributes of the block, `url` among them.
    pub attrs: Attrs,
    /// The label of the `auth` block (`universal`, `token`); `None` without one.
    pub auth: Option<Arc<str>>,
    /// Attributes of the `auth` block; secrets are sources.
    pub auth_attrs: Attrs,
    /// Where the block stands.
    pub origin: Option<Span>,
}

/// The `keyform` block.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Changes under way at once; `None` for the default.
    pub parallelism: Option<usize>,
    /// The label of the `ledger` block (`file`) and its attributes.
    pub ledger: Option<(Arc<str>, Attrs)>,
    /// Whose snapshots are planned with: public keys.
    pub snapshot_keys: Vec<Verifier>,
    /// The `undo` block: whether what a run overwrites and deletes is kept.
    pub undo: Option<Undo>,
}

/// The `undo` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// Whose keys open what is kept; never empty.
    pub recipients: Vec<Recipient>,
    /// Of how many runs it is kept.
    pub keep: usize,
}

/// The `guard` block: how much may be deleted at once and which hazards are accepted.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Most deletes of one destination or project.
    pub max_deletes: usize,
    /// Most deletes of one destination or project, in percent of what it holds.
    pub max_delete_percent: usize,
    /// Hazards allowed everywhere, by name.
    pub allow: Vec<Arc<str>>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { max_deletes: 10, max_delete_percent: 30, allow: Vec::new() }
    }
}
