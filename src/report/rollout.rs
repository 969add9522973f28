//! Rollouts and stopped tasks in words.

use super::fault;
use crate::model::format::lasting;
use crate::model::rollout::{HeldUp, PROOFS, RolloutEnd, RolloutProgress, RolloutState, TaskStop, TaskStopCause};
use crate::model::rollout_reason::{Monitor, ProofGap, RolloutFailure, StuckReason, SupersededBy, UnknownRollout};
use crate::report::time::moment;

/// Why tasks stopped.
pub fn task_stop(task_stop: &TaskStop) -> String {
    let container = task_stop.container.as_deref().unwrap_or("a container");
    let exited = |code: i32| format!("{container} exited with code {code}{}", meaning(code));
    let said = said(task_stop.said.as_deref());
    let what = match (task_stop.cause, task_stop.exit_code) {
        (TaskStopCause::ContainerExited | TaskStopCause::Killed, Some(code)) => exited(code),
        (TaskStopCause::ContainerExited | TaskStopCause::Killed, None) => format!("{container} never started"),
        (TaskStopCause::OutOfMemory, _) => format!("{container} ran out of memory"),
        (TaskStopCause::CannotStart, _) => format!("{container} could not start: {said}"),
        (cause, _) => match about(cause) {
            Some(about) => format!("{about}: {said}"),
            None => said.to_owned(),
        },
    };
    format!("{what} ({})", tasks(task_stop.tasks))
}

/// What a cause is about, where ECS's own text does not name it first.
fn about(cause: TaskStopCause) -> Option<&'static str> {
    match cause {
        TaskStopCause::SpotInterruption => Some("Spot interruption"),
        TaskStopCause::Infrastructure => Some("replaced by AWS"),
        TaskStopCause::NoCapacity => Some("no capacity"),
        TaskStopCause::Quota => Some("quota of the account"),
        TaskStopCause::NetworkInterface => Some("network interface"),
        TaskStopCause::Disk => Some("disk"),
        TaskStopCause::WrongArchitecture => Some("wrong architecture"),
        TaskStopCause::PullRateLimit => Some("rate limit of the registry"),
        TaskStopCause::PullNetwork => Some("the registry cannot be reached"),
        TaskStopCause::PullDenied => Some("not allowed to pull the image"),
        TaskStopCause::Kms => Some("not allowed to use the key"),
        TaskStopCause::ImageMissing => Some("the image does not exist"),
        TaskStopCause::SecretDenied => Some("not allowed to read a secret"),
        TaskStopCause::SecretMissing => Some("the secret does not exist"),
        TaskStopCause::StartNetwork => Some("a service needed for the start cannot be reached"),
        TaskStopCause::Logging => Some("logging"),
        TaskStopCause::EnvironmentFile => Some("environment file"),
        TaskStopCause::Volume => Some("volume"),
        TaskStopCause::Role => Some("role"),
        TaskStopCause::TaskDefinition => Some("task definition"),
        TaskStopCause::TargetUnhealthy => Some("unhealthy behind the load balancer"),
        TaskStopCause::Throttled => Some("throttled"),
        TaskStopCause::Stopped
        | TaskStopCause::CannotPullContainer
        | TaskStopCause::OutOfMemory
        | TaskStopCause::Killed
        | TaskStopCause::HealthCheckFailed
        | TaskStopCause::CannotStart
        | TaskStopCause::RuntimeTimeout
        | TaskStopCause::Platform
        | TaskStopCause::Dependency
        | TaskStopCause::ContainerExited
        | TaskStopCause::Other => None,
    }
}

/// Why a rollout makes no progress.
pub fn held_up(held_up: &HeldUp) -> String {
    match held_up {
        HeldUp::Hook { id, expires } => {
            let until = expires.map(|at| format!(" until {}", moment(at))).unwrap_or_default();
            format!("the hook {id} pauses it and waits for an answer{until}")
        }
        HeldUp::NoTask { reason } => format!("ECS starts no task: {}", trimmed(reason)),
        HeldUp::Stopping { said } => format!("ECS is stopping it: {}", self::said(said.as_deref())),
    }
}

/// A number of tasks of the previous revision that still run.
pub fn draining(n: u32) -> String {
    if n == 1 { "1 old task draining".to_owned() } else { format!("{n} old tasks draining") }
}

/// What an exit code usually means, as a suffix.
pub fn meaning(code: i32) -> &'static str {
    match code {
        125 => ", an error of the container runtime",
        126 | 127 => ", a command that cannot be run",
        137 => ", killed (SIGKILL, or out of memory)",
        134 => ", aborted",
        139 => ", a segmentation fault",
        143 => ", ended by SIGTERM",
        _ => "",
    }
}

/// A number of tasks.
pub fn tasks(n: u32) -> String {
    if n == 1 { "1 task".to_owned() } else { format!("{n} tasks") }
}

/// A reason that AWS gives, without its full stop, for a sentence.
pub fn trimmed(text: &str) -> &str {
    text.trim_end_matches('.')
}

/// The state of a rollout.
pub fn progress(progress: &RolloutProgress) -> String {
    let failed = if progress.failed > 0 { format!(", {} failed", progress.failed) } else { String::new() };
    let counts = format!("{}/{} running{failed}", progress.running, progress.desired);
    let task_stops = progress.task_stops.first().map(|d| format!("; {}", task_stop(d))).unwrap_or_default();
    let around = &progress.circumstances;
    let held = around.held_up.as_ref().map(|h| format!("; {}", held_up(h))).unwrap_or_default();
    let breaker = around.breaker.map(|b| format!("; circuit breaker at {} of {}", b.failures, b.threshold));
    let breaker = breaker.unwrap_or_default();
    let old = if around.draining > 0 { format!("; {}", draining(around.draining)) } else { String::new() };
    let because = |said: &Option<String>| format!("{}{task_stops}", self::said(said.as_deref()));
    match &progress.rollout {
        RolloutState::Looking { .. } => "waiting until ECS shows the deployment".to_owned(),
        RolloutState::InProgress => format!("{counts}{held}{task_stops}{breaker}"),
        RolloutState::Proving { missing } => format!("not proven yet: {}{old}", gap(missing)),
        RolloutState::Proven { readings } => format!("proven {readings} of {PROOFS} times{old}"),
        RolloutState::RollingBack { said } => format!("ECS is rolling back: {}", because(said)),
        RolloutState::RolledBack { said } => format!("rolled back: {}", because(said)),
        RolloutState::RollbackFailed { said } => format!("failed and not rolled back: {}", because(said)),
        RolloutState::Failed { said, monitor } => {
            format!("failed: {}{task_stops}", ended_by_ecs(said.as_deref(), monitor.as_ref()))
        }
        RolloutState::Stopped { said } => format!("stopped: {}", self::said(said.as_deref())),
        RolloutState::Superseded { by } => format!("superseded by {by}"),
        RolloutState::Ambiguous { deployments } => ambiguous(deployments),
    }
}

/// The first condition of the proof that is not met.
pub fn gap(gap: &ProofGap) -> String {
    match gap {
        ProofGap::NoPrimary => "the service has no PRIMARY deployment".to_owned(),
        ProofGap::OtherPrimary => "PRIMARY is not this deployment yet".to_owned(),
        ProofGap::OtherDefinition => "PRIMARY has another task definition".to_owned(),
        ProofGap::TooFewOfOurs { running, enough } => {
            format!("{running} of the {enough} new tasks that ECS waits for are running")
        }
        ProofGap::TooFewRunning { running, desired } => format!("{running} of {desired} tasks are running"),
        ProofGap::TooFewSeen { seen, desired } => format!("{seen} of {desired} running tasks are listed"),
        ProofGap::OtherDeploymentsTask { task } => format!("task {task} still belongs to another deployment"),
        ProofGap::OtherDefinitionsTask { task } => format!("task {task} still runs another task definition"),
        ProofGap::Unhealthy { task } => format!("task {task} is unhealthy"),
        ProofGap::NotApproved { task, container, digest } => {
            format!("container {container} of task {task} runs {digest}, which is not the approved image")
        }
        ProofGap::DigestUnknown { task, container } => {
            format!("ECS does not yet report what container {container} of task {task} runs")
        }
    }
}

/// How a rollout ended, in a few words with its reason.
pub fn ended(end: &RolloutEnd) -> String {
    match end {
        RolloutEnd::Succeeded => "succeeded".to_owned(),
        RolloutEnd::Unchanged => "nothing had to change".to_owned(),
        RolloutEnd::Unverified => "deployed with desired count 0, so nothing could be proven".to_owned(),
        RolloutEnd::RolledBack { said } => format!("rolled back: {}", self::said(said.as_deref())),
        RolloutEnd::Failed { why } => format!("failed: {}", failure(why)),
        RolloutEnd::Superseded { by } => format!("superseded by {}", superseder(by)),
        RolloutEnd::Stopped { said } => format!("stopped: {}", self::said(said.as_deref())),
        RolloutEnd::Stuck { why } => format!("stuck: {}", stuck(why)),
        RolloutEnd::StillRunning => "still being deployed".to_owned(),
        RolloutEnd::Unknown { why } => format!("unknown: {}", unknown(why)),
    }
}

/// Why a rollout failed and was not rolled back.
pub fn failure(failure: &RolloutFailure) -> String {
    match failure {
        RolloutFailure::Ecs { said, monitor } => ended_by_ecs(said.as_deref(), monitor.as_ref()),
        RolloutFailure::TasksStopped { tasks } => format!("{tasks} of its tasks stopped for the same reason"),
        RolloutFailure::TimedOut { deadline } => format!("it was not done within {}", lasting(*deadline)),
        RolloutFailure::NotProven => "ECS reports it as completed, but it was not proven in time".to_owned(),
    }
}

/// Why ECS ended a deployment: its own reason, else the monitor that did it.
fn ended_by_ecs(said: Option<&str>, monitor: Option<&Monitor>) -> String {
    match (said, monitor) {
        (None, Some(Monitor::CircuitBreaker)) => "the circuit breaker's threshold was exceeded".to_owned(),
        (None, Some(Monitor::Alarms { names })) => format!("alarms fired: {}", names.join(", ")),
        (said, _) => self::said(said).to_owned(),
    }
}

/// Why a service does not run its previous revision again.
pub fn stuck(stuck: &StuckReason) -> String {
    match stuck {
        StuckReason::Ecs { said } => self::said(said.as_deref()).to_owned(),
        StuckReason::StillChanging => "it was still changing at the deadline".to_owned(),
        StuckReason::NotRestored => "the previous revision was not running again at the deadline".to_owned(),
        StuckReason::Refused { fault } => fault::words(fault).line(),
    }
}

/// Who deployed over a rollout.
pub fn superseder(by: &SupersededBy) -> String {
    match by {
        SupersededBy::Deployment { id } => format!("deployment {id}"),
        SupersededBy::Found { fault } => format!("somebody else ({})", fault::words(fault).line()),
    }
}

/// Why the state of a rollout is unknown.
pub fn unknown(unknown: &UnknownRollout) -> String {
    match unknown {
        UnknownRollout::Ambiguous { deployments } => ambiguous(deployments),
        UnknownRollout::NotProven { missing } => {
            let missing = missing.as_ref().map(|missing| format!(": {}", gap(missing))).unwrap_or_default();
            format!("nothing had to change, but what runs was not proven{missing}")
        }
    }
}

fn ambiguous(deployments: &[String]) -> String {
    format!(
        "{} deployments of this task definition have started since then: {}",
        deployments.len(),
        deployments.join(", ")
    )
}

/// ECS's own reason, for a sentence.
pub fn said(said: Option<&str>) -> &str {
    trimmed(said.unwrap_or("ECS gives no reason"))
}

/// What to check; `None` where the reason is enough.
pub fn advice(cause: TaskStopCause) -> Option<&'static str> {
    Some(match cause {
        TaskStopCause::SpotInterruption => {
            "AWS took Spot capacity back: give the service a FARGATE base, or more zones"
        }
        TaskStopCause::Infrastructure => "AWS replaced the host of the task; the image is not the cause",
        TaskStopCause::NoCapacity => {
            "check the sizes and zones of the instances, the capacity provider and its limits, and the task's cpu and memory"
        }
        TaskStopCause::Quota => "check Service Quotas: Fargate's vCPU limit of this account and region",
        TaskStopCause::NetworkInterface => {
            "check the free addresses of the subnets and the quota of network interfaces"
        }
        TaskStopCause::Disk => "check the size of the image and `ephemeralStorage` of the task definition",
        TaskStopCause::WrongArchitecture => {
            "the image has no platform that fits `runtimePlatform` of the task definition: build it for that one (`platforms`)"
        }
        TaskStopCause::PullRateLimit => {
            "the registry limits pulls: use an ECR pull through cache, or log in to the registry"
        }
        TaskStopCause::PullNetwork => {
            "the task cannot reach the registry: check the NAT gateway, or the endpoints ecr.api, ecr.dkr, s3 (gateway) and logs, \
             and port 443 of the security groups"
        }
        TaskStopCause::PullDenied => {
            "check the execution role's policy, and the repository's policy if it is in another account"
        }
        TaskStopCause::Kms => "the key's policy must allow the execution role to decrypt",
        TaskStopCause::ImageMissing => {
            "check whether a lifecycle policy of the repository deleted the digest, or whether it is in this account and region"
        }
        TaskStopCause::SecretDenied => {
            "the execution role needs secretsmanager:GetSecretValue or ssm:GetParameters, and kms:Decrypt, for what `secrets` names"
        }
        TaskStopCause::SecretMissing => "check the name, the region and the JSON key of what `secrets` names",
        TaskStopCause::StartNetwork => {
            "the task cannot reach ECR, Secrets Manager or Systems Manager: check the subnets, the NAT gateway and the endpoints"
        }
        TaskStopCause::Logging => {
            "check whether the log group exists, and whether the execution role may call logs:CreateLogStream and reach CloudWatch Logs"
        }
        TaskStopCause::EnvironmentFile => {
            "the execution role needs s3:GetObject and s3:GetBucketLocation for the environment file"
        }
        TaskStopCause::Volume => {
            "check the file system's mount targets in these zones, its access point, and port 2049 of the security groups"
        }
        TaskStopCause::Role => {
            "the role must exist and trust ecs-tasks.amazonaws.com; a new role can take some seconds to appear"
        }
        TaskStopCause::TaskDefinition => {
            "the task definition does not fit what runs it: check the launch type, cpu and memory"
        }
        TaskStopCause::OutOfMemory | TaskStopCause::Killed => {
            "raise `memory` of the container or of the task, or lower what the program uses"
        }
        TaskStopCause::HealthCheckFailed => {
            "run the health check's command in the image (is its program there?), and check `startPeriod`"
        }
        TaskStopCause::TargetUnhealthy => {
            "check the target group's health check (path, port, codes), the security groups, and the service's grace period"
        }
        TaskStopCause::CannotStart => "check the image's entry point, command and user",
        TaskStopCause::Dependency => {
            "another container of the task did not reach the condition that `dependsOn` asks for"
        }
        TaskStopCause::Stopped
        | TaskStopCause::CannotPullContainer
        | TaskStopCause::RuntimeTimeout
        | TaskStopCause::Platform
        | TaskStopCause::ContainerExited
        | TaskStopCause::Throttled
        | TaskStopCause::Other => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_ran_out_of_memory_only_where_ecs_says_so() {
        let stop = |cause, said: &str| TaskStop {
            cause,
            container: Some("web".into()),
            exit_code: Some(137),
            said: Some(said.into()),
            tasks: 2,
        };
        let reported = "OutOfMemoryError: Container killed due to memory usage";
        assert_eq!(task_stop(&stop(TaskStopCause::OutOfMemory, reported)), "web ran out of memory (2 tasks)");
        assert_eq!(
            task_stop(&stop(TaskStopCause::Killed, "Essential container in task exited")),
            "web exited with code 137, killed (SIGKILL, or out of memory) (2 tasks)"
        );
        assert_eq!(advice(TaskStopCause::Killed), advice(TaskStopCause::OutOfMemory));
    }
}
