//! Roles of a project. A listing leaves out what they permit, so that each role that is mentioned is read
//! once more.

use crate::api::roles;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::refusal::Failure;
use crate::backend::state::Thing;
use crate::backend::things::Scope;
use crate::backend::things::Wanted;
use crate::backend::things::attrs;
use crate::backend::things::or_null;
use crate::backend::things::permissions;
use crate::backend::write;
use crate::http::Method;
use crate::model::attrs::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) async fn list(client: &Client, scope: &Scope, wanted: &BTreeSet<Arc<str>>) -> Result<Vec<Thing>, Failure> {
    let about = format!("the roles of project {}", scope.name);
    let call = Call::new(&about, Method::Get, roles::ROLES).arg_or_once(&scope.id, &scope.name);
    let found: roles::Many = client.send(call).await?;
    let own = found.roles.into_iter().filter(|role| !roles::BUILT_IN.contains(&&*role.slug));
    let all = own.map(|role| async {
        let is_wanted = wanted.contains(&*role.id) || wanted.contains(&*role.slug);
        if role.permissions.is_some() || !is_wanted {
            return Ok(role);
        }
        let call = Call::new(&about, Method::Get, roles::BY_SLUG);
        let call = call.arg_or_once(&scope.id, &scope.name).arg(&role.slug);
        client.send::<roles::One>(call).await.map(|answer| answer.role)
    });
    let all = futures_util::future::try_join_all(all).await?;
    Ok(all.into_iter().map(thing).collect())
}

fn thing(role: roles::Role) -> Thing {
    let mut attrs = attrs([
        ("slug", Value::string(role.slug)),
        ("name", Value::string(role.name)),
        ("description", or_null(role.description)),
    ]);
    attrs.extend(role.permissions.map(|list| ("permissions".into(), permissions::read(list))));
    Thing { id: role.id.into(), attrs }
}

pub(super) async fn create(client: &Client, new: &Wanted<'_>) -> Result<String, Failure> {
    let body = roles::Create {
        slug: new.text("slug"),
        name: new.text("name"),
        description: new.any_text("description"),
        permissions: permissions::write(new.list("permissions").unwrap_or_default()),
    };
    let call = Call::new(new.about, Method::Post, roles::ROLES).arg_or_once(&new.scope.id, &new.scope.name).json(&body);
    client.send::<roles::One>(call).await.map(|answer| answer.role.id)
}

pub(super) async fn update(client: &Client, live: &Thing, change: &Wanted<'_>) -> Result<(), Failure> {
    let permitted = || permissions::write(change.list("permissions").unwrap_or_default());
    let body = roles::Update {
        slug: change.new_text("slug"),
        name: change.new_text("name"),
        description: change.new_text("description"),
        permissions: change.differs("permissions").then(permitted),
    };
    write::patch(client, one(Method::Patch, change.about, change.scope, live), &body).await
}

pub(super) async fn delete(client: &Client, about: &str, scope: &Scope, live: &Thing) -> Result<(), Failure> {
    write::delete(client, one(Method::Delete, about, scope, live)).await
}

/// A call about a role that is there. Servers of 2024 know projects by their slugs here.
fn one<'a>(method: Method, about: &'a str, scope: &'a Scope, live: &'a Thing) -> Call<'a> {
    Call::new(about, method, roles::ROLE).arg_or_once(&scope.id, &scope.name).arg(&live.id)
}
