use jiff::SignedDuration;
use serde_json::json;

use super::Repository;
use crate::model::approval::ApprovalWay;
use crate::model::gate::{SCAN_SETTLE, SCAN_TIMEOUT};
use crate::model::pipeline::{Build, OnFailure, Pipeline, State, Tool, Transfer};
use crate::model::step::Step;
use crate::model::step::check::Check;
use crate::pipeline::Loaded;

fn loaded(changes: &[(&str, &str)]) -> Loaded {
    Repository::new().with(changes).unwrap_or_else(|d| panic!("{d}"))
}

fn build(image: &str) -> Build {
    let loaded = loaded(&[("{ account: dev, repository: shop, context: . }", image)]);
    loaded.pipeline.images.into_values().next().unwrap().build
}

#[test]
fn a_stages_settings_override_the_files_defaults_and_these_override_kanmons() {
    let ours = loaded(&[]).pipeline;
    assert_eq!(ours.poll, SignedDuration::from_secs(5));
    assert_eq!(ours.stages[0].deadline, SignedDuration::from_mins(45));
    assert_eq!(ours.stages[0].on_failure, OnFailure::Rollback);
    assert_eq!(ours.stages[0].gate.timeout, SCAN_TIMEOUT);
    assert_eq!(ours.stages[0].gate.settle, SCAN_SETTLE);

    let set = loaded(&[
        ("gate:\n", "defaults: { deadline: 10m, on_failure: stop, poll: 500ms }\ngate:\n  settle: 1s\n"),
        ("    cluster: shop-prod", "    deadline: 1h30m\n    on_failure: rollback\n    cluster: shop-prod"),
        ("gate: { at_most", "gate: { timeout: 5m, at_most"),
    ])
    .pipeline;
    assert_eq!(set.poll, SignedDuration::from_millis(500));
    let [dev, prod] = set.stages.as_slice() else { panic!("two stages") };
    assert_eq!((dev.deadline, dev.on_failure), (SignedDuration::from_mins(10), OnFailure::Stop));
    assert_eq!((prod.deadline, prod.on_failure), (SignedDuration::from_mins(90), OnFailure::Rollback));
    assert_eq!((dev.gate.timeout, dev.gate.settle), (SCAN_TIMEOUT, SignedDuration::from_secs(1)));
    assert_eq!((prod.gate.timeout, prod.gate.settle), (SignedDuration::from_mins(5), SignedDuration::from_secs(1)));
}

#[test]
fn an_account_keeps_its_role_profile_and_endpoints() {
    let loaded = loaded(&[(
        "role: kanmon-deploy }",
        "role: kanmon-deploy, external_id: x, assume: outside, profile: p, endpoints: { default: \"http://127.0.0.1:1\", ecs: \"http://127.0.0.1:2\" } }",
    )]);
    let prod = loaded.pipeline.accounts.values().find(|a| a.name.as_str() == "prod").unwrap();
    assert_eq!(
        serde_json::to_value(prod).unwrap(),
        json!({
            "name": "prod", "id": "222222222222", "region": "ap-northeast-1", "role": "kanmon-deploy",
            "external_id": "x", "assume": "outside", "profile": "p",
            "endpoints": { "default": "http://127.0.0.1:1", "ecs": "http://127.0.0.1:2" },
        })
    );
}

#[test]
fn an_image_is_built_by_the_builder_that_the_file_names() {
    assert_eq!(build("{ account: dev, repository: shop }"), Build::None);
    let dockerfile = |builder: &str| match build(&format!("{{ account: dev, repository: shop, builder: {builder} }}")) {
        Build::Dockerfile { tool, context, file, .. } => (tool, context, file),
        Build::Layers(_) | Build::None => panic!("{builder} reads a Dockerfile"),
    };
    for (builder, tool) in [
        ("auto", Tool::Auto),
        ("docker", Tool::Docker),
        ("buildah", Tool::Buildah),
        ("podman", Tool::Podman),
        ("finch", Tool::Finch),
    ] {
        assert_eq!(dockerfile(builder), (tool, ".".to_owned(), "Dockerfile".to_owned()));
    }
    let Build::Dockerfile { args, target, file, .. } = build(
        "{ account: dev, repository: shop, context: deploy/.., file: ./Dockerfile, args: { A: 010, B: \"x\" }, target: final }",
    ) else {
        panic!("a Dockerfile")
    };
    assert_eq!((args["A"].as_str(), args["B"].as_str()), ("010", "x"));
    assert_eq!((target.as_deref(), file.as_str()), (Some("final"), "Dockerfile"));
}

#[test]
fn layers_are_a_list_or_a_mapping_of_files() {
    let spec = |files: &str| match build(&format!(
        "{{ account: dev, repository: shop, layers: {{ files: {files}, cmd: [serve, 8080], env: {{ PORT: 8080 }}, ports: [8080, 53/udp], user: 65532, workdir: /srv }} }}"
    )) {
        Build::Layers(spec) => spec,
        Build::Dockerfile { .. } | Build::None => panic!("layers"),
    };
    let map = spec("{ /srv/deploy: deploy, /srv/Dockerfile: Dockerfile }");
    assert_eq!(map, spec("[{ from: deploy, to: /srv/deploy }, { from: ./Dockerfile, to: /srv/Dockerfile }]"));
    assert_eq!(
        serde_json::to_value(&map).unwrap(),
        json!({
            "base": "scratch",
            "files": [{ "from": "deploy", "to": "/srv/deploy" }, { "from": "Dockerfile", "to": "/srv/Dockerfile" }],
            "entrypoint": null, "cmd": ["serve", "8080"], "env": { "PORT": "8080" }, "user": "65532",
            "workdir": "/srv", "ports": ["8080/tcp", "53/udp"], "labels": {},
        })
    );
}

#[test]
fn steps_keep_their_order_and_their_details() {
    let loaded = loaded(&[(
        "      - roll: web\n",
        "      - check: { command: [./e2e, 1] }\n      - check: { http: https://x.example, status: 403, contains: no, timeout: 5s }\n      - roll: web\n",
    )]);
    let steps = &loaded.pipeline.stages[1].steps;
    let argv = vec!["./e2e".to_owned(), "1".to_owned()];
    assert_eq!(steps[1], Step::Check(Check::Command { argv, timeout: SignedDuration::from_mins(15), account: None }));
    assert_eq!(
        steps[2],
        Step::Check(Check::Http {
            url: "https://x.example".into(),
            status: 403,
            contains: Some("no".into()),
            timeout: SignedDuration::from_secs(5)
        })
    );
    assert!(matches!(&steps[3], Step::Roll(roll) if roll.services.len() == 1));
}

#[test]
fn a_stage_may_know_a_service_by_another_name() {
    let loaded = loaded(&[("    cluster: shop-prod", "    services: { web: shop-web-prod }\n    cluster: shop-prod")]);
    let prod = &loaded.pipeline.stages[1];
    assert_eq!(prod.service_name(&"web".parse().unwrap()), "shop-web-prod");
    assert_eq!(prod.service_name(&"admin".parse().unwrap()), "admin");
}

#[test]
fn codepipeline_is_looked_for_in_the_first_stages_account() {
    let loaded = loaded(&[(
        "by: kanmon",
        "by: codepipeline, pipeline: shop, action: Approve, expires: 3d, self_approval: true",
    )]);
    let policy = loaded.pipeline.stages[1].approval.clone().unwrap();
    assert!(policy.self_approval);
    assert_eq!(policy.expires, SignedDuration::from_hours(72));
    assert!(matches!(policy.way, ApprovalWay::CodePipeline { account, .. } if account.as_str() == "dev"));
}

#[test]
fn images_of_the_same_account_under_another_name_need_no_transfer() {
    let loaded =
        loaded(&[("  prod: { id: \"222222222222\"", "  prod: { id: \"012345678901\""), ("    images: copy\n", "")]);
    assert_eq!(loaded.pipeline.stages[1].images, Transfer::Pull);
}

#[test]
fn aliases_may_repeat_a_part_of_the_file() {
    let loaded = loaded(&[
        ("    steps:\n      - roll: admin\n      - roll: web\n", "    steps: *steps\n"),
        ("    steps:\n      - run", "    steps: &steps\n      - run"),
    ]);
    assert_eq!(loaded.pipeline.stages[0].steps, loaded.pipeline.stages[1].steps);
}

#[test]
fn state_is_on_this_machine_unless_the_file_names_a_table() {
    assert_eq!(loaded(&[]).pipeline.state, State::Local);
    assert_eq!(loaded(&[("app: shop", "app: shop\nstate: local")]).pipeline.state, State::Local);
    let shared = loaded(&[("app: shop", "app: shop\nstate: dynamodb://dev/kanmon-state")]);
    let table = State::DynamoDb { account: "dev".parse().unwrap(), table: "kanmon-state".into() };
    assert_eq!(shared.pipeline.state, table);
    assert!(shared.summary().contains("kanmon-state  a DynamoDB table in account dev"), "{}", shared.summary());

    let mut recorded = serde_json::to_value(&shared.pipeline).unwrap();
    assert_eq!(serde_json::from_value::<Pipeline>(recorded.clone()).unwrap(), shared.pipeline);
    recorded.as_object_mut().unwrap().remove("state");
    let older: Pipeline = serde_json::from_value(recorded).unwrap();
    assert_eq!(older.state, State::Local, "records from before tables were known are read");
}
