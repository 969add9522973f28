use kanmon::model::approval::Requester;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::stage::{Asking, DEVELOPER, MANAGER, Story};

fn anybody() -> Story {
    Story::new().stages(&["prod"]).of_stage("prod", "enter", json!({ "approval": { "by": "kanmon", "expires": "2h" } }))
}

#[tokio::test(start_paused = true)]
async fn is_refused_and_somebody_else_s_counts() {
    let stage = anybody().open();
    let run = stage.release().await;
    stage.approves(DEVELOPER, &run.id, "prod").await;
    stage.fact(&run.id, "refused", |f| matches!(f, Fact::ApprovalRefused { .. })).await;
    stage.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(ended.has(|f| matches!(f, Fact::ApprovalRefused { why, .. } if why.contains("may not approve it"))));
    assert!(ended.has(|f| matches!(f, Fact::ApprovalGiven { answer } if answer.by.arn.ends_with("user/manager"))));
}

#[tokio::test(start_paused = true)]
async fn is_presumed_where_it_is_unknown_who_asked() {
    let stage = anybody().open();
    let what = "a build of CodeBuild".to_owned();
    let build = Requester::Unknown { by: DEVELOPER.identity(), what };
    let run = stage.asks(Asking { requester: Some(build), ..Asking::default() }).await;
    stage.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&stage).await;
    ended.is(Outcome::Expired, 12);
    assert!(ended.has(|f| matches!(f, Fact::ApprovalRefused { why, .. } if why.contains("a build of CodeBuild asked for this release"))));
    assert!(stage.calls("UpdateService").is_empty());
}
