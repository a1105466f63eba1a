//! The conversation with an editor: what it may ask when, and what it is told. No stream and no thread: messages come in
//! and go out as values.

use crate::lsp::check::Job;
use crate::lsp::check::Problems;
use crate::lsp::check::Settings;
use crate::lsp::documents;
use crate::lsp::documents::Document;
use crate::lsp::wire::Frame;
use crate::lsp::workspace::Workspace;
use gen_lsp_types::CompletionOptions;
use gen_lsp_types::DidChangeTextDocumentParams;
use gen_lsp_types::DidChangeWorkspaceFoldersParams;
use gen_lsp_types::DidCloseTextDocumentParams;
use gen_lsp_types::DidOpenTextDocumentParams;
use gen_lsp_types::ErrorCodes;
use gen_lsp_types::PublishDiagnosticsParams;
use gen_lsp_types::RenameOptions;
use gen_lsp_types::ServerCapabilities;
use gen_lsp_types::TextDocumentSyncKind;
use gen_lsp_types::TextDocumentSyncOptions;
use gen_lsp_types::Uri;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_json::json;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::PathBuf;

/// Why a request has no answer.
pub(crate) struct Failure {
    code: i64,
    message: String,
}

/// Codes of the protocol that are not those of JSON-RPC.
const NOT_INITIALIZED: i64 = -32002;
const REFUSED: i64 = -32803;

impl Failure {
    fn new(code: ErrorCodes, message: &str) -> Self {
        Self { code: i64::from(i32::from(code)), message: message.to_owned() }
    }

    /// It can't be done, for a reason of the configuration's.
    pub(crate) fn refused(message: String) -> Self {
        Self { code: REFUSED, message }
    }

    /// Keyform itself is at fault.
    pub(crate) fn own() -> Self {
        Self::new(ErrorCodes::InternalError, "keyform itself is at fault here; what it wrote to its log says where")
    }
}

/// How far the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing but `initialize` may be asked.
    New,
    Ready,
    /// Nothing but `exit` may be said.
    ShutDown,
    Over,
}

/// What the editor can do with answers.
#[derive(Debug, Default)]
pub(crate) struct Wants {
    /// Places to fill in.
    pub(crate) snippets: bool,
    /// More places of a problem.
    pub(crate) related: bool,
    /// Being asked to tell of files that change.
    pub(crate) watches: bool,
}

/// One conversation.
pub struct Server {
    pub(crate) settings: Settings,
    pub(crate) workspace: Workspace,
    pub(crate) wants: Wants,
    /// What was said of each file last.
    pub(crate) problems: Problems,
    stage: Stage,
    was_shut_down: bool,
    /// Counts what may change problems.
    changes: u64,
    /// What of that was looked at.
    seen: u64,
}

impl Server {
    /// Nothing said yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let (workspace, wants, problems) = (Workspace::default(), Wants::default(), Problems::new());
        let (stage, was_shut_down, changes, seen) = (Stage::New, false, 0, 0);
        Self { settings, workspace, wants, problems, stage, was_shut_down, changes, seen }
    }

    /// Whether the conversation is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Whether it came to its end as it should.
    #[must_use]
    pub fn was_shut_down(&self) -> bool {
        self.was_shut_down
    }

    /// Takes what arrived, and gives what is to be sent.
    pub fn handle(&mut self, frame: Frame) -> Vec<Json> {
        let message = match frame {
            Frame::Message(message) => message,
            Frame::Broken(why) => {
                tracing::warn!(why, "broken message");
                return vec![failed(&Json::Null, Failure::new(ErrorCodes::ParseError, why))];
            }
            Frame::End => {
                self.stage = Stage::Over;
                return Vec::new();
            }
        };
        let id = message.get("id").filter(|id| id.is_i64() || id.is_u64() || id.is_string());
        let method = message.get("method").and_then(Json::as_str);
        let params = message.get("params").cloned().unwrap_or_default();
        match (method, id) {
            (Some(method), Some(id)) => {
                tracing::debug!(method, "request");
                let answer = catch_unwind(AssertUnwindSafe(|| self.request(method, params)));
                vec![match answer.unwrap_or_else(|_| Err(Failure::own())) {
                    Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
                    Err(failure) => failed(id, failure),
                }]
            }
            (Some(method), None) => {
                tracing::debug!(method, "notification");
                catch_unwind(AssertUnwindSafe(|| self.notification(method, params))).unwrap_or_default()
            }
            // An answer to a question of ours.
            (None, Some(_)) if message.get("result").is_some() || message.get("error").is_some() => Vec::new(),
            (None, id) => {
                let failure = Failure::new(ErrorCodes::InvalidRequest, "this is no message of the protocol");
                vec![failed(id.unwrap_or(&Json::Null), failure)]
            }
        }
    }

    fn request(&mut self, method: &str, params: Json) -> Result<Json, Failure> {
        match (self.stage, method) {
            (Stage::New, "initialize") => return Ok(self.initialize(&params)),
            (Stage::New, _) => {
                return Err(Failure { code: NOT_INITIALIZED, message: "`initialize` has to be first".to_owned() });
            }
            (Stage::ShutDown | Stage::Over, _) | (Stage::Ready, "initialize") => {
                return Err(Failure::new(ErrorCodes::InvalidRequest, "this can't be asked any more"));
            }
            (Stage::Ready, _) => {}
        }
        match method {
            "shutdown" => {
                self.stage = Stage::ShutDown;
                self.was_shut_down = true;
                Ok(Json::Null)
            }
            "textDocument/completion" => Self::json(self.complete(&read(method, params)?)),
            "textDocument/hover" => Self::json(self.hover(&read(method, params)?)),
            "textDocument/definition" => Self::json(self.definition(&read(method, params)?)),
            "textDocument/references" => Self::json(self.references(&read(method, params)?)),
            "textDocument/documentSymbol" => Self::json(self.symbols(&read(method, params)?)),
            "textDocument/formatting" => Self::json(self.format(&read(method, params)?)),
            "textDocument/prepareRename" => Self::json(self.prepare_rename(&read(method, params)?)),
            "textDocument/rename" => Self::json(self.rename(&read(method, params)?)?),
            _ => Err(Failure::new(ErrorCodes::MethodNotFound, "keyform does not know this method")),
        }
    }

    fn initialize(&mut self, params: &Json) -> Json {
        let can = |pointer: &str| params.pointer(pointer).and_then(Json::as_bool).unwrap_or(false);
        self.wants = Wants {
            snippets: can("/capabilities/textDocument/completion/completionItem/snippetSupport"),
            related: can("/capabilities/textDocument/publishDiagnostics/relatedInformation"),
            watches: can("/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration"),
        };
        let folders = params.get("workspaceFolders").and_then(Json::as_array).cloned().unwrap_or_default();
        let uris = folders.iter().filter_map(|folder| folder.get("uri")?.as_str());
        let mut tops: Vec<PathBuf> = uris.filter_map(file).collect();
        if tops.is_empty() {
            tops.extend(params.get("rootUri").and_then(Json::as_str).and_then(file).or(self.settings.dir.clone()));
        }
        self.workspace.tops = tops;
        self.stage = Stage::Ready;
        let sync = TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::Incremental),
            save: Some(true.into()),
            ..TextDocumentSyncOptions::default()
        };
        let completion = CompletionOptions {
            trigger_characters: Some([".", "\"", "=", "[", "{"].map(str::to_owned).into()),
            ..CompletionOptions::default()
        };
        let capabilities = ServerCapabilities {
            text_document_sync: Some(sync.into()),
            completion_provider: Some(completion),
            hover_provider: Some(true.into()),
            definition_provider: Some(true.into()),
            references_provider: Some(true.into()),
            document_symbol_provider: Some(true.into()),
            document_formatting_provider: Some(true.into()),
            rename_provider: Some(RenameOptions { prepare_provider: Some(true), ..RenameOptions::default() }.into()),
            ..ServerCapabilities::default()
        };
        let mut capabilities = Self::json(capabilities).unwrap_or_default();
        capabilities["workspace"] = json!({ "workspaceFolders": { "supported": true, "changeNotifications": true } });
        let info = json!({ "name": "keyform", "version": env!("CARGO_PKG_VERSION") });
        json!({ "capabilities": capabilities, "serverInfo": info })
    }

    fn notification(&mut self, method: &str, params: Json) -> Vec<Json> {
        if method == "exit" {
            self.stage = Stage::Over;
        }
        if self.stage != Stage::Ready {
            return Vec::new();
        }
        // A notification that can't be read has nobody to be told.
        match method {
            "initialized" if self.wants.watches => return vec![watch()],
            "textDocument/didOpen" => drop(read(method, params).map(|params| self.did_open(params))),
            "textDocument/didChange" => drop(read(method, params).map(|params| self.did_change(params))),
            "textDocument/didClose" => drop(read(method, params).map(|params| self.did_close(&params))),
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => self.forget(),
            "workspace/didChangeWorkspaceFolders" => {
                if let Ok(DidChangeWorkspaceFoldersParams { event }) = read(method, params) {
                    let gone: Vec<_> = event.removed.iter().filter_map(|folder| documents::path(&folder.uri)).collect();
                    self.workspace.tops.retain(|top| !gone.contains(top));
                    let added = event.added.iter().filter_map(|folder| documents::path(&folder.uri));
                    self.workspace.tops.extend(added);
                    self.forget();
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn forget(&mut self) {
        self.workspace.forget();
        self.changes += 1;
    }

    fn did_open(&mut self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let Some(path) = documents::path(&document.uri) else { return };
        let (uri, version, text) = (document.uri, document.version, document.text.into());
        self.workspace.documents.open(path, Document { uri, version, text });
        self.forget();
    }

    fn did_change(&mut self, params: DidChangeTextDocumentParams) {
        let Some(path) = documents::path(&params.text_document.text_document_identifier.uri) else { return };
        self.workspace.documents.change(&path, params.text_document.version, params.content_changes);
        self.workspace.touch(&path);
        self.changes += 1;
    }

    fn did_close(&mut self, params: &DidCloseTextDocumentParams) {
        if let Some(path) = documents::path(&params.text_document.uri) {
            self.workspace.documents.close(&path);
            self.forget();
        }
    }

    /// What is to be checked, if something changed since this was asked last; and the number of that state.
    pub(crate) fn job(&mut self) -> Option<(u64, Job)> {
        if std::mem::replace(&mut self.seen, self.changes) == self.changes {
            return None;
        }
        let dirs: BTreeSet<PathBuf> =
            self.workspace.documents.paths().filter_map(|path| Some(path.parent()?.to_owned())).collect();
        let mut roots = BTreeSet::new();
        for dir in dirs {
            // What holds no configuration is none of ours.
            roots.extend(self.workspace.roots(&dir).into_iter().filter(|root| !self.workspace.is_empty(root)));
        }
        let (settings, documents) = (self.settings.clone(), self.workspace.documents.clone());
        Some((self.changes, Job { settings, roots, documents, shows_related: self.wants.related }))
    }

    /// Says what a check found, and that what was wrong before is mended; nothing if it is out of date.
    pub(crate) fn publish(&mut self, state: u64, problems: Problems) -> Vec<Json> {
        if state != self.changes || self.stage != Stage::Ready {
            return Vec::new();
        }
        let before = std::mem::replace(&mut self.problems, problems);
        let all: BTreeSet<&PathBuf> =
            before.keys().chain(self.problems.keys()).chain(self.workspace.documents.paths()).collect();
        let tell = |path: &PathBuf| {
            let diagnostics = self.problems.get(path).cloned().unwrap_or_default();
            let document = self.workspace.documents.get(path);
            let version = document.map(|document| document.version);
            let uri = self.workspace.documents.uri(path);
            let params = Self::json(PublishDiagnosticsParams { uri, version, diagnostics }).ok()?;
            Some(json!({ "jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": params }))
        };
        all.into_iter().filter_map(tell).collect()
    }

    /// Checks what changed, at once.
    pub fn check(&mut self) -> Vec<Json> {
        self.job().map(|(state, job)| self.publish(state, job.run())).unwrap_or_default()
    }
}

fn failed(id: &Json, failure: Failure) -> Json {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": failure.code, "message": failure.message } })
}

/// The parameters of a method.
fn read<P: DeserializeOwned>(method: &str, params: Json) -> Result<P, Failure> {
    // What serde says may quote the text.
    serde_json::from_value(params)
        .map_err(|_| Failure::new(ErrorCodes::InvalidParams, &format!("these are no parameters of `{method}`")))
}

fn file(uri: &str) -> Option<PathBuf> {
    documents::path(&Uri(uri.to_owned()))
}

/// Asks the editor to tell of files that change on disk.
fn watch() -> Json {
    let options = json!({ "watchers": [{ "globPattern": "**/*.hcl" }] });
    let registration =
        json!({ "id": "files", "method": "workspace/didChangeWatchedFiles", "registerOptions": options });
    let params = json!({ "registrations": [registration] });
    json!({ "jsonrpc": "2.0", "id": "keyform-1", "method": "client/registerCapability", "params": params })
}
