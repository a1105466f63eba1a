//! Attribute values: what an expression evaluates to, in configurations and in manifests alike.
//!
//! A value clones in constant time. A secret has two shapes: [`Value::Source`] says where a secret will
//! come from and is all that a configuration can hold; [`Value::Secret`] is the secret itself and
//! exists only inside providers and the backend client. Neither converts to a plain text.

use crate::model::address::Address;
use crate::secret::Fingerprint;
use crate::secret::Secret;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The attributes of a resource by name.
pub type Attrs = BTreeMap<Arc<str>, Value>;

/// An object: keys in the order in which they were written.
pub type Object = IndexMap<Arc<str>, Value>;

/// A value.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing: an attribute that is not set.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number; integers stay exact.
    Number(Number),
    /// A text.
    String(Arc<str>),
    /// A list, tuple or set; a set is a list without repetitions, sorted.
    List(Arc<Vec<Value>>),
    /// An object or map.
    Object(Arc<Object>),
    /// A reference to a resource: its bare address.
    Resource(Arc<Address>),
    /// Where a secret comes from.
    Source(Arc<SecretSource>),
    /// A secret itself.
    Secret(Secret),
    /// What stands for a secret in a comparison.
    Fingerprint(Fingerprint),
}

/// A number: exact where it is an integer of 64 bits.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// A whole number from −2⁶³.
    Int(i64),
    /// A whole number above 2⁶³ − 1.
    Big(u64),
    /// Any other finite number.
    Float(f64),
}

impl Number {
    /// As a float, rounded where it must be.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "the name says that it rounds")]
            Self::Int(n) => n as f64,
            #[expect(clippy::cast_precision_loss, reason = "the name says that it rounds")]
            Self::Big(n) => n as f64,
            Self::Float(n) => n,
        }
    }

    /// As a whole number, if it is one of 64 bits with a sign.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(n),
            Self::Big(_) => None,
            #[expect(clippy::cast_possible_truncation, reason = "the guard says that nothing is cut")]
            Self::Float(n) => (n.fract() == 0.0 && n.abs() < 9.0e15).then_some(n as i64),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Big(a), Self::Big(b)) => a == b,
            (a, b) => a.as_f64() == b.as_f64(),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(n) => n.fmt(f),
            Self::Big(n) => n.fmt(f),
            Self::Float(n) => n.fmt(f),
        }
    }
}

/// Where a secret value comes from. It names the place, never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// `secret_env("NAME")`: a variable of the environment, when it is used.
    Env(Arc<str>),
    /// `secret_file("path")`: a file, when it is used; relative paths start at the configuration.
    File(PathBuf),
    /// `secret_exec([…])`: the standard output of a program, only if the user allows programs.
    Exec(Vec<Arc<str>>),
    /// `secret_stored("project/environment/path/KEY")`: a secret of the backend itself.
    Stored(Arc<str>),
    /// `secret_random({ length = n })`: made once at create, never again.
    Random {
        /// Number of characters.
        length: u32,
        /// The characters to draw from.
        alphabet: Arc<str>,
    },
    /// One of the first three with `{ allow_empty = true }`: an empty value is one, and not the lack of one.
    OrEmpty(Arc<SecretSource>),
    /// A literal text in the configuration: allowed with a warning, refused under `--strict`.
    Literal(Secret),
}

impl Value {
    /// A text.
    #[must_use]
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    /// A whole number.
    #[must_use]
    pub fn int(n: i64) -> Self {
        Self::Number(Number::Int(n))
    }

    /// A list.
    #[must_use]
    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Arc::new(items))
    }

    /// An object.
    #[must_use]
    pub fn object(fields: Object) -> Self {
        Self::Object(Arc::new(fields))
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The fields, if it is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// Whether it is [`Value::Null`].
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is, or holds, a secret, the source of one, or a fingerprint.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        match self {
            Self::Source(_) | Self::Secret(_) | Self::Fingerprint(_) => true,
            Self::List(items) => items.iter().any(Value::is_sensitive),
            Self::Object(fields) => fields.values().any(Value::is_sensitive),
            _ => false,
        }
    }

    /// What shape it has, in words that are safe to show: never the value.
    #[must_use]
    pub fn shape(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
            Self::Resource(_) => "a reference to a resource",
            Self::Source(_) => "a secret source",
            Self::Secret(_) => "a secret",
            Self::Fingerprint(_) => "a fingerprint",
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}
