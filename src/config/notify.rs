//! The `notify` blocks: which channel, and what each of them takes.

use crate::config::blocks::SEVERITIES;
use crate::config::check;
use crate::config::decode;
use crate::config::evaluate::Evaluation;
use crate::config::frames::At;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::lang::ast::Block;
use crate::lang::ast::Expr;
use crate::model::attrs::Value;
use crate::model::desired::Notify;
use crate::model::schema::Type;
use crate::plan::drift::Cause;
use std::sync::Arc;

/// A way to reach somebody.
struct Channel {
    word: &'static str,
    needs: &'static [&'static str],
    takes: &'static [&'static str],
    /// What is a secret.
    secrets: &'static [&'static str],
}

const CHANNELS: &[Channel] = &[
    Channel { word: "slack", needs: &["url"], takes: &["causes"], secrets: &["url"] },
    Channel { word: "teams", needs: &["url"], takes: &["causes"], secrets: &["url"] },
    Channel { word: "webhook", needs: &["url"], takes: &["causes", "secret"], secrets: &["secret"] },
    Channel {
        word: "pagerduty",
        needs: &["routing_key"],
        takes: &["causes", "url", "severity"],
        secrets: &["routing_key"],
    },
    Channel {
        word: "email",
        needs: &["server", "from", "to"],
        takes: &["causes", "user", "password"],
        secrets: &["password"],
    },
    Channel { word: "github", needs: &["repo", "token"], takes: &["causes", "url", "label"], secrets: &["token"] },
    Channel { word: "gitlab", needs: &["repo", "token"], takes: &["causes", "url", "label"], secrets: &["token"] },
    Channel { word: "heartbeat", needs: &["url"], takes: &[], secrets: &["url"] },
];

/// What takes a list of texts.
const LISTS: &[&str] = &["causes", "to"];

/// The channels that there are.
pub(crate) fn channels() -> Vec<&'static str> {
    CHANNELS.iter().map(|channel| channel.word).collect()
}

/// Whether a channel needs an attribute; `None` if it does not take it.
pub(crate) fn needs(channel: &str, name: &str) -> Option<bool> {
    let Some(channel) = CHANNELS.iter().find(|known| known.word == channel) else { return Some(false) };
    let is_needed = channel.needs.contains(&name);
    (is_needed || channel.takes.contains(&name)).then_some(is_needed)
}

impl Evaluation<'_> {
    /// The `notify` blocks, each with what its channel takes.
    pub(crate) fn notify(&self) -> Vec<Notify> {
        self.declared.notify.iter().filter_map(|block| self.channel(block)).collect()
    }

    fn channel(&self, block: &Block) -> Option<Notify> {
        let [label, name] = &block.labels[..] else { return None };
        let words = || CHANNELS.iter().map(|channel| channel.word);
        let Some(channel) = CHANNELS.iter().find(|channel| channel.word == &*label.text) else {
            let listed = words().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            let detail = format!("There is no channel `{}`.", label.text);
            let d = Diagnostic::error(&codes::NOT_ALLOWED, detail).at(label.span, "");
            self.report(d.help(format!("one of {listed}")).did_you_mean(&label.text, words()));
            return None;
        };
        let known = || channel.needs.iter().chain(channel.takes).copied();
        for attr in block.body.attrs.iter().filter(|attr| !known().any(|name| name == &*attr.name)) {
            let detail = format!("`{}` does not belong to `notify \"{}\"`.", attr.name, channel.word);
            let d = Diagnostic::error(&codes::UNEXPECTED, detail).at(attr.name_span, "");
            self.report(d.did_you_mean(&attr.name, known()));
        }
        for name in channel.needs.iter().filter(|name| decode::expr(&block.body, name).is_none()) {
            let detail = format!("`notify \"{}\"` needs the attribute `{name}`.", channel.word);
            let d = Diagnostic::error(&codes::REQUIRED, detail);
            self.report(d.at(block.header, format!("`{name}` is not set")));
        }
        let mut attrs = self.plain_attrs(block, |name| {
            let is_known = known().any(|known| known == name) && !LISTS.contains(&name);
            is_known.then(|| channel.secrets.contains(&name) || self.is_source(block, name))
        });
        if let Some(to) = decode::expr(&block.body, "to") {
            let to = self.texts(to, "to");
            attrs.insert("to".into(), Value::List(Arc::new(to.into_iter().map(Value::String).collect())));
        }
        for (name, value) in &attrs {
            if let Some(wrong) = wrong(channel, name, value) {
                let span = decode::expr(&block.body, name).map_or(block.header, |expr| expr.span);
                self.report(Diagnostic::error(&codes::NOT_ALLOWED, wrong).at(span, ""));
            }
        }
        let causes = decode::expr(&block.body, "causes").map(|expr| self.causes(expr)).unwrap_or_default();
        Some(Notify { channel: label.text.clone(), name: name.text.clone(), attrs, causes })
    }

    /// Whether the address of a webhook is one that nobody may see.
    fn is_source(&self, block: &Block, name: &str) -> bool {
        let value =
            decode::expr(&block.body, name).filter(|_| name == "url").and_then(|expr| self.eval(expr, At::ROOT));
        matches!(value, Some(Value::Source(_)))
    }

    fn causes(&self, expr: &Expr) -> Vec<Arc<str>> {
        let known = || Cause::ALL.into_iter().filter(|cause| *cause != Cause::Lag).map(Cause::word);
        let words = self.texts(expr, "causes");
        for word in words.iter().filter(|word| !known().any(|known| known == &***word)) {
            let listed: Vec<&str> = known().collect();
            let d = Diagnostic::error(&codes::NOT_ALLOWED, format!("There is no cause `{word}`.")).at(expr.span, "");
            self.report(d.help(format!("one of `{}`", listed.join("`, `"))).did_you_mean(word, known()));
        }
        words
    }

    /// A list of texts, not empty.
    fn texts(&self, expr: &Expr, name: &str) -> Vec<Arc<str>> {
        let Some(value) = self.eval(expr, At::ROOT) else { return Vec::new() };
        match check::fit(&value, &Type::List(Box::new(Type::String))) {
            Ok(list) => {
                let texts: Vec<Arc<str>> = list.as_list().unwrap_or_default().iter().filter_map(check::text).collect();
                if texts.is_empty() {
                    let d = Diagnostic::error(&codes::NOT_ALLOWED, format!("`{name}` is empty.")).at(expr.span, "");
                    self.report(d.help("name at least one"));
                }
                texts
            }
            Err(misfit) => {
                self.report(misfit.diagnostic(name, expr));
                Vec::new()
            }
        }
    }
}

/// What is wrong with a plain value.
fn wrong(channel: &Channel, name: &str, value: &Value) -> Option<&'static str> {
    let is_address = |text: &str| text.contains('@') && !text.contains(char::is_control);
    if let Value::List(items) = value {
        let is_wrong = !items.iter().filter_map(Value::as_str).all(is_address);
        return is_wrong.then_some("These are no addresses of mail, such as `ops@example.com`.");
    }
    let text = value.as_str()?;
    let has_scheme = |schemes: [&str; 2]| schemes.iter().any(|scheme| text.starts_with(scheme));
    match name {
        "url" if !has_scheme(["https://", "http://"]) => Some("`url` begins with `https://`."),
        "server" if !has_scheme(["smtps://", "smtp://"]) => Some("`server` begins with `smtps://` or `smtp://`."),
        "server" if text.contains('@') => Some("The login does not belong here: write `user` and `password`."),
        "from" if !is_address(text) => Some("This is no address of mail, such as `keyform@example.com`."),
        "repo" if channel.word == "github" && text.split('/').filter(|part| !part.is_empty()).count() != 2 => {
            Some("A repository is written `owner/name`.")
        }
        "label" if text.trim().is_empty() || text.contains(',') => Some("A label is not empty, and has no comma."),
        "severity" if !SEVERITIES.contains(&text) => {
            Some("`severity` is one of `critical`, `error`, `warning`, `info`.")
        }
        _ => None,
    }
}
