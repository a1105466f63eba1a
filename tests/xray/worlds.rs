//! Worlds made up from a seed: the same ones everywhere.

use crate::xray::table::Case;
use crate::xray::table::Letters;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Xorshift.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Where entries go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A file in this format.
    File(&'static str),
    /// The service in this process, with these rules; its keys with a `B` can't be read if so.
    Service(Letters, bool),
}

const PLACES: &[Place] = &[
    Place::File("dotenv"),
    Place::File("json"),
    Place::File("yaml"),
    Place::Service(Letters::Plain, false),
    Place::Service(Letters::Plain, true),
    Place::Service(Letters::Upper, false),
    Place::Service(Letters::Upper, true),
    Place::Service(Letters::Lower, false),
    Place::Service(Letters::Folded, false),
    Place::Service(Letters::Folded, true),
    Place::Service(Letters::Dashes, false),
];
const RUNS: &[&str] = &["overwrite-destination", "import-prioritize-source", "import-prioritize-destination"];
const TEMPLATES: &[&str] = &[
    "{{secretKey}}",
    "KF_{{secretKey}}",
    "kf_{{secretKey}}",
    "{{secretKey}}_{{environment}}",
    "A{{secretKey}}A",
    "kf/{{secretKey}}",
    "{{environment}}/{{secretKey}}/x",
];
const SECRETS: &[&str] = &["A", "B", "a", "b", "AB", "A_B", "A-B", "C", "Cc", "KF_A", "_"];
/// Names that no secret can have, or that look as if another path had them.
const ODD: &[&str] = &["A:B", "A/B", "B/", "x/A"];
const VALUES: &[&str] = &["", "canary-1", "canary-2", "canary-3"];
/// What the backend would not store like this if it came by its API.
const PADDED: &str = " canary-padded\n\n";

impl Place {
    pub(super) fn letters(self) -> Letters {
        match self {
            Self::File(_) => Letters::Plain,
            Self::Service(letters, _) => letters,
        }
    }

    fn is_strict(self) -> bool {
        self == Self::File("dotenv")
    }
}

/// A place and a world whose first run is to come.
pub(super) fn world(random: &mut Random) -> (Place, Case) {
    let place = random.one(PLACES);
    let templates = if place.is_strict() { &TEMPLATES[..5] } else { TEMPLATES };
    let mut case = Case {
        source: BTreeMap::new(),
        there: BTreeMap::new(),
        unreadable: BTreeSet::new(),
        template: random.one(templates),
        letters: place.letters(),
        strict: place.is_strict(),
        run: random.one(RUNS),
        deletion: random.below(3) > 0,
    };
    fill(random, place, &mut case);
    (place, case)
}

/// Other secrets, and other keys at the destination.
pub(super) fn fill(random: &mut Random, place: Place, case: &mut Case) {
    case.source.clear();
    case.there.clear();
    for _ in 0..random.below(5) {
        let secret = random.one(SECRETS);
        // Mostly no two that become one.
        let is_new = !case.source.keys().any(|other| other.eq_ignore_ascii_case(&secret.replace('-', "_")));
        if is_new || random.below(8) == 0 {
            case.source.insert(secret.to_owned(), random.one(VALUES).to_owned());
        }
    }
    for _ in 0..random.below(6) {
        let odd = !case.strict && random.below(8) == 0;
        let secret = random.one(if odd { ODD } else { SECRETS });
        let name = if random.below(4) == 0 { secret.to_owned() } else { case.name(secret) };
        let name = case.letters.stored(&if random.below(12) == 0 { case.name("") } else { name });
        let is_there = case.there.keys().any(|other| other.eq_ignore_ascii_case(&name));
        let is_no_word = case.strict && (name.is_empty() || name.contains(['-', '/', ':']));
        if name.is_empty() || is_no_word || (case.letters == Letters::Folded && is_there) {
            continue;
        }
        let value = if random.below(10) == 0 { PADDED } else { random.one(VALUES) };
        case.there.insert(name, value.to_owned());
    }
    case.unreadable.clear();
    if let Place::Service(_, true) = place {
        case.unreadable = case.there.keys().filter(|key| is_hidden(key)).cloned().collect();
    }
}

/// Whether a key of a service that hides some is one of those.
pub(super) fn is_hidden(key: &str) -> bool {
    key.contains('B')
}
