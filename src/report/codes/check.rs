//! The codes of checks, and of the programs that they run.

use super::family::Family;

/// All of them, in the order in which they are shown.
pub const FAMILIES: &[Family] = &[HTTP_ANSWERS, COMMAND_ENDS, REQUESTS, PROGRAMS];

pub const HTTP_ANSWERS: Family = Family {
    heading: "What an HTTP check received (answer.code)",
    codes: &[
        ("expected", "the expected answer"),
        ("other-status", "another status than expected"),
        ("without-text", "a body that does not contain the expected text"),
        ("none", "no answer"),
        ("not-sent", "nothing: the request was not sent"),
    ],
};

pub const COMMAND_ENDS: Family = Family {
    heading: "How the command of a check ended (end.code)",
    codes: &[
        ("exited", "it exited with a status"),
        ("killed", "it was killed by a signal"),
        ("timed-out", "it did not end in time"),
        ("not-started", "it cannot be run"),
    ],
};

pub const REQUESTS: Family = Family {
    heading: "Why the request of a check is not sent (why.code)",
    codes: &[
        ("metadata", "the host is this machine's metadata service, which gives out credentials"),
        ("client", "the HTTP client cannot send it"),
    ],
};

pub const PROGRAMS: Family = Family {
    heading: "Why a program cannot be run (why.code)",
    codes: &[
        ("not-in-path", "it is not in PATH"),
        ("missing", "the file does not exist"),
        ("not-a-file", "it is not a file"),
        ("not-executable", "it is not executable"),
        ("empty", "it is empty"),
        ("byte-order-mark", "a byte order mark is before its `#!`"),
        ("no-interpreter-line", "it has no `#!` line that names its interpreter"),
        ("line-ends-with-cr-lf", "its `#!` line ends with CR LF, as on Windows"),
        ("interpreter-unnamed", "its `#!` line names no interpreter"),
        ("interpreter-missing", "its interpreter does not exist"),
        ("interpreter-not-in-path", "its interpreter is not in PATH"),
        ("system", "the operating system reports an error"),
    ],
};
