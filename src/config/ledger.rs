//! The `ledger` block: which store, and what each of them takes.

use crate::config::decode;
use crate::config::evaluate::Evaluation;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::lang::ast::Block;
use crate::model::attrs::Attrs;
use crate::model::attrs::Number;
use crate::model::attrs::Value;
use std::sync::Arc;

/// A place for ledgers.
struct Store {
    word: &'static str,
    needs: &'static [&'static str],
    takes: &'static [&'static str],
}

const STORES: &[Store] = &[
    Store { word: "file", needs: &[], takes: &[] },
    Store { word: "s3", needs: &["bucket"], takes: &["prefix", "region", "endpoint", "lease"] },
    Store { word: "gcs", needs: &["bucket"], takes: &["prefix", "endpoint", "lease"] },
    Store { word: "azblob", needs: &["container"], takes: &["account", "prefix", "endpoint", "lease"] },
    Store { word: "postgres", needs: &[], takes: &["url", "password", "name", "lease"] },
    Store { word: "backend", needs: &["project", "environment"], takes: &["path", "lease"] },
];

/// The stores that there are.
pub(crate) fn stores() -> Vec<&'static str> {
    STORES.iter().map(|store| store.word).collect()
}

/// Whether a store needs an attribute; `None` if it does not take it.
pub(crate) fn needs(store: &str, name: &str) -> Option<bool> {
    let Some(store) = STORES.iter().find(|known| known.word == store) else { return Some(false) };
    let is_needed = store.needs.contains(&name);
    (is_needed || store.takes.contains(&name)).then_some(is_needed)
}

impl Evaluation<'_> {
    /// Where the ledger is kept: the store, and what it takes.
    pub(crate) fn ledger(&self, block: &Block) -> Option<(Arc<str>, Attrs)> {
        let label = block.labels.first()?;
        let words = || STORES.iter().map(|store| store.word);
        let Some(store) = STORES.iter().find(|store| store.word == &*label.text) else {
            let listed = words().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            let detail = format!("There is no ledger store `{}`.", label.text);
            let d = Diagnostic::error(&codes::NOT_ALLOWED, detail).at(label.span, "");
            self.report(d.help(format!("one of {listed}")).did_you_mean(&label.text, words()));
            return None;
        };
        let known = || store.needs.iter().chain(store.takes).copied();
        for attr in block.body.attrs.iter().filter(|attr| !known().any(|name| name == &*attr.name)) {
            let detail = format!("`{}` does not belong to `ledger \"{}\"`.", attr.name, store.word);
            let d = Diagnostic::error(&codes::UNEXPECTED, detail).at(attr.name_span, "");
            self.report(d.did_you_mean(&attr.name, known()));
        }
        for name in store.needs.iter().filter(|name| decode::expr(&block.body, name).is_none()) {
            let detail = format!("`ledger \"{}\"` needs the attribute `{name}`.", store.word);
            let d = Diagnostic::error(&codes::REQUIRED, detail);
            self.report(d.at(block.header, format!("`{name}` is not set")));
        }
        let mut attrs = self.plain_attrs(block, |name| (name != "lease").then_some(name == "password"));
        let seconds = self.whole(block, "lease", 5, 3600).and_then(|seconds| i64::try_from(seconds).ok());
        attrs.extend(seconds.map(|seconds| ("lease".into(), Value::Number(Number::Int(seconds)))));
        for (name, value) in &attrs {
            let Some(text) = value.as_str() else { continue };
            let wrong = match &**name {
                "url" | "endpoint" if has_password(text) => {
                    Some("It holds a password, which would be in plain text for everyone who reads the configuration.")
                }
                "url" if !text.starts_with("postgres://") && !text.starts_with("postgresql://") => {
                    Some("`url` begins with `postgres://`.")
                }
                "endpoint" if !text.starts_with("https://") && !text.starts_with("http://") => {
                    Some("`endpoint` begins with `https://`.")
                }
                "bucket" | "container" | "project" | "environment" if text.is_empty() || text.contains('/') => {
                    Some("It is a name: not empty, and without a slash.")
                }
                "path" if !text.starts_with('/') => Some("`path` begins with `/`."),
                _ => None,
            };
            if let Some(wrong) = wrong {
                let span = decode::expr(&block.body, name).map_or(block.header, |expr| expr.span);
                let d = Diagnostic::error(&codes::LEDGER_BLOCK, wrong).at(span, "");
                self.report(match &**name {
                    "url" => d.help(
                        "for example `postgres://keyform@db.example.com/keyform`, and the password in PGPASSWORD",
                    ),
                    _ => d,
                });
            }
        }
        Some((label.text.clone(), attrs))
    }
}

/// Whether an address has a password before its host, or among its parameters.
fn has_password(text: &str) -> bool {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let user = host.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || text.contains("password=")
}
