//! Functions on texts. Positions and lengths count characters.

use crate::lang::convert;
use crate::lang::functions::Function;
use crate::lang::functions::Misuse;
use crate::lang::functions::Secrets::Taint;
use crate::lang::functions::arg;
use crate::lang::functions::printf;
use crate::lang::functions::wrong;
use crate::lang::scope::Outside;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use regex::Captures;
use regex::Regex;
use std::sync::Arc;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "format",
        params: "form, values...",
        doc: "A text with the values put in for `%s`, `%d`, `%05.1f`, `%q`, `%x` and the other verbs of printf; `%[2]s` picks one by its position.",
        secrets: Taint,
        call: |_, args| printf::format(&text(args, 0)?, &args[1..]).map(Value::string),
    },
    Function {
        name: "join",
        params: "separator, lists...",
        doc: "The elements of the lists as one text, with the separator between them.",
        secrets: Taint,
        call: join,
    },
    Function {
        name: "split",
        params: "separator, text",
        doc: "The list of the parts of a text that the separator divides.",
        secrets: Taint,
        call: |_, args| {
            let (separator, text) = (text(args, 0)?, text(args, 1)?);
            Ok(Value::list(match &*separator {
                "" => text.chars().map(|c| Value::string(c.to_string())).collect(),
                separator => text.split(separator).map(Value::from).collect(),
            }))
        },
    },
    Function {
        name: "replace",
        params: "text, old, new",
        doc: "The text with every `old` replaced; an `old` between slashes is a regular expression, and `$1` or `$name` in `new` what its groups matched.",
        secrets: Taint,
        call: replace,
    },
    Function {
        name: "regex",
        params: "pattern, text",
        doc: "What a regular expression matches first: the text, or a list of its groups, or an object of its named groups. No match is an error.",
        secrets: Taint,
        call: |_, args| {
            let pattern = pattern(args, 0, None)?;
            let found = pattern.captures(text_of(args, 1)?);
            found.map(|found| groups(&pattern, &found)).ok_or_else(|| wrong(1, "has no match"))
        },
    },
    Function {
        name: "regexall",
        params: "pattern, text",
        doc: "The list of everything that a regular expression matches, each as `regex` gives it.",
        secrets: Taint,
        call: |_, args| {
            let pattern = pattern(args, 0, None)?;
            let found = pattern.captures_iter(text_of(args, 1)?);
            Ok(Value::list(found.map(|found| groups(&pattern, &found)).collect()))
        },
    },
    Function {
        name: "lower",
        params: "text",
        doc: "The text in lower case.",
        secrets: Taint,
        call: |_, args| Ok(Value::string(text(args, 0)?.to_lowercase())),
    },
    Function {
        name: "upper",
        params: "text",
        doc: "The text in upper case.",
        secrets: Taint,
        call: |_, args| Ok(Value::string(text(args, 0)?.to_uppercase())),
    },
    Function {
        name: "title",
        params: "text",
        doc: "The text with the first letter of every word in upper case.",
        secrets: Taint,
        call: title,
    },
    Function {
        name: "trim",
        params: "text, characters",
        doc: "The text without any of the characters at its start and end.",
        secrets: Taint,
        call: |_, args| {
            let (text, characters) = (text(args, 0)?, text(args, 1)?);
            Ok(Value::from(text.trim_matches(|c| characters.contains(c))))
        },
    },
    Function {
        name: "trimspace",
        params: "text",
        doc: "The text without white space at its start and end.",
        secrets: Taint,
        call: |_, args| Ok(Value::from(text(args, 0)?.trim())),
    },
    Function {
        name: "trimprefix",
        params: "text, prefix",
        doc: "The text without the prefix, if it has it.",
        secrets: Taint,
        call: |_, args| {
            let (text, prefix) = (text(args, 0)?, text(args, 1)?);
            Ok(Value::from(text.strip_prefix(&*prefix).unwrap_or(&text)))
        },
    },
    Function {
        name: "trimsuffix",
        params: "text, suffix",
        doc: "The text without the suffix, if it has it.",
        secrets: Taint,
        call: |_, args| {
            let (text, suffix) = (text(args, 0)?, text(args, 1)?);
            Ok(Value::from(text.strip_suffix(&*suffix).unwrap_or(&text)))
        },
    },
    Function {
        name: "startswith",
        params: "text, prefix",
        doc: "Whether the text starts with the prefix.",
        secrets: Taint,
        call: |_, args| Ok(Value::Bool(text(args, 0)?.starts_with(&*text(args, 1)?))),
    },
    Function {
        name: "endswith",
        params: "text, suffix",
        doc: "Whether the text ends with the suffix.",
        secrets: Taint,
        call: |_, args| Ok(Value::Bool(text(args, 0)?.ends_with(&*text(args, 1)?))),
    },
    Function {
        name: "substr",
        params: "text, offset, length",
        doc: "The part of a text from an offset on; a negative offset counts from the end, the length −1 means the rest.",
        secrets: Taint,
        call: substr,
    },
    Function {
        name: "basename",
        params: "path",
        doc: "The last part of a path.",
        secrets: Taint,
        call: |_, args| {
            let path = text(args, 0)?;
            let path = path.trim_end_matches('/');
            Ok(Value::from(path.rsplit('/').next().unwrap_or(path)))
        },
    },
    Function {
        name: "dirname",
        params: "path",
        doc: "A path without its last part.",
        secrets: Taint,
        call: |_, args| {
            let path = text(args, 0)?;
            Ok(Value::from(match path.trim_end_matches('/').rsplit_once('/') {
                Some(("", _)) => "/",
                Some((directory, _)) => directory,
                None if path.starts_with('/') => "/",
                None => ".",
            }))
        },
    },
];

/// An argument as a text.
pub(super) fn text(args: &[Value], n: usize) -> Result<Arc<str>, Misuse> {
    arg(args, n, convert::text)
}

/// An argument that is a text already.
fn text_of(args: &[Value], n: usize) -> Result<&str, Misuse> {
    arg(args, n, |value| value.as_str().ok_or_else(|| format!("must be a string, not {}", value.shape())))
}

fn join(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let separator = text(args, 0)?;
    let mut parts = Vec::new();
    for (n, list) in args.iter().enumerate().skip(1) {
        let items = convert::list(list).map_err(|why| wrong(n, why))?;
        for item in items.iter() {
            let part = convert::text(item);
            parts.push(
                part.map_err(|_| wrong(n, format!("must hold only strings, and one element is {}", item.shape())))?,
            );
        }
    }
    Ok(Value::string(parts.join(&*separator)))
}

fn pattern(args: &[Value], n: usize, inner: Option<&str>) -> Result<Regex, Misuse> {
    let whole = text(args, n)?;
    Regex::new(inner.unwrap_or(&whole)).map_err(|_| wrong(n, "is no regular expression"))
}

fn replace(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let (text, old, new) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    match old.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        Some(inner) => Ok(Value::from(&*pattern(args, 1, Some(inner))?.replace_all(&text, &*new))),
        None => Ok(Value::string(text.replace(&*old, &new))),
    }
}

fn groups(pattern: &Regex, found: &Captures<'_>) -> Value {
    let group = |n: usize| found.get(n).map_or(Value::Null, |group| Value::from(group.as_str()));
    let named: Object =
        pattern.capture_names().enumerate().filter_map(|(n, name)| Some((Arc::from(name?), group(n)))).collect();
    match (named.is_empty(), pattern.captures_len()) {
        (false, _) => Value::object(named),
        (true, 1) => group(0),
        (true, all) => Value::list((1..all).map(group).collect()),
    }
}

fn title(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let mut out = String::new();
    let mut in_word = false;
    for c in text(args, 0)?.chars() {
        match in_word {
            true => out.push(c),
            false => out.extend(c.to_uppercase()),
        }
        in_word = c.is_alphanumeric() || c == '\'' || c == '_';
    }
    Ok(Value::string(out))
}

fn substr(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let text = text(args, 0)?;
    let (offset, length) = (arg(args, 1, convert::whole)?, arg(args, 2, convert::whole)?);
    let start = match usize::try_from(offset) {
        Ok(offset) => offset,
        Err(_) => text.chars().count().saturating_sub(usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    let rest = text.chars().skip(start);
    Ok(Value::string(match (length, usize::try_from(length)) {
        (_, Ok(length)) => rest.take(length).collect::<String>(),
        (-1, _) => rest.collect(),
        _ => return Err(wrong(2, "must be −1 or more")),
    }))
}
