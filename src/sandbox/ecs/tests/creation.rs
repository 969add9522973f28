//! CreateService: once by client token, and without a task definition.

use serde_json::{Value, json};

use super::rig::{Rig, seconds};

fn order() -> Value {
    json!({ "cluster": "c", "serviceName": "new", "taskDefinition": "web", "desiredCount": 1, "clientToken": "t1" })
}

#[test]
fn the_same_client_token_answers_the_service_that_it_made() {
    let mut rig = Rig::new();
    let made = rig.ok("CreateService", order())["service"].take();
    rig.pass(seconds(120));
    let again = rig.ok("CreateService", order())["service"].take();
    assert_eq!((&again["serviceArn"], &again["createdAt"]), (&made["serviceArn"], &made["createdAt"]));
    assert_eq!(again["deployments"].as_array().unwrap().len(), 1, "nothing new begins");
    assert_eq!(again["runningCount"], 1, "it is shown as it is by now");

    for (member, value) in [("desiredCount", json!(2)), ("serviceName", json!("other")), ("clientToken", json!("t2"))] {
        let mut input = order();
        input[member] = value;
        let refused = rig.call("CreateService", input).expect_err(member);
        assert_eq!(
            (refused.code.as_str(), refused.message.as_str()),
            ("InvalidParameterException", "Creation of service was not idempotent.")
        );
    }
    let mut without_token = order();
    without_token.as_object_mut().unwrap().remove("clientToken");
    assert_eq!(rig.code("CreateService", without_token), "InvalidParameterException");
}

#[test]
fn a_token_is_free_again_once_its_service_is_gone() {
    let mut rig = Rig::new();
    rig.ok("CreateService", order());
    rig.ok("DeleteService", json!({ "cluster": "c", "service": "new", "force": true }));
    rig.pass(seconds(300));
    assert_eq!(rig.ok("CreateService", order())["service"]["status"], "ACTIVE");
}

#[test]
fn only_an_external_controller_goes_without_a_task_definition() {
    let mut rig = Rig::new();
    let of = |kind: &str| json!({ "cluster": "c", "serviceName": "new", "desiredCount": 1, "deploymentController": { "type": kind } });
    for kind in ["ECS", "CODE_DEPLOY"] {
        assert_eq!(rig.code("CreateService", of(kind)), "InvalidParameterException", "{kind}");
    }
    rig.ok("CreateService", of("EXTERNAL"));
    rig.ok("UpdateService", json!({ "cluster": "c", "service": "new", "desiredCount": 2 }));
    rig.pass(seconds(120));
    let shown = rig.ok("DescribeServices", json!({ "cluster": "c", "services": ["new"] }))["services"][0].take();
    assert_eq!(shown.get("taskDefinition"), None);
    assert_eq!((&shown["deployments"], &shown["desiredCount"]), (&json!([]), &json!(2)));
    assert_eq!((&shown["runningCount"], &shown["pendingCount"]), (&json!(0), &json!(0)));
}
