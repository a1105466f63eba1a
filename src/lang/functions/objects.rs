//! Functions on objects, and `try` and `can`.

use crate::lang::convert;
use crate::lang::functions::Function;
use crate::lang::functions::Misuse;
use crate::lang::functions::Secrets::Carry;
use crate::lang::functions::arg;
use crate::lang::functions::fails;
use crate::lang::functions::text::text;
use crate::lang::functions::wrong;
use crate::lang::scope::Outside;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use std::sync::Arc;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "keys",
        params: "object",
        doc: "The names of the attributes of an object, sorted.",
        secrets: Carry,
        call: |_, args| Ok(Value::list(sorted(args)?.into_iter().map(|(key, _)| Value::String(key.clone())).collect())),
    },
    Function {
        name: "values",
        params: "object",
        doc: "The values of the attributes of an object, in the order of `keys`.",
        secrets: Carry,
        call: |_, args| Ok(Value::list(sorted(args)?.into_iter().map(|(_, value)| value.clone()).collect())),
    },
    Function {
        name: "lookup",
        params: "object, key, default?",
        doc: "The attribute of that name, or the default if there is none.",
        secrets: Carry,
        call: |_, args| {
            let found = arg(args, 0, convert::object)?.get(&*text(args, 1)?);
            let found = found.or(args.get(2)).cloned();
            found.ok_or_else(|| wrong(1, "names an attribute that the object does not have"))
        },
    },
    Function {
        name: "merge",
        params: "objects...",
        doc: "The attributes of all objects in one; later ones win. Null counts as an object without attributes.",
        secrets: Carry,
        call: |_, args| {
            let mut out = Object::new();
            for n in (0..args.len()).filter(|n| !args[*n].is_null()) {
                let fields = arg(args, n, convert::object)?.iter();
                out.extend(fields.map(|(key, value)| (key.clone(), value.clone())));
            }
            Ok(Value::object(out))
        },
    },
    Function {
        name: "zipmap",
        params: "keys, values",
        doc: "An object of the keys of one list and the values of another.",
        secrets: Carry,
        call: zipmap,
    },
    Function {
        name: "try",
        params: "expression, expressions...",
        doc: "The first expression that does not fail. Unknown names and functions are mistakes all the same.",
        secrets: Carry,
        // Only `try(list...)` comes here: its elements did not fail.
        call: |_, args| Ok(args[0].clone()),
    },
    Function {
        name: "can",
        params: "expression",
        doc: "Whether the expression does not fail.",
        secrets: Carry,
        call: |_, _| Ok(Value::Bool(true)),
    },
];

fn sorted(args: &[Value]) -> Result<Vec<(&Arc<str>, &Value)>, Misuse> {
    let mut fields: Vec<_> = arg(args, 0, convert::object)?.iter().collect();
    fields.sort_by_key(|(key, _)| *key);
    Ok(fields)
}

fn zipmap(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let (keys, values) = (arg(args, 0, convert::list)?, arg(args, 1, convert::list)?);
    if keys.len() != values.len() {
        return Err(fails(format!("needs as many values as keys, not {} and {}", values.len(), keys.len())));
    }
    let keys = keys.iter().map(|key| convert::text(key).map_err(|_| wrong(0, "must hold only strings")));
    keys.zip(values.iter()).map(|(key, value)| Ok((key?, value.clone()))).collect::<Result<_, _>>().map(Value::object)
}
