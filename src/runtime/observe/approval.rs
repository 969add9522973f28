//! An approval through CodePipeline. Answers in kanmon's own inbox come as messages.

use crate::engine::approval::may_decide;
use crate::engine::enter::void_reason;
use crate::engine::inbox::{answered, rejected};
use crate::model::approval::{Answer, ApprovalAnswer, ApprovalPolicy, ApprovalRequest, ApprovalWay, Identity};
use crate::model::approval_reason::{AnswerReason, ApprovalMismatch, ExpiryReason, VoidReason};
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::ids::{PlanHash, StageName};
use crate::model::pipeline::Account;
use crate::model::release::Release;
use crate::model::stage_state::{Approval, Compared, EarlierDecisionKind};
use crate::ports::approvals::{Action, ActionState, Decided, Undecided};
use crate::runtime::ports::Ports;

/// Looks for the answer to a question, or reads an approval that the record has already.
pub async fn observe(ports: &Ports, release: &Release, stage: &StageName) -> Result<Vec<Fact>, Fault> {
    let Some(carried) = Carried::of(release, stage) else { return Ok(vec![]) };
    match &release.stage(stage).approval {
        Approval::Requested(request) => asked(ports, &carried, request).await,
        Approval::Given(answer, request) if release.stage(stage).compared == Compared::NotYet => {
            compared(ports, &carried, answer, request).await
        }
        Approval::Given(..)
        | Approval::NotRequested
        | Approval::Rejected(_)
        | Approval::Expired(_)
        | Approval::Closed { .. } => Ok(vec![]),
    }
}

/// A stage whose question an action of CodePipeline carries.
struct Carried<'r> {
    release: &'r Release,
    stage: &'r StageName,
    policy: &'r ApprovalPolicy,
    pipeline: &'r str,
    action: &'r str,
    account: &'r Account,
}

impl<'r> Carried<'r> {
    fn of(release: &'r Release, stage: &'r StageName) -> Option<Carried<'r>> {
        let file = &release.started.pipeline;
        let policy = file.stage(stage)?.approval.as_ref()?;
        match &policy.way {
            ApprovalWay::CodePipeline { pipeline, action, account } => {
                Some(Carried { release, stage, policy, pipeline, action, account: file.account(account) })
            }
            ApprovalWay::Kanmon => None,
        }
    }

    async fn read(&self, ports: &Ports, execution: &str) -> Result<Action, Fault> {
        ports.approvals.action(self.account, self.pipeline, execution, self.action).await
    }

    fn rejected(&self, plan: &PlanHash, no: &Decided) -> Fact {
        let answer = ApprovalAnswer {
            stage: self.stage.clone(),
            plan: plan.clone(),
            answer: Answer::Rejected,
            by: who(no, self.account),
            comment: no.summary.clone(),
        };
        rejected(self.release, answer)
    }
}

async fn asked(ports: &Ports, carried: &Carried<'_>, request: &ApprovalRequest) -> Result<Vec<Fact>, Fault> {
    let Carried { release, stage, account, .. } = *carried;
    let Some(execution) = &request.execution else { return Ok(vec![]) };
    let action = carried.read(ports, execution).await?;
    if let Some(no) = unrecorded_rejection(carried, &request.plan, action.before.iter().map(|(answer, d)| (*answer, d)))
    {
        return Ok(vec![carried.rejected(&request.plan, no)]);
    }
    let expired = |reason| Ok(vec![Fact::ApprovalExpired { stage: stage.clone(), reason }]);
    let (decided, answer) = match action.state {
        ActionState::NotReached | ActionState::Waiting { .. } if ports.clock.now() < request.expires_at => {
            let void_reason = release.started.pipeline.stage(stage).and_then(|spec| void_reason(release, spec));
            return Ok(void_reason
                .map(|reason| Fact::ApprovalVoided { stage: stage.clone(), reason })
                .into_iter()
                .collect());
        }
        ActionState::NotReached | ActionState::Waiting { .. } => return expired(None),
        ActionState::Ended { why } => return expired(Some(of_execution(why, execution))),
        // A rejection counts whenever it came.
        ActionState::Approved(decided) if is_late(&decided, request) => {
            let untimed = || ExpiryReason::Untimed { execution: execution.clone() };
            return expired(decided.at.is_none().then(untimed));
        }
        ActionState::Approved(decided) => (decided, Answer::Approved),
        ActionState::Rejected(decided) => (decided, Answer::Rejected),
    };
    let plan = plan_of(&decided);
    // Without a plan in the action's own text it is unknown what was approved; a rejection counts whatever was shown.
    let nothing_shown = plan.is_none() && answer == Answer::Approved;
    let answer = ApprovalAnswer {
        stage: stage.clone(),
        plan: plan.unwrap_or_else(|| request.plan.clone()),
        answer,
        by: who(&decided, account),
        comment: decided.summary.clone(),
    };
    if nothing_shown {
        let reason = AnswerReason::PlanNotShown { action: carried.action.to_owned() };
        return Ok(vec![Fact::ApprovalRefused { answer, reason, closes: true }]);
    }
    // The release's own execution can be asked more than once, and still has the answer that it was given before.
    let before = decided.at.filter(|at| request.answered_at.is_some_and(|last| *at <= last));
    Ok(match (answered(release, &answer, true), before) {
        (Some(Fact::ApprovalGiven { answer }), Some(at)) => {
            vec![Fact::ApprovalRefused { answer, reason: AnswerReason::GivenBefore { at }, closes: true }]
        }
        (heard, _) => heard.into_iter().collect(),
    })
}

/// Holds an approval of the record against what CodePipeline says: whoever writes the state can write an approval, and nobody but an
/// approver an answer of an action.
async fn compared(
    ports: &Ports,
    carried: &Carried<'_>,
    given: &ApprovalAnswer,
    request: &ApprovalRequest,
) -> Result<Vec<Fact>, Fault> {
    let Carried { release, stage, policy, pipeline, action: name, .. } = *carried;
    let found = |mismatch| Ok(vec![Fact::ApprovalCompared { stage: stage.clone(), mismatch }]);
    let Some(execution) = &request.execution else {
        return found(Some(ApprovalMismatch::NoExecution { pipeline: pipeline.to_owned() }));
    };
    let action = carried.read(ports, execution).await?;
    let used = release.stage(stage).entered.is_some();
    // A rejection counts until the approval is used.
    if let Some(no) = unrecorded_rejection(carried, &given.plan, action.decisions()).filter(|_| !used) {
        return Ok(vec![carried.rejected(&given.plan, no)]);
    }
    let approved = || {
        let yes = action.decisions().filter(|(answer, _)| *answer == Answer::Approved).map(|(_, decided)| decided);
        yes.filter(|decided| plan_of(decided).as_ref() == Some(&given.plan))
    };
    // Two whom CodePipeline does not show are not the same person.
    if let Some(arn) = given.arn()
        && approved().any(|decided| arn_of(decided) == Some(arn))
    {
        let refused = || ApprovalMismatch::NotAnApprover { arn: arn.to_owned(), approvers: policy.approvers.clone() };
        return found((!may_decide(policy, Some(arn))).then(refused));
    }
    // CodePipeline shows this of its latest execution alone.
    if approved().any(|decided| arn_of(decided).is_none()) {
        let reason = VoidReason::ApproverGone { execution: execution.clone() };
        return match used {
            // This plan was approved, and is being carried out: that the name is no longer shown changes nothing.
            true => found(None),
            false => Ok(vec![Fact::ApprovalVoided { stage: stage.clone(), reason }]),
        };
    }
    let (pipeline, action, execution) = (pipeline.to_owned(), name.to_owned(), execution.clone());
    found(Some(match approved().next_back() {
        Some(decided) => ApprovalMismatch::AnotherApprover {
            pipeline,
            action,
            execution,
            by: decided.by.clone(),
            recorded: given.arn().map(str::to_owned),
        },
        None => ApprovalMismatch::NotApproved { pipeline, action, execution, plan: given.plan.clone() },
    }))
}

/// The rejection of a question that its action shows: what makes a release that nobody works on end once somebody does.
pub fn rejection(release: &Release, stage: &StageName, action: &Action) -> Option<Fact> {
    let carried = Carried::of(release, stage)?;
    let Approval::Requested(request) = &release.stage(stage).approval else { return None };
    let last = match &action.state {
        ActionState::Rejected(no) => Some(no).filter(|no| rejection_counts(carried.policy, no)),
        ActionState::NotReached
        | ActionState::Waiting { .. }
        | ActionState::Approved(_)
        | ActionState::Ended { .. } => None,
    };
    let before = || unrecorded_rejection(&carried, &request.plan, action.before.iter().map(|(answer, d)| (*answer, d)));
    last.or_else(before).map(|no| carried.rejected(&request.plan, no))
}

/// The first rejection of a plan that is not in the record: a stage that is retried asks again in the same execution, without showing the
/// earlier rejection.
fn unrecorded_rejection<'d>(
    carried: &Carried<'_>,
    plan: &PlanHash,
    decisions: impl Iterator<Item = (Answer, &'d Decided)>,
) -> Option<&'d Decided> {
    let earlier = carried.release.stage(carried.stage).earlier.iter();
    let mut heard: Vec<_> = earlier.filter(|e| e.word == EarlierDecisionKind::Rejected && e.plan == *plan).collect();
    let mut no = decisions
        .filter(|(answer, _)| *answer == Answer::Rejected)
        .map(|(_, decided)| decided)
        .filter(|no| plan_of(no).as_ref() == Some(plan) && rejection_counts(carried.policy, no));
    no.find(|no| {
        let same_by = |by: Option<&Identity>| arn_of(no).is_none_or(|arn| by.is_some_and(|by| by.arn == arn));
        let same = heard.iter().position(|e| same_by(e.by.as_ref()) && e.comment == no.summary);
        same.map(|at| heard.remove(at)).is_none()
    })
}

/// Whether a rejection counts; one does where nobody knows who gave it.
fn rejection_counts(policy: &ApprovalPolicy, no: &Decided) -> bool {
    arn_of(no).is_none_or(|arn| may_decide(policy, Some(arn)))
}

/// Why nobody can decide about an execution's action any more.
fn of_execution(why: Undecided, execution: &str) -> ExpiryReason {
    let execution = execution.to_owned();
    match why {
        Undecided::NoExecution => ExpiryReason::NoExecution { execution },
        Undecided::ExecutionEnded { status } => ExpiryReason::ExecutionEnded { execution, status },
        Undecided::ActionEnded { status, said } => ExpiryReason::ActionEnded { execution, status, said },
    }
}

/// The plan that whoever decided was shown.
fn plan_of(decided: &Decided) -> Option<PlanHash> {
    PlanHash::only_one_in(decided.asked.as_deref().unwrap_or_default())
}

fn who(decided: &Decided, account: &Account) -> Option<Identity> {
    let arn = arn_of(decided)?.to_owned();
    Some(Identity { user_id: arn.clone(), arn, account: account.id.clone() })
}

/// The ARN of who decided, where CodePipeline shows it; what is not an ARN identifies nobody.
fn arn_of(decided: &Decided) -> Option<&str> {
    decided.by.as_deref().filter(|by| by.starts_with("arn:"))
}

/// Whether an approval came after its question had expired; one whose time is not known may have.
fn is_late(decided: &Decided, request: &ApprovalRequest) -> bool {
    decided.at.is_none_or(|at| at >= request.expires_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_counts_only_with_a_time_before_its_question_expired() {
        let at = |text: &str| text.parse().unwrap();
        let request = ApprovalRequest {
            plan: PlanHash::of(b"plan"),
            execution: Some("e".into()),
            answered_at: None,
            requested_at: at("2026-01-01T00:00:00Z"),
            expires_at: at("2026-01-02T00:00:00Z"),
        };
        let given = |at| Decided { by: None, summary: String::new(), at, asked: None };
        assert!(!is_late(&given(Some(at("2026-01-01T23:59:59Z"))), &request));
        assert!(is_late(&given(Some(at("2026-01-02T00:00:00Z"))), &request));
        assert!(is_late(&given(None), &request));
    }
}
