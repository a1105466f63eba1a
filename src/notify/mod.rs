//! Who hears of drift: what `notify` blocks name, ready to be told.
//!
//! Lives here: [`Channel`], a block with its secrets at hand, and [`tell`]; and one file a channel, with the request that it takes.
//! What is told is `view::notice`'s business, whether it is news `plan::news`'s; issues are `forge`'s. Every channel quotes what it is
//! sent, so that no name can mention, link or address anybody. An address of a channel is a secret: errors name its host alone.

mod email;
mod pagerduty;
mod slack;
mod teams;
mod webhook;

use crate::config::source;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::forge::Place;
use crate::forge::Platform;
use crate::forge::issue;
use crate::forge::issue::Issue;
use crate::forge::marker::Marker;
use crate::forge::marker::Run;
use crate::http::Method;
use crate::http::Request;
use crate::http::client::Client;
use crate::http::client::Policy;
use crate::model::attrs::Value;
use crate::model::desired::Notify;
use crate::notify::email::Mail;
use crate::plan::drift::Cause;
use crate::secret::Secret;
use crate::view::notice::Notice;
use std::path::Path;
use std::time::Duration;
use zeroize::Zeroizing;

/// The label of issues whose block names none.
const LABEL: &str = "keyform";

/// How long one channel is tried: nobody should wait long for somebody who can't be reached.
const BUDGET: Duration = Duration::from_secs(60);

/// A `notify` block with its secrets at hand.
pub struct Channel {
    /// The label of the block.
    pub name: String,
    /// What it hears of; none for all.
    pub causes: Vec<Cause>,
    kind: Kind,
}

enum Kind {
    Slack { url: Secret },
    Teams { url: Secret },
    Webhook { url: Secret, secret: Option<Secret> },
    PagerDuty { url: Secret, key: Secret, severity: String },
    Email(Mail),
    Issue { place: Place, label: String },
    Heartbeat { url: Secret },
}

/// What is told to whom, and when.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// What is said.
    pub notice: &'a Notice,
    /// What the notices of one channel and environment have in common, and no others of this ledger.
    pub subject: &'a str,
    /// Whose they are: the name of the ledger, so that two configurations are told apart.
    pub owner: &'a str,
    /// When, in seconds since 1970.
    pub at: i64,
}

impl Channel {
    /// Reads the secrets of a block. Relative paths start at `dir`.
    ///
    /// # Errors
    /// A secret is not at hand, or an address is none.
    pub fn open(block: &Notify, dir: &Path, allow_exec: bool) -> Result<Self, Diagnostic> {
        let text = |name: &str| block.attrs.get(name).and_then(Value::as_str).map(str::to_owned);
        let secret = |name: &str| match block.attrs.get(name) {
            Some(Value::Source(from)) => source::resolve(from, dir, allow_exec).map(Some),
            Some(Value::String(text)) => Ok(Some(Secret::new((**text).to_owned()))),
            _ => Ok(None),
        };
        let needed = |name: &str| {
            let lacks = || Diagnostic::error(&codes::NOT_NOTIFIED, format!("The `notify` block lacks `{name}`."));
            secret(name)?.ok_or_else(lacks)
        };
        let forge = |platform, api: &str| {
            let place = Place {
                platform,
                api: text("url").unwrap_or_else(|| api.to_owned()).trim_end_matches('/').to_owned(),
                repo: text("repo").unwrap_or_default(),
                change: None,
                commit: None,
                token: needed("token")?,
                user: None,
            };
            Ok::<_, Diagnostic>(Kind::Issue { place, label: text("label").unwrap_or_else(|| LABEL.to_owned()) })
        };
        let kind = match &*block.channel {
            "slack" => Kind::Slack { url: needed("url")? },
            "teams" => Kind::Teams { url: needed("url")? },
            "webhook" => Kind::Webhook { url: needed("url")?, secret: secret("secret")? },
            "pagerduty" => Kind::PagerDuty {
                url: secret("url")?.unwrap_or_else(|| Secret::new(pagerduty::URL.to_owned())),
                key: needed("routing_key")?,
                severity: text("severity").unwrap_or_else(|| "warning".to_owned()),
            },
            "email" => Kind::Email(Mail::new(block, secret("password")?)?),
            "github" => forge(Platform::GitHub, "https://api.github.com")?,
            "gitlab" => forge(Platform::GitLab, "https://gitlab.com/api/v4")?,
            _ => Kind::Heartbeat { url: needed("url")? },
        };
        let causes = Cause::ALL.into_iter().filter(|cause| block.causes.iter().any(|word| **word == *cause.word()));
        Ok(Self { name: block.name.to_string(), causes: causes.collect(), kind })
    }

    /// Whether it is called after every run, and told nothing.
    #[must_use]
    pub fn is_heartbeat(&self) -> bool {
        matches!(self.kind, Kind::Heartbeat { .. })
    }
}

/// Tells somebody something.
///
/// # Errors
/// They could not be reached, or refused: a warning, because whoever runs keyform has the whole anyway.
pub async fn tell(client: &Client, channel: &Channel, message: &Message<'_>) -> Result<(), Diagnostic> {
    let Message { notice, subject, at, .. } = message;
    let done = match &channel.kind {
        Kind::Slack { url } => call(client, json(url, slack::body(notice))).await,
        Kind::Teams { url } => call(client, json(url, teams::body(notice))).await,
        Kind::Webhook { url, secret } => {
            call(client, webhook::request(url, secret.as_ref(), message, &channel.name)).await
        }
        Kind::PagerDuty { url, key, severity } => {
            call(client, json(url, pagerduty::body(message, key, severity))).await
        }
        Kind::Email(mail) => mail.send(notice).await,
        Kind::Issue { place, label } => {
            let text = notice.markdown();
            let marker = Marker::new(&format!("drift/{subject}"), Run::default(), *at, &text);
            let issue = Issue { title: &notice.topic, text: &text, label, is_open: !notice.is_clean };
            issue::keep(client, place, &marker, &issue).await
        }
        Kind::Heartbeat { url } => call(client, Request::new(Method::Get, url.expose()).map(Request::hide_path)).await,
    };
    done.map_err(|why| Diagnostic { detail: format!("`notify.{}`: {}", channel.name, why.detail), ..why })
}

/// A request with a body of JSON. To be told twice is better than not at all.
fn json(url: &Secret, body: Zeroizing<Vec<u8>>) -> Result<Request, Diagnostic> {
    Ok(Request::new(Method::Post, url.expose())?.json(body).hide_path().idempotent(true))
}

async fn call(client: &Client, request: Result<Request, Diagnostic>) -> Result<(), Diagnostic> {
    let request = request.map_err(|why| refused(why.detail))?;
    let policy = Policy { budget: BUDGET, ..Policy::default() };
    match client.send(&request, &policy).await {
        Ok(answer) if answer.is_success() => Ok(()),
        Ok(answer) => {
            let detail = format!("`{}` answered {}.", request.url.host_str().unwrap_or_default(), answer.status);
            let help = match answer.status {
                300..=399 => "its address is another one by now",
                401 | 403 | 404 | 410 => "its address or key is not, or not any more, a valid one",
                _ => "what is not told is told by the next run",
            };
            Err(refused(detail).help(help))
        }
        Err(why) => {
            Err(refused(format!("{}: {}", why.summary(), why.detail)).help("what is not told is told by the next run"))
        }
    }
}

fn refused(detail: String) -> Diagnostic {
    Diagnostic::warning(&codes::NOT_NOTIFIED, detail)
}
