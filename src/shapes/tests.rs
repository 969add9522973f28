use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::table::services;
use super::{Leaves, Measure, Model, Problem, Shape, What, check, of};

fn problems(service: &str, operation: &str, input: Value) -> Vec<(String, What)> {
    let model = of(service).unwrap();
    let leaves = if service == "sts" { Leaves::Texts } else { Leaves::Typed };
    let input_shape = model.operation(operation).unwrap().input.as_deref().unwrap();
    check(model, input_shape, &input, leaves).into_iter().map(|Problem { path, what }| (path, what)).collect()
}

fn wanted(what: &What) -> &str {
    match what {
        What::Type { wanted, .. } => wanted,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_shape_that_the_data_names_is_there() {
    for service in services() {
        let model = of(service).unwrap();
        let inputs: Vec<&String> = model.operations.values().filter_map(|o| o.input.as_ref()).collect();
        assert!(!inputs.is_empty(), "{service}");
        // A name without a shape panics.
        let mut seen = BTreeSet::new();
        inputs.into_iter().for_each(|name| walk(model, name, &mut seen));
    }
    assert!(of("moon").is_none());
}

fn walk<'m>(model: &'m Model, name: &'m str, seen: &mut BTreeSet<&'m str>) {
    if !seen.insert(name) {
        return;
    }
    match model.shape(name) {
        Shape::Structure { members, required, .. } => {
            assert!(required.iter().all(|r| members.contains_key(r)), "{name}");
            members.values().for_each(|part| walk(model, part, seen));
        }
        Shape::List { member, .. } => walk(model, member, seen),
        Shape::Map { key, value, .. } => [key, value].into_iter().for_each(|part| walk(model, part, seen)),
        Shape::String { .. }
        | Shape::Integer { .. }
        | Shape::Long { .. }
        | Shape::Double { .. }
        | Shape::Boolean {}
        | Shape::Timestamp {}
        | Shape::Blob {} => {}
    }
}

#[test]
fn what_is_right_is_let_pass_also_where_it_is_newer_than_the_model() {
    let input = json!({
        "family": "hello", "cpu": "256", "mood": {"of": "tomorrow"}, "taskRoleArn": null,
        "containerDefinitions": [{"name": "app", "environment": [{"name": "A", "value": "1"}], "memory": 64}],
    });
    assert_eq!(problems("ecs", "RegisterTaskDefinition", input), []);
    assert_eq!(problems("ecs", "ListServices", json!({})), []);
    let asked =
        json!({"RoleArn": "arn:aws:iam::111111111111:role/r", "RoleSessionName": "session", "DurationSeconds": "900"});
    assert_eq!(problems("sts", "AssumeRole", asked), []);
}

#[test]
fn a_wrong_type_is_reported_with_its_path() {
    let port = json!({"family": "hello", "containerDefinitions": [{"portMappings": [{}, {"containerPort": "8080"}]}]});
    let found = problems("ecs", "RegisterTaskDefinition", port);
    assert_eq!(found[0].0, "containerDefinitions.1.portMappings.2.containerPort");
    assert_eq!((found.len(), wanted(&found[0].1)), (1, "an integer"));
    let wrong = [
        ("services", json!(5), "a list"),
        ("services", json!([{}]), "a string"),
        ("cluster", json!(["x"]), "a string"),
    ];
    for (member, value, type_of) in wrong {
        let mut input = json!({"services": ["web"]});
        input[member] = value;
        let found = problems("ecs", "DescribeServices", input);
        assert_eq!((found.len(), wanted(&found[0].1)), (1, type_of), "{found:?}");
    }
    let after = |value: Value| problems("ecs", "ListServiceDeployments", json!({"service": "web", "createdAt": value}));
    assert_eq!(after(json!({"after": 1769852700.5})), []);
    assert_eq!(wanted(&after(json!({"after": "2026-01-31"}))[0].1), "a time");
    assert_eq!(wanted(&after(json!([]))[0].1), "a structure");
    let count = |value: Value| problems("ecs", "UpdateService", json!({"service": "web", "desiredCount": value}));
    assert_eq!(count(json!(2)), []);
    for no_integer in [json!(2.5), json!(2.0), json!(2_147_483_648_u64), json!(99_999_999_999_999_999_999_u128 as f64)]
    {
        assert_eq!(wanted(&count(no_integer)[0].1), "an integer");
    }
    let force = problems("ecs", "UpdateService", json!({"service": "web", "forceNewDeployment": "true"}));
    assert_eq!(wanted(&force[0].1), "a boolean");
    assert_eq!(
        wanted(&problems("ecs", "UpdateService", json!({"service": "web", "desiredCount": 1.5}))[0].1),
        "an integer"
    );
}

#[test]
fn a_missing_member_a_foreign_value_and_a_size_out_of_bounds_are_reported() {
    let missing = problems("ecs", "UpdateService", json!({"deploymentConfiguration": {"alarms": {"alarmNames": []}}}));
    let paths: Vec<&str> = missing.iter().map(|(path, _)| path.as_str()).collect();
    let alarms = "deploymentConfiguration.alarms";
    assert_eq!(paths, ["service", &format!("{alarms}.rollback"), &format!("{alarms}.enable")]);
    assert!(missing.iter().all(|(_, what)| *what == What::Missing));

    let found = problems("ecs", "UpdateService", json!({"service": null, "networkConfiguration": null}));
    assert_eq!(found, [("service".to_owned(), What::Missing)]);

    let mode = problems(
        "ecs",
        "RegisterTaskDefinition",
        json!({"family": "a", "containerDefinitions": [], "networkMode": "moon"}),
    );
    let values = ["bridge", "host", "awsvpc", "none"].map(str::to_owned).to_vec();
    assert_eq!(mode, [("networkMode".to_owned(), What::Enum { found: "moon".to_owned(), values })]);

    let sized =
        |tag: &str| problems("ecr", "PutImage", json!({"repositoryName": "a", "imageManifest": "{}", "imageTag": tag}));
    assert_eq!(sized("v1"), [("repositoryName".to_owned(), What::Less { than: 2.0, of: Measure::Length })]);
    assert_eq!(sized(&"v".repeat(301))[1], ("imageTag".to_owned(), What::More { than: 300.0, of: Measure::Length }));
    let named = problems("ecr", "ListImages", json!({"repositoryName": "Large"}));
    assert!(matches!(&named[..], [(path, What::Pattern { .. })] if path == "repositoryName"), "{named:?}");
    let none = problems("inspector2", "ListFindings", json!({"filterCriteria": {"severity": []}}));
    assert_eq!(none, [("filterCriteria.severity".to_owned(), What::Less { than: 1.0, of: Measure::Length })]);
}

#[test]
fn the_query_protocol_has_texts_for_numbers_and_nothing_for_an_empty_list() {
    let role = "arn:aws:iam::111111111111:role/r";
    let asked = |more: Value| {
        let mut input = json!({"RoleArn": role, "RoleSessionName": "session"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        problems("sts", "AssumeRole", input)
    };
    assert_eq!(asked(json!({"Tags": "", "DurationSeconds": "3600"})), []);
    for no_integer in ["soon", "1e3", "99999999999"] {
        assert_eq!(wanted(&asked(json!({"DurationSeconds": no_integer}))[0].1), "an integer");
    }
    assert_eq!(
        asked(json!({"DurationSeconds": "60"})),
        [("DurationSeconds".to_owned(), What::Less { than: 900.0, of: Measure::Value })]
    );
    assert_eq!(wanted(&asked(json!({"Tags": "x"}))[0].1), "a list");
}

#[test]
fn a_member_that_the_model_does_not_have_is_found_with_those_that_it_has() {
    let model = of("ecs").unwrap();
    let input =
        json!({"family": "a", "mood": null, "containerDefinitions": [{"name": "b"}, {"healthcheck": {"of": 1}}]});
    let found = super::unknown(model, "RegisterTaskDefinitionRequest", &input);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].path.as_str(), found[0].name.as_str()), ("containerDefinitions.2.healthcheck", "healthcheck"));
    assert!(found[0].known.contains(&"healthCheck"));
}

#[test]
fn a_union_has_one_member() {
    let resource = |strategy: Value| {
        let gpu = json!({"type": "GPU", "value": "1", "sharingStrategy": strategy});
        problems(
            "ecs",
            "RegisterTaskDefinition",
            json!({"family": "a", "containerDefinitions": [{"resourceRequirements": [gpu]}]}),
        )
    };
    let at = "containerDefinitions.1.resourceRequirements.1.sharingStrategy";
    assert_eq!(resource(json!({})), [(at.to_owned(), What::Union { members: 0 })]);
    assert_eq!(resource(json!({"newer": {}})), []);
}
