//! What a run would stumble over, looked at before one: the backend and its clock, the ledger and who writes to it,
//! credentials, destinations. Reads, and nothing else.

use crate::diag::Diagnostic;
use crate::diag::Severity;
use crate::diag::codes;
use crate::engine::Planned;
use crate::engine::destinations;
use crate::engine::reading::Reader;
use crate::http::Method;
use crate::http::Request;
use crate::http::client::Policy;
use crate::ledger::keeper::Keeper;
use crate::model::address::Address;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use std::sync::Arc;

/// How far two clocks may be apart, in seconds, until signed requests and tokens begin to be refused. AWS refuses after five
/// minutes; half of that is time to mend it.
const SKEW: i64 = 150;

/// Credentials that end in less than these seconds, two weeks, are worth a word.
const SOON: i64 = 14 * 24 * 3600;

/// What to do about a sync whose last run failed.
pub const MEND_RUN: &str = "mend the cause before the next run";

/// One thing that was looked at.
#[derive(Debug)]
pub struct Finding {
    /// What kind of thing: `backend`, `clock`, `ledger`, `connection`, `destination`, `sync`, `blocked` …
    pub kind: &'static str,
    /// Which one.
    pub name: String,
    /// How it is.
    pub state: State,
    /// In words.
    pub words: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Of a connection: what the syncs that use it need its credentials to be allowed, in the vendor's words.
    pub needs: Vec<Arc<str>>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Good,
    /// It works, and somebody should know something.
    Odd,
    /// Nobody could say.
    Unknown,
    /// A run would fail because of it.
    Bad,
}

impl Finding {
    /// Something that was looked at and could be read.
    #[must_use]
    pub fn new(kind: &'static str, name: &str, state: State, words: impl Into<String>) -> Self {
        Self { kind, name: name.to_owned(), state, words: words.into(), help: None, needs: Vec::new() }
    }

    /// Something that is wrong.
    #[must_use]
    pub fn wrong(kind: &'static str, name: &str, why: &Diagnostic) -> Self {
        let state = if why.severity == Severity::Error { State::Bad } else { State::Odd };
        let words = format!("{}: {}", why.summary(), why.detail.trim_end_matches('.'));
        Self { help: why.help.clone(), ..Self::new(kind, name, state, words) }
    }
}

impl Reader {
    /// Looks at everything that a plan was made from, and tries the credentials of every connection.
    pub async fn health(&self, planned: &Planned) -> Vec<Finding> {
        let engine = self.engine();
        // As every plan calls it: where an embedded one listens is of use to nobody.
        let name = if planned.plan.backend.is_empty() { engine.reached.backend.url() } else { &planned.plan.backend };
        let mut found = vec![Finding::new("backend", name, State::Good, "reached and logged in")];
        found.push(self.clock().await);
        found.push(self.kept().await);
        let is_listed = |address: &Address| planned.basis.opened.contains_key(address);
        for (address, why) in planned.plan.incomplete.iter().filter(|(address, _)| !is_listed(address)) {
            found.push(Finding::wrong("read", &address.to_string(), why));
        }
        for resource in planned.basis.desired.resources.values() {
            match resource.kind {
                Kind::AppConnection if !resource.is_data() => {
                    let needs = self.needs(planned, resource);
                    found.push(Finding { needs, ..self.connection(planned, resource).await });
                }
                Kind::SecretSync if !resource.is_data() => found.extend(destination(planned, resource)),
                _ => {}
            }
        }
        // What apply would stumble over, although all of it could be read.
        for (address, why) in &planned.plan.blocked {
            found.push(Finding::wrong("blocked", &address.to_string(), why));
        }
        for (address, why) in planned.failed_runs() {
            let finding = Finding::new("sync", &address.to_string(), State::Bad, why.trim_end_matches('.'));
            found.push(Finding { help: Some(MEND_RUN.to_owned()), ..finding });
        }
        for (address, why) in &planned.plan.missing {
            let is_other = !planned.basis.resolved.credentials.contains_key(address);
            found.extend(is_other.then(|| {
                let words = why.detail.trim_end_matches('.');
                let finding = Finding::new("value", &address.to_string(), State::Unknown, words);
                Finding { help: why.help.clone(), ..finding }
            }));
        }
        found
    }

    /// Whether the backend's clock and this machine's are together.
    async fn clock(&self) -> Finding {
        let engine = self.engine();
        let (backend, http) = (&engine.reached.backend, &engine.reached.http);
        let name = "of this machine and of the backend";
        let unknown = |words: &str| Finding::new("clock", name, State::Unknown, words);
        let url = format!("{}/api/status", backend.url().trim_end_matches('/'));
        let Ok(request) = Request::new(Method::Get, &url) else { return unknown("the backend's address is odd") };
        // Whatever is answered says when.
        let Ok(response) = http.send(&request, &Policy::default()).await else {
            return unknown("the backend did not answer");
        };
        let theirs = response.header("date").and_then(|date| rfc2822::parse(date).ok());
        let Some(theirs) = theirs else { return unknown("the backend does not say what time it has") };
        let apart = Timestamp::now().as_second() - theirs.timestamp().as_second();
        if apart.abs() <= SKEW {
            return Finding::new("clock", name, State::Good, "together");
        }
        let which = if apart > 0 { "ahead of" } else { "behind" };
        let words = format!("this machine is {} seconds {which} the backend", apart.abs());
        let help = "set the clock: signed requests and tokens are refused because of it";
        Finding { help: Some(help.to_owned()), ..Finding::new("clock", name, State::Bad, words) }
    }

    /// Where the ledger is, and whether somebody is writing to it.
    async fn kept(&self) -> Finding {
        let keeper = &self.engine().keeper;
        let place = keeper.place();
        let (ledger, writing) = match (keeper.load().await, keeper.writing().await) {
            (Ok((ledger, _)), Ok(writing)) => (ledger, writing),
            (Err(why), _) | (_, Err(why)) => return Finding::wrong("ledger", &place, &why),
        };
        if let Some(holder) = writing {
            let words = format!("somebody is writing: {}", holder.words());
            let help = match keeper {
                Keeper::Files(_) => "wait for that run; its lock is free as soon as it has ended",
                Keeper::Shared(_) => "wait for that run; `keyform ledger unlock` frees it from one that is dead",
            };
            return Finding { help: Some(help.to_owned()), ..Finding::new("ledger", &place, State::Odd, words) };
        }
        if !ledger.intents.is_empty() {
            let words = format!("{} was begun and not heard of since", ledger.intents.len());
            let help = "the next apply looks what became of it";
            return Finding { help: Some(help.to_owned()), ..Finding::new("ledger", &place, State::Odd, words) };
        }
        let words = match ledger.owner.is_empty() {
            true => "nothing was written yet".to_owned(),
            false => format!("readable, {} records, nobody is writing", ledger.records.len()),
        };
        Finding::new("ledger", &place, State::Good, words)
    }

    /// What the syncs that use a connection need its credentials to be allowed, as far as their manifests say.
    fn needs(&self, planned: &Planned, connection: &Resource) -> Vec<Arc<str>> {
        let syncs = planned.basis.desired.syncs();
        let own = syncs.filter(|sync| sync.reference("connection") == Some(&connection.address));
        let variants = own.filter_map(|sync| destinations::variant(&self.engine().options.registry, sync));
        let mut needs: Vec<Arc<str>> = Vec::new();
        for need in variants.filter_map(|variant| variant.privileges.as_ref()).flat_map(|known| &known.needed) {
            if !needs.contains(need) {
                needs.push(need.clone());
            }
        }
        needs
    }

    async fn connection(&self, planned: &Planned, resource: &Resource) -> Finding {
        let engine = self.engine();
        let address = resource.address.to_string();
        let registry = &engine.options.registry;
        let method = resource.text("method").unwrap_or("");
        let credentials = match planned.basis.resolved.credentials.get(&resource.address) {
            Some(Ok(credentials)) => credentials,
            Some(Err(why)) => {
                let words = format!("credentials not at hand: {}", why.detail.trim_end_matches('.'));
                let finding = Finding::new("connection", &address, State::Unknown, words);
                return Finding { help: why.help.clone(), ..finding };
            }
            None => return Finding::new("connection", &address, State::Good, "takes no credentials"),
        };
        let schema = registry.schemas().apps.get(&resource.slug).and_then(|app| app.methods.get(method));
        if !schema.is_some_and(|schema| schema.tried) {
            let has_secrets = schema.is_some_and(|schema| schema.fields.iter().any(|field| field.sensitive));
            return match has_secrets {
                true => Finding::new(
                    "connection",
                    &address,
                    State::Unknown,
                    "no request tells whether its credentials are good",
                ),
                false => Finding::new("connection", &address, State::Good, "takes no credentials"),
            };
        }
        match registry.verify(&resource.slug, method, credentials, &engine.reached.http).await {
            Ok(until) => {
                let (state, words, help) = taken(until.as_deref(), Timestamp::now());
                Finding { help, ..Finding::new("connection", &address, state, words) }
            }
            Err(why) => Finding::wrong("connection", &address, &why),
        }
    }
}

/// What is to be said of credentials that the service took, and that are good until the time that it named: how they are,
/// in words, and what to do.
#[must_use]
pub fn taken(until: Option<&str>, now: Timestamp) -> (State, String, Option<String>) {
    let Some(until) = until else { return (State::Good, "credentials are taken".to_owned(), None) };
    let words = format!("credentials are taken, until {until}");
    // GitHub writes a space where RFC 3339 has a T, and the name of the zone; whatever else is said is shown as it is.
    let text = until.trim().replacen(' ', "T", 1).replace(" UTC", "Z").replace(' ', "");
    match text.parse::<Timestamp>() {
        Ok(end) if end.as_second() - now.as_second() < SOON => {
            let help = "make new ones before that, and put them where the connection takes them from";
            (State::Odd, words, Some(help.to_owned()))
        }
        _ => (State::Good, words, None),
    }
}

fn destination(planned: &Planned, resource: &Resource) -> Option<Finding> {
    let opened = planned.basis.opened.get(&resource.address)?;
    // What is not at hand is said of the connection, once.
    let connection = resource.reference("connection");
    if connection.is_some_and(|at| planned.basis.resolved.credentials.get(at).is_some_and(Result::is_err)) {
        return None;
    }
    let address = resource.address.to_string();
    let finding = match (&opened.destination, opened.seen.as_deref()) {
        (Err(why), _) if why.code == &codes::NOT_INSPECTED => {
            Finding::new("destination", &address, State::Unknown, why.detail.trim_end_matches('.'))
        }
        (Err(why), _) | (Ok(_), Some(Err(why))) => Finding::wrong("destination", &address, why),
        (Ok(_), Some(Ok(seen))) => match &seen.partial {
            Some(why) => Finding::wrong("destination", &address, why),
            None => {
                let count = seen.entries.len();
                let words = format!("can be read, {count} {}", if count == 1 { "key" } else { "keys" });
                Finding::new("destination", &address, State::Good, words)
            }
        },
        (Ok(_), None) => Finding::new("destination", &address, State::Unknown, "it was not looked at"),
    };
    Some(finding)
}
