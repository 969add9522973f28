//! Stages that a release has still to enter and that are frozen, reported before it gets there: a build and a question to people take
//! their time.

use super::context::Context;
use crate::model::ids::StageName;
use crate::model::notice::Notice;
use crate::model::release::Release;

/// Warns of each frozen stage that a release has still to enter.
pub async fn of_all_stages(context: &Context, release: &Release) {
    for stage in release.stages_asked().iter().filter(|s| release.stage(&s.name).entered.is_none()) {
        of_stage(context, release, &stage.name).await;
    }
}

/// Warns where a stage that a release wants to enter is frozen. What cannot be read for this is read again where it counts.
pub async fn of_stage(context: &Context, release: &Release, stage: &StageName) {
    let Ok(ledger) = context.journal.ledger(&release.started.pipeline.app, stage).await else { return };
    if let Some(frozen) = ledger.frozen {
        context.notice(Notice::Frozen { release: release.id.clone(), stage: stage.clone(), frozen });
    }
}
