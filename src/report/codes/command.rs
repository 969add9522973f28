//! The codes of a failing command that met neither a fault nor a refusal.

use super::family::{Code, Family};

/// Defines the codes: each variant's code and its meaning.
macro_rules! command_codes {
    ($($variant:ident = $code:literal: $meaning:literal,)*) => {
        /// Why a command fails, where neither a fault nor a refusal has a code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum CommandCode {
            $($variant,)*
        }

        impl CommandCode {
            pub fn code(self) -> &'static str {
                match self {
                    $(CommandCode::$variant => $code,)*
                }
            }
        }

        const CODES: &[Code] = &[$(($code, $meaning),)*];
    };
}

command_codes! {
    Usage = "usage": "the command or the pipeline file is wrong",
    Access = "access": "access or set-up is missing",
    Defect = "defect": "a defect of kanmon",
    Unclear = "unclear": "the result of the command is unknown",
    NoSuchRelease = "no-such-release": "no release of that name is recorded",
    Held = "release-held": "another process has locked the release or the stage",
    Frozen = "stage-frozen": "the stage is frozen",
    LeaseLost = "lease-lost": "this process lost its lock to another",
    Damaged = "record-damaged": "the record is damaged",
    OtherVersion = "record-of-another-version": "the record was written by a newer or an older kanmon",
    Imported = "record-imported": "the record is imported, and can only be read",
    Foreign = "state-foreign": "it is unknown whether kanmon made the state on this machine",
    Conflict = "record-conflict": "something else is recorded under the same name",
    Unavailable = "state-unavailable": "the state cannot be read or written",
}

pub const COMMANDS: Family = Family { heading: "Why a command fails otherwise (reason.code)", codes: CODES };
