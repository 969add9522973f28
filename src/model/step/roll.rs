//! `roll`: services deployed in parallel, forward to the release or back to what ran before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::kind::{About, Spec, State};
use super::part::{Direction, StepPart, StepRef};
use super::roll_state::{RollState, RollStates, RolloutRun};
use crate::model::effect::{Effect, Workload};
use crate::model::ids::{AccountName, ServiceName, TaskName};
use crate::model::illegal::IllegalReason;
use crate::model::rollout::{Baseline, RollbackTarget, RolloutEnd, RolloutProgress};
use crate::model::unresolved::Unresolved;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roll {
    pub services: Vec<ServiceName>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RollFact {
    BaselineTaken {
        service: ServiceName,
        baseline: Baseline,
    },
    RolloutStarted {
        service: ServiceName,
        direction: Direction,
        /// `ecs-svc/…`: the PRIMARY of UpdateService's answer; none where it was looked up later, and ECS no longer listed it.
        primary: Option<String>,
        task_definition: String,
    },
    RolloutObserved {
        service: ServiceName,
        direction: Direction,
        progress: RolloutProgress,
    },
    /// It was read after its deadline, and had not ended.
    RolloutOverdue {
        service: ServiceName,
        direction: Direction,
    },
    RolloutStopRequested {
        service: ServiceName,
    },
    /// For a rollback: `Succeeded`, or why it is not known that what ran before runs again.
    RolloutEnded {
        service: ServiceName,
        direction: Direction,
        end: RolloutEnd,
    },
    /// What can be restored, and the deployments just before.
    RollbackPrepared {
        service: ServiceName,
        target: RollbackTarget,
        /// Whether it had to be registered again.
        again: bool,
    },
}

impl RollFact {
    pub fn service(&self) -> &ServiceName {
        match self {
            RollFact::BaselineTaken { service, .. }
            | RollFact::RolloutStarted { service, .. }
            | RollFact::RolloutObserved { service, .. }
            | RollFact::RolloutOverdue { service, .. }
            | RollFact::RolloutStopRequested { service }
            | RollFact::RolloutEnded { service, .. }
            | RollFact::RollbackPrepared { service, .. } => service,
        }
    }

    /// The direction of the rollout that it is about.
    pub fn direction(&self) -> Direction {
        match self {
            RollFact::RolloutStarted { direction, .. }
            | RollFact::RolloutObserved { direction, .. }
            | RollFact::RolloutOverdue { direction, .. }
            | RollFact::RolloutEnded { direction, .. } => *direction,
            RollFact::BaselineTaken { .. } | RollFact::RolloutStopRequested { .. } => Direction::Forward,
            RollFact::RollbackPrepared { .. } => Direction::Back,
        }
    }
}

/// Applies a fact about one service.
fn take(state: &mut RollState, fact: &RollFact, at: Timestamp) -> Result<(), IllegalReason> {
    match fact {
        RollFact::BaselineTaken { service: _, baseline } => state.baseline = Some(baseline.clone()),
        RollFact::RolloutStarted { service: _, direction, primary, task_definition } => {
            state.rollout_mut(*direction).run = Some(RolloutRun::new(primary.as_deref(), task_definition, at));
        }
        RollFact::RolloutObserved { service: _, direction, progress } => {
            state.running(*direction, at)?.progress = Some(progress.clone());
        }
        RollFact::RolloutOverdue { service: _, direction } => {
            state
                .rollout_mut(*direction)
                .run
                .as_mut()
                .ok_or(IllegalReason::RolloutNotStarted { direction: *direction })?
                .overdue = true;
        }
        RollFact::RolloutStopRequested { service: _ } => {
            state.stop_requested = Some(at);
            state.forward.run.iter_mut().for_each(|run| run.count_from(at));
        }
        RollFact::RolloutEnded { service: _, direction, end } => {
            state.rollout_mut(*direction).ended = Some(end.clone());
        }
        RollFact::RollbackPrepared { service: _, target, again: _ } => state.target = Some(target.clone()),
    }
    Ok(())
}

impl Spec for Roll {
    type State = RollStates;

    fn state(&self) -> RollStates {
        self.services.iter().map(|s| (s.clone(), RollState::default())).collect()
    }

    fn services(&self) -> &[ServiceName] {
        &self.services
    }

    fn task(&self) -> Option<&TaskName> {
        None
    }

    fn account(&self) -> Option<&AccountName> {
        None
    }

    fn parts(&self) -> Vec<StepPart> {
        let ways = [Direction::Forward, Direction::Back];
        let both = |service: &ServiceName| ways.map(|direction| StepPart::Service(service.clone(), direction));
        self.services.iter().flat_map(both).collect()
    }
}

impl State for RollStates {
    type Fact = RollFact;

    fn take(&mut self, fact: &RollFact, step: &StepRef, at: Timestamp) -> Result<(), IllegalReason> {
        let state = self.get_mut(fact.service()).ok_or_else(|| Unresolved::Part(step.clone(), fact.part()))?;
        take(state, fact, at)
    }

    fn agrees(&self, fact: &RollFact, at: &StepRef) -> Result<(), IllegalReason> {
        match fact {
            RollFact::RolloutStarted { service, direction: Direction::Forward, primary: _, task_definition } => {
                match self.get(service).and_then(|roll| roll.registered.as_ref()) {
                    Some(registered) if registered != task_definition => Err(IllegalReason::OtherDefinitionRolled {
                        stage: at.stage.clone(),
                        service: service.clone(),
                        registered: registered.clone(),
                        rolled: task_definition.clone(),
                    }),
                    Some(_) | None => Ok(()),
                }
            }
            RollFact::RolloutStarted { direction: Direction::Back, .. }
            | RollFact::BaselineTaken { .. }
            | RollFact::RolloutObserved { .. }
            | RollFact::RolloutOverdue { .. }
            | RollFact::RolloutStopRequested { .. }
            | RollFact::RolloutEnded { .. }
            | RollFact::RollbackPrepared { .. } => Ok(()),
        }
    }

    fn intend(&mut self, _effect: &Effect, _at: Timestamp) {}

    fn register(&mut self, workload: &Workload, step: &StepRef, arn: &str) -> Result<(), IllegalReason> {
        let state = match workload {
            Workload::Service(service) => self.get_mut(service),
            Workload::Task(_) => None,
        };
        state.ok_or_else(|| Unresolved::Part(step.clone(), workload.part()))?.registered = Some(arn.to_owned());
        Ok(())
    }

    fn go_on(&mut self, at: Timestamp) {
        let rollouts = self.values_mut().flat_map(|roll| [&mut roll.forward, &mut roll.back]);
        for run in rollouts.filter_map(|rollout| rollout.run.as_mut()) {
            run.count_from(at);
            run.look_again();
        }
    }

    fn rolls(&self) -> Option<&RollStates> {
        Some(self)
    }
}

impl About for RollFact {
    fn part(&self) -> StepPart {
        StepPart::Service(self.service().clone(), self.direction())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::release::samples::{at, id, step};

    #[test]
    fn a_service_that_the_step_does_not_deploy_is_not_a_part_of_it() {
        let mut state = Roll { services: vec![id("web")] }.state();
        let (place, admin) = (step("dev", 1), id::<ServiceName>("admin"));
        let part = StepPart::Service(admin.clone(), Direction::Forward);
        let missing: Result<(), IllegalReason> = Err(Unresolved::Part(place.clone(), part).into());
        assert_eq!(state.register(&Workload::Service(admin.clone()), &place, "admin:1"), missing);
        assert_eq!(state.take(&RollFact::RolloutStopRequested { service: admin }, &place, at(1)), missing);
        assert_eq!(state.register(&Workload::Service(id("web")), &place, "web:1"), Ok(()));
    }
}
