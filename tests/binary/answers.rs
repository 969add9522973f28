//! A release that waits for approval: what is shown, who may answer, and what an answer does.

use super::self_approval::assumed;
use super::test_env::{Running, Sandbox, TestEnv, masked, release_in};

/// A release that waits for production's approval, begun by the developer.
fn waiting(sandbox: &Sandbox, test_env: &TestEnv) -> (Running, String) {
    let mut running = test_env.start(&sandbox.keys("developer"), &["release"]);
    let said = running.says("waits for approval");
    let id = release_in(&said);
    (running, id)
}

/// The plan that waits for approval.
fn plan(test_env: &TestEnv, keys: &[(String, String)]) -> String {
    let shown = test_env.run(keys, &["approvals", "--output", "json"]).ended(0).json();
    shown[0]["waiting"][0]["request"]["plan"].as_str().unwrap().to_owned()
}

/// Without how long something has been running.
fn without_ages(text: &str) -> String {
    let line = |line: &str| match line.split_once(" UTC (") {
        Some((before, after)) if line.contains(" since ") => {
            format!("{before} UTC (…){}\n", after.split_once(')').unwrap().1)
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn approvals_show_the_plan_and_an_approval_is_valid_for_exactly_that_plan() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (running, id) = waiting(&sandbox, &test_env);
    let manager = sandbox.keys("manager");
    let shown = test_env.run(&manager, &["approvals"]).ended(0);
    let ageless = without_ages(&masked(&shown.out));
    insta::assert_snapshot!(ageless.replace("59m 58s", "59m 59s").replace("59m 57s", "59m 59s"), @"
    hello ####################### → prod, plan ################
      requester developer of 111111111111
      commit    ############ on main by Dev Eloper <dev@example.com>: a commit
      image     app sha256:############
      runs now  web: not known which release brought hello-prod-web:1
      commits   not known: the release that runs is not known
      steps     roll web → check
      rollback  if it fails, each service runs again what it runs now
      gate      passed (2 low)
      findings  not known which are new: the release that runs is not known
      dev       since ########## ##### UTC (…) by the record; 1 check passed
                http://###############/_sandbox/service/111111111111/ap-northeast-1/hello-dev/web answered 200
      staging   since ########## ##### UTC (…) by the record; 1 check passed
                http://###############/_sandbox/service/111111111111/ap-northeast-1/hello-staging/web answered 200
      expires   ########## ##### UTC (59m 59s left)
      approvers arn:aws:iam::111111111111:user/manager, except the requester
      prod  cluster hello-prod, account prod (222222222222)
        custom endpoints of dev: default http://###############
        custom endpoints of prod: default http://###############
        web  hello-prod-web:1 → new revision of hello-prod-web, 2 tasks
          ~ image of web: public.ecr.aws/nginx/nginx:1.27 → hello@sha256:############
      kanmon approve ####################### --plan ################
    ");
    let asked = test_env.run(&manager, &["approvals", "--output", "json"]).ended(0).json();
    let plan = asked[0]["waiting"][0]["request"]["plan"].as_str().unwrap().to_owned();
    assert_eq!(asked[0]["waiting"][0]["release"], *id);
    // Without a terminal there is no question, so the plan must be named; and it must be the one that waits.
    test_env.run(&manager, &["approve", &id]).ended(2).on_stderr("without a terminal").on_stderr("--plan ");
    test_env
        .run(&manager, &["approve", &id, "--plan", "0000000000000000"])
        .ended(2)
        .on_stderr("waits for approval now, not plan");
    let alone = test_env.run(&sandbox.keys("developer"), &["approve", &id, "--plan", &plan]).ended(40);
    alone
        .on_stderr("this answer would not count")
        .on_stderr("the approvers are: arn:aws:iam::111111111111:user/manager");
    let approved = test_env.run(&manager, &["approve", &id, "--plan", &plan, "-m", "looks good"]).ended(0);
    assert_eq!(approved.out, format!("{id}: prod is approved\n"));
    let ran = running.end().ended(0);
    assert!(ran.err.contains("approved by manager of 111111111111: “looks good”"), "{}", ran.err);
    test_env.run(&manager, &["approvals"]).ended(0).says("no release waits for approval");
    test_env.run(&manager, &["approve", &id, "--plan", &plan]).ended(2).on_stderr("does not wait for approval");
}

#[test]
fn a_later_request_shows_which_release_runs_and_how_this_one_differs_from_it() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let manager = sandbox.keys("manager");
    let (running, first) = waiting(&sandbox, &test_env);
    test_env.run(&manager, &["approve", &first, "--plan", &plan(&test_env, &manager)]).ended(0);
    running.end().ended(0);
    test_env.write("app/index.html", "<title>two</title>");
    test_env.label("findings", "LOW:3").commit();
    let (_running, second) = waiting(&sandbox, &test_env);
    let shown = test_env.run(&manager, &["approvals"]).ended(0).out;
    for line in [
        &format!("→ prod, plan {}", &plan(&test_env, &manager)[..16]),
        &format!("  runs now  {first}, since "),
        "  commits   1 more than what runs\n",
        " a commit (Dev Eloper)\n",
        "\n            against the scan of what runs, read at ",
        "\n            + low CVE-",
    ] {
        assert!(shown.contains(line), "not shown: `{line}`\n{shown}");
    }
    let json = test_env.run(&manager, &["approvals", "--output", "json"]).ended(0).json();
    let waits = &json[0]["waiting"][0];
    assert_eq!((&waits["release"], &waits["runs"]), (&second.into(), &first.into()));
    assert_eq!(waits["source"]["subject"], "a commit");
    // A checkout without the history cannot list the commits, and says so.
    std::fs::remove_dir_all(test_env.root.path().join(".git")).unwrap();
    let shown = test_env.run(&manager, &["approvals"]).ended(0).out;
    assert!(shown.contains("  commits   not known: there is no git repository here\n"), "{shown}");
}

#[test]
fn a_rejection_ends_the_release_with_its_reason() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (running, id) = waiting(&sandbox, &test_env);
    let rejected = test_env.run(&sandbox.keys("manager"), &["reject", &id, "--yes", "-m", "not on a Friday"]).ended(0);
    assert_eq!(rejected.out, format!("{id}: prod is rejected\n"));
    let ran = running.end().ended(11);
    assert!(ran.out.contains("✗ rejected: ") && ran.out.contains("cause: not on a Friday"), "{}", ran.out);
    assert!(ran.out.contains("unchanged: prod/web"), "{}", ran.out);
}

#[test]
fn an_approval_request_that_nobody_answers_expires_and_can_be_repeated() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.edit("expires: 1h", "expires: 2s");
    let ran = test_env.run(&sandbox.keys("developer"), &["release"]).ended(12);
    let id = release_in(&ran.out);
    let again = format!("`kanmon promote {id} --to prod` requests approval again");
    assert!(
        ran.out.contains("✗ expired: nobody decided about prod in time") && ran.out.contains(&again),
        "{}",
        ran.out
    );
    let mut promoted = test_env.start(&sandbox.keys("developer"), &["promote", &id, "--to", "prod"]);
    promoted.says("waits for approval");
}

#[test]
fn an_approval_is_withdrawn_before_it_is_used_and_not_after() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let (running, id) = waiting(&sandbox, &test_env);
    let (developer, manager) = (sandbox.keys("developer"), sandbox.keys("manager"));
    test_env.run(&manager, &["withdraw", &id]).ended(2).on_stderr("has no approval that can be withdrawn");
    // While nobody works on the release, an approval stays unused.
    running.signal("KILL");
    assert_eq!(running.end().code, None);
    let approved = test_env.run(&manager, &["approve", &id, "--plan", &plan(&test_env, &manager)]).ended(0);
    assert_eq!(
        approved.out,
        format!("{id}: prod is approved; somebody other than the approver can continue it: `kanmon resume {id}`\n")
    );
    test_env
        .run(&manager, &["withdraw", &id, "-m", "wait for the fix"])
        .ended(0)
        .says(&format!("{id}: the approval of prod is withdrawn"));
    let mut resumed = test_env.start(&developer, &["resume", &id]);
    let said = resumed.says("approval withdrawn by manager");
    assert!(said.contains("wait for the fix") && !said.contains("entered: cluster hello-prod"), "{said}");
}

fn demo_with_codepipeline(sandbox: &Sandbox) -> TestEnv {
    let test_env = TestEnv::demo(sandbox);
    test_env.edit(
        "        by: kanmon
        approvers: [\"arn:aws:iam::111111111111:user/manager\"]
",
        "        by: codepipeline
        account: prod
        pipeline: asset-manager
        action: Approve
",
    );
    test_env
}

#[test]
fn codepipeline_carries_the_approval_request() {
    let sandbox = Sandbox::start();
    let test_env = demo_with_codepipeline(&sandbox);
    let (running, id) = waiting(&sandbox, &test_env);
    let shown = test_env.run(&sandbox.keys("manager"), &["approvals"]).ended(0);
    let place = "in CodePipeline of account prod (222222222222): pipeline asset-manager, action Approve, execution ";
    assert!(shown.out.contains(place) && !shown.out.contains("kanmon approve"), "{}", shown.out);
    assert_eq!(sandbox.done("StartPipelineExecution").len(), 1);
    test_env.run(&sandbox.keys("developer"), &["abort", &id]).ended(0).says("abort requested");
    running.end().ended(23);
}

#[test]
fn an_answer_in_codepipeline_needs_the_approvers_own_permissions_and_never_the_role_that_deploys() {
    let sandbox = Sandbox::start();
    let test_env = demo_with_codepipeline(&sandbox);
    let (running, id) = waiting(&sandbox, &test_env);
    let manager = sandbox.keys("manager");
    let plan = plan(&test_env, &manager);
    let without = test_env.run(&manager, &["approve", &id, "--plan", &plan]).ended(40);
    assert!(!without.err.contains("kanmon-deploy"), "{}", without.err);
    without
        .on_stderr("answer with your own credentials in account 222222222222")
        .on_stderr("codepipeline:PutApprovalResult");
    let own = assumed(&sandbox, "manager", "arn:aws:iam::222222222222:role/kanmon-approve", "manager");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    // The execution takes a moment to reach the action.
    while test_env.run(&own, &["approve", &id, "--plan", &plan]).code != Some(0) {
        assert!(std::time::Instant::now() < until, "the action never waits");
    }
    running.end().ended(0);
}

#[test]
fn a_remote_release_needs_the_users_own_permissions_and_a_pipeline_in_the_file() {
    let sandbox = Sandbox::start();
    let test_env = demo_with_codepipeline(&sandbox);
    // The pipeline is production's, and the person who starts it is the requester: the role that deploys does not start it for anybody.
    let ran = test_env.run(&sandbox.keys("developer"), &["release", "--remote"]).ended(40);
    assert!(!ran.err.contains("kanmon-deploy"), "{}", ran.err);
    ran.on_stderr("start it with your own credentials in account 222222222222")
        .on_stderr("codepipeline:StartPipelineExecution and codepipeline:GetPipelineExecution");
    assert_eq!(sandbox.changes(), Vec::<String>::new());
    let without = TestEnv::demo(&sandbox);
    let ran = without.run(&sandbox.keys("developer"), &["release", "--remote"]).ended(2);
    ran.on_stderr("no stage of the file names a CodePipeline");
}
