//! Microsoft Teams' workflows that begin "when a Teams webhook request is received": a message with an Adaptive Card
//! (<https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using>). A `TextRun` knows no
//! Markdown, as opposed to a `TextBlock` (<https://adaptivecards.io/explorer/TextRun.html>).

use crate::view::notice::Notice;
use serde_json::Value;
use serde_json::json;
use zeroize::Zeroizing;

/// Most characters of a paragraph: Teams takes 28 KB a message, and a character may have several bytes.
const MOST: usize = 1500;

pub(super) fn body(notice: &Notice) -> Zeroizing<Vec<u8>> {
    let run = |text: &str, weight: &str| json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": text, "weight": weight }] });
    let mut blocks: Vec<Value> = vec![run(&notice.title(), "Bolder")];
    for part in &notice.parts {
        blocks.extend(part.text(MOST).lines().map(|line| run(line, "Default")));
    }
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": blocks,
    });
    let attachment =
        json!({ "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card });
    Zeroizing::new(json!({ "type": "message", "attachments": [attachment] }).to_string().into_bytes())
}
