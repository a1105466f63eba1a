//! What requests to AWS are signed with: the connection's access key, or a role assumed with the machine's
//! own credentials. Reads the environment, the AWS profile and the clock; signing itself does not.
//!
//! `AWS_ENDPOINT_URL_SSM`, `AWS_ENDPOINT_URL_SECRETS_MANAGER`, `AWS_ENDPOINT_URL_STS` and `AWS_ENDPOINT_URL`
//! send requests to an emulator instead, as they do for every AWS tool. `KEYFORM_AWS_EXTERNAL_ID` is the
//! external id that a role's trust policy may ask for.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::secret::Secret;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
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

/// Where requests for a service (`ssm`, `secretsmanager`, `sts`) go instead of AWS.
#[must_use]
pub fn endpoint(service: &str) -> Option<String> {
    let name = match service {
        "secretsmanager" => "SECRETS_MANAGER".to_owned(),
        other => other.to_uppercase(),
    };
    let own = std::env::var(format!("AWS_ENDPOINT_URL_{name}"));
    own.or_else(|_| std::env::var("AWS_ENDPOINT_URL")).ok().filter(|url| !url.is_empty())
}

/// The machine's own region, if it says one.
#[must_use]
pub fn region() -> Option<String> {
    let named = std::env::var("AWS_REGION").or_else(|_| std::env::var("AWS_DEFAULT_REGION"));
    named.ok().filter(|region| !region.is_empty())
}

/// The machine's own credentials: environment, profile, single sign-on, metadata service.
///
/// # Errors
/// There are none.
pub async fn ambient() -> Result<Credentials, Diagnostic> {
    use aws_smithy_http_client::Builder;
    use aws_smithy_http_client::tls::Provider;
    use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(http).load().await;
    let none = || {
        Diagnostic::error(&codes::NO_CREDENTIALS, "This machine has no AWS credentials.")
            .help("set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached")
    };
    let provider = config.credentials_provider().ok_or_else(none)?;
    provider.provide_credentials().await.map_err(|_| none())
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
