use serde_json::json;

use super::simulation::{Asking, DEVELOPER, MANAGER, Story};
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
    let request = sim.asked(&run.id, "prod").await;
    let refused = sim.tries_to_answer(DEVELOPER, &run.id, "prod", Answer::Approved, "fine").await.unwrap_err();
    let why = match refused.refusal() {
        Some(Refusal::Answer(AnswerRefusal::MayNotAnswer { why, .. })) => why,
        other => panic!("{other:?}"),
    };
    let why = approval::refusal(why);
    assert!(why.contains("may not approve it"), "{why}");
    // Whoever writes the state can put it there all the same.
    sim.answers_past_kanmon(DEVELOPER, &run.id, "prod", &request, &request.plan, Answer::Approved).await;
    sim.fact(&run.id, "refused", |f| matches!(f, Fact::ApprovalRefused { .. })).await;
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(ended.has(|f| matches!(f, Fact::ApprovalRefused { reason, .. } if approval::refusal(reason).contains("may not approve it"))));
    assert!(ended.has(|f| matches!(f, Fact::ApprovalGiven { answer } if answer.by.arn.ends_with("user/manager"))));
}

fn build() -> Machine {
    Machine::CodeBuild { initiator: None }
}

#[tokio::test(start_paused = true)]
async fn is_presumed_where_it_is_unknown_who_asked() {
    let sim = anybody().open();
    let environment = Environment::Machine(build());
    let refused = sim.tries(Asking { environment, ..Asking::default() }).await.err().expect("it is refused");
    assert!(matches!(refused.refusal(), Some(Refusal::NobodyMayApprove { .. })), "{refused:?}");
    assert_eq!(sim.changes(), [], "nothing was touched");
}

/// A record that only somebody can write who does not ask kanmon.
#[tokio::test(start_paused = true)]
async fn is_presumed_of_a_record_that_says_so() {
    let sim = anybody().open();
    let unknown = Requester::Unknown { by: DEVELOPER.identity(), machine: build() };
    let run = sim.works_on_a_record_of(unknown).await;
    let request = sim.asked(&run.id, "prod").await;
    sim.answers_past_kanmon(MANAGER, &run.id, "prod", &request, &request.plan, Answer::Approved).await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Expired, 12);
    assert!(ended.has(|f| matches!(f, Fact::ApprovalRefused { reason, .. } if approval::refusal(reason).contains("a CodeBuild build requested this release"))));
    assert!(sim.calls("UpdateService").is_empty());
}
