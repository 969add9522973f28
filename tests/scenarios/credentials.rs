use crate::scenarios::facts::rollout_started;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::sandbox::iam::Policy;
use kanmon::sandbox::iam::directory::Role;
use serde_json::json;

use super::simulation::{MANAGER, PROD, Simulation, Story};

/// The role in prod, trusted or not.
fn trust(sim: &Simulation, effect: &str) {
    let mut world = sim.world.lock().unwrap();
    let account = PROD.parse().unwrap();
    let role = world.directory_mut().role(&account, "kanmon-deploy").unwrap().clone();
    let trust = json!({ "Statement": [{
        "Effect": effect, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
        "Principal": { "AWS": "arn:aws:iam::111111111111:user/developer" },
    }] });
    let role = Role { trust: Policy::read(&trust).unwrap(), ..role };
    world.directory_mut().add_role(&account, "kanmon-deploy", role);
}

#[tokio::test(start_paused = true)]
async fn that_last_an_hour_are_renewed_in_a_wait_of_three() {
    let sim = Story::new().stages(&["prod"]).open();
    let run = sim.release().await;
    sim.approval_request(&run.id, "prod").await;
    let assumed = sim.calls("AssumeRole").len();
    sim.hours(3).await;
    sim.approves(MANAGER, &run.id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Succeeded, 0);
    assert!(sim.calls("AssumeRole").len() > assumed);
    assert!(!sim.tried("DescribeServices").iter().any(|e| e.code.contains("Expired")), "none was used too long");
}

#[tokio::test(start_paused = true)]
async fn whose_renewal_is_refused_suspend_the_release() {
    let sim = Story::new().stages(&["prod"]).open();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.approval_request(&id, "prod").await;
    trust(&sim, "Deny");
    sim.hours(3).await;
    sim.approves(MANAGER, &id, "prod").await;
    let ended = run.end(&sim).await;
    ended.is(Outcome::Access, 40);
    ended.says("sts:AssumeRole");
    assert!(ended.has(|f| matches!(f, Fact::Suspended { .. })), "it can be resumed");
    assert!(sim.calls("UpdateService").is_empty());

    trust(&sim, "Allow");
    let resumed = sim.resumes(&id).await.end(&sim).await;
    resumed.is(Outcome::Succeeded, 0);
    assert_eq!(resumed.count(|f| matches!(f, Fact::ApprovalGiven { .. })), 1, "the approval still counts");
}

#[tokio::test(start_paused = true)]
async fn that_are_revoked_during_a_rollout_suspend_it_too() {
    let sim = Story::new().stages(&["prod"]).open();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.approves(MANAGER, &id, "prod").await;
    sim.fact(&id, "rolled", rollout_started).await;
    trust(&sim, "Deny");
    let now = sim.time.timestamp();
    sim.world.lock().unwrap().directory_mut().expire_sessions(&PROD.parse().unwrap(), "kanmon-deploy", now);
    let ended = run.end(&sim).await;
    ended.is(Outcome::Access, 40);
    assert!(ended.has(|f| matches!(f, Fact::Suspended { .. })));

    trust(&sim, "Allow");
    let resumed = sim.resumes(&id).await.end(&sim).await;
    resumed.is(Outcome::Succeeded, 0);
    assert_eq!(sim.updates(PROD, "shop-prod", "admin").len(), 1);
}
