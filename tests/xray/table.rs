//! The oracle: what becomes of every key, looked up in the table of `docs/SEMANTICS.md`. It shares nothing with
//! `model::job` and `model::key_schema`; both say the same, or one of them is wrong.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What a destination makes of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    Plain,
    Upper,
    Lower,
    /// Kept as written; `a` and `A` are one key.
    Folded,
    /// `_` is stored as `-`.
    Dashes,
}

/// One world before one run.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) source: BTreeMap<String, String>,
    pub(super) there: BTreeMap<String, String>,
    /// Keys whose values do not come back.
    pub(super) unreadable: BTreeSet<String>,
    pub(super) template: &'static str,
    pub(super) letters: Letters,
    /// Whether the destination refuses what no shell takes as a name.
    pub(super) strict: bool,
    /// The word of the initial behaviour, or `later`.
    pub(super) run: &'static str,
    pub(super) deletion: bool,
}

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Becomes {
    Created,
    Same,
    Overwritten,
    Taken,
    Deleted,
    Left,
    Fails,
    /// The destination takes no such key; all others are written.
    Refused,
}

/// What a run comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// By the key at the destination.
    pub(super) keys: BTreeMap<String, Becomes>,
    /// Whether the whole run fails before it has done anything.
    pub(super) fails: bool,
    pub(super) source: BTreeMap<String, String>,
    pub(super) there: BTreeMap<String, String>,
}

struct Row {
    /// The words of each column; empty for any.
    cells: Vec<Vec<&'static str>>,
    becomes: Becomes,
}

const HEAD: &str = "| source | destination | run | key | deletion | becomes |";

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let lines = include_str!("../../docs/SEMANTICS.md").lines().skip_while(|line| *line != HEAD).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|')).map(|line| {
        let mut cells: Vec<Vec<&str>> = line
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.split(',').map(str::trim).filter(|word| *word != "any").collect())
            .collect();
        let becomes = match cells.pop().unwrap()[..] {
            ["created"] => Becomes::Created,
            ["same"] => Becomes::Same,
            ["overwritten"] => Becomes::Overwritten,
            ["taken"] => Becomes::Taken,
            ["deleted"] => Becomes::Deleted,
            ["left"] => Becomes::Left,
            ["fails"] => Becomes::Fails,
            ref other => panic!("what is {other:?}?"),
        };
        Row { cells, becomes }
    });
    rows.collect()
});

/// The one row for these words.
fn look_up(words: [&str; 5]) -> Becomes {
    let fits = |row: &&Row| row.cells.iter().zip(words).all(|(cell, word)| cell.is_empty() || cell.contains(&word));
    let rows: Vec<Becomes> = TABLE.iter().filter(fits).map(|row| row.becomes).collect();
    match rows[..] {
        [becomes] => becomes,
        _ => panic!("{} rows for {words:?}", rows.len()),
    }
}

impl Case {
    /// What the schema puts before and after a key.
    fn ends(&self) -> (String, String) {
        let filled = self.template.replace("{{environment}}", "dev");
        let at = filled.find("{{secretKey}}").unwrap();
        (filled[..at].to_owned(), filled[at + "{{secretKey}}".len()..].to_owned())
    }

    /// The name of a secret at the destination.
    pub(super) fn name(&self, secret: &str) -> String {
        let (before, after) = self.ends();
        self.letters.stored(&(before + secret + &after))
    }

    /// Whether two names are one there.
    fn is_one(&self, a: &str, b: &str) -> bool {
        if self.letters == Letters::Folded { a.eq_ignore_ascii_case(b) } else { a == b }
    }

    fn takes(&self, key: &str) -> bool {
        let is_word = key.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric());
        !self.strict || (is_word && !key.is_empty() && !key.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// Whose a name is, and what is left of it between the ends of the schema.
    fn whose(&self, key: &str) -> (&'static str, String) {
        let (before, after) = self.ends();
        if !key.starts_with(&before) || !key.ends_with(&after) || key.len() < before.len() + after.len() {
            return ("foreign", String::new());
        }
        let middle = key[before.len()..key.len() - after.len()].to_owned();
        let whose = match middle.as_str() {
            _ if middle.contains('/') && (before + &after).contains('/') => "elsewhere",
            "" => "illegal",
            name if name.contains(':') || name.contains('/') => "illegal",
            _ => "own",
        };
        (whose, middle)
    }

    /// What a value at the destination is beside the source's.
    fn value(&self, key: &str, wanted: Option<&String>) -> &'static str {
        let there = &self.there[key];
        match wanted {
            _ if self.unreadable.contains(key) => "unreadable",
            Some(wanted) if wanted == there => "equal",
            _ if there.is_empty() => "empty",
            _ => "other",
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        let deletion = if self.deletion { "on" } else { "off" };
        let names: Vec<(String, &String)> = self.source.keys().map(|secret| (self.name(secret), secret)).collect();
        let collide = names.iter().any(|(a, one)| names.iter().any(|(b, other)| one != other && self.is_one(a, b)));
        let mut keys = BTreeMap::new();
        let (mut source, mut there) = (self.source.clone(), self.there.clone());
        for (name, secret) in &names {
            let wanted = &self.source[*secret];
            let found = self.there.keys().find(|key| self.is_one(key, name)).unwrap_or(name).clone();
            let value = if self.there.contains_key(&found) { self.value(&found, Some(wanted)) } else { "absent" };
            let mut becomes = look_up(["yes", value, self.run, "own", deletion]);
            match becomes {
                Becomes::Created | Becomes::Overwritten if !self.takes(&found) => becomes = Becomes::Refused,
                Becomes::Created | Becomes::Overwritten => drop(there.insert(found.clone(), wanted.clone())),
                Becomes::Taken => drop(source.insert((*secret).clone(), self.there[&found].clone())),
                _ => {}
            }
            keys.insert(found, becomes);
        }
        for key in self.there.keys().filter(|key| !names.iter().any(|(name, _)| self.is_one(key, name))) {
            let (whose, middle) = self.whose(key);
            let becomes = look_up(["no", self.value(key, None), self.run, whose, deletion]);
            match becomes {
                Becomes::Taken => drop(source.insert(middle, self.there[key].clone())),
                Becomes::Deleted => drop(there.remove(key)),
                _ => {}
            }
            keys.insert(key.clone(), becomes);
        }
        let fails = collide || keys.values().any(|becomes| *becomes == Becomes::Fails);
        if fails {
            (source, there) = (self.source.clone(), self.there.clone());
        }
        Outcome { keys, fails, source, there }
    }

    /// What is at the destination after the secrets were taken away.
    pub(super) fn taken_away(&self) -> BTreeMap<String, String> {
        let names: Vec<String> = self.source.keys().map(|secret| self.name(secret)).collect();
        let mut there = self.there.clone();
        there.retain(|key, _| !names.iter().any(|name| self.is_one(key, name)));
        there
    }
}

impl Letters {
    /// A name as the destination stores it.
    pub(super) fn stored(self, name: &str) -> String {
        match self {
            Self::Plain | Self::Folded => name.to_owned(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Dashes => name.replace('_', "-"),
        }
    }
}

#[test]
fn the_table_says_one_thing_of_everything() {
    let runs = ["later", "overwrite-destination", "import-prioritize-source", "import-prioritize-destination"];
    let mut met = 0;
    for (source, values) in [
        ("yes", &["absent", "equal", "empty", "other", "unreadable"][..]),
        ("no", &["empty", "other", "unreadable"][..]),
    ] {
        for value in values {
            for run in runs {
                for key in ["own", "illegal", "elsewhere", "foreign"] {
                    for deletion in ["on", "off"] {
                        look_up([source, value, run, key, deletion]);
                        met += 1;
                    }
                }
            }
        }
    }
    assert_eq!(met, 8 * 4 * 4 * 2);
}
