//! A small world to plan in: what is declared, what is there, what the ledger has.

use keyform::diag::source::SourceId;
use keyform::diag::source::Span;
use keyform::model::address::Address;
use keyform::model::attrs::Attrs;
use keyform::model::attrs::Value;
use keyform::model::desired::Desired;
use keyform::model::job;
use keyform::model::key_schema::KeySchema;
use keyform::model::ledger::Ledger;
use keyform::model::ledger::Natural;
use keyform::model::ledger::Record;
use keyform::model::ledger::VALUE;
use keyform::model::live::Evidence;
use keyform::model::live::Listing;
use keyform::model::live::Live;
use keyform::model::live::Observed;
use keyform::model::live::Sighting;
use keyform::model::resource::Kind;
use keyform::model::resource::Lifecycle;
use keyform::model::resource::Origin;
use keyform::model::resource::Resource;
use keyform::plan;
use keyform::plan::Plan;
use keyform::plan::Pushed;
use keyform::plan::Wanted;
use keyform::plan::diff;
use keyform::plan::entries;
use keyform::secret::Fingerprint;
use keyform::secret::FingerprintKey;
use std::sync::Arc;

pub(crate) struct World {
    pub(crate) desired: Desired,
    pub(crate) live: Live,
    pub(crate) ledger: Ledger,
    pub(crate) imports: plan::Imports,
    pub(crate) wanted: Wanted,
    pub(crate) key: FingerprintKey,
    pub(crate) targets: Vec<Address>,
    pub(crate) adopt: bool,
    pub(crate) destroy: bool,
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e:?}"))
}

pub(crate) fn attrs(pairs: &[(&str, Value)]) -> Attrs {
    pairs.iter().map(|(name, value)| (Arc::from(*name), value.clone())).collect()
}

pub(crate) fn refer(to: &str) -> Value {
    Value::Resource(Arc::new(address(to)))
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            desired: Desired::default(),
            live: Live::default(),
            ledger: Ledger::default(),
            imports: plan::Imports::default(),
            wanted: Wanted::default(),
            key: FingerprintKey::from_hex(&"5e".repeat(32)).unwrap(),
            targets: Vec::new(),
            adopt: false,
            destroy: false,
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        self.ask(plan::make)
    }

    /// Asks something of what a plan is made from.
    pub(crate) fn ask<T>(&self, ask: impl FnOnce(&plan::Input<'_>) -> T) -> T {
        let mut ledger = self.ledger.clone();
        let moves = plan::moves::follow(&mut ledger, &self.desired.moved);
        let key = self.key.clone().with_names(ledger.names());
        ask(&plan::Input {
            desired: &self.desired,
            live: &self.live,
            ledger: &ledger,
            moves: &moves,
            imports: &self.imports,
            key: &key,
            wanted: &self.wanted,
            targets: &self.targets,
            adopt: self.adopt,
            destroy: self.destroy,
        })
    }

    /// Declares a resource; references in its attributes become edges.
    pub(crate) fn declare(&mut self, at: &str, pairs: &[(&str, Value)]) -> &mut Resource {
        let address = address(at);
        let attrs = attrs(pairs);
        self.desired.graph.add(&address);
        for value in attrs.values() {
            if let Value::Resource(to) = value {
                self.desired.graph.need(&address, to, None);
            }
        }
        self.wanted.resources.insert(address.clone(), attrs.clone());
        let span = Span { source: SourceId(0), start: 0, end: 0 };
        let resource = Resource {
            kind: Kind::from_word(address.kind()).unwrap(),
            slug: "local-file".into(),
            attrs,
            lifecycle: Lifecycle::default(),
            allow: Vec::new(),
            origin: Origin { block: span, attrs: Default::default() },
            address: address.clone(),
        };
        self.desired.resources.entry(address).or_insert(resource)
    }

    /// Something of the backend exists.
    pub(crate) fn exists(&mut self, at: &str, pairs: &[(&str, Value)]) -> &mut Observed {
        let observed = Observed { id: format!("id-{at}").into(), attrs: attrs(pairs), foreign: Vec::new() };
        self.live.resources.entry(address(at)).or_insert(observed)
    }

    /// The ledger has a resource, written with these attributes.
    pub(crate) fn wrote(&mut self, at: &str, pairs: &[(&str, Value)], natural: &[(&str, &str)]) -> &mut Record {
        let address = address(at);
        let mut scratch = World::new();
        let resource = scratch.declare(at, &[]).clone();
        let record = Record {
            id: format!("id-{at}").into(),
            natural: natural.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect::<Natural>(),
            written: diff::written(&self.key, &resource, &attrs(pairs)),
            ..Record::default()
        };
        self.ledger.records.entry(address).or_insert(record)
    }

    /// A declared sync, unchanged at the backend, that pushes nothing yet and whose destination is empty.
    pub(crate) fn sync(&mut self, at: &str, pairs: &[(&str, Value)]) {
        self.declare(at, pairs);
        if !pairs.contains(&("run", "keyform".into())) {
            self.exists(at, pairs);
            self.wrote(at, pairs, &[]);
        }
        self.wanted.syncs.insert(address(at), Pushed::default());
        self.live.destinations.insert(address(at), Listing::default());
    }

    pub(crate) fn pushed(&mut self, sync: &str) -> &mut Pushed {
        self.wanted.syncs.get_mut(&address(sync)).unwrap()
    }

    pub(crate) fn listing(&mut self, sync: &str) -> &mut Listing {
        self.live.destinations.get_mut(&address(sync)).unwrap()
    }

    pub(crate) fn schema(&mut self, sync: &str, template: &str) {
        self.pushed(sync).schema = KeySchema::new(template, "prod").unwrap();
    }

    /// The source has a secret; the schema must have been set before.
    pub(crate) fn push(&mut self, sync: &str, key: &str, value: &str) {
        let pushed = &self.wanted.syncs[&address(sync)];
        let stored = job::stored(&pushed.schema, &pushed.rules, key);
        let mark = self.mark(sync, &stored, value);
        let pushed = self.pushed(sync);
        pushed.source.insert(key.into(), Some(mark));
        pushed.read += 1;
    }

    /// The destination holds a readable value.
    pub(crate) fn holds(&mut self, sync: &str, key: &str, value: &str) {
        let evidence = Evidence::Value(self.mark(sync, key, value));
        self.listing(sync).entries.insert(key.into(), Sighting { evidence, version: None });
    }

    /// The destination holds a key whose value can't be read.
    pub(crate) fn hides(&mut self, sync: &str, key: &str, version: Option<&str>) {
        let sighting = Sighting { evidence: Evidence::Present, version: version.map(Into::into) };
        self.listing(sync).entries.insert(key.into(), sighting);
    }

    /// The ledger has an entry.
    pub(crate) fn wrote_entry(&mut self, sync: &str, key: &str, value: &str, version: Option<&str>) {
        let mark = self.mark(sync, key, value);
        let record =
            Record { written: [(VALUE.into(), mark)].into(), version: version.map(Into::into), ..Record::default() };
        self.ledger.records.insert(address(sync).entry(key), record);
    }

    pub(crate) fn mark(&self, sync: &str, key: &str, value: &str) -> Fingerprint {
        let sync = address(sync);
        let rules = self.wanted.syncs.get(&sync).map(|pushed| pushed.rules.clone()).unwrap_or_default();
        entries::fingerprint(&self.key, &sync, &rules, key, value.as_bytes())
    }
}

/// The rows as texts: `create new secret_sync.s.entry.A`, with `!` for drift.
pub(crate) fn rows(plan: &Plan) -> Vec<String> {
    let row = |c: &keyform::plan::Change| {
        format!("{} {}{} {}", c.action.word(), c.reason.word(), if c.drift { "!" } else { "" }, c.address)
    };
    plan.changes.iter().map(row).collect()
}

/// The hazards as texts: `wipe=2 secret_sync.s`.
pub(crate) fn hazards(plan: &Plan) -> Vec<String> {
    plan.hazards.iter().map(|h| format!("{}={} {}", h.kind.word(), h.count, h.address)).collect()
}
