//! Properties that hold for every deployment and every movement of the clock.

pub mod generators;
mod invariants;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::rig::{Rig, seconds};
use crate::sandbox::ecs::breaker;
use generators::{Act, How, IMAGES, InitialService, acts, initial, perform};
use invariants::Watch;

fn picture(rig: &mut Rig) -> Value {
    let listed = rig.ok("ListServiceDeployments", json!({ "cluster": "c", "service": "web" }));
    let newest = rig.newest();
    json!([rig.service(), rig.tasks("RUNNING"), rig.tasks("STOPPED"), listed, rig.service_deployment(&newest)])
}

fn tasks_by_state(rig: &mut Rig) -> (usize, usize) {
    let live = rig.tasks("RUNNING").len();
    let regional = rig.ecs.regions.values().next().unwrap();
    (live, regional.clusters["c"].tasks.tally_of_service("web").healthy)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// What [`Watch`] says of each is said there.
    #[test]
    fn whatever_happens_to_a_service_the_invariants_of_its_deployments_hold(initial in initial(), acts in acts(8)) {
        let (mut rig, mut watch) = Watch::begin(&initial);
        watch.play(&mut rig, &acts, 900);
    }

    #[test]
    fn one_long_step_comes_to_the_same_as_many_short_ones(
        initial in initial(), acts in acts(5), steps in proptest::collection::vec(1i64..97, 1..40),
    ) {
        let (mut long, mut short) = (initial.rig(), initial.rig());
        for (wait, act) in &acts {
            let until = short.now + seconds(i64::from(*wait));
            for step in steps.iter().cycle() {
                let next = (short.now + seconds(*step)).min(until);
                let by = next.duration_since(short.now);
                short.pass(by);
                if short.now == until { break; }
            }
            long.pass(seconds(i64::from(*wait)));
            perform(&mut long, act);
            perform(&mut short, act);
        }
        for _ in 0..90 { short.pass(seconds(7)); }
        long.pass(seconds(630));
        prop_assert_eq!(picture(&mut long), picture(&mut short));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_rollout_keeps_within_the_minimum_and_maximum_percent(
        desired in 1u32..7,
        least in 0u32..=100,
        room in 0u32..=100,
        image in 0..IMAGES.len(),
        superseded in proptest::option::of((0i64..150, 0..IMAGES.len())),
        breaker: bool,
    ) {
        let most = 100 + room;
        let mut rig = InitialService::plain(How::Rolling, desired, least, most, breaker).rig();
        let lower = (desired * least).div_ceil(100) as usize;
        let upper = (desired * most / 100) as usize;
        rig.deploy(IMAGES[image]);
        // What crashes after it was healthy is the image's doing, not the rollout's.
        let floor = if image == 2 || superseded.is_some_and(|(_, i)| i == 2) { 0 } else { lower };
        for second in (0..300).step_by(2) {
            rig.pass(seconds(2));
            if let Some((_, image)) = superseded.filter(|(at, _)| at / 2 * 2 == second) {
                rig.deploy(IMAGES[image]);
            }
            let (live, healthy) = tasks_by_state(&mut rig);
            prop_assert!(live <= upper, "{live} of at most {upper}");
            prop_assert!(healthy >= floor, "{healthy} of at least {floor}");
        }
    }

    #[test]
    fn while_traffic_moves_there_are_never_fewer_healthy_tasks_than_desired(
        how in prop_oneof![Just(How::BlueGreen), Just(How::Linear), Just(How::Canary)],
        desired in 1u32..5,
        image in prop_oneof![Just(0usize), Just(1), Just(3), Just(4)],
        stopped in proptest::option::of(0i64..600),
        breaker: bool,
    ) {
        let mut rig = InitialService::plain(how, desired, 0, 100, breaker).rig();
        let arn = rig.deploy(IMAGES[image]);
        for second in (0..700).step_by(4) {
            rig.pass(seconds(4));
            if stopped.is_some_and(|at| at / 4 * 4 == second) {
                let _ = rig.call("StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" }));
            }
            let (live, healthy) = tasks_by_state(&mut rig);
            prop_assert!(healthy >= desired as usize, "{healthy} of {desired}");
            prop_assert!(live <= 2 * desired as usize, "{live} of at most twice {desired}");
            prop_assert!(rig.ecs.running(&rig.account, &rig.region, "c", "web").is_some());
        }
    }

    /// The deadlock: no room for one more task, and none to spare.
    #[test]
    fn a_good_image_is_rolled_out_just_where_minimum_and_maximum_leave_room(
        desired in 1u32..12, least in 0u32..=100, room in 0u32..=100,
    ) {
        let mut rig = InitialService::plain(How::Rolling, desired, least, 100 + room, true).rig();
        let arn = rig.deploy(IMAGES[0]);
        rig.pass(seconds(3600));
        let moves = desired * (100 + room) / 100 > desired || (desired * least).div_ceil(100) < desired;
        prop_assert_eq!(rig.status(&arn), if moves { "SUCCESSFUL" } else { "IN_PROGRESS" });
        let shown = rig.events().iter().any(|e| e.contains("is unable to stop or start tasks"));
        prop_assert_eq!(shown, !moves);
    }

    #[test]
    fn the_breaker_never_fires_for_a_desired_count_of_zero(image in 0..IMAGES.len()) {
        let mut rig = InitialService::plain(How::Rolling, 0, 100, 200, true).rig();
        let arn = rig.deploy(IMAGES[image]);
        rig.pass(seconds(300));
        prop_assert_eq!(rig.status(&arn), "SUCCESSFUL");
    }

    #[test]
    fn failures_of_a_service_scaled_to_zero_trip_no_breaker(desired in 3u32..7, millis in 24_000i64..60_000) {
        let mut rig = InitialService::plain(How::Rolling, desired, 100, 200, true).rig();
        let arn = rig.deploy("repo/web:none");
        rig.pass(jiff::SignedDuration::from_millis(millis));
        let tripped = |rig: &mut Rig| rig.service_deployment(&arn)["deploymentCircuitBreaker"]["status"] == "TRIGGERED";
        if !tripped(&mut rig) {
            perform(&mut rig, &Act::Scale(0));
            rig.pass(seconds(300));
            prop_assert!(!tripped(&mut rig));
            prop_assert_eq!(rig.status(&arn), "SUCCESSFUL");
        }
    }

    #[test]
    fn the_threshold_is_what_its_form_says(breaker in generators::breaker(), desired in 0u32..2000) {
        let mut form = json!({});
        if let Some((kind, value)) = breaker.form {
            form = json!({ "deploymentCircuitBreaker": { "thresholdConfiguration": { "type": kind, "value": value } } });
        }
        prop_assert_eq!(breaker::threshold(&form, desired), breaker.threshold(desired));
    }
}

/// The properties do not hold just because nothing happens: the same inputs reach every end.
#[test]
fn the_draws_come_to_every_end() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut ended, mut triggered) = (std::collections::BTreeMap::new(), 0);
    for _ in 0..64 {
        let (initial, acts) = (initial(), acts(8)).new_tree(&mut runner).unwrap().current();
        let (mut rig, mut watch) = Watch::begin(&initial);
        watch.play(&mut rig, &acts, 900);
        triggered += watch.triggered;
        for (status, n) in watch.ended {
            *ended.entry(status).or_insert(0) += n;
        }
    }
    for status in ["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL"] {
        assert!(ended.get(status).is_some_and(|n| *n >= 5), "{status}: {ended:?}");
    }
    assert!(triggered >= 5, "{triggered}");
}
