//! What was read of a backend as bytes, for snapshots: each module is how one type of the core is written and read by
//! serde. A secret is written only if it is a stand-in ([`stand_in`]), so that no value can get into a snapshot.

use crate::backend::state::Folder;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::attrs::Number;
use crate::model::attrs::Value;
use crate::secret::Secret;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;
use serde::ser::Error as _;
use std::sync::Arc;

/// What every stand-in begins with: no value that anybody chose does.
const MARK: &str = "\u{1}keyform:";
/// And what it ends with.
const END: char = '\u{1}';

/// What stands for a value, or a part of one, and tells nothing about it.
#[must_use]
pub(super) fn stand_in() -> String {
    let random: [u8; 16] = rand::random();
    format!("{MARK}{}{END}", hex::encode(random))
}

/// Whether a text is nothing but stand-ins, and references between them.
fn is_stand_in(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let after = match rest.strip_prefix(MARK) {
            Some(inside) => inside.split_once(END).filter(|(digits, _)| is_random(digits)).map(|(_, after)| after),
            None => rest.strip_prefix("${").and_then(|inside| inside.split_once('}')).map(|(_, after)| after),
        };
        let Some(after) = after else { return false };
        rest = after;
    }
    true
}

fn is_random(digits: &str) -> bool {
    digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A value of a secret.
pub(crate) mod secret {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(value: &Option<Secret>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(secret) if !is_stand_in(secret.expose()) => Err(S::Error::custom("a value is no stand-in")),
            Some(secret) => to.serialize_some(secret.expose()),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        if text.as_ref().is_some_and(|text| !is_stand_in(text)) {
            return Err(D::Error::custom("a value is no stand-in"));
        }
        Ok(text.map(Secret::new))
    }
}

/// A value of an attribute.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Plain {
    Null,
    Bool(bool),
    Int(i64),
    Big(u64),
    Float(f64),
    Text(Arc<str>),
    List(Vec<Plain>),
    Object(Vec<(Arc<str>, Plain)>),
    Secret(#[serde(with = "secret")] Option<Secret>),
}

impl Plain {
    /// `None` for what no backend says.
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(Number::Int(n)) => Self::Int(*n),
            Value::Number(Number::Big(n)) => Self::Big(*n),
            Value::Number(Number::Float(n)) => Self::Float(*n),
            Value::String(text) => Self::Text(Arc::clone(text)),
            Value::List(items) => Self::List(items.iter().map(Self::of).collect::<Option<_>>()?),
            Value::Object(fields) => {
                let field = |(name, value): (&Arc<str>, &Value)| Some((Arc::clone(name), Self::of(value)?));
                Self::Object(fields.iter().map(field).collect::<Option<_>>()?)
            }
            Value::Secret(secret) => Self::Secret(Some(secret.clone())),
            Value::Resource(_) | Value::Source(_) | Value::Fingerprint(_) => return None,
        })
    }

    fn value(self) -> Option<Value> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(b),
            Self::Int(n) => Value::Number(Number::Int(n)),
            Self::Big(n) => Value::Number(Number::Big(n)),
            Self::Float(n) => Value::Number(Number::Float(n)),
            Self::Text(text) => Value::String(text),
            Self::List(items) => Value::list(items.into_iter().map(Self::value).collect::<Option<_>>()?),
            Self::Object(fields) => {
                let field = |(name, value): (Arc<str>, Self)| Some((name, value.value()?));
                Value::object(fields.into_iter().map(field).collect::<Option<_>>()?)
            }
            Self::Secret(secret) => Value::Secret(secret?),
        })
    }
}

/// Attributes, or the fields of an object, by name.
pub(crate) mod fields {
    use super::*;

    pub(crate) fn serialize<'a, M, S>(map: &'a M, to: S) -> Result<S::Ok, S::Error>
    where
        &'a M: IntoIterator<Item = (&'a Arc<str>, &'a Value)>,
        S: Serializer,
    {
        let field = |(name, value): (&'a Arc<str>, &'a Value)| Some((name, Plain::of(value)?));
        let fields: Option<Vec<_>> = map.into_iter().map(field).collect();
        fields.ok_or_else(|| S::Error::custom("a value is of the configuration"))?.serialize(to)
    }

    pub(crate) fn deserialize<'de, M, D>(from: D) -> Result<M, D::Error>
    where
        M: FromIterator<(Arc<str>, Value)>,
        D: Deserializer<'de>,
    {
        let fields = Vec::<(Arc<str>, Plain)>::deserialize(from)?;
        let fields: Option<M> = fields.into_iter().map(|(name, value)| Some((name, value.value()?))).collect();
        fields.ok_or_else(|| D::Error::custom("a secret is none"))
    }
}

/// Why something could not be read.
#[derive(Serialize, Deserialize)]
pub(crate) struct Problem {
    code: String,
    detail: String,
    help: Option<String>,
}

impl Problem {
    pub(crate) fn of(why: &Diagnostic) -> Self {
        Self { code: why.code.id.to_owned(), detail: why.detail.clone(), help: why.help.clone() }
    }

    pub(crate) fn diagnostic(self) -> Option<Diagnostic> {
        let code = codes::all().find(|code| code.id == self.code)?;
        Some(Diagnostic { help: self.help, ..Diagnostic::error(code, self.detail) })
    }
}

/// A problem that there may be.
pub(crate) mod problem {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(why: &Option<Diagnostic>, to: S) -> Result<S::Ok, S::Error> {
        why.as_ref().map(Problem::of).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Diagnostic>, D::Error> {
        let problem = Option::<Problem>::deserialize(from)?;
        let known = |problem: Problem| problem.diagnostic().ok_or_else(|| D::Error::custom("a code is none"));
        problem.map(known).transpose()
    }
}

/// What was read, or why it could not be.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer<T> {
    Read(T),
    Failed(Problem),
}

impl<T> Answer<T> {
    fn of(result: &Result<T, Diagnostic>) -> Answer<&T> {
        match result {
            Ok(value) => Answer::Read(value),
            Err(why) => Answer::Failed(Problem::of(why)),
        }
    }

    fn result<E: serde::de::Error>(self) -> Result<Result<T, Diagnostic>, E> {
        match self {
            Self::Read(value) => Ok(Ok(value)),
            Self::Failed(problem) => Ok(Err(problem.diagnostic().ok_or_else(|| E::custom("a code is none"))?)),
        }
    }
}

/// What was asked for, perhaps.
pub(crate) mod answer {
    use super::*;

    type Asked<T> = Option<Result<T, Diagnostic>>;

    pub(crate) fn serialize<T: Serialize, S: Serializer>(asked: &Asked<T>, to: S) -> Result<S::Ok, S::Error> {
        asked.as_ref().map(Answer::of).serialize(to)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Asked<T>, D::Error> {
        Option::<Answer<T>>::deserialize(from)?.map(Answer::result).transpose()
    }
}

/// Answers by what was asked for.
pub(crate) mod answers {
    use super::*;
    use crate::model::resource::Kind;
    use std::collections::BTreeMap;

    /// What something that is asked for is called.
    pub(crate) trait Name: Ord + Sized {
        type Word: Serialize + for<'de> Deserialize<'de>;
        fn word(&self) -> Self::Word;
        fn from_word(word: Self::Word) -> Option<Self>;
    }

    impl Name for Folder {
        type Word = Folder;
        fn word(&self) -> Folder {
            self.clone()
        }
        fn from_word(word: Folder) -> Option<Self> {
            Some(word)
        }
    }

    impl Name for Kind {
        type Word = String;
        fn word(&self) -> String {
            (*self).word().to_owned()
        }
        fn from_word(word: String) -> Option<Self> {
            Kind::from_word(&word)
        }
    }

    type All<K, T> = BTreeMap<K, Result<T, Diagnostic>>;

    pub(crate) fn serialize<K: Name, T: Serialize, S: Serializer>(all: &All<K, T>, to: S) -> Result<S::Ok, S::Error> {
        all.iter().map(|(name, result)| (name.word(), Answer::of(result))).collect::<Vec<_>>().serialize(to)
    }

    pub(crate) fn deserialize<'de, K: Name, T, D>(from: D) -> Result<All<K, T>, D::Error>
    where
        T: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let list = Vec::<(K::Word, Answer<T>)>::deserialize(from)?;
        let one = |(word, answer): (K::Word, Answer<T>)| {
            let name = K::from_word(word).ok_or_else(|| D::Error::custom("a name is none"))?;
            Ok((name, answer.result()?))
        };
        list.into_iter().map(one).collect()
    }
}
