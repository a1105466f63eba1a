//! A user of Oracle Cloud shows who they are by a request to Oracle's identity service that only their key can
//! sign. The backend sends that request on. Signature version 1 of Oracle's API.

use crate::api::Credential;
use crate::backend::auth::rsa;
use crate::backend::auth::unproven;
use crate::diag::Diagnostic;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::time::SystemTime;

/// A user with an API key.
pub(super) struct User<'a> {
    pub(super) user: &'a str,
    pub(super) tenancy: &'a str,
    pub(super) region: &'a str,
    pub(super) fingerprint: &'a str,
    /// PEM.
    pub(super) key: &'a str,
}

/// The headers of the signed request, as the login wants them.
///
/// # Errors
/// The key is none.
pub(super) fn proof(user: &User<'_>, now: SystemTime) -> Result<Credential, Diagnostic> {
    let date = jiff::Timestamp::try_from(now).unwrap_or_default().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let host = format!("identity.{}.oraclecloud.com", user.region);
    let text = format!("x-date: {date}\n(request-target): get /20160918/users/{}\nhost: {host}", user.user);
    let signature = rsa::sign(user.key, text.as_bytes()).ok_or_else(|| {
        unproven("`private_key` of `auth \"oci\"` is no RSA key as PEM")
            .help("keys with a passphrase are not supported: remove it with `openssl rsa`")
    })?;
    let authorization = format!(
        "Signature version=\"1\",headers=\"x-date (request-target) host\",keyId=\"{}/{}/{}\",algorithm=\"rsa-sha256\",signature=\"{}\"",
        user.tenancy,
        user.user,
        user.fingerprint,
        STANDARD.encode(signature)
    );
    Ok(Credential::Plain(json!({ "host": host, "x-date": date, "authorization": authorization })))
}
