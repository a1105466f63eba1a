//! Where the parts meet: snapshot, plan, apply, events.
