//! Reference pages as Markdown, made from the manifests and from the tables that load them.

use crate::lang::functions::Function;
use crate::model::attrs::Value;
use crate::model::schema::App;
use crate::model::schema::Case;
use crate::model::schema::Destination;
use crate::model::schema::Field;
use crate::model::schema::KeyRules;
use crate::model::schema::Method;
use crate::model::schema::Privileges;
use crate::model::schema::Schemas;
use crate::model::schema::Type;
use crate::model::schema::Variant;
use crate::provider::manifest::functions::MANIFEST;
use crate::provider::manifest::words::WORDS;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// What is said of an input that only a remote backend does something with, where its own words do not.
pub const REMOTE: &str = "of a remote backend's own syncs: ";

/// A whole sync to a destination, from an example.
#[derive(Debug, Clone)]
pub struct Example {
    /// The example's file, from the root of the repository.
    pub file: String,
    /// The blocks that the sync needs, and the sync.
    pub text: String,
}

/// The page of an app; `None` if there is none of that slug, or it has no destinations. `examples` are by destination.
#[must_use]
pub fn app(schemas: &Schemas, slug: &str, examples: &BTreeMap<Arc<str>, Example>) -> Option<String> {
    let app = schemas.apps.get(slug)?;
    if !has_destinations(schemas, app) {
        return None;
    }
    let mut out = head(app);
    for (name, method) in &app.methods {
        connection(&mut out, "##", app, name, method);
    }
    for destination in schemas.destinations.values().filter(|destination| destination.app == app.slug) {
        self::destination(&mut out, destination, examples.get(&destination.slug));
    }
    Some(out)
}

/// The page of the apps that have no destinations.
#[must_use]
pub fn connections(schemas: &Schemas) -> String {
    let mut out = String::from(
        "# App connections\n\nGenerated from `providers/`. Apps with destinations have pages of their own; of these here the \
         connection is all that keyform manages.\n",
    );
    for app in schemas.apps.values().filter(|app| !has_destinations(schemas, app)) {
        let App { title, slug, docs, verified, .. } = app;
        line(&mut out, format_args!("\n## {title} (`{slug}`)\n\n[Documentation]({docs}), last checked {verified}."));
        for (name, method) in &app.methods {
            connection(&mut out, "###", app, name, method);
        }
    }
    out
}

fn has_destinations(schemas: &Schemas, app: &App) -> bool {
    schemas.destinations.values().any(|destination| destination.app == app.slug)
}

/// The page of the words and functions that manifests are written with.
#[must_use]
pub fn words() -> String {
    let mut out = String::from(
        "# Words of provider manifests\n\nGenerated from the table that manifests are loaded with; \
         [providers.md](../providers.md) says how they play together.\n",
    );
    let mut group = "";
    for word in WORDS {
        if word.group != group {
            group = word.group;
            line(&mut out, format_args!("\n## {}\n\n| word | |\n|---|---|", group));
        }
        line(&mut out, format_args!("| `{}` | {} |", word.name, word.doc));
    }
    out.push_str("\n## Functions\n\nBesides those of the configuration language that only compute:\n\n");
    out.push_str("| function | |\n|---|---|\n");
    for Function { name, params, doc, .. } in MANIFEST {
        line(&mut out, format_args!("| `{name}({params})` | {doc} |"));
    }
    line(&mut out, format_args!("| `raw(text)` | In an address: every part is percent-encoded, slashes stay. |"));
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text can't fail.
    let _ = out.write_fmt(text);
    out.push('\n');
}

fn head(app: &App) -> String {
    let App { title, slug, about, docs, verified, .. } = app;
    let docs =
        if docs.starts_with("https://") { format!("[Vendor's documentation]({docs})") } else { format!("`{docs}`") };
    format!("# {title}\n\nGenerated from `providers/{slug}.hcl`. {docs}, last checked {verified}.\n\n{about}\n")
}

fn connection(out: &mut String, level: &str, app: &App, name: &str, method: &Method) {
    line(out, format_args!("\n{level} Connection by `{name}`\n"));
    if method.browser_only {
        let slug = &app.slug;
        line(
            out,
            format_args!(
                "Can only be made in the browser, in the backend's web page, so it is looked up: `data \"app_connection\" \"x\" {{ app = \"{slug}\", name = … }}`."
            ),
        );
        return;
    }
    line(out, format_args!("```hcl\napp_connection \"{}\" \"x\" {{\n  method = \"{name}\"\n  …\n}}\n```\n", app.slug));
    table(out, method.inputs());
    if !method.tried && method.fields.iter().any(|field| field.sensitive || field.hidden) {
        line(out, format_args!("\nThe embedded backend keeps these credentials untried; Infisical tries them."));
    }
}

fn destination(out: &mut String, destination: &Destination, example: Option<&Example>) {
    let Destination { slug, title, can_import, .. } = destination;
    line(out, format_args!("\n## Destination `{slug}`: {title}\n"));
    line(out, format_args!("A backend can{} import from it.", if *can_import { "" } else { "not" }));
    if let Some(Example { file, text }) = example {
        line(out, format_args!("\nA whole sync, from [{file}](../../{file}):\n\n```hcl\n{}\n```", text.trim_end()));
    }
    if !destination.options.is_empty() {
        line(out, format_args!("\nOptions (`options {{ … }}`):\n"));
        table(out, destination.options.iter());
    }
    if let Some(selector) = &destination.selector {
        let names: Vec<String> = destination.variants.keys().map(|name| format!("`\"{name}\"`")).collect();
        // With one variant there is nothing to choose.
        let required = if names.len() > 1 { "**required.** " } else { "" };
        let names = names.join(", ");
        line(
            out,
            format_args!(
                "\n| input | takes | |\n|---|---|---|\n| `{selector}` | {names} | {required}what else it takes is below |"
            ),
        );
    }
    for (name, variant) in &destination.variants {
        if let Some(selector) = &destination.selector {
            line(out, format_args!("\n### `{selector} = \"{name}\"`"));
        }
        out.push('\n');
        table(out, variant.fields.iter());
        rules(out, variant);
    }
}

fn rules(out: &mut String, variant: &Variant) {
    let readable = if variant.readable { "Values come back." } else { "Values never come back." };
    let said = [vec![readable.to_owned()], limits(variant)].concat();
    line(out, format_args!("\n{}", said.join(" ")));
    if let Some(Privileges { needed, source, verified }) = &variant.privileges {
        let needed: Vec<String> = needed.iter().map(|name| format!("`{name}`")).collect();
        line(out, format_args!("\nCredentials need at least {} ([source]({source}), {verified}).", needed.join(", ")));
    }
}

/// Which keys and values a variant takes and how many, in sentences.
#[must_use]
pub fn limits(variant: &Variant) -> Vec<String> {
    let mut said = Vec::new();
    key_rules(&mut said, &variant.keys);
    if variant.schema_names_container {
        said.push("The key schema names the one container; keys in it stay as they are.".to_owned());
    }
    if let Some(max) = variant.values.max_bytes {
        said.push(format!("A value has {max} bytes at most."));
    }
    if let Some(max) = variant.values.max_length {
        said.push(format!("A value has {max} characters at most."));
    }
    if !variant.values.empty {
        said.push("The empty value is not taken.".to_owned());
    }
    if let Some(max) = variant.max_entries {
        said.push(format!("It holds {max} entries at most."));
    }
    said
}

fn key_rules(said: &mut Vec<String>, rules: &KeyRules) {
    if let Some(pattern) = &rules.matches {
        said.push(format!("Keys match `{pattern}`."));
    }
    if let Some(max) = rules.max_length {
        said.push(format!("A key has {max} characters at most."));
    }
    if !rules.reserved.is_empty() {
        let names: Vec<String> = rules.reserved.iter().map(|name| format!("`{name}`")).collect();
        said.push(format!("Reserved: {}.", names.join(", ")));
    }
    said.extend(rules.replace.iter().map(|(from, to)| format!("`{from}` is stored as `{to}`.")));
    match rules.case {
        Case::Sensitive => {}
        Case::Insensitive => said.push("`a` and `A` are one key.".to_owned()),
        Case::Upper => said.push("Keys are stored in upper case.".to_owned()),
        Case::Lower => said.push("Keys are stored in lower case.".to_owned()),
    }
}

fn table<'a>(out: &mut String, fields: impl Iterator<Item = &'a Field> + Clone) {
    if fields.clone().next().is_none() {
        return;
    }
    out.push_str("| input | takes | |\n|---|---|---|\n");
    for field in fields {
        let default = field.default.as_ref().map(|value| format!("default `{}`. ", shown(value))).unwrap_or_default();
        let required = if field.required { "**required.** " } else { "" };
        let takes = if field.sensitive { "secret source".to_owned() } else { takes(&field.ty) };
        let remote = if field.remote.is_some() && !field.doc.contains("remote backend") { REMOTE } else { "" };
        line(out, format_args!("| `{}` | {takes} | {required}{default}{remote}{} |", field.name, field.doc));
    }
}

/// What an input takes, in words.
pub(crate) fn takes(ty: &Type) -> String {
    match ty {
        Type::String => "text".to_owned(),
        Type::Path => "absolute path".to_owned(),
        Type::Form(form) => form.word().to_owned(),
        Type::Number => "number".to_owned(),
        Type::Bool => "`true` or `false`".to_owned(),
        Type::List(inner) => format!("list: {}", takes(inner)),
        Type::Map(inner) => format!("map: {}", takes(inner)),
        Type::Fields(names, inner) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("map of {}: {}", names.join(", "), takes(inner))
        }
        Type::OneOf(words) => words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", "),
        Type::Any => "anything".to_owned(),
    }
}

/// A default, as it would be written.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{text}\""),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        _ => "…".to_owned(),
    }
}
