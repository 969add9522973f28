use serde_json::json;

use super::simulation::{DEVELOPER, MANAGER, ReleaseOptions, Story};
use kanmon::model::approval::{Answer, Requester};
use kanmon::model::event::Fact;
use kanmon::model::machine::Machine;
use kanmon::model::outcome::Outcome;
use kanmon::model::refusal::{AnswerRefusal, Refusal};
use kanmon::report::approval;
use kanmon::usecase::environment::Environment;

fn anybody() -> Story {
    Story::new().stages(&["prod"]).of_stage("prod", "enter", json!({ "approval": { "by": "kanmon", "expires": "2h" } }))
}

#[tokio::test(start_paused = true)]
async fn is_refused_and_somebody_else_s_counts() {
    let sim = anybody().open();
    let run = sim.release().await;
    let request = sim.approval_request(&run.id, "prod").await;
    let refused = sim.try_answer(DEVELOPER, &run.id, "prod", Answer::Approved, "fine").await.unwrap_err();
    let why = match refused.refusal() {
        Some(Refusal::Answer(AnswerRefusal::MayNotAnswer { why, .. })) => why,
        other => panic!("{other:?}"),
    };
    let why = approval::refusal(why);
    assert!(why.contains("may not approve it"), "{why}");
    // Somebody who can write the state can still write it there.
    sim.answers_without_kanmon(DEVELOPER, &run.id, "prod", &request, &request.plan, Answer::Approved).await;
    sim.fact(&run.id, "refused", |f| matches!(f, Fact::ApprovalRefused { .. })).await;
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(ended.has(|f| matches!(f, Fact::ApprovalRefused { reason, .. } if approval::refusal(reason).contains("may not approve it"))));
    assert!(
        ended.has(|f| matches!(f, Fact::ApprovalGiven { answer } if answer.arn().unwrap().ends_with("user/manager")))
    );
}

fn build() -> Machine {
    Machine::CodeBuild { initiator: None }
}

#[tokio::test(start_paused = true)]
async fn is_assumed_if_the_requester_is_unknown() {
    let sim = anybody().open();
    let environment = Environment::Machine(build());
    let refused = sim
        .try_release(ReleaseOptions { environment, ..ReleaseOptions::default() })
        .await
        .err()
        .expect("it is refused");
    assert!(matches!(refused.refusal(), Some(Refusal::NobodyMayApprove { .. })), "{refused:?}");
    assert_eq!(sim.changes(), [], "nothing was changed");
}

/// A record that can only be written without kanmon.
#[tokio::test(start_paused = true)]
async fn is_assumed_if_the_record_names_a_machine_as_requester() {
    let sim = anybody().open();
    let unknown = Requester::Unknown { by: DEVELOPER.identity(), machine: build() };
    let run = sim.works_on_a_record_of(unknown).await;
    let request = sim.approval_request(&run.id, "prod").await;
    sim.answers_without_kanmon(MANAGER, &run.id, "prod", &request, &request.plan, Answer::Approved).await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Expired, 12);
    assert!(ended.has(|f| matches!(f, Fact::ApprovalRefused { reason, .. } if approval::refusal(reason).contains("a CodeBuild build requested this release"))));
    assert!(sim.calls("UpdateService").is_empty());
}
