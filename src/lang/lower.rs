//! hcl-edit's tree → [`ast`](crate::lang::ast): spans become ours, names are shared, templates get the
//! rules of HCL that hcl-edit bends (strip markers, indentation of `<<-`, escapes inside directives).

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::diag::source::SourceId;
use crate::diag::source::Span;
use crate::lang::ast::Binary;
use crate::lang::ast::Expr;
use crate::lang::ast::For;
use crate::lang::ast::Key;
use crate::lang::ast::Node;
use crate::lang::ast::Part;
use crate::lang::ast::Step;
use crate::lang::ast::Unary;
use crate::lang::expression::Large;
use crate::lang::template;
use crate::lang::token::offset;
use crate::model::attrs::Number;
use hcl_edit::Span as _;
use hcl_edit::expr as edit;
use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// How deep a tree may be: evaluating, comparing and dropping it recurse.
const MAX_DEPTH: usize = 200;

/// How many attributes and indices may follow each other.
const MAX_CHAIN: usize = 128;

/// Shared copies of names.
#[derive(Default)]
pub(crate) struct Names(HashSet<Arc<str>>);

impl Names {
    pub(crate) fn intern(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.0.insert(name.clone());
        name
    }
}

/// How offsets in a piece handed to hcl-edit become offsets in the text.
pub(crate) struct Shift {
    base: u32,
    /// Offsets in the piece before which one byte was cut, ascending.
    cuts: Vec<u32>,
}

impl Shift {
    pub(crate) fn new(base: u32) -> Self {
        Self { base, cuts: Vec::new() }
    }

    /// One byte was cut before this offset of the piece.
    pub(crate) fn cut(&mut self, at: usize) {
        self.cuts.push(offset(at));
    }

    /// The offset in the text.
    pub(crate) fn at(&self, at: usize) -> u32 {
        let at = offset(at);
        self.base + at + offset(self.cuts.partition_point(|cut| *cut < at))
    }
}

/// Lowers one piece.
pub(crate) struct Lowerer<'a> {
    pub(crate) id: SourceId,
    /// What hcl-edit was given.
    pub(crate) source: &'a str,
    pub(crate) shift: &'a Shift,
    /// Objects that were parsed apart.
    pub(crate) large: Large,
    pub(crate) names: &'a mut Names,
}

impl Lowerer<'_> {
    pub(crate) fn span(&self, range: Option<Range<usize>>) -> Span {
        let range = range.unwrap_or_default();
        Span { source: self.id, start: self.shift.at(range.start), end: self.shift.at(range.end) }
    }

    pub(crate) fn name(&mut self, name: &hcl_edit::Ident) -> Arc<str> {
        self.names.intern(name.as_str())
    }

    /// The content of a file.
    pub(crate) fn file_template(&mut self, tree: &hcl_edit::template::Template) -> Result<Box<[Part]>, Diagnostic> {
        template::lower(self, tree, template::Style::File, 0)
    }

    fn boxed(&mut self, tree: &edit::Expression, depth: usize) -> Result<Box<Expr>, Diagnostic> {
        Ok(Box::new(self.expr(tree, depth)?))
    }

    /// Lowers an expression that stands `depth` levels deep.
    pub(crate) fn expr(&mut self, tree: &edit::Expression, depth: usize) -> Result<Expr, Diagnostic> {
        use edit::Expression;
        let span = self.span(tree.span());
        let depth = depth + 1;
        if depth > MAX_DEPTH {
            return Err(too_deep(span, "The expression is nested too deeply."));
        }
        let node = match tree {
            Expression::Null(_) => Node::Null,
            Expression::Bool(b) => Node::Bool(*b.value()),
            Expression::Number(_) => Node::Number(self.number(tree.span(), span)?),
            Expression::String(text) => Node::String(text.as_str().into()),
            Expression::StringTemplate(quoted) => {
                let elements = hcl_edit::template::Template::from(quoted.clone());
                Node::Template(template::lower(self, &elements, template::Style::Quoted, depth)?)
            }
            Expression::HeredocTemplate(heredoc) => {
                let start = tree.span().unwrap_or_default().start;
                let style = match self.source[start..].starts_with("<<-") {
                    true => template::Style::Indented,
                    false => template::Style::Heredoc,
                };
                let parts = template::lower(self, &heredoc.template, style, depth)?;
                match &*parts {
                    [] => Node::String("".into()),
                    [Part::Text(text)] => Node::String(text.clone()),
                    _ => Node::Template(parts),
                }
            }
            Expression::Array(items) => {
                Node::List(items.iter().map(|item| self.expr(item, depth)).collect::<Result<_, _>>()?)
            }
            Expression::Object(object) => Node::Object(self.object(object, span, depth)?),
            Expression::Parenthesis(inner) => return self.expr(inner.inner(), depth),
            Expression::Variable(name) => Node::Name(self.name(name)),
            Expression::Conditional(c) => Node::If(Box::new((
                self.expr(&c.cond_expr, depth)?,
                self.expr(&c.true_expr, depth)?,
                self.expr(&c.false_expr, depth)?,
            ))),
            Expression::FuncCall(call) => {
                let mut name = String::new();
                for space in &call.name.namespace {
                    name.push_str(space.as_str());
                    name.push_str("::");
                }
                name.push_str(call.name.name.as_str());
                Node::Call {
                    name: self.names.intern(&name),
                    args: call.args.iter().map(|arg| self.expr(arg, depth)).collect::<Result<_, _>>()?,
                    expand: call.args.expand_final(),
                }
            }
            Expression::Traversal(path) => return self.path(path, depth),
            Expression::UnaryOp(op) => Node::Unary(
                match op.operator.value() {
                    edit::UnaryOperator::Neg => Unary::Negate,
                    edit::UnaryOperator::Not => Unary::Not,
                },
                self.boxed(&op.expr, depth)?,
            ),
            Expression::BinaryOp(op) => Node::Binary(
                binary(*op.operator.value()),
                Box::new((self.expr(&op.lhs_expr, depth)?, self.expr(&op.rhs_expr, depth)?)),
            ),
            Expression::ForExpr(f) => {
                let intro = &f.intro;
                Node::For(Box::new(For {
                    key: intro.key_var.as_ref().map(|name| self.name(name)),
                    value: self.name(&intro.value_var),
                    over: self.expr(&intro.collection_expr, depth)?,
                    key_expr: f.key_expr.as_ref().map(|key| self.expr(key, depth)).transpose()?,
                    value_expr: self.expr(&f.value_expr, depth)?,
                    group: f.grouping,
                    cond: f.cond.as_ref().map(|cond| self.expr(&cond.expr, depth)).transpose()?,
                }))
            }
        };
        Ok(Expr { node, span })
    }

    /// A number as it is written; hcl-edit rounds what does not fit.
    fn number(&self, range: Option<Range<usize>>, span: Span) -> Result<Number, Diagnostic> {
        let text: String = self.source[range.unwrap_or_default()].split_whitespace().collect();
        let whole = text.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit());
        let number = if let Ok(n) = text.parse() {
            Some(Number::Int(n))
        } else if let Ok(n) = text.parse() {
            Some(Number::Big(n))
        } else {
            text.parse().ok().filter(|n: &f64| n.is_finite() && !whole).map(Number::Float)
        };
        number.ok_or_else(|| {
            Diagnostic::error(&codes::ARITHMETIC, "The number is too large to be kept exactly.").at(span, "")
        })
    }

    fn object(&mut self, object: &edit::Object, span: Span, depth: usize) -> Result<Box<[(Key, Expr)]>, Diagnostic> {
        if let Some(fields) = self.large.remove(&span.start) {
            check_keys(&fields)?;
            return Ok(fields);
        }
        let mut fields = Vec::with_capacity(object.len());
        for (key, value) in object {
            let key = match key {
                edit::ObjectKey::Ident(name) => Key::Name(self.name(name), self.span(name.span())),
                // These words are names here.
                edit::ObjectKey::Expression(edit::Expression::Null(word)) => {
                    Key::Name(self.names.intern("null"), self.span(word.span()))
                }
                edit::ObjectKey::Expression(edit::Expression::Bool(word)) => {
                    let name = if *word.value() { "true" } else { "false" };
                    Key::Name(self.names.intern(name), self.span(word.span()))
                }
                edit::ObjectKey::Expression(key) => Key::Expr(self.expr(key, depth)?),
            };
            fields.push((key, self.expr(value.expr(), depth)?));
        }
        check_keys(&fields)?;
        Ok(fields.into_boxed_slice())
    }

    fn path(&mut self, path: &edit::Traversal, depth: usize) -> Result<Expr, Diagnostic> {
        let mut base = self.expr(&path.expr, depth)?;
        if path.operators.len() > MAX_CHAIN || depth + path.operators.len() > MAX_DEPTH {
            return Err(too_deep(base.span, "At most 128 attributes and indices can follow each other."));
        }
        let start = base.span;
        let mut operators = path.operators.iter();
        while let Some(operator) = operators.next() {
            // The operator's own span may include white space before it.
            let mut span = start.to(self.span(operator.span()));
            let node = match operator.value() {
                edit::TraversalOperator::GetAttr(name) => {
                    span = start.to(self.span(name.span()));
                    Node::Get(Box::new(base), self.name(name))
                }
                edit::TraversalOperator::Index(index) => Node::Index(Box::new((base, self.expr(index, depth)?))),
                edit::TraversalOperator::LegacyIndex(n) => {
                    Node::Index(Box::new((base, self.legacy_index(*n.value(), n.span())?)))
                }
                edit::TraversalOperator::FullSplat(_) => {
                    let rest: Vec<_> = operators.by_ref().collect();
                    span = rest.last().map_or(span, |last| span.to(self.span(last.span())));
                    Node::Splat(Box::new(base), self.steps(&rest, depth)?)
                }
                edit::TraversalOperator::AttrSplat(_) => {
                    // Only attributes apply to each element; an index applies to the resulting list.
                    let mut steps = Vec::new();
                    while let Some(next) = operators.as_slice().first() {
                        let edit::TraversalOperator::GetAttr(name) = next.value() else { break };
                        span = span.to(self.span(name.span()));
                        steps.push(Step::Get(self.name(name), self.span(name.span())));
                        operators.next();
                    }
                    Node::Splat(Box::new(base), steps.into_boxed_slice())
                }
            };
            base = Expr { node, span };
        }
        Ok(base)
    }

    fn legacy_index(&self, n: u64, range: Option<Range<usize>>) -> Result<Expr, Diagnostic> {
        let span = self.span(range);
        match i64::try_from(n) {
            Ok(n) => Ok(Expr { node: Node::Number(Number::Int(n)), span }),
            Err(_) => Err(Diagnostic::error(&codes::ARITHMETIC, "The index is too large.").at(span, "")),
        }
    }

    fn steps(
        &mut self,
        operators: &[&hcl_edit::Decorated<edit::TraversalOperator>],
        depth: usize,
    ) -> Result<Box<[Step]>, Diagnostic> {
        let mut steps = Vec::new();
        for (at, operator) in operators.iter().enumerate() {
            steps.push(match operator.value() {
                edit::TraversalOperator::GetAttr(name) => Step::Get(self.name(name), self.span(name.span())),
                edit::TraversalOperator::Index(index) => Step::Index(self.expr(index, depth)?),
                edit::TraversalOperator::LegacyIndex(n) => Step::Index(self.legacy_index(*n.value(), n.span())?),
                edit::TraversalOperator::FullSplat(_) | edit::TraversalOperator::AttrSplat(_) => {
                    let span = self.span(operator.span());
                    steps.push(Step::Splat(self.steps(&operators[at + 1..], depth)?, span));
                    break;
                }
            });
        }
        Ok(steps.into_boxed_slice())
    }
}

/// A key that is written twice.
fn check_keys(fields: &[(Key, Expr)]) -> Result<(), Diagnostic> {
    let mut seen: HashMap<&str, Span> = HashMap::with_capacity(fields.len());
    for (key, _) in fields {
        let (text, span) = match key {
            Key::Name(name, span) => (&**name, *span),
            Key::Expr(Expr { node: Node::String(text), span }) => (&**text, *span),
            Key::Expr(_) => continue,
        };
        if let Some(first) = seen.insert(text, span) {
            return Err(Diagnostic::error(&codes::DUPLICATE, "A key of this object is set twice.")
                .at(span, "second time")
                .at(first, "first time"));
        }
    }
    Ok(())
}

fn binary(operator: edit::BinaryOperator) -> Binary {
    match operator {
        edit::BinaryOperator::Eq => Binary::Equal,
        edit::BinaryOperator::NotEq => Binary::NotEqual,
        edit::BinaryOperator::LessEq => Binary::LessEqual,
        edit::BinaryOperator::GreaterEq => Binary::GreaterEqual,
        edit::BinaryOperator::Less => Binary::Less,
        edit::BinaryOperator::Greater => Binary::Greater,
        edit::BinaryOperator::Plus => Binary::Add,
        edit::BinaryOperator::Minus => Binary::Subtract,
        edit::BinaryOperator::Mul => Binary::Multiply,
        edit::BinaryOperator::Div => Binary::Divide,
        edit::BinaryOperator::Mod => Binary::Modulo,
        edit::BinaryOperator::And => Binary::And,
        edit::BinaryOperator::Or => Binary::Or,
    }
}

pub(crate) fn too_deep(span: Span, detail: &str) -> Diagnostic {
    Diagnostic::error(&codes::TOO_DEEP, detail).at(span, "").help("give the inner part a name in `locals`")
}
