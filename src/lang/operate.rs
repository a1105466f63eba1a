//! What operators do with values. Arithmetic on whole numbers is exact or an error, never rounded.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::lang::ast::Binary;
use crate::lang::convert;
use crate::model::attrs::Number;
use crate::model::attrs::Value;
use std::cmp::Ordering;

/// An operand with its place.
pub(crate) type Operand = (Value, Span);

/// Applies an operator to both operands; `&&` and `||` are the evaluator's, who may not need the second.
pub(crate) fn binary(operator: Binary, left: &Operand, right: &Operand, span: Span) -> Result<Value, Diagnostic> {
    if matches!(operator, Binary::Equal | Binary::NotEqual) {
        return Ok(Value::Bool(equal(left, right)? == (operator == Binary::Equal)));
    }
    let sign = sign(operator);
    let number = |side: &str, (value, at): &Operand| {
        convert::number(value).map_err(|why| mismatch(&format!("The {side} side of `{sign}` {why}."), value, *at))
    };
    let (a, b) = (number("left", left)?, number("right", right)?);
    let order = |wanted: &[Ordering]| Ok(Value::Bool(compare(a, b).is_some_and(|found| wanted.contains(&found))));
    let result = match operator {
        Binary::Less => return order(&[Ordering::Less]),
        Binary::LessEqual => return order(&[Ordering::Less, Ordering::Equal]),
        Binary::Greater => return order(&[Ordering::Greater]),
        Binary::GreaterEqual => return order(&[Ordering::Greater, Ordering::Equal]),
        Binary::Divide | Binary::Modulo if b.as_f64() == 0.0 => {
            return Err(
                Diagnostic::error(&codes::ARITHMETIC, "Nothing can be divided by zero.").at(right.1, "this is zero")
            );
        }
        _ => arithmetic(operator, a, b),
    };
    result.map(Value::Number).ok_or_else(|| {
        Diagnostic::error(&codes::ARITHMETIC, format!("The result of `{sign}` is too large to be kept exactly."))
            .at(span, "")
    })
}

/// The negative of a number.
pub(crate) fn negate((value, at): &Operand) -> Result<Value, Diagnostic> {
    let n = convert::number(value).map_err(|why| mismatch(&format!("The operand of `-` {why}."), value, *at))?;
    arithmetic(Binary::Subtract, Number::Int(0), n)
        .map(Value::Number)
        .ok_or_else(|| Diagnostic::error(&codes::ARITHMETIC, "The number is too large to be negated.").at(*at, ""))
}

/// A truth value as the operand of an operator or the condition of something.
pub(crate) fn truth(what: &str, (value, at): &Operand) -> Result<bool, Diagnostic> {
    convert::boolean(value).map_err(|why| mismatch(&format!("{what} {why}."), value, *at))
}

/// The error for a value of the wrong kind; secrets have one of their own.
pub(crate) fn mismatch(detail: &str, value: &Value, at: Span) -> Diagnostic {
    match value {
        Value::Source(_) | Value::Fingerprint(_) => secret_in_plain("It can't be computed with.", at),
        Value::Null => Diagnostic::error(&codes::TYPE, detail).at(at, "this is null"),
        _ => Diagnostic::error(&codes::TYPE, detail).at(at, format!("this is {}", value.shape())),
    }
}

/// The error for a secret source where its value would be needed.
pub(crate) fn secret_in_plain(detail: &str, at: Span) -> Diagnostic {
    Diagnostic::error(&codes::SECRET_IN_PLAIN, format!("This is a secret source: a place, not yet a value. {detail}"))
        .at(at, "a secret source")
        .help("give it, alone, to an attribute that takes a secret")
}

fn equal(left: &Operand, right: &Operand) -> Result<bool, Diagnostic> {
    Ok(match (&left.0, &right.0) {
        (Value::Null, other) | (other, Value::Null) => other.is_null(),
        (Value::Source(_) | Value::Fingerprint(_), _) => return Err(secret_in_plain("It can't be compared.", left.1)),
        (_, Value::Source(_) | Value::Fingerprint(_)) => return Err(secret_in_plain("It can't be compared.", right.1)),
        (Value::Secret(secret), Value::String(text)) | (Value::String(text), Value::Secret(secret)) => {
            secret.expose() == &**text
        }
        (a, b) => a == b,
    })
}

/// A number as a whole one, if it is one.
fn exact(n: Number) -> Option<i128> {
    match n {
        Number::Int(n) => Some(n.into()),
        Number::Big(n) => Some(n.into()),
        Number::Float(_) => None,
    }
}

/// The order of two numbers.
pub(crate) fn compare(a: Number, b: Number) -> Option<Ordering> {
    match (exact(a), exact(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64().partial_cmp(&b.as_f64()),
    }
}

/// Computes; the divisor is not zero. `None` if the result is too large.
pub(crate) fn arithmetic(operator: Binary, a: Number, b: Number) -> Option<Number> {
    if let (Some(a), Some(b)) = (exact(a), exact(b)) {
        let whole = match operator {
            Binary::Add => a.checked_add(b),
            Binary::Subtract => a.checked_sub(b),
            Binary::Multiply => a.checked_mul(b),
            Binary::Modulo => a.checked_rem(b),
            _ if a % b == 0 => a.checked_div(b),
            _ => return convert::finite(Number::as_f64(number(a)?) / Number::as_f64(number(b)?)),
        };
        return number(whole?);
    }
    let (a, b) = (a.as_f64(), b.as_f64());
    convert::finite(match operator {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::Multiply => a * b,
        Binary::Modulo => a % b,
        _ => a / b,
    })
}

fn number(n: i128) -> Option<Number> {
    i64::try_from(n).map(Number::Int).or_else(|_| u64::try_from(n).map(Number::Big)).ok()
}

fn sign(operator: Binary) -> &'static str {
    match operator {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::Modulo => "%",
        Binary::Equal => "==",
        Binary::NotEqual => "!=",
        Binary::Less => "<",
        Binary::LessEqual => "<=",
        Binary::Greater => ">",
        Binary::GreaterEqual => ">=",
        Binary::And => "&&",
        Binary::Or => "||",
    }
}
