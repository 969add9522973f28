//! The verbs below the headings of `--help`, and what `help` explains.

use crate::report::topics;

/// The verbs of `--help` below their headings, most used first.
pub const GROUPS: [(&str, &[&str]); 7] = [
    ("Release", &["release", "promote", "resume", "abort"]),
    ("Decide", &["approvals", "approve", "reject", "withdraw"]),
    ("Look", &["plan", "status", "findings", "history", "watch", "report"]),
    ("Control", &["freeze", "unfreeze", "unlock"]),
    ("Set up", &["check", "schema", "completions", "man", "help"]),
    ("Records", &["export", "import"]),
    ("Without AWS", &["demo", "sandbox"]),
];

/// The names of all verbs.
pub fn verbs() -> Vec<&'static str> {
    GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().copied()).collect()
}

/// What `help` explains, each name once: a topic of a verb's name is printed below the verb's help.
pub fn verbs_and_topics() -> Vec<&'static str> {
    let verbs = verbs();
    let topics = topics::names().filter(|topic| !verbs.contains(topic));
    verbs.iter().copied().chain(topics).collect()
}
