//! Signatures of Chef Infra Server, version 1.3 of its protocol: the user's key signs the request line, the body's digest
//! and who asks when. <https://docs.chef.io/server/api_chef_server/#authentication-headers>

use crate::diag::Diagnostic;
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

/// Most characters of a signature in one header.
const LINE: usize = 60;

/// Signs requests of one user.
pub struct Chef {
    user: String,
    key: Secret,
}

impl Chef {
    /// A signer with a connection's key.
    ///
    /// # Errors
    /// The connection lacks an input.
    pub fn open(inputs: &Attrs) -> Result<Self, Diagnostic> {
        let user = sign::input(inputs, "user_name")?.expose().to_owned();
        Ok(Self { user, key: sign::pem(&sign::input(inputs, "private_key")?) })
    }

    /// The request, signed.
    ///
    /// # Errors
    /// The key is none.
    pub fn sign(&self, mut request: Request) -> Result<Request, Diagnostic> {
        let now = jiff::Timestamp::try_from(credentials::now()).unwrap_or_default();
        let body = request.body.as_ref().map_or(&[][..], |body| &body.bytes);
        let signed = [
            ("X-Ops-Content-Hash", STANDARD.encode(Sha256::digest(body))),
            ("X-Ops-Sign", "version=1.3".to_owned()),
            ("X-Ops-Timestamp", now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("X-Ops-UserId", self.user.clone()),
            ("X-Ops-Server-API-Version", "1".to_owned()),
        ];
        let mut text = format!("Method:{}\nPath:{}", request.method.as_str(), request.url.path());
        for (name, value) in &signed {
            text.push_str(&format!("\n{name}:{value}"));
        }
        let signature = rsa::sign(self.key.expose(), text.as_bytes()).ok_or_else(sign::no_key)?;
        let signature = STANDARD.encode(signature);
        for (name, value) in &signed {
            request = request.plain_header(&name.to_lowercase(), value);
        }
        for (i, part) in signature.as_bytes().chunks(LINE).enumerate() {
            let part = String::from_utf8_lossy(part).into_owned();
            request = request.header(&format!("x-ops-authorization-{}", i + 1), Secret::new(part));
        }
        Ok(request)
    }
}
