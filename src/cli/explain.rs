//! `keyform explain`: what a code, a hazard or the exit codes mean; and, in [`address`], why a row is in the plan.

mod address;

use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::exit::Exit;
use crate::cli::plan;
use crate::config::baseline;
use crate::diag::Diagnostic;
use crate::diag::code::Code;
use crate::diag::codes;
use crate::diag::nearest;
use crate::model::address::Address;
use crate::model::address::MODULE;
use crate::model::resource::Kind;
use crate::plan::HazardKind;
use crate::plan::drift::Verdict;
use crate::view::words;
use serde::Serialize;

/// Explain a row of the plan, a diagnostic's code, a hazard, a verdict of drift, or the exit codes.
///
/// Every problem that keyform reports carries a code that never changes its meaning. This prints what it
/// means, why it is a problem, and how it is mended. Without an argument it lists all codes, hazards and verdicts. With the address of a
/// resource or an entry it reads what `plan` reads, and says where that is declared, what is there, what keyform wrote last, which
/// rule made the row, what is dangerous about it and what it waits for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform explain KF0101\n  keyform explain wipe\n  keyform explain exit-codes\n  \
                        keyform explain secret_sync.web.entry.APP_DB_URL")]
pub(super) struct Args {
    /// A code (KF0101), a hazard (wipe), a verdict (value-changed), `exit-codes`, or an address
    topic: Option<String>,
    /// Let `secret_exec` run programs, to explain an address
    #[arg(long)]
    allow_exec: bool,
    #[command(flatten)]
    inputs: Inputs,
}

#[derive(Serialize)]
struct Document {
    format: &'static str,
    topics: Vec<Topic>,
}

#[derive(Serialize)]
struct Topic {
    name: String,
    summary: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: String,
}

fn of_code(code: &Code) -> Topic {
    Topic { name: code.id.to_owned(), summary: code.summary, text: code.explain.to_owned() }
}

/// When a hazard arises, and what is safe to do about it.
fn arises(kind: HazardKind) -> &'static str {
    match kind {
        HazardKind::Wipe => {
            "The destination holds keys within the sync's key schema that keyform never wrote, and the sync deletes what \
             its source does not have. Safe: `disable_secret_deletion = true`, a narrower key schema, or the keys \
             added to the source. Or a project, environment or folder that ends holds things that keyform does not manage: they go \
             with it. Safe: move them away first, or keep it with a `removed` block."
        }
        HazardKind::Takeover => {
            "A key that a sync pushes, or a resource, is there already, and keyform did not write it, or can't tell. Overwritten, that value is lost, as most destinations keep no old ones. Safe: look \
             who wrote it, copy the value into the source if it is the right one, then plan again."
        }
        HazardKind::MassDelete => {
            "More rows delete something of one destination or project than `max_deletes` or `max_delete_percent` of the `guard` block accept at once. \
             It is mostly a block or a folder removed by mistake. Safe: look at the rows to delete, and put \
             back what was not meant to go."
        }
        HazardKind::Shrunk => {
            "The source of a sync was read as empty, or has less than half of the keys that were written before. It is \
             mostly a wrong path or environment, or a permission that was lost. Safe: `keyform secret list` of \
             the source, and mend what is missing."
        }
        HazardKind::FirstContact => {
            "A sync that never ran would change or delete keys that its destination already holds. Keyform can't \
             know who needs them. Decide for each key that the plan names: \
             (1) The destination's value is right, and the secret is declared: put that value where the declaration takes its \
             own from. \
             (2) The destination's value is right, and the secret can be declared later: take its block away, and say \
             `initial_sync = \"import-prioritize-destination\"`; after the apply that imports it, declare it with that value, and `apply --adopt`. \
             (3) Only the destination has the key: `initial_sync = \"import-prioritize-source\"` takes it into the source; where the destination can't be read, put it into the source yourself, or keep it with \
             `disable_secret_deletion = true` or a key schema of its own. \
             (4) The source's value is right: nothing to do, that is what the number allows. \
             Then plan again: what is equal on both sides is adopted, and the number is that of (4) alone."
        }
        HazardKind::Regenerate => {
            "A `secret_random` that keyform made was deleted outside, and would be made anew with another value, while what \
             was given the old one still uses that. Safe: where a destination still holds it, put it back with \
             `keyform secret set`; otherwise go on when everything that uses it can take the new one."
        }
        HazardKind::Replace => {
            "An attribute changed that can't be changed in place, so the resource is deleted and made again, and what is \
             in it goes with it. Safe: put the attribute back, or copy what is inside before."
        }
        HazardKind::Collision => "Two syncs write the same key at the same place: the one that runs last would win.",
        HazardKind::Incomplete => {
            "A part of what the plan depends on could not be read: a permission, a network, a malformed file. Rows may be \
             missing, also such as delete something."
        }
        HazardKind::Rule => {
            "A resource is declared otherwise than a `rule` block of the configuration wants it. `keyform validate` finds \
             that offline, and underlines both. Safe: declare it as the rule says; where it is an exception, \
             `allow = [\"rule\"]` in its block says so."
        }
        HazardKind::Protected => {
            "The plan deletes or replaces a resource that has `prevent_destroy = true`, or that the backend itself protects \
             (`delete_protection`)."
        }
    }
}

fn of_hazard(kind: HazardKind) -> Topic {
    let text = match kind {
        HazardKind::Collision | HazardKind::Protected => {
            format!("{} A plan with this hazard is never applied. {}", arises(kind), words::way_out(kind, 0))
        }
        _ => format!(
            "{} A plan with this hazard is refused (exit code 6) unless it is allowed: for one resource in its `allow = \
             [\"{word}\"]`, for all in the `guard` block, or once on the command line with the number that the plan \
             names, `--allow {word}=N`. It is a number and not a switch, so that what was reviewed is what is allowed.",
            arises(kind),
            word = kind.word()
        ),
    };
    Topic { name: kind.word().to_owned(), summary: words::hazard(kind), text }
}

/// What `keyform drift` says of a finding, and how it is accepted for a while.
fn of_verdict(verdict: Verdict) -> Topic {
    let text = format!(
        "A verdict of `keyform drift`. What may stay as it is for a while is accepted in {}, beside the configuration:\n\n  \
         accept \"ADDRESS\" {{             # as drift names it, quotes escaped\n    verdict = \"{}\"\n    reason  = \"why it may \
         stay\"\n    expires = \"YYYY-MM-DD\"         # the last day\n  }}\n\nIt is reported no longer until then; the next \
         `keyform apply` writes what is declared all the same.",
        baseline::NAME,
        verdict.word()
    );
    Topic { name: verdict.word().to_owned(), summary: words::verdict(verdict), text }
}

/// A topic that begins like an address is one.
fn known(topic: &str) -> Option<Address> {
    plan::address(topic).ok().filter(is_address)
}

/// Whether what can be read as an address begins like one.
pub(super) fn is_address(address: &Address) -> bool {
    address.segments().first().is_some_and(|s| Kind::from_word(&s.kind).is_some() || &*s.kind == MODULE)
}

fn exit_codes() -> Vec<Topic> {
    Exit::ALL
        .into_iter()
        .map(|(exit, summary)| Topic { name: (exit as u8).to_string(), summary, text: String::new() })
        .collect()
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    if let Some(address) = args.topic.as_deref().and_then(known) {
        return address::run(context, args, &address);
    }
    let everything = || {
        codes::all()
            .map(of_code)
            .chain(HazardKind::ALL.into_iter().map(of_hazard))
            .chain(Verdict::ALL.into_iter().map(of_verdict))
    };
    let topics: Vec<Topic> = match args.topic.as_deref() {
        None => everything().collect(),
        Some("exit-codes") => exit_codes(),
        Some(topic) => everything().filter(|t| t.name.eq_ignore_ascii_case(topic)).collect(),
    };
    if topics.is_empty() {
        let topic = args.topic.as_deref().unwrap_or_default();
        let known: Vec<String> = everything().map(|t| t.name).chain(["exit-codes".to_owned()]).collect();
        let names = || known.iter().map(String::as_str);
        // Another number is another problem: only words have near ones.
        let near = match topic.bytes().any(|byte| byte.is_ascii_digit()) {
            true => None,
            false => nearest(&topic.to_lowercase(), names()),
        };
        let help = match near {
            Some(name) => format!("did you mean `{name}`?"),
            None => "`keyform explain` lists everything".to_owned(),
        };
        let detail = format!("There is nothing named `{topic}` to explain.");
        let diagnostic = Diagnostic::error(&codes::UNKNOWN_TOPIC, detail).help(help);
        context.tell(diagnostic);
        return context.end("explain", Exit::Usage);
    }
    if context.global.json {
        context.document(&Document { format: "keyform.explain/1", topics });
        return Exit::Done;
    }
    let style = context.terminal.style();
    let is_list = topics.len() > 1;
    let mut out = String::new();
    for topic in &topics {
        if is_list {
            out.push_str(&format!("{} ", style.paint.bold(&format!("{:<14}", topic.name))));
            words::paragraph(&mut out, topic.summary, 0, 15, style.width.saturating_sub(15));
        } else {
            out.push_str(&format!("{}: {}\n\n", style.paint.bold(&topic.name), topic.summary));
            for line in topic.text.lines() {
                match line.starts_with(' ') || line.is_empty() {
                    true => out.push_str(&format!("{line}\n")),
                    false => words::paragraph(&mut out, line, 0, 0, style.width),
                }
            }
        }
    }
    context.terminal.out(&out);
    Exit::Done
}
