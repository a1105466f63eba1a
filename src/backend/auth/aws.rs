//! A machine in AWS shows who it is by a request to STS that only its credentials can sign. The backend sends
//! that request on, and reads the role in the answer. Names of headers as the backend's servers of 2024
//! look for them.

use crate::api::Credential;
use crate::backend::auth::Fields;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::Method;
use crate::http::Request;
use crate::http::ambient;
use crate::provider::sign::aws;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use zeroize::Zeroizing;

const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// The signed `GetCallerIdentity`, as the login wants it.
///
/// # Errors
/// The machine has no AWS credentials, or the region is none.
pub(super) async fn proof(region: &str) -> Result<Fields, Diagnostic> {
    // It becomes part of a host's name: the backend takes the same letters.
    if region.is_empty() || !region.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        let detail = "`region` of `auth \"aws-iam\"` is no region such as `eu-central-1`";
        return Err(Diagnostic::error(&codes::BACKEND_CONFIG, detail.to_owned()));
    }
    let credentials = ambient::credentials().await?;
    let host = format!("sts.{region}.amazonaws.com");
    let request = Request::new(Method::Post, &format!("https://{host}/"))?;
    let request =
        request.body("application/x-www-form-urlencoded; charset=utf-8", Zeroizing::new(BODY.as_bytes().to_vec()));
    let signed = aws::signed(request, "sts", region, &credentials)?;
    let mut headers = json!({
        "Host": host,
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "Content-Length": BODY.len().to_string(),
    });
    for (name, value) in &signed.headers {
        let name = match name.as_str() {
            "authorization" => "Authorization",
            "x-amz-date" => "X-Amz-Date",
            "x-amz-security-token" => "X-Amz-Security-Token",
            other => other,
        };
        headers[name] = value.expose().into();
    }
    let text = |text: String| Credential::Text(Secret::new(text));
    Ok(Fields::from([
        ("iamHttpRequestMethod", text("POST".to_owned())),
        ("iamRequestBody", text(STANDARD.encode(BODY))),
        ("iamRequestHeaders", text(STANDARD.encode(headers.to_string()))),
    ]))
}
