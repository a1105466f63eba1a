//! The rules of the backend's own sync job, as a pure function: which keys it creates, overwrites,
//! deletes, imports and keeps. The embedded backend runs it; a plan previews with it.
//!
//! Infisical's rules (secret syncs, 2025–2026): without a key schema every key at the destination counts
//! as managed and is deleted when the source lacks it, unless deletion is disabled; with one, only keys
//! that match it. The first sync follows the initial behaviour; an import strips the schema.
