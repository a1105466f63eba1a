//! A machine in Google Cloud shows an identity token whose audience is the machine identity. Elsewhere the key of
//! a service account signs one: Google publishes the other half of that key, and the backend looks it up there.

use crate::backend::auth::impatient;
use crate::backend::auth::machine;
use crate::backend::auth::unproven;
use crate::diag::Diagnostic;
use crate::http::Method;
use crate::http::Request;
use crate::http::client::Client;
use crate::provider::sign::rsa;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use std::time::UNIX_EPOCH;

/// Where Google's machines find the metadata server; `GCE_METADATA_HOST` names another, as for Google's own
/// libraries.
const METADATA: &str = "169.254.169.254";

/// How long a signed token is good, in seconds: long enough for clocks that differ.
const LIFETIME: u64 = 900;

/// The identity token of this machine.
///
/// # Errors
/// There is no metadata server, or it gives no token.
pub(super) async fn token(http: &Client, identity: &str) -> Result<Secret, Diagnostic> {
    let host = machine::variable("GCE_METADATA_HOST").unwrap_or_else(|| METADATA.to_owned());
    let address = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/identity");
    let mut request = Request::new(Method::Get, &address)?.plain_header("metadata-flavor", "Google");
    request.url.query_pairs_mut().extend_pairs([("audience", identity), ("format", "full")]);
    let help = "run in Google Cloud, or give `service_account_key`";
    let answer = http.send(&request, &impatient()).await;
    let answer = answer.map_err(|why| unproven(format!("Google's metadata server: {}", why.detail)).help(help))?;
    let text = String::from_utf8_lossy(&answer.body);
    match answer.is_success() && text.trim().split('.').count() == 3 {
        true => Ok(Secret::new(text.trim().to_owned())),
        false => {
            Err(unproven(format!("Google's metadata server answered {} without a token", answer.status)).help(help))
        }
    }
}

/// A token that the key of a service account signs.
///
/// # Errors
/// The key is none.
pub(super) fn signed(identity: &str, key: &Secret) -> Result<Secret, Diagnostic> {
    let bad = || {
        unproven("`service_account_key` is not the JSON key of a service account")
            .help("make one with `gcloud iam service-accounts keys create`, and give the whole file")
    };
    let key: serde_json::Value = serde_json::from_str(key.expose()).map_err(|_| bad())?;
    let part = |name: &str| key[name].as_str().ok_or_else(bad);
    let now = machine::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let head = json!({ "alg": "RS256", "typ": "JWT", "kid": part("private_key_id")? });
    let email = part("client_email")?;
    let claims = json!({ "iss": email, "sub": email, "aud": identity, "iat": now, "exp": now + LIFETIME });
    let text = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = rsa::sign(part("private_key")?, text.as_bytes()).ok_or_else(bad)?;
    Ok(Secret::new(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))))
}
