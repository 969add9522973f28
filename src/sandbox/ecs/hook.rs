//! A lifecycle hook that a deployment has reached.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::lifecycle_stage::LifecycleStage;
use super::wire::{epoch, present};

/// An entry of `lifecycleHookDetails`.
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    pub id: String,
    /// Its stage, the shift of production traffic that it stands before or at, and its index in the configuration.
    pub at: (LifecycleStage, usize, usize),
    /// The Lambda function; none for a PAUSE hook.
    pub lambda: Option<String>,
    pub status: HookStatus,
    /// When it ends by itself: a PAUSE hook at its timeout, a Lambda hook at its answer.
    pub ends: Timestamp,
    /// `CONTINUE` or `ROLLBACK`, at the timeout.
    pub timeout_action: String,
}

/// `lifecycleHookDetails[].status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookStatus {
    AwaitingAction,
    InProgress,
    Succeeded,
    Failed,
    TimedOut,
}

impl HookStatus {
    pub fn name(self) -> &'static str {
        match self {
            HookStatus::AwaitingAction => "AWAITING_ACTION",
            HookStatus::InProgress => "IN_PROGRESS",
            HookStatus::Succeeded => "SUCCEEDED",
            HookStatus::Failed => "FAILED",
            HookStatus::TimedOut => "TIMED_OUT",
        }
    }

    pub fn is_waiting(self) -> bool {
        match self {
            HookStatus::AwaitingAction | HookStatus::InProgress => true,
            HookStatus::Succeeded | HookStatus::Failed | HookStatus::TimedOut => false,
        }
    }
}

impl Hook {
    /// The deployment may continue after it.
    pub fn is_open(&self) -> bool {
        match self.status {
            HookStatus::Succeeded => true,
            HookStatus::TimedOut => self.timeout_action == "CONTINUE",
            HookStatus::AwaitingAction | HookStatus::InProgress | HookStatus::Failed => false,
        }
    }

    /// The `DeploymentLifecycleHookDetail` structure.
    pub fn view(&self) -> Value {
        let pause = self.lambda.is_none();
        present(json!({
            "hookId": self.id,
            "targetType": if pause { "PAUSE" } else { "AWS_LAMBDA" },
            "targetArn": self.lambda,
            "status": self.status.name(),
            "expiresAt": if pause { epoch(self.ends) } else { Value::Null },
            "timeoutAction": pause.then_some(self.timeout_action.as_str()),
        }))
    }
}
