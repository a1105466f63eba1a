//! Slack's incoming webhooks: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>. Everything is `plain_text`,
//! which Slack does not interpret; in `text`, which notifications show, `&`, `<` and `>` are what could begin a mention, and are
//! escaped (<https://docs.slack.dev/messaging/formatting-message-text>).

use crate::view::notice::Notice;
use serde_json::Value;
use serde_json::json;
use zeroize::Zeroizing;

/// Most characters of a block's text: Slack takes 3000.
const MOST: usize = 2900;

pub(super) fn body(notice: &Notice) -> Zeroizing<Vec<u8>> {
    let plain =
        |text: &str| json!({ "type": "section", "text": { "type": "plain_text", "text": text, "emoji": false } });
    let title = notice.title();
    let mut blocks: Vec<Value> = vec![plain(&title)];
    blocks.extend(notice.parts.iter().map(|part| plain(&part.text(MOST))));
    let text = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Zeroizing::new(json!({ "text": text, "blocks": blocks }).to_string().into_bytes())
}
