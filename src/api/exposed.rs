//! The only place where a [`Secret`] becomes JSON or is made from it: `#[serde(with = "crate::api::exposed")]`.

use crate::secret::Secret;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serializer;

/// Writes the value itself.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Takes a text.
///
/// # Errors
/// When it is no text.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// The same for a value that may be absent: add `default` and `skip_serializing_if = "Option::is_none"`.
pub mod option {
    use crate::secret::Secret;
    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serializer;

    /// Writes the value itself, or `null`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => serializer.serialize_str(secret.expose()),
            None => serializer.serialize_none(),
        }
    }

    /// Takes a text or `null`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
    }
}
