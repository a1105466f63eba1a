//! Plans, diagnostics and events as text and JSON; no decisions.
