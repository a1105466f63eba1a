//! What of a text is structure, and so may be shown whatever else the text holds: names before an equals
//! sign, the headers of blocks with their labels, brackets that stand alone. Everything else may be a secret:
//! values, comments, whatever has no syntax. Reads any text, and shows too little rather than too much. Which
//! values are known to be plain is not decided here: see [`Sources::reveal`](crate::diag::source::Sources::reveal).

use std::ops::Range;

/// What is known of a text without knowing what any word in it means.
#[derive(Debug, Default)]
pub(crate) struct Structure {
    /// What may be shown.
    pub(crate) shown: Vec<Range<usize>>,
    /// What never is, also in the middle of a plain value.
    pub(crate) comments: Vec<Range<usize>>,
}

/// The structure of a text.
pub(crate) fn structure(text: &str) -> Structure {
    let bytes = text.as_bytes();
    let mut scan = Scan { bytes, at: 0, is_start: true, depth: 0, stack: Vec::new(), out: Structure::default() };
    scan.run();
    scan.out
}

/// What the scan is inside of; at the bottom of the stack is code that is never left.
enum Inside {
    Quoted,
    Heredoc(Range<usize>),
    Code { brackets: usize },
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    /// Whether an attribute or a block may begin here.
    is_start: bool,
    /// Brackets that are open in the value that is being read.
    depth: usize,
    stack: Vec<Inside>,
    out: Structure,
}

impl Scan<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn run(&mut self) {
        while self.at < self.bytes.len() {
            match self.stack.last_mut() {
                None => self.code(),
                Some(Inside::Code { brackets }) => match self.bytes.get(self.at) {
                    Some(b'{') => {
                        *brackets += 1;
                        self.at += 1;
                    }
                    Some(b'}') if *brackets == 0 => {
                        self.stack.pop();
                        self.at += 1;
                    }
                    Some(b'}') => {
                        *brackets -= 1;
                        self.at += 1;
                    }
                    Some(b'(' | b'[' | b']' | b')' | b',') => self.at += 1,
                    _ => self.code(),
                },
                Some(Inside::Quoted) => self.quoted(),
                Some(Inside::Heredoc(marker)) => {
                    let marker = marker.clone();
                    self.heredoc(&marker);
                }
            }
        }
    }

    /// Something is never closed: where it should end nobody knows. Lines of closing brackets are shown all the
    /// same: they show where the reader is.
    fn give_up(&mut self) {
        self.stack.clear();
        let mut start = self.line_end();
        for line in self.bytes[start..].split_inclusive(|b| *b == b'\n') {
            if line.iter().all(|b| b.is_ascii_whitespace() || matches!(b, b'}' | b')' | b']')) {
                self.out.shown.push(start..start + line.len());
            }
            start += line.len();
        }
        self.at = self.bytes.len();
    }

    /// The end of the line that `at` is in.
    fn line_end(&self) -> usize {
        let rest = &self.bytes[self.at..];
        self.at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())
    }

    fn code(&mut self) {
        let start = self.at;
        match self.byte(0) {
            b'\n' => {
                self.is_start = self.depth == 0 && self.stack.is_empty();
                self.at += 1;
            }
            b' ' | b'\t' | b'\r' => self.at += 1,
            b'#' => self.comment(1, self.line_end()),
            b'/' if self.byte(1) == b'/' => self.comment(2, self.line_end()),
            b'/' if self.byte(1) == b'*' => {
                let rest = &self.bytes[start + 2..];
                let end = rest.windows(2).position(|two| two == b"*/").map_or(self.bytes.len(), |n| start + n + 4);
                self.comment(2, end);
            }
            b'"' => {
                self.is_start = false;
                self.at += 1;
                self.stack.push(Inside::Quoted);
            }
            b'<' if self.byte(1) == b'<' => {
                self.is_start = false;
                self.open_heredoc();
            }
            // Quotes of another language: nothing in the line is what it seems.
            b'\'' | b'`' => {
                self.is_start = false;
                self.at = self.line_end();
            }
            b if is_bracket(b) => self.brackets(),
            b if self.is_start && is_name(b) => self.statement(),
            _ => {
                self.is_start = false;
                self.at += 1;
            }
        }
    }

    /// `mark` is how many bytes say that it is one.
    fn comment(&mut self, mark: usize, end: usize) {
        let start = self.at + mark;
        self.out.shown.push(self.at..start);
        self.out.comments.push(start..end);
        self.at = end;
    }

    /// A run of brackets and commas: shown where it stands alone, and so is no part of anything.
    fn brackets(&mut self) {
        let start = self.at;
        while is_bracket(self.byte(0)) {
            match self.byte(0) {
                b'(' | b'[' | b'{' => self.depth += 1,
                b',' => {}
                _ => self.depth = self.depth.saturating_sub(1),
            }
            self.at += 1;
        }
        self.is_start = false;
        let is_blank = |b: Option<&u8>| b.is_none_or(u8::is_ascii_whitespace);
        let before = start.checked_sub(1).and_then(|at| self.bytes.get(at));
        let is_behind = is_blank(before) || self.out.shown.last().is_some_and(|last| last.end == start);
        if is_behind && is_blank(self.bytes.get(self.at)) {
            self.out.shown.push(start..self.at);
        }
    }

    /// An attribute or a block begins, or else the line is nothing that has syntax.
    fn statement(&mut self) {
        let start = self.at;
        self.is_start = false;
        let mut end = start + self.bytes[start..].iter().take_while(|b| is_name(**b)).count();
        let line = &self.bytes[..self.line_end()];
        let behind = |at: usize| at + line[at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        self.at = behind(end);
        if self.byte(0) == b'=' {
            let value = behind(self.at + 1);
            // What ends with equals signs is no attribute: it is encoded.
            if !matches!(line.get(value), None | Some(b'=' | b'>' | b'#' | b'\r')) {
                self.out.shown.push(start..self.at + 1);
            }
            self.at += 1;
            return;
        }
        while let Some(label) = label(&line[self.at..]) {
            end = self.at + label;
            self.at = behind(end);
        }
        match self.byte(0) {
            b'{' => {
                self.at += 1;
                self.out.shown.push(start..self.at);
                self.is_start = true;
            }
            _ => self.at = end,
        }
    }

    fn open_heredoc(&mut self) {
        self.at += 2 + usize::from(self.byte(2) == b'-');
        let start = self.at;
        while is_name(self.byte(0)) {
            self.at += 1;
        }
        let marker = start..self.at;
        if marker.is_empty() || !matches!((self.byte(0), self.byte(1)), (b'\n', _) | (b'\r', b'\n')) {
            return self.give_up();
        }
        self.at = self.line_end();
        self.stack.push(Inside::Heredoc(marker));
    }

    /// `$${` and `%%{` stand for themselves.
    fn is_escape(&self) -> bool {
        matches!(self.byte(0), b'$' | b'%') && self.byte(1) == self.byte(0) && self.byte(2) == b'{'
    }

    fn opens_code(&self) -> bool {
        matches!(self.byte(0), b'$' | b'%') && self.byte(1) == b'{'
    }

    fn enter_code(&mut self) {
        self.at += 2;
        self.stack.push(Inside::Code { brackets: 0 });
    }

    /// A stretch of a quoted text.
    fn quoted(&mut self) {
        loop {
            match self.byte(0) {
                _ if self.is_escape() => self.at += 3,
                _ if self.opens_code() => return self.enter_code(),
                b'"' => {
                    self.at += 1;
                    self.stack.pop();
                    return;
                }
                b'\\' if !matches!(self.byte(1), b'\n' | b'\r') => self.at = (self.at + 2).min(self.bytes.len()),
                b'\n' => return self.give_up(),
                _ if self.at >= self.bytes.len() => return self.give_up(),
                _ => self.at += 1,
            }
        }
    }

    /// A stretch of a heredoc; `at` is on the line break before a line, or behind an interpolation.
    fn heredoc(&mut self, marker: &Range<usize>) {
        loop {
            if self.byte(0) == b'\n' {
                self.at += 1;
                let rest = &self.bytes[self.at..];
                let indent = rest.iter().position(|b| !matches!(b, b' ' | b'\t')).unwrap_or(rest.len());
                let end = rest[indent..].strip_prefix(&self.bytes[marker.clone()]);
                if end.is_some_and(|end| !end.first().is_some_and(|b| is_name(*b))) {
                    self.at += indent + marker.len();
                    self.stack.pop();
                    return;
                }
            } else if self.is_escape() {
                self.at += 3;
            } else if self.opens_code() {
                return self.enter_code();
            } else if self.at >= self.bytes.len() {
                return self.give_up();
            } else {
                self.at += 1;
            }
        }
    }
}

/// How long the label is that a text begins with: quoted, and without anything computed or escaped.
fn label(text: &[u8]) -> Option<usize> {
    let inner = text.strip_prefix(b"\"")?;
    let length = inner.iter().position(|b| matches!(b, b'"' | b'\\' | b'$' | b'%'))?;
    (inner[length] == b'"').then_some(length + 2)
}

/// Whether a byte is of a name.
fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-') || !b.is_ascii()
}

fn is_bracket(b: u8) -> bool {
    matches!(b, b'(' | b'[' | b'{' | b'}' | b']' | b')' | b',')
}
