//! `keyform providers`: which apps and destinations are known, what they take and what they can do; and what helps with
//! a manifest of one's own: [`scaffold`] begins one, [`check`] looks at it, [`trial`] tries it where it is. Offline, but for that.

mod check;
mod matrix;
mod scaffold;
mod trial;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::attrs::Value;
use crate::model::schema::App;
use crate::model::schema::Destination;
use crate::model::schema::Field;
use crate::model::schema::Schemas;
use crate::model::schema::Type;
use crate::provider::reference;
use crate::view::paint::Paint;
use crate::view::text::Style;
use crate::view::words;
use serde::Serialize;
use std::path::PathBuf;

/// Look up apps and destinations: what connections and syncs take.
///
/// Built-in ones and those of providers/*.hcl beside the configuration. `show` takes an app (aws) or a
/// destination (aws-secrets-manager) and lists every attribute with its type.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  keyform providers list\n  keyform providers show github\n  keyform providers matrix --format markdown\n  \
                        keyform providers init acme && keyform providers check"
)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List apps with their methods and destinations
    List,
    /// Show what an app's connections or a destination's syncs take
    Show {
        /// The slug of an app or a destination
        slug: String,
    },
    /// Show what each destination can do: whether values come back, how keys are written, what that is known from
    Matrix {
        /// How to write it
        #[arg(long, value_enum, default_value = "text")]
        format: matrix::Format,
    },
    /// Begin a manifest of your own: providers/NAME.hcl, and a configuration to try it in
    Init {
        /// The slug of the app: lower-case letters, digits and dashes
        name: String,
    },
    /// Check manifests: what does not load, and what is odd about the rest
    Check {
        /// The manifests; by default all of providers/
        files: Vec<PathBuf>,
    },
    /// Try a destination where it really is, with keys of its own that are taken away again
    Test(trial::Args),
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    apps: Vec<AppEntry<'a>>,
    destinations: Vec<DestinationEntry<'a>>,
}

#[derive(Serialize)]
struct AppEntry<'a> {
    slug: &'a str,
    title: &'a str,
    docs: &'a str,
    verified: &'a str,
    methods: Vec<MethodEntry<'a>>,
}

#[derive(Serialize)]
struct MethodEntry<'a> {
    name: &'a str,
    browser_only: bool,
    fields: Vec<FieldEntry<'a>>,
}

#[derive(Serialize)]
struct DestinationEntry<'a> {
    slug: &'a str,
    app: &'a str,
    title: &'a str,
    selector: Option<&'a str>,
    can_import: bool,
    variants: Vec<VariantEntry<'a>>,
    options: Vec<FieldEntry<'a>>,
}

#[derive(Serialize)]
struct VariantEntry<'a> {
    name: &'a str,
    readable: bool,
    max_entries: Option<usize>,
    fields: Vec<FieldEntry<'a>>,
}

#[derive(Serialize)]
struct FieldEntry<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: String,
    required: bool,
    sensitive: bool,
    doc: &'a str,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    let slug = match &args.action {
        Action::Test(args) => return trial::run(context, args),
        Action::Check { files } => return check::run(context, files),
        Action::Show { slug } => Some(slug.as_str()),
        Action::List | Action::Matrix { .. } | Action::Init { .. } => None,
    };
    let Some(registry) = context.registry() else { return context.failed("providers") };
    match &args.action {
        Action::Matrix { format } => return matrix::run(context, &registry, *format),
        Action::Init { name } => return scaffold::run(context, &registry, name),
        _ => {}
    }
    let schemas = registry.schemas();
    let is_meant = |app: &str, own: &str| slug.is_none_or(|slug| slug == app || slug == own);
    let apps: Vec<&App> = schemas.apps.values().filter(|a| is_meant("", &a.slug)).collect();
    let destinations: Vec<&Destination> = schemas.destinations.values().filter(|d| is_meant(&d.app, &d.slug)).collect();
    if let Some(slug) = slug.filter(|_| apps.is_empty() && destinations.is_empty()) {
        let known = schemas.apps.keys().chain(schemas.destinations.keys()).map(|slug| &**slug);
        let diagnostic =
            Diagnostic::error(&codes::UNKNOWN_PROVIDER, format!("There is no app or destination `{slug}`."));
        context.tell(diagnostic.did_you_mean(slug, known));
        return context.failed("providers");
    }
    if context.global.json {
        context.document(&document(&apps, &destinations));
        return Exit::Done;
    }
    let style = context.terminal.style();
    let text = match slug {
        None => list(schemas, style.paint),
        Some(_) => show(&apps, &destinations, style),
    };
    context.terminal.out(&text);
    Exit::Done
}

fn list(schemas: &Schemas, paint: Paint) -> String {
    let mut out = String::new();
    for app in schemas.apps.values() {
        let methods: Vec<&str> = app.methods.keys().map(|method| &**method).collect();
        out.push_str(&format!("{}  {}  {}\n", paint.bold(&app.slug), app.title, paint.dim(&methods.join(", "))));
        for destination in schemas.destinations.values().filter(|d| d.app == app.slug) {
            out.push_str(&format!("    {:<34} {}\n", destination.slug, destination.title));
        }
    }
    let apps = words::count(schemas.apps.len(), "app", "apps");
    let destinations = words::count(schemas.destinations.len(), "destination", "destinations");
    out.push_str(&format!("{apps}, {destinations}. `keyform providers show SLUG` says what each takes.\n"));
    out
}

fn show(apps: &[&App], destinations: &[&Destination], style: Style) -> String {
    let paint = style.paint;
    let mut out = String::new();
    for app in apps {
        out.push_str(&format!("{}  {}\n", paint.bold(&format!("app_connection \"{}\"", app.slug)), app.title));
        if !app.docs.is_empty() {
            out.push_str(&format!("  {} (checked {})\n", app.docs, app.verified));
        }
        for (name, method) in &app.methods {
            let note = if method.browser_only {
                "  (made in the backend's web page: look it up with `data \"app_connection\"`)"
            } else {
                ""
            };
            words::line(&mut out, &format!("method = \"{name}\"{note}"), 2, 2, style.width);
            fields(&mut out, method.inputs(), 4, style);
        }
    }
    for destination in destinations {
        let head = paint.bold(&format!("secret_sync \"{}\"", destination.slug));
        out.push_str(&format!("{head}  {} (connection: {})\n", destination.title, destination.app));
        if !destination.options.is_empty() {
            out.push_str("  options\n");
            fields(&mut out, destination.options.iter(), 4, style);
        }
        for (name, variant) in &destination.variants {
            match &destination.selector {
                Some(selector) => out.push_str(&format!("  destination with {selector} = \"{name}\"\n")),
                None => out.push_str("  destination\n"),
            }
            fields(&mut out, variant.fields.iter(), 4, style);
            let readable = if variant.readable { "values can be read back" } else { "values can't be read back" };
            let most = variant.max_entries.map(|most| format!(", at most {most} keys")).unwrap_or_default();
            out.push_str(&format!("    {}\n", paint.dim(&format!("({readable}{most})"))));
        }
    }
    out
}

fn fields<'a>(out: &mut String, fields: impl Iterator<Item = &'a Field> + Clone, indent: usize, style: Style) {
    let column = fields.clone().map(|field| field.name.len()).max().unwrap_or(0);
    for field in fields {
        let kind = if field.sensitive { "secret source".to_owned() } else { type_name(&field.ty) };
        let need = match (&field.default, field.required) {
            (_, true) => ", required".to_owned(),
            (Some(Value::String(text)), _) => format!(", default \"{text}\""),
            (Some(Value::Bool(b)), _) => format!(", default {b}"),
            (Some(Value::Number(n)), _) => format!(", default {n}"),
            _ => String::new(),
        };
        let remote =
            if field.remote.is_some() && !field.doc.contains("remote backend") { reference::REMOTE } else { "" };
        let line = format!("{}{:<column$}  {kind}{need}", " ".repeat(indent), field.name);
        let doc = format!("{remote}{}", field.doc);
        if doc.is_empty() || line.chars().count() + 2 + doc.chars().count() <= style.width {
            let line = format!("{line}  {}", style.paint.dim(&doc));
            out.push_str(&format!("{}\n", line.trim_end()));
            continue;
        }
        let deep = indent + column + 2;
        match line.chars().count() <= style.width {
            true => out.push_str(&format!("{line}\n")),
            false => words::paragraph(out, &line[indent..], indent, column + 2, style.width),
        }
        let mut lines = String::new();
        words::paragraph(&mut lines, &doc, deep, 0, style.width);
        lines.lines().for_each(|line| out.push_str(&format!("{}\n", style.paint.dim(line))));
    }
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::String => "string".to_owned(),
        Type::Path => "path".to_owned(),
        Type::Form(form) => form.word().to_owned(),
        Type::Number => "number".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Any => "any".to_owned(),
        Type::List(of) => format!("list of {}", type_name(of)),
        Type::Map(of) => format!("map of {}", type_name(of)),
        Type::Fields(names, of) => format!("map of {} with {}", type_name(of), names.join(" | ")),
        Type::OneOf(texts) => texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(" | "),
    }
}

fn document<'a>(apps: &[&'a App], destinations: &[&'a Destination]) -> Document<'a> {
    let apps = apps
        .iter()
        .map(|app| AppEntry {
            slug: &app.slug,
            title: &app.title,
            docs: &app.docs,
            verified: &app.verified,
            methods: app
                .methods
                .iter()
                .map(|(name, method)| MethodEntry {
                    name,
                    browser_only: method.browser_only,
                    fields: method.inputs().map(field).collect(),
                })
                .collect(),
        })
        .collect();
    let destinations = destinations
        .iter()
        .map(|d| DestinationEntry {
            slug: &d.slug,
            app: &d.app,
            title: &d.title,
            selector: d.selector.as_deref(),
            can_import: d.can_import,
            variants: d
                .variants
                .iter()
                .map(|(name, variant)| VariantEntry {
                    name,
                    readable: variant.readable,
                    max_entries: variant.max_entries,
                    fields: variant.fields.iter().map(field).collect(),
                })
                .collect(),
            options: d.options.iter().map(field).collect(),
        })
        .collect();
    Document { format: "keyform.providers/1", apps, destinations }
}

fn field(field: &Field) -> FieldEntry<'_> {
    FieldEntry {
        name: &field.name,
        ty: type_name(&field.ty),
        required: field.required,
        sensitive: field.sensitive,
        doc: &field.doc,
    }
}
