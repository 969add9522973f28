//! IAM: principals, policy documents, and their evaluation. Everything that is not allowed is denied.

pub mod actions;
pub mod condition;
pub mod context;
pub mod directory;
pub mod evaluate;
pub mod pattern;
pub mod policy;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use context::Context;
pub use directory::{Caller, Directory, Identity, Key, Role, Session, User, session_arn};
pub use evaluate::{Denial, ResourcePolicy, authorize};
pub use policy::Policy;
