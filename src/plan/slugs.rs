//! Environments that take each other's slugs: one makes room before the other one comes, and where that leads round in a
//! circle nothing can be done, because a backend has each slug once.

use crate::model::resource::Kind;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Input;
use crate::plan::Shown;
use std::collections::BTreeMap;

/// Rows of environments that take a slug, each with the row of the one that leaves it.
pub(super) fn leaving(changes: &[Change], input: &Input<'_>) -> BTreeMap<usize, usize> {
    let slugs = |row: usize, change: &Change| {
        let resource = input.desired.resources.get(&change.address)?;
        let field = change.fields.iter().find(|field| *field.name == *"slug")?;
        let (Shown::Plain(before), Shown::Plain(after)) = (&field.before, &field.after) else { return None };
        let is_it = resource.kind == Kind::Environment && change.action == Action::Update;
        is_it.then(|| (row, resource.reference("project").cloned(), before.clone(), after.clone()))
    };
    let all: Vec<_> = changes.iter().enumerate().filter_map(|(row, change)| slugs(row, change)).collect();
    let left = all.iter().map(|(row, project, before, _)| ((project, before), *row)).collect::<BTreeMap<_, _>>();
    all.iter().filter_map(|(row, project, _, after)| Some((*row, *left.get(&(project, after))?))).collect()
}
