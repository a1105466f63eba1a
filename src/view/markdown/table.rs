//! The table of risks: one line a sync, and one for the resources of each project; what failed first, then what loses
//! something, then the rest.

use crate::model::address::Address;
use crate::model::resource::Kind;
use crate::plan::Action;
use crate::view::json::plan::Document;
use crate::view::json::plan::Row;
use crate::view::markdown::Detail;
use crate::view::markup::code;
use crate::view::outcome::destroys;
use std::collections::BTreeMap;

/// Lines that [`Detail::Groups`] has room for.
const MOST: usize = 60;

/// How bad a line is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Failed,
    Lost,
    Rest,
}

#[derive(Default)]
struct Counts {
    create: usize,
    update: usize,
    over: usize,
    lost: usize,
    other: usize,
    left: usize,
    notes: Vec<&'static str>,
}

impl Counts {
    fn add(&mut self, row: &Row) {
        *match row.action {
            Action::Delete | Action::Replace => &mut self.lost,
            _ if destroys(row) => &mut self.over,
            Action::Create => &mut self.create,
            Action::Update => &mut self.update,
            Action::Adopt | Action::Forget => &mut self.other,
        } += 1;
    }

    fn note(&mut self, note: &'static str) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn rank(&self) -> Rank {
        match () {
            () if self.notes.iter().any(|note| matches!(*note, "blocked" | "not read")) => Rank::Failed,
            () if self.lost + self.over > 0 => Rank::Lost,
            () => Rank::Rest,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.create += other.create;
        self.update += other.update;
        self.over += other.over;
        self.lost += other.lost;
        self.other += other.other;
        self.left += other.left;
        other.notes.iter().for_each(|note| self.note(note));
    }

    fn line(&self, name: &str) -> String {
        let mark = match self.rank() {
            Rank::Failed => "❌",
            Rank::Lost => "⚠️",
            Rank::Rest => "",
        };
        let show = |n: usize| if n == 0 { String::new() } else { n.to_string() };
        let loud = |n: usize| if n == 0 { String::new() } else { format!("**{n}**") };
        let cells =
            [show(self.create), show(self.update), loud(self.over), loud(self.lost), show(self.other), show(self.left)];
        format!("| {mark} | {name} | {} | {} |\n", cells.join(" | "), self.notes.join(", "))
    }
}

/// The project that something is in, as far as the document tells.
pub(super) fn project(plan: &Document, resource: &str) -> Option<String> {
    let declared = plan.declared.iter().find(|declared| declared.address == resource);
    declared.and_then(|declared| declared.project.clone()).or_else(|| {
        let address: Address = resource.parse().ok()?;
        let mut around = std::iter::successors(Some(address), Address::parent);
        around.find(|address| address.kind() == Kind::Project.word()).map(|address| address.to_string())
    })
}

/// Draws the table.
pub(super) fn table(out: &mut String, plan: &Document, detail: Detail) {
    // Of syncs by their address, of projects by theirs; what is in no project comes under an empty name.
    let mut syncs: BTreeMap<String, Counts> = BTreeMap::new();
    let mut projects: BTreeMap<String, Counts> = BTreeMap::new();
    let mut of: BTreeMap<&str, String> = BTreeMap::new();
    for row in &plan.changes {
        if row.key.is_some() {
            syncs.entry(row.resource.clone()).or_default().add(row);
        } else {
            let project = of.entry(&row.resource).or_insert_with(|| project(plan, &row.resource).unwrap_or_default());
            projects.entry(project.clone()).or_default().add(row);
        }
    }
    for foreign in &plan.foreign {
        if let Some(sync) = foreign.place.strip_prefix("keys at the destination of ") {
            syncs.entry(sync.to_owned()).or_default().left += foreign.count;
        }
    }
    let blocked = plan.blocked.iter().map(|problem| (&problem.address, "blocked"));
    let unread = plan.incomplete.iter().map(|problem| (&problem.address, "not read"));
    let blind = plan.blind.iter().map(|blind| (&blind.address, "not inspected"));
    for (address, note) in blocked.chain(unread).chain(blind) {
        let resource = address.parse::<Address>().map_or_else(|_| address.clone(), |a| a.resource().to_string());
        let is_sync = resource.parse::<Address>().is_ok_and(|address| address.kind() == Kind::SecretSync.word());
        match is_sync {
            true => syncs.entry(resource).or_default().note(note),
            false => projects.entry(project(plan, &resource).unwrap_or_default()).or_default().note(note),
        }
    }
    let named = |(address, counts): (String, Counts)| {
        let what = plan.declared.iter().find(|declared| declared.address == address).and_then(|d| d.what.as_ref());
        let what = what.map(|what| format!(" ({})", code(what))).unwrap_or_default();
        (counts, format!("keys of {}{what}", code(&address)))
    };
    let within = |(address, counts): (String, Counts)| match address.as_str() {
        "" => (counts, "resources outside projects".to_owned()),
        address => (counts, format!("resources of {}", code(address))),
    };
    let mut lines: Vec<(Counts, String)> =
        syncs.into_iter().map(named).chain(projects.into_iter().map(within)).collect();
    if lines.is_empty() {
        return;
    }
    lines.sort_by_key(|(counts, _)| (counts.rank(), std::cmp::Reverse(counts.lost + counts.over)));
    let most = match detail {
        Detail::Totals => 0,
        Detail::Groups => MOST,
        _ => usize::MAX,
    };
    out.push_str("| | | create | update | overwrite foreign | delete | ledger only | left alone | |\n");
    out.push_str("|---|---|--:|--:|--:|--:|--:|--:|---|\n");
    let rest = lines.split_off(lines.len().min(most));
    lines.iter().for_each(|(counts, name)| out.push_str(&counts.line(name)));
    if !rest.is_empty() {
        let mut all = Counts::default();
        rest.iter().for_each(|(counts, _)| all.merge(counts));
        let name = if most == 0 { "everything".to_owned() } else { format!("… and {} more", rest.len()) };
        out.push_str(&all.line(&name));
    }
    out.push('\n');
}
