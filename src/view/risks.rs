//! Risks as lines: one for each sync, and one for the resources of each project; what failed first, then what loses
//! something, then the rest.

use crate::model::address::Address;
use crate::model::resource::Kind;
use crate::plan::Action;
use crate::view::json::plan::Document;
use crate::view::json::plan::Row;
use crate::view::outcome::destroys;
use std::collections::BTreeMap;

/// A line.
pub struct Line {
    /// What it is about.
    pub about: About,
    /// How much of what.
    pub counts: Counts,
}

/// What a line is about, by its address.
pub enum About {
    /// The keys of a sync, and the kind of its destination.
    Sync(String, Option<String>),
    /// The resources of a project.
    Project(String),
    /// The resources that are in no project.
    Outside,
}

/// How bad a line is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// It is blocked, or could not be read.
    Failed,
    /// Something is lost.
    Lost,
    /// Everything else.
    Rest,
}

/// How much of what.
#[derive(Default)]
pub struct Counts {
    /// To be made.
    pub create: usize,
    /// To be changed.
    pub update: usize,
    /// To be overwritten, though keyform did not write it.
    pub over: usize,
    /// To be deleted, or made again.
    pub lost: usize,
    /// Of which only the ledger hears.
    pub other: usize,
    /// Left alone.
    pub left: usize,
    /// What is wrong besides.
    pub notes: Vec<&'static str>,
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

    /// How bad it is.
    #[must_use]
    pub fn rank(&self) -> Rank {
        match () {
            () if self.notes.iter().any(|note| matches!(*note, "blocked" | "not read")) => Rank::Failed,
            () if self.lost + self.over > 0 => Rank::Lost,
            () => Rank::Rest,
        }
    }

    /// Adds those of another line.
    pub fn merge(&mut self, other: &Self) {
        self.create += other.create;
        self.update += other.update;
        self.over += other.over;
        self.lost += other.lost;
        self.other += other.other;
        self.left += other.left;
        other.notes.iter().for_each(|note| self.note(note));
    }
}

/// The project that something is in, as far as the document tells.
#[must_use]
pub fn project(plan: &Document, resource: &str) -> Option<String> {
    let declared = plan.declared.iter().find(|declared| declared.address == resource);
    declared.and_then(|declared| declared.project.clone()).or_else(|| {
        let address: Address = resource.parse().ok()?;
        let mut around = std::iter::successors(Some(address), Address::parent);
        around.find(|address| address.kind() == Kind::Project.word()).map(|address| address.to_string())
    })
}

/// The lines, the worst first.
#[must_use]
pub fn lines(plan: &Document) -> Vec<Line> {
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
    let sync = |(address, counts): (String, Counts)| {
        let what = plan.declared.iter().find(|declared| declared.address == address).and_then(|d| d.what.clone());
        Line { about: About::Sync(address, what), counts }
    };
    let within = |(address, counts): (String, Counts)| Line {
        about: if address.is_empty() { About::Outside } else { About::Project(address) },
        counts,
    };
    let mut lines: Vec<Line> = syncs.into_iter().map(sync).chain(projects.into_iter().map(within)).collect();
    lines.sort_by_key(|line| (line.counts.rank(), std::cmp::Reverse(line.counts.lost + line.counts.over)));
    lines
}
