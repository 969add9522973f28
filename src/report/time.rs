//! Times for people: in the reader's time zone, with its name. Records and output for programs have RFC 3339 in UTC.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The reader's zone. UTC until the command line has read it, so that a text does not depend on the machine that it is made on.
static ZONE: OnceLock<TimeZone> = OnceLock::new();

/// From now on, every time is printed in this zone. Only the first call counts: a page with two zones would mislead.
pub fn print_in(zone: TimeZone) {
    let _ = ZONE.set(zone);
}

/// A point in time, to the minute.
pub fn moment(at: Timestamp) -> String {
    shown(at, "%Y-%m-%d %H:%M %Z")
}

/// The same to the second and without the year, for a list of events.
pub fn second(at: Timestamp) -> String {
    shown(at, "%m-%d %H:%M:%S %Z")
}

fn shown(at: Timestamp, form: &str) -> String {
    in_zone(at, ZONE.get().unwrap_or(&TimeZone::UTC), form)
}

fn in_zone(at: Timestamp, zone: &TimeZone, form: &str) -> String {
    at.to_zoned_datetime(zone.clone()).strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_name_that_its_zone_has_then() {
        let shown = |at: &str, zone| in_zone(at.parse().unwrap(), &zone, "%Y-%m-%d %H:%M %Z");
        let winter = "2026-11-30T15:30:00Z";
        assert_eq!(shown(winter, TimeZone::UTC), "2026-11-30 15:30 UTC");
        assert_eq!(shown(winter, TimeZone::posix("JST-9").unwrap()), "2026-12-01 00:30 JST");
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(shown(winter, berlin.clone()), "2026-11-30 16:30 CET");
        assert_eq!(shown("2026-07-30T15:30:00Z", berlin), "2026-07-30 17:30 CEST");
    }
}
