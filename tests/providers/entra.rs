//! Microsoft's identity platform as it gives tokens for the secret of an application,
//! <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow>.

use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::json;

/// The directory.
pub const TENANT: &str = "11111111-1111-4111-8111-111111111111";
/// The application.
pub const CLIENT: &str = "22222222-2222-4222-8222-222222222222";
/// Its secret.
pub const SECRET: &str = "canary-azure-secret";
/// What the secret brings.
pub const TOKEN: &str = "canary-azure-token";

/// The answer, if a token is asked for.
pub fn token(call: &Call, scope: &str) -> Option<Answer> {
    let (method, path) = call.route();
    let ["token", "v2.0", "oauth2", tenant] = path.iter().rev().copied().collect::<Vec<_>>()[..] else { return None };
    let refused = |status, error: &str, words: &str| {
        let body = json!({ "error": error, "error_description": words, "error_codes": [7_000_215],
            "timestamp": "2026-11-21 10:00:00Z", "trace_id": "t", "correlation_id": "c" });
        Some(Answer::json(status, &body))
    };
    let form = call.form();
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    if method != "POST" || field("grant_type") != "client_credentials" {
        return refused(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.");
    }
    if tenant != TENANT {
        return refused(400, "invalid_request", "AADSTS90002: Tenant not found.");
    }
    if field("scope") != scope {
        return refused(
            400,
            "invalid_scope",
            "AADSTS70011: The provided value for the input parameter 'scope' isn't valid.",
        );
    }
    if field("client_id") != CLIENT {
        return refused(400, "unauthorized_client", "AADSTS700016: Application was not found in the directory.");
    }
    if field("client_secret") != SECRET {
        return refused(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.");
    }
    Some(Answer::json(
        200,
        &json!({ "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": TOKEN }),
    ))
}
