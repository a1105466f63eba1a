//! What of connections and syncs a configuration can say, and why not where it can't.

use crate::backend::state::Connection;
use crate::backend::state::Project;
use crate::backend::state::State;
use crate::backend::state::Sync;
use crate::engine::adopt::describe::Field;
use crate::engine::adopt::describe::Item;
use crate::engine::adopt::describe::reference;
use crate::engine::adopt::describe::secret;
use crate::engine::sources::text;
use crate::engine::wire;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use crate::model::schema::Field as Input;
use crate::model::schema::Schemas;
use std::sync::Arc;

/// Why a connection can't be declared, if it can't.
pub(super) fn why_not(schemas: &Schemas, connection: &Connection) -> Option<String> {
    let Some(app) = schemas.apps.get(&connection.app) else {
        return Some(format!("this version of keyform does not know the app `{}`", connection.app));
    };
    let Some(method) = app.methods.get(&connection.method) else {
        return Some(format!("this version of keyform does not know the method `{}`", connection.method));
    };
    if method.browser_only {
        return Some("it was made in a browser, and only there it can be made".to_owned());
    }
    let is_lost = |field: &&Input| {
        let shown = connection.credentials.get(&*field.wire).is_some_and(|value| !value.is_null());
        field.required && field.default.is_none() && !field.sensitive && !shown
    };
    let lost = method.fields.iter().find(is_lost)?;
    Some(format!("the backend does not tell its `{}`, which has to be written", lost.name))
}

/// What of a connection's credentials is written: what the backend tells, and where secrets come from that must
/// be there.
pub(super) fn credentials(schemas: &Schemas, live: &Connection) -> Value {
    let method = schemas.apps.get(&live.app).and_then(|app| app.methods.get(&live.method));
    let fields = method.into_iter().flat_map(|method| &method.fields).filter_map(|field| {
        let shown = live.credentials.get(&*field.wire).filter(|value| !value.is_null() && !field.sensitive);
        let asked = || (field.sensitive && field.required).then(secret);
        Some((field.name.clone(), shown.cloned().or_else(asked)?))
    });
    Value::object(fields.collect())
}

/// A connection that is only looked up.
pub(super) fn lookup(connection: &Connection, project: Option<&Project>) -> Item {
    let field = |name: &str, value: Value| Field { block: "", name: name.into(), value };
    let mut fields = vec![field("app", text(&connection.app)), field("name", text(&connection.name))];
    fields.extend(project.map(|project| field("project", reference(Kind::Project, &project.id))));
    Item {
        id: connection.id.clone(),
        kind: Kind::AppConnection,
        slug: connection.app.clone(),
        project: project.map(|project| project.slug.clone()),
        fields,
        called: None,
        hint: Arc::default(),
        looked_up: true,
    }
}

/// Why a sync can't be declared, if it can't.
pub(super) fn unknown(state: &State, schemas: &Schemas, sync: &Sync) -> Option<String> {
    let Some(destination) = schemas.destinations.get(&sync.destination) else {
        return Some(format!("this version of keyform does not know the destination `{}`", sync.destination));
    };
    let inputs = wire::destination_from_wire(schemas, &sync.destination, &sync.config);
    let Some(variant) = destination.variant(&inputs) else {
        let selector = destination.selector.as_deref().unwrap_or_default();
        return Some(format!("this version of keyform does not know its `{selector}`"));
    };
    let is_lost = |field: &&Input| field.required && field.default.is_none() && !inputs.contains_key(&field.name);
    if let Some(lost) = variant.fields.iter().find(is_lost) {
        return Some(format!("the backend does not tell its `{}`", lost.name));
    }
    match state.connections.iter().find(|connection| connection.id == sync.connection) {
        None => Some("its connection can't be seen".to_owned()),
        Some(_) => None,
    }
}

/// What the backend keeps of a destination and no configuration can say.
pub(super) fn unknown_fields<'a>(schemas: &Schemas, sync: &'a Sync) -> Vec<&'a str> {
    let Some(destination) = schemas.destinations.get(&sync.destination) else { return Vec::new() };
    let inputs = wire::destination_from_wire(schemas, &sync.destination, &sync.config);
    let known = wire::destination_to_wire(schemas, &sync.destination, &inputs);
    let fields = destination.variant(&inputs).map(|variant| &*variant.fields).unwrap_or_default();
    let is_known = |name: &str| known.contains_key(name) || fields.iter().any(|field| *field.wire == *name);
    sync.config.iter().filter(|(name, value)| wire::is_set(value) && !is_known(name)).map(|(name, _)| &**name).collect()
}
