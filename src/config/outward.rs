//! What blocks around projects demand beyond types: templates and webhooks.

use crate::config::access;
use crate::config::names;
use crate::config::resources::Builder;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::attrs::Object;
use crate::model::attrs::Value;

/// What a webhook can be called for (Infisical, 2026).
const EVENTS: [&str; 2] = ["secrets.modified", "secrets.rotation-failed"];

impl Builder<'_, '_> {
    pub(crate) fn project_template(&mut self) {
        self.default("name", Self::label_as_slug);
        self.default("type", |_| Value::string("secret-manager"));
        self.name_rule("name", |name| names::slug(name, 1, 64));
        self.name_rule("description", |text| names::at_most(text, 256));
        for (attr, max) in [("environments", 64), ("roles", 64)] {
            let Some(list) = self.attrs.get(attr).and_then(Value::as_list).map(<[Value]>::to_vec) else { continue };
            let mut out = Vec::new();
            for item in &list {
                let mut fields = item.as_object().cloned().unwrap_or_default();
                let slug = fields.get("slug").cloned().unwrap_or_default();
                if let Err(bad) = names::slug(slug.as_str().unwrap_or(""), 1, max) {
                    let span = self.spans.get(attr).copied().unwrap_or(self.decl.block.header);
                    let detail = format!("`{attr}[].slug` of `{}` {}.", self.instance.address, bad.why);
                    self.report(Diagnostic::error(&codes::BAD_NAME, detail).at(span, ""));
                }
                fields.entry("name".into()).or_insert(slug);
                if let Some(permissions) = fields.get("permissions") {
                    let permissions = access::permissions(permissions);
                    fields.insert("permissions".into(), permissions);
                }
                out.push(Value::object(fields));
            }
            self.attrs.insert(attr.into(), Value::list(out));
        }
    }

    pub(crate) fn webhook(&mut self) {
        self.place_of_it();
        self.default("type", |_| Value::string("general"));
        self.default("enabled", |_| Value::Bool(true));
        self.attrs.remove("description");
        self.hide(&["url", "secret_key"]);
        let Some(list) = self.attrs.get("events").and_then(Value::as_list).map(<[Value]>::to_vec) else { return };
        let mut events: Vec<Value> = list;
        events.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        events.dedup();
        if let Some(unknown) = events.iter().filter_map(Value::as_str).find(|event| !EVENTS.contains(event)) {
            let span = self.spans.get("events").copied().unwrap_or(self.decl.block.header);
            let listed = EVENTS.map(|event| format!("\"{event}\"")).join(", ");
            let d = Diagnostic::error(&codes::NOT_ALLOWED, format!("`events` are of {listed}."));
            self.report(d.at(span, "").did_you_mean(unknown, EVENTS.iter().copied()));
        }
        self.attrs.insert("events".into(), Value::list(events));
    }

    /// Moves secrets to where those of a connection are: what is in there is never shown.
    pub(crate) fn hide(&mut self, names: &[&str]) {
        let mut credentials = Object::new();
        for name in names {
            if let Some(value) = self.attrs.remove(*name) {
                credentials.insert((*name).into(), value);
            }
            if let Some(span) = self.spans.remove(*name) {
                self.spans.insert(format!("credentials.{name}").into(), span);
            }
        }
        self.attrs.insert("credentials".into(), Value::object(credentials));
    }
}
