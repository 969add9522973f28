//! Whether a described revision runs what was planned.

use serde_json::Value;

use super::normal::normal;
use super::sent::{beside, is_off, known};

/// Single values that decide what runs, as which user and role, and on what: ECS has no defaults for them other than those of the normal form.
const DECIDING: [&str; 11] = [
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "pidMode",
    "ipcMode",
    "user",
    "privileged",
    "workingDirectory",
    "driver",
    "rootDirectory",
    "sourcePath",
];

/// Whether two definitions run the same: everything planned is there as planned, without any other container, variable, secret, volume, capability or
/// command. Less strict than [`holds`](super::sent::holds) in one point: a revision that was just registered must pass although not everything
/// that ECS fills in is known, so it may have additional single values.
pub fn runs_the_same(described: &Value, planned: &Value) -> bool {
    is_no_more(&known(described, planned), &normal(planned))
}

fn is_no_more(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(f), Value::Object(w)) => {
            let all_there = w.iter().all(|(name, wanted)| match f.get(name) {
                Some(found) => is_no_more(found, wanted),
                None => is_off(wanted),
            });
            all_there
                && f.iter().filter(|(name, _)| !w.contains_key(*name)).all(|(name, more)| is_filled_in(name, more))
        }
        (Value::Array(f), Value::Array(w)) => {
            let same = |(i, item)| beside(item, i, Some(wanted)).is_some_and(|wanted| is_no_more(item, wanted));
            f.len() == w.len() && f.iter().enumerate().all(same)
        }
        _ => found == wanted,
    }
}

/// What ECS may add by itself to an existing object.
fn is_filled_in(name: &str, more: &Value) -> bool {
    match more {
        Value::Bool(_) | Value::Number(_) | Value::String(_) => is_off(more) || !DECIDING.contains(&name),
        Value::Null | Value::Array(_) | Value::Object(_) => is_off(more),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn planned() -> Value {
        json!({
            "family": "web", "cpu": "256", "volumes": [{ "name": "data", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } }],
            "containerDefinitions": [{
                "name": "web", "image": "web@sha256:1",
                "environment": [{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }],
                "secrets": [{ "name": "S", "valueFrom": "arn:s" }],
                "mountPoints": [{ "sourceVolume": "data", "containerPath": "/data" }],
                "healthCheck": { "command": ["true"] },
            }],
        })
    }

    fn described(at: &str, value: Value) -> Value {
        let mut described = planned();
        let (parent, member) = at.rsplit_once('/').unwrap();
        match described.pointer_mut(parent).unwrap() {
            Value::Array(items) => items.push(value),
            parent => parent[member] = value,
        }
        described
    }

    /// Known defaults, unknown ones, future members, and another order of an unordered list.
    #[rstest]
    #[case("/revision", json!(3))]
    #[case("/ofNextYear", json!({ "mode": "automatic" }))]
    #[case("/networkMode", json!("bridge"))]
    #[case("/containerDefinitions/0/alsoNew", json!("enabled"))]
    #[case("/containerDefinitions/0/stopTimeout", json!(30))]
    #[case("/containerDefinitions/0/systemControls", json!([]))]
    #[case("/containerDefinitions/0/healthCheck/interval", json!(31))]
    #[case("/volumes/0/efsVolumeConfiguration/rootDirectory", json!("/"))]
    #[case("/containerDefinitions/0/environment", json!([{ "name": "B", "value": "2" }, { "name": "A", "value": "1" }]))]
    fn with_what_ecs_adds_it_runs_the_same(#[case] at: &str, #[case] value: Value) {
        assert!(runs_the_same(&described(at, value), &planned()));
    }

    #[rstest]
    #[case("/containerDefinitions/-", json!({ "name": "miner", "image": "m" }))]
    #[case("/containerDefinitions/0/image", json!("evil"))]
    #[case("/containerDefinitions/0/command", json!(["sh"]))]
    #[case("/containerDefinitions/0/entryPoint", json!(["sh"]))]
    #[case("/containerDefinitions/0/user", json!("root"))]
    #[case("/containerDefinitions/0/privileged", json!(true))]
    #[case("/containerDefinitions/0/workingDirectory", json!("/tmp"))]
    #[case("/containerDefinitions/0/environment/-", json!({ "name": "LD_PRELOAD", "value": "/x" }))]
    #[case("/containerDefinitions/0/environment/0/value", json!("2"))]
    #[case("/containerDefinitions/0/environmentFiles", json!([{ "type": "s3", "value": "arn:x" }]))]
    #[case("/containerDefinitions/0/secrets/0/valueFrom", json!("arn:other"))]
    #[case("/containerDefinitions/0/secrets/-", json!({ "name": "T", "valueFrom": "arn:t" }))]
    #[case("/containerDefinitions/0/linuxParameters", json!({ "capabilities": { "add": ["SYS_ADMIN"] } }))]
    #[case("/containerDefinitions/0/mountPoints/-", json!({ "sourceVolume": "root", "containerPath": "/host" }))]
    #[case("/containerDefinitions/0/healthCheck/command", json!(["false"]))]
    #[case("/containerDefinitions/0/logConfiguration", json!({ "logDriver": "none" }))]
    #[case("/containerDefinitions/0/repositoryCredentials", json!({ "credentialsParameter": "arn:c" }))]
    #[case("/volumes/-", json!({ "name": "root", "host": { "sourcePath": "/" } }))]
    #[case("/volumes/0/host", json!({ "sourcePath": "/" }))]
    #[case("/volumes/0/efsVolumeConfiguration/fileSystemId", json!("fs-2"))]
    #[case("/volumes/0/efsVolumeConfiguration/rootDirectory", json!("/secrets"))]
    #[case("/taskRoleArn", json!("admin"))]
    #[case("/executionRoleArn", json!("admin"))]
    #[case("/networkMode", json!("host"))]
    #[case("/pidMode", json!("host"))]
    #[case("/ipcMode", json!("host"))]
    #[case("/cpu", json!("512"))]
    #[case("/runtimePlatform", json!({ "cpuArchitecture": "ARM64" }))]
    #[case("/containerDefinitions/0/environment", json!([{ "name": "A", "value": "1" }]))]
    #[case("/containerDefinitions/0/secrets", json!([]))]
    fn with_any_other_difference_it_does_not_run_the_same(#[case] at: &str, #[case] value: Value) {
        assert!(!runs_the_same(&described(at, value), &planned()));
    }
}
