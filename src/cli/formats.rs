//! Files of secrets for `secret import` and `secret export`: dotenv, read and written as a sync to a local
//! file does it, and JSON. A value never becomes part of an error.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::provider::native::Changes;
use crate::provider::native::dotenv;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Secrets by key.
pub(super) type Secrets = BTreeMap<Arc<str>, Secret>;

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// KEY="value" lines
    Dotenv,
    /// One object of texts
    Json,
}

/// Reads a file's text.
///
/// # Errors
/// The text is not of the format; the line is named, not shown.
pub(super) fn read(text: &str, format: Format) -> Result<Secrets, Diagnostic> {
    match format {
        Format::Dotenv => dotenv(text),
        Format::Json => json(text),
    }
}

/// Writes a file's text, as a sync to a local file writes it.
///
/// # Errors
/// The format can't hold one of the keys.
pub(super) fn write(secrets: &Secrets, format: Format) -> Result<Zeroizing<String>, Diagnostic> {
    let text = match format {
        Format::Dotenv => {
            let entries: Changes<'_> = secrets.iter().map(|(key, secret)| (&**key, Some(secret.expose()))).collect();
            dotenv::edit("", &entries).unwrap_or_default()
        }
        Format::Json => {
            let map: BTreeMap<&str, &str> = secrets.iter().map(|(key, secret)| (&**key, secret.expose())).collect();
            // Texts only: this can't fail.
            serde_json::to_string_pretty(&map).unwrap_or_default() + "\n"
        }
    };
    let text = Zeroizing::new(text);
    // Nothing is lost without a word: what can't be read back was not written.
    let back = read(&text, format).unwrap_or_default();
    match secrets.iter().find(|(key, secret)| back.get(*key) != Some(*secret)) {
        None => Ok(text),
        Some((key, _)) => Err(malformed(format!("The key `{key}` can't be written in this format."))
            .help("export as JSON: `--format json`")),
    }
}

fn malformed(detail: String) -> Diagnostic {
    Diagnostic::error(&codes::BAD_IMPORT, detail)
}

fn json(text: &str) -> Result<Secrets, Diagnostic> {
    let map: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).map_err(|error| {
        malformed(format!("It is no JSON object: line {}, column {}.", error.line(), error.column()))
    })?;
    let mut secrets = Secrets::new();
    for (key, value) in map {
        match value {
            serde_json::Value::String(text) => secrets.insert(key.into(), Secret::new(text)),
            _ => return Err(malformed(format!("The value of `{key}` is no text; put it in quotes."))),
        };
    }
    Ok(secrets)
}

fn dotenv(text: &str) -> Result<Secrets, Diagnostic> {
    let entries =
        dotenv::assignments(text).map_err(|problem| malformed(format!("Line {}: {}.", problem.line, problem.why)))?;
    let mut secrets = Secrets::new();
    for (key, value) in entries {
        let key: Arc<str> = key.into();
        if secrets.insert(Arc::clone(&key), Secret::new(value)).is_some() {
            return Err(malformed(format!("`{key}` is set a second time.")));
        }
    }
    Ok(secrets)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]

    use super::Format;
    use super::read;
    use super::write;

    #[test]
    fn what_is_written_is_read_again() {
        let odd =
            ["plain", "", "two\nlines\r\n", "q\"u'o`te", "$HOME ${x}", "back\\slash\\n", " padded ", "# no", "ü€"];
        let secrets: super::Secrets = odd
            .iter()
            .enumerate()
            .map(|(i, text)| (format!("KEY_{i}").into(), crate::secret::Secret::new((*text).to_owned())))
            .collect();
        for format in [Format::Dotenv, Format::Json] {
            let text = write(&secrets, format).unwrap();
            assert!(read(&text, format).unwrap() == secrets, "{format:?}");
        }
    }

    #[test]
    fn a_key_that_does_not_fit_is_said() {
        let secrets = super::Secrets::from([("a b".into(), crate::secret::Secret::new("canary".to_owned()))]);
        let said = format!("{:?}", write(&secrets, Format::Dotenv).unwrap_err());
        assert!(said.contains("a b") && !said.contains("canary"), "{said}");
        assert!(write(&secrets, Format::Json).is_ok());
    }

    #[test]
    fn dotenv_files_of_others_are_read() {
        let text = "\u{feff}# comment\r\nexport A=1 # one\r\n\nB='single $x' # c\nC=\"a\nb\"\nD=\nE=a#b\nF=x=y";
        let secrets = read(text, Format::Dotenv).unwrap();
        let values: Vec<(&str, &str)> = secrets.iter().map(|(key, value)| (&**key, value.expose())).collect();
        assert_eq!(values, [("A", "1"), ("B", "single $x"), ("C", "a\nb"), ("D", ""), ("E", "a#b"), ("F", "x=y")]);
    }

    #[test]
    fn malformed_files_are_refused_without_being_quoted() {
        for text in ["canary-alone", "A=\"canary-open", "A=\"canary-x\" y", "=canary-x", "A=1\nA=canary-2"] {
            let diagnostic = read(text, Format::Dotenv).unwrap_err();
            assert!(!format!("{diagnostic:?}").contains("canary"), "{text}");
        }
        assert!(!format!("{:?}", read("{\"a\": canary-x}", Format::Json).unwrap_err()).contains("canary"));
    }
}
