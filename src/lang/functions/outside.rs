//! Functions that ask the environment or read files, all through [`Outside`], and those that say where a
//! secret will come from, which ask nothing.

use crate::diag;
use crate::diag::source::Sources;
use crate::lang::convert;
use crate::lang::eval;
use crate::lang::functions::CORE;
use crate::lang::functions::Function;
use crate::lang::functions::Misuse;
use crate::lang::functions::Secrets::Carry;
use crate::lang::functions::Secrets::Taint;
use crate::lang::functions::arg;
use crate::lang::functions::text::text;
use crate::lang::functions::wrong;
use crate::lang::parse;
use crate::lang::scope::Budget;
use crate::lang::scope::Outside;
use crate::lang::scope::Scope;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// What random secrets are drawn from unless told otherwise: 64 characters that no shell minds.
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The longest random secret.
const MAX_RANDOM: i64 = 65_536;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "env",
        params: "name, default?",
        doc: "A variable of the environment, for plain values. Secrets come from `secret_env`.",
        secrets: Taint,
        call: |outside, args| {
            let found = (outside.env)(&text(args, 0)?).map(Value::string);
            found.or(args.get(1).cloned()).ok_or_else(|| {
                wrong(0, "names a variable that is not set; set it, or give a default: `env(name, default)`")
            })
        },
    },
    Function {
        name: "file",
        params: "path",
        doc: "The text of a file, for plain values. Secrets come from `secret_file`.",
        secrets: Taint,
        call: |outside, args| Ok(Value::string(read(outside, args)?)),
    },
    Function {
        name: "fileset",
        params: "directory, pattern",
        doc: "The set of files below a directory whose paths match a pattern (`*`, `**`, `?`, `[…]`), relative to it.",
        secrets: Taint,
        call: fileset,
    },
    Function {
        name: "templatefile",
        params: "path, variables",
        doc: "The text of a file as a template: `${…}` and `%{…}` in it see the variables, and the functions that touch nothing outside.",
        secrets: Taint,
        call: templatefile,
    },
    Function {
        name: "abspath",
        params: "path",
        doc: "The path from the root of the file system; a relative path starts at the configuration.",
        secrets: Taint,
        call: |outside, args| {
            let path = clean(&outside.base.join(&*text(args, 0)?));
            path.to_str().map(Value::from).ok_or_else(|| wrong(0, "leads to a path that is no text"))
        },
    },
    Function {
        name: "secret_env",
        params: "name, options?",
        doc: "The secret in a variable of the environment, read when it is used. An empty one is none, unless the options are `{ allow_empty = true }`.",
        secrets: Taint,
        call: |_, args| read_later(args, SecretSource::Env(some_text(args)?)),
    },
    Function {
        name: "secret_file",
        params: "path, options?",
        doc: "The secret in a file, read when it is used. An empty one is none, unless the options are `{ allow_empty = true }`.",
        secrets: Taint,
        call: |outside, args| read_later(args, SecretSource::File(outside.secrets.join(&*some_text(args)?))),
    },
    Function {
        name: "secret_exec",
        params: "command, options?",
        doc: "The secret that a program prints, run when it is used and only if programs are allowed: `[\"op\", \"read\", \"op://…\"]`. If it prints nothing there is none, unless the options are `{ allow_empty = true }`.",
        secrets: Taint,
        call: secret_exec,
    },
    Function {
        name: "secret_stored",
        params: "reference",
        doc: "A secret of the backend itself: `\"project/environment/path/KEY\"`.",
        secrets: Taint,
        call: |_, args| match some_text(args)? {
            reference if reference.split('/').filter(|part| !part.is_empty()).count() >= 3 => {
                Ok(source(SecretSource::Stored(reference)))
            }
            _ => Err(wrong(0, "must be of the form \"project/environment/path/KEY\"")),
        },
    },
    Function {
        name: "secret_random",
        params: "options?",
        doc: "A secret made once, when it is created: `{ length = 32 }`, and `alphabet` for the characters to draw from.",
        secrets: Carry,
        call: secret_random,
    },
];

fn source(source: SecretSource) -> Value {
    Value::Source(Arc::new(source))
}

/// What is read when it is used, with what its options say of an empty value.
fn read_later(args: &[Value], from: SecretSource) -> Result<Value, Misuse> {
    let mut allow_empty = false;
    if args.len() > 1 {
        for (name, value) in arg(args, 1, convert::object)?.iter() {
            let named = |why: String| wrong(1, format!("has a `{name}` that {why}"));
            match &**name {
                "allow_empty" => allow_empty = convert::boolean(value).map_err(named)?,
                _ => return Err(wrong(1, format!("has no option `{name}`, only `allow_empty`"))),
            }
        }
    }
    Ok(source(if allow_empty { SecretSource::OrEmpty(Arc::new(from)) } else { from }))
}

fn some_text(args: &[Value]) -> Result<Arc<str>, Misuse> {
    match text(args, 0)? {
        text if text.is_empty() => Err(wrong(0, "must not be empty")),
        text => Ok(text),
    }
}

fn read(outside: &Outside<'_>, args: &[Value]) -> Result<String, Misuse> {
    let path = outside.base.join(&*text(args, 0)?);
    (outside.read)(&path).map_err(|e| wrong(0, format!("names a file that can't be read: {}", diag::why(e.kind()))))
}

fn fileset(outside: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let directory = outside.base.join(&*text(args, 0)?);
    let found = (outside.glob)(&directory, &text(args, 1)?)
        .map_err(|e| wrong(0, format!("names a directory that can't be listed: {}", diag::why(e.kind()))))?;
    let mut paths = Vec::with_capacity(found.len());
    for path in &found {
        let path = path.strip_prefix(&directory).unwrap_or(path).to_str();
        paths.push(path.ok_or_else(|| wrong(0, "holds a file whose name is no text"))?.replace('\\', "/"));
    }
    paths.sort();
    paths.dedup();
    Ok(Value::list(paths.into_iter().map(Value::string).collect()))
}

/// A path without `.` and `..`, as far as it can be told without looking.
fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::ParentDir if out.has_root() => {}
            part => out.push(part),
        }
    }
    out
}

fn templatefile(outside: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let variables = arg(args, 1, convert::object)?;
    let content = read(outside, args)?;
    let mut sources = Sources::new();
    let id = sources.add("", content.as_str());
    let failed = |d: crate::diag::Diagnostic| {
        let place = d.labels.first().and_then(|label| sources.line_column(label.span));
        let place = place.map_or(String::new(), |(line, column)| format!(" at line {line}, column {column}"));
        wrong(0, format!("names a template that fails{place}: {}", d.detail.trim_end_matches('.')))
    };
    let template = parse::template(id, &content).map_err(failed)?;
    let functions = [CORE];
    let inside = Outside {
        functions: &functions,
        base: outside.base,
        secrets: outside.secrets,
        env: outside.env,
        read: outside.read,
        glob: outside.glob,
        resource: outside.resource,
        budget: Budget::of_value(),
    };
    let mut scope = Scope::new(&inside);
    for (name, value) in variables.iter() {
        scope.set(name.clone(), value.clone());
    }
    eval::text(&template, &scope).map_err(failed)
}

fn secret_exec(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let command = arg(args, 0, convert::list)?;
    let words: Vec<Arc<str>> = command
        .iter()
        .map(|word| convert::text(word).map_err(|_| wrong(0, "must hold only strings")))
        .collect::<Result<_, _>>()?;
    match words.first().is_some_and(|program| !program.is_empty()) {
        true => read_later(args, SecretSource::Exec(words)),
        false => Err(wrong(0, "must name a program first")),
    }
}

fn secret_random(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let (mut length, mut alphabet) = (32, Arc::from(ALPHABET));
    if !args.is_empty() {
        for (name, value) in arg(args, 0, convert::object)?.iter() {
            let named = |why: String| wrong(0, format!("has a `{name}` that {why}"));
            match &**name {
                "length" => length = convert::whole(value).map_err(named)?,
                "alphabet" => alphabet = convert::text(value).map_err(named)?,
                _ => return Err(wrong(0, format!("has no option `{name}`, only `length` and `alphabet`"))),
            }
        }
    }
    if !(1..=MAX_RANDOM).contains(&length) {
        return Err(wrong(0, format!("must have a `length` from 1 to {MAX_RANDOM}")));
    }
    let mut characters: Vec<char> = alphabet.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    if characters.len() < 2 || characters.len() != alphabet.chars().count() {
        return Err(wrong(0, "must have an `alphabet` of two characters or more, each once"));
    }
    Ok(source(SecretSource::Random { length: u32::try_from(length).unwrap_or_default(), alphabet }))
}
