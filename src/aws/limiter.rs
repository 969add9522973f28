//! Keeping below AWS's quotas, so that throttling is the exception.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep};
use aws_smithy_async::time::SharedTimeSource;

/// A token bucket's size: calls at once, and calls a second after that.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Quota {
    burst: f64,
    sustained: f64,
}

/// The bucket that an action is charged to, and its quota as AWS publishes it for an account and region.
fn quota(action: &str) -> (&'static str, Quota) {
    let of = |burst, sustained| Quota { burst, sustained };
    match action {
        "ecs:RegisterTaskDefinition" => ("ecs:register", of(20.0, 1.0)),
        "ecs:UpdateService" => ("ecs:update", of(50.0, 5.0)),
        "ecs:DescribeServices" | "ecs:DescribeTasks" | "ecs:ListTasks" => ("ecs:resource-read", of(100.0, 20.0)),
        "ecs:ListServiceDeployments" | "ecs:DescribeServiceDeployments" => ("ecs:deployments", of(50.0, 20.0)),
        "ecs:DescribeServiceRevisions" => ("ecs:revisions", of(50.0, 20.0)),
        "ecs:DescribeTaskDefinition" | "ecs:ListTaskDefinitions" => ("ecs:definitions", of(50.0, 20.0)),
        // STS charges the caller with 600 a second in all; kanmon makes a handful in an hour.
        a if a.starts_with("sts:") => ("sts", of(100.0, 100.0)),
        // Unpublished (Inspector, CodePipeline, StopServiceDeployment): few enough to leave room for the account's other
        // users, the rest is left to the SDK's back-off.
        a if a.starts_with("inspector2:") => ("inspector2", of(10.0, 5.0)),
        a if a.starts_with("codepipeline:") => ("codepipeline", of(10.0, 5.0)),
        // DynamoDB has no quota of calls, and an on-demand table takes thousands a second: only a loop gone wild is slowed.
        a if a.starts_with("dynamodb:") => ("dynamodb", of(200.0, 100.0)),
        a if a.starts_with("ecr:") => ("ecr", of(20.0, 10.0)),
        _ => ("other", of(10.0, 5.0)),
    }
}

#[derive(Debug)]
struct Bucket {
    /// Below zero: calls that have been let through and still wait for their turn.
    tokens: f64,
    at: SystemTime,
}

/// The limiter of one account and region.
#[derive(Debug)]
pub(super) struct Limiter {
    time: SharedTimeSource,
    sleep: SharedAsyncSleep,
    buckets: Mutex<BTreeMap<&'static str, Bucket>>,
}

impl Limiter {
    pub fn new(time: SharedTimeSource, sleep: SharedAsyncSleep) -> Limiter {
        Limiter { time, sleep, buckets: Mutex::default() }
    }

    /// Waits until this call is within its quota; those who wait are served in the order they came.
    pub async fn pass(&self, action: &str) {
        let wait = self.reserve(action);
        if !wait.is_zero() {
            self.sleep.sleep(wait).await;
        }
    }

    fn reserve(&self, action: &str) -> Duration {
        let (name, quota) = quota(action);
        let now = self.time.now();
        let mut buckets = self.buckets.lock().expect("nothing panics while it holds the buckets");
        let bucket = buckets.entry(name).or_insert(Bucket { tokens: quota.burst, at: now });
        // A clock that is set back refills nothing.
        let elapsed = now.duration_since(bucket.at).unwrap_or_default().as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * quota.sustained).min(quota.burst) - 1.0;
        bucket.at = now;
        Duration::from_secs_f64((-bucket.tokens / quota.sustained).max(0.0))
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
            limiter.pass("ecs:RegisterTaskDefinition").await;
        }
        assert_eq!(clock.elapsed(), Duration::ZERO);
        for _ in 0..5 {
            limiter.pass("ecs:RegisterTaskDefinition").await;
        }
        assert_eq!(clock.elapsed(), Duration::from_secs(5));
        limiter.pass("ecs:UpdateService").await;
        assert_eq!(clock.elapsed(), Duration::from_secs(5), "each class has its own bucket");
    }

    #[tokio::test]
    async fn reads_of_services_and_tasks_share_a_bucket() {
        let clock = VirtualTime::new();
        let limiter = Limiter::new(clock.time_source(), clock.sleep());
        for _ in 0..60 {
            limiter.pass("ecs:DescribeServices").await;
            limiter.pass("ecs:DescribeTasks").await;
        }
        assert_eq!(clock.elapsed().as_millis(), 1000, "20 over the burst of 100, at 20 a second");
    }
}
