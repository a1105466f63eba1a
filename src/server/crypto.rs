//! Sealing what must not lie in the open: envelope encryption with AES-256-GCM.
//!
//! A random data key seals values; the root key from the key file seals the data key. Sealed bytes are a
//! random nonce of 12 bytes, then cipher text and tag. Each is bound to its place (table, column, id), so
//! bytes that were moved to another row do not open. Keeping keys in files does not live here.

use aes_gcm::Aes256Gcm;
use aes_gcm::KeyInit;
use aes_gcm::aead::Aead;
use aes_gcm::aead::Payload;
use hmac::Hmac;
use hmac::Mac;
use zeroize::Zeroizing;

const NONCE: usize = 12;

/// A key of 32 bytes, wiped on drop.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// Sealed bytes that do not open: another key, another place, or damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unopened;

/// Seals and opens with one key.
#[derive(Clone)]
pub(crate) struct Vault {
    cipher: Aes256Gcm,
    /// For digests of tokens and client secrets.
    digests: Hmac<sha2::Sha256>,
}

impl Vault {
    /// With a key.
    pub(crate) fn new(key: &Key) -> Self {
        let mut derive = hmac(key.as_slice());
        derive.update(b"keyform digests of tokens");
        let digests = hmac(&Zeroizing::new(derive.finalize().into_bytes()));
        Self { cipher: Aes256Gcm::new(key.as_slice().into()), digests }
    }

    /// Seals bytes for a place.
    pub(crate) fn seal(&self, place: &str, bytes: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let sealed = self.cipher.encrypt(&nonce.into(), Payload { msg: bytes, aad: place.as_bytes() });
        let Ok(sealed) = sealed else { unreachable!("AES-GCM seals up to 64 GiB, and a request has 1 MiB") };
        let mut out = Vec::with_capacity(NONCE + sealed.len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens what was sealed for a place.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(Unopened)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        self.cipher.decrypt(nonce.into(), payload).map(Zeroizing::new).map_err(|_| Unopened)
    }

    /// Seals a text for a place.
    pub(crate) fn seal_text(&self, place: &str, text: &str) -> Vec<u8> {
        self.seal(place, text.as_bytes())
    }

    /// Opens a text that was sealed for a place.
    pub(crate) fn open_text(&self, place: &str, sealed: &[u8]) -> Result<String, Unopened> {
        let mut bytes = self.open(place, sealed)?;
        String::from_utf8(std::mem::take(&mut *bytes)).map_err(|_| Unopened)
    }

    /// A digest of a token or a client secret, useless without the key.
    pub(crate) fn digest(&self, text: &str) -> [u8; 32] {
        let mut mac = self.digests.clone();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Whether a text has a digest; takes the same time whatever it is.
    pub(crate) fn has_digest(&self, text: &str, digest: &[u8]) -> bool {
        let mut mac = self.digests.clone();
        mac.update(text.as_bytes());
        mac.verify_slice(digest).is_ok()
    }
}

fn hmac(key: &[u8]) -> Hmac<sha2::Sha256> {
    match <Hmac<sha2::Sha256> as Mac>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length"),
    }
}

/// A new random key.
pub(crate) fn new_key() -> Key {
    Zeroizing::new(rand::random())
}
