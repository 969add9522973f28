//! The working tree that images are built from.

use crate::model::event::Source;

pub trait Checkout: Send + Sync {
    /// The commit that it stands on now, and whether it was changed; all unknown where it is no working tree of git's.
    fn source(&self) -> Source;
}
