use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::ports::journal::{Journal as _, LEASE};

use super::stage::{DEV, MANAGER, PROD, Stage, Story, name};

#[tokio::test(start_paused = true)]
async fn an_hour_off_against_aws_changes_nothing() {
    let story = || Story::new().stages(&["dev", "prod"]);
    let plain = story().open();
    let run = plain.release().await;
    plain.asked(&run.id, "prod").await;
    plain.approves(MANAGER, &run.id, "prod").await;
    run.end(&plain).await.is(Outcome::Succeeded, 0);
    for hours in [1, -1] {
        let stage = story().open();
        stage.machine.set(SignedDuration::from_hours(hours));
        let run = stage.release().await;
        stage.asked(&run.id, "prod").await;
        stage.approves(MANAGER, &run.id, "prod").await;
        let ended = run.end(&stage).await;
        ended.is(Outcome::Succeeded, 0);
        assert_eq!(stage.tally(), plain.tally(), "{hours} h");
        let digest = ended.release.images.values().next().unwrap().digest.to_string();
        for (account, cluster) in [(DEV, "shop-dev"), (PROD, "shop-prod")] {
            assert_eq!(stage.digest(account, cluster, "web").unwrap(), digest, "{hours} h");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_off_makes_no_success_of_a_failure() {
    for hours in [1, -1] {
        let stage = Story::new().stages(&["dev"]).open();
        stage.machine.set(SignedDuration::from_hours(hours));
        stage.release().await.end(&stage).await.is(Outcome::Succeeded, 0);
        stage.build_next("broken", &[("exit-code", "42")]);
        let before = stage.definition(DEV, "shop-dev", "web");
        let ended = stage.release().await.end(&stage).await;
        assert_ne!(ended.code, 0, "{hours} h");
        assert_eq!(stage.definition(DEV, "shop-dev", "web"), before, "{hours} h");
    }
}

/// What a stage's holder has done last to say that he lives.
async fn beat(stage: &Stage) -> u64 {
    let (_, _, pulse) = stage.journal.holder(&stage.pipeline().app, &name("dev")).await.unwrap().expect("it is held");
    pulse.beat
}

#[tokio::test(start_paused = true)]
async fn that_is_set_meanwhile_holds_up_no_renewal_and_no_answer() {
    for minutes in [-30, 30] {
        let stage = Story::new().stages(&["dev", "prod"]).open();
        let run = stage.release().await;
        stage.fact(&run.id, "entered", |f| matches!(f, Fact::StageEntered { .. })).await;
        stage.machine.set(SignedDuration::from_mins(minutes));
        let before = beat(&stage).await;
        stage.pass(LEASE).await;
        assert!(beat(&stage).await >= before + 2, "{minutes} min: the lease was not renewed");
        stage.machine.set(SignedDuration::ZERO);
        stage.asked(&run.id, "prod").await;
        stage.pass(SignedDuration::from_mins(1)).await;
        stage.machine.set(SignedDuration::from_mins(minutes));
        stage.approves(MANAGER, &run.id, "prod").await;
        let answered = stage.time.timestamp();
        stage.fact(&run.id, "approved", |f| matches!(f, Fact::ApprovalGiven { .. })).await;
        let passed = stage.time.timestamp().duration_since(answered);
        assert!(passed < SignedDuration::from_mins(1), "{minutes} min: the answer was found after {passed:#}");
        run.end(&stage).await.is(Outcome::Succeeded, 0);
    }
}
