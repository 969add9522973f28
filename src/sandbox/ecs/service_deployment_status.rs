//! The states of a service deployment, and which may follow which.

/// `ServiceDeployment.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Pending,
    InProgress,
    Successful,
    StopRequested,
    Stopped,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl Status {
    #[cfg(test)]
    pub const ALL: [Status; 9] = [
        Status::Pending,
        Status::InProgress,
        Status::Successful,
        Status::StopRequested,
        Status::Stopped,
        Status::RollbackRequested,
        Status::RollbackInProgress,
        Status::RollbackSuccessful,
        Status::RollbackFailed,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Status::Pending => "PENDING",
            Status::InProgress => "IN_PROGRESS",
            Status::Successful => "SUCCESSFUL",
            Status::StopRequested => "STOP_REQUESTED",
            Status::Stopped => "STOPPED",
            Status::RollbackRequested => "ROLLBACK_REQUESTED",
            Status::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Status::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Status::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    pub fn is_terminal(self) -> bool {
        match self {
            Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed => true,
            Status::Pending
            | Status::InProgress
            | Status::StopRequested
            | Status::RollbackRequested
            | Status::RollbackInProgress => false,
        }
    }

    /// The state diagram of the developer guide's *service deployment states*; a requested stop or rollback can lose the
    /// race against success.
    pub fn may_become(self, next: Status) -> bool {
        match self {
            Status::Pending => {
                matches!(next, Status::InProgress | Status::StopRequested | Status::Stopped | Status::RollbackRequested)
            }
            Status::InProgress => matches!(
                next,
                Status::Successful
                    | Status::StopRequested
                    | Status::Stopped
                    | Status::RollbackRequested
                    | Status::RollbackInProgress
            ),
            Status::StopRequested => matches!(next, Status::Stopped | Status::Successful),
            Status::RollbackRequested => matches!(
                next,
                Status::RollbackInProgress | Status::Successful | Status::RollbackFailed | Status::Stopped
            ),
            Status::RollbackInProgress => {
                matches!(next, Status::RollbackSuccessful | Status::RollbackFailed | Status::Stopped)
            }
            Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_that_has_not_ended_can_end() {
        for open in Status::ALL.into_iter().filter(|s| !s.is_terminal()) {
            assert!(Status::ALL.into_iter().any(|next| next.is_terminal() && open.may_become(next)), "{open:?}");
        }
    }
}
