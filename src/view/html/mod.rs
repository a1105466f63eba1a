//! A run as one page of HTML: a picture of what goes where, the risks, every change key by key to be filtered, and what is
//! wrong. The page is one file and asks for nothing: its own policy forbids every request, and every script but its
//! own. Without scripts all of it is there but the filter.
//!
//! Lives here: the order of the parts, and those that are lists; [`path`], where a secret reaches; [`picture`], the drawing; [`rows`], changes and findings one by
//! one. Whatever came from outside is escaped by [`xml`].

mod path;
mod picture;
mod rows;

use crate::plan::Action;
use crate::plan::HazardKind;
use crate::view::json::diagnostic::Entry;
use crate::view::json::plan::Document;
use crate::view::json::plan::Hazard;
use crate::view::json::run::Run;
use crate::view::markup::xml;
use crate::view::outcome;
use crate::view::outcome::Outcome;
use crate::view::outcome::Way;
use crate::view::risks;
use crate::view::risks::About;
use crate::view::risks::Rank;
use crate::view::undo;
use crate::view::words;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::Digest;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::time::Duration;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Draws a run. `file` is what `apply` takes, if the plan was kept.
#[must_use]
pub fn html(run: &Run, file: Option<&str>) -> String {
    if let Some(found) = &run.reach {
        return page(&format!("{} · keyform where", path::verdict(found)), &path::body(run, found));
    }
    let rows = rows::Groups::of(run);
    let mut body = head(run);
    if let Some(plan) = &run.plan {
        body.push_str(&hazards(plan));
        body.push_str(&picture::picture(plan, &rows));
        body.push_str(&table(plan));
    }
    rows.draw(&mut body);
    body.push_str(&problems(run));
    if let Some(plan) = &run.plan {
        body.push_str(&beside(plan, run.ending.is_none()));
    }
    if run.ending.is_none() {
        body.push_str(&how(run, file));
    }
    body.push_str(&foot(run));
    page(&format!("{} · keyform {}", outcome::verdict(run), run.command), &body)
}

/// What is around every page.
fn page(title: &str, body: &str) -> String {
    // What is not of this file is not run, not shown, and not asked for.
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    );
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n<script>{SCRIPT}</script>\n</body>\n\
         </html>\n",
        xml(title)
    )
}

/// What a policy calls a script or a style by.
fn digest(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// How many of a large number: in groups of three digits.
fn number(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// The verdict, and how much of what.
fn head(run: &Run) -> String {
    let outcome = Outcome::of(run);
    let (class, mark) = match outcome {
        Outcome::Failed | Outcome::Refused | Outcome::Partial => ("bad", "×"),
        Outcome::Drift | Outcome::Destructive | Outcome::Unsure => ("warn", "!"),
        Outcome::Changes => ("change", "±"),
        Outcome::Clean | Outcome::Applied => ("good", "✓"),
    };
    let at = run.at.and_then(|at| jiff::Timestamp::from_second(at).ok());
    let at = at.map(|at| format!(" · <time datetime=\"{at}\">{}</time>", at.strftime("%Y-%m-%d %H:%M UTC")));
    let mut out = format!(
        "<header class=\"{class}\">\n<p class=\"about\"><b>keyform {}</b>{} · {}</p>\n\
         <h1><span class=\"mark\" aria-hidden=\"true\">{mark}</span> {}</h1>\n",
        xml(&run.command),
        at.unwrap_or_default(),
        outcome.word(),
        xml(&outcome::verdict(run))
    );
    if let Some(plan) = &run.plan {
        out.push_str("<ul class=\"tiles\">\n");
        for action in Action::ALL {
            let count = plan.changes.iter().filter(|row| row.action == action).count();
            out.push_str(&tile(action.word(), words::symbol(action), count, ""));
        }
        let drift = plan.changes.iter().filter(|row| row.drift).count();
        out.push_str(&tile("drift", "≠", drift, "changed outside"));
        out.push_str(&tile("same", "=", plan.unchanged, "as declared"));
        out.push_str("</ul>\n");
    }
    out.push_str("</header>\n");
    out
}

fn tile(class: &str, symbol: &str, count: usize, text: &str) -> String {
    let text = if text.is_empty() { class } else { text };
    let none = if count == 0 { " none" } else { "" };
    format!(
        "<li class=\"{class}{none}\"><b>{}</b><span><i aria-hidden=\"true\">{}</i> {text}</span></li>\n",
        number(count),
        xml(symbol)
    )
}

/// What is dangerous, what is not allowed first, each with the way out.
fn hazards(plan: &Document) -> String {
    let mut kinds: BTreeMap<(bool, HazardKind), Vec<&Hazard>> = BTreeMap::new();
    for hazard in &plan.hazards {
        kinds.entry((hazard.allowed, hazard.kind)).or_default().push(hazard);
    }
    if kinds.is_empty() {
        return String::new();
    }
    let mut out = String::from("<section aria-labelledby=\"hazards\">\n<h2 id=\"hazards\">Hazards</h2>\n");
    for ((allowed, kind), list) in kinds {
        let total: usize = list.iter().map(|hazard| hazard.count).sum();
        let (class, said) = if allowed { ("allowed", "allowed by the configuration") } else { ("open", "not allowed") };
        out.push_str(&format!(
            "<div class=\"hazard {class}\">\n<h3><code>{}</code> <b>{}</b> <span class=\"badge\">{said}</span></h3>\n\
             <p>{}.</p>\n<ul>\n",
            kind.word(),
            number(total),
            xml(&sentence(words::hazard(kind)))
        ));
        for hazard in list {
            out.push_str(&format!("<li><code>{}</code> {}</li>\n", xml(&hazard.address), prose(&hazard.detail)));
        }
        out.push_str("</ul>\n");
        if !allowed {
            out.push_str(&format!("<p class=\"next\">{}</p>\n", prose(&words::way_out(kind, total))));
        }
        out.push_str("</div>\n");
    }
    out.push_str("</section>\n");
    out
}

/// Its first letter as at the beginning of a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A sentence, in which what stands between backticks is code.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let is_paired = parts.len() % 2 == 1;
    let part = |(i, part): (usize, &&str)| {
        let is_code = is_paired && i % 2 == 1;
        // What has lines keeps them.
        let lines: Vec<String> = part.split('\n').map(xml).collect();
        let text = lines.join("<br>");
        if is_code { format!("<code>{text}</code>") } else { text }
    };
    let joint = if is_paired { "" } else { "`" };
    parts.iter().enumerate().map(part).collect::<Vec<_>>().join(joint)
}

/// The table of risks.
fn table(plan: &Document) -> String {
    let lines = risks::lines(plan);
    if lines.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<section aria-labelledby=\"risks\">\n<h2 id=\"risks\">Risks</h2>\n<div class=\"wide\"><table class=\"risks\">\n<thead><tr>\
         <th scope=\"col\">what</th><th scope=\"col\">create</th><th scope=\"col\">update</th>\
         <th scope=\"col\">overwrite foreign</th><th scope=\"col\">delete</th><th scope=\"col\">ledger only</th>\
         <th scope=\"col\">left alone</th><th scope=\"col\">note</th></tr></thead>\n<tbody>\n",
    );
    for line in lines {
        let counts = &line.counts;
        let class = match counts.rank() {
            Rank::Failed => "bad",
            Rank::Lost => "lost",
            Rank::Rest => "rest",
        };
        let name = match &line.about {
            About::Sync(address, Some(what)) => {
                format!("keys of <code>{}</code> <span class=\"dim\">{}</span>", xml(address), xml(what))
            }
            About::Sync(address, None) => format!("keys of <code>{}</code>", xml(address)),
            About::Project(address) => format!("resources of <code>{}</code>", xml(address)),
            About::Outside => "resources outside projects".to_owned(),
        };
        let cell = |class: &str, n: usize| match n {
            0 => "<td></td>".to_owned(),
            n => format!("<td class=\"{class}\">{}</td>", number(n)),
        };
        out.push_str(&format!(
            "<tr class=\"{class}\"><th scope=\"row\">{name}</th>{}{}{}{}{}{}<td>{}</td></tr>\n",
            cell("create", counts.create),
            cell("update", counts.update),
            cell("delete", counts.over),
            cell("delete", counts.lost),
            cell("", counts.other),
            cell("", counts.left),
            counts.notes.join(", ")
        ));
    }
    out.push_str("</tbody>\n</table></div>\n</section>\n");
    out
}

/// What is wrong, and what an apply did not do.
fn problems(run: &Run) -> String {
    let mut items = Vec::new();
    if let Some(ending) = &run.ending {
        items.extend(ending.failed.iter().map(|problem| item(&problem.diagnostic, Some(&problem.address))));
    }
    let mut list: Vec<&Entry> = run.diagnostics.iter().collect();
    list.sort_by_key(|entry| !entry.is_error());
    items.extend(list.into_iter().map(|entry| item(entry, None)));
    for problem in run.plan.iter().flat_map(|plan| plan.blocked.iter().chain(&plan.incomplete)) {
        if !run.diagnostics.contains(&problem.diagnostic) {
            items.push(item(&problem.diagnostic, Some(&problem.address)));
        }
    }
    section("Findings", "findings", &items)
}

fn item(entry: &Entry, address: Option<&str>) -> String {
    let (class, word) = if entry.is_error() { ("error", "error") } else { ("warning", "warning") };
    let at = entry.labels.first().map(|label| format!("{}:{}", label.file, label.start.line));
    let at = at.map(|at| format!(" <span class=\"dim\">{}</span>", xml(&at))).unwrap_or_default();
    let address = address.map(|address| format!("<code>{}</code> ", xml(address))).unwrap_or_default();
    let help = entry.help.as_ref().map(|help| format!("<p class=\"next\">{}</p>", prose(help))).unwrap_or_default();
    format!(
        "<li class=\"{class}\"><h3><span class=\"badge\">{word}</span> <code>{}</code> {}{at}</h3><p>{address}{}</p>{help}</li>\n",
        xml(&entry.code),
        prose(&entry.summary),
        prose(&entry.detail)
    )
}

/// What a reader must know besides: what nobody looked at, and what is left alone.
fn beside(plan: &Document, is_ahead: bool) -> String {
    let blind = plan.blind.iter().map(|blind| {
        let (address, why) = (xml(&blind.address), prose(&blind.why));
        format!("<li>Not inspected: <code>{address}</code>: {why} Its keys are not in this plan.</li>\n")
    });
    let missing = plan.missing.iter().map(|problem| {
        let (address, why) = (xml(&problem.address), prose(&problem.diagnostic.detail));
        format!("<li>Its value is not at hand: <code>{address}</code>: {why}</li>\n")
    });
    let foreign = plan
        .foreign
        .iter()
        .map(|foreign| format!("<li>Left alone: {}</li>\n", xml(&words::count_of(foreign.count, &foreign.place))));
    let undo = plan
        .undo
        .outlook()
        .filter(|_| is_ahead)
        .as_ref()
        .and_then(undo::outlook)
        .map(|text| format!("<li>{}</li>\n", prose(&text)));
    let backend =
        (!plan.backend.is_empty()).then(|| format!("<li>Backend: <code>{}</code></li>\n", xml(&plan.backend)));
    let all = undo.into_iter().chain(blind).chain(missing).chain(foreign).chain(backend);
    section("Also", "also", &all.collect::<Vec<_>>())
}

fn section(title: &str, id: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let items = items.concat();
    format!(
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n<ul class=\"list\">\n{items}</ul>\n</section>\n"
    )
}

/// How the plan is applied.
fn how(run: &Run, file: Option<&str>) -> String {
    let text = match outcome::way(run, file) {
        None => return String::new(),
        Some(Way::Mend) => "<p>Mend what is named above first.</p>".to_owned(),
        Some(Way::Command { command, exactly, review }) => {
            let word = if exactly { "Exactly this is done by" } else { "It is done by" };
            let review = if review { ", if every hazard above is what you want" } else { "" };
            format!("<p>{word}{review}:</p>\n<pre tabindex=\"0\">{}</pre>", xml(&command))
        }
        Some(Way::Shards { commands, again, exactly, review }) => {
            let word = if exactly { "Exactly this is done" } else { "It is done" };
            let review = if review { ", if every hazard above is what you want" } else { "" };
            let lines: Vec<String> = commands.iter().map(|command| xml(command)).collect();
            let again = words::several(&again, "shard", "shards");
            let after = match again.is_empty() {
                true => String::new(),
                false => format!(
                    "<p>After that, plan again and apply {}: what is waited for is there by then.</p>",
                    xml(&again)
                ),
            };
            let lines = lines.join("\n");
            format!("<p>{word} by one command a shard{review}:</p>\n<pre tabindex=\"0\">{lines}</pre>{after}")
        }
    };
    format!("<section aria-labelledby=\"apply\">\n<h2 id=\"apply\">To apply</h2>\n{text}\n</section>\n")
}

fn foot(run: &Run) -> String {
    let requests = words::count(usize::try_from(run.requests()).unwrap_or(usize::MAX), "request", "requests");
    let took = words::duration(Duration::from_millis(run.milliseconds()));
    let checksum = run.plan.as_ref().and_then(|plan| plan.checksum.as_ref());
    let checksum = checksum.map(|checksum| format!(" · checksum <code>{}</code>", xml(checksum))).unwrap_or_default();
    format!("<footer>{requests}, {took}{checksum} · values are never shown; # begins a fingerprint</footer>\n")
}
