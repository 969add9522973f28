//! Stale reads.

use serde_json::{Value, json};

use super::rig::{Rig, definition, seconds};

const LAG: usize = 10;

/// What the reads of a service and its service deployments say.
fn seen(rig: &mut Rig) -> Value {
    let mut service = rig.service();
    let listed = rig.ok("ListServiceDeployments", json!({ "cluster": "c", "service": "web" }));
    let deployments = listed["serviceDeployments"].as_array().unwrap();
    let arns = |member: &str| deployments.iter().map(|d| d[member].clone()).collect::<Vec<_>>();
    let (own, revisions) = (arns("serviceDeploymentArn"), arns("targetServiceRevisionArn"));
    let described = rig.ok("DescribeServiceDeployments", json!({ "serviceDeploymentArns": own }));
    let revisions = rig.ok("DescribeServiceRevisions", json!({ "serviceRevisionArns": revisions }));
    // Tasks are counted as they are.
    let uncounted = |mut deployment: Value| {
        for count in ["desiredCount", "pendingCount", "runningCount"] {
            deployment.as_object_mut().unwrap().remove(count);
        }
        deployment
    };
    let rollouts: Vec<Value> = service["deployments"].as_array().unwrap().iter().cloned().map(uncounted).collect();
    let members = ["status", "desiredCount", "taskDefinition", "events"].map(|m| service[m].take());
    json!([members, rollouts, listed, described, revisions])
}

/// Two updates one shortly after the other, the second of which pauses and is continued; one that is stopped; the end.
/// What was seen at every second of it.
fn story(lag: usize) -> Vec<Value> {
    let hook = json!({ "targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"] });
    let configured = json!({ "deploymentConfiguration": { "lifecycleHooks": [hook] } });
    let mut rig = Rig::with(configured, json!({ "staleReadsSeconds": lag }));
    for image in ["repo/web:2", "repo/web:3"] {
        rig.images.put(image, &[]);
        rig.ok("RegisterTaskDefinition", definition(image));
    }
    let web = |extra: Value| {
        let mut input = json!({ "cluster": "c", "service": "web" });
        super::rig::merge(&mut input, extra);
        input
    };
    let mut all = Vec::new();
    for second in 0..240 {
        let latest = super::properties::generators::service(&rig).service_deployments.last().expect("one is seeded");
        let (arn, hook) = (latest.arn.clone(), latest.hooks.first().map(|h| h.id.clone()));
        match second {
            15 => drop(rig.ok("UpdateService", web(json!({ "taskDefinition": "web:2" })))),
            18 => drop(rig.ok("UpdateService", web(json!({ "taskDefinition": "web:3", "desiredCount": 3 })))),
            40 => {
                let hook = hook.expect("it pauses");
                rig.ok("ContinueServiceDeployment", json!({ "serviceDeploymentArn": arn, "hookId": hook }));
            }
            160 => drop(rig.ok("UpdateService", web(json!({ "taskDefinition": "web:2" })))),
            165 => {
                rig.ok("StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": "ABORT" }));
            }
            190 => drop(rig.ok("DeleteService", web(json!({ "force": true })))),
            _ => {}
        }
        all.push(seen(&mut rig));
        rig.pass(seconds(1));
    }
    all
}

#[test]
fn a_stale_read_answers_what_was_true_then() {
    let (at_once, late) = (story(0), story(LAG));
    for second in LAG..late.len() {
        assert_eq!(late[second], at_once[second - LAG], "at {second} s");
    }
    // It is a story in which much happens.
    let shown = json!(at_once).to_string();
    for what in ["PENDING", "AWAITING_ACTION", "SUCCESSFUL", "STOP_REQUESTED", "STOPPED", "DRAINING", "INACTIVE"] {
        assert!(shown.contains(what), "{what}");
    }
}

#[test]
fn each_of_two_quick_updates_is_seen_in_its_turn() {
    let mut rig = Rig::with(json!({}), json!({ "staleReadsSeconds": LAG }));
    let mut counts = Vec::new();
    for second in 0..16 {
        if let Some(count) = match second {
            0 => Some(3),
            4 => Some(4),
            _ => None,
        } {
            rig.ok("UpdateService", json!({ "cluster": "c", "service": "web", "desiredCount": count }));
        }
        counts.push(rig.service()["desiredCount"].as_u64().unwrap());
        rig.pass(seconds(1));
    }
    assert_eq!(counts, [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4]);
}
