//! Who this machine is at Google Cloud. A request that carries no token yet gets the machine's own: that of a service
//! account's key, of a user who logged in with `gcloud`, or of the metadata service.
//! <https://cloud.google.com/docs/authentication/application-default-credentials>

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::Method;
use crate::http::Request;
use crate::http::client::Client;
use crate::http::client::Policy;
use crate::http::json;
use crate::model::attrs::Value;
use crate::provider::sign::credentials;
use crate::provider::sign::rsa;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use std::time::Duration;
use std::time::UNIX_EPOCH;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

/// What the token is for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Where tokens are given, if the file names no other place.
const TOKENS: &str = "https://oauth2.googleapis.com/token";
/// How long an assertion is good, in seconds: the longest that Google takes.
const LIFETIME: u64 = 3600;
/// What helps where there are no credentials.
const HELP: &str =
    "run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS, or run in Google Cloud";

/// Gives requests the machine's own token.
pub struct Gcp {
    client: Client,
    own: OnceCell<Secret>,
}

impl Gcp {
    /// A signer. Nothing is sent yet.
    #[must_use]
    pub fn new(client: &Client) -> Self {
        Self { client: client.clone(), own: OnceCell::new() }
    }

    /// The request, with a token.
    ///
    /// # Errors
    /// The machine has no credentials, or they are refused.
    pub async fn sign(&self, request: Request) -> Result<Request, Diagnostic> {
        if request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
            return Ok(request);
        }
        let token = self.own.get_or_try_init(|| own(&self.client)).await?;
        Ok(request.header("authorization", Secret::new(["Bearer ", token.expose()].concat())))
    }
}

async fn own(client: &Client) -> Result<Secret, Diagnostic> {
    match credentials::google()? {
        Some(file) => {
            let file = json::parse(file.expose().as_bytes()).unwrap_or_default();
            let fields =
                grant(&file).ok_or_else(|| none("The file of Google's credentials is of no kind that is known."))?;
            let mut form = Zeroizing::new(String::new());
            for (name, value) in &fields {
                let join = if form.is_empty() { "" } else { "&" };
                form.extend([join, name, "="]);
                form.extend(utf8_percent_encode(value.expose(), NON_ALPHANUMERIC));
            }
            let address = text(&file, "token_uri").unwrap_or(TOKENS);
            let request = Request::new(Method::Post, address)?.idempotent(true);
            let request = request.body("application/x-www-form-urlencoded", Zeroizing::new(form.as_bytes().to_vec()));
            token(client, &request, &Policy::default()).await
        }
        None => {
            let host = credentials::google_metadata();
            let address = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
            let request = Request::new(Method::Get, &address)?.plain_header("metadata-flavor", "Google");
            let policy = Policy { budget: Duration::from_secs(3), metadata: true, ..Policy::default() };
            token(client, &request, &policy).await
        }
    }
}

/// What is shown for a token: an assertion that the key of a service account signs, or what a login left.
fn grant(file: &Value) -> Option<Vec<(&'static str, Secret)>> {
    let field = |name: &str| text(file, name).map(|text| Secret::new(text.to_owned()));
    let plain = |text: &str| Secret::new(text.to_owned());
    match text(file, "type")? {
        "service_account" => Some(vec![
            ("grant_type", plain("urn:ietf:params:oauth:grant-type:jwt-bearer")),
            ("assertion", assertion(file)?),
        ]),
        "authorized_user" => Some(vec![
            ("grant_type", plain("refresh_token")),
            ("client_id", field("client_id")?),
            ("client_secret", field("client_secret")?),
            ("refresh_token", field("refresh_token")?),
        ]),
        _ => None,
    }
}

fn assertion(file: &Value) -> Option<Secret> {
    let now = credentials::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let object = |fields: Vec<(&str, Value)>| {
        Value::object(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    };
    let seconds = |n: u64| Value::int(i64::try_from(n).unwrap_or(i64::MAX));
    let head = object(vec![
        ("alg", Value::from("RS256")),
        ("typ", Value::from("JWT")),
        ("kid", Value::from(text(file, "private_key_id")?)),
    ]);
    let claims = object(vec![
        ("iss", Value::from(text(file, "client_email")?)),
        ("scope", Value::from(SCOPE)),
        ("aud", Value::from(text(file, "token_uri").unwrap_or(TOKENS))),
        ("iat", seconds(now)),
        ("exp", seconds(now + LIFETIME)),
    ]);
    let parts = [json::write(&head)?, json::write(&claims)?].map(|part| URL_SAFE_NO_PAD.encode(&*part));
    let signed = parts.join(".");
    let signature = rsa::sign(text(file, "private_key")?, signed.as_bytes())?;
    Some(Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

async fn token(client: &Client, request: &Request, policy: &Policy) -> Result<Secret, Diagnostic> {
    let response = client.send(request, policy).await.map_err(|why| none(&why.detail))?;
    let body = json::parse(&response.body).unwrap_or_default();
    match text(&body, "access_token").filter(|_| response.is_success()) {
        Some(token) => Ok(Secret::new(token.to_owned())),
        None => Err(none(&format!("`{}` answered {} without a token.", request.title(), response.status))),
    }
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.as_object()?.get(name)?.as_str()
}

fn none(detail: &str) -> Diagnostic {
    Diagnostic::error(&codes::NO_CREDENTIALS, detail.to_owned()).help(HELP)
}
