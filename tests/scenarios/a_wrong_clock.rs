use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::ports::journal::{Journal as _, LEASE};

use super::simulation::{DEV, MANAGER, PROD, Simulation, Story, name};

#[tokio::test(start_paused = true)]
async fn an_hour_off_against_aws_changes_nothing() {
    let story = || Story::new().stages(&["dev", "prod"]);
    let plain = story().open();
    let run = plain.release().await;
    plain.approval_request(&run.id, "prod").await;
    plain.approves(MANAGER, &run.id, "prod").await;
    run.end(&plain).await.is(Outcome::Succeeded, 0);
    for hours in [1, -1] {
        let sim = story().open();
        sim.machine.set(SignedDuration::from_hours(hours));
        let run = sim.release().await;
        sim.approval_request(&run.id, "prod").await;
        sim.approves(MANAGER, &run.id, "prod").await;
        let ended = run.end(&sim).await;
        ended.is(Outcome::Succeeded, 0);
        assert_eq!(sim.tally(), plain.tally(), "{hours} h");
        let digest = ended.release.images.values().next().unwrap().digest.to_string();
        for (account, cluster) in [(DEV, "shop-dev"), (PROD, "shop-prod")] {
            assert_eq!(sim.digest(account, cluster, "web").unwrap(), digest, "{hours} h");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_off_does_not_turn_a_failure_into_a_success() {
    for hours in [1, -1] {
        let sim = Story::new().stages(&["dev"]).open();
        sim.machine.set(SignedDuration::from_hours(hours));
        sim.release().await.end(&sim).await.is(Outcome::Succeeded, 0);
        sim.build_next("broken", &[("exit-code", "42")]);
        let before = sim.definition(DEV, "shop-dev", "web");
        let ended = sim.release().await.end(&sim).await;
        assert_ne!(ended.code, 0, "{hours} h");
        assert_eq!(sim.definition(DEV, "shop-dev", "web"), before, "{hours} h");
    }
}

/// The last heartbeat of a stage's holder.
async fn beat(sim: &Simulation) -> u64 {
    let (_, _, heartbeat) = sim.journal.holder(&sim.pipeline().app, &name("dev")).await.unwrap().expect("it is held");
    heartbeat.beat
}

#[tokio::test(start_paused = true)]
async fn that_is_set_meanwhile_delays_no_renewal_and_no_answer() {
    for minutes in [-30, 30] {
        let sim = Story::new().stages(&["dev", "prod"]).open();
        let run = sim.release().await;
        sim.fact(&run.id, "entered", |f| matches!(f, Fact::StageEntered { .. })).await;
        sim.machine.set(SignedDuration::from_mins(minutes));
        let before = beat(&sim).await;
        sim.pass(LEASE).await;
        assert!(beat(&sim).await >= before + 2, "{minutes} min: the lease was not renewed");
        sim.machine.set(SignedDuration::ZERO);
        sim.approval_request(&run.id, "prod").await;
        sim.pass(SignedDuration::from_mins(1)).await;
        sim.machine.set(SignedDuration::from_mins(minutes));
        sim.approves(MANAGER, &run.id, "prod").await;
        let answered = sim.time.timestamp();
        sim.fact(&run.id, "approved", |f| matches!(f, Fact::ApprovalGiven { .. })).await;
        let passed = sim.time.timestamp().duration_since(answered);
        assert!(passed < SignedDuration::from_mins(1), "{minutes} min: the answer was found after {passed:#}");
        run.end(&sim).await.is(Outcome::Succeeded, 0);
    }
}
