//! The hidden first line of a comment: whose it is, which run wrote it, and what it said, so that it is found again, never
//! overwritten by an older run, and left alone while there is nothing new to say.

use crate::view::markdown::hidden;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::percent_decode_str;
use percent_encoding::utf8_percent_encode;
use sha2::Digest;

const WORD: &str = "keyform:comment";

/// What the line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The configuration and environment that the comment is about.
    pub subject: String,
    /// The run that wrote it.
    pub run: Run,
    /// When its plan was made, in seconds since 1970.
    pub at: i64,
    /// A digest of what it says.
    pub body: String,
}

/// A run of a pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// What counts: numbers of two pipelines have nothing to do with each other.
    pub pipeline: String,
    /// Its number, and how often it was begun.
    pub number: Option<(u64, u64)>,
}

impl Marker {
    /// Of a comment that says something. `stable` is what is the same as long as the run comes to the same.
    #[must_use]
    pub fn new(subject: &str, run: Run, at: i64, stable: &str) -> Self {
        let body = hex::encode(&sha2::Sha256::digest(stable)[..8]);
        Self { subject: subject.to_owned(), run, at, body }
    }

    /// The line, with its line break.
    #[must_use]
    pub fn line(&self, is_plain: bool) -> String {
        let (number, attempt) = self.run.number.unwrap_or_default();
        let run = format!("{}/{number}/{attempt}", escaped(&self.run.pipeline));
        hidden(&format!("{WORD} 1 {} {run} {} {}", escaped(&self.subject), self.at, self.body), is_plain)
    }

    /// The marker of a comment, if it begins with one.
    #[must_use]
    pub fn find(body: &str) -> Option<Self> {
        let line = body.trim_start().lines().next()?;
        let rest = line.strip_prefix("<!-- ").or_else(|| line.strip_prefix("[//]: # ("))?;
        let mut words = rest.trim_end().trim_end_matches(" -->").trim_end_matches(')').split(' ');
        (words.next()? == WORD && words.next()? == "1").then_some(())?;
        let subject = plain(words.next()?)?;
        let mut run = words.next()?.split('/');
        let pipeline = plain(run.next()?)?;
        let number: (u64, u64) = (run.next()?.parse().ok()?, run.next()?.parse().ok()?);
        let run = Run { pipeline, number: (number.0 > 0).then_some(number) };
        Some(Self { subject, run, at: words.next()?.parse().ok()?, body: words.next()?.to_owned() })
    }

    /// Whether another marker is of a later run than this one: by their numbers in one pipeline, else by time.
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        match (self.run.number, other.run.number) {
            (Some(own), Some(theirs)) if self.run.pipeline == other.run.pipeline => own < theirs,
            _ => self.at < other.at,
        }
    }
}

/// A text without spaces, slashes, dashes and parentheses.
fn escaped(text: &str) -> String {
    const ODD: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'_');
    // An empty word would be no word.
    if text.is_empty() { "%".to_owned() } else { utf8_percent_encode(text, ODD).to_string() }
}

fn plain(text: &str) -> Option<String> {
    if text == "%" { Some(String::new()) } else { Some(percent_decode_str(text).decode_utf8().ok()?.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::Marker;
    use super::Run;

    #[test]
    fn a_marker_is_read_as_it_was_written_and_knows_who_is_newer() {
        let marker = |pipeline: &str, number, at| {
            Marker::new("a--> b)/prod", Run { pipeline: pipeline.to_owned(), number }, at, "x")
        };
        for one in [marker("ci.yml", Some((7, 2)), 5), marker("", None, -1)] {
            for is_plain in [false, true] {
                assert_eq!(Marker::find(&format!("{}rest", one.line(is_plain))), Some(one.clone()));
            }
        }
        assert_eq!(Marker::find("text\n<!-- keyform:comment 1 a b/1/1 1 x -->"), None);
        let newer = |a: Marker, b: Marker| a.is_older_than(&b);
        assert!(newer(marker("ci", Some((7, 1)), 9), marker("ci", Some((7, 2)), 1)));
        assert!(!newer(marker("ci", Some((8, 1)), 1), marker("ci", Some((7, 2)), 9)));
        assert!(newer(marker("ci", Some((8, 1)), 1), marker("other", Some((7, 2)), 9)));
        assert!(!newer(marker("ci", None, 1), marker("ci", None, 1)));
    }
}
