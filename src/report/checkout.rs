//! What git does not report about a working tree.

use crate::model::event::SourceNamedBy;
use crate::model::git_problem::{CheckoutNotice, GitProblem};

/// One sentence.
pub fn notice(notice: &CheckoutNotice) -> String {
    match notice {
        CheckoutNotice::CommitUnknown { why } => format!("the commit is unknown: {}", problem(why)),
        CheckoutNotice::ChangesUnknown { why } => {
            format!("whether the working tree is changed is unknown: {}", problem(why))
        }
        CheckoutNotice::SubmoduleUnknown { submodule, why } => {
            format!("whether submodule {submodule} is changed is unknown: {}", problem(why))
        }
        CheckoutNotice::Filtered { first, others } => {
            let others = if *others == 0 { String::new() } else { format!(" and {others} more") };
            format!("{first}{others} may only look changed, because kanmon runs no git filters")
        }
    }
}

/// Who named a commit, after its name, where it was not git.
pub fn named_by(by: SourceNamedBy) -> &'static str {
    match by {
        SourceNamedBy::Git => "",
        SourceNamedBy::CodeBuild => ", according to CodeBuild",
    }
}

pub fn problem(problem: &GitProblem) -> String {
    match problem {
        GitProblem::NotInstalled => "git is not installed".to_owned(),
        GitProblem::NotStarted { said } => format!("git cannot be run: {said}"),
        GitProblem::TimedOut { seconds } => format!("git timed out after {seconds} s"),
        GitProblem::AnswerTooLong { bytes } => format!("git's answer is longer than {bytes} bytes"),
        GitProblem::Refused { said } => format!("git: {said}"),
        GitProblem::Failed { status } => format!("git ended with {status}"),
        GitProblem::NestedTooDeeply => "its submodules are nested too deeply".to_owned(),
    }
}
