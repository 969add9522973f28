//! Approvals in CodePipeline that cannot be requested or answered.

use crate::model::ids::AccountName;

/// The variables with which kanmon starts a pipeline.
pub const VARIABLES: [&str; 3] = ["KANMON_RELEASE", "KANMON_DIGEST", "KANMON_PLAN"];

/// An approval action in one execution of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Asked {
    pub pipeline: String,
    pub action: String,
    pub execution: String,
}

/// An action's existing decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    Approved,
    Rejected,
}

problems! {
    /// What is wrong with an approval in CodePipeline.
    Approval => ApprovalProblem {
        NoAction { account: AccountName, pipeline: String, action: String, approvals: Vec<String> } = "no-such-action", NotFound;
        NotManual { account: AccountName, pipeline: String, action: String, approvals: Vec<String> } = "action-not-an-approval", Invalid;
        /// The action's message would not name the plan of a release that starts the pipeline.
        PlanNotShown { account: AccountName, pipeline: String, action: String, message: String } = "plan-not-shown", Invalid;
        NoVariables { account: AccountName, pipeline: String } = "pipeline-without-variables", Invalid;
        /// `near`: a declared variable, and the missing one that is probably meant.
        VariablesMissing {
            account: AccountName,
            pipeline: String,
            missing: Vec<String>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            near: Option<(String, String)>,
        } = "pipeline-variables-missing", Invalid;
        VariablesUnset { account: AccountName, pipeline: String, unset: Vec<String> } = "pipeline-variables-unset", Invalid;
        NotWaiting { asked: Asked } = "approval-not-waiting", Invalid;
        OtherPlanShown { asked: Asked, plan: String, shows: String } = "approval-of-another-plan", Invalid;
        NoToken { asked: Asked } = "approval-without-token", Invalid;
        RequestedAgain { asked: Asked } = "approval-requested-again", Invalid;
        /// `None`: the decision, or who decided, is unknown.
        Decided {
            asked: Asked,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            decision: Option<Decision>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            by: Option<String>,
        } = "approval-already-decided", Invalid;
    }
}
