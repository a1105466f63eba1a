//! `keyform providers matrix`: what each destination can do, and what that is known from.

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::provider::matrix;
use crate::provider::matrix::Row;
use crate::provider::registry::Registry;
use crate::view::paint::Paint;
use serde::Serialize;

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For pages
    Markdown,
    /// For programs; the same as --json
    Json,
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    destinations: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    destination: &'a str,
    app: &'a str,
    title: &'a str,
    variant: Option<&'a str>,
    readable: &'static str,
    import: bool,
    writes: String,
    key_pattern: Option<&'a str>,
    max_key_length: Option<usize>,
    max_value_bytes: Option<usize>,
    max_value_length: Option<usize>,
    empty_values: bool,
    max_entries: Option<usize>,
    requests_a_minute: Option<u32>,
    rules: Vec<String>,
    evidence: &'static str,
    docs: &'a str,
    verified: &'a str,
}

pub(super) fn run(context: &mut Context, registry: &Registry, format: Format) -> Exit {
    let rows = matrix::rows(registry);
    match format {
        _ if context.global.json || format == Format::Json => {
            let destinations = rows.iter().map(entry).collect();
            context.document(&Document { format: "keyform.matrix/1", destinations });
        }
        Format::Markdown => context.terminal.out(&matrix::markdown(&rows)),
        Format::Text | Format::Json => context.terminal.out(&text(&rows, context.terminal.style().paint)),
    }
    Exit::Done
}

fn entry<'a>(row: &'a Row<'a>) -> Entry<'a> {
    let (keys, values) = (&row.variant.keys, &row.variant.values);
    Entry {
        destination: &row.destination.slug,
        app: &row.app.slug,
        title: &row.destination.title,
        variant: Some(row.name).filter(|name| !name.is_empty()),
        readable: row.readable.word(),
        import: row.destination.can_import,
        writes: row.writes.words(),
        key_pattern: keys.matches.as_deref(),
        max_key_length: keys.max_length,
        max_value_bytes: values.max_bytes,
        max_value_length: values.max_length,
        empty_values: values.empty,
        max_entries: row.variant.max_entries,
        requests_a_minute: row.rate,
        rules: matrix::rules(row),
        evidence: row.evidence.word(),
        docs: &row.app.docs,
        verified: &row.app.verified,
    }
}

fn text(rows: &[Row<'_>], paint: Paint) -> String {
    let head = ["values", "backend", "", "tried"];
    let second = ["come back", "imports", "written", "against"];
    let line = |name: &str, cells: &[&str; 4]| {
        let [back, import, written, evidence] = cells;
        let line = format!("{name:<28} {back:<9}  {import:<7}  {written:<17} {evidence}");
        line.trim_end().to_owned() + "\n"
    };
    let mut out = paint.dim(&line("", &head)) + &paint.dim(&line("", &second));
    let mut last = "";
    for row in rows {
        let import = if row.destination.can_import { "yes" } else { "no" };
        let cells = [row.readable.word(), import, &row.writes.words(), row.evidence.word()];
        if row.name.is_empty() {
            out.push_str(&line(&row.destination.slug, &cells));
            continue;
        }
        if last != &*row.destination.slug {
            out.push_str(&format!("{}\n", row.destination.slug));
        }
        last = &row.destination.slug;
        out.push_str(&line(&format!("  {}", row.name), &cells));
    }
    out.push_str("`keyform providers show SLUG` says which keys and values each takes;\n`--format json` has all of it, also when it was checked.\n");
    out
}
