//! Which services a release changed, which it did not, and of which this is unknown.

use crate::model::effect::{Effect, StepRef};
use crate::model::release::Release;
use crate::model::rollout::RolloutEnd;
use crate::model::step::part::Direction;
use crate::model::step::roll_state::RollState;

/// Services by their outcome, as `stage/service`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceOutcomes {
    pub changed: Vec<String>,
    pub restored: Vec<String>,
    pub unchanged: Vec<String>,
    /// ECS was still changing them at the last reading.
    pub moving: Vec<String>,
    pub unknown: Vec<String>,
}

/// Reads them from the facts.
pub fn of(release: &Release) -> ServiceOutcomes {
    let mut outcomes = ServiceOutcomes::default();
    // Stages beyond the requested ones do not count.
    for stage in release.stages_requested() {
        for (step, service, roll) in release.stage(&stage.name).rolls() {
            let name = format!("{}/{service}", stage.name);
            let at = StepRef { stage: stage.name.clone(), step };
            let open = |direction| {
                let update = Effect::Update { at: at.clone(), service: service.clone(), direction };
                release.open.contains_key(&update) || release.unknown.contains_key(&update)
            };
            let pending = open(Direction::Forward) || open(Direction::Back);
            let list = if pending { &mut outcomes.unknown } else { outcomes.list(roll) };
            list.push(name);
        }
    }
    outcomes
}

impl ServiceOutcomes {
    fn list(&mut self, roll: &RollState) -> &mut Vec<String> {
        if roll.forward.run.is_none() || roll.registered.is_none() {
            return &mut self.unchanged;
        }
        match (&roll.back.ended, &roll.forward.ended) {
            (Some(RolloutEnd::Succeeded | RolloutEnd::Unverified), _) => &mut self.restored,
            (Some(_), _) => &mut self.unknown,
            (None, Some(RolloutEnd::Succeeded | RolloutEnd::Unverified | RolloutEnd::Failed { .. })) => {
                &mut self.changed
            }
            (None, Some(RolloutEnd::RolledBack { .. })) => &mut self.restored,
            (None, Some(RolloutEnd::Unchanged)) => &mut self.unchanged,
            (None, Some(RolloutEnd::Superseded { .. } | RolloutEnd::Stopped { .. }))
            | (None, Some(RolloutEnd::Stuck { .. } | RolloutEnd::Unknown { .. })) => &mut self.unknown,
            (None, Some(RolloutEnd::StillRunning) | None) => &mut self.moving,
        }
    }

    /// The lists that are not empty, with their headings.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        [
            ("changed", &self.changed),
            ("rolled back", &self.restored),
            ("unchanged", &self.unchanged),
            ("being deployed by ECS", &self.moving),
            ("unknown", &self.unknown),
        ]
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(word, list)| (word, list.join(", ")))
        .collect()
    }
}
