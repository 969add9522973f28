//! Executions of other pipelines than the one of the approval, and executions that no person started.

use serde_json::{Value, json};

use super::self_approval::assumed;
use super::test_env::{Ran, Sandbox, TestEnv, release_in};

const DEV: &str = "111111111111";
const PROD: &str = "222222222222";
const TOOLS: &str = "333333333333";
const DEVELOPER: &str = "arn:aws:iam::111111111111:user/developer";
const NOBODY: &str = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";
const APPROVAL: &str = "        by: kanmon\n        approvers: [\"arn:aws:iam::111111111111:user/manager\"]\n";

/// An account for pipelines only, whose builds may enter development.
const TOOLING: &str = r#"accounts:
  - id: "333333333333"
    name: tools
    users:
      - name: builder
        key: { id: AKIASANDBOX00BUILDER, secret: builder }
        policies: [{ Statement: [{ Effect: Allow, Action: "*", Resource: "*" }] }]
"#;
const DEV_ROLE: &str = r#"    roles:
      - name: kanmon-build
        trust:
          Statement:
            - Effect: Allow
              Principal: { AWS: ["arn:aws:iam::333333333333:user/builder", "arn:aws:iam::111111111111:user/developer"] }
              Action: [sts:AssumeRole, sts:SetSourceIdentity, sts:TagSession]
        policies: [{ Statement: [{ Effect: Allow, Action: "*", Resource: "*" }] }]
    repositories:
"#;
/// A pipeline whose build releases, in two accounts with two names; and one in production whose builds promote what a terminal requested.
const PIPELINES: &str = r##"
  - account: "111111111111"
    region: ap-northeast-1
    pipeline:
      name: hello-build
      stages: &builds
        - name: Source
          actions: [{ name: Source, actionTypeId: { category: Source, owner: AWS, provider: S3, version: "1" } }]
        - name: Prepare
          actions: [{ name: Prepare, namespace: Prepare, actionTypeId: { category: Build, owner: AWS, provider: CodeBuild, version: "1" } }]
    actions: { Prepare/Prepare: { external: true } }
  - account: "333333333333"
    region: ap-northeast-1
    pipeline: { name: ci, stages: *builds }
    actions: { Prepare/Prepare: { external: true } }
  - account: "222222222222"
    region: ap-northeast-1
    pipeline:
      name: hello-prod
      variables:
        - { name: KANMON_RELEASE, defaultValue: none }
        - { name: KANMON_DIGEST, defaultValue: none }
        - { name: KANMON_PLAN, defaultValue: none }
      stages:
        - name: Source
          actions: [{ name: Source, actionTypeId: { category: Source, owner: AWS, provider: S3, version: "1" } }]
        - name: Production
          actions:
            - name: Approve
              actionTypeId: { category: Approval, owner: AWS, provider: Manual, version: "1" }
              configuration: { CustomData: "release #{variables.KANMON_RELEASE}, plan #{variables.KANMON_PLAN}" }
            - { name: Promote, runOrder: 2, actionTypeId: { category: Build, owner: AWS, provider: CodeBuild, version: "1" } }
    actions: { Production/Promote: { external: true } }
"##;

struct World {
    sandbox: Sandbox,
    test_env: TestEnv,
    _seed: tempfile::NamedTempFile,
}

fn world() -> World {
    let demo = include_str!("../../src/sandbox/seed/demo.yaml");
    let text = demo.replacen("accounts:\n", TOOLING, 1).replacen("    repositories:\n", DEV_ROLE, 1) + PIPELINES;
    let seed = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(seed.path(), text).unwrap();
    let sandbox = Sandbox::with(&["--speed", "120", "--seed", seed.path().to_str().unwrap()]);
    let test_env = TestEnv::demo(&sandbox);
    World { sandbox, test_env, _seed: seed }
}

/// Production is approved in its own CodePipeline.
fn by_codepipeline() -> World {
    let world = world();
    let asks =
        "        by: codepipeline\n        pipeline: hello-prod\n        action: Approve\n        account: prod\n";
    world.test_env.edit(APPROVAL, asks);
    world
}

impl World {
    /// An execution that a developer started.
    fn execution(&self, account: &str, pipeline: &str) -> String {
        let started = json!({ "account": account, "region": "ap-northeast-1", "pipeline": pipeline,
            "trigger": "StartPipelineExecution", "detail": DEVELOPER });
        let started = self.sandbox.ask("POST", "executions", &started.to_string());
        started["execution"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned()
    }

    /// A build of this pipeline's execution, with a user's credentials.
    fn build(&self, user: &'static str, pipeline: &str, execution: &str, args: &[&str]) -> Ran {
        let mut env = self.sandbox.keys(user);
        env.push(("CODEBUILD_INITIATOR".to_owned(), format!("codepipeline/{pipeline}")));
        env.push(("KANMON_EXECUTION".to_owned(), execution.to_owned()));
        self.test_env.run(&env, args)
    }

    /// Development is entered through a role; `assume` says when.
    fn dev_by_role(&self, assume: &str) {
        let dev = "    id: \"111111111111\"\n";
        self.test_env.edit(dev, &format!("{dev}    role: kanmon-build\n    assume: {assume}\n"));
    }
}

/// The requester of a release.
fn requested(ran: &Ran) -> Value {
    ran.json()[0]["requested_by"].clone()
}

#[test]
fn a_build_of_another_pipeline_than_the_one_that_asks_for_approval_releases() {
    let world = by_codepipeline();
    let execution = world.execution(DEV, "hello-build");
    let args = ["release", "--until", "staging", "--output", "json"];
    let ran = world.build("developer", "hello-build", "", &args[..3]).ended(2);
    ran.on_stderr("but its execution is not given");
    let ran = world.build("developer", "hello-build", NOBODY, &args[..3]).ended(40);
    ran.on_stderr(&format!("there is no execution {NOBODY} in CodePipeline hello-build (account dev)"));
    let ran = world.build("developer", "hello-build", &execution, &args).ended(0);
    let by = requested(&ran);
    assert_eq!((&by["pipeline"], &by["account"]), (&json!("hello-build"), &json!("dev")));
    assert_eq!(by["trigger"]["arn"], DEVELOPER);
    // Production's approval is not requested in it.
    assert!(!ran.out.contains("approval-requested"), "{}", ran.out);
}

#[test]
fn a_pipeline_of_an_account_that_the_file_does_not_have_is_looked_up_with_its_builds_own_credentials() {
    let world = world();
    world.dev_by_role("outside");
    let execution = world.execution(TOOLS, "ci");
    let ran = world.build("builder", "ci", &execution, &["release", "--until", "dev", "--output", "json"]).ended(0);
    let by = requested(&ran);
    assert_eq!((&by["pipeline"], &by["account"]), (&json!("ci"), &json!(TOOLS)));
    assert_eq!(by["trigger"]["arn"], DEVELOPER);
    let id = ran.json()[0]["release"].as_str().unwrap().to_owned();
    world
        .test_env
        .run(&[], &["history", &id])
        .ended(0)
        .says("of ci, started by arn:aws:iam::111111111111:user/developer");
}

#[test]
fn a_remote_release_is_started_with_the_callers_credentials_and_not_with_the_files_role() {
    let world = world();
    world.dev_by_role("always");
    let asks =
        "        by: codepipeline\n        pipeline: hello-build\n        action: Approve\n        account: dev\n";
    world.test_env.edit(APPROVAL, asks);
    let mut looking = world.test_env.start(&world.sandbox.keys("developer"), &["release", "--remote"]);
    looking.says("CodePipeline hello-build runs as execution");
    looking.says(": InProgress");
    let started = world.sandbox.done("StartPipelineExecution");
    assert_eq!(started.len(), 1);
    assert_eq!(started[0]["principal"], DEVELOPER);
    assert!(world.sandbox.done("UpdateService").is_empty(), "it only starts the pipeline and follows it");
    let entered = world.sandbox.done("AssumeRole");
    assert!(entered.is_empty(), "no role is needed for it: {entered:?}");
}

#[test]
fn an_execution_that_the_files_role_started_for_a_request_has_the_requesters_of_the_record() {
    let world = by_codepipeline();
    let (developer, manager) = (world.sandbox.keys("developer"), world.sandbox.keys("manager"));
    let mut running = world.test_env.start(&developer, &["release"]);
    let id = release_in(&running.says("waits for approval"));
    running.signal("INT");
    running.end().ended(30);
    let waiting =
        world.test_env.run(&manager, &["approvals", "--output", "json"]).ended(0).json()[0]["waiting"][0].clone();
    let (plan, execution) =
        ["plan", "execution"].map(|name| waiting["request"][name].as_str().unwrap().to_owned()).into();
    let started = &world.sandbox.done("StartPipelineExecution")[0]["principal"];
    assert!(started.as_str().unwrap().contains(":assumed-role/kanmon-deploy/"), "{started}");
    let own = world.test_env.run(&developer, &["approve", &id, "--plan", &plan]).ended(40);
    own.on_stderr("requested this release and may not approve it");
    let approver = assumed(&world.sandbox, "manager", &format!("arn:aws:iam::{PROD}:role/kanmon-approve"), "manager");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while world.test_env.run(&approver, &["approve", &id, "--plan", &plan]).code != Some(0) {
        assert!(std::time::Instant::now() < until, "the action never waits");
    }
    // An execution that carries the request of one release cannot begin another.
    let ran = world.build("developer", "hello-prod", &execution, &["release", "--until", "dev"]).ended(2);
    ran.on_stderr(&format!("execution {execution} of CodePipeline hello-prod belongs to the approval of {id}"));
    // A build of that execution promotes the release. If a session of the role started another execution, its requester is unknown.
    let ran = world
        .build("developer", "hello-prod", &execution, &["promote", &id, "--to", "prod", "--output", "json"])
        .ended(0);
    let extended = ran.json().into_iter().find(|e| e["kind"] == "extended").expect("it is promoted");
    assert_eq!(extended["requested_by"]["trigger"]["arn"], DEVELOPER);
}
