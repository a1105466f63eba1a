//! Addresses: the names of resources and entries, as plans, `--target` and the ledger write them.
//!
//! The grammar is `segment ("." segment)*` with `segment = kind "." name key?`; a name that is no
//! identifier is written `["name"]` after the kind, an instance key `["key"]` after the name:
//! `project.payments`, `project.payments.folder["/api"]["dev"]`, `secret_sync.web["prod"].entry["DB_URL"]`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::LazyLock;

/// One step of an address.
#[derive(Debug, Clone, Hash)]
#[expect(clippy::derived_hash_with_manual_eq, reason = "equal texts are equal, and only found to be so faster")]
pub struct Segment {
    /// The kind of block: `project`, `environment`, `secret_sync` … or `entry`.
    pub kind: Arc<str>,
    /// The label.
    pub name: Arc<str>,
    /// The key of a `for_each` instance.
    pub key: Option<Arc<str>>,
}

impl Ord for Segment {
    fn cmp(&self, other: &Self) -> Ordering {
        // Entries of one sync share the texts above them, and there are many.
        let texts =
            |one: &Arc<str>, other: &Arc<str>| if Arc::ptr_eq(one, other) { Ordering::Equal } else { one.cmp(other) };
        let keys = || match (&self.key, &other.key) {
            (Some(one), Some(other)) => texts(one, other),
            (one, other) => one.is_some().cmp(&other.is_some()),
        };
        texts(&self.kind, &other.kind).then_with(|| texts(&self.name, &other.name)).then_with(keys)
    }
}

impl PartialOrd for Segment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Segment {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Segment {}

/// The name of a resource, or of an entry below its sync. Immutable; ordered by its segments.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    segments: Arc<[Segment]>,
}

/// The kind of a segment that stands for a module.
pub const MODULE: &str = "module";

/// What the kind of something that is only looked up begins with: `data.project`.
pub const DATA: &str = "data";

/// The kind of the last segment of an entry's address.
pub const ENTRY: &str = "entry";

impl Address {
    /// A top-level address without an instance key.
    #[must_use]
    pub fn new(kind: &str, name: &str) -> Self {
        Self { segments: Arc::new([Segment { kind: kind.into(), name: name.into(), key: None }]) }
    }

    /// The same address as an instance of a `for_each`.
    #[must_use]
    pub fn instance(&self, key: &str) -> Self {
        let mut segments = self.segments.to_vec();
        if let Some(last) = segments.last_mut() {
            last.key = Some(key.into());
        }
        Self { segments: segments.into() }
    }

    /// The same address without the instance key of its last segment.
    #[must_use]
    pub fn without_key(&self) -> Self {
        let mut segments = self.segments.to_vec();
        if let Some(last) = segments.last_mut() {
            last.key = None;
        }
        Self { segments: segments.into() }
    }

    /// The same address without any instance key: what its block declares.
    #[must_use]
    pub fn without_keys(&self) -> Self {
        let segments = self.segments.iter().map(|segment| Segment { key: None, ..segment.clone() });
        Self { segments: segments.collect() }
    }

    /// The address of something nested in this one.
    #[must_use]
    pub fn child(&self, kind: &str, name: &str) -> Self {
        self.with(Segment { kind: kind.into(), name: name.into(), key: None })
    }

    /// The same address in a module.
    #[must_use]
    pub fn below(&self, module: &Address) -> Self {
        Self { segments: module.segments.iter().chain(&*self.segments).cloned().collect() }
    }

    /// The address of an entry of this sync.
    #[must_use]
    pub fn entry(&self, key: &str) -> Self {
        // Of these there are millions, and they share the word.
        static KIND: LazyLock<Arc<str>> = LazyLock::new(|| ENTRY.into());
        self.with(Segment { kind: Arc::clone(&KIND), name: key.into(), key: None })
    }

    fn with(&self, last: Segment) -> Self {
        Self { segments: self.segments.iter().cloned().chain([last]).collect() }
    }

    /// The address that this one is nested in; `None` at the top.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.segments.split_last()?;
        (!rest.is_empty()).then(|| Self { segments: rest.into() })
    }

    /// The kind of the last segment.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.last().map_or("", |s| &s.kind)
    }

    /// The label of the last segment.
    #[must_use]
    pub fn name(&self) -> &str {
        self.last().map_or("", |s| &s.name)
    }

    /// The instance key of the last segment.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.last().and_then(|s| s.key.as_deref())
    }

    /// The key at the destination, if this is an entry's address.
    #[must_use]
    pub fn entry_key(&self) -> Option<&str> {
        (self.kind() == ENTRY).then(|| self.name())
    }

    /// The resource: the sync of an entry, or the address itself.
    #[must_use]
    pub fn resource(&self) -> Self {
        match self.entry_key() {
            Some(_) => self.parent().unwrap_or_else(|| self.clone()),
            None => self.clone(),
        }
    }

    /// All steps, the outermost first; never empty.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether this address is `other`, an instance of it, or nested in it.
    #[must_use]
    pub fn is_within(&self, other: &Address) -> bool {
        let Some((last, init)) = other.segments.split_last() else { return false };
        let n = init.len();
        self.segments.len() > n
            && self.segments[..n] == *init
            && self.segments[n].kind == last.kind
            && self.segments[n].name == last.name
            && (last.key.is_none() || self.segments[n].key == last.key)
    }

    /// What this address becomes when `from` is called `to`: the same for what is nested in it. Without keys
    /// on either side all instances follow, else only the one that is named. `None` if it is not meant.
    #[must_use]
    pub fn renamed(&self, from: &Address, to: &Address) -> Option<Self> {
        let (last, init) = from.segments.split_last()?;
        let (new, above) = to.segments.split_last()?;
        let (own, rest) = self.segments.get(init.len()..)?.split_first()?;
        let is_whole = last.key.is_none() && new.key.is_none();
        let is_meant = self.segments.starts_with(init)
            && (&own.kind, &own.name) == (&last.kind, &last.name)
            && (is_whole || own.key == last.key);
        let key = if is_whole { own.key.clone() } else { new.key.clone() };
        let renamed = Segment { key, ..new.clone() };
        is_meant
            .then(|| Self { segments: above.iter().cloned().chain([renamed]).chain(rest.iter().cloned()).collect() })
    }

    fn last(&self) -> Option<&Segment> {
        self.segments.last()
    }
}

/// Whether a name can be written without quotes.
#[must_use]
pub fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.segments.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            f.write_str(&segment.kind)?;
            if is_identifier(&segment.name) {
                write!(f, ".{}", segment.name)?;
            } else {
                write_quoted(f, &segment.name)?;
            }
            if let Some(key) = &segment.key {
                write_quoted(f, key)?;
            }
        }
        Ok(())
    }
}

/// `["text"]`, with the escapes that [`Address::from_str`] reads: quotes, backslashes and everything
/// that could break a line or move a cursor.
fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("[\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"]")
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no address. Says at which byte reading stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnAddress {
    /// Byte offset in the text.
    pub at: usize,
}

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let mut reader = Reader { text, at: 0 };
        let mut segments = Vec::new();
        loop {
            let mut kind = reader.identifier()?;
            if kind == DATA && reader.eat(".") {
                kind = format!("{DATA}.{}", reader.identifier()?);
            }
            let name = if reader.eat(".") { reader.identifier()? } else { reader.quoted()?.ok_or(reader.stop())? };
            let key = reader.quoted()?;
            segments.push(Segment { kind: kind.into(), name: name.into(), key: key.map(Into::into) });
            if reader.at == text.len() {
                return Ok(Self { segments: segments.into() });
            }
            if !reader.eat(".") {
                return Err(reader.stop());
            }
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn stop(&self) -> NotAnAddress {
        NotAnAddress { at: self.at }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn identifier(&mut self) -> Result<String, NotAnAddress> {
        let rest = self.rest();
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        if !is_identifier(&name) {
            return Err(self.stop());
        }
        self.at += end;
        Ok(name)
    }

    fn quoted(&mut self) -> Result<Option<String>, NotAnAddress> {
        if !self.eat("[\"") {
            return Ok(None);
        }
        let mut out = String::new();
        loop {
            if self.eat("\"]") {
                return Ok(Some(out));
            }
            if self.eat("\\u{") {
                let rest = self.rest();
                let end = rest.find('}').ok_or(self.stop())?;
                let code = u32::from_str_radix(&rest[..end], 16).ok().and_then(char::from_u32).ok_or(self.stop())?;
                out.push(code);
                self.at += end + 1;
                continue;
            }
            self.eat("\\");
            let c = self.rest().chars().next().ok_or(self.stop())?;
            out.push(c);
            self.at += c.len_utf8();
        }
    }
}
