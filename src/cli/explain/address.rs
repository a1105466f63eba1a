//! `keyform explain ADDRESS`: the facts behind a row of the plan, and what was made of them.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::explain::Args;
use crate::cli::plan;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Planned;
use crate::engine::Scope;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::plan::Change;
use crate::plan::facts::Facts;
use crate::plan::facts::Memory;
use crate::plan::facts::Presence;
use crate::view::json;
use crate::view::text::Style;
use crate::view::text::value;
use crate::view::why;
use crate::view::words;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Serialize)]
struct Document {
    format: &'static str,
    address: String,
    declared: Option<String>,
    source: Option<String>,
    there: Option<bool>,
    written_at: Option<String>,
    attributes: Vec<Entry>,
    action: Option<&'static str>,
    reason: Option<&'static str>,
    rule: &'static str,
    hazards: Vec<Danger>,
    waits_for: Vec<String>,
    needed_by: Vec<String>,
    problem: Option<String>,
    diagnostics: Vec<json::diagnostic::Entry>,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    wanted: String,
    live: String,
    keyform: &'static str,
}

#[derive(Serialize)]
struct Danger {
    kind: &'static str,
    detail: String,
    allowed: bool,
}

pub(super) fn run(context: &mut Context, args: &Args, address: &Address) -> Exit {
    let Some((desired, registry)) = context.load(&args.inputs) else { return context.failed("explain") };
    let desired = Arc::new(desired);
    let Some(runtime) = context.runtime() else { return context.failed("explain") };
    let planned = runtime.block_on(async {
        let reader = context.read_only(&desired, registry, args.allow_exec).await?;
        let planned = plan::read(context, &reader, &desired, &Scope::default()).await;
        reader.close().await;
        planned
    });
    let Some(planned) = planned else { return context.failed("explain") };
    let Some(facts) = planned.facts(address) else {
        let instances = instances(&desired, &planned, address);
        if address.entry_key().is_none() && address.key().is_none() && !instances.is_empty() {
            return list(context, &planned, address, &instances);
        }
        let detail = format!("`{address}` is neither declared, nor owned, nor in the plan.");
        let known: Vec<String> = desired
            .resources
            .keys()
            .chain(planned.ledger.records.keys())
            .chain(planned.plan.changes.iter().map(|change| &change.address))
            .map(ToString::to_string)
            .collect();
        let diagnostic = Diagnostic::error(&codes::UNKNOWN_ADDRESS, detail);
        context.tell(match instances.is_empty() || address.entry_key().is_some() {
            true => diagnostic
                .help("`keyform show` lists everything")
                .did_you_mean(&address.to_string(), known.iter().map(String::as_str)),
            false => diagnostic.help(format!("there is {}", words::some(instances.iter().map(ToString::to_string)))),
        });
        return context.failed("explain");
    };
    let declared = facts.declared.and_then(|span| {
        let (line, _) = context.sources.line_column(span)?;
        Some(format!("{}:{line}", context.sources.get(span.source)?.name))
    });
    let exit = if facts.live == Presence::Unknown { Exit::Undetermined } else { Exit::Done };
    if context.global.json {
        context.document(&document(address, &facts, declared, context.entries()));
    } else {
        context.terminal.out(&draw(address, &facts, declared.as_deref(), context.terminal.style()));
    }
    exit
}

/// The instances of the resource that an address names without a key, or with one that there is not.
fn instances(desired: &Desired, planned: &Planned, address: &Address) -> BTreeSet<Address> {
    let whole = address.resource().without_key();
    let all = desired.resources.keys().chain(planned.ledger.records.keys());
    let is_one = |one: &&Address| one.entry_key().is_none() && one.key().is_some() && one.without_key() == whole;
    all.filter(is_one).cloned().collect()
}

#[derive(Serialize)]
struct Instances {
    format: &'static str,
    address: String,
    instances: Vec<Instance>,
    diagnostics: Vec<json::diagnostic::Entry>,
}

#[derive(Serialize)]
struct Instance {
    address: String,
    action: Option<&'static str>,
    reason: Option<&'static str>,
}

/// Lists the instances of a resource, each with its row.
fn list(context: &mut Context, planned: &Planned, address: &Address, instances: &BTreeSet<Address>) -> Exit {
    let row = |one: &Address| planned.plan.changes.iter().find(|change| change.address == *one);
    if context.global.json {
        let instance = |one: &Address| Instance {
            address: one.to_string(),
            action: row(one).map(|change| change.action.word()),
            reason: row(one).map(|change| change.reason.word()),
        };
        let instances = instances.iter().map(instance).collect();
        let (address, diagnostics) = (address.to_string(), context.entries());
        context.document(&Instances { format: "keyform.instances/1", address, instances, diagnostics });
        return Exit::Done;
    }
    let style = context.terminal.style();
    let name = style.paint.bold(&words::shown(&address.to_string()));
    let count = words::count(instances.len(), "instance", "instances");
    let mut out = format!("{name}: {count}, to be explained one by one\n\n");
    for one in instances {
        let line = format!("{}: {}", words::shown(&one.to_string()), row_in_words(row(one)));
        words::line(&mut out, &line, 2, 2, style.width);
    }
    context.terminal.out(&out);
    Exit::Done
}

fn row_in_words(change: Option<&Change>) -> String {
    match change {
        Some(change) => {
            let reason = words::reason(change.reason, change.action, change.address.entry_key().is_some());
            format!("to {}, {reason}", change.action.word())
        }
        None => "no row in the plan".to_owned(),
    }
}

fn document(
    address: &Address,
    facts: &Facts,
    declared: Option<String>,
    diagnostics: Vec<json::diagnostic::Entry>,
) -> Document {
    let texts = |addresses: &[Address]| addresses.iter().map(ToString::to_string).collect();
    Document {
        format: "keyform.facts/1",
        address: address.to_string(),
        declared,
        source: facts.source.as_ref().map(ToString::to_string),
        there: match facts.live {
            Presence::There => Some(true),
            Presence::Absent => Some(false),
            Presence::Unknown => None,
        },
        written_at: facts.written.as_ref().map(ToString::to_string),
        attributes: facts
            .attributes
            .iter()
            .map(|attribute| Entry {
                name: attribute.name.to_string(),
                wanted: value(&attribute.wanted),
                live: value(&attribute.live),
                keyform: why::memory(attribute.ledger),
            })
            .collect(),
        action: facts.change.as_ref().map(|change| change.action.word()),
        reason: facts.change.as_ref().map(|change| change.reason.word()),
        rule: why::rule(facts),
        hazards: facts
            .hazards
            .iter()
            .map(|hazard| Danger { kind: hazard.kind.word(), detail: hazard.detail.clone(), allowed: hazard.allowed })
            .collect(),
        waits_for: facts.change.as_ref().map(|change| texts(&change.needs)).unwrap_or_default(),
        needed_by: texts(&facts.needed_by),
        problem: facts.problem.as_ref().map(|why| why.detail.clone()),
        diagnostics,
    }
}

fn draw(address: &Address, facts: &Facts, declared: Option<&str>, style: Style) -> String {
    let mut out = String::new();
    let name = style.paint.bold(&words::shown(&address.to_string()));
    words::line(&mut out, &format!("{name}: {}", row_in_words(facts.change.as_ref())), 0, 2, style.width);
    out.push('\n');
    let mut say = |name: &str, text: &str| {
        out.push_str(&format!("{name:<10} "));
        let mut lines = String::new();
        words::paragraph(&mut lines, &words::shown(text), 0, 11, style.width.saturating_sub(11));
        out.push_str(&lines);
    };
    let source = facts.source.as_ref().map(|source| format!(", from the secret {source}")).unwrap_or_default();
    let is_entry = address.entry_key().is_some();
    say(
        "declared",
        &match (declared, is_entry, facts.source.is_some()) {
            (Some(at), true, true) => format!("by its sync, {at}{source}"),
            (Some(at), true, false) => format!("its sync is, {at}; the source has nothing for it"),
            (Some(at), false, _) => at.to_owned(),
            (None, _, _) => "no".to_owned(),
        },
    );
    say(
        "there",
        match facts.live {
            Presence::There => "yes",
            Presence::Absent => "no",
            Presence::Unknown => "nobody could look",
        },
    );
    say("ledger", &facts.written.as_ref().map_or("does not have it".to_owned(), |at| format!("has it, recorded {at}")));
    for attribute in &facts.attributes {
        let is_quiet = attribute.ledger == Memory::Both && !is_entry;
        if is_quiet && facts.change.is_some() {
            continue;
        }
        let truths = why::truths(attribute, facts.live);
        say("", &format!("{}: {truths}; the ledger {}", attribute.name, why::memory(attribute.ledger)));
    }
    say("so", why::rule(facts));
    if let Some(problem) = &facts.problem {
        say("problem", &problem.detail);
    }
    for hazard in &facts.hazards {
        let whose = if is_entry { " of its sync" } else { "" };
        let allowed = if hazard.allowed { ", which is allowed" } else { "" };
        say("hazard", &format!("{}{whose}{allowed}: {}", hazard.kind.word(), hazard.detail));
    }
    let list = |addresses: &[Address]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if let Some(change) = facts.change.as_ref().filter(|change| !change.needs.is_empty()) {
        say("waits for", &list(&change.needs));
    }
    if !facts.needed_by.is_empty() {
        say("before", &list(&facts.needed_by));
    }
    out
}
