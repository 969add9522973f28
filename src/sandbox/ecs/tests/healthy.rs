//! When a task counts as healthy, by the documentation of `minimumHealthyPercent`.

use serde_json::{Value, json};

use super::rig::{Rig, seconds};

/// How long the first task of a new revision is RUNNING before it is healthy, in seconds.
fn healthy_after(container: Value) -> i64 {
    let mut rig = Rig::new();
    rig.images.put("repo/web:2", &[]);
    let mut definition = super::rig::definition("repo/web:2");
    definition["containerDefinitions"][0].as_object_mut().unwrap().extend(container.as_object().unwrap().clone());
    let registered = rig.ok("RegisterTaskDefinition", definition);
    let arn = registered["taskDefinition"]["taskDefinitionArn"].clone();
    rig.ok("UpdateService", json!({ "cluster": "c", "service": "web", "taskDefinition": arn }));
    let mut running = None;
    for _ in 0..300 {
        rig.pass(seconds(1));
        let tasks = &rig.ecs.regions.values().next().unwrap().clusters["c"].tasks;
        let new: Vec<_> = tasks.of_service("web").filter(|t| arn == t.task_definition.as_str()).collect();
        if new.iter().any(|t| t.is_running()) {
            running.get_or_insert(rig.now);
        }
        if new.iter().any(|t| t.is_healthy()) {
            return rig.now.duration_since(running.expect("it ran")).as_secs();
        }
    }
    panic!("never healthy");
}

#[test]
fn a_task_that_nothing_checks_counts_forty_seconds_after_it_runs() {
    assert_eq!(healthy_after(json!({})), 40);
}

#[test]
fn a_task_with_a_check_counts_once_the_check_has_passed() {
    let check = json!({ "healthCheck": { "command": ["CMD", "true"] } });
    assert!(healthy_after(check) < 40);
}
