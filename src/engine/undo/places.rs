//! Places that are gone: an undo brings back values, and says how what they were in comes back.

use crate::model::address::Address;
use crate::model::capsule::Stored;
use crate::model::desired::Desired;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What brings all places back that values can be put into: first what has to be declared, then the commands. `again` is the
/// command of this undo. All of them together: an apply in between would make anew what has a value in another one.
pub(super) fn first<'s>(desired: &Desired, gone: impl IntoIterator<Item = &'s Stored>, again: &str) -> String {
    let (mut targets, mut undeclared) = (BTreeSet::new(), BTreeSet::new());
    for stored in gone {
        match declared(desired, stored) {
            Some(place) => targets.extend(place),
            None => {
                let Stored { project, environment, path, .. } = stored;
                let folder = if &**path == "/" { String::new() } else { format!(" and the folder `{path}`") };
                undeclared.insert(format!("the project `{project}` with the environment `{environment}`{folder}"));
            }
        }
    }
    if !undeclared.is_empty() {
        let undeclared: Vec<String> = undeclared.into_iter().collect();
        return format!(
            "declare {}, apply these alone (`--target`), then `{again}` again; `age -d` reads the values from the capsule",
            undeclared.join(", ")
        );
    }
    let targets: Vec<String> = targets.iter().map(|target| format!(" \\\n    --target '{target}'")).collect();
    format!(
        "make all places again, and nothing else, then put the values back, then apply the rest:\n  keyform apply{}\n  {again}\n  \
         keyform apply",
        targets.concat()
    )
}

/// The environment and the folder of a secret; `None` if they are not declared.
fn declared<'d>(desired: &'d Desired, stored: &Stored) -> Option<Vec<&'d Address>> {
    let Stored { project, environment, path, .. } = stored;
    let slug = |resource: &Resource| -> Option<Arc<str>> { resource.text("slug").map(Arc::from) };
    let own = |resource: &&Resource| {
        let of = resource.reference("project").and_then(|project| desired.resources.get(project));
        !resource.is_data() && of.and_then(slug).as_ref() == Some(project)
    };
    let inside = || desired.resources.values().filter(own);
    let place = inside().find(|one| one.kind == Kind::Environment && slug(one).as_ref() == Some(environment))?;
    let is_folder = |one: &&Resource| {
        let is_here = one.text("environment") == Some(&**environment) && one.text("path") == Some(&**path);
        one.kind == Kind::Folder && is_here
    };
    let folder = inside().find(is_folder);
    (&**path == "/" || folder.is_some())
        .then(|| [Some(place), folder].into_iter().flatten().map(|one| &one.address).collect())
}
