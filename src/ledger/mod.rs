//! What keyform wrote and owns, on disk: journal, stores, lock.
