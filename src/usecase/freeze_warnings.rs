//! Warns early of frozen stages that a release is to enter, because a build and an approval take time.

use super::context::Context;
use crate::model::ids::StageName;
use crate::model::notice::Notice;
use crate::model::release::Release;

/// Warns of each frozen stage that a release is to enter.
pub async fn of_all_stages(context: &Context, release: &Release) {
    for stage in release.stages_requested().iter().filter(|s| release.stage(&s.name).entered.is_none()) {
        of_stage(context, release, &stage.name).await;
    }
}

/// Warns where a stage that a release is to enter is frozen. A ledger that cannot be read here is read again before the stage is entered.
pub async fn of_stage(context: &Context, release: &Release, stage: &StageName) {
    let Ok(ledger) = context.journal.ledger(&release.started.pipeline.app, stage).await else { return };
    if let Some(frozen) = ledger.frozen {
        context.notice(Notice::Frozen { release: release.id.clone(), stage: stage.clone(), frozen });
    }
}
