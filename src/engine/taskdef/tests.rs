use crate::model::fault::FaultKind;
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::plan::{Change, ChangeKind};

fn changes(from: &Value, to: &Value) -> Vec<Change> {
    crate::engine::changes::changes(from, to, &Default::default())
}

fn dev_web() -> (StageName, Workload) {
    ("dev".parse().unwrap(), Workload::Service("web".parse().unwrap()))
}

fn compose(base: &Value, images: &BTreeMap<String, String>) -> Result<Value, Fault> {
    let (stage, workload) = dev_web();
    super::compose(&stage, &workload, base, images)
}

/// A task definition as `DescribeTaskDefinition` returns it.
fn described() -> Value {
    json!({
        "taskDefinitionArn": "arn:aws:ecs:ap-northeast-1:012345678901:task-definition/web:7",
        "family": "web",
        "revision": 7,
        "status": "ACTIVE",
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "taskRoleArn": "arn:aws:iam::012345678901:role/web",
        "requiresAttributes": [{ "name": "com.amazonaws.ecs.capability.task-iam-role" }],
        "compatibilities": ["EC2", "FARGATE"],
        "requiresCompatibilities": ["FARGATE"],
        "registeredAt": 1700000000.5,
        "registeredBy": "arn:aws:iam::012345678901:user/a",
        "deregisteredAt": 1700000001.5,
        "deleteRequestedAt": 1700000002.5,
        "placementConstraints": [],
        "volumes": [],
        "newerThanThis": { "kept": [1, { "deep": true }] },
        "tags": [{ "key": "team", "value": "shop" }],
        "containerDefinitions": [
            {
                "name": "web",
                "image": "registry/web@sha256:old",
                "cpu": 0,
                "essential": true,
                "portMappings": [{ "containerPort": 8080, "hostPort": 8080, "protocol": "tcp", "name": "http" }],
                "environment": [{ "name": "B", "value": "2" }, { "name": "A", "value": "1" }],
                "secrets": [{ "name": "TOKEN", "valueFrom": "arn:aws:ssm:ap-northeast-1:1:parameter/token" }],
                "mountPoints": [],
                "volumesFrom": [],
                "newerInContainers": "kept"
            },
            { "name": "agent", "image": "registry/agent:1", "cpu": 10, "essential": false, "command": ["run", "it"] }
        ]
    })
}

fn images(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(c, i)| ((*c).to_owned(), (*i).to_owned())).collect()
}

#[test]
fn what_aws_added_is_not_registered_again() {
    let next = compose(&described(), &BTreeMap::new()).unwrap();
    for member in [
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "deleteRequestedAt",
        "tags",
    ] {
        assert!(next.get(member).is_none(), "{member} is not taken by RegisterTaskDefinition");
    }
}

#[test]
fn members_newer_than_this_survive() {
    let next = compose(&described(), &images(&[("web", "new")])).unwrap();
    assert_eq!(next["newerThanThis"], described()["newerThanThis"]);
    assert_eq!(next["containerDefinitions"][0]["newerInContainers"], "kept");
    assert_eq!(next["requiresCompatibilities"], json!(["FARGATE"]), "the user's own, unlike `compatibilities`");
}

#[test]
fn only_the_named_containers_images_are_replaced() {
    let next = compose(&described(), &images(&[("web", "registry/web@sha256:new")])).unwrap();
    assert_eq!(next["containerDefinitions"][0]["image"], "registry/web@sha256:new");
    let mut expected = described();
    expected["containerDefinitions"][0]["image"] = json!("registry/web@sha256:new");
    assert_eq!(next["containerDefinitions"], expected["containerDefinitions"]);
}

#[test]
fn a_missing_container_is_reported_with_those_that_exist() {
    let fault = compose(&described(), &images(&[("wbe", "x")])).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::NotFound);
    let ((stage, workload), container) = (dev_web(), "wbe".to_owned());
    let there = vec!["web".to_owned(), "agent".to_owned()];
    assert_eq!(fault, TaskDefinitionProblem::NoContainer { stage, workload, container, there }.into());
}

#[test]
fn what_is_not_a_task_definition_is_refused() {
    for base in [json!([]), json!("x"), json!({}), json!({ "containerDefinitions": {} })] {
        assert_eq!(compose(&base, &BTreeMap::new()).unwrap_err().kind(), FaultKind::Invalid, "{base}");
    }
}

#[test]
fn names_and_images_are_read_where_they_are() {
    assert_eq!(container_names(&described()), ["web", "agent"]);
    assert!(container_names(&json!({})).is_empty());
    assert_eq!(container_image(&described(), "agent").as_deref(), Some("registry/agent:1"));
    assert_eq!(container_image(&described(), "web2"), None);
}

#[test]
fn a_template_and_its_described_revision_have_the_same_content() {
    let template = json!({
        "family": "web",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "memory": "512",
        "cpu": "256",
        "taskRoleArn": "arn:aws:iam::012345678901:role/web",
        "newerThanThis": { "kept": [1, { "deep": true }] },
        "containerDefinitions": [
            {
                "name": "web",
                "image": "registry/web@sha256:old",
                "portMappings": [{ "name": "http", "containerPort": 8080 }],
                "environment": [{ "name": "A", "value": "1" }, { "value": "2", "name": "B" }],
                "secrets": [{ "name": "TOKEN", "valueFrom": "arn:aws:ssm:ap-northeast-1:1:parameter/token" }],
                "newerInContainers": "kept"
            },
            { "name": "agent", "image": "registry/agent:1", "cpu": 10, "essential": false, "command": ["run", "it"] }
        ]
    });
    assert_eq!(changes(&described(), &template), []);
    assert_eq!(content_hash(&described()), content_hash(&template));
}

#[test]
fn ports_that_ecs_fills_in_are_not_a_change_and_chosen_ports_are() {
    let with = |mode: &str, mapping: Value| json!({ "networkMode": mode, "containerDefinitions": [{ "name": "web", "portMappings": [mapping] }] });
    let plain = json!({ "containerPort": 80 });
    let same =
        |mode: &str, described: Value| content_hash(&with(mode, plain.clone())) == content_hash(&with(mode, described));
    assert!(same("awsvpc", json!({ "containerPort": 80, "hostPort": 80, "protocol": "tcp" })));
    assert!(same("host", json!({ "containerPort": 80, "hostPort": 80, "protocol": "tcp" })));
    assert!(same("bridge", json!({ "containerPort": 80, "hostPort": 0, "protocol": "tcp" })));
    assert!(!same("bridge", json!({ "containerPort": 80, "hostPort": 80, "protocol": "tcp" })));
    assert!(!same("awsvpc", json!({ "containerPort": 80, "protocol": "udp" })));
}

#[test]
fn order_counts_where_it_means_something() {
    let mut command = described();
    command["containerDefinitions"][1]["command"] = json!(["it", "run"]);
    assert_ne!(content_hash(&command), content_hash(&described()));
    let paths: Vec<String> = changes(&described(), &command).into_iter().map(|c| c.path).collect();
    assert_eq!(paths, ["containerDefinitions[agent].command"]);
}

#[test]
fn changes_name_the_member_and_show_plain_settings() {
    let mut next = described();
    next["cpu"] = json!("512");
    next["containerDefinitions"][0]["image"] = json!("registry/web@sha256:new");
    next["containerDefinitions"][0]["environment"] = json!([{ "name": "A", "value": "changed" }]);
    next["containerDefinitions"][1].as_object_mut().unwrap().remove("command");
    let found = changes(&described(), &next);
    let change = |path: &str, from: Option<&str>, to: Option<&str>, kind| Change {
        path: path.into(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        kind,
    };
    assert_eq!(
        found,
        [
            change("containerDefinitions[agent].command", Some(r#"["run","it"]"#), None, ChangeKind::Removed),
            change("containerDefinitions[web].environment[A]", None, None, ChangeKind::Changed),
            change("containerDefinitions[web].environment[B]", None, None, ChangeKind::Removed),
            change(
                "containerDefinitions[web].image",
                Some("registry/web@sha256:old"),
                Some("registry/web@sha256:new"),
                ChangeKind::Changed
            ),
            change("cpu", Some("256"), Some("512"), ChangeKind::Changed),
        ]
    );
}

#[test]
fn two_items_of_one_name_do_not_hide_a_change() {
    let with = |first: &str| {
        let environment = json!([{ "name": "A", "value": first }, { "name": "A", "value": "last" }]);
        json!({ "containerDefinitions": [{ "name": "web", "environment": environment }] })
    };
    assert!(!changes(&with("1"), &with("2")).is_empty());
}

#[test]
fn a_label_called_like_a_setting_is_not_shown() {
    for map in ["dockerLabels", "logConfiguration.options", "firelensConfiguration.options"] {
        let with = |value: &str| {
            let inner = map.rsplit('.').fold(json!({ "image": value }), |v, member| json!({ member: v }));
            let mut container = json!({ "name": "web" });
            container.as_object_mut().unwrap().extend(inner.as_object().unwrap().clone());
            json!({ "containerDefinitions": [container] })
        };
        let found = changes(&with("old-secret"), &with("new-secret"));
        assert_eq!(found.len(), 1);
        assert!(!format!("{found:?}").contains("secret"), "{found:?}");
    }
}

/// Every leaf of a JSON value, as a path of members and positions.
fn leaves(value: &Value, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(map) => {
            for (name, below) in map {
                path.push(name.clone());
                leaves(below, path, all);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (i, below) in items.iter().enumerate() {
                path.push(i.to_string());
                leaves(below, path, all);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => all.push(path.clone()),
    }
}

#[test]
fn every_registered_value_changes_the_hash_and_is_a_change() {
    let base = compose(&described(), &BTreeMap::new()).unwrap();
    let mut all = Vec::new();
    leaves(&base, &mut Vec::new(), &mut all);
    assert!(all.len() > 25);
    for path in all {
        let mut other = base.clone();
        let pointer = format!("/{}", path.join("/"));
        let leaf = other.pointer_mut(&pointer).unwrap();
        *leaf = match leaf.take() {
            Value::String(s) => json!(format!("{s}-changed")),
            Value::Number(n) => json!(n.as_f64().unwrap() + 1.0),
            Value::Bool(b) => json!(!b),
            other => panic!("{other} is no leaf of it"),
        };
        assert_ne!(content_hash(&other), content_hash(&base), "{pointer} changes nothing");
        assert!(!changes(&base, &other).is_empty(), "{pointer} shows nowhere");
    }
}

fn shuffled(value: &Value, order: &mut impl FnMut() -> bool) -> Value {
    match value {
        Value::Object(map) => {
            let mut members: Vec<(String, Value)> = map.iter().map(|(k, v)| (k.clone(), shuffled(v, order))).collect();
            members.sort_by_key(|_| order());
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|v| shuffled(v, order)).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

const CANARY: &str = "c4n4ry";

/// Members of all kinds, each value of which is a secret.
fn any_json(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        "[a-z]{0,3}".prop_map(|s| json!(format!("{CANARY}{s}"))),
        any::<bool>().prop_map(Value::from),
        (0..9_i64).prop_map(Value::from),
    ];
    leaf.prop_recursive(depth, 24, 4, |inner| {
        let names = prop::sample::select(vec!["name", "value", "valueFrom", "a", "b.image", "x"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..4)
                .prop_map(|m| Value::Object(m.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

/// Environment, secrets, labels and log options under names that settings have too; every value a canary.
fn any_secrets() -> impl Strategy<Value = Value> {
    let names = || prop::sample::select(vec!["A", "B", "image", "cpu", "x.image", "family]", "memory"]);
    let secret = || (0..4_u8).prop_map(|n| format!("{CANARY}-{n}"));
    let pairs = move || prop::collection::vec((names(), secret()), 0..4);
    (pairs(), pairs(), pairs(), pairs(), any_json(3)).prop_map(|(environment, secrets, labels, options, command)| {
        let list = |pairs: Vec<(&str, String)>, member: &str| {
            pairs.into_iter().map(|(name, value)| json!({ "name": name, member: value })).collect::<Vec<_>>()
        };
        let map = |pairs: Vec<(&str, String)>| {
            Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), json!(v))).collect())
        };
        json!({
            "family": "web",
            "containerDefinitions": [{
                "name": "web",
                "environment": list(environment, "value"),
                "secrets": list(secrets, "valueFrom"),
                "dockerLabels": map(labels),
                "logConfiguration": { "logDriver": "awslogs", "options": map(options) },
                "command": [command.to_string()],
            }]
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_members_does_not_change_the_hash(bits in prop::collection::vec(any::<bool>(), 64)) {
        let mut bits = bits.into_iter().cycle();
        let other = shuffled(&described(), &mut || bits.next().unwrap_or(false));
        prop_assert_eq!(content_hash(&other), content_hash(&described()));
        prop_assert_eq!(canonical(&other), canonical(&described()));
        prop_assert!(changes(&described(), &other).is_empty());
    }

    #[test]
    fn no_value_of_environment_labels_or_options_is_ever_shown(from in any_secrets(), to in any_secrets()) {
        // A command, and where a secret is, are shown.
        let shown = |c: &Change| c.path.ends_with(".command") || c.path.contains(".secrets[");
        for change in changes(&from, &to).into_iter().filter(|c| !shown(c)) {
            let shown = [change.from.as_deref(), change.to.as_deref()];
            prop_assert!(shown.iter().flatten().all(|v| !v.contains(CANARY)), "{:?}", change);
            prop_assert!(!change.path.contains(CANARY), "{:?}", change);
        }
    }

    #[test]
    fn two_definitions_differ_in_their_changes_if_they_differ_in_content(from in any_secrets(), to in any_secrets()) {
        let same = content_hash(&from) == content_hash(&to);
        prop_assert_eq!(changes(&from, &to).is_empty(), same);
    }
}
