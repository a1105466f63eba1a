//! Things that take each other's names: one makes room before the other one comes, and where that leads round in a
//! circle nothing can be done, because a backend has each of these names once.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::address::Address;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Input;
use crate::plan::Shown;
use std::collections::BTreeMap;

/// The attribute that no two things of a kind have in common, within one project or the organisation, and what one is
/// called. Other names may be had twice, or go with the place.
fn name(kind: Kind) -> Option<(&'static str, &'static str)> {
    match kind {
        Kind::Project => Some(("slug", "a project")),
        Kind::Environment => Some(("slug", "an environment")),
        Kind::Tag => Some(("slug", "a tag")),
        Kind::ProjectRole => Some(("slug", "a role")),
        Kind::ProjectTemplate => Some(("name", "a template")),
        Kind::AppConnection => Some(("name", "a connection")),
        Kind::SecretSync => Some(("name", "a sync")),
        _ => None,
    }
}

/// Why something can't go where it is declared: what is there can't go first.
pub(super) fn circle(resource: &Resource) -> Diagnostic {
    let address = &resource.address;
    let (place, name, what) = match name(resource.kind) {
        Some((name, what)) => (name, name, what),
        None => ("place", "key", "a secret"),
    };
    let detail = format!("{address} takes the {place} of {what} that takes the {place} of {address}.");
    let mut help = format!("give one of them a {name} that is free and apply, then the one that it is to have");
    if resource.kind == Kind::SecretSync {
        help.push_str("; if only their labels changed, say so in `moved` blocks");
    }
    Diagnostic::error(&codes::SWAPPED, detail).at(resource.origin.block, "declared here").help(help)
}

/// A name that is taken: of which kind, in which project, and the name.
type Taken<'a> = (Kind, Option<&'a Address>, &'a str);

/// Rows of things that take a name, each with the row of the one that leaves it.
pub(super) fn leaving(changes: &[Change], input: &Input<'_>) -> BTreeMap<usize, usize> {
    let mut left: BTreeMap<Taken<'_>, usize> = BTreeMap::new();
    let mut taken: Vec<(usize, Taken<'_>)> = Vec::new();
    for (row, change) in changes.iter().enumerate().filter(|(_, change)| change.action == Action::Update) {
        let Some(resource) = input.desired.resources.get(&change.address) else { continue };
        let Some((name, _)) = name(resource.kind) else { continue };
        let field = change.fields.iter().find(|field| *field.name == *name).map(|field| (&field.before, &field.after));
        if let Some((Shown::Plain(before), Shown::Plain(after))) = field {
            let project = resource.reference("project");
            left.insert((resource.kind, project, before), row);
            taken.push((row, (resource.kind, project, after)));
        }
    }
    taken.iter().filter_map(|(row, name)| Some((*row, *left.get(name)?))).collect()
}
