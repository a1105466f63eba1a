//! Renaming: the label, everything that names it in every file, and what keeps the thing what it was: a `moved` block, and
//! the attributes that the label stood for. Nothing is renamed unless the configuration is valid before and after.

use crate::config;
use crate::config::decode::expr;
use crate::diag::Diagnostics;
use crate::diag::Severity;
use crate::diag::source::SourceId;
use crate::lang::ast::Block;
use crate::lang::ast::Expr;
use crate::lang::ast::Node;
use crate::lang::parse;
use crate::lsp::check;
use crate::lsp::check::Settings;
use crate::lsp::complete::block_at;
use crate::lsp::find;
use crate::lsp::find::Found;
use crate::lsp::find::Mentioned;
use crate::lsp::names::Declared;
use crate::lsp::names::VAR;
use crate::lsp::names::has;
use crate::lsp::workspace::File;
use crate::lsp::workspace::Workspace;
use crate::model::address::Address;
use crate::model::address::MODULE;
use crate::model::address::is_identifier;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::resource::Kind;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

/// What is put in the place of which bytes, file by file; in order, and never two of the same bytes.
pub(crate) type Edits = BTreeMap<PathBuf, Vec<(Range<usize>, String)>>;

/// Renames a declaration.
///
/// # Errors
/// Why not, in a sentence.
pub(crate) fn rename(
    workspace: &mut Workspace,
    settings: &Settings,
    found: &Found,
    name: &str,
) -> Result<Edits, String> {
    let declared = found.declared().ok_or("Nothing that can be renamed is declared here.")?.clone();
    check_name(&declared, name)?;
    if declared.name() == name {
        return Ok(Edits::new());
    }
    let roots = workspace.roots(&found.folder.dir);
    let before = states(workspace, settings, &roots, None)?;
    let mut edits = named(workspace, found, &declared, name)?;
    if declared.kind.is_some() {
        // What depends on the label shows where another one makes a difference; the new one alone may stand for nothing.
        let other = format!("{}-2", declared.name());
        let others = named(workspace, found, &declared, &other)?;
        let after = states(workspace, settings, &roots, Some(&edits)).map(|after| (name, after));
        let after = after.or_else(|why| {
            states(workspace, settings, &roots, Some(&others)).map(|after| (&*other, after)).map_err(|_| why)
        });
        let (name, after) = after?;
        if let Some((file, _)) = found.label() {
            keep(&mut edits, file, &declared, name, &before, &after);
        }
        sort(&mut edits);
    }
    states(workspace, settings, &roots, Some(&edits))?;
    Ok(edits)
}

/// The label, everything that names it, and what says that it moved.
fn named(workspace: &mut Workspace, found: &Found, declared: &Declared, name: &str) -> Result<Edits, String> {
    let mut edits = Edits::new();
    let (file, label) = found.label().ok_or("Nothing that can be renamed is declared here.")?;
    let is_quoted = label.len() != declared.label.range().len();
    let shown = if is_quoted || is_identifier(name) { name.to_owned() } else { format!("\"{name}\"") };
    add(&mut edits, file, label, shown);
    // The ledger knows nothing of what is never planned.
    let is_moved = declared.kind.is_some_and(Kind::is_planned) || *declared.path[0] == *MODULE;
    for place in find::mentions_of(workspace, found) {
        // What was is not renamed: chains of `moved` blocks lead on.
        if is_moved && matches!(&*place.block, "moved" | "removed") {
            continue;
        }
        mention(&mut edits, &place, name);
    }
    if *declared.path[0] == *VAR {
        in_values(workspace, &mut edits, &found.folder.dir, declared.name(), name);
    }
    if is_moved {
        moved(&mut edits, &found.folder.files, file, declared, name)?;
    }
    sort(&mut edits);
    Ok(edits)
}

fn check_name(declared: &Declared, name: &str) -> Result<(), String> {
    let is_label = declared.kind.is_some();
    if name.is_empty() || name.chars().any(|c| c.is_control() || matches!(c, '"' | '\\' | '$' | '%')) {
        return Err("A name is not empty, and holds no quotes, backslashes, `$` and `%`.".to_owned());
    }
    match is_label || is_identifier(name) {
        true => Ok(()),
        false => Err("This has to be a name: letters, digits, `_` and `-`, not beginning with a digit.".to_owned()),
    }
}

fn add(edits: &mut Edits, file: &File, bytes: Range<usize>, text: String) {
    edits.entry(file.path.clone()).or_default().push((bytes, text));
}

fn sort(edits: &mut Edits) {
    for list in edits.values_mut() {
        list.sort_by_key(|(bytes, _)| (bytes.start, bytes.end));
        list.dedup();
    }
}

/// Rewrites one step of a chain of names.
fn mention(edits: &mut Edits, place: &Mentioned, name: &str) {
    let (text, step) = (&place.file.text, &place.step);
    let bytes = step.span.range();
    if step.is_key || is_identifier(name) {
        return add(edits, &place.file, bytes, name.to_owned());
    }
    // `.name` becomes `["na me"]`, with the dot.
    let dot = text[..bytes.start].rfind('.').unwrap_or(bytes.start);
    add(edits, &place.file, dot..bytes.end, format!("[\"{name}\"]"));
}

/// Renames a variable in the files of values beside the configuration.
fn in_values(workspace: &Workspace, edits: &mut Edits, dir: &Path, old: &str, new: &str) {
    for (path, text) in config::value_texts(dir, &workspace.overlay()) {
        let file = File::read(path, text);
        let named = file.body.attrs.iter().filter(|attr| &*attr.name == old);
        let spans: Vec<_> = named.map(|attr| attr.name_span.range()).collect();
        spans.into_iter().for_each(|bytes| add(edits, &file, bytes, new.to_owned()));
    }
}

/// The line break that a file uses.
fn line_break(file: &File) -> &'static str {
    if file.text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Says that what is declared is what it was: adds a `moved` block, or takes away the one that led the other way.
fn moved(edits: &mut Edits, files: &[Rc<File>], file: &File, declared: &Declared, name: &str) -> Result<(), String> {
    let from = declared.address().ok_or("This has no address.")?;
    let to = renamed(&from, name);
    for file in files {
        let body = parse::parse(&mut Diagnostics::new(), SourceId(0), &file.text);
        let blocks = body.as_ref().map_or(&[][..], |body| &body.blocks);
        let spells = |block: &Block, name: &str, wanted: &Address| {
            expr(&block.body, name).and_then(spelled).is_some_and(|address| address == *wanted)
        };
        let back = blocks
            .iter()
            .find(|block| &*block.kind == "moved" && spells(block, "from", &to) && spells(block, "to", &from));
        if let Some(back) = back {
            let range = back.span.range();
            let text = &file.text;
            // With the line break behind it, and the blank line before.
            let end = text[range.end..].find('\n').map_or(text.len(), |n| range.end + n + 1);
            let start = text[..range.start].trim_end().len();
            let kept = if start == 0 { 0 } else { text[start..].find('\n').map_or(start, |n| start + n + 1) };
            add(edits, file, kept.min(range.start)..end, String::new());
            return Ok(());
        }
    }
    let top = file
        .body
        .blocks
        .iter()
        .find(|block| block.span.start <= declared.whole.start && declared.whole.end <= block.span.end);
    let end = top.map_or(declared.whole.end, |block| block.span.end) as usize;
    let new = line_break(file);
    let block = format!("{new}{new}moved {{{new}  from = {from}{new}  to   = {to}{new}}}");
    add(edits, file, end..end, block);
    Ok(())
}

/// The address with another name at its end.
fn renamed(address: &Address, name: &str) -> Address {
    let bare = match address.parent() {
        Some(above) => above.child(address.kind(), name),
        None => Address::new(address.kind(), name),
    };
    address.key().map_or(bare.clone(), |key| bare.instance(key))
}

/// The address that an expression spells without anything computed.
fn spelled(expr: &Expr) -> Option<Address> {
    fn names(expr: &Expr, out: &mut Vec<Arc<str>>) -> Option<()> {
        match &expr.node {
            Node::Name(name) => out.push(name.clone()),
            Node::Get(of, name) => {
                names(of, out)?;
                out.push(name.clone());
            }
            Node::Index(pair) => {
                names(&pair.0, out)?;
                let Node::String(name) = &pair.1.node else { return None };
                out.push(name.clone());
            }
            _ => return None,
        }
        Some(())
    }
    let mut path = Vec::new();
    names(expr, &mut path)?;
    let mut address: Option<Address> = None;
    for pair in path.chunks(2) {
        let [kind, name] = pair else { return None };
        address = Some(address.map_or_else(|| Address::new(kind, name), |above| above.child(kind, name)));
    }
    address
}

/// What the configurations come to, with edits or without.
fn states(
    workspace: &Workspace,
    settings: &Settings,
    roots: &BTreeSet<PathBuf>,
    edits: Option<&Edits>,
) -> Result<Vec<Desired>, String> {
    let mut documents = workspace.documents.clone();
    for (path, list) in edits.into_iter().flatten() {
        let mut list = list.clone();
        list.sort_by_key(|(bytes, _)| (bytes.start, bytes.end));
        documents.replace(path, &list);
    }
    let state = |root: &PathBuf| {
        let (desired, found, _) = check::validate(&settings.input(root, documents.overlay()));
        let error = found.iter().find(|problem| problem.severity == Severity::Error);
        match (desired, error, edits.is_some()) {
            (Some(desired), None, _) => Ok(desired),
            (_, Some(error), true) => Err(format!("That can't be its name: {}", error.detail)),
            (_, error, _) => {
                let what = error.map_or_else(String::new, |error| format!(" {}", error.detail));
                Err(format!("The configuration has an error that must be mended first:{what}"))
            }
        }
    };
    roots.iter().map(state).collect()
}

/// Writes out what the label stood for, so that only the name in the configuration changes.
fn keep(edits: &mut Edits, file: &File, declared: &Declared, name: &str, before: &[Desired], after: &[Desired]) {
    let Some(block) = block_at(&file.body.blocks, declared.header.start) else { return };
    let Some(own) = declared.address() else { return };
    let mut kept: BTreeMap<Arc<str>, Option<String>> = BTreeMap::new();
    for (before, after) in before.iter().zip(after) {
        for (address, resource) in &before.resources {
            // In a module, the address goes on from the module's.
            let bare = address.without_keys();
            let below = bare.segments().len().checked_sub(own.segments().len());
            if below.is_none_or(|at| bare.segments()[at..] != *own.segments()) {
                continue;
            }
            let Some(new) = after.resources.get(&renamed(address, name)) else { continue };
            for (attr, value) in &resource.attrs {
                let (Some(old), new) = (value.as_str(), new.attrs.get(attr).and_then(Value::as_str)) else { continue };
                if Some(old) == new || has(&block.body, attr) {
                    continue;
                }
                let written = written(old, address.key());
                let known = kept.entry(attr.clone()).or_insert_with(|| written.clone());
                if *known != written {
                    *known = None;
                }
            }
        }
    }
    // What each instance has of its own, in no way that can be written once, the plan shows.
    let lines: Vec<String> =
        kept.iter().filter_map(|(attr, value)| Some(format!("{attr} = {}", value.as_ref()?))).collect();
    if lines.is_empty() {
        return;
    }
    let (new, body) = (line_break(file), block.body.span.range());
    let line = &file.text[file.text[..declared.header.range().start].rfind('\n').map_or(0, |at| at + 1)..];
    let margin: String = line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    let lines: String = lines.iter().map(|line| format!("{new}{margin}  {line}")).collect();
    let inside = &file.text[body.clone()];
    match inside.contains('\n') {
        true => add(edits, file, body.start..body.start, lines),
        false if inside.trim().is_empty() => add(edits, file, body, format!("{lines}{new}{margin}")),
        false => {
            let start = body.start..body.start + inside.len() - inside.trim_start().len();
            let end = body.start + inside.trim_end().len()..body.end;
            add(edits, file, start, format!("{lines}{new}{margin}  "));
            add(edits, file, end, format!("{new}{margin}"));
        }
    }
}

/// A value as it is written; what the key of an instance ends is made of the key.
fn written(value: &str, key: Option<&str>) -> Option<String> {
    if value.contains(['"', '\\', '$', '%']) {
        return None;
    }
    Some(match key.and_then(|key| value.strip_suffix(key)).filter(|start| start.ends_with('-')) {
        Some(start) => format!("\"{start}${{each.key}}\""),
        None => format!("\"{value}\""),
    })
}
