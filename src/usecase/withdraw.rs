//! Withdrawing an approval before it is used.

use super::codepipeline_question;
use super::context::Context;
use super::delivery::{ApprovalMessage, SentTo, follow};
use super::error::Error;
use super::identity::own;
use super::question::{caller, of_approver, recorded, the_one, unused, why_settled};
use super::records::Recorded;
use crate::engine::approval::may_decide;
use crate::model::fault::own::Lack;
use crate::model::ids::{ReleaseId, StageName};
use crate::model::inbox::MessageBody;
use crate::model::pipeline::Stage;
use crate::model::read_by::ReadBy;
use crate::model::refusal::AnswerRefusal;
use crate::model::stage_state::Approval;
use crate::ports::approvals::ActionState;
use crate::runtime::ports::Ports;

/// Withdraws the approval of this stage, or of the only approved one. Returns the stage, and who reads the withdrawal.
///
/// # Errors
/// Where no approval is left to withdraw, and where the caller may not withdraw it.
pub async fn withdraw(
    context: &Context,
    id: &ReleaseId,
    stage: Option<&StageName>,
    comment: String,
) -> Result<(StageName, ReadBy), Error> {
    let recorded = recorded(context, id).await?;
    let release = &recorded.release;
    let ports = context.ports(id.as_str(), None);
    let mut given = Vec::new();
    for spec in &release.started.pipeline.stages {
        let meant = stage.is_none_or(|name| name == &spec.name);
        if meant && (unused(&recorded, spec).is_some() || approved_unread(&ports, &recorded, spec).await?) {
            given.push(spec);
        }
    }
    let Some(spec) = the_one(id, given, |stage| &stage.name, true)? else {
        let why = why_settled(&recorded, stage);
        return Err(AnswerRefusal::NoApprovalToWithdraw { release: id.clone(), why }.into());
    };
    let policy = spec.approval.as_ref().ok_or_else(|| Error::inconsistent(Lack::ApprovalPolicy))?;
    let by = caller(&ports, &recorded, spec, policy).await?;
    let gave =
        matches!(&release.stage(&spec.name).approval, Approval::Given(answer, _) if answer.arn() == Some(&by.arn));
    if !gave && !may_decide(policy, Some(&by.arn)) {
        return Err(AnswerRefusal::MayNotWithdraw { arn: by.arn, policy: policy.clone() }.into());
    }
    let message = MessageBody::Withdraw { stage: spec.name.clone(), by, comment };
    let message = context.journal.send(id, message, context.clock.now()).await?;
    let read_by = follow(context, &recorded, &spec.name, ApprovalMessage::Withdrawal, SentTo::Inbox(message)).await?;
    Ok((spec.name.clone(), read_by))
}

/// Whether CodePipeline's action is approved, but no process has read that yet.
async fn approved_unread(ports: &Ports, recorded: &Recorded, stage: &Stage) -> Result<bool, Error> {
    let found = codepipeline_question::read(ports, &recorded.release, &stage.name, own).await;
    let found = found.map_err(|(fault, account)| of_approver(fault, &account))?;
    Ok(matches!(found.map(|action| action.state), Some(ActionState::Approved(_))))
}
