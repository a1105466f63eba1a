//! `keyform explain`: what a code, a hazard or the exit codes mean.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::codes::Code;
use crate::diag::nearest;
use crate::plan::HazardKind;
use crate::view::words;
use serde::Serialize;

/// Explain a diagnostic's code, a hazard, or the exit codes.
///
/// Every problem that keyform reports carries a code that never changes its meaning. This prints what it
/// means, why it is a problem, and how it is mended. Without an argument it lists all codes and hazards.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  keyform explain KF0101\n  keyform explain wipe\n  keyform explain exit-codes")]
pub(super) struct Args {
    /// A code (KF0101), a hazard (wipe) or `exit-codes`
    topic: Option<String>,
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

fn of_hazard(kind: HazardKind) -> Topic {
    let text = match kind {
        HazardKind::Collision | HazardKind::Protected => {
            format!("A plan with this hazard is never applied. {}", words::way_out(kind, 0))
        }
        _ => format!(
            "A plan with this hazard is refused (exit code 6) unless it is allowed: for one resource in its `allow = \
             [\"{word}\"]`, for all in the `guard` block, or once on the command line with the number that the plan \
             names, `--allow {word}=N`. It is a number and not a switch, so that what was reviewed is what is allowed.",
            word = kind.word()
        ),
    };
    Topic { name: kind.word().to_owned(), summary: words::hazard(kind), text }
}

fn exit_codes() -> Vec<Topic> {
    Exit::ALL
        .into_iter()
        .map(|(exit, summary)| Topic { name: (exit as u8).to_string(), summary, text: String::new() })
        .collect()
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let everything = || codes::ALL.iter().map(|c| of_code(c)).chain(HazardKind::ALL.into_iter().map(of_hazard));
    let topics: Vec<Topic> = match args.topic.as_deref() {
        None => everything().collect(),
        Some("exit-codes") => exit_codes(),
        Some(topic) => everything().filter(|t| t.name.eq_ignore_ascii_case(topic)).collect(),
    };
    if topics.is_empty() {
        let topic = args.topic.as_deref().unwrap_or_default();
        let known: Vec<String> = everything().map(|t| t.name).chain(["exit-codes".to_owned()]).collect();
        let names = || known.iter().map(String::as_str);
        let near = nearest(&topic.to_uppercase(), names()).or_else(|| nearest(&topic.to_lowercase(), names()));
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
            out.push_str(&format!("{} {}\n", style.paint.bold(&format!("{:<14}", topic.name)), topic.summary));
        } else {
            out.push_str(&format!("{}: {}\n\n", style.paint.bold(&topic.name), topic.summary));
            words::paragraph(&mut out, &topic.text, 0, 0, style.width);
        }
    }
    context.terminal.out(&out);
    Exit::Done
}
