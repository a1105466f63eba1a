//! The `import` blocks: what exists, and the address that it is declared under.

use crate::config::addresses;
use crate::config::check;
use crate::config::decode;
use crate::config::evaluate::Evaluation;
use crate::config::frames::At;
use crate::config::history::Declared;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::lang::ast::Block;
use crate::model::address::Address;
use crate::model::desired::Import;
use crate::model::schema::Type;
use std::collections::BTreeMap;

impl Evaluation<'_> {
    /// The `import` blocks, each checked against what is declared.
    pub(crate) fn imports(&self, declared: &Declared<'_>) -> BTreeMap<Address, Import> {
        let mut all: BTreeMap<Address, Import> = BTreeMap::new();
        for block in &self.declared.imports {
            let elements = match decode::expr(&block.body, "for_each") {
                Some(expr) => self.elements(expr, At::ROOT).map(|all| all.into_iter().map(Some).collect()),
                None => Some(vec![None]),
            };
            for each in elements.unwrap_or_default() {
                let at = At { each: each.as_ref(), ..At::ROOT };
                let Some((to, import)) = self.import(block, at) else { continue };
                if let Some(problem) = self.cannot_import(&to, &import, declared) {
                    self.report(problem);
                } else if let Some(first) = all.get(&to) {
                    let detail = format!("Two blocks import to `{to}`.");
                    let d = Diagnostic::error(&codes::DECLARED_TWICE, detail).at(import.origin, "again here");
                    let is_one = first.origin == import.origin;
                    self.report(if is_one { d } else { d.at(first.origin, "first here") });
                } else {
                    all.insert(to, import);
                }
            }
        }
        all
    }

    fn import(&self, block: &Block, at: At<'_>) -> Option<(Address, Import)> {
        let to = decode::expr(&block.body, "to")?;
        let read = addresses::read(to, &|key| self.eval(key, at));
        let to = read.map_err(|problem| problem.into_iter().for_each(|d| self.report(d))).ok();
        let expr = decode::expr(&block.body, "id")?;
        let value = self.eval(expr, at)?;
        let fitted = check::fit(&value, &Type::String).map_err(|misfit| self.report(misfit.diagnostic("id", expr)));
        Some((to?, Import { id: check::text(&fitted.ok()?)?, origin: block.header }))
    }

    fn cannot_import(&self, to: &Address, import: &Import, declared: &Declared<'_>) -> Option<Diagnostic> {
        match declared.get(to) {
            Some(resource)
                if resource.kind.is_planned() && !resource.is_data() && resource.text("run") != Some("keyform") =>
            {
                None
            }
            Some(resource) => {
                let detail = format!("The backend has nothing that could be `{to}`: only keyform knows it.");
                let d = Diagnostic::error(&codes::BAD_IMPORT_BLOCK, detail).at(import.origin, "");
                Some(d.at(resource.origin.block, "declared here"))
            }
            // What could not be evaluated is not known to be missing.
            None if self.acc.borrow().has_errors() => None,
            None => {
                let instances = declared.keys().filter(|other| other.without_key() == *to);
                let instances: Vec<String> = instances.map(|other| format!("`{other}`")).collect();
                if !instances.is_empty() {
                    let detail = format!("`{to}` has instances: say which.");
                    let d = Diagnostic::error(&codes::BAD_IMPORT_BLOCK, detail).at(import.origin, "");
                    return Some(d.help(format!("declared: {}", instances.join(", "))));
                }
                let detail = format!("`{to}` is not declared, so that nothing can be imported to it.");
                let known: Vec<String> = declared.keys().map(ToString::to_string).collect();
                let d = Diagnostic::error(&codes::BAD_IMPORT_BLOCK, detail).at(import.origin, "");
                let d = d.help("declare it as it should be; `keyform plan` shows what differs");
                Some(d.did_you_mean(&to.to_string(), known.iter().map(String::as_str)))
            }
        }
    }
}
