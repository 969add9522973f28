//! What git does not report about a working tree, as data. `report` writes the words.

use serde::{Deserialize, Serialize};

/// Why git did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum GitProblem {
    NotInstalled,
    /// It could not be started: the system's own words.
    NotStarted {
        said: String,
    },
    TimedOut {
        seconds: u64,
    },
    AnswerTooLong {
        bytes: u64,
    },
    /// Git's own words.
    Refused {
        said: String,
    },
    /// It ended with this status and without a word.
    Failed {
        status: String,
    },
    /// Submodules within submodules, beyond what is looked into.
    NestedTooDeeply,
}

/// What is unknown about a working tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckoutNotice {
    CommitUnknown {
        why: GitProblem,
    },
    ChangesUnknown {
        why: GitProblem,
    },
    SubmoduleUnknown {
        submodule: String,
        why: GitProblem,
    },
    /// Files that a filter of git's may make look changed; `others`: how many beside the first.
    Filtered {
        first: String,
        others: usize,
    },
}
