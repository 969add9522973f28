use crate::scenarios::facts::{rollout_ended, rollout_started, task_started};
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use serde_json::json;

use super::simulation::{COLLEAGUE, DEV, Simulation, Story};

async fn scales(sim: &Simulation, to: i32) {
    let ecs = aws_sdk_ecs::Client::new(&sim.sdk(COLLEAGUE));
    ecs.update_service().cluster("shop-dev").service("web").desired_count(to).send().await.expect("scaled");
}

async fn count(sim: &Simulation) -> (i32, i32) {
    let ecs = aws_sdk_ecs::Client::new(&sim.sdk(COLLEAGUE));
    let described = ecs.describe_services().cluster("shop-dev").services("web").send().await.expect("services");
    (described.services()[0].desired_count(), described.services()[0].running_count())
}

/// Scales the service at this moment of a release that fails or succeeds.
async fn scaled_at(moment: fn(&Fact) -> bool, status: u16) -> (Simulation, Outcome) {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let check = json!({ "check": { "http": url, "status": status, "timeout": "30s" } });
    let sim =
        Story::new().stages(&["dev"]).steps("dev", json!([{ "run": "migrate" }, { "roll": "web" }, check])).open();
    let run = sim.release().await;
    sim.fact(&run.id, "there", moment).await;
    scales(&sim, 5).await;
    let outcome = run.end(&sim).await.ending.outcome();
    sim.hours(1).await;
    (sim, outcome)
}

#[tokio::test(start_paused = true)]
async fn between_the_plan_and_the_roll_and_their_count_is_kept() {
    let (sim, outcome) = scaled_at(task_started, 200).await;
    assert_eq!((outcome, count(&sim).await), (Outcome::Succeeded, (5, 5)));
    let ours: Vec<_> =
        sim.calls("UpdateService").into_iter().filter(|c| !c.input["taskDefinition"].is_null()).collect();
    assert_eq!(ours.len(), 1);
    let members: Vec<&str> = ours[0].input.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(!members.contains(&"desiredCount"), "{members:?}");
}

#[tokio::test(start_paused = true)]
async fn during_the_rollout_and_all_of_the_tasks_are_proven() {
    let (sim, outcome) = scaled_at(rollout_started, 200).await;
    assert_eq!((outcome, count(&sim).await), (Outcome::Succeeded, (5, 5)));
    assert!(sim.definition(DEV, "shop-dev", "web").is_some());
}

#[tokio::test(start_paused = true)]
async fn before_it_is_rolled_back_and_their_count_is_kept() {
    let (sim, outcome) = scaled_at(rollout_ended, 403).await;
    assert_eq!((outcome, count(&sim).await), (Outcome::RolledBack, (5, 5)));
}
