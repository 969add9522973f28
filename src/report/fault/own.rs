//! kanmon itself.

use super::state;
use crate::model::fault::own::{Lack, NotSent, OwnProblem, Part};
use crate::report::check;
use crate::report::words::Words;

const REPORT_IT: &str = "report this as a defect of kanmon";

pub fn words(problem: &OwnProblem) -> Words {
    match problem {
        OwnProblem::StoodStill { why, because } => {
            let words = Words::new("this process was paused for too long; nothing was sent");
            let why = match why {
                NotSent::Asleep => "it was paused just before the call".to_owned(),
                NotSent::NotRenewed => "its lock could not be renewed".to_owned(),
                NotSent::StageLost { stage } => format!("it has lost its lock on stage {stage}"),
                NotSent::StateTooSlow => "the state answers too slowly".to_owned(),
            };
            words.cause(match because {
                Some(error) => format!("{why}: {}", state::words(error, None).line()),
                None => why,
            })
        }
        OwnProblem::NotLocked { stage, because } => {
            Words::new(format!("{stage} could not be locked")).cause(state::words(because, None).line())
        }
        OwnProblem::NoEffect => Words::new("the call was sent, but had no effect"),
        OwnProblem::CheckImpossible { why } => Words::new("the check cannot be made").cause(check::impossible(why)),
        OwnProblem::Inconsistent { lacks } => {
            Words::new(format!("kanmon's own state is inconsistent: {}", lack(*lacks))).hint(REPORT_IT)
        }
        OwnProblem::Broken { part } => Words::new(match part {
            Part::Template => "a template of kanmon's own cannot be filled",
            Part::Manifest => "a manifest of kanmon's own cannot be read",
            Part::Packing => "packing a layer ended unexpectedly",
            Part::LayerReader => "reading a layer ended unexpectedly",
            Part::PipelineReader => "kanmon lost a part of this file while reading it",
            Part::RegistrySession => "a session for reading was used to write to a registry",
            Part::RegistryRetry => "a request that sets a tag would have been repeated",
            Part::UncheckedCall => "a call that changes something was made without a check of the lock",
        })
        .hint(REPORT_IT),
    }
}

fn lack(lacks: Lack) -> &'static str {
    match lacks {
        Lack::Stage => "the stage is not in the pipeline",
        Lack::Service => "the step does not deploy this service",
        Lack::Roll => "the step deploys no service",
        Lack::Task => "the step runs no task",
        Lack::Check => "the step is not a check",
        Lack::ApprovalPolicy => "the stage needs no approval",
        Lack::Plan => "the stage's plan does not have it",
        Lack::Baseline => "no baseline was taken",
        Lack::Registered => "no task definition is registered",
        Lack::Rolled => "nothing was deployed",
        Lack::Restoration => "nothing is being rolled back",
        Lack::RollbackTarget => "the rollback was not prepared",
        Lack::Built => "the image is not built",
        Lack::Given => "no image was given",
        Lack::ImageInAccount => "the image is not in the stage's account",
        Lack::TaskStarted => "no task was started",
        Lack::Deployment => "the service deployment is not known",
        Lack::LiveRevision => "the live revision is not known",
        Lack::Movement => "nothing in the step changes by itself",
        Lack::Lookup => "the effect is not looked up as its properties say",
    }
}
