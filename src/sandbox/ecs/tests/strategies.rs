//! Blue/green, linear and canary deployments, as an operator would see them.

use serde_json::{Value, json};

use super::rig::{Rig, definition, seconds};

/// A load balancer that can move traffic.
pub fn balancer() -> Value {
    json!([{ "targetGroupArn": "arn:blue", "containerName": "web", "containerPort": 80, "advancedConfiguration": {
        "alternateTargetGroupArn": "arn:green", "productionListenerRule": "arn:rule", "roleArn": "arn:aws:iam::1:role/elb" } }])
}

fn moving(configuration: Value) -> Rig {
    let rig = Rig::with(json!({ "loadBalancers": balancer(), "deploymentConfiguration": configuration }), json!({}));
    rig.images.put("repo/web:2", &[]);
    rig
}

fn blue_green(extra: Value) -> Rig {
    let mut configuration = json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5 });
    super::rig::merge(&mut configuration, extra);
    moving(configuration)
}

/// The stages and production weights that a deployment goes through, each once, with the seconds since its creation.
fn course(rig: &mut Rig, arn: &str) -> Vec<(String, f64, i64)> {
    let began = rig.now;
    let mut seen: Vec<(String, f64, i64)> = Vec::new();
    for _ in 0..7200 {
        let now = rig.service_deployment(arn);
        let weight = now["targetServiceRevision"]["requestedProductionTrafficWeight"].as_f64().unwrap_or(-1.0);
        let stage = now["lifecycleStage"].as_str().unwrap_or("-").to_owned();
        if seen.last().is_none_or(|(s, w, _)| (s, *w) != (&stage, weight)) {
            seen.push((stage, weight, rig.now.duration_since(began).as_secs()));
        }
        if now.get("finishedAt").is_some() {
            return seen;
        }
        rig.pass(seconds(1));
    }
    panic!("{arn} goes nowhere: {seen:?}");
}

fn serves(rig: &Rig) -> String {
    let reached = rig.ecs.running(&rig.account, &rig.region, "c", "web").unwrap();
    reached["taskDefinition"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

fn stages(course: &[(String, f64, i64)]) -> Vec<&str> {
    let mut names: Vec<&str> = course.iter().map(|(s, ..)| s.as_str()).collect();
    names.dedup();
    names
}

#[test]
fn blue_green_goes_through_all_stages_in_their_order_and_bakes_with_both_revisions() {
    let mut rig = blue_green(json!({}));
    let blue = rig.service()["deployments"][0]["id"].clone();
    let arn = rig.deploy("repo/web:2");
    let course = course(&mut rig, &arn);
    assert_eq!(
        stages(&course),
        [
            "-",
            "PRE_SCALE_UP",
            "SCALE_UP",
            "POST_SCALE_UP",
            "TEST_TRAFFIC_SHIFT",
            "POST_TEST_TRAFFIC_SHIFT",
            "PRODUCTION_TRAFFIC_SHIFT",
            "POST_PRODUCTION_TRAFFIC_SHIFT",
            "BAKE_TIME",
            "CLEAN_UP"
        ]
    );
    let at = |stage: &str| course.iter().find(|(s, ..)| s == stage).unwrap().2;
    assert_eq!(at("CLEAN_UP") - at("BAKE_TIME"), 300);
    assert!(
        course
            .iter()
            .all(|(s, w, _)| (*w == 100.0) == (s.contains("PRODUCTION") || s == "BAKE_TIME" || s == "CLEAN_UP"))
    );
    let after = rig.service();
    assert_eq!(after["deployments"].as_array().unwrap().len(), 1);
    assert_ne!(after["deployments"][0]["id"], blue);
    assert_eq!((&after["runningCount"], serves(&rig).as_str()), (&json!(2), "web:2"));
    assert_eq!(rig.status(&arn), "SUCCESSFUL");
}

#[test]
fn users_stay_with_blue_until_the_shift_and_both_run_whole_beside_each_other() {
    let mut rig = blue_green(json!({ "maximumPercent": 100 }));
    let arn = rig.deploy("repo/web:2");
    while rig.service_deployment(&arn)["lifecycleStage"] != "POST_TEST_TRAFFIC_SHIFT" {
        assert_eq!(serves(&rig), "web:1");
        rig.pass(seconds(1));
    }
    let during = rig.service_deployment(&arn);
    let (source, target) = (&during["sourceServiceRevisions"][0], &during["targetServiceRevision"]);
    assert_eq!(
        (&source["requestedProductionTrafficWeight"], &target["requestedTestTrafficWeight"]),
        (&json!(100.0), &json!(100.0))
    );
    assert_eq!(rig.service()["runningCount"], 4);
    while rig.service_deployment(&arn)["lifecycleStage"] != "BAKE_TIME" {
        rig.pass(seconds(1));
    }
    assert_eq!(serves(&rig), "web:2");
    assert_eq!(rig.service()["runningCount"], 4);
}

#[test]
fn a_rollback_while_baking_goes_back_to_the_tasks_that_still_run() {
    let mut rig = blue_green(json!({}));
    let before = rig.service()["deployments"][0]["id"].clone();
    let tasks: Vec<Value> = rig.tasks("RUNNING").iter().map(|t| t["taskArn"].clone()).collect();
    let arn = rig.deploy("repo/web:2");
    while rig.service_deployment(&arn)["lifecycleStage"] != "BAKE_TIME" {
        rig.pass(seconds(1));
    }
    rig.ok("StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" }));
    rig.until(&arn, "ROLLBACK_IN_PROGRESS");
    assert_eq!(serves(&rig), "web:1", "traffic goes back at once");
    rig.until(&arn, "ROLLBACK_SUCCESSFUL");
    rig.pass(seconds(60));
    let after = rig.service();
    assert_eq!((&after["deployments"][0]["id"], after["deployments"].as_array().unwrap().len()), (&before, 1));
    let left: Vec<Value> = rig.tasks("RUNNING").iter().map(|t| t["taskArn"].clone()).collect();
    assert_eq!(left, tasks);
    let ended = rig.service_deployment(&arn);
    assert_eq!(ended["targetServiceRevision"]["requestedProductionTrafficWeight"], 0.0);
    assert_eq!(ended["rollback"]["serviceRevisionArn"], ended["sourceServiceRevisions"][0]["arn"]);
}

#[test]
fn failures_of_a_deployment_do_not_count_against_its_rollback() {
    let breaker = json!({ "enable": true, "rollback": true, "resetOnHealthyTask": false });
    let mut rig = blue_green(json!({ "deploymentCircuitBreaker": breaker }));
    rig.images.remove("repo/web:2");
    let first = rig.deploy("repo/web:2");
    while rig.service()["deployments"][0]["failedTasks"] != 2 {
        rig.pass(seconds(1));
    }
    rig.images.put("repo/web:2", &[]);
    rig.until(&first, "SUCCESSFUL");
    assert_eq!(rig.service()["deployments"][0]["failedTasks"], 2, "it does not forget them");
    rig.images.put("repo/web:3", &[]);
    let second = rig.deploy("repo/web:3");
    while rig.service_deployment(&second)["lifecycleStage"] != "BAKE_TIME" {
        rig.pass(seconds(1));
    }
    rig.ok("StopServiceDeployment", json!({ "serviceDeploymentArn": second, "stopType": "ROLLBACK" }));
    rig.until(&second, "ROLLBACK_IN_PROGRESS");
    assert_eq!(rig.service()["deployments"][0]["failedTasks"], 0);
    rig.until(&second, "ROLLBACK_SUCCESSFUL");
}

#[test]
fn green_that_crashes_trips_the_breaker_and_never_gets_traffic() {
    let mut rig = blue_green(json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true } }));
    rig.images.put("repo/web:bad", &[("exit-code", "1")]);
    let arn = rig.deploy("repo/web:bad");
    for _ in 0..600 {
        rig.pass(seconds(1));
        assert_eq!(serves(&rig), "web:1");
    }
    assert_eq!(rig.status(&arn), "ROLLBACK_SUCCESSFUL");
    assert_eq!(rig.service()["runningCount"], 2);
}

#[test]
fn linear_moves_step_by_step_and_bakes_at_each() {
    let linear = json!({ "stepPercent": 40.0, "stepBakeTimeInMinutes": 2 });
    let mut rig = moving(json!({ "strategy": "LINEAR", "bakeTimeInMinutes": 1, "linearConfiguration": linear }));
    let arn = rig.deploy("repo/web:2");
    let course = course(&mut rig, &arn);
    let shifts: Vec<(f64, i64)> =
        course.iter().filter(|(s, ..)| s == "PRODUCTION_TRAFFIC_SHIFT").map(|(_, w, at)| (*w, *at)).collect();
    assert_eq!(shifts.iter().map(|(w, _)| *w).collect::<Vec<_>>(), [40.0, 80.0, 100.0]);
    assert!(shifts.windows(2).all(|s| s[1].1 - s[0].1 >= 120), "{shifts:?}");
    let baking = course.iter().find(|(s, ..)| s == "BAKE_TIME").unwrap().2;
    assert!(baking - shifts[2].1 < 60, "no step's bake time after the last one");
    assert_eq!(rig.status(&arn), "SUCCESSFUL");
}

#[test]
fn canary_watches_a_small_share_first() {
    let canary = json!({ "canaryPercent": 7.5, "canaryBakeTimeInMinutes": 3 });
    let mut rig = moving(json!({ "strategy": "CANARY", "canaryConfiguration": canary }));
    let arn = rig.deploy("repo/web:2");
    let course = course(&mut rig, &arn);
    let mut weights: Vec<f64> = course.iter().map(|(_, w, _)| *w).collect();
    weights.dedup();
    assert_eq!(weights, [0.0, 7.5, 100.0]);
}

#[test]
fn linear_pauses_before_each_shift_with_a_new_hook() {
    let pause = json!([{ "targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"] }]);
    let linear = json!({ "stepPercent": 50.0, "stepBakeTimeInMinutes": 0 });
    let mut rig = moving(json!({ "strategy": "LINEAR", "linearConfiguration": linear, "lifecycleHooks": pause }));
    let arn = rig.deploy("repo/web:2");
    let mut answered: Vec<Value> = Vec::new();
    for shift in 0..2 {
        rig.pass(seconds(3600));
        let paused = rig.service_deployment(&arn);
        let hooks = paused["lifecycleHookDetails"].as_array().unwrap();
        let waiting: Vec<&Value> = hooks.iter().filter(|h| h["status"] == "AWAITING_ACTION").collect();
        assert_eq!((paused["status"].as_str(), waiting.len()), (Some("IN_PROGRESS"), 1), "it waits and does not hang");
        assert_eq!(paused["targetServiceRevision"]["requestedProductionTrafficWeight"], json!(50.0 * f64::from(shift)));
        let stages = ["POST_TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"];
        assert_eq!(paused["lifecycleStage"], stages[shift as usize], "a stage of the model's enum");
        let hook = waiting[0]["hookId"].clone();
        assert!(!answered.contains(&hook));
        rig.ok("ContinueServiceDeployment", json!({ "serviceDeploymentArn": arn, "hookId": hook }));
        answered.push(hook);
    }
    rig.until(&arn, "SUCCESSFUL");
}

#[test]
fn lambda_hooks_run_and_let_it_go_on() {
    let hook = json!([{ "hookTargetArn": "arn:aws:lambda:r:1:function:smoke", "roleArn": "arn:aws:iam::1:role/hooks",
        "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"] }]);
    let mut rig = blue_green(json!({ "lifecycleHooks": hook }));
    let arn = rig.deploy("repo/web:2");
    while rig.service_deployment(&arn).get("lifecycleHookDetails").is_none() {
        rig.pass(seconds(1));
    }
    let running = rig.service_deployment(&arn)["lifecycleHookDetails"][0].clone();
    assert_eq!((&running["status"], &running["targetType"]), (&json!("IN_PROGRESS"), &json!("AWS_LAMBDA")));
    let answer = json!({ "serviceDeploymentArn": arn, "hookId": running["hookId"] });
    assert_eq!(rig.code("ContinueServiceDeployment", answer), "InvalidParameterException");
    rig.until(&arn, "SUCCESSFUL");
    let hooks = rig.service_deployment(&arn)["lifecycleHookDetails"].clone();
    assert!(
        hooks.as_array().unwrap().len() == 2 && hooks.as_array().unwrap().iter().all(|h| h["status"] == "SUCCEEDED")
    );
}

#[test]
fn a_deployment_over_one_that_is_halfway_reconciles_first() {
    let mut rig = blue_green(json!({}));
    rig.images.put("repo/web:3", &[]);
    let first = rig.deploy("repo/web:2");
    while rig.service_deployment(&first)["lifecycleStage"] != "BAKE_TIME" {
        rig.pass(seconds(1));
    }
    rig.ok("RegisterTaskDefinition", definition("repo/web:3"));
    let second = rig.deploy("repo/web:3");
    assert_eq!(rig.status(&first), "STOPPED");
    let course = course(&mut rig, &second);
    assert_eq!(stages(&course)[1], "RECONCILE_SERVICE");
    assert_eq!(rig.status(&second), "SUCCESSFUL");
    assert_eq!(rig.service()["runningCount"], 2);
}

#[test]
fn rolling_stages_come_in_their_order_too() {
    let mut rig = Rig::with(json!({ "deploymentConfiguration": { "bakeTimeInMinutes": 1 } }), json!({}));
    rig.images.put("repo/web:2", &[]);
    let arn = rig.deploy("repo/web:2");
    let course = course(&mut rig, &arn);
    assert_eq!(stages(&course), ["-", "SCALE_UP", "BAKE_TIME", "CLEAN_UP"]);
    assert!(rig.service_deployment(&arn)["targetServiceRevision"].get("requestedProductionTrafficWeight").is_none());
}

#[test]
fn configurations_that_aws_rules_out_are_refused() {
    let blue = |extra: Value| {
        let mut c = json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0 });
        super::rig::merge(&mut c, extra);
        c
    };
    let hook = |stage: &str| json!({ "lifecycleHooks": [{ "targetType": "PAUSE", "lifecycleStages": [stage] }] });
    let early = json!({ "enable": true, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED" });
    let threshold = |kind: &str, value: i64| json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true, "thresholdConfiguration": { "type": kind, "value": value } } });
    let refused = [
        json!({ "strategy": "BIG_BANG" }),
        json!({ "strategy": "BLUE_GREEN" }),
        json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 2.9 } }),
        json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 10.05 } }),
        json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryBakeTimeInMinutes": 1441 } }),
        json!({ "strategy": "CANARY", "linearConfiguration": { "stepPercent": 10.0 } }),
        blue(hook("TEST_TRAFFIC_SHIFT")),
        blue(hook("PRODUCTION_TRAFFIC_SHIFT")),
        hook("BAKE_TIME"),
        blue(json!({ "earlySuccessCriteria": early })),
        // Less than the minimum healthy percent, which is 100.
        json!({ "earlySuccessCriteria": early }),
        threshold("COUNT", 0),
        threshold("BOUNDED_PERCENT", 101),
        threshold("SHARE", 1),
    ];
    let mut rig = moving(json!({}));
    for configuration in refused {
        let update = json!({ "cluster": "c", "service": "web", "deploymentConfiguration": configuration });
        assert_eq!(rig.code("UpdateService", update), "InvalidParameterException", "{configuration}");
    }
    let mut bare = Rig::new();
    let canary = json!({ "cluster": "c", "service": "web", "deploymentConfiguration": { "strategy": "CANARY" } });
    assert_eq!(bare.code("UpdateService", canary), "InvalidParameterException", "nothing there could move traffic");
    let plain = json!([{ "targetGroupArn": "arn:blue", "containerName": "web", "containerPort": 80 }]);
    let blue =
        json!({ "cluster": "c", "service": "web", "loadBalancers": plain, "deploymentConfiguration": blue(json!({})) });
    assert_eq!(bare.code("UpdateService", blue), "InvalidParameterException", "no alternate target group");
}

#[test]
fn going_back_to_rolling_leaves_nothing_of_the_strategy_before() {
    let canary = json!({ "canaryPercent": 7.5 });
    let mut rig = moving(json!({ "strategy": "CANARY", "canaryConfiguration": canary }));
    let update = json!({ "cluster": "c", "service": "web", "deploymentConfiguration": { "strategy": "ROLLING" } });
    let service = rig.ok("UpdateService", update)["service"].clone();
    assert_eq!(service["deploymentConfiguration"].get("canaryConfiguration"), None);
    let arn = rig.deploy("repo/web:2");
    rig.until(&arn, "SUCCESSFUL");
    assert!(rig.service_deployment(&arn)["targetServiceRevision"].get("requestedTestTrafficWeight").is_none());
}

#[test]
fn a_desired_count_of_zero_succeeds_without_a_task_behind_the_traffic() {
    let mut rig = blue_green(json!({}));
    rig.ok("UpdateService", json!({ "cluster": "c", "service": "web", "desiredCount": 0 }));
    rig.pass(seconds(60));
    let arn = rig.deploy("repo/web:none");
    rig.until(&arn, "SUCCESSFUL");
    assert_eq!(rig.ecs.running(&rig.account, &rig.region, "c", "web"), None);
}
