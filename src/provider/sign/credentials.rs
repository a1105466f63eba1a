//! What requests to AWS are signed with: the connection's access key, or a role assumed with the machine's
//! own credentials ([`crate::http::ambient`]). Reads the environment and the clock; signing itself does not.
//!
//! `KEYFORM_AWS_EXTERNAL_ID` is the external id that a role's trust policy may ask for.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::secret::Secret;
use aws_credential_types::Credentials;
use std::time::Duration;
use std::time::SystemTime;

/// What a connection says about its credentials.
#[derive(Debug, Clone)]
pub enum Origin {
    /// An access key.
    Key(Credentials),
    /// A role, assumed with the machine's own credentials.
    Role {
        /// Its ARN.
        arn: Secret,
        /// Where to ask for it, if not at the usual place.
        endpoint: Option<String>,
        /// What the role's trust policy may ask for.
        external_id: Option<String>,
    },
}

impl Origin {
    /// What the inputs of a connection say.
    ///
    /// # Errors
    /// An input is missing.
    pub fn new(method: &str, inputs: &Attrs) -> Result<Self, Diagnostic> {
        let input = |name: &str| match inputs.get(name) {
            Some(Value::Secret(secret)) => Ok(secret.clone()),
            Some(Value::String(text)) => Ok(Secret::new(text.to_string())),
            _ => Err(Diagnostic::error(&codes::NO_CREDENTIALS, format!("The connection lacks `{name}`."))),
        };
        if method == "assume-role" {
            return Ok(Self::Role {
                arn: input("role_arn")?,
                endpoint: input("sts_endpoint").ok().map(|text| text.expose().to_owned()),
                external_id: std::env::var("KEYFORM_AWS_EXTERNAL_ID").ok(),
            });
        }
        let (id, key) = (input("access_key_id")?, input("secret_access_key")?);
        Ok(Self::Key(Credentials::new(id.expose(), key.expose(), None, None, "connection")))
    }
}

/// Now, for signatures.
#[must_use]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// Whether credentials last another minute.
#[must_use]
pub fn last(credentials: &Credentials) -> bool {
    credentials.expiry().is_none_or(|end| end > now() + Duration::from_secs(60))
}
