//! Addresses that are written in a configuration as what they are: names of blocks that may be gone, so that
//! nothing is looked up.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::lang::ast::Expr;
use crate::lang::ast::Node;
use crate::model::address::Address;
use crate::model::address::MODULE;
use crate::model::attrs::Value;
use crate::model::resource::Kind;
use std::sync::Arc;

/// One step of what is written.
enum Part {
    /// The first name, or `.name`
    Name(Arc<str>),
    /// `["key"]`
    Key(Arc<str>),
}

/// The address that an expression spells. Keys are evaluated, so that they may come from `each`.
///
/// # Errors
/// It spells none. `None`: a key has no value, which was reported.
pub(crate) fn read(expr: &Expr, key: &dyn Fn(&Expr) -> Option<Value>) -> Result<Address, Option<Diagnostic>> {
    let bad = || {
        let d = Diagnostic::error(&codes::WRONG_REFERENCE, "This is no address of a resource.").at(expr.span, "");
        Some(d.help("write it as plans do: `project.payments`, `secret_sync.web[\"prod\"]`"))
    };
    let mut parts = Vec::new();
    spell(expr, key, &mut parts)?.ok_or_else(bad)?;
    let mut parts = parts.into_iter().peekable();
    let mut address: Option<Address> = None;
    while let Some(part) = parts.next() {
        let Part::Name(kind) = part else { return Err(bad()) };
        let inside = address.as_ref().map_or(MODULE, Address::kind);
        if Kind::from_word(&kind).is_none() && (&*kind != MODULE || inside != MODULE) {
            let d = Diagnostic::error(&codes::WRONG_REFERENCE, format!("There is no kind of resource `{kind}`."));
            return Err(Some(d.at(expr.span, "").did_you_mean(&kind, Kind::ALL.map(Kind::word))));
        }
        let (Some(Part::Name(name)) | Some(Part::Key(name))) = parts.next() else { return Err(bad()) };
        let mut next = address.map_or_else(|| Address::new(&kind, &name), |above| above.child(&kind, &name));
        if let Some(Part::Key(key)) = parts.next_if(|part| matches!(part, Part::Key(_))) {
            next = next.instance(&key);
        }
        address = Some(next);
    }
    address.ok_or_else(bad)
}

/// The steps of a traversal; `Ok(None)` if it is something else.
fn spell(
    expr: &Expr,
    key: &dyn Fn(&Expr) -> Option<Value>,
    out: &mut Vec<Part>,
) -> Result<Option<()>, Option<Diagnostic>> {
    match &expr.node {
        Node::Name(name) => out.push(Part::Name(name.clone())),
        Node::Get(base, name) => {
            if spell(base, key, out)?.is_none() {
                return Ok(None);
            }
            out.push(Part::Name(name.clone()));
        }
        Node::Index(pair) => {
            if spell(&pair.0, key, out)?.is_none() {
                return Ok(None);
            }
            let value = key(&pair.1).ok_or(None)?;
            let Some(text) = crate::config::check::text(&value) else {
                let detail = format!("The key of an instance is a text; this is {}.", value.shape());
                return Err(Some(Diagnostic::error(&codes::WRONG_REFERENCE, detail).at(pair.1.span, "")));
            };
            out.push(Part::Key(text));
        }
        _ => return Ok(None),
    }
    Ok(Some(()))
}
