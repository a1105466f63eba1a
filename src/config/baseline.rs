//! `drift.ignore.hcl`: findings of `keyform drift` that are known and accepted, each with a reason and a last day. It lies
//! beside the configuration and is no part of it.

use crate::config::load;
use crate::config::overlay::Overlay;
use crate::config::vars;
use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::diag::source::Sources;
use crate::diag::source::Span;
use crate::lang::ast::Block;
use crate::lang::decode::Decoder;
use crate::lang::decode::labels;
use crate::lang::parse;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::plan::drift::Acceptance;
use crate::plan::drift::Verdict;
use jiff::civil::Date;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

/// What the file is called.
pub const NAME: &str = "drift.ignore.hcl";

/// Reads the file.
pub fn read(acc: &mut Diagnostics, sources: &mut Sources, path: &Path, overlay: &Overlay) -> Vec<Acceptance> {
    let shown = path.strip_prefix("./").unwrap_or(path).display().to_string();
    let Some(text) = load::text(acc, path, &shown, overlay) else { return Vec::new() };
    let id = sources.add(shown, text.clone());
    let Some(body) = parse::parse(acc, id, &text) else { return Vec::new() };
    let mut top = Decoder::new(&body);
    let blocks = top.blocks("accept");
    top.finish(acc);
    blocks.into_iter().filter_map(|block| acceptance(acc, block)).collect()
}

/// The day, counted from 1970.
#[must_use]
pub fn days(date: Date) -> i32 {
    (date - Date::constant(1970, 1, 1)).get_days()
}

fn acceptance(acc: &mut Diagnostics, block: &Block) -> Option<Acceptance> {
    let [_] = labels(acc, block, ["address"])?;
    let label = block.labels.first()?;
    let bad = |span: Span, detail: String| Diagnostic::error(&codes::BAD_ACCEPTANCE, detail).at(span, "");
    let address = Address::from_str(&label.text).map_err(|_| {
        bad(label.span, "This is no address.".to_owned())
            .help("write it as `keyform drift` does, with quotes escaped: `accept \"secret_sync.web.entry.API_KEY\"`")
    });
    let address = acc.take(address);
    let mut body = Decoder::new(&block.body);
    let mut text = |acc: &mut Diagnostics, name: &str, is_needed: bool| -> Option<(Arc<str>, Span)> {
        let attr = match is_needed {
            true => body.required(acc, block, name)?,
            false => body.attr(name)?,
        };
        let span = attr.expr.span;
        match vars::constant(&attr.expr) {
            Ok(Value::String(text)) if !text.trim().is_empty() => Some((text, span)),
            _ => {
                acc.push(bad(span, format!("`{name}` must be a plain text, and say something.")));
                None
            }
        }
    };
    let verdict = text(acc, "verdict", true).and_then(|(word, span)| {
        let known = || Verdict::ALL.into_iter().map(Verdict::word);
        let verdict = Verdict::from_word(&word);
        if verdict.is_none() {
            let words: Vec<&str> = known().collect();
            let problem = bad(span, format!("There is no verdict `{word}`: it is one of {}.", words.join(", ")));
            acc.push(problem.did_you_mean(&word, known()));
        }
        verdict
    });
    let reason = text(acc, "reason", true);
    let owner = text(acc, "owner", false);
    let expires = text(acc, "expires", true).and_then(|(day, span)| {
        let date = Date::from_str(&day).ok().filter(|date| date.to_string() == *day);
        if date.is_none() {
            acc.push(bad(span, "This is no date.".to_owned()).help("write the last day like `\"2027-01-31\"`"));
        }
        date.map(|date| (day, days(date)))
    });
    body.finish(acc);
    let (expires, until) = expires?;
    Some(Acceptance {
        address: address?,
        verdict: verdict?,
        reason: reason?.0,
        owner: owner.map(|(owner, _)| owner),
        expires,
        until,
        origin: block.header,
    })
}
