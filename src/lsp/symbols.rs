//! The outline of a file: its blocks, and in `locals` the names.

use crate::lang::ast::Block;
use crate::lsp::workspace::File;
use crate::model::resource::Kind;
use gen_lsp_types::DocumentSymbol;
use gen_lsp_types::SymbolKind;
use std::ops::Range;

/// The blocks of a file.
pub(crate) fn of(file: &File) -> Vec<DocumentSymbol> {
    file.body.blocks.iter().map(|block| block_of(file, block)).collect()
}

fn block_of(file: &File, block: &Block) -> DocumentSymbol {
    let kind = match &*block.kind {
        "variable" | "locals" => SymbolKind::Variable,
        "output" => SymbolKind::Field,
        "module" => SymbolKind::Module,
        "rule" | "validation" => SymbolKind::Event,
        word if Kind::from_word(word).is_some() => SymbolKind::Object,
        _ => SymbolKind::Namespace,
    };
    let inner = block.body.blocks.iter().map(|inner| block_of(file, inner));
    let locals = block.body.attrs.iter().filter(|_| &*block.kind == "locals").map(|attr| {
        let whole = attr.name_span.to(attr.expr.span).range();
        symbol(file, attr.name.to_string(), None, SymbolKind::Variable, (whole, attr.name_span.range()), Vec::new())
    });
    let name = block.labels.last().map_or(&*block.kind, |label| &label.text);
    // Clients refuse a symbol without a name.
    let name = if name.is_empty() { &*block.kind } else { name };
    let before = block.labels.iter().rev().skip(1).map(|label| &*label.text);
    let detail = std::iter::once(&*block.kind).chain(before).collect::<Vec<_>>().join(" ");
    let places = (block.span.range(), block.header.range());
    symbol(file, name.to_owned(), Some(detail), kind, places, locals.chain(inner).collect())
}

#[expect(deprecated, reason = "the field has to be given, and is none")]
fn symbol(
    file: &File,
    name: String,
    detail: Option<String>,
    kind: SymbolKind,
    (whole, own): (Range<usize>, Range<usize>),
    children: Vec<DocumentSymbol>,
) -> DocumentSymbol {
    let range = |bytes| file.lines.range(&file.text, bytes);
    DocumentSymbol {
        name,
        detail,
        kind,
        tags: None,
        deprecated: None,
        range: range(whole),
        selection_range: range(own),
        children: (!children.is_empty()).then_some(children),
    }
}
