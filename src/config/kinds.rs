//! What each kind of resource demands beyond types: names, defaults, what fits what. Connections and syncs
//! are checked against what the providers declare.

use crate::config::check;
use crate::config::decode;
use crate::config::evaluate::Evaluation;
use crate::config::evaluate::Target;
use crate::config::names;
use crate::config::resources::Builder;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::nearest;
use crate::diag::source::Span;
use crate::lang::ast::Block;
use crate::lang::ast::Body;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::key_schema::SECRET_KEY;
use crate::model::resource::Kind;
use crate::model::schema::Destination;
use crate::model::schema::Field;
use crate::model::schema::Method;
use crate::model::schema::Variant;
use crate::plan::HazardKind;
use std::sync::Arc;

impl Evaluation<'_> {
    /// The name of a hazard in an `allow` list, if it is one that can be allowed.
    pub(crate) fn hazard(&self, name: Arc<str>, span: Span) -> Option<Arc<str>> {
        let allowable = || HazardKind::ALL.into_iter().filter(|kind| kind.can_be_allowed());
        let d = match HazardKind::from_word(&name) {
            Some(kind) if kind.can_be_allowed() => return Some(name),
            Some(_) => {
                Diagnostic::error(&codes::NOT_ALLOWED, format!("`{name}` is always refused; it can't be allowed."))
            }
            None => Diagnostic::error(&codes::NOT_ALLOWED, format!("There is no hazard `{name}`."))
                .did_you_mean(&name, allowable().map(HazardKind::word)),
        };
        self.report(d.at(span, ""));
        None
    }
}

impl Builder<'_, '_> {
    /// Applies the rules of its kind.
    pub(crate) fn kind(&mut self) {
        if self.decl.kind.data_word() == Some(self.decl.word) {
            self.data();
            return;
        }
        match self.decl.kind {
            Kind::ProjectTemplate => self.project_template(),
            Kind::Project => self.project(),
            Kind::Environment => self.environment(),
            Kind::Folder => self.folder(),
            Kind::Tag => self.tag(),
            Kind::ProjectRole => self.project_role(),
            Kind::Identity => self.identity(),
            Kind::ProjectIdentity => self.project_identity(),
            Kind::Secret => self.secret_block(),
            Kind::SecretImport => self.secret_import(),
            Kind::AppConnection => self.app_connection(),
            Kind::KeySchema => self.key_schema(),
            Kind::SecretSync => self.secret_sync(),
            Kind::Webhook => self.webhook(),
            Kind::NativeIntegration => self.native_integration(),
        }
    }

    /// What is looked up, by what finds it.
    fn data(&mut self) {
        match self.decl.kind {
            Kind::Project => self.default("slug", Self::label),
            Kind::AppConnection | Kind::SecretSync => self.default("name", Self::label_as_slug),
            _ => self.default("name", Self::label),
        }
        let Some(app) = self.attrs.get("app").and_then(check::text) else { return };
        let apps = &self.ev.schemas.apps;
        if !apps.contains_key(&app) {
            let span = self.spans.get("app").copied().unwrap_or(self.decl.block.header);
            let d = Diagnostic::error(&codes::UNKNOWN_APP, format!("There is no app `{app}`.")).at(span, "");
            self.report(d.did_you_mean(&app, apps.keys().map(|app| &**app)));
        }
    }

    pub(crate) fn label(&self) -> Value {
        Value::String(self.decl.name.clone())
    }

    /// The label as a slug, with the instance's key where there is one.
    pub(crate) fn label_as_slug(&self) -> Value {
        let label = self.decl.name.replace('_', "-");
        match &self.instance.key {
            Some(key) => Value::string(format!("{label}-{}", names::slugify(key))),
            None => Value::string(label),
        }
    }

    fn project(&mut self) {
        self.default("slug", Self::label);
        self.default("name", Self::label);
        self.name_rule("slug", |slug| names::slug(slug, 5, 36));
        self.name_rule("name", |name| names::title(name, 64));
        self.name_rule("description", |text| names::at_most(text, 1024));
        self.name_rule("template", |name| names::slug(name, 1, 64));
    }

    fn environment(&mut self) {
        self.default("slug", Self::label);
        self.default("name", Self::label);
        self.name_rule("slug", |slug| names::slug(slug, 1, 64));
        self.name_rule("name", |name| names::title(name, 64));
        self.attrs.remove("description");
    }

    fn folder(&mut self) {
        self.default("path", Self::label);
        self.path("path");
        if self.attrs.get("path").and_then(Value::as_str) == Some("/") {
            let span = self.spans.get("path").copied().unwrap_or(self.decl.name_span);
            let d = Diagnostic::error(&codes::BAD_NAME, "Every environment has the root folder `/`.");
            self.report(d.at(span, "can't be declared"));
        }
        if let Some(environment) = self.instance.environment.clone() {
            if let Some(expr) = decode::expr(&self.decl.block.body, "environments") {
                self.spans.insert("environment".into(), expr.span);
            }
            self.attrs.insert("environment".into(), Value::String(environment));
            // Declared environments are checked where they are declared.
            if self.spans.contains_key("environment") {
                self.environment_slug();
            }
        }
    }

    fn tag(&mut self) {
        self.default("slug", Self::label);
        self.name_rule("slug", |slug| names::slug(slug, 1, 64));
        self.attrs.remove("description");
    }

    fn secret_block(&mut self) {
        self.default("key", Self::label);
        self.name_rule("key", names::secret_key);
        self.place_of_it();
        // The backend trims comments, so that anything else would be a difference for ever.
        if let Some(comment) = self.attrs.get("comment").and_then(Value::as_str) {
            let trimmed = Value::string(comment.trim());
            self.attrs.insert("comment".into(), trimmed);
        }
        self.attrs.remove("description");
    }

    fn secret_import(&mut self) {
        self.place_of_it();
        self.attrs.remove("description");
        let span = self.spans.remove("from");
        let Some(Value::Object(from)) = self.attrs.remove("from") else { return };
        for (attr, key) in [("from_environment", "environment"), ("from_path", "path")] {
            let value = from.get(key).cloned().unwrap_or_else(|| Value::string("/"));
            self.attrs.insert(attr.into(), value);
            self.spans.extend(span.map(|span| (attr.into(), span)));
        }
        self.path("from_path");
        self.name_rule("from_environment", |slug| names::slug(slug, 1, 64));
        let same = |a: &str, b: &str| self.attrs.get(a) == self.attrs.get(b);
        if same("environment", "from_environment") && same("path", "from_path") {
            let d = Diagnostic::error(&codes::NOT_ALLOWED, "A folder can't import itself.");
            let d = d.at(span.unwrap_or(self.decl.block.header), "the same folder");
            self.report(d);
        }
    }

    /// `environment` and `path` of what is in a folder.
    pub(crate) fn place_of_it(&mut self) {
        self.default("path", |_| Value::string("/"));
        self.path("path");
        self.environment_slug();
    }

    fn environment_slug(&mut self) {
        self.name_rule("environment", |slug| names::slug(slug, 1, 64));
    }

    fn path(&mut self, attr: &str) {
        if let Some(path) = self.attrs.get(attr).and_then(Value::as_str) {
            let clean = Value::string(names::clean_path(path));
            self.attrs.insert(attr.into(), clean);
        }
        self.name_rule(attr, names::path);
    }

    fn key_schema(&mut self) {
        let parts = ["prefix", "suffix"].map(|name| self.attrs.remove(name));
        let spans = ["prefix", "suffix"].map(|name| self.spans.remove(name));
        let written = spans.into_iter().flatten().next();
        match (self.spans.get("template").copied(), written) {
            (Some(template), Some(part)) => {
                let d =
                    Diagnostic::error(&codes::BAD_KEY_SCHEMA, "A key schema has a template, or a prefix and suffix.");
                self.report(d.at(part, "this").at(template, "or this, not both"));
            }
            (None, None) => {
                let d = Diagnostic::error(&codes::REQUIRED, "A key schema needs `template`, or `prefix` or `suffix`.");
                let d = d.at(self.decl.block.header, "").help("template = \"INFISICAL_{{secretKey}}\"");
                self.report(d);
            }
            (None, Some(span)) => {
                let [prefix, suffix] = parts.map(|part| part.as_ref().and_then(check::text).unwrap_or_default());
                self.attrs.insert("template".into(), Value::string(format!("{prefix}{SECRET_KEY}{suffix}")));
                self.spans.insert("template".into(), span);
            }
            (Some(_), None) => {}
        }
        self.template("template");
        self.attrs.remove("description");
    }

    /// Checks a key schema's template.
    fn template(&mut self, attr: &str) {
        let Some(text) = self.attrs.get(attr).and_then(Value::as_str) else { return };
        if let Err(bad) = names::template(text) {
            let span = self.spans.get(attr).copied().unwrap_or(self.decl.block.header);
            let d = Diagnostic::error(&codes::BAD_KEY_SCHEMA, format!("This key schema {}.", bad.why)).at(span, "");
            self.report(match bad.help {
                Some(help) => d.help(help),
                None => d,
            });
        }
    }

    fn app_connection(&mut self) {
        self.default("name", Self::label_as_slug);
        self.name_rule("name", |name| names::slug(name, 1, 64));
        self.name_rule("description", |text| names::at_most(text, 256));
        let slug = &self.decl.slug;
        let span = self.decl.block.labels.first().map_or(self.decl.block.header, |label| label.span);
        let schemas = self.ev.schemas;
        let Some(app) = schemas.apps.get(slug) else {
            let d = Diagnostic::error(&codes::UNKNOWN_APP, format!("There is no app `{slug}`.")).at(span, "");
            let adds = "a manifest in `providers/` beside the configuration adds it";
            self.report(match nearest(slug, schemas.apps.keys().map(|app| &**app)) {
                Some(app) => d.help(format!("did you mean `{app}`? If it is another app, {adds}")),
                None => d.help(adds),
            });
            return;
        };
        let declarable: Vec<&Arc<str>> = app.methods.iter().filter(|(_, m)| !m.browser_only).map(|(n, _)| n).collect();
        if let ([only], false) = (&declarable[..], self.spans.contains_key("method")) {
            self.attrs.insert("method".into(), Value::String((*only).clone()));
        }
        let listed = declarable.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let written = self.spans.get("method").copied();
        let Some(name) = self.attrs.get("method").and_then(check::text) else {
            if written.is_none() {
                let d = Diagnostic::error(&codes::REQUIRED, format!("A connection to {} needs `method`.", app.title));
                let d = d.at(self.decl.block.header, "`method` is not set").help(format!("one of {listed}"));
                self.report(d);
            }
            return;
        };
        let Some(method) = app.methods.get(&name) else {
            let d = Diagnostic::error(&codes::UNKNOWN_METHOD, format!("{} has no method `{name}`.", app.title));
            let d = d.at(written.unwrap_or(span), "").help(format!("one of {listed}"));
            self.report(d.did_you_mean(&name, app.methods.keys().map(|name| &**name)));
            return;
        };
        if method.browser_only {
            let detail = format!("The method `{name}` of {} needs someone to log in on the vendor's page.", app.title);
            let d = Diagnostic::error(&codes::BROWSER_ONLY, detail).at(written.unwrap_or(span), "");
            let other = if listed.is_empty() { String::new() } else { format!(", or use {listed}") };
            self.report(d.help(format!(
                "create it in the browser, in the backend's web page, and use data \"app_connection\"{other}; see {}",
                app.docs
            )));
            return;
        }
        self.credentials(method, &name);
    }

    fn credentials(&mut self, method: &Method, name: &str) {
        let body = &self.decl.block.body;
        let known = || method.inputs().map(|field| &*field.name).chain(self.decl.form.attrs().map(|attr| attr.name));
        let what = format!("The method `{name}` of `{}`", self.decl.slug);
        let unknown: Vec<Diagnostic> = unknown_fields(body, &what, &known().collect::<Vec<_>>());
        for d in unknown {
            self.report(d);
        }
        let credentials = self.fields(body, &method.fields.iter().collect::<Vec<_>>(), "");
        self.attrs.insert("credentials".into(), Value::object(credentials));
        let options = self.fields(body, &method.options.iter().collect::<Vec<_>>(), "");
        self.attrs.extend(options);
    }

    fn secret_sync(&mut self) {
        self.default("name", Self::label_as_slug);
        self.name_rule("name", |name| names::slug(name, 1, 256));
        self.name_rule("description", |text| names::at_most(text, 256));
        self.place_of_it();
        self.default("initial_sync", |_| Value::string("overwrite-destination"));
        self.default("disable_secret_deletion", |_| Value::Bool(false));
        self.default("auto_sync", |_| Value::Bool(true));
        self.default("run", |_| Value::string("backend"));
        self.default("on_delete", |_| Value::string("keep"));
        self.default("timeout", |_| Value::int(300));
        if let Some(Value::Resource(schema)) = self.attrs.get("key_schema").cloned() {
            self.attrs.remove("key_schema");
            let span = self.spans.get("key_schema").copied().unwrap_or(self.decl.block.header);
            if let Some(Target::Instance(index)) = self.ev.target(&schema, span)
                && let Some(built) = self.ev.build(index, span)
            {
                self.attrs.extend(built.resource.attrs.get("template").map(|t| ("key_schema".into(), t.clone())));
            }
        } else {
            self.template("key_schema");
        }
        let slug = &self.decl.slug;
        let schemas = self.ev.schemas;
        let Some(destination) = schemas.destinations.get(slug) else {
            let span = self.decl.block.labels.first().map_or(self.decl.block.header, |label| label.span);
            let d = Diagnostic::error(&codes::UNKNOWN_APP, format!("There is no destination `{slug}`.")).at(span, "");
            let own = schemas.destinations.iter().filter(|(_, destination)| *destination.app == **slug);
            let own: Vec<String> = own.map(|(slug, _)| format!("`{slug}`")).collect();
            self.report(match own.is_empty() {
                true => d.did_you_mean(slug, schemas.destinations.keys().map(|slug| &**slug)),
                false => d.help(format!("that is an app; its destinations are {}", own.join(", "))),
            });
            return;
        };
        self.connection(destination);
        let initial = self.attrs.get("initial_sync").and_then(Value::as_str);
        if !destination.can_import
            && initial.is_some_and(|initial| initial != "overwrite-destination")
            && let Some(span) = self.spans.get("initial_sync").copied()
        {
            let detail = format!("The backend can't import from {}.", destination.title);
            self.report(Diagnostic::error(&codes::NO_IMPORT, detail).at(span, ""));
        }
        self.destination(destination);
    }

    /// The connection must be of the destination's app, and not of another project.
    fn connection(&mut self, destination: &Destination) {
        let Some(Value::Resource(address)) = self.attrs.get("connection").cloned() else { return };
        let span = self.spans.get("connection").copied().unwrap_or(self.decl.block.header);
        let Some(Target::Instance(index)) = self.ev.target(&address, span) else { return };
        let Some(built) = self.ev.build(index, span) else { return };
        let connection = &built.resource;
        if connection.slug != destination.app {
            let detail = format!(
                "The destination `{}` needs a connection of the app `{}`; `{address}` is one of `{}`.",
                destination.slug, destination.app, connection.slug
            );
            self.report(
                Diagnostic::error(&codes::WRONG_APP, detail).at(span, "").at(connection.origin.block, "declared here"),
            );
        }
        let own = self.attrs.get("project");
        let theirs = connection.attrs.get("project");
        if let (Some(Value::Resource(own)), Some(Value::Resource(theirs))) = (own, theirs)
            && own != theirs
        {
            let detail = format!("`{address}` can only be used in `{theirs}`; this sync is in `{own}`.");
            self.report(
                Diagnostic::error(&codes::WRONG_APP, detail).at(span, "").at(connection.origin.block, "declared here"),
            );
        }
    }

    pub(crate) fn block(&self, word: &str) -> Option<&Block> {
        self.decl.block.body.blocks.iter().find(|block| &*block.kind == word)
    }

    fn destination(&mut self, destination: &Destination) {
        let empty = Body { attrs: Vec::new(), blocks: Vec::new(), span: self.decl.block.header };
        let decl = self.decl;
        let blocks = &decl.block.body.blocks;
        let find = |word: &str| blocks.iter().find(|block| &*block.kind == word);
        let body = find("destination").map_or(&empty, |block| &block.body);
        if let Some((selected, variant)) = self.variant(destination, body) {
            let fields: Vec<&Field> = variant.fields.iter().collect();
            let selector = destination.selector.as_deref();
            let known: Vec<&str> = fields.iter().map(|field| &*field.name).chain(selector).collect();
            let what = match selector {
                Some(selector) if !selected.is_empty() => {
                    format!("The destination `{}` with `{selector} = \"{selected}\"`", destination.slug)
                }
                _ => format!("The destination `{}`", destination.slug),
            };
            unknown_fields(body, &what, &known).into_iter().for_each(|d| self.report(d));
            let mut object = self.fields(body, &fields, "destination.");
            if let Some(selector) = &destination.selector {
                object.insert(selector.clone(), Value::String(selected));
            }
            object.sort_unstable_keys();
            self.attrs.insert("destination".into(), Value::object(object));
        }
        let options = match find("options") {
            Some(block) => {
                let fields: Vec<&Field> = destination.options.iter().collect();
                let known: Vec<&str> = fields.iter().map(|field| &*field.name).collect();
                let what = format!("The destination `{}`", destination.slug);
                for d in unknown_fields(&block.body, &what, &known) {
                    let d = match d.help.is_none() && known.is_empty() {
                        true => d.help("it has no options of its own"),
                        false => d,
                    };
                    self.report(d);
                }
                self.fields(&block.body, &fields, "options.")
            }
            None => defaults(&destination.options),
        };
        self.remote_options(destination, &options);
        self.attrs.insert("options".into(), Value::object(options));
    }

    /// What only a remote backend does, where keyform or its own backend is to do them.
    fn remote_options(&mut self, destination: &Destination, options: &Object) {
        if !self.ev.is_embedded() && self.attrs.get("run").and_then(Value::as_str) != Some("keyform") {
            return;
        }
        let place = self.attrs.get("destination").and_then(Value::as_object);
        let selected = destination.selector.as_ref().and_then(|selector| place?.get(selector)?.as_str()).unwrap_or("");
        let fields = destination.variants.get(selected).map_or(&[][..], |variant| &variant.fields);
        let mut asked: Vec<(String, &Field)> = Vec::new();
        for (block, fields, given) in
            [("options", &destination.options[..], Some(options)), ("destination", fields, place)]
        {
            let is_given = |field: &&Field| given.is_some_and(|given| given.get(&field.name) != field.default.as_ref());
            let fields = fields.iter().filter(|field| field.is_remote_only(selected)).filter(is_given);
            asked.extend(fields.map(|field| (format!("{block}.{}", field.name), field)));
        }
        for (path, field) in asked {
            let detail = format!("`{}` is done by a remote backend only, not by keyform itself.", field.name);
            let span = self.spans.get(&*path).copied();
            let d = Diagnostic::error(&codes::NOT_SUPPORTED, detail).at(span.unwrap_or(self.decl.block.header), "");
            self.report(d.help("leave it out"));
        }
    }

    /// The variant that the selector picks.
    fn variant<'d>(&mut self, destination: &'d Destination, body: &Body) -> Option<(Arc<str>, &'d Variant)> {
        let Some(selector) = &destination.selector else {
            return destination.variants.iter().next().map(|(name, variant)| (name.clone(), variant));
        };
        let written = body.attrs.iter().find(|attr| attr.name == *selector);
        let listed = || destination.variants.keys().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let value = match written {
            Some(attr) => {
                self.spans.insert(format!("destination.{selector}").into(), attr.expr.span);
                self.eval(&attr.expr)?
            }
            None => Value::Null,
        };
        let span = written.map_or(self.block("destination").unwrap_or(self.decl.block).header, |attr| attr.expr.span);
        let name = match &value {
            // With one variant there is nothing to choose.
            Value::Null if destination.variants.len() == 1 => destination.variants.keys().next().cloned()?,
            Value::Null => {
                // A slip of the pen in one of the others, or in its own name, is told at once.
                let all = destination.variants.values().flat_map(|variant| &variant.fields).map(|field| &*field.name);
                let known: Vec<&str> = all.chain([&**selector]).collect();
                let what = format!("The destination `{}`", destination.slug);
                unknown_fields(body, &what, &known).into_iter().for_each(|d| self.report(d));
                let address = &self.instance.address;
                let d = match self.block("destination") {
                    Some(_) => Diagnostic::error(&codes::REQUIRED, format!("`{address}` needs `{selector}`."))
                        .at(span, format!("`{selector}` is not set"))
                        .help(format!("one of {}", listed())),
                    None => Diagnostic::error(&codes::REQUIRED, format!("`{address}` needs a `destination` block."))
                        .at(span, "says nothing of where in the destination")
                        .help(format!("destination {{ {selector} = … }}, one of {}", listed())),
                };
                self.report(d);
                return None;
            }
            other => match check::text(other) {
                Some(name) => name,
                None => {
                    let d = check::Misfit::shape("a text", other).diagnostic(selector, &written?.expr);
                    self.report(d);
                    return None;
                }
            },
        };
        let Some(variant) = destination.variants.get(&name) else {
            let d = Diagnostic::error(&codes::NOT_ALLOWED, format!("`{selector}` is one of {}.", listed()));
            self.report(
                d.at(span, "none of them").did_you_mean(&name, destination.variants.keys().map(|name| &**name)),
            );
            return None;
        };
        Some((name, variant))
    }
}

/// Attributes of a body that nothing declares.
fn unknown_fields(body: &Body, what: &str, known: &[&str]) -> Vec<Diagnostic> {
    let unknown = body.attrs.iter().filter(|attr| !known.contains(&&*attr.name));
    unknown
        .map(|attr| {
            let d = Diagnostic::error(&codes::UNEXPECTED, format!("{what} has no field `{}`.", attr.name));
            let d = d.at(attr.name_span, "").help("`keyform providers show NAME` says what it takes");
            d.did_you_mean(&attr.name, known.iter().copied())
        })
        .collect()
}

fn defaults(fields: &[Field]) -> Object {
    fields.iter().filter_map(|field| Some((field.name.clone(), field.default.clone()?))).collect()
}
