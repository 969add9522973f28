//! Durations as people write them: `15m`, `1h30m`, `500ms`.

use jiff::SignedDuration;

/// Longer than anything in a release.
const MAX: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Whole numbers with `ms`, `s`, `m`, `h` or `d`, in any order; more than 0 and at most a year.
pub fn parse(text: &str) -> Option<SignedDuration> {
    let mut total = SignedDuration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len());
        let millis = match &rest[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        rest = &rest[letters..];
        total = total.checked_add(SignedDuration::from_millis(number.checked_mul(millis)?))?;
    }
    (total > SignedDuration::ZERO && total <= MAX).then_some(total)
}

/// In the form of the file.
pub fn show(duration: SignedDuration) -> String {
    let mut millis = duration.as_millis().max(0);
    let mut out = String::new();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        // People write 24h for one day.
        if unit == "d" && millis < 2 * size {
            continue;
        }
        if millis >= size {
            out += &format!("{}{unit}", millis / size);
            millis %= size;
        }
    }
    if out.is_empty() { "0s".into() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_as_it_was_written() {
        for text in ["15m", "45m", "24h", "1s", "500ms", "1h30m", "7d"] {
            assert_eq!(show(parse(text).unwrap()), text);
        }
        assert_eq!(parse("90m"), Some(SignedDuration::from_mins(90)));
    }

    #[test]
    fn an_invalid_duration_is_refused() {
        for text in ["", "15", "m", "15 m", "-1m", "0s", "1.5h", "15M", "1y", "9999d", "99999999999999999999s", "1hm"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
