//! What each destination can do and what that is known from: one row a variant, for people who choose one. Drawing
//! other than as Markdown does not live here.

use crate::model::schema::App;
use crate::model::schema::Destination;
use crate::model::schema::Variant;
use crate::provider::manifest::Shape;
use crate::provider::manifest::slots::Slot;
use crate::provider::reference;
use crate::provider::registry::Registry;

/// One variant of a destination.
#[derive(Debug)]
pub struct Row<'a> {
    /// Its app.
    pub app: &'a App,
    /// It.
    pub destination: &'a Destination,
    /// The selector's value; empty where there is one variant only.
    pub name: &'a str,
    /// What it takes.
    pub variant: &'a Variant,
    /// Whether values come back.
    pub readable: Readable,
    /// How many entries one request writes.
    pub writes: Writes,
    /// Most requests a minute that are sent.
    pub rate: Option<u32>,
    /// What keyform's own knowledge of it is tried against.
    pub evidence: Evidence,
}

/// Whether values come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readable {
    /// Always.
    Yes,
    /// Never.
    No,
    /// With some inputs.
    Depends,
}

/// How many entries one request writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// One.
    One,
    /// So many.
    Many(usize),
    /// All of them, those of others included, which are sent as they were.
    Whole,
}

/// What the requests of a destination are tried against, whenever keyform itself is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Nothing but what its author tried: a manifest of the user's own.
    Own,
    /// A stand-in written from the vendor's documentation.
    Documentation,
    /// The same, and the vendor's machine-readable description checks each request and each answer.
    Description,
    /// Software that speaks the interface and was written by somebody else.
    Service,
    /// What it is, without a stand-in.
    Itself,
}

impl Evidence {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Documentation => "documentation",
            Self::Description => "description",
            Self::Service => "service",
            Self::Itself => "itself",
        }
    }
}

/// Destinations that are tried against more than a stand-in. Tests compare this with what they do.
const TRIED: [(&str, Evidence); 5] = [
    ("aws-parameter-store", Evidence::Service),
    ("aws-secrets-manager", Evidence::Service),
    ("github", Evidence::Description),
    ("hashicorp-vault", Evidence::Service),
    ("local-file", Evidence::Itself),
];

impl Readable {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Depends => "depends",
        }
    }
}

impl Writes {
    /// In words.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::One => "one by one".to_owned(),
            Self::Many(most) => format!("up to {most} at once"),
            Self::Whole => "as a whole".to_owned(),
        }
    }
}

/// A row for every variant of every destination, in the order of their slugs.
#[must_use]
pub fn rows(registry: &Registry) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for destination in registry.schemas().destinations.values() {
        let Some(manifest) = registry.manifest(&destination.app) else { continue };
        let Some(place) = manifest.destinations.get(&destination.slug) else { continue };
        for (name, variant) in &destination.variants {
            let Some(shape) = place.variants.get(name) else { continue };
            rows.push(Row {
                app: &manifest.app,
                destination,
                name,
                variant,
                readable: match (&shape.readable, variant.readable) {
                    (Some(_), _) => Readable::Depends,
                    (None, true) => Readable::Yes,
                    (None, false) => Readable::No,
                },
                writes: writes(shape),
                rate: shape.rate,
                evidence: evidence(registry, destination),
            });
        }
    }
    rows
}

fn writes(shape: &Shape) -> Writes {
    let most = |slot| shape.operations.get(&slot).map(|operation| operation.max.unwrap_or(1));
    // A file is written as a whole as well.
    if shape.native || shape.operations.contains_key(&Slot::Replace) {
        return Writes::Whole;
    }
    match most(Slot::Upsert).or_else(|| most(Slot::Update)) {
        Some(most) if most > 1 => Writes::Many(most),
        _ => Writes::One,
    }
}

fn evidence(registry: &Registry, destination: &Destination) -> Evidence {
    if !registry.is_builtin(&destination.app) {
        return Evidence::Own;
    }
    let tried = TRIED.iter().find(|(slug, _)| *slug == &*destination.slug);
    tried.map_or(Evidence::Documentation, |(_, evidence)| *evidence)
}

/// The page of all of them.
#[must_use]
pub fn markdown(rows: &[Row<'_>]) -> String {
    let mut out = String::from(
        "# Destinations\n\nGenerated from `providers/`. *Back*: whether values come back, so that a change made by somebody else is \
         seen in them. *Import*: whether a backend can import from it. *Written*: how many keys one request writes. *Tried \
         against*, whenever keyform is tested: a stand-in written from the vendor's `documentation`; the same with every \
         exchange checked by the vendor's machine-readable `description`; a `service` that somebody else wrote, as moto \
         for AWS and OpenBao for Vault; or the thing `itself`. *Checked*: when the facts were last compared with the documentation.\n\n\
         | destination | | back | import | written | keys and values | tried against | checked |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let variant = if row.name.is_empty() { String::new() } else { format!("`{}`", row.name) };
        let cells = [
            format!("[`{}`]({}.md)", row.destination.slug, row.app.slug),
            variant,
            row.readable.word().to_owned(),
            if row.destination.can_import { "yes" } else { "no" }.to_owned(),
            row.writes.words(),
            rules(row).join(" ").replace('|', "\\|"),
            row.evidence.word().to_owned(),
            row.app.verified.to_string(),
        ];
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}

/// What it takes and how much, in sentences.
#[must_use]
pub fn rules(row: &Row<'_>) -> Vec<String> {
    let mut said = reference::limits(row.variant);
    said.extend(row.rate.map(|rate| format!("At most {rate} requests a minute are sent.")));
    said
}
