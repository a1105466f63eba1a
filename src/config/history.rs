//! The blocks about what was: `moved` and `removed`.

use crate::config::addresses;
use crate::config::check;
use crate::config::decode;
use crate::config::decode::Module;
use crate::config::evaluate::Evaluation;
use crate::config::frames::At;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::lang::ast::Block;
use crate::model::address::Address;
use crate::model::attrs::Value;
use crate::model::desired::Moved;
use crate::model::desired::Removed;
use crate::model::resource::Resource;
use crate::model::schema::Type;
use std::collections::BTreeMap;

/// What is declared now, by address.
pub(crate) type Declared<'r> = BTreeMap<&'r Address, &'r Resource>;

impl<'a> Evaluation<'a> {
    /// The `moved` blocks, each checked against what is declared and against the others.
    pub(crate) fn moved(&self, declared: &Declared<'_>) -> Vec<Moved> {
        let mut all = Vec::new();
        for (frame, block) in self.blocks(|module| &module.moved) {
            let [from, to] = ["from", "to"].map(|name| self.address(frame, block, name));
            all.extend(from.zip(to).map(|(from, to)| Moved { from, to, origin: block.header }));
        }
        for (i, block) in all.iter().enumerate() {
            if let Some(problem) = self.cannot_move(block, &all[..i], &all, declared) {
                self.report(problem);
            }
        }
        all
    }

    /// What is wrong with a block; `earlier` are those before it.
    fn cannot_move(
        &self,
        block: &Moved,
        earlier: &[Moved],
        all: &[Moved],
        declared: &Declared<'_>,
    ) -> Option<Diagnostic> {
        let Moved { from, to, origin } = block;
        let wrong = |detail: String| Some(Diagnostic::error(&codes::BAD_MOVE, detail).at(*origin, ""));
        if from.kind() != to.kind() {
            return wrong(format!("`{from}` and `{to}` are of different kinds; nothing can become of another kind."));
        }
        if let Some(other) = earlier.iter().find(|other| other.from == *from || other.to == *to) {
            let detail = match other.from == *from {
                true => format!("`{from}` moves twice; it can be in one place only."),
                false => format!("Two move to `{to}`: `{}` and `{from}`.", other.from),
            };
            return wrong(detail).map(|d| d.at(other.origin, "the other one"));
        }
        let mut chain = vec![from.clone()];
        let mut at = from.clone();
        while let Some(next) = all.iter().find_map(|other| at.renamed(&other.from, &other.to)) {
            if chain.contains(&next) {
                if earlier.iter().any(|other| chain.contains(&other.from)) {
                    return None;
                }
                let shown: Vec<String> = chain.iter().chain([&next]).map(|address| format!("`{address}`")).collect();
                return wrong(format!("These blocks lead round in a circle: {}.", shown.join(" → ")));
            }
            chain.push(next.clone());
            at = next;
        }
        // One of a chain is followed to its end, where something must be declared.
        let still = declared.iter().find(|(address, _)| address.renamed(from, to).is_some_and(|new| new != ***address));
        if let Some((address, resource)) = still {
            let d = wrong(format!("`{address}` is still declared, so it can't have become `{to}`."))?;
            let d = d.at(resource.origin.block, "still declared");
            return Some(d.help("remove the `moved` block, or the block that it moved from"));
        }
        let arrives = |at: &Address| {
            let is_meant = |address: &&Address| address.renamed(at, at).is_some();
            declared.keys().copied().any(|address| is_meant(&address)) || self.is_declared(at)
        };
        // What could not be evaluated is not known to be missing.
        if arrives(&at) || self.acc.borrow().has_errors() {
            return None;
        }
        let d = wrong(format!("`{at}` is not declared, so that nothing can be there."))?;
        let near = declared.keys().filter(|address| address.kind() == at.kind()).map(ToString::to_string);
        let near: Vec<String> = near.collect();
        let d = d.help("declare it; or remove the `moved` block, and what moved is deleted as no longer declared");
        Some(d.did_you_mean(&at.to_string(), near.iter().map(String::as_str)))
    }

    /// The `removed` blocks, each checked against what is declared.
    pub(crate) fn removed(&self, declared: &Declared<'_>) -> Vec<Removed> {
        let mut all = Vec::new();
        for (frame, block) in self.blocks(|module| &module.removed) {
            let Some(from) = self.address(frame, block, "from") else { continue };
            let lifecycle = block.body.blocks.iter().find(|inner| &*inner.kind == "lifecycle");
            let destroy = lifecycle.and_then(|inner| decode::expr(&inner.body, "destroy"));
            let destroy = destroy.is_some_and(|expr| {
                let value = self.eval(expr, At::frame(frame)).unwrap_or_default();
                let fitted = check::fit(&value, &Type::Bool);
                fitted.map_err(|misfit| self.report(misfit.diagnostic("destroy", expr))).ok() == Some(Value::Bool(true))
            });
            if let Some((address, resource)) = declared.iter().find(|(address, _)| address.is_within(&from)) {
                let d =
                    Diagnostic::error(&codes::STILL_DECLARED, format!("`{address}` is declared, and removed here."));
                let d = d.at(block.header, "").at(resource.origin.block, "still declared");
                self.report(d.help("remove one of the two blocks"));
            }
            all.push(Removed { from, destroy });
        }
        all
    }

    /// Such blocks of the configuration, and of each frame of a module.
    fn blocks(&self, of: impl for<'m> Fn(&'m Module<'a>) -> &'m Vec<&'a Block>) -> Vec<(usize, &'a Block)> {
        let frames = self.frames.borrow();
        let all = frames.iter().enumerate();
        all.flat_map(|(i, frame)| of(&self.declared.modules[frame.module]).iter().map(move |block| (i, *block)))
            .collect()
    }

    /// The address that an attribute of such a block spells; in a module, of what is in it.
    fn address(&self, frame: usize, block: &Block, name: &str) -> Option<Address> {
        let expr = decode::expr(&block.body, name)?;
        let read = addresses::read(expr, &|key| self.eval(key, At::frame(frame)));
        let read = read.map_err(|problem| self.within(frame, || problem.into_iter().for_each(|d| self.report(d))));
        let own = read.ok()?;
        Some(self.frame(frame).address.as_ref().map_or_else(|| own.clone(), |module| own.below(module)))
    }
}
