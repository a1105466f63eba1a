//! Functions on lists.

use crate::lang::convert;
use crate::lang::functions::Function;
use crate::lang::functions::Misuse;
use crate::lang::functions::Secrets::Carry;
use crate::lang::functions::Secrets::Taint;
use crate::lang::functions::arg;
use crate::lang::functions::wrong;
use crate::lang::scope::Outside;
use crate::model::attrs::Value;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "length",
        params: "value",
        doc: "The number of elements of a list, of attributes of an object, of characters of a text.",
        secrets: Carry,
        call: length,
    },
    Function {
        name: "contains",
        params: "list, value",
        doc: "Whether the list has the value as an element.",
        secrets: Taint,
        call: |_, args| Ok(Value::Bool(arg(args, 0, convert::list)?.contains(&args[1]))),
    },
    Function {
        name: "concat",
        params: "lists...",
        doc: "All elements of the lists in one list.",
        secrets: Carry,
        call: |_, args| {
            let mut out = Vec::new();
            for n in 0..args.len() {
                out.extend(arg(args, n, convert::list)?.iter().cloned());
            }
            Ok(Value::list(out))
        },
    },
    Function {
        name: "flatten",
        params: "list",
        doc: "The list with the elements of lists inside it, at any depth, in place of those lists.",
        secrets: Carry,
        call: |_, args| {
            let mut out = Vec::new();
            flatten(arg(args, 0, convert::list)?, &mut out);
            Ok(Value::list(out))
        },
    },
    Function {
        name: "reverse",
        params: "list",
        doc: "The list from its end to its start.",
        secrets: Carry,
        call: |_, args| Ok(Value::list(arg(args, 0, convert::list)?.iter().rev().cloned().collect())),
    },
    Function {
        name: "sort",
        params: "list",
        doc: "The elements as texts, in the order of their characters.",
        secrets: Taint,
        call: |_, args| {
            let items = arg(args, 0, convert::list)?;
            let mut texts = items
                .iter()
                .map(convert::text)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|_| wrong(0, "must hold only strings"))?;
            texts.sort();
            Ok(Value::list(texts.into_iter().map(Value::String).collect()))
        },
    },
    Function {
        name: "compact",
        params: "list_or_object",
        doc: "A list without its elements that are null or the empty text; an object without its attributes that are null.",
        secrets: Carry,
        call: compact,
    },
    Function {
        name: "coalesce",
        params: "values...",
        doc: "The first value that is neither null nor the empty text.",
        secrets: Carry,
        call: |_, args| {
            let found = args.iter().find(|value| !is_blank(value));
            found.cloned().ok_or_else(|| Misuse { argument: None, why: "got only null and empty texts".to_owned() })
        },
    },
    Function {
        name: "one",
        params: "list",
        doc: "The element of a list of one, null of an empty list; more elements are an error.",
        secrets: Carry,
        call: |_, args| match arg(args, 0, convert::list)?.as_slice() {
            [] => Ok(Value::Null),
            [only] => Ok(only.clone()),
            more => Err(wrong(0, format!("must have one element or none, not {}", more.len()))),
        },
    },
];

fn length(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let length = match &args[0] {
        Value::List(items) => items.len(),
        Value::Object(fields) => fields.len(),
        Value::String(text) => text.chars().count(),
        Value::Secret(secret) => secret.expose().chars().count(),
        other => return Err(wrong(0, format!("must be a list, an object or a string, not {}", other.shape()))),
    };
    Ok(Value::int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn flatten(items: &[Value], out: &mut Vec<Value>) {
    for item in items {
        match item {
            Value::List(items) => flatten(items, out),
            other => out.push(other.clone()),
        }
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Secret(secret) => secret.is_empty(),
        _ => false,
    }
}

fn compact(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    match &args[0] {
        Value::List(items) => Ok(Value::list(items.iter().filter(|item| !is_blank(item)).cloned().collect())),
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            Ok(Value::object(kept.map(|(key, value)| (key.clone(), value.clone())).collect()))
        }
        other => Err(wrong(0, format!("must be a list or an object, not {}", other.shape()))),
    }
}
