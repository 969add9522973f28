//! What a task definition has to have for the service or the task that is to run it.

use serde_json::{Value, json};

use super::rig::{Rig, definition, merge};

const NOT_ON_FARGATE: &str = "Task definition does not support launch_type FARGATE.";
const NO_NETWORK: &str = "Network Configuration must be provided when networkMode 'awsvpc' is specified.";
const NEEDLESS_NETWORK: &str = "Network Configuration is not valid for the given networkMode of this task definition.";
const BOTH: &str =
    "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.";

/// With the families `bridge` and `flat`, which Fargate takes.
fn rig() -> Rig {
    let mut rig = Rig::new();
    for (family, mode) in [("bridge", "bridge"), ("flat", "awsvpc")] {
        let mut input = definition("repo/web:1");
        merge(&mut input, json!({ "family": family, "networkMode": mode }));
        rig.ok("RegisterTaskDefinition", input);
    }
    rig
}

fn network() -> Value {
    json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"] } })
}

fn create(family: &str, extra: Value) -> Value {
    let mut input = json!({ "cluster": "c", "serviceName": "new", "taskDefinition": family, "desiredCount": 1 });
    merge(&mut input, extra);
    input
}

fn run(family: &str, extra: Value) -> Value {
    let mut input = json!({ "cluster": "c", "taskDefinition": family });
    merge(&mut input, extra);
    input
}

fn refused(rig: &mut Rig, op: &str, input: Value) -> String {
    let error = rig.call(op, input).expect_err(op);
    assert_eq!(error.code, "InvalidParameterException", "{}", error.message);
    error.message
}

fn said_by_both(rig: &mut Rig, family: &str, extra: Value) -> [String; 2] {
    let service = refused(rig, "CreateService", create(family, extra.clone()));
    [service, refused(rig, "RunTask", run(family, extra))]
}

#[test]
fn fargate_runs_only_what_it_is_compatible_with() {
    let mut rig = rig();
    let fargate = json!({ "launchType": "FARGATE" });
    assert_eq!(said_by_both(&mut rig, "bridge", fargate), [NOT_ON_FARGATE; 2]);
    let spot = json!({ "capacityProviderStrategy": [{ "capacityProvider": "FARGATE_SPOT" }] });
    assert_eq!(said_by_both(&mut rig, "bridge", spot), [NOT_ON_FARGATE; 2]);
    let listed = rig.ok("ListServices", json!({ "cluster": "c" }))["serviceArns"].take();
    assert_eq!(listed.as_array().unwrap().len(), 1, "what is refused is not made: {listed}");

    let flat = json!({ "launchType": "FARGATE", "networkConfiguration": network() });
    rig.ok("RunTask", run("flat", flat.clone()));
    rig.ok("CreateService", create("flat", flat));
    let update = json!({ "cluster": "c", "service": "new", "taskDefinition": "bridge" });
    assert_eq!(refused(&mut rig, "UpdateService", update), NOT_ON_FARGATE);
}

#[test]
fn awsvpc_needs_a_network_and_nothing_else_takes_one() {
    let mut rig = rig();
    assert_eq!(said_by_both(&mut rig, "flat", json!({})), [NO_NETWORK; 2]);
    assert_eq!(said_by_both(&mut rig, "flat", json!({ "networkConfiguration": {} })), [NO_NETWORK; 2]);
    let without = json!({ "networkConfiguration": { "awsvpcConfiguration": { "subnets": [] } } });
    assert_eq!(said_by_both(&mut rig, "flat", without), ["subnets can not be empty."; 2]);
    let with = json!({ "networkConfiguration": network() });
    assert_eq!(said_by_both(&mut rig, "bridge", with.clone()), [NEEDLESS_NETWORK; 2]);

    let web = json!({ "cluster": "c", "service": "web" });
    let update = |extra: Value| {
        let mut input = web.clone();
        merge(&mut input, extra);
        input
    };
    assert_eq!(refused(&mut rig, "UpdateService", update(json!({ "taskDefinition": "flat" }))), NO_NETWORK);
    assert_eq!(refused(&mut rig, "UpdateService", update(with)), NEEDLESS_NETWORK);
    rig.ok("UpdateService", update(json!({ "taskDefinition": "flat", "networkConfiguration": network() })));
}

#[test]
fn a_launch_type_and_a_strategy_exclude_each_other() {
    let mut rig = rig();
    let strategy = json!([{ "capacityProvider": "FARGATE", "weight": 1 }]);
    let both = json!({ "launchType": "EC2", "capacityProviderStrategy": strategy });
    assert_eq!(said_by_both(&mut rig, "bridge", both), [BOTH; 2]);
    let none = json!({ "launchType": "EC2", "capacityProviderStrategy": [] });
    assert_eq!(rig.ok("CreateService", create("bridge", none))["service"]["launchType"], "EC2");

    let mut update = json!({ "cluster": "c", "service": "web", "taskDefinition": "flat",
        "networkConfiguration": network(), "capacityProviderStrategy": strategy });
    let updated = rig.ok("UpdateService", update.clone())["service"].take();
    assert_eq!((updated.get("launchType"), &updated["capacityProviderStrategy"]), (None, &strategy));
    update["capacityProviderStrategy"] = json!([]);
    assert_eq!(rig.ok("UpdateService", update)["service"]["launchType"], "FARGATE");
}

#[test]
fn a_load_balancer_names_a_container_and_a_port_of_the_definition() {
    let mut rig = rig();
    let balanced = |name: &str, port: u32| {
        let balancer = json!({ "targetGroupArn": "arn:tg", "containerName": name, "containerPort": port });
        json!({ "loadBalancers": [balancer] })
    };
    let said = refused(&mut rig, "CreateService", create("bridge", balanced("app", 80)));
    assert_eq!(said, "The container app does not exist in the task definition.");
    let said = refused(&mut rig, "CreateService", create("bridge", balanced("web", 81)));
    assert_eq!(said, "The container web did not have a container port 81 defined.");
    rig.ok("CreateService", create("bridge", balanced("web", 80)));

    let mut other = definition("repo/web:1");
    other["containerDefinitions"][0]["portMappings"] = json!([{ "containerPort": 8080 }]);
    rig.ok("RegisterTaskDefinition", other);
    let mut update = json!({ "cluster": "c", "service": "new", "taskDefinition": "web" });
    let said = refused(&mut rig, "UpdateService", update.clone());
    assert_eq!(said, "The container web did not have a container port 80 defined.");
    merge(&mut update, balanced("web", 8080));
    rig.ok("UpdateService", update);
}

#[test]
fn a_seed_is_checked_for_it_as_well() {
    let mut ecs = crate::sandbox::ecs::Ecs::new(crate::sandbox::latency::Latency::REAL);
    let service = json!({ "serviceName": "web", "taskDefinition": "web", "launchType": "FARGATE" });
    let seed = json!({ "account": "111111111111", "region": "ap-northeast-1", "taskDefinitions": [definition("a")],
        "clusters": [{ "clusterName": "c", "services": [service] }] });
    assert_eq!(ecs.seed(&seed, super::rig::start()).unwrap_err(), format!("ecs seed: service web: {NOT_ON_FARGATE}"));
}

#[test]
fn a_seed_is_checked_against_the_shapes_of_its_requests() {
    let mut ecs = crate::sandbox::ecs::Ecs::new(crate::sandbox::latency::Latency::REAL);
    let service =
        json!({ "serviceName": "web", "taskDefinition": "web", "deploymentConfiguration": { "strategy": "BLUE" } });
    let seed = json!({ "account": "111111111111", "region": "ap-northeast-1", "taskDefinitions": [definition("a")],
        "clusters": [{ "clusterName": "c", "services": [service] }] });
    let said = ecs.seed(&seed, super::rig::start()).unwrap_err();
    assert!(said.starts_with("ecs seed: CreateService:") && said.contains("strategy"), "{said}");
}
