//! What each change waits for, and the order that follows.

use crate::plan::Input;
use crate::plan::Plan;

/// Drops the rows that the targets do not ask for.
pub fn narrow(plan: &mut Plan, input: &Input<'_>) {
    let _ = (plan, input);
}

/// Fills in [`crate::plan::Change::needs`] and puts the rows into an order in which they can be done.
pub fn order(plan: &mut Plan, input: &Input<'_>) {
    let _ = (plan, input);
}
