//! The targets of fuzzing at random: the files of `fuzz/corpus/` are changed, from a fixed seed, and fed to
//! `fuzz/targets.rs`. `KEYFORM_MUTATIONS=100000` does more of it. `fuzz/run` is led by coverage.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

/// How many changed texts each target gets, if nobody says otherwise.
const MUTATIONS: u64 = 1500;
/// No more than this: on a slow machine there are fewer.
const LONGEST: Duration = Duration::from_secs(8);
/// Longest texts: what is quadratic shows long before.
const MOST_BYTES: usize = 16 << 10;
/// What readers of all kinds stumble over.
const WORDS: &[&str] = &[
    "\"",
    "'",
    "\\",
    "${",
    "}",
    "%{ if ",
    "<<EOT\n",
    "/*",
    "{",
    "[",
    "(",
    "\n",
    "\r\n",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "é",
    "null",
    "true",
    "-0",
    "1e999",
    "18446744073709551616",
    "{{secretKey}}",
    "{{environment}}",
    "---\n",
    "\n---\n",
    "=",
    ":",
    "# ",
    "|\n",
    "&a ",
    "*a",
    "\\ud800",
    "\u{1b}[2J",
    "for x in ",
    "...",
    "\"serial\":",
    "each.key",
];

/// Xorshift: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap()
    }
}

/// One of the texts, changed in one to six places.
fn mutated(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut text = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(6) {
        let at = random.below(text.len() + 1);
        let end = (at + random.below(40)).min(text.len());
        match random.below(7) {
            0 if at < text.len() => text[at] ^= 1 << random.below(8),
            1 => drop(text.drain(at..end)),
            2 => text.truncate(at),
            3 => {
                let part = text[at..end].to_vec();
                let times = 1 + random.below(60);
                text.splice(at..at, part.repeat(times));
            }
            4 => {
                let other = &corpus[random.below(corpus.len())];
                let start = random.below(other.len() + 1);
                let part = other[start..(start + random.below(200)).min(other.len())].to_vec();
                text.splice(at..end, part);
            }
            _ => {
                let word = WORDS[random.below(WORDS.len())];
                text.splice(at..at, word.bytes());
            }
        }
    }
    text.truncate(MOST_BYTES);
    text
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Feeds one target; gives how many texts it got.
fn feed(name: &str, target: fn(&[u8])) -> u64 {
    let wanted = std::env::var("KEYFORM_MUTATIONS").ok().map(|n| n.parse().unwrap());
    let corpus = corpus(name);
    assert!(!corpus.is_empty(), "{name} has no corpus");
    let mut random = Random(0x6b65_7966_6f72_6d21);
    let begun = Instant::now();
    let given = corpus.clone().into_iter();
    let changed = std::iter::repeat_with(|| mutated(&mut random, &corpus));
    let most = usize::try_from(wanted.unwrap_or(MUTATIONS)).unwrap();
    let mut fed = 0;
    for text in given.chain(changed).take(most) {
        if wanted.is_none() && begun.elapsed() > LONGEST {
            break;
        }
        let one = Instant::now();
        let shown = || String::from_utf8_lossy(&text).into_owned();
        assert!(
            catch_unwind(AssertUnwindSafe(|| target(&text))).is_ok(),
            "{name} panics, see above, with {:?}",
            shown()
        );
        assert!(one.elapsed() < Duration::from_secs(10), "{name} takes {:?} for {:?}", one.elapsed(), shown());
        fed += 1;
    }
    fed
}

macro_rules! targets {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            let (name, target) = targets::ALL.iter().find(|(name, _)| *name == stringify!($name)).unwrap();
            assert!(feed(name, *target) > 50, "too slow to find anything");
        }
    )* };
}

targets! { parser editor evaluator manifest key_schema local_files ledger shared_ledger undo_notes saved_plan report api_bodies }

/// Whoever adds a target adds its corpus and its line here.
#[test]
fn every_target_is_fed() {
    let here = include_str!("mutation.rs");
    let line = here.lines().find(|line| line.starts_with("targets! {")).unwrap();
    for (name, _) in targets::ALL {
        assert!(line.split(' ').any(|word| word == *name), "{name} is not fed");
        assert!(!corpus(name).is_empty(), "{name} has no corpus");
    }
    assert_eq!(line.split(' ').count() - 3, targets::ALL.len());
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")).unwrap();
    assert_eq!(folders.count(), targets::ALL.len(), "`fuzz/run` takes the folders of the corpus for the targets");
}
