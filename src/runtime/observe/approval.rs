//! An approval through CodePipeline. Answers in kanmon's own inbox arrive by themselves.

use crate::engine::enter::fallen;
use crate::engine::inbox::answered;
use crate::model::approval::{Answer, ApprovalAnswer, ApprovalRequest, ApprovalWay, Identity};
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::ids::{PlanHash, StageName};
use crate::model::pipeline::Account;
use crate::model::release::Release;
use crate::model::stage_state::Approval;
use crate::model::words::moment;
use crate::ports::approvals::{ActionState, Decided};
use crate::runtime::ports::Ports;

pub async fn observe(ports: &Ports, release: &Release, stage: &StageName) -> Result<Vec<Fact>, Fault> {
    let pipeline = &release.started.pipeline;
    let policy = pipeline.stage(stage).and_then(|s| s.approval.as_ref());
    let (Approval::Asked(request), Some(policy)) = (&release.stage(stage).approval, policy) else { return Ok(vec![]) };
    let ApprovalWay::CodePipeline { pipeline: name, action, account } = &policy.way else { return Ok(vec![]) };
    let Some(execution) = &request.execution else { return Ok(vec![]) };
    let account = pipeline.account(account);
    let expired = |why| Ok(vec![Fact::ApprovalExpired { stage: stage.clone(), why }]);
    let (decided, answer) = match ports.approvals.action(account, name, execution, action).await? {
        ActionState::NotReached | ActionState::Waiting { .. } if ports.clock.now() < request.expires_at => {
            let fallen = pipeline.stage(stage).and_then(|spec| fallen(release, spec));
            return Ok(fallen.map(|why| Fact::ApprovalVoided { stage: stage.clone(), why }).into_iter().collect());
        }
        ActionState::NotReached | ActionState::Waiting { .. } => return expired(None),
        ActionState::Ended { reason } => return expired(Some(format!("execution {execution}: {reason}"))),
        // A rejection stands whenever it came.
        ActionState::Approved(decided) if is_late(&decided, request) => {
            let untimed = || format!("CodePipeline does not say when execution {execution} was approved");
            return expired(decided.at.is_none().then(untimed));
        }
        ActionState::Approved(decided) => (decided, Answer::Approved),
        ActionState::Rejected(decided) => (decided, Answer::Rejected),
    };
    let plan = PlanHash::the_one_in(decided.asked.as_deref().unwrap_or_default());
    // Without a plan in the action's own text nothing tells what was approved; a no stands whatever it was shown.
    let nothing_shown = plan.is_none() && answer == Answer::Approved;
    let answer = ApprovalAnswer {
        stage: stage.clone(),
        plan: plan.unwrap_or_else(|| request.plan.clone()),
        answer,
        by: who(&decided, account),
        comment: decided.summary.clone(),
    };
    if nothing_shown {
        let why =
            format!("the message of action {action} does not name exactly one plan, so what was approved is unknown");
        return Ok(vec![Fact::ApprovalRefused { answer, why, closes: true }]);
    }
    // An execution can be asked more than once, or be another's, and still has the answer that it was given before.
    let before = decided.at.filter(|at| *at < request.asked_at);
    Ok(match (answered(release, &answer, true), before) {
        (Some(Fact::ApprovalGiven { answer }), Some(at)) => {
            let why = format!("it was given at {}, before this was asked", moment(at));
            vec![Fact::ApprovalRefused { answer, why, closes: true }]
        }
        (heard, _) => heard.into_iter().collect(),
    })
}

fn who(decided: &Decided, account: &Account) -> Identity {
    let arn = decided.by.clone().unwrap_or_else(|| "unknown".to_owned());
    Identity { user_id: arn.clone(), arn, account: account.id.clone() }
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
            summary: String::new(),
            execution: Some("e".into()),
            asked_at: at("2026-01-01T00:00:00Z"),
            expires_at: at("2026-01-02T00:00:00Z"),
        };
        let given = |at| Decided { by: None, summary: String::new(), at, asked: None };
        assert!(!is_late(&given(Some(at("2026-01-01T23:59:59Z"))), &request));
        assert!(is_late(&given(Some(at("2026-01-02T00:00:00Z"))), &request));
        assert!(is_late(&given(None), &request));
    }
}
