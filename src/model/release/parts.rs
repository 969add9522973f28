//! The parts of a release's state: effects, scans, an abort.

use jiff::Timestamp;

use crate::model::fault::Fault;
use crate::model::finding::ScanReading;

#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// The number of the event that intended it.
    pub seq: u64,
    pub at: Timestamp,
    pub attempt: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FailedEffect {
    pub fault: Fault,
    pub attempts: u32,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

/// The last reading of a digest's scan in one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    pub reading: ScanReading,
    pub readings: u32,
    /// When the first reading after the start or the last resumption was made.
    pub first_at: Timestamp,
    /// When the last recorded reading was made.
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Abort {
    pub reason: String,
    pub roll_back: bool,
}
