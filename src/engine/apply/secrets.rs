//! Secrets of one folder: one request for all creates, one for all updates, one for all deletes. A
//! request is all or nothing, so after a refusal they are tried one by one: only what is wrong fails.

use crate::api;
use crate::backend::refusal::Failure;
use crate::backend::state::Stored;
use crate::backend::write;
use crate::backend::write::Place;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::apply::Outcome;
use crate::engine::apply::resource;
use crate::engine::apply::run::Run;
use crate::engine::apply::run::missing;
use crate::engine::observe;
use crate::engine::open;
use crate::engine::sources::hidden;
use crate::ledger::journal;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::ledger::Request;
use crate::model::resource::Resource;
use crate::plan;
use crate::plan::Action;
use crate::plan::Change;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Does changes of one folder that have one action: create, update or delete.
pub(super) async fn change(run: &Run<'_>, changes: &[&Change]) -> Vec<Outcome> {
    let Some(first) = changes.first() else { return Vec::new() };
    let place = match first.action {
        Action::Delete => resource::old_place(run, &first.address),
        _ => run.place(&first.address),
    };
    let place = match place {
        Ok(place) => place,
        Err(why) => return changes.iter().map(|c| (c.address.clone(), Err(why.clone()))).collect(),
    };
    let about = match changes {
        [one] => one.address.to_string(),
        [first, ..] => format!("{} and {} more", first.address, changes.len() - 1),
        [] => String::new(),
    };
    let mut ready = Vec::new();
    let mut outcomes = Vec::new();
    for change in changes {
        match waits(run, &change.address).and_then(|()| Item::of(run, change)) {
            Ok(item) => ready.push(item),
            Err(why) => outcomes.push((change.address.clone(), Err(why))),
        }
    }
    outcomes.extend(all(run, &place, &about, ready).await);
    outcomes
}

/// Whether the change may be sent: what waits for approval is not asked for again.
fn waits(run: &Run<'_>, address: &Address) -> Result<(), Diagnostic> {
    let Some(waits) = run.planned.basis.waiting.get(address) else { return Ok(()) };
    let d = Diagnostic::error(&codes::BACKEND_APPROVAL, waits.detail.clone());
    Err(Diagnostic { help: waits.help.clone(), ..d })
}

/// One secret with what will be sent.
struct Item<'a> {
    change: &'a Change,
    resource: Option<&'a Resource>,
    send: Send,
}

enum Send {
    Create(api::secrets::CreateItem),
    Update(api::secrets::UpdateItem),
    Delete(String),
}

impl<'a> Item<'a> {
    fn of(run: &Run<'a>, change: &'a Change) -> Result<Self, Diagnostic> {
        let address = &change.address;
        if change.action == Action::Delete {
            let live = run.planned.basis.live.resources.get(address);
            let key = live.and_then(|o| o.attrs.get("key")).and_then(Value::as_str);
            let key = key.ok_or_else(|| missing(address, "its key"))?.to_owned();
            return Ok(Self { change, resource: None, send: Send::Delete(key) });
        }
        let resource = run.declared(address)?;
        let send = match change.action {
            Action::Create => Send::Create(api::secrets::CreateItem {
                secret_key: resource.text("key").unwrap_or("").to_owned(),
                new: new(run, resource)?,
            }),
            _ => Send::Update(update(run, change, resource)?),
        };
        Ok(Self { change, resource: Some(resource), send })
    }
}

/// Everything that a new secret says.
fn new(run: &Run<'_>, resource: &Resource) -> Result<api::secrets::New, Diagnostic> {
    let metadata = metadata(resource);
    Ok(api::secrets::New {
        secret_value: run.planned.basis.resolved.value(&resource.address)?,
        secret_comment: resource.text("comment").unwrap_or("").trim().to_owned(),
        secret_metadata: (!metadata.is_empty()).then_some(metadata),
        tag_ids: match resource.attrs.contains_key("tags") {
            true => Some(tag_ids(run, resource)?),
            false => None,
        },
        skip_multiline_encoding: None,
        secret_reminder_note: None,
        secret_reminder_repeat_days: None,
    })
}

fn update(run: &Run<'_>, change: &Change, resource: &Resource) -> Result<api::secrets::UpdateItem, Diagnostic> {
    let live = run.planned.basis.live.resources.get(&resource.address);
    let key = resource.text("key").unwrap_or("");
    let old = live.and_then(|o| o.attrs.get("key")).and_then(Value::as_str).unwrap_or(key);
    let differs =
        |name: &str| change.fields.iter().any(|f| *f.name == *name || f.name.starts_with(&format!("{name}.")));
    Ok(api::secrets::UpdateItem {
        secret_key: old.to_owned(),
        change: api::secrets::Change {
            secret_value: match differs("value") {
                true => Some(run.planned.basis.resolved.value(&resource.address)?),
                false => None,
            },
            secret_comment: differs("comment").then(|| resource.text("comment").unwrap_or("").trim().to_owned()),
            secret_metadata: differs("metadata").then(|| metadata(resource)),
            tag_ids: match differs("tags") {
                true => Some(tag_ids(run, resource)?),
                false => None,
            },
            new_secret_name: (old != key).then(|| key.to_owned()),
            ..api::secrets::Change::default()
        },
    })
}

fn metadata(resource: &Resource) -> Vec<api::secrets::Metadata> {
    let fields = resource.attrs.get("metadata").and_then(Value::as_object);
    let pairs = fields.into_iter().flatten().filter_map(|(key, value)| {
        Some(api::secrets::Metadata { key: key.to_string(), value: value.as_str()?.to_owned() })
    });
    pairs.collect()
}

/// The ids of a secret's tags: of declared ones by address, of others as they were read.
fn tag_ids(run: &Run<'_>, resource: &Resource) -> Result<Vec<String>, Diagnostic> {
    let project = resource.reference("project");
    let slugs = resource.attrs.get("tags").and_then(Value::as_list).unwrap_or_default();
    let id = |slug: &str| {
        let declared = run.index.desired.resources.values().find(|r| {
            r.kind == crate::model::resource::Kind::Tag
                && r.reference("project") == project
                && r.text("slug") == Some(slug)
        });
        if let Some(id) = declared.and_then(|tag| run.id(&tag.address).ok()) {
            return Ok(id.to_string());
        }
        let tags = project.and_then(|p| run.index.project(p)).and_then(|p| p.tags.as_ref());
        let found = tags.and_then(|tags| tags.as_ref().ok()?.iter().find(|tag| *tag.slug == *slug));
        found.map(|tag| tag.id.to_string()).ok_or_else(|| missing(&resource.address, &format!("its tag `{slug}`")))
    };
    slugs.iter().filter_map(Value::as_str).map(id).collect()
}

async fn all(run: &Run<'_>, place: &Place, about: &str, items: Vec<Item<'_>>) -> Vec<Outcome> {
    if items.is_empty() {
        return Vec::new();
    }
    let creates = items.iter().filter(|item| matches!(item.send, Send::Create(_)));
    if let Err(why) = run.intend(creates.filter_map(|item| item.resource)).await {
        return items.iter().map(|item| (item.change.address.clone(), Err(why.clone()))).collect();
    }
    // One request each, so that each is done or not as a whole.
    let bytes = |item: &Item<'_>| match &item.send {
        Send::Create(create) => write::secrets::new_bytes(create),
        Send::Update(update) => write::secrets::changed_bytes(update),
        Send::Delete(key) => key.len(),
    };
    let mut outcomes = Vec::new();
    for items in write::secrets::chunks(items, bytes) {
        outcomes.extend(once(run, place, about, items).await);
    }
    outcomes
}

/// Sends the items of one request; where one of them is refused, each on its own.
async fn once(run: &Run<'_>, place: &Place, about: &str, items: Vec<Item<'_>>) -> Vec<Outcome> {
    match send(run, place, about, &items).await {
        Ok(ids) => record(run, &items, &ids).await,
        Err(failure) if items.len() > 1 && matches!(failure.status, Some(400 | 404 | 422)) => {
            let mut outcomes = Vec::new();
            for item in items {
                let about = item.change.address.to_string();
                let one = [item];
                match send(run, place, &about, &one).await {
                    Ok(ids) => outcomes.extend(record(run, &one, &ids).await),
                    Err(failure) => outcomes.extend(refused(run, &one, failure).await),
                }
            }
            outcomes
        }
        Err(failure) => refused(run, &items, failure).await,
    }
}

/// Nothing of it was done. What became a request is remembered as one.
async fn refused(run: &Run<'_>, items: &[Item<'_>], failure: Failure) -> Vec<Outcome> {
    let mut why = Diagnostic::from(failure);
    if why.code == &codes::BACKEND_APPROVAL
        && let Err(unkept) = asked(run, items.iter().map(|item| item.change)).await
    {
        why = unkept;
    }
    items.iter().map(|item| (item.change.address.clone(), Err(why.clone()))).collect()
}

/// Remembers what was asked for.
async fn asked<'c>(run: &Run<'_>, changes: impl Iterator<Item = &'c Change>) -> Result<(), Diagnostic> {
    let request = |change| Request { row: plan::mark(&run.planned.basis.key, change), at: open::now().into() };
    let events =
        changes.map(|change| journal::Event::Request { address: change.address.clone(), request: request(change) });
    run.append(&events.collect::<Vec<_>>()).await
}

/// Sends items of one action; gives the ids of new ones by key.
async fn send(
    run: &Run<'_>,
    place: &Place,
    about: &str,
    items: &[Item<'_>],
) -> Result<BTreeMap<String, String>, Failure> {
    let (mut creates, mut updates, mut deletes) = (Vec::new(), Vec::new(), Vec::new());
    for item in items {
        match &item.send {
            Send::Create(create) => creates.push(create.clone()),
            Send::Update(update) => updates.push(update.clone()),
            Send::Delete(key) => deletes.push(key.clone()),
        }
    }
    let mut ids = BTreeMap::new();
    if !creates.is_empty() {
        ids = write::secrets::create(run.backend(), about, place, creates).await?;
    }
    if !updates.is_empty() {
        write::secrets::update(run.backend(), about, place, updates).await?;
    }
    if !deletes.is_empty() {
        write::secrets::delete(run.backend(), about, place, deletes).await?;
    }
    Ok(ids)
}

async fn record(run: &Run<'_>, items: &[Item<'_>], ids: &BTreeMap<String, String>) -> Vec<Outcome> {
    let events: Vec<_> = items
        .iter()
        .map(|item| {
            let address = &item.change.address;
            let Some(resource) = item.resource else { return journal::Event::Forget { address: address.clone() } };
            let id = match &item.send {
                Send::Create(create) => ids.get(&create.secret_key).map(|id| Arc::from(id.as_str())),
                _ => run.id(address).ok(),
            };
            let id = id.unwrap_or_default();
            run.keep_id(address, id.clone());
            run.record_of(resource, id, None)
        })
        .collect();
    let kept = run.append(&events).await;
    items.iter().map(|item| (item.change.address.clone(), kept.clone())).collect()
}

/// Makes a secret where it is declared, and only then takes it away where it was: its value may be nowhere else.
/// Until that is done the record is of the old one, so that the run after one that was killed takes it up again.
pub(super) async fn replace(run: &Run<'_>, change: &Change) -> Result<(), Diagnostic> {
    let address = &change.address;
    waits(run, address)?;
    let live = run.planned.basis.live.resources.get(address);
    let key =
        live.and_then(|o| o.attrs.get("key")).and_then(Value::as_str).ok_or_else(|| missing(address, "its key"))?;
    let declared = run.declared(address)?;
    if run.planned.basis.resolved.fresh.contains_key(address) {
        // It exists, but nobody may see its value: what would move along is another one.
        return Err(hidden(&address.to_string()));
    }
    let from = resource::old_place(run, address)?;
    let there = observe::secret_at(&run.index, declared);
    if there.is_some_and(|there| live.is_some_and(|own| own.id == there.id)) {
        // It went with its project, which is there anew. What only the backend had does not come here: the plan refuses it.
        return create_one(run, declared).await;
    }
    let id = match there {
        None => make_anew(run, change, declared).await?,
        Some(there) if has_left(run, address, there) => make_anew(run, change, declared).await?,
        Some(there) if is_made(run, declared, there) => there.id.clone(),
        Some(_) => {
            let detail = format!("{address} can't move: another secret of this name is where it is declared.");
            return Err(Diagnostic::error(&codes::NOT_MANAGED, detail)
                .at(declared.origin.block, "declared here")
                .help("nothing was changed: give one of the two another key, or delete the other one by hand"));
        }
    };
    match write::secrets::delete(run.backend(), &address.to_string(), &from, vec![key.to_owned()]).await {
        // It may have gone with its folder.
        Err(failure) if !failure.is_gone() => return Err(failure.into()),
        _ => {}
    }
    run.keep_id(address, id.clone());
    run.append(&[run.record_of(declared, id, None)]).await
}

/// Whether a secret where another one moves to is that one: made by a run that did not end.
fn is_made(run: &Run<'_>, declared: &Resource, there: &Stored) -> bool {
    let value = run.planned.basis.resolved.value(&declared.address).ok();
    run.planned.ledger.intents.contains_key(&declared.address) && value.is_some() && there.value == value
}

/// Whether what was read where a secret moves to is another one that has moved on or ended in this run: its row is done first.
fn has_left(run: &Run<'_>, address: &Address, there: &Stored) -> bool {
    let live = &run.planned.basis.live.resources;
    run.planned.plan.changes.iter().any(|change| {
        matches!(change.action, Action::Replace | Action::Delete)
            && change.address != *address
            && live.get(&change.address).is_some_and(|seen| seen.id == there.id)
    })
}

/// Makes one secret where it moves to.
async fn make_anew(run: &Run<'_>, change: &Change, declared: &Resource) -> Result<Arc<str>, Diagnostic> {
    let made = make(run, declared).await;
    if made.as_ref().is_err_and(|why| why.code == &codes::BACKEND_APPROVAL) {
        asked(run, std::iter::once(change)).await?;
    }
    made
}

/// Makes one secret.
pub(super) async fn create_one(run: &Run<'_>, declared: &Resource) -> Result<(), Diagnostic> {
    let id = make(run, declared).await?;
    run.keep_id(&declared.address, id.clone());
    run.append(&[run.record_of(declared, id, None)]).await
}

/// Makes one secret, its intent first; gives its id.
async fn make(run: &Run<'_>, declared: &Resource) -> Result<Arc<str>, Diagnostic> {
    let item = api::secrets::CreateItem {
        secret_key: declared.text("key").unwrap_or("").to_owned(),
        new: new(run, declared)?,
    };
    run.intend([declared]).await?;
    let place = run.place(&declared.address)?;
    let ids = write::secrets::create(run.backend(), &declared.address.to_string(), &place, vec![item]).await?;
    Ok(ids.into_values().next().unwrap_or_default().into())
}
