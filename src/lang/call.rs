//! Function calls: finds the function, counts and checks the arguments, keeps secrets secret. `try` and
//! `can` live here, because their arguments may fail.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::nearest;
use crate::diag::source::Span;
use crate::lang::ast::Expr;
use crate::lang::eval::eval;
use crate::lang::functions::Function;
use crate::lang::functions::Misuse;
use crate::lang::functions::Secrets;
use crate::lang::operate;
use crate::lang::scope::Scope;
use crate::model::attrs::Value;
use crate::secret::Secret;
use std::ops::RangeInclusive;

/// Calls a function by name.
pub(crate) fn call(name: &str, args: &[Expr], expand: bool, at: Span, scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    let tables = scope.outside().functions;
    let Some(function) = tables.iter().copied().flatten().find(|function| function.name == name) else {
        let known = tables.iter().copied().flatten().map(|function| function.name);
        let span = Span { end: at.start.saturating_add(u32::try_from(name.len()).unwrap_or(0)).min(at.end), ..at };
        return Err(match nearest(name, known) {
            Some(known) => Diagnostic::error(&codes::UNKNOWN_FUNCTION, format!("There is no function `{name}` here."))
                .at(span, "")
                .help(format!("did you mean `{known}`?")),
            // Nearly no function: it may be a secret without its quotes.
            None => Diagnostic::error(&codes::UNKNOWN_FUNCTION, "There is no function of this name here.").at(span, ""),
        });
    };
    match name {
        "try" if !expand && !args.is_empty() => return try_each(args, at, scope),
        "can" if !expand && args.len() == 1 => return can(&args[0], scope),
        _ => {}
    }
    let mut values = args.iter().map(|arg| eval(arg, scope)).collect::<Result<Vec<_>, _>>()?;
    if expand {
        match values.pop() {
            Some(Value::List(items)) => values.extend(items.iter().cloned()),
            other => {
                let detail = "`...` spreads a list over the arguments, and this is none.";
                let span = args.last().map_or(at, |arg| arg.span);
                return Err(operate::mismatch(detail, &other.unwrap_or_default(), span));
            }
        }
    }
    // Arguments beyond those written came out of the last one.
    let place = |argument: usize| args.get(argument).or(args.last()).map_or(at, |arg| arg.span);
    let arity = arity(function.params);
    if !arity.contains(&values.len()) {
        return Err(wrong_count(function, values.len(), &arity, at));
    }
    let mut tainted = false;
    if function.secrets == Secrets::Taint {
        for (argument, value) in values.iter_mut().enumerate().filter(|(_, value)| value.is_sensitive()) {
            *value = exposed(value)
                .ok_or_else(|| operate::secret_in_plain(&format!("`{name}` can't work with it."), place(argument)))?;
            tainted = true;
        }
    }
    let result = (function.call)(scope.outside(), &values);
    if let Ok(value) = &result {
        scope.outside().budget.value(value, at)?;
    }
    match result {
        Ok(value) if tainted => Ok(secret(value)),
        Ok(value) => Ok(value),
        Err(Misuse { argument: Some(n), why }) => {
            Err(Diagnostic::error(&codes::CALL, format!("Argument {} of `{name}` {why}.", n + 1)).at(place(n), ""))
        }
        Err(Misuse { argument: None, why }) => {
            Err(Diagnostic::error(&codes::CALL, format!("`{name}` {why}.")).at(at, ""))
        }
    }
}

/// The first argument that does not fail. Mistakes that can't depend on values are not forgiven.
fn try_each(args: &[Expr], at: Span, scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    let mut failed: Option<Diagnostic> = None;
    for arg in args {
        match eval(arg, scope) {
            Err(d) if forgivable(&d) => failed = Some(failed.unwrap_or(d)),
            other => return other,
        }
    }
    let d = Diagnostic::error(&codes::CALL, "Every argument of `try` fails.").at(at, "");
    Err(match failed {
        Some(first) => d.help(format!("the first one: {}", first.detail)),
        None => d,
    })
}

fn can(arg: &Expr, scope: &Scope<'_>) -> Result<Value, Diagnostic> {
    match eval(arg, scope) {
        Err(d) if !forgivable(&d) => Err(d),
        result => Ok(Value::Bool(result.is_ok())),
    }
}

fn forgivable(d: &Diagnostic) -> bool {
    ![&codes::UNKNOWN_FUNCTION, &codes::UNKNOWN_NAME, &codes::SECRET_IN_PLAIN].contains(&d.code)
}

/// How many arguments a function takes, from its parameters as they are shown.
pub(crate) fn arity(params: &str) -> RangeInclusive<usize> {
    let names: Vec<&str> = params.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let least = names.iter().filter(|name| !name.ends_with('?') && !name.ends_with("...")).count();
    let most = if names.last().is_some_and(|name| name.ends_with("...")) { usize::MAX } else { names.len() };
    least..=most
}

fn wrong_count(function: &Function, given: usize, arity: &RangeInclusive<usize>, at: Span) -> Diagnostic {
    let (least, most) = (*arity.start(), *arity.end());
    let wanted = match most {
        usize::MAX => format!("at least {least}"),
        _ if least == most => least.to_string(),
        _ => format!("{least} to {most}"),
    };
    let plural = if wanted == "1" { "" } else { "s" };
    let detail = format!("`{}` takes {wanted} argument{plural}, not {given}.", function.name);
    Diagnostic::error(&codes::CALL, detail).at(at, "").help(format!("it is `{}({})`", function.name, function.params))
}

/// A value with its secrets as texts; `None` if it holds the source of one, which has no text yet.
fn exposed(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Source(_) | Value::Fingerprint(_) => return None,
        Value::Secret(secret) => Value::from(secret.expose()),
        Value::List(items) => Value::list(items.iter().map(exposed).collect::<Option<_>>()?),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| Some((key.clone(), exposed(value)?)));
            Value::object(fields.collect::<Option<_>>()?)
        }
        plain => plain.clone(),
    })
}

/// A value whose texts are secrets.
fn secret(value: Value) -> Value {
    match value {
        Value::String(text) => Value::Secret(Secret::new(text.to_string())),
        Value::List(items) => Value::list(items.iter().cloned().map(secret).collect()),
        Value::Object(fields) => {
            Value::object(fields.iter().map(|(key, value)| (key.clone(), secret(value.clone()))).collect())
        }
        plain => plain,
    }
}
