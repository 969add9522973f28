//! Approval by CodePipeline's own manual approval action. kanmon's own inbox belongs to the journal.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::approval::{Answer, Trigger};
use crate::model::aws::codepipeline::{ActionStatus, ExecutionStatus};
use crate::model::fault::Fault;
use crate::model::ids::PlanHash;
use crate::model::pipeline::Account;

/// A manual approval action of one execution. A stage that failed can be retried in the same execution, and then asks again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Of its latest run.
    pub state: ActionState,
    /// What was decided in the runs before that, oldest first.
    pub before: Vec<(Answer, Decided)>,
}

impl Action {
    /// Every decision in this execution, oldest first.
    pub fn decisions(&self) -> impl DoubleEndedIterator<Item = (Answer, &Decided)> {
        let last = match &self.state {
            ActionState::Approved(decided) => Some((Answer::Approved, decided)),
            ActionState::Rejected(decided) => Some((Answer::Rejected, decided)),
            ActionState::NotReached | ActionState::Waiting { .. } | ActionState::Ended { .. } => None,
        };
        self.before.iter().map(|(answer, decided)| (*answer, decided)).chain(last)
    }
}

/// A run of a manual approval action, as `ListActionExecutions` and `GetPipelineState` report it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionState {
    /// The execution has not reached it.
    NotReached,
    /// It waits; the token is needed to answer, and is known where the pipeline's state shows this execution.
    Waiting {
        token: Option<String>,
    },
    Approved(Decided),
    Rejected(Decided),
    /// Stopped, superseded, or timed out: nobody decided.
    Ended {
        why: Undecided,
    },
}

/// Why nobody decided, and nobody will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undecided {
    /// CodePipeline does not know the execution.
    NoExecution,
    /// The execution ended before it reached the action.
    ExecutionEnded { status: ExecutionStatus },
    /// `status`: as far as CodePipeline reports it.
    ActionEnded { status: Option<ActionStatus>, said: Option<String> },
}

/// A manual approval's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// `lastUpdatedBy`: the ARN of who decided.
    pub by: Option<String>,
    pub summary: String,
    pub at: Option<Timestamp>,
    /// The action's own text with its variables resolved (`CustomData`), and its link where the text names a plan: what the person was
    /// shown.
    pub asked: Option<String>,
}

/// An answer to a waiting action.
#[derive(Debug, Clone, Copy)]
pub struct Verdict<'a> {
    pub approved: bool,
    /// The plan that it is about: the action's own text has to name it.
    pub plan: &'a PlanHash,
    /// At most 512 characters.
    pub summary: &'a str,
}

/// What an execution of a pipeline was started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    pub id: String,
    pub status: ExecutionStatus,
    pub variables: BTreeMap<String, String>,
    pub trigger: Trigger,
}

/// What an approval needs to know of a pipeline's declaration (`GetPipeline`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Whether it is of type V2: only those take variables.
    pub takes_variables: bool,
    /// Variables by name, and whether they have a default value.
    pub variables: BTreeMap<String, bool>,
    pub actions: Vec<DeclaredAction>,
}

/// An action of a pipeline, as it is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredAction {
    pub name: String,
    /// Whether it is a manual approval.
    pub manual: bool,
    /// Its own text (`CustomData`), its variables not resolved; empty where it has none.
    pub message: String,
}

#[async_trait]
pub trait PipelineApprovals: Send + Sync {
    /// How a pipeline is declared.
    ///
    /// # Errors
    /// `NotFound` with the nearest pipeline's name.
    async fn declared(&self, account: &Account, pipeline: &str) -> Result<Declared, Fault>;

    /// Starts an execution; the token makes a repeated call the same execution.
    ///
    /// # Errors
    /// `NotFound` with the nearest pipeline's name, `Invalid` for an undeclared variable.
    async fn start(
        &self,
        account: &Account,
        pipeline: &str,
        variables: &BTreeMap<String, String>,
        client_token: &str,
    ) -> Result<String, Fault>;

    /// Stops an execution without waiting for its actions. One that is over or being stopped is not an error.
    async fn abandon(&self, account: &Account, pipeline: &str, execution: &str, why: &str) -> Result<(), Fault>;

    /// The execution's own facts; `None`: the pipeline has no such execution.
    async fn execution(&self, account: &Account, pipeline: &str, execution: &str) -> Result<Option<Execution>, Fault>;

    /// The state of the approval action in exactly this execution.
    async fn action(&self, account: &Account, pipeline: &str, execution: &str, action: &str) -> Result<Action, Fault>;

    /// Answers a waiting action with `PutApprovalResult`.
    ///
    /// # Errors
    /// `Invalid` where its text does not name the plan, where somebody else has decided already, or the token is stale.
    async fn answer(
        &self,
        account: &Account,
        pipeline: &str,
        execution: &str,
        action: &str,
        verdict: Verdict<'_>,
    ) -> Result<(), Fault>;
}
