//! Request quotas: a token bucket for each group of operations, account and region, with the numbers that AWS publishes.
//! They are filled by the time that is handed in, so that a virtual clock fills them too; never faster than real time,
//! whatever the speed of the rest.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::operations::{EcrOperation, EcsOperation};
use super::wire::Service;
use crate::model::ids::{AccountId, Region};

/// A group of operations that are charged together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub group: &'static str,
    /// Calls at once.
    pub burst: u32,
    /// Calls a second after that.
    pub sustained: u32,
}

const fn quota(group: &'static str, burst: u32, sustained: u32) -> Option<Quota> {
    Some(Quota { group, burst, sustained })
}

/// The quota that an operation is charged to; none where AWS publishes none (Inspector, CodePipeline,
/// `StopServiceDeployment`, ECR's operations on repositories).
pub fn of(service: Service, op: &str) -> Option<Quota> {
    match service {
        Service::Ecs => ecs(EcsOperation::named(op)?),
        Service::Ecr => EcrOperation::named(op).map_or_else(|| registry(op), ecr),
        // STS: 600 a second for an account and region, all operations together. What nobody signs has no caller to charge.
        Service::Sts => quota("sts", 600, 600),
        Service::Inspector2 | Service::CodePipeline => None,
    }
}

/// *Request throttling for the Amazon ECS API*, the API reference.
fn ecs(op: EcsOperation) -> Option<Quota> {
    match op {
        EcsOperation::CreateCluster => quota("ecs: cluster modify", 20, 1),
        EcsOperation::DescribeClusters | EcsOperation::ListClusters => quota("ecs: cluster read", 50, 20),
        EcsOperation::RegisterTaskDefinition | EcsOperation::DeregisterTaskDefinition => {
            quota("ecs: task definition modify", 20, 1)
        }
        EcsOperation::DescribeTaskDefinition | EcsOperation::ListTaskDefinitions => {
            quota("ecs: task definition read", 50, 20)
        }
        EcsOperation::TagResource | EcsOperation::UntagResource => quota("ecs: tag modify", 20, 10),
        EcsOperation::ListTagsForResource => quota("ecs: tag read", 50, 20),
        EcsOperation::RunTask | EcsOperation::StopTask => quota("ecs: cluster resource modify", 100, 40),
        EcsOperation::DescribeTasks | EcsOperation::ListTasks => quota("ecs: cluster resource read", 100, 20),
        EcsOperation::CreateService | EcsOperation::UpdateService | EcsOperation::DeleteService => {
            quota("ecs: service modify", 50, 5)
        }
        EcsOperation::DescribeServices | EcsOperation::ListServices => quota("ecs: service read", 100, 20),
        EcsOperation::DescribeServiceDeployments | EcsOperation::ListServiceDeployments => {
            quota("ecs: service deployments", 50, 20)
        }
        EcsOperation::DescribeServiceRevisions => quota("ecs: service revisions", 50, 20),
        EcsOperation::StopServiceDeployment | EcsOperation::ContinueServiceDeployment => None,
    }
}

/// *Amazon ECR service quotas*, which have a rate and no burst: a second's worth at once.
fn ecr(op: EcrOperation) -> Option<Quota> {
    match op {
        EcrOperation::GetAuthorizationToken => quota("ecr: GetAuthorizationToken", 500, 500),
        EcrOperation::BatchCheckLayerAvailability => quota("ecr: BatchCheckLayerAvailability", 1000, 1000),
        EcrOperation::BatchGetImage => quota("ecr: BatchGetImage", 2000, 2000),
        EcrOperation::PutImage => quota("ecr: PutImage", 10, 10),
        EcrOperation::BatchDeleteImage
        | EcrOperation::BatchGetRepositoryScanningConfiguration
        | EcrOperation::CreateRepository
        | EcrOperation::DeleteLifecyclePolicy
        | EcrOperation::DeleteRegistryPolicy
        | EcrOperation::DeleteRepository
        | EcrOperation::DeleteRepositoryPolicy
        | EcrOperation::DescribeImageReplicationStatus
        | EcrOperation::DescribeImageScanFindings
        | EcrOperation::DescribeImages
        | EcrOperation::DescribeRegistry
        | EcrOperation::DescribeRepositories
        | EcrOperation::GetLifecyclePolicy
        | EcrOperation::GetRegistryPolicy
        | EcrOperation::GetRegistryScanningConfiguration
        | EcrOperation::GetRepositoryPolicy
        | EcrOperation::ListImages
        | EcrOperation::PutImageScanningConfiguration
        | EcrOperation::PutImageTagMutability
        | EcrOperation::PutLifecyclePolicy
        | EcrOperation::PutRegistryPolicy
        | EcrOperation::PutRegistryScanningConfiguration
        | EcrOperation::PutReplicationConfiguration
        | EcrOperation::SetRepositoryPolicy
        | EcrOperation::StartImageScan => None,
    }
}

/// The same of the actions that requests of the registry protocol are charged as.
fn registry(action: &str) -> Option<Quota> {
    match action {
        "GetDownloadUrlForLayer" => quota("ecr: GetDownloadUrlForLayer", 3000, 3000),
        "InitiateLayerUpload" => quota("ecr: InitiateLayerUpload", 100, 100),
        "UploadLayerPart" => quota("ecr: UploadLayerPart", 500, 500),
        "CompleteLayerUpload" => quota("ecr: CompleteLayerUpload", 100, 100),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// In billionths of a token, so that filling is exact.
    level: i128,
    at: Timestamp,
}

const TOKEN: i128 = 1_000_000_000;
/// A client that waits as long as the quota asks for rounds its wait to a nanosecond, which is a few billionths here.
const SLACK: i128 = 1_000;

/// The state of all quotas.
#[derive(Debug, Clone)]
pub struct Quotas {
    on: bool,
    buckets: BTreeMap<(AccountId, Region, &'static str), Bucket>,
}

impl Quotas {
    pub fn new(on: bool) -> Quotas {
        Quotas { on, buckets: BTreeMap::new() }
    }

    /// Charges a call to its caller. False: its quota is used up, and it is throttled.
    pub fn take(&mut self, service: Service, op: &str, account: &AccountId, region: &Region, now: Timestamp) -> bool {
        let Some(quota) = of(service, op).filter(|_| self.on) else { return true };
        let full = i128::from(quota.burst) * TOKEN;
        let key = (account.clone(), region.clone(), quota.group);
        let bucket = self.buckets.entry(key).or_insert(Bucket { level: full, at: now });
        // A clock that is set back fills nothing.
        let passed = now.duration_since(bucket.at).as_nanos().max(0);
        bucket.level = (bucket.level + passed * i128::from(quota.sustained)).min(full);
        bucket.at = bucket.at.max(now);
        let enough = bucket.level + SLACK >= TOKEN;
        if enough {
            bucket.level -= TOKEN;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn place() -> (AccountId, Region) {
        ("111111111111".parse().unwrap(), "ap-northeast-1".parse().unwrap())
    }

    proptest! {
        #[test]
        fn no_stretch_of_time_passes_more_than_its_burst_and_its_rate(
            waits in proptest::collection::vec(0i64..600, 1..200),
        ) {
            let ((account, region), mut quotas) = (place(), Quotas::new(true));
            let mut now = Timestamp::UNIX_EPOCH;
            let mut passed: Vec<Timestamp> = Vec::new();
            for wait in waits {
                now += SignedDuration::from_millis(wait);
                if quotas.take(Service::Ecs, "RegisterTaskDefinition", &account, &region, now) {
                    passed.push(now);
                }
            }
            for (first, begins) in passed.iter().enumerate() {
                for (last, ends) in passed.iter().enumerate().skip(first) {
                    let stretch = ends.duration_since(*begins).as_secs_f64();
                    prop_assert!((last - first + 1) as f64 <= 20.0 + stretch + 1e-6);
                }
            }
        }

        #[test]
        fn who_keeps_to_the_sustained_rate_is_never_throttled(calls in 1usize..400, spread in 0i64..40) {
            let ((account, region), mut quotas) = (place(), Quotas::new(true));
            let mut now = Timestamp::UNIX_EPOCH;
            for n in 0..calls {
                // Five a second, now early, now late.
                now = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(200 * n as i64 + (n as i64 % 2) * spread);
                prop_assert!(quotas.take(Service::Ecs, "UpdateService", &account, &region, now));
            }
            let _ = now;
        }
    }

    /// Calls at once and calls a second, as AWS publishes them for what a release calls most: *Request throttling for the Amazon ECS
    /// API*, *Amazon ECR service quotas*, and *IAM and AWS STS quotas*.
    const PUBLISHED: [(Service, &str, u32, u32); 11] = [
        (Service::Ecs, "RegisterTaskDefinition", 20, 1),
        (Service::Ecs, "UpdateService", 50, 5),
        (Service::Ecs, "DescribeServices", 100, 20),
        (Service::Ecs, "DescribeTasks", 100, 20),
        (Service::Ecs, "ListServiceDeployments", 50, 20),
        (Service::Ecs, "DescribeServiceDeployments", 50, 20),
        (Service::Ecs, "DescribeServiceRevisions", 50, 20),
        (Service::Ecs, "DescribeTaskDefinition", 50, 20),
        (Service::Ecr, "PutImage", 10, 10),
        (Service::Sts, "AssumeRole", 600, 600),
        (Service::Sts, "GetCallerIdentity", 600, 600),
    ];

    #[test]
    fn what_aws_publishes_is_what_drains_and_what_fills_again() {
        let (account, region) = place();
        for (service, op, burst, sustained) in PUBLISHED {
            let mut quotas = Quotas::new(true);
            let mut drained = |since: SignedDuration| {
                let at = Timestamp::UNIX_EPOCH + since;
                (0..10_000).take_while(|_| quotas.take(service, op, &account, &region, at)).count() as u32
            };
            let millis = |n: u32| SignedDuration::from_millis(i64::from(n));
            assert_eq!(drained(SignedDuration::ZERO), burst, "{op}: at once");
            // Whoever takes all that there is, again and again, gets the rate and nothing beside it.
            let mut passed = 0;
            for tick in 1..=100 {
                passed += drained(millis(100 * tick));
                assert_eq!(passed, sustained * tick / 10, "{op}: within {tick} tenths of a second");
            }
            let (empty, whole) = (SignedDuration::from_secs(10), millis(1_000 * burst / sustained));
            assert_eq!(drained(empty + whole - millis(1)), burst - 1, "{op}: not full before its time");
            let again = empty + whole + SignedDuration::from_hours(1);
            assert_eq!(drained(again), burst, "{op}: never more than full");
        }
    }

    #[test]
    fn groups_accounts_and_regions_have_buckets_of_their_own() {
        let ((account, region), mut quotas) = (place(), Quotas::new(true));
        let at = Timestamp::UNIX_EPOCH;
        let mut drain = |op: &str, account: &AccountId, region: &Region| {
            (0..200).take_while(|_| quotas.take(Service::Ecs, op, account, region, at)).count()
        };
        assert_eq!(drain("DescribeTasks", &account, &region), 100);
        assert_eq!(drain("ListTasks", &account, &region), 0, "charged together");
        assert_eq!(drain("DescribeServices", &account, &region), 100);
        assert_eq!(drain("ListTasks", &"222222222222".parse().unwrap(), &region), 100);
        assert_eq!(drain("ListTasks", &account, &"us-east-1".parse().unwrap()), 100);
        assert_eq!(drain("StopServiceDeployment", &account, &region), 200, "AWS publishes none");
    }

    #[test]
    fn off_is_off() {
        let ((account, region), mut quotas) = (place(), Quotas::new(false));
        assert!((0..100).all(|_| quotas.take(Service::Ecr, "PutImage", &account, &region, Timestamp::UNIX_EPOCH)));
    }
}
