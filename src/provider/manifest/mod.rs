//! Manifests: a provider as a page of HCL, taken apart into what is asked for and when.
//!
//! Lives here: the loaded form, [`Manifest`]. [`words`] is the vocabulary, [`load`] reads a text, [`fields`]
//! reads what inputs take, [`slots`] says which names mean something where and checks it, [`functions`]
//! are the functions that only manifests have, [`render`] makes requests, [`extract`] takes answers apart.
//! Nothing here talks to anyone.

pub mod extract;
pub mod fields;
pub mod functions;
pub mod load;
pub mod render;
pub mod slots;
pub mod words;

use crate::diag::Diagnostic;
use crate::diag::source::Source;
use crate::diag::source::SourceId;
use crate::diag::source::Span;
use crate::lang::ast::Expr;
use crate::model::schema::App;
use crate::model::schema::Destination;
use crate::provider::manifest::slots::Slot;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One provider.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// What its connections take.
    pub app: App,
    /// How requests are signed, if headers do not do.
    pub signer: Option<Signer>,
    /// What all its requests share.
    pub talk: Talk,
    /// What the connections of each method change about that.
    pub methods: BTreeMap<Arc<str>, Talk>,
    /// Its destinations by slug.
    pub destinations: BTreeMap<Arc<str>, Place>,
    /// Its text, so that errors at run time can name a line of it.
    pub text: Text,
}

/// The text of a manifest.
#[derive(Debug, Clone)]
pub struct Text {
    /// Its id where it was loaded.
    pub id: SourceId,
    /// Its name and content.
    pub source: Source,
}

/// How requests are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signer {
    /// AWS Signature Version 4.
    Aws,
    /// Version 1.3 of Chef's protocol.
    Chef,
    /// The machine's own token of Google Cloud, where a request carries none.
    Gcp,
    /// Version 1 of Oracle's.
    Oci,
}

/// A destination.
#[derive(Debug, Clone)]
pub struct Place {
    /// What its syncs take.
    pub schema: Destination,
    /// How each of its variants is spoken to.
    pub variants: BTreeMap<Arc<str>, Shape>,
}

/// How requests are addressed, and what every answer may say.
#[derive(Debug, Clone, Default)]
pub struct Talk {
    /// Where requests go.
    pub base_url: Option<Expr>,
    /// Headers of every request.
    pub headers: Option<Expr>,
    /// The request whose answer is `login`.
    pub login: Option<Operation>,
    /// The request that tells good credentials from bad ones.
    pub verify: Option<Operation>,
    /// Which answers ask for another try.
    pub retry: Option<Expr>,
    /// Which answers are errors although their status is not, and where the service's own words are.
    pub errors: Option<Errors>,
}

/// What a service says about errors.
#[derive(Debug, Clone)]
pub struct Errors {
    /// Whether an answer is an error although its status is not.
    pub when: Option<Expr>,
    /// The service's own words.
    pub message: Option<Expr>,
    /// Whether an error says that the credentials are refused although its status is not 401.
    pub refused: Option<Expr>,
}

/// How one variant of a destination is spoken to.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Code instead of requests: the slug is one of `native::SLUGS`.
    pub native: bool,
    /// What it changes about its provider's talk.
    pub talk: Talk,
    /// What stands before the path of every request.
    pub root: Option<Expr>,
    /// Whether values come back, where that depends on the inputs.
    pub readable: Option<Expr>,
    /// Requests made once, by the name of their result.
    pub lookups: Vec<(Arc<str>, Operation)>,
    /// Operations by their slot.
    pub operations: BTreeMap<Slot, Operation>,
    /// Most requests a minute.
    pub rate: Option<u32>,
    /// Most requests at once.
    pub concurrency: Option<usize>,
}

/// A request with what is done about its answer, or a sequence of them.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The block's header.
    pub span: Span,
    /// `METHOD path`.
    pub request: Option<Expr>,
    /// Attributes by word: `query`, `json`, `items` …
    pub exprs: BTreeMap<&'static str, Expr>,
    /// Most entries in one request; `None` if each goes alone.
    pub max: Option<usize>,
    /// What is done one after the other, if it is not one request.
    pub steps: Vec<Operation>,
    /// What is done about errors that are known.
    pub recover: Vec<Operation>,
    /// Lookups whose results it uses.
    pub lookups: BTreeSet<Arc<str>>,
}

impl Shape {
    /// Every expression of the requests that read.
    #[must_use]
    pub fn reading(&self) -> Vec<&Expr> {
        let reading = [Slot::List, Slot::Read].into_iter().filter_map(|slot| self.operations.get(&slot));
        let lookups = self.lookups.iter().map(|(_, lookup)| lookup);
        reading.chain(lookups).flat_map(Operation::all_exprs).chain(&self.root).collect()
    }
}

impl Operation {
    /// The expression of a word.
    #[must_use]
    pub fn expr(&self, word: &str) -> Option<&Expr> {
        self.exprs.get(word)
    }

    /// Every expression of it, of its steps and of its recoveries.
    #[must_use]
    pub fn all_exprs(&self) -> Vec<&Expr> {
        let nested = self.steps.iter().chain(&self.recover).flat_map(Operation::all_exprs);
        self.request.iter().chain(self.exprs.values()).chain(nested).collect()
    }
}

impl Text {
    /// A diagnostic whose labels are turned into words: whoever renders it does not have this text.
    #[must_use]
    pub fn locate(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        let Some(label) = diagnostic.labels.iter().find(|label| label.span.source == self.id) else {
            return diagnostic;
        };
        let start = label.span.start as usize;
        let line = self.source.text.get(..start).map_or(0, |before| before.matches('\n').count() + 1);
        diagnostic.detail = format!("{} ({}:{line})", diagnostic.detail, self.source.name);
        diagnostic.labels.retain(|label| label.span.source != self.id);
        diagnostic
    }
}
