use rstest::rstest;

use super::*;
use crate::model::aws::ecs::TaskStopCode;

fn container(name: &str, exit_code: Option<i32>, reason: Option<&str>) -> StoppedContainer {
    StoppedContainer { name: name.into(), exit_code, reason: reason.map(str::to_owned) }
}

fn task(code: Option<&str>, reason: Option<&str>, containers: Vec<StoppedContainer>) -> StoppedTask {
    StoppedTask {
        arn: "arn:task/1".into(),
        started_by: Some("ecs-svc/1".into()),
        task_definition: "web:2".into(),
        created_at: None,
        stop_code: code.map(Into::into),
        stopped_reason: reason.map(str::to_owned),
        containers,
    }
}

/// Texts of ECS's documentation and of the container agent: the cause, and after how many equal stops a rollout ends (`None`: never).
#[rstest]
#[case("SpotInterruption", "Your Spot Task was interrupted.", TaskStopCause::SpotInterruption, None)]
#[case("TerminationNotice", "Your Spot Task was interrupted.", TaskStopCause::SpotInterruption, None)]
#[case("TerminationNotice", "Host EC2 (instance i-0) terminated.", TaskStopCause::Infrastructure, None)]
#[case("InfrastructureHealth", "The instance is unhealthy", TaskStopCause::Infrastructure, None)]
#[case(
    "ServiceSchedulerInitiated",
    "ECS is performing maintenance on the underlying infrastructure hosting the task.",
    TaskStopCause::Infrastructure,
    None
)]
#[case(
    "ServiceSchedulerInitiated",
    "Scaling activity initiated by (deployment ecs-svc/1234567890123456789)",
    TaskStopCause::Stopped,
    None
)]
#[case(
    "ServiceSchedulerInitiated",
    "Service rebalancing moved the task to another Availability Zone",
    TaskStopCause::Stopped,
    None
)]
#[case("UserInitiated", "Task stopped by user", TaskStopCause::Stopped, None)]
#[case(
    "TaskFailedToStart",
    "Capacity is unavailable at this time. Please try again later or in a different availability zone",
    TaskStopCause::NoCapacity,
    None
)]
#[case("TaskFailedToStart", "RESOURCE:MEMORY", TaskStopCause::NoCapacity, None)]
#[case(
    "TaskFailedToStart",
    "You've reached the limit on the number of tasks you can run concurrently",
    TaskStopCause::Quota,
    None
)]
#[case(
    "TaskFailedToStart",
    "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': InsufficientFreeAddressesInSubnet",
    TaskStopCause::NetworkInterface,
    Some(PASSING)
)]
#[case(
    "TaskFailedToStart",
    "ResourceInitializationError: Timeout waiting for network interface provisioning to complete.",
    TaskStopCause::NetworkInterface,
    Some(PASSING)
)]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: write /var/lib/docker/tmp/x: no space left on device",
    TaskStopCause::Disk,
    Some(PASSING)
)]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor matching platform 'linux/arm64'",
    TaskStopCause::WrongArchitecture,
    Some(FAIL_FAST)
)]
#[case("EssentialContainerExited", "exec /serve: exec format error", TaskStopCause::WrongArchitecture, Some(FAIL_FAST))]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: inspect image has been retried 5 time(s): httpReadSeeker: toomanyrequests: You have reached your pull rate limit",
    TaskStopCause::PullRateLimit,
    Some(PASSING)
)]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): ThrottlingException: Rate exceeded",
    TaskStopCause::PullRateLimit,
    Some(PASSING)
)]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: ref pull has been retried 5 time(s): failed to do request: dial tcp 1.2.3.4:443: i/o timeout",
    TaskStopCause::PullNetwork,
    Some(PASSING)
)]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: dial tcp: lookup registry.example on 10.0.0.2:53: no such host",
    TaskStopCause::PullNetwork,
    Some(PASSING)
)]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: The task can’t pull the image. Check your network configuration.",
    TaskStopCause::PullNetwork,
    Some(PASSING)
)]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: The task can’t pull the image. Check that the role has the permissions to pull images",
    TaskStopCause::PullDenied,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: User: arn:aws:sts::1:assumed-role/x is not authorized to perform: ecr:BatchGetImage on resource",
    TaskStopCause::PullDenied,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: not authorized to perform: ecr:GetAuthorizationToken",
    TaskStopCause::PullDenied,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: Access to KMS is not allowed",
    TaskStopCause::Kms,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: manifest unknown: Requested image not found",
    TaskStopCause::ImageMissing,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: The task can’t pull the image. Check whether the image exists.",
    TaskStopCause::ImageMissing,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref",
    TaskStopCause::CannotPullContainer,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "CannotPullImageManifestError: Error response from daemon",
    TaskStopCause::CannotPullContainer,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from asm: AccessDeniedException: not authorized to perform: secretsmanager:GetSecretValue",
    TaskStopCause::SecretDenied,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from asm: ResourceNotFoundException: Secrets Manager can't find the specified secret",
    TaskStopCause::SecretMissing,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue",
    TaskStopCause::StartNetwork,
    Some(PASSING)
)]
#[case(
    "TaskFailedToStart",
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException",
    TaskStopCause::Logging,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "ResourceInitializationError: failed to download env files: file download command: non empty error stream",
    TaskStopCause::EnvironmentFile,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: mount.nfs4: Connection timed out",
    TaskStopCause::Volume,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task",
    TaskStopCause::Role,
    Some(PASSING)
)]
#[case(
    "TaskFailedToStart",
    "No Fargate configuration exists for given values",
    TaskStopCause::TaskDefinition,
    Some(FAIL_FAST)
)]
#[case(
    "EssentialContainerExited",
    "OutOfMemoryError: Container killed due to memory usage",
    TaskStopCause::OutOfMemory,
    Some(FAIL_FAST)
)]
#[case(
    "ServiceSchedulerInitiated",
    "Task failed container health checks",
    TaskStopCause::HealthCheckFailed,
    Some(FAIL_FAST)
)]
#[case(
    "ServiceSchedulerInitiated",
    "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:targetgroup/t)",
    TaskStopCause::TargetUnhealthy,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "CannotStartContainerError: failed to create shim task: exec: \"serve\": executable file not found in $PATH",
    TaskStopCause::CannotStart,
    Some(FAIL_FAST)
)]
#[case(
    "TaskFailedToStart",
    "DockerTimeoutError: Could not transition to created; timed out after waiting 4m0s",
    TaskStopCause::RuntimeTimeout,
    Some(PASSING)
)]
#[case("TaskFailedToStart", "ContainerRuntimeError: transport is closing", TaskStopCause::Platform, Some(PASSING))]
#[case(
    "TaskFailedToStart",
    "TaskDependencyError: container init did not reach HEALTHY",
    TaskStopCause::Dependency,
    Some(FAIL_FAST)
)]
#[case(
    "EssentialContainerExited",
    "Essential container in task exited",
    TaskStopCause::ContainerExited,
    Some(FAIL_FAST)
)]
#[case("TaskFailedToStart", "ThrottlingException: ECS operations are being throttled", TaskStopCause::Throttled, None)]
#[case("ServiceSchedulerInitiated", "in words that are newer than this", TaskStopCause::Stopped, None)]
#[case("SomethingNew", "something that is newer than this", TaskStopCause::Other, None)]
fn a_cause_is_read_from_ecs_words(
    #[case] code: &str,
    #[case] reason: &str,
    #[case] expected: TaskStopCause,
    #[case] ends_after: Option<u32>,
) {
    let stopped = task(Some(code), Some(reason), vec![container("web", Some(1), None)]);
    let mut task_stop = summarize(&[stopped]).remove(0);
    assert_eq!(task_stop.cause, expected);
    let first = (1..=4 * PASSING).find(|n| {
        task_stop.tasks = *n;
        hopeless(std::slice::from_ref(&task_stop)).is_some()
    });
    assert_eq!(first, ends_after);
    assert_eq!(blames_nothing(&[task_stop]), ends_after != Some(FAIL_FAST), "whether the image counts as failed");
}

#[test]
fn a_container_is_killed_where_nobody_stopped_it_and_ecs_gives_no_reason() {
    let killed = || vec![container("agent", Some(0), None), container("web", Some(137), None)];
    let by_itself = task(Some("EssentialContainerExited"), Some("Essential container in task exited"), killed());
    let task_stop = summarize(&[by_itself]).remove(0);
    assert_eq!((task_stop.cause, task_stop.container.as_deref()), (TaskStopCause::Killed, Some("web")));
    let reported = container("web", Some(137), Some("OutOfMemoryError: Container killed due to memory usage"));
    let of_memory = task(Some("EssentialContainerExited"), Some("Essential container in task exited"), vec![reported]);
    assert_eq!(summarize(&[of_memory]).remove(0).cause, TaskStopCause::OutOfMemory);
    let scaled_in =
        task(Some("ServiceSchedulerInitiated"), Some("Scaling activity initiated by (deployment ecs-svc/1)"), killed());
    assert_eq!(summarize(&[scaled_in]).remove(0).cause, TaskStopCause::Stopped);
    let retired = task(Some("TerminationNotice"), Some("Host EC2 (instance i-0) terminated."), killed());
    assert_eq!(summarize(&[retired]).remove(0).cause, TaskStopCause::Infrastructure, "whatever its exit code");
}

#[test]
fn one_failure_of_the_release_among_interruptions_counts() {
    let spot = task(Some("SpotInterruption"), None, vec![]);
    let exited = task(Some("EssentialContainerExited"), None, vec![container("web", Some(1), None)]);
    assert!(blames_nothing(&summarize(std::slice::from_ref(&spot))));
    assert!(!blames_nothing(&summarize(&[spot, exited])));
    assert!(!blames_nothing(&[]), "nothing is known");
}

#[test]
fn events_that_keep_tasks_from_starting_are_recognized() {
    for (text, expected) in [
        (
            "(service web) was unable to place a task because no container instance met all of its requirements.",
            Some(TaskStopCause::NoCapacity),
        ),
        (
            "(service web) was unable to place a task. Reason: You've reached the limit on the number of vCPUs",
            Some(TaskStopCause::Quota),
        ),
        ("(service web) operations are being throttled on elb. Will try again later.", Some(TaskStopCause::Throttled)),
        (
            "(service web) failed to launch a task with (error ECS was unable to assume the role 'x')",
            Some(TaskStopCause::Role),
        ),
        ("(service web) has reached a steady state.", None),
        ("(service web) (task 1) is unhealthy in (target-group t)", None),
    ] {
        assert_eq!(of_event(text), expected, "{text}");
    }
}

#[test]
fn what_the_reason_of_a_deployment_says_is_recognized() {
    for (text, alarm_or_hook, rollback) in [
        ("ECS deployment ecs-svc/1 failed: alarm detected.", true, false),
        ("ECS deployment ecs-svc/1 failed: Alarms entered the ALARM state. Rolling back.", true, true),
        ("Service deployment rolled back because a lifecycle hook failed.", true, true),
        ("ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/0.", false, true),
        ("ECS deployment circuit breaker: tasks failed to start.", false, false),
    ] {
        assert_eq!((names_alarm_or_hook(text), is_rollback(text)), (alarm_or_hook, rollback), "{text}");
    }
}

#[test]
fn a_containers_own_reason_is_used_where_the_tasks_has_none() {
    let cases = [
        ("CannotPullContainerError: not found", TaskStopCause::ImageMissing),
        ("OutOfMemoryError: Container killed due to memory usage", TaskStopCause::OutOfMemory),
        ("CannotStartContainerError: no such file", TaskStopCause::CannotStart),
    ];
    for (reason, expected) in cases {
        let containers = vec![container("agent", Some(0), None), container("web", None, Some(reason))];
        let task_stop =
            summarize(&[task(Some("TaskFailedToStart"), Some("Task failed to start"), containers)]).remove(0);
        assert_eq!(
            (task_stop.cause, task_stop.container.as_deref(), task_stop.said.as_deref()),
            (expected, Some("web"), Some(reason))
        );
    }
}

#[test]
fn the_culprit_is_the_container_that_failed_not_the_first() {
    let containers = vec![container("agent", Some(0), None), container("web", Some(139), None)];
    let task_stop =
        summarize(&[task(Some("EssentialContainerExited"), Some("Essential container in task exited"), containers)])
            .remove(0);
    assert_eq!((task_stop.container.as_deref(), task_stop.exit_code), (Some("web"), Some(139)));
}

#[test]
fn an_essential_container_that_ended_well_is_still_named() {
    let containers = vec![container("agent", None, None), container("web", Some(0), None)];
    let task_stop = summarize(&[task(Some("EssentialContainerExited"), None, containers)]).remove(0);
    assert_eq!((task_stop.container.as_deref(), task_stop.exit_code), (Some("web"), Some(0)));
}

#[test]
fn tasks_that_stop_alike_are_counted_together_the_most_frequent_first() {
    let exited = |code| {
        task(
            Some("EssentialContainerExited"),
            Some("Essential container in task exited"),
            vec![container("web", Some(code), None)],
        )
    };
    let spot = task(Some("SpotInterruption"), None, vec![]);
    let task_stops = summarize(&[exited(1), spot, exited(137), exited(1), exited(1), exited(137)]);
    let counted: Vec<_> = task_stops.iter().map(|d| (d.cause, d.exit_code, d.tasks)).collect();
    assert_eq!(
        counted,
        [
            (TaskStopCause::ContainerExited, Some(1), 3),
            (TaskStopCause::Killed, Some(137), 2),
            (TaskStopCause::SpotInterruption, None, 1),
        ]
    );
    assert!(summarize(&[]).is_empty());
}

#[test]
fn a_stopped_task_without_a_reason_has_none() {
    let task_stop = summarize(&[task(None, None, vec![])]).remove(0);
    assert_eq!((task_stop.cause, task_stop.said), (TaskStopCause::Other, None));
}

#[test]
fn the_tables_codes_are_ecss() {
    for code in table::codes() {
        assert!(!matches!(TaskStopCode::from(code), TaskStopCode::Unknown(_)), "{code}");
    }
}
