//! What goes where, drawn: projects, their syncs, the destinations of these. What changes is coloured and says so in words. A
//! picture a project, folded where there are many; above them, one of all projects and the connections they write through.
//! What is as declared is drawn as one box where there is much of it, so that what is not can be seen.

use crate::plan::Action;
use crate::plan::HazardKind;
use crate::view::html::number;
use crate::view::html::rows::Groups;
use crate::view::json::plan::Document;
use crate::view::json::plan::Sync;
use crate::view::markup::xml;
use crate::view::outcome::destroys;
use crate::view::risks;
use crate::view::words;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Boxes of one column that are all drawn, also those that nothing changes.
const ALL: usize = 24;
/// Boxes of one column that are drawn at all, the worst first.
const MOST: usize = 60;
/// Projects whose pictures are open from the beginning.
const OPEN: usize = 3;

/// Projects and connections that the picture of all of them shows one by one, the worst first.
const NAMED: usize = 12;

/// Where columns begin, and how wide they are, where there are three and where there are two.
const THREE: [(usize, usize); 3] = [(0, 230), (290, 340), (690, 350)];
const TWO: [(usize, usize); 2] = [(0, 400), (640, 400)];
/// How wide all of it is.
const WIDTH: usize = 1042;
/// How high a box is, and what is between two.
const HEIGHT: usize = 62;
const GAP: usize = 10;

/// How bad it is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    Bad,
    Lost,
    Drift,
    Change,
    Blind,
    Same,
}

impl Look {
    fn class(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Lost => "lost",
            Self::Drift => "drift",
            Self::Change => "change",
            Self::Blind => "blind",
            Self::Same => "same",
        }
    }
}

/// What a plan does to something.
#[derive(Debug, Clone, Default)]
struct Mark {
    actions: BTreeMap<Action, usize>,
    hazards: BTreeMap<HazardKind, usize>,
    notes: BTreeSet<&'static str>,
    is_open: bool,
    is_lost: bool,
    is_drift: bool,
}

impl Mark {
    fn look(&self) -> Look {
        match () {
            () if self.is_open || self.notes.contains("blocked") || self.notes.contains("not read") => Look::Bad,
            () if self.is_lost => Look::Lost,
            () if self.is_drift => Look::Drift,
            () if !self.actions.is_empty() => Look::Change,
            () if !self.notes.is_empty() => Look::Blind,
            () => Look::Same,
        }
    }

    fn add(&mut self, other: &Self) {
        other.actions.iter().for_each(|(action, n)| *self.actions.entry(*action).or_default() += n);
        other.hazards.iter().for_each(|(kind, n)| *self.hazards.entry(*kind).or_default() += n);
        self.notes.extend(&other.notes);
        self.is_open |= other.is_open;
        self.is_lost |= other.is_lost;
        self.is_drift |= other.is_drift;
    }

    /// In words: what the colours say as well.
    fn words(&self) -> String {
        let hazards = self.hazards.iter().map(|(kind, n)| format!("⚠ {} {}", kind.word(), number(*n)));
        let mut parts: Vec<String> = hazards.chain(self.notes.iter().map(|note| (*note).to_owned())).collect();
        let counts = self.actions.iter().map(|(action, n)| format!("{} {}", number(*n), action.word()));
        parts.extend(counts);
        if self.is_drift {
            parts.push("drift".to_owned());
        }
        if parts.is_empty() { "as declared".to_owned() } else { parts.join(" · ") }
    }
}

/// A box.
pub(super) struct Node {
    /// All of it, for whoever points at it.
    pub(super) title: String,
    pub(super) lines: [String; 2],
    pub(super) words: String,
    pub(super) look: Look,
    /// What it leads to.
    pub(super) anchor: Option<String>,
}

/// What is drawn from.
struct Drawing<'a> {
    rows: &'a Groups<'a>,
    marks: BTreeMap<&'a str, Mark>,
}

/// Draws a plan; nothing if it has no syncs.
pub(super) fn picture(plan: &Document, rows: &Groups<'_>) -> String {
    if plan.syncs.is_empty() {
        return String::new();
    }
    let drawing = Drawing { rows, marks: marks(plan) };
    let mut own: BTreeMap<String, Mark> = BTreeMap::new();
    let names: BTreeMap<&str, &str> =
        plan.declared.iter().filter_map(|d| Some((d.address.as_str(), d.project.as_deref()?))).collect();
    let syncs: BTreeSet<&str> = plan.syncs.iter().map(|sync| sync.address.as_str()).collect();
    for (resource, mark) in drawing.marks.iter().filter(|(resource, _)| !syncs.contains(**resource)) {
        let project = names.get(resource).map(|p| (*p).to_owned()).or_else(|| risks::project(plan, resource));
        own.entry(project.unwrap_or_default()).or_default().add(mark);
    }
    let mut projects: IndexMap<&str, Vec<&Sync>> = IndexMap::new();
    plan.syncs.iter().for_each(|sync| projects.entry(&sync.project).or_default().push(sync));
    let whole = |project: &str, syncs: &[&Sync]| {
        let mut mark = own.get(project).cloned().unwrap_or_default();
        syncs.iter().for_each(|sync| mark.add(&drawing.mark(&sync.address)));
        mark
    };
    let mut projects: Vec<(&str, Mark, Vec<&Sync>)> =
        projects.into_iter().map(|(project, syncs)| (project, whole(project, &syncs), syncs)).collect();
    projects.sort_by_key(|(_, mark, _)| mark.look());
    let mut out = String::from(
        "<section aria-labelledby=\"picture\">\n<h2 id=\"picture\">What goes where</h2>\n<ul class=\"legend\"><li class=\"bad\">\
         refused, blocked or not read</li><li class=\"lost\">something is lost</li><li class=\"drift\">changed outside</li>\
         <li class=\"change\">changes</li><li class=\"blind\">not inspected</li><li class=\"same\">as declared</li></ul>\n",
    );
    let is_one = projects.len() == 1;
    if !is_one {
        drawing.overview(&mut out, &projects);
    }
    for (index, (project, mark, syncs)) in projects.iter().enumerate() {
        let open = if is_one || (index < OPEN && mark.look() < Look::Same) { " open" } else { "" };
        let _ = writeln!(
            out,
            "<details class=\"{}\"{open}><summary><code>{}</code> {} <span class=\"words\">{}</span></summary>",
            mark.look().class(),
            xml(named(project)),
            words::count(syncs.len(), "sync", "syncs"),
            xml(&mark.words())
        );
        drawing.project(&mut out, (project, own.get(*project).cloned().unwrap_or_default()), syncs);
        out.push_str("</details>\n");
    }
    out.push_str("</section>\n");
    out
}

/// What the plan does to each resource, its entries included.
fn marks(plan: &Document) -> BTreeMap<&str, Mark> {
    let mut marks: BTreeMap<&str, Mark> = BTreeMap::new();
    for row in &plan.changes {
        let mark = marks.entry(&row.resource).or_default();
        *mark.actions.entry(row.action).or_default() += 1;
        mark.is_lost |= destroys(row);
        mark.is_drift |= row.drift;
    }
    for hazard in &plan.hazards {
        let mark = marks.entry(&hazard.address).or_default();
        *mark.hazards.entry(hazard.kind).or_default() += hazard.count;
        mark.is_open |= !hazard.allowed;
    }
    for problem in &plan.blocked {
        marks.entry(&problem.address).or_default().notes.insert("blocked");
    }
    for problem in &plan.incomplete {
        marks.entry(&problem.address).or_default().notes.insert("not read");
    }
    for blind in &plan.blind {
        marks.entry(&blind.address).or_default().notes.insert("not inspected");
    }
    marks
}

/// A project, or what stands for none.
fn named(project: &str) -> &str {
    if project.is_empty() { "(no project)" } else { project }
}

/// An address without its first word, which the column says.
pub(super) fn bare(address: &str) -> &str {
    address.split_once('.').map_or(address, |(_, rest)| rest)
}

impl Drawing<'_> {
    fn mark(&self, resource: &str) -> Mark {
        self.marks.get(resource).cloned().unwrap_or_default()
    }

    /// All projects, and the connections they write through; what is not named is one box for each colour.
    fn overview(&self, out: &mut String, projects: &[(&str, Mark, Vec<&Sync>)]) {
        let mut left: Vec<(Node, Vec<&Sync>)> = Vec::new();
        let mut rest: BTreeMap<Look, (usize, Vec<&Sync>, Mark)> = BTreeMap::new();
        for (project, mark, syncs) in projects {
            if left.len() < NAMED && (projects.len() <= NAMED || mark.look() < Look::Same) {
                left.push((self.node(project, named(project), syncs.len(), mark), syncs.clone()));
                continue;
            }
            let (count, all, whole) = rest.entry(mark.look()).or_default();
            *count += 1;
            all.extend(syncs);
            whole.add(mark);
        }
        for (count, syncs, mark) in rest.into_values() {
            let what = words::count(count, "more project", "more projects");
            left.push((self.node("", &what, syncs.len(), &mark), syncs));
        }
        let mut used: BTreeMap<&str, (usize, Mark)> = BTreeMap::new();
        for sync in projects.iter().flat_map(|(_, _, syncs)| syncs) {
            used.entry(&sync.connection).or_insert_with(|| (0, self.mark(&sync.connection))).0 += 1;
        }
        let mut used: Vec<(&str, (usize, Mark))> = used.into_iter().collect();
        used.sort_by_key(|(_, (count, mark))| (mark.look(), std::cmp::Reverse(*count)));
        let others = used.split_off(used.len().min(NAMED));
        let places: BTreeMap<&str, usize> =
            used.iter().enumerate().map(|(at, (connection, _))| (*connection, at)).collect();
        let mut right: Vec<Node> =
            used.iter().map(|(connection, (count, mark))| self.node(connection, connection, *count, mark)).collect();
        if !others.is_empty() {
            let mut mark = Mark::default();
            others.iter().for_each(|(_, (_, own))| mark.add(own));
            let count = others.iter().map(|(_, (count, _))| count).sum();
            right.push(self.node("", &words::count(others.len(), "more connection", "more connections"), count, &mark));
        }
        let mut edges = Vec::new();
        for (from, (_, syncs)) in left.iter().enumerate() {
            let mut targets: BTreeMap<usize, Look> = BTreeMap::new();
            for sync in syncs {
                let to = places.get(sync.connection.as_str()).copied().unwrap_or(places.len());
                let look = self.mark(&sync.address).look();
                targets.entry(to).and_modify(|worst| *worst = (*worst).min(look)).or_insert(look);
            }
            edges.extend(targets.into_iter().map(|(to, look)| (from, to, look)));
        }
        let left: Vec<Node> = left.into_iter().map(|(node, _)| node).collect();
        draw(
            out,
            "All projects, and the connections that they write through",
            &[(TWO[0], &left), (TWO[1], &right)],
            &[edges],
        );
    }

    /// A project, a connection, or several of them, with how many syncs it has.
    fn node(&self, address: &str, name: &str, syncs: usize, mark: &Mark) -> Node {
        Node {
            title: name.to_owned(),
            lines: [
                if address.is_empty() { name } else { bare(name) }.to_owned(),
                words::count(syncs, "sync", "syncs"),
            ],
            words: mark.words(),
            look: mark.look(),
            anchor: self.rows.anchor(address),
        }
    }

    /// One project, its syncs and their destinations.
    fn project(&self, out: &mut String, (project, own): (&str, Mark), syncs: &[&Sync]) {
        let node = self.node(project, named(project), syncs.len(), &own);
        let mut sorted: Vec<(&Sync, Mark)> = syncs.iter().map(|sync| (*sync, self.mark(&sync.address))).collect();
        let folds = sorted.len() > ALL;
        if folds {
            sorted.sort_by_key(|(_, mark)| mark.look());
        }
        let quiet = sorted.iter().filter(|(_, mark)| mark.look() == Look::Same).count();
        let shown = if folds { (sorted.len() - quiet).min(MOST) } else { sorted.len() };
        let rest = sorted.split_off(shown);
        let mut middle: Vec<Node> = Vec::new();
        let mut places: IndexMap<(&str, &str), (usize, Look)> = IndexMap::new();
        let mut edges = Vec::new();
        for (from, (sync, mark)) in sorted.iter().enumerate() {
            let next = places.len();
            let (to, _) = *places.entry((&sync.connection, &sync.destination)).or_insert((next, Look::Same));
            edges.push((from, to, mark.look()));
            middle.push(Node {
                title: sync.address.clone(),
                lines: [bare(&sync.address).to_owned(), format!("reads {}", sync.folder)],
                words: mark.words(),
                look: mark.look(),
                anchor: self.rows.anchor(&sync.address),
            });
        }
        let mut right: Vec<Node> = places.keys().map(|(connection, place)| self.place(connection, place)).collect();
        if !rest.is_empty() {
            let mut mark = Mark::default();
            rest.iter().for_each(|(_, own)| mark.add(own));
            let places: BTreeSet<(&str, &str)> =
                rest.iter().map(|(sync, _)| (sync.connection.as_str(), sync.destination.as_str())).collect();
            let what = words::count(rest.len(), "more sync", "more syncs");
            let node = |what: &str, words: String, look| Node {
                title: what.to_owned(),
                lines: [what.to_owned(), String::new()],
                words,
                look,
                anchor: None,
            };
            edges.push((middle.len(), right.len(), mark.look()));
            middle.push(node(&what, mark.words(), mark.look()));
            let places = words::count(places.len(), "destination", "destinations");
            right.push(node(&places, "of these".to_owned(), Look::Same));
        }
        let fans = (0..middle.len()).map(|to| (0, to, middle[to].look)).collect();
        let columns: [((usize, usize), &[Node]); 3] = [(THREE[0], &[node]), (THREE[1], &middle), (THREE[2], &right)];
        draw(out, &format!("{} and its syncs", named(project)), &columns, &[fans, edges]);
    }

    fn place(&self, connection: &str, place: &str) -> Node {
        let mark = self.mark(connection);
        let words = match mark.look() {
            Look::Same => String::new(),
            _ => format!("connection: {}", mark.words()),
        };
        // The kind first, what it is of below: `github (owner = acme)`.
        let (kind, fields) = place.split_once(" (").unwrap_or((place, ""));
        let fields = fields.strip_suffix(')').unwrap_or(fields);
        Node {
            title: format!("{place} through {connection}"),
            lines: [format!("{kind} · {}", bare(connection)), fields.to_owned()],
            words,
            look: mark.look(),
            anchor: self.rows.anchor(connection),
        }
    }
}

/// Draws columns of boxes, and lines from each column to the next.
pub(super) fn draw(
    out: &mut String,
    title: &str,
    columns: &[((usize, usize), &[Node])],
    edges: &[Vec<(usize, usize, Look)>],
) {
    let tallest = columns.iter().map(|(_, nodes)| nodes.len()).max().unwrap_or_default();
    let height = tallest * (HEIGHT + GAP) + GAP;
    // A column of fewer boxes has more room between them.
    let top = |nodes: &[Node], index: usize| height * (2 * index + 1) / (2 * nodes.len().max(1)) - HEIGHT / 2;
    let _ = writeln!(
        out,
        "<div class=\"wide\"><svg viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"group\" \
         aria-label=\"{}\">",
        xml(title)
    );
    for (pair, edges) in columns.windows(2).zip(edges) {
        let [((x, width), from), ((end, _), to)] = [pair[0], pair[1]];
        let start = x + width;
        let middle = usize::midpoint(start, end);
        let mut edges: Vec<&(usize, usize, Look)> = edges.iter().collect();
        // The worst last, above the others.
        edges.sort_by_key(|(_, _, look)| std::cmp::Reverse(*look));
        for (a, b, look) in edges {
            let (y, z) = (top(from, *a) + HEIGHT / 2, top(to, *b) + HEIGHT / 2);
            let class = look.class();
            let _ =
                writeln!(out, "<path class=\"edge {class}\" d=\"M{start} {y}C{middle} {y} {middle} {z} {end} {z}\"/>");
        }
    }
    for ((x, width), nodes) in columns {
        for (index, node) in nodes.iter().enumerate() {
            drawn(out, node, (*x, top(nodes, index)), *width);
        }
    }
    out.push_str("</svg></div>\n");
}

fn drawn(out: &mut String, node: &Node, (x, y): (usize, usize), width: usize) {
    let (begin, end) = match &node.anchor {
        Some(anchor) => (format!("<a href=\"{anchor}\" class=\"node"), "</a>"),
        None => ("<g class=\"node".to_owned(), "</g>"),
    };
    let fits = |text: &str, size: usize| xml(&shortened(&words::shown(text), (width - 28) * 10 / size));
    let _ = write!(
        out,
        "{begin} {}\"><title>{}: {}</title><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEIGHT}\" rx=\"6\"/>\
         <rect class=\"bar\" x=\"{x}\" y=\"{y}\" width=\"5\" height=\"{HEIGHT}\" rx=\"2\"/>",
        node.look.class(),
        xml(&node.title),
        xml(&node.words)
    );
    let text = x + 16;
    let lines = [("name", &node.lines[0], 78, 21), ("sub", &node.lines[1], 68, 37), ("words", &node.words, 66, 53)];
    for (class, line, size, down) in lines.into_iter().filter(|(_, line, ..)| !line.is_empty()) {
        let _ = write!(out, "<text class=\"{class}\" x=\"{text}\" y=\"{}\">{}</text>", y + down, fits(line, size));
    }
    let _ = writeln!(out, "{end}");
}

/// A text of so many columns at most: what is in the middle goes.
fn shortened(text: &str, most: usize) -> String {
    // Letters of scripts that are not Latin are drawn up to twice as wide.
    let wide = |c: char| if u32::from(c) < 0x1100 { 1 } else { 2 };
    if text.chars().map(wide).sum::<usize>() <= most {
        return text.to_owned();
    }
    let half = |letters: &mut dyn Iterator<Item = char>| {
        let mut used = 0;
        letters
            .take_while(|c| {
                used += wide(*c);
                used <= most.saturating_sub(1) / 2
            })
            .collect::<Vec<char>>()
    };
    let head = half(&mut text.chars());
    let tail = half(&mut text.chars().rev());
    head.into_iter().chain(['…']).chain(tail.into_iter().rev()).collect()
}
