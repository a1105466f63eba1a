//! The generic driver: what every vendor needs, so that no manifest says it. Lookups once a destination, pages
//! to the end with a guard against circles, values read one by one or in groups, writes in the right order and
//! with bounded concurrency.
//!
//! Lives here: [`Driver`], which reads; [`write`] writes; [`session`] talks.

pub mod session;
mod write;

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::client::Policy;
use crate::http::json;
use crate::lang::ast::Expr;
use crate::model::attrs::Object;
use crate::model::attrs::Value;
use crate::model::schema::Destination as Schema;
use crate::model::schema::Variant;
use crate::provider::Observation;
use crate::provider::Outcome;
use crate::provider::Seen;
use crate::provider::Spec;
use crate::provider::Write;
use crate::provider::driver::session::Answer;
use crate::provider::driver::session::Session;
use crate::provider::manifest::Operation;
use crate::provider::manifest::Shape;
use crate::provider::manifest::extract;
use crate::provider::manifest::render::Env;
use crate::provider::manifest::slots::Slot;
use crate::provider::manifest::slots::fields_of;
use crate::provider::manifest::slots::mentions;
use crate::secret::FingerprintKey;
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Most pages of one listing; beyond it something is wrong.
const MOST_PAGES: usize = 10_000;

/// A destination that is spoken to by its manifest.
pub struct Driver {
    session: Session,
    variant: Variant,
    shape: Shape,
    policy: Policy,
    /// `connection`, `destination` and `options`.
    env: Env,
    home: String,
    place: String,
    lookups: BTreeMap<Arc<str>, OnceCell<Value>>,
}

impl Driver {
    /// Opens a destination. Nothing is sent yet.
    ///
    /// # Errors
    /// The service's address is malformed.
    pub fn open(
        session: Session,
        schema: &Schema,
        variant_name: &str,
        shape: &Shape,
        spec: &Spec,
        key: &FingerprintKey,
    ) -> Result<Self, Diagnostic> {
        let mut variant = schema.variants.get(variant_name).cloned().unwrap_or_default();
        let session = session.with(&shape.talk);
        let mut destination = session::object(&variant.fields, &spec.destination, schema.selector.as_deref());
        if variant.schema_names_container {
            destination = named_by_schema(destination, spec);
        }
        let env = Env::default()
            .with("connection", session.connection())
            .with("destination", destination)
            .with("key_schema", key_schema(spec))
            .with("environment", Value::from(&*spec.environment))
            .with("options", session::object(&schema.options, &spec.options, None));
        if let Some(readable) = &shape.readable {
            variant.readable = env.holds(readable).map_err(|d| session.locate(d))?;
        }
        let base = session.base_url(&env).map_err(|d| session.locate(d))?;
        let place = place(&session, shape, spec, &env, &base, key);
        let lookups = shape.lookups.iter().map(|(name, _)| (name.clone(), OnceCell::new())).collect();
        let policy = session.policy(shape.rate, shape.concurrency);
        Ok(Self { session, variant, shape: shape.clone(), policy, env, home: base, place, lookups })
    }

    /// See [`crate::provider::Destination::place`].
    #[must_use]
    pub fn place(&self) -> String {
        self.place.clone()
    }

    /// See [`crate::provider::Destination::document`].
    #[must_use]
    pub fn document(&self) -> String {
        let whole = self.operation(Slot::Replace).filter(|_| self.root_lookups().is_empty());
        let root = whole.and_then(|_| self.root(&self.env).ok()).filter(|root| !root.is_empty());
        root.map_or_else(|| self.place(), |root| format!("{}{root}", self.home))
    }

    /// See [`crate::provider::Destination::home`].
    #[must_use]
    pub fn home(&self) -> &str {
        &self.home
    }

    /// See [`crate::provider::Destination::variant`].
    #[must_use]
    pub fn variant(&self) -> &Variant {
        &self.variant
    }

    /// All entries.
    ///
    /// # Errors
    /// The listing can't be read to its end.
    pub async fn read(&self) -> Result<Observation, Diagnostic> {
        let mut observed = self.list().await?;
        if self.variant.readable
            && let Some(read) = self.operation(Slot::Read)
        {
            match read.max {
                Some(max) => self.read_groups(read, max, &mut observed).await,
                None => self.read_each(read, &mut observed).await,
            }
        }
        Ok(observed)
    }

    /// Writes, on top of what was observed.
    pub async fn write(&self, observed: &Observation, writes: &[Write]) -> Vec<Outcome> {
        write::write(self, observed, writes).await
    }

    fn operation(&self, slot: Slot) -> Option<&Operation> {
        self.shape.operations.get(&slot)
    }

    async fn list(&self) -> Result<Observation, Diagnostic> {
        let mut observed = Observation::default();
        let Some(list) = self.operation(Slot::List) else { return Ok(observed) };
        let (base, root) = self.prepared(list).await?;
        // Where the request does not ask for the cursor, `next` is the address of the next page.
        let by_cursor = list.request.iter().chain(list.exprs.values()).any(|expr| mentions(expr, "cursor"));
        let mut cursor = Value::Null;
        let mut url: Option<reqwest::Url> = None;
        let mut known = BTreeSet::new();
        for _ in 0..MOST_PAGES {
            let env = base.clone().with("cursor", cursor.clone());
            let answer = match list.steps.is_empty() {
                true => self.session.one(Slot::List, list, &env, &root, &self.policy, url.take()).await?,
                false => self.session.run(Slot::List, list, &env, &root, &self.policy).await?,
            };
            let next = self.page(list, &answer, &mut observed).map_err(|d| self.session.locate(d))?;
            let Some(next) = next else { return Ok(observed) };
            let text = json::write(&next).unwrap_or_default().to_vec();
            if !known.insert(text) {
                return Err(self.circle(&answer));
            }
            match by_cursor {
                true => cursor = next,
                false => url = Some(self.followed(&answer, &next)?),
            }
        }
        Err(Diagnostic::error(&codes::PAGING_LOOP, format!("The listing has more than {MOST_PAGES} pages.")))
    }

    /// Takes a page apart. Gives what leads to the next one.
    fn page(&self, list: &Operation, answer: &Answer, observed: &mut Observation) -> Result<Option<Value>, Diagnostic> {
        let words = answer.recovered.as_ref().unwrap_or(list);
        if let Some(items) = words.expr("items") {
            for (key, seen) in extract::items(items, &answer.env)? {
                match observed.entries.get(&key) {
                    None => drop(observed.entries.insert(key, seen)),
                    Some(first) if (&first.raw, &first.value) != (&seen.raw, &seen.value) => {
                        observed.twins.push((key, seen));
                    }
                    // What moved to the next page while this one was read.
                    Some(_) => {}
                }
            }
        }
        if let Some(document) = words.expr("document") {
            observed.document = answer.env.eval(document)?;
        }
        words.expr("next").map_or(Ok(None), |next| extract::next(next, &answer.env))
    }

    /// The address of the next page, if it is one of the service's own.
    fn followed(&self, answer: &Answer, next: &Value) -> Result<reqwest::Url, Diagnostic> {
        let url = next.as_str().and_then(|text| answer.url.join(text).ok());
        url.filter(|url| url.origin() == answer.url.origin()).ok_or_else(|| {
            let host = answer.url.host_str().unwrap_or("");
            Diagnostic::error(&codes::FOREIGN_HOST, format!("A page of `{host}` leads to another host, or nowhere."))
        })
    }

    fn circle(&self, answer: &Answer) -> Diagnostic {
        let host = answer.url.host_str().unwrap_or("");
        Diagnostic::error(&codes::PAGING_LOOP, format!("`{host}{}` named one page twice.", answer.url.path()))
    }

    /// Reads values one by one. What can't be read makes the listing partial; what is gone is gone.
    async fn read_each(&self, read: &Operation, observed: &mut Observation) {
        let (env, root) = match self.prepared(read).await {
            Ok(prepared) => prepared,
            Err(problem) => return observed.partial = Some(problem),
        };
        let entries: Vec<(Arc<str>, Seen)> = observed.entries.iter().map(|(k, s)| (k.clone(), s.clone())).collect();
        let results = futures_util::stream::iter(entries).map(|(key, seen)| {
            let env = entry_env(&env, &key, Some(&seen));
            let root = &root;
            async move { (key, self.read_one(read, &env, root).await) }
        });
        let results: Vec<_> = results.buffer_unordered(self.policy.concurrency).collect().await;
        for (key, result) in results {
            match result {
                Ok(Some((value, version))) => {
                    if let Some(seen) = observed.entries.get_mut(&key) {
                        seen.value = value.or(seen.value.take());
                        seen.version = version.or(seen.version.take());
                    }
                }
                Ok(None) => {}
                Err(problem) => observed.partial = Some(problem),
            }
        }
    }

    async fn read_one(&self, read: &Operation, env: &Env, root: &str) -> Result<Option<ReadBack>, Diagnostic> {
        if !self.session.wanted(read, env)? {
            return Ok(None);
        }
        let answer = self.session.run(Slot::Read, read, env, root, &self.policy).await?;
        let version = self.version(read, &answer)?;
        let value = match read.expr("value") {
            Some(expr) => extract::secret(&answer.env.eval(expr).map_err(|d| self.session.locate(d))?),
            None => None,
        };
        Ok(Some((value, version)))
    }

    /// Reads values in groups.
    async fn read_groups(&self, read: &Operation, max: usize, observed: &mut Observation) {
        let (env, root) = match self.prepared(read).await {
            Ok(prepared) => prepared,
            Err(problem) => return observed.partial = Some(problem),
        };
        let entries: Vec<Value> =
            observed.entries.iter().map(|(key, seen)| entry_value(key, Some(seen), None)).collect();
        let groups: Vec<Value> = entries.chunks(max).map(|group| Value::list(group.to_vec())).collect();
        let results = futures_util::stream::iter(groups).map(|group| {
            let env = env.clone().with("entries", group);
            let root = &root;
            async move {
                let answer = self.session.run(Slot::Read, read, &env, root, &self.policy).await?;
                let items = read.expr("items").map_or(Ok(Vec::new()), |items| extract::items(items, &answer.env));
                items.map_err(|d| self.session.locate(d))
            }
        });
        let results: Vec<Result<_, Diagnostic>> = results.buffer_unordered(self.policy.concurrency).collect().await;
        for result in results {
            match result {
                Ok(items) => {
                    for (key, found) in items {
                        if let Some(seen) = observed.entries.get_mut(&key) {
                            seen.value = found.value.or(seen.value.take());
                            seen.version = found.version.or(seen.version.take());
                        }
                    }
                }
                Err(problem) => observed.partial = Some(problem),
            }
        }
    }

    fn version(&self, operation: &Operation, answer: &Answer) -> Result<Option<Arc<str>>, Diagnostic> {
        let words = answer.recovered.as_ref().unwrap_or(operation);
        let version = words.expr("version").map_or(Ok(None), |expr| extract::version(expr, &answer.env));
        version.map_err(|d| self.session.locate(d))
    }

    /// The names that an operation may use, lookups made, and what stands before its paths.
    async fn prepared(&self, operation: &Operation) -> Result<(Env, String), Diagnostic> {
        let mut wanted = self.root_lookups();
        wanted.extend(operation.lookups.iter().cloned());
        let env = self.looked_up(&wanted).await?;
        let root = self.root(&env)?;
        Ok((env, root))
    }

    /// Lookups that the variant's root is made of.
    fn root_lookups(&self) -> BTreeSet<Arc<str>> {
        fields_of(&self.shape.root.iter().collect::<Vec<_>>(), "lookup")
    }

    fn root(&self, env: &Env) -> Result<String, Diagnostic> {
        let root = self.shape.root.as_ref().map_or(Ok(String::new()), |root| env.path(root));
        root.map_err(|d| self.session.locate(d))
    }

    /// The names with `lookup`, each lookup made once a destination. A lookup may use those before it. Those
    /// that the root is made of stand at the service's own root, all others behind the variant's.
    async fn looked_up(&self, wanted: &BTreeSet<Arc<str>>) -> Result<Env, Diagnostic> {
        let for_root = self.root_lookups();
        let mut needed = wanted.clone();
        for (name, lookup) in self.shape.lookups.iter().rev() {
            if needed.contains(name) {
                needed.extend(lookup.lookups.iter().cloned());
            }
        }
        let mut found = Object::new();
        let mut env = self.env.clone();
        for (name, lookup) in self.shape.lookups.iter().filter(|(name, _)| needed.contains(name)) {
            let Some(cell) = self.lookups.get(name) else { continue };
            let value = cell.get_or_try_init(|| async {
                let root = if for_root.contains(name) { String::new() } else { self.root(&env)? };
                let answer = self.session.run(Slot::Lookup, lookup, &env, &root, &self.policy).await?;
                self.session.value_of(lookup, &answer)
            });
            found.insert(name.clone(), value.await?.clone());
            env = env.with("lookup", Value::object(found.clone()));
        }
        Ok(env)
    }
}

/// A value that came back with its version.
type ReadBack = (Option<crate::secret::Secret>, Option<Arc<str>>);

/// The names of one entry.
fn entry_env(env: &Env, key: &str, seen: Option<&Seen>) -> Env {
    let text = |text: Option<&Arc<str>>| text.map_or(Value::Null, |text| Value::String(text.clone()));
    env.clone()
        .with("key", Value::from(key))
        .with("id", text(seen.and_then(|seen| seen.id.as_ref())))
        .with("version", text(seen.and_then(|seen| seen.version.as_ref())))
        .with("raw", seen.and_then(|seen| seen.raw.clone()).unwrap_or_default())
}

/// One of `entries`.
fn entry_value(key: &str, seen: Option<&Seen>, value: Option<Value>) -> Value {
    let env = entry_env(&Env::default(), key, seen);
    let fields = ["key", "id", "version", "raw"].map(|name| (Arc::from(name), env.get(name)));
    Value::object(fields.into_iter().chain([("value".into(), value.unwrap_or_default())]).collect())
}

/// The parts of the key schema, for listings that a service can narrow.
fn key_schema(spec: &Spec) -> Value {
    let parts = [("prefix", spec.key_schema.prefix()), ("suffix", spec.key_schema.suffix())];
    Value::object(parts.into_iter().map(|(name, text)| (name.into(), Value::from(text))).collect())
}

/// A destination whose key schema names its one container: the name that the user gave goes through it.
fn named_by_schema(destination: Value, spec: &Spec) -> Value {
    let Some(fields) = destination.as_object() else { return destination };
    let mut fields = fields.clone();
    if let Some(Value::String(name)) = fields.get("secret_name") {
        let name = spec.key_schema.apply(name);
        fields.insert("secret_name".into(), Value::string(name));
    }
    Value::object(fields)
}

/// Names a place: the service's address, what the reading requests ask of the destination, and a fingerprint
/// of the credentials that is of use in this run only.
fn place(session: &Session, shape: &Shape, spec: &Spec, env: &Env, base: &str, key: &FingerprintKey) -> String {
    let mut exprs: Vec<&Expr> = shape.reading();
    exprs.extend(session.talk().base_url.iter().chain(&session.talk().headers));
    let names = fields_of(&exprs, "destination");
    let narrowed = exprs.iter().any(|expr| mentions(expr, "key_schema"));
    let schema = if narrowed { json::write(&env.get("key_schema")).unwrap_or_default() } else { Default::default() };
    let environment = if exprs.iter().any(|expr| mentions(expr, "environment")) { &*spec.environment } else { "" };
    let destination = env.get("destination");
    let fields = destination.as_object().into_iter().flatten().filter(|(name, _)| names.contains(*name));
    let fields: Object = fields.map(|(name, value)| (name.clone(), value.clone())).collect();
    let fields = json::write(&Value::object(fields)).unwrap_or_default();
    let connection = json::write(&session.connection()).unwrap_or_default();
    let credentials = key.fingerprint("credentials", &connection).to_hex();
    let (fields, schema) = (String::from_utf8_lossy(&fields), String::from_utf8_lossy(&schema));
    format!("{} {base} {fields} {schema} {environment:?} {credentials}", spec.slug)
}
