//! Between AWS's times and ours.

use std::time::SystemTime;

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// `None` for a time outside of what a calendar holds.
pub(super) fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

pub(super) fn date_time(time: Timestamp) -> DateTime {
    DateTime::from_nanos(time.as_nanosecond()).expect("a jiff timestamp fits AWS's wider range")
}

pub(super) fn of_system(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
}
