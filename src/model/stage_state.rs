//! The state of one stage of a release.

use jiff::Timestamp;
use serde::Serialize;

use super::approval::{ApprovalAnswer, ApprovalRequest, Identity};
use super::approval_reason::{ApprovalMismatch, ClosedReason, ExpiryReason};
use super::event::StageFailure;
use super::gate::GateJudgement;
use super::ids::{PlanHash, ReleaseId, ServiceName};
use super::illegal::IllegalReason;
use super::pipeline::Stage;
use super::plan::StagePlan;
use super::step::roll_state::RollState;
use super::step::{Step, StepState};

#[derive(Debug, Clone, PartialEq)]
pub struct StageState {
    pub plan: Option<StagePlan>,
    pub gate: Option<GateJudgement>,
    /// Whether the judgement is by an earlier process: before anything more is changed, the gate is judged again.
    pub gate_is_old: bool,
    pub approval: Approval,
    /// Whether this process has compared the approval with CodePipeline.
    pub compared: Compared,
    /// How often approval was requested.
    pub approval_requests: u32,
    /// When the last approval was read, or its request expired, whichever was first: its lifetime starts then.
    pub approved_at: Option<Timestamp>,
    /// The CodePipeline execution that was started for the last request.
    pub carried_by: Option<String>,
    /// What was shown with each request, oldest first.
    pub shown: Vec<Shown>,
    /// Earlier rejections and withdrawals, oldest first.
    pub earlier: Vec<EarlierDecision>,
    /// The fence of the stage's lease, while this release has it.
    pub lock: Option<u64>,
    pub entered: Option<Timestamp>,
    pub steps: Vec<StepState>,
    pub failure: Option<StageFailure>,
    /// The release whose failed images enter again by force.
    pub forced_over: Option<ReleaseId>,
    /// Whether its failed images are recorded.
    pub images_failed: bool,
    /// Whether this release froze the stage.
    pub froze: bool,
    /// Whether its services were confirmed to have the release's task definitions.
    pub confirmed: bool,
    pub left: Option<Timestamp>,
}

/// What was shown with a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub hash: PlanHash,
    pub plan: StagePlan,
    pub gate: GateJudgement,
}

/// A rejection or withdrawal, which later approvers see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EarlierDecision {
    pub word: EarlierDecisionKind,
    pub plan: PlanHash,
    /// `None`: CodePipeline does not show who rejected.
    pub by: Option<Identity>,
    pub comment: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EarlierDecisionKind {
    Rejected,
    /// An approval was withdrawn.
    Withdrawn,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Approval {
    NotRequested,
    Requested(ApprovalRequest),
    /// By this answer, to this request.
    Given(ApprovalAnswer, ApprovalRequest),
    Rejected(ApprovalAnswer),
    /// Nobody decided. With the reason why nobody can any more, other than that the time is over.
    Expired(Option<ExpiryReason>),
    /// The answer does not count, or was withdrawn, and no other can be given.
    Closed {
        why: ClosedReason,
    },
}

/// The result of comparing the recorded approval with CodePipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    NotYet,
    Same,
    /// How CodePipeline's approval differs.
    Differs(ApprovalMismatch),
}

impl StageState {
    pub fn new(stage: &Stage) -> StageState {
        StageState {
            plan: None,
            gate: None,
            gate_is_old: false,
            approval: Approval::NotRequested,
            compared: Compared::NotYet,
            approval_requests: 0,
            approved_at: None,
            carried_by: None,
            shown: Vec::new(),
            earlier: Vec::new(),
            lock: None,
            entered: None,
            steps: stage.steps.iter().map(Step::state).collect(),
            failure: None,
            forced_over: None,
            images_failed: false,
            froze: false,
            confirmed: false,
            left: None,
        }
    }

    /// What was shown with the last request for this plan.
    pub fn shown(&self, plan: &PlanHash) -> Option<&Shown> {
        self.shown.iter().rev().find(|shown| shown.hash == *plan)
    }

    /// The last rejection of exactly this plan.
    pub fn rejection(&self, plan: &PlanHash) -> Option<&EarlierDecision> {
        self.earlier.iter().rev().find(|e| e.word == EarlierDecisionKind::Rejected && e.plan == *plan)
    }

    /// Applies a rejection: the last decision before an approval is used counts.
    pub(super) fn reject(&mut self, answer: &ApprovalAnswer, at: Timestamp) -> Result<(), IllegalReason> {
        let open = match &self.approval {
            Approval::Requested(_) | Approval::Given(..) => self.entered.is_none(),
            Approval::NotRequested | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => false,
        };
        if !open {
            return Err(IllegalReason::NoOpenRequest);
        }
        self.approval = Approval::Rejected(answer.clone());
        let ApprovalAnswer { plan, by, comment, .. } = answer.clone();
        self.earlier.push(EarlierDecision { word: EarlierDecisionKind::Rejected, plan, by, comment, at });
        Ok(())
    }

    /// Applies a withdrawal.
    pub(super) fn withdraw(&mut self, by: &Identity, comment: &str, at: Timestamp) -> Result<(), IllegalReason> {
        if self.entered.is_some() {
            return Err(IllegalReason::NothingToWithdraw);
        }
        let (request, next) = match &self.approval {
            // CodePipeline's action stays approved, and would be read as an approval again.
            Approval::Given(_, request) | Approval::Requested(request) if request.execution.is_some() => {
                (request.clone(), Approval::Closed { why: ClosedReason::Withdrawn })
            }
            Approval::Given(_, request) => (request.clone(), Approval::Requested(request.clone())),
            Approval::NotRequested
            | Approval::Requested(_)
            | Approval::Rejected(_)
            | Approval::Expired(_)
            | Approval::Closed { .. } => return Err(IllegalReason::NothingToWithdraw),
        };
        self.approval = next;
        let (plan, by, comment) = (request.plan, Some(by.clone()), comment.to_owned());
        self.earlier.push(EarlierDecision { word: EarlierDecisionKind::Withdrawn, plan, by, comment, at });
        // No lease is held while people decide.
        self.lock = None;
        Ok(())
    }

    /// Discards an unused approval.
    pub(super) fn reset_approval(&mut self) {
        if self.entered.is_none() {
            self.approval = Approval::NotRequested;
        }
    }

    /// Checks that everything is there that a stage needs to be entered; `needs_approval`: an approval is among it.
    ///
    /// # Errors
    /// What is missing.
    pub(super) fn may_be_entered(&self, needs_approval: bool) -> Result<(), IllegalReason> {
        let (Some(plan), Some(gate)) = (&self.plan, &self.gate) else {
            return Err(IllegalReason::NotPlannedOrJudged);
        };
        if self.entered.is_some() {
            return Err(IllegalReason::EnteredTwice);
        }
        if !gate.verdict.passes() {
            return Err(IllegalReason::GateNotPassed);
        }
        if !plan.passes_unnamed() {
            return Err(IllegalReason::UnnamedGateNotPassed);
        }
        let given = match self.approval {
            Approval::Given(..) => true,
            Approval::NotRequested
            | Approval::Requested(_)
            | Approval::Rejected(_)
            | Approval::Expired(_)
            | Approval::Closed { .. } => false,
        };
        if needs_approval && !given { Err(IllegalReason::ApprovalMissing) } else { Ok(()) }
    }

    /// Discards what must be read again before the stage is entered.
    pub fn look_again(&mut self) {
        if self.entered.is_none() {
            self.plan = None;
            self.gate = None;
        }
    }

    pub fn rolls(&self) -> impl DoubleEndedIterator<Item = (usize, &ServiceName, &RollState)> {
        self.steps
            .iter()
            .enumerate()
            .flat_map(|(i, step)| step.rolls().into_iter().flatten().map(move |(name, roll)| (i, name, roll)))
    }

    /// A service's roll in one step.
    pub fn roll(&self, step: usize, service: &ServiceName) -> Option<&RollState> {
        self.steps.get(step)?.rolls()?.get(service)
    }
}
