//! Rolling deployments, as an operator would see them.

use serde_json::json;

use super::rig::{Rig, seconds};

#[test]
fn an_update_rolls_every_task_and_succeeds_after_the_old_ones_are_gone() {
    let mut rig = Rig::new();
    let digest = rig.images.put("repo/web:2", &[]);
    let before = rig.service();
    assert_eq!((&before["runningCount"], &before["deployments"][0]["rolloutState"]), (&json!(2), &json!("COMPLETED")));

    let arn = rig.deploy("repo/web:2");
    assert_eq!(rig.status(&arn), "PENDING");
    rig.pass(seconds(5));
    assert_eq!(rig.status(&arn), "IN_PROGRESS");
    let during = rig.service();
    let primary = during["deployments"][0].clone();
    assert_eq!((&primary["status"], &primary["rolloutState"]), (&json!("PRIMARY"), &json!("IN_PROGRESS")));
    assert_eq!(during["deployments"][1]["status"], "ACTIVE");
    assert_eq!(during["runningCount"], 2);
    rig.pass(seconds(40));
    assert_eq!(rig.service()["runningCount"], 4);

    rig.until(&arn, "SUCCESSFUL");
    let taken = rig.now.duration_since(super::rig::start());
    assert!((60..150).contains(&taken.as_secs()), "{taken}");
    let after = rig.service();
    assert_eq!(after["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(after["deployments"][0]["id"], primary["id"]);
    assert_eq!(after["deployments"][0]["rolloutState"], "COMPLETED");
    for task in rig.tasks("RUNNING") {
        assert_eq!((&task["startedBy"], &task["lastStatus"]), (&primary["id"], &json!("RUNNING")));
        assert_eq!(task["containers"][0]["imageDigest"], json!(digest));
    }
    assert!(rig.events()[0].ends_with("has reached a steady state."));
    let target = rig.service_deployment(&arn)["targetServiceRevision"].clone();
    assert_eq!(target["runningTaskCount"], 2);
    let revisions = rig.ok("DescribeServiceRevisions", json!({ "serviceRevisionArns": [target["arn"]] }));
    let revision = &revisions["serviceRevisions"][0];
    assert_eq!(revision["taskDefinition"], after["taskDefinition"]);
    assert_eq!(revision["containerImages"][0]["imageDigest"], json!(digest));
    let reached = rig.ecs.running(&rig.account, &rig.region, "c", "web").unwrap();
    assert_eq!((&reached["digest"], &reached["deployment"]), (&json!(digest), &primary["id"]));
}

#[test]
fn a_crash_loop_trips_the_breaker_and_rolls_back_under_a_new_primary() {
    let mut rig = Rig::with_circuit_breaker(true);
    rig.images.put("repo/web:2", &[("exit-code", "3")]);
    let before = rig.service();
    let arn = rig.deploy("repo/web:2");
    let bad = rig.service()["deployments"][0]["id"].clone();
    rig.until(&arn, "ROLLBACK_IN_PROGRESS");

    let during = rig.service();
    let (primary, failed) = (&during["deployments"][0], &during["deployments"][1]);
    assert!(
        primary["rolloutStateReason"].as_str().unwrap().starts_with("ECS deployment circuit breaker: rolling back")
    );
    assert_eq!(primary["taskDefinition"], before["taskDefinition"]);
    assert_ne!(primary["id"], before["deployments"][0]["id"]);
    assert_eq!((&failed["id"], &failed["rolloutState"]), (&bad, &json!("FAILED")));
    assert_eq!(failed["rolloutStateReason"], "ECS deployment circuit breaker: tasks failed to start.");

    let stopped = rig.tasks("STOPPED");
    let crashed = stopped.iter().find(|t| t["stopCode"] == "EssentialContainerExited").unwrap();
    assert_eq!(crashed["startedBy"], bad);
    assert_eq!(crashed["stoppedReason"], "Essential container in task exited");
    assert_eq!(crashed["containers"][0]["exitCode"], 3);

    rig.until(&arn, "ROLLBACK_SUCCESSFUL");
    let ended = rig.service_deployment(&arn);
    assert_eq!(ended["deploymentCircuitBreaker"]["status"], "TRIGGERED");
    assert_eq!(ended["deploymentCircuitBreaker"]["threshold"], 3);
    assert!(ended["deploymentCircuitBreaker"]["failureCount"].as_u64().unwrap() >= 3);
    assert_eq!(ended["rollback"]["serviceRevisionArn"], ended["sourceServiceRevisions"][0]["arn"]);
    rig.pass(seconds(60));
    let after = rig.service();
    assert_eq!((after["deployments"].as_array().unwrap().len(), &after["runningCount"]), (1, &json!(2)));
    assert_eq!(rig.newest(), arn, "a rollback is not a service deployment of its own");
}

#[test]
fn an_image_that_cannot_be_pulled_says_why() {
    let mut rig = Rig::with_circuit_breaker(true);
    let arn = rig.deploy("repo/web:none");
    rig.until(&arn, "ROLLBACK_SUCCESSFUL");
    let stopped = rig.tasks("STOPPED");
    let failed = stopped.iter().find(|t| t["stopCode"] == "TaskFailedToStart").unwrap();
    assert_eq!(failed["stoppedReason"], "CannotPullContainerError: repo/web:none: not found");
    assert_eq!(failed["containers"][0]["reason"], failed["stoppedReason"]);
    assert_eq!(failed["containers"][0].get("exitCode"), None, "it never ran");
    assert_eq!(failed.get("startedAt"), None);
}

#[test]
fn with_nothing_completed_before_the_rollout_stalls() {
    let mut rig = Rig::with_circuit_breaker(true);
    rig.ok(
        "RegisterTaskDefinition",
        json!({
            "family": "new", "containerDefinitions": [{ "name": "new", "image": "repo/none:1", "memory": 128 }],
        }),
    );
    rig.ok(
        "CreateService",
        json!({
            "cluster": "c", "serviceName": "new", "taskDefinition": "new", "desiredCount": 1,
            "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": true } },
        }),
    );
    rig.pass(seconds(600));
    let listed = rig.ok("ListServiceDeployments", json!({ "cluster": "c", "service": "new" }));
    assert_eq!(listed["serviceDeployments"][0]["status"], "IN_PROGRESS");
    let service = rig.ok("DescribeServices", json!({ "cluster": "c", "services": ["new"] }))["services"][0].take();
    assert_eq!(service["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!(service["pendingCount"], 0);
}

#[test]
fn a_newer_update_supersedes_and_the_older_service_deployment_stops() {
    let mut rig = Rig::new();
    rig.images.put("repo/web:2", &[]);
    rig.images.put("repo/web:3", &[]);
    let first = rig.deploy("repo/web:2");
    rig.pass(seconds(20));
    rig.ok("RegisterTaskDefinition", super::rig::definition("repo/web:3"));
    let update = json!({ "cluster": "c", "service": "web", "taskDefinition": "web:3" });
    rig.call_as("arn:aws:iam::111111111111:user/somebody", "UpdateService", update).unwrap();
    let second = rig.newest();
    assert_eq!(rig.status(&first), "STOPPED");
    assert_eq!(rig.service()["deployments"].as_array().unwrap().len(), 3);
    rig.until(&second, "SUCCESSFUL");
    assert_eq!(rig.status(&first), "STOPPED");
    assert!(rig.tasks("RUNNING").iter().all(|t| t["taskDefinitionArn"].as_str().unwrap().ends_with("web:3")));
}

#[test]
fn a_stop_with_rollback_rolls_back_and_is_safe_to_repeat() {
    let mut rig = Rig::new();
    rig.images.put("repo/web:2", &[]);
    let arn = rig.deploy("repo/web:2");
    rig.pass(seconds(20));
    let stop = json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" });
    rig.ok("StopServiceDeployment", stop.clone());
    assert_eq!(rig.status(&arn), "ROLLBACK_REQUESTED");
    rig.ok("StopServiceDeployment", stop.clone());
    rig.until(&arn, "ROLLBACK_IN_PROGRESS");
    rig.ok("StopServiceDeployment", stop.clone());
    rig.until(&arn, "ROLLBACK_SUCCESSFUL");
    assert!(rig.service()["taskDefinition"].as_str().unwrap().ends_with("web:1"));
    assert_eq!(rig.code("StopServiceDeployment", stop), "ConflictException");
}

#[test]
fn an_abort_leaves_things_as_they_are() {
    let mut rig = Rig::new();
    rig.images.put("repo/web:2", &[]);
    let arn = rig.deploy("repo/web:2");
    rig.pass(seconds(5));
    rig.ok("StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": "ABORT" }));
    assert_eq!(rig.status(&arn), "STOP_REQUESTED");
    rig.pass(seconds(120));
    assert_eq!(rig.status(&arn), "STOPPED");
    assert_eq!(rig.service()["runningCount"], 4);
}

#[test]
fn failing_health_checks_count_and_are_reported() {
    let checked = json!({ "loadBalancers": [{ "targetGroupArn": "arn:aws:elasticloadbalancing:x", "containerName": "web",
        "containerPort": 80 }], "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": true } } });
    let mut rig = Rig::with(checked, json!({}));
    rig.images.put("repo/web:2", &[("unhealthy", "true")]);
    let arn = rig.deploy("repo/web:2");
    rig.until(&arn, "ROLLBACK_SUCCESSFUL");
    let stopped = rig.tasks("STOPPED");
    let sick = stopped.iter().find(|t| t["stoppedReason"].as_str().unwrap().contains("ELB health checks"));
    assert_eq!(sick.unwrap()["stopCode"], "ServiceSchedulerInitiated");
    assert!(rig.events().iter().any(|e| e.contains("is unhealthy in (target-group")));
}

#[test]
fn a_desired_count_of_zero_succeeds_without_a_task() {
    let mut rig = Rig::with_circuit_breaker(true);
    rig.ok("UpdateService", json!({ "cluster": "c", "service": "web", "desiredCount": 0 }));
    rig.pass(seconds(60));
    let arn = rig.deploy("repo/web:none");
    rig.until(&arn, "SUCCESSFUL");
    let service = rig.service();
    assert_eq!((&service["runningCount"], &service["deployments"][0]["failedTasks"]), (&json!(0), &json!(0)));
    assert_eq!(rig.ecs.running(&rig.account, &rig.region, "c", "web"), None);
}

#[test]
fn without_room_old_tasks_are_stopped_down_to_the_minimum() {
    let tight = json!({ "deploymentConfiguration": { "minimumHealthyPercent": 50, "maximumPercent": 100 } });
    let mut rig = Rig::with(tight, json!({}));
    rig.images.put("repo/web:2", &[]);
    let arn = rig.deploy("repo/web:2");
    rig.until(&arn, "SUCCESSFUL");
}

#[test]
fn stopped_tasks_vanish_after_an_hour() {
    let mut rig = Rig::new();
    rig.images.put("repo/web:2", &[]);
    let arn = rig.deploy("repo/web:2");
    rig.until(&arn, "SUCCESSFUL");
    assert_eq!(rig.tasks("STOPPED").len(), 2);
    rig.pass(seconds(3700));
    assert_eq!(rig.tasks("STOPPED").len(), 0);
}

#[test]
fn a_tag_is_resolved_once_for_a_deployment() {
    let mut rig = Rig::new();
    let first = rig.images.put("repo/web:2", &[]);
    let arn = rig.deploy("repo/web:2");
    rig.until(&arn, "SUCCESSFUL");
    rig.images.put("repo/web:2", &[("version", "moved")]);
    rig.ok("UpdateService", json!({ "cluster": "c", "service": "web", "desiredCount": 3 }));
    rig.pass(seconds(120));
    assert_eq!(rig.tasks("RUNNING").len(), 3);
    assert!(rig.tasks("RUNNING").iter().all(|t| t["containers"][0]["imageDigest"] == json!(first)));
}

#[test]
fn injected_containers_run_and_are_not_part_of_the_task_definition() {
    let beside = json!({ "clusters": [{ "clusterName": "c",
        "injectedContainers": [{ "name": "aws-guardduty-agent-x", "image": "agent:v1" }],
        "services": [{ "serviceName": "web", "taskDefinition": "web", "desiredCount": 1 }] }] });
    let mut rig = Rig::with(json!({}), beside);
    let digest = rig.images.put("repo/web:2", &[]);
    let arn = rig.deploy("repo/web:2");
    rig.until(&arn, "SUCCESSFUL");
    let task = rig.tasks("RUNNING")[0].clone();
    assert_eq!(task["containers"][1]["name"], "aws-guardduty-agent-x");
    assert_ne!(task["containers"][1]["imageDigest"], json!(digest));
    let reached = rig.ecs.running(&rig.account, &rig.region, "c", "web").unwrap();
    assert_eq!(reached["digests"], json!({ "web": digest }));
}

#[test]
fn without_service_deployments_only_the_deployments_show() {
    let mut rig = Rig::with(json!({}), json!({ "serviceDeployments": false }));
    rig.images.put("repo/web:2", &[]);
    rig.ok("RegisterTaskDefinition", super::rig::definition("repo/web:2"));
    rig.ok("UpdateService", json!({ "cluster": "c", "service": "web", "taskDefinition": "web:2" }));
    rig.pass(seconds(300));
    let listed = rig.ok("ListServiceDeployments", json!({ "cluster": "c", "service": "web" }));
    assert_eq!(listed["serviceDeployments"], json!([]));
    let service = rig.service();
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(service.get("currentServiceDeployment"), None);
}

#[test]
fn stale_reads_lag_behind_an_update() {
    let mut rig = Rig::with(json!({}), json!({ "staleReadsSeconds": 10 }));
    rig.images.put("repo/web:2", &[]);
    let before = rig.service()["deployments"][0]["id"].clone();
    rig.ok("RegisterTaskDefinition", super::rig::definition("repo/web:2"));
    let update = json!({ "cluster": "c", "service": "web", "taskDefinition": "web:2" });
    let answered = rig.ok("UpdateService", update)["service"]["deployments"][0]["id"].clone();
    assert_eq!(rig.service()["deployments"][0]["id"], before);
    rig.pass(seconds(11));
    assert_eq!(rig.service()["deployments"][0]["id"], answered);
}

fn pausing(stage: &str, timeout: serde_json::Value) -> Rig {
    let mut hook = json!({ "targetType": "PAUSE", "lifecycleStages": [stage] });
    if !timeout.is_null() {
        hook["timeoutConfiguration"] = timeout;
    }
    let rig = Rig::with(json!({ "deploymentConfiguration": { "lifecycleHooks": [hook] } }), json!({}));
    rig.images.put("repo/web:2", &[]);
    rig
}

#[test]
fn a_pause_hook_waits_for_an_answer_whatever_else_happens() {
    let mut rig = pausing("PRE_SCALE_UP", json!(null));
    let arn = rig.deploy("repo/web:2");
    rig.pass(seconds(60));
    let task = rig.tasks("RUNNING")[0]["taskArn"].clone();
    rig.ok("StopTask", json!({ "cluster": "c", "task": task }));
    rig.pass(seconds(600));
    let waiting = rig.service_deployment(&arn);
    assert_eq!((&waiting["status"], &waiting["lifecycleStage"]), (&json!("IN_PROGRESS"), &json!("PRE_SCALE_UP")));
    let hook = &waiting["lifecycleHookDetails"][0];
    assert_eq!((&hook["status"], &hook["timeoutAction"]), (&json!("AWAITING_ACTION"), &json!("ROLLBACK")));
    assert_eq!((&rig.service()["pendingCount"], &rig.service()["runningCount"]), (&json!(0), &json!(1)));
    let answer = json!({ "serviceDeploymentArn": arn, "hookId": hook["hookId"], "action": "CONTINUE" });
    rig.ok("ContinueServiceDeployment", answer.clone());
    rig.until(&arn, "SUCCESSFUL");
    assert_eq!(rig.code("ContinueServiceDeployment", answer), "InvalidParameterException");
}

#[test]
fn a_paused_deployment_can_be_rolled_back_by_answer_or_by_timeout() {
    let mut rig = pausing("POST_SCALE_UP", json!(null));
    let arn = rig.deploy("repo/web:2");
    rig.pass(seconds(300));
    let waiting = rig.service_deployment(&arn);
    assert_eq!((&waiting["lifecycleStage"], &rig.service()["runningCount"]), (&json!("POST_SCALE_UP"), &json!(2)));
    let hook = waiting["lifecycleHookDetails"][0]["hookId"].clone();
    rig.ok("ContinueServiceDeployment", json!({ "serviceDeploymentArn": arn, "hookId": hook, "action": "ROLLBACK" }));
    rig.until(&arn, "ROLLBACK_SUCCESSFUL");

    let mut rig = pausing("PRE_SCALE_UP", json!({ "timeoutInMinutes": 5, "action": "ROLLBACK" }));
    let arn = rig.deploy("repo/web:2");
    rig.pass(seconds(200));
    assert_eq!(rig.status(&arn), "IN_PROGRESS");
    rig.pass(seconds(200));
    assert_eq!(rig.service_deployment(&arn)["lifecycleHookDetails"][0]["status"], "TIMED_OUT");
    rig.until(&arn, "ROLLBACK_SUCCESSFUL");
}

#[test]
fn a_paused_deployment_that_is_superseded_leaves_nothing_waiting() {
    let mut rig = pausing("PRE_SCALE_UP", json!({ "timeoutInMinutes": 1, "action": "CONTINUE" }));
    let first = rig.deploy("repo/web:2");
    rig.pass(seconds(30));
    let second = rig.deploy("repo/web:2");
    rig.pass(seconds(3600));
    assert_eq!(rig.service_deployment(&first)["lifecycleHookDetails"][0]["status"], "FAILED");
    assert_eq!((rig.status(&first), rig.status(&second)), ("STOPPED".into(), "SUCCESSFUL".into()));
}

/// Two tasks fail before the image is there and runs; the failures that are then still counted.
fn failures_after_recovery(reset: serde_json::Value) -> serde_json::Value {
    let mut breaker = json!({ "enable": true, "rollback": true });
    if !reset.is_null() {
        breaker["resetOnHealthyTask"] = reset;
    }
    let mut rig = Rig::with(json!({ "deploymentConfiguration": { "deploymentCircuitBreaker": breaker } }), json!({}));
    let arn = rig.deploy("repo/web:2");
    rig.pass(seconds(40));
    assert_eq!(rig.service()["deployments"][0]["failedTasks"], 2);
    rig.images.put("repo/web:2", &[]);
    rig.until(&arn, "SUCCESSFUL");
    rig.service()["deployments"][0]["failedTasks"].clone()
}

#[test]
fn a_healthy_task_sets_the_failures_back_unless_that_is_off() {
    assert_eq!(failures_after_recovery(json!(null)), 0);
    assert_eq!(failures_after_recovery(json!(false)), 2);
}

#[test]
fn baking_comes_after_the_usual_end() {
    let took = |configuration: serde_json::Value| {
        let mut rig = Rig::with(json!({ "deploymentConfiguration": configuration }), json!({}));
        rig.images.put("repo/web:2", &[]);
        let arn = rig.deploy("repo/web:2");
        rig.until(&arn, "SUCCESSFUL");
        rig.now.duration_since(super::rig::start()).as_secs()
    };
    assert_eq!(took(json!({ "bakeTimeInMinutes": 2 })), took(json!({})) + 120);
}

#[test]
fn a_deleted_service_drains_and_refuses_updates() {
    let mut rig = Rig::new();
    rig.ok("DeleteService", json!({ "cluster": "c", "service": "web", "force": true }));
    assert_eq!(rig.service()["status"], "DRAINING");
    let update = json!({ "cluster": "c", "service": "web", "forceNewDeployment": true });
    assert_eq!(rig.code("UpdateService", update), "ServiceNotActiveException");
    rig.pass(seconds(120));
    assert_eq!(rig.service()["status"], "INACTIVE");
}

#[test]
fn without_a_breaker_failing_tasks_are_replaced_ever_more_slowly() {
    let mut rig = Rig::with(json!({ "desiredCount": 1 }), json!({}));
    let arn = rig.deploy("repo/web:none");
    rig.pass(seconds(3500));
    let failed = rig.tasks("STOPPED").len();
    assert!((20..60).contains(&failed), "{failed}");
    assert!(rig.events().iter().any(|e| e.contains("is unable to consistently start tasks successfully")));
    assert_eq!((rig.status(&arn), &rig.service()["runningCount"]), ("IN_PROGRESS".into(), &json!(1)));
}
