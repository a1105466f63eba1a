//! What names mean while an expression is evaluated, and what of the outside world it may touch.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::lang::functions::Function;
use crate::model::address::Address;
use crate::model::attrs::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// Names in scope. Scopes nest: `for` expressions, `each`, and steps of manifests add a layer.
pub struct Scope<'a> {
    names: BTreeMap<Arc<str>, Value>,
    parent: Option<&'a Scope<'a>>,
    outside: &'a Outside<'a>,
}

/// Looks up an attribute, or the resources nested in one: `project.payments.slug`,
/// `project.payments.environment`. The span is the attribute's.
pub type ResourceAttr<'a> = dyn Fn(&Address, &str, Span) -> Result<Value, Diagnostic> + 'a;

/// The outside world as an expression sees it; manifests get [`Outside::nothing`].
pub struct Outside<'a> {
    /// Tables of functions, looked through in order.
    pub functions: &'a [&'static [Function]],
    /// Where relative paths start.
    pub base: &'a Path,
    /// Where files of secrets are, seen from the configuration: empty but in modules.
    pub secrets: &'a Path,
    /// A variable of the environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The text of a file.
    pub read: &'a dyn Fn(&Path) -> std::io::Result<String>,
    /// Files that match a pattern, sorted.
    pub glob: &'a dyn Fn(&Path, &str) -> std::io::Result<Vec<PathBuf>>,
    /// Attributes of referenced resources.
    pub resource: &'a ResourceAttr<'a>,
    /// How much may still be done.
    pub budget: Budget,
}

/// How much one evaluation may do: a few lines of configuration can ask for more than any machine has.
#[derive(Debug)]
pub struct Budget(AtomicU64);

/// Steps of one evaluation of a configuration's value.
const MOST_STEPS: u64 = 10_000_000;
/// Elements of a list or an object cost more than a step, bytes of a text less: 64 MiB are too much.
const STEPS_OF_ELEMENT: u64 = 4;
const BYTES_OF_STEP: u64 = 6;

impl Budget {
    /// Enough for any value that is meant.
    #[must_use]
    pub fn of_value() -> Self {
        Self(AtomicU64::new(MOST_STEPS))
    }

    /// No limit: for manifests, whose evaluations are small and many.
    #[must_use]
    pub fn unlimited() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }

    fn take(&self, steps: u64, at: Span) -> Result<(), Diagnostic> {
        let left = self.0.load(Ordering::Relaxed);
        if left == u64::MAX {
            return Ok(());
        }
        // One evaluation is of one thread.
        self.0.store(left.saturating_sub(steps), Ordering::Relaxed);
        if steps <= left {
            return Ok(());
        }
        let detail = "This would take more than 10 million steps, or become larger than about 60 MB.";
        Err(Diagnostic::error(&codes::TOO_LARGE, detail).at(at, ""))
    }

    /// Pays for the evaluation of one node.
    ///
    /// # Errors
    /// There is not enough left. So it is with the others.
    pub(crate) fn step(&self, at: Span) -> Result<(), Diagnostic> {
        self.take(1, at)
    }

    /// Pays for a text.
    ///
    /// # Errors
    /// See [`Budget::step`].
    pub(crate) fn text(&self, length: usize, at: Span) -> Result<(), Diagnostic> {
        self.take(length as u64 / BYTES_OF_STEP, at)
    }

    /// Pays for what a function made.
    ///
    /// # Errors
    /// See [`Budget::step`].
    pub(crate) fn value(&self, value: &Value, at: Span) -> Result<(), Diagnostic> {
        match value {
            Value::String(text) => self.text(text.len(), at),
            Value::Secret(secret) => self.text(secret.expose().len(), at),
            Value::List(items) => self.take(items.len() as u64 * STEPS_OF_ELEMENT, at),
            Value::Object(fields) => self.take(fields.len() as u64 * STEPS_OF_ELEMENT, at),
            _ => Ok(()),
        }
    }
}

impl<'a> Outside<'a> {
    /// No environment, no files, no resources: what manifests see.
    #[must_use]
    pub fn nothing(functions: &'a [&'static [Function]]) -> Self {
        Self {
            functions,
            base: Path::new(""),
            secrets: Path::new(""),
            env: &no_env,
            read: &no_file,
            glob: &no_files,
            resource: &no_resource,
            budget: Budget::unlimited(),
        }
    }
}

fn no_env(_: &str) -> Option<String> {
    None
}

fn no_file(_: &Path) -> std::io::Result<String> {
    Err(std::io::ErrorKind::Unsupported.into())
}

fn no_files(_: &Path, _: &str) -> std::io::Result<Vec<PathBuf>> {
    Err(std::io::ErrorKind::Unsupported.into())
}

fn no_resource(_: &Address, _: &str, span: Span) -> Result<Value, Diagnostic> {
    Err(Diagnostic::error(&codes::UNKNOWN_NAME, "There are no resources here.").at(span, ""))
}

impl<'a> Scope<'a> {
    /// The outermost scope, empty.
    #[must_use]
    pub fn new(outside: &'a Outside<'a>) -> Self {
        Self { names: BTreeMap::new(), parent: None, outside }
    }

    /// A scope inside this one, empty.
    #[must_use]
    pub fn nested<'b>(&'b self) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope { names: BTreeMap::new(), parent: Some(self), outside: self.outside }
    }

    /// Gives a name a meaning, hiding outer ones.
    pub fn set(&mut self, name: impl Into<Arc<str>>, value: Value) {
        self.names.insert(name.into(), value);
    }

    /// What a name means.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.names.get(name).or_else(|| self.parent?.get(name))
    }

    /// All names, for "did you mean".
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.parent.map(Scope::names).unwrap_or_default();
        names.extend(self.names.keys().map(|name| &**name));
        names
    }

    /// The outside world.
    #[must_use]
    pub fn outside(&self) -> &'a Outside<'a> {
        self.outside
    }
}
