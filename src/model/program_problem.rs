//! Why a program cannot be run, as data. `report` writes the words.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ProgramProblem {
    NotInPath,
    Missing,
    NotAFile,
    NotExecutable,
    Empty,
    /// Bytes of a byte order mark stand before its `#!`.
    ByteOrderMark,
    /// A script without a first line that names its interpreter.
    NoInterpreterLine,
    /// The line that names its interpreter ends as lines do on Windows, so that the name is another one.
    LineEndsWithCrLf,
    /// Its first line is `#!` and nothing else.
    InterpreterUnnamed,
    InterpreterMissing {
        interpreter: String,
    },
    InterpreterNotInPath {
        interpreter: String,
    },
    /// The system's own words.
    System {
        said: String,
    },
}
