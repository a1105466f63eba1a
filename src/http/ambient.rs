//! What this machine says of AWS: its own credentials, its region, and where an emulator is. Reads the environment and
//! the AWS profile, and asks the metadata service.
//!
//! `AWS_ENDPOINT_URL_SSM`, `AWS_ENDPOINT_URL_SECRETS_MANAGER`, `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL_S3` and
//! `AWS_ENDPOINT_URL` send requests to an emulator instead, as they do for every AWS tool.

use crate::diag::Diagnostic;
use crate::diag::codes;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;

/// Where requests for a service (`ssm`, `secretsmanager`, `sts`, `s3`) go instead of AWS.
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
pub async fn credentials() -> Result<Credentials, Diagnostic> {
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
