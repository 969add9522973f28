//! RunTask.

use serde_json::{Value, json};

use super::rig::{Rig, seconds};

fn migrate(rig: &mut Rig) {
    rig.ok("RegisterTaskDefinition", json!({
        "family": "migrate", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "containerDefinitions": [
            { "name": "log-router", "image": "repo/router:1", "essential": true },
            { "name": "migrate", "image": "repo/migrate:1" },
        ],
    }));
    rig.images.put("repo/router:1", &[]);
}

fn order() -> Value {
    json!({
        "cluster": "c", "taskDefinition": "migrate", "launchType": "FARGATE", "startedBy": "release", "clientToken": "t1",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"] } },
        "overrides": { "containerOverrides": [{ "name": "migrate", "command": ["migrate", "up"] }] },
    })
}

fn ended(rig: &mut Rig, arn: &Value) -> Value {
    rig.pass(seconds(90));
    rig.ok("DescribeTasks", json!({ "cluster": "c", "tasks": [arn] }))["tasks"][0].take()
}

fn exit_of(task: &Value, name: &str) -> Value {
    let containers = task["containers"].as_array().unwrap();
    containers.iter().find(|c| c["name"] == name).unwrap()["exitCode"].clone()
}

#[test]
fn a_one_off_task_runs_for_a_while_and_its_named_container_exits_zero() {
    let mut rig = Rig::new();
    migrate(&mut rig);
    let digest = rig.images.put("repo/migrate:1", &[]);
    let started = rig.ok("RunTask", order())["tasks"][0].take();
    assert_eq!((&started["lastStatus"], &started["group"]), (&json!("PROVISIONING"), &json!("family:migrate")));
    rig.pass(seconds(41));
    let during = rig.ok("DescribeTasks", json!({ "cluster": "c", "tasks": [started["taskArn"]] }));
    assert_eq!(during["tasks"][0]["lastStatus"], "RUNNING");
    let task = ended(&mut rig, &started["taskArn"]);
    assert_eq!((&task["lastStatus"], &task["stopCode"]), (&json!("STOPPED"), &json!("EssentialContainerExited")));
    assert_eq!((exit_of(&task, "migrate"), exit_of(&task, "log-router")), (json!(0), json!(143)));
    assert_eq!(task["containers"][1]["imageDigest"], json!(digest));
    let found = rig.ok("ListTasks", json!({ "cluster": "c", "startedBy": "release", "desiredStatus": "STOPPED" }));
    assert_eq!(found["taskArns"], json!([started["taskArn"]]));
}

#[test]
fn a_failing_migration_reports_its_exit_code() {
    let mut rig = Rig::new();
    migrate(&mut rig);
    rig.images.put("repo/migrate:1", &[("run-exit-code", "7")]);
    let arn = rig.ok("RunTask", order())["tasks"][0]["taskArn"].take();
    let task = ended(&mut rig, &arn);
    assert_eq!(exit_of(&task, "migrate"), json!(7));
}

#[test]
fn a_client_token_makes_one_task_and_refuses_other_parameters() {
    let mut rig = Rig::new();
    migrate(&mut rig);
    rig.images.put("repo/migrate:1", &[]);
    let first = rig.ok("RunTask", order());
    let again = rig.ok("RunTask", order());
    assert_eq!(first["tasks"][0]["taskArn"], again["tasks"][0]["taskArn"]);
    let mut other = order();
    other["startedBy"] = json!("else");
    let refused = rig.call("RunTask", other).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), &refused.extra["resourceIds"][0]),
        ("ConflictException", &first["tasks"][0]["taskArn"])
    );
}

#[test]
fn what_run_task_cannot_do_is_refused_in_aws_words() {
    let mut rig = Rig::new();
    migrate(&mut rig);
    let mut without_network = order();
    without_network.as_object_mut().unwrap().remove("networkConfiguration");
    assert_eq!(rig.code("RunTask", without_network), "InvalidParameterException");
    let mut wrong_name = order();
    wrong_name["overrides"]["containerOverrides"][0]["name"] = json!("none");
    let error = rig.call("RunTask", wrong_name).unwrap_err();
    assert_eq!(error.message, "Override for container named none is not a container in the TaskDefinition.");
    assert_eq!(
        rig.code("RunTask", json!({ "cluster": "none", "taskDefinition": "migrate" })),
        "ClusterNotFoundException"
    );
}

#[test]
fn a_stopped_one_off_task_reports_who_stopped_it() {
    let mut rig = Rig::new();
    migrate(&mut rig);
    rig.images.put("repo/migrate:1", &[("exit-after", "600")]);
    let arn = rig.ok("RunTask", order())["tasks"][0]["taskArn"].take();
    rig.pass(seconds(60));
    rig.ok("StopTask", json!({ "cluster": "c", "task": arn, "reason": "deadline" }));
    let task = ended(&mut rig, &arn);
    assert_eq!((&task["stopCode"], &task["stoppedReason"]), (&json!("UserInitiated"), &json!("deadline")));
}

#[test]
fn what_only_a_service_can_have_is_refused() {
    let mut rig = Rig::new();
    migrate(&mut rig);
    rig.images.put("repo/migrate:1", &[]);
    for (member, value) in [("propagateTags", json!("SERVICE")), ("enableExecuteCommand", json!(true))] {
        let mut input = order();
        input["clientToken"] = json!(member);
        input[member] = value;
        assert_eq!(rig.code("RunTask", input), "InvalidParameterException", "{member}");
    }
}
