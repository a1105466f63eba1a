//! One issue, kept up to date: opened when there is something to say, closed when there is nothing any more, opened again later.
//! It is known again by its label and by the hidden first line that comments have as well.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::forge::Found;
use crate::forge::Place;
use crate::forge::Platform;
use crate::forge::items;
use crate::forge::marker::Marker;
use crate::forge::post;
use crate::http::client::Client;

/// What an issue is to be.
#[derive(Debug, Clone)]
pub struct Issue<'a> {
    /// Its title; without names, since a platform may draw it.
    pub title: &'a str,
    /// What it says, as Markdown.
    pub text: &'a str,
    /// The label that all issues of ours have.
    pub label: &'a str,
    /// Whether there is something to do.
    pub is_open: bool,
}

/// Sees to it that the issue of this subject is as it should be. None is made to be closed.
///
/// # Errors
/// The platform has no issues that keyform knows, could not be reached, or refused; or the token may not give the issue
/// its label, so that it would not be found again.
pub async fn keep(client: &Client, place: &Place, marker: &Marker, issue: &Issue<'_>) -> Result<(), Diagnostic> {
    let forge = place.platform.forge();
    let code = &codes::NOT_NOTIFIED;
    let help = |why: Diagnostic| Diagnostic::warning(why.code, why.detail).help(needs(place.platform));
    let Some(list) = forge.issues(place, issue.label) else {
        return Err(Diagnostic::warning(code, "Issues of this platform are not known."));
    };
    let pages = post::pages(client, place, &list, code).await.map_err(help)?;
    let all = pages.iter().flat_map(|page| forge.read_issues(page));
    let ours = all.filter_map(|found| Some((Marker::find(&found.body)?, found)));
    let ours = ours.filter(|(found, _)| found.subject == marker.subject);
    // Of two that were made at once, the one that was written last is kept.
    let newest: Option<(Marker, Found)> = ours.reduce(|a, b| if a.0.is_older_than(&b.0) { b } else { a });
    let body = format!("{}{}", marker.line(place.platform.is_plain()), issue.text);
    match newest {
        Some((found, _)) if marker.is_older_than(&found) => Ok(()),
        Some((found, old)) if found.body == marker.body && old.is_open == issue.is_open => Ok(()),
        Some((_, old)) => match forge.edit_issue(place, &old.number, issue, &body) {
            Some(edit) => post::done(client, place, &edit, code).await.map(drop).map_err(help),
            None => Ok(()),
        },
        None if !issue.is_open => Ok(()),
        None => {
            let Some(open) = forge.open_issue(place, issue, &body) else { return Ok(()) };
            let made = post::done(client, place, &open, code).await.map_err(help)?;
            let is_it = |label: &serde_json::Value| label["name"] == issue.label || label == issue.label;
            if items(&made["labels"], "").any(is_it) {
                return Ok(());
            }
            let detail = format!("An issue was opened without its label `{}`, and can't be found again.", issue.label);
            Err(Diagnostic::warning(code, detail).help(needs(place.platform)))
        }
    }
}

/// What a token must be allowed to do.
fn needs(platform: Platform) -> &'static str {
    match platform {
        Platform::GitLab => {
            "the token needs the scope `api`, and a role in the project that may edit issues and give them labels"
        }
        _ => "the token needs `issues: write`; without it no issue can be opened, edited or labelled",
    }
}
