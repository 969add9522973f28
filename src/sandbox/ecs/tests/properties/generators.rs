//! The inputs of the properties: services of every configuration, and what happens to them.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::sandbox::ecs::alarms::AlarmState;
use crate::sandbox::ecs::hook::HookStatus;
use crate::sandbox::ecs::service::Service;
use crate::sandbox::ecs::tests::rig::{Rig, merge};
use crate::sandbox::ecs::tests::strategies::balancer;

/// Good, crashing at once, crashing once it was healthy, failing its checks, and not there.
pub const IMAGES: [&str; 5] = ["repo/web:good", "repo/web:crash", "repo/web:late", "repo/web:sick", "repo/web:none"];

/// How a service of the properties is deployed to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum How {
    Rolling,
    BlueGreen,
    Linear,
    Canary,
}

pub fn how() -> impl Strategy<Value = How> {
    prop_oneof![3 => Just(How::Rolling), 1 => Just(How::BlueGreen), 1 => Just(How::Linear), 1 => Just(How::Canary)]
}

fn strategy(how: How, bake: u32) -> Value {
    match how {
        How::Rolling => json!({ "strategy": "ROLLING", "bakeTimeInMinutes": bake }),
        How::BlueGreen => json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": bake }),
        How::Linear => json!({ "strategy": "LINEAR", "bakeTimeInMinutes": bake,
            "linearConfiguration": { "stepPercent": 35.0, "stepBakeTimeInMinutes": 1 } }),
        How::Canary => json!({ "strategy": "CANARY", "bakeTimeInMinutes": bake,
            "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1 } }),
    }
}

/// The breaker in all its forms; the numbers are those of `thresholdConfiguration`.
#[derive(Debug, Clone)]
pub struct Breaker {
    pub on: bool,
    pub rollback: bool,
    pub form: Option<(&'static str, u32)>,
    pub reset: Option<bool>,
}

pub fn breaker() -> impl Strategy<Value = Breaker> {
    let form = prop_oneof![
        (1u32..6).prop_map(|n| ("COUNT", n)),
        (1u32..=100).prop_map(|n| ("BOUNDED_PERCENT", n)),
        (1u32..=100).prop_map(|n| ("UNBOUNDED_PERCENT", n)),
    ];
    let rest = (prop::bool::weighted(0.8), any::<bool>(), prop::option::of(form), prop::option::of(any::<bool>()));
    rest.prop_map(|(on, rollback, form, reset)| Breaker { on, rollback, form, reset })
}

impl Breaker {
    fn input(&self) -> Value {
        let mut input = json!({ "enable": self.on, "rollback": self.rollback });
        if let Some((kind, value)) = self.form {
            input["thresholdConfiguration"] = json!({ "type": kind, "value": value });
        }
        if let Some(reset) = self.reset {
            input["resetOnHealthyTask"] = json!(reset);
        }
        input
    }

    /// The failures at which it fires, as the documentation has it.
    pub fn threshold(&self, desired: u32) -> u32 {
        let share = |percent: u32| (f64::from(percent) / 100.0 * f64::from(desired) - 1e-9).ceil().max(0.0) as u32;
        match self.form {
            Some(("COUNT", n)) => n,
            Some(("UNBOUNDED_PERCENT", percent)) => share(percent).max(1),
            Some((_, percent)) => share(percent).clamp(3, 200),
            None => share(50).clamp(3, 200),
        }
    }
}

/// A lifecycle hook: its stage, and of a PAUSE its minutes and whether it then goes on; none for a Lambda function.
pub type HookAt = (&'static str, Option<(u32, bool)>);

fn hook() -> impl Strategy<Value = HookAt> {
    let pauses = ["RECONCILE_SERVICE", "PRE_SCALE_UP", "POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT"];
    let more = ["PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"];
    let pause = prop::sample::select([&pauses[..], &more[..]].concat());
    let lambda = prop::sample::select(vec!["PRE_SCALE_UP", "TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"]);
    prop_oneof![
        4 => (pause, 1u32..8, any::<bool>()).prop_map(|(stage, minutes, go_on)| (stage, Some((minutes, go_on)))),
        1 => lambda.prop_map(|stage| (stage, None)),
    ]
}

/// A service as it is before anything happens to it.
#[derive(Debug, Clone)]
pub struct InitialService {
    pub how: How,
    pub desired: u32,
    pub least: u32,
    pub most: u32,
    pub bake: u32,
    pub breaker: Breaker,
    pub alarms_roll_back: bool,
    pub hooks: Vec<HookAt>,
    /// The healthy percent, and whether the old tasks block.
    pub early: Option<(u32, bool)>,
}

pub fn initial() -> impl Strategy<Value = InitialService> {
    let size = (0u32..6, 0u32..=100, 0u32..=100, 0u32..3);
    let hooks = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(hook(), 1..4)];
    let early = prop::option::weighted(0.4, (0u32..=100, any::<bool>()));
    (how(), size, breaker(), any::<bool>(), hooks, early).prop_map(
        |(how, size, breaker, alarms_roll_back, hooks, early)| {
            let (desired, least, room, bake) = size;
            // No less than the minimum, and of rolling deployments only.
            let early = early.filter(|_| how == How::Rolling).map(|(percent, blocks)| (percent.max(least), blocks));
            InitialService { how, desired, least, most: 100 + room, bake, breaker, alarms_roll_back, hooks, early }
        },
    )
}

impl InitialService {
    /// One without hooks, criteria and alarms' rollback, with the usual breaker.
    pub fn plain(how: How, desired: u32, least: u32, most: u32, breaker: bool) -> InitialService {
        let breaker = Breaker { on: breaker, rollback: true, form: None, reset: None };
        InitialService {
            how,
            desired,
            least,
            most,
            bake: 1,
            breaker,
            alarms_roll_back: true,
            hooks: Vec::new(),
            early: None,
        }
    }

    fn configuration(&self) -> Value {
        let mut input = strategy(self.how, self.bake);
        let hooks: Vec<Value> = self
            .hooks
            .iter()
            .map(|(stage, pause)| match pause {
                None => {
                    json!({ "hookTargetArn": "arn:aws:lambda:r:1:function:f", "roleArn": "arn:aws:iam::1:role/hooks",
                    "lifecycleStages": [stage] })
                }
                Some((minutes, go_on)) => json!({ "targetType": "PAUSE", "lifecycleStages": [stage],
                    "timeoutConfiguration": { "timeoutInMinutes": minutes,
                        "action": if *go_on { "CONTINUE" } else { "ROLLBACK" } } }),
            })
            .collect();
        merge(
            &mut input,
            json!({
                "minimumHealthyPercent": self.least, "maximumPercent": self.most, "lifecycleHooks": hooks,
                "alarms": { "alarmNames": ["5xx"], "enable": true, "rollback": self.alarms_roll_back },
                "deploymentCircuitBreaker": self.breaker.input(),
            }),
        );
        if let Some((percent, blocks)) = self.early {
            input["earlySuccessCriteria"] = json!({ "enable": true, "healthyPercent": percent,
                "sourceServiceRevisionCleanup": if blocks { "BLOCKING" } else { "DEFERRED" } });
        }
        input
    }

    pub fn rig(&self) -> Rig {
        let extra = json!({ "desiredCount": self.desired, "deploymentConfiguration": self.configuration(),
            "loadBalancers": balancer() });
        let rig = Rig::with(extra, json!({}));
        rig.images.put(IMAGES[0], &[]);
        rig.images.put(IMAGES[1], &[("exit-code", "1")]);
        rig.images.put(IMAGES[2], &[("exit-code", "2"), ("exit-after", "40")]);
        rig.images.put(IMAGES[3], &[("unhealthy", "true")]);
        rig
    }
}

/// What happens to a service.
#[derive(Debug, Clone)]
pub enum Act {
    Deploy(usize),
    Scale(u32),
    /// With rollback or without.
    Stop(bool),
    Alarm(bool),
    /// The first hook that waits is continued, or rolled back.
    Answer(bool),
    /// Another minimum and maximum percent, while it runs.
    Percent(u32, u32),
    /// Somebody stops one of its tasks.
    Kill(usize),
}

/// One after another, each so many seconds after the last.
pub fn acts(most: usize) -> impl Strategy<Value = Vec<(u32, Act)>> {
    let act = prop_oneof![
        5 => (0..IMAGES.len()).prop_map(Act::Deploy),
        1 => (0u32..6).prop_map(Act::Scale),
        2 => any::<bool>().prop_map(Act::Stop),
        1 => any::<bool>().prop_map(Act::Alarm),
        2 => prop::bool::weighted(0.7).prop_map(Act::Answer),
        1 => (0u32..=100, 0u32..=100).prop_map(|(least, room)| Act::Percent(least, 100 + room)),
        1 => (0usize..6).prop_map(Act::Kill),
    ];
    prop::collection::vec((0u32..240, act), 1..most)
}

pub fn service(rig: &Rig) -> &Service {
    &rig.ecs.regions.values().next().expect("one region").clusters["c"].services["web"]
}

pub fn perform(rig: &mut Rig, act: &Act) {
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
        // Each of these is refused where there is nothing to do it to, which is as good.
        Act::Stop(rollback) => {
            let stop_type = if *rollback { "ROLLBACK" } else { "ABORT" };
            let arn = rig.newest();
            let _ = rig.call("StopServiceDeployment", json!({ "serviceDeploymentArn": arn, "stopType": stop_type }));
        }
        Act::Answer(go_on) => {
            let latest = service(rig).service_deployments.last().expect("one is seeded");
            let waiting = latest.hooks.iter().find(|h| h.status == HookStatus::AwaitingAction).map(|h| h.id.clone());
            if let Some(hook) = waiting {
                let action = if *go_on { "CONTINUE" } else { "ROLLBACK" };
                let answer = json!({ "serviceDeploymentArn": latest.arn, "hookId": hook, "action": action });
                rig.ok("ContinueServiceDeployment", answer);
            }
        }
        Act::Percent(least, most) => {
            let configuration = json!({ "minimumHealthyPercent": least, "maximumPercent": most });
            let update = json!({ "cluster": "c", "service": "web", "deploymentConfiguration": configuration });
            // An early success asks for no less than the minimum.
            let _ = rig.call("UpdateService", update);
        }
        Act::Kill(n) => {
            let running = rig.tasks("RUNNING");
            if let Some(task) = running.get(*n) {
                rig.ok("StopTask", json!({ "cluster": "c", "task": task["taskArn"] }));
            }
        }
    }
}
