//! One release in two builds, two accounts and two checkouts, which share only a table.

use super::world::{COMMIT, PROD, World, lines, report};
use crate::binary::junit::Result::{Passed, Skipped};

#[test]
fn one_build_requests_approval_and_another_in_production_continues_with_what_was_approved() {
    let Some(world) = World::start("one release in two builds") else { return };
    let execution = world.starts();

    let (prepared, first) = execution.runs("Prepare", "Prepare");
    assert!(prepared.succeeded, "{}", prepared.log);
    assert_eq!(prepared.phases, [("install", None), ("build", None), ("post_build", None)]);
    let exported = &prepared.exported;
    let (release, digest, plan) = (&exported["KANMON_RELEASE"], &exported["KANMON_DIGEST"], &exported["KANMON_PLAN"]);
    assert!(release.starts_with('r') && digest.starts_with("sha256:") && plan.len() == 64, "{exported:?}");
    assert_eq!(exported["KANMON_OUTCOME"], "succeeded");
    let output = lines(&prepared.artifacts["kanmon.jsonl"]);
    assert_eq!((&output[0]["kind"], &output[output.len() - 1]["kind"]), (&"started".into(), &"finished".into()));
    let source = &output[0]["source"];
    assert_eq!(
        (&source["commit"], &source["named_by"]),
        (&COMMIT.into(), &"codebuild".into()),
        "the ZIP file's commit"
    );
    let shown = report(&prepared);
    let names: Vec<&str> = shown.suites.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["hello", "dev", "staging", "prod"], "{}", shown.lines());
    let properties = &shown.suites[0].properties;
    assert_eq!(["release", "digest", "plan"].map(|n| &properties[n]), [release, digest, plan]);
    assert_eq!(shown.result("staging", "update staging/web"), &Passed);
    assert_eq!(shown.result("prod", "copy app into prod"), &Passed);
    let Skipped(why) = shown.result("prod", "approval") else { panic!("{}", shown.lines()) };
    assert!(why.contains(&plan[..12]), "the plan of the request: {why}");
    assert!(!shown.is_red() && !shown.lines().contains("update prod/web"), "{}", shown.lines());
    let prepares = "arn:aws:iam::111111111111:user/prepares".to_owned();
    let before = [(prepares.clone(), "hello-dev/web".to_owned()), (prepares, "hello-staging/web".to_owned())];
    assert_eq!(world.updates(), before, "nothing in production");

    assert_eq!(
        execution.reaches("Approve")["CustomData"],
        format!("release {release} (succeeded), plan {plan}"),
        "who approves sees the release and the plan"
    );
    let sheet = world.kanmon("manager", &["approvals"]);
    let sheet = String::from_utf8_lossy(&sheet.stdout).into_owned();
    assert!(sheet.contains(&format!("{}, according to CodeBuild", &COMMIT[..12])), "{sheet}");
    execution.is_approved();

    let (promoted, second) = execution.runs("Production", "Promote");
    assert!(promoted.succeeded, "{}", promoted.log);
    assert_eq!((&promoted.exported["KANMON_RELEASE"], &promoted.exported["KANMON_DIGEST"]), (release, digest));
    assert_eq!(promoted.exported["KANMON_OUTCOME"], "succeeded");
    assert_eq!(execution.ends(), (Some(0), "Succeeded".to_owned()));
    for log in [&prepared.log, &promoted.log] {
        assert!(!log.contains("is not allowed to call"), "a warning also means a missing permission: {log}");
    }
    let shown = report(&promoted);
    for case in ["approval", "severity gate", "update prod/web"] {
        assert_eq!(shown.result("prod", case), &Passed);
    }
    assert!(shown.case("prod", "approval").out.contains("approved by manager of 111111111111"), "{}", shown.lines());
    assert!(shown.suites.iter().flat_map(|s| &s.cases).all(|c| c.result == Passed), "{}", shown.lines());

    assert_eq!(&world.digest(PROD, "hello-prod"), digest);
    let promotes = ("arn:aws:iam::222222222222:user/promotes".to_owned(), "hello-prod/web".to_owned());
    assert_eq!(world.updates(), [&before[..], &[promotes]].concat(), "one call for each service");
    let whole = lines(&promoted.artifacts["kanmon.jsonl"]);
    assert_eq!(whole[..output.len()], output[..], "the second build continues the first one's record");
    let given = whole.iter().find(|e| e["kind"] == "approval-given").unwrap();
    assert_eq!(given["answer"]["by"]["arn"], "arn:aws:iam::111111111111:user/manager");

    for checkout in [first, second] {
        assert_eq!(checkout.files(), ["app", "buildspec.yml", "kanmon-junit.xml", "kanmon.jsonl", "pipelines"]);
        assert_eq!(std::fs::read_dir(checkout.home()).unwrap().count(), 0);
    }
}
