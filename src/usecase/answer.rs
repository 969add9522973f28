//! Answering a request for approval: a person decides about exactly one plan.

use jiff::Timestamp;

use super::context::Context;
use super::delivery::{ApprovalMessage, SentTo, follow};
use super::error::Error;
use super::freeze_warnings;
use super::identity::own;
use super::question::{caller, of_approver, open_requests, recorded, the_one, unused, why_settled};
use super::records::{Recorded, started_by_other};
use crate::engine::approval::refusal;
use crate::engine::plan::is_requested_plan;
use crate::model::approval::{Answer, ApprovalAnswer, ApprovalPolicy, ApprovalRequest, ApprovalWay};
use crate::model::fault::own::Lack;
use crate::model::ids::{PlanHash, ReleaseId, StageName};
use crate::model::inbox::MessageBody;
use crate::model::pipeline::{Account, Stage};
use crate::model::read_by::ReadBy;
use crate::model::refusal::{AnswerRefusal, NotWaiting};
use crate::ports::approvals::{ActionState, Verdict};
use crate::runtime::ports::Ports;

/// A person's decision.
#[derive(Debug, Clone)]
pub struct Decision {
    pub answer: Answer,
    /// The stage, where several wait.
    pub stage: Option<StageName>,
    /// The hash of the plan that was reviewed, or its first digits.
    pub plan: Option<String>,
    pub comment: String,
}

/// The text that CodePipeline shows beside a decision.
pub type Summary = fn(&ApprovalAnswer) -> String;

/// The result of an answer.
#[derive(Debug)]
pub struct Answered {
    pub stage: StageName,
    pub read_by: ReadBy,
    /// Whether the approver may continue the release themselves: without self-approval, that would make them a requester, and the approval void.
    pub by_oneself: bool,
}

/// A decision that would count, with the request that it answers.
pub struct Prepared {
    recorded: Recorded,
    stage: Stage,
    policy: ApprovalPolicy,
    request: ApprovalRequest,
    given: ApprovalAnswer,
    ports: Ports,
}

/// Finds the request that a release waits with, and checks whether this decision would count. A rejection is also possible after an unused approval.
///
/// # Errors
/// Where nothing waits, where another plan waits than the reviewed one, and where the caller may not decide.
pub async fn prepare(context: &Context, id: &ReleaseId, decision: &Decision) -> Result<Prepared, Error> {
    let recorded = recorded(context, id).await?;
    let now = context.clock.now();
    let (stage, request) = question(&recorded, decision, now)?;
    let (stage, request) = (stage.clone(), request.clone());
    if now >= request.expires_at && unused(&recorded, &stage).is_none() {
        let (release, stage) = (id.clone(), stage.name.clone());
        return Err(AnswerRefusal::QuestionExpired { release, stage, at: request.expires_at }.into());
    }
    check_reviewed(decision, &request)?;
    if decision.answer == Answer::Approved && !is_requested_plan(&recorded.release, &stage, &request.plan) {
        let started_by = started_by_other(&recorded.release.started.kanmon);
        return Err(AnswerRefusal::PlanNotInRecord { plan: request.plan, started_by }.into());
    }
    if decision.answer == Answer::Approved {
        freeze_warnings::of_stage(context, &recorded.release, &stage.name).await;
    }
    let policy = stage.approval.clone().ok_or_else(|| Error::inconsistent(Lack::ApprovalPolicy))?;
    let ports = context.ports(recorded.release.id.as_str(), None);
    let by = caller(&ports, &recorded, &stage, &policy).await?;
    let given = ApprovalAnswer {
        stage: stage.name.clone(),
        plan: request.plan.clone(),
        answer: decision.answer,
        by: Some(by),
        comment: decision.comment.clone(),
    };
    match refusal(&policy, &recorded.release.requesters, &request, &given) {
        Some(why) => Err(AnswerRefusal::MayNotAnswer { why, policy }.into()),
        None => Ok(Prepared { recorded, stage, policy, request, given, ports }),
    }
}

/// Answers, and waits until it is known who reads the answer.
///
/// # Errors
/// As `prepare` and `Prepared::send`.
pub async fn answer(
    context: &Context,
    id: &ReleaseId,
    decision: &Decision,
    summary: Summary,
) -> Result<Answered, Error> {
    prepare(context, id, decision).await?.send(context, summary).await
}

impl Prepared {
    /// The release, the stage and the request that is answered.
    pub fn question(&self) -> (&Recorded, &Stage, &ApprovalRequest) {
        (&self.recorded, &self.stage, &self.request)
    }

    /// Sets the comment, which is recorded with the answer.
    pub fn comment(&mut self, comment: String) {
        self.given.comment = comment;
    }

    /// Sends the answer, and waits until it is known who reads it.
    ///
    /// # Errors
    /// Where it cannot be sent, and where it does not count, or no longer does.
    pub async fn send(self, context: &Context, summary: Summary) -> Result<Answered, Error> {
        let answer = self.given.answer;
        let sent = match self.action().await? {
            Some(Action { account, pipeline, action, execution }) => {
                let verdict = Verdict {
                    approved: answer == Answer::Approved,
                    plan: &self.given.plan,
                    summary: &summary(&self.given),
                };
                let put = self.ports.approvals.answer(&account, &pipeline, &execution, &action, verdict).await;
                put.map_err(|fault| of_approver(fault, &account))?;
                SentTo::Action
            }
            None => {
                let body = MessageBody::Answer(self.given.clone());
                SentTo::Inbox(context.journal.send(&self.recorded.release.id, body, context.clock.now()).await?)
            }
        };
        let read_by = follow(context, &self.recorded, &self.stage.name, ApprovalMessage::Answer(answer), sent).await?;
        Ok(Answered { stage: self.stage.name, read_by, by_oneself: self.policy.self_approval })
    }

    /// The action that waits for the answer; `None`: the answer goes to the release's inbox, which is also so for a rejection after an approval in an
    /// action.
    async fn action(&self) -> Result<Option<Action>, Error> {
        let ApprovalWay::CodePipeline { pipeline, action, account } = &self.policy.way else { return Ok(None) };
        let account = own(self.recorded.release.started.pipeline.account(account));
        let execution = self.request.execution.clone().unwrap_or_default();
        if self.given.answer == Answer::Rejected {
            if unused(&self.recorded, &self.stage).is_some() {
                return Ok(None);
            }
            let found = self.ports.approvals.action(&account, pipeline, &execution, action).await;
            if let ActionState::Approved(_) = found.map_err(|fault| of_approver(fault, &account))?.state {
                return Ok(None);
            }
        }
        Ok(Some(Action { account, pipeline: pipeline.clone(), action: action.clone(), execution }))
    }
}

/// A waiting action of CodePipeline.
struct Action {
    account: Account,
    pipeline: String,
    action: String,
    execution: String,
}

/// The request to answer: an open one, or an approved one that is to be rejected.
fn question<'r>(
    recorded: &'r Recorded,
    decision: &Decision,
    now: Timestamp,
) -> Result<(&'r Stage, &'r ApprovalRequest), AnswerRefusal> {
    let release = &recorded.release;
    let open = open_requests(recorded, now).into_iter().map(|(_, stage, request)| (stage, request));
    let given = release.started.pipeline.stages.iter().filter_map(|stage| match unused(recorded, stage) {
        Some(request) if decision.answer == Answer::Rejected => Some((stage, request)),
        Some(_) | None => None,
    });
    let mut found: Vec<_> = open.chain(given).collect();
    found.retain(|(stage, _)| decision.stage.as_ref().is_none_or(|s| s == &stage.name));
    match the_one(&release.id, found, |(stage, _)| &stage.name, false)? {
        Some(one) => Ok(one),
        None => {
            let ended = release.ending.clone().map(NotWaiting::Ended);
            let why = why_settled(recorded, decision.stage.as_ref()).or(ended);
            Err(AnswerRefusal::NotWaiting { release: release.id.clone(), why })
        }
    }
}

/// Checks that the reviewed plan is the requested one.
fn check_reviewed(decision: &Decision, request: &ApprovalRequest) -> Result<(), AnswerRefusal> {
    match &decision.plan {
        Some(plan) if plan.len() < PlanHash::SHORT_DIGITS => Err(AnswerRefusal::PlanTooShort { given: plan.clone() }),
        Some(plan) if !request.plan.as_str().starts_with(plan.as_str()) => {
            Err(AnswerRefusal::OtherPlan { given: plan.clone(), waits: request.plan.clone() })
        }
        Some(_) | None => Ok(()),
    }
}
