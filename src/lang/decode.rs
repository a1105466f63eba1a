//! Typed access to a [`Body`]: take what is known, then [`Decoder::finish`] reports the rest.

use crate::diag::Diagnostic;
use crate::diag::Diagnostics;
use crate::diag::codes;
use crate::lang::ast::Attr;
use crate::lang::ast::Block;
use crate::lang::ast::Body;
use std::collections::BTreeSet;

/// Takes attributes and blocks of one body by name and remembers what was asked for.
pub struct Decoder<'a> {
    body: &'a Body,
    asked_attrs: BTreeSet<String>,
    asked_blocks: BTreeSet<String>,
}

impl<'a> Decoder<'a> {
    /// Nothing taken yet.
    #[must_use]
    pub fn new(body: &'a Body) -> Self {
        Self { body, asked_attrs: BTreeSet::new(), asked_blocks: BTreeSet::new() }
    }

    /// An attribute that may be there.
    pub fn attr(&mut self, name: &str) -> Option<&'a Attr> {
        self.asked_attrs.insert(name.to_owned());
        self.body.attrs.iter().find(|attr| &*attr.name == name)
    }

    /// An attribute that must be there; if it is not, `of` is where the diagnostic points.
    pub fn required(&mut self, acc: &mut Diagnostics, of: &Block, name: &str) -> Option<&'a Attr> {
        let found = self.attr(name);
        if found.is_none() {
            let detail = format!("This `{}` block needs the attribute `{name}`.", of.kind);
            acc.push(Diagnostic::error(&codes::REQUIRED, detail).at(of.header, format!("`{name}` is not set")));
        }
        found
    }

    /// All blocks of a kind, in source order.
    pub fn blocks(&mut self, kind: &str) -> Vec<&'a Block> {
        self.asked_blocks.insert(kind.to_owned());
        self.body.blocks.iter().filter(|block| &*block.kind == kind).collect()
    }

    /// The one block of a kind that may be there; further ones are reported.
    pub fn block(&mut self, acc: &mut Diagnostics, kind: &str) -> Option<&'a Block> {
        let all = self.blocks(kind);
        let (first, more) = all.split_first()?;
        for again in more {
            acc.push(
                Diagnostic::error(&codes::DUPLICATE, format!("There can be only one `{kind}` block here."))
                    .at(again.header, "second one")
                    .at(first.header, "first one"),
            );
        }
        Some(first)
    }

    /// Reports every attribute and block that nobody asked for.
    pub fn finish(self, acc: &mut Diagnostics) {
        let attrs = || self.asked_attrs.iter().map(String::as_str);
        let blocks = || self.asked_blocks.iter().map(String::as_str);
        for attr in self.body.attrs.iter().filter(|attr| !self.asked_attrs.contains(&*attr.name)) {
            let name = &attr.name;
            let d = Diagnostic::error(&codes::UNEXPECTED, format!("There is no attribute `{name}` here."))
                .at(attr.name_span, "");
            acc.push(match self.asked_blocks.contains(&**name) {
                true => d.help(format!("`{name}` is a block: write `{name} {{ … }}` without the equals sign")),
                false => d.did_you_mean(name, attrs()),
            });
        }
        for block in self.body.blocks.iter().filter(|block| !self.asked_blocks.contains(&*block.kind)) {
            let kind = &block.kind;
            let d =
                Diagnostic::error(&codes::UNEXPECTED, format!("There is no block `{kind}` here.")).at(block.header, "");
            acc.push(match self.asked_attrs.contains(&**kind) {
                true => d.help(format!("`{kind}` is an attribute: write `{kind} = …`")),
                false => d.did_you_mean(kind, blocks()),
            });
        }
    }
}

/// The labels of a block as texts, if there are exactly as many as `names` tells; else reports it.
pub fn labels<'a, const N: usize>(acc: &mut Diagnostics, block: &'a Block, names: [&str; N]) -> Option<[&'a str; N]> {
    let texts: Vec<&str> = block.labels.iter().map(|label| &*label.text).collect();
    if let Ok(all) = <[&str; N]>::try_from(texts) {
        return Some(all);
    }
    let wanted: String = names.iter().map(|name| format!(" \"<{name}>\"")).collect();
    let form = format!("it is written `{}{wanted} {{ … }}`", block.kind);
    let kind = &block.kind;
    acc.push(match (block.labels.get(N), names.get(block.labels.len())) {
        (Some(extra), _) => Diagnostic::error(&codes::UNEXPECTED, format!("A `{kind}` block has no label here."))
            .at(extra.span, "one label too many")
            .help(form),
        (None, missing) => {
            let missing = missing.copied().unwrap_or_default();
            Diagnostic::error(&codes::REQUIRED, format!("A `{kind}` block needs the label <{missing}>."))
                .at(block.header, "")
                .help(form)
        }
    });
    None
}
