//! `keyform comment`: what a run came to, below the change that it was made for.

use crate::cli::context::Context;
use crate::cli::context::unwritable;
use crate::cli::exit::Exit;
use crate::cli::shard;
use crate::diag::Diagnostic;
use crate::diag::Severity;
use crate::diag::codes;
use crate::forge::Annotation;
use crate::forge::Place;
use crate::forge::Platform;
use crate::forge::State;
use crate::forge::Status;
use crate::forge::ci;
use crate::forge::ci::Found;
use crate::forge::marker::Marker;
use crate::forge::post;
use crate::forge::post::Posted;
use crate::forge::short;
use crate::http::client::Client;
use crate::http::client::Options;
use crate::secret::Secret;
use crate::view::json;
use crate::view::json::run::Run;
use crate::view::markdown;
use crate::view::markdown::Frame;
use crate::view::outcome;
use crate::view::outcome::Outcome;
use crate::view::words;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use serde::Serialize;
use sha2::Digest;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

/// Most characters of a job's summary: GitHub takes 1 MiB, and a character has up to four bytes.
const SUMMARY: usize = 250_000;
/// Most characters of a label: GitHub takes 50.
const LABEL: usize = 50;

/// Comment on a change with what a plan or an apply came to.
///
/// Takes what `keyform plan --out FILE` or `--output json=FILE` wrote, and keeps one comment for each configuration and
/// environment up to date, on GitHub, GitLab, Bitbucket Cloud, Azure DevOps, Gitea and Forgejo. In their CI, where and what is
/// found in the environment; everything can be said. A token comes from the environment only. Without a change to
/// comment on, only the job's summary and what else was asked for is written.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform plan --out web.plan && keyform comment web.plan --environment prod\n  \
                  keyform plan --output json=p.json; keyform comment p.json --label --check\n  \
                  keyform comment shard-*.plan   # those of all shards: one comment\n  \
                  keyform comment web.plan --dry-run   # prints the comment\n\nExit codes: 0 done or nothing new, 1 the comment \
                  could not be posted,\n7 it was, but a status or label was not.")]
pub(super) struct Args {
    /// A plan that was kept, or what `--output json=FILE` wrote; `-` for standard input. Of shards, those of all
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the comment is about, if a repository has several configurations [default: its directory]
    #[arg(long)]
    name: Option<String>,
    /// Which environment, if there are several: each has a comment of its own
    #[arg(long)]
    environment: Option<String>,
    /// Print the comment and post nothing
    #[arg(long)]
    dry_run: bool,
    /// Set the commit's status as well
    #[arg(long)]
    status: bool,
    /// Make a check with notes at the lines of the configuration, on GitHub
    #[arg(long, conflicts_with = "status")]
    check: bool,
    /// Label the change with the outcome, and take away the label of the one before
    #[arg(long)]
    label: bool,
    #[command(flatten)]
    site: Site,
}

/// Where to comment, where the CI does not say it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Where, if the CI does not say it")]
struct Site {
    /// github, gitlab, bitbucket, azure or gitea (also Forgejo)
    #[arg(long, value_parser = platform)]
    platform: Option<Platform>,
    /// Address of the platform's interface, such as https://git.example.com/api/v3
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// The repository: owner/name, a project of GitLab, project/repository at Azure
    #[arg(long)]
    repo: Option<String>,
    /// The number of the pull request or merge request
    #[arg(long, visible_aliases = ["pr", "mr"], value_name = "N")]
    change: Option<u64>,
    /// The newest commit of the change
    #[arg(long, value_name = "SHA")]
    commit: Option<String>,
    /// The number of this run: an older run never overwrites the comment of a newer one
    #[arg(long, value_name = "N")]
    run: Option<u64>,
    /// Where this run can be looked at
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    /// Address of a line of a file, with {path} and {line} in it
    #[arg(long, value_name = "URL")]
    source: Option<String>,
}

fn platform(word: &str) -> Result<Platform, String> {
    let word = if word == "forgejo" { "gitea" } else { word };
    let words: Vec<&str> = Platform::ALL.into_iter().map(Platform::word).collect();
    let found = Platform::ALL.into_iter().find(|platform| platform.word() == word);
    found.ok_or_else(|| format!("it must be one of {}", words.join(", ")))
}

#[derive(Serialize)]
struct Document {
    format: &'static str,
    outcome: &'static str,
    posted: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    diagnostics: Vec<json::diagnostic::Entry>,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let Some(run) = shard::reports(context, &args.files) else { return context.failed("comment") };
    let mut found = said(ci::detect(&environment, event().as_deref()), &args.site);
    let root = Root::find();
    found.source = found.source.map(|source| source.replace("{path}", &format!("{}{{path}}", root.prefix)));
    let platform = found.platform.unwrap_or(Platform::GitHub);
    let frame = Frame {
        name: args.name.clone().or_else(|| root.below(&context.dir())),
        environment: args.environment.clone(),
        commit: found.commit.clone(),
        link: found.link.clone(),
        source: found.source.clone(),
        file: shard::kept(&run, &args.files),
        is_plain: platform.is_plain(),
        most: None,
    };
    let subject = match (&frame.name, &frame.environment) {
        (Some(name), Some(environment)) => format!("{name}/{environment}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => String::new(),
    };
    let at = run.at.unwrap_or_else(|| jiff::Timestamp::now().as_second());
    let marker = Marker::new(&subject, found.run.clone(), at, "");
    let most = platform.most().saturating_sub(marker.line(platform.is_plain()).chars().count());
    let body = markdown::body(&run, &Frame { most: Some(most), ..frame.clone() });
    let marker = Marker::new(&subject, found.run.clone(), at, &body.stable);
    if args.dry_run {
        return printed(context, &run, format!("{}{}", marker.line(platform.is_plain()), body.text));
    }
    summarise(context, &run, &frame);
    let Some(place) = place(context, &found) else { return context.end("comment", Exit::Failed) };
    let Some(runtime) = context.runtime() else { return context.failed("comment") };
    let client = match Client::new(Options::default()) {
        Ok(client) => client,
        Err(why) => {
            context.tell(why);
            return context.failed("comment");
        }
    };
    let post = Post { args, run: &run, place: &place, client: &client, subject: &subject, root: &root, found: &found };
    runtime.block_on(post.all(context, &marker, &body.text))
}

/// Everything that is posted.
struct Post<'a> {
    args: &'a Args,
    run: &'a Run,
    place: &'a Place,
    client: &'a Client,
    subject: &'a str,
    root: &'a Root,
    found: &'a Found,
}

impl Post<'_> {
    async fn all(&self, context: &mut Context, marker: &Marker, text: &str) -> Exit {
        let posted = match self.place.change {
            Some(change) => match post::comment(self.client, self.place, change, marker, text).await {
                Ok(posted) => Some(posted),
                Err(why) => {
                    context.tell(why);
                    return context.end("comment", Exit::Failed);
                }
            },
            None => None,
        };
        if posted == Some(Posted::Newer) {
            // What it would mark is out of date as well.
            let detail = "The comment on the change is of a later run; it stays as it is.";
            context.tell(Diagnostic::warning(&codes::NEWER_COMMENT, detail));
            return said_posted(context, self, posted, Exit::Done);
        }
        let mut exit = Exit::Done;
        for outcome in [self.marked(text).await, self.labelled().await] {
            if let Err(why) = outcome {
                if why.severity == Severity::Error {
                    exit = Exit::Partial;
                }
                context.tell(why);
            }
        }
        said_posted(context, self, posted, exit)
    }

    /// The status or check that was asked for.
    async fn marked(&self, text: &str) -> Result<(), Diagnostic> {
        let Some(commit) = self.place.commit.as_ref().filter(|_| self.args.status || self.args.check) else {
            return match self.args.status || self.args.check {
                true => {
                    Err(Diagnostic::error(&codes::NOT_MARKED, "The commit is not known.").help("name it: `--commit`"))
                }
                false => Ok(()),
            };
        };
        let outcome = Outcome::of(self.run);
        let subject = if self.subject.is_empty() { String::new() } else { format!(": {}", self.subject) };
        let status = Status {
            name: words::shown(&format!("keyform {}{subject}", self.run.command)),
            state: match outcome {
                Outcome::Unsure => State::Unsure,
                outcome if outcome.is_bad() => State::Bad,
                _ => State::Good,
            },
            text: short(&outcome::verdict(self.run), 140),
            link: self.found.link.clone(),
        };
        match self.args.check {
            true => post::check(self.client, self.place, commit, &status, text, &self.notes()).await,
            false => post::status(self.client, self.place, commit, &status).await,
        }
    }

    async fn labelled(&self) -> Result<(), Diagnostic> {
        let Some(change) = self.place.change.filter(|_| self.args.label) else { return Ok(()) };
        let labels: Vec<String> = Outcome::ALL.into_iter().map(|outcome| label(self.subject, outcome)).collect();
        post::label(self.client, self.place, change, &label(self.subject, Outcome::of(self.run)), &labels).await
    }

    /// What is wrong or dangerous, at the lines that it is about; errors first.
    fn notes(&self) -> Vec<Annotation> {
        let note = |file: &str, line, is_error, title: String, text: String| Annotation {
            file: format!("{}{}", self.root.plain_prefix, file.trim_start_matches("./")),
            line,
            is_error,
            title: words::shown(&title),
            text: words::shown(&text),
        };
        let problems = self.run.diagnostics.iter().filter_map(|entry| {
            let label = entry.labels.first()?;
            let title = format!("{} {}", entry.code, entry.summary);
            Some(note(&label.file, label.start.line, entry.is_error(), title, entry.detail.clone()))
        });
        let hazards = self.run.plan.iter().flat_map(|plan| {
            plan.hazards.iter().filter_map(|hazard| {
                let declared = plan.declared.iter().find(|declared| declared.address == hazard.address)?;
                let title = format!("{} ({}): {}", hazard.kind.word(), hazard.count, words::hazard(hazard.kind));
                Some(note(&declared.file, declared.line, !hazard.allowed, title, hazard.detail.clone()))
            })
        });
        let mut notes: Vec<Annotation> = problems.chain(hazards).collect();
        notes.sort_by_key(|note| !note.is_error);
        notes
    }
}

/// `keyform:prod:changes`; what it is about is shortened where it would not fit.
fn label(subject: &str, outcome: Outcome) -> String {
    let longest = Outcome::ALL.into_iter().map(|outcome| outcome.word().len()).max().unwrap_or(0);
    let room = LABEL - "keyform::".len() - longest;
    // A comma would make two labels of one.
    let subject: String = words::shown(subject).chars().filter(|c| *c != ',').collect();
    let subject = match subject.chars().count() {
        0 => String::new(),
        n if n <= room => format!("{subject}:"),
        _ => format!("{}:", &hex::encode(sha2::Sha256::digest(&subject))[..12]),
    };
    format!("keyform:{subject}{}", outcome.word())
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What the CI says of the event that started it.
fn event() -> Option<String> {
    std::fs::read_to_string(environment("GITHUB_EVENT_PATH")?).ok()
}

/// What was said counts before what was found.
fn said(found: Found, site: &Site) -> Found {
    let mut run = found.run;
    if let Some(number) = site.run {
        run.number = Some((number, 1));
    }
    // Another platform than that of the CI: what the CI says of its own is not true there.
    let is_other = site.platform.is_some() && site.platform != found.platform;
    let own = |value: Option<String>| value.filter(|_| !is_other);
    Found {
        platform: site.platform.or(found.platform),
        api: site.api.as_ref().map(|api| api.trim_end_matches('/').to_owned()).or(own(found.api)),
        repo: site.repo.clone().or(own(found.repo)),
        change: site.change.or(found.change.filter(|_| !is_other)),
        commit: site.commit.clone().or(found.commit),
        run,
        link: site.link.clone().or(found.link),
        source: site.source.clone().or(found.source),
    }
}

/// Where to comment. `None` if that is not known; it was told.
fn place(context: &mut Context, found: &Found) -> Option<Place> {
    let is_public = |platform| match platform {
        Platform::GitHub => Some("https://api.github.com"),
        Platform::GitLab => Some("https://gitlab.com/api/v4"),
        Platform::Bitbucket => Some("https://api.bitbucket.org/2.0"),
        Platform::Azure | Platform::Gitea => None,
    };
    let api = found.api.clone().or_else(|| is_public(found.platform?).map(str::to_owned));
    let missing = match (found.platform, &api, &found.repo) {
        (None, ..) => Some("The platform is not known: `--platform`."),
        (_, None, _) => Some("The address of its interface is not known: `--api`."),
        (.., None) => Some("The repository is not known: `--repo`."),
        _ => None,
    };
    if let Some(missing) = missing {
        let help = "say it on the command line, or look at the comment with `--dry-run`";
        context.tell(Diagnostic::error(&codes::NO_PLATFORM, missing).help(help));
        return None;
    }
    let platform = found.platform?;
    let Some(token) = platform.tokens().iter().find_map(|name| environment(name)) else {
        let detail = format!("None of {} is set.", platform.tokens().join(", "));
        context.tell(Diagnostic::error(&codes::NO_TOKEN, detail).help("give the step a token in its environment"));
        return None;
    };
    Some(Place {
        platform,
        api: api?,
        repo: found.repo.clone()?,
        change: found.change,
        commit: found.commit.clone(),
        token: Secret::new(token),
        user: environment("BITBUCKET_USER"),
    })
}

/// Adds what the run came to to the summary of the job, where there is one: it is there also if nothing can be posted.
fn summarise(context: &mut Context, run: &Run, frame: &Frame) {
    let Some(path) = environment("GITHUB_STEP_SUMMARY") else { return };
    let body = markdown::body(run, &Frame { most: Some(SUMMARY), is_plain: false, ..frame.clone() });
    let file = OpenOptions::new().append(true).create(true).open(&path);
    if let Err(error) = file.and_then(|mut file| file.write_all(body.text.as_bytes())) {
        context.tell(Diagnostic { severity: Severity::Warning, ..unwritable(Path::new(&path), &error) });
    }
}

fn printed(context: &mut Context, run: &Run, body: String) -> Exit {
    if context.global.json {
        let outcome = Outcome::of(run).word();
        let diagnostics = context.entries();
        context.document(&Document {
            format: "keyform.comment/1",
            outcome,
            posted: "no",
            body: Some(body),
            diagnostics,
        });
    } else {
        context.terminal.out(&body);
    }
    Exit::Done
}

fn said_posted(context: &mut Context, post: &Post<'_>, posted: Option<Posted>, exit: Exit) -> Exit {
    let word = match posted {
        Some(Posted::Created) => "created",
        Some(Posted::Updated) => "updated",
        Some(Posted::Unchanged) => "unchanged",
        Some(Posted::Newer) => "newer",
        None => "no",
    };
    if context.global.json {
        let (outcome, diagnostics) = (Outcome::of(post.run).word(), context.entries());
        context.document(&Document { format: "keyform.comment/1", outcome, posted: word, body: None, diagnostics });
        return exit;
    }
    let repo = words::shown(&post.place.repo);
    context.terminal.out(&match (posted, post.place.change) {
        (Some(Posted::Created), Some(change)) => format!("Commented on {repo} {change}.\n"),
        (Some(Posted::Updated), Some(change)) => format!("The comment on {repo} {change} is up to date.\n"),
        (Some(Posted::Unchanged), Some(change)) => format!("The comment on {repo} {change} says so already.\n"),
        (Some(Posted::Newer), Some(change)) => format!("The comment on {repo} {change} is of a later run.\n"),
        _ => "This run is for no pull request or merge request: there is nothing to comment on.\n".to_owned(),
    });
    exit
}

/// The top of the repository that the command runs in.
struct Root {
    /// From there to here, for a path of an address: empty, or with a slash at its end.
    prefix: String,
    /// The same as text.
    plain_prefix: String,
    path: Option<PathBuf>,
}

impl Root {
    fn find() -> Self {
        const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
        let here = std::env::current_dir().ok();
        let top = here.as_deref().and_then(|here| here.ancestors().find(|dir| dir.join(".git").exists()));
        let below = top.and_then(|top| here.as_deref()?.strip_prefix(top).ok());
        let parts: Vec<String> = below
            .into_iter()
            .flat_map(Path::components)
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        let encode = |part: &String| utf8_percent_encode(part, PART).to_string();
        Self {
            prefix: parts.iter().map(|part| encode(part) + "/").collect(),
            plain_prefix: parts.iter().map(|part| format!("{part}/")).collect(),
            path: top.map(Path::to_path_buf),
        }
    }

    /// The way from there to a directory, if it is below and not the same.
    fn below(&self, dir: &Path) -> Option<String> {
        let dir = dir.canonicalize().ok()?;
        let below = dir.strip_prefix(self.path.as_ref()?.canonicalize().ok()?).ok()?;
        Some(below.display().to_string()).filter(|below| !below.is_empty())
    }
}
