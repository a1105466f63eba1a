//! What requests are signed with. For AWS the connection's access key, or a role assumed with the machine's own
//! credentials ([`crate::http::ambient`]); for Google Cloud the machine's own. Reads the environment, files of the user
//! and the clock; signing itself does not.
//!
//! `KEYFORM_AWS_EXTERNAL_ID` is the external id that a role's trust policy may ask for.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::attrs::Attrs;
use crate::provider::sign;
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
        let input = |name: &str| sign::input(inputs, name);
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

/// What Google's own tools would take as the machine's credentials: the file that `GOOGLE_APPLICATION_CREDENTIALS`
/// names, or the one that `gcloud auth application-default login` writes. None: ask the metadata service.
///
/// # Errors
/// The file is named and can't be read.
pub fn google() -> Result<Option<Secret>, Diagnostic> {
    let named = std::env::var_os("GOOGLE_APPLICATION_CREDENTIALS").filter(|path| !path.is_empty());
    let usual = std::env::home_dir().map(|home| home.join(".config/gcloud/application_default_credentials.json"));
    let Some(path) = named.clone().map(Into::into).or(usual) else { return Ok(None) };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(Secret::new(text))),
        Err(_) if named.is_none() => Ok(None),
        Err(error) => {
            let detail = format!("`GOOGLE_APPLICATION_CREDENTIALS` names a file that can't be read: {}.", error.kind());
            Err(Diagnostic::error(&codes::NO_CREDENTIALS, detail))
        }
    }
}

/// Where Google's machines find the metadata service; `GCE_METADATA_HOST` names another, as for Google's own
/// libraries.
#[must_use]
pub fn google_metadata() -> String {
    let named = std::env::var("GCE_METADATA_HOST").ok().filter(|host| !host.is_empty());
    named.unwrap_or_else(|| "169.254.169.254".to_owned())
}
