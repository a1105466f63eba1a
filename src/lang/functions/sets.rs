//! Functions on sets: lists without repetitions, sorted.

use crate::lang::convert;
use crate::lang::functions::Function;
use crate::lang::functions::Misuse;
use crate::lang::functions::Secrets::Taint;
use crate::lang::functions::arg;
use crate::lang::functions::fails;
use crate::lang::operate;
use crate::lang::scope::Outside;
use crate::model::attrs::Value;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// More elements than this in a product are a mistake.
const MAX_PRODUCT: usize = 100_000;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "toset",
        params: "list",
        doc: "The elements of a list without repetitions, sorted.",
        secrets: Taint,
        call: |_, args| Ok(set(elements(args, 0)?)),
    },
    Function {
        name: "distinct",
        params: "list",
        doc: "The list without repetitions, in its own order.",
        secrets: Taint,
        call: |_, args| {
            let mut seen = BTreeSet::new();
            let items = arg(args, 0, convert::list)?.iter();
            Ok(Value::list(items.filter(|item| seen.insert(Ordered(item))).cloned().collect()))
        },
    },
    Function {
        name: "setunion",
        params: "sets...",
        doc: "The elements that are in any of the sets.",
        secrets: Taint,
        call: |_, args| {
            let mut all = BTreeSet::new();
            for n in 0..args.len() {
                all.extend(elements(args, n)?);
            }
            Ok(set(all))
        },
    },
    Function {
        name: "setintersection",
        params: "set, sets...",
        doc: "The elements that are in all of the sets.",
        secrets: Taint,
        call: |_, args| {
            let mut left = elements(args, 0)?;
            for n in 1..args.len() {
                let other = elements(args, n)?;
                left.retain(|item| other.contains(item));
            }
            Ok(set(left))
        },
    },
    Function {
        name: "setsubtract",
        params: "set, without",
        doc: "The elements of the first set that are not in the second.",
        secrets: Taint,
        call: |_, args| {
            let mut left = elements(args, 0)?;
            let without = elements(args, 1)?;
            left.retain(|item| !without.contains(item));
            Ok(set(left))
        },
    },
    Function {
        name: "setproduct",
        params: "lists...",
        doc: "Every combination of one element of each list, as a list of lists.",
        secrets: Taint,
        call: product,
    },
];

/// A value in a total order: by kind, then by content.
struct Ordered<'v>(&'v Value);

impl Ord for Ordered<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        order(self.0, other.0)
    }
}

impl PartialOrd for Ordered<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ordered<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered<'_> {}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::List(_) => 4,
        Value::Object(_) => 5,
        Value::Resource(_) => 6,
        // No secret comes here: these functions get texts in their place, and sources are refused.
        Value::Source(_) | Value::Secret(_) | Value::Fingerprint(_) => 7,
    }
}

fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => operate::compare(*a, *b).unwrap_or(Ordering::Equal),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Resource(a), Value::Resource(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => a.iter().map(Ordered).cmp(b.iter().map(Ordered)),
        (Value::Object(a), Value::Object(b)) => {
            let sorted = |fields: &'_ crate::model::attrs::Object| {
                let mut names: Vec<_> = fields.keys().cloned().collect();
                names.sort();
                names
            };
            let (x, y) = (sorted(a), sorted(b));
            let values = || x.iter().zip(&y).map(|(x, y)| order(&a[x], &b[y]));
            x.cmp(&y).then_with(|| values().find(|o| o.is_ne()).unwrap_or(Ordering::Equal))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

fn elements(args: &[Value], n: usize) -> Result<BTreeSet<Ordered<'_>>, Misuse> {
    Ok(arg(args, n, convert::list)?.iter().map(Ordered).collect())
}

fn set(items: BTreeSet<Ordered<'_>>) -> Value {
    Value::list(items.into_iter().map(|item| item.0.clone()).collect())
}

fn product(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for n in 0..args.len() {
        let items = arg(args, n, convert::list)?;
        if rows.len().saturating_mul(items.len()) > MAX_PRODUCT {
            return Err(fails(format!("gives more than {MAX_PRODUCT} elements")));
        }
        rows =
            rows.iter().flat_map(|row| items.iter().map(|item| row.iter().chain([item]).cloned().collect())).collect();
    }
    Ok(Value::list(if args.is_empty() { Vec::new() } else { rows.into_iter().map(Value::list).collect() }))
}
