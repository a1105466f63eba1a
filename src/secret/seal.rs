//! Sealing: bytes that only the holders of certain keys can read, in the format of age
//! (<https://age-encryption.org/v1>), so that `age -d` opens them as well. Where sealed bytes are kept does not live
//! here.

use crate::secret::Secret;
use age::secrecy::ExposeSecret;
use std::fmt;
use std::io;
use std::io::Read;
use std::io::Write;
use zeroize::Zeroizing;

/// What the text of every identity begins with.
const MARK: &str = "AGE-SECRET-KEY-";

/// A public key: whoever has its identity can open what is sealed for it. `age1…`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient(age::x25519::Recipient);

impl Recipient {
    /// Reads `age1…`; `None` if it is anything else, also a key of another kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.trim().parse().ok().map(Self)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A private key.
#[derive(Clone)]
pub struct Identity(age::x25519::Identity);

impl Identity {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// Those of a file as `age-keygen` writes it: one a line, with comments and empty lines between them. `None` if
    /// a line is anything else, or there is none.
    #[must_use]
    pub fn all(text: &str) -> Option<Vec<Self>> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let all: Option<Vec<Self>> = lines.map(|line| line.parse().ok().map(Self)).collect();
        all.filter(|all| !all.is_empty())
    }

    /// Whether a text is meant to be one, or a file of them: then it is a secret, whatever else is wrong with it.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        let begins = |line: &str| line.trim().get(..MARK.len()).is_some_and(|start| start.eq_ignore_ascii_case(MARK));
        text.contains(MARK) || text.lines().any(begins)
    }

    /// Its public key.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    /// Its text, to be stored in a file that only its owner may read.
    #[must_use]
    pub fn to_text(&self) -> Secret {
        Secret::new(self.0.to_string().expose_secret().to_owned())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(•••)")
    }
}

/// Seals bytes for all of these, of whom there is at least one.
///
/// # Errors
/// There is nobody to seal them for.
pub fn seal(recipients: &[Recipient], plain: &[u8]) -> io::Result<Vec<u8>> {
    let all = recipients.iter().map(|recipient| &recipient.0 as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(all).map_err(io::Error::other)?;
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed)?;
    writer.write_all(plain)?;
    writer.finish()?;
    Ok(sealed)
}

/// Why sealed bytes can't be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// They are sealed for others.
    Others,
    /// They are not as they were written.
    Damaged,
}

/// Opens sealed bytes.
///
/// # Errors
/// None of the identities is one that they were sealed for, or they are damaged.
pub fn open(identities: &[Identity], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Closed> {
    let why = |error: age::DecryptError| match error {
        age::DecryptError::NoMatchingKeys => Closed::Others,
        _ => Closed::Damaged,
    };
    let decryptor = age::Decryptor::new_buffered(sealed).map_err(why)?;
    let all = identities.iter().map(|identity| &identity.0 as &dyn age::Identity);
    let mut reader = decryptor.decrypt(all).map_err(why)?;
    // As long as it can become, so that it never moves and leaves a copy behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len() + 32));
    reader.read_to_end(&mut plain).map_err(|_| Closed::Damaged)?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_each_recipient_and_nobody_else() {
        let (one, two, other) = (Identity::generate(), Identity::generate(), Identity::generate());
        let sealed = seal(&[one.recipient(), two.recipient()], b"canary-sealed").unwrap_or_default();
        for identity in [one, two] {
            assert_eq!(
                open(&[other.clone(), identity], &sealed).as_deref().map(Vec::as_slice),
                Ok(&b"canary-sealed"[..])
            );
        }
        assert_eq!(open(std::slice::from_ref(&other), &sealed), Err(Closed::Others));
        assert!(seal(&[], b"canary-sealed").is_err());
    }

    #[test]
    fn any_byte_that_differs_is_noticed() {
        let one = Identity::generate();
        let sealed = seal(&[one.recipient()], b"canary-sealed").unwrap_or_default();
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(open(std::slice::from_ref(&one), &damaged).is_err(), "byte {at}");
            assert!(open(std::slice::from_ref(&one), &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn identities_are_read_as_they_are_written_and_never_shown() {
        let one = Identity::generate();
        let text = one.to_text();
        let file = format!("# made by hand\n\n  {}  \n", text.expose());
        let read = Identity::all(&file).unwrap_or_default();
        assert_eq!(read.iter().map(Identity::recipient).collect::<Vec<_>>(), [one.recipient()]);
        assert_eq!(Recipient::parse(&one.recipient().to_string()), Some(one.recipient()));
        for meant in [text.expose(), &text.expose().to_lowercase(), &file, &format!("KEY={}", text.expose())] {
            assert!(Identity::is_meant(meant));
        }
        for other in [&*one.recipient().to_string(), "/home/me/age-secret-key-1.txt", ""] {
            assert!(!Identity::is_meant(other), "{other}");
        }
        assert_eq!(format!("{one:?}"), "Identity(•••)");
        for bad in ["", "# nothing", "age1qqq", "AGE-SECRET-KEY-1QQQ"] {
            assert!(Identity::all(bad).is_none(), "{bad}");
        }
    }
}
