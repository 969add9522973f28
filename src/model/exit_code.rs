//! The exit codes of kanmon. Their meanings are in `report::exit_codes`.

/// A process's exit code, for scripts and build systems. A number never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitCode {
    Done,
    Usage,
    BuildFailed,
    Blocked,
    Rejected,
    Expired,
    RolledBack,
    Superseded,
    Stuck,
    Aborted,
    Failed,
    Suspended,
    StillRunning,
    Unknown,
    Access,
    Locked,
    Defect,
}

impl ExitCode {
    /// In the order of their numbers.
    pub const ALL: [ExitCode; 17] = [
        ExitCode::Done,
        ExitCode::Usage,
        ExitCode::BuildFailed,
        ExitCode::Blocked,
        ExitCode::Rejected,
        ExitCode::Expired,
        ExitCode::RolledBack,
        ExitCode::Superseded,
        ExitCode::Stuck,
        ExitCode::Aborted,
        ExitCode::Failed,
        ExitCode::Suspended,
        ExitCode::StillRunning,
        ExitCode::Unknown,
        ExitCode::Access,
        ExitCode::Locked,
        ExitCode::Defect,
    ];

    /// The number. 2 is also the exit code for a wrong command line, 70 is `EX_SOFTWARE` of sysexits.h.
    pub const fn number(self) -> u8 {
        match self {
            ExitCode::Done => 0,
            ExitCode::Usage => 2,
            ExitCode::BuildFailed => 3,
            ExitCode::Blocked => 10,
            ExitCode::Rejected => 11,
            ExitCode::Expired => 12,
            ExitCode::RolledBack => 20,
            ExitCode::Superseded => 21,
            ExitCode::Stuck => 22,
            ExitCode::Aborted => 23,
            ExitCode::Failed => 24,
            ExitCode::Suspended => 30,
            ExitCode::StillRunning => 31,
            ExitCode::Unknown => 32,
            ExitCode::Access => 40,
            ExitCode::Locked => 41,
            ExitCode::Defect => 70,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_complete_and_each_number_occurs_once() {
        assert!(ExitCode::ALL.is_sorted_by_key(|code| code.number()));
        assert!(ExitCode::ALL.is_sorted_by(|a, b| a < b && a.number() < b.number()));
        // The variants are numbered from 0 in their order, so that a new one at the end or in between moves the last.
        assert_eq!(ExitCode::Defect as usize + 1, ExitCode::ALL.len());
    }
}
