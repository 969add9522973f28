//! The working tree that images are built from, and its history.

use crate::model::commits::{Commits, CommitsUnknown};
use crate::model::event::Source;
use crate::model::git_problem::CheckoutNotice;

pub trait Checkout: Send + Sync {
    /// The commit that is checked out now, and whether files were changed.
    fn read(&self) -> Read;

    /// The commits in which one commit differs from another. Both are names of a record, which may have any text instead.
    ///
    /// # Errors
    /// Why they are unknown.
    fn between(&self, from: &str, to: &str) -> Result<Commits, CommitsUnknown>;
}

/// What git reports about a working tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// Unknown outside of a working tree; with `unreadable` set where there is one that git does not read.
    pub source: Source,
    /// What is unknown about it.
    pub notices: Vec<CheckoutNotice>,
}
