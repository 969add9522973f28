//! A requested abort.

use super::agenda::{Agenda, Flow, Halt};
use super::ending;
use crate::model::event::{Fact, StageFailure};

/// Ends the release; a stage under way is rolled back first where that was requested.
pub fn walk(a: &mut Agenda<'_>) -> Flow {
    let Some(abort) = &a.release.abort else { return Ok(()) };
    let ending = ending::aborted(&abort.reason);
    let release = a.release;
    let under_way = release.stages_to_go().find(|s| release.stage(&s.name).entered.is_some());
    match under_way {
        // It has already failed: its rollback continues.
        Some(stage) if release.stage(&stage.name).failure.is_some() => Ok(()),
        Some(stage) if abort.roll_back => a.record(Fact::StageFailed {
            stage: stage.name.clone(),
            failure: StageFailure { reason: ending.reason, roll_back: true },
        }),
        _ => Err(Halt::End(ending)),
    }
}
