//! Signatures: who has the private key can sign, who has the public one can tell. Ed25519; both keys are 64 hexadecimal
//! digits.

use crate::secret::Secret;
use ed25519_dalek::Signature;
use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;
use ed25519_dalek::VerifyingKey;
use std::fmt;
use zeroize::Zeroizing;

/// A private key. `Debug` shows nothing of it.
pub struct Signer(SigningKey);

/// A public key.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier(VerifyingKey);

impl Signer {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(rand::random());
        Self(SigningKey::from_bytes(&seed))
    }

    /// Reads what [`Signer::to_hex`] gives, white space around it ignored; `None` if it is anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), seed.as_mut_slice()).ok()?;
        Some(Self(SigningKey::from_bytes(&seed)))
    }

    /// The key itself, for a file that only its owner may read.
    #[must_use]
    pub fn to_hex(&self) -> Secret {
        Secret::new(hex::encode(self.0.to_bytes()))
    }

    /// Its public key.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier(self.0.verifying_key())
    }

    /// Signs, as hexadecimal digits.
    #[must_use]
    pub fn sign(&self, text: &[u8]) -> String {
        hex::encode(self.0.sign(text).to_bytes())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(•••)")
    }
}

impl Verifier {
    /// Reads 64 hexadecimal digits; `None` if they are no key, or one that any signature would do for.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).ok()?;
        VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak()).map(Self)
    }

    /// The 64 digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0.to_bytes())
    }

    /// Whether the owner of the private key signed exactly this.
    #[must_use]
    pub fn verifies(&self, text: &[u8], signature: &str) -> bool {
        let mut bytes = [0; 64];
        hex::decode_to_slice(signature, &mut bytes).is_ok()
            && self.0.verify_strict(text, &Signature::from_bytes(&bytes)).is_ok()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}
