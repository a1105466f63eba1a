//! Signers: a request in, a signed request out. [`aws`], [`chef`], [`gcp`] and [`oci`] sign, [`credentials`] finds what
//! to sign with, [`rsa`] is what most of them sign by.

pub mod aws;
pub mod chef;
pub mod credentials;
pub mod gcp;
pub mod oci;
pub mod rsa;

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::Request;
use crate::http::client::Client;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::provider::manifest;
use crate::secret::Secret;

/// How a session signs.
pub enum Signer {
    /// Headers do.
    None,
    /// AWS Signature Version 4.
    Aws(aws::Aws),
    /// Chef's own, of a user.
    Chef(chef::Chef),
    /// The machine's own token, where a request has none.
    Gcp(gcp::Gcp),
    /// Oracle's own, of a user.
    Oci(oci::Oci),
}

impl Signer {
    /// The signer that a manifest names, with a connection's credentials. Nothing is sent yet.
    ///
    /// # Errors
    /// The connection lacks an input.
    pub fn open(
        kind: Option<manifest::Signer>,
        method: &str,
        inputs: &Attrs,
        client: &Client,
    ) -> Result<Self, Diagnostic> {
        Ok(match kind {
            None => Self::None,
            Some(manifest::Signer::Aws) => Self::Aws(aws::Aws::open(method, inputs, client)?),
            Some(manifest::Signer::Chef) => Self::Chef(chef::Chef::open(inputs)?),
            Some(manifest::Signer::Gcp) => Self::Gcp(gcp::Gcp::new(client)),
            Some(manifest::Signer::Oci) => Self::Oci(oci::Oci::open(inputs)?),
        })
    }

    /// The request, signed.
    ///
    /// # Errors
    /// There are no credentials, or they are refused.
    pub async fn sign(&self, request: Request) -> Result<Request, Diagnostic> {
        match self {
            Self::None => Ok(request),
            Self::Aws(aws) => aws.sign(request).await,
            Self::Chef(chef) => chef.sign(request),
            Self::Gcp(gcp) => gcp.sign(request).await,
            Self::Oci(oci) => oci.sign(request),
        }
    }
}

/// An input of a connection as a text.
fn input(inputs: &Attrs, name: &str) -> Result<Secret, Diagnostic> {
    match inputs.get(name) {
        Some(Value::Secret(secret)) => Ok(secret.clone()),
        Some(Value::String(text)) => Ok(Secret::new(text.to_string())),
        _ => Err(Diagnostic::error(&codes::NO_CREDENTIALS, format!("The connection lacks `{name}`."))),
    }
}

/// The problem that a connection's `private_key` is none.
fn no_key() -> Diagnostic {
    Diagnostic::error(&codes::NO_CREDENTIALS, "The connection's `private_key` is no RSA key as PEM.")
        .help("keys with a passphrase are not supported: remove it with `openssl rsa`")
}

/// A PEM whose line breaks may have become `\\n` in an environment variable.
fn pem(key: &Secret) -> Secret {
    Secret::new(key.expose().replace("\\n", "\n"))
}
