//! The normal form of a task definition: without what ECS adds to every description, without empty members, without ECS's documented defaults, and
//! with sizes in ECS's units.

use serde_json::{Map, Value};

use super::ADDED_BY_AWS;

type Members = Map<String, Value>;

/// The normal form of a task definition, whether it was written by hand or described by ECS.
pub fn normal(definition: &Value) -> Value {
    let mut top = definition.as_object().cloned().unwrap_or_default();
    for member in ADDED_BY_AWS {
        top.remove(member);
    }
    top.remove("tags");
    for (member, unit) in [("cpu", "vcpu"), ("memory", "gb")] {
        if let Some(units) = top.get(member).and_then(|size| units(size, unit)) {
            top.insert(member.to_owned(), Value::String(units));
        }
    }
    let own_ports = matches!(top.get("networkMode").and_then(Value::as_str), Some("awsvpc" | "host"));
    for container in members(&mut top, "containerDefinitions") {
        of_container(container, own_ports);
    }
    for volume in members(&mut top, "volumes") {
        of_volume(volume);
    }
    // Linux's default; the one of Windows has another name.
    drop_default(&mut top, "networkMode", &Value::from("bridge"));
    // In every description from January 2025 on, set or not.
    drop_default(&mut top, "enableFaultInjection", &Value::from(false));
    without_empty(&Value::Object(top)).unwrap_or_else(|| Value::Object(Map::new()))
}

/// The defaults of the API model's `ContainerDefinition`.
fn of_container(container: &mut Members, own_ports: bool) {
    drop_default(container, "cpu", &Value::from(0));
    drop_default(container, "essential", &Value::from(true));
    drop_default(container, "versionConsistency", &Value::from("enabled"));
    for off in ["privileged", "readonlyRootFilesystem", "disableNetworking", "interactive", "pseudoTerminal"] {
        drop_default(container, off, &Value::from(false));
    }
    for mapping in members(container, "portMappings") {
        drop_default(mapping, "protocol", &Value::from("tcp"));
        // Without its own network interface the host's port is any free one, described as 0; with one it is the container's.
        drop_default(mapping, "hostPort", &Value::from(0));
        if own_ports && mapping.get("hostPort") == mapping.get("containerPort") {
            mapping.remove("hostPort");
        }
    }
    for list in ["mountPoints", "volumesFrom"] {
        for mount in members(container, list) {
            drop_default(mount, "readOnly", &Value::from(false));
        }
    }
    if let Some(Value::Object(check)) = container.get_mut("healthCheck") {
        for (member, default) in [("interval", 30), ("timeout", 5), ("retries", 3), ("startPeriod", 0)] {
            drop_default(check, member, &Value::from(default));
        }
    }
    if let Some(Value::Object(policy)) = container.get_mut("restartPolicy") {
        drop_default(policy, "restartAttemptPeriod", &Value::from(300));
    }
    if let Some(Value::Object(linux)) = container.get_mut("linuxParameters") {
        drop_default(linux, "initProcessEnabled", &Value::from(false));
    }
    // The order of these has no meaning.
    for member in ["environment", "secrets"] {
        if let Some(items) = container.get_mut(member).and_then(Value::as_array_mut) {
            items.sort_by_key(|i| i.get("name").and_then(Value::as_str).unwrap_or_default().to_owned());
        }
    }
}

/// The defaults of the API model's volumes. `host: {}`, which ECS describes of a volume that names nothing, is empty.
fn of_volume(volume: &mut Members) {
    drop_default(volume, "configuredAtLaunch", &Value::from(false));
    if let Some(Value::Object(docker)) = volume.get_mut("dockerVolumeConfiguration") {
        drop_default(docker, "scope", &Value::from("task"));
        drop_default(docker, "autoprovision", &Value::from(false));
    }
    if let Some(Value::Object(efs)) = volume.get_mut("efsVolumeConfiguration") {
        drop_default(efs, "rootDirectory", &Value::from("/"));
        drop_default(efs, "transitEncryption", &Value::from("DISABLED"));
        if let Some(Value::Object(access)) = efs.get_mut("authorizationConfig") {
            drop_default(access, "iam", &Value::from("DISABLED"));
        }
    }
}

/// The objects of a list that is a member.
fn members<'a>(of: &'a mut Members, list: &str) -> impl Iterator<Item = &'a mut Members> {
    let items = of.get_mut(list).and_then(Value::as_array_mut);
    items.into_iter().flatten().filter_map(Value::as_object_mut)
}

fn drop_default(map: &mut Members, member: &str, default: &Value) {
    if map.get(member) == Some(default) {
        map.remove(member);
    }
}

/// A task's size as ECS describes it: `".25 vCPU"` is `"256"`, `"1 GB"` is `"1024"`. `None`: it is not a size.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, which grows by itself")]
fn units(given: &Value, unit: &str) -> Option<String> {
    let given = match given {
        Value::String(text) => text.trim().to_ascii_lowercase(),
        Value::Number(n) => n.to_string(),
        _ => return None,
    };
    let units = match given.strip_suffix(unit) {
        None => given.parse::<u64>().ok()?,
        Some(number) => {
            let units = number.trim().parse::<f64>().ok()? * 1024.0;
            // More than any task can have, and well below the largest integer that a float represents exactly.
            (units >= 1.0 && units.fract() == 0.0 && units < 1e9).then_some(units as u64)?
        }
    };
    Some(units.to_string())
}

fn without_empty(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(map) => {
            let kept: Members = map.iter().filter_map(|(k, v)| without_empty(v).map(|v| (k.clone(), v))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) => {
            let kept: Vec<Value> = items.iter().filter_map(without_empty).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        // An empty string is a value: an environment variable may be set to nothing.
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A template, and what ECS describes of the revision that it became.
    #[test]
    fn what_ecs_fills_in_is_not_a_difference() {
        let container = |members: Value| json!({ "containerDefinitions": [members] });
        let volume = |members: Value| json!({ "volumes": [members] });
        let check = json!({ "command": ["true"] });
        let filled = json!({ "command": ["true"], "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 0 });
        for (sent, described) in [
            (json!({ "cpu": ".25 vCPU", "memory": "0.5 GB" }), json!({ "cpu": "256", "memory": "512" })),
            (json!({ "cpu": 1024, "memory": "1GB" }), json!({ "cpu": "1024", "memory": "1024" })),
            (json!({}), json!({ "enableFaultInjection": false, "networkMode": "bridge", "volumes": [] })),
            (container(json!({ "healthCheck": check })), container(json!({ "healthCheck": filled }))),
            (
                container(json!({ "name": "web" })),
                container(json!({ "name": "web", "cpu": 0, "essential": true, "environment": [], "privileged": false,
                    "versionConsistency": "enabled", "systemControls": [] })),
            ),
            (
                container(json!({ "mountPoints": [{ "sourceVolume": "v" }] })),
                container(json!({ "mountPoints": [{ "sourceVolume": "v", "readOnly": false }] })),
            ),
            (volume(json!({ "name": "v" })), volume(json!({ "name": "v", "host": {}, "configuredAtLaunch": false }))),
            (
                volume(json!({ "name": "v", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } })),
                volume(
                    json!({ "name": "v", "efsVolumeConfiguration": { "fileSystemId": "fs-1", "rootDirectory": "/" } }),
                ),
            ),
            (
                volume(json!({ "name": "v", "dockerVolumeConfiguration": { "driver": "local" } })),
                volume(json!({ "name": "v",
                    "dockerVolumeConfiguration": { "driver": "local", "scope": "task", "autoprovision": false } })),
            ),
        ] {
            assert_eq!(normal(&sent), normal(&described), "{sent}");
            assert_eq!(normal(&normal(&described)), normal(&described), "{sent}");
        }
    }

    #[test]
    fn what_somebody_chose_is_a_difference() {
        for (sent, described) in [
            (json!({ "cpu": "256" }), json!({ "cpu": "512" })),
            (json!({ "cpu": "one" }), json!({ "cpu": "256" })),
            (json!({}), json!({ "enableFaultInjection": true })),
            (json!({}), json!({ "networkMode": "host" })),
            (
                json!({ "containerDefinitions": [{ "healthCheck": { "command": ["true"] } }] }),
                json!({ "containerDefinitions": [{ "healthCheck": { "command": ["true"], "interval": 10 } }] }),
            ),
        ] {
            assert_ne!(normal(&sent), normal(&described), "{described}");
        }
    }
}
