//! The result of a check.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::program_problem::ProgramProblem;

/// What a check did, and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CheckResult {
    /// `tried_for`: for how long the request was repeated, where the answer was never as expected.
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
    /// No answer. `said`: the HTTP client's own error.
    None {
        said: String,
    },
    NotSent {
        why: RequestRefusal,
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
    NotStarted {
        why: ProgramProblem,
    },
}

/// Why a request of a check is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum RequestRefusal {
    /// The host is an address of this machine's metadata, or leads to one.
    Metadata { host: String },
    /// The HTTP client's own words.
    Client { said: String },
}

/// Why a check cannot be made at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "kebab-case")]
pub enum CheckImpossible {
    Request { why: RequestRefusal },
    Program { program: String, why: ProgramProblem },
}
