//! A machine in Azure shows the token that its metadata service gives to its managed identity.

use crate::backend::auth::impatient;
use crate::backend::auth::machine;
use crate::backend::auth::unproven;
use crate::diag::Diagnostic;
use crate::http::Method;
use crate::http::Request;
use crate::http::client::Client;
use crate::secret::Secret;

/// Where Azure's machines find the metadata service; `AZURE_POD_IDENTITY_AUTHORITY_HOST` names another, as for
/// Azure's own libraries.
const METADATA: &str = "http://169.254.169.254";
const RESOURCE: &str = "https://management.azure.com/";

/// The token of the machine's managed identity.
///
/// # Errors
/// There is no metadata service, or it gives no token.
pub(super) async fn token(
    http: &Client,
    resource: Option<&str>,
    client_id: Option<&str>,
) -> Result<Secret, Diagnostic> {
    let host = machine::variable("AZURE_POD_IDENTITY_AUTHORITY_HOST").unwrap_or_else(|| METADATA.to_owned());
    let address = format!("{}/metadata/identity/oauth2/token", host.trim_end_matches('/'));
    let mut request = Request::new(Method::Get, &address)?.plain_header("metadata", "true");
    let client_id = client_id.map(|id| ("client_id", id));
    let asked = [("api-version", "2018-02-01"), ("resource", resource.unwrap_or(RESOURCE))];
    request.url.query_pairs_mut().extend_pairs(asked.into_iter().chain(client_id));
    let help = "run on a machine in Azure with a managed identity";
    let answer = http.send(&request, &impatient()).await;
    let answer = answer.map_err(|why| unproven(format!("Azure's metadata service: {}", why.detail)).help(help))?;
    let json: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
    match json.as_ref().and_then(|json| json["access_token"].as_str()).filter(|_| answer.is_success()) {
        Some(token) => Ok(Secret::new(token.to_owned())),
        None => {
            Err(unproven(format!("Azure's metadata service answered {} without a token", answer.status)).help(help))
        }
    }
}
