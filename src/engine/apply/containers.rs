//! Environments and folders that are made again elsewhere: the new one first, then whatever moves into it, and the
//! old one last, once nothing of ours is in it. Until then the record is of the old one, so that the run after
//! one that was killed takes it up again.

use crate::backend::write;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::apply::resource;
use crate::engine::apply::run::Run;
use crate::engine::apply::run::missing;
use crate::engine::index::natural;
use crate::model::address::Address;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::plan::Action;
use crate::plan::Change;
use std::cmp::Reverse;
use std::sync::Arc;

/// Whether the project that holds it is made again, and it with that.
pub(super) fn goes_along(run: &Run<'_>, address: &Address) -> bool {
    let project = run.planned.basis.desired.resources.get(address).and_then(|resource| resource.reference("project"));
    let is_row = |change: &Change| change.action == Action::Replace && Some(&change.address) == project;
    run.planned.plan.changes.iter().any(is_row)
}

/// Makes it where it is declared.
pub(super) async fn make(run: &Run<'_>, address: &Address) -> Result<(), Diagnostic> {
    let declared = run.declared(address)?;
    let old = old_id(run, address)?;
    let id = match there(run, declared) {
        Some(id) if id == old || run.planned.ledger.intents.contains_key(address) => id,
        Some(_) if declared.kind == Kind::Environment => {
            let detail = format!("{address} can't move: another one is where it is declared.");
            return Err(Diagnostic::error(&codes::NOT_MANAGED, detail)
                .at(declared.origin.block, "declared here")
                .help("nothing was changed: give one of the two another slug"));
        }
        _ => {
            run.intend([declared]).await?;
            resource::make_container(run, declared).await?
        }
    };
    run.keep_id(address, id);
    Ok(())
}

fn old_id(run: &Run<'_>, address: &Address) -> Result<Arc<str>, Diagnostic> {
    let live = run.planned.basis.live.resources.get(address);
    live.map(|seen| seen.id.clone()).ok_or_else(|| missing(address, "it"))
}

/// What is where it is declared.
fn there(run: &Run<'_>, declared: &Resource) -> Option<Arc<str>> {
    let project = declared.reference("project")?;
    match declared.kind {
        Kind::Environment => Some(run.index.project(project)?.environment(declared.text("slug")?)?.id.clone()),
        _ => {
            let environment = run.index.live_environment(project, declared.text("environment")?)?;
            let folders = environment.folders.as_ref()?.as_ref().ok()?;
            Some(folders.get(declared.text("path")?)?.id.clone())
        }
    }
}

/// Ends the old ones whose new ones are there, the innermost first. `is_done` says what became of a row; where
/// something that is in the old one, or pointed at it, is not done, it stays for the next run.
pub(super) async fn end_old(run: &Run<'_>, is_done: &dyn Fn(&Address) -> bool) -> Vec<(Address, Diagnostic)> {
    let is_container = |address: &Address| {
        matches!(Kind::from_word(address.kind()), Some(Kind::Environment | Kind::Folder))
            && address.entry_key().is_none()
            && !goes_along(run, address)
    };
    let replaced = run.planned.plan.changes.iter().filter(|change| change.action == Action::Replace);
    let mut replaced: Vec<&Address> = replaced.map(|change| &change.address).filter(|a| is_container(a)).collect();
    let depth = |address: &Address| {
        let path = run.record(address).and_then(|record| record.natural.get(natural::PATH));
        path.map_or(0, |path| path.len())
    };
    replaced.sort_by_key(|address| Reverse(depth(address)));
    let mut failed = Vec::new();
    for address in replaced.into_iter().filter(|address| is_done(address) && is_left(run, address, is_done)) {
        if let Err(why) = end_one(run, address).await {
            failed.push((address.clone(), why));
        }
    }
    failed
}

/// Whether everything that was in it, or may have pointed at it, is elsewhere now.
fn is_left(run: &Run<'_>, container: &Address, is_done: &dyn Fn(&Address) -> bool) -> bool {
    let rows = run.planned.plan.changes.iter().filter(|change| change.address.entry_key().is_none());
    let rows = rows.filter(|change| change.action != Action::Create && change.address != *container);
    let is_of_it = |address: &Address| {
        let points = matches!(Kind::from_word(address.kind()), Some(Kind::SecretSync | Kind::SecretImport));
        points || crate::plan::kept::was_inside(&run.planned.ledger, container, address)
    };
    rows.filter(|change| is_of_it(&change.address)).all(|change| is_done(&change.address))
}

async fn end_one(run: &Run<'_>, address: &Address) -> Result<(), Diagnostic> {
    let declared = run.declared(address)?;
    let (old, new) = (old_id(run, address)?, run.id(address)?);
    let about = address.to_string();
    if old != new {
        let went = match declared.kind {
            Kind::Environment => {
                let project = resource::old_project(run, address)?;
                write::delete_environment(run.backend(), &about, &project, &old).await
            }
            _ => {
                // What it holds besides is a hazard of the plan, and was allowed.
                let holds_more =
                    run.planned.basis.live.resources.get(address).is_some_and(|seen| !seen.foreign.is_empty());
                let place = resource::old_place(run, address)?;
                write::delete_folder(run.backend(), &about, &place, &old, holds_more).await
            }
        };
        match went {
            Err(failure) if !failure.is_gone() => return Err(failure.into()),
            _ => {}
        }
    }
    run.append(&[run.record_of(declared, new, None)]).await
}
