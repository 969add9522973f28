use serde_json::json;

use super::*;

fn shown(from: &Value, to: &Value, show: &[&str]) -> String {
    let show = show.iter().map(|s| (*s).to_owned()).collect();
    let sign = |kind| match kind {
        ChangeKind::Added => '+',
        ChangeKind::Removed => '-',
        ChangeKind::Changed => '~',
    };
    let line = |c: Change| format!("{} {}: {:?} {:?}", sign(c.kind), c.path, c.from, c.to).replace("Some", "");
    changes(from, to, &show).into_iter().map(line).collect::<Vec<_>>().join("\n")
}

fn with(container: &Value) -> Value {
    json!({ "family": "web", "containerDefinitions": [{ "name": "web", "image": "r/web@sha256:1" }, container] })
}

#[test]
fn a_new_container_is_shown_member_by_member() {
    let plain = json!({ "family": "web", "containerDefinitions": [{ "name": "web", "image": "r/web@sha256:1" }] });
    let miner = json!({
        "name": "metrics", "image": "docker.io/evil/miner:latest", "user": "root", "privileged": true,
        "command": ["sh", "-c", "mine"], "entryPoint": ["/bin/sh"],
        "linuxParameters": { "capabilities": { "add": ["SYS_ADMIN"] } },
        "environment": [{ "name": "LD_PRELOAD", "value": "/tmp/x.so" }, { "name": "LOG_LEVEL", "value": "debug" }],
        "secrets": [{ "name": "KEY", "valueFrom": "arn:aws:ssm:r:1:parameter/key" }],
        "logConfiguration": { "logDriver": "splunk", "options": { "splunk-token": "s3cret" } },
    });
    insta::assert_snapshot!(shown(&plain, &with(&miner), &["LOG_LEVEL"]), @r#"
    + containerDefinitions[metrics].command: None ("[\"sh\",\"-c\",\"mine\"]")
    + containerDefinitions[metrics].entryPoint: None ("[\"/bin/sh\"]")
    + containerDefinitions[metrics].environment[LD_PRELOAD]: None None
    + containerDefinitions[metrics].environment[LOG_LEVEL]: None ("debug")
    + containerDefinitions[metrics].image: None ("docker.io/evil/miner:latest")
    + containerDefinitions[metrics].linuxParameters.capabilities.add: None ("[\"SYS_ADMIN\"]")
    + containerDefinitions[metrics].logConfiguration.logDriver: None ("splunk")
    + containerDefinitions[metrics].logConfiguration.options.splunk-token: None None
    + containerDefinitions[metrics].privileged: None ("true")
    + containerDefinitions[metrics].secrets[KEY]: None ("arn:aws:ssm:r:1:parameter/key")
    + containerDefinitions[metrics].user: None ("root")
    "#);
    assert_eq!(shown(&plain, &with(&json!({ "name": "bare" })), &[]), "+ containerDefinitions[bare]: None None");
}

#[test]
fn a_mount_of_the_host_and_a_log_routers_configuration_are_shown_and_passwords_are_not() {
    let mount = json!({ "type": "none", "device": "/", "o": "bind,password=s3cret" });
    let router = json!({ "config-file-type": "s3", "config-file-value": "arn:aws:s3:::b/c", "x": "s3cret" });
    let to = json!({
        "volumes": [{ "name": "cache", "dockerVolumeConfiguration": { "driver": "local", "driverOpts": mount } }],
        "containerDefinitions": [{ "name": "log", "firelensConfiguration": { "type": "fluentbit", "options": router } }],
    });
    insta::assert_snapshot!(shown(&json!({}), &to, &[]), @r#"
    + containerDefinitions[log].firelensConfiguration.options.config-file-type: None ("s3")
    + containerDefinitions[log].firelensConfiguration.options.config-file-value: None ("arn:aws:s3:::b/c")
    + containerDefinitions[log].firelensConfiguration.options.x: None None
    + containerDefinitions[log].firelensConfiguration.type: None ("fluentbit")
    + volumes[cache].dockerVolumeConfiguration.driver: None ("local")
    + volumes[cache].dockerVolumeConfiguration.driverOpts.device: None ("/")
    + volumes[cache].dockerVolumeConfiguration.driverOpts.o: None None
    + volumes[cache].dockerVolumeConfiguration.driverOpts.type: None ("none")
    "#);
}

#[test]
fn roles_commands_and_secret_locations_are_shown_before_and_after() {
    let from = json!({ "taskRoleArn": "arn:r/app", "containerDefinitions": [
        { "name": "web", "image": "r/web@sha256:1", "command": ["serve"], "secrets": [{ "name": "K", "valueFrom": "arn:1" }] }] });
    let to = json!({ "taskRoleArn": "arn:r/admin", "containerDefinitions": [
        { "name": "web", "image": "r/web@sha256:1", "command": ["serve", "-x"], "secrets": [{ "name": "K", "valueFrom": "arn:2" }] }] });
    insta::assert_snapshot!(shown(&from, &to, &[]), @r#"
    ~ containerDefinitions[web].command: ("[\"serve\"]") ("[\"serve\",\"-x\"]")
    ~ containerDefinitions[web].secrets[K]: ("arn:1") ("arn:2")
    ~ taskRoleArn: ("arn:r/app") ("arn:r/admin")
    "#);
}

#[test]
fn a_value_is_shown_only_where_the_file_names_it_and_only_in_the_environment() {
    let with = |value: &str| {
        with(&json!({
            "name": "x", "environment": [{ "name": "A", "value": value }], "dockerLabels": { "A": value, "environment": value },
        }))
    };
    insta::assert_snapshot!(shown(&with("1"), &with("2"), &["A"]), @r#"
    ~ containerDefinitions[x].dockerLabels.A: None None
    ~ containerDefinitions[x].dockerLabels.environment: None None
    ~ containerDefinitions[x].environment[A]: ("1") ("2")
    "#);
    assert!(!shown(&with("s3cret"), &with("t0ken"), &["B"]).contains("s3cret"));
    // What ECS would refuse may still be a secret.
    let odd = |environment: Value| json!({ "containerDefinitions": [{ "name": "x", "environment": environment }] });
    for (from, to) in [(json!(["s3cret"]), json!(["t0ken"])), (json!({ "A": "s3cret" }), json!("s3cret"))] {
        let shown = shown(&odd(from), &odd(to), &["A"]);
        assert!(!shown.is_empty() && !shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
    }
}
