//! `keyform where`: every place that a secret reaches, and in which order it is changed there. Reads, and nothing else.

use crate::cli::context::Context;
use crate::cli::context::Inputs;
use crate::cli::exit::Exit;
use crate::cli::explain;
use crate::cli::output;
use crate::cli::output::Outputs;
use crate::cli::plan;
use crate::cli::secret;
use crate::cli::show;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Scope;
use crate::engine::reach::Name;
use crate::engine::reach::Origin;
use crate::engine::reach::Reach;
use crate::engine::reach::Sought;
use crate::engine::reach::Written;
use crate::model::attrs::SecretSource;
use crate::model::attrs::Value;
use crate::model::desired::Desired;
use crate::model::resource::Kind;
use crate::model::resource::Resource;
use crate::view::json::reach;
use crate::view::text::Style;
use crate::view::words;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Find every place that a secret reaches, and in which order it is changed there.
///
/// KEY is that of a secret, or what a sync calls it at a destination; one of several of a name is meant by its place or its
/// address. Looks at every project and destination of the
/// configuration: secrets that are it or refer to it, the keys that syncs write of them and when, and copies that nothing
/// here writes; --output html draws it as one page. With --value-stdin by the value itself, whatever its key is; it is compared by fingerprints and kept nowhere.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  keyform where STRIPE_KEY\n  keyform where bakery/prod/api/STRIPE_KEY\n  keyform where \
                  secret_sync.web.entry.APP_STRIPE_KEY\n  pbpaste | keyform where --value-stdin   # a value that leaked\n  \
                  keyform where STRIPE_KEY --output html=path.html   # drawn"
)]
pub(super) struct Args {
    /// The key of a secret or of an entry of a destination, project/environment/path/KEY, or an address
    #[arg(required_unless_present = "value_stdin")]
    key: Option<String>,
    /// Look for a value, which is read from standard input; one line break at its end is left out
    #[arg(long, conflicts_with = "key")]
    value_stdin: bool,
    /// Let `secret_exec` run programs
    #[arg(long)]
    allow_exec: bool,
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    outputs: Outputs,
}

pub(super) fn run(context: &mut Context, args: &Args) -> Exit {
    if let Some(form) = args.outputs.other_than(&["text", "json", "html"]) {
        let detail = format!("Where a secret reaches has no form `{form}`.");
        context.tell(Diagnostic::error(&codes::NOT_DRAWN, detail).help("take text, json or html"));
        return context.end("where", Exit::Usage);
    }
    if let Err(exit) = output::begin(context, "where", &args.outputs, None) {
        return exit;
    }
    let Some((desired, registry)) = context.load(&args.inputs) else { return context.failed("where") };
    let sought = match sought(context, args, &desired) {
        Ok(sought) => sought,
        Err(why) => {
            context.tell(why);
            return context.failed("where");
        }
    };
    let desired = Arc::new(desired);
    let Some(runtime) = context.runtime() else { return context.failed("where") };
    let planned = runtime.block_on(async {
        let reader = context.read_only(&desired, registry, args.allow_exec).await?;
        let planned = plan::read(context, &reader, &desired, &Scope::default()).await;
        reader.close().await;
        planned
    });
    let Some(planned) = planned else { return context.failed("where") };
    let reach = planned.reach(&sought);
    let is_nowhere = reach.secrets.is_empty() && reach.copies.is_empty();
    if is_nowhere {
        let named = args.key.as_deref().filter(|_| !args.value_stdin);
        let diagnostic = match (named, reach.unseen.is_empty()) {
            (Some(key), true) => {
                let detail = format!("There is no `{}` in what this configuration declares.", words::shown(key));
                Diagnostic::error(&codes::NOWHERE, detail).did_you_mean(key, reach.known.iter().map(|key| &**key))
            }
            (None, true) => {
                Diagnostic::error(&codes::NOWHERE, "Nothing that this configuration declares holds this value.")
            }
            (_, false) => {
                Diagnostic::error(&codes::NOWHERE, "Not where it could be looked, and that was not everywhere.")
            }
        };
        context.tell(diagnostic);
    }
    let steps = steps(&desired, &reach, args.key.as_deref().filter(|_| !args.value_stdin));
    context.show(|style| draw(&desired, &reach, &steps, style));
    let source = |origin: &Origin| source(&desired, origin).map(show::source);
    let document = reach::document(&reach, source, steps, context.entries());
    if context.global.json {
        context.document(&document);
    }
    context.run.reach = Some(document);
    match (reach.unseen.is_empty(), is_nowhere) {
        (false, _) => Exit::Undetermined,
        (true, true) => Exit::Failed,
        (true, false) => Exit::Done,
    }
}

fn sought(context: &Context, args: &Args, desired: &Desired) -> Result<Sought, Diagnostic> {
    if let Some(key) = args.key.as_deref().filter(|_| !args.value_stdin) {
        return named(desired, key).map(Sought::Name);
    }
    let value = secret::input(context, "the secret")?;
    if value.is_empty() {
        return Err(Diagnostic::error(&codes::EMPTY_VALUE, "The value to look for is empty."));
    }
    Ok(Sought::Value(value))
}

/// What a name means: a key; a place, which may be a key as well; or an address.
fn named(desired: &Desired, text: &str) -> Result<Name, Diagnostic> {
    let address = plan::address(text).ok().filter(explain::is_address);
    let Some(address) = address else {
        let place = text.contains('/').then(|| text.trim_matches('/').to_owned());
        return Ok(Name { key: Some(text.into()), places: place.into_iter().collect() });
    };
    if let Some(key) = address.entry_key() {
        return Ok(Name { key: Some(key.into()), places: BTreeSet::new() });
    }
    let secrets = desired.resources.values().filter(|one| one.kind == Kind::Secret && !one.is_data());
    let meant = secrets.filter(|one| one.address == address || one.address.without_key() == address);
    let place = |secret: &Resource| {
        let project = desired.resources.get(secret.reference("project")?)?;
        let slug = project.text("slug").unwrap_or(project.address.name());
        let path = secret.text("path").unwrap_or("/").trim_end_matches('/');
        Some(format!("{slug}/{}{path}/{}", secret.text("environment")?, secret.text("key")?))
    };
    let places: BTreeSet<String> = meant.filter_map(place).collect();
    if places.is_empty() {
        let secrets = desired.resources.values().filter(|one| one.kind == Kind::Secret);
        let known = secrets.flat_map(|one| [one.address.to_string(), one.address.without_key().to_string()]);
        let known: Vec<String> = known.collect();
        let detail = format!("No secret is declared as `{address}`.");
        return Err(Diagnostic::error(&codes::UNKNOWN_ADDRESS, detail)
            .help("name a secret, or an entry of a sync")
            .did_you_mean(text, known.iter().map(String::as_str)));
    }
    Ok(Name { key: None, places })
}

fn draw(desired: &Desired, reach: &Reach, steps: &[String], style: Style) -> String {
    let Style { paint, width } = style;
    let mut out = String::new();
    let head = |out: &mut String, text: &str| {
        let gap = if out.is_empty() { "" } else { "\n" };
        out.push_str(&format!("{gap}{}\n", paint.bold(text)));
    };
    let line = |out: &mut String, text: &str| words::line(out, text, 2, 2, width);
    if !reach.secrets.is_empty() {
        head(&mut out, "Secrets");
        for origin in &reach.secrets {
            let refers = if origin.refers { "  refers to it" } else { "" };
            let declared = match &origin.declared {
                Some(address) => format!("{address}{}", from(desired, origin)),
                None => "not declared here".to_owned(),
            };
            let declared = paint.dim(&words::shown(&declared));
            line(&mut out, &format!("{}  {declared}{refers}", words::shown(&origin.place)));
        }
    }
    if !reach.written.is_empty() {
        head(&mut out, "Written by syncs");
        let mut last = None;
        for it in &reach.written {
            if last != Some(&it.sync) {
                let (sync, destination) = (it.sync.to_string(), words::shown(&it.destination));
                line(&mut out, &format!("{}  {destination}, from {}", words::shown(&sync), it.environment));
            }
            last = Some(&it.sync);
            let at = it.at.as_deref().map_or("not seen there yet".to_owned(), |at| format!("written {at}"));
            let pending = it.pending.map(|action| format!("; to {}", action.word())).unwrap_or_default();
            words::line(&mut out, &format!("{}  {}{pending}", words::shown(&it.key), paint.dim(&at)), 4, 2, width);
        }
    }
    if !reach.integrations.is_empty() {
        head(&mut out, "Pushed with its whole folder, under names that keyform does not know");
        reach.integrations.iter().for_each(|address| line(&mut out, &words::shown(&address.to_string())));
    }
    if !reach.copies.is_empty() {
        head(&mut out, "Copies that nothing here writes");
        for it in &reach.copies {
            let at = it.at.as_deref().map(|at| format!("; in the ledger, recorded {at}")).unwrap_or_default();
            let (key, place) = (words::shown(&it.key), words::shown(&it.destination));
            line(&mut out, &format!("{key}  {place}, where {} writes{at}", words::shown(&it.sync.to_string())));
        }
    }
    if !reach.unseen.is_empty() {
        head(&mut out, "Not looked at: it may be there, too");
        for (address, why) in &reach.unseen {
            line(&mut out, &format!("{}  {}", words::shown(&address.to_string()), words::shown(why)));
        }
    }
    if !steps.is_empty() {
        head(&mut out, "To change it");
        for (n, step) in steps.iter().enumerate() {
            line(&mut out, &format!("{}. {}", n + 1, words::shown(step)));
        }
    }
    out
}

/// Where the declared value of a secret comes from.
fn source<'a>(desired: &'a Desired, origin: &Origin) -> Option<&'a SecretSource> {
    match desired.resources.get(origin.declared.as_ref()?)?.attrs.get("value")? {
        Value::Source(source) => Some(source),
        _ => None,
    }
}

fn from(desired: &Desired, origin: &Origin) -> String {
    source(desired, origin).map(|source| format!(", {}", show::source(source))).unwrap_or_default()
}

/// How it is changed everywhere, without a moment in which something has no value that works.
fn steps(desired: &Desired, reach: &Reach, named: Option<&str>) -> Vec<String> {
    let own: Vec<&Origin> = reach.secrets.iter().filter(|origin| !origin.refers).collect();
    if own.is_empty() && reach.copies.is_empty() {
        return Vec::new();
    }
    let mut steps = vec!["Have a new value issued, and let the old one go on working meanwhile.".to_owned()];
    let mut needs_apply = false;
    let mut sources: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for origin in own {
        let place = &origin.place;
        steps.push(match source(desired, origin) {
            Some(SecretSource::Random { .. }) => format!("Give it a new value: `keyform secret set {place}`"),
            Some(source) => {
                sources.entry(show::source(source)).or_default().push(place);
                continue;
            }
            None if origin.declared.is_some() => {
                needs_apply = true;
                format!("Change the value of {place} where it is declared.")
            }
            None => format!("Give it the new value: `keyform secret set {place}`"),
        });
    }
    for (source, places) in &sources {
        needs_apply = true;
        steps.push(format!("Change {source}, which is where the value of {} comes from.", places.join(", ")));
    }
    let by_hand: BTreeSet<String> =
        reach.written.iter().filter(|it| !it.at_once).map(|Written { sync, .. }| sync.to_string()).collect();
    if needs_apply || !by_hand.is_empty() {
        let list = by_hand.into_iter().collect::<Vec<_>>().join(", ");
        steps.push(match list.is_empty() {
            true => "Write it: keyform apply".to_owned(),
            false => format!("Write it with keyform apply; nothing else pushes through {list}."),
        });
    }
    steps.extend(reach.integrations.iter().map(|address| format!("Wait for {address}, or run it in the backend.")));
    for copy in &reach.copies {
        steps.push(format!("Change or delete `{}` at {} by hand: nothing here writes it.", copy.key, copy.destination));
    }
    let look = match named {
        Some(key) if key.contains(['"', '\'', ' ', '[']) => format!("keyform where '{key}'"),
        Some(key) => format!("keyform where {key}"),
        None => "keyform where --value-stdin, with the old value".to_owned(),
    };
    steps.push(format!("Restart what reads values only when it starts, and look again: {look}"));
    steps.push("Only then have the old value revoked.".to_owned());
    steps
}
