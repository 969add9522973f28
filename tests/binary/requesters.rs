//! The requester of a release: the execution is looked up, and no requester is assumed without proof.

use serde_json::{Value, json};

use super::test_env::{Ran, Sandbox, TestEnv, release_in};

/// The demo's seed, with a pipeline in the development account whose build requests approval, and one that ends immediately.
const SEED: &str = concat!(
    include_str!("../../src/sandbox/seed/demo.yaml"),
    r#"
  - account: "111111111111"
    region: ap-northeast-1
    pipeline:
      name: hello
      stages:
        - name: Source
          actions: [{ name: Source, actionTypeId: { category: Source, owner: AWS, provider: S3, version: "1" } }]
        - name: Prepare
          actions: [{ name: Prepare, namespace: Prepare, actionTypeId: { category: Build, owner: AWS, provider: CodeBuild, version: "1" } }]
        - name: Production
          actions:
            - name: Approve
              actionTypeId: { category: Approval, owner: AWS, provider: Manual, version: "1" }
              configuration: { CustomData: "release #{Prepare.KANMON_RELEASE}, plan #{Prepare.KANMON_PLAN}" }
            - { name: Promote, runOrder: 2, actionTypeId: { category: Build, owner: AWS, provider: CodeBuild, version: "1" } }
    actions: { Prepare/Prepare: { external: true }, Production/Promote: { external: true } }
  - account: "111111111111"
    region: ap-northeast-1
    pipeline:
      name: quick
      stages:
        - name: Source
          actions: [{ name: Source, actionTypeId: { category: Source, owner: AWS, provider: S3, version: "1" } }]
"#
);

const DEVELOPER: &str = "arn:aws:iam::111111111111:user/developer";
const NOBODY: &str = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";
const APPROVAL: &str = "        by: kanmon\n        approvers: [\"arn:aws:iam::111111111111:user/manager\"]\n";

struct World {
    sandbox: Sandbox,
    test_env: TestEnv,
    _seed: tempfile::NamedTempFile,
}

/// `approval`: the approval of production in the pipeline file.
fn world(approval: &str) -> World {
    let seed = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(seed.path(), SEED).unwrap();
    let sandbox = Sandbox::with(&["--speed", "120", "--seed", seed.path().to_str().unwrap()]);
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit(APPROVAL, approval);
    World { sandbox, test_env, _seed: seed }
}

fn by_codepipeline() -> World {
    world("        by: codepipeline\n        pipeline: hello\n        action: Approve\n        account: dev\n")
}

impl World {
    /// Starts an execution with this trigger.
    fn execution(&self, pipeline: &str, trigger: &str, detail: &str) -> String {
        let started = json!({ "account": "111111111111", "region": "ap-northeast-1", "pipeline": pipeline, "trigger": trigger, "detail": detail });
        let started = self.sandbox.ask("POST", "executions", &started.to_string());
        started["execution"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned()
    }

    fn build(&self, variables: &[(&str, &str)], args: &[&str]) -> Ran {
        let mut env = self.sandbox.keys("developer");
        env.extend(variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        self.test_env.run(&env, args)
    }

    /// Ends the build of an execution with these exported variables.
    fn reports_build(&self, execution: &str, action: &str, outputs: &Value) {
        let reported = json!({ "account": "111111111111", "region": "ap-northeast-1", "pipeline": "hello", "execution": execution, "action": action, "end": { "outputVariables": outputs } });
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        // The execution may not have reached the action yet.
        while self.sandbox.ask("POST", "actions", &reported.to_string()).get("message").is_some() {
            assert!(std::time::Instant::now() < until, "{action} never waits for its end");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    #[track_caller]
    fn untouched(&self) {
        self.test_env.run(&[], &["history"]).ended(0).says("no release is recorded yet");
        assert_eq!(self.sandbox.changes(), Vec::<String>::new());
    }
}

#[test]
fn an_execution_that_codepipeline_does_not_know_is_refused() {
    let world = by_codepipeline();
    let ran = world.build(&[], &["release", "--execution", "made-up"]).ended(2);
    ran.on_stderr("`made-up` is not a valid id of a CodePipeline execution").on_stderr("hint: ");
    let ran = world.build(&[("KANMON_EXECUTION", "#{codepipeline.PipelineExecutionId}")], &["release"]).ended(2);
    ran.on_stderr("not in one of the CodeBuild project").on_stderr("among the variables of the pipeline's action");
    let ran = world.build(&[], &["release", "--execution", NOBODY]).ended(40);
    ran.on_stderr(&format!("there is no execution {NOBODY} in CodePipeline hello (account dev)")).on_stderr("hint: ");
    let elsewhere = format!("quick/{NOBODY}");
    let ran = world.build(&[], &["release", "--execution", &elsewhere]).ended(40);
    ran.on_stderr(&format!("there is no execution {NOBODY} in CodePipeline quick (account dev)"));
    // An execution of a pipeline that the file does not name is found if the pipeline is named with it.
    let other = world.execution("quick", "StartPipelineExecution", DEVELOPER);
    world.build(&[], &["release", "--execution", &other]).ended(40).on_stderr("there is no execution");
    world.untouched();
}

#[test]
fn an_execution_that_has_ended_is_refused() {
    let world = world(APPROVAL);
    let over = world.execution("quick", "StartPipelineExecution", DEVELOPER);
    std::thread::sleep(std::time::Duration::from_millis(500));
    let ran = world.build(&[], &["release", "--execution", &format!("quick/{over}")]).ended(40);
    ran.on_stderr(&format!("execution {over} of CodePipeline quick is Succeeded")).on_stderr("in progress");
    // If the file has no pipeline, one must be named: by the caller, or by CodeBuild.
    let ran = world.build(&[], &["release", "--execution", &over]).ended(2);
    ran.on_stderr("it is unknown which pipeline execution").on_stderr("--execution PIPELINE/ID");
    let initiator = [("CODEBUILD_INITIATOR", "codepipeline/quick"), ("KANMON_EXECUTION", over.as_str())];
    world.build(&initiator, &["release"]).ended(40).on_stderr("is Succeeded");
    world.untouched();
}

#[test]
fn a_build_that_a_pipeline_started_and_that_names_no_execution_is_refused() {
    let world = by_codepipeline();
    let initiator = ("CODEBUILD_INITIATOR", "codepipeline/hello");
    for variables in [vec![initiator], vec![initiator, ("KANMON_EXECUTION", "")]] {
        let ran = world.build(&variables, &["release", "--until", "dev"]).ended(2);
        ran.on_stderr("this build was started by CodePipeline hello, but its execution is not given")
            .on_stderr("set KANMON_EXECUTION=#{codepipeline.PipelineExecutionId} on the pipeline's action");
    }
    world.untouched();
    let id = release_in(&world.build(&[], &["release", "--until", "dev"]).ended(0).out);
    for args in [["promote", &id, "--to", "staging"].as_slice(), &["resume", &id]] {
        let ran = world.build(&[initiator], args);
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
}

#[test]
fn a_machine_is_an_unknown_requester() {
    let world = world(APPROVAL);
    let by_hand = [("CODEBUILD_BUILD_ID", "kanmon:0a1b2c3d"), ("CODEBUILD_INITIATOR", "ann")];
    let machines = [
        (by_hand.as_slice(), "a CodeBuild build that ann started"),
        (&[("CODEBUILD_BUILD_ID", "kanmon:0a1b2c3d")], "a CodeBuild build"),
        (
            &[("CODEBUILD_INITIATOR", "GitHub-Hookshot/0a1b2c3")],
            "a CodeBuild build that GitHub-Hookshot/0a1b2c3 started",
        ),
        (&[("CODEBUILD_INITIATOR", "rule/nightly")], "a CodeBuild build that rule/nightly started"),
        (&[("CI", "true"), ("GITHUB_ACTIONS", "true")], "a GitHub Actions job"),
        (&[("CI", "true"), ("GITLAB_CI", "true")], "a GitLab CI job"),
        (&[("AWS_LAMBDA_FUNCTION_NAME", "starter")], "a Lambda function"),
    ];
    for (variables, what) in machines {
        world.build(variables, &["release"]).ended(40).on_stderr("nobody may approve prod for this release").on_stderr(&format!(
            "{what} requested this release ({DEVELOPER}), which does not identify a person; an approver must be somebody other"
        ));
    }
    let ran = world.build(&by_hand, &["release"]).ended(40);
    ran.on_stderr("let a person run `kanmon release` with their own credentials");
    world.untouched();
    // It may release to stages without approval, but the release cannot be promoted: its first requester stays unknown.
    let ran = world.build(&by_hand, &["release", "--until", "dev"]).ended(0);
    let id = release_in(&ran.out);
    world
        .test_env
        .run(&[], &["history", &id])
        .ended(0)
        .says("a CodeBuild build that ann started (developer of 111111111111)");
    world.build(&[], &["promote", &id, "--to", "prod"]).ended(40).on_stderr("nobody may approve prod for this release");
    // The control: the same credentials on a person's machine.
    let mut running = world.test_env.start(&world.sandbox.keys("developer"), &["release"]);
    running.says("waits for approval");
}

#[test]
fn a_build_that_no_pipeline_started_cannot_name_an_execution() {
    let world = by_codepipeline();
    let colleague = world.execution("hello", "StartPipelineExecution", "arn:aws:iam::111111111111:user/colleague");
    for (variable, value) in [("CODEBUILD_INITIATOR", "ann"), ("CODEBUILD_BUILD_ID", "b"), ("GITHUB_ACTIONS", "true")] {
        let ran =
            world.build(&[(variable, value)], &["release", "--until", "staging", "--execution", &colleague]).ended(2);
        ran.on_stderr(&format!("names execution {colleague}, but was not started by CodePipeline"))
            .on_stderr("the person who started that execution may be somebody else than who started this");
    }
    world.untouched();
}

#[test]
fn a_machine_that_started_the_execution_names_no_person() {
    let world = by_codepipeline();
    for session in
        ["starter-role-0a1b2c3d/starter", "build/AWSCodeBuild-0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f", "ci/GitHubActions"]
    {
        let arn = format!("arn:aws:sts::111111111111:assumed-role/{session}");
        let execution = world.execution("hello", "StartPipelineExecution", &arn);
        let ran = world.build(&[], &["release", "--execution", &execution]).ended(40);
        ran.on_stderr(&format!("was started by StartPipelineExecution ({arn}), which does not identify a person"))
            .on_stderr("let a person start the pipeline");
    }
    world.untouched();
    // The control: a person's session of their own role.
    let arn = "arn:aws:sts::111111111111:assumed-role/Deploy/colleague";
    let execution = world.execution("hello", "StartPipelineExecution", arn);
    let ran = world.build(&[], &["release", "--until", "staging", "--execution", &execution]).ended(0);
    assert!(ran.err.contains(arn), "{}", ran.err);
}

#[test]
fn an_execution_that_an_event_started_requests_no_approval() {
    let world = by_codepipeline();
    let rule = "arn:aws:events:ap-northeast-1:111111111111:rule/on-push";
    for (trigger, detail) in [
        ("CloudWatchEvent", rule),
        ("WebhookV2", "arn:aws:codeconnections:ap-northeast-1:111111111111:connection/x"),
        ("PollForSourceChanges", "hello"),
        // The detail of the trigger does not show who committed.
        ("PutActionRevision", DEVELOPER),
    ] {
        let execution = world.execution("hello", trigger, detail);
        let ran = world.build(&[], &["release", "--execution", &execution]).ended(40);
        ran.on_stderr("nobody may approve prod for this release")
            .on_stderr(&format!(
                "execution {execution} of hello was started by {trigger} ({detail}), which does not identify a person"
            ))
            .on_stderr("`kanmon release --remote`");
    }
    world.untouched();
    // An event may release up to the stage before the approval. Approval is not requested.
    let execution = world.execution("hello", "CloudWatchEvent", rule);
    let variables = [("CODEBUILD_INITIATOR", "codepipeline/hello"), ("KANMON_EXECUTION", execution.as_str())];
    let ran = world.build(&variables, &["release", "--until", "staging", "--output", "json"]).ended(0);
    let events = ran.json();
    assert!(events.iter().all(|e| e["kind"] != "approval-requested"), "{}", ran.out);
    assert_eq!(events.iter().filter(|e| e["kind"] == "stage-left").count(), 2, "{}", ran.out);
    ran.on_stderr("approval of prod is not requested: nobody may approve it for this release")
        .on_stderr(&format!("execution {execution} of hello was started by CloudWatchEvent ({rule})"))
        .on_stderr("let a person start the pipeline");
    world.test_env.run(&[], &["history"]).ended(0).says("pipeline hello");
    // The second build of that execution does not continue either.
    let id = events[0]["release"].as_str().unwrap();
    let ran = world.build(&variables, &["promote", id, "--to", "prod"]).ended(40);
    ran.on_stderr("nobody may approve prod for this release");
}

#[test]
fn an_execution_that_a_person_started_is_released_promoted_and_approved_by_another() {
    let world = by_codepipeline();
    let execution = world.execution("hello", "StartPipelineExecution", DEVELOPER);
    let variables = [("CODEBUILD_INITIATOR", "codepipeline/hello"), ("KANMON_EXECUTION", execution.as_str())];
    let ran = world.build(&variables, &["release", "--until", "staging", "--output", "json"]).ended(0);
    let events = ran.json();
    let id = events[0]["release"].as_str().unwrap();
    let requested = &events[0]["requested_by"];
    assert_eq!((&requested["trigger"]["arn"], &requested["by"]["arn"]), (&DEVELOPER.into(), &DEVELOPER.into()));
    let asked = events.iter().find(|e| e["kind"] == "approval-requested").expect("requested by the first build");
    let plan = asked["request"]["plan"].as_str().unwrap();
    assert_eq!(asked["request"]["execution"], *execution);
    world.reports_build(&execution, "Prepare/Prepare", &json!({ "KANMON_RELEASE": id, "KANMON_PLAN": plan }));
    let manager = world.sandbox.keys("manager");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    // Approval is requested as soon as the execution reaches the action.
    while world.test_env.run(&manager, &["approve", id, "--plan", plan]).code != Some(0) {
        assert!(std::time::Instant::now() < until, "it never waits for approval");
    }
    world.build(&variables, &["promote", id, "--to", "prod"]).ended(0);
}

/// The plan that waits for approval.
fn plan_to_approve(test_env: &TestEnv, env: &[(String, String)]) -> String {
    let asked = test_env.run(env, &["approvals", "--output", "json"]).ended(0).json();
    asked[0]["waiting"][0]["request"]["plan"].as_str().unwrap().to_owned()
}

#[test]
fn a_person_who_promoted_a_release_cannot_approve_it() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit(APPROVAL, "        by: kanmon\n");
    let (developer, manager) = (sandbox.keys("developer"), sandbox.keys("manager"));
    let id = release_in(&test_env.run(&developer, &["release", "--until", "dev"]).ended(0).out);
    // The manager promotes the release, which is not allowed to finish; then the developer promotes it.
    test_env.run(&manager, &["promote", &id, "--to", "prod"]).ended(40);
    let mut running = test_env.start(&developer, &["promote", &id, "--to", "prod"]);
    running.says("waits for approval");
    test_env
        .run(&manager, &["approvals"])
        .ended(0)
        .says("requester developer of 111111111111; manager of 111111111111");
    let plan = plan_to_approve(&test_env, &manager);
    for who in [&manager, &developer] {
        let ran = test_env.run(who, &["approve", &id, "--plan", &plan]).ended(40);
        ran.on_stderr("requested this release and may not approve it");
    }
    assert!(sandbox.done("UpdateService").iter().all(|c| c["input"]["cluster"] != "hello-prod"));
}

#[test]
fn a_person_who_approved_cannot_continue_the_release() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (developer, manager) = (sandbox.keys("developer"), sandbox.keys("manager"));
    let mut running = test_env.start(&developer, &["release"]);
    let id = release_in(&running.says("waits for approval"));
    let listed = test_env.run(&developer, &["history"]).ended(0);
    assert!(listed.out.contains(" UTC  waits for approval of prod"), "{}", listed.out);
    test_env.run(&developer, &["status"]).ended(0).says("waits for approval of prod");
    running.signal("INT");
    running.end().ended(30);
    test_env.run(&manager, &["approve", &id, "--plan", &plan_to_approve(&test_env, &manager)]).ended(0);
    for args in [["resume", &id].as_slice(), &["promote", &id, "--to", "prod"]] {
        let ran = test_env.run(&manager, args).ended(2);
        ran.on_stderr("user/manager has approved prod of")
            .on_stderr("that approval would no longer count")
            .on_stderr("somebody else");
    }
    // The attempt was not recorded, so the approval counts when the developer continues.
    test_env.run(&developer, &["resume", &id]).ended(0);
    let story = test_env.run(&developer, &["history", &id]).ended(0).out;
    assert_eq!(story.matches("severity gate: passed").count(), 3, "{story}");
    assert_eq!(story.matches("severity gate again, before entering: passed").count(), 1, "{story}");
}

/// The README's pipeline requests approval inside its own executions. `plan` from a terminal still shows the plan.
#[test]
fn a_plan_is_shown_although_only_the_pipeline_itself_can_request_approval() {
    let world = by_codepipeline();
    let planned = world.build(&[], &["plan"]).ended(0);
    let planned = planned.says("prod  cluster hello-prod");
    planned
        .on_stderr("a release from here would be refused")
        .on_stderr("would not show the plan")
        .on_stderr("`kanmon release --remote`");
    world.build(&[], &["release"]).ended(40).says("would not show");
    assert_eq!(world.sandbox.done("RegisterTaskDefinition").len(), 0);
}
