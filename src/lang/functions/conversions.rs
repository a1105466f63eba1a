//! Functions that convert between kinds of values. Null stays null.

use crate::lang::convert;
use crate::lang::functions::Function;
use crate::lang::functions::Secrets::Carry;
use crate::lang::functions::Secrets::Taint;
use crate::lang::functions::arg;
use crate::model::attrs::Value;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "tostring",
        params: "value",
        doc: "A number or truth value as a text.",
        secrets: Taint,
        call: |_, args| match args {
            [Value::Null] => Ok(Value::Null),
            _ => arg(args, 0, convert::text).map(Value::String),
        },
    },
    Function {
        name: "tonumber",
        params: "value",
        doc: "A text that is written like a number as a number.",
        secrets: Taint,
        call: |_, args| match args {
            [Value::Null] => Ok(Value::Null),
            _ => arg(args, 0, convert::number).map(Value::Number),
        },
    },
    Function {
        name: "tobool",
        params: "value",
        doc: "The text `true` or `false` as a truth value.",
        secrets: Taint,
        call: |_, args| match args {
            [Value::Null] => Ok(Value::Null),
            _ => arg(args, 0, convert::boolean).map(Value::Bool),
        },
    },
    Function {
        name: "tolist",
        params: "value",
        doc: "A set or tuple as a list.",
        secrets: Carry,
        call: |_, args| match args {
            [Value::Null] => Ok(Value::Null),
            _ => arg(args, 0, convert::list).map(|items| Value::List(items.clone())),
        },
    },
    Function {
        name: "tomap",
        params: "value",
        doc: "An object as a map.",
        secrets: Carry,
        call: |_, args| match args {
            [Value::Null] => Ok(Value::Null),
            _ => arg(args, 0, convert::object).map(|fields| Value::Object(fields.clone())),
        },
    },
];
