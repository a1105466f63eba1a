//! `--output`: which outputs a run gives besides what it shows, and where they go. All are drawn from one
//! [`Run`](crate::view::json::run::Run), so they say the same thing.

use crate::cli::context::Context;
use crate::cli::context::STATE;
use crate::cli::context::unwritable;
use crate::cli::exit::Exit;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::disk;
use crate::view::html;
use crate::view::json::run::Run;
use crate::view::json::sarif;
use crate::view::junit;
use crate::view::markdown;
use crate::view::markdown::Frame;
use crate::view::prometheus;
use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;

/// Options of every command that gives outputs.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Outputs {
    /// Give the result as text, json, markdown, html, junit, sarif or prometheus: in FILE, or on standard output instead of
    /// the text; may be repeated
    #[arg(long = "output", value_name = "FORMAT[=FILE]", value_parser = output)]
    list: Vec<Output>,
}

/// One output.
#[derive(Debug, Clone)]
struct Output {
    format: Format,
    /// `None` for standard output.
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Json,
    Markdown,
    Html,
    Junit,
    Sarif,
    Prometheus,
}

const FORMATS: [(&str, Format); 7] = [
    ("text", Format::Text),
    ("json", Format::Json),
    ("markdown", Format::Markdown),
    ("html", Format::Html),
    ("junit", Format::Junit),
    ("sarif", Format::Sarif),
    ("prometheus", Format::Prometheus),
];

fn output(text: &str) -> Result<Output, String> {
    let (word, file) = match text.split_once('=') {
        Some((_, "")) => return Err("the name of a file is missing after `=`".to_owned()),
        Some((word, file)) => (word, Some(file.into())),
        None => (text, None),
    };
    let format = FORMATS.into_iter().find(|(known, _)| *known == word);
    let words: Vec<&str> = FORMATS.iter().map(|(word, _)| *word).collect();
    let (_, format) = format.ok_or_else(|| format!("it must be one of {}", words.join(", ")))?;
    Ok(Output { format, file })
}

impl Outputs {
    /// Whether there is any.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether standard output is for something else than text.
    pub(super) fn takes_over(&self) -> bool {
        self.list.iter().any(|output| output.file.is_none() && output.format != Format::Text)
    }

    /// The first form that is asked for and is none of these.
    pub(super) fn other_than(&self, known: &[&str]) -> Option<&'static str> {
        let word = |output: &Output| FORMATS.iter().find(|(_, format)| *format == output.format).map(|(word, _)| *word);
        self.list.iter().filter_map(word).find(|word| !known.contains(word))
    }

    /// Whether the text has to be kept for a file.
    pub(super) fn keeps_text(&self) -> bool {
        self.list.iter().any(|output| output.file.is_some() && output.format == Format::Text)
    }
}

/// Takes the outputs that a command was asked for. `file` is where its plan is kept, if it is.
pub(super) fn begin(context: &mut Context, command: &str, outputs: &Outputs, file: Option<&Path>) -> Result<(), Exit> {
    context.run = Run { command: command.to_owned(), ..Run::default() };
    context.kept = file.map(|file| file.display().to_string());
    let here: Vec<Format> = outputs.list.iter().filter(|o| o.file.is_none()).map(|output| output.format).collect();
    let is_json = |format: &Format| *format == Format::Json;
    if here.len() > 1 || context.global.json && !here.iter().all(is_json) {
        let detail = "Two outputs can't both go to standard output.";
        context.tell(
            Diagnostic::error(&codes::OUTPUTS, detail).help("name a file for all but one: `--output junit=FILE`"),
        );
        return Err(context.end(command, Exit::Usage));
    }
    let files = outputs.list.iter().filter_map(|output| output.file.as_deref());
    if let Some(why) = files.into_iter().find_map(misplaced) {
        context.tell(why);
        return Err(context.end(command, Exit::Usage));
    }
    // Before anything is done: a report that can't be written must not be found out after an apply.
    let mut files = outputs.list.iter().filter_map(|output| output.file.as_deref());
    if let Some(why) = files.find_map(|path| disk::can_save(path).err().map(|error| unwritable(path, &error))) {
        context.tell(why);
        return Err(context.failed(command));
    }
    context.global.json |= here.iter().any(is_json);
    context.outputs = outputs.clone();
    Ok(())
}

/// Why nothing is written there: it is no name that anybody means, it would take the place of configuration or become a part of it, or it is where
/// the ledger and its key are.
pub(super) fn misplaced(path: &Path) -> Option<Diagnostic> {
    let is_one = |is: &dyn Fn(&Path) -> bool| {
        let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
        is(path) || [path.canonicalize().ok(), parent].into_iter().flatten().any(|path| is(&path))
    };
    if path == Path::new("-") {
        let d = Diagnostic::error(&codes::OUTPUT_PLACE, "`-` would be a file of that name.");
        return Some(d.help("name a file; `/dev/stdout` is standard output"));
    }
    let why = if is_one(&|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("hcl"))) {
        "would be read as configuration"
    } else if is_one(&|path| path.components().any(|part| part.as_os_str() == STATE)) {
        "is where keyform keeps its own files"
    } else {
        return None;
    };
    let detail = format!("`{}` {why}.", path.display());
    Some(Diagnostic::error(&codes::OUTPUT_PLACE, detail).help("name another file"))
}

/// Whether a file may be written: nothing is there, or what is written again.
pub(super) fn is_free(path: &Path, is_again: impl Fn(&str) -> bool) -> Result<(), Diagnostic> {
    if disk::passes_on(path) {
        return Ok(());
    }
    disk::can_save(path).map_err(|error| unwritable(path, &error))?;
    let is_free = match std::fs::read(path) {
        Ok(old) => old.is_empty() || std::str::from_utf8(&old).is_ok_and(is_again),
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    if is_free {
        return Ok(());
    }
    let detail = format!("`{}` can't be written: something else is there.", path.display());
    Err(Diagnostic::error(&codes::UNWRITABLE, detail).help("name another file"))
}

/// Writes the outputs. What can't be written fails the run; what it applied until then is applied.
pub(super) fn write(context: &mut Context, exit: Exit) -> Exit {
    let outputs = std::mem::take(&mut context.outputs);
    let mut run = std::mem::take(&mut context.run);
    run.add(context.entries());
    run.at = run.at.or_else(|| Some(jiff::Timestamp::now().as_second()));
    let (mut exit, is_applied) = (exit, run.ending.is_some());
    for Output { format, file } in outputs.list {
        let text = match (format, &file) {
            // Standard output has it already, line by line.
            (Format::Text | Format::Json, None) => continue,
            (Format::Text, Some(_)) => context.text.clone(),
            (Format::Json, Some(_)) => run.documents(),
            (Format::Markdown, _) => {
                let frame = Frame { file: context.kept.clone(), ..Frame::default() };
                markdown::body(&run, &frame).text
            }
            (Format::Html, _) => html::html(&run, context.kept.as_deref()),
            (Format::Junit, _) => junit::junit(&run),
            (Format::Sarif, _) => sarif::sarif(&run),
            (Format::Prometheus, _) => prometheus::prometheus(&run),
        };
        let Some(path) = file else {
            context.terminal.out(&text);
            continue;
        };
        if let Err(error) = disk::save(&path, text.as_bytes(), disk::replace_public) {
            context.tell(unwritable(&path, &error));
            if matches!(exit, Exit::Done | Exit::Pending) {
                exit = if is_applied { Exit::Partial } else { Exit::Failed };
            }
        }
    }
    exit
}
