//! Signers: a request in, a signed request out. [`aws`] signs, [`credentials`] finds what to sign with.

pub mod aws;
pub mod credentials;

use crate::diag::Diagnostic;
use crate::http::Request;
use crate::http::client::Client;
use crate::model::attrs::Attrs;
use crate::provider::manifest;

/// How a session signs.
pub enum Signer {
    /// Headers do.
    None,
    /// AWS Signature Version 4.
    Aws(aws::Aws),
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
        }
    }
}
