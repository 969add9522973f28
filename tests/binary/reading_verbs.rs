//! Verbs that only read: plan, status, history.

use super::releases::{APPROVAL, without_speed};
use super::test_env::{Sandbox, TestEnv, masked, release_in};

#[test]
fn a_plan_shows_what_would_change_in_each_stage_and_changes_nothing() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    test_env.write("deploy/dev.yaml", "cpu: 512\nmemory: 1024\n");
    let ran = test_env.run(&sandbox.keys("developer"), &["plan"]).ended(0);
    insta::assert_snapshot!(masked(&ran.out), @"
    dev  cluster hello-dev, account dev (111111111111)
      custom endpoints of dev: default http://###############
      web  hello-dev-web:1 → new revision of hello-dev-web, 1 task
        ~ image of web: public.ecr.aws/nginx/nginx:1.27 → hello (to be built)
        ~ cpu: 256 → 512
        ~ memory: 512 → 1024
      gate  judged once the image is built and scanned

    staging  cluster hello-staging, account dev (111111111111)
      custom endpoints of dev: default http://###############
      web  hello-staging-web:1 → new revision of hello-staging-web, 2 tasks
        ~ image of web: public.ecr.aws/nginx/nginx:1.27 → hello (to be built)
      gate  judged once the image is built and scanned

    prod  cluster hello-prod, account prod (222222222222)
      custom endpoints of dev: default http://###############
      custom endpoints of prod: default http://###############
      web  hello-prod-web:1 → new revision of hello-prod-web, 2 tasks
        ~ image of web: public.ecr.aws/nginx/nginx:1.27 → hello (to be built)
      gate  judged once the image is built and scanned
      approval  required: arn:aws:iam::111111111111:user/manager
    ");
    assert_eq!((ran.err.as_str(), sandbox.changes()), ("", vec![]));
    assert!(!test_env.has_state(), "a plan is not recorded");
    let json =
        test_env.run(&sandbox.keys("developer"), &["plan", "--until", "dev", "--output", "json"]).ended(0).json();
    assert_eq!((json.len(), &json[0]["kind"], &json[0]["stages"][0]["stage"]), (1, &"plan".into(), &"dev".into()));
}

#[test]
fn a_plan_of_a_release_or_an_image_knows_its_digest_and_its_gate() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    let ran = test_env.run(&developer, &["release", "--until", "dev"]).ended(0);
    let digest = ran.out.split_whitespace().find(|w| w.starts_with("sha256:")).unwrap().to_owned();
    for args in [
        vec!["plan".to_owned(), release_in(&ran.out), "--until".into(), "staging".into()],
        vec![
            "plan".to_owned(),
            "--image".into(),
            format!("app={}/111111111111.ap-northeast-1/hello@{digest}", sandbox.host),
            "--until".into(),
            "staging".into(),
        ],
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let plan = test_env.run(&developer, &args).ended(0);
        for words in ["hello-dev-web:2, unchanged", &format!("→ hello@{}", &digest[..19]), "gate  passed (2 low)"] {
            assert!(plan.out.contains(words), "{args:?}: not printed: `{words}`\n{}", plan.out);
        }
    }
    let ran = test_env.run(&developer, &["plan", "r20200101-000000-abcdef"]).ended(2);
    ran.on_stderr("r20200101-000000-abcdef").on_stderr("`kanmon history` lists");
}

#[test]
fn status_and_history_show_what_runs_and_which_release_deployed_it() {
    let sandbox = Sandbox::start();
    let test_env = TestEnv::demo(&sandbox);
    let developer = sandbox.keys("developer");
    test_env.run(&developer, &["history"]).ended(0).says("no release is recorded yet");
    test_env.run(&developer, &["status"]).ended(0).says("not by kanmon");
    assert!(!test_env.has_state(), "reading verbs leave nothing behind");
    test_env.edit(APPROVAL, "");
    let ran = test_env.run(&developer, &["release", "--until", "staging"]).ended(0);
    let id = release_in(&ran.out);
    insta::assert_snapshot!(masked(&test_env.run(&developer, &["status"]).ended(0).out), @"
    service      runs  image                            revision             release
    dev/web      1/1   hello@sha256:############        hello-dev-web:2      #######################
    staging/web  2/2   hello@sha256:############        hello-staging-web:2  #######################
    prod/web     2/2   public.ecr.aws/nginx/nginx:1.27  hello-prod-web:1     not by kanmon
    ");
    insta::assert_snapshot!(masked(&test_env.run(&developer, &["history"]).ended(0).out), @"
    release                  started               outcome    reached  commit      requester
    #######################  ########## ##### UTC  succeeded  staging  ##########  developer
    ");
    let story = test_env.run(&developer, &["history", &id]).ended(0).out;
    insta::assert_snapshot!(without_speed(&masked(story.split_once("→ dev/web").unwrap().0)), @"
    ##### ######## UTC → release          #######################: hello to staging
                                          commit ########## on main with uncommitted changes: a commit
                                          requested by developer of 111111111111
    ##### ######## UTC ✓ accounts         everything that the file names exists
    ##### ######## UTC ✓ app              built by layers: hello@sha256:############
    ##### ######## UTC ✓ dev              severity gate: passed (2 low)
    ##### ######## UTC · dev              planned: web changes
    ##### ######## UTC → dev              entered: cluster hello-dev, account dev (111111111111)
    ##### ######## UTC · dev/web          runs hello-dev-web:1 now, 1 task desired
    ##### ######## UTC · dev/web          hello-dev-web:2 registered
    ##### ######## UTC
    ");
    // People read times in their own zone, programs in UTC.
    let mut tokyo = developer.clone();
    tokyo.push(("TZ".to_owned(), "JST-9".to_owned()));
    let list = test_env.run(&tokyo, &["history"]).ended(0).out;
    let own = test_env.run(&tokyo, &["history", &id]).ended(0).out;
    assert!(list.contains(" JST  succeeded") && own.lines().all(|l| !l.contains(" UTC ")), "{list}{own}");
    let started = test_env.run(&tokyo, &["history", "--output", "json"]).ended(0).json();
    assert!(started[0]["releases"][0]["started_at"].as_str().unwrap().ends_with('Z'));
    // A person without access to production still sees the rest.
    test_env.edit("external_id: asset", "external_id: asst");
    let ran = test_env.run(&developer, &["status"]).ended(0);
    ran.says("dev/web")
        .says("prod/web     ?")
        .says("account prod cannot be read: ")
        .says("is not allowed to call sts:AssumeRole");
    let json = test_env.run(&developer, &["status", "--output", "json"]).ended(0).json();
    assert_eq!(
        (&json[0]["services"][2]["live"], &json[0]["unread"][0]["what"]),
        (&().into(), &serde_json::json!({ "account": "prod" }))
    );
    let mut nobody = developer.clone();
    nobody.push(("AWS_SECRET_ACCESS_KEY".to_owned(), "wrong".to_owned()));
    test_env.run(&nobody, &["status"]).ended(40);
    test_env.edit("external_id: asst", "external_id: asset");
    let offline = test_env.run(&[], &["status", "--offline"]).ended(0);
    assert!(offline.out.contains(&id), "{}", offline.out);
    let json = test_env.run(&developer, &["status", "--output", "json"]).ended(0).json();
    assert_eq!((json.len(), &json[0]["services"][0]["live"]["release"]), (1, &id.clone().into()));
    let json = test_env.run(&developer, &["history", "--output", "json"]).ended(0).json();
    assert_eq!((json.len(), &json[0]["releases"][0]["release"]), (1, &id.into()));
}
