//! Destinations that are no HTTP service at all.

pub mod files;
