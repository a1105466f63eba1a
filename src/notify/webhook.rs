//! Any address: what there is to tell as JSON, signed as Standard Webhooks has it
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>, looked up in November 2026): HMAC-SHA-256
//! of the message's id, its time and its body, with a full stop between each.

use crate::diag::Diagnostic;
use crate::http::Request;
use crate::notify::Message;
use crate::notify::json;
use crate::notify::refused;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Hmac;
use hmac::Mac;
use serde::Serialize;
use zeroize::Zeroizing;

/// What is sent. Nothing is left out of it but values.
#[derive(Serialize)]
struct Body<'a> {
    format: &'static str,
    channel: &'a str,
    topic: &'a str,
    verdict: &'a str,
    clean: bool,
    at: String,
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    title: &'static str,
    count: usize,
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    address: &'a str,
    verdict: &'static str,
}

pub(super) fn request(
    url: &Secret,
    secret: Option<&Secret>,
    message: &Message<'_>,
    channel: &str,
) -> Result<Request, Diagnostic> {
    let Message { notice, at, .. } = message;
    let body = Body {
        format: "keyform.notice/1",
        channel,
        topic: &notice.topic,
        verdict: &notice.verdict,
        clean: notice.is_clean,
        at: jiff::Timestamp::from_second(*at).map(|at| at.to_string()).unwrap_or_default(),
        parts: notice
            .parts
            .iter()
            .map(|part| Part {
                title: part.title,
                count: part.count,
                findings: part.names.iter().map(|(address, verdict)| Finding { address, verdict }).collect(),
            })
            .collect(),
    };
    let body = serde_json::to_vec(&body).map_err(|_| refused("What there is to tell can't be written.".to_owned()))?;
    let id = format!("msg_{}", uuid::Uuid::new_v4().simple());
    let (stamp, signature) = (at.to_string(), secret.map(|secret| signature(secret, &id, *at, &body)).transpose()?);
    let request = json(url, Zeroizing::new(body))?;
    let request = request.plain_header("webhook-id", &id).plain_header("webhook-timestamp", &stamp);
    Ok(match signature {
        Some(signature) => request.plain_header("webhook-signature", &signature),
        None => request,
    })
}

fn signature(secret: &Secret, id: &str, at: i64, body: &[u8]) -> Result<String, Diagnostic> {
    let bad = |_| refused("The secret begins with `whsec_`, and is not base64 after that.".to_owned());
    let key = match secret.expose().strip_prefix("whsec_") {
        Some(encoded) => Zeroizing::new(STANDARD.decode(encoded).map_err(bad)?),
        None => Zeroizing::new(secret.expose().as_bytes().to_vec()),
    };
    let mac = <Hmac<sha2::Sha256> as Mac>::new_from_slice(&key);
    let mut mac = mac.map_err(|_| refused("The secret can't be used to sign.".to_owned()))?;
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}
