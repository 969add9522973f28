//! Somebody deploys to production by hand between the approval and the build that promotes.

use super::world::{World, lines};

#[test]
fn what_was_approved_is_not_deployed_if_the_plan_has_changed() {
    let Some(world) = World::start("a changed plan") else { return };
    let execution = world.starts();
    let (prepared, _) = execution.runs("Prepare", "Prepare");
    assert!(prepared.succeeded, "{}", prepared.log);
    execution.is_approved();
    let theirs = world.deploys_by_hand();

    let (promoted, _) = execution.runs("Production", "Promote");
    assert_eq!(promoted.phases, [("install", None), ("build", Some(10)), ("post_build", None)], "{}", promoted.log);
    let revision = theirs.rsplit('/').next().unwrap();
    let difference = format!("web ran hello-web:1 and now runs {revision}");
    assert!(promoted.log.contains(&difference), "{}", promoted.log);
    assert!(promoted.log.contains("kanmon: FAILED with exit code 10"), "{}", promoted.log);
    let ending = lines(&promoted.artifacts["kanmon.jsonl"]).pop().unwrap();
    assert_eq!((&ending["kind"], &ending["outcome"]), (&"finished".into(), &"blocked".into()));
    let why = &ending["reason"]["why"]["refusal"];
    assert_eq!(
        (&ending["reason"]["code"], &why["code"]),
        (&"approval-closed".into(), &"another-plan".into()),
        "{ending}"
    );
    assert_eq!(why["differences"][0]["now"], theirs, "{ending}");
    assert!(
        promoted.log.contains("hint: this execution was already answered; start the pipeline again"),
        "{}",
        promoted.log
    );
    let in_prod = |(_, service): &&(String, String)| service == "hello-prod/web";
    let updates = world.updates();
    let who: Vec<&str> = updates.iter().filter(in_prod).map(|(who, _)| who.as_str()).collect();
    assert_eq!(who, ["arn:aws:iam::222222222222:user/operator"], "their deployment was left alone");
    assert_eq!(execution.ends(), (Some(24), "Failed".to_owned()));
}
