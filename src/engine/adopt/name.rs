//! What blocks are called: after the things themselves, as identifiers, each differently.

use crate::config::names;
use crate::engine::adopt::describe::Item;
use crate::engine::adopt::group::Group;
use crate::engine::adopt::group::KEY;
use crate::engine::adopt::group::VALUE;
use crate::model::address;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// The label of each block, in their order. `taken` are addresses that are declared already; `is_nested` says what
/// stands in the block of its project, where labels of other projects do not count.
pub(super) fn labels(groups: &[Group], taken: &BTreeSet<Address>, is_nested: &dyn Fn(&Group) -> bool) -> Vec<String> {
    let scope = |group: &Group| {
        let project = group.first().project.as_deref().filter(|_| is_nested(group));
        (group.first().kind, project.map(str::to_owned))
    };
    let mut names: Vec<Vec<String>> = groups.iter().map(wishes).collect();
    let mut labels: Vec<Option<String>> = vec![None; groups.len()];
    let mut used: BTreeSet<(Kind, Option<String>, String)> = BTreeSet::new();
    for address in taken {
        if let (Some(kind), None) = (Kind::from_word(address.kind()), address.parent()) {
            used.insert((kind, None, address.name().to_owned()));
        }
    }
    // Those that only one wants first; what two want, neither gets, but a longer name.
    let most = names.iter().map(Vec::len).max().unwrap_or(0);
    for level in 0..most {
        let mut wanted: BTreeMap<(Kind, Option<String>, String), Vec<usize>> = BTreeMap::new();
        for (n, group) in groups.iter().enumerate().filter(|(n, _)| labels[*n].is_none()) {
            let (kind, project) = scope(group);
            if let Some(name) = names[n].get(level) {
                wanted.entry((kind, project, name.clone())).or_default().push(n);
            }
        }
        for (name, who) in wanted {
            if let ([n], false) = (&*who, used.contains(&name)) {
                labels[*n] = Some(name.2.clone());
                used.insert(name);
            }
        }
    }
    for (n, group) in groups.iter().enumerate().filter(|(n, _)| labels[*n].is_none()).collect::<Vec<_>>() {
        let (kind, project) = scope(group);
        let last = names[n].pop().unwrap_or_default();
        let mut count = 1;
        let mut name = (kind, project, last.clone());
        while used.contains(&name) {
            count += 1;
            name.2 = format!("{last}_{count}");
        }
        labels[n] = Some(name.2.clone());
        used.insert(name);
    }
    labels.into_iter().map(Option::unwrap_or_default).collect()
}

/// What a block would like to be called, the shortest first.
fn wishes(group: &Group) -> Vec<String> {
    let item = group.first();
    let project = item.project.as_deref().unwrap_or("");
    let join = |parts: &[&str]| identifier(item.kind, &parts.join(" "));
    let (environment, path) = (group.text("environment"), group.text("path"));
    if let Some(label) = &group.label {
        return vec![join(&[label]), join(&[project, label])];
    }
    let mut wishes = match item.kind {
        Kind::Project | Kind::Environment | Kind::Tag => vec![kept(item.kind, group.text("slug"))],
        Kind::Folder => vec![path.to_owned(), join(&[path, group.text("description")])],
        Kind::Secret => {
            let key = group.text("key");
            vec![key.to_owned(), join(&[environment, key]), join(&[environment, path, key])]
        }
        Kind::SecretImport => {
            let from = item.value("from").and_then(Value::as_object);
            let part = |name: &str| from.and_then(|from| from.get(name)).and_then(Value::as_str).unwrap_or("");
            let (from, source) = (part("path"), part("environment"));
            let last = from.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or(source);
            vec![
                join(&[last]),
                join(&[path, last]),
                join(&[environment, path, last]),
                join(&[environment, path, source, from]),
            ]
        }
        Kind::AppConnection | Kind::SecretSync => {
            let name = match group.keys.is_empty() {
                true => group.text("name").to_owned(),
                false => common(group),
            };
            let slug = &*item.slug;
            vec![join(&[&name]), join(&[slug, &name])]
        }
        _ => {
            let name = [group.text("slug"), group.text("name"), &*item.hint].into_iter().find(|name| !name.is_empty());
            let name = name.unwrap_or_default().to_lowercase();
            vec![join(&[&name, environment, path]), join(&[&name, environment, path, group.text("type")])]
        }
    };
    if let Some(last) = wishes.last().cloned() {
        wishes.push(join(&[project, &last]));
    }
    wishes
}

/// What the names of a block's instances have in common; the kind of destination if that is nothing.
fn common(group: &Group) -> String {
    let names: Vec<&str> = group.items.iter().map(|item| item.text("name")).collect();
    let first = names.first().copied().unwrap_or("");
    let length = |name: &&str| first.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
    let shared = names.iter().map(length).min().unwrap_or(0);
    // Only whole words, and only if something is left.
    let prefix = first.get(..shared).unwrap_or("");
    let prefix = if names.iter().all(|name| name.len() == shared) {
        prefix
    } else {
        prefix.rsplit_once('-').map_or("", |(words, _)| words)
    };
    if prefix.is_empty() { group.first().slug.to_string() } else { prefix.to_owned() }
}

/// The name as it is, where it can stand in an address without quotes.
fn kept(kind: Kind, name: &str) -> String {
    if address::is_identifier(name) { name.to_owned() } else { identifier(kind, name) }
}

/// A text as an identifier: letters, digits and single underscores, beginning with a letter.
fn identifier(kind: Kind, text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().filter(|c| *c != KEY && *c != VALUE) {
        match c {
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ if out.is_empty() || out.ends_with('_') => {}
            _ => out.push('_'),
        }
    }
    out.truncate(out.trim_end_matches('_').len());
    match out.chars().next() {
        None => kind.word().to_owned(),
        Some(c) if c.is_ascii_digit() => format!("{}_{out}", kind.word()),
        Some(_) => out,
    }
}

/// What an attribute is where it is not written, because of the label.
pub(super) fn from_label(item: &Item, attr: &str, label: &str, key: Option<&str>) -> Option<String> {
    let slug = || {
        let label = label.replace('_', "-");
        key.map_or_else(|| label.clone(), |key| format!("{label}-{}", names::slugify(key)))
    };
    match (item.kind, attr) {
        (Kind::Identity, "name") if item.looked_up => Some(label.to_owned()),
        (Kind::Project | Kind::Environment, "slug" | "name")
        | (Kind::ProjectRole, "name")
        | (Kind::Tag, "slug")
        | (Kind::Folder, "path")
        | (Kind::Secret, "key") => Some(label.to_owned()),
        (Kind::AppConnection | Kind::SecretSync | Kind::Identity | Kind::ProjectTemplate, "name")
        | (Kind::ProjectRole, "slug") => Some(slug()),
        _ => None,
    }
}
