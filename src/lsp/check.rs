//! Checking as `keyform validate` does, and its problems as editors show them.

use crate::config;
use crate::config::Input;
use crate::config::overlay::Overlay;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::Label;
use crate::diag::Severity;
use crate::diag::source::Sources;
use crate::lsp::documents::Documents;
use crate::lsp::text::Lines;
use crate::model::desired::Desired;
use crate::plan::guard;
use crate::provider::registry::Registry;
use crate::provider::rules;
use gen_lsp_types::Code;
use gen_lsp_types::CodeDescription;
use gen_lsp_types::DiagnosticRelatedInformation;
use gen_lsp_types::DiagnosticSeverity;
use gen_lsp_types::Location;
use gen_lsp_types::Range;
use gen_lsp_types::Uri;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

/// How a configuration is to be checked.
#[derive(Clone, Default)]
pub struct Settings {
    /// `--var name=value`, in the order given.
    pub vars: Vec<(String, String)>,
    /// `--var-file`, in the order given.
    pub var_files: Vec<PathBuf>,
    /// Whether a literal in a secret attribute is an error.
    pub strict: bool,
    /// Where the reference pages are: codes become links to them.
    pub docs: Option<String>,
    /// Where to work if the editor names no folder.
    pub dir: Option<PathBuf>,
}

impl Settings {
    /// What a directory is loaded from.
    pub(crate) fn input(&self, dir: &Path, overlay: Overlay) -> Input {
        let (vars, var_files) = (self.vars.clone(), self.var_files.clone());
        Input { vars, var_files, strict: self.strict, overlay, ..Input::new(dir) }
    }
}

/// Something to be checked.
pub(crate) struct Job {
    pub(crate) settings: Settings,
    pub(crate) roots: BTreeSet<PathBuf>,
    pub(crate) documents: Documents,
    /// Whether the editor shows what belongs to a problem at places of its own.
    pub(crate) shows_related: bool,
}

/// Problems by file.
pub(crate) type Problems = BTreeMap<PathBuf, Vec<gen_lsp_types::Diagnostic>>;

/// What `keyform validate` says of a configuration, and what it comes to.
pub(crate) fn validate(input: &Input) -> (Option<Desired>, Diagnostics, Sources) {
    let (mut acc, mut sources) = (Diagnostics::new(), Sources::new());
    let registry = Registry::beside(&mut acc, &mut sources, &input.dir, &input.overlay);
    let desired =
        registry.as_ref().and_then(|registry| config::load(&mut acc, &mut sources, input, registry.schemas()));
    if let (Some(desired), Some(registry)) = (&desired, &registry) {
        desired.broken.iter().for_each(|broken| acc.push(guard::broken(desired, broken)));
        rules::declared(registry.schemas(), desired).into_iter().for_each(|problem| acc.push(problem));
    }
    (desired, acc, sources)
}

impl Job {
    /// Checks every configuration. Each that is checked has an entry for each open file of it, be it empty.
    pub(crate) fn run(&self) -> Problems {
        let mut problems = Problems::new();
        for root in &self.roots {
            let overlay = self.documents.overlay();
            let (_, mut found, mut sources) = validate(&self.settings.input(root, overlay.clone()));
            config::beside(&mut found, &mut sources, root, &overlay);
            let place = Placing { job: self, root, sources: &sources };
            for problem in found {
                let (path, shown) = place.problem(&problem);
                let list = problems.entry(path).or_default();
                // What is wrong with a module is wrong with each configuration that calls it.
                if !list.contains(&shown) {
                    list.push(shown);
                }
            }
        }
        problems
    }
}

/// Where the problems of one configuration are shown.
struct Placing<'j> {
    job: &'j Job,
    root: &'j Path,
    sources: &'j Sources,
}

impl Placing<'_> {
    fn place(&self, label: &Label) -> Option<(PathBuf, Range)> {
        let source = self.sources.get(label.span.source)?;
        let path = PathBuf::from(&*source.name);
        let range = Lines::new(&source.text).range(&source.text, label.span.range());
        path.is_absolute().then_some((path, range))
    }

    /// Where to show what has no place of its own: at the start of an open file of the configuration, or of any.
    fn anywhere(&self) -> PathBuf {
        let open = || self.job.documents.paths();
        let own = open().find(|path| path.parent() == Some(self.root));
        own.or_else(|| open().next()).cloned().unwrap_or_else(|| self.root.join("main.hcl"))
    }

    fn location(&self, path: &Path, range: Range) -> Location {
        Location { uri: self.job.documents.uri(path), range }
    }

    fn problem(&self, problem: &Diagnostic) -> (PathBuf, gen_lsp_types::Diagnostic) {
        let first = problem.labels.first();
        let (path, range) =
            first.and_then(|label| self.place(label)).unwrap_or_else(|| (self.anywhere(), Range::default()));
        let mut message = match first.filter(|label| !label.text.is_empty()) {
            Some(label) => format!("{} ({})", problem.detail, label.text),
            None => problem.detail.clone(),
        };
        let mut related = Vec::new();
        for label in problem.labels.iter().skip(1) {
            let text = if label.text.is_empty() { problem.summary() } else { &label.text };
            let place = self.place(label).map(|(path, range)| self.location(&path, range));
            related.extend(place.map(|location| DiagnosticRelatedInformation { location, message: text.to_owned() }));
        }
        if let Some(help) = &problem.help {
            let help = format!("help: {help}");
            match self.job.shows_related {
                true => {
                    related.push(DiagnosticRelatedInformation { location: self.location(&path, range), message: help })
                }
                false => message = format!("{message}\n{help}"),
            }
        }
        let docs = self.job.settings.docs.as_ref();
        let shown = gen_lsp_types::Diagnostic {
            range,
            severity: Some(match problem.severity {
                Severity::Error => DiagnosticSeverity::Error,
                Severity::Warning => DiagnosticSeverity::Warning,
            }),
            code: Some(Code::String(problem.code.id.to_owned())),
            code_description: docs.map(|docs| CodeDescription { href: Uri(page(docs, problem)) }),
            source: Some("keyform".to_owned()),
            message: message.into(),
            tags: None,
            related_information: (self.job.shows_related && !related.is_empty()).then_some(related),
            data: None,
        };
        (path, shown)
    }
}

/// The heading of a code on the page of all diagnostics.
fn page(docs: &str, problem: &Diagnostic) -> String {
    let heading = format!("{} {}", problem.code.id, problem.summary());
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect();
    format!("{}/diagnostics.md#{anchor}", docs.trim_end_matches('/'))
}
