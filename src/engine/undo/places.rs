//! Places that are gone: an undo brings back values, and says how what they were in comes back.

use crate::model::capsule::Stored;
use crate::model::desired::Desired;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use std::sync::Arc;

/// What brings a place back that values can be put into: the commands, or what has to be declared before them.
pub(super) fn first(desired: &Desired, stored: &Stored, run: &str) -> String {
    let Stored { project, environment, path, .. } = stored;
    let slug = |resource: &Resource| -> Option<Arc<str>> { resource.text("slug").map(Arc::from) };
    let own = |resource: &&Resource| {
        let of = resource.reference("project").and_then(|project| desired.resources.get(project));
        !resource.is_data() && of.and_then(slug).as_ref() == Some(project)
    };
    let inside = || desired.resources.values().filter(own);
    let place = inside().find(|one| one.kind == Kind::Environment && slug(one).as_ref() == Some(environment));
    let is_folder = |one: &&Resource| {
        let is_here = one.text("environment") == Some(&**environment) && one.text("path") == Some(&**path);
        one.kind == Kind::Folder && is_here
    };
    let folder = inside().find(is_folder);
    let is_whole = place.is_some() && (&**path == "/" || folder.is_some());
    if !is_whole {
        let inner = if &**path == "/" { String::new() } else { format!(" and the folder `{path}`") };
        return format!(
            "declare the project `{project}` with the environment `{environment}`{inner}, apply these alone (`--target`), then \
             `keyform undo {run}` again; `age -d` reads the value from the capsule"
        );
    }
    let targets = [place, folder].into_iter().flatten().map(|one| format!(" --target '{}'", one.address));
    format!(
        "make its place again, and nothing else, then go on: `keyform apply{}`, `keyform undo {run}`, `keyform apply`",
        targets.collect::<String>()
    )
}
