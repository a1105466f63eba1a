//! What is said when keyform itself is at fault. The message of a panic can quote what was being worked on (the text that was
//! cut at a wrong place, the value that was not there), and that may be a secret: so only the place in the code is said.

use std::io;
use std::io::Write;
use std::panic;

/// From now on a panic says where it happened, and nothing else.
pub fn hide_messages() {
    panic::set_hook(Box::new(|info| {
        let place =
            info.location().map_or(String::new(), |at| format!(", at {}:{}:{}", at.file(), at.line(), at.column()));
        let text = format!(
            "error: keyform itself is at fault here{place}\n  What it was working on is not shown, since it could be a \
             secret.\n  help: report this line; what was written so far is in the ledger, and running again goes on\n"
        );
        // Where nobody listens there is nobody to tell.
        let _ = io::stderr().write_all(text.as_bytes());
    }));
}
