//! The path of a secret, drawn: where it is, the folders, imports and references that carry it on, the syncs, the keys at the
//! destinations with when each was written; below that every key in a table, and how it is changed everywhere, in order.

use crate::view::html::item;
use crate::view::html::number;
use crate::view::html::picture::Look;
use crate::view::html::picture::Node;
use crate::view::html::picture::bare;
use crate::view::html::picture::draw;
use crate::view::html::prose;
use crate::view::html::section;
use crate::view::html::tile;
use crate::view::json::reach::Document;
use crate::view::json::reach::Secret;
use crate::view::json::reach::Written;
use crate::view::json::run::Run;
use crate::view::markup::xml;
use crate::view::words;
use indexmap::IndexMap;
use indexmap::IndexSet;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Where the columns begin, and how wide they are.
const COLUMNS: [(usize, usize); 4] = [(0, 228), (271, 228), (542, 228), (814, 228)];
/// Keys that are drawn; the table has all of them.
const MOST: usize = 120;

/// What the page is called: how far it reaches.
pub(super) fn verdict(found: &Document) -> String {
    let destinations: BTreeSet<&str> = found.written.iter().map(|it| it.destination.as_str()).collect();
    let mut out = match (found.secrets.len(), found.written.len()) {
        (0, _) if found.copies.is_empty() => "Found nowhere.".to_owned(),
        (0, _) => "No secret here is it.".to_owned(),
        (secrets, 0) => format!("{}, and no sync writes it.", words::count(secrets, "secret", "secrets")),
        (secrets, keys) => format!(
            "{} in {} at {}.",
            words::count(secrets, "secret", "secrets"),
            words::count(keys, "key", "keys"),
            words::count(destinations.len(), "destination", "destinations")
        ),
    };
    if !found.copies.is_empty() {
        out.push_str(&format!(" {} that nothing here writes.", words::count(found.copies.len(), "copy", "copies")));
    }
    if !found.unseen.is_empty() {
        let places = words::count(found.unseen.len(), "place", "places");
        out.push_str(&format!(" {places} could not be looked at: it may be there, too."));
    }
    out
}

/// The page, without what is around it.
pub(super) fn body(run: &Run, found: &Document) -> String {
    let mut out = head(run, found);
    picture(&mut out, found);
    keys(&mut out, found);
    let unseen =
        found.unseen.iter().map(|(address, why)| format!("<li><code>{}</code> {}</li>\n", xml(address), prose(why)));
    out.push_str(&section("Not looked at", "unseen", &unseen.collect::<Vec<_>>()));
    if !found.steps.is_empty() {
        let steps: String = found.steps.iter().map(|step| format!("<li>{}</li>\n", prose(step))).collect();
        out.push_str(&format!(
            "<section aria-labelledby=\"steps\">\n<h2 id=\"steps\">To change it</h2>\n<ol>\n{steps}</ol>\n</section>\n"
        ));
    }
    let problems: Vec<String> = run.diagnostics.iter().map(|entry| item(entry, None)).collect();
    out.push_str(&section("Findings", "findings", &problems));
    out.push_str("<footer>Names, places and times; a value is never shown.</footer>\n");
    out
}

fn head(run: &Run, found: &Document) -> String {
    let is_found = !found.secrets.is_empty() || !found.copies.is_empty();
    let (class, mark) = match (is_found, found.copies.is_empty() && found.unseen.is_empty()) {
        (false, _) => ("bad", "×"),
        (true, false) => ("warn", "!"),
        (true, true) => ("change", "→"),
    };
    let at = run.at.and_then(|at| jiff::Timestamp::from_second(at).ok());
    let at = at.map(|at| format!(" · <time datetime=\"{at}\">{}</time>", at.strftime("%Y-%m-%d %H:%M UTC")));
    let destinations: BTreeSet<&str> = found.written.iter().map(|it| it.destination.as_str()).collect();
    let tiles = [
        ("same", "•", found.secrets.len(), "secrets"),
        ("same", "→", found.written.len(), "keys that syncs write"),
        ("same", "□", destinations.len(), "destinations"),
        ("delete", "!", found.copies.len(), "copies nothing writes"),
    ];
    let tiles: String = tiles.iter().map(|(class, symbol, count, text)| tile(class, symbol, *count, text)).collect();
    format!(
        "<header class=\"{class}\">\n<p class=\"about\"><b>keyform where</b>{}</p>\n<h1><span class=\"mark\" \
         aria-hidden=\"true\">{mark}</span> {}</h1>\n<ul class=\"tiles\">\n{tiles}</ul>\n</header>\n",
        at.unwrap_or_default(),
        xml(&verdict(found))
    )
}

/// A place without its key: `project/environment/path`.
fn folder(place: &str) -> &str {
    place.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn key(place: &str) -> &str {
    place.rsplit_once('/').map_or(place, |(_, key)| key)
}

/// The columns as they fill: each box once, and the lines from each to the next.
#[derive(Default)]
struct Path {
    secrets: Vec<Node>,
    ways: IndexMap<(String, String), Node>,
    syncs: IndexMap<String, Node>,
    keys: Vec<Node>,
    edges: [IndexSet<(usize, usize)>; 3],
}

fn picture(out: &mut String, found: &Document) {
    if found.secrets.is_empty() && found.copies.is_empty() {
        return;
    }
    let mut path = Path::default();
    let known: BTreeMap<&str, &Secret> = found.secrets.iter().map(|secret| (secret.secret.as_str(), secret)).collect();
    let mut own: BTreeMap<&str, usize> = BTreeMap::new();
    for secret in found.secrets.iter().filter(|secret| !secret.refers) {
        own.insert(&secret.secret, path.secrets.len());
        path.secrets.push(of_secret(secret));
    }
    let is_written = |secret: &&Secret| found.written.iter().any(|it| it.secret == secret.secret);
    for secret in found.secrets.iter().filter(|secret| secret.refers && !is_written(secret)) {
        path.way(&own, &known, secret, folder(&secret.secret));
    }
    for (at, it) in found.written.iter().enumerate().take(MOST) {
        let Some(secret) = known.get(it.secret.as_str()) else { continue };
        let way = path.way(&own, &known, secret, &it.folder);
        path.written(it, way, at);
    }
    for integration in &found.integrations {
        let node = node(integration, [bare(integration), "native integration"], "its whole folder, names not known");
        path.syncs.entry(integration.clone()).or_insert(Node { look: Look::Blind, ..node });
    }
    for (at, copy) in found.copies.iter().enumerate() {
        let title = format!("{} at {}", copy.key, copy.destination);
        let node = node(&title, [&copy.key, &copy.destination], "nothing here writes it");
        path.keys.push(Node { look: Look::Lost, anchor: Some(format!("#g{}", found.written.len() + at)), ..node });
    }
    if found.written.len() > MOST {
        let more = words::count(found.written.len() - MOST, "more key", "more keys");
        path.keys.push(node(&more, [&more, "in the table below"], ""));
    }
    out.push_str(
        "<section aria-labelledby=\"picture\">\n<h2 id=\"picture\">Its path</h2>\n<ul class=\"legend\"><li class=\"same\">as recorded</li>\
         <li class=\"change\">the next apply writes it</li><li class=\"blind\">not seen there yet, or not known</li><li class=\"lost\">\
         a copy that nothing here writes</li></ul>\n",
    );
    let (ways, syncs): (Vec<Node>, Vec<Node>) = (path.ways.into_values().collect(), path.syncs.into_values().collect());
    let columns: [((usize, usize), &[Node]); 4] =
        [(COLUMNS[0], &path.secrets), (COLUMNS[1], &ways), (COLUMNS[2], &syncs), (COLUMNS[3], &path.keys)];
    let edges = path.edges.map(|edges| edges.into_iter().map(|(from, to)| (from, to, Look::Same)).collect::<Vec<_>>());
    draw(out, "From the secret over folders and syncs to the keys at its destinations", &columns, &edges);
    out.push_str("</section>\n");
}

impl Path {
    /// How a secret comes into the folder that a sync reads: it is there, is imported, or is referred to.
    fn way(
        &mut self,
        own: &BTreeMap<&str, usize>,
        known: &BTreeMap<&str, &Secret>,
        secret: &Secret,
        into: &str,
    ) -> usize {
        let imported = folder(&secret.secret) != into;
        let (name, how) = match (secret.refers, imported) {
            (false, false) => (into.to_owned(), "its folder".to_owned()),
            (false, true) => (into.to_owned(), format!("imports {}", folder(&secret.secret))),
            (true, _) => {
                let names: Vec<&str> = secret.refers_to.iter().map(|place| key(place)).collect();
                (secret.secret.clone(), format!("refers to {}", names.join(", ")))
            }
        };
        let words = match secret.refers && imported {
            true => format!("imported into {into}"),
            false => String::new(),
        };
        let entry = self.ways.entry((name.clone(), format!("{how} {words}")));
        let index = entry.index();
        entry.or_insert_with(|| node(&name, [&name, &how], &words));
        let from: Vec<usize> = roots(secret, known).into_iter().filter_map(|place| own.get(place).copied()).collect();
        self.edges[0].extend(from.into_iter().map(|from| (from, index)));
        index
    }

    fn written(&mut self, it: &Written, way: usize, at: usize) {
        let entry = self.syncs.entry(it.sync.clone());
        let sync = entry.index();
        let pushed = if it.pushed_at_once { "pushes as soon as it changes" } else { "pushes at keyform apply" };
        entry.or_insert_with(|| node(&it.sync, [bare(&it.sync), &format!("reads {}", it.folder)], pushed));
        let title = format!("{} at {}", it.key, it.destination);
        let look = match (&it.pending, &it.written_at) {
            (Some(_), _) => Look::Change,
            (None, None) => Look::Blind,
            (None, Some(_)) => Look::Same,
        };
        let own = node(&title, [&it.key, &it.destination], &written(it));
        self.edges[1].insert((way, sync));
        self.edges[2].insert((sync, self.keys.len()));
        self.keys.push(Node { look, anchor: Some(format!("#g{at}")), ..own });
    }
}

/// The secrets that one is made of, over however many references.
fn roots<'a>(secret: &'a Secret, known: &BTreeMap<&str, &'a Secret>) -> BTreeSet<&'a str> {
    let (mut roots, mut seen, mut todo) = (BTreeSet::new(), BTreeSet::new(), vec![secret]);
    while let Some(one) = todo.pop() {
        if !seen.insert(one.secret.as_str()) {
            continue;
        }
        if !one.refers {
            roots.insert(one.secret.as_str());
        }
        todo.extend(one.refers_to.iter().filter_map(|place| known.get(place.as_str())));
    }
    roots
}

fn node(title: &str, [first, second]: [&str; 2], words: &str) -> Node {
    let lines = [first.to_owned(), second.to_owned()];
    Node { title: title.to_owned(), lines, words: words.to_owned(), look: Look::Same, anchor: None }
}

fn of_secret(secret: &Secret) -> Node {
    let words = match (&secret.source, &secret.declared) {
        (Some(source), _) => source.clone(),
        (None, Some(address)) => address.clone(),
        (None, None) => "not declared here".to_owned(),
    };
    node(&secret.secret, [key(&secret.secret), folder(&secret.secret)], &words)
}

/// When a key was written, and what is to be done.
fn written(it: &Written) -> String {
    let at = it.written_at.as_deref().map_or("not seen there yet".to_owned(), |at| format!("written {at}"));
    let pending = it.pending.as_ref().map(|action| format!(" · to {action}")).unwrap_or_default();
    format!("{at}{pending}")
}

/// Every key, also those that are not drawn.
fn keys(out: &mut String, found: &Document) {
    if found.written.is_empty() && found.copies.is_empty() {
        return;
    }
    out.push_str(&format!(
        "<section aria-labelledby=\"keys\">\n<h2 id=\"keys\">Every key ({})</h2>\n<div class=\"wide\"><table>\n<thead><tr><th \
         scope=\"col\">key</th><th scope=\"col\">destination</th><th scope=\"col\">sync</th><th scope=\"col\">made of</th><th \
         scope=\"col\">when</th></tr></thead>\n<tbody>\n",
        number(found.written.len() + found.copies.len())
    ));
    let written =
        found.written.iter().map(|it| [it.key.as_str(), &it.destination, &it.sync, &it.secret, &written(it)].map(xml));
    let copies = found.copies.iter().map(|it| {
        let at = it.written_at.as_deref().map(|at| format!("in the ledger, written {at}")).unwrap_or_default();
        [it.key.as_str(), &it.destination, &it.sync, "nothing here writes it", &at].map(xml)
    });
    for (at, [key, destination, sync, of, when]) in written.chain(copies).enumerate() {
        out.push_str(&format!(
            "<tr id=\"g{at}\"><th scope=\"row\"><code>{key}</code></th><td>{destination}</td><td><code>{sync}</code></td><td>{of}</td>\
             <td>{when}</td></tr>\n"
        ));
    }
    out.push_str("</tbody>\n</table></div>\n</section>\n");
}
