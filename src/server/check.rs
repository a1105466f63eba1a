//! Checking the shape of a request against a table of rules, and the issues that say what is wrong.
//!
//! The issues are those of the vendor's validator (zod 3), as clients know them. What a field means is
//! not known here.

use crate::api::Issue;
use crate::server::dialect::Dialect;
use crate::server::error::Refusal;
use serde::de::DeserializeOwned;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// The fields of a request.
pub(crate) type Fields = Map<String, Value>;

/// What one field must be.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    name: &'static str,
    /// What the vendor calls it in the messages about slugs; servers of October 2024 did not.
    title: Option<&'static str>,
    kind: Kind,
    required: bool,
    nullable: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    /// A text of some length in characters; `trim` cuts white space first.
    Text {
        min: usize,
        max: usize,
        trim: bool,
    },
    /// Groups of `a-z 0-9` joined by single dashes.
    Slug {
        min: usize,
        max: usize,
    },
    /// Letters, digits, dashes and underscores.
    Name {
        max: usize,
    },
    Bool,
    Int {
        min: i64,
        max: i64,
    },
    OneOf(&'static [&'static str]),
    Object,
    /// An object with rules of its own.
    Fields(&'static [Rule]),
    /// A list of texts.
    Texts,
    /// A list of objects, at least `min`.
    List {
        min: usize,
        of: &'static [Rule],
    },
}

const ANY: usize = usize::MAX;

const fn rule(name: &'static str, kind: Kind) -> Rule {
    Rule { name, title: Some("Slug"), kind, required: false, nullable: false }
}

/// A text, kept as it is.
pub(crate) const fn raw(name: &'static str) -> Rule {
    rule(name, Kind::Text { min: 0, max: ANY, trim: false })
}

/// A text without white space around it.
pub(crate) const fn text(name: &'static str) -> Rule {
    rule(name, Kind::Text { min: 0, max: ANY, trim: true })
}

/// A slug of 1 to 64 characters.
pub(crate) const fn slug(name: &'static str) -> Rule {
    rule(name, Kind::Slug { min: 1, max: 64 })
}

/// A folder's name.
pub(crate) const fn folder_name(name: &'static str) -> Rule {
    rule(name, Kind::Name { max: 255 })
}

/// A truth value.
pub(crate) const fn bool(name: &'static str) -> Rule {
    rule(name, Kind::Bool)
}

/// A whole number.
pub(crate) const fn int(name: &'static str, min: i64, max: i64) -> Rule {
    rule(name, Kind::Int { min, max })
}

/// One of some words.
pub(crate) const fn one_of(name: &'static str, words: &'static [&'static str]) -> Rule {
    rule(name, Kind::OneOf(words))
}

/// An object of any fields.
pub(crate) const fn object(name: &'static str) -> Rule {
    rule(name, Kind::Object)
}

/// An object with rules of its own.
pub(crate) const fn fields(name: &'static str, of: &'static [Rule]) -> Rule {
    rule(name, Kind::Fields(of))
}

/// A list of texts.
pub(crate) const fn texts(name: &'static str) -> Rule {
    rule(name, Kind::Texts)
}

/// A list of objects.
pub(crate) const fn list(name: &'static str, min: usize, of: &'static [Rule]) -> Rule {
    rule(name, Kind::List { min, of })
}

impl Rule {
    /// It must be there.
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// It may be `null`.
    pub(crate) const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// How long it may be.
    pub(crate) const fn length(mut self, least: usize, most: usize) -> Self {
        self.kind = match self.kind {
            Kind::Text { trim, .. } => Kind::Text { min: least, max: most, trim },
            Kind::Slug { .. } => Kind::Slug { min: least, max: most },
            other => other,
        };
        self
    }

    /// What the vendor calls it in the messages about slugs.
    pub(crate) const fn titled(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    /// As in October 2024: other messages about slugs, and an empty one passes unless a length forbids it.
    pub(crate) const fn untitled(mut self) -> Self {
        self.title = None;
        self
    }
}

/// Checks the fields of a body, cuts white space where the rules say so, and makes the request of them.
pub(crate) fn read<T: DeserializeOwned>(given: Fields, rules: &[Rule]) -> Result<T, Refusal> {
    Checker { words: false, path: Vec::new(), issues: Vec::new() }.read(given, rules)
}

/// The same in a dialect: what the rules of its time do not name is dropped.
pub(crate) fn read_in<T: DeserializeOwned>(
    dialect: Dialect,
    mut given: Fields,
    newest: &[Rule],
    once: &[Rule],
) -> Result<T, Refusal> {
    if dialect == Dialect::October2024 {
        given.retain(|name, _| once.iter().any(|rule| rule.name == name));
    }
    read(given, dialect.pick(newest, once))
}

/// The same for a query, where truth values and numbers are words.
pub(crate) fn read_query<T: DeserializeOwned>(given: Fields, rules: &[Rule]) -> Result<T, Refusal> {
    Checker { words: true, path: Vec::new(), issues: Vec::new() }.read(given, rules)
}

struct Checker {
    /// Whether everything is a word.
    words: bool,
    path: Vec<Value>,
    issues: Vec<Issue>,
}

impl Checker {
    fn read<T: DeserializeOwned>(mut self, mut given: Fields, rules: &[Rule]) -> Result<T, Refusal> {
        self.check_fields(&mut given, rules);
        if !self.issues.is_empty() {
            return Err(Refusal::invalid(self.issues));
        }
        // The reason is not passed on: it may quote a value.
        serde_json::from_value(Value::Object(given))
            .map_err(|_| Refusal::invalid(vec![issue("custom", &[], "Invalid input".to_owned(), json!({}))]))
    }

    fn check_fields(&mut self, given: &mut Fields, rules: &[Rule]) {
        for rule in rules {
            self.path.push(rule.name.into());
            match given.get_mut(rule.name) {
                None if rule.required => {
                    let more = json!({"expected": rule.kind.word(), "received": "undefined"});
                    self.push("invalid_type", "Required".to_owned(), more);
                }
                None => {}
                Some(Value::Null) if rule.nullable => {}
                Some(value) => self.check_value(value, rule),
            }
            self.path.pop();
        }
    }

    fn check_value(&mut self, value: &mut Value, rule: &Rule) {
        if self.words {
            from_word(rule.kind, value);
        }
        match (rule.kind, value) {
            (Kind::Text { min, max, trim }, Value::String(text)) => {
                if trim {
                    *text = text.trim().to_owned();
                }
                self.check_length(text.chars().count(), min, max);
            }
            (Kind::Slug { min, max }, Value::String(text)) => {
                *text = text.trim().to_owned();
                self.check_slug(text, rule.title, min, max);
            }
            (Kind::Name { max }, Value::String(text)) => {
                *text = text.trim().to_owned();
                self.check_length(text.chars().count(), 1, max);
                if !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                    let message = "Folder name can only contain alphanumeric characters, dashes, and underscores";
                    self.push("custom", message.to_owned(), json!({}));
                }
            }
            (Kind::OneOf(words), Value::String(text)) => {
                if !words.contains(&text.as_str()) {
                    let expected: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                    let message = format!("Invalid enum value. Expected {}, received '{text}'", expected.join(" | "));
                    self.push("invalid_enum_value", message, json!({"received": text, "options": words}));
                }
            }
            (Kind::Bool, Value::Bool(_)) | (Kind::Object, Value::Object(_)) => {}
            (Kind::Int { min, max }, Value::Number(number)) => match number.as_i64() {
                Some(n) => self.check_number(n, min, max),
                None => self.wrong_type("integer", "float"),
            },
            (Kind::Fields(rules), Value::Object(fields)) => self.check_fields(fields, rules),
            (Kind::Texts, Value::Array(items)) => {
                for (number, item) in items.iter().enumerate().filter(|(_, item)| !item.is_string()) {
                    self.path.push(number.into());
                    self.wrong_type("string", type_word(item));
                    self.path.pop();
                }
            }
            (Kind::List { min, of }, Value::Array(items)) => {
                if items.len() < min {
                    let more = json!({"minimum": min, "type": "array", "inclusive": true, "exact": false});
                    self.push("too_small", format!("Array must contain at least {min} element(s)"), more);
                }
                for (number, item) in items.iter_mut().enumerate() {
                    self.path.push(number.into());
                    match item {
                        Value::Object(fields) => self.check_fields(fields, of),
                        other => self.wrong_type("object", type_word(other)),
                    }
                    self.path.pop();
                }
            }
            (Kind::Bool, Value::String(word)) if self.words => {
                let message = format!("Invalid enum value. Expected 'true' | 'false', received '{word}'");
                self.push("invalid_enum_value", message, json!({"received": word, "options": ["true", "false"]}));
            }
            (Kind::Int { .. }, Value::String(_)) if self.words => self.wrong_type("number", "nan"),
            (kind, other) => self.wrong_type(kind.word(), type_word(other)),
        }
    }

    fn check_length(&mut self, length: usize, min: usize, max: usize) {
        if length < min {
            let more = json!({"minimum": min, "type": "string", "inclusive": true, "exact": false});
            self.push("too_small", format!("String must contain at least {min} character(s)"), more);
        }
        if length > max {
            let more = json!({"maximum": max, "type": "string", "inclusive": true, "exact": false});
            self.push("too_big", format!("String must contain at most {max} character(s)"), more);
        }
    }

    fn check_number(&mut self, n: i64, min: i64, max: i64) {
        if n < min {
            let more = json!({"minimum": min, "type": "number", "inclusive": true, "exact": false});
            self.push("too_small", format!("Number must be greater than or equal to {min}"), more);
        }
        if n > max {
            let more = json!({"maximum": max, "type": "number", "inclusive": true, "exact": false});
            self.push("too_big", format!("Number must be less than or equal to {max}"), more);
        }
    }

    fn check_slug(&mut self, text: &str, title: Option<&str>, min: usize, max: usize) {
        let length = text.chars().count();
        let Some(title) = title else {
            self.check_length(length, min, max);
            if (min..=max).contains(&length) && !text.is_empty() && !is_slug(text) {
                self.push("custom", "Slug must be a valid slug".to_owned(), json!({}));
            }
            return;
        };
        if length < min {
            let more = json!({"minimum": min, "type": "string", "inclusive": true, "exact": false});
            let message = format!("{title} field must be at least {min} lowercase character(s)");
            self.push("too_small", message, more);
        } else if length > max {
            let more = json!({"maximum": max, "type": "string", "inclusive": true, "exact": false});
            let message = format!("{title} field must be at most {max} lowercase character(s)");
            self.push("too_big", message, more);
        } else if !is_slug(text) {
            let message = format!("{title} field can only contain lowercase letters, numbers, and hyphens");
            self.push("custom", message, json!({}));
        }
    }

    fn wrong_type(&mut self, expected: &str, received: &str) {
        let message = format!("Expected {expected}, received {received}");
        self.push("invalid_type", message, json!({"expected": expected, "received": received}));
    }

    fn push(&mut self, code: &str, message: String, more: Value) {
        self.issues.push(issue(code, &self.path, message, more));
    }
}

/// One issue at a path.
pub(crate) fn issue(code: &str, path: &[Value], message: String, more: Value) -> Issue {
    let more = match more {
        Value::Object(more) => more,
        _ => Fields::new(),
    };
    Issue { code: code.to_owned(), path: path.to_vec(), message, more }
}

/// A refusal with one issue of the code `custom`.
pub(crate) fn custom(path: &[&str], message: impl Into<String>) -> Refusal {
    let path: Vec<Value> = path.iter().map(|segment| Value::from(*segment)).collect();
    Refusal::invalid(vec![issue("custom", &path, message.into(), json!({}))])
}

/// Makes a truth value or a number of a word, where one is wanted.
fn from_word(kind: Kind, value: &mut Value) {
    let Value::String(word) = value else { return };
    // One of the vendor's own clients writes `False`.
    let parsed = match kind {
        Kind::Bool => word.to_ascii_lowercase().parse::<bool>().ok().map(Value::Bool),
        Kind::Int { .. } => word.parse::<i64>().ok().map(Value::from),
        _ => None,
    };
    if let Some(parsed) = parsed {
        *value = parsed;
    }
}

/// Whether a text is groups of `a-z 0-9` joined by single dashes.
pub(crate) fn is_slug(text: &str) -> bool {
    text.split('-')
        .all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

/// The validator's word for a value's type.
pub(crate) fn type_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Text { .. } | Self::Slug { .. } | Self::Name { .. } | Self::OneOf(_) => "string",
            Self::Bool => "boolean",
            Self::Int { .. } => "number",
            Self::Object | Self::Fields(_) => "object",
            Self::Texts | Self::List { .. } => "array",
        }
    }
}
