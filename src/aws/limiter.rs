//! Keeping below AWS's quotas, so that throttling is the exception.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep};
use aws_smithy_async::time::SharedTimeSource;

/// A token bucket's size: calls at once, and calls per second after that.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Quota {
    burst: f64,
    sustained: f64,
}

/// What AWS counts together, for an account and region; its operations say which of these each is charged to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    EcsRegister,
    EcsUpdate,
    EcsResourceRead,
    EcsDeployments,
    EcsRevisions,
    EcsDefinitions,
    EcsOther,
    Sts,
    Inspector,
    CodePipeline,
    DynamoDb,
    Ecr,
}

impl Bucket {
    /// As AWS publishes it.
    fn quota(self) -> Quota {
        let of = |burst, sustained| Quota { burst, sustained };
        match self {
            Bucket::EcsRegister => of(20.0, 1.0),
            Bucket::EcsUpdate => of(50.0, 5.0),
            Bucket::EcsResourceRead => of(100.0, 20.0),
            Bucket::EcsDeployments | Bucket::EcsRevisions | Bucket::EcsDefinitions => of(50.0, 20.0),
            // STS charges the caller with 600 a second in all; kanmon makes a handful in an hour.
            Bucket::Sts => of(100.0, 100.0),
            // Unpublished (Inspector, CodePipeline, StopServiceDeployment): few enough to leave room for the account's other
            // users; the SDK's back-off does the rest.
            Bucket::Inspector | Bucket::CodePipeline | Bucket::EcsOther => of(10.0, 5.0),
            // DynamoDB has no quota of calls, and an on-demand table takes thousands a second: only a loop out of control is slowed.
            Bucket::DynamoDb => of(200.0, 100.0),
            Bucket::Ecr => of(20.0, 10.0),
        }
    }
}

/// How full a bucket is.
#[derive(Debug)]
struct Level {
    /// Below zero: calls that were accepted and still wait for their turn.
    tokens: f64,
    at: SystemTime,
}

/// The limiter of one account and region.
#[derive(Debug)]
pub(super) struct Limiter {
    time: SharedTimeSource,
    sleep: SharedAsyncSleep,
    levels: Mutex<BTreeMap<Bucket, Level>>,
}

impl Limiter {
    pub fn new(time: SharedTimeSource, sleep: SharedAsyncSleep) -> Limiter {
        Limiter { time, sleep, levels: Mutex::default() }
    }

    /// Waits until this call is within its quota; calls that wait go in the order in which they came.
    pub async fn pass(&self, bucket: Bucket) {
        let wait = self.reserve(bucket);
        if !wait.is_zero() {
            self.sleep.sleep(wait).await;
        }
    }

    fn reserve(&self, bucket: Bucket) -> Duration {
        let quota = bucket.quota();
        let now = self.time.now();
        let mut levels = self.levels.lock().expect("nothing panics while it holds the levels");
        let level = levels.entry(bucket).or_insert(Level { tokens: quota.burst, at: now });
        // A clock that is set back refills nothing.
        let elapsed = now.duration_since(level.at).unwrap_or_default().as_secs_f64();
        level.tokens = (level.tokens + elapsed * quota.sustained).min(quota.burst) - 1.0;
        level.at = now;
        Duration::from_secs_f64((-level.tokens / quota.sustained).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::testing::VirtualTime;

    #[tokio::test]
    async fn a_burst_passes_at_once_and_the_rest_at_the_sustained_rate() {
        let clock = VirtualTime::new();
        let limiter = Limiter::new(clock.time_source(), clock.sleep());
        for _ in 0..20 {
            limiter.pass(Bucket::EcsRegister).await;
        }
        assert_eq!(clock.elapsed(), Duration::ZERO);
        for _ in 0..5 {
            limiter.pass(Bucket::EcsRegister).await;
        }
        assert_eq!(clock.elapsed(), Duration::from_secs(5));
        limiter.pass(Bucket::EcsUpdate).await;
        assert_eq!(clock.elapsed(), Duration::from_secs(5), "each class has its own bucket");
    }

    #[tokio::test]
    async fn calls_of_one_bucket_wait_for_each_other() {
        let clock = VirtualTime::new();
        let limiter = Limiter::new(clock.time_source(), clock.sleep());
        for _ in 0..60 {
            limiter.pass(Bucket::EcsResourceRead).await;
            limiter.pass(Bucket::EcsResourceRead).await;
        }
        assert_eq!(clock.elapsed().as_millis(), 1000, "20 over the burst of 100, at 20 a second");
    }
}
