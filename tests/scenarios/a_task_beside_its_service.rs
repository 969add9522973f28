use kanmon::model::outcome::Outcome;
use serde_json::{Value, json};

use super::simulation::{Simulation, Story};

/// A service on EC2 with its own placement, tags and network.
fn placed() -> Simulation {
    let mut story = Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": "web" }]));
    for (member, value) in [
        ("launchType", json!("EC2")),
        ("placementConstraints", json!([{ "type": "memberOf", "expression": "attribute:zone == inner" }])),
        ("placementStrategy", json!([{ "type": "spread", "field": "attribute:ecs.availability-zone" }])),
        ("propagateTags", json!("SERVICE")),
        ("enableECSManagedTags", json!(true)),
        ("enableExecuteCommand", json!(true)),
        ("tags", json!([{ "key": "CostCenter", "value": "42" }])),
    ] {
        story = story.services("web", member, &value);
    }
    story.open()
}

#[tokio::test(start_paused = true)]
async fn runs_where_and_under_which_tags_the_services_tasks_do() {
    let sim = placed();
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    let input = sim.calls("RunTask")[0].input.clone();
    assert_eq!(input["placementConstraints"], json!([{ "type": "memberOf", "expression": "attribute:zone == inner" }]));
    assert_eq!(input["placementStrategy"], json!([{ "type": "spread", "field": "attribute:ecs.availability-zone" }]));
    assert_eq!((&input["launchType"], &input["enableECSManagedTags"]), (&json!("EC2"), &json!(true)));
    // RunTask cannot propagate tags from a service, so they are passed.
    assert_eq!(
        (&input["tags"], &input["propagateTags"]),
        (&json!([{ "key": "CostCenter", "value": "42" }]), &Value::Null)
    );
    // The migration has no task role, without which RunTask refuses it.
    assert_eq!(input["enableExecuteCommand"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn has_ecs_exec_if_its_definition_has_a_task_role() {
    let sim = placed();
    let mut definition: Value = serde_json::from_str(include_str!("simulation/migrate.json")).unwrap();
    definition["taskRoleArn"] = json!("arn:aws:iam::{{ account.id }}:role/task");
    sim.write("deploy/migrate.json", &definition.to_string());
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
    assert_eq!(sim.calls("RunTask")[0].input["enableExecuteCommand"], json!(true));
}
