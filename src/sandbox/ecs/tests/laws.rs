//! What always holds, whatever is deployed and however the clock is moved.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::rig::{Rig, seconds};
use crate::sandbox::ecs::alarms::AlarmState;
use crate::sandbox::ecs::breaker;
use crate::sandbox::ecs::rollout::Status;
use crate::sandbox::ecs::stage::Stage;

const IMAGES: [&str; 5] = ["repo/web:good", "repo/web:crash", "repo/web:late", "repo/web:sick", "repo/web:none"];

/// How a service of the laws is deployed to.
#[derive(Debug, Clone, Copy)]
enum How {
    Rolling,
    BlueGreen,
    Linear,
    Canary,
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![Just(How::Rolling), Just(How::BlueGreen), Just(How::Linear), Just(How::Canary)]
}

fn strategy(how: How) -> Value {
    match how {
        How::Rolling => json!({ "strategy": "ROLLING", "bakeTimeInMinutes": 1 }),
        How::BlueGreen => json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1 }),
        How::Linear => json!({ "strategy": "LINEAR", "bakeTimeInMinutes": 0,
            "linearConfiguration": { "stepPercent": 35.0, "stepBakeTimeInMinutes": 1 } }),
        How::Canary => json!({ "strategy": "CANARY", "bakeTimeInMinutes": 1,
            "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1 } }),
    }
}

/// What happens to the service, at how many seconds after the last.
#[derive(Debug, Clone)]
enum Act {
    Deploy(usize),
    Scale(u32),
    Stop(bool),
    Alarm(bool),
}

fn act() -> impl Strategy<Value = (u32, Act)> {
    let act = prop_oneof![
        4 => (0..IMAGES.len()).prop_map(Act::Deploy),
        1 => (0u32..5).prop_map(Act::Scale),
        2 => any::<bool>().prop_map(Act::Stop),
        1 => any::<bool>().prop_map(Act::Alarm),
    ];
    (0u32..240, act)
}

fn rig(desired: u32, least: u32, most: u32, breaker: bool) -> Rig {
    rig_of(How::Rolling, desired, least, most, breaker)
}

fn rig_of(how: How, desired: u32, least: u32, most: u32, breaker: bool) -> Rig {
    let mut configuration = json!({ "minimumHealthyPercent": least, "maximumPercent": most,
        "alarms": { "alarmNames": ["5xx"], "enable": true, "rollback": true },
        "deploymentCircuitBreaker": { "enable": breaker, "rollback": true } });
    super::rig::merge(&mut configuration, strategy(how));
    let balanced = super::strategies::balancer();
    let extra = json!({ "desiredCount": desired, "deploymentConfiguration": configuration, "loadBalancers": balanced });
    let rig = Rig::with(extra, json!({}));
    rig.images.put(IMAGES[0], &[]);
    rig.images.put(IMAGES[1], &[("exit-code", "1")]);
    rig.images.put(IMAGES[2], &[("exit-code", "2"), ("exit-after", "40")]);
    rig.images.put(IMAGES[3], &[("unhealthy", "true")]);
    rig
}

fn perform(rig: &mut Rig, act: &Act) {
    match act {
        Act::Deploy(image) => {
            rig.deploy(IMAGES[*image]);
        }
        Act::Scale(n) => {
            rig.ok("UpdateService", json!({ "cluster": "c", "service": "web", "desiredCount": n }));
        }
        Act::Alarm(fires) => {
            let state = if *fires { AlarmState::Alarm } else { AlarmState::Ok };
            rig.ecs.set_alarm(&rig.account, &rig.region, "5xx", state, rig.now);
        }
        Act::Stop(rollback) => {
            let stop_type = if *rollback { "ROLLBACK" } else { "ABORT" };
            let arn = rig.newest();
            // Refused where nothing is under way, which is as good.
            let _ = rig.call("StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": stop_type }));
        }
    }
}

fn picture(rig: &mut Rig) -> Value {
    let listed = rig.ok("ListServiceDeployments", json!({ "cluster": "c", "service": "web" }));
    json!([rig.service(), rig.tasks("RUNNING"), rig.tasks("STOPPED"), listed])
}

fn tasks_by_state(rig: &mut Rig) -> (usize, usize) {
    let live = rig.tasks("RUNNING").len();
    let place = rig.ecs.places.values().next().unwrap();
    let healthy = place.clusters["c"].tasks.values().filter(|t| t.is_healthy()).count();
    (live, healthy)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn one_long_step_comes_to_the_same_as_many_short_ones(
        acts in proptest::collection::vec(act(), 1..5), desired in 0u32..4, steps in proptest::collection::vec(1i64..97, 1..40),
        how in how(),
    ) {
        let (mut long, mut short) = (rig_of(how, desired, 50, 150, true), rig_of(how, desired, 50, 150, true));
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
        let mut rig = rig(desired, least, most, breaker);
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
            prop_assert!(healthy >= floor, "{healthy} of at least {lower}");
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
        let mut rig = rig_of(how, desired, 0, 100, breaker);
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

    #[test]
    fn a_service_deployment_ends_once_and_moves_only_along_the_diagram(
        acts in proptest::collection::vec(act(), 1..6), desired in 0u32..4, breaker: bool, how in how(),
    ) {
        let mut rig = rig_of(how, desired, 100, 200, breaker);
        let mut stages: BTreeMap<String, (bool, Option<Stage>, f64)> = BTreeMap::new();
        let mut seen: BTreeMap<String, Status> = BTreeMap::new();
        let mut look = |rig: &Rig, seen: &mut BTreeMap<String, Status>| {
            let place = rig.ecs.places.values().next().unwrap();
            place.clusters["c"].tasks.assert_in_step();
            for d in &place.clusters["c"].services["web"].service_deployments {
                let before = seen.insert(d.arn.clone(), d.status());
                if let Some(before) = before.filter(|b| *b != d.status()) {
                    assert!(!before.is_terminal(), "{before:?} became {:?}", d.status());
                }
                assert_eq!(d.finished.is_some(), d.status().is_terminal());
                // Stages and traffic only go on, until a rollback takes both back.
                let back = d.rollback.is_some();
                let production = d.weights.map_or(0.0, |w| w.production);
                let was = stages.insert(d.arn.clone(), (back, d.stage, production));
                if let Some((_, stage, weight)) = was.filter(|(b, ..)| *b == back) {
                    assert!(stage <= d.stage, "{stage:?} became {:?}", d.stage);
                    assert!(weight <= production, "{weight} became {production}");
                }
                assert!(production == 0.0 || !back && d.stage >= Some(Stage::ProductionTrafficShift));
            }
            let under_way = seen.values().filter(|s| !s.is_terminal()).count();
            assert!(under_way <= 1, "{seen:?}");
        };
        for (wait, act) in &acts {
            for _ in 0..*wait {
                rig.pass(seconds(1));
                look(&rig, &mut seen);
            }
            perform(&mut rig, act);
            look(&rig, &mut seen);
        }
        for _ in 0..600 {
            rig.pass(seconds(1));
            look(&rig, &mut seen);
        }
    }

    #[test]
    fn the_breaker_never_fires_for_a_desired_count_of_zero(image in 0..IMAGES.len()) {
        let mut rig = rig(0, 100, 200, true);
        let arn = rig.deploy(IMAGES[image]);
        rig.pass(seconds(300));
        prop_assert_eq!(rig.status(&arn), "SUCCESSFUL");
    }

    #[test]
    fn failures_of_a_service_scaled_to_zero_trip_no_breaker(desired in 3u32..7, millis in 24_000i64..60_000) {
        let mut rig = rig(desired, 100, 200, true);
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
    fn the_threshold_is_half_the_desired_count_within_3_and_200(desired in 0u32..2000) {
        let by_hand = if desired <= 6 { 3 } else { desired.div_ceil(2).min(200) };
        prop_assert_eq!(breaker::threshold(&json!({}), desired), by_hand);
    }
}

#[test]
fn the_threshold_has_configurable_forms() {
    let of = |kind: &str, value: u32, desired| {
        let form =
            json!({ "deploymentCircuitBreaker": { "thresholdConfiguration": { "type": kind, "value": value } } });
        breaker::threshold(&form, desired)
    };
    assert_eq!(of("COUNT", 1, 100), 1);
    assert_eq!(of("BOUNDED_PERCENT", 10, 10), 3);
    assert_eq!(of("UNBOUNDED_PERCENT", 10, 10), 1);
    assert_eq!(of("UNBOUNDED_PERCENT", 50, 1000), 500);
}
