//! What is true now: one file per read model.
