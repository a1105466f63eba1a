//! The tape: what was sent, as it may be kept in a file, for golden requests in tests.

use crate::http::Request;
use crate::http::json;
use crate::model::attrs::Value;
use crate::secret::Secret;
use std::fmt;
use std::sync::Arc;

/// Hears of every request right before it is sent, retries included.
#[derive(Clone)]
pub struct Tape(Arc<dyn Fn(Taped) + Send + Sync>);

impl Tape {
    /// A tape that calls `hear`.
    pub fn new(hear: impl Fn(Taped) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    pub(super) fn record(&self, request: &Request) {
        (self.0)(Taped {
            method: request.method.as_str(),
            url: request.url.to_string(),
            headers: request.headers.clone(),
            content_type: request.body.as_ref().map(|body| body.content_type.clone()),
            body: request.body.as_ref().map(|body| String::from_utf8_lossy(&body.bytes).into_owned()).map(Secret::new),
        });
    }
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tape")
    }
}

/// Headers that say what is asked for, not who asks.
const PLAIN: &[&str] = &["accept", "x-amz-target", "x-github-api-version", "x-vault-namespace"];

/// One request on the tape.
#[derive(Debug, Clone)]
pub struct Taped {
    /// `GET`, `POST` …
    pub method: &'static str,
    /// The full address.
    pub url: String,
    /// Names and values of the headers.
    pub headers: Vec<(String, Secret)>,
    /// The body's content type.
    pub content_type: Option<String>,
    /// The body.
    pub body: Option<Secret>,
}

impl Taped {
    /// The request as text, every occurrence of one of `secrets` replaced by `«value»`; of headers that may
    /// say who asks, the name only.
    #[must_use]
    pub fn redacted(&self, secrets: &[Secret]) -> String {
        let mut text = format!("{} {}\n", self.method, self.url);
        for (name, value) in &self.headers {
            let name = name.to_lowercase();
            let value = if PLAIN.contains(&&*name) { value.expose() } else { "…" };
            text.push_str(&name);
            text.push_str(": ");
            text.push_str(value);
            text.push('\n');
        }
        if let (Some(kind), Some(body)) = (&self.content_type, &self.body) {
            for part in ["content-type: ", kind, "\n\n", body.expose(), "\n"] {
                text.push_str(part);
            }
        }
        redact(&text, secrets)
    }
}

/// A text without any of `secrets`: each is replaced by `«value»`, also as JSON and as a part of an
/// address would write it, and nowhere else, because how a request writes a value is what the tape is for. The longest
/// are replaced first.
fn redact(text: &str, secrets: &[Secret]) -> String {
    let mut forms: Vec<String> = secrets.iter().filter(|secret| !secret.is_empty()).flat_map(forms).collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.iter().fold(text.to_owned(), |text, form| text.replace(form, "«value»"))
}

fn forms(secret: &Secret) -> [String; 3] {
    let plain = secret.expose().to_owned();
    let json = json::write(&Value::string(plain.as_str())).unwrap_or_default();
    let json = String::from_utf8_lossy(&json).into_owned();
    let url = percent_encoding::utf8_percent_encode(&plain, percent_encoding::NON_ALPHANUMERIC).to_string();
    let quoted = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(&plain).to_owned();
    [plain, quoted, url]
}
