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
    /// A variable of the environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// The text of a file.
    pub read: &'a dyn Fn(&Path) -> std::io::Result<String>,
    /// Files that match a pattern, sorted.
    pub glob: &'a dyn Fn(&Path, &str) -> std::io::Result<Vec<PathBuf>>,
    /// Attributes of referenced resources.
    pub resource: &'a ResourceAttr<'a>,
}

impl<'a> Outside<'a> {
    /// No environment, no files, no resources: what manifests see.
    #[must_use]
    pub fn nothing(functions: &'a [&'static [Function]]) -> Self {
        Self { functions, base: Path::new(""), env: &no_env, read: &no_file, glob: &no_files, resource: &no_resource }
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
