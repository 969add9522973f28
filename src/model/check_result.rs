//! What a check found.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// What a check asked, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CheckResult {
    /// `tried_for`: how long the address was asked again, where it never answered as expected.
    Http {
        url: String,
        answer: HttpAnswer,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tried_for: Option<SignedDuration>,
    },
    Command {
        command: String,
        end: CommandEnd,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum HttpAnswer {
    /// As expected.
    Expected {
        status: u16,
    },
    OtherStatus {
        status: u16,
        expected: u16,
    },
    /// The body does not contain the text.
    WithoutText {
        status: u16,
        text: String,
    },
    /// No answer, with the cause in the HTTP client's own words.
    None {
        said: String,
    },
    /// The request was not sent.
    NotSent {
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum CommandEnd {
    /// `last`: the last line of what it printed.
    Exited {
        exit_code: i32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<String>,
    },
    Killed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<String>,
    },
    TimedOut {
        timeout: SignedDuration,
    },
    /// It could not be started.
    NotStarted {
        why: String,
    },
}
