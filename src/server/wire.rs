//! Between the wire and what manifests declare: the fields of a connection, a destination or its options
//! as JSON, checked against their declarations, as attributes.

use crate::api::Issue;
use crate::model::attrs::Attrs;
use crate::model::attrs::Number;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::schema::Destination;
use crate::model::schema::Field;
use crate::model::schema::Type;
use crate::model::schema::Variant;
use crate::secret::Secret;
use crate::server::check::Fields;
use crate::server::check::issue;
use crate::server::check::type_word;
use serde_json::Value as Json;
use serde_json::json;
use std::sync::Arc;

/// The attributes of a wire object. What is wrong goes to `issues`; what is not declared is dropped, what
/// is absent gets its default.
pub(crate) fn attrs(issues: &mut Vec<Issue>, path: &[Json], declared: &[Field], given: &Fields) -> Attrs {
    let mut attrs = Attrs::new();
    for field in declared {
        let mut at = path.to_vec();
        at.push(Json::from(&*field.wire));
        let value = match given.get(&*field.wire).filter(|value| !is_unset(value, field)) {
            None => {
                if field.required && field.default.is_none() {
                    let more = json!({"expected": word(&field.ty), "received": "undefined"});
                    issues.push(issue("invalid_type", &at, "Required".to_owned(), more));
                }
                field.default.clone()
            }
            Some(value) => read(issues, &at, &field.ty, value, field.sensitive),
        };
        if let Some(value) = value {
            attrs.insert(Arc::clone(&field.name), value);
        }
    }
    attrs
}

/// The fields of a wire object that are declared and, where `shown`, given back.
pub(crate) fn known(declared: &[Field], given: &Fields, shown: bool) -> Fields {
    let fields = declared.iter().filter(|field| !(shown && (field.sensitive || field.hidden)));
    let pairs = fields.filter_map(|field| Some((field.wire.to_string(), given.get(&*field.wire)?.clone())));
    pairs.filter(|(_, value)| !value.is_null()).collect()
}

/// The selector's name on the wire.
pub(crate) fn selector(destination: &Destination) -> Option<String> {
    destination.selector_wire.as_deref().map(str::to_owned)
}

/// The variant that a destination's fields pick, with the selector's value.
pub(crate) fn variant<'a>(
    issues: &mut Vec<Issue>,
    path: &[Json],
    destination: &'a Destination,
    given: &Fields,
) -> Option<(&'a Arc<str>, &'a Variant)> {
    let Some(name) = selector(destination) else { return destination.variants.iter().next() };
    let mut path = path.to_vec();
    path.push(name.clone().into());
    let chosen = given.get(&name).and_then(Json::as_str);
    let found = match chosen {
        Some(chosen) => destination.variants.get_key_value(chosen),
        None if destination.variants.len() == 1 => destination.variants.iter().next(),
        None => None,
    };
    if found.is_none() {
        let options: Vec<&str> = destination.variants.keys().map(|name| &**name).collect();
        let expected: Vec<String> = options.iter().map(|option| format!("'{option}'")).collect();
        let (message, received) = match chosen {
            Some(chosen) => {
                (format!("Invalid enum value. Expected {}, received '{chosen}'", expected.join(" | ")), chosen)
            }
            None => ("Required".to_owned(), "undefined"),
        };
        issues.push(issue("invalid_enum_value", &path, message, json!({"received": received, "options": options})));
    }
    found
}

/// Absent, `null`, or, where it is optional, the empty text that some clients send for it.
fn is_unset(value: &Json, field: &Field) -> bool {
    value.is_null() || (!field.required && value.as_str() == Some("") && !field.sensitive)
}

fn read(issues: &mut Vec<Issue>, path: &[Json], ty: &Type, given: &Json, sensitive: bool) -> Option<Value> {
    match (ty, given) {
        (Type::String, Json::String(text)) if sensitive => Some(Value::Secret(Secret::new(text.clone()))),
        (Type::String | Type::Path | Type::Form(_), Json::String(text)) => Some(Value::string(text.as_str())),
        (Type::Bool, Json::Bool(b)) => Some(Value::Bool(*b)),
        (Type::Number, Json::Number(_)) | (Type::Any, _) => Some(any(given)),
        (Type::OneOf(words), Json::String(text)) => {
            if words.iter().any(|word| **word == **text) {
                return Some(Value::string(text.as_str()));
            }
            let expected: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            let message = format!("Invalid enum value. Expected {}, received '{text}'", expected.join(" | "));
            let options: Vec<&str> = words.iter().map(|word| &**word).collect();
            issues.push(issue("invalid_enum_value", path, message, json!({"received": text, "options": options})));
            None
        }
        (Type::List(of), Json::Array(items)) => {
            let mut read_item = |(number, item): (usize, &Json)| {
                let mut path = path.to_vec();
                path.push(number.into());
                read(issues, &path, of, item, sensitive)
            };
            items.iter().enumerate().map(&mut read_item).collect::<Option<Vec<Value>>>().map(Value::list)
        }
        (Type::Map(of) | Type::Fields(_, of), Json::Object(fields)) => {
            // As others do, names that are not known are left out.
            let is_known = |name: &str| match ty {
                Type::Fields(names, _) => names.iter().any(|known| **known == *name),
                _ => true,
            };
            let mut object = Object::new();
            for (name, item) in fields.iter().filter(|(name, _)| is_known(name)) {
                let mut path = path.to_vec();
                path.push(name.as_str().into());
                object.insert(name.as_str().into(), read(issues, &path, of, item, sensitive)?);
            }
            Some(Value::object(object))
        }
        (ty, other) => {
            let (expected, received) = (word(ty), type_word(other));
            let message = format!("Expected {expected}, received {received}");
            issues.push(issue("invalid_type", path, message, json!({"expected": expected, "received": received})));
            None
        }
    }
}

/// Any JSON as a value.
fn any(given: &Json) -> Value {
    match given {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::String(text) => Value::string(text.as_str()),
        Json::Number(number) => Value::Number(match (number.as_i64(), number.as_u64()) {
            (Some(n), _) => Number::Int(n),
            (None, Some(n)) => Number::Big(n),
            (None, None) => Number::Float(number.as_f64().unwrap_or_default()),
        }),
        Json::Array(items) => Value::list(items.iter().map(any).collect()),
        Json::Object(fields) => {
            Value::object(fields.iter().map(|(name, value)| (name.as_str().into(), any(value))).collect())
        }
    }
}

fn word(ty: &Type) -> &'static str {
    match ty {
        Type::String | Type::Path | Type::Form(_) | Type::OneOf(_) => "string",
        Type::Number => "number",
        Type::Bool => "boolean",
        Type::List(_) => "array",
        Type::Map(_) | Type::Fields(..) => "object",
        Type::Any => "any",
    }
}
