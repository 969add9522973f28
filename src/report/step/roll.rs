//! Rolled services in reports, forward and back.

use super::kind::{Cases, Story};
use crate::model::arn;
use crate::model::effect::{Effect, StepRef};
use crate::model::release::Release;
use crate::model::rollout::{RolloutEnd, RolloutProgress, RolloutState};
use crate::model::step::part::{Direction, StepPart};
use crate::model::step::roll::RollFact;
use crate::model::step::roll_state::RollStates;
use crate::report::case_status::CaseStatus;
use crate::report::effect;
use crate::report::rollout::{self, tasks};
use crate::report::story_line::{Mark, StoryLine};

impl Cases for RollStates {
    fn name(&self, at: &StepRef, part: &StepPart) -> String {
        match part {
            StepPart::Service(service, direction) => {
                effect::text(&Effect::Update { at: at.clone(), service: service.clone(), direction: *direction })
            }
            StepPart::Whole | StepPart::Task(_) => super::part(at, part),
        }
    }

    fn status(&self, part: &StepPart) -> Option<CaseStatus> {
        match part {
            StepPart::Service(service, direction) => {
                self.get(service)?.rollout(*direction).ended.as_ref().map(CaseStatus::from)
            }
            StepPart::Whole | StepPart::Task(_) => None,
        }
    }
}

impl Story for RollFact {
    fn line(&self, at: &StepRef, release: &Release) -> Option<StoryLine> {
        let (service, direction) = (self.service(), self.direction());
        let topic = format!("{}/{service}", at.stage);
        let roll = release.roll(at, service);
        match self {
            RollFact::BaselineTaken { baseline, .. } => {
                let now = arn::last(&baseline.task_definition);
                StoryLine::new(Mark::Detail, topic, format!("runs {now} now, {} desired", tasks(baseline.desired)))
            }
            RollFact::RolloutStarted { task_definition, .. } => {
                let to = arn::last(task_definition);
                match (direction, roll.and_then(|r| r.baseline.as_ref())) {
                    (Direction::Forward, Some(before)) => {
                        let from = arn::last(&before.task_definition);
                        StoryLine::new(Mark::Begun, topic, format!("{from} → {to}, {}", tasks(before.desired)))
                    }
                    (Direction::Forward, None) => StoryLine::new(Mark::Begun, topic, format!("deploying {to}")),
                    (Direction::Back, _) => StoryLine::new(Mark::Careful, topic, format!("rolling back to {to}")),
                }
            }
            RollFact::RolloutObserved { progress, .. } => moved(topic, progress),
            RollFact::RolloutOverdue { .. } => StoryLine::new(Mark::Careful, topic, "not completed by its deadline"),
            RollFact::RolloutStopRequested { .. } => {
                StoryLine::new(Mark::Careful, topic, "asked ECS to stop and roll back")
            }
            RollFact::RolloutEnded { end, .. } => {
                let run = roll.and_then(|r| r.rollout(direction).run.as_ref());
                ended(topic, end, run.and_then(|r| r.progress.as_ref()), direction)
            }
            RollFact::RollbackPrepared { again: false, .. } => None,
            RollFact::RollbackPrepared { target, again: true, .. } => {
                let now = arn::last(&target.task_definition);
                StoryLine::new(
                    Mark::Detail,
                    topic,
                    format!("the previous revision was deregistered; it was registered again as {now}"),
                )
            }
        }
    }

    fn closes(&self) -> bool {
        match self {
            RollFact::RolloutEnded { .. } => true,
            RollFact::BaselineTaken { .. }
            | RollFact::RolloutStarted { .. }
            | RollFact::RolloutObserved { .. }
            | RollFact::RolloutOverdue { .. }
            | RollFact::RolloutStopRequested { .. }
            | RollFact::RollbackPrepared { .. } => false,
        }
    }
}

/// Changes that get a line of their own; the others appear in what the release waits for.
fn moved(topic: String, progress: &RolloutProgress) -> Option<StoryLine> {
    match &progress.rollout {
        RolloutState::RollingBack { .. } => StoryLine::new(Mark::Careful, topic, rollout::progress(progress)),
        RolloutState::Looking { .. } | RolloutState::InProgress | RolloutState::Proving { .. } => {
            let held_up = progress.circumstances.held_up.as_ref().map(rollout::held_up);
            let what = held_up.or_else(|| progress.task_stops.first().map(rollout::task_stop))?;
            StoryLine::new(Mark::Careful, topic, what)
        }
        RolloutState::Proven { .. }
        | RolloutState::RolledBack { .. }
        | RolloutState::RollbackFailed { .. }
        | RolloutState::Failed { .. }
        | RolloutState::Stopped { .. }
        | RolloutState::Superseded { .. }
        | RolloutState::Ambiguous { .. } => None,
    }
}

fn ended(
    topic: String,
    end: &RolloutEnd,
    progress: Option<&RolloutProgress>,
    direction: Direction,
) -> Option<StoryLine> {
    let counts = progress.map(|p| format!("{}/{} running, ", p.running, p.desired)).unwrap_or_default();
    let draining = progress.map_or(0, |p| p.circumstances.draining);
    let draining = if draining > 0 { format!(", {}", rollout::draining(draining)) } else { String::new() };
    let (mark, text) = match end {
        RolloutEnd::Succeeded => match direction {
            Direction::Forward => (Mark::Done, format!("{counts}proven by digest{draining}")),
            Direction::Back => (Mark::Done, format!("{counts}the previous revision runs again")),
        },
        RolloutEnd::Unchanged => (Mark::Done, format!("already running: {counts}proven by digest{draining}")),
        RolloutEnd::Unverified => {
            (Mark::Careful, "deployed; desired count 0, so nothing ran that could be proven".to_owned())
        }
        RolloutEnd::StillRunning => (Mark::Careful, rollout::ended(end)),
        RolloutEnd::RolledBack { .. }
        | RolloutEnd::Failed { .. }
        | RolloutEnd::Superseded { .. }
        | RolloutEnd::Stopped { .. }
        | RolloutEnd::Stuck { .. }
        | RolloutEnd::Unknown { .. } => (Mark::Failed, rollout::ended(end)),
    };
    StoryLine::new(mark, topic, text)
}
