//! The state of a service in a `roll` step, forward and back.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::part::Direction;
use crate::model::ids::ServiceName;
use crate::model::illegal::IllegalReason;
use crate::model::rollout::{Baseline, RollbackTarget, RolloutEnd, RolloutProgress, RolloutState};

/// The roll of each service.
pub type RollStates = BTreeMap<ServiceName, RollState>;

/// A service in one `roll`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RollState {
    pub baseline: Option<Baseline>,
    pub registered: Option<String>,
    pub forward: Rollout,
    /// When ECS was requested to stop and roll back the running deployment.
    pub stop_requested: Option<Timestamp>,
    /// What to roll back to, read before the rollback was started.
    pub target: Option<RollbackTarget>,
    pub back: Rollout,
}

/// A rollout in one direction, so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rollout {
    pub run: Option<RolloutRun>,
    pub ended: Option<RolloutEnd>,
}

/// A deployment that kanmon started, or found running.
#[derive(Debug, Clone, PartialEq)]
pub struct RolloutRun {
    /// `ecs-svc/…`; none where ECS no longer listed it when it was looked up.
    pub primary: Option<String>,
    pub task_definition: String,
    /// When it was started, or first found running.
    pub started_at: Timestamp,
    /// The start of the deadline: the start, the last resumption, or the request to stop.
    pub counted_from: Timestamp,
    /// Whether it was read after its deadline and had not ended.
    pub overdue: bool,
    pub progress: Option<RolloutProgress>,
}

impl RollState {
    pub fn rollout(&self, direction: Direction) -> &Rollout {
        match direction {
            Direction::Forward => &self.forward,
            Direction::Back => &self.back,
        }
    }

    pub(super) fn rollout_mut(&mut self, direction: Direction) -> &mut Rollout {
        match direction {
            Direction::Forward => &mut self.forward,
            Direction::Back => &mut self.back,
        }
    }

    /// Whether this release changed the service and did not restore it.
    pub fn is_still_changed(&self) -> bool {
        let runs_release = matches!(
            self.forward.ended,
            Some(RolloutEnd::Succeeded | RolloutEnd::Unverified | RolloutEnd::Failed { .. })
        );
        self.registered.is_some() && self.forward.run.is_some() && self.back.ended.is_none() && runs_release
    }

    /// The deployment that is followed. Forward, it is the baseline's where nothing is to change.
    pub(super) fn running(&mut self, direction: Direction, at: Timestamp) -> Result<&mut RolloutRun, IllegalReason> {
        let baseline = match direction {
            Direction::Forward => self.baseline.as_ref(),
            Direction::Back => None,
        };
        let found = baseline.map(|s| RolloutRun::new(Some(&s.primary), &s.task_definition, at));
        let run = &mut self.rollout_mut(direction).run;
        if run.is_none() {
            *run = found;
        }
        run.as_mut().ok_or(IllegalReason::RolloutNotStarted { direction })
    }
}

impl RolloutRun {
    pub(super) fn new(primary: Option<&str>, task_definition: &str, counted_from: Timestamp) -> RolloutRun {
        let (primary, task_definition) = (primary.map(str::to_owned), task_definition.to_owned());
        RolloutRun { primary, task_definition, started_at: counted_from, counted_from, overdue: false, progress: None }
    }

    pub(super) fn count_from(&mut self, at: Timestamp) {
        self.counted_from = at;
        self.overdue = false;
    }

    /// Discards what counts only in consecutive readings, or is not certain.
    pub(super) fn look_again(&mut self) {
        if let Some(progress) = &mut self.progress {
            match progress.rollout {
                RolloutState::Looking { .. } | RolloutState::Proven { .. } | RolloutState::Ambiguous { .. } => {
                    progress.rollout = RolloutState::Looking { readings: 0 };
                }
                RolloutState::InProgress
                | RolloutState::Proving { .. }
                | RolloutState::RollingBack { .. }
                | RolloutState::RolledBack { .. }
                | RolloutState::RollbackFailed { .. }
                | RolloutState::Failed { .. }
                | RolloutState::Stopped { .. }
                | RolloutState::Superseded { .. } => {}
            }
        }
    }
}
