//! The releases that are killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::scenarios::facts::{check_judged, rollout_started};
use jiff::SignedDuration;
use kanmon::model::event::Fact;
use kanmon::model::ids::ReleaseId;
use kanmon::model::outcome::Outcome;
use kanmon::model::stage_state::Approval;
use serde_json::{Value, json};

use crate::scenarios::simulation::{COLLEAGUE, Ended, MANAGER, OPERATOR, Run, Simulation, Story};

/// A release, what happens before it, and its outcome if it is not killed.
#[derive(Clone)]
pub struct ReleaseCase {
    pub what: &'static str,
    story: Story,
    before: Before,
    pub outcome: Outcome,
    /// The facts with which its points begin and end: what is before and after belongs to other cases.
    pub from: fn(&Fact) -> bool,
    pub until: fn(&Fact) -> bool,
    /// The number of the approval request that is answered.
    answered: u32,
}

/// What happens before the process that is killed.
#[derive(Clone, Copy)]
enum Before {
    Nothing,
    /// The image that is built exits immediately.
    BrokenImage,
    /// The revision that runs was deregistered.
    Deregistered,
    /// A process has requested approval and stopped, and somebody has deployed since.
    AnotherRequest,
}

impl ReleaseCase {
    fn new(what: &'static str, story: Story) -> ReleaseCase {
        let (before, outcome, from) = (Before::Nothing, Outcome::Succeeded, anything as fn(&Fact) -> bool);
        ReleaseCase { what, story, before, outcome, from, until: finished, answered: 1 }
    }

    fn before(self, before: Before) -> ReleaseCase {
        ReleaseCase { before, ..self }
    }

    fn to(self, outcome: Outcome) -> ReleaseCase {
        ReleaseCase { outcome, ..self }
    }

    fn from(self, from: fn(&Fact) -> bool) -> ReleaseCase {
        ReleaseCase { from, ..self }
    }

    /// A new scenario, and the process in it that will be killed.
    pub async fn prepare(&self) -> (Simulation, Run) {
        let sim = self.story.clone().open();
        match self.before {
            Before::Nothing => {}
            Before::BrokenImage => sim.build_next("broken", &[("exit-code", "1")]),
            Before::Deregistered => {
                let ecs = aws_sdk_ecs::Client::new(&sim.sdk(COLLEAGUE));
                ecs.deregister_task_definition().task_definition("shop-web:1").send().await.expect("deregistered");
            }
            Before::AnotherRequest => {
                let first = sim.release().await;
                let id = first.id.clone();
                sim.approval_request(&id, "prod").await;
                first.stop();
                first.end(&sim).await.is(Outcome::Suspended, 30);
                sim.deploys(OPERATOR, "shop-prod", "web").await;
                sim.pass(SignedDuration::from_mins(10)).await;
                let run = sim.resumes(&id).await;
                return (sim, run);
            }
        }
        let run = sim.release().await;
        (sim, run)
    }

    /// What the manager has answered when a release begins.
    pub fn nothing_answered(&self) -> Answered {
        Answered::up_to(self.answered - 1)
    }

    /// Runs this while a manager answers approval requests.
    pub async fn accompanied<T>(
        &self,
        sim: &Simulation,
        id: &ReleaseId,
        answered: &Answered,
        walk: impl Future<Output = T>,
    ) -> T {
        tokio::select! {
            done = walk => done,
            () = self.answering(sim, id, answered) => unreachable!("it goes on for ever"),
        }
    }

    async fn answering(&self, sim: &Simulation, id: &ReleaseId, answered: &Answered) {
        let asks = sim.release_of(id).await.started.pipeline.stages.iter().any(|sim| sim.approval.is_some());
        if !asks {
            std::future::pending::<()>().await;
        }
        loop {
            let release = sim.release_of(id).await;
            for (name, state) in &release.stages {
                let Approval::Requested(request) = &state.approval else { continue };
                // An execution takes some time until its action waits.
                let waits = request.execution.is_none() || sim.time.timestamp() >= request.requested_at + REACHED;
                if waits && state.approval_requests > answered.last() {
                    answered.0.store(state.approval_requests, Ordering::Relaxed);
                    sim.approves(MANAGER, id, name.as_str()).await;
                }
            }
            sim.pass(SignedDuration::from_secs(15)).await;
        }
    }

    /// Waits for the end.
    pub async fn end(&self, sim: &Simulation, run: Run) -> Ended {
        let id = run.id.clone();
        self.accompanied(sim, &id, &self.nothing_answered(), run.end(sim)).await
    }
}

/// The number of the last request that the manager has answered.
#[derive(Debug, Clone)]
pub struct Answered(Arc<AtomicU32>);

impl Answered {
    pub fn up_to(last: u32) -> Answered {
        Answered(Arc::new(AtomicU32::new(last)))
    }

    pub fn last(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// After this time an execution has reached the approval action.
const REACHED: SignedDuration = SignedDuration::from_mins(5);

fn anything(_: &Fact) -> bool {
    true
}

fn finished(fact: &Fact) -> bool {
    matches!(fact, Fact::Finished { .. })
}

fn entered(fact: &Fact) -> bool {
    matches!(fact, Fact::StageEntered { .. })
}

fn rolling(fact: &Fact) -> bool {
    rollout_started(fact)
}

/// Polls rarely, which makes fewer points and has the same result.
fn story() -> Story {
    Story::new().file("/defaults/poll", json!("60s"))
}

fn dev(steps: Value) -> Story {
    story().stages(&["dev"]).steps("dev", steps)
}

fn failing_check() -> Value {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    json!({ "check": { "http": url, "status": 403, "timeout": "5s" } })
}

/// Three stages: build, migrations, rollouts, checks, a copy, an approval.
pub fn whole() -> ReleaseCase {
    ReleaseCase::new("three stages", story())
}

/// Production alone: every operation of the whole release but in one stage.
pub fn production() -> ReleaseCase {
    ReleaseCase::new("production alone", story().stages(&["prod"]))
}

/// One stage, and the rollback from it.
pub fn rollback() -> ReleaseCase {
    let steps = json!([{ "roll": "admin" }, { "roll": "web" }, failing_check()]);
    let judged = check_judged;
    ReleaseCase::new("a rollback", dev(steps)).to(Outcome::RolledBack).from(judged)
}

/// ECS does not list service deployments.
pub fn without_service_deployments() -> ReleaseCase {
    let story = dev(json!([{ "roll": ["web", "admin"] }])).world("/ecs/0/serviceDeployments", json!(false));
    ReleaseCase::new("no service deployments", story).from(entered)
}

/// The rollback to a revision that somebody has deregistered.
pub fn rollback_to_deregistered() -> ReleaseCase {
    let case =
        ReleaseCase::new("a rollback to what was deregistered", dev(json!([{ "roll": "web" }, failing_check()])));
    case.before(Before::Deregistered).to(Outcome::RolledBack).from(rolling)
}

/// A rollout that fails without a rollback by ECS: the previous deployment is still listed when kanmon rolls back.
pub fn rollback_of_a_failed_rollout() -> ReleaseCase {
    let case = ReleaseCase::new("the rollback of a failed rollout", without_ecs_rollback(true));
    case.before(Before::BrokenImage).to(Outcome::RolledBack).from(rolling)
}

/// The same without the circuit breaker, so that only kanmon notices the failure.
pub fn rollback_without_service_deployments() -> ReleaseCase {
    let story = without_ecs_rollback(false).world("/ecs/0/serviceDeployments", json!(false));
    let case = ReleaseCase::new("the rollback of a failed rollout without service deployments", story);
    case.before(Before::BrokenImage).to(Outcome::RolledBack).from(rolling)
}

fn without_ecs_rollback(breaker: bool) -> Story {
    let breaker = json!({ "enable": breaker, "rollback": false });
    let configuration =
        json!({ "deploymentCircuitBreaker": breaker, "minimumHealthyPercent": 100, "maximumPercent": 200 });
    dev(json!([{ "roll": "web" }])).services("web", "deploymentConfiguration", &configuration)
}

fn with_codepipeline() -> Story {
    let approval =
        json!({ "by": "codepipeline", "pipeline": "shop", "action": "Approve", "account": "dev", "expires": "24h" });
    let story = story().stages(&["prod"]).of_stage("prod", "enter", json!({ "approval": approval }));
    story.steps("prod", json!([{ "roll": "web" }]))
}

/// Approved in CodePipeline.
pub fn codepipeline() -> ReleaseCase {
    let planned = |f: &Fact| matches!(f, Fact::StagePlanned { .. });
    ReleaseCase { until: entered, ..ReleaseCase::new("approval in CodePipeline", with_codepipeline()).from(planned) }
}

/// An approval request in CodePipeline that becomes void because the plan has changed, and is repeated.
pub fn requested_again() -> ReleaseCase {
    let case = ReleaseCase::new("a request in CodePipeline that becomes void", with_codepipeline());
    ReleaseCase { until: entered, answered: 2, ..case.before(Before::AnotherRequest) }
}
