//! Task definitions that ECS refuses to register.

use serde_json::{Value, json};

use super::rig::{Rig, merge};

const ECR: &str = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/web:1";
const ROLE: &str = "arn:aws:iam::111111111111:role/execution";

/// One that Fargate takes, of a container `web` and a sidecar that it depends on.
fn taken() -> Value {
    json!({
        "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "512", "memory": "1024",
        "executionRoleArn": ROLE, "volumes": [{ "name": "data" }],
        "containerDefinitions": [
            { "name": "web", "image": ECR, "cpu": 256, "memory": 512, "memoryReservation": 512,
              "portMappings": [{ "containerPort": 80, "hostPort": 80 }], "secrets": [{ "name": "A", "valueFrom": "a" }],
              "mountPoints": [{ "sourceVolume": "data", "containerPath": "/data" }],
              "dependsOn": [{ "containerName": "init", "condition": "COMPLETE" }],
              "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "g", "awslogs-region": "r" } },
              "linuxParameters": { "capabilities": { "add": ["SYS_PTRACE"] } } },
            { "name": "init", "image": "public.ecr.aws/docker/library/busybox:1", "essential": false, "cpu": 256 },
        ],
    })
}

type Change = dyn Fn(&mut Value);

/// What ECS says to the definition with one thing changed.
fn said(change: &Change) -> String {
    let mut input = taken();
    change(&mut input);
    let error = Rig::new().call("RegisterTaskDefinition", input).unwrap_err();
    assert_eq!(error.code, "ClientException", "{}", error.message);
    error.message
}

fn web(change: Value) -> impl Fn(&mut Value) {
    move |input| merge(&mut input["containerDefinitions"][0], change.clone())
}

fn task(change: Value) -> impl Fn(&mut Value) {
    move |input| merge(input, change.clone())
}

fn without(member: &'static str) -> impl Fn(&mut Value) {
    move |input| drop(input.as_object_mut().unwrap().remove(member))
}

#[test]
fn a_definition_that_keeps_all_the_rules_is_registered() {
    let mut rig = Rig::new();
    assert_eq!(rig.ok("RegisterTaskDefinition", taken())["taskDefinition"]["family"], "web");
}

#[test]
fn what_is_wrong_with_containers_is_refused_in_aws_words() {
    let many: Vec<Value> = (0..11).map(|n| json!({ "name": format!("c{n}"), "image": "x" })).collect();
    let cases: [(&str, &Change); 16] = [
        ("Container list cannot be empty.", &task(json!({ "containerDefinitions": [] }))),
        ("Too many containers.", &task(json!({ "containerDefinitions": many }))),
        ("Container.name should not be null or empty.", &web(json!({ "name": null }))),
        ("Container.name contains invalid characters.", &web(json!({ "name": "a b" }))),
        ("Container.image should not be null or empty.", &web(json!({ "image": "" }))),
        ("Container names must be unique within a Task Definition.", &web(json!({ "name": "init" }))),
        ("At least one container in a task must be marked essential.", &web(json!({ "essential": false }))),
        (
            "Invalid setting for container 'web'. 'memory' must be greater than or equal to 'memoryReservation'.",
            &web(json!({ "memoryReservation": 513 })),
        ),
        ("The 'memory' setting for container 'web' is greater than for the task.", &web(json!({ "memory": 1025 }))),
        (
            "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
            &web(json!({ "cpu": 257 })),
        ),
        (
            "Cannot depend on container none because it does not exist",
            &web(json!({ "dependsOn": [{ "containerName": "none", "condition": "START" }] })),
        ),
        ("A dependency container with SUCCESS or COMPLETE condition cannot be an essential container", &|i| {
            i["containerDefinitions"][1]["essential"] = json!(true)
        }),
        (
            "A dependency container with HEALTHY condition must have health check configured",
            &web(json!({ "dependsOn": [{ "containerName": "init", "condition": "HEALTHY" }] })),
        ),
        ("Unknown volume 'data'.", &without("volumes")),
        (
            "Log driver awslogs requires options: awslogs-group",
            &web(json!({ "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-region": "r" } } })),
        ),
        (
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
            &without("executionRoleArn"),
        ),
    ];
    for (words, change) in cases {
        assert_eq!(said(change), words);
    }
}

#[test]
fn fargate_needs_an_execution_role_for_what_it_does_before_the_container_runs() {
    let mut bare = taken();
    bare["containerDefinitions"] = json!([{ "name": "web", "image": "nginx" }]);
    without("executionRoleArn")(&mut bare);
    let with = |change: Value| {
        let mut input = bare.clone();
        merge(&mut input["containerDefinitions"][0], change);
        Rig::new().call("RegisterTaskDefinition", input).map_err(|e| e.message)
    };
    assert!(with(json!({})).is_ok(), "an image that anybody can pull needs none");
    assert!(with(json!({ "image": "public.ecr.aws/nginx/nginx:1" })).is_ok());
    let ecr = Err("Fargate requires task definition to have execution role ARN to support ECR images.".to_owned());
    for image in [ECR, "127.0.0.1:4510/111111111111.ap-northeast-1/team/web@sha256:ab", "1.dkr-ecr.r.on.aws/web"] {
        assert_eq!(with(json!({ "image": image })), ecr, "{image}");
    }
    let logs = json!({ "logDriver": "awslogs", "options": { "awslogs-group": "g", "awslogs-region": "r" } });
    assert_eq!(
        with(json!({ "logConfiguration": logs })).unwrap_err(),
        "Fargate requires task definition to have execution role ARN to support log driver awslogs."
    );
    // EC2's instances have a role of their own.
    bare["requiresCompatibilities"] = json!(["EC2"]);
    bare["containerDefinitions"][0]["image"] = json!(ECR);
    Rig::new().ok("RegisterTaskDefinition", bare);
}

#[test]
fn what_fargate_does_not_take_is_refused() {
    let pair = |cpu: u32, memory: u32| {
        format!(
            "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation \
             for the valid values."
        )
    };
    let cases: [(&str, &Change); 16] = [
        (&pair(512, 5120), &task(json!({ "memory": "5120" }))),
        (&pair(512, 5120), &task(json!({ "cpu": ".5 vCPU", "memory": "5 GB" }))),
        (&pair(600, 1024), &task(json!({ "cpu": "600" }))),
        ("Fargate requires that 'cpu' be defined at the task level.", &without("cpu")),
        ("Fargate requires that 'memory' be defined at the task level.", &|i| {
            without("memory")(i);
            i["containerDefinitions"][1]["memory"] = json!(64);
        }),
        ("Fargate only supports network mode ‘awsvpc’.", &task(json!({ "networkMode": "bridge" }))),
        ("Fargate compatible task definitions do not support ipcMode", &task(json!({ "ipcMode": "task" }))),
        (
            "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'.",
            &task(json!({ "pidMode": "host" })),
        ),
        (
            "Fargate compatible task definitions do not support placementConstraints",
            &task(json!({ "placementConstraints": [{ "type": "memberOf", "expression": "x" }] })),
        ),
        (
            "Fargate compatible task definitions do not support dockerVolumeConfiguration",
            &task(json!({ "volumes": [{ "name": "data", "dockerVolumeConfiguration": {} }] })),
        ),
        (
            "Fargate compatible task definitions do not support sourcePath",
            &task(json!({ "volumes": [{ "name": "data", "host": { "sourcePath": "/" } }] })),
        ),
        ("Fargate requires that the 'privileged' setting be 'false'", &web(json!({ "privileged": true }))),
        (
            "Fargate compatible task definitions do not support dockerSecurityOptions",
            &web(json!({ "dockerSecurityOptions": ["no-new-privileges"] })),
        ),
        (
            "NET_ADMIN is not allowed on Fargate.",
            &web(json!({ "linuxParameters": { "capabilities": { "add": ["NET_ADMIN"] } } })),
        ),
        (
            "Fargate compatible task definitions do not support log driver syslog",
            &web(json!({ "logConfiguration": { "logDriver": "syslog" } })),
        ),
        (
            "Invalid 'cpu' setting for task. For more information, see the Troubleshooting section of the Amazon ECS Developer \
             Guide.",
            &task(json!({ "cpu": "64" })),
        ),
    ];
    for (words, change) in cases {
        assert_eq!(said(change), words);
    }
}

#[test]
fn what_a_network_mode_does_not_allow_is_refused() {
    let awsvpc: [(&str, Value); 7] = [
        ("Links are not supported when networkMode=awsvpc.", json!({ "links": ["init"] })),
        (
            "ExtraHosts are not supported when networkMode=awsvpc.",
            json!({ "extraHosts": [{ "hostname": "a", "ipAddress": "10.0.0.1" }] }),
        ),
        ("Hostname is not supported on container when networkMode=awsvpc.", json!({ "hostname": "web" })),
        ("DNS servers are not supported on container when networkMode=awsvpc.", json!({ "dnsServers": ["1.1.1.1"] })),
        (
            "DNS search domains are not supported on container when networkMode=awsvpc.",
            json!({ "dnsSearchDomains": ["a.b"] }),
        ),
        (
            "Disable Networking is not supported on container when networkMode=awsvpc.",
            json!({ "disableNetworking": true }),
        ),
        (
            "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
            json!({ "portMappings": [{ "containerPort": 80, "hostPort": 8080 }] }),
        ),
    ];
    for (words, change) in awsvpc {
        assert_eq!(said(&web(change.clone())), words);
        let bridge = |input: &mut Value| {
            merge(input, json!({ "networkMode": "bridge", "requiresCompatibilities": ["EC2"] }));
            web(change.clone())(input);
        };
        let mut input = taken();
        bridge(&mut input);
        Rig::new().ok("RegisterTaskDefinition", input);
    }
    let none = task(json!({ "networkMode": "none", "requiresCompatibilities": ["EC2"] }));
    assert_eq!(said(&none), "Port mappings are not supported when networkMode=none.");
}

#[test]
fn a_definition_may_have_64_kib_and_not_more() {
    let of = |bytes: usize| {
        let mut input = taken();
        let filled = |n: usize| web(json!({ "environment": [{ "name": "A", "value": "x".repeat(n) }] }));
        filled(0)(&mut input);
        let rest = bytes - input.to_string().len();
        filled(rest)(&mut input);
        Rig::new().call("RegisterTaskDefinition", input).map_err(|e| e.message)
    };
    assert!(of(65_536).is_ok());
    assert_eq!(of(66_420).unwrap_err(), "Actual length: '66420'. Max allowed length is '65536' bytes.");
}

#[test]
fn sizes_are_shown_in_units_however_they_were_given() {
    let mut rig = Rig::new();
    let mut input = taken();
    merge(&mut input, json!({ "cpu": "1 vCPU", "memory": "2GB" }));
    let registered = rig.ok("RegisterTaskDefinition", input)["taskDefinition"].clone();
    assert_eq!((&registered["cpu"], &registered["memory"]), (&json!("1024"), &json!("2048")));
}

#[test]
fn invalid_tags_are_refused() {
    let mut input = taken();
    input["tags"] = json!([]);
    let error = Rig::new().call("RegisterTaskDefinition", input).unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("InvalidParameterException", "Tags can not be empty."));
}

/// Whether the definition with this change is registered; what is out of a range says which.
fn takes(change: &Change, member: &str) -> bool {
    let mut input = taken();
    change(&mut input);
    match Rig::new().call("RegisterTaskDefinition", input) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.code, "ClientException");
            assert!(error.message.contains(member), "{member}: {}", error.message);
            false
        }
    }
}

#[test]
fn numbers_have_the_ranges_of_the_documentation() {
    type Given = fn(i64) -> Value;
    let check =
        |member: &'static str| move |n: i64| web(json!({ "healthCheck": { "command": ["CMD", "true"], member: n } }));
    let on_bridge = |change: Value| {
        move |input: &mut Value| {
            merge(input, json!({ "networkMode": "bridge", "requiresCompatibilities": ["EC2"] }));
            web(change.clone())(input);
        }
    };
    for (member, least, most) in [("interval", 5, 300), ("timeout", 2, 60), ("retries", 1, 10), ("startPeriod", 0, 300)]
    {
        let taken: Vec<i64> =
            [least - 1, least, most, most + 1].into_iter().filter(|n| takes(&check(member)(*n), member)).collect();
        assert_eq!(taken, [least, most], "{member}");
    }
    let ports: [(&str, i64, Given); 2] = [
        ("containerPort", 1, |n| json!({ "portMappings": [{ "containerPort": n }] })),
        ("hostPort", 0, |n| json!({ "portMappings": [{ "containerPort": 80, "hostPort": n }] })),
    ];
    for (member, least, given) in ports {
        let given = |n: &i64| takes(&on_bridge(given(*n)), member);
        let taken: Vec<i64> = [-1, 0, 1, 65_535, 65_536].into_iter().filter(given).collect();
        let expected: Vec<i64> = [0, 1, 65_535].into_iter().filter(|n| *n >= least).collect();
        assert_eq!(taken, expected, "{member}");
    }
    assert!(!takes(&web(json!({ "healthCheck": { "command": [] } })), "command"));
}

#[test]
fn fargate_has_ranges_of_its_own() {
    let stop = move |n: i64| web(json!({ "stopTimeout": n }));
    let storage = |n: i64| task(json!({ "ephemeralStorage": { "sizeInGiB": n } }));
    let stops: Vec<i64> = [2, 120, 121].into_iter().filter(|n| takes(&stop(*n), "stopTimeout")).collect();
    assert_eq!(stops, [2, 120]);
    let sizes: Vec<i64> = [20, 21, 200, 201].into_iter().filter(|n| takes(&storage(*n), "sizeInGiB")).collect();
    assert_eq!(sizes, [21, 200]);
    let on_ec2 = move |input: &mut Value| {
        merge(input, json!({ "requiresCompatibilities": ["EC2"] }));
        stop(999)(input);
    };
    assert!(takes(&on_ec2, "stopTimeout"));
}

#[test]
fn containers_that_wait_for_each_other_are_refused() {
    let depending = |name: &str, on: &[&str]| {
        let on: Vec<Value> = on.iter().map(|o| json!({ "containerName": o, "condition": "START" })).collect();
        json!({ "name": name, "image": "x", "dependsOn": on })
    };
    let of = |containers: Vec<Value>| task(json!({ "containerDefinitions": containers }));
    let said_of = |containers: Vec<Value>| said(&of(containers));
    assert!(said_of(vec![depending("a", &["a"])]).ends_with("cycle: a"));
    let cycle = vec![depending("a", &["b"]), depending("b", &["c"]), depending("c", &["a", "d"]), depending("d", &[])];
    assert!(said_of(cycle).ends_with("cycle: a, b, c"));
    let diamond =
        vec![depending("a", &["b", "c"]), depending("b", &["d"]), depending("c", &["d"]), depending("d", &[])];
    assert!(takes(&of(diamond), "dependsOn"));
}
