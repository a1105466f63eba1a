//! Values that must never be seen.
//!
//! Lives here: [`Secret`], the one type that carries a secret value, and [`Fingerprint`], the keyed
//! digest that stands for it wherever people or files can look. Neither the type nor its errors ever
//! show the value: `Debug` prints `•••`, there is no `Display` and no `Serialize`, memory is wiped on
//! drop. [`seal`] makes of many of them bytes that few can read, [`sign`] tells whose bytes are, and [`blot`] takes them out of what others say.
//! Reading a secret from somewhere does not live here.

pub mod blot;
pub mod seal;
pub mod sign;

use hmac::Hmac;
use hmac::Mac;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A secret value: UTF-8 text, wiped when the last clone is dropped. Clones share one allocation.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes ownership of a secret text.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(Arc::new(Zeroizing::new(value)))
    }

    /// The value itself. Every call is a place to audit: it may go into a request body, a header, a
    /// destination file or a keyed hash, and nowhere else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the value is the empty text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// A keyed digest of a value at an address: equal values at one address have equal fingerprints, and
/// without the key nothing can be learnt from one. HMAC-SHA-256 truncated to 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// All 32 hexadecimal digits, for files.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// The first 8 hexadecimal digits, for people.
    #[must_use]
    pub fn short(self) -> String {
        hex::encode(&self.0[..4])
    }

    /// Reads what [`Fingerprint::to_hex`] wrote; `None` if it is anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.short())
    }
}

/// The key of all fingerprints of one ledger: 32 random bytes, kept apart from the ledger.
#[derive(Clone)]
pub struct FingerprintKey {
    bytes: Arc<Zeroizing<[u8; 32]>>,
    /// What moved keeps the name under which its fingerprints were made: those by address.
    names: Arc<BTreeMap<String, Arc<str>>>,
    /// Whether nobody keeps it.
    passing: bool,
    /// Where the values are stand-ins: the fingerprints of what they stand for, by theirs.
    known: Arc<BTreeMap<Fingerprint, Fingerprint>>,
}

impl FingerprintKey {
    /// A new random key.
    #[must_use]
    pub fn generate() -> Self {
        Self {
            bytes: Arc::new(Zeroizing::new(rand::random())),
            names: Arc::default(),
            passing: false,
            known: Arc::default(),
        }
    }

    /// A new random key for one run, which keeps it nowhere.
    #[must_use]
    pub fn passing() -> Self {
        Self { passing: true, ..Self::generate() }
    }

    /// Whether the fingerprints of another run are others.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.passing
    }

    /// Reads 64 hexadecimal digits, surrounding white space ignored.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).ok()?;
        Some(Self { bytes: Arc::new(bytes), names: Arc::default(), passing: false, known: Arc::default() })
    }

    /// The 64 hexadecimal digits to be stored in a file that only its owner may read.
    #[must_use]
    pub fn to_hex(&self) -> Secret {
        Secret::new(hex::encode(self.bytes.as_slice()))
    }

    /// The same key for a ledger in which some things have moved: the names of their fingerprints, by address.
    #[must_use]
    pub fn with_names(self, names: BTreeMap<String, Arc<str>>) -> Self {
        Self { names: Arc::new(names), ..self }
    }

    /// The key of stand-ins: what one stands for has the fingerprint that another key, which nobody has here, gave it;
    /// `passing` is whether anybody keeps that one.
    #[must_use]
    pub fn with_known(self, known: BTreeMap<Fingerprint, Fingerprint>, passing: bool) -> Self {
        Self { passing, known: Arc::new(known), ..self }
    }

    /// The name under which fingerprints at an address are made: mostly the address itself.
    #[must_use]
    pub fn name<'a>(&'a self, address: &'a str) -> &'a str {
        self.names.get(address).map_or(address, |name| name)
    }

    /// The fingerprint of `value` at `address`. The same value at two addresses has two unrelated
    /// fingerprints, so nobody can see that two secrets are equal.
    #[must_use]
    pub fn fingerprint(&self, address: &str, value: &[u8]) -> Fingerprint {
        // A key of 32 bytes is always accepted: HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(self.bytes.as_slice()) else {
            unreachable!("HMAC takes keys of any length")
        };
        mac.update(self.name(address).as_bytes());
        mac.update(&[0]);
        mac.update(value);
        let digest = mac.finalize().into_bytes();
        let mut out = [0; 16];
        out.copy_from_slice(&digest[..16]);
        let own = Fingerprint(out);
        self.known.get(&own).copied().unwrap_or(own)
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey(•••)")
    }
}
