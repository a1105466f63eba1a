//! The user's files → [`crate::model::desired::Desired`].
