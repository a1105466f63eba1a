//! Variables: what gives each its value, its type, and whether it is a secret.
//!
//! The later one counts: the default, `KEYFORM_VAR_name`, `keyform.vars.hcl`, `*.auto.vars.hcl` in the
//! order of their names, `--var-file` in the order given, `--var` in the order given.

use crate::config::Input;
use crate::config::decode;
use crate::config::decode::Declared;
use crate::config::evaluate::Evaluation;
use crate::config::frames::At;
use crate::config::load;
use crate::config::refs;
use crate::config::refs::Mention;
use crate::config::types;
use crate::config::types::VarType;
use crate::config::vars;
use crate::config::vars::Given;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::disk;
use crate::lang::ast::Block;
use crate::lang::ast::Expr;
use crate::lang::eval;
use crate::lang::functions;
use crate::lang::scope::Budget;
use crate::lang::scope::Outside;
use crate::lang::scope::Scope;
use crate::model::address::Address;
use crate::model::address::MODULE;
use crate::model::attrs::Object;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::secret::Secret;
use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// All variables with their values.
#[derive(Default)]
pub(crate) struct Variables {
    /// The object `var`.
    values: Value,
    /// Names in the order of the files.
    names: Vec<Arc<str>>,
    /// Those without a usable value, which was reported.
    failed: HashSet<Arc<str>>,
    /// Those of the failed that have no value and need none: nothing was reported.
    spared: HashSet<Arc<str>>,
    known: HashSet<Arc<str>>,
}

impl Variables {
    /// Whether one of them has no value although nothing was reported.
    pub(crate) fn spares_any(&self) -> bool {
        !self.spared.is_empty()
    }

    /// Whether an expression that mentions this may mean one without a value.
    pub(crate) fn is_spared(&self, name: Option<&str>) -> bool {
        name.map_or(self.spares_any(), |name| self.spared.contains(name))
    }

    /// Those of a module, which get their values one by one.
    pub(crate) fn named(blocks: &[&Block]) -> Self {
        let names: Vec<Arc<str>> = blocks.iter().map(|block| block.labels[0].text.clone()).collect();
        Self { known: names.iter().cloned().collect(), names, ..Self::default() }
    }

    pub(crate) fn values(&self) -> Value {
        self.values.clone()
    }

    pub(crate) fn knows(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    pub(crate) fn is_poisoned(&self, name: &str) -> bool {
        self.failed.contains(name)
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.names.iter().map(|name| &**name).collect()
    }
}

/// Whether the backend or the settings may need a variable. A local value may stand for any.
pub(crate) fn backend_needs(declared: &Declared<'_>, variable: &str) -> bool {
    fn within(block: &Block, is_needed: &dyn Fn(&Mention) -> bool) -> bool {
        block.body.attrs.iter().any(|attr| refs::mentions(&attr.expr).iter().any(is_needed))
            || block.body.blocks.iter().any(|inner| within(inner, is_needed))
    }
    let is_needed = |mention: &Mention| match &*mention.root {
        "local" | MODULE => true,
        "var" => mention.name.as_deref().is_none_or(|name| name == variable),
        _ => false,
    };
    declared.backend.into_iter().chain(declared.keyform).any(|block| within(block, &is_needed))
}

/// Gives every declared variable its value; of `files`, the later one counts.
/// Those that are `spared` may be without one.
pub(crate) fn resolve(
    acc: &mut Diagnostics,
    hidden: &mut Vec<Span>,
    input: &Input,
    files: &[vars::File],
    blocks: &[&Block],
    spared: &dyn Fn(&str) -> bool,
) -> Variables {
    let known: HashSet<Arc<str>> = blocks.iter().map(|block| block.labels[0].text.clone()).collect();
    let names = blocks.iter().map(|block| block.labels[0].text.clone()).collect();
    let mut given = given_in_files(acc, files, &known);
    let mut object = Object::new();
    let mut failed = HashSet::new();
    let mut without = HashSet::new();
    // On the command line, the last one counts.
    let mut texts: HashMap<&str, &str> = HashMap::new();
    for (name, text) in &input.vars {
        if !known.contains(name.as_str()) {
            let detail = format!("`--var {name}=…`: there is no variable `{name}`.");
            acc.push(
                Diagnostic::error(&codes::UNKNOWN_VARIABLE, detail)
                    .did_you_mean(name, known.iter().map(|name| &**name)),
            );
        }
        texts.insert(name, text);
    }
    for block in blocks {
        let name = &block.labels[0].text;
        let text = texts.get(&**name).map(|text| ((*text).to_owned(), "--var".to_owned()));
        let file = given.remove(name);
        let from_env = || {
            let key = format!("KEYFORM_VAR_{name}");
            (input.env)(&key).map(|text| (text, key))
        };
        let text = text.or_else(|| if file.is_some() { None } else { from_env() });
        if text.is_none() && file.is_none() && decode::expr(&block.body, "default").is_none() && spared(name) {
            failed.insert(name.clone());
            without.insert(name.clone());
            continue;
        }
        match one(acc, hidden, input, block, text, file) {
            Some(value) => {
                object.insert(name.clone(), value);
            }
            None => {
                failed.insert(name.clone());
            }
        }
    }
    Variables { values: Value::object(object), names, failed, spared: without, known }
}

/// What files say, the last one of a name.
fn given_in_files(acc: &mut Diagnostics, files: &[vars::File], known: &HashSet<Arc<str>>) -> HashMap<Arc<str>, Given> {
    let mut given = HashMap::new();
    for file in files {
        for (variable, value) in vars::file(acc, file) {
            if !known.contains(&variable) {
                // What does not look like a name may be a value.
                let is_name = variable.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
                let named = if is_name { format!(" `{variable}`") } else { " of this name".to_owned() };
                let detail = format!("{}: there is no variable{named}.", value.from);
                let d = Diagnostic::warning(&codes::UNKNOWN_VARIABLE, detail);
                let d = value.at.into_iter().fold(d, |d, at| d.at(at, ""));
                acc.push(d.did_you_mean(&variable, known.iter().map(|name| &**name)));
            }
            given.insert(variable, value);
        }
    }
    given
}

/// The value of one variable; `None` if it has none, which is reported.
pub(crate) fn one(
    acc: &mut Diagnostics,
    hidden: &mut Vec<Span>,
    input: &Input,
    block: &Block,
    text: Option<(String, String)>,
    file: Option<Given>,
) -> Option<Value> {
    let name = &block.labels[0].text;
    let ty = match decode::expr(&block.body, "type") {
        Some(expr) => acc.take(types::parse(expr))?,
        None => VarType::Any,
    };
    let sensitive = flag(acc, block, "sensitive")?;
    let default = decode::expr(&block.body, "default");
    if sensitive && let Some(expr) = default {
        hidden.extend(refs::literals(expr));
    }
    // The default must fit even where it is not used.
    let default = match default {
        Some(expr) => {
            let value = acc.take(constant(input, expr))?;
            let fitted = types::convert(&value, &ty).map_err(|misfit| misfit.diagnostic("default", expr));
            let fitted = acc.take(fitted)?;
            if sensitive && fitted.as_str().is_some_and(|text| !text.is_empty()) {
                let detail = format!("The default of the sensitive variable `{name}` stands in the configuration.");
                let d = Diagnostic::warning(&codes::LITERAL_SECRET, detail).at(expr.span, "");
                let d = d.help("remove the default, or use `secret_env(\"NAME\")`");
                acc.push(match input.strict {
                    true => Diagnostic { severity: crate::diag::Severity::Error, ..d },
                    false => d,
                });
            }
            Some(fitted)
        }
        None => None,
    };
    let given = match (text, file) {
        (Some((text, from)), _) => {
            let structured = matches!(ty, VarType::List(_) | VarType::Set(_) | VarType::Map(_) | VarType::Object(_));
            let value = match structured {
                true => vars::expression(&text),
                false => Some(Value::string(text)),
            };
            let Some(value) = value else {
                let detail =
                    format!("The value that {from} gives for `{name}` is not written like a list or an object.");
                acc.push(
                    Diagnostic::error(&codes::VARIABLE_VALUE, detail)
                        .at(block.header, "declared here")
                        .help("for example '[\"a\", \"b\"]' or '{ a = 1 }'"),
                );
                return None;
            };
            Some(Given { value, from, at: None })
        }
        (None, file) => file,
    };
    let value = match (given, default) {
        (Some(given), _) => match types::convert(&given.value, &ty) {
            Ok(value) => value,
            Err(misfit) => {
                let detail = format!("{} gives a value that does not fit: {}", given.from, misfit.detail(name));
                acc.push(Diagnostic::error(&codes::VARIABLE_VALUE, detail).at(block.header, "declared here"));
                return None;
            }
        },
        (None, Some(default)) => default,
        (None, None) => {
            acc.push(
                Diagnostic::error(&codes::NO_VALUE, format!("The variable `{name}` has no value."))
                    .at(block.header, "has no default")
                    .help(format!(
                        "write `{name} = …` into keyform.vars.hcl, pass --var {name}=…, or set KEYFORM_VAR_{name}"
                    )),
            );
            return None;
        }
    };
    Some(if sensitive { covered(value) } else { value })
}

/// A truth value written in a variable's block; `None` if it is none, which is reported.
fn flag(acc: &mut Diagnostics, block: &Block, name: &str) -> Option<bool> {
    let Some(expr) = decode::expr(&block.body, name) else { return Some(false) };
    match &expr.node {
        crate::lang::ast::Node::Bool(b) => Some(*b),
        _ => {
            let detail = format!("`{name}` of a variable is `true` or `false`, written out.");
            acc.push(Diagnostic::error(&codes::WRONG_TYPE, detail).at(expr.span, ""));
            None
        }
    }
}

/// The same value with every text and number in it turned into a secret.
fn covered(value: Value) -> Value {
    match value {
        Value::String(text) => cover(&text),
        Value::Number(n) => cover(&n.to_string()),
        Value::Bool(b) => cover(&b.to_string()),
        Value::List(items) => Value::list(items.iter().cloned().map(covered).collect()),
        Value::Object(fields) => {
            Value::object(fields.iter().map(|(name, value)| (name.clone(), covered(value.clone()))).collect())
        }
        other => other,
    }
}

fn cover(text: &str) -> Value {
    Value::Source(Arc::new(SecretSource::Literal(Secret::new(text.to_owned()))))
}

/// A default: functions may be called, nothing else named.
fn constant(input: &Input, expr: &Expr) -> Result<Value, Diagnostic> {
    let resource = |_: &Address, _: &str, span: Span| {
        Err(Diagnostic::error(&codes::UNKNOWN_NAME, "A default can't refer to resources.").at(span, ""))
    };
    let env = |name: &str| (input.env)(name);
    let outside = Outside {
        functions: &[functions::CORE, functions::OUTSIDE],
        base: &input.dir,
        secrets: Path::new(""),
        env: &env,
        read: &disk::read_text,
        glob: &load::glob,
        resource: &resource,
        budget: Budget::of_value(),
    };
    let is_root = |mention: &Mention| matches!(&*mention.root, "var" | "local" | "each" | MODULE);
    eval::eval(expr, &Scope::new(&outside)).map_err(|d| match refs::mentions(expr).into_iter().find(is_root) {
        Some(mention) if d.code == &codes::UNKNOWN_NAME => {
            Diagnostic::error(&codes::UNKNOWN_NAME, "A default can't refer to variables, locals or modules.")
                .at(mention.span, "")
                .help("compute it in `locals`, where the variables have their values")
        }
        _ => d,
    })
}

impl Evaluation<'_> {
    /// Checks the `validation` blocks of all variables of a frame.
    pub(crate) fn validations(&self, index: usize) {
        let frame = self.frame(index);
        for block in &self.declared.modules[frame.module].variables {
            let name = &block.labels[0].text;
            if frame.is_poisoned(name) {
                continue;
            }
            for rule in block.body.blocks.iter().filter(|inner| &*inner.kind == "validation") {
                self.within(index, || self.validation(index, name, block, rule));
            }
        }
    }

    fn validation(&self, frame: usize, name: &str, block: &Block, rule: &Block) {
        let (Some(condition), Some(message)) =
            (decode::expr(&rule.body, "condition"), decode::expr(&rule.body, "error_message"))
        else {
            return;
        };
        match self.eval(condition, At::frame(frame)) {
            None | Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => {
                let Some(message) = self.eval(message, At::frame(frame)) else { return };
                let text = message.as_str().unwrap_or("the condition is false");
                let detail = format!("`var.{name}`: {text}");
                self.report(
                    Diagnostic::error(&codes::VALIDATION, detail)
                        .at(condition.span, "is false")
                        .at(block.header, "of this variable"),
                );
            }
            Some(other) => self.report(
                Diagnostic::error(&codes::WRONG_TYPE, "`condition` must be true or false.")
                    .at(condition.span, other.shape()),
            ),
        }
    }
}
