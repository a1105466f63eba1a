//! Messages on the wire: headers, an empty line, JSON. A frame that is none is told apart from the end of the stream, so
//! that it can be answered; nothing of it is repeated.

use serde_json::Value as Json;
use std::io;
use std::io::BufRead;
use std::io::Read;
use std::io::Write;

/// Longest message that is taken, and longest line of its header.
const MOST_BYTES: u64 = 256 << 20;
const MOST_HEADER: u64 = 8 << 10;

/// What arrives.
#[derive(Debug, PartialEq)]
pub enum Frame {
    /// A message.
    Message(Json),
    /// Something that is none, and why.
    Broken(&'static str),
    /// Nothing more comes.
    End,
}

/// Reads what comes next.
///
/// # Errors
/// The stream can't be read.
pub fn read(input: &mut impl BufRead) -> io::Result<Frame> {
    let mut length: Option<u64> = None;
    let mut lines = 0;
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(MOST_HEADER).read_until(b'\n', &mut line)? == 0 {
            return Ok(Frame::End);
        }
        if line.last() != Some(&b'\n') {
            return Ok(Frame::Broken("a line of the header never ends"));
        }
        let line = line.trim_ascii();
        if line.is_empty() {
            // Blank lines between messages mean nothing.
            if lines > 0 {
                break;
            }
            continue;
        }
        lines += 1;
        let text = String::from_utf8_lossy(line);
        if let Some((name, value)) = text.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    match length {
        None => Ok(Frame::Broken("the header has no Content-Length")),
        Some(length) if length > MOST_BYTES => Ok(Frame::Broken("the message is too long")),
        Some(length) => {
            let mut body = Vec::new();
            if input.by_ref().take(length).read_to_end(&mut body)? as u64 != length {
                return Ok(Frame::End);
            }
            // What serde says may quote the text.
            Ok(serde_json::from_slice(&body).map_or(Frame::Broken("the message is no JSON"), Frame::Message))
        }
    }
}

/// Writes a message.
///
/// # Errors
/// The stream can't be written.
pub fn write(output: &mut impl Write, message: &Json) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    write!(output, "Content-Length: {}\r\n\r\n", body.len())?;
    output.write_all(&body)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn frames_are_read_and_broken_ones_end_nothing() {
        let mut bytes = Vec::new();
        write(&mut bytes, &json!({ "id": 1 })).unwrap_or_default();
        bytes.extend_from_slice(b"Content-Length: 3\r\n\r\n{\"x\r\nX: y\r\n\r\ncontent-length: 4\r\n\r\nnull");
        let mut input = io::Cursor::new(bytes);
        let mut next = || read(&mut input).unwrap_or(Frame::End);
        assert_eq!(next(), Frame::Message(json!({ "id": 1 })));
        assert_eq!(next(), Frame::Broken("the message is no JSON"));
        assert_eq!(next(), Frame::Broken("the header has no Content-Length"));
        assert_eq!(next(), Frame::Message(Json::Null));
        assert_eq!(next(), Frame::End);
    }
}
