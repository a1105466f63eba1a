//! The vocabulary: plain data that every other room speaks in. No IO, no serde, nothing async.
//!
//! | word | meaning |
//! |---|---|
//! | resource | a thing of the backend that the configuration declares: a project, an environment, a sync … |
//! | entry | one key with its value at a destination; it belongs to the sync that writes it |
//! | address | the name of a resource or entry, as people write it |
//! | desired | what the configuration says |
//! | live | what the backend and the destinations hold now |
//! | ledger | what keyform wrote last and therefore owns |
//! | natural key | what finds a thing again without an id: project slug, connection name, path … |
//! | fingerprint | the keyed digest that stands for a value wherever people or files can look |

pub mod address;
pub mod attrs;
pub mod capsule;
pub mod desired;
pub mod graph;
pub mod job;
pub mod key_schema;
pub mod ledger;
pub mod live;
pub mod login;
pub mod references;
pub mod resource;
pub mod schema;
pub mod shard;
pub mod values;
