//! Names as the backend demands them, checked before anything is sent.
//!
//! Facts (Infisical, 2024 to 2026): slugs equal their own slugification, `^[a-z0-9]+(?:-[a-z0-9]+)*$`; a
//! project's has 5 to 36 characters, an environment's, tag's and connection's at most 64, a sync's at most
//! 256. Folder names are letters, digits, `-` and `_`, at most 255. Keys of secrets hold neither `:` nor
//! `/`. A key schema is at most 255 characters of letters, digits, `_`, `-` and `/` besides placeholders.

use crate::model::key_schema::ENVIRONMENT;
use crate::model::key_schema::SECRET_KEY;

/// What is wrong with a name, and perhaps a better one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bad {
    /// Continues "`name` …".
    pub(crate) why: String,
    /// The next step.
    pub(crate) help: Option<String>,
}

fn bad(why: impl Into<String>) -> Result<(), Bad> {
    Err(Bad { why: why.into(), help: None })
}

/// A slug of `min` to `max` characters.
pub(crate) fn slug(text: &str, min: usize, max: usize) -> Result<(), Bad> {
    let slugged = slugify(text);
    if slugged != text || text.is_empty() {
        let why = "may only hold lower-case letters, digits and single dashes between them".to_owned();
        let help = (!slugged.is_empty()).then(|| format!("for example `{slugged}`"));
        return Err(Bad { why, help });
    }
    match text.len() {
        n if n < min => bad(format!("must have at least {min} characters; this one has {n}")),
        n if n > max => bad(format!("may have at most {max} characters; this one has {n}")),
        _ => Ok(()),
    }
}

/// The nearest slug: lower case, runs of anything else become single dashes.
pub(crate) fn slugify(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            'A'..='Z' => out.push(c.to_ascii_lowercase()),
            _ if out.is_empty() || out.ends_with('-') => {}
            _ => out.push('-'),
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// A text of 1 to `max` characters that the backend's trimming leaves as it is.
pub(crate) fn title(text: &str, max: usize) -> Result<(), Bad> {
    match text.chars().count() {
        0 => bad("can't be empty"),
        n if n > max => bad(format!("may have at most {max} characters; this one has {n}")),
        _ if text.trim() != text => bad("can't begin or end with white space"),
        _ => Ok(()),
    }
}

/// A text of at most `max` characters.
pub(crate) fn at_most(text: &str, max: usize) -> Result<(), Bad> {
    match text.chars().count() {
        n if n > max => bad(format!("may have at most {max} characters; this one has {n}")),
        _ => Ok(()),
    }
}

/// An absolute path of folders, already without a trailing slash; `/` is the root.
pub(crate) fn path(text: &str) -> Result<(), Bad> {
    let Some(rest) = text.strip_prefix('/') else {
        let why = "must be an absolute path".to_owned();
        return Err(Bad { why, help: Some(format!("for example `/{}`", text.trim_start_matches("./"))) });
    };
    if rest.is_empty() {
        return Ok(());
    }
    for name in rest.split('/') {
        let legal = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if name.is_empty() {
            return bad("has an empty folder name in it");
        }
        if !legal {
            return bad("may only hold letters, digits, dashes and underscores between its slashes");
        }
        if name.len() > 255 {
            return bad("may have folder names of at most 255 characters");
        }
    }
    Ok(())
}

/// The path without trailing slashes.
pub(crate) fn clean_path(text: &str) -> &str {
    match text.trim_end_matches('/') {
        "" if text.starts_with('/') => "/",
        clean => clean,
    }
}

/// The key of a secret.
pub(crate) fn secret_key(text: &str) -> Result<(), Bad> {
    title(text, 500)?;
    match text.chars().find(|c| *c == ':' || *c == '/' || c.is_control()) {
        Some(c) if c.is_control() => bad("can't hold control characters"),
        Some(c) => bad(format!("can't hold `{c}`")),
        None => Ok(()),
    }
}

/// A key schema's template.
pub(crate) fn template(text: &str) -> Result<(), Bad> {
    if text.trim() != text {
        return bad("can't begin or end with white space");
    }
    match text.matches(SECRET_KEY).count() {
        0 => {
            let why = format!("needs `{SECRET_KEY}`: where the key goes");
            let word = &SECRET_KEY[2..SECRET_KEY.len() - 2];
            if let Some(at) = text.to_ascii_lowercase().find(&word.to_ascii_lowercase()) {
                let (before, after) = (&text[..at], &text[at + word.len()..]);
                let (before, after) = (before.trim_end_matches(['{', ' ', '$']), after.trim_start_matches(['}', ' ']));
                return Err(Bad { why, help: Some(format!("did you mean `{before}{SECRET_KEY}{after}`?")) });
            }
            return Err(Bad { why, help: Some(format!("for example `{text}{SECRET_KEY}`")) });
        }
        1 => {}
        n => return bad(format!("must have `{SECRET_KEY}` exactly once; this one has it {n} times")),
    }
    let rest = text.replace(SECRET_KEY, "").replace(ENVIRONMENT, "");
    if let Some(c) = rest.chars().find(|c| !(c.is_ascii_alphanumeric() || "_-/".contains(*c))) {
        let why = format!("can't hold `{}`", c.escape_debug());
        let help = format!("letters, digits, `_`, `-`, `/`, `{SECRET_KEY}` and `{ENVIRONMENT}` are allowed");
        return Err(Bad { why, help: Some(help) });
    }
    at_most(text, 255)
}
