//! The Infisical client: reads what exists, writes changes.
