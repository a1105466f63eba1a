//! The blocks that declare no resource: `keyform`, `backend`, `guard`, `output`.

use crate::config::check;
use crate::config::check::Misfit;
use crate::config::decode;
use crate::config::evaluate::Evaluation;
use crate::config::frames::At;
use crate::config::refs;
use crate::config::source;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::Span;
use crate::lang::ast::Block;
use crate::lang::ast::Expr;
use crate::lang::ast::Node;
use crate::model::attrs::Attrs;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::desired::Backend;
use crate::model::desired::Policy;
use crate::model::desired::Settings;
use crate::model::desired::Undo;
use crate::model::login;
use crate::model::schema::Type;
use crate::secret::Secret;
use crate::secret::seal::Identity;
use crate::secret::seal::Recipient;
use crate::secret::sign::Verifier;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The backends that there are.
pub(crate) const BACKENDS: [&str; 3] = ["embedded", "infisical", "hanzo-kms"];

impl Evaluation<'_> {
    /// The `keyform` block.
    pub(crate) fn settings(&self) -> Settings {
        let mut out = Settings::default();
        let Some(block) = self.declared.keyform else { return out };
        if let Some(expr) = decode::expr(&block.body, "required_version") {
            self.required_version(expr);
        }
        out.parallelism = self.whole(block, "parallelism", 1, 256);
        out.snapshot_keys =
            decode::expr(&block.body, "snapshot_keys").map(|expr| self.verifiers(expr)).unwrap_or_default();
        let ledger = block.body.blocks.iter().find(|inner| &*inner.kind == "ledger");
        out.ledger = ledger.and_then(|ledger| self.ledger(ledger));
        if let (Some(ledger), Some((store, _))) = (ledger, &out.ledger)
            && &**store != "file"
            && self.is_embedded()
        {
            let detail =
                format!("`ledger \"{store}\"` is for many machines; the embedded backend is on this one only.");
            let d = Diagnostic::warning(&codes::LEDGER_ALONE, detail).at(ledger.header, "");
            self.report(d.help("declare the `backend` that all machines talk to, or leave this block out"));
        }
        out.undo = block.body.blocks.iter().find(|inner| &*inner.kind == "undo").and_then(|undo| self.undo(undo));
        out
    }

    fn verifiers(&self, expr: &Expr) -> Vec<Verifier> {
        let Some(value) = self.eval(expr, At::ROOT) else { return Vec::new() };
        let list = match check::fit(&value, &Type::List(Box::new(Type::String))) {
            Ok(list) => list,
            Err(misfit) => {
                self.report(misfit.diagnostic("snapshot_keys", expr));
                return Vec::new();
            }
        };
        let texts = list.as_list().unwrap_or_default().iter().filter_map(check::text);
        let read = |text: Arc<str>| {
            let key = Verifier::from_hex(&text);
            if key.is_none() {
                let d = Diagnostic::error(&codes::SNAPSHOT_KEY, "This is no public key of 64 hexadecimal digits.");
                self.report(d.at(expr.span, "").help("`keyform snapshot keygen FILE` prints one"));
            }
            key
        };
        texts.filter_map(read).collect()
    }

    fn undo(&self, block: &Block) -> Option<Undo> {
        let expr = decode::expr(&block.body, "recipients")?;
        // One that is a private key by mistake is not shown with what is wrong about it.
        let parts = match &expr.node {
            Node::List(parts) => &parts[..],
            _ => std::slice::from_ref(expr),
        };
        let is_private = |part: &&Expr| matches!(&part.node, Node::String(text) if Identity::is_meant(text));
        self.hidden.borrow_mut().extend(parts.iter().filter(is_private).map(|part| part.span));
        let value = self.eval(expr, At::ROOT)?;
        let list = match check::fit(&value, &Type::List(Box::new(Type::String))) {
            Ok(list) => list,
            Err(misfit) => {
                self.report(misfit.diagnostic("recipients", expr));
                return None;
            }
        };
        let texts = list.as_list().unwrap_or_default();
        let mut recipients = Vec::new();
        for (i, text) in texts.iter().filter_map(check::text).enumerate() {
            let span = parts.get(i).map_or(expr.span, |part| part.span);
            match Recipient::parse(&text) {
                Some(recipient) => recipients.push(recipient),
                None if Identity::is_meant(&text) => {
                    let d = Diagnostic::error(&codes::IDENTITY_WRITTEN, "A private key opens what is sealed.");
                    self.report(d.at(span, "").help("put it into a file, and its public key, `age1…`, here"));
                }
                None => {
                    let d = Diagnostic::error(&codes::BAD_RECIPIENT, "This is no public key of age.").at(span, "");
                    self.report(
                        d.help("`keyform undo --new-identity FILE` makes a pair and prints what to write here"),
                    );
                }
            }
        }
        if texts.is_empty() {
            let d = Diagnostic::error(&codes::BAD_RECIPIENT, "Nobody could open what is kept.").at(expr.span, "");
            self.report(d.help("name at least one public key of age, `age1…`, or take the `undo` block away"));
        }
        let keep = self.whole(block, "keep", 1, 10_000).unwrap_or(30);
        (!recipients.is_empty()).then_some(Undo { recipients, keep })
    }

    fn required_version(&self, expr: &Expr) {
        let Some(value) = self.eval(expr, At::ROOT) else { return };
        let Some(text) = value.as_str() else {
            self.report(Misfit::shape("a text such as \">= 0.1\"", &value).diagnostic("required_version", expr));
            return;
        };
        let own = env!("CARGO_PKG_VERSION");
        match satisfies(own, text) {
            Some(true) => {}
            Some(false) => self.report(
                Diagnostic::error(
                    &codes::VERSION,
                    format!("This is keyform {own}; the configuration requires {text}."),
                )
                .at(expr.span, "not met"),
            ),
            None => self.report(
                Diagnostic::error(&codes::NOT_ALLOWED, "This is no version constraint.")
                    .at(expr.span, "")
                    .help("for example `>= 0.1, < 1.0` or `~> 0.3`"),
            ),
        }
    }

    /// The `backend` block.
    /// Whether the backend is the embedded one.
    pub(crate) fn is_embedded(&self) -> bool {
        self.declared.backend.is_none_or(|block| &*block.labels[0].text == "embedded")
    }

    pub(crate) fn backend(&self) -> Backend {
        let Some(block) = self.declared.backend else { return Backend::default() };
        let label = &block.labels[0];
        if !BACKENDS.contains(&&*label.text) {
            let d = Diagnostic::error(&codes::NOT_ALLOWED, format!("There is no backend `{}`.", label.text));
            self.report(
                d.at(label.span, "")
                    .help("one of `embedded`, `infisical`, `hanzo-kms`")
                    .did_you_mean(&label.text, BACKENDS),
            );
            return Backend::default();
        }
        let mut out = Backend { kind: label.text.clone(), origin: Some(block.header), ..Backend::default() };
        out.attrs = self.plain_attrs(block, |name| (name == "url").then_some(false));
        let auth = block.body.blocks.iter().find(|inner| &*inner.kind == "auth");
        if &*label.text == "embedded" {
            let extra = block.body.attrs.first().map(|attr| attr.name_span).or(auth.map(|auth| auth.header));
            if let Some(span) = extra {
                let detail = "The embedded backend has no address and needs no login.";
                self.report(Diagnostic::error(&codes::UNEXPECTED, detail).at(span, ""));
            }
            return out;
        }
        // Without an address, without a login: the environment says it, when the backend is opened.
        if let Some(url) = out.attrs.get("url").and_then(Value::as_str)
            && !url.starts_with("https://")
            && !url.starts_with("http://")
        {
            let span = decode::expr(&block.body, "url").map_or(block.header, |expr| expr.span);
            let d = Diagnostic::error(&codes::NOT_ALLOWED, "`url` begins with `https://`.").at(span, "");
            self.report(d.help("for example `https://app.infisical.com`"));
        }
        if let Some(auth) = auth {
            out.auth = Some(auth.labels.first().map_or_else(Arc::default, |label| label.text.clone()));
            out.auth_attrs = self.auth(auth);
        }
        out
    }

    fn auth(&self, block: &Block) -> Attrs {
        let Some(label) = block.labels.first() else { return Attrs::new() };
        let words = || login::METHODS.iter().map(|method| method.word);
        let Some(method) = login::METHODS.iter().find(|method| method.word == &*label.text) else {
            let d = Diagnostic::error(&codes::NOT_ALLOWED, format!("There is no way `{}` to log in.", label.text));
            let listed = words().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            self.report(d.at(label.span, "").help(format!("one of {listed}")).did_you_mean(&label.text, words()));
            return Attrs::new();
        };
        for attr in block.body.attrs.iter().filter(|attr| method.field(&attr.name).is_none()) {
            let detail = format!("`{}` does not belong to `auth \"{}\"`.", attr.name, label.text);
            let d = Diagnostic::error(&codes::UNEXPECTED, detail).at(attr.name_span, "");
            self.report(d.did_you_mean(&attr.name, method.fields.iter().map(|field| field.name)));
        }
        for field in method.fields.iter().filter(|field| field.required) {
            if decode::expr(&block.body, field.name).is_none() {
                let detail = format!("`auth \"{}\"` needs the attribute `{}`.", label.text, field.name);
                self.report(
                    Diagnostic::error(&codes::REQUIRED, detail)
                        .at(block.header, format!("`{}` is not set", field.name)),
                );
            }
        }
        self.plain_attrs(block, |name| {
            // A secret in a field that does not belong here is one all the same.
            let known = method.field(name).or_else(|| login::METHODS.iter().find_map(|other| other.field(name)));
            known.map(|field| field.secret)
        })
    }

    /// The attributes of a block without instances: texts, and secrets where `is_secret` says so; it gives
    /// `None` for names that mean nothing.
    pub(crate) fn plain_attrs(&self, block: &Block, is_secret: impl Fn(&str) -> Option<bool>) -> Attrs {
        let mut out = Attrs::new();
        for attr in &block.body.attrs {
            let Some(secret) = is_secret(&attr.name) else { continue };
            if secret {
                self.hidden.borrow_mut().extend(refs::literals(&attr.expr));
            }
            let Some(value) = self.eval(&attr.expr, At::ROOT) else { continue };
            let value = match value {
                Value::Null => continue,
                Value::Source(_) if secret => self.login_source(&block.kind, value, attr.expr.span),
                Value::String(text) if secret => {
                    self.report(
                        self.literal(format!("`{}` is a secret, and plain text here.", attr.name), attr.expr.span),
                    );
                    Some(Value::Source(Arc::new(SecretSource::Literal(Secret::new((*text).to_owned())))))
                }
                other => match check::fit(&other, &Type::String) {
                    Ok(value) => Some(value),
                    Err(misfit) => {
                        self.report(misfit.diagnostic(&attr.name, &attr.expr));
                        None
                    }
                },
            };
            out.extend(value.map(|value| (attr.name.clone(), value)));
        }
        out
    }

    /// A credential for the backend can't come from the backend.
    fn login_source(&self, kind: &str, value: Value, span: Span) -> Option<Value> {
        if let Value::Source(from) = &value {
            if matches!(**from, SecretSource::Stored(_) | SecretSource::Random { .. }) {
                let detail = match kind {
                    "ledger" => "The ledger is read before the backend is: its password can't come from there.",
                    "notify" => "Whom to notify must be known when the backend can't be reached, too.",
                    _ => "The login to the backend can't come from the backend.",
                };
                self.report(Diagnostic::error(&codes::SECRET_PLACE, detail).at(span, ""));
                return None;
            }
            if let Some(warning) = source::exposed(from, &self.input.dir) {
                self.report(warning.at(span, "readable by others"));
            }
        }
        Some(value)
    }

    /// The `guard` block.
    pub(crate) fn policy(&self) -> Policy {
        let mut out = Policy::default();
        let Some(block) = self.declared.guard else { return out };
        if let Some(n) = self.whole(block, "max_deletes", 0, 1_000_000) {
            out.max_deletes = n;
        }
        if let Some(n) = self.whole(block, "max_delete_percent", 0, 100) {
            out.max_delete_percent = n;
        }
        if let Some(expr) = decode::expr(&block.body, "allow")
            && let Some(value) = self.eval(expr, At::ROOT)
        {
            match check::fit(&value, &Type::List(Box::new(Type::String))) {
                Ok(list) => {
                    for (i, item) in list.as_list().unwrap_or_default().iter().enumerate() {
                        let span = match &expr.node {
                            Node::List(parts) => parts.get(i).map_or(expr.span, |part| part.span),
                            _ => expr.span,
                        };
                        out.allow.extend(check::text(item).and_then(|name| self.hazard(name, span)));
                    }
                }
                Err(misfit) => self.report(misfit.diagnostic("allow", expr)),
            }
        }
        out
    }

    pub(crate) fn whole(&self, block: &Block, name: &str, low: i64, high: i64) -> Option<usize> {
        let expr = decode::expr(&block.body, name)?;
        let value = self.eval(expr, At::ROOT)?;
        if value.is_null() {
            return None;
        }
        let Some(number) = check::number(&value) else {
            self.report(Misfit::shape("a whole number", &value).diagnostic(name, expr));
            return None;
        };
        let fits = number.as_i64().filter(|n| (low..=high).contains(n)).and_then(|n| usize::try_from(n).ok());
        if fits.is_none() {
            let detail = format!("`{name}` is a whole number from {low} to {high}.");
            self.report(Diagnostic::error(&codes::NOT_ALLOWED, detail).at(expr.span, "out of range"));
        }
        fits
    }

    /// The `output` blocks.
    pub(crate) fn outputs(&self) -> BTreeMap<Arc<str>, Value> {
        let mut out = BTreeMap::new();
        for block in &self.declared.root().outputs {
            let Some(expr) = decode::expr(&block.body, "value") else { continue };
            let Some(value) = self.eval(expr, At::ROOT) else { continue };
            match check::fit(&value, &Type::Any) {
                Ok(value) => {
                    out.insert(block.labels[0].text.clone(), value);
                }
                Err(misfit) => {
                    let d = misfit.diagnostic("value", expr);
                    self.report(match misfit.why {
                        check::Why::Shape(..) => d.help("read one of its attributes"),
                        _ => d.help("an output is shown; a secret can't be one"),
                    });
                }
            }
        }
        out
    }
}

/// Whether a version meets constraints such as `>= 0.1, < 1.0`; `None` if they are none.
fn satisfies(version: &str, constraints: &str) -> Option<bool> {
    let own = parts(version)?;
    let mut met = true;
    for constraint in constraints.split(',') {
        let constraint = constraint.trim();
        let digits = constraint.find(|c: char| c.is_ascii_digit())?;
        let (operator, wanted_text) = (constraint[..digits].trim(), &constraint[digits..]);
        let wanted = parts(wanted_text)?;
        met &= match operator {
            "" | "=" => own == wanted,
            "!=" => own != wanted,
            ">" => own > wanted,
            ">=" => own >= wanted,
            "<" => own < wanted,
            "<=" => own <= wanted,
            // `~> 1.2` is `>= 1.2, < 2`; `~> 1.2.3` is `>= 1.2.3, < 1.3`.
            "~>" => {
                let fixed = wanted_text.split('.').count().saturating_sub(1).clamp(1, 2);
                own >= wanted && own[..fixed] == wanted[..fixed]
            }
            _ => return None,
        };
    }
    Some(met)
}

/// The three numbers of a version; those that are not written are 0.
fn parts(version: &str) -> Option<[u64; 3]> {
    let mut out = [0; 3];
    let mut numbers = version.trim().split('.');
    for part in &mut out {
        match numbers.next() {
            Some(number) => *part = number.parse().ok()?,
            None => break,
        }
    }
    numbers.next().is_none().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::satisfies;

    #[test]
    fn versions() {
        for (constraint, met) in [
            (">= 0.1", Some(true)),
            ("< 0.1", Some(false)),
            (">= 0.1, < 1", Some(true)),
            ("~> 0.1", Some(true)),
            ("~> 0.2.0", Some(false)),
            ("~> 0.1.4", Some(true)),
            ("~> 0.1.6", Some(false)),
            ("0.1.5", Some(true)),
            ("!= 0.1.5", Some(false)),
            ("", None),
            ("=> 1", None),
            ("1.2.3.4", None),
            ("latest", None),
        ] {
            assert_eq!(satisfies("0.1.5", constraint), met, "{constraint}");
        }
    }
}
