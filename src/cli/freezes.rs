//! What is frozen on a release's road, told before it gets there: a build and a question to people take their time.

use super::output::Output;
use crate::model::event::Event;
use crate::model::ids::StageName;
use crate::model::release::Release;
use crate::model::words;
use crate::ports::journal::Journal;

/// Warns of each frozen stage that a release has still to enter.
pub async fn warn_on_the_road(journal: &dyn Journal, events: &[Event], output: &Output) {
    // A record that does not fit together is told by who works on it.
    let Ok(release) = Release::fold(events) else { return };
    let stages = &release.started.pipeline.stages;
    let until = stages.iter().position(|s| s.name == release.until).map_or(stages.len(), |at| at + 1);
    for stage in stages[..until].iter().filter(|s| release.stage(&s.name).entered.is_none()) {
        warn(journal, &release, &stage.name, output).await;
    }
}

/// Warns where a stage that a release wants to enter is frozen. What cannot be read for this is read again where it counts.
pub async fn warn(journal: &dyn Journal, release: &Release, stage: &StageName, output: &Output) {
    let Ok(ledger) = journal.ledger(&release.started.pipeline.app, stage).await else { return };
    if let Some(frozen) = ledger.frozen {
        let who = words::frozen(&frozen);
        output.warn(&format!(
            "{stage} is frozen: {} ({who}); {} stops before it until `kanmon unfreeze {stage} --reason WHY`",
            frozen.reason, release.id
        ));
    }
}
