//! Changes one by one, below the resource that they are of: each with its reason, what differs and, after an apply, what became
//! of it. Findings of drift are drawn the same way. The filter reads the words in `data-is`.

use crate::plan::Action;
use crate::plan::drift::Cause;
use crate::view::drift;
use crate::view::html::number;
use crate::view::html::prose;
use crate::view::json;
use crate::view::json::plan::Declared;
use crate::view::json::plan::Field;
use crate::view::json::plan::Row;
use crate::view::json::plan::Value;
use crate::view::json::run::Run;
use crate::view::markup::xml;
use crate::view::outcome::destroys;
use crate::view::words;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Rows by their resource, in the order of the plan.
pub(super) struct Groups<'a> {
    groups: IndexMap<&'a str, Vec<Line>>,
    declared: BTreeMap<&'a str, &'a Declared>,
    /// Words that rows can be filtered by, and how many have each.
    filters: Vec<(&'static str, String, usize)>,
}

/// One row as it is drawn.
struct Line {
    /// What the filter looks for.
    is: Vec<&'static str>,
    /// Its class, its symbol and its word.
    mark: (&'static str, &'static str, String),
    key: Option<String>,
    why: String,
    fields: String,
}

impl<'a> Groups<'a> {
    /// The rows of a run.
    pub(super) fn of(run: &'a Run) -> Self {
        let mut groups: IndexMap<&str, Vec<Line>> = IndexMap::new();
        let mut declared: BTreeMap<&str, &Declared> = BTreeMap::new();
        if let Some(document) = &run.drift {
            document.findings.iter().for_each(|row| groups.entry(&row.resource).or_default().push(finding(row)));
            declared.extend(document.declared.iter().map(|declared| (declared.address.as_str(), declared)));
        } else if let Some(plan) = &run.plan {
            let dangerous: BTreeSet<&str> = plan.hazards.iter().map(|hazard| hazard.address.as_str()).collect();
            let ended = ended(run);
            for row in &plan.changes {
                let mut line = change(row, ended.get(row.address.as_str()));
                if dangerous.contains(row.resource.as_str()) {
                    line.is.push("hazard");
                }
                groups.entry(&row.resource).or_default().push(line);
            }
            declared.extend(plan.declared.iter().map(|declared| (declared.address.as_str(), declared)));
        }
        let filters = filters(groups.values().flatten());
        Self { groups, declared, filters }
    }

    /// The part of the page that has the rows of a resource, if there are any.
    pub(super) fn anchor(&self, resource: &str) -> Option<String> {
        self.groups.get_index_of(resource).map(|index| format!("#g{index}"))
    }

    /// Draws all of them.
    pub(super) fn draw(&self, out: &mut String) {
        let total: usize = self.groups.values().map(Vec::len).sum();
        if total == 0 {
            return;
        }
        out.push_str("<section aria-labelledby=\"changes\">\n<h2 id=\"changes\">Row by row</h2>\n");
        out.push_str(
            "<form class=\"filter\" hidden>\n<label class=\"find\">Find <input type=\"search\" id=\"find\" \
             autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"shown\"> <kbd>/</kbd></label>\n",
        );
        for (word, text, count) in &self.filters {
            out.push_str(&format!(
                "<label class=\"pick\"><input type=\"checkbox\" name=\"{word}\"> {text} <b>{}</b></label>\n",
                number(*count)
            ));
        }
        out.push_str(&format!(
            "<button type=\"reset\">Show all</button>\n<output id=\"shown\" aria-live=\"polite\">{} rows</output>\n</form>\n\
             <div class=\"wide\"><table class=\"rows\">\n<thead><tr><th scope=\"col\">what</th><th scope=\"col\">key</th><th \
             scope=\"col\">why</th><th scope=\"col\">from, to</th></tr></thead>\n",
            number(total)
        ));
        for (index, (resource, lines)) in self.groups.iter().enumerate() {
            let declared = self.declared.get(resource);
            let what = declared.and_then(|declared| declared.what.as_ref());
            let what = what.map(|what| format!(" <span class=\"dim\">{}</span>", xml(what))).unwrap_or_default();
            let at = declared.map(|declared| format!("{}:{}", declared.file, declared.line));
            let at = at.map(|at| format!(" <span class=\"at\">{}</span>", xml(&at))).unwrap_or_default();
            out.push_str(&format!(
                "<tbody id=\"g{index}\"><tr class=\"of\"><th colspan=\"4\" scope=\"rowgroup\"><code>{}</code>{what}{at}</th></tr>\n",
                xml(resource)
            ));
            lines.iter().for_each(|line| row(out, line));
            out.push_str("</tbody>\n");
        }
        out.push_str("</table></div>\n<p class=\"nothing\" hidden>No row is like that.</p>\n</section>\n");
    }
}

fn row(out: &mut String, line: &Line) {
    let (class, symbol, word) = &line.mark;
    let key = match &line.key {
        Some(key) => format!("<code>{}</code>", xml(key)),
        None => "<span class=\"dim\">itself</span>".to_owned(),
    };
    out.push_str(&format!(
        "<tr data-is=\"{}\"><td class=\"{class}\"><i aria-hidden=\"true\">{}</i> {}</td><td>{key}</td><td>{}</td><td>{}</td></tr>\n",
        line.is.join(" "),
        xml(symbol),
        xml(word),
        line.why,
        line.fields
    ));
}

/// The words that some rows have and others lack, in the order in which they help.
fn filters<'a>(lines: impl Iterator<Item = &'a Line>) -> Vec<(&'static str, String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut total = 0;
    for line in lines {
        total += 1;
        line.is.iter().for_each(|word| *counts.entry(word).or_default() += 1);
    }
    let named = [
        ("lost", "something is lost"),
        ("hazard", "in a hazard"),
        ("drift", "changed outside"),
        ("open", "not done"),
        ("key", "keys"),
        ("resource", "resources"),
    ];
    let actions = Action::ALL.into_iter().map(|action| (action.word(), action.word()));
    let causes = Cause::ALL.into_iter().map(|cause| (cause.word(), drift::title(cause)));
    named
        .into_iter()
        .chain(actions)
        .chain(causes)
        .filter_map(|(word, text)| Some((word, text.to_lowercase(), *counts.get(word)?)))
        .filter(|(_, _, count)| *count < total)
        .collect()
}

/// What became of the changes that were not done.
fn ended(run: &Run) -> BTreeMap<&str, String> {
    let Some(ending) = &run.ending else { return BTreeMap::new() };
    let failed = ending.failed.iter().map(|problem| {
        let entry = &problem.diagnostic;
        (problem.address.as_str(), format!("failed: {}", prose(&entry.detail)))
    });
    let waiting = ending.unapproved.iter().map(|address| (address.as_str(), "waits for approval".to_owned()));
    let skipped = ending.skipped.iter().map(|skip| {
        let why = match &skip.because {
            Some(other) => format!("skipped: it needs <code>{}</code>", xml(other)),
            None => "skipped: the run was stopped".to_owned(),
        };
        (skip.address.as_str(), why)
    });
    skipped.chain(waiting).chain(failed).collect()
}

fn change(row: &Row, ended: Option<&String>) -> Line {
    let mut is = vec![row.action.word(), if row.key.is_some() { "key" } else { "resource" }];
    if destroys(row) {
        is.push("lost");
    }
    if row.drift {
        is.push("drift");
    }
    let mut why = xml(words::reason(row.reason, row.action, row.key.is_some()));
    why.push_str(&xml(&words::accepted(row.accepted.as_deref())));
    if row.drift {
        why.push_str(" <span class=\"badge drift\">drift</span>");
    }
    if let Some(ended) = ended {
        is.push("open");
        why.push_str(&format!("<br><b class=\"bad\">{ended}</b>"));
    }
    let fields = match row.key {
        Some(_) if row.fields.len() == 1 => values(&row.fields[0], row.action),
        Some(_) => listed(&row.fields, Action::Update),
        None if row.action == Action::Delete => String::new(),
        None => listed(&row.fields, row.action),
    };
    let class = if destroys(row) && !matches!(row.action, Action::Replace) { "delete" } else { row.action.word() };
    let mark = (class, words::symbol(row.action), row.action.word().to_owned());
    Line { is, mark, key: row.key.clone(), why, fields }
}

fn finding(row: &json::drift::Row) -> Line {
    let cause = Cause::ALL.into_iter().find(|cause| row.is(*cause));
    let mut is = vec![if row.key.is_some() { "key" } else { "resource" }];
    is.extend(cause.map(Cause::word));
    let class = match cause {
        _ if row.accepted.is_some() => "same",
        Some(Cause::Outside | Cause::Both) => "drift",
        _ => "update",
    };
    let mut why = format!("{}<br>{}", xml(cause.map_or("", drift::title)), xml(&drift::line(row)));
    let next = row.next.iter().filter_map(|step| drift::advice(step)).map(prose);
    let next: Vec<String> = next.collect();
    if row.accepted.is_none() && !next.is_empty() {
        why.push_str(&format!("<br><span class=\"dim\">{}</span>", next.join("; ")));
    }
    let fields = listed(&row.fields, Action::Update);
    Line { is, mark: (class, "≠", row.verdict.to_string()), key: row.key.clone(), why, fields }
}

/// Fields by their names.
fn listed(fields: &[Field], action: Action) -> String {
    // What is new has many, and nobody compares them.
    let class = if action == Action::Create { "field many" } else { "field" };
    let line = |field: &Field| {
        format!(
            "<span class=\"{class}\"><span class=\"dim\">{}</span> {}</span>",
            xml(&field.name),
            values(field, action)
        )
    };
    fields.iter().map(line).collect::<Vec<_>>().join(" ")
}

fn values(field: &Field, action: Action) -> String {
    match (shown(&field.before), shown(&field.after)) {
        (Some(before), Some(after)) if before == after => after,
        (Some(before), Some(after)) => format!("{before} <span class=\"to\">→</span> {after}"),
        (None, Some(after)) if action == Action::Create => after,
        (None, Some(after)) => format!("<span class=\"dim\">not set</span> <span class=\"to\">→</span> {after}"),
        (Some(before), None) if action.is_end() => before,
        (Some(before), None) => format!("{before} <span class=\"to\">→</span> <span class=\"dim\">not set</span>"),
        (None, None) => String::new(),
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Absent => None,
        Value::Plain { text } if text.is_empty() => Some("<span class=\"dim\">(empty)</span>".to_owned()),
        Value::Plain { text } => Some(format!("<code>{}</code>", xml(text))),
        Value::Secret { fingerprint } => {
            let digits = fingerprint.get(..8).unwrap_or(fingerprint);
            Some(format!("<code class=\"secret\">#{}</code>", xml(digits)))
        }
        Value::Unknown => Some("<span class=\"dim\">(not known)</span>".to_owned()),
    }
}
