//! What a destination's rules say about keys and values, before anything is sent. Pure.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::schema::Case;
use crate::model::schema::KeyRules;
use crate::model::schema::Variant;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The key as a destination stores it.
#[must_use]
pub fn stored(rules: &KeyRules, key: &str) -> String {
    let key = rules.replace.iter().fold(key.to_owned(), |key, (from, to)| key.replace(&**from, to));
    match rules.case {
        Case::Sensitive | Case::Insensitive => key,
        Case::Upper => key.to_uppercase(),
        Case::Lower => key.to_lowercase(),
    }
}

/// What the rules say against keys and, where they are at hand, values.
#[must_use]
pub fn check(variant: &Variant, wanted: &BTreeMap<Arc<str>, Option<Secret>>) -> Vec<(Arc<str>, Diagnostic)> {
    let rules = &variant.keys;
    // A pattern that does not compile is refused when its manifest is loaded.
    let pattern = rules.matches.as_deref().and_then(|text| whole(text).ok());
    let mut problems = Vec::new();
    let mut folded: BTreeMap<String, &Arc<str>> = BTreeMap::new();
    for (key, value) in wanted {
        let mut problem = |diagnostic| problems.push((key.clone(), diagnostic));
        let stored = stored(rules, key);
        if let Some(why) = key_problem(rules, pattern.as_ref(), &stored) {
            problem(Diagnostic::error(&codes::BAD_KEY, format!("`{key}` {why}.")));
        }
        if let Some(why) = value.as_ref().and_then(|value| value_problem(variant, value)) {
            problem(Diagnostic::error(&codes::BAD_VALUE, format!("The value of `{key}` {why}.")));
        }
        let fold = if rules.case == Case::Insensitive { stored.to_lowercase() } else { stored };
        if let Some(other) = folded.insert(fold, key) {
            problem(Diagnostic::error(&codes::FOLDED_KEYS, format!("`{other}` and `{key}` are one key there.")));
        }
    }
    if let (Some(max), Some(last)) = (variant.max_entries, wanted.keys().next_back())
        && wanted.len() > max
    {
        let detail = format!("{} entries are wanted, and it holds {max}.", wanted.len());
        problems.push((last.clone(), Diagnostic::error(&codes::TOO_MANY_ENTRIES, detail)));
    }
    problems
}

/// A pattern that has to match the whole key.
///
/// # Errors
/// It is no regular expression.
pub fn whole(pattern: &str) -> Result<regex::Regex, regex::Error> {
    regex::Regex::new(&format!("^(?:{pattern})$"))
}

fn key_problem(rules: &KeyRules, pattern: Option<&regex::Regex>, key: &str) -> Option<String> {
    if key.is_empty() {
        return Some("is empty".to_owned());
    }
    if let Some(max) = rules.max_length.filter(|max| key.chars().count() > *max) {
        return Some(format!("is longer than {max} characters"));
    }
    if let Some(pattern) = pattern.filter(|pattern| !pattern.is_match(key)) {
        return Some(format!("does not match `{}`", rules.matches.as_deref().unwrap_or(pattern.as_str())));
    }
    let fold = |text: &str| if rules.case == Case::Sensitive { text.to_owned() } else { text.to_lowercase() };
    let key = fold(key);
    let reserved = rules.reserved.iter().find(|name| match name.strip_suffix('*') {
        Some(prefix) => key.starts_with(&fold(prefix)),
        None => key == fold(name),
    })?;
    Some(format!("is reserved there (`{reserved}`)"))
}

fn value_problem(variant: &Variant, value: &Secret) -> Option<String> {
    let rules = &variant.values;
    if let Some(max) = rules.max_length.filter(|max| value.expose().chars().count() > *max) {
        return Some(format!("has more than {max} characters"));
    }
    match rules.max_bytes {
        Some(max) if value.len() > max => Some(format!("has {} bytes, and {max} are the most", value.len())),
        _ if value.is_empty() && !rules.empty => Some("is empty, which it does not take".to_owned()),
        _ => None,
    }
}
