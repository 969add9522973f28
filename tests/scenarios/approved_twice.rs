use kanmon::model::approval::Answer;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;

use super::stage::{MANAGER, Story};

#[tokio::test(start_paused = true)]
async fn the_second_answer_changes_nothing() {
    let stage = Story::new().stages(&["prod"]).open();
    let run = stage.release().await;
    let request = stage.asked(&run.id, "prod").await;
    for answer in [Answer::Approved, Answer::Approved] {
        stage.answers_about(MANAGER, &run.id, "prod", &request, &request.plan, answer).await;
    }
    let ended = run.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);
    assert_eq!(ended.count(|f| matches!(f, Fact::ApprovalGiven { .. } | Fact::ApprovalRejected { .. })), 1);
    assert_eq!(ended.count(|f| matches!(f, Fact::ApprovalRefused { .. })), 1, "who was late can see it");
}

#[tokio::test(start_paused = true)]
async fn the_last_word_counts() {
    let stage = Story::new().stages(&["prod"]).open();
    let run = stage.release().await;
    let request = stage.asked(&run.id, "prod").await;
    for answer in [Answer::Approved, Answer::Approved, Answer::Rejected] {
        stage.answers_about(MANAGER, &run.id, "prod", &request, &request.plan, answer).await;
    }
    run.end(&stage).await.is(Outcome::Rejected, 11);
}
