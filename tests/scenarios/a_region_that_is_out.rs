use crate::scenarios::facts::rollout_started;
use jiff::SignedDuration;
use kanmon::journal::Moment;
use kanmon::model::effect::Effect;
use kanmon::model::event::Fact;
use kanmon::model::outcome::Outcome;
use kanmon::model::step::part::Direction;
use kanmon::sandbox::faults::{self, Kind};
use kanmon::usecase::error::Error;
use serde_json::json;

use super::simulation::{DEV, DEVELOPER, Simulation, Story};

fn dev() -> Simulation {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let steps = json!([{ "run": "migrate" }, { "roll": ["web", "admin"] }, { "check": { "http": url } }]);
    Story::new().stages(&["dev"]).steps("dev", steps).open()
}

/// No call was a rollback.
fn nothing_went_back(sim: &Simulation) {
    assert!(sim.tried("StopServiceDeployment").is_empty(), "nothing is rolled back while the result is unknown");
    for service in ["web", "admin"] {
        let updates = sim.updates(DEV, "shop-dev", service);
        assert!(updates.len() <= 1, "{service}: {updates:?}");
    }
}

const OUT: [Kind; 3] = [Kind::ServerError, Kind::ResetBefore, Kind::ResetAfter];

#[tokio::test(start_paused = true)]
async fn during_a_rollout_suspends_it_until_the_region_is_back() {
    for kind in OUT {
        let sim = dev();
        let run = sim.release().await;
        let id = run.id.clone();
        sim.fact(&id, "rolled", rollout_started).await;
        sim.fault("*", kind.clone(), 100_000);
        let ended = run.end(&sim).await;
        ended.is(Outcome::Unknown, 32);
        ended.says("kanmon resume");
        nothing_went_back(&sim);
        // While the region is out, nobody can resume.
        let refused = sim.try_resume(DEVELOPER, &id).await.err().expect("the region is out");
        assert!(matches!(&refused, Error::Fault(fault) if fault.kind().is_passing()), "{refused:?}");
        // If it fails again while resuming, nothing changes either.
        sim.end_faults();
        let again = sim.resumes(&id).await;
        sim.fault("*", kind.clone(), 100_000);
        again.end(&sim).await.is(Outcome::Unknown, 32);
        nothing_went_back(&sim);
        sim.end_faults();
        sim.resumes(&id).await.end(&sim).await.is(Outcome::Succeeded, 0);
        nothing_went_back(&sim);
        assert_eq!(sim.calls("RunTask").len(), 1, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn past_the_deadline_of_a_rollout_is_unknown_and_not_a_failure() {
    let sim = dev();
    let run = sim.release().await;
    let id = run.id.clone();
    sim.fact(&id, "rolled", rollout_started).await;
    sim.fault("*", Kind::ServerError, 100_000);
    run.end(&sim).await.is(Outcome::Unknown, 32);
    // ECS continued by itself, and the deadline has passed long ago when somebody reads the result.
    sim.end_faults();
    sim.hours(5).await;
    sim.resumes(&id).await.end(&sim).await.is(Outcome::Succeeded, 0);
    nothing_went_back(&sim);
}

/// From the moment before a call, nothing gets through in one direction or both, for so many minutes.
async fn cut_off_at(is: fn(&Effect) -> bool, kind: Kind, minutes: i64) -> (Simulation, kanmon::model::ids::ReleaseId) {
    let sim = dev();
    let run = sim.release().await;
    let id = run.id.clone();
    let world = sim.world.clone();
    let (mut done, order) = (false, faults::Fault::next("*", 100_000, kind));
    sim.journal.set_append_hook(move |moment, facts| {
        let now = facts.iter().any(|f| matches!(f, Fact::Intended { effect, .. } if is(effect)));
        if moment == Moment::After && now && !std::mem::replace(&mut done, true) {
            world.lock().unwrap().order_fault(order.clone());
        }
        Ok(())
    });
    sim.fact(&id, "came there", |f| matches!(f, Fact::Intended { effect, .. } if is(effect))).await;
    sim.pass(SignedDuration::from_mins(minutes)).await;
    sim.end_faults();
    let ended = run.end(&sim).await;
    if minutes < 10 {
        ended.is(Outcome::Succeeded, 0);
    } else {
        ended.is(Outcome::Unknown, 32);
    }
    (sim, id)
}

type Is = fn(&Effect) -> bool;

#[tokio::test(start_paused = true)]
async fn or_a_network_that_breaks_at_a_call_is_resolved_by_reading_later() {
    let calls: [(&str, Is); 3] = [
        ("RegisterTaskDefinition", |e| matches!(e, Effect::Register { .. })),
        ("RunTask", |e| matches!(e, Effect::RunTask { .. })),
        ("UpdateService", |e| matches!(e, Effect::Update { direction: Direction::Forward, .. })),
    ];
    let plain = dev();
    plain.release().await.end(&plain).await.is(Outcome::Succeeded, 0);
    for (operation, is) in calls {
        for kind in [Kind::ResetBefore, Kind::ResetAfter] {
            for minutes in [3, 45] {
                let (sim, id) = cut_off_at(is, kind.clone(), minutes).await;
                if minutes > 10 {
                    nothing_went_back(&sim);
                    sim.resumes(&id).await.end(&sim).await.is(Outcome::Succeeded, 0);
                }
                nothing_went_back(&sim);
                let (tally, as_plain) = (sim.tally(), plain.tally());
                let updates = |t: &std::collections::BTreeMap<(String, String), usize>| {
                    t.iter().filter(|((op, _), _)| op == "UpdateService").map(|(_, n)| n).sum::<usize>()
                };
                assert_eq!(updates(&tally), updates(&as_plain), "{operation} {kind:?} {minutes} min");
                let tasks: std::collections::BTreeSet<_> =
                    sim.calls("RunTask").iter().map(|e| e.input["clientToken"].to_string()).collect();
                assert_eq!(tasks.len(), 1, "{operation} {kind:?} {minutes} min: one task, by its token");
            }
        }
    }
}
