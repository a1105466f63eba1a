//! `--notify`: whoever the `notify` blocks name is told what is news of drift.

use crate::cli::context::Context;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::keeper::Opened;
use crate::http::client::Client;
use crate::http::client::Options;
use crate::ledger::keeper::Keeper;
use crate::ledger::told::Kept;
use crate::ledger::told::Told;
use crate::model::desired::Desired;
use crate::notify;
use crate::notify::Channel;
use crate::notify::Message;
use crate::plan::drift::Drift;
use crate::plan::news;
use crate::plan::news::News;
use crate::provider::registry::Registry;
use crate::view::json::drift::Document;
use crate::view::notice;
use crate::view::notice::Notice;
use futures_util::future::join_all;
use jiff::Timestamp;
use std::sync::Arc;

/// What there is to tell.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    /// What was found.
    pub(super) drift: &'a Drift,
    /// The same, as it is drawn.
    pub(super) document: &'a Document,
    /// What it was looked for in, if a configuration has several environments.
    pub(super) environment: Option<&'a str>,
}

/// Whether there is somebody to tell; that there is not is told.
pub(super) fn is_anybody(context: &mut Context, desired: &Desired) -> bool {
    if desired.notify.is_empty() {
        let d = Diagnostic::error(&codes::NOBODY, "There is no `notify` block.");
        context.tell(d.help("for example `notify \"slack\" \"team\" { url = secret_env(\"SLACK_WEBHOOK_URL\") }`"));
    }
    !desired.notify.is_empty()
}

/// Tells every channel what is news to it. Gives whether all that had to be told was told; what was not is a warning.
pub(super) async fn tell(
    context: &mut Context,
    (desired, registry): (&Desired, &Arc<Registry>),
    allow_exec: bool,
    found: Found<'_>,
) -> bool {
    let options = context.options(Arc::clone(registry), allow_exec, None);
    let opened = match Opened::open(&options, desired).await {
        Ok(opened) => opened,
        Err(why) => {
            context.tell(Diagnostic::warning(&codes::NOT_NOTIFIED, format!("{}: {}", why.summary(), why.detail)));
            return false;
        }
    };
    let is_whole = tell_all(context, desired, allow_exec, found, &opened.keeper).await;
    opened.close().await;
    is_whole
}

/// A channel with what it is told, and what it was told once it is.
struct Letter {
    channel: Channel,
    subject: String,
    news: News,
    notice: Notice,
}

async fn tell_all(
    context: &mut Context,
    desired: &Desired,
    allow_exec: bool,
    found: Found<'_>,
    keeper: &Keeper,
) -> bool {
    let client = match Client::new(Options::default()) {
        Ok(client) => client,
        Err(why) => {
            context.tell(why);
            return false;
        }
    };
    // What can't be read is not nothing: it is told again what there is, and the file is left alone.
    let kept = keeper.told().await.map_err(|why| context.tell(why)).ok();
    let mut told: Told = kept.as_ref().map(|kept| kept.told.clone()).unwrap_or_default();
    let owner = keeper.load().await.map(|(ledger, _)| ledger.owner).unwrap_or_default();
    let at = Timestamp::now().as_second();
    let mut is_whole = true;
    let mut letters = Vec::new();
    for block in &desired.notify {
        let channel = match Channel::open(block, &context.dir(), allow_exec) {
            Ok(channel) => channel,
            Err(why) => {
                let warning =
                    Diagnostic::warning(&codes::NOT_NOTIFIED, format!("`notify.{}`: {}", block.name, why.detail));
                context.tell(Diagnostic { help: why.help, ..warning });
                is_whole = false;
                continue;
            }
        };
        let subject = match found.environment {
            Some(environment) => format!("{}/{environment}", channel.name),
            None => channel.name.clone(),
        };
        let before = told.get(&subject).cloned().unwrap_or_default();
        let news = news::news(found.drift, &channel.causes, &before);
        let notice = notice::notice(found.document, &news, found.environment);
        letters.push(Letter { channel, subject, news, notice });
    }
    let (heartbeats, letters): (Vec<Letter>, Vec<Letter>) =
        letters.into_iter().partition(|letter| letter.channel.is_heartbeat());
    let due: Vec<Letter> = letters.into_iter().filter(|letter| letter.news.is_any()).collect();
    for (letter, outcome) in due.iter().zip(send(&client, &due, &owner, at).await) {
        match outcome {
            Ok(()) => {
                tracing::info!(channel = letter.channel.name, "told");
                told.insert(letter.subject.clone(), letter.news.told());
            }
            Err(why) => {
                is_whole = false;
                context.tell(why);
            }
        }
    }
    told.retain(|_, items| !items.is_empty());
    is_whole &= keep(context, keeper, kept, &told).await;
    // Silence is what a heartbeat says: also that somebody could not be told.
    if is_whole {
        for why in send(&client, &heartbeats, &owner, at).await.into_iter().filter_map(Result::err) {
            is_whole = false;
            context.tell(why);
        }
    }
    is_whole
}

async fn send(client: &Client, letters: &[Letter], owner: &str, at: i64) -> Vec<Result<(), Diagnostic>> {
    let sent = letters.iter().map(async |letter| {
        let message = Message { notice: &letter.notice, subject: &letter.subject, owner, at };
        notify::tell(client, &letter.channel, &message).await
    });
    join_all(sent).await
}

/// Keeps what is told now, if that is something else than before.
async fn keep(context: &mut Context, keeper: &Keeper, kept: Option<Kept>, told: &Told) -> bool {
    let Some(kept) = kept else { return false };
    if kept.told == *told {
        return true;
    }
    let kept = keeper.keep_told(&kept, told).await;
    kept.map_err(|why| context.tell(why)).is_ok()
}
