//! Where changes are reviewed: GitHub, GitLab, Bitbucket Cloud, Azure DevOps, Gitea and Forgejo.
//!
//! Lives here: [`Place`], a change to be commented on; [`ci`], what a CI says of itself in its environment; [`marker`], how a
//! comment of ours is known again, and which of two is newer; [`post`], how one comment is kept up to date; [`issue`], how one
//! issue is; and one file a platform, with the requests that it takes. What they say is `view`'s business.

mod azure;
mod bitbucket;
pub mod ci;
mod gitea;
mod github;
mod gitlab;
pub mod issue;
pub mod marker;
pub mod post;

use crate::diag::Diagnostic;
use crate::forge::issue::Issue;
use crate::http::Method;
use crate::http::Request;
use crate::secret::Secret;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use serde_json::Value;
use zeroize::Zeroizing;

/// The platforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Platform {
    GitHub,
    GitLab,
    Bitbucket,
    Azure,
    Gitea,
}

impl Platform {
    /// All of them. Forgejo speaks Gitea's interface.
    pub const ALL: [Platform; 5] =
        [Platform::GitHub, Platform::GitLab, Platform::Bitbucket, Platform::Azure, Platform::Gitea];

    /// The word for it on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Bitbucket => "bitbucket",
            Self::Azure => "azure",
            Self::Gitea => "gitea",
        }
    }

    /// Most characters of a comment. Sources, looked up in November 2026: GitHub's refusal ("maximum is 65536
    /// characters", github.com/telia-oss/github-pr-resource/issues/259); `docs.gitlab.com/api/notes`; Bitbucket
    /// (github.com/jfrog/froggit-go/pull/133; Bitbucket Cloud has been seen to take more, so this is on the safe side);
    /// Azure DevOps' refusal (github.com/runatlantis/atlantis/pull/1585). Gitea states none: what can be read is the
    /// measure.
    #[must_use]
    pub fn most(self) -> usize {
        match self {
            Self::GitHub | Self::Gitea => 65_536,
            Self::GitLab => 1_000_000,
            Self::Bitbucket => 32_768,
            Self::Azure => 150_000,
        }
    }

    /// Whether it shows HTML as text.
    #[must_use]
    pub fn is_plain(self) -> bool {
        self == Self::Bitbucket
    }

    /// The variables that may hold a token for it, the first that is set counts.
    #[must_use]
    pub fn tokens(self) -> &'static [&'static str] {
        match self {
            Self::GitHub => &["KEYFORM_COMMENT_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"],
            Self::GitLab => &["KEYFORM_COMMENT_TOKEN", "GITLAB_TOKEN"],
            Self::Bitbucket => &["KEYFORM_COMMENT_TOKEN", "BITBUCKET_TOKEN"],
            Self::Azure => &["KEYFORM_COMMENT_TOKEN", "SYSTEM_ACCESSTOKEN", "AZURE_DEVOPS_EXT_PAT"],
            Self::Gitea => &["KEYFORM_COMMENT_TOKEN", "GITEA_TOKEN", "FORGEJO_TOKEN", "GITHUB_TOKEN"],
        }
    }

    /// What a token must be allowed to do, for whoever has to make one.
    fn needs(self) -> &'static str {
        match self {
            Self::GitHub => {
                "the workflow needs `permissions: pull-requests: write`, with `statuses: write` or `checks: write` for those"
            }
            Self::GitLab => {
                "it must be a project, group or personal access token with the scope `api`; a job token can't write notes"
            }
            Self::Bitbucket => {
                "it needs the scope `pullrequest:write`; for an API token of a user, BITBUCKET_USER is the e-mail address"
            }
            Self::Azure => {
                "the build service needs the permission `Contribute to pull requests`, and the step the variable SYSTEM_ACCESSTOKEN"
            }
            Self::Gitea => "it needs the scopes `write:issue` and, for a status, `write:repository`",
        }
    }

    fn forge(self) -> &'static dyn Forge {
        match self {
            Self::GitHub => &github::GitHub,
            Self::GitLab => &gitlab::GitLab,
            Self::Bitbucket => &bitbucket::Bitbucket,
            Self::Azure => &azure::Azure,
            Self::Gitea => &gitea::Gitea,
        }
    }
}

/// A change that can be commented on.
#[derive(Debug, Clone)]
pub struct Place {
    /// Whose interface it is.
    pub platform: Platform,
    /// Where the interface is, without a slash at the end: `https://api.github.com`.
    pub api: String,
    /// The repository as the platform names it: `owner/name`, a project's number, `project/repository`.
    pub repo: String,
    /// The number of the change; `None` outside one.
    pub change: Option<u64>,
    /// The commit that was planned: the newest of the change, not one that was merged for the run.
    pub commit: Option<String>,
    /// What lets us in.
    pub token: Secret,
    /// The user that the token belongs to, where it takes one.
    pub user: Option<String>,
}

/// A request as its platform names it.
struct Ask {
    method: Method,
    /// Below the interface's address, query included.
    path: String,
    body: Option<Value>,
}

impl Ask {
    fn new(method: Method, path: String) -> Self {
        Self { method, path, body: None }
    }

    fn with(method: Method, path: String, body: Value) -> Self {
        Self { method, path, body: Some(body) }
    }
}

/// A comment that is there.
#[derive(Debug, Clone)]
struct Comment {
    /// What names it in a request.
    id: String,
    body: String,
    /// Whether it is folded away already.
    is_minimised: bool,
    /// What names it where it can be folded away.
    node: Option<String>,
}

/// A label; where only its name names it, that is its id.
struct Label {
    id: String,
    name: String,
}

/// An issue that is there.
struct Found {
    /// Its number in the repository.
    number: String,
    body: String,
    is_open: bool,
}

/// How a run is marked at its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It went well.
    Good,
    /// Somebody has to do something.
    Bad,
    /// Nobody can say.
    Unsure,
}

/// What is said at a commit.
#[derive(Debug, Clone)]
pub struct Status {
    /// What it is called among others: one for each configuration and environment.
    pub name: String,
    /// How it went.
    pub state: State,
    /// One sentence; GitHub takes 140 characters, the others more.
    pub text: String,
    /// Where there is more.
    pub link: Option<String>,
}

/// A note at a line of a file.
#[derive(Debug, Clone)]
pub struct Annotation {
    /// The file, from the top of the repository.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// Whether it is an error, not a warning.
    pub is_error: bool,
    /// What it is.
    pub title: String,
    /// What it says.
    pub text: String,
}

/// What a platform takes. Requests are values; `None` where there is no such thing.
trait Forge: Sync {
    /// Adds what lets us in.
    fn enter(&self, place: &Place, request: Request) -> Request;
    /// Where the list of comments begins.
    fn comments(&self, place: &Place, change: u64) -> Ask;
    /// The comments of an answer.
    fn read(&self, answer: &Value) -> Vec<Comment>;
    /// Where the list goes on, if the answer itself says so; else its header `link` does.
    fn next(&self, _answer: &Value) -> Option<String> {
        None
    }
    fn create(&self, place: &Place, change: u64, body: &str) -> Ask;
    fn update(&self, place: &Place, change: u64, comment: &Comment, body: &str) -> Ask;
    /// Folds away a comment that is out of date.
    fn minimise(&self, _place: &Place, _comment: &Comment) -> Option<Ask> {
        None
    }
    fn status(&self, place: &Place, commit: &str, status: &Status) -> Ask;
    /// A status with notes at lines.
    fn check(
        &self,
        _place: &Place,
        _commit: &str,
        _status: &Status,
        _body: &str,
        _notes: &[Annotation],
    ) -> Option<Ask> {
        None
    }
    fn labels(&self, _place: &Place, _change: u64) -> Option<Ask> {
        None
    }
    fn read_labels(&self, _answer: &Value) -> Vec<Label> {
        Vec::new()
    }
    /// All labels that there are, where one has to be there before a change can have it.
    fn known_labels(&self, _place: &Place) -> Option<Ask> {
        None
    }
    fn make_label(&self, _place: &Place, _name: &str) -> Option<Ask> {
        None
    }
    fn add_label(&self, _place: &Place, _change: u64, _label: &Label) -> Option<Ask> {
        None
    }
    fn remove_label(&self, _place: &Place, _change: u64, _label: &Label) -> Option<Ask> {
        None
    }
    /// Where the list of issues with a label begins, open and closed.
    fn issues(&self, _place: &Place, _label: &str) -> Option<Ask> {
        None
    }
    fn read_issues(&self, _answer: &Value) -> Vec<Found> {
        Vec::new()
    }
    fn open_issue(&self, _place: &Place, _issue: &Issue<'_>, _body: &str) -> Option<Ask> {
        None
    }
    fn edit_issue(&self, _place: &Place, _number: &str, _issue: &Issue<'_>, _body: &str) -> Option<Ask> {
        None
    }
}

impl Place {
    fn request(&self, ask: &Ask) -> Result<Request, Diagnostic> {
        let url = match ask.path.starts_with("http") {
            true => ask.path.clone(),
            false => format!("{}{}", self.api, ask.path),
        };
        let mut request = Request::new(ask.method, &url)?;
        if let Some(body) = &ask.body {
            request = request.json(Zeroizing::new(body.to_string().into_bytes()));
        }
        // A comment that is written twice is found the next time; everything else says what is to be.
        Ok(self.platform.forge().enter(self, request).idempotent(ask.method != Method::Post))
    }
}

/// A header that lets a bearer in.
fn bearer(request: Request, word: &str, token: &Secret) -> Request {
    request.header("authorization", Secret::new([word, " ", token.expose()].concat()))
}

/// A header for a user and a password.
fn basic(request: Request, user: &str, password: &Secret) -> Request {
    use base64::Engine;
    let pair = Zeroizing::new([user, ":", password.expose()].concat());
    let token = Secret::new(base64::engine::general_purpose::STANDARD.encode(pair.as_bytes()));
    bearer(request, "Basic", &token)
}

/// One part of a path.
fn part(text: &str) -> String {
    const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, PART).to_string()
}

/// Several parts of a path, between slashes.
fn parts(text: &str) -> String {
    let parts: Vec<String> = text.split('/').map(part).collect();
    parts.join("/")
}

/// A text as a platform names things: a number or a text.
fn name(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The things of an answer that is a list, or has one under a name.
fn items<'a>(answer: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    answer.as_array().or_else(|| answer[field].as_array()).into_iter().flatten()
}

/// A text that has at most so many characters.
pub(crate) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}
