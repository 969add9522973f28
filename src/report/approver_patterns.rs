//! The words for patterns of approvers that are not valid, or match more than their author expects.

use crate::model::approvers::{PatternProblem, Weakness};

/// What valid patterns look like.
pub const EXAMPLES: &str = "such as arn:aws:iam::111111111111:user/manager, or for IAM Identity Center \
     arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager_0123456789abcdef/*";

/// Why a pattern is not valid.
pub fn problem(pattern: &str, problem: &PatternProblem) -> String {
    match problem {
        PatternProblem::NotAnArn => format!("`{pattern}` is not a valid ARN pattern"),
        PatternProblem::NoPrincipal => format!("`{pattern}` does not name an account and one of its principals"),
        PatternProblem::AnyAccount { account: None } => {
            format!("`{pattern}` names no account: a principal of any account could match it")
        }
        PatternProblem::AnyAccount { account: Some(account) } => {
            format!("`{pattern}` names the account `{account}`: a principal of any account could match it")
        }
        PatternProblem::NotAPrincipal => format!("`{pattern}` is not a valid pattern for a principal's ARN"),
        PatternProblem::MatchesNobody { session: None } => {
            format!("`{pattern}` matches nobody: no caller has an ARN of this form")
        }
        PatternProblem::MatchesNobody { session: Some(right) } => {
            format!(
                "`{pattern}` matches nobody: a caller with an assumed role has the ARN of its session; write `{right}`"
            )
        }
    }
}

/// Why a valid pattern may match more than its author expects.
pub fn weakness(Weakness { account }: &Weakness) -> String {
    format!(
        "anybody who can create a role or a user in account {account} can create one that matches; write the full name"
    )
}
