//! Standard output and standard error: where the two differ, what colours and width they have, and that
//! a reader who went away (`keyform plan | head`) is no error, but a full disk is.

use crate::view::paint::Paint;
use crate::view::text::Style;
use crate::view::words;
use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::sync::Arc;
use std::sync::OnceLock;

/// The two streams.
#[derive(Debug, Clone)]
pub(super) struct Terminal {
    out: Style,
    err: Style,
    quiet: bool,
    /// Whether nothing is written at all.
    is_mute: bool,
    /// The first thing that was meant for standard output and did not get there.
    lost: Arc<OnceLock<io::Error>>,
}

/// Columns where nothing says how many there are.
const WIDTH: usize = 80;
/// Longer lines are hard to read, however wide the window is.
const WIDEST: usize = 120;

impl Terminal {
    /// Looks at the streams. Colours only on a terminal, or where `FORCE_COLOR` is set, and not if `NO_COLOR` is set or
    /// `TERM` is `dumb`.
    #[must_use]
    pub(super) fn new(no_color: bool, quiet: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let may = !no_color && !set("NO_COLOR") && !dumb;
        let style = |is_terminal: bool, term: &console::Term| Style {
            paint: Paint { color: may && (is_terminal || set("FORCE_COLOR")) },
            width: term.size_checked().map_or(WIDTH, |(_, columns)| usize::from(columns).clamp(40, WIDEST)),
        };
        Self {
            out: style(io::stdout().is_terminal(), &console::Term::stdout()),
            err: style(io::stderr().is_terminal(), &console::Term::stderr()),
            quiet,
            is_mute: false,
            lost: Arc::default(),
        }
    }

    /// The same, but nothing is written.
    #[must_use]
    pub(super) fn muted(&self) -> Self {
        Self { is_mute: true, quiet: true, ..self.clone() }
    }

    /// Why something did not get to standard output, unless its reader went away.
    #[must_use]
    pub(super) fn lost(&self) -> Option<&io::Error> {
        self.lost.get()
    }

    /// How to draw on standard output.
    #[must_use]
    pub(super) fn style(&self) -> Style {
        self.out
    }

    /// How to draw on standard error.
    #[must_use]
    pub(super) fn err_style(&self) -> Style {
        self.err
    }

    /// Whether somebody can be asked.
    #[must_use]
    pub(super) fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Whether progress may be drawn over itself.
    #[must_use]
    pub(super) fn can_redraw(&self) -> bool {
        io::stderr().is_terminal() && !self.quiet
    }

    /// Writes what the command is there for.
    pub(super) fn out(&self, text: &str) {
        self.out_bytes(text.as_bytes());
    }

    /// [`Terminal::out`] for a value that should not become an ordinary text.
    pub(super) fn out_bytes(&self, bytes: &[u8]) {
        if self.is_mute {
            return;
        }
        let mut stream = io::stdout().lock();
        match stream.write_all(bytes).and_then(|()| stream.flush()) {
            // A pipe that nobody reads any more is no failure of ours.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.lost.get_or_init(|| error);
            }
            _ => {}
        }
    }

    /// [`Terminal::out`] for what is said in sentences.
    pub(super) fn say(&self, text: &str) {
        self.out(&words::sentences(text, self.out.width));
    }

    /// Writes what goes wrong, and questions.
    pub(super) fn err(&self, text: &str) {
        if self.is_mute {
            return;
        }
        let mut stream = io::stderr().lock();
        let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    }

    /// Writes to standard error what may be left out under `--quiet`.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            self.err(&words::sentences(text, self.err.width));
        }
    }
}
