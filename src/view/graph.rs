//! The dependency graph as a drawing: DOT for Graphviz, Mermaid for Markdown. An arrow goes from what
//! needs to what is needed.

use crate::model::address::Address;
use crate::model::graph::Graph;
use crate::view::words;
use std::collections::BTreeMap;

/// Graphviz.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let mut out = String::from("digraph keyform {\n  rankdir = LR\n  node [shape = box, fontname = \"monospace\"]\n");
    for node in graph.nodes() {
        out.push_str(&format!("  {}\n", dot_text(node)));
    }
    for edge in graph.edges() {
        out.push_str(&format!("  {} -> {}\n", dot_text(&edge.from), dot_text(&edge.to)));
    }
    out.push_str("}\n");
    out
}

/// A quoted string of DOT: a backslash and a quote are escaped.
fn dot_text(address: &Address) -> String {
    format!("\"{}\"", words::shown(&address.to_string()).replace('\\', "\\\\").replace('"', "\\\""))
}

/// Mermaid.
#[must_use]
pub fn mermaid(graph: &Graph) -> String {
    let ids: BTreeMap<&Address, usize> = graph.nodes().enumerate().map(|(i, node)| (node, i)).collect();
    let mut out = String::from("graph LR\n");
    for (node, id) in &ids {
        out.push_str(&format!("  n{id}[\"{}\"]\n", mermaid_text(node)));
    }
    for edge in graph.edges() {
        if let (Some(from), Some(to)) = (ids.get(&edge.from), ids.get(&edge.to)) {
            out.push_str(&format!("  n{from} --> n{to}\n"));
        }
    }
    out
}

/// A quoted label of Mermaid: what has a meaning there, or in the HTML it becomes, is an entity.
fn mermaid_text(address: &Address) -> String {
    let mut out = String::new();
    for c in words::shown(&address.to_string()).chars() {
        match c {
            '"' | '<' | '>' | '&' | '#' | ';' | '`' => out.push_str(&format!("#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
