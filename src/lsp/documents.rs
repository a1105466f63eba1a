//! What is open in the editor, as the editor has it: texts, versions, and the addresses that it knows files by.

use crate::config;
use crate::config::overlay::Overlay;
use crate::lsp::text::Lines;
use gen_lsp_types::Position;
use gen_lsp_types::TextDocumentContentChangeEvent;
use gen_lsp_types::Uri;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::percent_decode_str;
use percent_encoding::utf8_percent_encode;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// What stays as it is in the address of a file.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// An open file.
#[derive(Clone)]
pub(crate) struct Document {
    /// What the editor calls it.
    pub(crate) uri: Uri,
    /// The editor's number of this text.
    pub(crate) version: i32,
    /// The text.
    pub(crate) text: Arc<str>,
}

/// The open files by their paths.
#[derive(Default, Clone)]
pub(crate) struct Documents {
    open: BTreeMap<PathBuf, Document>,
}

impl Documents {
    pub(crate) fn get(&self, path: &Path) -> Option<&Document> {
        self.open.get(path)
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.open.keys()
    }

    pub(crate) fn open(&mut self, path: PathBuf, document: Document) {
        self.open.insert(path, document);
    }

    pub(crate) fn close(&mut self, path: &Path) {
        self.open.remove(path);
    }

    /// Applies changes in their order.
    pub(crate) fn change(&mut self, path: &Path, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        let Some(document) = self.open.get_mut(path) else { return };
        let mut text = document.text.to_string();
        for change in changes {
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let lines = Lines::new(&text);
                    let offset = |at: Position| lines.offset(&text, at);
                    let (start, end) = (offset(part.range.start), offset(part.range.end));
                    text.replace_range(start.min(end)..end.max(start), &part.text);
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => text = whole.text,
            }
        }
        document.text = text.into();
        document.version = version;
    }

    /// Puts texts in the place of bytes, in order, of a file that need not be open.
    pub(crate) fn replace(&mut self, path: &Path, edits: &[(Range<usize>, String)]) {
        let known = self.open.get(path).cloned();
        let read = || config::text(path).map(|text| Document { uri: uri(path), version: 0, text });
        let Some(mut document) = known.or_else(read) else { return };
        let mut text = document.text.to_string();
        for (bytes, new) in edits.iter().rev() {
            text.replace_range(bytes.clone(), new);
        }
        document.text = text.into();
        self.open.insert(path.to_owned(), document);
    }

    /// The texts, to stand before those of files.
    pub(crate) fn overlay(&self) -> Overlay {
        Overlay::new(self.open.iter().map(|(path, document)| (path.clone(), document.text.clone())))
    }

    /// What the editor calls a file.
    pub(crate) fn uri(&self, path: &Path) -> Uri {
        self.open.get(path).map_or_else(|| uri(path), |document| document.uri.clone())
    }
}

/// The file that an address names; `None` if it names something else.
pub(crate) fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_ref().strip_prefix("file://")?;
    let start = rest.find('/')?;
    let decoded = percent_decode_str(&rest[start..]).decode_utf8().ok()?;
    // `/C:/…` is `C:/…`.
    let bytes = decoded.as_bytes();
    let is_drive = bytes.len() > 2 && bytes[1].is_ascii_alphabetic() && bytes[2] == b':';
    Some(PathBuf::from(if is_drive && cfg!(windows) { &decoded[1..] } else { &decoded }))
}

/// The address of a file.
pub(crate) fn uri(path: &Path) -> Uri {
    let shown = path.to_string_lossy().replace('\\', if cfg!(windows) { "/" } else { "\\" });
    let root = if shown.starts_with('/') { "" } else { "/" };
    Uri(format!("file://{root}{}", utf8_percent_encode(&shown, KEPT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_to_files_and_back() {
        for (address, file) in [("file:///a/b%20c/%C3%A9.hcl", "/a/b c/é.hcl"), ("file://host/x.hcl", "/x.hcl")] {
            assert_eq!(path(&Uri(address.to_owned())).as_deref(), Some(Path::new(file)));
        }
        assert_eq!(uri(Path::new("/a/b c/é#.hcl")).as_ref(), "file:///a/b%20c/%C3%A9%23.hcl");
        assert_eq!(path(&Uri("untitled:Untitled-1".to_owned())), None);
        assert_eq!(path(&Uri("file:///%ff".to_owned())), None);
    }
}
