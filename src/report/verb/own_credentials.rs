//! What to do where a person's own credentials do not reach CodePipeline. kanmon uses no role of the file for these acts.

use crate::model::ids::AccountId;
use crate::report::fault::listed;

/// To answer in a manual approval action.
pub fn to_answer(account: &AccountId, actions: &[&str]) -> String {
    with_own("answer", account, actions)
}

/// To start a pipeline.
pub fn to_start(account: &AccountId, actions: &[&str]) -> String {
    with_own("start it", account, actions)
}

fn with_own(verb: &str, account: &AccountId, actions: &[&str]) -> String {
    format!(
        "{verb} with your own credentials in account {account} that may call {} (AWS_PROFILE=…), or in \
         CodePipeline's console",
        listed(actions)
    )
}
