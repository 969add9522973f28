//! Warnings in words.

use super::{approval, fault};
use crate::model::format::commit;
use crate::model::warning::Warning;

/// One sentence.
pub fn text(warning: &Warning) -> String {
    match warning {
        Warning::WithdrawalRefused { stage, by, refusal } => {
            format!(
                "the withdrawal of the approval of {stage} by {by} does not count: {}",
                approval::withdrawal(refusal)
            )
        }
        Warning::AbortTooLate { by } => format!("{by} asked to abort the release after everything was done"),
        Warning::Builder { image, said } => format!("image {image}: {said}"),
        Warning::SourceChanged { image, commit: name } => format!(
            "image {image}: files of the working tree changed during the build, so it may hold more than commit {}",
            commit(name, 12)
        ),
        Warning::ExecutionWaits { execution, pipeline, fault } => format!(
            "execution {execution} of {pipeline} still waits for an answer that no longer counts; stop it: {}",
            fault::words(fault).line()
        ),
        Warning::ExecutionGoesOn { execution, pipeline, fault } => format!(
            "execution {execution} of {pipeline} continues after an approval that no longer counts; stop it: {}",
            fault::words(fault).line()
        ),
        Warning::ExecutionSucceeded { execution, pipeline, stage } => {
            format!(
                "execution {execution} of {pipeline} was approved and has succeeded, but nothing was deployed in {stage}"
            )
        }
        Warning::StageUnread { stage, fault } => format!(
            "stage {stage} could not be read, so it is unknown whether it still runs what this release deployed: {}",
            fault::words(fault).line()
        ),
        Warning::StageHasNewer { stage, newer } => format!("{stage} was passed before and now runs {newer}"),
    }
}
