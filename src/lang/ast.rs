//! The syntax tree: compact, with a span on every node, comments and layout left in the source text.

use crate::diag::source::Span;
use crate::model::attrs::Number;
use std::sync::Arc;

/// The content of a file or of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    /// Attributes in source order; a name occurs once.
    pub attrs: Vec<Attr>,
    /// Blocks in source order.
    pub blocks: Vec<Block>,
    /// From the first to the last byte; of a block: between its braces.
    pub span: Span,
}

/// `name = expression`
#[derive(Debug, Clone, PartialEq)]
pub struct Attr {
    /// The name.
    pub name: Arc<str>,
    /// Where the name stands.
    pub name_span: Span,
    /// What it is set to.
    pub expr: Expr,
}

/// `kind "label" … { body }`
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The first word.
    pub kind: Arc<str>,
    /// The first word and the labels, without the braces.
    pub header: Span,
    /// The labels.
    pub labels: Vec<Label>,
    /// What is between the braces.
    pub body: Body,
    /// From the first word to the closing brace.
    pub span: Span,
}

/// A label of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its text without quotes.
    pub text: Arc<str>,
    /// Where it stands.
    pub span: Span,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `42`
    Number(Number),
    /// A text without interpolations.
    String(Arc<str>),
    /// A text with interpolations or directives, quoted or heredoc.
    Template(Box<[Part]>),
    /// `[a, b]`
    List(Box<[Expr]>),
    /// `{ a = b }`
    Object(Box<[(Key, Expr)]>),
    /// A name at the start of a traversal.
    Name(Arc<str>),
    /// `a.b`
    Get(Box<Expr>, Arc<str>),
    /// `a[b]`, also the legacy `a.0`
    Index(Box<(Expr, Expr)>),
    /// `a[*].b[0]` and `a.*.b`: the path is applied to each element.
    Splat(Box<Expr>, Box<[Step]>),
    /// `f(a, b...)`
    Call {
        /// The function.
        name: Arc<str>,
        /// Its arguments, not yet evaluated.
        args: Box<[Expr]>,
        /// Whether the last argument is a list to be spread.
        expand: bool,
    },
    /// `!a`, `-a`
    Unary(Unary, Box<Expr>),
    /// `a + b` …
    Binary(Binary, Box<(Expr, Expr)>),
    /// `a ? b : c`
    If(Box<(Expr, Expr, Expr)>),
    /// `[for k, v in a : b if c]`, `{for k, v in a : k => b... if c}`
    For(Box<For>),
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text as it is.
    Text(Arc<str>),
    /// `${a}`
    Value(Expr),
    /// `%{ if a }b%{ else }c%{ endif }`
    If(Expr, Box<[Part]>, Box<[Part]>),
    /// `%{ for k, v in a }b%{ endfor }`
    For {
        /// The name of the key or index, if given.
        key: Option<Arc<str>>,
        /// The name of the element.
        value: Arc<str>,
        /// What is gone through.
        over: Expr,
        /// What is repeated.
        body: Box<[Part]>,
    },
}

/// The key of an object's field.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    /// `a = …`
    Name(Arc<str>, Span),
    /// `"a" = …`, `(a) = …`
    Expr(Expr),
}

/// A step after a splat.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `.a`
    Get(Arc<str>, Span),
    /// `[a]`
    Index(Expr),
    /// `[*].a`: a splat in a splat gives lists in a list.
    Splat(Box<[Step]>, Span),
}

/// Operators before an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unary {
    Not,
    Negate,
}

/// Operators between operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
}

/// A `for` expression.
#[derive(Debug, Clone, PartialEq)]
pub struct For {
    /// The name of the key or index, if given.
    pub key: Option<Arc<str>>,
    /// The name of the element.
    pub value: Arc<str>,
    /// What is gone through.
    pub over: Expr,
    /// The key of each field, for objects.
    pub key_expr: Option<Expr>,
    /// Each element.
    pub value_expr: Expr,
    /// `...`: values of one key are gathered in a list.
    pub group: bool,
    /// Only elements for which this is true.
    pub cond: Option<Expr>,
}
