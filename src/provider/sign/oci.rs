//! Signatures of Oracle Cloud's API, version 1: the user's key signs when a request was made, what it asks for and of
//! whom, and what is written with it.
//! <https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm>

use crate::diag::Diagnostic;
use crate::http::Body;
use crate::http::Method;
use crate::http::Request;
use crate::model::attrs::Attrs;
use crate::provider::sign;
use crate::provider::sign::credentials;
use crate::provider::sign::rsa;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest;
use sha2::Sha256;

/// Signs requests of one user.
pub struct Oci {
    /// Tenancy, user and fingerprint.
    key_id: String,
    key: Secret,
}

impl Oci {
    /// A signer with a connection's key.
    ///
    /// # Errors
    /// The connection lacks an input.
    pub fn open(inputs: &Attrs) -> Result<Self, Diagnostic> {
        let parts = ["tenancy_ocid", "user_ocid", "fingerprint"].map(|name| sign::input(inputs, name));
        let [tenancy, user, fingerprint] = parts;
        let key_id = [tenancy?.expose(), user?.expose(), fingerprint?.expose()].join("/");
        Ok(Self { key_id, key: sign::pem(&sign::input(inputs, "private_key")?) })
    }

    /// The request, signed.
    ///
    /// # Errors
    /// The key is none.
    pub fn sign(&self, mut request: Request) -> Result<Request, Diagnostic> {
        let now = jiff::Timestamp::try_from(credentials::now()).unwrap_or_default();
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = vec![
            ("date", now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()),
            ("(request-target)", format!("{} {}{query}", request.method.as_str().to_lowercase(), request.url.path())),
            ("host", request.url.host_str().unwrap_or("").to_owned()),
        ];
        if matches!(request.method, Method::Post | Method::Put | Method::Patch) {
            // What has no body has an empty one.
            let empty = || Body { content_type: "application/json".to_owned(), bytes: Vec::new().into() };
            let body = request.body.get_or_insert_with(empty);
            parts.push(("content-length", body.bytes.len().to_string()));
            parts.push(("content-type", body.content_type.clone()));
            parts.push(("x-content-sha256", STANDARD.encode(Sha256::digest(&*body.bytes))));
        }
        let borrowed: Vec<(&str, &str)> = parts.iter().map(|(name, text)| (*name, &**text)).collect();
        let authorization = authorization(&self.key_id, self.key.expose(), &borrowed).ok_or_else(sign::no_key)?;
        // The length of nothing would not be sent by itself.
        let is_empty = request.body.as_ref().is_some_and(|body| body.bytes.is_empty());
        let is_own = |name: &str| matches!(name, "date" | "x-content-sha256") || name == "content-length" && is_empty;
        for (name, text) in parts.iter().filter(|(name, _)| is_own(name)) {
            request = request.plain_header(name, text);
        }
        Ok(request.header("authorization", Secret::new(authorization)))
    }
}

/// The `Authorization` of a request whose parts are signed; `None` if the key is no RSA key as PEM.
#[must_use]
pub fn authorization(key_id: &str, key: &str, parts: &[(&str, &str)]) -> Option<String> {
    let lines: Vec<String> = parts.iter().map(|(name, text)| format!("{name}: {text}")).collect();
    let names: Vec<&str> = parts.iter().map(|(name, _)| *name).collect();
    let signature = STANDARD.encode(rsa::sign(key, lines.join("\n").as_bytes())?);
    let names = names.join(" ");
    Some(format!(
        "Signature version=\"1\",headers=\"{names}\",keyId=\"{key_id}\",algorithm=\"rsa-sha256\",signature=\"{signature}\""
    ))
}
