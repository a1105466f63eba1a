//! Answers that are no success, as diagnostics: whose fault it is, about what, which request, the server's own
//! words without any secret, and the next step. Servers of 2024 say some things with odd statuses; what
//! they mean is decided here alone.

use crate::api;
use crate::backend::call::Call;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::codes;
use crate::diag::source::is_unseen;
use crate::http::Method;
use crate::http::Response;
use crate::http::json;
use crate::secret::Secret;
use crate::secret::blot::blot;

/// Why a call gave no answer.
#[derive(Debug)]
pub struct Failure {
    /// For people.
    pub diagnostic: Diagnostic,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// Whether the backend may have done it all the same.
    pub is_open: bool,
}

impl Failure {
    /// One that says that nothing was done.
    pub(super) fn settled(diagnostic: Diagnostic, status: Option<u16>) -> Self {
        Self { diagnostic, status, is_open: false }
    }

    /// Whether the thing that was asked for is not there.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.diagnostic.code == &codes::BACKEND_NOT_FOUND
    }

    /// Whether the backend is too old to know the request.
    #[must_use]
    pub fn is_unknown_route(&self) -> bool {
        self.diagnostic.code == &codes::BACKEND_ROUTE
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        failure.diagnostic
    }
}

/// Words of the server that a decision hangs on; everything else is for people.
mod said {
    /// Errors of servers of 2024: a project that is not there, with status 500.
    pub(super) const NO_PROJECT: &str = "Failed to find project by ";
    /// The database refuses what is to be made: for a project, that its slug is taken (2024, status 500).
    pub(super) const NOT_MADE: &str = "Create";
    /// The database refuses a change, because nothing of it is known to the server (2024, status 500).
    pub(super) const NOT_CHANGED: &str = "Update by id";
    /// A slug that is taken, in an organisation that the identity may not see all of (newest, status 400).
    pub(super) const TAKEN: &str = "already exists in your organization";
    /// A route that is for people, not for machine identities (2024, status 403).
    pub(super) const FOR_PEOPLE: &str = "Forbidden access to ";
    /// Refusals that a licence would lift.
    pub(super) const LICENCE: [&str; 4] = ["plan restriction", "Upgrade", "upgrade", "nterprise"];
}

/// Whether an answer of 5xx is final: servers of 2024 answer so where nothing is broken.
pub(super) fn is_final(response: &Response) -> bool {
    let error = words(&response.body).error;
    response.status == 500
        && (error.starts_with(said::NO_PROJECT) || [said::NOT_MADE, said::NOT_CHANGED].contains(&&*error))
}

/// The failure for an answer that is not 200; `unsaid` is what no message may show.
pub(super) fn refused(call: &Call<'_>, url: &str, response: &Response, unsaid: &[Secret]) -> Failure {
    let status = response.status;
    let is_open = status >= 500 && call.method != Method::Get && !is_final(response);
    if looks_like_html(response) {
        return Failure { is_open, ..not_json(call, url, response) };
    }
    let said = words(&response.body);
    let message = redact(&said.text(), unsaid);
    let error = redact(&said.error, unsaid);
    let (code, help) = reading(call, status, &said);
    // In some refusals of 2024 the useful words are in `error`.
    let words = match (message.is_empty(), error.contains(' ') && matches!(status, 403 | 500)) {
        (_, true) => format!("{message} ({error})"),
        (true, _) => error,
        _ => message,
    };
    let mut detail = format!("{}: {} answered {status}: {words}", call.about, call.named());
    if let Some(id) = said.req_id {
        detail = format!("{detail} [request {}]", redact(&id, unsaid));
    }
    let mut diagnostic = Diagnostic::error(code, detail);
    diagnostic.help = help.map(|help| redact(&help, unsaid));
    Failure { diagnostic, status: Some(status), is_open }
}

/// What a refusal means, and the next step.
fn reading(call: &Call<'_>, status: u16, said: &api::Failure) -> (&'static Code, Option<String>) {
    let is_new_project = call.method == Method::Post && matches!(call.pattern, NEW_PROJECT | OLD_NEW_PROJECT);
    let text = said.text();
    let help = |text: &str| Some(text.to_owned());
    match status {
        401 if !said.is_validation() => {
            (&codes::BACKEND_CREDENTIALS, help("the token is not accepted: log in anew or replace it"))
        }
        403 if said.error == "TokenError" => {
            (&codes::BACKEND_CREDENTIALS, help("the token is not accepted: log in anew or replace it"))
        }
        403 if said.error.starts_with(said::FOR_PEOPLE) => (
            &codes::BACKEND_PERMISSION,
            help("this server lets people do this, and no machine identity: update the backend"),
        ),
        403 => (&codes::BACKEND_PERMISSION, Some(permission(said, &text))),
        404 if said.is_missing_route() => (&codes::BACKEND_ROUTE, help("check `url`, or update the backend")),
        404 => (&codes::BACKEND_NOT_FOUND, None),
        429 => (&codes::BACKEND_LIMIT, help("run again in a minute, or with a lower `parallelism`")),
        400 | 500 if is_new_project && (text.contains(said::TAKEN) || said.error == said::NOT_MADE) => (
            &codes::BACKEND_TAKEN,
            help("choose another `slug`, or add the machine identity to the project that has it and run with --adopt"),
        ),
        400 if said::LICENCE.iter().any(|word| text.contains(word)) => (&codes::BACKEND_LICENCE, None),
        500 if said.error.starts_with(said::NO_PROJECT) => (&codes::BACKEND_NOT_FOUND, None),
        500 if said.error == said::NOT_CHANGED => {
            (&codes::BACKEND_OLD, help("servers of 2024 keep only the `name` of a project: update the backend"))
        }
        500.. => (&codes::BACKEND_FAILED, None),
        _ => (&codes::BACKEND_REFUSED, None),
    }
}

const NEW_PROJECT: &str = api::projects::PROJECTS;
const OLD_NEW_PROJECT: &str = "/api/v2/workspace";

/// The next step after a refusal for want of a permission, with its name where the server tells it.
fn permission(said: &api::Failure, text: &str) -> String {
    let details = said.details.as_array().map(Vec::as_slice).unwrap_or_default();
    let told = details.iter().find_map(|detail| Some((detail["action"].as_str()?, detail["subject"].as_str()?)));
    let told =
        told.or_else(|| text.split_once("not allowed to ")?.1.split_once(" on ")).and_then(|(action, subject)| {
            let word = |text: &str| text.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
            let (action, subject) = (word(action), word(subject));
            let is_name =
                |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            (is_name(&action) && is_name(&subject)).then_some((action, subject))
        });
    match told {
        Some((action, subject)) => {
            format!("give the machine identity a role with the permission `{action}` on `{subject}`")
        }
        None => {
            "give the machine identity a role in this project that may do this, or add it to the project".to_owned()
        }
    }
}

/// The failure for an answer of 200 that is not what was asked for.
pub(super) fn unreadable(call: &Call<'_>, url: &str, response: &Response, error: &serde_json::Error) -> Failure {
    if looks_like_html(response) {
        return not_json(call, url, response);
    }
    // The library's own text can quote a value: only place and kind are told.
    let detail = format!(
        "{}: {} answered {} with something unexpected ({:?} error at line {}, column {})",
        call.about,
        call.named(),
        response.status,
        error.classify(),
        error.line(),
        error.column(),
    );
    let diagnostic = Diagnostic::error(&codes::BACKEND_ANSWER, detail)
        .help("check that `url` is the address of the backend itself and that its version is supported");
    // A success that can't be read is one all the same.
    Failure { diagnostic, status: Some(response.status), is_open: call.method != Method::Get }
}

/// The failure for an answer that lacks a part which every server gives: what is not told is not empty.
pub(super) fn lacks(about: &str, what: &str) -> Failure {
    let diagnostic = Diagnostic::error(&codes::BACKEND_ANSWER, format!("{about}: the answer has no `{what}`"));
    Failure::settled(diagnostic.help("check that `url` is the backend itself and that its version is supported"), None)
}

fn not_json(call: &Call<'_>, url: &str, response: &Response) -> Failure {
    let detail = format!(
        "{}: {} at {url} answered {} with a web page instead of JSON",
        call.about,
        call.named(),
        response.status
    );
    let code = if response.status >= 500 { &codes::BACKEND_FAILED } else { &codes::BACKEND_ANSWER };
    let diagnostic = Diagnostic::error(code, detail)
        .help("check that `url` is the backend's own address, not that of a proxy or a login page");
    Failure::settled(diagnostic, Some(response.status))
}

/// The failure for an answer that never came.
pub(super) fn unanswered(call: &Call<'_>, url: &str, cause: &Diagnostic) -> Failure {
    let is_busy = cause.code == &codes::BUSY;
    let (code, help) = match is_busy {
        true => (&codes::BACKEND_LIMIT, "run again in a minute, or with a lower `parallelism`"),
        false => {
            (&codes::BACKEND_UNREACHABLE, "check `url` of the `backend` block and the network between here and there")
        }
    };
    let detail = format!("{}: {} at {url}: {}", call.about, call.named(), cause.detail);
    Failure { diagnostic: Diagnostic::error(code, detail).help(help), status: None, is_open: !is_busy }
}

/// The failure for something that the server took and did not keep: it does not know of it.
pub(super) fn not_kept(about: &str, what: &str) -> Failure {
    let diagnostic = Diagnostic::error(&codes::BACKEND_OLD, format!("{about}: this server does not keep its `{what}`"));
    Failure::settled(diagnostic.help(format!("update the backend, or leave `{what}` as the server has it")), None)
}

/// The failure for a folder that would be deleted with something in it that nobody knew of.
pub(super) fn not_empty(about: &str) -> Failure {
    let diagnostic = Diagnostic::error(&codes::BACKEND_REFUSED, format!("{about}: the folder is not empty"));
    Failure::settled(diagnostic.help("plan again: something was put in there since"), None)
}

/// The failure for a change that a person must approve first.
pub(super) fn unapproved(call: &Call<'_>, status: u16) -> Failure {
    let detail = format!("{}: {} was taken as a request for approval", call.about, call.named());
    let diagnostic =
        Diagnostic::error(&codes::BACKEND_APPROVAL, detail).help("approve the request at the backend, then run again");
    Failure::settled(diagnostic, Some(status))
}

/// An error body; an empty one if it is none.
pub(super) fn words(body: &[u8]) -> api::Failure {
    serde_json::from_slice(body).unwrap_or_else(|_| api::Failure {
        req_id: None,
        status_code: 0,
        message: api::Message::Text(String::new()),
        error: String::new(),
        details: serde_json::Value::Null,
    })
}

/// The server's words without secrets and without control characters.
fn redact(text: &str, secrets: &[Secret]) -> String {
    blot(text, secrets).chars().map(|c| if is_unseen(c) { ' ' } else { c }).collect()
}

fn looks_like_html(response: &Response) -> bool {
    response.header("content-type").is_some_and(|t| t.contains("html")) || response.body.trim_ascii().starts_with(b"<")
}

pub(super) fn is_approval(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|json| json["approval"].is_object())
}

/// What the backend says of a sync's run as a sentence: it names a key at fault as JSON.
pub(super) fn without_json(words: String) -> String {
    let sentence = || {
        let fault = json::parse(words.as_bytes()).ok()?;
        let field = |name: &str| fault.as_object()?.get(name)?.as_str().map(str::to_owned);
        Some(format!("`{}`: {}", field("secretKey")?, field("message")?))
    };
    sentence().unwrap_or(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_secrets_and_control_characters_are_blotted_out() {
        let secrets = [Secret::new("canary-key\n".to_owned()), Secret::new(String::new())];
        assert_eq!(redact("bad \u{1b}[31m canary-key", &secrets), "bad  [31m •••");
        assert_eq!(redact("a\u{202e}b\u{9b}c", &[]), "a b c");
        // The next step is made of the server's words as well.
        let body = br#"{"error":"PermissionDenied","message":"no","details":[{"action":"canary-key","subject":"x"}]}"#;
        let response = Response { status: 403, headers: Vec::new(), body: body.to_vec().into() };
        let failure = refused(&Call::new("x", Method::Post, "/x"), "https://kms.example", &response, &secrets);
        assert!(failure.diagnostic.help.is_some_and(|help| help.contains("permission `•••` on `x`")));
    }

    #[test]
    fn validation_issues_are_words() {
        let body = br#"{"statusCode":401,"error":"ValidationFailure","message":[{"code":"invalid_type","path":["secrets",0,"secretKey"],"message":"Required"}]}"#;
        let said = words(body);
        assert_eq!(said.text(), "secrets.0.secretKey: Required");
    }

    #[test]
    fn a_missing_permission_is_named() {
        let check = |body: &str, words: &str| {
            let response = Response { status: 403, headers: Vec::new(), body: body.as_bytes().to_vec().into() };
            let failure = refused(&Call::new("x", Method::Post, "/x"), "https://kms.example", &response, &[]);
            let help = failure.diagnostic.help.unwrap_or_default();
            assert!(failure.diagnostic.code == &codes::BACKEND_PERMISSION && help.contains(words), "{help}");
        };
        check(
            r#"{"error":"PermissionDenied","message":"You are not allowed to create on secrets"}"#,
            "`create` on `secrets`",
        );
        check(
            r#"{"error":"PermissionDenied","message":"no","details":[{"action":"edit","subject":"secret-syncs"}]}"#,
            "`edit` on `secret-syncs`",
        );
        check(
            r#"{"error":"ForbiddenError","message":"Project delete protection is enabled"}"#,
            "a role in this project",
        );
    }

    #[test]
    fn odd_statuses_of_2024_mean_what_they_mean() {
        let check = |method: Method, pattern: &'static str, status: u16, error: &str, code: &Code, is_open: bool| {
            let body = format!(r#"{{"error":"{error}","message":"Something went wrong"}}"#);
            let response = Response { status, headers: Vec::new(), body: body.into_bytes().into() };
            let failure = refused(&Call::new("x", method, pattern), "https://kms.example", &response, &[]);
            assert_eq!((failure.diagnostic.code.id, failure.is_open), (code.id, is_open), "{error}");
        };
        check(Method::Post, OLD_NEW_PROJECT, 500, "Create", &codes::BACKEND_TAKEN, false);
        check(Method::Post, "/x", 500, "Create", &codes::BACKEND_FAILED, false);
        check(Method::Get, "/x", 500, "Failed to find project by slug", &codes::BACKEND_NOT_FOUND, false);
        check(Method::Patch, "/x", 500, "Update by id", &codes::BACKEND_OLD, false);
        check(Method::Patch, "/x", 500, "InternalServerError", &codes::BACKEND_FAILED, true);
        check(Method::Patch, "/x", 401, "ValidationFailure", &codes::BACKEND_REFUSED, false);
    }
}
