//! The dependency graph as JSON: `keyform.graph/1`.

use crate::model::graph::Graph;
use crate::view::json::diagnostic;
use serde::Serialize;

/// The document: nodes by name, and pairs of who needs whom.
#[derive(Debug, Serialize)]
pub struct Document {
    format: &'static str,
    nodes: Vec<String>,
    edges: Vec<Edge>,
    diagnostics: Vec<diagnostic::Entry>,
}

#[derive(Debug, Serialize)]
struct Edge {
    from: String,
    needs: String,
}

/// Mirrors a graph.
#[must_use]
pub fn document(graph: &Graph, diagnostics: Vec<diagnostic::Entry>) -> Document {
    Document {
        format: "keyform.graph/1",
        nodes: graph.nodes().map(ToString::to_string).collect(),
        edges: graph
            .edges()
            .iter()
            .map(|edge| Edge { from: edge.from.to_string(), needs: edge.to.to_string() })
            .collect(),
        diagnostics,
    }
}
