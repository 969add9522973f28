use std::path::{Path, PathBuf};

use insta::assert_snapshot;

use super::Repository;
use crate::model::approval::ApprovalWay;
use crate::model::pipeline::{Build, Transfer};
use crate::model::severity::Severity;
use crate::pipeline::{Loaded, load, schema};

fn pipelines() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines")
}

fn example(path: &str) -> Loaded {
    load(&pipelines().join("examples").join(path)).unwrap_or_else(|d| panic!("{d}"))
}

/// The demo's files as the demo unpacks them.
fn demo() -> (tempfile::TempDir, Loaded) {
    let dir = tempfile::tempdir().unwrap();
    for file in ["app/index.html", "deploy/web.json", "deploy/dev.yaml", "deploy/staging.yaml", "deploy/prod.yaml"] {
        let to = dir.path().join(file);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(pipelines().join("demo").join(file), to).unwrap();
    }
    let template = std::fs::read_to_string(pipelines().join("demo/pipeline.yaml.j2")).unwrap();
    let text = minijinja::render!(&template, endpoint => "http://127.0.0.1:4566");
    std::fs::create_dir_all(dir.path().join("pipelines")).unwrap();
    let file = dir.path().join("pipelines/demo.yaml");
    std::fs::write(&file, text).unwrap();
    let loaded = load(&file).unwrap_or_else(|d| panic!("{d}"));
    (dir, loaded)
}

#[test]
fn three_stages_resolve() {
    let loaded = example("three-stages/pipelines/asset-manager.yaml");
    assert_snapshot!(loaded.summary(), @"
    asset-manager (pipelines/asset-manager.yaml)
      account  dev      111111111111 ap-northeast-1
      account  prod     222222222222 ap-northeast-1, role kanmon-deploy
      image    app      dev/asset-manager, built from Dockerfile (linux/amd64)
      service  admin    deploy/admin.json, container admin runs app
      service  web      what runs now, container web runs app
      task     migrate  deploy/migrate.json, container migrate runs app, beside web, at most 15m
      stage    dev      account dev, cluster asset-dev
                        gate: at most critical 0, high 0, medium 20, untriaged 0
                        then run migrate, roll web and admin, check https://dev.asset.example/healthz answers 200
      stage    staging  account dev, cluster asset-staging
                        gate: at most critical 0, high 0, medium 20, untriaged 0
                        then run migrate, roll web and admin, check https://staging.asset.example/healthz answers 200
      stage    prod     account prod, cluster asset-prod, images copied
                        gate: at most critical 0, high 0, medium 0, untriaged 0
                        approval: by arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager_0123456789abcdef/*, within 24h
                        then run migrate, roll admin, check https://admin.asset.example/ answers 403, roll web, check https://asset.example/healthz answers 200
    ");
    let prod = &loaded.pipeline.stages[2];
    assert_eq!(prod.images, Transfer::Copy);
    assert_eq!(prod.gate.at_most[&Severity::Medium], Some(0));
    assert_eq!(prod.gate.at_most[&Severity::Untriaged], Some(0));
    assert_eq!(prod.gate.at_most[&Severity::Low], None);
}

#[test]
fn four_stages_resolve() {
    let loaded = example("four-stages/pipelines/portal.yaml");
    assert_snapshot!(loaded.summary(), @"
    portal (pipelines/portal.yaml)
      account  dev      111111111111 ap-northeast-1, role kanmon-deploy
      account  prod     222222222222 ap-northeast-1, role arn:aws:iam::222222222222:role/release/kanmon-deploy
      image    app      dev/portal/app, built from Dockerfile by buildah (linux/amd64 and linux/arm64)
      image    pages    dev/portal/pages, files on scratch (linux/amd64 and linux/arm64)
      service  jobs     what runs now, container jobs runs app
      service  portal   deploy/portal.json, container app runs app, container pages runs pages
      stage    dev      account dev, cluster portal-dev
                        gate: at most critical 0, high 5, untriaged 0
                        then roll portal and jobs
      stage    test     account dev, cluster portal-test
                        gate: at most critical 0, high 5, untriaged 0
                        then roll portal and jobs, check `./e2e/smoke https://test.portal.example`
      stage    staging  account dev, cluster portal-staging
                        gate: at most critical 0, high 0, untriaged 0
                        then roll portal and jobs, check `./e2e/smoke https://staging.portal.example`
      stage    prod     account prod, cluster portal-prod, images pulled across accounts
                        gate: at most critical 0, high 0, medium 0, untriaged 0
                        approval: by another person in CodePipeline portal/Approve in dev, within 3d
                        then roll jobs, roll portal, check https://portal.example/healthz answers 200
    ");
    let high: Vec<_> = loaded.pipeline.stages.iter().map(|s| s.gate.at_most[&Severity::High]).collect();
    assert_eq!(high, [Some(5), Some(5), Some(0), Some(0)], "what a stage tightens stays tight");
    let prod = &loaded.pipeline.stages[3];
    assert!(
        matches!(&prod.approval.as_ref().unwrap().way, ApprovalWay::CodePipeline { account, .. } if account.as_str() == "dev")
    );
    assert!(matches!(loaded.pipeline.images.values().last().unwrap().build, Build::Layers(_)));
}

#[test]
fn the_demo_resolves() {
    let (_dir, loaded) = demo();
    assert_snapshot!(loaded.summary(), @"
    hello (pipelines/demo.yaml)
      account  dev      111111111111 ap-northeast-1
      account  prod     222222222222 ap-northeast-1, role kanmon-deploy
      image    app      dev/hello, files on scratch (linux/amd64)
      service  web      deploy/web.json, container web runs app
      stage    dev      account dev, cluster hello-dev
                        gate: at most critical 0, high 0, medium 20, untriaged 0
                        then roll web, check http://127.0.0.1:4566/_sandbox/service/111111111111/ap-northeast-1/hello-dev/web answers 200
      stage    staging  account dev, cluster hello-staging
                        gate: at most critical 0, high 0, medium 20, untriaged 0
                        then roll web, check http://127.0.0.1:4566/_sandbox/service/111111111111/ap-northeast-1/hello-staging/web answers 200
      stage    prod     account prod, cluster hello-prod, images copied
                        gate: at most critical 0, high 0, medium 0, untriaged 0
                        approval: by arn:aws:iam::111111111111:user/manager, within 1h
                        then roll web, check http://127.0.0.1:4566/_sandbox/service/222222222222/ap-northeast-1/hello-prod/web answers 200
    ");
}

/// The pipeline file of each example.
pub fn files() -> Vec<PathBuf> {
    let examples = std::fs::read_dir(pipelines().join("examples")).unwrap().map(|e| e.unwrap().path());
    // Others are a driver's own file.
    let repositories = examples.filter(|folder| folder.join("pipelines").is_dir());
    let found: Vec<_> =
        repositories.map(|folder| crate::pipeline::find(&folder, None).unwrap_or_else(|f| panic!("{f}"))).collect();
    assert!(found.len() >= 2);
    found
}

#[test]
fn every_example_is_valid() {
    for file in files() {
        let loaded = load(&file).unwrap_or_else(|d| panic!("{d}"));
        let folder = file.parent().and_then(Path::parent).unwrap();
        assert_eq!(loaded.root, folder.canonicalize().unwrap(), "an example is a repository of its own");
    }
}

#[test]
fn a_resolved_pipeline_is_the_same_after_it_was_recorded() {
    let (_dir, demo) = demo();
    for loaded in
        [demo, example("three-stages/pipelines/asset-manager.yaml"), example("four-stages/pipelines/portal.yaml")]
    {
        let text = serde_json::to_string(&loaded.pipeline).unwrap();
        assert_eq!(serde_json::from_str::<crate::model::pipeline::Pipeline>(&text).unwrap(), loaded.pipeline);
    }
}

#[test]
fn the_same_file_resolves_to_the_same_pipeline() {
    let repository = Repository::new();
    assert_eq!(repository.load().unwrap(), repository.load().unwrap());
}

/// Every key of the schema, as a path; what users name is `*`.
fn keys(schema: &serde_json::Value, at: &str, out: &mut Vec<String>) {
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        out.push(format!("{at}{name}"));
        keys(inner, &format!("{at}{name}."), out);
    }
    for inner in [&schema["additionalProperties"], &schema["items"]].into_iter().filter(|s| s.is_object()) {
        keys(inner, at, out);
    }
    for inner in schema["anyOf"].as_array().into_iter().flatten() {
        keys(inner, at, out);
    }
}

#[test]
fn every_key_of_the_schema_does_something() {
    let mut all = Vec::new();
    keys(&schema(), "", &mut all);
    let files = ["accounts", "approvals", "gates", "images", "resolve", "stages", "step/check", "workloads"];
    let file = |f: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/pipeline/{f}.rs"));
        let text = std::fs::read_to_string(path).unwrap();
        // A kind of step has its form above, and what reads it below.
        text.split("static KIND").last().unwrap().to_owned()
    };
    let readers: String = files.into_iter().map(file).collect();
    let sections = "accounts images services tasks critical high medium low informational untriaged \
                    default sts ecr inspector2 ecs codepipeline dynamodb version run roll check";
    for path in all {
        let key = path.rsplit('.').next().unwrap();
        let read = readers.contains(&format!("\"{key}\"")) || sections.split_whitespace().any(|s| s == key);
        assert!(read, "nothing reads `{path}`");
    }
}

#[test]
fn the_schema_forbids_what_the_reader_does_not_know() {
    let schema = schema();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"]["stages"]["items"]["additionalProperties"], false);
    assert_eq!(schema["required"], serde_json::json!(["version", "app", "accounts", "images", "services", "stages"]));
}
