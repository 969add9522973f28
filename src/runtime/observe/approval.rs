//! An approval through CodePipeline. Answers in kanmon's own inbox arrive by themselves.

use crate::engine::enter::fallen;
use crate::model::approval::{Answer, ApprovalAnswer, ApprovalRequest, ApprovalWay, Identity};
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::ids::{PlanHash, StageName};
use crate::model::pipeline::Account;
use crate::model::release::Release;
use crate::model::stage_state::Approval;
use crate::model::words::moment;
use crate::ports::approvals::{ActionState, Decided};
use crate::runtime::inbox::answered;
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
        ActionState::Approved(decided) if decided.at.is_some_and(|at| at >= request.expires_at) => {
            return expired(None);
        }
        ActionState::Approved(decided) => (decided, Answer::Approved),
        ActionState::Rejected(decided) => (decided, Answer::Rejected),
    };
    let variables = ports.approvals.execution(account, name, execution).await?.map(|e| e.variables).unwrap_or_default();
    let plan = shown(&decided, variables.get("KANMON_PLAN"), request);
    let answer = ApprovalAnswer {
        stage: stage.clone(),
        plan,
        answer,
        by: who(&decided, account),
        comment: decided.summary.clone(),
    };
    // The same execution can be asked once more, and still has the answer that it was given before.
    let before = decided.at.filter(|at| release.stage(stage).asks > 1 && *at < request.asked_at);
    Ok(match (answered(release, &answer, true), before) {
        (Some(Fact::ApprovalGiven { answer }), Some(at)) => {
            let why = format!("it was given at {}, before this was asked", moment(at));
            vec![Fact::ApprovalRefused { answer, why, closes: true }]
        }
        (heard, _) => heard.into_iter().collect(),
    })
}

/// The plan that the person was shown: in the action's own message, else in the execution's variables. Where neither names one,
/// nothing tells what was approved, and no hash stands for that: it is refused by comparison.
fn shown(decided: &Decided, variable: Option<&String>, request: &ApprovalRequest) -> PlanHash {
    let told = decided.asked.iter().map(|text| plans_in(text)).find(|plans| !plans.is_empty());
    let named = told.unwrap_or_else(|| variable.map(|text| plans_in(text)).unwrap_or_default());
    let asked = named.iter().find(|plan| **plan == request.plan).or(named.first());
    asked.cloned().unwrap_or_else(|| PlanHash::of(format!("nothing shown for {}", request.plan).as_bytes()))
}

/// The plan hashes in a text; an image's digest has as many digits, and `sha256:` before them.
fn plans_in(text: &str) -> Vec<PlanHash> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':'));
    words.filter_map(|word| word.trim_matches(':').parse().ok()).collect()
}

fn who(decided: &Decided, account: &Account) -> Identity {
    let arn = decided.by.clone().unwrap_or_else(|| "unknown".to_owned());
    Identity { user_id: arn.clone(), arn, account: account.id.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const OTHER: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

    fn request() -> ApprovalRequest {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        ApprovalRequest {
            plan: PLAN.parse().unwrap(),
            summary: String::new(),
            execution: None,
            asked_at: at,
            expires_at: at,
        }
    }

    fn decided(asked: Option<&str>) -> Decided {
        Decided { by: None, summary: String::new(), at: None, asked: asked.map(str::to_owned) }
    }

    #[test]
    fn what_was_shown_is_the_plan_and_never_the_digest_beside_it() {
        let text = format!("release r1, image sha256:{OTHER}, plan: {PLAN}.");
        assert_eq!(shown(&decided(Some(&text)), None, &request()).as_str(), PLAN);
        let text = format!("image sha256:{PLAN}");
        let variable = OTHER.to_owned();
        assert_eq!(shown(&decided(Some(&text)), Some(&variable), &request()).as_str(), OTHER);
    }

    #[test]
    fn the_message_weighs_more_than_the_variables_and_silence_approves_nothing() {
        let variable = PLAN.to_owned();
        assert_eq!(shown(&decided(Some(OTHER)), Some(&variable), &request()).as_str(), OTHER);
        assert_eq!(shown(&decided(None), Some(&variable), &request()).as_str(), PLAN);
        assert_ne!(shown(&decided(Some("please look")), None, &request()).as_str(), PLAN);
    }
}
