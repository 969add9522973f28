//! An approval through CodePipeline. Answers in kanmon's own inbox arrive by themselves.

use crate::model::approval::{Answer, ApprovalAnswer, ApprovalRequest, ApprovalWay, Identity};
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::ids::{PlanHash, StageName};
use crate::model::pipeline::Account;
use crate::model::release::Release;
use crate::model::stage_state::Approval;
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
    let (decided, answer) = match ports.approvals.action(account, name, execution, action).await? {
        ActionState::NotReached | ActionState::Waiting { .. } => return Ok(vec![]),
        ActionState::Approved(decided) => (decided, Answer::Approved),
        ActionState::Rejected(decided) => (decided, Answer::Rejected),
        ActionState::Ended { .. } => return Ok(vec![Fact::ApprovalExpired { stage: stage.clone() }]),
    };
    let variables = ports.approvals.execution(account, name, execution).await?.variables;
    let plan = shown(&decided, variables.get("KANMON_PLAN"), request);
    let answer = ApprovalAnswer {
        stage: stage.clone(),
        plan,
        answer,
        by: who(&decided, account),
        comment: decided.summary.clone(),
    };
    Ok(answered(release, &answer, true).into_iter().collect())
}

/// The plan that the person was shown: in the action's own message, else in the execution's variables. Where neither names one,
/// nothing tells what was approved, and no hash stands for that: it is refused by comparison.
fn shown(decided: &Decided, variable: Option<&String>, request: &ApprovalRequest) -> PlanHash {
    let named = decided.asked.iter().chain(variable).find_map(|text| plan_in(text));
    named.unwrap_or_else(|| PlanHash::of(format!("nothing shown for {}", request.plan).as_bytes()))
}

fn plan_in(text: &str) -> Option<PlanHash> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).find_map(|word| word.parse().ok())
}

fn who(decided: &Decided, account: &Account) -> Identity {
    let arn = decided.by.clone().unwrap_or_else(|| "unknown".to_owned());
    Identity { user_id: arn.clone(), arn, account: account.id.clone() }
}
