//! What is dangerous about a plan, and what of it is allowed.

use crate::plan::Hazard;
use crate::plan::HazardKind;
use crate::plan::Input;
use crate::plan::Plan;

/// Names the hazards of a plan.
pub fn judge(plan: &mut Plan, input: &Input<'_>) {
    let _ = (plan, input);
}

/// The hazards that neither the configuration nor the command line allows. `allowed` is what the command
/// line says: a kind and the number of it that was reviewed; it must be at least the plan's sum.
#[must_use]
pub fn refusals<'a>(plan: &'a Plan, allowed: &[(HazardKind, usize)]) -> Vec<&'a Hazard> {
    let _ = allowed;
    plan.hazards.iter().filter(|hazard| !hazard.allowed).collect()
}
