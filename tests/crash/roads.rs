//! The releases that are killed.

use jiff::SignedDuration;
use kanmon::model::ids::ReleaseId;
use kanmon::model::stage_state::Approval;
use serde_json::json;

use crate::scenarios::stage::{Ended, MANAGER, Run, Stage, Story};

/// Three stages: build, migrations, rollouts, checks, a copy, an approval. What moves is looked at seldom, to the same end.
pub fn whole() -> Story {
    Story::new().file("/defaults/poll", json!("60s"))
}

/// One stage, and the way back from it.
pub fn way_back() -> Story {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let check = json!({ "check": { "http": url, "status": 403, "timeout": "5s" } });
    whole().stages(&["dev"]).steps("dev", json!([{ "roll": "admin" }, { "roll": "web" }, check]))
}

/// Where ECS tells no service deployments.
pub fn without_service_deployments() -> Story {
    let story = whole().stages(&["dev"]).steps("dev", json!([{ "roll": ["web", "admin"] }]));
    story.world("/ecs/0/serviceDeployments", json!(false))
}

/// Answers whatever is asked, for ever.
pub async fn approving(stage: &Stage, id: &ReleaseId) {
    let mut answered = 0;
    loop {
        let release = stage.release_of(id).await;
        for (name, state) in &release.stages {
            if matches!(state.approval, Approval::Asked(_)) && state.asks > answered {
                answered = state.asks;
                stage.approves(MANAGER, id, name.as_str()).await;
            }
        }
        stage.pass(SignedDuration::from_secs(15)).await;
    }
}

/// To the end, with whoever approves at hand.
pub async fn end(stage: &Stage, run: Run) -> Ended {
    let id = run.id.clone();
    tokio::select! {
        ended = run.end(stage) => ended,
        () = approving(stage, &id) => unreachable!("it goes on for ever"),
    }
}
