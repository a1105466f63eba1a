//! `keyform doctor`: what a run would stumble over. Reads, and nothing else.

use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::exit::Exit;
use crate::diag::Diagnostic;
use crate::engine::Scope;
use crate::engine::health::Finding;
use crate::engine::health::State;
use crate::model::attrs::Value;
use crate::view::json;
use crate::view::text::Style;
use crate::view::words;
use serde::Serialize;
use std::sync::Arc;

/// Find what a run would stumble over: backend, clock, ledger, credentials, destinations.
///
/// Reads the configuration, logs in to the backend, looks at the ledger and at every destination, and tries the credentials of
/// every connection. Nothing is written, no lock is taken. Whether keys may also be written only a write can tell: `keyform
/// providers test` makes one that is taken back.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  keyform doctor   # 0 all is well, 1 something is wrong, 5 not all told")]
pub(super) struct Args {
    /// Let `secret_exec` run programs
    #[arg(long)]
    allow_exec: bool,
    #[command(flatten)]
    inputs: Inputs,
}

#[derive(Serialize)]
struct Document {
    format: &'static str,
    ok: bool,
    keyform: &'static str,
    findings: Vec<Entry>,
    diagnostics: Vec<json::diagnostic::Entry>,
}

#[derive(Serialize)]
struct Entry {
    kind: &'static str,
    name: String,
    state: &'static str,
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needs: Vec<String>,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let Some((desired, registry)) = context.load(&args.inputs) else { return context.failed("doctor") };
    let count = desired.resources.len();
    let desired = Arc::new(desired);
    let url = desired.backend.attrs.get("url").and_then(Value::as_str);
    let backend = url.unwrap_or(&desired.backend.kind).to_owned();
    let Some(runtime) = context.runtime() else { return context.failed("doctor") };
    let (mut found, failed) = runtime.block_on(async {
        // Why it can't be opened was told: a configuration whose backend can't be reached has nothing more to look at.
        let Some(reader) = context.read_only(&desired, registry, args.allow_exec).await else {
            return (Vec::new(), true);
        };
        let looked = match reader.plan(&desired, &Scope::default()).await {
            Ok(planned) => (reader.health(&planned).await, false),
            Err(diagnostics) => {
                context.tell_all(diagnostics);
                (Vec::new(), true)
            }
        };
        reader.close().await;
        looked
    });
    if failed {
        let said = "nothing can be planned; the error says why".to_owned();
        let is_backend = |why: &Diagnostic| ("KF0600".."KF0700").contains(&why.code.id);
        let (kind, name) = match context.found.iter().any(is_backend) {
            true => ("backend", &*backend),
            false => ("run", "plan"),
        };
        found.push(Finding::new(kind, name, State::Bad, said));
    }
    let resources = words::count(count, "resource", "resources");
    found.insert(0, Finding::new("configuration", &context.dir().display().to_string(), State::Good, resources));
    let worst = found.iter().map(|finding| finding.state).max();
    let exit = match worst {
        _ if failed => Exit::Failed,
        Some(State::Bad) => Exit::Failed,
        Some(State::Unknown) => Exit::Undetermined,
        _ => Exit::Done,
    };
    if context.global.json {
        let findings = found.into_iter().map(entry).collect();
        let (ok, diagnostics, keyform) = (exit == Exit::Done, context.entries(), env!("CARGO_PKG_VERSION"));
        context.document(&Document { format: "keyform.doctor/1", ok, keyform, findings, diagnostics });
    } else {
        context.terminal.out(&draw(&found, context.terminal.style()));
    }
    exit
}

fn word(state: State) -> &'static str {
    match state {
        State::Good => "good",
        State::Odd => "odd",
        State::Unknown => "unknown",
        State::Bad => "bad",
    }
}

fn entry(finding: Finding) -> Entry {
    let Finding { kind, name, state, words, help, needs } = finding;
    let needs = needs.iter().map(ToString::to_string).collect();
    Entry { kind, name, state: word(state), words, help, needs }
}

fn draw(found: &[Finding], style: Style) -> String {
    let mut out = format!("keyform {}\n", env!("CARGO_PKG_VERSION"));
    for Finding { kind, name, state, words, help, needs } in found {
        let mark = match state {
            State::Good => style.paint.good("ok     "),
            State::Odd => style.paint.warn("odd    "),
            State::Unknown => style.paint.warn("unknown"),
            State::Bad => style.paint.danger("wrong  "),
        };
        let line = format!("{kind} {}: {}", words::shown(name), words::shown(words));
        out.push_str(&format!("{mark}  "));
        words::line(&mut out, &line, 0, 11, style.width.saturating_sub(9));
        if let Some(help) = help {
            words::paragraph(&mut out, &words::shown(help), 11, 0, style.width);
        }
        if !needs.is_empty() {
            let needs = format!("its syncs need at least: {}", needs.join(", "));
            words::paragraph(&mut out, &words::shown(&needs), 11, 2, style.width);
        }
    }
    let of = |wanted: State| found.iter().filter(|finding| finding.state == wanted).count();
    out.push_str(&match (of(State::Bad), of(State::Unknown)) {
        (0, 0) => "Nothing stands in the way of a run.\n".to_owned(),
        (0, unknown) => format!("{} could not be told.\n", words::count(unknown, "thing", "things")),
        (bad, _) => format!("{} in the way of a run.\n", words::count(bad, "thing stands", "things stand")),
    });
    out
}
