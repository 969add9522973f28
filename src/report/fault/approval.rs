//! Approvals in CodePipeline.

use super::joined;
use crate::model::fault::approval::{ApprovalProblem, Asked, Decision, VARIABLES};
use crate::model::nearest::nearest;
use crate::report::words::Words;

pub fn words(problem: &ApprovalProblem) -> Words {
    match problem {
        ApprovalProblem::NoAction { account, pipeline, action, approvals } => {
            Words::new(format!("CodePipeline {pipeline} in account {account} has no action `{action}`"))
                .hint(instead(action, approvals))
        }
        ApprovalProblem::NotManual { account, pipeline, action, approvals } => Words::new(format!(
            "action `{action}` of CodePipeline {pipeline} in account {account} is not a manual approval"
        ))
        .hint(instead(action, approvals)),
        ApprovalProblem::PlanNotShown { account, pipeline, action, message } => {
            let message = if message.is_empty() { "empty".to_owned() } else { format!("“{message}”") };
            Words::new(format!(
                "action `{action}` of CodePipeline {pipeline} in account {account} would not show the plan of a release \
                 that is not started inside it"
            ))
            .cause(format!("its message (CustomData) is {message}"))
            .hint("start the release inside the pipeline: `kanmon release --remote`")
            .hint(
                "or name a pipeline without builds in the file, and let its approval action have this message only: `release \
                 #{variables.KANMON_RELEASE}, plan #{variables.KANMON_PLAN}`",
            )
        }
        ApprovalProblem::NoVariables { account, pipeline } => {
            Words::new(format!("CodePipeline {pipeline} in account {account} is of type V1, which takes no variables"))
                .hint(format!("make it a V2 pipeline that declares {}", joined(&VARIABLES)))
        }
        ApprovalProblem::VariablesMissing { account, pipeline, missing, near } => {
            let words = Words::new(format!(
                "CodePipeline {pipeline} in account {account} does not declare {}",
                joined(missing)
            ));
            let words = match near {
                Some((declared, meant)) => words.hint(format!("it declares `{declared}`; did you mean `{meant}`?")),
                None => words,
            };
            words.hint(format!("declare the variables with which kanmon starts it: {}", joined(&VARIABLES)))
        }
        ApprovalProblem::VariablesUnset { account, pipeline, unset } => {
            Words::new(format!("CodePipeline {pipeline} in account {account} needs a value for {}", joined(unset)))
                .cause("kanmon starts the pipeline, and has no value for it")
                .hint("give it a default value in the pipeline")
        }
        ApprovalProblem::NotWaiting { asked } => Words::new(format!("{} does not wait for an answer", what(asked))),
        ApprovalProblem::OtherPlanShown { asked, plan, shows } => {
            let shows = if shows.is_empty() { "no text".to_owned() } else { format!("“{shows}”") };
            Words::new(format!("{} does not ask for approval of plan {plan}; nothing was answered", what(asked)))
                .cause(format!("it shows {shows}"))
                .hint(
                    "put the plan's whole hash into the action's message (`CustomData`), such as #{variables.KANMON_PLAN}",
                )
        }
        ApprovalProblem::NoToken { asked } => {
            Words::new(format!("CodePipeline gives no token to answer {}", what(asked)))
                .hint("wait a moment, then try again")
                .hint("or answer in CodePipeline's console")
        }
        ApprovalProblem::RequestedAgain { asked } => {
            Words::new(format!("{} was reached again in the meantime; nothing was answered", what(asked)))
                .hint("`kanmon approvals` shows the current approval request; decide again")
        }
        ApprovalProblem::Decided { asked, decision, by } => {
            let decided = match decision {
                Some(Decision::Approved) => "approved",
                Some(Decision::Rejected) => "rejected",
                None => "answered",
            };
            let by = by.as_deref().unwrap_or("somebody else");
            Words::new(format!("{} is already {decided}, by {by}", what(asked)))
        }
    }
}

fn what(Asked { pipeline, action, execution }: &Asked) -> String {
    format!("action {action} of pipeline {pipeline} in execution {execution}")
}

/// Which of the pipeline's approval actions could be meant.
fn instead(action: &str, approvals: &[String]) -> String {
    match (nearest(action, approvals.iter().map(String::as_str)), approvals) {
        (_, []) => "add a manual approval action to it (category Approval, provider Manual); it has none".to_owned(),
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, all) => format!("use one of its manual approvals: {}", joined(all)),
    }
}
