//! Checks the invariants of a service after everything that happens to it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::generators::{Act, How, InitialService, perform, service};
use crate::sandbox::ecs::configuration;
use crate::sandbox::ecs::hook::HookStatus;
use crate::sandbox::ecs::lifecycle_stage::LifecycleStage;
use crate::sandbox::ecs::scheduler_context::REACTION;
use crate::sandbox::ecs::service::Rollout;
use crate::sandbox::ecs::service_deployment::{Monitor, ServiceDeployment, Status};
use crate::sandbox::ecs::task::{StopCode, Task};
use crate::sandbox::ecs::tasks::Tasks;
use crate::sandbox::ecs::tests::rig::{Rig, seconds};

/// The arrows of *service deployment states*, and the race that a request can lose against success.
const ARROWS: [(Status, &[Status]); 5] = [
    (Status::Pending, &[Status::InProgress, Status::StopRequested, Status::RollbackRequested, Status::Stopped]),
    (
        Status::InProgress,
        &[
            Status::Successful,
            Status::StopRequested,
            Status::Stopped,
            Status::RollbackRequested,
            Status::RollbackInProgress,
        ],
    ),
    (Status::StopRequested, &[Status::Stopped, Status::Successful]),
    (
        Status::RollbackRequested,
        &[Status::RollbackInProgress, Status::RollbackFailed, Status::Successful, Status::Stopped],
    ),
    (Status::RollbackInProgress, &[Status::RollbackSuccessful, Status::RollbackFailed, Status::Stopped]),
];

/// Stages of deployments that move traffic, which a rolling one never enters.
const SHIFTING: [LifecycleStage; 4] = [
    LifecycleStage::TestTrafficShift,
    LifecycleStage::PostTestTrafficShift,
    LifecycleStage::ProductionTrafficShift,
    LifecycleStage::PostProductionTrafficShift,
];

/// A task at the last check.
#[derive(Clone, Copy, PartialEq)]
struct Seen {
    live: bool,
    healthy: bool,
}

/// The state at the last check.
pub struct Watch {
    initial: InitialService,
    deployments: BTreeMap<String, ServiceDeployment>,
    tasks: BTreeMap<String, Seen>,
    /// Where a rollback has to go.
    completed: Option<String>,
    /// PRIMARY's failures, counted here; and since when there are enough of them.
    failures: (String, u32),
    tripped: Option<Timestamp>,
    pub triggered: usize,
    pub ended: BTreeMap<&'static str, usize>,
}

impl Watch {
    pub fn begin(initial: &InitialService) -> (Rig, Watch) {
        let rig = initial.rig();
        let mut watch = Watch {
            initial: initial.clone(),
            deployments: BTreeMap::new(),
            tasks: BTreeMap::new(),
            completed: service(&rig).completed.clone(),
            failures: (String::new(), 0),
            tripped: None,
            triggered: 0,
            ended: BTreeMap::new(),
        };
        watch.remember(&rig);
        (rig, watch)
    }

    /// Lets the acts happen at their times, and everything in between; then another while.
    pub fn play(&mut self, rig: &mut Rig, acts: &[(u32, Act)], after: i64) {
        for (wait, act) in acts {
            self.pass(rig, seconds(i64::from(*wait)));
            perform(rig, act);
            self.look(rig, Some(act));
        }
        self.pass(rig, seconds(after));
        for (arn, then) in &self.deployments {
            if then.status().is_terminal() {
                let now = service(rig).service_deployments.iter().find(|d| d.arn == *arn).expect("history stays");
                assert_eq!(now.view(), then.view(), "what has ended never changes");
            }
        }
        tasks(rig).assert_in_step();
    }

    /// Looks after each thing that happens.
    pub fn pass(&mut self, rig: &mut Rig, by: SignedDuration) {
        let until = rig.now + by;
        while let Some(at) = rig.ecs.next_at().filter(|at| *at <= until) {
            rig.pass(at.duration_since(rig.now));
            self.look(rig, None);
        }
        rig.pass(until.duration_since(rig.now));
    }

    fn look(&mut self, rig: &Rig, act: Option<&Act>) {
        self.statuses(rig);
        self.pauses(rig, act);
        self.launches(rig);
        self.stops(rig);
        self.breaker(rig);
        self.remember(rig);
    }

    fn remember(&mut self, rig: &Rig) {
        for d in &service(rig).service_deployments {
            let same = |then: &ServiceDeployment| then.updated == d.updated && then.status() == d.status();
            if !self.deployments.get(&d.arn).is_some_and(|then| same(then) && d.status().is_terminal()) {
                self.deployments.insert(d.arn.clone(), d.clone());
            }
        }
        let seen = |t: &Task| (t.id.clone(), Seen { live: t.is_live(), healthy: t.is_healthy() });
        self.tasks = tasks(rig).of_service("web").map(seen).collect();
    }

    /// Statuses along the arrows, stages and traffic in their order, one under way, and the ends for their reasons.
    fn statuses(&mut self, rig: &Rig) {
        let all = &service(rig).service_deployments;
        let open: Vec<usize> = (0..all.len()).filter(|n| !all[*n].status().is_terminal()).collect();
        assert!(open.is_empty() || open == [all.len() - 1], "only the newest is under way: {open:?}");
        for d in all {
            assert_eq!(d.finished.is_some(), d.status().is_terminal());
            let Some(then) = self.deployments.get(&d.arn) else {
                assert_eq!(d.status(), Status::Pending, "how all of them begin");
                continue;
            };
            let (from, to) = (then.status(), d.status());
            if from != to {
                let arrow = ARROWS.iter().any(|(a, next)| *a == from && next.contains(&to));
                assert!(arrow, "{from:?} became {to:?}");
            }
            stages(then, d);
            let back = d.rollback.as_ref().map(|r| r.revision.clone());
            if then.rollback.is_none()
                && let Some(back) = back
            {
                assert_eq!(Some(&back), self.completed.as_ref(), "back to what was completed last");
                assert_ne!(back, d.target);
                assert_eq!(service(rig).primary().map(|p| &p.revision), Some(&back));
            }
            if from != to && to.is_terminal() {
                *self.ended.entry(to.name()).or_default() += 1;
                match to {
                    Status::Successful => {
                        self.success(rig, &d.target);
                        self.completed = Some(d.target.clone());
                    }
                    Status::RollbackSuccessful => {
                        let back = d.rollback.as_ref().expect("it went somewhere");
                        self.success(rig, &back.revision);
                    }
                    Status::RollbackFailed => {
                        let nowhere = self.completed.is_none() || d.breaker == Monitor::Triggered;
                        assert!(nowhere, "it failed, or there was nothing to go back to");
                    }
                    _ => {}
                }
            }
        }
    }

    /// The revision runs, with the healthy tasks that the criteria ask for.
    fn success(&self, rig: &Rig, revision: &str) {
        let (up, others) = counted(rig, &service(rig).deployments[0].id);
        let desired = service(rig).desired;
        assert_eq!(service(rig).deployments[0].revision, revision);
        match self.initial.early.filter(|_| self.initial.how == How::Rolling) {
            None => assert!(up == desired as usize && others == 0, "{up} of {desired}, and {others} others"),
            Some((percent, blocks)) => {
                assert!(up * 100 >= (desired * percent) as usize, "{up} of {desired}, {percent} percent");
                assert!(!blocks || others == 0, "{others} others");
            }
        }
    }

    /// What is paused stands still until it is answered, its time is over, or the deployment ends otherwise.
    fn pauses(&self, rig: &Rig, act: Option<&Act>) {
        let Some(d) = service(rig).service_deployments.last() else { return };
        let Some(then) = self.deployments.get(&d.arn) else { return };
        for before in then.hooks.iter().filter(|h| h.status == HookStatus::AwaitingAction) {
            let now = d.hooks.iter().find(|h| h.id == before.id).expect("it stays listed");
            match now.status {
                HookStatus::AwaitingAction => {
                    assert!(rig.now < before.ends, "its time is over");
                    assert_eq!((d.status(), d.stage), (Status::InProgress, then.stage));
                    assert_eq!(d.weights, then.weights, "no traffic moves meanwhile");
                }
                HookStatus::Succeeded => assert!(matches!(act, Some(Act::Answer(true)))),
                HookStatus::TimedOut => assert!(rig.now >= before.ends),
                HookStatus::Failed => {
                    assert!(d.status() != Status::InProgress, "somebody asked for it to end, or it failed");
                }
                HookStatus::InProgress => panic!("a PAUSE is not a function"),
            }
        }
    }

    /// Nothing is launched above the maximum, nor for what has failed or was stopped, nor while a retry waits.
    fn launches(&self, rig: &Rig) {
        let new: Vec<&Task> =
            tasks(rig).of_service("web").filter(|t| t.is_live() && !self.tasks.contains_key(&t.id)).collect();
        if new.is_empty() {
            return;
        }
        let web = service(rig);
        let primary = &web.deployments[0];
        assert!(new.iter().all(|t| t.started_by.as_ref() == Some(&primary.id)), "only PRIMARY launches");
        assert!(primary.rollout != Rollout::Failed && !primary.frozen);
        assert!(primary.retry_at.is_none_or(|at| at <= rig.now));
        let live = tasks(rig).of_service("web").filter(|t| t.is_live()).count();
        if self.initial.how == How::Rolling {
            assert!(live <= web.upper() as usize, "{live} of at most {}", web.upper());
        } else {
            let own = tasks(rig).tally("web", &primary.id).live;
            assert!(own <= web.desired as usize, "{own} of {}", web.desired);
        }
    }

    /// The scheduler stops no healthy task of a rolling deployment below the minimum.
    fn stops(&self, rig: &Rig) {
        let scheduled = |t: &Task| {
            t.stop.as_ref().is_some_and(|s| s.code == StopCode::ServiceSchedulerInitiated && !s.unhealthy)
                && self.tasks.get(&t.id).is_some_and(|then| then.healthy && then.live)
        };
        let web = service(rig);
        if self.initial.how == How::Rolling && tasks(rig).of_service("web").any(scheduled) {
            let healthy = tasks(rig).of_service("web").filter(|t| t.is_healthy()).count();
            assert!(healthy >= web.lower() as usize, "{healthy} of at least {}", web.lower());
        }
    }

    /// The breaker fires at the first look at which PRIMARY has failed as often as its threshold says, and only then.
    fn breaker(&mut self, rig: &Rig) {
        let web = service(rig);
        let primary = &web.deployments[0];
        self.count(rig);
        assert_eq!(self.failures, (primary.id.clone(), primary.failed_tasks), "failures counted here and there");
        let threshold = self.initial.breaker.threshold(web.desired);
        let latest = web.service_deployments.last().expect("one is seeded");
        let fired = latest.breaker == Monitor::Triggered
            && self.deployments.get(&latest.arn).is_some_and(|then| then.breaker != Monitor::Triggered);
        let on = self.initial.breaker.on && web.desired > 0;
        if fired {
            self.triggered += 1;
            let failed = web.deployments.iter().find(|d| d.revision == latest.target).map_or(0, |d| d.failed_tasks);
            assert!(on && failed >= threshold, "{failed} of {threshold}");
        }
        let due = on && primary.rollout == Rollout::InProgress && primary.failed_tasks >= threshold;
        self.tripped = due.then(|| self.tripped.unwrap_or(rig.now));
        let late = self.tripped.is_some_and(|since| rig.now.duration_since(since) > REACTION);
        assert!(!late, "{} failures of {threshold}, and it has not fired", primary.failed_tasks);
    }

    /// Counts PRIMARY's failures from its tasks: as many as went by their own fault since one was healthy, if that resets.
    fn count(&mut self, rig: &Rig) {
        let primary = &service(rig).deployments[0];
        if self.failures.0 != primary.id {
            // What comes back begins again, and has had no time to fail.
            self.failures = (primary.id.clone(), 0);
        }
        let in_progress = primary.rollout == Rollout::InProgress;
        let (mut failed, mut up) = (0, false);
        for task in tasks(rig).of_deployment("web", &primary.id) {
            let then = self.tasks.get(&task.id).copied();
            let fault = task.stop.as_ref().is_some_and(|s| {
                s.unhealthy || matches!(s.code, StopCode::TaskFailedToStart | StopCode::EssentialContainerExited)
            });
            failed += u32::from(fault && then.is_some_and(|t| t.live));
            up |= task.is_healthy() && then.is_some_and(|t| !t.healthy);
        }
        let resets = self.initial.breaker.reset.unwrap_or(true);
        match (failed, up && resets) {
            (0, false) => {}
            // Of several at one moment the order decides, which is not seen from here.
            (1.., true) => self.failures.1 = primary.failed_tasks,
            (0, true) if in_progress => self.failures.1 = 0,
            (n, _) if in_progress => self.failures.1 += n,
            _ => {}
        }
    }
}

fn tasks(rig: &Rig) -> &Tasks {
    &rig.ecs.regions.values().next().expect("one region").clusters["c"].tasks
}

/// Healthy tasks of a deployment, and those of others that have not stopped.
fn counted(rig: &Rig, deployment: &str) -> (usize, usize) {
    let own = tasks(rig).tally("web", deployment);
    (own.healthy, tasks(rig).of_others("web", deployment).len())
}

/// Stages and traffic only go on, until a rollback takes both back; and traffic in the steps that the strategy says.
fn stages(then: &ServiceDeployment, d: &ServiceDeployment) {
    let back = d.rollback.is_some();
    if back == then.rollback.is_some() {
        assert!(then.stage <= d.stage, "{:?} became {:?}", then.stage, d.stage);
    }
    assert_ne!(d.stage, Some(LifecycleStage::PreProductionTrafficShift), "no stage of the model's enum");
    assert!(d.stage != Some(LifecycleStage::ReconcileService) || d.sources.len() > 1, "only where there are several");
    let Some(weights) = d.weights else {
        assert!(d.stage.is_none_or(|s| !SHIFTING.contains(&s)), "{:?} of a rolling deployment", d.stage);
        return;
    };
    let shifted = d.stage >= Some(LifecycleStage::ProductionTrafficShift);
    if back {
        assert_eq!((weights.test, weights.production), (0.0, 0.0));
        return;
    }
    assert_eq!(weights.test > 0.0, d.stage >= Some(LifecycleStage::TestTrafficShift));
    assert_eq!(weights.production > 0.0, shifted);
    let steps = configuration::steps(&d.configuration);
    assert!(!shifted || steps.iter().any(|s| s.weight == weights.production), "{} is not a step", weights.production);
    assert!(d.stage <= Some(LifecycleStage::ProductionTrafficShift) || weights.production == 100.0);
    assert!(then.weights.is_none_or(|w| w.production <= weights.production));
}
