//! Where an image is.

use crate::model::ids::{AccountId, Region};

/// Where an image is.
#[derive(Debug, Clone, Copy)]
pub struct Location<'a> {
    pub account: &'a AccountId,
    pub region: &'a Region,
    pub repository: &'a str,
}
