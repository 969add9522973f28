//! Whether and when a failed effect is retried.

use jiff::{SignedDuration, Timestamp};

use crate::model::fault::FaultKind;
use crate::model::release::FailedEffect;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    Now,
    At(Timestamp),
    GiveUp,
}

/// The SDK tries three times before a fault arrives here; the first pause is longer than all of the SDK's pauses.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(2);
/// Longer pauses would only delay the first attempt after a throttle ends.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(30);
/// Throttling and network failures last minutes. After this the outcome is "unknown", not "failed".
pub const RETRY_FOR: SignedDuration = SignedDuration::from_mins(15);

/// What to do about an effect that failed.
pub fn after(failed: &FailedEffect, now: Timestamp) -> Retry {
    match failed.fault.kind() {
        FaultKind::Throttled | FaultKind::Unreachable => {}
        FaultKind::AccessDenied
        | FaultKind::CredentialsRefused
        | FaultKind::WrongAccount
        | FaultKind::NotFound
        | FaultKind::Invalid
        | FaultKind::Ambiguous
        | FaultKind::BuildFailed
        | FaultKind::ToolMissing
        | FaultKind::Changed
        | FaultKind::Defect => return Retry::GiveUp,
    }
    if now.duration_since(failed.first_at) >= RETRY_FOR {
        return Retry::GiveUp;
    }
    let at = failed.last_at + pause(failed.attempts);
    if at <= now { Retry::Now } else { Retry::At(at) }
}

/// The pause after so many failures in a row: doubled each time, up to half a minute.
pub fn pause(attempts: u32) -> SignedDuration {
    let doublings = attempts.saturating_sub(1).min(8);
    (FIRST_PAUSE * 2_i32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests;
