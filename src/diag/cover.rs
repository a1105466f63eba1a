//! What of a text may be a secret: the content of every quoted text and heredoc but for the labels of
//! blocks, and values without quotes that are no expression. Reads any text, also one without syntax, and covers too much rather than too little. Which
//! of them are known to be plain is not decided here: see [`Sources::reveal`](crate::diag::source::Sources::reveal).

use std::ops::Range;

/// The ranges to cover, in no order; they may overlap.
pub(crate) fn literals(text: &str) -> Vec<Range<usize>> {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
        line: Line::default(),
        outermost: None,
        stack: Vec::new(),
        out: Vec::new(),
        drop_labels: None,
    };
    scan.run();
    scan.out
}

/// What the scan is inside of; at the bottom of the stack is code that is never left.
enum Inside {
    Quoted,
    Heredoc(Range<usize>),
    Code { brackets: usize },
}

/// What came last in a line of code.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Last {
    #[default]
    Other,
    Word,
    Text,
}

/// A line of code, or what is behind a brace in it.
#[derive(Clone, Copy, Default)]
struct Line {
    /// Where the first thing in it is.
    start: Option<usize>,
    /// Behind its first equals sign.
    value: Option<usize>,
    last: Last,
    /// Behind the last word or text.
    end: usize,
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    line: Line,
    /// Where the value begins that the outermost open text is part of.
    outermost: Option<usize>,
    stack: Vec<Inside>,
    out: Vec<Range<usize>>,
    /// How many ranges there were before the first text of a line that may turn out to be labels.
    drop_labels: Option<usize>,
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
                    _ => self.code(),
                },
                Some(Inside::Quoted) => self.quoted(),
                Some(Inside::Heredoc(marker)) => {
                    let marker = marker.clone();
                    self.heredoc(&marker);
                }
            }
        }
        if !self.stack.is_empty() {
            self.give_up();
        }
    }

    /// Something is never closed: where it should end nobody knows.
    fn give_up(&mut self) {
        let from = self.outermost.or(self.line.value).or(self.line.start).unwrap_or(self.at);
        let mut start = from;
        // Lines of closing brackets stay: they show where the reader is.
        for line in self.bytes[from..].split_inclusive(|b| *b == b'\n') {
            if !line.iter().all(|b| b.is_ascii_whitespace() || matches!(b, b'}' | b')' | b']')) {
                self.push(start, start + line.len());
            }
            start += line.len();
        }
        self.at = self.bytes.len();
        self.stack.clear();
    }

    /// The end of the line that `at` is in.
    fn line_end(&self) -> usize {
        let rest = &self.bytes[self.at..];
        self.at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())
    }

    /// The value in this line is nothing that has syntax: quotes that are not what they seem.
    fn cover_line(&mut self) {
        let from = self.line.value.or(self.line.start).unwrap_or(self.at);
        self.push(from, self.line_end());
    }

    /// Somebody forgot the quotes, or the value is a number: what is behind the equals sign calls nothing and
    /// refers to nothing. The scan goes on behind it.
    fn cover_bare(&mut self) {
        let rest = &self.bytes[self.at..self.line_end()];
        let end = rest.iter().position(|b| matches!(b, b'#' | b'}')).unwrap_or(rest.len());
        let value = rest[..end].trim_ascii();
        let is_code = value.iter().any(|b| matches!(b, b'"' | b'\'' | b'`' | b'(' | b'[' | b'{' | b'<' | b','))
            || value.windows(2).any(|two| two == b" =");
        let root = value.split(|b| *b == b'.').next().unwrap_or_default();
        let refers = root.len() < value.len() && root.iter().all(|b| b.is_ascii_lowercase() || *b == b'_');
        if !(is_code || refers || value.is_empty() || matches!(value, b"true" | b"false" | b"null")) {
            self.push(self.at, self.at + rest[..end].trim_ascii_end().len());
        }
    }

    /// Covers a range but for the blanks before it.
    fn push(&mut self, start: usize, end: usize) {
        let blanks = self.bytes[start..end].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        self.out.push(start + blanks..end);
    }

    fn code(&mut self) {
        let start = self.at;
        match self.byte(0) {
            b'\n' => {
                self.line = Line::default();
                self.drop_labels = None;
                self.at += 1;
                return;
            }
            b' ' | b'\t' | b'\r' => {
                self.at += 1;
                return;
            }
            b'#' => return self.comment(self.line_end()),
            b'/' if self.byte(1) == b'/' => return self.comment(self.line_end()),
            b'/' if self.byte(1) == b'*' => {
                let rest = &self.bytes[start + 2..];
                let end = rest.windows(2).position(|two| two == b"*/").map_or(self.bytes.len(), |n| start + n + 4);
                return self.comment(end);
            }
            _ => {}
        }
        self.line.start.get_or_insert(start);
        match self.byte(0) {
            b'"' => self.open_quote(),
            b'\'' | b'`' => {
                self.cover_line();
                self.out.push(start..self.line_end());
                self.at = self.line_end();
            }
            b'<' if self.byte(1) == b'<' => self.open_heredoc(),
            b'{' => {
                if let Some(count) = self.drop_labels.take() {
                    self.out.truncate(count);
                }
                self.line = Line::default();
                self.at += 1;
            }
            b if is_word(b) => {
                while self.at < self.bytes.len() && is_word(self.bytes[self.at]) {
                    self.at += 1;
                }
                let is_known = matches!(&self.bytes[start..self.at], b"if" | b"in" | b"for" | b"else" | b"endif");
                // Behind a text, or behind a name where an equals sign should be, stands nothing that has syntax.
                let is_lost = self.line.last == Last::Word && self.line.value.is_none() && self.stack.is_empty();
                if (self.line.last == Last::Text || is_lost) && !is_known {
                    self.cover_line();
                    if is_lost {
                        self.out.push(start..self.line_end());
                    }
                }
                self.line.last = if is_known { Last::Other } else { Last::Word };
                self.line.end = self.at;
            }
            b => {
                self.at += 1;
                if (b == b'=' || b == b':' && self.line.last == Last::Word) && self.line.value.is_none() {
                    self.line.value = Some(self.at);
                    self.cover_bare();
                }
                self.line.last = Last::Other;
                self.drop_labels = None;
            }
        }
    }

    /// What is quoted in a comment, from the first quote of each line to its end.
    fn comment(&mut self, end: usize) {
        while self.at < end {
            let line = self.line_end().min(end);
            if let Some(quote) = self.bytes[self.at..line].iter().position(|b| *b == b'"') {
                self.out.push(self.at + quote + 1..line);
            }
            self.at = (line + 1).min(end);
        }
    }

    fn open_quote(&mut self) {
        let touches = self.line.end == self.at && self.line.last != Last::Other;
        let may_be_label = self.stack.is_empty() && self.line.value.is_none() && self.line.last != Last::Other;
        if touches || (self.line.last != Last::Other && !may_be_label) {
            self.cover_line();
        }
        if may_be_label {
            self.drop_labels.get_or_insert(self.out.len());
        }
        self.enter();
        self.at += 1;
        self.stack.push(Inside::Quoted);
    }

    fn enter(&mut self) {
        if self.stack.is_empty() {
            self.outermost = Some(self.line.value.or(self.line.start).unwrap_or(self.at));
        }
    }

    fn open_heredoc(&mut self) {
        let open = self.at;
        self.enter();
        self.at += 2 + usize::from(self.byte(2) == b'-');
        let start = self.at;
        while self.at < self.bytes.len() && is_word(self.bytes[self.at]) {
            self.at += 1;
        }
        let marker = start..self.at;
        if marker.is_empty() || !matches!((self.byte(0), self.byte(1)), (b'\n', _) | (b'\r', b'\n')) {
            self.outermost.get_or_insert(open);
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
        self.line.last = Last::Other;
        self.stack.push(Inside::Code { brackets: 0 });
    }

    /// A stretch of a quoted text.
    fn quoted(&mut self) {
        let start = self.at;
        loop {
            match self.byte(0) {
                _ if self.is_escape() => self.at += 3,
                _ if self.opens_code() => {
                    self.out.push(start..self.at);
                    return self.enter_code();
                }
                b'"' => {
                    self.out.push(start..self.at);
                    self.at += 1;
                    self.stack.pop();
                    self.line.last = Last::Text;
                    self.line.end = self.at;
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
        let start = self.at;
        loop {
            if self.byte(0) == b'\n' {
                self.at += 1;
                let rest = &self.bytes[self.at..];
                let indent = rest.iter().position(|b| !matches!(b, b' ' | b'\t')).unwrap_or(rest.len());
                let end = rest[indent..].strip_prefix(&self.bytes[marker.clone()]);
                if end.is_some_and(|end| !end.first().is_some_and(|b| is_word(*b))) {
                    self.out.push(start..self.at);
                    self.line = Line { start: Some(self.at), ..Line::default() };
                    self.at += indent + marker.len();
                    self.stack.pop();
                    self.line.last = Last::Text;
                    return;
                }
            } else if self.is_escape() {
                self.at += 3;
            } else if self.opens_code() {
                self.out.push(start..self.at);
                return self.enter_code();
            } else if self.at >= self.bytes.len() {
                return self.give_up();
            } else {
                self.at += 1;
            }
        }
    }
}

/// Whether a byte is of a name or a number, or of what is neither here: beyond ASCII, a backslash, a dollar.
fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'\\' | b'$' | b'@' | b'~' | b'^' | b';') || !b.is_ascii()
}
