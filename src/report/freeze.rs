//! Frozen stages in words.

use jiff::Timestamp;

use crate::model::freeze::{Frozen, FrozenBy};
use crate::report::time::moment;

/// Why a stage was frozen.
pub fn why(by: &FrozenBy) -> String {
    match by {
        FrozenBy::Person { reason, .. } => reason.clone(),
        FrozenBy::Release { release } => format!("{release} could not be rolled back"),
    }
}

/// By whom, and when.
pub fn who(by: &FrozenBy, at: Timestamp) -> String {
    let at = moment(at);
    match by {
        FrozenBy::Person { identity, .. } => format!("by {} at {at}", identity.arn),
        FrozenBy::Release { .. } => format!("by kanmon at {at}"),
    }
}

/// The reason, with by whom and when in brackets.
pub fn text(frozen: &Frozen) -> String {
    format!("{} ({})", why(&frozen.by), who(&frozen.by, frozen.at))
}
