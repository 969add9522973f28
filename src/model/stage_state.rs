//! One stage of a release, as its facts have left it.

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
    /// Whether the stage was entered on a judgement that another process made: it counts for what was done, not for what is next.
    pub gate_is_old: bool,
    pub approval: Approval,
    /// Whether this process has read in CodePipeline that it was given there.
    pub compared: Compared,
    /// How often approval has been asked for.
    pub asks: u32,
    /// When the last approval was read, or its question expired, whichever came first: its lifetime starts then.
    pub approved_at: Option<Timestamp>,
    /// The execution of CodePipeline that was started for the last question.
    pub carried_by: Option<String>,
    /// What was shown with each question, oldest first.
    pub shown: Vec<Shown>,
    /// Earlier rejections and withdrawals, oldest first.
    pub earlier: Vec<EarlierDecision>,
    /// The fence of the lease, while the stage is held.
    pub lock: Option<u64>,
    pub entered: Option<Timestamp>,
    pub steps: Vec<StepState>,
    pub failure: Option<StageFailure>,
    /// The release whose failed images this one brings again, by force.
    pub forced_over: Option<ReleaseId>,
    /// Whether its failed images are written down.
    pub images_failed: bool,
    /// Whether this release froze it.
    pub froze: bool,
    /// Whether its services were seen to be still what they were brought to.
    pub confirmed: bool,
    pub left: Option<Timestamp>,
}

/// What a question was about.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub hash: PlanHash,
    pub plan: StagePlan,
    pub gate: GateJudgement,
}

/// A rejection or withdrawal, which whoever is asked about the stage again has to know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EarlierDecision {
    pub word: EarlierDecisionKind,
    pub plan: PlanHash,
    pub by: Identity,
    pub comment: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EarlierDecisionKind {
    Rejected,
    /// An approval that was taken back.
    Withdrawn,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Approval {
    NotAsked,
    Asked(ApprovalRequest),
    /// By this answer, to this request.
    Given(ApprovalAnswer, ApprovalRequest),
    Rejected(ApprovalAnswer),
    /// Nobody decided; why nobody can any more, for another reason than the time.
    Expired(Option<ExpiryReason>),
    /// Answered, the answer does not count, and it cannot be answered again.
    Closed {
        why: ClosedReason,
    },
}

/// What came of holding an approval of the record against what CodePipeline says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    NotYet,
    Same,
    /// How CodePipeline has it.
    Differs(ApprovalMismatch),
}

impl StageState {
    pub fn new(stage: &Stage) -> StageState {
        StageState {
            plan: None,
            gate: None,
            gate_is_old: false,
            approval: Approval::NotAsked,
            compared: Compared::NotYet,
            asks: 0,
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

    /// What was shown with the question about this plan.
    pub fn shown(&self, plan: &PlanHash) -> Option<&Shown> {
        self.shown.iter().rev().find(|shown| shown.hash == *plan)
    }

    /// The last rejection of exactly this plan.
    pub fn rejection(&self, plan: &PlanHash) -> Option<&EarlierDecision> {
        self.earlier.iter().rev().find(|e| e.word == EarlierDecisionKind::Rejected && e.plan == *plan)
    }

    /// Takes in a rejection: the last decision before an approval is used counts.
    pub(super) fn reject(&mut self, answer: &ApprovalAnswer, at: Timestamp) -> Result<(), IllegalReason> {
        let open = match &self.approval {
            Approval::Asked(_) | Approval::Given(..) => self.entered.is_none(),
            Approval::NotAsked | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => false,
        };
        if !open {
            return Err(IllegalReason::NothingAsked);
        }
        self.approval = Approval::Rejected(answer.clone());
        let ApprovalAnswer { plan, by, comment, .. } = answer.clone();
        self.earlier.push(EarlierDecision { word: EarlierDecisionKind::Rejected, plan, by, comment, at });
        Ok(())
    }

    /// Takes in that an approval is taken back.
    pub(super) fn withdraw(&mut self, by: &Identity, comment: &str, at: Timestamp) -> Result<(), IllegalReason> {
        if self.entered.is_some() {
            return Err(IllegalReason::NothingToWithdraw);
        }
        let (request, next) = match &self.approval {
            // CodePipeline's action was answered, and would be read as an approval again.
            Approval::Given(_, request) | Approval::Asked(request) if request.execution.is_some() => {
                (request.clone(), Approval::Closed { why: ClosedReason::Withdrawn })
            }
            Approval::Given(_, request) => (request.clone(), Approval::Asked(request.clone())),
            Approval::NotAsked
            | Approval::Asked(_)
            | Approval::Rejected(_)
            | Approval::Expired(_)
            | Approval::Closed { .. } => return Err(IllegalReason::NothingToWithdraw),
        };
        self.approval = next;
        let (plan, by, comment) = (request.plan, by.clone(), comment.to_owned());
        self.earlier.push(EarlierDecision { word: EarlierDecisionKind::Withdrawn, plan, by, comment, at });
        // Nothing is held while people decide.
        self.lock = None;
        Ok(())
    }

    /// What was approved before is not approved any more, as far as it is not used.
    pub(super) fn ask_again(&mut self) {
        if self.entered.is_none() {
            self.approval = Approval::NotAsked;
        }
    }

    /// Whether everything is there that a stage is entered on; `asks`: an approval is among it.
    ///
    /// # Errors
    /// What is missing.
    pub(super) fn may_be_entered(&self, asks: bool) -> Result<(), IllegalReason> {
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
            Approval::NotAsked
            | Approval::Asked(_)
            | Approval::Rejected(_)
            | Approval::Expired(_)
            | Approval::Closed { .. } => false,
        };
        if asks && !given { Err(IllegalReason::ApprovalMissing) } else { Ok(()) }
    }

    /// Forgets what must be looked at again before the stage is entered.
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
