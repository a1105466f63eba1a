//! The reference page of all blocks, as Markdown, made from the table that the decoder uses.

use crate::config::blocks;
use crate::config::blocks::Attribute;
use crate::config::blocks::Count;
use crate::config::blocks::Form;
use crate::config::blocks::Open;
use crate::config::blocks::Ty;
use crate::config::blocks::reuse::DATA_KINDS;
use crate::model::address::DATA;
use crate::model::login;
use crate::model::resource::Kind;
use std::fmt::Write;

/// The page.
pub(crate) fn page() -> String {
    let mut out = String::from(
        "# Blocks\n\nGenerated from the table that keyform reads configurations with; [LANGUAGE.md](../LANGUAGE.md) says how\n\
         they play together. Which fields an app's connections and destinations take is on the pages of the providers.\n",
    );
    for form in blocks::TOP {
        section(&mut out, form, "##");
        for (kind, form) in DATA_KINDS.iter().filter(|_| form.word == DATA) {
            let _ = write!(out, "\n### data {kind}\n\n{}\n\n", form.doc);
            table(&mut out, form.attrs);
        }
    }
    out.push_str("\n## Every resource\n\n");
    let kinds = Kind::ALL.map(|kind| format!("`{kind}`")).join(", ");
    // Writing to a text can't fail.
    let _ = write!(out, "Blocks that declare a resource ({kinds}) also take:\n\n");
    table(&mut out, blocks::META);
    for form in blocks::META_BLOCKS {
        section(&mut out, form, "###");
    }
    out
}

fn section(out: &mut String, form: &Form, level: &str) {
    let labels: String = form.labels.iter().map(|label| format!(" \"<{label}>\"")).collect();
    let _ = write!(out, "\n{level} {}\n\n`{}{labels} {{ … }}`", form.word, form.word);
    if form.count == Count::One {
        out.push_str(", once");
    }
    let _ = write!(out, "\n\n{}\n", form.doc);
    match form.open {
        Open::No | Open::Connection => {}
        Open::Login => logins(out),
        Open::Names => out.push_str("\nTakes attributes of any name.\n"),
        Open::Inputs => out.push_str("\nTakes the variables of the module.\n"),
        Open::Destination => out.push_str("\nTakes the fields of the destination.\n"),
        Open::Options => out.push_str("\nTakes the options of the destination.\n"),
    }
    if !form.attrs.is_empty() {
        out.push('\n');
        table(out, form.attrs);
    }
    let (resources, settings): (Vec<&Form>, Vec<&Form>) =
        form.blocks.iter().copied().partition(|inner| inner.kind.is_some());
    if !resources.is_empty() {
        let words = resources.iter().map(|inner| format!("`{}`", inner.word)).collect::<Vec<_>>().join(", ");
        let _ = write!(out, "\nMay hold {words} blocks, which then belong to it.\n");
    }
    for inner in settings {
        section(out, inner, "###");
    }
}

/// The ways to log in.
fn logins(out: &mut String) {
    let guessed = login::METHODS.iter().filter(|method| method.is_guessable());
    let guessed = guessed.map(|method| format!("`{}`", method.word)).collect::<Vec<_>>().join(", ");
    let _ = write!(
        out,
        "\nWithout an `auth` block, `INFISICAL_AUTH_METHOD` names the method (`aws_iam` is as good as `aws-iam`) and the variables\n\
         below hold its attributes; or it is the first of {guessed} whose required variables are all\n\
         set. With a block, only what is written in it counts.\n",
    );
    for method in login::METHODS {
        let _ = write!(out, "\n#### auth \"{}\"\n\n{}\n\n", method.word, method.doc);
        out.push_str("| attribute | takes | variable | |\n|---|---|---|---|\n");
        for field in method.fields {
            let takes = takes(if field.secret { Ty::Secret } else { Ty::String });
            let variables = field.variables.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let required = if field.required { "**required.** " } else { "" };
            let _ = writeln!(out, "| `{}` | {takes} | {variables} | {required}{} |", field.name, field.doc);
        }
    }
}

fn table(out: &mut String, attrs: &[Attribute]) {
    out.push_str("| attribute | takes | |\n|---|---|---|\n");
    for attr in attrs {
        let required = if attr.required { "**required.** " } else { "" };
        let _ = writeln!(out, "| `{}` | {} | {required}{} |", attr.name, takes(attr.ty), attr.doc.replace('|', "\\|"));
        if let Ty::Objects(fields) = attr.ty {
            let fields = fields.iter().map(|field| field_of(attr.name, field));
            out.extend(fields);
        }
    }
}

/// A row for a field of the objects that an attribute takes.
fn field_of(attr: &str, field: &Attribute) -> String {
    let required = if field.required { "**required.** " } else { "" };
    format!("| `{attr}[].{}` | {} | {required}{} |\n", field.name, takes(field.ty), field.doc.replace('|', "\\|"))
}

/// What an attribute takes, in words.
pub(crate) fn takes(ty: Ty) -> String {
    match ty {
        Ty::String => "text".to_owned(),
        Ty::Integer(low, high) => format!("whole number, {low} to {high}"),
        Ty::Bool => "`true` or `false`".to_owned(),
        Ty::Strings => "list of texts".to_owned(),
        Ty::Map => "map of texts".to_owned(),
        Ty::OneOf(words) => words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", "),
        Ty::Ref(kind) => format!("reference to a `{kind}`"),
        Ty::Refs => "list of references".to_owned(),
        Ty::Environment => "text, or reference to an `environment`".to_owned(),
        Ty::Tags => "list of texts, or of references to `tag`s".to_owned(),
        Ty::Template => "reference to a `key_schema`, or text".to_owned(),
        Ty::Place => "object".to_owned(),
        Ty::Secret => "secret source".to_owned(),
        Ty::Path => "path".to_owned(),
        Ty::Address => "address".to_owned(),
        Ty::Each => "set of texts, or map".to_owned(),
        Ty::Type => "type".to_owned(),
        Ty::Any => "anything".to_owned(),
        Ty::TextOrSecret => "text, or secret source".to_owned(),
        Ty::NameOf(kind) => format!("text, or reference to a `{kind}`"),
        Ty::Objects(_) => "list of objects".to_owned(),
        Ty::Roles => "list of texts, of references to a `project_role`, or of objects".to_owned(),
        Ty::Condition => "condition".to_owned(),
    }
}
