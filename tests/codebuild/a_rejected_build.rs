//! A manager rejects while no build runs: the execution fails, and no process of kanmon reads the reason.

use super::world::{PROD, World};

#[test]
fn approval_is_requested_again_only_with_a_reason_in_the_next_execution() {
    let Some(world) = World::start("a rejected build") else { return };
    let first = world.starts();
    let (prepared, _) = first.runs("Prepare", "Prepare");
    assert!(prepared.succeeded, "{}", prepared.log);
    let release = prepared.exported["KANMON_RELEASE"].clone();
    first.is_rejected("not this build");
    assert_eq!(first.ends(), (Some(24), "Failed".to_owned()));

    // The same commit gives the same image.
    let second = world.starts();
    let (prepared, _) = second.runs("Prepare", "Prepare");
    let log = prepared.log.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!prepared.succeeded && log.contains("kanmon: FAILED with exit code 11"), "{log}");
    assert!(log.contains(&format!("in release {release}")) && log.contains("not this build"), "{log}");
    assert!(log.contains("fix what is wrong and start the pipeline again hint: with KANMON_COMMENT=WHY"), "{log}");
    assert_eq!(second.ends(), (Some(24), "Failed".to_owned()));

    let third = world.starts();
    let (prepared, _) =
        third.runs_with("Prepare", "Prepare", &[("KANMON_COMMENT", "it was the right build; \"really\"")]);
    assert!(prepared.succeeded, "{}", prepared.log);
    third.reaches("Approve");
    let shown = world.kanmon("manager", &["approvals"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("not this build") && shown.contains("it was the right build; \"really\""), "{shown}");
    third.is_approved();
    let (promoted, _) = third.runs("Production", "Promote");
    assert!(promoted.succeeded, "{}", promoted.log);
    assert_eq!(third.ends(), (Some(0), "Succeeded".to_owned()));
    assert_eq!(world.digest(PROD, "hello-prod"), prepared.exported["KANMON_DIGEST"]);
}
