//! The defaults that ECS fills into a task definition, as every description then shows them.

use serde_json::{Value, json};

use super::wire::Members;

/// Lists that AWS answers empty where a container definition leaves them out.
const CONTAINER_LISTS: [&str; 5] = ["portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"];

/// Fills in what RegisterTaskDefinition was not given.
pub fn fill_in(body: &mut Members) {
    let network_mode = body.get("networkMode").and_then(Value::as_str).map(str::to_owned);
    for container in members(body, "containerDefinitions") {
        of_container(container, network_mode.as_deref());
    }
    for absent in ["volumes", "placementConstraints"] {
        body.entry(absent).or_insert_with(|| json!([]));
    }
    for volume in members(body, "volumes") {
        of_volume(volume);
    }
    // In every answer since January 2025 (aws-actions/amazon-ecs-deploy-task-definition, google-github-actions/auth 458).
    body.entry("enableFaultInjection").or_insert_with(|| json!(false));
}

fn of_container(container: &mut Members, network_mode: Option<&str>) {
    container.entry("cpu").or_insert_with(|| json!(0));
    container.entry("essential").or_insert_with(|| json!(true));
    for absent in CONTAINER_LISTS {
        container.entry(absent).or_insert_with(|| json!([]));
    }
    for port in members(container, "portMappings") {
        port.entry("protocol").or_insert_with(|| json!("tcp"));
        let inside = port.get("containerPort").cloned();
        match (network_mode, inside) {
            (Some("awsvpc" | "host"), Some(inside)) => port.entry("hostPort").or_insert(inside),
            _ => port.entry("hostPort").or_insert_with(|| json!(0)),
        };
    }
    if let Some(Value::Object(check)) = container.get_mut("healthCheck") {
        for (member, default) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            check.entry(member).or_insert_with(|| json!(default));
        }
    }
}

fn of_volume(volume: &mut Members) {
    if let Some(Value::Object(efs)) = volume.get_mut("efsVolumeConfiguration") {
        efs.entry("rootDirectory").or_insert_with(|| json!("/"));
    }
    if let Some(Value::Object(docker)) = volume.get_mut("dockerVolumeConfiguration") {
        docker.entry("scope").or_insert_with(|| json!("task"));
    }
    // A volume that names nothing is one of the host's.
    if volume.keys().all(|member| member == "name") {
        volume.insert("host".to_owned(), json!({}));
    }
}

/// The objects of a list that is a member.
fn members<'a>(of: &'a mut Members, list: &str) -> impl Iterator<Item = &'a mut Members> {
    let items = of.get_mut(list).and_then(Value::as_array_mut);
    items.into_iter().flatten().filter_map(Value::as_object_mut)
}
