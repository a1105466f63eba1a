//! A plan as people read it, also at two in the morning: resource by resource, the entries of a sync
//! below it key by key, the reason in words, what is dangerous at the end with the way out.
//!
//! Long lists of one kind of change are folded with exact counts. What destroys something is not folded
//! below [`FOLD_DESTRUCTIVE`] rows.

use crate::model::address::Address;
use crate::model::resource::Kind;
use crate::plan::ADDRESS;
use crate::plan::Action;
use crate::plan::Change;
use crate::plan::Field;
use crate::plan::HazardKind;
use crate::plan::Plan;
use crate::plan::Reason;
use crate::plan::Shown;
use crate::plan::checksum;
use crate::view::paint::Paint;
use crate::view::undo;
use crate::view::words;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::time::Duration;

/// More rows than this of one action and reason are folded.
pub const FOLD: usize = 20;
/// More rows than this are folded even if they destroy something.
pub const FOLD_DESTRUCTIVE: usize = 200;
/// How many rows of a folded list are shown.
pub const HEAD: usize = 10;

/// How to draw.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Colours or none.
    pub paint: Paint,
    /// Columns.
    pub width: usize,
}

/// What the plan took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Requests sent.
    pub requests: u64,
    /// How long it took.
    pub took: Duration,
}

/// The rows of one resource: its own, if it changes, and those of its entries.
struct Group<'a> {
    address: Address,
    own: Option<&'a Change>,
    entries: Vec<&'a Change>,
}

/// Draws a plan. Ends with a line break.
#[must_use]
pub fn plan(plan: &Plan, style: Style, cost: Cost) -> String {
    let mut out = String::new();
    let groups = groups(plan);
    let mut folds = Folds::new(&groups);
    for group in &groups {
        if let Some(line) = folds.line(group, style) {
            out.push_str(&line);
        } else if !folds.is_hidden(group) {
            draw_group(&mut out, group, plan, style);
        }
    }
    if !groups.is_empty() {
        out.push('\n');
    }
    hazards(&mut out, plan, style);
    beside(&mut out, plan, style);
    summary(&mut out, plan, style, cost);
    out
}

/// What of a plan is drawn where quiet is wanted: what is dangerous, what could not be seen, the counts.
#[must_use]
pub fn brief(plan: &Plan, style: Style, cost: Cost) -> String {
    let mut out = String::new();
    hazards(&mut out, plan, style);
    beside(&mut out, plan, style);
    summary(&mut out, plan, style, cost);
    out
}

fn groups(plan: &Plan) -> Vec<Group<'_>> {
    let mut groups: IndexMap<Address, Group<'_>> = IndexMap::new();
    for change in &plan.changes {
        let address = change.address.resource();
        let group = groups.entry(address.clone()).or_insert(Group { address, own: None, entries: Vec::new() });
        match change.address.entry_key() {
            Some(_) => group.entries.push(change),
            None => group.own = Some(change),
        }
    }
    groups.into_values().collect()
}

/// Whether something that exists is lost.
fn destroys(change: &Change) -> bool {
    matches!(change.action, Action::Delete | Action::Replace)
        || matches!(change.reason, Reason::Takeover | Reason::Unseen | Reason::Wipe)
}

fn fold_above(change: &Change) -> usize {
    if destroys(change) { FOLD_DESTRUCTIVE } else { FOLD }
}

/// Which resources are drawn, and where a line stands for the rest.
struct Folds {
    /// Of each kind, action and reason: how many there are, how many entries below those folded, and how
    /// many were met so far.
    lists: BTreeMap<(String, Action, Reason), Fold>,
}

#[derive(Default)]
struct Fold {
    total: usize,
    above: usize,
    met: usize,
    entries: usize,
}

impl Folds {
    fn new(groups: &[Group<'_>]) -> Self {
        let mut lists: BTreeMap<_, Fold> = BTreeMap::new();
        for group in groups {
            let Some((key, above)) = Self::key(group) else { continue };
            let fold = lists.entry(key).or_default();
            fold.total += 1;
            fold.above = above;
            if fold.total > HEAD {
                fold.entries += group.entries.len();
            }
        }
        Self { lists }
    }

    /// The list that a group may be folded into; groups with destructive entries are never folded.
    fn key(group: &Group<'_>) -> Option<((String, Action, Reason), usize)> {
        let own = group.own?;
        let harmless = group.entries.iter().all(|entry| !destroys(entry));
        harmless.then(|| ((group.address.kind().to_owned(), own.action, own.reason), fold_above(own)))
    }

    fn is_hidden(&self, group: &Group<'_>) -> bool {
        Self::key(group).and_then(|(key, _)| self.lists.get(&key)).is_some_and(|f| f.total > f.above && f.met > HEAD)
    }

    /// Counts the group; gives the line that stands for the rest of its list, once.
    fn line(&mut self, group: &Group<'_>, style: Style) -> Option<String> {
        let (key, _) = Self::key(group)?;
        let fold = self.lists.get_mut(&key)?;
        fold.met += 1;
        if fold.total <= fold.above || fold.met != HEAD + 1 {
            return None;
        }
        let (kind, action, reason) = key;
        let below = match fold.entries {
            0 => String::new(),
            n => format!(", with {}", words::count(n, "entry", "entries")),
        };
        Some(format!(
            "  {}\n",
            style.paint.dim(&format!(
                "{:>3} … and {} more of {kind} to {} ({}){below}",
                words::symbol(action),
                fold.total - HEAD,
                action.word(),
                words::reason(reason, action, false),
            ))
        ))
    }
}

fn draw_group(out: &mut String, group: &Group<'_>, plan: &Plan, style: Style) {
    let paint = style.paint;
    let address = words::shown(&group.address.to_string());
    match group.own {
        Some(change) => {
            let mut reason = match change.reason {
                Reason::Changed if is_value_only(change) => "its value changed".to_owned(),
                reason => match (change.action, change.fields.first()) {
                    (Action::Forget, Some(field)) => format!("it is {} now", value(&field.after)),
                    _ => words::reason(reason, change.action, false).to_owned(),
                },
            };
            if let Some(from) = moved_from(change) {
                reason = format!("moved from {from}; {reason}");
            }
            reason.push_str(&words::accepted(plan.accepted.get(&change.address).map(|day| &**day)));
            let head = format!("{:>3} {:<7} ", words::symbol(change.action), change.action.word());
            out.push_str(&format!("{}{}", paint.action(change.action, &head), paint.bold(&address)));
            if change.reason != Reason::New || change.action != Action::Create {
                let used = head.chars().count() + address.chars().count();
                let gap = if used + reason.chars().count() + 2 > style.width { "\n            " } else { "  " };
                out.push_str(&format!("{gap}{}", paint.dim(&reason)));
            }
            out.push('\n');
            fields(out, change, style);
        }
        None => out.push_str(&format!("    in      {}\n", paint.bold(&address))),
    }
    entries(out, &group.entries, plan, style);
}

/// The address that it has in the ledger's files, if it is another one.
fn moved_from(change: &Change) -> Option<String> {
    let field = change.fields.iter().find(|field| is_address(field) && change.action != Action::Forget)?;
    Some(value(&field.before))
}

/// Whether a field shows how the address changed, which stands in the reason.
fn is_address(field: &Field) -> bool {
    &*field.name == ADDRESS
}

/// Whether nothing but secrets differ.
fn is_value_only(change: &Change) -> bool {
    let is_secret = |field: &Field| matches!(field.after, Shown::Secret(_) | Shown::Unknown);
    let mut fields = change.fields.iter().filter(|field| !is_address(field)).peekable();
    fields.peek().is_some() && fields.all(is_secret)
}

/// Whether a new resource's attribute only repeats its address: its own name, or what it is nested in.
fn repeats_address(change: &Change, field: &Field) -> bool {
    let Shown::Plain(text) = &field.after else { return false };
    let (address, text) = (&change.address, text.trim_matches('"'));
    match &*field.name {
        "name" | "slug" | "key" | "path" => text == address.name() || text == address.name().replace('_', "-"),
        "project" => address.parent().is_some_and(|parent| text == parent.to_string()),
        _ => false,
    }
}

fn fields(out: &mut String, change: &Change, style: Style) {
    const INDENT: usize = 14;
    match change.action {
        Action::Create => {
            let texts = change
                .fields
                .iter()
                .filter(|field| field.after != Shown::Absent && !repeats_address(change, field))
                .map(|field| {
                    let after = match field.after {
                        Shown::Unknown if change.address.kind() == Kind::Secret.word() => words::MADE.to_owned(),
                        _ => value(&field.after),
                    };
                    format!("{} = {after}", words::shown(&field.name))
                });
            wrap(out, texts, INDENT, style);
        }
        // What is there and is not known from before has not changed: it is what it is.
        Action::Adopt if change.fields.iter().all(|field| field.before == Shown::Unknown) => {
            let texts =
                change.fields.iter().map(|field| format!("{} = {}", words::shown(&field.name), value(&field.after)));
            wrap(out, texts, INDENT, style);
        }
        // Deleted here, because it is another's from now on.
        Action::Delete if change.reason == Reason::Changed => {
            for field in &change.fields {
                field_change(out, field, INDENT, style);
            }
        }
        Action::Update | Action::Replace | Action::Adopt => {
            for field in change.fields.iter().filter(|field| !is_address(field)) {
                field_change(out, field, INDENT, style);
            }
        }
        Action::Delete | Action::Forget => {}
    }
}

fn field_change(out: &mut String, field: &Field, indent: usize, style: Style) {
    let (name, before, after) = (words::shown(&field.name), value(&field.before), value(&field.after));
    let length = indent + name.chars().count() + before.chars().count() + after.chars().count() + 5;
    let pad = " ".repeat(indent);
    if length <= style.width {
        out.push_str(&format!("{pad}{name}: {} → {after}\n", style.paint.dim(&before)));
    } else {
        out.push_str(&format!("{pad}{name}:\n{pad}  {}\n{pad}→ {after}\n", style.paint.dim(&before)));
    }
}

/// Texts one after the other, with line breaks between them where the width ends.
fn wrap(out: &mut String, texts: impl Iterator<Item = String>, indent: usize, style: Style) {
    let mut used = 0;
    for text in texts {
        let length = text.chars().count();
        if used > 0 && used + 2 + length < style.width {
            out.push_str(&style.paint.dim(&format!(", {text}")));
            used += 2 + length;
            continue;
        }
        if used > 0 {
            out.push('\n');
        }
        out.push_str(&" ".repeat(indent));
        out.push_str(&style.paint.dim(&text));
        used = indent + length;
    }
    if used > 0 {
        out.push('\n');
    }
}

/// A value as it may be shown.
#[must_use]
pub fn value(shown: &Shown) -> String {
    match shown {
        Shown::Absent => "not set".to_owned(),
        Shown::Plain(text) => words::shown(text),
        Shown::Secret(fingerprint) => format!("#{}", fingerprint.short()),
        Shown::Unknown => "(unknown)".to_owned(),
    }
}

fn entries(out: &mut String, entries: &[&Change], plan: &Plan, style: Style) {
    const WIDEST_KEY: usize = 36;
    let mut lists: BTreeMap<(Action, Reason), Vec<&Change>> = BTreeMap::new();
    for entry in entries {
        lists.entry((entry.action, entry.reason)).or_default().push(entry);
    }
    let key = |entry: &Change| {
        let key = words::shown(entry.address.entry_key().unwrap_or_default());
        match entry.address.key() {
            Some(place) => format!("{key} at {}", words::shown(place)),
            None => key,
        }
    };
    let widest = |texts: &mut dyn Iterator<Item = String>| {
        texts.map(|text| text.chars().count()).filter(|n| *n <= WIDEST_KEY).max().unwrap_or(0)
    };
    let key_column = widest(&mut entries.iter().map(|entry| key(entry)));
    let value_column = widest(&mut entries.iter().map(|entry| entry_values(entry)));
    for ((action, reason), list) in lists {
        let because = match list[0].action {
            Action::Forget if !list[0].fields.is_empty() => "only the ledger hears of it",
            _ => words::reason(reason, action, true),
        };
        let shown = if list.len() > fold_above(list[0]) { HEAD } else { list.len() };
        for entry in &list[..shown] {
            let (key, values) = (key(entry), entry_values(entry));
            let accepted = words::accepted(plan.accepted.get(&entry.address).map(|day| &**day));
            let because = format!("{because}{accepted}");
            let line = format!("          {:>3} {key:<key_column$}  {values:<value_column$}", words::symbol(action));
            if line.chars().count() + 2 + because.chars().count() <= style.width {
                out.push_str(&format!("{}  {}\n", style.paint.action(action, &line), style.paint.dim(&because)));
                continue;
            }
            out.push_str(&format!("{}\n", style.paint.action(action, line.trim_end())));
            let mut lines = String::new();
            words::paragraph(&mut lines, &because, 16, 2, style.width);
            lines.lines().for_each(|line| out.push_str(&format!("{}\n", style.paint.dim(line))));
        }
        if shown < list.len() {
            let rest = format!(
                "          {:>3} … and {} more to {} ({because})",
                words::symbol(action),
                list.len() - shown,
                action.word(),
            );
            out.push_str(&format!("{}\n", style.paint.dim(&rest)));
        }
    }
}

/// The fingerprints of an entry's value: of what is lost, of what comes, or both; of an import, what the
/// source gets.
fn entry_values(entry: &Change) -> String {
    let one = |shown: &Shown| match shown {
        Shown::Absent => None,
        Shown::Unknown => Some("?".to_owned()),
        other => Some(value(other)),
    };
    let Some(field) = entry.fields.first() else { return String::new() };
    match (one(&field.before), one(&field.after)) {
        (Some(before), Some(after)) if before == after => after,
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => String::new(),
    }
}

fn hazards(out: &mut String, plan: &Plan, style: Style) {
    let mut kinds: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for hazard in &plan.hazards {
        kinds.entry((hazard.allowed, hazard.kind)).or_default().push(hazard);
    }
    for ((allowed, kind), list) in kinds {
        let total: usize = list.iter().map(|hazard| hazard.count).sum();
        let title = format!("{} ({total}): {}", kind.word(), words::hazard(kind));
        let (title, color): (String, Color) = match allowed {
            true => (format!("Allowed hazard {title}"), Paint::warn),
            false => (format!("Hazard {title}"), Paint::danger),
        };
        painted(out, &title, color, style);
        for hazard in list {
            let address = words::shown(&hazard.address.to_string());
            words::paragraph(out, &format!("{address}: {}", words::shown(&hazard.detail)), 2, 2, style.width);
        }
        if !allowed {
            words::paragraph(out, &words::way_out(kind, total), 2, 2, style.width);
        }
        out.push('\n');
    }
}

/// A colour.
type Color = fn(Paint, &str) -> String;

/// A paragraph in one colour, which no line break carries on.
fn painted(out: &mut String, text: &str, color: Color, style: Style) {
    let mut lines = String::new();
    words::paragraph(&mut lines, text, 0, 2, style.width);
    for line in lines.lines() {
        out.push_str(&format!("{}\n", color(style.paint, line)));
    }
}

/// What a reader must know besides the rows.
fn beside(out: &mut String, plan: &Plan, style: Style) {
    let start = out.len();
    for (place, count) in &plan.foreign {
        words::paragraph(
            out,
            &format!("Left alone: {}.", words::count_of(*count, &words::shown(place))),
            0,
            2,
            style.width,
        );
    }
    for (address, why) in &plan.blind {
        let address = words::shown(&address.to_string());
        let why = words::shown(why.trim_end_matches('.'));
        let text = format!("Not inspected: {address}: {why}. Its keys are not in this plan.");
        words::paragraph(out, &text, 0, 2, style.width);
    }
    let mut blocked: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (address, diagnostic) in &plan.blocked {
        blocked.entry(diagnostic.summary()).or_default().push(words::shown(&address.to_string()));
    }
    for (why, addresses) in blocked {
        words::paragraph(out, &format!("Blocked ({why}): {}.", addresses.join(", ")), 0, 2, style.width);
    }
    if let Some(text) = undo::outlook(&plan.undo) {
        words::paragraph(out, &text, 0, 2, style.width);
    }
    if out.len() > start {
        out.push('\n');
    }
}

/// Why apply refuses a plan as it is, or what it leaves out of it, in a line of its own; empty if it does all of it.
#[must_use]
pub fn refusal(plan: &Plan, style: Style) -> String {
    let mut open: BTreeMap<HazardKind, usize> = BTreeMap::new();
    for hazard in plan.hazards.iter().filter(|hazard| !hazard.allowed) {
        *open.entry(hazard.kind).or_default() += hazard.count;
    }
    let mut parts: Vec<String> = Vec::new();
    let named: Vec<String> = open.iter().map(|(kind, count)| format!("{} ({count})", kind.word())).collect();
    if !named.is_empty() {
        parts.push(format!("not allowed: {}", named.join(", ")));
    }
    // Where only entries are blocked, the others go on.
    let blocked = plan.blocked.keys().filter(|address| address.entry_key().is_none()).count();
    if blocked > 0 {
        parts.push(format!("{} blocked, each with an error", words::count(blocked, "resource is", "resources are")));
    }
    let lacking = plan.lacking().len();
    if lacking > 0 {
        parts.push(format!("{} to be written and not at hand", words::count(lacking, "value is", "values are")));
    }
    let left = plan.blocked.len();
    let text = match (parts.is_empty(), left > 0 && !plan.changes.is_empty()) {
        (false, _) => format!("Apply refuses this plan as it is: {}.", parts.join("; ")),
        (true, true) => {
            let left = words::count(left, "row that is blocked", "rows that are blocked");
            format!("Apply leaves out {left}, does the rest, and ends with 7.")
        }
        (true, false) => return String::new(),
    };
    let mut out = String::new();
    painted(&mut out, &text, Paint::danger, style);
    out
}

/// `3 to create, 1 to delete`, in the order of [`Action`].
#[must_use]
pub fn counts(plan: &Plan) -> String {
    let mut counts: BTreeMap<Action, usize> = BTreeMap::new();
    for change in &plan.changes {
        *counts.entry(change.action).or_default() += 1;
    }
    let parts: Vec<String> =
        counts.into_iter().map(|(action, count)| format!("{count} to {}", action.word())).collect();
    parts.join(", ")
}

fn summary(out: &mut String, plan: &Plan, style: Style, cost: Cost) {
    let missing = match plan.missing.len() {
        0 => String::new(),
        n => format!("; {} not at hand", words::count(n, "value is", "values are")),
    };
    let is_back = plan.changes.iter().any(|change| change.reason == Reason::Undone);
    let right = if is_back { "as before" } else { "as declared" };
    let unchanged = format!("{} {right}", words::count(plan.unchanged, "thing is", "things are"));
    let is_whole = plan.missing.is_empty() && plan.incomplete.is_empty() && plan.blind.is_empty();
    let (verdict, color): (String, Color) = match (plan.changes.is_empty(), is_whole) {
        (false, _) if plan.unchanged == 0 => (format!("Plan: {}{missing}.", counts(plan)), Paint::bold),
        (false, _) => (format!("Plan: {}; {unchanged}{missing}.", counts(plan)), Paint::bold),
        _ if !plan.blocked.is_empty() => ("Nothing can be done before that is mended.".to_owned(), Paint::danger),
        (true, false) => (format!("Nothing to do where it could be seen: {unchanged}{missing}."), Paint::warn),
        (true, true) if plan.unchanged == 0 => {
            ("Nothing to do: nothing is declared, nothing is owned.".to_owned(), Paint::good)
        }
        (true, true) => (format!("Nothing to do: {unchanged}{missing}."), Paint::good),
    };
    let requests = words::count(usize::try_from(cost.requests).unwrap_or(usize::MAX), "request", "requests");
    let cost = format!("({requests}, {})", words::duration(cost.took));
    let mut lines = String::new();
    words::paragraph(&mut lines, &verdict, 0, 2, style.width);
    let used = lines.lines().last().map_or(0, |line| line.chars().count());
    painted(out, &verdict, color, style);
    if used + 1 + cost.chars().count() <= style.width {
        out.pop();
        out.push(' ');
    }
    out.push_str(&format!("{}\n", style.paint.dim(&cost)));
    if !plan.backend.is_empty() {
        out.push_str(&format!("{}\n", style.paint.dim(&format!("Backend: {}", words::shown(&plan.backend)))));
    }
    if !plan.changes.is_empty() {
        let checksum = checksum(plan)
            .unwrap_or_else(|| "none as long as there is no ledger; `plan --out FILE` makes one".to_owned());
        out.push_str(&format!("{}\n", style.paint.dim(&format!("Checksum: {checksum}"))));
    }
}
