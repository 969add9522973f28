//! Durations and commits as text, the same everywhere.

use jiff::SignedDuration;

/// A duration in its two largest units, without the smaller one where it is 0.
pub fn lasting(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    let (large, small) = match seconds {
        0..60 => (format!("{seconds}s"), (0, 's')),
        60..3600 => (format!("{}m", seconds / 60), (seconds % 60, 's')),
        3600..86400 => (format!("{}h", seconds / 3600), (seconds % 3600 / 60, 'm')),
        _ => (format!("{}d", seconds / 86400), (seconds % 86400 / 3600, 'h')),
    };
    match small {
        (0, _) => large,
        (count, unit) => format!("{large} {count}{unit}"),
    }
}

/// The first `most` characters of a commit; a record may have any text instead.
pub fn commit(name: &str, most: usize) -> String {
    name.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_its_two_largest_units() {
        let shown = |s| lasting(SignedDuration::from_secs(s));
        assert_eq!(
            [shown(-3), shown(59), shown(190), shown(7260), shown(90_000)],
            ["0s", "59s", "3m 10s", "2h 1m", "1d 1h"]
        );
    }
}
