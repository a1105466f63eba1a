//! Runs as traces of OpenTelemetry: OTLP over HTTP, as JSON (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>), where the standard
//! variables say (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/>): `OTEL_EXPORTER_OTLP_ENDPOINT`, `…_TRACES_ENDPOINT`,
//! `…_HEADERS`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SDK_DISABLED`. Without an endpoint nothing is sent.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::Method;
use crate::http::Request;
use crate::http::client::Client;
use crate::http::client::Options;
use crate::http::client::Policy;
use crate::secret::Secret;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a collector is tried: what it does not take is lost.
const BUDGET: Duration = Duration::from_secs(10);

/// Where traces go.
pub(super) struct Exporter {
    client: Client,
    url: String,
    headers: Vec<(String, Secret)>,
    /// What describes this program.
    resource: Vec<Value>,
}

/// A part of a run: what was done, and from when to when.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) began: Timestamp,
    pub(super) ended: Timestamp,
}

impl Exporter {
    /// What the environment says. `None` if nobody wants traces.
    ///
    /// # Errors
    /// It wants them in a way that keyform does not know, or at an address that is none.
    pub(super) fn find(env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, Diagnostic> {
        let is = |name: &str, word: &str| env(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
        let endpoint =
            || env("OTEL_EXPORTER_OTLP_ENDPOINT").map(|url| format!("{}/v1/traces", url.trim_end_matches('/')));
        let Some(url) = env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(endpoint) else { return Ok(None) };
        if is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
            return Ok(None);
        }
        let own = |name: &str| {
            env(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}")).or(env(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        if own("PROTOCOL").is_some_and(|protocol| protocol == "grpc") {
            let d = Diagnostic::error(&codes::NO_TRACES, "gRPC was asked for; only HTTP is spoken.");
            return Err(d.help("set OTEL_EXPORTER_OTLP_PROTOCOL to http/json, and the endpoint to the collector's port for it, mostly 4318"));
        }
        // An address that is none is told now, and not after the first run.
        Request::new(Method::Post, &url).map_err(|why| Diagnostic::error(&codes::NO_TRACES, why.detail))?;
        let headers = pairs(&own("HEADERS").unwrap_or_default());
        let mut resource = pairs(&env("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default());
        let service = env("OTEL_SERVICE_NAME").map(|name| ("service.name".to_owned(), name));
        if service.is_some() || !resource.iter().any(|(name, _)| name == "service.name") {
            resource.retain(|(name, _)| name != "service.name");
            resource.push(service.unwrap_or_else(|| ("service.name".to_owned(), "keyform".to_owned())));
        }
        resource.push(("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
        Ok(Some(Self {
            client: Client::new(Options { timeout: BUDGET, ..Options::default() })?,
            url,
            headers: headers.into_iter().map(|(name, value)| (name, Secret::new(value))).collect(),
            resource: resource.iter().map(|(name, value)| text(name, value)).collect(),
        }))
    }

    /// Sends a run: one span for all of it, one for each step. That it can't is logged.
    pub(super) async fn send(&self, steps: &[Step], outcome: &str, exit: u8) {
        if let Err(why) = self.try_send(steps, outcome, exit).await {
            tracing::warn!(detail = why.detail, "a trace was not taken");
        }
    }

    async fn try_send(&self, steps: &[Step], outcome: &str, exit: u8) -> Result<(), Diagnostic> {
        let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return Ok(()) };
        let trace = hex::encode(rand::random::<[u8; 16]>());
        let root = hex::encode(rand::random::<[u8; 8]>());
        let span = |id: &str, name: &str, began: Timestamp, ended: Timestamp| {
            json!({
                "traceId": trace,
                "spanId": id,
                "name": name,
                "kind": 1,
                "startTimeUnixNano": began.as_nanosecond().to_string(),
                "endTimeUnixNano": ended.as_nanosecond().to_string(),
            })
        };
        let mut whole = span(&root, "keyform watch", first.began, last.ended);
        whole["attributes"] = json!([
            text("keyform.outcome", outcome),
            { "key": "keyform.exit_code", "value": { "intValue": exit.to_string() } },
        ]);
        // What is found is no error; that nothing could be found is.
        whole["status"] = json!({ "code": if outcome == "failed" { 2 } else { 1 } });
        let mut spans = vec![whole];
        for step in steps {
            let mut part = span(&hex::encode(rand::random::<[u8; 8]>()), step.name, step.began, step.ended);
            part["parentSpanId"] = json!(root);
            spans.push(part);
        }
        let scope = json!({ "name": "keyform", "version": env!("CARGO_PKG_VERSION") });
        let body = json!({ "resourceSpans": [{
            "resource": { "attributes": self.resource },
            "scopeSpans": [{ "scope": scope, "spans": spans }],
        }] });
        let mut request = Request::new(Method::Post, &self.url)?.json(Zeroizing::new(body.to_string().into_bytes()));
        for (name, value) in &self.headers {
            request = request.header(name, value.clone());
        }
        let policy = Policy { budget: BUDGET, ..Policy::default() };
        let answer = self.client.send(&request.idempotent(true), &policy).await?;
        let refused = || Diagnostic::warning(&codes::NO_TRACES, format!("The collector answered {}.", answer.status));
        answer.is_success().then_some(()).ok_or_else(refused)
    }
}

fn text(name: &str, value: &str) -> Value {
    json!({ "key": name, "value": { "stringValue": value } })
}

/// `name=value` pairs between commas, with values as addresses write them.
fn pairs(list: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8_lossy().into_owned();
        Some((name.trim().to_owned(), value)).filter(|(name, _)| !name.is_empty())
    };
    list.split(',').filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn headers_are_pairs_as_baggage_has_them() {
        let one = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pairs("api-key=a%20b, x = 1,,bad,=2"), [one("api-key", "a b"), one("x", "1")]);
        assert_eq!(pairs(""), []);
    }
}
