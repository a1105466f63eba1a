//! Where secret values come from: declared secrets and the credentials of connections, each resolved
//! once a run. What is not at hand is kept as the reason why, and is an error only where it is needed.

use crate::backend::state::trimmed;
use crate::config::source;
use crate::config::stand_ins::StandIns;
use crate::diag::Diagnostic;
use crate::diag::Severity;
use crate::diag::codes;
use crate::engine::index::Index;
use crate::engine::index::stored_place;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use crate::model::attrs::Object;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::secret::Secret;
use rand::Rng;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// What became of every secret source. `Debug` shows no value.
#[derive(Debug, Default, Clone)]
pub(super) struct Resolved {
    /// Values of declared secrets, as the backend will keep them.
    pub(super) secrets: BTreeMap<Address, Result<Secret, Diagnostic>>,
    /// Declared secrets whose value is random and that do not exist yet: made now, shown to nobody.
    pub(super) fresh: BTreeMap<Address, Secret>,
    /// What the backend has for declared secrets whose source is not at hand: it stands.
    pub(super) standing: BTreeMap<Address, Secret>,
    /// Credentials of connections, webhooks and native integrations by the names of the configuration.
    pub(super) credentials: BTreeMap<Address, Result<Attrs, Diagnostic>>,
}

impl Resolved {
    /// The value that a declared secret will have when the plan is done: the declared one, or, where its source
    /// is not at hand, the one that it has.
    pub(super) fn planned(&self, address: &Address) -> Option<Secret> {
        self.value(address).ok().or_else(|| self.standing.get(address).cloned())
    }

    /// Why values are not at hand, by the resource that declares them.
    pub(super) fn missing(&self) -> BTreeMap<Address, Diagnostic> {
        let secrets = self.secrets.iter().filter_map(|(address, value)| Some((address, value.as_ref().err()?)));
        let credentials = self.credentials.iter().filter_map(|(address, value)| Some((address, value.as_ref().err()?)));
        // Nothing is lost by it yet: what has to be written without a value is refused on its own.
        let note =
            |why: &Diagnostic| Diagnostic { code: &codes::SOURCE_LATER, severity: Severity::Warning, ..why.clone() };
        secrets.chain(credentials).map(|(address, why)| (address.clone(), note(why))).collect()
    }

    /// Every value that a message of someone else could quote.
    pub(super) fn values(&self) -> Vec<Secret> {
        let values = self.secrets.values().filter_map(|v| v.as_ref().ok()).chain(self.fresh.values());
        let credentials = self.credentials.values().filter_map(|c| c.as_ref().ok()).flat_map(|c| c.values());
        let credentials = credentials.filter_map(|value| match value {
            Value::Secret(secret) => Some(secret),
            _ => None,
        });
        values.chain(credentials).cloned().collect()
    }

    /// The value to write for a declared secret.
    pub(super) fn value(&self, address: &Address) -> Result<Secret, Diagnostic> {
        match (self.fresh.get(address), self.secrets.get(address)) {
            (Some(fresh), _) => Ok(fresh.clone()),
            (None, Some(result)) => result.clone(),
            (None, None) => Err(Diagnostic::error(&codes::NEED_MISSING, format!("{address} has no value"))),
        }
    }
}

/// How sources are resolved.
pub(super) struct Rules<'a> {
    /// Where relative paths start.
    pub(super) base: &'a Path,
    /// Whether programs may be started.
    pub(super) allow_exec: bool,
    /// Whether nothing is to be read but what a snapshot has of the backend.
    pub(super) from_snapshot: bool,
    /// What is asked in the place of all that.
    pub(super) stand_ins: Option<&'a StandIns>,
}

impl Rules<'_> {
    fn read(&self, source: &SecretSource) -> Result<Secret, Diagnostic> {
        match self.stand_ins {
            Some(stand_ins) => stand_ins.read(source),
            None => source::read(source, self.base, self.allow_exec),
        }
    }
}

/// Resolves every source of the configuration that a plan can use. `live` gives the value that a
/// declared secret has now.
pub(super) fn resolve(index: &Index<'_>, rules: &Rules<'_>, live: &dyn Fn(&Resource) -> Option<Secret>) -> Resolved {
    let mut resolver =
        Resolver { index, rules, live, known: BTreeMap::new(), out: Resolved::default(), open: Vec::new() };
    for resource in index.desired.resources.values() {
        match resource.kind {
            Kind::Secret => {
                // Kept, whatever it is.
                let _ = resolver.secret(resource);
            }
            _ if resource.attrs.contains_key("credentials") => {
                let credentials = resolver.credentials(resource);
                resolver.out.credentials.insert(resource.address.clone(), credentials);
            }
            _ => {}
        }
    }
    resolver.out
}

/// A source that takes time, or that may say something else the second time.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    File(PathBuf),
    Exec(Vec<Arc<str>>),
    Stored(Arc<str>),
}

struct Resolver<'a> {
    index: &'a Index<'a>,
    rules: &'a Rules<'a>,
    live: &'a dyn Fn(&Resource) -> Option<Secret>,
    /// What files, programs and the backend gave: each is asked once.
    known: BTreeMap<Asked, Result<Secret, Diagnostic>>,
    out: Resolved,
    /// Declared secrets that are being resolved, so that a circle is found.
    open: Vec<Address>,
}

impl Resolver<'_> {
    /// The value of a declared secret, kept for the next time.
    fn secret(&mut self, resource: &Resource) -> Result<Secret, Diagnostic> {
        let address = &resource.address;
        if let Some(fresh) = self.out.fresh.get(address) {
            return Ok(fresh.clone());
        }
        if let Some(known) = self.out.secrets.get(address) {
            return known.clone();
        }
        if self.open.contains(address) {
            let detail = format!("the value of {address} leads back to itself");
            return Err(Diagnostic::error(&codes::STORED_MISSING, detail));
        }
        self.open.push(address.clone());
        let value = match resource.attrs.get("value") {
            Some(Value::Source(source)) => match &**source {
                SecretSource::Random { length, alphabet } => self.random(resource, *length, alphabet),
                source => self.source(source).map(|secret| Secret::new(trimmed(secret.expose()))),
            },
            Some(_) if self.rules.from_snapshot => Err(unread()),
            Some(Value::Secret(secret)) => Ok(Secret::new(trimmed(secret.expose()))),
            Some(Value::String(text)) => Ok(Secret::new(trimmed(text))),
            _ => Err(Diagnostic::error(&codes::NEED_MISSING, format!("{address} declares no value"))),
        };
        self.open.pop();
        if value.is_err()
            && let Some(live) = (self.live)(resource)
        {
            self.out.standing.insert(address.clone(), live);
        }
        self.out.secrets.insert(address.clone(), value.clone());
        value
    }

    /// The value that a random secret has, or a new one if it does not exist.
    fn random(&mut self, resource: &Resource, length: u32, alphabet: &str) -> Result<Secret, Diagnostic> {
        if let Some(live) = (self.live)(resource) {
            return Ok(live);
        }
        let letters: Vec<char> = alphabet.chars().collect();
        if letters.is_empty() {
            let detail = format!("{} draws from an empty alphabet", resource.address);
            return Err(Diagnostic::error(&codes::RANDOM_PLACE, detail));
        }
        let mut random = rand::rng();
        let text = (0..length).map(|_| letters[random.random_range(0..letters.len())]).collect();
        let fresh = Secret::new(text);
        self.out.fresh.insert(resource.address.clone(), fresh.clone());
        Ok(fresh)
    }

    fn credentials(&mut self, resource: &Resource) -> Result<Attrs, Diagnostic> {
        let Some(fields) = resource.attrs.get("credentials").and_then(Value::as_object) else {
            return Ok(Attrs::new());
        };
        fields.iter().map(|(name, value)| Ok((name.clone(), self.plain(resource, value)?))).collect()
    }

    /// A value with its sources replaced by secrets.
    fn plain(&mut self, resource: &Resource, value: &Value) -> Result<Value, Diagnostic> {
        Ok(match value {
            Value::Source(source) => Value::Secret(self.source(source).map_err(|why| about(why, resource))?),
            Value::List(items) => {
                Value::list(items.iter().map(|item| self.plain(resource, item)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, field)| Ok((name.clone(), self.plain(resource, field)?)));
                Value::object(fields.collect::<Result<Object, Diagnostic>>()?)
            }
            other => other.clone(),
        })
    }

    fn source(&mut self, source: &SecretSource) -> Result<Secret, Diagnostic> {
        if self.rules.from_snapshot && !matches!(source, SecretSource::Stored(_)) {
            return Err(unread());
        }
        source::given(source, self.read(source)?)
    }

    fn read(&mut self, source: &SecretSource) -> Result<Secret, Diagnostic> {
        let asked = match source {
            SecretSource::OrEmpty(source) => return self.read(source),
            SecretSource::File(path) => Asked::File(path.clone()),
            SecretSource::Exec(command) => Asked::Exec(command.clone()),
            SecretSource::Stored(place) => Asked::Stored(place.clone()),
            SecretSource::Random { .. } => {
                let detail = "`secret_random` is used for something that is not a `secret` block".to_owned();
                return Err(Diagnostic::error(&codes::RANDOM_PLACE, detail));
            }
            SecretSource::Env(_) | SecretSource::Literal(_) => {
                return self.rules.read(source);
            }
        };
        if let Some(known) = self.known.get(&asked) {
            return known.clone();
        }
        let result = match &asked {
            Asked::Stored(place) => self.stored(place),
            Asked::File(_) | Asked::Exec(_) => self.rules.read(source),
        };
        self.known.insert(asked, result.clone());
        result
    }

    /// A secret of the backend: the declared value where this configuration declares it, else the one
    /// that is there.
    fn stored(&mut self, place: &str) -> Result<Secret, Diagnostic> {
        let missing = |why: &str| {
            Diagnostic::error(&codes::STORED_MISSING, format!("`secret_stored(\"{place}\")`: {why}"))
                .help("the form is project/environment/path/KEY, all by their slugs and names")
        };
        let (slug, environment, path, key) = stored_place(place).ok_or_else(|| missing("this names no secret"))?;
        let index = self.index;
        let declared = index.project_address(slug).and_then(|project| {
            index.desired.resources.values().find(|r| {
                r.kind == Kind::Secret
                    && r.reference("project") == Some(project)
                    && r.text("environment") == Some(environment)
                    && r.text("path").unwrap_or("/") == path
                    && r.text("key") == Some(key)
            })
        });
        if let Some(declared) = declared {
            return self.secret(declared);
        }
        let project = index.state.projects.get(slug).ok_or_else(|| missing("there is no such project"))?;
        let environment = project.environment(environment).ok_or_else(|| missing("there is no such environment"))?;
        let secrets = match &environment.secrets {
            Some(Ok(secrets)) => secrets,
            Some(Err(why)) => return Err(why.clone()),
            None => return Err(missing("its folder was not read")),
        };
        let found = secrets.iter().find(|s| *s.path == *path && *s.key == *key);
        let found = found.ok_or_else(|| missing("there is no such secret"))?;
        found.value.clone().ok_or_else(|| hidden(place))
    }
}

/// The problem that a value is there but may not be seen.
pub(super) fn hidden(name: &str) -> Diagnostic {
    Diagnostic::error(&codes::BACKEND_HIDDEN, format!("the value of {name} is hidden"))
        .help("give the machine identity the permission to read secret values")
}

/// A value that nobody reads who plans with a snapshot.
fn unread() -> Diagnostic {
    Diagnostic::error(&codes::SNAPSHOT_VALUE, "its value is not read for a plan from a snapshot")
}

/// The same problem, with the resource that has it underlined.
pub(super) fn about(mut why: Diagnostic, resource: &Resource) -> Diagnostic {
    if why.labels.is_empty() {
        why = why.at(resource.origin.block, "");
    }
    why
}

/// One note for a plan about all that is not at hand: the same words, but nothing is lost yet.
pub(super) fn later(missing: &BTreeMap<Address, Diagnostic>) -> Option<Diagnostic> {
    let helps: BTreeSet<&str> = missing.values().filter_map(|why| why.help.as_deref()).collect();
    let is_one = helps.len() < 2;
    let line = |(address, why): (&Address, &Diagnostic)| match why.help.as_deref().filter(|_| !is_one) {
        Some(help) => format!("{address}: {} ({help})", why.detail),
        None => format!("{address}: {}", why.detail),
    };
    let lines: Vec<String> = missing.iter().map(line).collect();
    let help = helps.first().filter(|_| is_one).map(|help| (*help).to_owned());
    // Only some of them have a place to show: where there are several, one that is underlined would seem to be all.
    let labels = missing.values().flat_map(|why| why.labels.clone()).filter(|_| missing.len() == 1).collect();
    let note = Diagnostic { help, labels, ..Diagnostic::warning(&codes::SOURCE_LATER, lines.join("\n")) };
    (!missing.is_empty()).then_some(note)
}

/// A text as a value.
pub(super) fn text(value: &str) -> Value {
    Value::String(Arc::from(value))
}
