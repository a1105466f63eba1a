//! What there is to say about a thing, as Markdown: from the tables that the readers use. Values of a configuration are
//! never part of it.

use crate::config::blocks::Form;
use crate::lang::functions;
use crate::lang::functions::Function;
use crate::lsp::inputs::Input;
use crate::model::schema::App;
use crate::model::schema::Destination;
use crate::provider::reference;

/// An attribute: what it takes, whether it must be given, its default, what it is.
pub(crate) fn input(input: &Input<'_>) -> String {
    let needed = if input.is_needed { ", required" } else { "" };
    let default = input.default.as_ref().map(|value| format!(", `{value}` by default")).unwrap_or_default();
    format!("`{}`: {}{needed}{default}\n\n{}", input.name, input.takes.shown(), input.doc)
}

/// A kind of block.
pub(crate) fn form(form: &Form) -> String {
    format!("`{}`\n\n{}", header(form), form.doc)
}

/// How a block begins: `secret_sync "<destination>" "<name>" { … }`
fn header(form: &Form) -> String {
    let labels: String = form.labels.iter().map(|label| format!(" \"<{label}>\"")).collect();
    format!("{}{labels} {{ … }}", form.word)
}

/// A function.
pub(crate) fn function(function: &Function) -> String {
    format!("`{}({})`\n\n{}", function.name, function.params, function.doc)
}

/// All functions of configurations.
pub(crate) fn functions() -> impl Iterator<Item = &'static Function> {
    functions::CORE.iter().chain(functions::OUTSIDE)
}

/// An app: what it is, and how to connect.
pub(crate) fn app(app: &App) -> String {
    let methods: Vec<String> = app
        .methods
        .iter()
        .map(
            |(name, method)| {
                if method.browser_only { format!("`{name}` (in the browser)") } else { format!("`{name}`") }
            },
        )
        .collect();
    let docs =
        if app.docs.starts_with("https://") { format!("\n\n[Documentation]({})", app.docs) } else { String::new() };
    format!("**{}**\n\n{}\n\nMethods: {}.{docs}", app.title, app.about.trim(), methods.join(", "))
}

/// A destination: what it holds, and which keys and values it takes.
pub(crate) fn destination(to: &Destination) -> String {
    let import = if to.can_import { "can" } else { "can't" };
    let mut out = format!("**{}**, with connections of `{}`. A backend {import} import from it.", to.title, to.app);
    for (name, variant) in &to.variants {
        let which = match &to.selector {
            Some(selector) => format!("`{selector} = \"{name}\"`: "),
            None => String::new(),
        };
        let readable = if variant.readable { "Values come back." } else { "Values never come back." };
        let limits = [vec![readable.to_owned()], reference::limits(variant)].concat().join(" ");
        out.push_str(&format!("\n\n{which}{limits}"));
    }
    out
}
