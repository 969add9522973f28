//! Follows a deployment, forward or back, until its result is known.

use jiff::Timestamp;

use crate::engine::agenda::{Agenda, Flow};
use crate::engine::decision::Watch;
use crate::model::effect::{Effect, StepRef};
use crate::model::event::Fact;
use crate::model::ids::ServiceName;
use crate::model::pipeline::Stage;
use crate::model::rollout::{PROOFS, RolloutEnd, RolloutProgress, RolloutState};
use crate::model::rollout_reason::{RolloutFailure, StuckReason, SupersededBy};
use crate::model::step::part::{Direction, StepPart};
use crate::model::step::roll::RollFact;
use crate::model::step::roll_state::RolloutRun;
use crate::model::waiting::{StepProgress, Wait, Waiting};

/// A service's rollout in one direction.
pub struct Followed<'a> {
    pub at: &'a StepRef,
    pub service: &'a ServiceName,
    pub direction: Direction,
}

impl Followed<'_> {
    /// The update that starts it.
    pub fn update(&self) -> Effect {
        Effect::Update { at: self.at.clone(), service: self.service.clone(), direction: self.direction }
    }

    /// The fact that it has ended.
    pub fn ended(&self, end: RolloutEnd) -> Fact {
        let (service, direction) = (self.service.clone(), self.direction);
        Fact::step(self.at, RollFact::RolloutEnded { service, direction, end })
    }

    /// Watches it to its deadline; `progress` is the last reading. Without a run, what runs already is proven.
    pub fn watch(&self, a: &mut Agenda<'_>, progress: StepProgress, run: Option<&RolloutRun>) -> Flow {
        let (at, part) = (self.at.clone(), StepPart::Service(self.service.clone(), self.direction));
        let what = Waiting::Step { at: at.clone(), part: part.clone(), progress };
        let deadline = a.release.started.pipeline.stage(&at.stage).map(|stage| stage.deadline);
        let until = run.zip(deadline).and_then(|(run, deadline)| run.counted_from.checked_add(deadline).ok());
        let why = Wait { what, since: run.map(|run| run.started_at), until };
        a.watch(Watch::Step { at, part }, a.release.started.pipeline.poll, why)
    }

    /// Follows it until it has ended; past its deadline it ends as `late`.
    pub fn to_its_end(&self, a: &mut Agenda<'_>, run: &RolloutRun, late: RolloutEnd) -> Flow {
        match run.progress.as_ref().and_then(end_of) {
            Some(end) => a.record(self.ended(end)),
            None if run.overdue => a.record(self.ended(late)),
            None => self.watch(a, progress(run), Some(run)),
        }
    }
}

/// The progress of a deployment.
pub fn progress(run: &RolloutRun) -> StepProgress {
    run.progress.clone().map_or(StepProgress::Updated, |progress| StepProgress::Rollout(Box::new(progress)))
}

/// How a rollout in this state has ended; `None`: it may still change.
pub fn end_of(progress: &RolloutProgress) -> Option<RolloutEnd> {
    match &progress.rollout {
        RolloutState::Proven { readings } if *readings < PROOFS => None,
        RolloutState::Proven { .. } if progress.desired == 0 => Some(RolloutEnd::Unverified),
        RolloutState::Proven { .. } => Some(RolloutEnd::Succeeded),
        RolloutState::RolledBack { said } => Some(RolloutEnd::RolledBack { said: said.clone() }),
        RolloutState::RollbackFailed { said } => {
            Some(RolloutEnd::Stuck { why: StuckReason::Ecs { said: said.clone() } })
        }
        RolloutState::Failed { said, monitor } => {
            let (said, monitor) = (said.clone(), monitor.clone());
            Some(RolloutEnd::Failed { why: RolloutFailure::Ecs { said, monitor } })
        }
        RolloutState::Stopped { said } => Some(RolloutEnd::Stopped { said: said.clone() }),
        RolloutState::Superseded { by } => {
            Some(RolloutEnd::Superseded { by: SupersededBy::Deployment { id: by.clone() } })
        }
        RolloutState::Looking { .. }
        | RolloutState::InProgress
        | RolloutState::Proving { .. }
        | RolloutState::RollingBack { .. }
        | RolloutState::Ambiguous { .. } => None,
    }
}

/// Whether ECS reports success. After that it can be neither stopped nor rolled back, and no breaker or alarm watches it: only a new deployment can
/// restore what ran before.
pub fn is_done_for_ecs(progress: &RolloutProgress) -> bool {
    matches!(progress.rollout, RolloutState::Proving { .. } | RolloutState::Proven { .. })
}

/// Whether a reading shows that a deployment missed its deadline. The clock alone is not enough: a deployment that could not be read may have ended
/// in time, and one that only lacks further readings is as good as done.
pub fn is_overdue(run: &RolloutRun, stage: &Stage, progress: &RolloutProgress, read_at: Timestamp) -> bool {
    let done = end_of(progress).is_some() || matches!(progress.rollout, RolloutState::Proven { .. });
    !run.overdue && !done && read_at >= run.counted_from + stage.deadline
}
