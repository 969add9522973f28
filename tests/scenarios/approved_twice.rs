use kanmon::model::approval::Answer;
use kanmon::model::event::Fact;
use kanmon::model::ids::ReleaseId;
use kanmon::model::outcome::Outcome;
use kanmon::model::refusal::{AnswerRefusal, Refusal};
use kanmon::report::verb::answer::summary;
use kanmon::usecase::answer::{Decision, Prepared, prepare};

use super::simulation::{MANAGER, Simulation, Story, name};

/// A prepared answer to the current request.
async fn prepared(sim: &Simulation, id: &ReleaseId, answer: Answer) -> Prepared {
    let decision = Decision { answer, stage: Some(name("prod")), plan: None, comment: "as seen".to_owned() };
    prepare(&sim.context(MANAGER), id, &decision).await.expect("it would count")
}

#[tokio::test(start_paused = true)]
async fn the_second_answer_changes_nothing() {
    let sim = Story::new().stages(&["prod"]).open();
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    let (first, second) =
        (prepared(&sim, &run.id, Answer::Approved).await, prepared(&sim, &run.id, Answer::Approved).await);
    let context = sim.context(MANAGER);
    let (first, second) = tokio::join!(first.send(&context, summary), second.send(&context, summary));
    first.expect("it counts");
    let late = second.unwrap_err();
    assert!(matches!(late.refusal(), Some(Refusal::Answer(AnswerRefusal::Refused { .. }))), "{late:?}");
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert_eq!(ended.count(|f| matches!(f, Fact::ApprovalGiven { .. } | Fact::ApprovalRejected { .. })), 1);
    assert_eq!(ended.count(|f| matches!(f, Fact::ApprovalRefused { .. })), 1, "the late answer is recorded");
}

#[tokio::test(start_paused = true)]
async fn the_last_answer_counts() {
    let sim = Story::new().stages(&["prod"]).open();
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    let mut answers = Vec::new();
    for answer in [Answer::Approved, Answer::Approved, Answer::Rejected] {
        answers.push(prepared(&sim, &run.id, answer).await);
    }
    let [first, second, last] = answers.try_into().ok().expect("three");
    let context = sim.context(MANAGER);
    let answers =
        tokio::join!(first.send(&context, summary), second.send(&context, summary), last.send(&context, summary));
    assert!(answers.0.is_err() && answers.1.is_err(), "another answer came later: {answers:?}");
    answers.2.expect("it counts");
    run.end(&sim).await.is(Outcome::Rejected, 11);
}
