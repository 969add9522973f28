//! The working tree that images are built from.

use crate::model::event::Source;

pub trait Checkout: Send + Sync {
    /// The commit that it stands on now, and whether it was changed.
    fn read(&self) -> Read;
}

/// What git says of a working tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// All unknown where the folder is no working tree; with `unreadable` set where it is one and git does not read it.
    pub source: Source,
    /// Sentences for people.
    pub warnings: Vec<String>,
}
