//! Functions on numbers.

use crate::lang::ast::Binary;
use crate::lang::convert;
use crate::lang::functions::Function;
use crate::lang::functions::Misuse;
use crate::lang::functions::Secrets::Taint;
use crate::lang::functions::arg;
use crate::lang::functions::fails;
use crate::lang::functions::wrong;
use crate::lang::operate;
use crate::lang::scope::Outside;
use crate::model::attrs::Number;
use crate::model::attrs::Value;
use std::cmp::Ordering;

/// More elements than this in a `range` are a mistake.
const MAX_RANGE: usize = 10_000;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "min",
        params: "number, numbers...",
        doc: "The smallest of the numbers.",
        secrets: Taint,
        call: |_, args| extreme(args, Ordering::Less),
    },
    Function {
        name: "max",
        params: "number, numbers...",
        doc: "The largest of the numbers.",
        secrets: Taint,
        call: |_, args| extreme(args, Ordering::Greater),
    },
    Function {
        name: "abs",
        params: "number",
        doc: "The number without its sign.",
        secrets: Taint,
        call: |_, args| {
            let n = arg(args, 0, convert::number)?;
            match n.as_f64() < 0.0 {
                true => computed(Binary::Subtract, Number::Int(0), n).map(Value::Number),
                false => Ok(Value::Number(n)),
            }
        },
    },
    Function {
        name: "floor",
        params: "number",
        doc: "The nearest whole number that is not larger.",
        secrets: Taint,
        call: |_, args| rounded(args, f64::floor),
    },
    Function {
        name: "ceil",
        params: "number",
        doc: "The nearest whole number that is not smaller.",
        secrets: Taint,
        call: |_, args| rounded(args, f64::ceil),
    },
    Function {
        name: "range",
        params: "start_or_limit, limit?, step?",
        doc: "The list of numbers from a start (0 if only the limit is given) up to, but without, the limit.",
        secrets: Taint,
        call: range,
    },
];

fn computed(operator: Binary, a: Number, b: Number) -> Result<Number, Misuse> {
    operate::arithmetic(operator, a, b).ok_or_else(|| fails("gives a number that is too large"))
}

fn extreme(args: &[Value], wanted: Ordering) -> Result<Value, Misuse> {
    let mut best = arg(args, 0, convert::number)?;
    for n in 1..args.len() {
        let next = arg(args, n, convert::number)?;
        if operate::compare(next, best) == Some(wanted) {
            best = next;
        }
    }
    Ok(Value::Number(best))
}

fn rounded(args: &[Value], round: fn(f64) -> f64) -> Result<Value, Misuse> {
    Ok(Value::Number(match arg(args, 0, convert::number)? {
        Number::Float(n) => convert::finite(round(n)).unwrap_or(Number::Float(n)),
        whole => whole,
    }))
}

fn range(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let numbers = (0..args.len()).map(|n| arg(args, n, convert::number)).collect::<Result<Vec<_>, _>>()?;
    let zero = Number::Int(0);
    let down = |from, to| operate::compare(to, from) == Some(Ordering::Less);
    let (start, limit, step) = match *numbers {
        [start, limit, step] => (start, limit, step),
        [start, limit] => (start, limit, Number::Int(if down(start, limit) { -1 } else { 1 })),
        _ => {
            let limit = numbers.first().copied().unwrap_or(zero);
            (zero, limit, Number::Int(if down(zero, limit) { -1 } else { 1 }))
        }
    };
    let towards = match operate::compare(step, zero) {
        Some(Ordering::Greater) => Ordering::Less,
        Some(Ordering::Less) => Ordering::Greater,
        _ => return Err(wrong(2, "must not be zero")),
    };
    let mut out = Vec::new();
    let mut at = start;
    while operate::compare(at, limit) == Some(towards) {
        if out.len() == MAX_RANGE {
            return Err(fails(format!("gives more than {MAX_RANGE} elements")));
        }
        out.push(Value::Number(at));
        at = computed(Binary::Add, at, step)?;
    }
    Ok(Value::list(out))
}
