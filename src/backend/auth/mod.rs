//! Who keyform is at the backend: the ways to log in, and how long a login lasts.
//!
//! A login is made when the first request needs it, and again at 80 % of its lifetime; it is never
//! renewed, because a renewal that comes too late destroys the token (measured, 2024). Which ways there are is
//! the table in [`crate::model::login`]; what a machine shows of itself is made in [`aws`], [`google`],
//! [`azure`] and [`oracle`], each time anew, because it does not last.

mod aws;
mod azure;
mod google;
mod machine;
mod oracle;

use crate::api::Credential;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::client::Client;
use crate::http::client::Policy;
use crate::model::login;
use crate::model::login::Method;
use crate::model::login::Proof;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use std::time::Instant;

/// A way to log in, with what it takes. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Login {
    method: &'static Method,
    inputs: BTreeMap<&'static str, Secret>,
}

/// The fields of a login's request.
pub(crate) type Fields = BTreeMap<&'static str, Credential>;

impl Login {
    /// A way to log in with its fields, by their names in configurations.
    #[must_use]
    pub fn new(method: &'static Method, inputs: BTreeMap<&'static str, Secret>) -> Self {
        Self { method, inputs }
    }

    /// With client id and client secret.
    #[must_use]
    pub fn universal(client_id: &str, client_secret: Secret) -> Self {
        let id = Secret::new(client_id.to_owned());
        Self::new(&login::METHODS[0], BTreeMap::from([("client_id", id), ("client_secret", client_secret)]))
    }

    /// The token, where there is nothing to log in for.
    pub(crate) fn token(&self) -> Option<&Secret> {
        if self.method.route.is_none() { self.inputs.get("token") } else { None }
    }

    /// Where to log in.
    pub(crate) fn route(&self) -> &'static str {
        self.method.route.unwrap_or_default()
    }

    /// Everything that no message may show.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let is_secret = |name: &str| self.method.field(name).is_some_and(|field| field.secret);
        self.inputs.iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| value.clone()).collect()
    }

    /// Whether a field of the request is one that anyone may see.
    pub(crate) fn shows(&self, wire: &str) -> bool {
        self.method.fields.iter().any(|field| field.wire == Some(wire) && !field.secret)
    }

    /// What to look at when the backend refuses the login.
    pub(crate) fn advice(&self) -> String {
        let fields = self.method.fields.iter().filter(|field| field.required);
        let fields: Vec<String> = fields.map(|field| format!("`{}`", field.name)).collect();
        let from = match self.method.proof {
            Proof::None => "and where they come from",
            _ => "and what the backend asks of the machines that may log in as this identity",
        };
        format!("check {} of `auth \"{}\"`, {from}", fields.join(" and "), self.method.word)
    }

    /// Whether it is the login of an identity, which is known by its id or by its client id.
    pub(crate) fn is_of(&self, identity: &str, client_id: &str) -> bool {
        let is = |name: &str, id: &str| !id.is_empty() && self.input(name) == Some(id);
        is("identity_id", identity) || is("client_id", client_id)
    }

    fn input(&self, name: &str) -> Option<&str> {
        self.inputs.get(name).map(Secret::expose)
    }

    fn needed(&self, name: &str) -> Result<&str, Diagnostic> {
        self.input(name).ok_or_else(|| {
            let detail = format!("`auth \"{}\"` lacks `{name}`", self.method.word);
            Diagnostic::error(&codes::BACKEND_CONFIG, detail)
        })
    }

    /// The fields of the request, the machine's proof included.
    ///
    /// # Errors
    /// The machine can't show who it is.
    pub(crate) async fn fields(&self, http: &Client) -> Result<Fields, Diagnostic> {
        let mut fields = Fields::new();
        for field in self.method.fields {
            if let (Some(wire), Some(value)) = (field.wire, self.inputs.get(field.name)) {
                fields.insert(wire, Credential::Text(value.clone()));
            }
        }
        let identity = self.input("identity_id").unwrap_or_default();
        match self.method.proof {
            Proof::None => {}
            Proof::Aws => fields.extend(aws::proof(self.input("region").unwrap_or("us-east-1")).await?),
            Proof::Gcp => {
                let token = match self.inputs.get("service_account_key") {
                    Some(key) => google::signed(identity, key)?,
                    None => google::token(http, identity).await?,
                };
                fields.insert("jwt", Credential::Text(token));
            }
            Proof::Azure => {
                let token = azure::token(http, self.input("resource"), self.input("client_id")).await?;
                fields.insert("jwt", Credential::Text(token));
            }
            Proof::Kubernetes => {
                let token = match self.inputs.get("service_account_token") {
                    Some(token) => token.clone(),
                    None => machine::file(self.input("token_path").unwrap_or(POD_TOKEN))?,
                };
                fields.insert("jwt", Credential::Text(token));
            }
            Proof::Oci => {
                let user = oracle::User {
                    user: self.needed("user_ocid")?,
                    tenancy: self.needed("tenancy_ocid")?,
                    region: self.needed("region")?,
                    fingerprint: self.needed("fingerprint")?,
                    key: self.needed("private_key")?,
                };
                fields.insert("headers", oracle::proof(&user, machine::now())?);
            }
        }
        Ok(fields)
    }
}

/// Where Kubernetes puts the token of a pod's service account.
const POD_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Metadata services answer at once, or are not there.
fn impatient() -> Policy {
    Policy { budget: Duration::from_secs(3), metadata: true, ..Policy::default() }
}

/// The problem that a machine can't show who it is.
fn unproven(detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error(&codes::NO_CREDENTIALS, detail.into())
}

/// A token in use.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) text: Secret,
    renew_at: Option<Instant>,
}

impl Token {
    /// A token that was given, not made by a login.
    pub(crate) fn given(text: Secret) -> Self {
        Self { text, renew_at: None }
    }

    /// The token of a login made at `now`, with its lifetime in seconds.
    pub(crate) fn of_login(text: Secret, expires_in: u64, now: Instant) -> Self {
        // A lifetime past what a clock can hold (years) is one that never ends within a run.
        let renew_at = now.checked_add(Duration::from_secs(expires_in).mul_f64(0.8));
        Self { text, renew_at }
    }

    /// Whether it can be used at `now`.
    pub(crate) fn is_fresh(&self, now: Instant) -> bool {
        self.renew_at.is_none_or(|at| now < at)
    }
}

/// The identity that a token is of. It is read, not verified: that is the backend's business.
pub(crate) fn identity_of(token: &Secret) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Claims {
        identity_id: String,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.expose().split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok().map(|Claims { identity_id }| identity_id)
}

/// Whether an answer says that the token is no longer good, so that one more login may help. Wrong
/// input is 401 on servers of 2024 and must not lead to another login.
pub(crate) fn token_is_spent(status: u16, error: &str, message: &str) -> bool {
    match status {
        401 => error != "ValidationFailure" && matches!(message, "No identity access token found" | "Token missing"),
        403 => error == "TokenError",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_at_80_percent_of_its_life() {
        let now = Instant::now();
        let token = Token::of_login(Secret::new("canary".to_owned()), 100, now);
        assert!(token.is_fresh(now + Duration::from_secs(79)) && !token.is_fresh(now + Duration::from_secs(81)));
        assert!(Token::given(Secret::new("canary".to_owned())).is_fresh(now + Duration::from_secs(1 << 30)));
    }
}
