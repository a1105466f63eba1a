//! What blocks about access demand beyond types: roles, machine identities, members.

use crate::config::blocks::Ty;
use crate::config::names;
use crate::config::names::Bad;
use crate::config::resources::Builder;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::attrs::Number;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use core::net::IpAddr;
use std::sync::Arc;

/// Roles that every project has (Infisical, 2024 to 2026): none can be declared.
const RESERVED: &[&str] = &["admin", "member", "viewer", "no-access"];

/// How long tokens live, in seconds, where nothing is said: thirty days.
const TTL: i64 = 2_592_000;

impl Builder<'_, '_> {
    pub(crate) fn project_role(&mut self) {
        self.default("slug", Self::label_as_slug);
        self.default("name", Self::label);
        self.name_rule("slug", |slug| {
            names::slug(slug, 1, 64)?;
            match RESERVED.contains(&slug) {
                true => Err(Bad { why: "is a role that every project has".to_owned(), help: None }),
                false => Ok(()),
            }
        });
        self.name_rule("name", |name| names::title(name, 64));
        if let Some(permissions) = self.attrs.get("permissions") {
            let permissions = self::permissions(permissions);
            self.attrs.insert("permissions".into(), permissions);
        }
    }

    pub(crate) fn identity(&mut self) {
        self.default("name", Self::label_as_slug);
        self.default("role", |_| Value::string("no-access"));
        self.name_rule("name", |name| names::title(name, 255));
        self.name_rule("role", |name| names::title(name, 64));
        self.attrs.remove("description");
        if let Some(auth) = self.inner("universal_auth") {
            let auth = self.universal_auth(auth);
            self.attrs.insert("universal_auth".into(), Value::object(auth));
        }
    }

    /// All that it takes, so that nothing depends on what a backend takes for the default.
    fn universal_auth(&mut self, mut auth: Object) -> Object {
        for (name, value) in [("access_token_ttl", TTL), ("access_token_max_ttl", TTL), ("access_token_uses", 0)] {
            auth.entry(name.into()).or_insert(Value::int(value));
        }
        let whole = |name: &str| match auth.get(name) {
            Some(Value::Number(Number::Int(n))) => *n,
            _ => 0,
        };
        if whole("access_token_ttl") > whole("access_token_max_ttl") {
            let spans = ["access_token_ttl", "access_token_max_ttl"].map(|name| format!("universal_auth.{name}"));
            let span = spans.iter().find_map(|name| self.spans.get(name.as_str()).copied());
            let detail = "`access_token_ttl` can't be more than `access_token_max_ttl`.";
            let d = Diagnostic::error(&codes::NOT_ALLOWED, detail).at(span.unwrap_or(self.decl.block.header), "");
            self.report(d.help("both are 2592000, thirty days, where they are not set"));
        }
        for name in ["access_token_trusted_ips", "client_secret_trusted_ips"] {
            let written: Vec<Arc<str>> = match auth.get(name).and_then(Value::as_list) {
                Some(list) if !list.is_empty() => list.iter().filter_map(Value::as_str).map(Arc::from).collect(),
                _ => vec!["0.0.0.0/0".into(), "::/0".into()],
            };
            for bad in written.iter().filter(|text| !is_range(text)) {
                let span = self.spans.get(format!("universal_auth.{name}").as_str()).copied();
                let detail = format!("`{bad}` is no address and no range of addresses.");
                let d = Diagnostic::error(&codes::NOT_ALLOWED, detail);
                self.report(d.at(span.unwrap_or(self.decl.block.header), "").help("for example `10.0.0.0/8`"));
            }
            let mut ranges = written;
            ranges.sort();
            ranges.dedup();
            auth.insert(name.into(), Value::list(ranges.into_iter().map(Value::String).collect()));
        }
        auth
    }

    pub(crate) fn project_identity(&mut self) {
        self.attrs.remove("description");
    }

    /// The attributes of a block inside of this one, as the table has them; `None` if it is not there.
    pub(crate) fn inner(&mut self, word: &str) -> Option<Object> {
        let block = self.decl.block.body.blocks.iter().find(|block| &*block.kind == word)?;
        let form = self.decl.form.block(word)?;
        let mut out = Object::new();
        for attr in &block.body.attrs {
            let Some(known) = form.attr(&attr.name) else { continue };
            self.spans.insert(format!("{word}.{}", attr.name).into(), attr.expr.span);
            let ty: Ty = known.ty;
            match self.typed(known.name, ty, &attr.expr) {
                Some(Value::Null) => {}
                Some(value) => {
                    out.insert(attr.name.clone(), value);
                }
                None => self.failed = true,
            }
        }
        Some(out)
    }
}

/// Permissions as the backend gives them back: actions in one order, and nothing that says nothing.
pub(crate) fn permissions(list: &Value) -> Value {
    let normal = |item: &Value| {
        let mut fields = item.as_object().cloned().unwrap_or_default();
        if let Some(Value::List(actions)) = fields.get("action") {
            let mut actions = actions.to_vec();
            actions.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            actions.dedup();
            fields.insert("action".into(), Value::list(actions));
        }
        fields.retain(|_, value| match value {
            Value::Bool(flag) => *flag,
            Value::Object(fields) => !fields.is_empty(),
            _ => true,
        });
        Value::object(fields)
    };
    Value::list(list.as_list().unwrap_or_default().iter().map(normal).collect())
}

fn is_range(text: &str) -> bool {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    prefix.is_none_or(|prefix| prefix.parse::<u8>().is_ok_and(|n| n <= most))
}
