//! Results of checks in words.

use super::program;
use crate::model::check_result::{CheckImpossible, CheckResult, CommandEnd, HttpAnswer, RequestRefusal};

/// One line: what was checked, and the result.
pub fn result(result: &CheckResult) -> String {
    match result {
        CheckResult::Http { url, answer, tried_for } => {
            let tried = tried_for.map(|time| format!(" (tried for {} s)", time.as_secs())).unwrap_or_default();
            match answer {
                HttpAnswer::Expected { status } => format!("{url} answered {status}"),
                HttpAnswer::OtherStatus { status, expected } => {
                    format!("{url} answered {status}, not {expected}{tried}")
                }
                HttpAnswer::WithoutText { status, text } => {
                    format!("{url} answered {status}, but its body does not contain `{text}`{tried}")
                }
                HttpAnswer::None { said } => format!("{url}: {said}{tried}"),
                HttpAnswer::NotSent { why } => format!("{url}: {}", refusal(why)),
            }
        }
        CheckResult::Command { command, end } => {
            let line = |last: &Option<String>| last.as_ref().map(|line| format!(": {line}")).unwrap_or_default();
            match end {
                CommandEnd::Exited { exit_code, last } => format!("`{command}` exited with {exit_code}{}", line(last)),
                CommandEnd::Killed { last } => format!("`{command}` was killed{}", line(last)),
                CommandEnd::TimedOut { timeout } => format!("`{command}` did not end within {} s", timeout.as_secs()),
                CommandEnd::NotStarted { why } => program::cannot_be_run(command, why),
            }
        }
    }
}

/// Why a request is not sent.
pub fn refusal(why: &RequestRefusal) -> String {
    match why {
        RequestRefusal::Metadata { host } => metadata(host),
        RequestRefusal::Client { said } => said.clone(),
    }
}

/// Why no check asks this host.
pub fn metadata(host: &str) -> String {
    format!("{host} is an address of this machine's metadata service, which gives out credentials")
}

/// Why a check cannot be made at all.
pub fn impossible(why: &CheckImpossible) -> String {
    match why {
        CheckImpossible::Request { why } => refusal(why),
        CheckImpossible::Program { program, why } => program::cannot_be_run(program, why),
    }
}
