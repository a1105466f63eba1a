//! One comment a configuration and environment, kept up to date; a status or check; a label. Asks no more than is needed:
//! what is there already is not written again.

use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::codes;
use crate::forge::Annotation;
use crate::forge::Ask;
use crate::forge::Comment;
use crate::forge::Label;
use crate::forge::Place;
use crate::forge::Status;
use crate::forge::marker::Marker;
use crate::http::Response;
use crate::http::client::Client;
use crate::http::client::Policy;
use serde_json::Value;

/// More pages of comments than anybody reads.
const PAGES: usize = 100;

/// What became of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// There was none.
    Created,
    /// It said something else.
    Updated,
    /// It says so already.
    Unchanged,
    /// A later run has written it.
    Newer,
}

/// Sees to it that the change has one comment of this subject, and that it says this.
///
/// # Errors
/// The platform could not be reached, or refused; nothing is retried that could comment twice.
pub async fn comment(
    client: &Client,
    place: &Place,
    change: u64,
    marker: &Marker,
    text: &str,
) -> Result<Posted, Diagnostic> {
    let forge = place.platform.forge();
    let code = &codes::NOT_POSTED;
    let mut all: Vec<(Marker, Comment)> = Vec::new();
    for page in pages(client, place, &forge.comments(place, change), code).await? {
        let ours = forge.read(&page).into_iter().filter_map(|comment| Some((Marker::find(&comment.body)?, comment)));
        all.extend(ours.filter(|(found, comment)| found.subject == marker.subject && !comment.is_minimised));
    }
    if all.iter().any(|(found, _)| marker.is_older_than(found)) {
        return Ok(Posted::Newer);
    }
    // The newest is kept up to date; what two runs made at once, or somebody else's token did, is out of date.
    let newest = (0..all.len()).reduce(|newest, i| if all[newest].0.is_older_than(&all[i].0) { i } else { newest });
    let body = format!("{}{text}", marker.line(place.platform.is_plain()));
    let posted = match newest.map(|newest| all.swap_remove(newest)) {
        Some((found, _)) if found.body == marker.body => Posted::Unchanged,
        Some((_, comment)) => match ask(client, place, &forge.update(place, change, &comment, &body), code).await? {
            // It belongs to another user, or is gone by now.
            response if matches!(response.status, 403 | 404) => {
                all.push((marker.clone(), comment));
                done(client, place, &forge.create(place, change, &body), code).await?;
                Posted::Created
            }
            response => settled(place, response, code).map(|_| Posted::Updated)?,
        },
        None => {
            done(client, place, &forge.create(place, change, &body), code).await?;
            Posted::Created
        }
    };
    for (_, comment) in &all {
        if let Some(minimise) = forge.minimise(place, comment) {
            // The comment that counts is there; that an old one is not folded away is no failure.
            if let Err(why) = done(client, place, &minimise, code).await {
                tracing::info!(detail = why.detail, "an outdated comment could not be minimised");
            }
        }
    }
    Ok(posted)
}

/// Says at a commit how the run went.
///
/// # Errors
/// The platform could not be reached, or refused.
pub async fn status(client: &Client, place: &Place, commit: &str, status: &Status) -> Result<(), Diagnostic> {
    let ask = place.platform.forge().status(place, commit, status);
    done(client, place, &ask, &codes::NOT_MARKED).await.map(drop)
}

/// Says at a commit how the run went, with notes at lines.
///
/// # Errors
/// The platform has no such thing, could not be reached, or refused.
pub async fn check(
    client: &Client,
    place: &Place,
    commit: &str,
    status: &Status,
    body: &str,
    notes: &[Annotation],
) -> Result<(), Diagnostic> {
    match place.platform.forge().check(place, commit, status, body, notes) {
        Some(ask) => done(client, place, &ask, &codes::NOT_MARKED).await.map(drop),
        None => Err(absent("Only GitHub has checks.").help("use `--status`")),
    }
}

/// Gives the change a label, and takes those of the others away that it has.
///
/// # Errors
/// The platform has no labels, could not be reached, or refused.
pub async fn label(
    client: &Client,
    place: &Place,
    change: u64,
    name: &str,
    others: &[String],
) -> Result<(), Diagnostic> {
    let forge = place.platform.forge();
    let code = &codes::NOT_MARKED;
    let Some(list) = forge.labels(place, change) else { return Err(absent("Its changes have no labels.")) };
    let labels = labels(client, place, &list).await?;
    for label in labels.iter().filter(|label| label.name != name && others.contains(&label.name)) {
        if let Some(ask) = forge.remove_label(place, change, label) {
            done(client, place, &ask, code).await?;
        }
    }
    if labels.iter().any(|label| label.name == name) {
        return Ok(());
    }
    let mut label = Label { id: name.to_owned(), name: name.to_owned() };
    if let Some(known) = forge.known_labels(place) {
        let known = self::labels(client, place, &known).await?.into_iter().find(|known| known.name == name);
        match (known, forge.make_label(place, name)) {
            (Some(known), _) => label = known,
            (None, Some(make)) => {
                let answer = done(client, place, &make, code).await?;
                label.id = super::name(&answer["id"]);
            }
            (None, None) => {}
        }
    }
    match forge.add_label(place, change, &label) {
        Some(ask) => done(client, place, &ask, code).await.map(drop),
        None => Ok(()),
    }
}

async fn labels(client: &Client, place: &Place, list: &Ask) -> Result<Vec<Label>, Diagnostic> {
    let pages = pages(client, place, list, &codes::NOT_MARKED).await?;
    Ok(pages.iter().flat_map(|page| place.platform.forge().read_labels(page)).collect())
}

/// Every page of a list.
pub(super) async fn pages(
    client: &Client,
    place: &Place,
    first: &Ask,
    code: &'static Code,
) -> Result<Vec<Value>, Diagnostic> {
    let mut pages = Vec::new();
    let mut next = Some(Ask::new(first.method, first.path.clone()));
    while let Some(page) = next.take().filter(|_| pages.len() < PAGES) {
        let response = ask(client, place, &page, code).await?;
        let link = response.header("link").and_then(next_link).map(str::to_owned);
        let answer = settled(place, response, code)?;
        let there = place.platform.forge().next(&answer).or(link);
        // A token goes nowhere but where it was meant to go.
        next = there.filter(|url| is_below(url, &place.api)).map(|url| Ask::new(first.method, url));
        pages.push(answer);
    }
    Ok(pages)
}

/// Whether an address is below another one.
fn is_below(url: &str, api: &str) -> bool {
    url.strip_prefix(api).is_some_and(|rest| rest.starts_with(['/', '?']))
}

/// The address of the next page in a header `link`.
fn next_link(header: &str) -> Option<&str> {
    let next = header.split(',').find(|part| part.contains("rel=\"next\""))?;
    next.split_once('<')?.1.split_once('>').map(|(url, _)| url)
}

async fn ask(client: &Client, place: &Place, ask: &Ask, code: &'static Code) -> Result<Response, Diagnostic> {
    let request = place.request(ask)?;
    let sent = client.send(&request, &Policy::default()).await;
    sent.map_err(|why| Diagnostic::error(code, format!("{}: {}", why.summary(), why.detail)))
}

pub(super) async fn done(client: &Client, place: &Place, what: &Ask, code: &'static Code) -> Result<Value, Diagnostic> {
    settled(place, ask(client, place, what, code).await?, code)
}

/// The body of an answer that is a success. What a refusal says is not repeated: it may quote what was sent.
fn settled(place: &Place, response: Response, code: &'static Code) -> Result<Value, Diagnostic> {
    let platform = place.platform;
    if !response.is_success() {
        let detail = format!("`{}` answered {}.", place.api, response.status);
        let help = match response.status {
            401 | 403 | 404 => format!("look at the token: {}", platform.needs()),
            413 | 422 => "the body may be too long or the commit unknown there; `--dry-run` prints the body".to_owned(),
            _ => "run it again".to_owned(),
        };
        return Err(Diagnostic::error(code, detail).help(help));
    }
    let answer: Value = match response.body.iter().all(u8::is_ascii_whitespace) {
        true => Value::Null,
        false => serde_json::from_slice(&response.body).map_err(|_| {
            let detail = format!("`{}` answered {} with something that is not JSON.", place.api, response.status);
            Diagnostic::error(code, detail).help("check the address of the interface: `--api`")
        })?,
    };
    // GraphQL refuses with a success.
    if answer["errors"].is_array() {
        return Err(Diagnostic::error(code, format!("`{}` refused.", place.api)).help(platform.needs()));
    }
    Ok(answer)
}

fn absent(detail: &str) -> Diagnostic {
    Diagnostic::warning(&codes::NO_SUCH_THING, detail)
}
