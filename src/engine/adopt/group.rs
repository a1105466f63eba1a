//! Things that differ in one respect become one block with `for_each`, and the folders of one path one block.
//!
//! The key of an instance is the value of the attribute that differs, the environment before all others. Wherever
//! that value is part of another text, `each.key` stands there; what remains besides may be one text, which
//! then is `each.value`.

use crate::engine::adopt::describe::Field;
use crate::engine::adopt::describe::Item;
use crate::lang::print;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What stands for `each.key` in a text until it is printed: characters that nobody uses in names.
pub(super) const KEY: char = '\u{f8fe}';
/// What stands for `each.value`.
pub(super) const VALUE: char = '\u{f8ff}';

/// A block to be.
#[derive(Debug)]
pub(super) struct Group {
    /// Its instances, at least one.
    pub(super) items: Vec<Item>,
    /// The key of each; empty without `for_each`.
    pub(super) keys: Vec<Arc<str>>,
    /// What `each.value` is of each; empty if the keys are all.
    pub(super) values: Vec<Arc<str>>,
    /// What is written.
    pub(super) fields: Vec<Field>,
    /// What it should be called, if something says so.
    pub(super) label: Option<String>,
}

impl Group {
    /// What all instances have in common: kind, app or destination, project.
    pub(super) fn first(&self) -> &Item {
        &self.items[0]
    }

    /// The value of an attribute.
    pub(super) fn text(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|field| field.block.is_empty() && *field.name == *name);
        found.and_then(|field| field.value.as_str()).unwrap_or("")
    }

    fn single(item: Item) -> Self {
        let label = item.called.as_ref().map(|(name, key)| match key {
            Some(key) => format!("{name}_{key}"),
            None => name.to_string(),
        });
        let fields = item.fields.clone();
        Self { items: vec![item], keys: Vec::new(), values: Vec::new(), fields, label }
    }
}

/// Blocks for things, in the order of the first thing of each.
pub(super) fn groups(items: Vec<Item>, environments: &BTreeMap<Arc<str>, Vec<Arc<str>>>) -> Vec<Group> {
    let mut sets: Vec<Vec<usize>> = Vec::new();
    let mut keyed: BTreeMap<usize, Each> = BTreeMap::new();
    let mut done = BTreeSet::new();
    let mut folders: BTreeMap<[&str; 3], Vec<usize>> = BTreeMap::new();
    for (n, item) in items.iter().enumerate().filter(|(_, item)| item.kind == Kind::Folder) {
        let project = item.project.as_deref().unwrap_or("");
        folders.entry([project, item.text("path"), item.text("description")]).or_default().push(n);
    }
    for set in folders.into_values() {
        done.extend(set.iter().copied());
        sets.push(set);
    }
    for (shape, members) in buckets(&items) {
        for (set, each) in shape.sets(&items, &members) {
            done.extend(set.iter().copied());
            keyed.insert(set[0], each);
            sets.push(set);
        }
    }
    sets.extend((0..items.len()).filter(|n| !done.contains(n)).map(|n| vec![n]));
    sets.sort();
    let mut items: Vec<Option<Item>> = items.into_iter().map(Some).collect();
    let mut groups = Vec::new();
    for set in sets {
        let first = set[0];
        let members: Vec<Item> = set.into_iter().filter_map(|n| items[n].take()).collect();
        groups.push(match keyed.remove(&first) {
            Some(Each { keys, values, fields, label }) => Group { items: members, keys, values, fields, label },
            None if members[0].kind == Kind::Folder => folder(members, environments),
            None => match <[Item; 1]>::try_from(members) {
                Ok([item]) => Group::single(item),
                Err(_) => continue,
            },
        });
    }
    groups
}

/// The folder of one path in some environments.
fn folder(members: Vec<Item>, environments: &BTreeMap<Arc<str>, Vec<Arc<str>>>) -> Group {
    let keys: Vec<Arc<str>> = members.iter().map(|item| item.text("environment").into()).collect();
    let all = members[0].project.as_ref().and_then(|project| environments.get(project));
    let is_everywhere = all.is_some_and(|all| all.iter().all(|slug| keys.contains(slug)));
    let mut fields: Vec<Field> =
        members[0].fields.iter().filter(|field| &*field.name != "environment").cloned().collect();
    if !is_everywhere {
        let list = keys.iter().map(|slug| Value::String(slug.clone())).collect();
        let at = fields.iter().position(|field| &*field.name == "description").unwrap_or(fields.len());
        fields.insert(at, Field { block: "", name: "environments".into(), value: Value::list(list) });
    }
    let called: BTreeSet<_> = members.iter().map(|item| item.called.as_ref().map(|(name, _)| name.clone())).collect();
    let label = called.into_iter().next().flatten().filter(|_| members.len() == keys.len());
    Group { items: members, keys, values: Vec::new(), fields, label: label.map(|name| name.to_string()) }
}

/// How instances of a block differ, and what they have in common.
struct Each {
    keys: Vec<Arc<str>>,
    values: Vec<Arc<str>>,
    fields: Vec<Field>,
    label: Option<String>,
}

/// Things that could be one block: of one kind, place and shape.
struct Shape {
    kind: Kind,
    /// What they are called elsewhere, if they have keys there.
    called: Option<Arc<str>>,
}

fn buckets(items: &[Item]) -> Vec<(Shape, Vec<usize>)> {
    let mut buckets: BTreeMap<String, (Shape, Vec<usize>)> = BTreeMap::new();
    for (n, item) in items.iter().enumerate().filter(|(_, item)| !item.looked_up) {
        let called = match (&item.called, item.kind) {
            (_, Kind::Folder) => continue,
            (Some((name, Some(_))), _) => Some(name.clone()),
            (None, Kind::SecretSync | Kind::SecretImport | Kind::Secret) => None,
            _ => continue,
        };
        let names: Vec<String> = item.fields.iter().map(|field| format!("{}.{}", field.block, field.name)).collect();
        let place = format!("{} {} {}", item.kind.word(), item.slug, item.project.as_deref().unwrap_or(""));
        let elsewhere = called.as_deref().unwrap_or("");
        let key = format!("{place} {elsewhere} {}", names.join(" "));
        buckets.entry(key).or_insert_with(|| (Shape { kind: item.kind, called }, Vec::new())).1.push(n);
    }
    buckets.into_values().collect()
}

impl Shape {
    /// The attribute that may be `each.value`.
    fn residual(&self) -> Option<&'static str> {
        match self.kind {
            Kind::SecretSync => Some("name"),
            Kind::Secret => Some("value"),
            _ => None,
        }
    }

    fn sets(&self, items: &[Item], members: &[usize]) -> Vec<(Vec<usize>, Each)> {
        if self.called.is_some() {
            let keys = members.iter().filter_map(|n| items[*n].called.as_ref()?.1.clone()).collect();
            return self.each(items, members, keys).map(|each| (members.to_vec(), each)).into_iter().collect();
        }
        let Some(first) = members.first().map(|n| &items[*n]) else { return Vec::new() };
        let is_candidate = |field: &&Field| {
            // A key that is in several folders is several secrets; in several environments it is one.
            let is_its_key = self.kind != Kind::Secret || &*field.name == "environment";
            field.value.as_str().is_some() && Some(&*field.name) != self.residual() && is_its_key
        };
        let mut candidates: Vec<&Field> = first.fields.iter().filter(is_candidate).collect();
        candidates.sort_by_key(|field| (field.block, &*field.name) != ("", "environment"));
        let mut open: Vec<usize> = members.to_vec();
        let mut found = Vec::new();
        for candidate in candidates {
            let Some(place) = first.fields.iter().position(|field| std::ptr::eq(field, candidate)) else { continue };
            let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for &n in &open {
                let Some(key) = items[n].fields[place].value.as_str() else { continue };
                alike.entry(self.signature(&items[n], key)).or_default().push(n);
            }
            for set in alike.into_values().filter(|set| set.len() > 1) {
                let keys: Vec<Arc<str>> =
                    set.iter().filter_map(|n| items[*n].fields[place].value.as_str().map(Arc::from)).collect();
                if let Some(each) = self.each(items, &set, keys) {
                    open.retain(|n| !set.contains(n));
                    found.push((set, each));
                }
            }
        }
        found
    }

    /// What a thing says besides its key and what may differ, as a text.
    fn signature(&self, item: &Item, key: &str) -> String {
        let fields = item.fields.iter().filter(|field| Some(&*field.name) != self.residual());
        fields.map(|field| print::expression(&templated(&field.value, key)) + "\n").collect()
    }

    /// The block that some things make together; `None` if too much differs, or keys do not.
    fn each(&self, items: &[Item], set: &[usize], keys: Vec<Arc<str>>) -> Option<Each> {
        let is_odd = |key: &Arc<str>| key.is_empty() || key.contains([KEY, VALUE]);
        if set.len() < 2 || keys.iter().collect::<BTreeSet<_>>().len() < set.len() || keys.iter().any(is_odd) {
            return None;
        }
        let mut each = Each { keys, values: Vec::new(), fields: Vec::new(), label: self.label() };
        for (place, field) in items[set[0]].fields.iter().enumerate() {
            let values: Vec<&Value> = set.iter().map(|n| &items[*n].fields[place].value).collect();
            let base = self.base(&field.name, &values, &each.keys);
            if let Some(base) = base {
                // The name that such a block gives its instances anyway.
                each.label.get_or_insert(base);
                continue;
            }
            let templates: Vec<Value> =
                values.iter().zip(&each.keys).map(|(value, key)| templated(value, key)).collect();
            let value = match templates.iter().all(|template| *template == templates[0]) {
                true => templates[0].clone(),
                false => {
                    let texts: Vec<Arc<str>> = values.iter().filter_map(|value| plain(value)).collect();
                    if !each.values.is_empty() || texts.len() < set.len() {
                        return None;
                    }
                    each.values = texts;
                    match &values[0] {
                        Value::Source(_) => Value::Source(Arc::new(SecretSource::Env(VALUE.to_string().into()))),
                        _ => Value::string(VALUE.to_string()),
                    }
                }
            };
            each.fields.push(Field { block: field.block, name: field.name.clone(), value });
        }
        Some(each)
    }

    fn label(&self) -> Option<String> {
        self.called.as_ref().map(|name| name.to_string())
    }

    /// What the names of instances begin with, if the rest of each is its key.
    fn base(&self, attr: &str, values: &[&Value], keys: &[Arc<str>]) -> Option<String> {
        if self.kind != Kind::SecretSync || attr != "name" {
            return None;
        }
        let mut bases = values
            .iter()
            .zip(keys)
            .map(|(value, key)| value.as_str()?.strip_suffix(&crate::config::names::slugify(key))?.strip_suffix('-'));
        let first = bases.next()??;
        let is_called = self.called.as_ref().is_none_or(|name| name.replace('_', "-") == first);
        (is_called && !first.is_empty() && bases.all(|base| base == Some(first))).then(|| first.to_owned())
    }
}

/// What a value says of itself alone: a text, or the variable that a secret comes from.
fn plain(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Source(source) => match &**source {
            SecretSource::Env(name) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The value with `each.key` wherever a key is part of a text.
fn templated(value: &Value, key: &str) -> Value {
    match value {
        Value::String(text) if text.contains(key) && !text.contains([KEY, VALUE]) => {
            Value::string(text.replace(key, &KEY.to_string()))
        }
        Value::List(items) => Value::list(items.iter().map(|item| templated(item, key)).collect()),
        Value::Object(fields) => {
            Value::object(fields.iter().map(|(name, value)| (name.clone(), templated(value, key))).collect())
        }
        other => other.clone(),
    }
}
