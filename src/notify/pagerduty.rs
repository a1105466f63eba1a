//! PagerDuty's Events API v2: <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>. What belongs together has one
//! `dedup_key`: an alert that is there already is updated, and resolved when everything is as it should be.

use crate::forge::short;
use crate::notify::Message;
use crate::secret::Secret;
use crate::view::notice::Part;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use zeroize::Zeroizing;

/// Where events go, but for accounts of the European region.
pub(super) const URL: &str = "https://events.pagerduty.com/v2/enqueue";
/// Most characters of a summary.
const SUMMARY: usize = 1024;
/// Most characters of what an alert's key may have.
const KEY: usize = 255;

pub(super) fn body(message: &Message<'_>, key: &Secret, severity: &str) -> Zeroizing<Vec<u8>> {
    let notice = message.notice;
    let mut body = json!({
        "routing_key": key.expose(),
        "event_action": if notice.is_clean { "resolve" } else { "trigger" },
        "dedup_key": short(&format!("keyform/{}/{}", message.owner, message.subject), KEY),
    });
    if !notice.is_clean {
        let details: Map<String, Value> =
            notice.parts.iter().map(|part| (part.title.to_owned(), lines(part))).collect();
        body["payload"] = json!({
            "summary": short(&notice.title(), SUMMARY),
            "source": "keyform",
            "severity": severity,
            "component": notice.topic,
            "custom_details": details,
        });
    }
    Zeroizing::new(body.to_string().into_bytes())
}

fn lines(part: &Part) -> Value {
    let names = part.names.iter().map(|(name, verdict)| format!("{verdict}: {name}"));
    names.chain(part.rest()).collect::<Vec<_>>().into()
}
