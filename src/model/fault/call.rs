//! Calls to AWS that were refused, or got no answer that can be used.

use crate::model::ids::AccountName;

/// A call: IAM's name of the action, what it is done to, and the account as the file calls it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Call {
    pub action: String,
    pub on: String,
    pub account: AccountName,
}

problems! {
    /// What is wrong with a call to AWS.
    Call => CallProblem {
        /// `denied` may be another action than the call's: `iam:PassRole` of a registration.
        NotAllowed {
            call: Call,
            principal: String,
            denied: String,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            resource: Option<String>,
            /// A policy forbids it, so that no further statement would allow it.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            explicit: bool,
        } = "call-not-allowed", AccessDenied;
        CredentialsRejected { account: AccountName } = "credentials-rejected", CredentialsRefused;
        TargetMissing { call: Call } = "call-target-missing", NotFound;
        Throttled { call: Call } = "call-throttled", Throttled;
        /// `foreign`: something answered, and not as AWS does.
        NoAnswer {
            call: Call,
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            foreign: bool,
        } = "call-not-answered", Unreachable;
        /// The same for a write, which may have happened.
        NoClearAnswer {
            call: Call,
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            foreign: bool,
        } = "write-not-answered", Ambiguous;
        Refused { call: Call } = "call-refused", Invalid;
        /// AWS's name of the member.
        Incomplete { call: Call, lacks: String } = "answer-incomplete", Unreachable;
        /// The same for a write, which happened.
        WriteIncomplete { call: Call, lacks: String } = "write-answer-incomplete", Ambiguous;
    }
}
