//! What `schema` prints.

/// What is printed, where it cannot be.
pub const SCHEMA: &str = "the schema";
