//! What a destination's rules say about keys and values, before anything is sent. Pure.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::job;
use crate::model::key_schema::KeySchema;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::model::schema::Case;
use crate::model::schema::KeyRules;
use crate::model::schema::Schemas;
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
            let help = "rename the secret (a prefix of the sync's `key_schema` is part of the key), or keep it in a folder \
                        that this sync does not push";
            problem(Diagnostic::error(&codes::BAD_KEY, format!("`{key}` {why}.")).help(help));
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

/// The keys of declared secrets that the destinations of declared syncs refuse: what can be told before anything is read.
#[must_use]
pub fn declared(schemas: &Schemas, desired: &Desired) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for sync in desired.syncs() {
        let inputs = sync.attrs.get("destination").and_then(Value::as_object).cloned().unwrap_or_default();
        let variant = schemas.destinations.get(&sync.slug).and_then(|destination| destination.variant(&inputs));
        let Some(variant) = variant else { continue };
        let secrets = pushed(desired, sync, variant);
        let keys = secrets.keys().map(|key| (key.clone(), None)).collect();
        let refused = check(variant, &keys).into_iter().filter(|(_, why)| why.code == &codes::BAD_KEY);
        problems.extend(refused.map(|(key, why)| placed(why, secrets.get(&key).copied(), sync)));
    }
    problems
}

/// A problem with a key of a sync, at the secret that has it, if that is declared.
#[must_use]
pub fn placed(why: Diagnostic, secret: Option<&Resource>, sync: &Resource) -> Diagnostic {
    let Some(secret) = secret else { return why.at(sync.origin.block, "") };
    let attr = if why.code == &codes::BAD_VALUE { "value" } else { "key" };
    let at = secret.origin.attrs.get(attr).copied().unwrap_or(secret.origin.block);
    why.at(at, "").at(sync.origin.block, "pushed by this sync")
}

/// The declared secrets that a sync pushes, by their keys as its key schema names them and the destination stores them: those
/// of its folder, then those of the folders that are imported there.
#[must_use]
pub fn pushed<'d>(desired: &'d Desired, sync: &Resource, variant: &Variant) -> BTreeMap<Arc<str>, &'d Resource> {
    let environment = sync.text("environment");
    let schema = match variant.schema_names_container {
        true => KeySchema::none(),
        false => {
            let template = sync.text("key_schema").unwrap_or("");
            KeySchema::new(template, environment.unwrap_or("")).unwrap_or_default()
        }
    };
    let needs: Vec<&Resource> = desired
        .graph
        .needs(&sync.address)
        .into_iter()
        .filter_map(|need| desired.resources.get(need))
        .filter(|need| need.reference("project") == sync.reference("project"))
        .collect();
    let of = |kind: Kind, at: (Option<&str>, Option<&str>)| {
        let is_there =
            move |need: &&&Resource| need.kind == kind && (need.text("environment"), need.text("path")) == at;
        needs.iter().filter(is_there).copied().collect::<Vec<_>>()
    };
    let mut secrets = BTreeMap::new();
    let mut folders = vec![(environment, sync.text("path"))];
    let mut next = 0;
    while let Some(&folder) = folders.get(next) {
        next += 1;
        for secret in of(Kind::Secret, folder) {
            if let Some(key) = secret.text("key") {
                secrets.entry(job::stored(&schema, &variant.keys, key)).or_insert(secret);
            }
        }
        for import in of(Kind::SecretImport, folder) {
            let from = (import.text("from_environment"), import.text("from_path"));
            if !folders.contains(&from) {
                folders.push(from);
            }
        }
    }
    secrets
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
