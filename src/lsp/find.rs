//! What stands at a place, where it is declared, and everywhere it is named.

use crate::config::blocks;
use crate::config::blocks::Form;
use crate::config::labels;
use crate::diag::Diagnostics;
use crate::diag::source::SourceId;
use crate::diag::source::Span;
use crate::lang::ast::Block;
use crate::lang::parse;
use crate::lsp::complete;
use crate::lsp::cursor;
use crate::lsp::cursor::Cursor;
use crate::lsp::cursor::Place;
use crate::lsp::docs;
use crate::lsp::inputs;
use crate::lsp::inputs::Context;
use crate::lsp::mentions;
use crate::lsp::mentions::Mention;
use crate::lsp::mentions::Step;
use crate::lsp::names::Declared;
use crate::lsp::names::OUTPUT;
use crate::lsp::names::Path;
use crate::lsp::names::VAR;
use crate::lsp::names::has;
use crate::lsp::workspace::File;
use crate::lsp::workspace::Folder;
use crate::lsp::workspace::Workspace;
use crate::model::address::DATA;
use crate::model::address::MODULE;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// A declaration, wherever it is.
pub(crate) struct Found {
    pub(crate) folder: Rc<Folder>,
    pub(crate) path: Path,
    /// The bytes of the name at the place that was asked about.
    pub(crate) here: Range<usize>,
}

impl Found {
    pub(crate) fn declared(&self) -> Option<&Declared> {
        self.folder.names.get(&self.path)
    }

    /// The file of the declaration, and its name there, without quotes.
    pub(crate) fn label(&self) -> Option<(&Rc<File>, Range<usize>)> {
        let declared = self.declared()?;
        let file = &self.folder.files[declared.file];
        Some((file, unquoted(file, declared.label)))
    }
}

/// A label without its quotes.
pub(crate) fn unquoted(file: &File, label: Span) -> Range<usize> {
    let range = label.range();
    match file.text.get(range.clone()) {
        Some(text) if text.len() > 1 && text.starts_with('"') && text.ends_with('"') => range.start + 1..range.end - 1,
        _ => range,
    }
}

/// The declaration that is at a place, or that is named there.
pub(crate) fn at(workspace: &mut Workspace, folder: &Rc<Folder>, file: &File, at: usize) -> Option<Found> {
    // The name of a declaration itself.
    let touches = |range: &Range<usize>| range.start <= at && at <= range.end;
    let own = folder
        .names
        .list
        .iter()
        .find(|declared| folder.files[declared.file].path == file.path && touches(&declared.label.range()));
    if let Some(declared) = own {
        let (path, here) = (declared.path.clone(), unquoted(file, declared.label));
        return Some(Found { folder: folder.clone(), path, here });
    }
    let word = cursor::word(&file.text, at);
    let cursor = Cursor::at(file, word.end);
    match &cursor.place {
        // A value that a call gives to a variable of its module.
        Place::Item => {
            let [block] = cursor.blocks[..] else { return None };
            let module = (&*block.kind == MODULE).then(|| folder.called(file, block)).flatten()?;
            let folder = workspace.folder(&module);
            let path: Path = vec![VAR.into(), file.text[word.clone()].into()];
            folder.names.get(&path)?;
            Some(Found { folder, path, here: word })
        }
        Place::Value { attr, quoted: true, steps, .. } if steps.is_empty() => {
            let [block] = cursor.blocks[..] else { return None };
            let module = (&*block.kind == MODULE && *attr == "source").then(|| folder.called(file, block)).flatten()?;
            let folder = workspace.folder(&module);
            let first = folder.names.list.first()?;
            Some(Found { path: first.path.clone(), here: cursor.typed, folder: folder.clone() })
        }
        Place::Value { quoted, steps, .. } => {
            let end = match quoted {
                true => cursor.typed.start + file.text[cursor.typed.start..].find(['"', '\n'])?,
                false => word.end,
            };
            let here = cursor.typed.start..end;
            let name = file.text.get(here.clone())?;
            let steps: Vec<_> = steps.iter().cloned().chain([Some(name.into())]).collect();
            let resolved = folder.names.resolve(&steps);
            let (step, declared) = resolved.last()?;
            if *step + 1 == steps.len() {
                return Some(Found { folder: folder.clone(), path: declared.path.clone(), here });
            }
            let output = output(workspace, folder, declared, &steps[step + 1..])?;
            let is_last = output.1 + step + 2 == steps.len();
            is_last.then_some(Found { here, ..output.0 })
        }
        Place::Label { .. } | Place::Nothing => None,
    }
}

/// The output of a module that the steps behind it name, and which of these steps does.
fn output(
    workspace: &mut Workspace,
    folder: &Rc<Folder>,
    call: &Declared,
    steps: &[Option<Arc<str>>],
) -> Option<(Found, usize)> {
    if *call.path[0] != *MODULE {
        return None;
    }
    let file = &folder.files[call.file];
    let block = file.body.blocks.iter().find(|block| block.header == call.header)?;
    let called = workspace.folder(&folder.called(file, block)?);
    let step = usize::from(call.is_keyed);
    let path: Path = vec![OUTPUT.into(), steps.get(step)?.clone()?];
    called.names.get(&path)?;
    Some((Found { folder: called, path, here: 0..0 }, step))
}

/// A place where something is named.
pub(crate) struct Mentioned {
    pub(crate) file: Rc<File>,
    pub(crate) step: Step,
    /// The block that it stands in.
    pub(crate) block: Arc<str>,
}

/// The chains of names in a file; none if it has no syntax.
fn chains(file: &File) -> Vec<Mention> {
    let body = parse::parse(&mut Diagnostics::new(), SourceId(0), &file.text);
    body.as_ref().map(mentions::of).unwrap_or_default()
}

/// Everywhere that a declaration is named, besides where it is declared.
pub(crate) fn mentions_of(workspace: &mut Workspace, found: &Found) -> Vec<Mentioned> {
    let mut out = Vec::new();
    let is_output = *found.path[0] == *OUTPUT;
    if !is_output {
        for file in &found.folder.files {
            for mention in chains(file) {
                let steps = mention.names();
                let resolved = found.folder.names.resolve(&steps);
                let step = resolved.iter().find(|(_, declared)| declared.path == found.path).map(|(step, _)| *step);
                let step = step.map(|step| mention.steps[step].clone());
                out.extend(step.map(|step| Mentioned { file: file.clone(), step, block: mention.block.clone() }));
            }
        }
    }
    if is_output || *found.path[0] == *VAR {
        let dir = found.folder.dir.clone();
        for caller in workspace.callers(&dir) {
            if is_output {
                outputs_in(workspace, &caller, found, &mut out)
            } else {
                inputs_in(&caller, found, &mut out)
            }
        }
    }
    out
}

/// Where a directory reads an output of a module that it calls.
fn outputs_in(workspace: &mut Workspace, caller: &Rc<Folder>, found: &Found, out: &mut Vec<Mentioned>) {
    for file in &caller.files {
        for mention in chains(file) {
            let steps = mention.names();
            let resolved = caller.names.resolve(&steps);
            let Some((at, call)) = resolved.last() else { continue };
            let Some((output, step)) = output(workspace, caller, call, &steps[at + 1..]) else { continue };
            if output.folder.dir == found.folder.dir && output.path == found.path {
                let step = mention.steps[at + 1 + step].clone();
                out.push(Mentioned { file: file.clone(), step, block: mention.block.clone() });
            }
        }
    }
}

/// Where a directory gives a value to a variable of a module that it calls.
fn inputs_in(caller: &Folder, found: &Found, out: &mut Vec<Mentioned>) {
    for (file, block) in caller.calls() {
        if caller.called(file, block).as_ref() != Some(&found.folder.dir) {
            continue;
        }
        let given = block.body.attrs.iter().find(|attr| Some(&attr.name) == found.path.last());
        out.extend(given.map(|attr| Mentioned {
            file: file.clone(),
            step: Step { name: Some(attr.name.clone()), span: attr.name_span, is_key: false },
            block: block.kind.clone(),
        }));
    }
}

/// What is to be said about a place, as Markdown, and the bytes that it is about.
pub(crate) fn hover(
    workspace: &mut Workspace,
    folder: &Rc<Folder>,
    context: &Context<'_>,
    at: usize,
) -> Option<(String, Range<usize>)> {
    let file = context.file;
    let word = cursor::word(&file.text, at);
    let cursor = Cursor::at(file, word.end);
    let text = file.text.get(word.clone())?;
    let is_choice = match cursor.place {
        Place::Label { word, before: 0, .. } => !labels::words(word, context.schemas).is_empty(),
        _ => false,
    };
    if let Some(found) = self::at(workspace, folder, file, at).filter(|_| !is_choice) {
        return Some((declaration(&found)?, found.here));
    }
    match &cursor.place {
        Place::Nothing => None,
        Place::Item if text.is_empty() => None,
        Place::Item => {
            let inputs = context.inputs(&cursor.blocks);
            let input = inputs.iter().find(|input| input.name == text).map(docs::input);
            let said = input.or_else(|| Some(docs::form(inner(&cursor.blocks, text)?)))?;
            Some((said, word))
        }
        Place::Label { word: kind, before, .. } => {
            let end = file.text[cursor.typed.start..].find(['"', '\n']).map_or(word.end, |n| cursor.typed.start + n);
            let here = cursor.typed.start..end;
            let label = file.text.get(here.clone())?;
            let said = match *kind {
                "app_connection" if *before == 0 => context.schemas.apps.get(label).map(docs::app),
                "secret_sync" if *before == 0 => context.schemas.destinations.get(label).map(docs::destination),
                _ => None,
            };
            said.or_else(|| inner(&cursor.blocks, kind).map(docs::form)).map(|said| (said, here))
        }
        Place::Value { attr, quoted, steps, .. } => {
            let function = docs::functions().find(|function| function.name == text);
            if let Some(function) = function.filter(|_| !quoted && steps.is_empty()) {
                return Some((docs::function(function), word));
            }
            let inputs = context.inputs(&cursor.blocks);
            let input = inputs.iter().find(|input| input.name == *attr).map(docs::input)?;
            Some((input, word))
        }
    }
}

/// A kind of block that may begin within some blocks.
fn inner(blocks: &[&Block], word: &str) -> Option<&'static Form> {
    match blocks {
        [] => blocks::top(word),
        blocks => inputs::form(blocks)?.block(word),
    }
}

/// What is declared: its address, what it is, where. Never what its values are.
fn declaration(found: &Found) -> Option<String> {
    let declared = found.declared()?;
    let file = &found.folder.files[declared.file];
    let place = file.lines.position(&file.text, declared.header.range().start);
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let block = complete::block_at(&file.body.blocks, declared.header.start);
    let mut lines = vec![format!("`{}`", declared.shown())];
    lines.extend(declared.form.map(|form| form.doc.to_owned()).filter(|doc| !doc.is_empty()));
    if let Some(block) = block {
        lines.extend(file.literal(&block.body, "description").map(str::to_owned));
        if *declared.path[0] == *VAR {
            let ty = block.body.attrs.iter().find(|attr| &*attr.name == "type");
            let ty = ty.and_then(|attr| file.text.get(attr.expr.span.range())).unwrap_or("any");
            let needed = if has(&block.body, "default") { "It has a default." } else { "It must be given a value." };
            lines.push(format!("Type: `{ty}`. {needed}"));
        }
    }
    if *declared.path[0] == *DATA {
        lines.push("It is only looked up.".to_owned());
    }
    lines.push(format!("Declared in `{name}`, line {}.", place.line + 1));
    Some(lines.join("\n\n"))
}
