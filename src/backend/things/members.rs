//! Machine identities as members of a project.

use crate::api::members;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::refusal::Failure;
use crate::backend::state::Thing;
use crate::backend::things::Scope;
use crate::backend::things::Wanted;
use crate::backend::things::attrs;
use crate::backend::things::object;
use crate::backend::things::text;
use crate::backend::write;
use crate::http::Method;
use crate::model::attrs::Value;

pub(super) async fn list(client: &Client, scope: &Scope) -> Result<Vec<Thing>, Failure> {
    let about = format!("the identities of project {}", scope.name);
    let mut all = Vec::new();
    loop {
        let (offset, limit) = (all.len().to_string(), members::PAGE.to_string());
        let call = Call::new(&about, Method::Get, members::MEMBERS).arg(&scope.id);
        let call = call.query("offset", &offset).query("limit", &limit);
        let page: members::Many = client.send(call).await?;
        let is_last = page.identity_memberships.is_empty();
        all.extend(page.identity_memberships.into_iter().map(thing));
        if is_last || all.len() >= page.total_count {
            return Ok(all);
        }
    }
}

fn thing(member: members::Member) -> Thing {
    let mut roles: Vec<Value> = member.roles.into_iter().map(role).collect();
    let slug = |role: &Value| match role {
        Value::Object(fields) => text(fields.get("role")).to_owned(),
        other => text(Some(other)).to_owned(),
    };
    roles.sort_by_key(slug);
    let attrs = attrs([("identity", Value::string(member.identity.id)), ("roles", Value::list(roles))]);
    Thing { id: member.id.into(), attrs }
}

fn role(role: members::Role) -> Value {
    let slug = Value::string(role.custom_role_slug.unwrap_or(role.role));
    if !role.is_temporary {
        return slug;
    }
    let start = role.temporary_access_start_time.unwrap_or_default();
    let start = start.parse::<jiff::Timestamp>().map_or(start, |time| time.to_string());
    Value::object(object([
        ("role", slug),
        ("range", Value::string(role.temporary_range.unwrap_or_default())),
        ("start", Value::string(start)),
    ]))
}

fn body(new: &Wanted<'_>) -> members::Write {
    let plain = |slug: &str| members::Role {
        role: slug.to_owned(),
        custom_role_slug: None,
        is_temporary: false,
        temporary_mode: None,
        temporary_range: None,
        temporary_access_start_time: None,
    };
    let one = |role: &Value| match role {
        Value::Object(fields) => members::Role {
            is_temporary: true,
            temporary_mode: Some("relative".to_owned()),
            temporary_range: Some(text(fields.get("range")).to_owned()),
            temporary_access_start_time: Some(text(fields.get("start")).to_owned()),
            ..plain(text(fields.get("role")))
        },
        other => plain(text(Some(other))),
    };
    members::Write { roles: new.list("roles").unwrap_or_default().iter().map(one).collect() }
}

pub(super) async fn create(client: &Client, new: &Wanted<'_>) -> Result<String, Failure> {
    let identity = new.text("identity");
    let call = Call::new(new.about, Method::Post, members::MEMBER).arg(&new.scope.id).arg(&identity);
    client.send::<members::One>(call.json(&body(new))).await.map(|answer| answer.identity_membership.id)
}

pub(super) async fn update(client: &Client, live: &Thing, change: &Wanted<'_>) -> Result<(), Failure> {
    let identity = text(live.attrs.get("identity"));
    let call = Call::new(change.about, Method::Patch, members::MEMBER).arg(&change.scope.id).arg(identity);
    write::patch(client, call, &body(change)).await
}

pub(super) async fn delete(client: &Client, about: &str, scope: &Scope, live: &Thing) -> Result<(), Failure> {
    let identity = text(live.attrs.get("identity"));
    write::delete(client, Call::new(about, Method::Delete, members::MEMBER).arg(&scope.id).arg(identity)).await
}
