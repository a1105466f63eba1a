//! Text → [`Manifest`]s. Every word that is not in the vocabulary, every name out of scope and every
//! expression of a wrong shape is reported here, with its place.

use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Source;
use crate::diag::source::SourceId;
use crate::lang::ast::Block;
use crate::lang::ast::Expr;
use crate::lang::ast::Node;
use crate::lang::decode::Decoder;
use crate::lang::decode::labels;
use crate::lang::parse::parse;
use crate::model::attrs::Number;
use crate::model::attrs::Value;
use crate::model::schema::App;
use crate::model::schema::Case;
use crate::model::schema::Destination;
use crate::model::schema::Field;
use crate::model::schema::KeyRules;
use crate::model::schema::Method;
use crate::model::schema::Privileges;
use crate::model::schema::ValueRules;
use crate::model::schema::Variant;
use crate::provider::manifest::Errors;
use crate::provider::manifest::Manifest;
use crate::provider::manifest::Place;
use crate::provider::manifest::Shape;
use crate::provider::manifest::Signer;
use crate::provider::manifest::Talk;
use crate::provider::manifest::Text;
use crate::provider::manifest::fields;
use crate::provider::manifest::load::operations::operation;
use crate::provider::manifest::slots::Slot;
use crate::provider::native;
use crate::provider::rules;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) mod operations;
mod scopes;

/// Reads the manifests of a text: small ones can share it. Problems go to `acc`.
pub fn load(acc: &mut Diagnostics, id: SourceId, source: &Source) -> Vec<Manifest> {
    let Some(body) = parse(acc, id, &source.text) else { return Vec::new() };
    let mut decoder = Decoder::new(&body);
    let blocks = decoder.blocks("provider");
    decoder.finish(acc);
    if blocks.is_empty() {
        let detail = "A manifest is a `provider \"<slug>\"` block, and there is none here.";
        acc.push(Diagnostic::error(&codes::MANIFEST, detail).at(body.span, ""));
    }
    let mut manifests = Vec::new();
    for block in blocks {
        let Some([slug]) = labels(acc, block, ["slug"]) else { continue };
        let mut loader = Loader { acc, text: &source.text };
        let Some(manifest) = loader.provider(slug, block, Text { id, source: source.clone() }) else { continue };
        scopes::check(acc, &manifest);
        manifests.push(manifest);
    }
    manifests
}

struct Loader<'a> {
    acc: &'a mut Diagnostics,
    text: &'a str,
}

impl Loader<'_> {
    fn provider(&mut self, slug: &str, block: &Block, text: Text) -> Option<Manifest> {
        let mut decoder = Decoder::new(&block.body);
        let mut identity = |loader: &mut Self, name: &str| {
            let attr = decoder.required(loader.acc, block, name)?;
            loader.acc.take(fields::text(&attr.expr))
        };
        let title = identity(self, "title");
        let docs = identity(self, "docs");
        let verified = identity(self, "verified");
        let signer = decoder.attr("signer").and_then(|attr| self.signer(&attr.expr));
        let talk = self.talk(&mut decoder);
        let about = fields::comment_above(self.text, block.header.start as usize);
        let mut app =
            App { slug: slug.into(), title: title?, about, docs: docs?, verified: verified?, methods: BTreeMap::new() };
        let mut methods = BTreeMap::new();
        for connection in decoder.blocks("connection") {
            if let Some((name, mut method, own)) = self.connection(connection) {
                self.once(&app.methods, &name, connection);
                method.tried = [&own, &talk].iter().any(|talk| talk.verify.is_some() || talk.login.is_some());
                app.methods.insert(name.clone(), method);
                methods.insert(name, own);
            }
        }
        let mut destinations = BTreeMap::new();
        for destination in decoder.blocks("destination") {
            if let Some((name, place)) = self.destination(&app, destination) {
                self.once(&destinations, &name, destination);
                destinations.insert(name, place);
            }
        }
        decoder.finish(self.acc);
        Some(Manifest { app, signer, talk, methods, destinations, text })
    }

    fn once<T>(&mut self, known: &BTreeMap<Arc<str>, T>, name: &Arc<str>, block: &Block) {
        if known.contains_key(name) {
            let detail = format!("There is a `{}` of the name `{name}` already.", block.kind);
            self.acc.push(Diagnostic::error(&codes::MANIFEST, detail).at(block.header, "second one"));
        }
    }

    fn signer(&mut self, expr: &Expr) -> Option<Signer> {
        match &*self.acc.take(fields::text(expr))? {
            "aws" => Some(Signer::Aws),
            "chef" => Some(Signer::Chef),
            "gcp" => Some(Signer::Gcp),
            "oci" => Some(Signer::Oci),
            other => {
                let d = Diagnostic::error(&codes::MANIFEST, format!("There is no signer `{other}`.")).at(expr.span, "");
                self.acc.push(d.did_you_mean(other, ["aws", "chef", "gcp", "oci"]));
                None
            }
        }
    }

    /// The words that a provider, a connection and a variant may all say.
    fn talk(&mut self, decoder: &mut Decoder<'_>) -> Talk {
        let mut take = |name: &str| decoder.attr(name).map(|attr| attr.expr.clone());
        let (base_url, headers, retry) = (take("base_url"), take("headers"), take("retry"));
        Talk {
            base_url,
            headers,
            retry,
            login: decoder.block(self.acc, "login").and_then(|block| operation(self.acc, block)),
            verify: decoder.block(self.acc, "verify").and_then(|block| operation(self.acc, block)),
            errors: decoder.block(self.acc, "errors").map(|block| self.errors(block)),
        }
    }

    fn errors(&mut self, block: &Block) -> Errors {
        let mut decoder = Decoder::new(&block.body);
        let mut take = |name: &str| decoder.attr(name).map(|attr| attr.expr.clone());
        let errors = Errors { when: take("when"), message: take("message"), refused: take("refused") };
        decoder.finish(self.acc);
        errors
    }

    /// Inputs: the attributes that nobody asked for as words.
    fn inputs(&mut self, decoder: &mut Decoder<'_>, block: &Block, words: &[&str]) -> Vec<Field> {
        let mut inputs = Vec::new();
        for attr in block.body.attrs.iter().filter(|attr| !words.contains(&&*attr.name)) {
            decoder.attr(&attr.name);
            inputs.extend(fields::field(self.acc, attr, self.text));
        }
        inputs
    }

    fn options(&mut self, decoder: &mut Decoder<'_>) -> Vec<Field> {
        let Some(block) = decoder.block(self.acc, "options") else { return Vec::new() };
        let mut inner = Decoder::new(&block.body);
        let fields = self.inputs(&mut inner, block, &[]);
        inner.finish(self.acc);
        fields
    }

    fn connection(&mut self, block: &Block) -> Option<(Arc<str>, Method, Talk)> {
        let [name] = labels(self.acc, block, ["method"])?;
        let mut decoder = Decoder::new(&block.body);
        let browser_only = self.literal_bool(&mut decoder, "browser_only", false);
        let talk = self.talk(&mut decoder);
        let options = self.options(&mut decoder);
        let fields = self.inputs(&mut decoder, block, &["browser_only", "base_url", "headers", "retry"]);
        decoder.finish(self.acc);
        Some((name.into(), Method { fields, options, tried: false, browser_only }, talk))
    }

    fn destination(&mut self, app: &App, block: &Block) -> Option<(Arc<str>, Place)> {
        let [slug] = labels(self.acc, block, ["slug"])?;
        let mut decoder = Decoder::new(&block.body);
        let title = decoder.attr("title").and_then(|attr| self.acc.take(fields::text(&attr.expr)));
        let can_import = self.literal_bool(&mut decoder, "import", false);
        let selector = decoder.attr("selector").and_then(|attr| self.acc.take(fields::text(&attr.expr)));
        let options = self.options(&mut decoder);
        let native = native::SLUGS.contains(&slug);
        let mut base = (Variant { readable: true, ..Variant::default() }, Shape { native, ..Shape::default() });
        self.shape(&mut decoder, block, &mut base, &["title", "import", "selector"]);
        let mut schemas = BTreeMap::new();
        let mut variants = BTreeMap::new();
        for variant in decoder.blocks("variant") {
            let Some([name]) = labels(self.acc, variant, ["value of the selector"]) else { continue };
            let mut inner = Decoder::new(&variant.body);
            let mut own = base.clone();
            self.shape(&mut inner, variant, &mut own, &[]);
            inner.finish(self.acc);
            self.once(&variants, &name.into(), variant);
            schemas.insert(Arc::from(name), own.0);
            variants.insert(Arc::from(name), own.1);
        }
        decoder.finish(self.acc);
        if selector.is_some() == variants.is_empty() {
            let detail = "A destination has a `selector` exactly if it has variants.";
            self.acc.push(Diagnostic::error(&codes::MANIFEST, detail).at(block.header, ""));
        }
        if variants.is_empty() {
            schemas.insert("".into(), base.0);
            variants.insert("".into(), base.1);
        }
        if !native && variants.values().any(|shape| shape.operations.is_empty()) {
            let detail = format!("Nothing says how `{slug}` is listed and written.");
            let help = "write `list`, and either `replace`, or `delete` with `upsert` or with `create` and `update`";
            self.acc.push(Diagnostic::error(&codes::MANIFEST, detail).at(block.header, "").help(help));
        }
        let schema = Destination {
            slug: slug.into(),
            app: app.slug.clone(),
            title: title.unwrap_or_else(|| app.title.clone()),
            selector_wire: selector.as_deref().map(|name| fields::camel_case(name).into()),
            selector,
            variants: schemas,
            options,
            can_import,
        };
        Some((slug.into(), Place { schema, variants }))
    }

    /// What a destination says for all its variants, or a variant for itself on top of that.
    fn shape(&mut self, decoder: &mut Decoder<'_>, block: &Block, of: &mut (Variant, Shape), words: &[&str]) {
        let (variant, shape) = of;
        if let Some(attr) = decoder.attr("readable") {
            // What depends on the inputs is decided when a destination is opened.
            let literal = fields::literal(&attr.expr).ok().and_then(|value| value.as_bool());
            variant.readable = literal.unwrap_or(true);
            shape.readable = literal.is_none().then(|| attr.expr.clone());
        }
        if let Some(attr) = decoder.attr("root") {
            shape.root = Some(attr.expr.clone());
        }
        let talk = self.talk(decoder);
        shape.talk = talk.over(&shape.talk);
        if let Some(rules) = decoder.block(self.acc, "key") {
            self.key_rules(rules, variant);
        }
        if let Some(rules) = decoder.block(self.acc, "value") {
            self.value_rules(rules, variant);
        }
        if let Some(limits) = decoder.block(self.acc, "limits") {
            self.limits(limits, variant, shape);
        }
        if let Some(privileges) = decoder.block(self.acc, "privileges") {
            variant.privileges = self.privileges(privileges);
        }
        for lookup in decoder.blocks("lookup") {
            let Some([name]) = labels(self.acc, lookup, ["name"]) else { continue };
            let Some(operation) = operation(self.acc, lookup) else { continue };
            shape.lookups.retain(|(other, _)| &**other != name);
            shape.lookups.push((name.into(), operation));
        }
        for slot in Slot::OPERATIONS {
            if let Some(found) = decoder.block(self.acc, slot.word())
                && let Some(operation) = operation(self.acc, found)
            {
                shape.operations.insert(slot, operation);
            }
        }
        let mut known = vec!["readable", "root", "base_url", "headers", "retry"];
        known.extend(words);
        variant.fields.extend(self.inputs(decoder, block, &known));
    }

    fn key_rules(&mut self, block: &Block, variant: &mut Variant) {
        let mut decoder = Decoder::new(&block.body);
        let mut rules = KeyRules::default();
        if let Some(attr) = decoder.attr("matches") {
            rules.matches = self.acc.take(fields::text(&attr.expr));
            if rules.matches.as_deref().is_some_and(|pattern| rules::whole(pattern).is_err()) {
                let detail = "The pattern is no regular expression.";
                self.acc.push(Diagnostic::error(&codes::MANIFEST, detail).at(attr.expr.span, ""));
            }
        }
        if let Some(Value::List(names)) = self.literal(&mut decoder, "reserved") {
            rules.reserved = names.iter().filter_map(|name| name.as_str().map(Arc::from)).collect();
        }
        if let Some(attr) = decoder.attr("case") {
            rules.case = match self.acc.take(fields::text(&attr.expr)).as_deref() {
                Some("upper") => Case::Upper,
                Some("lower") => Case::Lower,
                Some("insensitive") => Case::Insensitive,
                Some("sensitive") | None => Case::Sensitive,
                Some(other) => {
                    let d = Diagnostic::error(&codes::MANIFEST, format!("There is no case rule `{other}`."));
                    let known = ["upper", "lower", "insensitive", "sensitive"];
                    self.acc.push(d.at(attr.expr.span, "").did_you_mean(other, known));
                    Case::Sensitive
                }
            };
        }
        if let Some(attr) = decoder.attr("replace") {
            rules.replace = self.acc.take(operations::replacements(&attr.expr)).unwrap_or_default();
        }
        rules.max_length = self.literal_size(&mut decoder, "max_length");
        variant.schema_names_container = self.literal_bool(&mut decoder, "container", false);
        decoder.finish(self.acc);
        variant.keys = rules;
    }

    fn value_rules(&mut self, block: &Block, variant: &mut Variant) {
        let mut decoder = Decoder::new(&block.body);
        let max_bytes = self.literal_size(&mut decoder, "max_bytes");
        let max_length = self.literal_size(&mut decoder, "max_length");
        let empty = self.literal_bool(&mut decoder, "empty", true);
        decoder.finish(self.acc);
        variant.values = ValueRules { max_bytes, max_length, empty };
    }

    fn limits(&mut self, block: &Block, variant: &mut Variant, shape: &mut Shape) {
        let mut decoder = Decoder::new(&block.body);
        let entries = self.literal_size(&mut decoder, "entries");
        let rate = self.literal_size(&mut decoder, "rate");
        let concurrency = self.literal_size(&mut decoder, "concurrency");
        decoder.finish(self.acc);
        variant.max_entries = entries.or(variant.max_entries);
        shape.rate = rate.and_then(|n| u32::try_from(n).ok()).or(shape.rate);
        shape.concurrency = concurrency.or(shape.concurrency);
    }

    fn privileges(&mut self, block: &Block) -> Option<Privileges> {
        let mut decoder = Decoder::new(&block.body);
        let needed = decoder.required(self.acc, block, "needed").and_then(|attr| match &attr.expr.node {
            Node::List(items) => items.iter().map(|item| self.acc.take(fields::text(item))).collect(),
            _ => {
                let detail = "`needed` is a list of texts, in the vendor's own words.";
                self.acc.push(Diagnostic::error(&codes::MANIFEST, detail).at(attr.expr.span, ""));
                None
            }
        });
        let source = decoder.required(self.acc, block, "source");
        let source = source.and_then(|attr| self.acc.take(fields::text(&attr.expr)));
        let verified = decoder.required(self.acc, block, "verified");
        let verified = verified.and_then(|attr| self.acc.take(fields::text(&attr.expr)));
        decoder.finish(self.acc);
        Some(Privileges { needed: needed?, source: source?, verified: verified? })
    }

    fn literal(&mut self, decoder: &mut Decoder<'_>, name: &str) -> Option<Value> {
        let attr = decoder.attr(name)?;
        self.acc.take(fields::literal(&attr.expr))
    }

    fn literal_bool(&mut self, decoder: &mut Decoder<'_>, name: &str, default: bool) -> bool {
        self.literal(decoder, name).and_then(|value| value.as_bool()).unwrap_or(default)
    }

    fn literal_size(&mut self, decoder: &mut Decoder<'_>, name: &str) -> Option<usize> {
        match self.literal(decoder, name)? {
            Value::Number(Number::Int(n)) => usize::try_from(n).ok(),
            _ => None,
        }
    }
}

impl Talk {
    /// What this says, and for what it does not say, what `other` says.
    #[must_use]
    pub fn over(self, other: &Talk) -> Talk {
        let other = other.clone();
        Talk {
            base_url: self.base_url.or(other.base_url),
            headers: self.headers.or(other.headers),
            login: self.login.or(other.login),
            verify: self.verify.or(other.verify),
            retry: self.retry.or(other.retry),
            errors: self.errors.or(other.errors),
        }
    }
}
