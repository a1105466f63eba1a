//! What people are told of drift, wherever they are told: names and verdicts, news first; never a value, nor what an attribute
//! says. A channel that interprets what it is sent quotes it in its own way.

use crate::plan::news::Item;
use crate::plan::news::News;
use crate::view::drift::verdict;
use crate::view::json::drift::Document;
use crate::view::markup::code;
use crate::view::words;
use std::collections::BTreeSet;

/// More names than this of one part are counted.
const NAMED: usize = 50;

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about, always in the same words.
    pub topic: String,
    /// What it comes to, in a sentence without names.
    pub verdict: String,
    /// What there is to say, the news first; none is empty.
    pub parts: Vec<Part>,
    /// Whether everything is as it should be.
    pub is_clean: bool,
}

/// Findings of which one thing is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What is said of them.
    pub title: &'static str,
    /// How many they are.
    pub count: usize,
    /// The first of them: addresses, without anything that a terminal would obey, with their verdicts.
    pub names: Vec<(String, &'static str)>,
}

/// Puts together what is told. `environment` is what the run was for, if there are several.
#[must_use]
pub fn notice(document: &Document, news: &News, environment: Option<&str>) -> Notice {
    let parts = [
        ("New", &news.fresh),
        ("Still there", &news.still),
        ("Could not be looked at this time", &news.unseen),
        ("Not there any more", &news.gone),
    ];
    let of = environment.map(|environment| format!(" of {}", words::shown(environment))).unwrap_or_default();
    Notice {
        topic: format!("keyform: drift{of}"),
        verdict: verdict(document),
        parts: parts
            .into_iter()
            .filter(|(_, items)| !items.is_empty())
            .map(|(title, items)| part(title, items))
            .collect(),
        is_clean: news.is_clean(),
    }
}

fn part(title: &'static str, items: &BTreeSet<Item>) -> Part {
    let name = |item: &Item| (words::shown(&item.address.to_string()), item.verdict.word());
    Part { title, count: items.len(), names: items.iter().take(NAMED).map(name).collect() }
}

impl Notice {
    /// One line: what it is about, and what it comes to.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}. {}", self.topic, self.verdict)
    }

    /// Plain text of paragraphs.
    #[must_use]
    pub fn text(&self) -> String {
        let parts: String = self.parts.iter().map(|part| format!("\n{}\n", part.text(usize::MAX))).collect();
        format!("{}\n{parts}\nkeyform drift shows what differs, and what can be done.\n", self.verdict)
    }

    /// Markdown; names can do nothing.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("{} **{}**\n\n", if self.is_clean { "✅" } else { "⚠️" }, self.verdict);
        for part in &self.parts {
            out.push_str(&format!("{} ({})\n\n", part.title, part.count));
            part.names.iter().for_each(|(name, verdict)| out.push_str(&format!("- {} ({verdict})\n", code(name))));
            out.push_str(&part.rest().map(|rest| format!("- {rest}\n")).unwrap_or_default());
            out.push('\n');
        }
        out.push_str("`keyform drift` shows what differs, and what can be done.\n");
        out
    }
}

impl Part {
    /// A line for the title and one for each name, as long as there are no more characters than that.
    #[must_use]
    pub fn text(&self, most: usize) -> String {
        let mut out = format!("{} ({}):", self.title, self.count);
        let mut left = self.count;
        for (name, verdict) in &self.names {
            let line = format!("\n- {verdict}: {name}");
            if out.chars().count() + line.chars().count() > most {
                break;
            }
            out.push_str(&line);
            left -= 1;
        }
        out.push_str(&more(left).map(|more| format!("\n- {more}")).unwrap_or_default());
        out
    }

    /// What is not named.
    #[must_use]
    pub fn rest(&self) -> Option<String> {
        more(self.count - self.names.len())
    }
}

fn more(count: usize) -> Option<String> {
    (count > 0).then(|| format!("… and {count} more"))
}
