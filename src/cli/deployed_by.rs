//! Which release deployed the running revision: by its record, never by a tag, which anybody can copy.

use super::records::Recorded;
use crate::model::ids::{ReleaseId, ServiceName, StageName};
use crate::model::release::Release;
use crate::model::step::roll_state::RollState;

/// A service of a stage.
#[derive(Clone, Copy)]
pub struct StageService<'a> {
    pub stage: &'a StageName,
    pub service: &'a ServiceName,
}

/// The release that deployed a revision (a task definition's ARN) of this service: the one with this deployment, else the newest that
/// deployed it. A revision that was registered again for a rollback counts as the original. `None`: none of these releases deployed it.
pub fn deployed_by<'r>(
    recorded: &[&'r Recorded],
    at: StageService<'_>,
    revision: &str,
    deployment: Option<&str>,
) -> Option<&'r ReleaseId> {
    // An imported record is another store's: its deployments are not known here.
    let own = recorded.iter().copied().filter(|r| r.listed.imported.is_none());
    let rolls = own.flat_map(move |r| rolls_of(&r.release, at).map(move |roll| (&r.release, roll)));
    let revision = original(recorded, at, revision);
    let mut newest: Vec<_> = rolls.filter(|(_, roll)| rolled(roll) == Some(revision)).collect();
    newest.sort_by(|(a, _), (b, _)| b.id.cmp(&a.id));
    let its = newest.iter().find(|(_, roll)| {
        roll.forward.run.as_ref().is_some_and(|run| run.primary.is_some() && run.primary.as_deref() == deployment)
    });
    its.or(newest.first()).map(|(release, _)| &release.id)
}

/// The original of a revision that was registered again for a rollback; the revision itself if it was not.
fn original<'a>(recorded: &[&'a Recorded], at: StageService<'_>, revision: &'a str) -> &'a str {
    let mut original = revision;
    // Each rollback belongs to another release, which limits the number of steps.
    for _ in recorded {
        let own = recorded.iter().copied().filter(|r| r.listed.imported.is_none());
        let before = own.flat_map(|r| rolls_of(&r.release, at)).find_map(|roll| {
            let (restore, baseline) = (roll.back.run.as_ref()?, roll.baseline.as_ref()?);
            let again = restore.task_definition == original && baseline.task_definition != original;
            again.then_some(baseline.task_definition.as_str())
        });
        match before {
            Some(before) => original = before,
            None => break,
        }
    }
    original
}

fn rolls_of<'r>(release: &'r Release, at: StageService<'_>) -> impl Iterator<Item = &'r RollState> {
    let stage = release.stages.get(at.stage).into_iter();
    let service = at.service.clone();
    stage.flat_map(|stage| stage.rolls()).filter(move |(_, name, _)| **name == service).map(|(_, _, roll)| roll)
}

/// The revision that a rollout deployed; `None` if it was already running.
fn rolled(roll: &RollState) -> Option<&str> {
    let run = roll.forward.run.as_ref()?;
    let found = roll.baseline.as_ref().is_some_and(|baseline| Some(&baseline.primary) == run.primary.as_ref());
    (!found).then_some(run.task_definition.as_str())
}
