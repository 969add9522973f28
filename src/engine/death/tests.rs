use rstest::rstest;

use super::*;

fn container(name: &str, exit_code: Option<i32>, reason: Option<&str>) -> StoppedContainer {
    StoppedContainer { name: name.into(), exit_code, reason: reason.map(str::to_owned) }
}

fn task(code: Option<&str>, reason: Option<&str>, containers: Vec<StoppedContainer>) -> StoppedTask {
    StoppedTask {
        arn: "arn:task/1".into(),
        started_by: Some("ecs-svc/1".into()),
        task_definition: "web:2".into(),
        created_at: None,
        stop_code: code.map(str::to_owned),
        stopped_reason: reason.map(str::to_owned),
        containers,
    }
}

/// ECS's words, as its documentation of stopped tasks has them.
#[rstest]
#[case(
    "TaskFailedToStart",
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref",
    DeathCause::CannotPullContainer
)]
#[case(
    "TaskFailedToStart",
    "CannotPullImageManifestError: Error response from daemon",
    DeathCause::CannotPullContainer
)]
#[case(
    "TaskFailedToStart",
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed",
    DeathCause::ResourceInitialization
)]
#[case("EssentialContainerExited", "OutOfMemoryError: Container killed due to memory usage", DeathCause::OutOfMemory)]
#[case("EssentialContainerExited", "Essential container in task exited", DeathCause::ContainerExited)]
#[case(
    "TaskFailedToStart",
    "CannotStartContainerError: failed to create shim task: exec: \"serve\": executable file not found in $PATH",
    DeathCause::ContainerExited
)]
#[case(
    "ServiceSchedulerInitiated",
    "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:targetgroup/t)",
    DeathCause::HealthCheckFailed
)]
#[case("ServiceSchedulerInitiated", "Task failed container health checks", DeathCause::HealthCheckFailed)]
#[case("SpotInterruption", "Your Spot Task was interrupted.", DeathCause::SpotInterruption)]
#[case(
    "TaskFailedToStart",
    "Capacity is unavailable at this time. Please try again later or in a different availability zone",
    DeathCause::NoCapacity
)]
#[case("TaskFailedToStart", "RESOURCE:MEMORY", DeathCause::NoCapacity)]
#[case(
    "ServiceSchedulerInitiated",
    "Scaling activity initiated by (deployment ecs-svc/1234567890123456789)",
    DeathCause::Stopped
)]
#[case("UserInitiated", "Task stopped by user", DeathCause::Stopped)]
#[case("TerminationNotice", "Host EC2 (instance i-0) terminated.", DeathCause::Other)]
#[case("SomethingNew", "something that is newer than this", DeathCause::Other)]
fn a_cause_is_read_from_ecs_words(#[case] code: &str, #[case] reason: &str, #[case] expected: DeathCause) {
    let died = task(Some(code), Some(reason), vec![container("web", Some(1), None)]);
    assert_eq!(summarize(&[died])[0].cause, expected);
}

#[test]
fn a_containers_own_reason_says_it_where_the_tasks_does_not() {
    let cases = [
        ("CannotPullContainerError: not found", DeathCause::CannotPullContainer),
        ("OutOfMemoryError: Container killed due to memory usage", DeathCause::OutOfMemory),
        ("CannotStartContainerError: no such file", DeathCause::ContainerExited),
    ];
    for (reason, expected) in cases {
        let containers = vec![container("agent", Some(0), None), container("web", None, Some(reason))];
        let death = summarize(&[task(Some("TaskFailedToStart"), Some("Task failed to start"), containers)]).remove(0);
        assert_eq!((death.cause, death.container.as_deref(), death.reason.as_str()), (expected, Some("web"), reason));
    }
}

#[test]
fn the_culprit_is_the_container_that_failed_not_the_first() {
    let containers = vec![container("agent", Some(0), None), container("web", Some(139), None)];
    let death =
        summarize(&[task(Some("EssentialContainerExited"), Some("Essential container in task exited"), containers)])
            .remove(0);
    assert_eq!((death.container.as_deref(), death.exit_code), (Some("web"), Some(139)));
}

#[test]
fn an_essential_container_that_ended_well_is_still_named() {
    let containers = vec![container("agent", None, None), container("web", Some(0), None)];
    let death = summarize(&[task(Some("EssentialContainerExited"), None, containers)]).remove(0);
    assert_eq!((death.container.as_deref(), death.exit_code), (Some("web"), Some(0)));
}

#[test]
fn deaths_of_one_kind_are_counted_together_the_most_frequent_first() {
    let exited = |code| {
        task(
            Some("EssentialContainerExited"),
            Some("Essential container in task exited"),
            vec![container("web", Some(code), None)],
        )
    };
    let spot = task(Some("SpotInterruption"), None, vec![]);
    let deaths = summarize(&[exited(1), spot, exited(137), exited(1), exited(1), exited(137)]);
    let counted: Vec<_> = deaths.iter().map(|d| (d.cause, d.exit_code, d.tasks)).collect();
    assert_eq!(
        counted,
        [
            (DeathCause::ContainerExited, Some(1), 3),
            (DeathCause::ContainerExited, Some(137), 2),
            (DeathCause::SpotInterruption, None, 1),
        ]
    );
    assert!(summarize(&[]).is_empty());
}

#[test]
fn a_death_without_words_says_that_there_are_none() {
    let death = summarize(&[task(None, None, vec![])]).remove(0);
    assert_eq!((death.cause, death.reason.as_str()), (DeathCause::Other, "ECS gives no reason"));
}

/// All causes, by a match that does not compile when one is added.
#[test]
fn lack_of_capacity_and_interruptions_are_not_the_images_fault() {
    let causes = [
        DeathCause::CannotPullContainer,
        DeathCause::ResourceInitialization,
        DeathCause::OutOfMemory,
        DeathCause::ContainerExited,
        DeathCause::HealthCheckFailed,
        DeathCause::NoCapacity,
        DeathCause::SpotInterruption,
        DeathCause::Stopped,
        DeathCause::Other,
    ];
    for cause in causes {
        let own_fault = match cause {
            DeathCause::CannotPullContainer
            | DeathCause::ResourceInitialization
            | DeathCause::OutOfMemory
            | DeathCause::ContainerExited
            | DeathCause::HealthCheckFailed => true,
            DeathCause::NoCapacity | DeathCause::SpotInterruption | DeathCause::Stopped | DeathCause::Other => false,
        };
        assert_eq!(is_fatal(cause), own_fault, "{cause:?}");
    }
}
