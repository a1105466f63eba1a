//! Editors: the Language Server Protocol over what the readers know.
//!
//! Lives here: the conversation ([`server`], [`wire`]), what is open ([`documents`](self)), what directories declare, and what
//! is said of a place in them: problems, completion, hover, definitions, references, renaming, the outline, the layout. The
//! facts do not: they come from the table of blocks, the manifests, the table of functions, and the reader that `keyform
//! validate` uses. One thread answers, in the order of the questions; another one checks when typing rests. Nothing here
//! asks the network, and no value of a configuration is shown.

mod answer;
pub mod check;
mod complete;
mod cursor;
mod docs;
mod documents;
mod find;
mod inputs;
mod mentions;
mod names;
mod rename;
pub mod server;
mod symbols;
mod text;
pub mod wire;
mod workspace;

use crate::lsp::check::Job;
use crate::lsp::check::Problems;
use crate::lsp::check::Settings;
use crate::lsp::server::Server;
use crate::lsp::wire::Frame;
use std::io;
use std::io::BufRead;
use std::io::Write;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::Sender;
use std::thread::Builder;
use std::time::Duration;

/// How long nothing is typed before something is checked.
const QUIET: Duration = Duration::from_millis(150);

/// What the conversation waits for.
enum Event {
    Arrived(io::Result<Frame>),
    Checked(u64, Problems),
}

/// Speaks with an editor until it says goodbye or goes away. Gives whether it came to its end as it should.
///
/// # Errors
/// A stream fails, or no thread can be started.
pub fn serve(
    mut input: impl BufRead + Send + 'static,
    output: &mut impl Write,
    settings: Settings,
) -> io::Result<bool> {
    let (events, inbox) = mpsc::channel();
    let (jobs, work) = mpsc::channel();
    let arrivals = events.clone();
    Builder::new().name("reader".into()).spawn(move || {
        loop {
            let frame = wire::read(&mut input);
            let is_last = !matches!(frame, Ok(Frame::Message(_) | Frame::Broken(_)));
            if arrivals.send(Event::Arrived(frame)).is_err() || is_last {
                return;
            }
        }
    })?;
    Builder::new().name("checker".into()).spawn(move || check(&work, &events))?;
    let mut server = Server::new(settings);
    for event in inbox {
        let answers = match event {
            Event::Arrived(frame) => server.handle(frame?),
            Event::Checked(state, problems) => server.publish(state, problems),
        };
        for answer in &answers {
            wire::write(output, answer)?;
        }
        if server.is_over() {
            break;
        }
        if let Some(job) = server.job() {
            // Without a checker there is nothing but what is asked.
            let _ = jobs.send(job);
        }
    }
    Ok(server.was_shut_down())
}

/// Checks the last of what was asked for, when nothing new came for a while.
fn check(work: &Receiver<(u64, Job)>, events: &Sender<Event>) {
    while let Ok((mut state, mut job)) = work.recv() {
        while let Ok(newer) = work.recv_timeout(QUIET) {
            (state, job) = newer;
        }
        tracing::debug!(state, "checking");
        if events.send(Event::Checked(state, job.run())).is_err() {
            return;
        }
    }
}
