//! The requester of a release: looked up where it is a CodePipeline execution, and compared with the approvers.

use super::context::Context;
use super::environment::Environment;
use super::error::Error;
use super::execution::{Found, Named, look_up};
use super::{codepipeline_question, identity};
use crate::engine::approval::{conflict, unknown};
use crate::model::approval::{Answer, Identity, Requester, Trigger};
use crate::model::approval_reason::UnknownRequester;
use crate::model::aws::codepipeline::TriggerType;
use crate::model::ids::{PlanHash, StageName};
use crate::model::inbox::{Message, MessageBody};
use crate::model::machine;
use crate::model::machine::Machine;
use crate::model::notice::Notice;
use crate::model::pipeline::{Account, Pipeline, Stage};
use crate::model::refusal::{ExecutionRefusal, Refusal};
use crate::model::release::Release;
use crate::model::stage_state::Approval;
use crate::ports::approvals::Execution;
use crate::runtime::ports::Ports;

/// The requester: the named CodePipeline execution, else the owner of the credentials. The credentials of a machine, and of a role that the file names, do
/// not identify a person. `release`: what is promoted or resumed.
///
/// # Errors
/// Where the execution cannot be found, is not in progress, or was started for another release's approval; where a build that a pipeline started names no
/// execution; where a machine that no pipeline started, or a session of a role of the file, names one.
pub async fn of(
    context: &Context,
    ports: &Ports,
    pipeline: &Pipeline,
    release: Option<&Release>,
    execution: Option<&str>,
) -> Result<Requester, Error> {
    let environment = &context.environment;
    // An empty value is a variable that is not set.
    let named = execution.filter(|e| !e.is_empty()).map(Named::read).transpose()?;
    let by = identity::caller(ports, pipeline.account(&pipeline.stages[0].account));
    let Some(named) = named else {
        return match environment {
            Environment::OfPipeline(name) => Err(ExecutionRefusal::NotNamed { pipeline: name.clone() }.into()),
            Environment::Ordinary | Environment::Machine(_) => Ok(without_execution(environment, pipeline, by.await?)),
        };
    };
    let by = by.await?;
    let execution = named.id.to_owned();
    // A machine that no pipeline started could name anybody's execution.
    if let Some(what) = environment.machine(&by) {
        return Err(ExecutionRefusal::NamedByMachine { what, execution }.into());
    }
    // So could everybody who may enter an account of the file through its role.
    if let Some(role) = pipeline.shared_role(&by.arn).filter(|_| machine::of(&by.arn).is_none()) {
        return Err(ExecutionRefusal::NamedByRole { role: role.to_owned(), execution }.into());
    }
    let found = look_up(ports, pipeline, &named, environment.pipeline(), &by).await?;
    if release.is_none() {
        carries_no_question(&found)?;
    }
    let trigger = starter(pipeline, release, &found.execution);
    Ok(Requester::Pipeline {
        pipeline: found.pipeline,
        account: found.account,
        execution: found.execution.id,
        trigger,
        by,
    })
}

/// The requester with these credentials, outside an execution.
fn without_execution(environment: &Environment, pipeline: &Pipeline, by: Identity) -> Requester {
    match environment.requester(by) {
        Requester::Person { identity } => match pipeline.shared_role(&identity.arn) {
            Some(role) => Requester::Unknown { machine: Machine::SharedRole { role: role.to_owned() }, by: identity },
            None => Requester::Person { identity },
        },
        requester @ (Requester::Unknown { .. } | Requester::Pipeline { .. }) => requester,
    }
}

/// Who started an execution. A session of a role of the file may be kanmon's or anybody's: if the record shows that the execution was started for this
/// release's approval, the release's requester started it.
fn starter(pipeline: &Pipeline, release: Option<&Release>, execution: &Execution) -> Trigger {
    match &execution.trigger {
        Trigger::Principal { arn } if pipeline.shared_role(arn).is_some() => {
            let carries = |release: &&Release| {
                pipeline.stages.iter().any(|s| release.stage(&s.name).carried_by.as_deref() == Some(&execution.id))
            };
            match release.filter(carries).map(|release| &release.started.requested_by) {
                Some(Requester::Person { identity }) => Trigger::Principal { arn: identity.arn.clone() },
                Some(Requester::Pipeline { trigger, .. }) => trigger.clone(),
                Some(Requester::Unknown { .. }) | None => {
                    Trigger::Unknown { kind: Some(TriggerType::StartPipelineExecution), detail: Some(arn.clone()) }
                }
            }
        }
        known @ (Trigger::Principal { .. } | Trigger::Unknown { .. }) => known.clone(),
    }
}

/// Checks that a new release may run in this execution: not if kanmon started it for another release's approval.
fn carries_no_question(Found { pipeline, execution, .. }: &Found) -> Result<(), ExecutionRefusal> {
    let variable = |name: &str| execution.variables.get(name).map_or("", String::as_str);
    match variable("KANMON_PLAN").parse::<PlanHash>() {
        Err(_) => Ok(()),
        Ok(plan) => Err(ExecutionRefusal::CarriesQuestion {
            pipeline: pipeline.clone(),
            execution: execution.id.clone(),
            release: variable("KANMON_RELEASE").to_owned(),
            plan,
        }),
    }
}

/// The first unknown requester.
fn unknown_of(requesters: &[Requester]) -> Option<UnknownRequester> {
    requesters.iter().find_map(unknown)
}

/// Checks that somebody could approve the requested stages: with an unknown requester nobody could.
///
/// # Errors
/// The first stage that nobody may approve.
pub fn approvable(
    pipeline: &Pipeline,
    until: &StageName,
    requesters: &[Requester],
    entered: impl Fn(&Stage) -> bool,
) -> Result<(), Refusal> {
    let Some(unknown) = unknown_of(requesters) else { return Ok(()) };
    match pipeline.stages_until(until).iter().filter(|s| !entered(s)).find(needs_another_person) {
        None => Ok(()),
        Some(stage) => Err(Refusal::NobodyMayApprove { stage: stage.name.clone(), unknown }),
    }
}

/// Reports the stage after the last one whose approval is not requested in advance, because nobody may approve it.
pub fn report_not_requested(context: &Context, pipeline: &Pipeline, until: &StageName, requesters: &[Requester]) {
    let Some(unknown) = unknown_of(requesters) else { return };
    if let Some(stage) = pipeline.stages_after(until).iter().find(needs_another_person) {
        context.notice(Notice::ApprovalNotRequested { stage: stage.name.clone(), unknown });
    }
}

/// Whether somebody other than the requester must approve.
fn needs_another_person(stage: &&Stage) -> bool {
    stage.approval.as_ref().is_some_and(|policy| !policy.self_approval)
}

/// Checks that this requester may continue a release, up to this stage.
///
/// # Errors
/// Where nobody could approve the remaining stages, and where the requester has approved one of them.
pub async fn check_may_continue(
    context: &Context,
    ports: &Ports,
    release: &Release,
    until: &StageName,
    requester: &Requester,
) -> Result<(), Error> {
    let requesters: Vec<Requester> = release.requesters.iter().chain([requester]).cloned().collect();
    let entered = |stage: &Stage| release.stage(&stage.name).entered.is_some();
    approvable(&release.started.pipeline, until, &requesters, entered)?;
    let inbox = context.journal.inbox(&release.id).await?;
    for stage in &release.started.pipeline.stages {
        let approvers = match release.stage(&stage.name).entered {
            None => approvers(ports, release, &inbox, stage).await?,
            Some(_) => continue,
        };
        approvers.iter().try_for_each(|arn| not_the_approver(release, stage, arn, requester))?;
    }
    report_not_requested(context, &release.started.pipeline, until, &requesters);
    Ok(())
}

/// Checks that a requester who continues a release has not approved it: the approval would no longer count.
fn not_the_approver(release: &Release, stage: &Stage, arn: &str, requester: &Requester) -> Result<(), Refusal> {
    let Some(policy) = &stage.approval else { return Ok(()) };
    let itself = unknown(requester).is_none() && conflict(policy, std::slice::from_ref(requester), Some(arn)).is_some();
    match itself {
        true => Err(Refusal::RequesterIsApprover {
            release: release.id.clone(),
            stage: stage.name.clone(),
            arn: arn.to_owned(),
        }),
        false => Ok(()),
    }
}

/// Who approved a stage, where that is known, by the record or by an unread answer in the inbox or in CodePipeline.
async fn approvers(ports: &Ports, release: &Release, inbox: &[Message], stage: &Stage) -> Result<Vec<String>, Error> {
    let request = match &release.stage(&stage.name).approval {
        Approval::Given(answer, _) => return Ok(answer.arn().map(str::to_owned).into_iter().collect()),
        Approval::Requested(request) => request,
        Approval::NotRequested | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => {
            return Ok(vec![]);
        }
    };
    let sent = inbox.iter().filter_map(|message| match &message.body {
        MessageBody::Answer(answer) if answer.stage == stage.name && answer.answer == Answer::Approved => {
            answer.arn().map(str::to_owned)
        }
        MessageBody::Answer(_) | MessageBody::Withdraw { .. } | MessageBody::Abort { .. } => None,
    });
    let action = codepipeline_question::read(ports, release, &stage.name, Account::clone).await;
    let action = action.map_err(|(fault, _)| fault)?;
    let decisions = action.iter().flat_map(|action| action.decisions());
    let given = decisions.filter_map(|(answer, decided)| {
        let ours = PlanHash::only_one_in(decided.asked.as_deref()?).as_ref() == Some(&request.plan);
        decided.by.clone().filter(|_| ours && answer == Answer::Approved)
    });
    Ok(sent.chain(given).collect())
}
