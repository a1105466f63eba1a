//! What was read → what a configuration would say of it: attributes by the names of the table of blocks, in its
//! order, without what holds anyway. What a configuration can't say is named, never dropped without a word.

use crate::backend::state::Connection;
use crate::backend::state::Project;
use crate::backend::state::State;
use crate::backend::state::Sync;
use crate::backend::state::Thing;
use crate::config::blocks;
use crate::config::blocks::Form;
use crate::config::blocks::Ty;
use crate::config::native;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::SourceId;
use crate::diag::source::Span;
use crate::engine::adopt::connections;
use crate::engine::adopt::variable;
use crate::engine::index::Index;
use crate::engine::observe;
use crate::engine::sources::Resolved;
use crate::engine::sources::text;
use crate::engine::wire;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::Object;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::ledger::Ledger;
use crate::model::ledger::Record;
use crate::model::resource::CREDENTIALS;
use crate::model::resource::Kind;
use crate::model::resource::Lifecycle;
use crate::model::resource::Origin;
use crate::model::resource::Resource;
use crate::model::schema::Field as Input;
use crate::model::schema::Schemas;
use crate::secret::FingerprintKey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A thing of the backend.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    /// The backend's id.
    pub(super) id: Arc<str>,
    pub(super) kind: Kind,
    /// The app of a connection, the destination of a sync.
    pub(super) slug: Arc<str>,
    /// The slug of the project that it is in.
    pub(super) project: Option<Arc<str>>,
    /// What is written of it, in order. References are the [`address`] of a thing.
    pub(super) fields: Vec<Field>,
    /// What it is called elsewhere, and its key there.
    pub(super) called: Option<(Arc<str>, Option<Arc<str>>)>,
    /// What else could name it, where its own attributes do not.
    pub(super) hint: Arc<str>,
    /// Whether it is only looked up.
    pub(super) looked_up: bool,
}

/// An attribute.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    /// The block inside of the block that it stands in; empty for none.
    pub(super) block: &'static str,
    pub(super) name: Arc<str>,
    pub(super) value: Value,
}

/// The name of what says that there is a block, whatever is in it.
pub(super) const BLOCK: &str = "";

/// Everything that a configuration can say, and what it can't.
#[derive(Default)]
pub(super) struct Found {
    pub(super) items: Vec<Item>,
    pub(super) left: Vec<Diagnostic>,
}

impl Item {
    /// Has it be looked up instead of declared, where that is possible.
    pub(super) fn look_up(&mut self) {
        if self.kind.data_word().is_none() || self.looked_up {
            return;
        }
        self.looked_up = true;
        let finds = |field: &Field| match self.kind {
            Kind::Project => &*field.name == "slug",
            Kind::AppConnection | Kind::SecretSync => matches!(&*field.name, "name" | "project"),
            _ => &*field.name == "name",
        };
        self.fields.retain(|field| field.block.is_empty() && finds(field));
        if self.kind == Kind::AppConnection {
            self.fields.insert(0, Field { block: "", name: "app".into(), value: Value::String(self.slug.clone()) });
        }
    }

    /// The value of an attribute.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|field| field.block.is_empty() && *field.name == *name).map(|field| &field.value)
    }

    /// The value of an attribute that is a text; empty if it is not set.
    pub(super) fn text(&self, name: &str) -> &str {
        self.value(name).and_then(Value::as_str).unwrap_or("")
    }
}

/// What a thing is called until it has a name.
pub(super) fn address(kind: Kind, id: &str) -> Address {
    Address::new(kind.word(), id)
}

pub(super) fn reference(kind: Kind, id: &str) -> Value {
    Value::Resource(Arc::new(address(kind, id)))
}

/// The form of a kind's blocks.
pub(super) fn form(kind: Kind) -> Option<&'static Form> {
    let top = blocks::TOP.iter().copied();
    top.chain(blocks::TOP.iter().flat_map(|form| form.blocks())).find(|form| form.kind == Some(kind))
}

/// All that was read, thing by thing.
pub(super) fn describe(state: &State, schemas: &Schemas, key: &FingerprintKey) -> Found {
    let mut found = Found::default();
    let mut stubs = Vec::new();
    let mut all: Vec<&Connection> = state.connections.iter().collect();
    all.sort_by_key(|connection| (&connection.app, &connection.name));
    for connection in all {
        let project = match &connection.project {
            Some(id) => match state.project_by_id(id) {
                Some(project) => Some(project),
                None => continue,
            },
            None => None,
        };
        match connections::why_not(schemas, connection) {
            Some(why) => {
                let why = left(format!("connection {}: {why}", connection.name));
                let is_known = schemas.apps.contains_key(&connection.app);
                found.left.push(if is_known { why.help("it is looked up with `data`, and not managed") } else { why });
                found.items.extend(is_known.then(|| connections::lookup(connection, project)));
            }
            None => {
                let names = [("name", text(&connection.name)), ("method", text(&connection.method))];
                stubs.push(stub(Kind::AppConnection, &connection.id, &connection.app, project, names));
            }
        }
    }
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_of_organization()) {
        stubs.extend(things(state, kind, None).map(|thing| thing_stub(kind, thing, None)));
    }
    for project in state.projects.values() {
        parts(&mut stubs, &mut found.left, state, schemas, project);
    }
    found.left.extend(strangers(state));
    // What is read is asked for by id, so that nothing depends on names.
    let mut ledger = Ledger::default();
    let mut desired = Desired::default();
    let order: Vec<Address> = stubs.iter().map(|stub| stub.address.clone()).collect();
    for one in stubs {
        let record = Record { id: one.address.name().into(), ..Record::default() };
        ledger.records.insert(one.address.clone(), record);
        desired.resources.insert(one.address.clone(), one);
    }
    let index = Index::new(&desired, &ledger, state);
    let mut live = observe::observe(&index, &Resolved::default(), schemas, key);
    for address in &order {
        let Some(resource) = desired.resources.get(address) else { continue };
        let Some(mut seen) = live.resources.remove(address) else { continue };
        if resource.kind == Kind::AppConnection
            && let Some(live) = state.connections.iter().find(|connection| connection.id == seen.id)
        {
            seen.attrs.insert(CREDENTIALS.into(), connections::credentials(schemas, live));
        }
        if resource.kind == Kind::NativeIntegration {
            seen.attrs.extend(resource.attrs.get(CREDENTIALS).map(|asked| (CREDENTIALS.into(), asked.clone())));
            // What is another name of the same is said once.
            if seen.attrs.get("app_id") == seen.attrs.get("app") {
                seen.attrs.remove("app_id");
            }
            seen.attrs.retain(|name, _| native::takes(&resource.slug, name));
        }
        if resource.kind == Kind::SecretImport {
            seen.attrs.extend(resource.attrs.get("position").map(|position| ("position".into(), position.clone())));
        }
        let slug = |project: &Address| state.project_by_id(project.name()).map(|project| project.slug.clone());
        let project = resource.reference("project").and_then(slug);
        let fields = fields(schemas, resource, &seen.attrs);
        let (kind, slug) = (resource.kind, resource.slug.clone());
        let identity = resource.reference("identity").and_then(|address| desired.resources.get(address));
        let hint = identity.and_then(|identity| identity.text("name")).unwrap_or(&resource.slug).into();
        found.items.push(Item { id: seen.id, kind, slug, project, fields, called: None, hint, looked_up: false });
    }
    variables(&mut found.items);
    found
}

/// What is said where something can't be written.
fn left(detail: String) -> Diagnostic {
    Diagnostic::warning(&codes::LEFT_OUT, detail)
}

/// A secret whose variable has no name yet.
pub(super) fn secret() -> Value {
    Value::Source(Arc::new(SecretSource::Env(Arc::default())))
}

fn stub<const N: usize>(
    kind: Kind,
    id: &str,
    slug: &Arc<str>,
    project: Option<&Project>,
    names: [(&str, Value); N],
) -> Resource {
    let mut attrs: Attrs = names.into_iter().map(|(name, value)| (name.into(), value)).collect();
    attrs.extend(project.map(|project| ("project".into(), reference(Kind::Project, &project.id))));
    let nowhere = Span { source: SourceId(0), start: 0, end: 0 };
    Resource {
        address: address(kind, id),
        kind,
        slug: slug.clone(),
        attrs,
        lifecycle: Lifecycle::default(),
        allow: Vec::new(),
        origin: Origin { block: nowhere, attrs: BTreeMap::new() },
    }
}

/// What was read of a kind, of the organisation or of a project.
fn things<'a>(state: &'a State, kind: Kind, project: Option<&'a Project>) -> impl Iterator<Item = &'a Thing> {
    let all = project.map_or(&state.things, |project| &project.things);
    let mut found: Vec<&Thing> = all.get(&kind).and_then(|read| read.as_ref().ok()).into_iter().flatten().collect();
    // In the order of names that people gave: ids are others at every backend.
    let identities = || state.things.get(&Kind::Identity).and_then(|read| read.as_ref().ok()).into_iter().flatten();
    let given = |thing: &Thing, name: &str| {
        let text = text_of(thing, name);
        let meant = identities().find(|identity| name == "identity" && *identity.id == *text);
        meant.map_or(text, |identity| text_of(identity, "name"))
    };
    let name = |thing: &Thing| {
        let names = kind.names().unwrap_or_default().iter();
        names.map(|name| given(thing, name)).collect::<Vec<_>>()
    };
    found.sort_by_key(|thing| name(thing));
    found.into_iter()
}

/// Whether an identity could be read.
fn sees(state: &State, identity: &str) -> bool {
    things(state, Kind::Identity, None).any(|known| *known.id == *identity)
}

/// Members of projects whose identity could not be read, and that can't be declared therefore.
fn strangers(state: &State) -> Vec<Diagnostic> {
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for project in state.projects.values() {
        let members = things(state, Kind::ProjectIdentity, Some(project)).map(|member| text_of(member, "identity"));
        for identity in members.filter(|identity| !sees(state, identity)) {
            found.entry(identity).or_default().push(&project.slug);
        }
    }
    let one = |(identity, projects): (String, Vec<&str>)| {
        let detail =
            format!("the identity {identity} is a member of {}, and can't be seen itself", projects.join(", "));
        left(detail)
    };
    found.into_iter().map(one).collect()
}

fn text_of(thing: &Thing, name: &str) -> String {
    thing.attrs.get(name).and_then(Value::as_str).unwrap_or("").to_owned()
}

fn thing_stub(kind: Kind, thing: &Thing, project: Option<&Project>) -> Resource {
    // Where blocks have two labels, the first one is what names the thing first.
    let labels = form(kind).map_or(1, |form| form.labels.len());
    let first = kind.names().unwrap_or_default().first().filter(|_| labels > 1);
    let slug = first.map(|name| text_of(thing, name)).unwrap_or_default();
    let mut stub = stub(kind, &thing.id, &slug.into(), project, []);
    for name in ["name", "slug", "environment", "path", "type"] {
        stub.attrs.extend(thing.attrs.get(name).map(|value| (name.into(), value.clone())));
    }
    if kind == Kind::NativeIntegration {
        let asked = native::credentials(&stub.slug).unwrap_or_default().iter().map(|name| (Arc::from(*name), secret()));
        stub.attrs.insert(CREDENTIALS.into(), Value::object(asked.collect()));
    }
    if kind == Kind::ProjectIdentity {
        stub.attrs.insert("identity".into(), reference(Kind::Identity, &text_of(thing, "identity")));
    }
    stub
}

/// A project and what is in it.
fn parts(
    stubs: &mut Vec<Resource>,
    left_out: &mut Vec<Diagnostic>,
    state: &State,
    schemas: &Schemas,
    project: &Project,
) {
    let none: Arc<str> = Arc::default();
    let within = Some(project);
    stubs.push(stub(Kind::Project, &project.id, &none, None, [("slug", text(&project.slug))]));
    if let Some(Ok(tags)) = &project.tags {
        let mut tags: Vec<_> = tags.iter().collect();
        tags.sort_by_key(|tag| &tag.slug);
        stubs.extend(tags.into_iter().map(|tag| stub(Kind::Tag, &tag.id, &none, within, [("slug", text(&tag.slug))])));
    }
    let mut environments: Vec<_> = project.environments.iter().collect();
    environments.sort_by_key(|environment| &environment.slug);
    for environment in environments {
        let slug = ("slug", text(&environment.slug));
        stubs.push(stub(Kind::Environment, &environment.id, &none, within, [slug]));
        let place = || ("environment", text(&environment.slug));
        if let Some(Ok(folders)) = &environment.folders {
            let one = |(path, folder): (&Arc<str>, &crate::backend::state::FolderInfo)| {
                stub(Kind::Folder, &folder.id, &none, within, [place(), ("path", text(path))])
            };
            stubs.extend(folders.iter().map(one));
        }
        if let Some(Ok(secrets)) = &environment.secrets {
            let one = |secret: &crate::backend::state::Stored| {
                let names = [place(), ("path", text(&secret.path)), ("key", text(&secret.key))];
                stub(Kind::Secret, &secret.id, &none, within, names)
            };
            stubs.extend(secrets.iter().map(one));
        }
    }
    for ((environment, path), imports) in &project.imports {
        let imports = imports.as_ref().map(|list| &**list).unwrap_or_default();
        for (import, position) in imports.iter().zip(1..) {
            // Of several, the later one counts: then their order is part of what they are.
            let position = if imports.len() > 1 { Value::int(position) } else { Value::Null };
            let names = [
                ("position", position),
                ("environment", text(environment)),
                ("path", text(path)),
                ("from_environment", text(&import.from_environment)),
                ("from_path", text(&import.from_path)),
            ];
            stubs.push(stub(Kind::SecretImport, &import.id, &none, within, names));
        }
    }
    for kind in Kind::ALL.into_iter().filter(|kind| kind.names().is_some() && !kind.is_of_organization()) {
        for thing in things(state, kind, within) {
            let service = text_of(thing, "integration");
            let can_be = match kind {
                Kind::ProjectIdentity => sees(state, &text_of(thing, "identity")),
                Kind::NativeIntegration => native::credentials(&service).is_some(),
                _ => true,
            };
            if can_be {
                stubs.push(thing_stub(kind, thing, within));
            } else if kind == Kind::NativeIntegration {
                let detail = format!("project {}: an integration with {service} can't be declared", project.slug);
                left_out.push(left(detail).help("those that are made in a browser stay as they are"));
            }
        }
    }
    let mut syncs: Vec<&Sync> =
        project.syncs.as_ref().and_then(|read| read.as_ref().ok()).into_iter().flatten().collect();
    syncs.sort_by_key(|sync| &sync.name);
    for sync in syncs {
        let about = format!("sync {} of project {}", sync.name, project.slug);
        let (environment, path) = match (&sync.environment, &sync.path) {
            (Some(environment), Some(path)) => (environment, path),
            _ => {
                let why = left(format!("{about}: the folder that it pushed is gone, so it pushes nothing"));
                left_out.push(why.help("delete it, or give it another folder in the backend's web page"));
                continue;
            }
        };
        if let Some(why) = connections::unknown(state, schemas, sync) {
            left_out.push(left(format!("{about}: {why}")));
            continue;
        }
        for name in connections::unknown_fields(schemas, sync) {
            let detail = format!("{about}: this version of keyform does not know its field `{name}`");
            left_out.push(left(detail).help("it stays as it is until another field of the destination is changed"));
        }
        let names = [
            ("name", text(&sync.name)),
            ("environment", text(environment)),
            ("path", text(path)),
            ("connection", reference(Kind::AppConnection, &sync.connection)),
        ];
        stubs.push(stub(Kind::SecretSync, &sync.id, &sync.destination, within, names));
    }
}

/// What is written of a thing, in the order of the table.
fn fields(schemas: &Schemas, resource: &Resource, attrs: &Attrs) -> Vec<Field> {
    let Some(form) = form(resource.kind) else { return Vec::new() };
    let mut fields = Vec::new();
    let empty = Object::new();
    let hidden = attrs.get(CREDENTIALS).and_then(Value::as_object).unwrap_or(&empty);
    let mut put = |block: &'static str, name: &Arc<str>, value: Option<Value>, default: Option<&Value>| {
        // A value that nobody may see is asked for where it is needed.
        let value = match value {
            Some(Value::Secret(_) | Value::Fingerprint(_)) => Some(secret()),
            other => other,
        };
        let own = default.is_none().then(|| self::default(resource.kind, block, name)).flatten();
        let holds = |value: &Value| match default.or(own.as_ref()) {
            Some(default) => value == default,
            None => !wire::is_set(value),
        };
        if let Some(value) = value.filter(|value| !value.is_null() && !holds(value)) {
            fields.push(Field { block, name: name.clone(), value });
        }
    };
    if resource.kind == Kind::Folder {
        put("", &"environment".into(), attrs.get("environment").cloned(), None);
    }
    for attr in form.attrs() {
        let name: Arc<str> = attr.name.into();
        let value = match attr.ty {
            Ty::Objects(_) => attrs.get(&name).map(without_labels),
            Ty::Place => {
                let place = ["environment", "path"].map(|part| (part, attrs.get(&*format!("{name}_{part}"))));
                let said = place.into_iter().filter_map(|(part, value)| Some((Arc::from(part), value?.clone())));
                Some(Value::object(said.collect()))
            }
            Ty::Ref(_) => resource.attrs.get(&name).cloned(),
            Ty::Secret | Ty::TextOrSecret if attr.required => {
                Some(attrs.get(&name).or_else(|| hidden.get(&name)).cloned().unwrap_or_else(secret))
            }
            _ => attrs.get(&name).or_else(|| hidden.get(&name)).cloned(),
        };
        put("", &name, value, None);
    }
    let app = schemas.apps.get(&resource.slug).filter(|_| resource.kind == Kind::AppConnection);
    if let Some(method) = app.and_then(|app| app.methods.get(resource.text("method")?)) {
        for field in method.inputs() {
            let value = hidden.get(&field.name).or_else(|| attrs.get(&field.name)).cloned();
            put("", &field.name, value, field.default.as_ref());
        }
    }
    let destination = schemas.destinations.get(&resource.slug).filter(|_| resource.kind == Kind::SecretSync);
    for inner in form.blocks.iter().filter(|inner| inner.kind.is_none()) {
        let Some(object) = attrs.get(inner.word).and_then(Value::as_object) else { continue };
        let known: Vec<&Input> = match (destination, inner.word) {
            (Some(destination), "destination") => {
                destination.variant(object).into_iter().flat_map(|variant| &variant.fields).collect()
            }
            (Some(destination), _) => destination.options.iter().collect(),
            _ => Vec::new(),
        };
        if object.is_empty() {
            continue;
        }
        let input = |name: &Arc<str>| known.iter().position(|field| field.name == *name);
        let place = |name: &Arc<str>| {
            // What picks the shape comes first.
            let in_table = inner.attrs.iter().position(|attr| attr.name == &**name);
            input(name).or(in_table).map_or(0, |place| place + 1)
        };
        let mut names: Vec<&Arc<str>> = object.keys().collect();
        names.sort_by_key(|name| place(name));
        // The block itself says something, also where nothing is in it.
        put(inner.word, &BLOCK.into(), Some(Value::Bool(true)), None);
        for name in names {
            let default = input(name).and_then(|place| known[place].default.as_ref());
            put(inner.word, name, object.get(name).cloned(), default);
        }
    }
    fields
}

/// A list of objects without the names that are their slugs anyway.
fn without_labels(value: &Value) -> Value {
    let one = |item: &Value| match item {
        Value::Object(fields) if fields.contains_key("name") && fields.get("name") == fields.get("slug") => {
            let fields = fields.iter().filter(|(name, _)| &***name != "name");
            Value::object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        other => other.clone(),
    };
    Value::list(value.as_list().unwrap_or_default().iter().map(one).collect())
}

/// What holds where nothing is written, besides what a manifest says.
fn default(kind: Kind, block: &str, name: &str) -> Option<Value> {
    Some(match (kind, block, name) {
        (Kind::SecretSync, "", "auto_sync") => Value::Bool(true),
        (Kind::SecretSync, "", "initial_sync") => text("overwrite-destination"),
        (Kind::Webhook, "", "type") => text("general"),
        (Kind::Webhook, "", "enabled") | (Kind::NativeIntegration, "", "active") => Value::Bool(true),
        (Kind::Project | Kind::ProjectTemplate, "", "type") => text("secret-manager"),
        (Kind::Project, "", "pit_version_limit") => Value::int(10),
        (Kind::Project, "", "secret_sharing") => Value::Bool(true),
        (Kind::Identity, "", "role") => text("no-access"),
        (Kind::Identity, "universal_auth", "access_token_ttl" | "access_token_max_ttl") => Value::int(2_592_000),
        (Kind::Identity, "universal_auth", "access_token_uses") => Value::int(0),
        (Kind::Identity, "universal_auth", _) => Value::list(vec![text("0.0.0.0/0"), text("::/0")]),
        (Kind::Folder, ..) => return None,
        (_, "", "path") => text("/"),
        _ => return None,
    })
}

/// Names the variables that secrets come from, each differently.
fn variables(items: &mut [Item]) {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        let project = item.project.clone().unwrap_or_default();
        let owner = match item.kind {
            Kind::AppConnection => {
                let app = if item.text("name").contains(&*item.slug) { "" } else { &*item.slug };
                format!("{app} {}", item.text("name"))
            }
            Kind::Secret => format!("{project} {} {}", item.text("environment"), item.text("path")),
            Kind::NativeIntegration => {
                format!("{project} {} {} {}", item.slug, item.text("environment"), item.text("path"))
            }
            _ => format!("{project} {} {} {}", item.kind.word(), item.text("environment"), item.text("path")),
        };
        let key = item.text("key").to_owned();
        for field in &mut item.fields {
            let Value::Source(source) = &field.value else { continue };
            if !matches!(&**source, SecretSource::Env(_)) {
                continue;
            }
            let what = if item.kind == Kind::Secret { &*key } else { &*field.name };
            let name = variable(&format!("{owner} {what}"));
            let count = taken.entry(name.clone()).or_default();
            *count += 1;
            let name = if *count == 1 { name } else { format!("{name}_{count}") };
            field.value = Value::Source(Arc::new(SecretSource::Env(name.into())));
        }
    }
}
