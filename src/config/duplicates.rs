//! Two blocks that would be one thing on the backend, because it knows things by their natural keys.

use crate::config::resources::Built;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::model::address::MODULE;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;

/// Reports every second thing of one natural key.
pub(crate) fn check(acc: &mut Diagnostics, all: &[Rc<Built>]) {
    let mut seen: HashMap<(Kind, Vec<String>), &Resource> = HashMap::new();
    for resource in all.iter().map(|built| &built.resource).filter(|resource| !resource.is_data()) {
        let Some((key, attr)) = natural(resource) else { continue };
        match seen.entry((resource.kind, key)) {
            Entry::Vacant(free) => {
                free.insert(resource);
            }
            Entry::Occupied(first) => acc.push(report(resource, first.get(), attr)),
        }
    }
}

/// What the backend knows it by, and the attribute that names it. `None` if something of it is missing.
fn natural(resource: &Resource) -> Option<(Vec<String>, &'static str)> {
    let project = || resource.reference("project").map(ToString::to_string);
    let texts =
        |names: &[&str]| names.iter().map(|name| resource.text(name).map(str::to_owned)).collect::<Option<Vec<_>>>();
    let below = |names: &[&str]| {
        let mut key = vec![project()?];
        key.extend(texts(names)?);
        Some(key)
    };
    match resource.kind {
        Kind::Project => Some((texts(&["slug"])?, "slug")),
        Kind::Environment | Kind::Tag => Some((below(&["slug"])?, "slug")),
        Kind::Folder => Some((below(&["environment", "path"])?, "path")),
        Kind::Secret => Some((below(&["environment", "path", "key"])?, "key")),
        Kind::SecretImport => Some((below(&["environment", "path", "from_environment", "from_path"])?, "from_path")),
        Kind::AppConnection => {
            let mut key = texts(&["name"])?;
            key.extend(project());
            Some((key, "name"))
        }
        Kind::SecretSync => Some((below(&["name"])?, "name")),
        Kind::ProjectRole => Some((below(&["slug"])?, "slug")),
        Kind::Identity | Kind::ProjectTemplate => Some((texts(&["name"])?, "name")),
        Kind::ProjectIdentity => Some((vec![project()?, resource.reference("identity")?.to_string()], "identity")),
        // There may be several of one place.
        Kind::KeySchema | Kind::Webhook | Kind::NativeIntegration => None,
    }
}

fn report(second: &Resource, first: &Resource, attr: &str) -> Diagnostic {
    let span =
        |resource: &Resource| -> Span { resource.origin.attrs.get(attr).copied().unwrap_or(resource.origin.block) };
    let detail = match second.kind {
        Kind::SecretImport => format!("`{}` imports the same folder as `{}`.", second.address, first.address),
        Kind::ProjectIdentity => {
            format!("`{}` and `{}` are the same identity in the same project.", first.address, second.address)
        }
        _ => {
            let name = second.text(attr).unwrap_or_default();
            format!("`{}` and `{}` have the same {attr} `{name}`.", first.address, second.address)
        }
    };
    let d = Diagnostic::error(&codes::SAME_NAME, detail);
    if span(first) == span(second) {
        // Instances of one block.
        let help = match second.address.segments()[0].kind.as_ref() == MODULE {
            true => format!("make `{attr}` differ, by a variable that the calls of the module set"),
            false => format!("make it differ: `{attr} = each.key`"),
        };
        return d.at(span(second), "the same for every instance").help(help);
    }
    d.at(span(second), "again here").at(span(first), "first here")
}
