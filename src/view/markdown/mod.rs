//! A run as a comment below a change: the verdict in words, then a table of risks, then what is lost, then the rest,
//! folded. What is lost is never folded away; names can do nothing ([`markup`]).
//!
//! A platform takes so many characters and no more. A body that would have more is drawn with less detail ([`Detail`]) until
//! it fits, and says where the whole is; it is never cut. Lives here: the order of the parts; [`table`], the table of
//! risks; [`drift`], what changed outside; [`rows`], changes one by one; [`problems`], what is wrong.

mod drift;
mod problems;
mod rows;
mod table;

use crate::view::json::run::Run;
use crate::view::json::trailer::trailer;
use crate::view::markup::code;
use crate::view::markup::prose;
use crate::view::outcome;
use crate::view::outcome::Outcome;
use crate::view::outcome::Way;
use crate::view::outcome::verdict;
use crate::view::words;
use percent_encoding::AsciiSet;
use percent_encoding::CONTROLS;
use percent_encoding::utf8_percent_encode;
use std::time::Duration;

/// What a body says besides the run, and how much of it fits.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Which configuration it is about.
    pub name: Option<String>,
    /// Which environment, where there are several.
    pub environment: Option<String>,
    /// The commit that was planned.
    pub commit: Option<String>,
    /// Where the run can be looked at.
    pub link: Option<String>,
    /// The address of a line of the configuration, with `{path}` and `{line}` in it.
    pub source: Option<String>,
    /// The file that `apply` takes, if the plan was kept.
    pub file: Option<String>,
    /// Whether HTML is taken for what it is: without, nothing can be folded.
    pub is_plain: bool,
    /// Most characters; `None` for as many as there are.
    pub most: Option<usize>,
}

/// A body.
#[derive(Debug, Clone)]
pub struct Body {
    /// All of it.
    pub text: String,
    /// The part that is the same as long as the run comes to the same: without how long it took and where it ran.
    pub stable: String,
}

/// How it goes where nobody looks on.
const ALONE: &str = "where nobody is there to be asked, with `--auto-approve`";
/// So many commands are not folded.
const LISTED: usize = 8;

/// How much is said, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    /// Every change with its fields and fingerprints.
    Full,
    /// Every change by its name.
    Names,
    /// Of what is not lost, counts.
    Counts,
    /// Of what is lost, names grouped by how they begin.
    Groups,
    /// Counts alone.
    Totals,
}

const DETAILS: [Detail; 5] = [Detail::Full, Detail::Names, Detail::Counts, Detail::Groups, Detail::Totals];

/// Draws a run with as much detail as fits.
#[must_use]
pub fn body(run: &Run, frame: &Frame) -> Body {
    let drawn = DETAILS.into_iter().map(|detail| draw(run, frame, detail));
    let fits = |body: &Body| frame.most.is_none_or(|most| body.text.chars().count() <= most);
    let mut last = Body { text: String::new(), stable: String::new() };
    for body in drawn {
        last = body;
        if fits(&last) {
            break;
        }
    }
    last
}

fn draw(run: &Run, frame: &Frame, detail: Detail) -> Body {
    let mut stable = head(run, frame);
    if let Some(plan) = run.plan.as_ref().filter(|plan| !plan.backend.is_empty()) {
        stable.push_str(&format!("Backend: {}\n\n", code(&plan.backend)));
    }
    if let Some(found) = &run.drift {
        drift::drift(&mut stable, found, detail);
    }
    if let Some(plan) = &run.plan {
        table::table(&mut stable, plan, detail);
    }
    problems::failures(&mut stable, run, detail);
    if let Some(plan) = &run.plan {
        problems::hazards(&mut stable, plan, detail);
        rows::lost(&mut stable, plan, detail);
        if run.ending.is_none() {
            problems::undo(&mut stable, plan);
        }
        rows::drift(&mut stable, plan, frame, detail);
        rows::rest(&mut stable, plan, frame, detail);
    }
    problems::findings(&mut stable, run, frame, detail);
    if let Some(plan) = &run.plan {
        problems::beside(&mut stable, plan, detail);
        if run.ending.is_none() {
            how(&mut stable, run, frame, detail);
        }
    }
    let mut text = stable.clone();
    foot(&mut text, run, frame, detail);
    let line = trailer(run, frame.commit.as_deref(), frame.link.as_deref());
    text.push_str(&hidden(&format!("keyform:data {line}"), frame.is_plain));
    Body { text, stable }
}

/// A line that is not shown: a comment of HTML or, where there is no HTML, a definition that nothing uses. The text must
/// have neither `-->` nor parentheses.
#[must_use]
pub fn hidden(text: &str, is_plain: bool) -> String {
    if is_plain { format!("\n[//]: # ({text})\n") } else { format!("<!-- {text} -->\n") }
}

fn head(run: &Run, frame: &Frame) -> String {
    let mark = match Outcome::of(run) {
        Outcome::Failed => "❌",
        Outcome::Refused | Outcome::Partial => "⛔",
        Outcome::Drift | Outcome::Destructive | Outcome::Unsure => "⚠️",
        Outcome::Changes => "🔷",
        Outcome::Clean | Outcome::Applied => "✅",
    };
    let mut about = code(&format!("keyform {}", run.command));
    let commit = frame.commit.as_ref().map(|commit| commit.chars().take(12).collect());
    let parts = [(" of ", &frame.name), (", environment ", &frame.environment), (", commit ", &commit)];
    for (word, part) in parts {
        if let Some(part) = part {
            about.push_str(&format!("{word}{}", code(part)));
        }
    }
    format!("### {mark} {}\n\n{about}\n\n", verdict(run))
}

/// How the plan is applied: the command, with the numbers that it needs.
fn how(out: &mut String, run: &Run, frame: &Frame, detail: Detail) {
    match outcome::way(run, frame.file.as_deref()) {
        None => {}
        Some(Way::Mend) => out.push_str("**To apply:** mend what is named above first.\n\n"),
        Some(Way::Command { command, exactly, review }) => {
            let review = if review { ", if every hazard above is what you want" } else { "" };
            let word = if exactly { "To apply exactly this" } else { "To apply" };
            out.push_str(&format!("**{word}**{review}: {}; {ALONE}.\n\n", code(&command)));
        }
        Some(Way::Shards { commands, again, exactly, review }) => {
            let review = if review { ", if every hazard above is what you want" } else { "" };
            let word = if exactly { "To apply exactly this" } else { "To apply" };
            out.push_str(&format!("**{word}**{review}: one command a shard; {ALONE}.\n\n"));
            let list: String = commands.iter().map(|command| format!("- {}\n", code(command))).collect();
            match commands.len() {
                0 => {}
                n if detail >= Detail::Groups => out.push_str(&format!("{n} commands do not fit here.\n\n")),
                n if n > LISTED => fold(out, frame, "keyform apply", &format!("({n} shards)"), &list),
                _ => out.push_str(&format!("{list}\n")),
            }
            if !again.is_empty() {
                let again = words::several(&again, "shard", "shards");
                out.push_str(&format!(
                    "After that, plan again and apply {again}: what is waited for is there by then.\n\n"
                ));
            }
        }
    }
}

/// What changes from run to run: what it cost, where it ran, and where there is more.
fn foot(out: &mut String, run: &Run, frame: &Frame, detail: Detail) {
    let requests = words::count(usize::try_from(run.requests()).unwrap_or(usize::MAX), "request", "requests");
    let took = words::duration(Duration::from_millis(run.milliseconds()));
    out.push_str(&format!("{requests}, {took}"));
    if let Some(room) = run.plan.as_ref().and_then(|plan| plan.headroom.as_ref()) {
        let (left, limit) = (room.left, room.limit);
        out.push_str(&format!("; {left} of {limit} requests of a kind left at {}", code(&room.host)));
    }
    let link = frame.link.as_deref().map(|link| format!("[the run]({})", address(link)));
    if let Some(link) = &link {
        out.push_str(&format!(" · {link}"));
    }
    out.push_str("\n\n");
    if detail > Detail::Full {
        let what = match detail {
            Detail::Full | Detail::Names => "only names fit here",
            Detail::Counts => "only names of what is lost fit here, and counts",
            Detail::Groups => "only groups of names fit here, and counts",
            Detail::Totals => "only counts fit here",
        };
        let place = match (&link, &frame.file) {
            (_, Some(file)) => format!("{} shows everything", code(&format!("keyform show {file}"))),
            (Some(link), None) => format!("everything is in the log of {link}"),
            (None, None) if run.drift.is_some() => "`keyform drift` shows everything".to_owned(),
            (None, None) => "`keyform plan` shows everything".to_owned(),
        };
        out.push_str(&format!("_Shortened: {what}; {place}._\n\n"));
    }
}

/// An address as the target of a link; it can't end it.
fn address(link: &str) -> String {
    const ODD: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'<')
        .add(b'>')
        .add(b'(')
        .add(b')')
        .add(b'\\')
        .add(b'[')
        .add(b']')
        .add(b'`')
        .add(b'|')
        .add(b'*')
        .add(b'_')
        .add(b'@')
        .add(b'~')
        .add(b'!');
    utf8_percent_encode(link, ODD).to_string()
}

/// A line of the configuration, as a link where its address is known.
fn place(frame: &Frame, file: &str, line: usize) -> String {
    const PATH: &AsciiSet =
        &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?').add(b'{').add(b'}').add(b'&');
    let name = code(&format!("{file}:{line}"));
    match &frame.source {
        Some(source) => {
            let path = utf8_percent_encode(file.trim_start_matches("./"), PATH).to_string();
            let link = source.replace("{line}", &line.to_string()).replace("{path}", &path);
            format!("[{name}]({})", address(&link))
        }
        None => name,
    }
}

/// Something folded, or, where nothing can be, below a heading. The head is a name and a plain text.
fn fold(out: &mut String, frame: &Frame, name: &str, text: &str, inner: &str) {
    if frame.is_plain {
        out.push_str(&format!("**{}** {}\n\n{inner}\n", code(name), prose(text)));
    } else {
        let name = crate::view::markup::html(name);
        out.push_str(&format!("<details>\n<summary>{name} {text}</summary>\n\n{inner}\n</details>\n\n"));
    }
}
