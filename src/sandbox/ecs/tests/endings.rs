//! How service deployments fail: rolled back, stopped, or with neither possible.

use serde_json::{Value, json};

use super::rig::{Rig, definition, seconds};

fn stop(rig: &mut Rig, arn: &str, stop_type: &str) {
    rig.ok("StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": stop_type }));
}

fn reason(rig: &mut Rig, arn: &str) -> String {
    rig.service_deployment(arn)["statusReason"].as_str().unwrap_or_default().to_owned()
}

/// A service that has never been deployed whole: its first service deployment.
fn never_completed(image: &str, configuration: Value) -> (Rig, String) {
    let mut rig = Rig::new();
    let mut new = definition(image);
    new["family"] = json!("new");
    rig.ok("RegisterTaskDefinition", new);
    let create = json!({ "cluster": "c", "serviceName": "new", "taskDefinition": "new", "desiredCount": 2,
        "deploymentConfiguration": configuration });
    rig.ok("CreateService", create);
    let listed = rig.ok("ListServiceDeployments", json!({ "cluster": "c", "service": "new" }));
    let arn = listed["serviceDeployments"][0]["serviceDeploymentArn"].as_str().unwrap().to_owned();
    (rig, arn)
}

fn rollout_state(rig: &mut Rig, service: &str) -> Value {
    let found = rig.ok("DescribeServices", json!({ "cluster": "c", "services": [service] }));
    found["services"][0]["deployments"][0]["rolloutState"].clone()
}

fn breaker() -> Value {
    json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true } })
}

#[test]
fn a_stop_with_rollback_fails_where_nothing_was_ever_completed() {
    let (mut rig, arn) = never_completed("repo/web:1", json!({}));
    rig.pass(seconds(10));
    stop(&mut rig, &arn, "ROLLBACK");
    assert_eq!(rig.status(&arn), "ROLLBACK_REQUESTED");
    rig.until(&arn, "ROLLBACK_FAILED");
    assert!(reason(&mut rig, &arn).contains("no completed service revision"));
    assert_eq!(rollout_state(&mut rig, "new"), "FAILED");
    let ended = rig.service_deployment(&arn);
    assert!(ended.get("finishedAt").is_some() && ended.get("rollback").is_none());
    let again = json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" });
    assert_eq!(rig.code("StopServiceDeployment", again), "ConflictException");
}

#[test]
fn a_rollback_fails_where_its_own_tasks_trip_the_breaker() {
    let mut rig = Rig::with_circuit_breaker(true);
    let arn = rig.deploy("repo/web:none");
    // What ran before cannot be pulled any more.
    rig.images.remove("repo/web:1");
    rig.until(&arn, "ROLLBACK_IN_PROGRESS");
    let back = rig.service()["deployments"][0].clone();
    rig.until(&arn, "ROLLBACK_FAILED");
    assert!(reason(&mut rig, &arn).starts_with("Service deployment rollback failed"));
    let after = rig.service()["deployments"][0].clone();
    assert_eq!((&after["id"], &after["rolloutState"]), (&back["id"], &json!("FAILED")));
    assert!(after["taskDefinition"].as_str().unwrap().ends_with("web:1"));
    let ended = rig.service_deployment(&arn);
    assert_eq!(ended["rollback"]["serviceRevisionArn"], ended["sourceServiceRevisions"][0]["arn"]);
    rig.pass(seconds(60));
    let stopped = rig.tasks("STOPPED").len();
    rig.pass(seconds(600));
    assert_eq!((rig.tasks("STOPPED").len(), rig.status(&arn)), (stopped, "ROLLBACK_FAILED".to_owned()), "it gives up");
    // What is there by then can be deployed.
    rig.images.put("repo/web:2", &[]);
    let next = rig.deploy("repo/web:2");
    rig.until(&next, "SUCCESSFUL");
    assert_eq!(rig.status(&arn), "ROLLBACK_FAILED");
}

#[test]
fn a_rollback_that_trips_no_breaker_has_no_deadline() {
    let mut rig = Rig::new();
    let arn = rig.deploy("repo/web:none");
    rig.pass(seconds(60));
    rig.images.remove("repo/web:1");
    stop(&mut rig, &arn, "ROLLBACK");
    // Its old tasks run, but they are of a deployment that is replaced.
    rig.pass(seconds(900));
    assert_eq!(rig.status(&arn), "ROLLBACK_IN_PROGRESS");
    rig.images.put("repo/web:1", &[]);
    rig.until(&arn, "ROLLBACK_SUCCESSFUL");
}

#[test]
fn the_breaker_ends_a_requested_rollback_that_has_nowhere_to_go() {
    let (mut rehearsal, arn) = never_completed("repo/none:1", breaker());
    let tripped =
        |rig: &mut Rig, arn: &str| rig.service_deployment(arn)["deploymentCircuitBreaker"]["status"] == "TRIGGERED";
    while !tripped(&mut rehearsal, &arn) {
        rehearsal.pass(seconds(1));
    }
    let (mut rig, same) = never_completed("repo/none:1", breaker());
    rig.pass(rehearsal.now.duration_since(rig.now) - seconds(2));
    stop(&mut rig, &same, "ROLLBACK");
    rig.pass(seconds(2));
    assert!(tripped(&mut rig, &same), "before the request was looked at");
    assert_eq!(rig.status(&same), "ROLLBACK_FAILED");
    assert!(reason(&mut rig, &same).contains("circuit breaker threshold"));
}

#[test]
fn a_pause_that_ends_in_a_rollback_fails_where_nothing_was_ever_completed() {
    let hook = |timeout: u32| {
        json!({ "lifecycleHooks": [{ "targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"],
        "timeoutConfiguration": { "timeoutInMinutes": timeout, "action": "ROLLBACK" } }] })
    };
    let (mut rig, arn) = never_completed("repo/web:1", hook(60));
    rig.pass(seconds(30));
    let waiting = rig.service_deployment(&arn)["lifecycleHookDetails"][0]["hookId"].clone();
    let answer = json!({ "serviceDeploymentArn": arn, "hookId": waiting, "action": "ROLLBACK" });
    rig.ok("ContinueServiceDeployment", answer);
    rig.until(&arn, "ROLLBACK_FAILED");

    let (mut rig, arn) = never_completed("repo/web:1", hook(2));
    rig.pass(seconds(110));
    assert_eq!(rig.status(&arn), "IN_PROGRESS");
    rig.until(&arn, "ROLLBACK_FAILED");
    assert_eq!(rig.service_deployment(&arn)["lifecycleHookDetails"][0]["status"], "TIMED_OUT");
}

#[test]
fn a_breaker_without_rollback_stops_the_deployment_and_leaves_the_old_tasks_serving() {
    let mut rig = Rig::with_circuit_breaker(false);
    rig.images.put("repo/web:bad", &[("exit-code", "1")]);
    let arn = rig.deploy("repo/web:bad");
    rig.until(&arn, "STOPPED");
    let ended = rig.service_deployment(&arn);
    assert_eq!(ended["deploymentCircuitBreaker"]["status"], "TRIGGERED");
    assert_eq!(ended["statusReason"], "Service deployment failed because the circuit breaker threshold was exceeded.");
    assert!(ended.get("stoppedAt").is_some() && ended.get("rollback").is_none());
    rig.pass(seconds(120));
    let service = rig.service();
    let (primary, old) = (&service["deployments"][0], &service["deployments"][1]);
    assert_eq!((&primary["rolloutState"], &primary["runningCount"]), (&json!("FAILED"), &json!(0)));
    assert_eq!((&old["rolloutState"], &old["runningCount"]), (&json!("COMPLETED"), &json!(2)));
    assert!(rig.events().iter().any(|e| e.ends_with("deployment failed: tasks failed to start.")));
    let stopped = rig.tasks("STOPPED").len();
    rig.pass(seconds(600));
    assert_eq!(rig.tasks("STOPPED").len(), stopped, "nothing more starts");
    // Nothing was rolled back: the next update is a deployment of its own.
    rig.images.put("repo/web:fixed", &[]);
    let fixed = rig.deploy("repo/web:fixed");
    rig.until(&fixed, "SUCCESSFUL");
}

#[test]
fn a_stop_with_rollback_that_loses_the_race_leaves_a_deployment_that_succeeded() {
    let mut rehearsal = Rig::new();
    rehearsal.images.put("repo/web:2", &[]);
    let other = rehearsal.deploy("repo/web:2");
    rehearsal.until(&other, "SUCCESSFUL");
    let took = rehearsal.now.duration_since(super::rig::start());
    // Asked for earlier than a rollback takes to begin, it wins.
    for (before, ends) in [(2, "SUCCESSFUL"), (6, "ROLLBACK_SUCCESSFUL")] {
        let mut rig = Rig::new();
        rig.images.put("repo/web:2", &[]);
        let arn = rig.deploy("repo/web:2");
        rig.pass(took - seconds(before));
        stop(&mut rig, &arn, "ROLLBACK");
        assert_eq!(rig.status(&arn), "ROLLBACK_REQUESTED");
        rig.pass(seconds(300));
        let ended = rig.service_deployment(&arn);
        assert_eq!(ended["status"], ends);
        assert_eq!(ended.get("rollback").is_some(), ends == "ROLLBACK_SUCCESSFUL");
        let runs = if ends == "SUCCESSFUL" { "web:2" } else { "web:1" };
        assert!(rig.tasks("RUNNING").iter().all(|t| t["taskDefinitionArn"].as_str().unwrap().ends_with(runs)));
        let again = json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" });
        assert_eq!(rig.code("StopServiceDeployment", again), "ConflictException");
    }
}

#[test]
fn a_deadlock_of_minimum_and_maximum_lasts_until_one_of_them_changes() {
    for (member, percent) in [("maximumPercent", 150), ("minimumHealthyPercent", 50)] {
        let tight = json!({ "deploymentConfiguration": { "minimumHealthyPercent": 100, "maximumPercent": 100 } });
        let mut rig = Rig::with(tight, json!({}));
        rig.images.put("repo/web:2", &[]);
        let arn = rig.deploy("repo/web:2");
        rig.pass(seconds(3600));
        assert_eq!(rig.status(&arn), "IN_PROGRESS");
        let service = rig.service();
        assert_eq!((&service["deployments"][0]["pendingCount"], &service["runningCount"]), (&json!(0), &json!(2)));
        let shown = rig.events().iter().filter(|e| e.contains("is unable to stop or start tasks")).count();
        assert_eq!(shown, 1, "once");
        let update = json!({ "cluster": "c", "service": "web", "deploymentConfiguration": { member: percent } });
        rig.ok("UpdateService", update);
        rig.until(&arn, "SUCCESSFUL");
        assert_eq!(rig.newest(), arn, "a change of these is not a deployment of its own");
    }
}
