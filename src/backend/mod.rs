//! The Infisical client: reads live state, writes changes.
