//! The table of risks.

use crate::view::json::plan::Document;
use crate::view::markdown::Detail;
use crate::view::markup::code;
use crate::view::risks;
use crate::view::risks::About;
use crate::view::risks::Counts;
use crate::view::risks::Rank;

/// Lines that [`Detail::Groups`] has room for.
const MOST: usize = 60;

/// Draws the table.
pub(super) fn table(out: &mut String, plan: &Document, detail: Detail) {
    let mut lines = risks::lines(plan);
    if lines.is_empty() {
        return;
    }
    let most = match detail {
        Detail::Totals => 0,
        Detail::Groups => MOST,
        _ => usize::MAX,
    };
    out.push_str("| | | create | update | overwrite foreign | delete | ledger only | left alone | |\n");
    out.push_str("|---|---|--:|--:|--:|--:|--:|--:|---|\n");
    let rest = lines.split_off(lines.len().min(most));
    lines.iter().for_each(|one| out.push_str(&line(&one.counts, &name(&one.about))));
    if !rest.is_empty() {
        let mut all = Counts::default();
        rest.iter().for_each(|line| all.merge(&line.counts));
        let name = if most == 0 { "everything".to_owned() } else { format!("… and {} more", rest.len()) };
        out.push_str(&line(&all, &name));
    }
    out.push('\n');
}

/// What a line is about.
fn name(about: &About) -> String {
    match about {
        About::Sync(address, Some(what)) => format!("keys of {} ({})", code(address), code(what)),
        About::Sync(address, None) => format!("keys of {}", code(address)),
        About::Project(address) => format!("resources of {}", code(address)),
        About::Outside => "resources outside projects".to_owned(),
    }
}

fn line(counts: &Counts, name: &str) -> String {
    let mark = match counts.rank() {
        Rank::Failed => "❌",
        Rank::Lost => "⚠️",
        Rank::Rest => "",
    };
    let show = |n: usize| if n == 0 { String::new() } else { n.to_string() };
    let loud = |n: usize| if n == 0 { String::new() } else { format!("**{n}**") };
    let cells = [
        show(counts.create),
        show(counts.update),
        loud(counts.over),
        loud(counts.lost),
        show(counts.other),
        show(counts.left),
    ];
    format!("| {mark} | {name} | {} | {} |\n", cells.join(" | "), counts.notes.join(", "))
}
