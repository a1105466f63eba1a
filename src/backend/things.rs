//! Kinds whose things are lists of attributes: what is read is already named and normalised as a
//! configuration has it, so that reading what was written gives what was written. One file a kind.
//!
//! Attributes that are written come with ids in the place of references, and with secrets as they are.

pub(super) mod identities;
pub mod integrations;
mod members;
mod permissions;
mod roles;
mod templates;
mod webhooks;

use crate::backend::client::Client;
use crate::backend::refusal::Failure;
use crate::backend::state::Thing;
use crate::diag::Diagnostic;
use crate::model::attrs::Attrs;
use crate::model::attrs::Number;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use crate::secret::Secret;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whose things these are.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// What people call it: a project's slug, or `the organisation`.
    pub name: Arc<str>,
    /// The id of the project or of the organisation.
    pub id: Arc<str>,
}

/// A thing that is to be written.
pub struct Wanted<'a> {
    /// Its address, for messages.
    pub about: &'a str,
    /// Its project or organisation.
    pub scope: &'a Scope,
    /// All that it is to say.
    pub attrs: &'a Attrs,
    /// Of a change: the attributes that differ. `a.b` is in there as `a`.
    pub changed: BTreeSet<&'a str>,
}

/// All things of a kind. What a listing leaves out is asked for where `wanted` names it, by id or name.
///
/// # Errors
/// The backend's answer: then nothing is known of this kind.
pub async fn list(
    client: &Client,
    kind: Kind,
    scope: &Scope,
    wanted: &BTreeSet<Arc<str>>,
) -> Result<Vec<Thing>, Diagnostic> {
    Ok(match kind {
        Kind::ProjectRole => roles::list(client, scope, wanted).await?,
        Kind::Identity => identities::list(client, scope, wanted).await?,
        Kind::ProjectIdentity => members::list(client, scope).await?,
        Kind::Webhook => webhooks::list(client, scope).await?,
        Kind::NativeIntegration => integrations::list(client, scope).await?,
        Kind::ProjectTemplate => templates::list(client).await?,
        _ => Vec::new(),
    })
}

/// Makes a thing; gives its id.
///
/// # Errors
/// The backend's answer.
pub async fn create(client: &Client, kind: Kind, new: &Wanted<'_>) -> Result<Arc<str>, Failure> {
    let id = match kind {
        Kind::ProjectRole => roles::create(client, new).await?,
        Kind::Identity => identities::create(client, new).await?,
        Kind::ProjectIdentity => members::create(client, new).await?,
        Kind::Webhook => webhooks::create(client, new).await?,
        Kind::NativeIntegration => integrations::create(client, new).await?,
        Kind::ProjectTemplate => templates::create(client, new).await?,
        _ => String::new(),
    };
    Ok(id.into())
}

/// Changes a thing.
///
/// # Errors
/// The backend's answer.
pub async fn update(client: &Client, kind: Kind, live: &Thing, change: &Wanted<'_>) -> Result<(), Failure> {
    match kind {
        Kind::ProjectRole => roles::update(client, live, change).await,
        Kind::Identity => identities::update(client, live, change).await,
        Kind::ProjectIdentity => members::update(client, live, change).await,
        Kind::Webhook => webhooks::update(client, live, change).await,
        Kind::NativeIntegration => integrations::update(client, live, change).await,
        Kind::ProjectTemplate => templates::update(client, live, change).await,
        _ => Ok(()),
    }
}

/// Deletes a thing; one that is gone already is done. With `removes`, what it wrote elsewhere goes along.
///
/// # Errors
/// The backend's answer.
pub async fn delete(
    client: &Client,
    kind: Kind,
    about: &str,
    scope: &Scope,
    live: &Thing,
    removes: bool,
) -> Result<(), Failure> {
    match kind {
        Kind::ProjectRole => roles::delete(client, about, scope, live).await,
        Kind::Identity => identities::delete(client, about, live).await,
        Kind::ProjectIdentity => members::delete(client, about, scope, live).await,
        Kind::Webhook => webhooks::delete(client, about, live).await,
        Kind::NativeIntegration => integrations::delete(client, about, scope, live, removes).await,
        Kind::ProjectTemplate => templates::delete(client, about, live).await,
        _ => Ok(()),
    }
}

impl Wanted<'_> {
    fn text(&self, name: &str) -> String {
        text(self.attrs.get(name)).to_owned()
    }

    /// The text if it is set and not empty.
    fn any_text(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The text if it is to change.
    fn new_text(&self, name: &str) -> Option<String> {
        self.differs(name).then(|| self.text(name))
    }

    fn differs(&self, name: &str) -> bool {
        self.changed.contains(name)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.attrs.get(name).and_then(Value::as_bool)
    }

    fn list(&self, name: &str) -> Option<&[Value]> {
        self.attrs.get(name).and_then(Value::as_list)
    }

    fn object(&self, name: &str) -> Option<&Object> {
        self.attrs.get(name).and_then(Value::as_object)
    }

    /// A secret among the credentials.
    fn secret(&self, name: &str) -> Option<Secret> {
        match self.object("credentials")?.get(name)? {
            Value::Secret(secret) => Some(secret.clone()),
            _ => None,
        }
    }
}

/// A text; empty for anything else.
fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or("")
}

/// A text as an attribute: `Null` for none, because the backend gives `""` and `null` for what was never set.
fn or_null(text: Option<String>) -> Value {
    text.filter(|text| !text.is_empty()).map_or(Value::Null, Value::string)
}

fn whole(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Number(Number::Int(n))) => *n,
        _ => 0,
    }
}

fn attrs<const N: usize>(pairs: [(&str, Value); N]) -> Attrs {
    pairs.into_iter().map(|(name, value)| (Arc::from(name), value)).collect()
}

fn object<const N: usize>(pairs: [(&str, Value); N]) -> Object {
    pairs.into_iter().map(|(name, value)| (Arc::from(name), value)).collect()
}

/// Texts in one order: lists that are sets.
fn sorted(mut texts: Vec<String>) -> Value {
    texts.sort();
    texts.dedup();
    Value::list(texts.into_iter().map(Value::string).collect())
}
