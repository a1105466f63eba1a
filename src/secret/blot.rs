//! Foreign words without secrets. Whoever refuses a request may quote it, and writes it as it likes: as JSON or a part
//! of an address, in base64 or hexadecimal, in other letters, in lines, in part. What a secret is compared with is
//! therefore every reading of the text, without what separates and without the size of letters. Where the words
//! come from does not live here.

use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::Range;
use zeroize::Zeroizing;

/// What stands where a secret stood.
pub const BLOT: &str = "•••";
/// Characters of a text that are searched.
const SEARCHED: usize = 4096;
/// Characters that are given: so many fewer that a secret which is cut off where the search ends is not among them.
const GIVEN: usize = 600;
/// Values that are shorter stand in many a word by chance: blotted out there, the rest of the word would
/// give them away.
const IN_ANY_WORD: usize = 6;
/// Characters in a row that give a part of a secret away: half of a short one, so many of any other. Fewer stand in
/// other words by chance.
const PART: (usize, usize) = (8, 12);
/// How often a text may have been put into another one.
const DEPTH: usize = 3;

/// A character of a reading, and the bytes of the text that it stands for.
type Letter = (char, Range<usize>);

/// A text without any of `secrets`, however it quotes them, and not too long.
#[must_use]
pub fn blot<'a>(text: &str, secrets: impl IntoIterator<Item = &'a Secret>) -> String {
    let text = text.char_indices().nth(SEARCHED).map_or(text, |(end, _)| &text[..end]);
    let mut hidden = vec![false; text.len()];
    let readings: Vec<Reading> = readings(text);
    let mut searches: Vec<Search<'_>> = readings.iter().map(Search::new).collect();
    for secret in secrets {
        let value = secret.expose().trim();
        let folded = fold(value);
        if folded.len() < IN_ANY_WORD {
            let escaped = Zeroizing::new(value.replace('\\', "\\\\").replace('"', "\\\""));
            hide_words(text, value, &mut hidden);
            hide_words(text, &escaped, &mut hidden);
            continue;
        }
        let short_lines = value.lines().map(fold).filter(|line| (IN_ANY_WORD..PART.1).contains(&line.len()));
        let short_lines = short_lines.map(|line| (line.len(), line));
        let whole = [folded].into_iter().chain(encoded(value.as_bytes()));
        let whole = whole.map(|form| ((form.len() / 2).clamp(PART.0, PART.1).min(form.len()), form));
        for (part, form) in whole.chain(short_lines).filter(|(part, _)| *part >= IN_ANY_WORD) {
            searches.iter_mut().for_each(|search| search.hide(&form, part, &mut hidden));
        }
    }
    drawn(text, &hidden)
}

/// The text with a mark for whatever is hidden.
fn drawn(text: &str, hidden: &[bool]) -> String {
    let mut out: Vec<char> = Vec::new();
    let mut letters = text.char_indices().peekable();
    let mut word = 0;
    while let Some((at, c)) = letters.next() {
        if hidden[at] {
            // What is left of a word would help to guess the rest.
            out.truncate(word);
            while letters.next_if(|(at, c)| hidden[*at] || c.is_alphanumeric()).is_some() {}
            out.extend(BLOT.chars());
            word = out.len();
        } else {
            out.push(c);
            word = if c.is_alphanumeric() { word } else { out.len() };
        }
    }
    let mut given: String = out.iter().take(GIVEN).collect();
    if out.len() > GIVEN {
        given.push('…');
    }
    given
}

/// Hides a short value where it stands as a word of its own.
fn hide_words(text: &str, value: &str, hidden: &mut [bool]) {
    for (at, found) in text.match_indices(value).filter(|(_, found)| !found.is_empty()) {
        let (before, after) = (&text[..at], &text[at + found.len()..]);
        let is_joined = before.chars().next_back().is_some_and(char::is_alphanumeric)
            || after.chars().next().is_some_and(char::is_alphanumeric);
        if !is_joined {
            hidden[at..at + found.len()].fill(true);
        }
    }
}

/// What is left of a character in a comparison: nothing of what only separates, also within base64 and its kin.
fn folded(c: char) -> impl Iterator<Item = char> {
    let counts = c.is_alphanumeric() || c.is_ascii_punctuation() && !"\\+-_/=".contains(c);
    counts.then(|| c.to_lowercase()).into_iter().flatten()
}

fn fold(text: &str) -> Zeroizing<Vec<char>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    out.extend(text.chars().flat_map(folded));
    out
}

/// A value in hexadecimal, and in base64 as it comes out after 0, 1 or 2 other bytes: only what depends on the
/// value alone.
fn encoded(value: &[u8]) -> impl Iterator<Item = Zeroizing<Vec<char>>> {
    let base64 = (0..3_usize).map(move |before| {
        let mut bytes = Zeroizing::new(vec![0; before + value.len()]);
        bytes[before..].copy_from_slice(value);
        let text = Zeroizing::new(STANDARD_NO_PAD.encode(&*bytes));
        fold(text.get((before * 8).div_ceil(6)..bytes.len() * 8 / 6).unwrap_or_default())
    });
    [fold(&Zeroizing::new(hex::encode(value)))].into_iter().chain(base64)
}

/// The text as one reads it, without what a comparison passes over.
struct Reading {
    letters: Vec<char>,
    places: Vec<Range<usize>>,
}

/// The text as it is, and as it was before it was put into another one.
fn readings(text: &str) -> Vec<Reading> {
    let mut letters: Vec<Letter> = text.char_indices().map(|(at, c)| (c, at..at + c.len_utf8())).collect();
    let mut readings: Vec<Reading> = Vec::new();
    for _ in 0..=DEPTH {
        let folded = letters.iter().flat_map(|(c, place)| folded(*c).map(|c| (c, place.clone())));
        let (letters_of, places) = folded.unzip();
        let reading = Reading { letters: letters_of, places };
        if readings.last().is_none_or(|last| last.letters != reading.letters) {
            readings.push(reading);
        }
        letters = unescaped(&letters);
    }
    readings
}

/// One level of escapes less.
fn unescaped(letters: &[Letter]) -> Vec<Letter> {
    let mut out = Vec::with_capacity(letters.len());
    let mut rest = letters;
    while let Some((c, place)) = rest.first() {
        let (chars, taken) = escape(rest).unwrap_or_else(|| (c.to_string(), 1));
        let place = place.start..rest[taken - 1].1.end;
        out.extend(chars.chars().map(|c| (c, place.clone())));
        rest = &rest[taken..];
    }
    out
}

/// What an escape at the beginning of `rest` stands for, and how many characters it takes.
fn escape(rest: &[Letter]) -> Option<(String, usize)> {
    let at = |i: usize| rest.get(i).map(|(c, _)| *c);
    let digits = |from: usize, most: usize| {
        let text: String = rest.iter().skip(from).take(most).map(|(c, _)| *c).collect();
        (text.len() == most).then(|| u32::from_str_radix(&text, 16).ok())?
    };
    match (at(0)?, at(1)?) {
        ('\\', 'u') => Some((char::from_u32(digits(2, 4)?).unwrap_or(' ').to_string(), 6)),
        ('\\', 'n' | 'r' | 't' | 'b' | 'f') => Some((" ".to_owned(), 2)),
        ('\\', c) => Some((c.to_string(), 2)),
        ('%', _) => {
            // A character may be several bytes.
            let byte = |i: usize| u8::try_from(digits(i * 3 + 1, 2).filter(|_| at(i * 3) == Some('%'))?).ok();
            let bytes: Vec<u8> = (0..).map_while(byte).collect();
            (!bytes.is_empty()).then(|| (String::from_utf8_lossy(&bytes).into_owned(), bytes.len() * 3))
        }
        ('&', _) => {
            let names =
                [("quot", "\""), ("amp", "&"), ("lt", "<"), ("gt", ">"), ("apos", "'"), ("#39", "'"), ("#34", "\"")];
            let is = |name: &str| name.chars().chain([';']).enumerate().all(|(i, c)| at(i + 1) == Some(c));
            let (name, meant) = names.into_iter().find(|(name, _)| is(name))?;
            Some((meant.to_owned(), name.len() + 2))
        }
        _ => None,
    }
}

/// Where the parts of a reading stand, by their length. A value may be a thousand times as long as the text, so what
/// is done for each of its characters is next to nothing.
struct Search<'a> {
    reading: &'a Reading,
    parts: BTreeMap<usize, Parts>,
}

/// The parts of one length, by a number that is made of each.
struct Parts {
    places: HashMap<u64, Vec<usize>>,
    /// Whether there can be a part with such a number: mostly there is none.
    likely: Vec<bool>,
}

/// What the numbers of parts are multiplied with from character to character: any odd number that spreads them.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Which of the numbers in `likely` stands for a part.
fn slot(number: u64) -> usize {
    usize::try_from(number >> 48).unwrap_or_default()
}

/// The number of each part of a text, from its number before that.
fn numbers(letters: &[char], part: usize) -> impl Iterator<Item = (usize, u64)> {
    let first = (0..part).fold(1_u64, |power, _| power.wrapping_mul(SPREAD));
    let mut number = 0_u64;
    let numbers = letters.iter().enumerate().map(move |(at, c)| {
        number = number.wrapping_mul(SPREAD).wrapping_add(u64::from(u32::from(*c)));
        if let Some(gone) = at.checked_sub(part) {
            number = number.wrapping_sub(first.wrapping_mul(u64::from(u32::from(letters[gone]))));
        }
        (at, number)
    });
    numbers.filter_map(move |(at, number)| Some(((at + 1).checked_sub(part)?, number)))
}

impl<'a> Search<'a> {
    fn new(reading: &'a Reading) -> Self {
        Self { reading, parts: BTreeMap::new() }
    }

    /// Hides whatever has `part` characters in a row with `form` in common.
    fn hide(&mut self, form: &[char], part: usize, hidden: &mut [bool]) {
        let Reading { letters, places } = self.reading;
        let parts = self.parts.entry(part).or_insert_with(|| {
            let mut parts = Parts { places: HashMap::new(), likely: vec![false; 1 << 16] };
            for (at, number) in numbers(letters, part) {
                parts.places.entry(number).or_default().push(at);
                parts.likely[slot(number)] = true;
            }
            parts
        });
        for (from, number) in numbers(form, part) {
            if !parts.likely[slot(number)] {
                continue;
            }
            let Some(found) = parts.places.get_mut(&number) else { continue };
            // Once hidden, a part need not be found again, however often it is in a value.
            found.retain(|at| {
                let is_it = letters[*at..*at + part] == form[from..from + part];
                if is_it {
                    hidden[places[*at].start..places[*at + part - 1].end].fill(true);
                }
                !is_it
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(values: &[&str]) -> Vec<Secret> {
        values.iter().map(|value| Secret::new((*value).to_owned())).collect()
    }

    /// `encode` of each value, in a sentence: nothing of it is left but what stands around it.
    fn check(name: &str, encode: impl Fn(&str) -> String) {
        let pem = "-----BEGIN KEY-----\nMIICanaryAAAAx7Qq\nb2dk\nMIICanaryBBBBz0Pp\n-----END KEY-----\n";
        for value in [
            "canary-blue-7f3a91c2",
            "p\"ss\\wörd-Canary9",
            "canary with space & <b>",
            pem,
            "4815162342108",
            "{\"type\":\"canary\",\"private_key\":\"QWERTYUIOP1\\nasdfgh\"}",
        ] {
            let said = blot(&format!("bad value >{}< here", encode(value)), &secrets(&["other", value]));
            let (before, rest) = said.split_once('>').unwrap_or_default();
            let (inner, after) = rest.rsplit_once('<').unwrap_or_default();
            assert_eq!((before, after), ("bad value ", " here"), "{name}: {said}");
            let read = readings(inner).pop().unwrap_or_else(|| panic!("{name}"));
            let kept = read.letters.iter().filter(|c| c.is_alphanumeric()).count();
            assert!(inner.contains(BLOT) && kept < 5, "{name} of {value}: {said}");
        }
    }

    #[test]
    fn a_secret_is_found_in_every_disguise() {
        let json = |text: &str| {
            let ascii = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) };
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            escaped.chars().map(ascii).collect::<String>()
        };
        let url =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let html =
            |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let lines = |text: String| {
            text.chars().collect::<Vec<_>>().chunks(19).map(String::from_iter).collect::<Vec<_>>().join("\n")
        };
        check("itself", str::to_owned);
        check("JSON", json);
        check("JSON in JSON", |text| json(&json(text)));
        check("JSON in JSON in an address", |text| url(&json(&json(text))));
        check("a part of an address", url);
        check("a form", |text| url(text).replace("%20", "+"));
        check("a part of an address, twice", |text| url(&url(text)));
        check("HTML", html);
        check("large letters", str::to_uppercase);
        check("small letters", str::to_lowercase);
        check("lines", |text| text.lines().collect::<Vec<_>>().join(" | "));
        check("spaced", |text| text.chars().map(|c| format!("{c} ")).collect());
        check("escapes alone", |text| text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect());
        check("hexadecimal", |text| hex::encode(text));
        check("large hexadecimal", |text| hex::encode_upper(text));
        for before in ["", "x", "xy"] {
            check("base64", |text| STANDARD_NO_PAD.encode(format!("{before}{text}")));
        }
        check("base64 with padding", |text| base64::engine::general_purpose::STANDARD.encode(text));
        check("base64 for addresses", |text| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text));
        check("base64 in lines", |text| lines(STANDARD_NO_PAD.encode(text)));
        check("base64 in JSON", |text| json(&lines(STANDARD_NO_PAD.encode(text))));
    }

    #[test]
    fn a_part_of_a_secret_is_hidden_as_well() {
        let value = secrets(&["canarySECRETvalue", "0123456789abcdefghijklmnopqrstuvwxyz"]);
        assert_eq!(blot("bad: canarySEC", &value), "bad: •••");
        assert_eq!(blot("bad: …SECRETvalue!", &value), "bad: …•••!");
        assert_eq!(blot("bad: 9abcdefghijk", &value), "bad: •••");
        // Less is in many a word.
        assert_eq!(blot("the canary of SECRET", &value), "the canary of SECRET");
        let lines = secrets(&["first-of-many-lines\nhunter22\nlast-of-many-lines"]);
        assert_eq!(blot("line 2 is `hunter22`", &lines), "line 2 is `•••`");
    }

    #[test]
    fn short_values_are_hidden_where_they_are_words() {
        let short = secrets(&["v", "", " ", "a\"b"]);
        assert_eq!(blot("no environment `v` (v), v", &short), "no environment `•••` (•••), •••");
        assert_eq!(blot(r#"{"value":"a\"b"}"#, &short), r#"{"value":"•••"}"#);
        assert_eq!(blot("bad very vivid", &short), "bad very vivid");
    }

    #[test]
    fn what_is_no_secret_stays_and_is_not_too_long() {
        let values = secrets(&["canary-blue-7f3a91c2"]);
        let said = "no environment `prod` %zz \\u12 & 100% \\";
        assert_eq!(blot(said, &values), said);
        assert_eq!(blot(&"x ".repeat(1000), &values).chars().count(), GIVEN + 1);
        assert_eq!(blot(&format!("{}canary-blue-7f3a91c2", "é ".repeat(295)), &values).matches(BLOT).count(), 1);
    }
}
