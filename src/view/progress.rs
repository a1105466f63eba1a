//! Events of an apply as lines, for logs and for the line above a progress bar.

use crate::engine::event::Event;
use crate::http::pace::Wait;
use crate::view::paint::Paint;
use crate::view::words;

/// The line of an event; `None` for events that only move a bar.
#[must_use]
pub fn line(event: &Event, paint: Paint) -> Option<String> {
    match event {
        Event::Done { address, action, took } => Some(format!(
            "{} {} {} {}",
            paint.good("done   "),
            paint.action(*action, &format!("{:>3}", words::symbol(*action))),
            words::shown(&address.to_string()),
            paint.dim(&format!("({})", words::duration(*took))),
        )),
        Event::Failed { address, action, diagnostic } => Some(format!(
            "{} {:>3} {}: {} ({})",
            paint.danger("failed "),
            words::symbol(*action),
            words::shown(&address.to_string()),
            diagnostic.summary(),
            diagnostic.code.id,
        )),
        Event::Unapproved { address, action } => Some(format!(
            "{} {:>3} {}",
            paint.warn("waiting"),
            words::symbol(*action),
            words::shown(&address.to_string()),
        )),
        Event::Stage(_) | Event::Started { .. } | Event::Waiting { .. } | Event::Skipped { .. } => None,
    }
}

/// The line of a wait for a service that takes no more for now.
#[must_use]
pub fn wait(wait: &Wait) -> String {
    let rest = match wait.rest > wait.pause {
        true => format!(", about {} in all", words::duration(wait.rest)),
        false => String::new(),
    };
    let (host, pause) = (words::shown(&wait.host), words::duration(wait.pause));
    format!("waiting {pause}{rest}: {host} takes {} requests of this kind a minute", wait.limit)
}

/// What is going on right now, for the end of a progress bar; `None` if the event says nothing of it.
#[must_use]
pub fn now(event: &Event) -> Option<String> {
    match event {
        Event::Stage(stage) => Some(words::shown(stage)),
        Event::Started { address, action } => {
            Some(format!("{} {}", words::symbol(*action), words::shown(&address.to_string())))
        }
        Event::Waiting { address, why, elapsed } => Some(format!(
            "{}: {} ({})",
            words::shown(&address.to_string()),
            words::shown(why),
            words::duration(*elapsed)
        )),
        Event::Done { .. } | Event::Failed { .. } | Event::Unapproved { .. } | Event::Skipped { .. } => None,
    }
}
