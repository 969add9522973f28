//! How long AWS takes, shortened.

use jiff::SignedDuration;

/// Divides AWS's nominal latencies by one speed; dates and a caller's own waits stay real.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latency {
    speed: f64,
}

impl Latency {
    /// AWS's own speed.
    pub const REAL: Latency = Latency { speed: 1.0 };

    /// `speed` times as fast as AWS. What is not a positive finite number is 1.
    pub fn new(speed: f64) -> Latency {
        if speed.is_finite() && speed > 0.0 { Latency { speed } } else { Latency::REAL }
    }

    /// The nominal latency at this speed.
    pub fn of(&self, nominal: SignedDuration) -> SignedDuration {
        SignedDuration::try_from_secs_f64(nominal.as_secs_f64() / self.speed).unwrap_or(nominal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_divides_and_nonsense_does_not() {
        let minute = SignedDuration::from_secs(60);
        assert_eq!(Latency::new(20.0).of(minute), SignedDuration::from_secs(3));
        assert_eq!(Latency::new(0.0).of(minute), minute);
        assert_eq!(Latency::new(f64::NAN), Latency::REAL);
    }
}
