//! Results of checks in words.

use crate::model::check_result::{CheckResult, CommandEnd, HttpAnswer};

/// One line: what was asked, and what came of it.
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
                HttpAnswer::NotSent { why } => format!("{url}: {why}"),
            }
        }
        CheckResult::Command { command, end } => {
            let line = |last: &Option<String>| last.as_ref().map(|line| format!(": {line}")).unwrap_or_default();
            match end {
                CommandEnd::Exited { exit_code, last } => format!("`{command}` exited with {exit_code}{}", line(last)),
                CommandEnd::Killed { last } => format!("`{command}` was killed{}", line(last)),
                CommandEnd::TimedOut { timeout } => format!("`{command}` did not end within {} s", timeout.as_secs()),
                CommandEnd::NotStarted { why } => format!("`{command}` cannot be run: {why}"),
            }
        }
    }
}
