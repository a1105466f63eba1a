//! Blocks → files: one for the backend, one for what the organisation has, one for connections and key schemas, one
//! for each project.

use crate::config::blocks::Form;
use crate::engine::adopt::File;
use crate::engine::adopt::describe;
use crate::engine::adopt::describe::Field;
use crate::engine::adopt::describe::Item;
use crate::engine::adopt::group::Group;
use crate::engine::adopt::group::KEY;
use crate::engine::adopt::group::VALUE;
use crate::engine::adopt::name;
use crate::lang::print;
use crate::lang::print::Block;
use crate::lang::print::Part;
use crate::model::address;
use crate::model::address::Address;
use crate::model::address::DATA;
use crate::model::attrs::Object;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::key_schema::ENVIRONMENT;
use crate::model::key_schema::SECRET_KEY;
use crate::model::resource::Kind;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A block with its name.
pub(super) struct Named {
    pub(super) group: Group,
    pub(super) label: String,
    /// The address of the block, without a key.
    pub(super) address: Address,
    /// Whether it stands in the block of its project.
    pub(super) nested: bool,
}

impl Named {
    /// The address of each thing of the block.
    pub(super) fn instances(&self) -> impl Iterator<Item = (&Item, Address)> {
        self.group.items.iter().enumerate().map(|(n, item)| {
            let address = match self.group.keys.get(n) {
                Some(key) => self.address.instance(key),
                None => self.address.clone(),
            };
            (item, address)
        })
    }
}

/// Whether the blocks of a kind can stand in the block of their project.
pub(super) fn can_nest(kind: Kind) -> bool {
    describe::form(Kind::Project).is_some_and(|form| form.blocks.iter().any(|inner| inner.kind == Some(kind)))
}

/// The files of all blocks. `addresses` is what each thing is called, by what it was called until now; `declared`
/// are the projects that have a block already.
pub(super) fn files(
    all: &[Named],
    addresses: &BTreeMap<Address, Address>,
    taken: &BTreeSet<Address>,
    declared: &BTreeSet<Arc<str>>,
) -> Vec<File> {
    let schemas = key_schemas(all, taken);
    let printer = Printer { addresses, schemas: &schemas };
    let mut files = Vec::new();
    let mut shared: Vec<Block> = Vec::new();
    for (template, address) in &schemas {
        let parts = vec![Part::Attr("template".to_owned(), print::quoted(template))];
        shared.push(Block { kind: Kind::KeySchema.word().to_owned(), labels: vec![address.name().to_owned()], parts });
    }
    let of_nobody = |kind: Kind| all.iter().filter(move |n| n.group.first().kind == kind && project(n).is_none());
    let connections: Vec<&Named> = of_nobody(Kind::AppConnection).collect();
    let others: Vec<&Named> =
        all.iter().filter(|n| project(n).is_none() && n.group.first().kind != Kind::AppConnection).collect();
    put(&mut files, "organization", &[], others.into_iter().map(|named| printer.block(named)).collect());
    put(&mut files, "key_schemas", &[], shared);
    put(&mut files, "connections", &[], connections.into_iter().map(|named| printer.block(named)).collect());
    let mut slugs: Vec<Arc<str>> = all.iter().filter_map(project).collect();
    slugs.sort();
    slugs.dedup();
    for slug in slugs {
        let mine: Vec<&Named> = all.iter().filter(|named| project(named).as_ref() == Some(&slug)).collect();
        let mut blocks = Vec::new();
        for own in mine.iter().filter(|named| named.group.first().kind == Kind::Project) {
            let mut block = printer.block(own);
            nest(&mut block, &printer, &mine);
            blocks.push(block);
        }
        let rest = mine.iter().filter(|named| !named.nested && named.group.first().kind != Kind::Project);
        blocks.extend(rest.map(|named| printer.block(named)));
        let is_taken = ["backend", "organization", "key_schemas", "connections"].contains(&&*slug);
        let name = match (declared.contains(&slug), is_taken) {
            (true, _) => format!("{slug}.more"),
            (false, true) => format!("project-{slug}"),
            (false, false) => slug.to_string(),
        };
        put(&mut files, &name, &[], blocks);
    }
    files
}

/// The slug of the project that a block belongs to, or is of.
fn project(named: &Named) -> Option<Arc<str>> {
    let first = named.group.first();
    match first.kind {
        Kind::Project => Some(first.text("slug").into()),
        _ => first.project.clone(),
    }
}

fn put(files: &mut Vec<File>, name: &str, comments: &[String], blocks: Vec<Block>) {
    if !blocks.is_empty() {
        files.push(File { name: format!("{name}.hcl"), text: print::file(comments, &blocks) });
    }
}

/// Puts what belongs to a project in its block, kind by kind.
fn nest(block: &mut Block, printer: &Printer<'_>, mine: &[&Named]) {
    let kinds: BTreeSet<Kind> =
        mine.iter().filter(|named| named.nested).map(|named| named.group.first().kind).collect();
    for kind in kinds {
        let mut inner: Vec<_> = mine.iter().filter(|named| named.nested && named.group.first().kind == kind).collect();
        if kind == Kind::Folder {
            inner.sort_by_key(|named| named.group.text("path"));
        }
        let mut was_long = true;
        for named in inner {
            let one = printer.block(named);
            // Long blocks stand apart, short ones of one kind together.
            let is_long = one.parts.len() > 1;
            if (was_long || is_long) && !block.parts.is_empty() {
                block.parts.push(Part::Blank);
            }
            was_long = is_long;
            block.parts.push(Part::Block(one));
        }
    }
}

/// Names for the templates that more than one block has.
fn key_schemas(all: &[Named], taken: &BTreeSet<Address>) -> BTreeMap<Arc<str>, Address> {
    let mut counts: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for named in all.iter().filter(|named| named.group.first().kind == Kind::SecretSync) {
        let template = named.group.text("key_schema");
        if !template.is_empty() && !template.contains([KEY, VALUE]) {
            *counts.entry(template.into()).or_default() += 1;
        }
    }
    let mut named: BTreeMap<Arc<str>, Address> = BTreeMap::new();
    for template in counts.into_iter().filter(|(_, count)| *count > 1).map(|(template, _)| template) {
        let words = template.replace(SECRET_KEY, " ").replace(ENVIRONMENT, " environment ").to_lowercase();
        let words: Vec<&str> =
            words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let base = match words.join("_") {
            name if address::is_identifier(&name) => name,
            name if name.is_empty() => "keys".to_owned(),
            name => format!("keys_{name}"),
        };
        let mut address = Address::new(Kind::KeySchema.word(), &base);
        let mut count = 1;
        while taken.contains(&address) || named.values().any(|other| *other == address) {
            count += 1;
            address = Address::new(Kind::KeySchema.word(), &format!("{base}_{count}"));
        }
        named.insert(template, address);
    }
    named
}

struct Printer<'a> {
    addresses: &'a BTreeMap<Address, Address>,
    schemas: &'a BTreeMap<Arc<str>, Address>,
}

impl Printer<'_> {
    fn block(&self, named: &Named) -> Block {
        let group = &named.group;
        let first = group.first();
        let mut labels = vec![named.label.clone()];
        let form: Option<&Form> = describe::form(first.kind);
        let mut word = first.kind.word();
        if first.looked_up {
            labels.insert(0, word.to_owned());
            word = DATA;
        } else if form.is_some_and(|form| form.labels.len() > 1) {
            labels.insert(0, first.slug.to_string());
        }
        let mut parts = Vec::new();
        if !group.keys.is_empty() && first.kind != Kind::Folder {
            parts.push(Part::Attr("for_each".to_owned(), each(group)));
            parts.push(Part::Blank);
        }
        let key = group.keys.first().filter(|_| first.kind != Kind::Folder).map(|key| &**key);
        let is_needless = |field: &Field| {
            let default = name::from_label(first, &field.name, &named.label, key);
            let is_project = named.nested && &*field.name == "project";
            is_project || default.is_some_and(|default| field.value.as_str() == Some(&*default))
        };
        let own = group.fields.iter().filter(|field| field.block.is_empty() && !is_needless(field));
        parts.extend(own.map(|field| self.attr(field)));
        let mut inner: Vec<&'static str> = group.fields.iter().map(|field| field.block).collect();
        inner.dedup();
        for inner in inner.into_iter().filter(|inner| !inner.is_empty()) {
            let fields = group.fields.iter().filter(|field| field.block == inner && &*field.name != describe::BLOCK);
            let fields: Vec<Part> = fields.map(|field| self.attr(field)).collect();
            if fields.is_empty() && matches!(inner, "destination" | "options") {
                continue;
            }
            parts.push(Part::Blank);
            parts.push(Part::Block(Block { kind: inner.to_owned(), labels: Vec::new(), parts: fields }));
        }
        Block { kind: word.to_owned(), labels, parts }
    }

    fn attr(&self, field: &Field) -> Part {
        let schema = field.value.as_str().filter(|_| &*field.name == "key_schema").and_then(|t| self.schemas.get(t));
        let text = match schema {
            Some(address) => address.to_string(),
            None => print::expression(&self.named(&field.value)),
        };
        Part::Attr(field.name.to_string(), instance(&text))
    }

    /// The value with the names that things have now.
    fn named(&self, value: &Value) -> Value {
        match value {
            Value::Resource(address) => {
                let known = self.addresses.get(&**address).unwrap_or(address);
                Value::Resource(Arc::new(known.clone()))
            }
            Value::List(items) => Value::list(items.iter().map(|item| self.named(item)).collect()),
            Value::Object(fields) => {
                Value::object(fields.iter().map(|(name, value)| (name.clone(), self.named(value))).collect::<Object>())
            }
            other => other.clone(),
        }
    }
}

/// An expression with `each.key` and `each.value` where they belong.
fn instance(text: &str) -> String {
    let mut out = text.to_owned();
    for (mark, name) in [(KEY, "each.key"), (VALUE, "each.value")] {
        out = out.replace(&format!("\"{mark}\""), name).replace(mark, &format!("${{{name}}}"));
    }
    out
}

/// What `for_each` is of: a set of keys, or a map.
fn each(group: &Group) -> String {
    let text = |text: &Arc<str>| Value::String(text.clone());
    if group.values.is_empty() {
        return format!("toset({})", print::expression(&Value::list(group.keys.iter().map(text).collect())));
    }
    let pairs: Object = group.keys.iter().cloned().zip(group.values.iter().map(text)).collect();
    print::expression(&Value::object(pairs))
}

/// The variables that the secrets of some blocks come from, and whose each is.
pub(super) fn variables(all: &[Named]) -> Vec<(Arc<str>, Address)> {
    let mut found = Vec::new();
    for named in all {
        for (item, address) in named.instances() {
            for field in &item.fields {
                if let Value::Source(source) = &field.value
                    && let SecretSource::Env(name) = &**source
                {
                    found.push((name.clone(), address.clone()));
                }
            }
        }
    }
    found
}
