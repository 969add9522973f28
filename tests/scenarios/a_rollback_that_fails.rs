use aws_sdk_ecs::types::StopServiceDeploymentStopType;
use jiff::SignedDuration;
use serde_json::json;

use super::simulation::{COLLEAGUE, DEV, MANAGER, Simulation, Story};
use crate::scenarios::facts::{rollback_started, rollout_started};
use kanmon::model::event::Fact;
use kanmon::model::freeze::FrozenBy;
use kanmon::model::outcome::Outcome;
use kanmon::model::rollout::RolloutState;
use kanmon::model::step::StepFact;
use kanmon::model::step::part::Direction;
use kanmon::model::step::roll::RollFact;

/// Somebody stops the rollback, and ECS rolls that back: to what failed.
async fn stops_and_rolls_back(sim: &Simulation) {
    let ecs = aws_sdk_ecs::Client::new(&sim.sdk(COLLEAGUE));
    let listed = ecs.list_service_deployments().cluster("shop-dev").service("web").send().await.expect("a list");
    let newest = listed.service_deployments().iter().max_by_key(|d| d.created_at().map(|t| t.secs())).expect("one");
    let stop = ecs.stop_service_deployment().service_deployment_arn(newest.service_deployment_arn().expect("an ARN"));
    stop.stop_type(StopServiceDeploymentStopType::Rollback).send().await.expect("stopped");
}

#[tokio::test(start_paused = true)]
async fn freezes_the_stage_and_names_what_a_person_can_do() {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let steps = json!([{ "roll": "web" }, { "check": { "http": url, "status": 403, "timeout": "30s" } }]);
    let sim = Story::new().stages(&["dev"]).steps("dev", steps).open();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "going back", rollback_started).await;
    sim.pass(SignedDuration::from_secs(8)).await;
    stops_and_rolls_back(&sim).await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Stuck, 22);
    ended.says("aws ecs update-service --cluster shop-dev --service web --task-definition ");
    ended.says("dev is frozen; when the service is fixed, run `kanmon unfreeze dev --comment WHY`");
    let frozen = sim.ledger("dev").await.frozen.expect("it froze");
    assert_eq!(frozen.by, FrozenBy::Release { release: id });
    sim.build_next("fixed", &[]);
    let next = sim.release().await;
    let id = next.id.clone();
    let ended = next.end(&sim).await;
    ended.is(Outcome::Locked, 41);
    ended.says("could not be rolled back");
    sim.unfreezes(MANAGER, "dev", "rolled back by hand").await;
    sim.resumes(&id).await.end(&sim).await.entered("dev").then_some(()).expect("releases may enter it again");
}

/// ECS rolls back by itself, but the previous revision cannot start any more: its image is gone.
#[tokio::test(start_paused = true)]
async fn by_ecs_itself_freezes_the_stage_too() {
    let sim = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "web" }])).open();
    let good = sim.release().await.end(&sim).await;
    good.is(Outcome::Succeeded, 0);
    let before = sim.updates(DEV, "shop-dev", "web").remove(0);
    sim.build_next("broken", &[("exit-code", "1")]);
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "rolled", rollout_started).await;
    let digest = good.release.images.values().next().expect("an image").digest.to_string();
    let gone = aws_sdk_ecr::types::ImageIdentifier::builder().image_digest(digest).build();
    let ecr = aws_sdk_ecr::Client::new(&sim.sdk(COLLEAGUE));
    ecr.batch_delete_image().repository_name("shop").image_ids(gone).send().await.expect("deleted");
    let ended = run.end(&sim).await;
    let failed = |s: &RolloutState| matches!(s, RolloutState::RollbackFailed { .. });
    assert!(ended.has(|f| matches!(f, Fact::Step { fact: StepFact::Roll(RollFact::RolloutObserved { direction: Direction::Forward, progress, .. }), .. } if failed(&progress.rollout))));
    ended.is(Outcome::Stuck, 22);
    ended.says(&format!("aws ecs update-service --cluster shop-dev --service web --task-definition {before}"));
    ended.says("dev is frozen; when the service is fixed, run `kanmon unfreeze dev --comment WHY`");
    assert_eq!(sim.ledger("dev").await.frozen.expect("it froze").by, FrozenBy::Release { release: id });
    assert_eq!(sim.updates(DEV, "shop-dev", "web").len(), 2, "kanmon does not try again");
    sim.release().await.end(&sim).await.is(Outcome::Locked, 41);
}
