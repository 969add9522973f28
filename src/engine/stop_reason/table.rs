//! ECS's words, and what they mean: the table of causes, of which the first row that matches wins, and the words of deployments.

use crate::model::aws::ecs::TaskStopCode;
use crate::model::rollout::{StoppedContainer, StoppedTask, TaskStopCause};

/// What else a text must be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Anything,
    /// Pulling an image, and not "unable to pull secrets or registry auth".
    Pull,
    Kms,
    /// Getting secrets, or the login of the registry.
    Secrets,
    Starting,
}

struct Row {
    cause: TaskStopCause,
    /// Stop codes that decide it with any text.
    codes: &'static [&'static str],
    about: About,
    /// In lower case; one of them is enough.
    words: &'static [&'static str],
}

const fn row(cause: TaskStopCause, about: About, words: &'static [&'static str]) -> Row {
    Row { cause, codes: &[], about, words }
}

const fn coded(cause: TaskStopCause, codes: &'static [&'static str], words: &'static [&'static str]) -> Row {
    Row { cause, codes, about: About::Anything, words }
}

const DENIED: [&str; 4] = ["accessdenied", "access denied", "not authorized", "unauthorized"];

const TABLE: [Row; 33] = [
    coded(
        TaskStopCause::SpotInterruption,
        &["SpotInterruption"],
        &["your spot task was interrupted", "spot interruption"],
    ),
    coded(
        TaskStopCause::Infrastructure,
        &["TerminationNotice", "InfrastructureHealth"],
        &["host ec2 (instance", "performing maintenance on the underlying infrastructure", "task retirement"],
    ),
    coded(
        TaskStopCause::Stopped,
        &["UserInitiated"],
        &["scaling activity initiated by (deployment ecs-svc/", "rebalanc", "task stopped by user"],
    ),
    row(
        TaskStopCause::NoCapacity,
        About::Anything,
        &[
            "capacity is unavailable at this time",
            "insufficient capacity",
            "resource:cpu",
            "resource:memory",
            "resource:eni",
            "resource:ports",
            "resource:gpu",
            "no container instance met all of its requirements",
            "no container instances were found",
            "insufficient cpu",
            "insufficient memory",
            "provisioning capacity limit",
            "could not launch",
        ],
    ),
    row(
        TaskStopCause::Quota,
        About::Anything,
        &["limit on the number of tasks you can run concurrently", "limit on the number of vcpus", "vcpu limit"],
    ),
    row(
        TaskStopCause::NetworkInterface,
        About::Anything,
        &[
            "unexpected ec2 error while attempting to create network interface",
            "unexpected ec2 error while attempting to attach network interface",
            "insufficientfreeaddressesinsubnet",
            "timeout waiting for network interface provisioning",
            "rate limit exceeded while preparing network interface",
            "unused device index",
        ],
    ),
    row(
        TaskStopCause::Disk,
        About::Anything,
        &[
            "timeout waiting for ephemeralstorage",
            "timeout waiting for ephemeral storage",
            "no space left on device",
            "devmapper: thin pool",
        ],
    ),
    row(
        TaskStopCause::WrongArchitecture,
        About::Anything,
        &[
            "descriptor matching platform",
            "no match for platform in manifest",
            "exec format error",
            "image operating system",
        ],
    ),
    row(
        TaskStopCause::PullRateLimit,
        About::Pull,
        &["toomanyrequests", "too many requests", "rate limit", "rate exceeded", "throttling"],
    ),
    row(
        TaskStopCause::PullNetwork,
        About::Pull,
        &[
            "i/o timeout",
            "request canceled while waiting for connection",
            "context deadline",
            "connection issue",
            "check your network configuration",
            "check your task network configuration",
            "no such host",
            "net/http",
            "connection reset",
            "connection refused",
        ],
    ),
    row(
        TaskStopCause::PullDenied,
        About::Pull,
        &[
            "not authorized to perform: ecr:",
            "accessdenied",
            "no basic auth credentials",
            "pull access denied",
            "denied: ",
            "check that the role",
            "403 forbidden",
            "status: 403",
            "status code: 403",
        ],
    ),
    row(
        TaskStopCause::Kms,
        About::Kms,
        &["accessdenied", "not authorized", "not allowed", "decrypt", "ciphertextrefers"],
    ),
    row(
        TaskStopCause::ImageMissing,
        About::Pull,
        &[
            "not found",
            "manifest unknown",
            "name unknown",
            "does not exist",
            "check whether the image exists",
            "status: 404",
            "status code: 404",
        ],
    ),
    row(
        TaskStopCause::CannotPullContainer,
        About::Anything,
        &["pull image manifest has been retried", "ref pull has been retried", "cannotpull", "pullimagemanifest"],
    ),
    row(TaskStopCause::SecretDenied, About::Secrets, &DENIED),
    row(
        TaskStopCause::SecretMissing,
        About::Secrets,
        &[
            "resourcenotfoundexception",
            "invalid ssm parameters",
            "invalidparameter",
            "does not contain json key",
            "awscurrent",
            "invalid arn format",
        ],
    ),
    row(
        TaskStopCause::StartNetwork,
        About::Secrets,
        &[
            "timeout",
            "connection issue",
            "requesterror",
            "exceeded maximum number of attempts",
            "signal: killed",
            "context deadline",
            "no such host",
        ],
    ),
    row(
        TaskStopCause::Logging,
        About::Anything,
        &[
            "failed to validate logger args",
            "failed to create cloudwatch log stream",
            "initialize logging driver",
            "failed to initialize logging",
        ],
    ),
    row(
        TaskStopCause::EnvironmentFile,
        About::Anything,
        &["failed to download env files", "environment file", "environment variable file"],
    ),
    row(
        TaskStopCause::Volume,
        About::Anything,
        &[
            "failed to invoke efs utils",
            "mount.nfs4",
            "failed to resolve \"fs-",
            "efs volume",
            "fsx",
            "cannotcreatevolume",
            "invalidvolume",
        ],
    ),
    row(TaskStopCause::Role, About::Anything, &["ecs was unable to assume the role"]),
    row(
        TaskStopCause::TaskDefinition,
        About::Anything,
        &[
            "not compatible with the selected compute strategy",
            "no fargate configuration exists",
            "platformtaskdefinitionincompatibility",
        ],
    ),
    row(
        TaskStopCause::OutOfMemory,
        About::Anything,
        &["outofmemory", "container killed due to memory usage", "oomkilled"],
    ),
    row(TaskStopCause::HealthCheckFailed, About::Anything, &["task failed container health checks"]),
    row(
        TaskStopCause::TargetUnhealthy,
        About::Anything,
        &[
            "task failed elb health checks in (target-group",
            "is unhealthy in (target-group",
            "is unhealthy in target-group",
        ],
    ),
    row(
        TaskStopCause::CannotStart,
        About::Anything,
        &["cannotstartcontainer", "cannotcreatecontainer", "oci runtime", "executable file not found"],
    ),
    row(TaskStopCause::CannotStart, About::Starting, &["no such file or directory", "permission denied"]),
    row(
        TaskStopCause::RuntimeTimeout,
        About::Anything,
        &["could not transition to running; timed out", "dockertimeouterror", "containerruntimetimeout"],
    ),
    row(
        TaskStopCause::Platform,
        About::Anything,
        &["containerruntimeerror", "internalerror", "cannotinspect", "containervanished", "taskstateerror"],
    ),
    row(TaskStopCause::Dependency, About::Anything, &["taskdependencyerror", "dependson", "dependency"]),
    coded(TaskStopCause::ContainerExited, &["EssentialContainerExited"], &["essential container in task exited"]),
    row(
        TaskStopCause::Throttled,
        About::Anything,
        &["clientexception", "throttlingexception", "operations are being throttled", "rate exceeded"],
    ),
    // The scheduler may scale, move and replace tasks with other texts than those above.
    coded(TaskStopCause::Stopped, &["ServiceSchedulerInitiated"], &[]),
];

/// Every stop code of the table.
#[cfg(test)]
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    TABLE.iter().flat_map(|row| row.codes).copied()
}

/// Why a task stopped, and the container whose reason shows it.
pub(super) fn classify(task: &StoppedTask) -> (TaskStopCause, Option<&StoppedContainer>) {
    let code = task.stop_code.as_ref();
    // SIGKILL by the kernel or the runtime, where nobody stopped the task.
    let killed = task.containers.iter().find(|c| c.exit_code == Some(137));
    for row in &TABLE {
        if code.is_some_and(|code| row.codes.contains(&code.as_str())) {
            return (row.cause, None);
        }
        let named = task.containers.iter().find(|c| c.reason.as_deref().is_some_and(|text| row.matches(text)));
        if named.is_some() || task.stopped_reason.as_deref().is_some_and(|text| row.matches(text)) {
            return (row.cause, named);
        }
        if row.cause == TaskStopCause::OutOfMemory
            && code == Some(&TaskStopCode::EssentialContainerExited)
            && killed.is_some()
        {
            return (TaskStopCause::Killed, killed);
        }
    }
    (TaskStopCause::Other, None)
}

/// Why a service starts no tasks, by one of its events: without a task there is no other source.
pub fn of_event(text: &str) -> Option<TaskStopCause> {
    let holds_up = [
        TaskStopCause::NoCapacity,
        TaskStopCause::Quota,
        TaskStopCause::NetworkInterface,
        TaskStopCause::Role,
        TaskStopCause::TaskDefinition,
        TaskStopCause::Throttled,
    ];
    TABLE.iter().find(|row| row.matches(text)).map(|row| row.cause).filter(|cause| holds_up.contains(cause))
}

/// Words for what monitors a deployment besides its tasks.
const ALARM_OR_HOOK: [&str; 2] = ["alarm", "hook"];
/// Part of "rolling back", "rolled back", "roll back" and "rollback".
const ROLL: &str = "roll";

/// Whether the reason of a deployment names an alarm or a hook.
pub fn names_alarm_or_hook(text: &str) -> bool {
    let text = text.to_lowercase();
    ALARM_OR_HOOK.iter().any(|word| text.contains(word))
}

/// Whether the reason of a deployment says that ECS itself started it to roll another one back.
pub fn is_rollback(text: &str) -> bool {
    text.to_lowercase().contains(ROLL)
}

impl Row {
    fn matches(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        self.about.fits(&text) && self.words.iter().any(|word| text.contains(word))
    }
}

impl About {
    fn fits(self, text: &str) -> bool {
        let secrets = ["unable to pull secrets", "retrieve secret", "execution resource retrieval failed"];
        match self {
            About::Anything => true,
            // The login of the registry is fetched with the secrets, and refused with ECR's own action.
            About::Pull => {
                let rest = text.replace("pull secrets", "").replace("pull registry auth", "");
                rest.contains("pull") || text.contains("perform: ecr:")
            }
            About::Kms => text.contains("kms"),
            About::Secrets => secrets.iter().any(|s| text.contains(s)),
            About::Starting => text.contains("start") || text.contains("exec"),
        }
    }
}
