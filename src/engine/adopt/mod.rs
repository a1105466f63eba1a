//! From a backend to the configuration that declares it.
//!
//! [`read`] asks for everything that the identity can see, [`describe`] says it in the words of a configuration
//! ([`connections`]: as far as that is possible),
//! [`group`] makes one block of what differs in one respect, [`name`] gives labels, [`write`] makes files. What
//! is declared already is left out. Nothing is written here, and no value of a secret gets as far as a text.

mod connections;
mod describe;
mod group;
mod name;
mod read;
mod write;

use crate::backend::state::State;
use crate::backend::state::Thing;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::adopt::describe::Item;
use crate::engine::adopt::write::Named;
use crate::engine::index::Index;
use crate::engine::observe;
use crate::engine::open;
use crate::engine::sources;
use crate::ledger::journal;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::ledger::Record;
use crate::model::resource::Kind;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is to be adopted.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Slugs of projects; empty for all that can be seen.
    pub projects: Vec<Arc<str>>,
    /// Addresses, `*` for any text; empty for everything.
    pub only: Vec<String>,
    /// Whether secrets are wanted, each with a variable that its value will come from.
    pub secrets: bool,
    /// What things are called elsewhere: then these are wanted, under these names, and what they need.
    pub called: Option<Vec<Called>>,
}

/// What something is called elsewhere.
#[derive(Debug, Clone)]
pub struct Called {
    /// Its address there.
    pub address: String,
    /// What it should be called here, in words.
    pub name: Arc<str>,
    /// Its key among the instances of that name.
    pub key: Option<Arc<str>>,
    /// Ids of the backend, one of which may be its.
    pub ids: Vec<Arc<str>>,
    /// Whether it is a secret.
    pub is_secret: bool,
    /// Of a secret: the project's id, environment, path and key.
    pub place: Option<[String; 4]>,
}

/// A configuration that does not exist yet.
#[derive(Debug, Default)]
pub struct Adopted {
    /// Its files, in an order in which each refers to earlier ones only.
    pub files: Vec<File>,
    /// The backend's id of everything that it declares.
    pub ids: BTreeMap<Address, Arc<str>>,
    /// The webhooks among these, and those that are declared and nobody owns: only an id finds them.
    claims: BTreeMap<Address, Arc<str>>,
    /// How many things were declared before.
    pub declared: usize,
    /// The variables that secrets come from, and whose they are.
    pub variables: Vec<(Arc<str>, Address)>,
    /// What no configuration can say.
    pub left: Vec<Diagnostic>,
    /// What could not be read.
    pub gaps: Vec<Diagnostic>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, in the directory of the configuration.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Engine {
    /// Finds what the backend has and the configuration does not declare. `on` hears what is read.
    ///
    /// # Errors
    /// Not even the projects could be listed, or the ledger could not be read.
    pub async fn discover(
        &self,
        desired: &Desired,
        wish: &Wish,
        on: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Adopted, Diagnostic> {
        let (ledger, key) = self.keeper.load().await?;
        let schemas = self.options.registry.schemas();
        let (state, lost) = read::everything(&self.reached.backend, wish, on).await?;
        let (hidden, gaps) = read::gaps(&state, &lost);
        let mut found = describe::describe(&state, schemas, &key);
        found.left.extend(hidden);
        if let Some(called) = &wish.called {
            found.left.extend(call(&mut found.items, called, &state));
        }
        // What is declared already, by its id.
        let index = Index::new(desired, &ledger, &state);
        let rules = sources::Rules {
            base: &self.options.dir,
            allow_exec: false,
            from_snapshot: false,
            stand_ins: self.options.stand_ins.as_deref(),
        };
        let resolved = sources::resolve(&index, &rules, &|_| None);
        let live = observe::observe(&index, &resolved, schemas, &key);
        let is_declared = |(address, _): &(&Address, _)| desired.resources.contains_key(*address);
        let mut known: BTreeMap<(Kind, Arc<str>), Address> = live
            .resources
            .iter()
            .filter(is_declared)
            .filter_map(|(address, seen)| Some(((Kind::of(address)?, seen.id.clone()), address.clone())))
            .collect();
        let claims = unclaimed(&index, &known);
        known.extend(claims.iter().map(|(address, id)| ((Kind::Webhook, id.clone()), address.clone())));
        let of = |kind: Kind| known.keys().filter(move |(k, _)| *k == kind).map(|(_, id)| id);
        let declared: BTreeSet<Arc<str>> =
            of(Kind::Project).filter_map(|id| state.project_by_id(id)).map(|project| project.slug.clone()).collect();
        // The environments that are declared, or will be.
        let mut environments: BTreeMap<Arc<str>, Vec<Arc<str>>> = BTreeMap::new();
        for item in found.items.iter().filter(|item| item.kind == Kind::Environment) {
            environments.entry(item.project.clone().unwrap_or_default()).or_default().push(item.text("slug").into());
        }
        found.items.retain(|item| !known.contains_key(&(item.kind, item.id.clone())));
        let mut all = named(group::groups(found.items, &environments), desired);
        let mut addresses: BTreeMap<Address, Address> =
            known.iter().map(|((kind, id), address)| (describe::address(*kind, id), address.clone())).collect();
        for named in &all {
            let instances = named.instances();
            addresses.extend(instances.map(|(item, address)| (describe::address(item.kind, &item.id), address)));
        }
        only(&mut all, &addresses, wish);
        let taken: BTreeSet<Address> = desired.resources.keys().map(Address::without_keys).collect();
        let files = write::files(&all, &addresses, &taken, &declared);
        let managed = all.iter().flat_map(Named::instances).filter(|(item, _)| !item.looked_up);
        let ids: BTreeMap<Address, Arc<str>> = managed.map(|(item, address)| (address, item.id.clone())).collect();
        let new = ids.iter().filter(|(address, _)| address.kind() == Kind::Webhook.word());
        let new = new.map(|(address, id)| (address.clone(), id.clone()));
        let claims = claims.into_iter().chain(new).collect();
        let variables = write::variables(&all);
        Ok(Adopted { files, ids, claims, declared: known.len(), variables, left: found.left, gaps })
    }

    /// Records what can't be found by a name: webhooks, whose addresses are secrets.
    ///
    /// # Errors
    /// The ledger can't be read or written.
    pub async fn claim(&self, adopted: &Adopted) -> Result<(), Diagnostic> {
        let (ledger, _) = self.keeper.load().await?;
        let Some(lock) = &self.lock else { return Ok(()) };
        let new = adopted.claims.iter().filter(|(address, _)| !ledger.records.contains_key(*address));
        let events = new.map(|(address, id)| {
            let record = Record { id: id.clone(), at: open::now().into(), ..Record::default() };
            journal::Event::Record { address: address.clone(), record }
        });
        let events: Vec<journal::Event> = events.collect();
        if events.is_empty() { Ok(()) } else { lock.append(&events).await }
    }
}

/// Webhooks that are declared and that nobody owns, with the ids of those that are at their places: their
/// addresses, which tell them apart, are secrets that may not be at hand.
fn unclaimed(index: &Index<'_>, known: &BTreeMap<(Kind, Arc<str>), Address>) -> BTreeMap<Address, Arc<str>> {
    let kind = Kind::Webhook;
    let owned: BTreeSet<&Address> = known.values().chain(index.ledger.records.keys()).collect();
    let mut taken: BTreeSet<Arc<str>> = known.keys().map(|(_, id)| id.clone()).collect();
    let mut found: BTreeMap<Address, Arc<str>> = BTreeMap::new();
    let declared = index.desired.resources.values().filter(|resource| resource.kind == kind);
    for resource in declared.filter(|resource| !owned.contains(&resource.address)) {
        let Some(Ok(all)) = index.project_of(resource).and_then(|project| project.things.get(&kind)) else { continue };
        let is_there = |thing: &&Thing| {
            let mut names = kind.names().unwrap_or_default().iter();
            names.all(|name| thing.attrs.get(*name).and_then(Value::as_str) == resource.text(name))
        };
        if let Some(thing) = all.iter().filter(is_there).find(|thing| !taken.contains(&thing.id)) {
            taken.insert(thing.id.clone());
            found.insert(resource.address.clone(), thing.id.clone());
        }
    }
    found
}

/// Gives each block its address.
fn named(groups: Vec<group::Group>, desired: &Desired) -> Vec<Named> {
    let taken: BTreeSet<Address> = desired.resources.keys().map(Address::without_keys).collect();
    let is_real = |group: &&group::Group| group.first().kind == Kind::Project && !group.first().looked_up;
    let real: BTreeSet<Arc<str>> =
        groups.iter().filter(is_real).map(|group| group.first().text("slug").into()).collect();
    let is_nested = |group: &group::Group| {
        let project = group.first().project.as_ref();
        project.is_some_and(|project| real.contains(project)) && write::can_nest(group.first().kind)
    };
    let labels = name::labels(&groups, &taken, &is_nested);
    let projects: BTreeMap<Arc<str>, Address> = groups
        .iter()
        .zip(&labels)
        .filter(|(group, _)| is_real(group))
        .map(|(group, label)| (group.first().text("slug").into(), Address::new(Kind::Project.word(), label)))
        .collect();
    let one = |(group, label): (group::Group, String)| {
        let nested = is_nested(&group);
        let kind = group.first().kind;
        let word = kind.data_word().filter(|_| group.first().looked_up).unwrap_or(kind.word());
        let parent = group.first().project.as_ref().filter(|_| nested).and_then(|slug| projects.get(slug));
        let address = parent.map_or_else(|| Address::new(word, &label), |parent| parent.child(word, &label));
        Named { group, label, address, nested }
    };
    groups.into_iter().zip(labels).map(one).collect()
}

/// Says of each thing what it is called elsewhere, and leaves those that are called something; what they need is
/// looked up. Gives what was called and is not there.
fn call(items: &mut Vec<Item>, called: &[Called], state: &State) -> Vec<Diagnostic> {
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    let mut places: BTreeMap<[&str; 4], usize> = BTreeMap::new();
    for (n, one) in called.iter().enumerate() {
        ids.extend(one.ids.iter().map(|id| (&**id, n)));
        places.extend(one.place.as_ref().map(|place| (place.each_ref().map(String::as_str), n)));
    }
    let mut missing: BTreeSet<usize> = (0..called.len()).collect();
    for item in items.iter_mut() {
        let project = item.project.as_ref().and_then(|slug| state.projects.get(slug)).map_or("", |p| &p.id);
        let path = if item.text("path").is_empty() { "/" } else { item.text("path") };
        let place = [project, item.text("environment"), path, item.text("key")];
        let found = ids.get(&*item.id).or_else(|| places.get(&place).filter(|_| item.kind == Kind::Secret));
        if let Some(n) = found.copied() {
            missing.remove(&n);
            item.called = Some((called[n].name.clone(), called[n].key.clone()));
        }
    }
    let mut wanted: BTreeSet<Address> = BTreeSet::new();
    let mut open: Vec<&Item> = items.iter().filter(|item| item.called.is_some()).collect();
    while let Some(item) = open.pop() {
        if wanted.insert(describe::address(item.kind, &item.id)) {
            let needs = item.fields.iter().filter_map(|field| match &field.value {
                Value::Resource(address) => Some(&**address),
                _ => None,
            });
            let needs: BTreeSet<&Address> = needs.collect();
            open.extend(items.iter().filter(|item| needs.contains(&describe::address(item.kind, &item.id))));
        }
    }
    items.retain(|item| wanted.contains(&describe::address(item.kind, &item.id)));
    // What is only needed is not managed.
    items.iter_mut().filter(|item| item.called.is_none()).for_each(Item::look_up);
    let not_there = missing.into_iter().map(|n| {
        let detail = format!("{} is in the state, and nothing that can be declared has its id", called[n].address);
        let help = "either this identity can't see it, or no block of this version declares such a thing";
        Diagnostic::warning(&codes::LEFT_OUT, detail).help(help)
    });
    not_there.collect()
}

/// Leaves what is wanted, and what that refers to.
fn only(all: &mut Vec<Named>, addresses: &BTreeMap<Address, Address>, wish: &Wish) {
    let mut wanted: BTreeSet<Address> = BTreeSet::new();
    let is_asked = |named: &Named| {
        let project = named.group.first().project.as_ref();
        if wish.only.is_empty() {
            // Of some projects only, the organisation's things count where they are used.
            return wish.projects.is_empty() || project.is_some() || named.group.first().kind == Kind::Project;
        }
        let mut texts: Vec<String> = named.instances().map(|(_, address)| address.to_string()).collect();
        texts.push(named.address.to_string());
        wish.only.iter().any(|pattern| texts.iter().any(|text| is_like(text, pattern)))
    };
    let mut open: Vec<&Named> = all.iter().filter(|named| is_asked(named)).collect();
    while let Some(named) = open.pop() {
        if !wanted.insert(named.address.clone()) {
            continue;
        }
        let mut needs: BTreeSet<Address> = named.address.parent().into_iter().collect();
        for field in &named.group.fields {
            if let Value::Resource(address) = &field.value {
                needs.extend(addresses.get(&**address).map(Address::without_keys));
            }
        }
        // A folder is in all environments that are declared, unless it lists some.
        let has_all =
            named.group.first().kind == Kind::Folder && named.group.fields.iter().all(|f| &*f.name != "environments");
        let is_place = |other: &Named| {
            let (one, other) = (named.group.first(), other.group.first());
            has_all && other.kind == Kind::Environment && other.project == one.project
        };
        open.extend(all.iter().filter(|other| needs.contains(&other.address) || is_place(other)));
    }
    all.retain(|named| wanted.contains(&named.address));
}

/// Whether an address fits a pattern: it is the address, or of something that it is in; `*` is any text.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return text.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    };
    let Some(tail) = text.strip_prefix(first) else { return false };
    rest.is_empty() || (0..=tail.len()).any(|at| tail.get(at..).is_some_and(|tail| is_like(tail, rest)))
}

/// The name of a variable of the environment, made of words.
fn variable(words: &str) -> String {
    let mut out = String::new();
    for c in words.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => out.push(c.to_ascii_uppercase()),
            _ if out.is_empty() || out.ends_with('_') => {}
            _ => out.push('_'),
        }
    }
    out.truncate(out.trim_end_matches('_').len());
    if out.starts_with(|c: char| c.is_ascii_digit()) { format!("_{out}") } else { out }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]

    use super::describe;
    use super::group;
    use super::is_like;
    use super::named;
    use super::variable;
    use super::write;
    use crate::backend::state::Connection;
    use crate::backend::state::Environment;
    use crate::backend::state::Project;
    use crate::backend::state::State;
    use crate::backend::state::Status;
    use crate::backend::state::Sync;
    use crate::model::attrs::Object;
    use crate::model::attrs::Value;
    use crate::model::desired::Desired;
    use crate::provider::registry::Registry;
    use crate::secret::FingerprintKey;
    use std::collections::BTreeMap;
    use std::collections::BTreeSet;

    fn connection(id: &str, app: &str, method: &str) -> Connection {
        Connection {
            id: id.into(),
            app: app.into(),
            name: format!("my-{id}").into(),
            method: method.into(),
            description: "".into(),
            project: None,
            credentials: Object::new(),
            credentials_hash: None,
            managed: false,
            gateway: None,
        }
    }

    fn sync(name: &str, destination: &str, connection: &str, config: &[(&str, &str)]) -> Sync {
        let config = config.iter().map(|(name, value)| ((*name).into(), Value::from(*value)));
        Sync {
            id: format!("id-{name}").into(),
            name: name.into(),
            destination: destination.into(),
            description: "".into(),
            connection: connection.into(),
            environment: Some("prod".into()),
            path: Some("/".into()),
            auto_sync: true,
            options: Object::new(),
            config: config.collect(),
            status: Status::Succeeded,
            removal: Status::Never,
            message: None,
            has_succeeded: true,
        }
    }

    #[test]
    fn what_no_block_can_say_is_looked_up_or_named() {
        let github = [("scope", "repository"), ("owner", "bakery"), ("repo", "shop"), ("newField", "x")];
        let syncs = vec![
            sync("shop", "github", "oauth", &github),
            sync("later", "newer-app", "oauth", &[]),
            sync("shape", "github", "oauth", &[("scope", "enterprise")]),
            sync("blind", "github", "unseen", &github),
            Sync { environment: None, path: None, ..sync("orphan", "github", "oauth", &github) },
        ];
        let environment =
            Environment { id: "e".into(), slug: "prod".into(), name: "prod".into(), ..Environment::default() };
        let project = Project {
            id: "p".into(),
            slug: "bakery".into(),
            name: "bakery".into(),
            environments: vec![environment],
            syncs: Some(Ok(syncs)),
            ..Project::default()
        };
        let state = State {
            projects: BTreeMap::from([("bakery".into(), project)]),
            connections: vec![connection("oauth", "github", "oauth"), connection("new", "newer-app", "token")],
            ..State::default()
        };
        let registry = Registry::builtin().unwrap();
        let found = describe::describe(&state, registry.schemas(), &FingerprintKey::generate());
        let left: Vec<&str> = found.left.iter().map(|why| &*why.detail).collect();
        assert_eq!(
            left,
            [
                "connection my-oauth: it was made in a browser, and only there it can be made",
                "connection my-new: this version of keyform does not know the app `newer-app`",
                "sync blind of project bakery: its connection can't be seen",
                "sync later of project bakery: this version of keyform does not know the destination `newer-app`",
                "sync orphan of project bakery: the folder that it pushed is gone, so it pushes nothing",
                "sync shape of project bakery: this version of keyform does not know its `scope`",
                "sync shop of project bakery: this version of keyform does not know its field `newField`",
            ]
        );
        let all = named(group::groups(found.items, &BTreeMap::new()), &Desired::default());
        let names = all.iter().flat_map(super::Named::instances);
        let names = names.map(|(item, address)| (describe::address(item.kind, &item.id), address)).collect();
        let files = write::files(&all, &names, &BTreeSet::new(), &BTreeSet::new());
        let text: String = files.iter().map(|file| format!("# {}\n{}", file.name, file.text)).collect();
        assert_eq!(
            text,
            r#"# connections.hcl
data "app_connection" "my_oauth" {
  app = "github"
}
# bakery.hcl
project "bakery" {
  environment "prod" {}
}

secret_sync "github" "shop" {
  project     = project.bakery
  environment = "prod"
  connection  = data.app_connection.my_oauth

  destination {
    scope = "repository"
    owner = "bakery"
    repo  = "shop"
  }
}
"#
        );
    }

    #[test]
    fn patterns_are_addresses_with_any_text_for_a_star() {
        for (text, pattern, is) in [
            ("project.p.secret.A", "project.p", true),
            ("project.payments", "project.p", false),
            ("project.p[\"x\"]", "project.p", true),
            ("secret_sync.web[\"prod\"]", "secret_sync.*", true),
            ("secret_sync.web", "*.web", true),
            ("secret_sync.web", "*.we", false),
            ("secret_sync.web", "secret*b", true),
        ] {
            assert_eq!(is_like(text, pattern), is, "{text} {pattern}");
        }
    }

    #[test]
    fn variables_are_names() {
        assert_eq!(variable(" aws  prod /api x-y "), "AWS_PROD_API_X_Y");
        assert_eq!(variable("2 é b"), "_2_B");
    }
}
