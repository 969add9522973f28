//! What a release remembers of its effects, its scans and its end.

use jiff::Timestamp;

use crate::model::fault::Fault;
use crate::model::finding::ScanReading;

#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// The intent's event number.
    pub seq: u64,
    pub at: Timestamp,
    pub attempt: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    pub fault: Fault,
    pub attempts: u32,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

/// What is known of a digest's scan in one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    pub reading: ScanReading,
    pub readings: u32,
    /// When the first reading of this round was taken.
    pub first_at: Timestamp,
    /// When the last one that counts was.
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Abort {
    pub reason: String,
    pub roll_back: bool,
}
