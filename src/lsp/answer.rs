//! Requests of the editor → answers: what the rooms beside this one find, with the editor's places and addresses.

use crate::config;
use crate::diag::codes;
use crate::lang::format;
use crate::lang::token;
use crate::lsp::complete;
use crate::lsp::complete::Proposal;
use crate::lsp::cursor::Cursor;
use crate::lsp::cursor::Place;
use crate::lsp::documents;
use crate::lsp::find;
use crate::lsp::find::Found;
use crate::lsp::inputs::Context;
use crate::lsp::inputs::Modules;
use crate::lsp::rename;
use crate::lsp::server::Failure;
use crate::lsp::server::Server;
use crate::lsp::symbols;
use crate::lsp::text::Lines;
use crate::lsp::workspace::File;
use crate::lsp::workspace::Folder;
use gen_lsp_types::Code;
use gen_lsp_types::CompletionItem;
use gen_lsp_types::CompletionItemTextEdit;
use gen_lsp_types::CompletionList;
use gen_lsp_types::CompletionParams;
use gen_lsp_types::DefinitionParams;
use gen_lsp_types::DocumentFormattingParams;
use gen_lsp_types::DocumentSymbol;
use gen_lsp_types::DocumentSymbolParams;
use gen_lsp_types::Documentation;
use gen_lsp_types::Hover;
use gen_lsp_types::HoverParams;
use gen_lsp_types::InsertTextFormat;
use gen_lsp_types::Location;
use gen_lsp_types::MarkupContent;
use gen_lsp_types::MarkupKind;
use gen_lsp_types::Position;
use gen_lsp_types::PrepareRenameParams;
use gen_lsp_types::PrepareRenamePlaceholder;
use gen_lsp_types::ReferenceParams;
use gen_lsp_types::RenameParams;
use gen_lsp_types::TextDocumentPositionParams;
use gen_lsp_types::TextEdit;
use gen_lsp_types::Uri;
use gen_lsp_types::WorkspaceEdit;
use serde_json::Value as Json;
use similar::TextDiff;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

/// How much is proposed at once: nobody reads more, and what is typed next narrows it.
const MOST_PROPOSED: usize = 500;
/// How the names of files of values end.
const VALUES: &str = ".vars.hcl";

/// A place in an open file of a configuration.
struct Spot {
    folder: Rc<Folder>,
    file: Rc<File>,
    at: usize,
}

/// The text with its mark.
fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

impl Server {
    /// An open file as it is read; `None` if it is not open.
    fn open(&self, uri: &Uri) -> Option<(PathBuf, Arc<str>)> {
        let path = documents::path(uri)?;
        let text = self.workspace.documents.get(&path)?.text.clone();
        Some((path, text))
    }

    fn spot(&mut self, asked: &TextDocumentPositionParams) -> Option<Spot> {
        let (path, _) = self.open(&asked.text_document.uri)?;
        let dir = path.parent()?;
        if self.workspace.is_manifests(dir) {
            return None;
        }
        let folder = self.workspace.folder(dir);
        let file = folder.files[folder.file(&path)?].clone();
        let at = file.lines.offset(&file.text, asked.position);
        Some(Spot { folder, file, at })
    }

    /// What a directory calls, by name.
    fn modules(&mut self, folder: &Folder) -> Modules {
        let called = folder
            .calls()
            .filter_map(|(file, block)| Some((block.labels.first()?.text.clone(), folder.called(file, block)?)));
        let called: Vec<_> = called.collect();
        called.into_iter().map(|(name, dir)| (name, self.workspace.folder(&dir))).collect()
    }

    pub(super) fn complete(&mut self, asked: &CompletionParams) -> Option<CompletionList> {
        let asked = &asked.text_document_position_params;
        let (path, text) = self.open(&asked.text_document.uri)?;
        if path.to_string_lossy().ends_with(VALUES) {
            let folder = self.workspace.folder(path.parent()?);
            let file = File::read(path, text);
            let at = file.lines.offset(&file.text, asked.position);
            let cursor = Cursor::at(&file, at);
            let is_name = matches!(cursor.place, Place::Item) && cursor.blocks.is_empty();
            let set: Vec<&str> = file.body.attrs.iter().map(|attr| &*attr.name).collect();
            return is_name.then(|| self.listed(&file, &cursor, complete::values(&set, &folder)));
        }
        let Spot { folder, file, at } = self.spot(asked)?;
        let schemas = self.workspace.schemas(&folder.dir);
        let modules = self.modules(&folder);
        let context = Context { file: &file, schemas: &schemas, modules: &modules };
        let cursor = Cursor::at(&file, at);
        let found = complete::at(&cursor, &context, &folder);
        Some(self.listed(&file, &cursor, found))
    }

    fn listed(&self, file: &File, cursor: &Cursor<'_>, mut found: Vec<Proposal>) -> CompletionList {
        let typed = file.text.get(cursor.typed.clone()).unwrap_or_default().to_lowercase();
        let is_incomplete = found.len() > MOST_PROPOSED;
        if is_incomplete {
            found.retain(|proposal| proposal.label.to_lowercase().contains(&typed));
            found.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
            found.truncate(MOST_PROPOSED);
        }
        let range = file.lines.range(&file.text, cursor.typed.clone());
        // What is there already is not put in again: `= …`, `{`, `(`.
        let line = file.text[cursor.typed.end..].lines().next().unwrap_or_default();
        let behind = line.trim_start_matches(token::continues_ident).trim_start();
        let is_alone = match cursor.place {
            Place::Item => behind.is_empty() || behind.starts_with('}'),
            _ => !behind.starts_with('('),
        };
        let item = |proposal: Proposal| {
            let insert = proposal.insert.as_ref().filter(|_| is_alone);
            let snippet = insert.filter(|_| self.wants.snippets);
            let new_text = match (snippet, insert) {
                (Some(insert), _) => insert.snippet.clone(),
                (None, Some(insert)) => insert.plain.clone(),
                (None, None) => proposal.label.clone(),
            };
            CompletionItem {
                kind: Some(proposal.kind),
                detail: Some(proposal.detail).filter(|detail| !detail.is_empty()),
                documentation: Some(proposal.doc)
                    .filter(|doc| !doc.is_empty())
                    .map(|doc| Documentation::MarkupContent(markdown(doc))),
                sort_text: Some(format!("{}{}", proposal.rank, proposal.label)),
                insert_text_format: snippet.map(|_| InsertTextFormat::Snippet),
                text_edit: Some(CompletionItemTextEdit::TextEdit(TextEdit { range, new_text })),
                label: proposal.label,
                ..CompletionItem::default()
            }
        };
        let items = found.into_iter().map(item).collect();
        CompletionList { is_incomplete, items, ..CompletionList::default() }
    }

    pub(super) fn hover(&mut self, asked: &HoverParams) -> Option<Hover> {
        let asked = &asked.text_document_position_params;
        let problems = self.problems_at(&asked.text_document.uri, asked.position);
        let said = self.spot(asked).and_then(|Spot { folder, file, at }| {
            let schemas = self.workspace.schemas(&folder.dir);
            let modules = self.modules(&folder);
            let context = Context { file: &file, schemas: &schemas, modules: &modules };
            let (said, bytes) = find::hover(&mut self.workspace, &folder, &context, at)?;
            Some((said, file.lines.range(&file.text, bytes)))
        });
        let range = said.as_ref().map(|(_, range)| *range);
        let parts: Vec<String> = said.into_iter().map(|(said, _)| said).chain(problems).collect();
        (!parts.is_empty()).then(|| Hover { contents: markdown(parts.join("\n\n---\n\n")).into(), range })
    }

    /// What the codes of the problems at a place mean.
    fn problems_at(&self, uri: &Uri, at: Position) -> Vec<String> {
        let path = documents::path(uri).unwrap_or_default();
        let here = self.problems.get(&path).into_iter().flatten();
        let here = here.filter(|problem| problem.range.start <= at && at <= problem.range.end);
        let mut said: Vec<String> = here
            .filter_map(|problem| {
                let Some(Code::String(id)) = &problem.code else { return None };
                let code = codes::all().find(|code| code.id == id)?;
                Some(format!("**{}**: {}. {}", code.id, code.summary, code.explain))
            })
            .collect();
        said.dedup();
        said
    }

    fn found(&mut self, asked: &TextDocumentPositionParams) -> Option<(Found, Rc<File>)> {
        let Spot { folder, file, at } = self.spot(asked)?;
        Some((find::at(&mut self.workspace, &folder, &file, at)?, file))
    }

    fn location(&self, file: &File, bytes: std::ops::Range<usize>) -> Location {
        Location { uri: self.workspace.documents.uri(&file.path), range: file.lines.range(&file.text, bytes) }
    }

    pub(super) fn definition(&mut self, asked: &DefinitionParams) -> Option<Location> {
        let (found, _) = self.found(&asked.text_document_position_params)?;
        let (file, label) = found.label()?;
        Some(self.location(file, label))
    }

    pub(super) fn references(&mut self, asked: &ReferenceParams) -> Option<Vec<Location>> {
        let (found, _) = self.found(&asked.text_document_position_params)?;
        let named = find::mentions_of(&mut self.workspace, &found);
        let own = found.label().filter(|_| asked.context.include_declaration);
        let own = own.map(|(file, label)| self.location(file, label));
        let named = named.iter().map(|place| self.location(&place.file, place.step.span.range()));
        Some(own.into_iter().chain(named).collect())
    }

    pub(super) fn prepare_rename(&mut self, asked: &PrepareRenameParams) -> Option<PrepareRenamePlaceholder> {
        let (found, file) = self.found(&asked.text_document_position_params)?;
        let placeholder = found.declared()?.name().to_owned();
        // Not where something else stands for it, such as the path of a module.
        let is_named = file.text.get(found.here.clone()) == Some(&*placeholder);
        let range = file.lines.range(&file.text, found.here);
        is_named.then_some(PrepareRenamePlaceholder { range, placeholder })
    }

    pub(super) fn rename(&mut self, asked: &RenameParams) -> Result<Option<WorkspaceEdit>, Failure> {
        let place = PrepareRenameParams {
            text_document_position_params: asked.text_document_position_params.clone(),
            work_done_progress_params: asked.work_done_progress_params.clone(),
        };
        let can = self.prepare_rename(&place).and_then(|_| self.found(&asked.text_document_position_params));
        let Some((found, _)) = can else {
            return Err(Failure::refused("Nothing that can be renamed stands here.".to_owned()));
        };
        let edits = rename::rename(&mut self.workspace, &self.settings, &found, &asked.new_name);
        let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
        for (path, list) in edits.map_err(Failure::refused)? {
            let open = self.workspace.documents.get(&path).map(|document| document.text.clone());
            let Some(text) = open.or_else(|| config::text(&path)) else { continue };
            let lines = Lines::new(&text);
            let list =
                list.into_iter().map(|(bytes, new_text)| TextEdit { range: lines.range(&text, bytes), new_text });
            changes.insert(self.workspace.documents.uri(&path), list.collect());
        }
        Ok(Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }))
    }

    pub(super) fn symbols(&mut self, asked: &DocumentSymbolParams) -> Option<Vec<DocumentSymbol>> {
        let (path, text) = self.open(&asked.text_document.uri)?;
        Some(symbols::of(&File::read(path, text)))
    }

    /// The layout of `keyform fmt`, as the lines that change; nothing where the text has no syntax.
    pub(super) fn format(&mut self, asked: &DocumentFormattingParams) -> Option<Vec<TextEdit>> {
        let (_, text) = self.open(&asked.text_document.uri)?;
        let after = format::format(&text).ok()?;
        let diff = TextDiff::from_lines(&*text, &*after);
        let starts = |text: &str| -> Vec<usize> {
            let ends = text.split_inclusive('\n').scan(0, |at, line| {
                *at += line.len();
                Some(*at)
            });
            std::iter::once(0).chain(ends).collect()
        };
        let (old, new) = (starts(&text), starts(&after));
        let lines = Lines::new(&text);
        let changed = diff.ops().iter().filter(|op| op.tag() != similar::DiffTag::Equal);
        let edit = |op: &similar::DiffOp| {
            let (before, behind) = (op.old_range(), op.new_range());
            let bytes = *old.get(before.start)?..*old.get(before.end)?;
            let new_text = after.get(*new.get(behind.start)?..*new.get(behind.end)?)?.to_owned();
            Some(TextEdit { range: lines.range(&text, bytes), new_text })
        };
        // Editors see lines that end with `\r` alone, which are none here.
        changed.map(edit).collect()
    }

    /// An answer as JSON.
    pub(super) fn json<T: serde::Serialize>(answer: T) -> Result<Json, Failure> {
        serde_json::to_value(answer).map_err(|_| Failure::own())
    }
}
