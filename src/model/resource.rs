//! Resources: what a configuration declares, block by block.

use crate::diag::source::Span;
use crate::model::address::Address;
use crate::model::attrs::Attrs;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The kinds of resources, in the order in which a backend needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What new projects begin with; of the organisation.
    ProjectTemplate,
    /// A project.
    Project,
    /// An environment of a project.
    Environment,
    /// A folder in one environment of a project; declared once, expanded to one a environment.
    Folder,
    /// A tag of a project.
    Tag,
    /// What members of a project may do.
    ProjectRole,
    /// A machine identity of the organisation.
    Identity,
    /// An identity as a member of a project.
    ProjectIdentity,
    /// A secret in a folder.
    Secret,
    /// A folder that also sees the secrets of another one.
    SecretImport,
    /// Credentials for a third-party app.
    AppConnection,
    /// How keys are named at destinations. Lives in the configuration only: never planned.
    KeySchema,
    /// A folder whose secrets are pushed to a destination.
    SecretSync,
    /// An address that is called when secrets of a folder change.
    Webhook,
    /// The older way in which a backend pushes a folder, with credentials of its own.
    NativeIntegration,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 15] = [
        Kind::ProjectTemplate,
        Kind::Project,
        Kind::Environment,
        Kind::Folder,
        Kind::Tag,
        Kind::ProjectRole,
        Kind::Identity,
        Kind::ProjectIdentity,
        Kind::Secret,
        Kind::SecretImport,
        Kind::AppConnection,
        Kind::KeySchema,
        Kind::SecretSync,
        Kind::Webhook,
        Kind::NativeIntegration,
    ];

    /// The word for it in configurations and addresses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ProjectTemplate => "project_template",
            Self::Project => "project",
            Self::Environment => "environment",
            Self::Folder => "folder",
            Self::Tag => "tag",
            Self::ProjectRole => "project_role",
            Self::Identity => "identity",
            Self::ProjectIdentity => "project_identity",
            Self::Secret => "secret",
            Self::SecretImport => "secret_import",
            Self::AppConnection => "app_connection",
            Self::KeySchema => "key_schema",
            Self::SecretSync => "secret_sync",
            Self::Webhook => "webhook",
            Self::NativeIntegration => "native_integration",
        }
    }

    /// The kind that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What finds a thing of this kind again besides its project, environment and path: names of attributes.
    /// `None` for kinds that are found in ways of their own.
    #[must_use]
    pub fn names(self) -> Option<&'static [&'static str]> {
        match self {
            Self::ProjectRole => Some(&["slug"]),
            Self::Identity | Self::ProjectTemplate => Some(&["name"]),
            Self::ProjectIdentity => Some(&["identity"]),
            Self::Webhook => Some(&["environment", "path", "type"]),
            Self::NativeIntegration => Some(&["integration", "environment", "path"]),
            _ => None,
        }
    }

    /// Whether the organisation has it, not a project.
    #[must_use]
    pub fn is_of_organization(self) -> bool {
        matches!(self, Self::Identity | Self::ProjectTemplate)
    }

    /// The kind of the address of something that is only looked up, for kinds that can be.
    #[must_use]
    pub fn data_word(self) -> Option<&'static str> {
        match self {
            Self::Project => Some("data.project"),
            Self::AppConnection => Some("data.app_connection"),
            Self::Identity => Some("data.identity"),
            Self::SecretSync => Some("data.secret_sync"),
            _ => None,
        }
    }

    /// The kind of what an address names, also where it is only looked up.
    #[must_use]
    pub fn of(address: &Address) -> Option<Self> {
        let is_it = |kind: &Kind| kind.word() == address.kind() || kind.data_word() == Some(address.kind());
        Self::ALL.into_iter().find(is_it)
    }

    /// Whether the backend holds things of this kind, so that they are planned.
    #[must_use]
    pub fn is_planned(self) -> bool {
        self != Self::KeySchema
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The attribute that says whether a sync starts by itself.
pub const AUTO_SYNC: &str = "auto_sync";
/// The attribute of a connection that holds its credentials.
pub const CREDENTIALS: &str = "credentials";
/// The attribute of a connection that names what the backend reaches the service through.
pub const GATEWAY: &str = "gateway";
/// The attribute of a connection that says whether the backend changes the credentials itself.
pub const MANAGED: &str = "platform_managed_credentials";

/// One declared resource: an instance, with all expressions evaluated and defaults applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Its name.
    pub address: Address,
    /// What it is.
    pub kind: Kind,
    /// The first label where a kind has two: the app of a connection (`aws`), the destination of a sync
    /// (`aws-secrets-manager`); empty for all other kinds.
    pub slug: Arc<str>,
    /// Attributes by name. `null` means not set and is never stored. Which names a kind has is the table
    /// of `config::blocks`; references are [`crate::model::attrs::Value::Resource`].
    pub attrs: Attrs,
    /// What may be done to it.
    pub lifecycle: Lifecycle,
    /// Hazards allowed for this resource by name.
    pub allow: Vec<Arc<str>>,
    /// Where it was declared.
    pub origin: Origin,
}

/// The `lifecycle` block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lifecycle {
    /// Refuse every plan that deletes or replaces it.
    pub prevent_destroy: bool,
    /// Attributes whose difference is ignored.
    pub ignore: Vec<Arc<str>>,
}

impl Lifecycle {
    /// Whether the difference of an attribute, as a whole, is ignored.
    #[must_use]
    pub fn ignores(&self, name: &str) -> bool {
        self.ignore.iter().any(|ignored| **ignored == *name)
    }
}

/// Where a resource was declared, for labels of diagnostics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The header of its block: type and labels.
    pub block: Span,
    /// The value of each attribute that was written.
    pub attrs: BTreeMap<Arc<str>, Span>,
}

impl Resource {
    /// Whether it is only looked up: nothing of it is planned.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.kind.data_word() == Some(self.address.kind())
    }

    /// An attribute that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attrs.get(name)?.as_str()
    }

    /// Its place in a list, if it says so.
    #[must_use]
    pub fn position(&self) -> Option<i64> {
        match self.attrs.get("position")? {
            crate::model::attrs::Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// An attribute that refers to another resource.
    #[must_use]
    pub fn reference(&self, name: &str) -> Option<&Address> {
        match self.attrs.get(name)? {
            crate::model::attrs::Value::Resource(address) => Some(address),
            _ => None,
        }
    }
}
