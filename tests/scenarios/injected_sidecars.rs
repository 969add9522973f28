use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::Story;

#[tokio::test(start_paused = true)]
async fn neither_fail_nor_prove_a_rollout() {
    let agent = json!([{ "name": "aws-guardduty-agent-1a2b", "image": "593207742271.dkr.ecr.ap-northeast-1.amazonaws.com/aws-guardduty-agent-fargate:v1" }]);
    let story = Story::new().stages(&["dev"]).world("/ecs/0/clusters/0/injectedContainers", agent);
    let sim = story.open();
    sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
}
