//! A user of Oracle Cloud shows who they are by a request to Oracle's identity service that only their key can
//! sign. The backend sends that request on. Signature version 1 of Oracle's API.

use crate::api::Credential;
use crate::backend::auth::unproven;
use crate::diag::Diagnostic;
use crate::provider::sign::oci;
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
    let target = format!("get /20160918/users/{}", user.user);
    let parts = [("x-date", &*date), ("(request-target)", &target), ("host", &host)];
    let key_id = format!("{}/{}/{}", user.tenancy, user.user, user.fingerprint);
    let authorization = oci::authorization(&key_id, user.key, &parts).ok_or_else(|| {
        unproven("`private_key` of `auth \"oci\"` is no RSA key as PEM")
            .help("keys with a passphrase are not supported: remove it with `openssl rsa`")
    })?;
    Ok(Credential::Plain(json!({ "host": host, "x-date": date, "authorization": authorization })))
}
