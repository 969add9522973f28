//! Calls to AWS.

use super::statement;
use crate::model::fault::call::{Call, CallProblem};
use crate::report::words::Words;

const BETWEEN: &str =
    "if this lasts, check what stands between this machine and AWS, such as the proxy that HTTPS_PROXY names";

pub fn words(problem: &CallProblem) -> Words {
    match problem {
        CallProblem::NotAllowed { call, principal, denied, resource, explicit } => {
            let Call { on, account, .. } = call;
            Words::new(format!("{principal} is not allowed to call {denied} on {on} in account {account}"))
                .hint(statement::allow(principal, denied, resource.as_deref(), *explicit))
        }
        CallProblem::CredentialsRejected { account } => {
            Words::new(format!("AWS does not accept the credentials for account {account}"))
                .hint("sign in again, then continue with `kanmon resume`: the credentials may have expired")
                .hint("check the clock of this machine: AWS rejects requests with a wrong time")
        }
        CallProblem::TargetMissing { call: Call { on, account, .. } } => {
            Words::new(format!("{on} does not exist in account {account}"))
        }
        CallProblem::Throttled { call } => Words::new(format!("AWS throttles {}", what(call))),
        CallProblem::NoAnswer { call, foreign } => {
            between(Words::new(format!("no answer to {}", what(call))), *foreign)
        }
        CallProblem::NoClearAnswer { call, foreign } => {
            let sentence = format!("no clear answer to {}: it may have happened", what(call));
            between(Words::new(sentence), *foreign)
        }
        CallProblem::Refused { call } => Words::new(format!("AWS refuses {}", what(call))),
        CallProblem::Incomplete { call, lacks } => {
            Words::new(format!("the answer to {} has no usable `{lacks}`", what(call)))
        }
        CallProblem::WriteIncomplete { call, lacks } => {
            Words::new(format!("AWS carried out {}, and its answer has no `{lacks}`", what(call)))
        }
    }
}

fn what(Call { action, on, account }: &Call) -> String {
    format!("{action} on {on} in account {account}")
}

fn between(words: Words, foreign: bool) -> Words {
    if foreign { words.hint(BETWEEN) } else { words }
}
