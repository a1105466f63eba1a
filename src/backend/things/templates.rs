//! Templates of projects.

use crate::api::roles;
use crate::api::templates;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::refusal::Failure;
use crate::backend::state::Thing;
use crate::backend::things::Wanted;
use crate::backend::things::attrs;
use crate::backend::things::object;
use crate::backend::things::or_null;
use crate::backend::things::permissions;
use crate::backend::things::text;
use crate::backend::write;
use crate::http::Method;
use crate::model::attrs::Value;

pub(super) async fn list(client: &Client) -> Result<Vec<Thing>, Failure> {
    let call = Call::new("the project templates", Method::Get, templates::TEMPLATES);
    let found: templates::Many = client.send(call).await?;
    Ok(found.project_templates.into_iter().map(thing).collect())
}

fn thing(template: templates::Template) -> Thing {
    let mut environments = template.environments.unwrap_or_default();
    environments.sort_by_key(|environment| environment.position);
    let environment = |e: templates::Environment| {
        Value::object(object([("slug", Value::string(e.slug)), ("name", Value::string(e.name))]))
    };
    let role = |role: templates::Role| {
        Value::object(object([
            ("slug", Value::string(role.slug)),
            ("name", Value::string(role.name)),
            ("permissions", permissions::read(role.permissions)),
        ]))
    };
    // The roles that every project has are told as well.
    let own = template.roles.into_iter().filter(|role| !roles::BUILT_IN.contains(&&*role.slug));
    let attrs = attrs([
        ("name", Value::string(template.name)),
        ("description", or_null(template.description)),
        ("type", Value::string(template.kind.unwrap_or_else(|| "secret-manager".to_owned()))),
        ("environments", Value::list(environments.into_iter().map(environment).collect())),
        ("roles", Value::list(own.map(role).collect())),
    ]);
    Thing { id: template.id.into(), attrs }
}

fn environments(new: &Wanted<'_>) -> Vec<templates::Environment> {
    let list = new.list("environments").unwrap_or_default();
    let one = |(position, item): (i64, &Value)| {
        let fields = item.as_object()?;
        let (slug, name) = (text(fields.get("slug")).to_owned(), text(fields.get("name")).to_owned());
        Some(templates::Environment { name, slug, position })
    };
    (1..).zip(list).filter_map(one).collect()
}

fn own_roles(new: &Wanted<'_>) -> Vec<templates::Role> {
    let one = |item: &Value| {
        let fields = item.as_object()?;
        let permitted = fields.get("permissions").and_then(Value::as_list).unwrap_or_default();
        let (slug, name) = (text(fields.get("slug")).to_owned(), text(fields.get("name")).to_owned());
        Some(templates::Role { slug, name, permissions: permissions::write(permitted) })
    };
    new.list("roles").unwrap_or_default().iter().filter_map(one).collect()
}

pub(super) async fn create(client: &Client, new: &Wanted<'_>) -> Result<String, Failure> {
    let body = templates::Write {
        name: new.any_text("name"),
        description: new.any_text("description"),
        kind: new.any_text("type"),
        environments: new.attrs.contains_key("environments").then(|| environments(new)),
        roles: new.attrs.contains_key("roles").then(|| own_roles(new)),
    };
    let call = Call::new(new.about, Method::Post, templates::TEMPLATES).json(&body);
    client.send::<templates::One>(call).await.map(|answer| answer.project_template.id)
}

pub(super) async fn update(client: &Client, live: &Thing, change: &Wanted<'_>) -> Result<(), Failure> {
    let body = templates::Write {
        name: change.new_text("name"),
        description: change.new_text("description"),
        kind: None,
        environments: change.differs("environments").then(|| environments(change)),
        roles: change.differs("roles").then(|| own_roles(change)),
    };
    let call = Call::new(change.about, Method::Patch, templates::TEMPLATE).arg(&live.id);
    write::patch(client, call, &body).await
}

pub(super) async fn delete(client: &Client, about: &str, live: &Thing) -> Result<(), Failure> {
    write::delete(client, Call::new(about, Method::Delete, templates::TEMPLATE).arg(&live.id)).await
}
