//! Services as large as ECS lets them be.

use serde_json::json;

use super::rig::{Rig, seconds};

const MOST: u32 = 5_000;

#[test]
fn a_service_as_large_as_the_quota_rolls_and_settles() {
    let mut rig = Rig::with(json!({ "desiredCount": MOST }), json!({}));
    rig.images.put("repo/web:2", &[]);
    let arn = rig.deploy("repo/web:2");
    rig.until(&arn, "SUCCESSFUL");
    let service = rig.service();
    assert_eq!((&service["runningCount"], &service["pendingCount"]), (&json!(MOST), &json!(0)));
    assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
    let regional = rig.ecs.regions.values().next().unwrap();
    let ours = regional.clusters["c"].tasks.of_service("web").filter(|t| t.task_definition.ends_with("web:2"));
    assert_eq!(ours.count(), MOST as usize);
    rig.pass(seconds(4000));
    assert_eq!(rig.ecs.regions.values().next().unwrap().clusters["c"].tasks.values().count(), MOST as usize);
}

#[test]
fn more_tasks_than_the_quota_are_refused_and_change_nothing() {
    let mut rig = Rig::new();
    let update = json!({ "cluster": "c", "service": "web", "desiredCount": MOST + 1 });
    let refused = rig.call("UpdateService", update).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.message.as_str()),
        ("InvalidParameterException", "Desired count exceeds limit.")
    );
    assert_eq!(rig.service()["desiredCount"], 2);
    let create = json!({ "cluster": "c", "serviceName": "huge", "taskDefinition": "web", "desiredCount": i32::MAX });
    assert_eq!(rig.call("CreateService", create).unwrap_err().message, "Desired count exceeds limit.");
    let seed = json!({ "account": "222222222222", "region": "ap-northeast-1",
        "taskDefinitions": [super::rig::definition("repo/web:1")],
        "clusters": [{ "clusterName": "c", "services": [
            { "serviceName": "web", "taskDefinition": "web", "desiredCount": MOST + 1 }] }] });
    assert!(rig.ecs.seed(&seed, super::rig::start()).unwrap_err().contains("Desired count exceeds limit."));
}
