//! The dependency graph: which resource needs which other one to exist first.
//!
//! Lives here: edges with the places that made them, cycles, topological order, the part that targets
//! need. How edges are found in a configuration is `config::resolve`'s business; how the graph is
//! drawn is `view`'s.

use crate::diag::source::Span;
use crate::model::address::Address;
use petgraph::graph::DiGraph;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;

/// One step of a cycle or of a drawing: `from` needs `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// What needs.
    pub from: Address,
    /// What is needed.
    pub to: Address,
    /// The expression that says so; `None` for edges that follow from names (a folder needs its
    /// environment).
    pub span: Option<Span>,
}

/// What needs what.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: BTreeMap<Address, NodeIndex>,
    graph: DiGraph<Address, Option<Span>>,
    /// All edges, to find one in constant time: a sync can need thousands of secrets.
    known: HashSet<(NodeIndex, NodeIndex)>,
}

impl Graph {
    /// Adds a node; adding it again changes nothing.
    pub fn add(&mut self, address: &Address) {
        self.node(address);
    }

    /// Says that `from` needs `to`. Both become nodes. A second edge between the same two is ignored.
    pub fn need(&mut self, from: &Address, to: &Address, span: Option<Span>) {
        let (a, b) = (self.node(from), self.node(to));
        if self.known.insert((a, b)) {
            self.graph.add_edge(a, b, span);
        }
    }

    /// All nodes, ordered.
    pub fn nodes(&self) -> impl Iterator<Item = &Address> {
        self.nodes.keys()
    }

    /// All edges, ordered by their ends.
    #[must_use]
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges: Vec<_> = self
            .graph
            .edge_references()
            .map(|e| Edge {
                from: self.graph[e.source()].clone(),
                to: self.graph[e.target()].clone(),
                span: *e.weight(),
            })
            .collect();
        edges.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        edges
    }

    /// What `address` needs directly, ordered.
    #[must_use]
    pub fn needs(&self, address: &Address) -> BTreeSet<&Address> {
        let Some(&node) = self.nodes.get(address) else { return BTreeSet::new() };
        self.graph.neighbors(node).map(|n| &self.graph[n]).collect()
    }

    /// Everything that the given addresses need, directly or not, themselves included.
    #[must_use]
    pub fn closure(&self, roots: impl IntoIterator<Item = Address>) -> BTreeSet<Address> {
        let mut open: Vec<NodeIndex> = roots.into_iter().filter_map(|a| self.nodes.get(&a).copied()).collect();
        let mut seen: BTreeSet<NodeIndex> = open.iter().copied().collect();
        while let Some(node) = open.pop() {
            open.extend(self.graph.neighbors(node).filter(|&next| seen.insert(next)));
        }
        seen.into_iter().map(|n| self.graph[n].clone()).collect()
    }

    /// Every cycle once, as the path of its edges: the last one leads back to the first. Shortest path
    /// within each strongly connected part, so that the report stays small.
    #[must_use]
    pub fn cycles(&self) -> Vec<Vec<Edge>> {
        let mut cycles: Vec<_> =
            petgraph::algo::tarjan_scc(&self.graph).iter().filter_map(|part| self.cycle_in(part)).collect();
        cycles.sort_by(|a, b| a[0].from.cmp(&b[0].from));
        cycles
    }

    /// The shortest cycle through the first node of a strongly connected part.
    fn cycle_in(&self, part: &[NodeIndex]) -> Option<Vec<Edge>> {
        let members: BTreeSet<_> = part.iter().copied().collect();
        let start = *part.iter().min_by_key(|&&n| &self.graph[n])?;
        let mut came_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            let mut next: Vec<_> = self.graph.neighbors(node).filter(|n| members.contains(n)).collect();
            next.sort_by_key(|&n| &self.graph[n]);
            for n in next {
                if n == start {
                    return Some(self.path(start, node, &came_from));
                }
                if let std::collections::btree_map::Entry::Vacant(first_way) = came_from.entry(n) {
                    first_way.insert(node);
                    queue.push_back(n);
                }
            }
        }
        None
    }

    /// What is left of it where only these are.
    #[must_use]
    pub fn within(&self, kept: &BTreeSet<Address>) -> Self {
        let mut part = Self::default();
        self.nodes().filter(|address| kept.contains(*address)).for_each(|address| part.add(address));
        for edge in self.edges() {
            if kept.contains(&edge.from) && kept.contains(&edge.to) {
                part.need(&edge.from, &edge.to, edge.span);
            }
        }
        part
    }

    fn path(&self, start: NodeIndex, last: NodeIndex, came_from: &BTreeMap<NodeIndex, NodeIndex>) -> Vec<Edge> {
        // Backwards from the edge that closes the cycle: start ← last ← … ← start.
        let mut nodes = vec![start, last];
        while let Some(&previous) = came_from.get(&nodes[nodes.len() - 1]) {
            nodes.push(previous);
        }
        nodes.reverse();
        nodes
            .windows(2)
            .map(|pair| Edge {
                from: self.graph[pair[0]].clone(),
                to: self.graph[pair[1]].clone(),
                span: self.graph.find_edge(pair[0], pair[1]).and_then(|e| self.graph[e]),
            })
            .collect()
    }

    fn node(&mut self, address: &Address) -> NodeIndex {
        if let Some(&node) = self.nodes.get(address) {
            return node;
        }
        let node = self.graph.add_node(address.clone());
        self.nodes.insert(address.clone(), node);
        node
    }
}
