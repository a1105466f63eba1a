//! Schemas: which inputs an app's connections and destinations take, and which keys and values a
//! destination accepts. Manifests declare them; `config`, the JSON schema, the reference pages and the
//! embedded backend read them.

use crate::model::attrs::Object;
use crate::model::attrs::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The type of an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Text.
    String,
    /// A path of this machine, from its root.
    Path,
    /// A text of a form that the vendor demands.
    Form(Form),
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// A list of one type.
    List(Box<Type>),
    /// A map from text to one type.
    Map(Box<Type>),
    /// The same, but only of these texts.
    Fields(Vec<Arc<str>>, Box<Type>),
    /// One of some texts.
    OneOf(Vec<Arc<str>>),
    /// Anything.
    Any,
}

/// A form that a vendor demands of a text, so that any other is known to be wrong before anything is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 32 hexadecimal digits in five groups.
    Uuid,
    /// An absolute address, `https://` or `http://`.
    Url,
    /// A name, an at sign, a domain.
    Email,
    /// Names between slashes, the first and the last of which are slashes.
    Hierarchy,
}

impl Form {
    /// All of them, with the words that manifests have for them.
    pub const ALL: [(&str, Form); 4] =
        [("uuid", Form::Uuid), ("url", Form::Url), ("email", Form::Email), ("hierarchy", Form::Hierarchy)];

    /// The word that manifests have for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, form)| *form == self).map_or("", |(word, _)| word)
    }

    /// What it is, in words that follow "takes".
    #[must_use]
    pub fn called(self) -> &'static str {
        match self {
            Self::Uuid => "a UUID, such as 3f0b7f4a-3333-4ccc-8ddd-000000000001",
            Self::Url => "an address that begins with https:// or http://",
            Self::Email => "an email address",
            Self::Hierarchy => "names between slashes, with one at both ends, such as /payments/prod/",
        }
    }

    /// Whether a text has this form.
    #[must_use]
    pub fn fits(self, text: &str) -> bool {
        let is_word = |word: &str| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c.is_control());
        match self {
            Self::Uuid => {
                let groups: Vec<&str> = text.split('-').collect();
                groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
                    && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
            }
            Self::Url => {
                let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
                rest.is_some_and(|rest| is_word(rest) && !rest.starts_with(['/', ':', '?', '#']))
            }
            Self::Hierarchy => {
                let is_name = |name: &str| {
                    let is_of_it = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
                    !name.is_empty() && name.chars().all(is_of_it)
                };
                let inner = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
                text == "/" || inner.is_some_and(|inner| inner.split('/').all(is_name))
            }
            Self::Email => text.rsplit_once('@').is_some_and(|(name, domain)| {
                is_word(name) && is_word(domain) && domain.contains('.') && !name.contains('@')
            }),
        }
    }
}

/// One input.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name in configurations.
    pub name: Arc<str>,
    /// Its name on the wire: the name in camelCase unless the manifest says otherwise.
    pub wire: Arc<str>,
    /// What it takes.
    pub ty: Type,
    /// Whether it must be given.
    pub required: bool,
    /// What it is when it is not given.
    pub default: Option<Value>,
    /// Whether it takes a secret source instead of plain text.
    pub sensitive: bool,
    /// The variants for which only a remote backend does what it says, of an option or a destination; empty for all.
    pub remote: Option<Vec<Arc<str>>>,
    /// Whether a backend never gives it back, although it is no secret.
    pub hidden: bool,
    /// One sentence for the reference page; may be empty.
    pub doc: Arc<str>,
}

impl Field {
    /// Whether keyform itself, and its embedded backend, can't do what this input says.
    #[must_use]
    pub fn is_remote_only(&self, variant: &str) -> bool {
        self.remote.as_ref().is_some_and(|only| only.is_empty() || only.iter().any(|name| **name == *variant))
    }
}

/// One way to connect to an app.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Method {
    /// Its inputs.
    pub fields: Vec<Field>,
    /// Inputs of the connection itself, beside its credentials.
    pub options: Vec<Field>,
    /// Whether the manifest knows a request that tells good credentials from bad ones.
    pub tried: bool,
    /// Whether it can only be made in the vendor's page: then it can be looked up, never declared.
    pub browser_only: bool,
}

impl Method {
    /// Everything that a declaration of it takes.
    pub fn inputs(&self) -> impl Iterator<Item = &Field> + Clone {
        self.fields.iter().chain(&self.options)
    }
}

/// An app: what its connections take.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// What users and the backend call it.
    pub slug: Arc<str>,
    /// The vendor's own name.
    pub title: Arc<str>,
    /// What there is to know about it, in paragraphs.
    pub about: Arc<str>,
    /// The vendor's documentation.
    pub docs: Arc<str>,
    /// When the facts were last checked, `YYYY-MM-DD`.
    pub verified: Arc<str>,
    /// Its methods by name.
    pub methods: BTreeMap<Arc<str>, Method>,
}

/// A destination: what its syncs take.
#[derive(Debug, Clone, PartialEq)]
pub struct Destination {
    /// What users and the backend call it.
    pub slug: Arc<str>,
    /// The app that its connection must be of.
    pub app: Arc<str>,
    /// The vendor's own name.
    pub title: Arc<str>,
    /// The input whose value picks the variant; `None` if there is one variant only, named ``.
    pub selector: Option<Arc<str>>,
    /// The selector's name on the wire.
    pub selector_wire: Option<Arc<str>>,
    /// Inputs and rules by the selector's value.
    pub variants: BTreeMap<Arc<str>, Variant>,
    /// Inputs of the sync's `options`.
    pub options: Vec<Field>,
    /// Whether a backend can import from it.
    pub can_import: bool,
}

impl Destination {
    /// The shape that inputs pick.
    #[must_use]
    pub fn variant(&self, inputs: &Object) -> Option<&Variant> {
        let picked = self.selector.as_ref().and_then(|name| inputs.get(name)).and_then(Value::as_str);
        self.variants.get(picked.unwrap_or(""))
    }
}

/// One shape of a destination.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Variant {
    /// Inputs of the `destination` block, besides the selector.
    pub fields: Vec<Field>,
    /// Whether values can be read back.
    pub readable: bool,
    /// Whether the key schema names the one container (a many-to-one secret) instead of the keys in it.
    pub schema_names_container: bool,
    /// What keys it takes.
    pub keys: KeyRules,
    /// What values it takes.
    pub values: ValueRules,
    /// Most entries that it holds.
    pub max_entries: Option<usize>,
    /// What credentials need at least, if the vendor says so.
    pub privileges: Option<Privileges>,
}

/// The least that credentials need for a destination to be read and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privileges {
    /// In the vendor's own words.
    pub needed: Vec<Arc<str>>,
    /// Where the vendor says so.
    pub source: Arc<str>,
    /// When that was read, `YYYY-MM-DD`.
    pub verified: Arc<str>,
}

/// What keys a destination takes, and how it writes them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRules {
    /// A regular expression that the whole key must match.
    pub matches: Option<Arc<str>>,
    /// Keys that it refuses: exact, or a prefix with `*`.
    pub reserved: Vec<Arc<str>>,
    /// How it changes letters.
    pub case: Case,
    /// Texts that it replaces by others before it stores a key.
    pub replace: Vec<(Arc<str>, Arc<str>)>,
    /// Most characters.
    pub max_length: Option<usize>,
}

impl KeyRules {
    /// Whether every key is stored as it is, and different ones are different there.
    #[must_use]
    pub fn keeps_letters(&self) -> bool {
        self.case == Case::Sensitive && self.replace.is_empty()
    }
}

/// How a destination changes the letters of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Case {
    /// Not at all: `a` and `A` are two keys.
    #[default]
    Sensitive,
    /// Kept as written, but `a` and `A` are one key.
    Insensitive,
    /// Stored as upper case.
    Upper,
    /// Stored as lower case.
    Lower,
}

/// What values a destination takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueRules {
    /// Most bytes.
    pub max_bytes: Option<usize>,
    /// Most characters.
    pub max_length: Option<usize>,
    /// Whether the empty value is taken.
    pub empty: bool,
}

impl Default for ValueRules {
    fn default() -> Self {
        Self { max_bytes: None, max_length: None, empty: true }
    }
}

/// All apps and destinations that are known.
#[derive(Debug, Clone, Default)]
pub struct Schemas {
    /// Apps by slug.
    pub apps: BTreeMap<Arc<str>, App>,
    /// Destinations by slug.
    pub destinations: BTreeMap<Arc<str>, Destination>,
}
