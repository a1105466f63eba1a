//! The table of blocks: kinds, labels, attributes with their types. The decoder reads configurations by
//! it, the JSON schema and the reference page are made from it. What a value must look like beyond its
//! type (names, ranges that depend on other attributes) is not in it.

mod access;
mod history;
mod native;
mod notify;
mod outward;
pub mod reuse;
mod settings;

use crate::model::resource::Kind;

/// A kind of block.
#[derive(Debug)]
pub struct Form {
    /// The word it begins with.
    pub word: &'static str,
    /// What its labels are.
    pub labels: &'static [&'static str],
    /// The kind of resource that it declares, if it does.
    pub kind: Option<Kind>,
    /// Its attributes, besides the ones of [`META`] for resources.
    pub attrs: &'static [Attribute],
    /// Blocks inside of it.
    pub blocks: &'static [&'static Form],
    /// Attributes that are not in the table.
    pub open: Open,
    /// How many of it there may be in one place.
    pub count: Count,
    /// One sentence for the reference page.
    pub doc: &'static str,
}

/// How many blocks of one kind there may be in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// None or one.
    One,
    /// Any number.
    Many,
}

/// Attributes of a block that the table does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// None.
    No,
    /// Any name.
    Names,
    /// The variables of the module.
    Inputs,
    /// The fields of the app's method.
    Connection,
    /// The fields of the destination's variant.
    Destination,
    /// The options of the destination.
    Options,
    /// The fields of the way to log in.
    Login,
}

/// An attribute of a kind of block.
#[derive(Debug)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub ty: Ty,
    /// Whether it must be given. In blocks nested in a `project`, `project` need not be.
    pub required: bool,
    /// One sentence for the reference page.
    pub doc: &'static str,
}

/// What an attribute takes.
#[derive(Debug, Clone, Copy)]
pub enum Ty {
    /// A text.
    String,
    /// A whole number in a range.
    Integer(i64, i64),
    /// `true` or `false`.
    Bool,
    /// A list of texts.
    Strings,
    /// A map from text to text.
    Map,
    /// One of some texts.
    OneOf(&'static [&'static str]),
    /// A reference to a resource.
    Ref(Kind),
    /// References to any resources.
    Refs,
    /// An environment's slug, or a reference to an environment.
    Environment,
    /// Tags' slugs, or references to tags.
    Tags,
    /// A reference to a key schema, or its template.
    Template,
    /// `{ environment = …, path = … }`.
    Place,
    /// A secret source.
    Secret,
    /// The path of a directory, written out.
    Path,
    /// The address of a resource, written like a reference; nothing is looked up.
    Address,
    /// A text that may be a secret: plain text or a secret source.
    TextOrSecret,
    /// A list of objects with fields of their own.
    Objects(&'static [Attribute]),
    /// The name of a thing of a kind, or a reference to it.
    NameOf(Kind),
    /// Slugs of roles, references to roles, or either for a while.
    Roles,
    /// A set of texts or a map.
    Each,
    /// The type of a variable, such as `list(string)`.
    Type,
    /// Anything.
    Any,
    /// A truth value over `var`.
    Condition,
}

const fn opt(name: &'static str, ty: Ty, doc: &'static str) -> Attribute {
    Attribute { name, ty, required: false, doc }
}

const fn req(name: &'static str, ty: Ty, doc: &'static str) -> Attribute {
    Attribute { name, ty, required: true, doc }
}

/// Attributes that every resource takes.
pub static META: &[Attribute] = &[
    opt(
        "for_each",
        Ty::Each,
        "One instance for each element of a set of texts or a map; `each.key` and `each.value` are the element.",
    ),
    opt("depends_on", Ty::Refs, "Resources that must exist first, where no reference says so."),
    opt("allow", Ty::Strings, "Hazards that are accepted for this resource, by name."),
    opt("description", Ty::String, "What it is for."),
];

/// The blocks that every resource takes.
pub static META_BLOCKS: &[&Form] = &[&LIFECYCLE];

static LIFECYCLE: Form = Form {
    word: "lifecycle",
    labels: &[],
    kind: None,
    attrs: &[
        opt("prevent_destroy", Ty::Bool, "Refuse every plan that deletes or replaces the resource."),
        opt("ignore", Ty::Strings, "Attributes whose difference is ignored, by name; with or without quotes."),
    ],
    blocks: &[],
    open: Open::No,
    count: Count::One,
    doc: "What may be done to the resource.",
};

const PROJECT: Attribute =
    req("project", Ty::Ref(Kind::Project), "The project. In a block nested in a project: that one.");
const ENVIRONMENT: Attribute = req("environment", Ty::Environment, "The environment: its slug, or a reference to it.");
const PATH: Attribute = opt("path", Ty::String, "The folder, from the root: `/api`. The root itself by default.");

/// A block without anything special; the rest is filled in.
const PLAIN: Form =
    Form { word: "", labels: &[], kind: None, attrs: &[], blocks: &[], open: Open::No, count: Count::Many, doc: "" };

static ENVIRONMENT_FORM: Form = Form {
    word: "environment",
    labels: &["name"],
    kind: Some(Kind::Environment),
    attrs: &[
        PROJECT,
        opt("slug", Ty::String, "What it is called in references, 5 to 36 characters; the label by default."),
        opt("name", Ty::String, "What people see; the label by default."),
        opt("position", Ty::Integer(1, 10_000), "Its place in the list, counted from 1; last by default."),
    ],
    doc: "An environment of a project.",
    ..PLAIN
};

static FOLDER: Form = Form {
    word: "folder",
    labels: &["path"],
    kind: Some(Kind::Folder),
    attrs: &[
        PROJECT,
        opt("path", Ty::String, "From the root: `/api/batch`; the label by default."),
        opt(
            "environments",
            Ty::Strings,
            "The environments that have it, by slug; by default all that are declared for the project.",
        ),
    ],
    doc: "A folder, in some or all environments of a project. Its instances are named by the environment: `project.p.folder[\"/api\"][\"dev\"]`.",
    ..PLAIN
};

static TAG: Form = Form {
    word: "tag",
    labels: &["name"],
    kind: Some(Kind::Tag),
    attrs: &[
        PROJECT,
        opt("slug", Ty::String, "What it is called; the label by default."),
        opt("color", Ty::String, "A colour for the web page, such as `#ff0000`."),
    ],
    doc: "A tag that secrets of a project can carry.",
    ..PLAIN
};

static SECRET: Form = Form {
    word: "secret",
    labels: &["name"],
    kind: Some(Kind::Secret),
    attrs: &[
        PROJECT,
        ENVIRONMENT,
        PATH,
        opt("key", Ty::String, "Its key; the label by default."),
        req("value", Ty::Secret, "Where its value comes from."),
        opt("comment", Ty::String, "A comment, kept with the secret."),
        opt("tags", Ty::Tags, "Its tags: slugs, or references to tags."),
        opt("metadata", Ty::Map, "More about it, as texts by name."),
    ],
    doc: "A secret in a folder.",
    ..PLAIN
};

static SECRET_IMPORT: Form = Form {
    word: "secret_import",
    labels: &["name"],
    kind: Some(Kind::SecretImport),
    attrs: &[
        PROJECT,
        ENVIRONMENT,
        PATH,
        req(
            "from",
            Ty::Place,
            "The folder whose secrets are seen as well: `{ environment = \"prod\", path = \"/shared\" }`.",
        ),
        opt(
            "position",
            Ty::Integer(1, 10_000),
            "Where it stands among the imports of its folder that say so too: the smaller number first. Of two that have a key, the later one counts.",
        ),
    ],
    doc: "Makes a folder see the secrets of another one of the same project.",
    ..PLAIN
};

/// All blocks that may stand at the top of a file.
pub static TOP: &[&Form] = &[
    &Form {
        word: "keyform",
        attrs: &[
            opt("required_version", Ty::String, "Versions of keyform that may be used: `>= 0.1, < 1.0`, `~> 0.3`."),
            opt("parallelism", Ty::Integer(1, 256), "Most changes under way at once."),
            opt(
                "snapshot_keys",
                Ty::Strings,
                "Whose snapshots `plan --snapshot` takes: public keys that `keyform snapshot keygen FILE` printed.",
            ),
        ],
        blocks: &[&settings::LEDGER, &settings::UNDO],
        count: Count::One,
        doc: "Settings of keyform itself.",
        ..PLAIN
    },
    &Form {
        word: "backend",
        labels: &["type"],
        attrs: &[opt(
            "url",
            Ty::String,
            "Its address, with or without `/api`. Without it `INFISICAL_HOST` says it, or it is Infisical Cloud (`https://app.infisical.com`); for `hanzo-kms`, `HANZO_KMS_URL` must. `embedded` takes none.",
        )],
        blocks: &[&Form {
            word: "auth",
            labels: &["method"],
            open: Open::Login,
            count: Count::One,
            doc: "How to log in. Without this block the environment says it: see below.",
            ..PLAIN
        }],
        count: Count::One,
        doc: "The secrets platform: `embedded` (the default), `infisical` or `hanzo-kms`.",
        ..PLAIN
    },
    &Form {
        word: "guard",
        attrs: &[
            opt(
                "max_deletes",
                Ty::Integer(0, 1_000_000),
                "Most deletes of one destination or project before `mass-delete` is a hazard; 10 by default.",
            ),
            opt("max_delete_percent", Ty::Integer(0, 100), "The same in percent of what it holds; 30 by default."),
            opt("allow", Ty::Strings, "Hazards that are accepted everywhere, by name."),
        ],
        count: Count::One,
        doc: "How much may be deleted at once, and which hazards are accepted.",
        ..PLAIN
    },
    &Form {
        word: "rule",
        labels: &["name"],
        attrs: &[
            req("match", Ty::String, "The kind of resource that it is about, such as `\"secret_sync\"`."),
            opt("when", Ty::Condition, "Which of them are meant, by what `self` is; all by default."),
            req("require", Ty::Condition, "What must be true of each of them."),
            req("message", Ty::String, "What to say where it is not; may use `self` as well."),
        ],
        doc: "What the configuration wants of its own resources. `self` is the resource: its attributes as they are written, null where they are not set, its blocks as objects, `self.labels` and `self.address`. A resource that does not meet it is the hazard `rule`.",
        ..PLAIN
    },
    &notify::NOTIFY,
    &Form {
        word: "variable",
        labels: &["name"],
        attrs: &[
            opt(
                "type",
                Ty::Type,
                "What it holds: `string`, `number`, `bool`, `any`, `list(T)`, `set(T)`, `map(T)`, `object({…})`; anything by default.",
            ),
            opt("default", Ty::Any, "Its value if nothing sets it. Without a default it must be set."),
            opt("description", Ty::String, "What it is for."),
            opt("sensitive", Ty::Bool, "Its value is a secret: it can only be used where a secret can."),
        ],
        blocks: &[&Form {
            word: "validation",
            attrs: &[
                req("condition", Ty::Condition, "Must be true; may use the variable itself and others."),
                req("error_message", Ty::String, "What to say if it is not."),
            ],
            doc: "A rule for its value.",
            ..PLAIN
        }],
        doc: "A value that is given from outside: `var.name`.",
        ..PLAIN
    },
    &Form { word: "locals", open: Open::Names, doc: "Names for expressions: `local.name`.", ..PLAIN },
    &Form {
        word: "output",
        labels: &["name"],
        attrs: &[req("value", Ty::Any, "Its value; never a secret."), opt("description", Ty::String, "What it is.")],
        doc: "A value that is shown at the end.",
        ..PLAIN
    },
    &outward::PROJECT_TEMPLATE,
    &Form {
        word: "project",
        labels: &["name"],
        kind: Some(Kind::Project),
        attrs: &[
            opt(
                "slug",
                Ty::String,
                "What it is called in references, unique in the organisation; the label by default.",
            ),
            opt("name", Ty::String, "What people see; the label by default."),
            opt(
                "type",
                Ty::OneOf(outward::TYPES),
                "The product that it is for; `secret-manager` by default. Can't be changed.",
            ),
            opt(
                "template",
                Ty::NameOf(Kind::ProjectTemplate),
                "The template that it is made from. Counts when it is made; can't be changed.",
            ),
            opt(
                "delete_protection",
                Ty::Bool,
                "Whether the backend refuses to delete it: to take it away, set this to `false` and apply first.",
            ),
            opt("auto_capitalization", Ty::Bool, "Whether the web page capitalises keys."),
            opt("pit_version_limit", Ty::Integer(1, 100), "How many old versions of a secret are kept."),
            opt(
                "audit_logs_retention_days",
                Ty::Integer(0, 100_000),
                "How many days audit logs are kept; the organisation's plan may allow less.",
            ),
            opt("secret_sharing", Ty::Bool, "Whether its secrets can be shared from the web page."),
            opt("show_snapshots_legacy", Ty::Bool, "Whether the web page shows snapshots as it did once."),
            opt(
                "secret_detection_ignore_values",
                Ty::Strings,
                "Values that count as no leak wherever they are found; no secrets.",
            ),
        ],
        blocks: &[
            &ENVIRONMENT_FORM,
            &FOLDER,
            &TAG,
            &access::PROJECT_ROLE,
            &access::PROJECT_IDENTITY,
            &SECRET,
            &SECRET_IMPORT,
            &outward::WEBHOOK,
            &native::NATIVE_INTEGRATION,
        ],
        doc: "A project.",
        ..PLAIN
    },
    &ENVIRONMENT_FORM,
    &FOLDER,
    &TAG,
    &access::PROJECT_ROLE,
    &access::IDENTITY,
    &access::PROJECT_IDENTITY,
    &SECRET,
    &SECRET_IMPORT,
    &outward::WEBHOOK,
    &native::NATIVE_INTEGRATION,
    &Form {
        word: "app_connection",
        labels: &["app", "name"],
        kind: Some(Kind::AppConnection),
        attrs: &[
            opt(
                "name",
                Ty::String,
                "Its name; by default the label with dashes for underscores, and the instance's key.",
            ),
            opt("method", Ty::String, "How to connect. May be left out where the app has one way only."),
            opt("project", Ty::Ref(Kind::Project), "The project that it is for; by default the whole organisation's."),
            opt(
                "gateway",
                Ty::String,
                "The gateway that the backend reaches the service through, by its name or id. Which apps can have one is the backend's matter.",
            ),
        ],
        open: Open::Connection,
        doc: "Credentials for a third-party app. The other attributes are the ones of the app's method.",
        ..PLAIN
    },
    &Form {
        word: "key_schema",
        labels: &["name"],
        kind: Some(Kind::KeySchema),
        attrs: &[
            opt(
                "template",
                Ty::String,
                "The key at the destination: text with `{{secretKey}}` once and `{{environment}}` where wanted.",
            ),
            opt("prefix", Ty::String, "Instead of a template: what stands before the key."),
            opt("suffix", Ty::String, "Instead of a template: what stands after the key."),
        ],
        doc: "How keys are named at a destination.",
        ..PLAIN
    },
    &Form {
        word: "secret_sync",
        labels: &["destination", "name"],
        kind: Some(Kind::SecretSync),
        attrs: &[
            opt(
                "name",
                Ty::String,
                "Its name; by default the label with dashes for underscores, and the instance's key.",
            ),
            PROJECT,
            ENVIRONMENT,
            PATH,
            req("connection", Ty::Ref(Kind::AppConnection), "The credentials for the destination."),
            opt(
                "key_schema",
                Ty::Template,
                "How keys are named at the destination: a `key_schema`, or a template. As they are by default.",
            ),
            opt(
                "initial_sync",
                Ty::OneOf(&["overwrite-destination", "import-prioritize-source", "import-prioritize-destination"]),
                "What the first sync does with what the destination holds; `overwrite-destination` by default.",
            ),
            opt("disable_secret_deletion", Ty::Bool, "Never delete keys at the destination."),
            opt(
                "auto_sync",
                Ty::Bool,
                "Whether the backend syncs by itself when a secret changes; it does by default.",
            ),
            opt(
                "run",
                Ty::OneOf(&["backend", "keyform"]),
                "Who writes: the backend's sync (the default), or keyform itself.",
            ),
            opt(
                "on_delete",
                Ty::OneOf(&["keep", "remove"]),
                "What becomes of the keys at the destination when the sync is deleted; they are kept by default.",
            ),
            opt("timeout", Ty::Integer(1, 86_400), "Seconds to wait for a run of the backend; 300 by default."),
        ],
        blocks: &[
            &Form {
                word: "destination",
                open: Open::Destination,
                count: Count::One,
                doc: "Where the secrets go.",
                ..PLAIN
            },
            &Form {
                word: "options",
                open: Open::Options,
                count: Count::One,
                doc: "Options that only this destination has.",
                ..PLAIN
            },
        ],
        doc: "Pushes the secrets of a folder to a destination.",
        ..PLAIN
    },
    &reuse::DATA_FORM,
    &reuse::MODULE,
    &reuse::IMPORT,
    &history::MOVED,
    &history::REMOVED,
];

/// How bad an event is, in PagerDuty's words.
pub(crate) const SEVERITIES: &[&str] = &["critical", "error", "warning", "info"];

/// Attributes that only a backend knows.
pub static COMPUTED: &[&str] = &[
    "id",
    "version",
    "created_at",
    "updated_at",
    "createdAt",
    "updatedAt",
    "org_id",
    "last_synced_at",
    "sync_status",
    "status",
];

/// The form of a block at the top of a file.
#[must_use]
pub fn top(word: &str) -> Option<&'static Form> {
    TOP.iter().copied().find(|form| form.word == word)
}

impl Form {
    /// An attribute by name, the ones of every resource included.
    #[must_use]
    pub fn attr(&self, name: &str) -> Option<&'static Attribute> {
        self.attrs().find(|attr| attr.name == name)
    }

    /// All attributes, the block's own first, then the ones of every resource.
    pub fn attrs(&self) -> impl Iterator<Item = &'static Attribute> {
        let meta: &[Attribute] = if self.kind.is_some() { META } else { &[] };
        self.attrs.iter().chain(meta)
    }

    /// All blocks that may stand in it.
    pub fn blocks(&self) -> impl Iterator<Item = &'static Form> {
        let meta: &[&Form] = if self.kind.is_some() { META_BLOCKS } else { &[] };
        self.blocks.iter().chain(meta).copied()
    }

    /// A block inside of it by its word.
    #[must_use]
    pub fn block(&self, word: &str) -> Option<&'static Form> {
        self.blocks().find(|form| form.word == word)
    }
}
