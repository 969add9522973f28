//! `earlySuccessCriteria`: a rolling deployment that counts as successful before all its tasks are up.

use serde_json::{Value, json};

use super::rig::{Rig, seconds};

/// How a deployment of four tasks ended that makes room for two at a time: after how many seconds, and the healthy new and the
/// old tasks by then.
struct Ended {
    after: i64,
    healthy: usize,
    old: usize,
}

fn rig(criteria: Value) -> Rig {
    let configuration = json!({ "earlySuccessCriteria": criteria, "minimumHealthyPercent": 50, "maximumPercent": 100 });
    let rig = Rig::with(json!({ "desiredCount": 4, "deploymentConfiguration": configuration }), json!({}));
    rig.images.put("repo/web:2", &[]);
    rig
}

fn criteria(percent: u32, cleanup: &str) -> Value {
    json!({ "enable": true, "healthyPercent": percent, "sourceServiceRevisionCleanup": cleanup })
}

/// Healthy new tasks, and old ones that have not stopped.
fn counted(rig: &Rig) -> (usize, usize) {
    let tasks = &rig.ecs.regions.values().next().unwrap().clusters["c"].tasks;
    let (new, old): (Vec<_>, Vec<_>) = tasks.of_service("web").partition(|t| t.task_definition.ends_with("web:2"));
    (new.iter().filter(|t| t.is_healthy()).count(), old.len())
}

fn ended(criteria: Value) -> Ended {
    let mut rig = rig(criteria);
    let arn = rig.deploy("repo/web:2");
    rig.until(&arn, "SUCCESSFUL");
    let (healthy, old) = counted(&rig);
    let after = rig.now.duration_since(super::rig::start()).as_secs();
    rig.pass(seconds(300));
    assert_eq!((counted(&rig), rig.status(&arn)), ((4, 0), "SUCCESSFUL".to_owned()), "the rest follows");
    Ended { after, healthy, old }
}

#[test]
fn blocking_waits_for_the_old_tasks_to_be_gone_and_deferred_does_not() {
    let usual = ended(json!({ "enable": false }));
    let blocking = ended(criteria(50, "BLOCKING"));
    let deferred = ended(criteria(50, "DEFERRED"));
    assert_eq!((usual.healthy, usual.old), (4, 0));
    assert_eq!((blocking.healthy, blocking.old), (2, 0), "the other two are on their way");
    assert!(deferred.healthy == 2 && deferred.old > 0, "{}", deferred.old);
    assert!(deferred.after < blocking.after && blocking.after < usual.after);
}

#[test]
fn blocking_succeeds_once_both_are_so_whichever_came_last() {
    let whole = ended(criteria(100, "BLOCKING"));
    let usual = ended(json!({ "enable": false }));
    assert_eq!((whole.healthy, whole.old, whole.after), (4, 0, usual.after));
}

#[test]
fn neither_succeeds_while_too_few_are_healthy() {
    for cleanup in ["BLOCKING", "DEFERRED"] {
        let mut rig = rig(criteria(75, cleanup));
        rig.images.put("repo/web:bad", &[("exit-code", "1")]);
        let arn = rig.deploy("repo/web:bad");
        rig.pass(seconds(900));
        assert_eq!(rig.status(&arn), "IN_PROGRESS", "{cleanup}");
    }
}

#[test]
fn percentages_are_rounded_up() {
    // Half of three is two.
    let configuration = json!({ "earlySuccessCriteria": criteria(50, "DEFERRED"), "minimumHealthyPercent": 50,
        "maximumPercent": 134 });
    let mut rig = Rig::with(json!({ "desiredCount": 3, "deploymentConfiguration": configuration }), json!({}));
    rig.images.put("repo/web:2", &[]);
    let arn = rig.deploy("repo/web:2");
    rig.until(&arn, "SUCCESSFUL");
    assert!(counted(&rig).0 >= 2);
}
