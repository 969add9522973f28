//! `ports::approvals` over CodePipeline's manual approval actions.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_codepipeline::types::{
    ActionCategory, ActionExecutionDetail, ActionExecutionFilter, ApprovalResult, ApprovalStatus, PipelineType,
    PipelineVariable,
};

use super::errors;
use super::errors::Refusal;
use super::nearest::not_found;
use super::operations::Operation;
use super::pages::Pages;
use super::session::{Session, Sessions};
use super::time::timestamp;
use crate::model::approval::{Answer, Trigger};
use crate::model::aws::codepipeline::ActionStatus;
use crate::model::fault::Fault;
use crate::model::fault::approval::{ApprovalProblem, Asked, Decision};
use crate::model::fault::aws::Kind;
use crate::model::fault::call::Target;
use crate::model::ids::PlanHash;
use crate::model::pipeline::Account;
use crate::ports::approvals::{
    Action, ActionState, Decided, Declared, DeclaredAction, Execution, PipelineApprovals, Undecided, Verdict,
};

/// What `PutApprovalResult` takes as a summary, in characters.
const SUMMARY: usize = 512;
/// What `StopPipelineExecution` takes as a reason, in characters.
const REASON: usize = 200;

pub struct CodePipeline {
    sessions: Arc<Sessions>,
}

impl CodePipeline {
    pub fn new(sessions: Arc<Sessions>) -> CodePipeline {
        CodePipeline { sessions }
    }
}

fn of_pipeline(pipeline: &str) -> Target {
    Target::Pipeline { pipeline: pipeline.to_owned() }
}

fn of_execution(pipeline: &str, execution: &str) -> Target {
    Target::Execution { pipeline: pipeline.to_owned(), execution: execution.to_owned() }
}

fn of_action(pipeline: &str, action: &str) -> Target {
    Target::Action { pipeline: pipeline.to_owned(), action: action.to_owned() }
}

#[async_trait]
impl PipelineApprovals for CodePipeline {
    async fn declared(&self, account: &Account, pipeline: &str) -> Result<Declared, Fault> {
        let session = self.sessions.session(account).await?;
        let call = session.get_pipeline(of_pipeline(pipeline));
        let answer = match call.send(|r| r.name(pipeline).send()).await {
            Ok(answer) => answer,
            Err(refusal) => return Err(explain(&session, pipeline, refusal).await),
        };
        let Some(found) = answer.pipeline() else {
            let op = Operation::GetPipeline.on(of_pipeline(pipeline));
            return Err(errors::incomplete(op, &account.name, "pipeline"));
        };
        let actions = found.stages().iter().flat_map(|stage| stage.actions()).map(|action| {
            let kind = action.action_type_id();
            let manual = kind.is_some_and(|k| *k.category() == ActionCategory::Approval && k.provider() == "Manual");
            let message = action.configuration().and_then(|c| c.get("CustomData")).cloned().unwrap_or_default();
            DeclaredAction { name: action.name().to_owned(), manual, message }
        });
        let variables = found.variables().iter().map(|v| (v.name().to_owned(), v.default_value().is_some()));
        Ok(Declared {
            // One that is older than the types says none, and is a V1.
            takes_variables: found.pipeline_type() == Some(&PipelineType::V2),
            variables: variables.collect(),
            actions: actions.collect(),
        })
    }

    async fn start(
        &self,
        account: &Account,
        pipeline: &str,
        variables: &BTreeMap<String, String>,
        client_token: &str,
    ) -> Result<String, Fault> {
        let session = self.sessions.session(account).await?;
        let variable = |(name, value): (&String, &String)| {
            PipelineVariable::builder().name(name).value(value).build().expect("name and value are all it needs")
        };
        // A list of none is refused.
        let variables = (!variables.is_empty()).then(|| variables.iter().map(variable).collect());
        let call = session.start_pipeline_execution(of_pipeline(pipeline));
        // The token makes a resumed release's request the same execution, and not the SDK's own repetitions alone.
        let answer =
            call.send(|r| r.name(pipeline).set_variables(variables).client_request_token(client_token).send()).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(refusal) => return Err(explain(&session, pipeline, refusal).await),
        };
        answer.pipeline_execution_id().map(str::to_owned).ok_or_else(|| {
            let op = Operation::StartPipelineExecution.on(of_pipeline(pipeline));
            errors::incomplete(op, &account.name, "pipelineExecutionId")
        })
    }

    async fn abandon(&self, account: &Account, pipeline: &str, execution: &str, why: &str) -> Result<(), Fault> {
        let session = self.sessions.session(account).await?;
        let reason: String = why.chars().take(REASON).collect();
        let call = session.stop_pipeline_execution(of_pipeline(pipeline));
        let stop = call
            .send(|r| r.pipeline_name(pipeline).pipeline_execution_id(execution).abandon(true).reason(reason).send());
        match stop.await {
            Ok(_) => Ok(()),
            Err(r) if r.is("DuplicatedStopRequestException") || r.is("PipelineExecutionNotStoppableException") => {
                Ok(())
            }
            Err(r) => Err(explain(&session, pipeline, r).await),
        }
    }

    async fn execution(&self, account: &Account, pipeline: &str, execution: &str) -> Result<Option<Execution>, Fault> {
        let session = self.sessions.session(account).await?;
        read_execution(&session, pipeline, execution).await
    }

    async fn action(&self, account: &Account, pipeline: &str, execution: &str, action: &str) -> Result<Action, Fault> {
        let session = self.sessions.session(account).await?;
        let mut runs = runs(&session, pipeline, execution, action).await?;
        let Some(detail) = runs.pop() else {
            let state = not_reached(&session, pipeline, execution).await?;
            return Ok(Action { state, before: Vec::new() });
        };
        let before = runs.iter().filter_map(decided_before).collect();
        let shown = shown(&session, pipeline, execution, action).await?;
        // State shows an action's latest execution, which in another mode or after a retry is not this one.
        let ours = shown.as_ref().filter(|s| s.id.is_none() || s.id.as_deref() == detail.action_execution_id());
        let mut decided = said(&detail);
        decided.by = ours.and_then(|s| s.by.clone()).or(decided.by);
        decided.summary = ours.and_then(|s| s.summary.clone()).unwrap_or(decided.summary);
        let state = match status(&detail) {
            Some(ActionStatus::InProgress) => {
                ActionState::Waiting { token: ours.and_then(|s| s.token.clone()).or_else(|| external_id(&detail)) }
            }
            Some(ActionStatus::Succeeded) => ActionState::Approved(decided),
            Some(ActionStatus::Failed) => {
                let words = error(&detail);
                match decided.by {
                    Some(_) if !timed_out(&words) => ActionState::Rejected(decided),
                    None if is_a_rejection(&words) => ActionState::Rejected(decided),
                    _ => {
                        let said = Some(words).filter(|said| !said.is_empty());
                        let why = Undecided::ActionEnded { status: Some(ActionStatus::Failed), said };
                        ActionState::Ended { why }
                    }
                }
            }
            status @ (Some(ActionStatus::Abandoned | ActionStatus::Unknown(_)) | None) => {
                ActionState::Ended { why: Undecided::ActionEnded { status, said: None } }
            }
        };
        Ok(Action { state, before })
    }

    async fn answer(
        &self,
        account: &Account,
        pipeline: &str,
        execution: &str,
        action: &str,
        verdict: Verdict<'_>,
    ) -> Result<(), Fault> {
        let session = self.sessions.session(account).await?;
        let detail = runs(&session, pipeline, execution, action).await?.pop();
        let waiting = detail.filter(|d| status(d) == Some(ActionStatus::InProgress));
        let question =
            || Asked { pipeline: pipeline.to_owned(), action: action.to_owned(), execution: execution.to_owned() };
        let Some(detail) = waiting else {
            return Err(ApprovalProblem::NotWaiting { asked: question() }.into());
        };
        // Whoever wrote down where to answer may have named somebody else's question.
        let text = asked(&detail).unwrap_or_default();
        if PlanHash::only_one_in(&text).as_ref() != Some(verdict.plan) {
            let (asked, plan) = (question(), verdict.plan.short().to_owned());
            return Err(ApprovalProblem::OtherPlanShown { asked, plan, shows: text }.into());
        }
        let shown = shown(&session, pipeline, execution, action).await?;
        let ours = shown.filter(|s| s.id.is_none() || s.id.as_deref() == detail.action_execution_id());
        let token = ours.as_ref().and_then(|s| s.token.clone()).or_else(|| external_id(&detail));
        let (Some(token), Some(stage)) = (token, detail.stage_name()) else {
            return Err(ApprovalProblem::NoToken { asked: question() }.into());
        };
        let answer = if verdict.approved { ApprovalStatus::Approved } else { ApprovalStatus::Rejected };
        let summary: String = verdict.summary.chars().take(SUMMARY).collect();
        let result = ApprovalResult::builder().status(answer).summary(summary).build();
        let result = result.expect("status and summary are all it needs");
        let call = session.put_approval_result(of_action(pipeline, action));
        let answer = call.send(|r| {
            r.pipeline_name(pipeline).stage_name(stage).action_name(action).result(result).token(token).send()
        });
        match answer.await {
            Ok(_) => Ok(()),
            Err(r) if r.is("ApprovalAlreadyCompletedException") => {
                let found = self.action(account, pipeline, execution, action).await.ok();
                Err(Fault { said: r.fault.said, ..decided(question(), found.map(|action| action.state)).into() })
            }
            Err(r) if r.is("InvalidApprovalTokenException") => {
                Err(Fault { said: r.fault.said, ..ApprovalProblem::RequestedAgain { asked: question() }.into() })
            }
            Err(r) => Err(explain(&session, pipeline, r).await),
        }
    }
}

/// The action's own text, which whoever answers reads, its variables resolved. A link is an address to look at, and names no plan by
/// itself; beside a text that does, one of another plan makes it two.
fn asked(detail: &ActionExecutionDetail) -> Option<String> {
    let configured = detail.input().and_then(|i| i.resolved_configuration())?;
    let text = configured.get("CustomData")?;
    let link = configured.get("ExternalEntityLink").filter(|_| PlanHash::only_one_in(text).is_some());
    Some(link.map_or_else(|| text.clone(), |link| format!("{text}\n{link}")))
}

/// Somebody else's decision.
fn decided(asked: Asked, state: Option<ActionState>) -> ApprovalProblem {
    let (decision, by) = match state {
        Some(ActionState::Approved(Decided { by, .. })) => (Some(Decision::Approved), by),
        Some(ActionState::Rejected(Decided { by, .. })) => (Some(Decision::Rejected), by),
        Some(ActionState::NotReached | ActionState::Waiting { .. } | ActionState::Ended { .. }) | None => (None, None),
    };
    ApprovalProblem::Decided { asked, decision, by }
}

fn status(detail: &ActionExecutionDetail) -> Option<ActionStatus> {
    detail.status().map(|status| status.as_str().into())
}

/// What a run's own detail says of who decided it, and how.
fn said(detail: &ActionExecutionDetail) -> Decided {
    let result = detail.output().and_then(|o| o.execution_result());
    Decided {
        by: detail.updated_by().map(str::to_owned),
        summary: result.and_then(|r| r.external_execution_summary()).unwrap_or_default().to_owned(),
        at: detail.last_update_time().and_then(timestamp),
        asked: asked(detail),
    }
}

/// The decision of a run that is over. Nothing shows any more who decided it but its own detail, so that one that failed without a
/// name counts as a rejection, unless its time was up or CodePipeline says that it failed in another way.
fn decided_before(detail: &ActionExecutionDetail) -> Option<(Answer, Decided)> {
    match status(detail)? {
        ActionStatus::Succeeded => Some((Answer::Approved, said(detail))),
        ActionStatus::Failed => {
            let (words, decided) = (error(detail), said(detail));
            let by_somebody = decided.by.is_some() || words.is_empty() || is_a_rejection(&words);
            (by_somebody && !timed_out(&words)).then_some((Answer::Rejected, decided))
        }
        ActionStatus::InProgress | ActionStatus::Abandoned | ActionStatus::Unknown(_) => None,
    }
}

/// Why a run failed, in CodePipeline's words.
fn error(detail: &ActionExecutionDetail) -> String {
    let result = detail.output().and_then(|o| o.execution_result());
    let error = result.and_then(|r| r.error_details());
    let words = [error.and_then(|e| e.code()), error.and_then(|e| e.message())];
    words.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

fn is_a_rejection(words: &str) -> bool {
    words.to_lowercase().contains("reject")
}

fn timed_out(words: &str) -> bool {
    let words = words.to_lowercase();
    words.contains("timed out") || words.contains("timeout") || words.contains("timedout")
}

/// In PARALLEL mode the token is not in the state; it is the external id of this execution's own action.
fn external_id(detail: &ActionExecutionDetail) -> Option<String> {
    let result = detail.output().and_then(|o| o.execution_result());
    result.and_then(|r| r.external_execution_id()).filter(|id| !id.is_empty()).map(str::to_owned)
}

/// The action's runs within this execution, oldest first.
async fn runs(
    session: &Session,
    pipeline: &str,
    execution: &str,
    action: &str,
) -> Result<Vec<ActionExecutionDetail>, Fault> {
    let filter = ActionExecutionFilter::builder().pipeline_execution_id(execution).build();
    let mut found: Vec<ActionExecutionDetail> = Vec::new();
    let mut pages = Pages::new();
    while let Some(next) = pages.next() {
        let call = session.list_action_executions(of_pipeline(pipeline));
        let page = call
            .send(|r| r.pipeline_name(pipeline).filter(filter.clone()).max_results(100).set_next_token(next).send());
        let page = match page.await {
            Ok(page) => page,
            Err(refusal) => return Err(explain(session, pipeline, refusal).await),
        };
        let of_action = page.action_execution_details().iter().filter(|d| {
            // Not everybody honours the filter, and another execution's answer must never count.
            d.action_name() == Some(action) && d.pipeline_execution_id() == Some(execution)
        });
        found.extend(of_action.cloned());
        pages.read(page.next_token());
    }
    // Where two began at once, the newer is listed first.
    found.reverse();
    found.sort_by_key(|d| d.start_time().map(|t| t.as_nanos()));
    Ok(found)
}

/// What `GetPipelineState` shows of the action, where it shows this execution.
struct Shown {
    id: Option<String>,
    token: Option<String>,
    by: Option<String>,
    summary: Option<String>,
}

async fn shown(session: &Session, pipeline: &str, execution: &str, action: &str) -> Result<Option<Shown>, Fault> {
    let call = session.get_pipeline_state(of_pipeline(pipeline));
    let answer = match call.send(|r| r.name(pipeline).send()).await {
        Ok(answer) => answer,
        Err(refusal) => return Err(explain(session, pipeline, refusal).await),
    };
    let ours = answer
        .stage_states()
        .iter()
        .filter(|s| s.latest_execution().map(|e| e.pipeline_execution_id()) == Some(execution))
        .flat_map(|s| s.action_states())
        .find(|a| a.action_name() == Some(action));
    Ok(ours.and_then(|a| a.latest_execution()).map(|e| Shown {
        id: e.action_execution_id().map(str::to_owned),
        token: e.token().map(str::to_owned),
        by: e.last_updated_by().map(str::to_owned),
        summary: e.summary().map(str::to_owned),
    }))
}

/// An execution that has no run of the action: on its way to it, or over before it came there.
async fn not_reached(session: &Session, pipeline: &str, execution: &str) -> Result<ActionState, Fault> {
    let Some(found) = read_execution(session, pipeline, execution).await? else {
        return Ok(ActionState::Ended { why: Undecided::NoExecution });
    };
    Ok(match found.status.is_over() {
        true => ActionState::Ended { why: Undecided::ExecutionEnded { status: found.status } },
        false => ActionState::NotReached,
    })
}

async fn read_execution(session: &Session, pipeline: &str, execution: &str) -> Result<Option<Execution>, Fault> {
    let call = session.get_pipeline_execution(of_execution(pipeline, execution));
    let answer = call.send(|r| r.pipeline_name(pipeline).pipeline_execution_id(execution).send()).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(refusal) if refusal.is("PipelineExecutionNotFoundException") => return Ok(None),
        Err(refusal) => return Err(explain(session, pipeline, refusal).await),
    };
    let Some(found) = answer.pipeline_execution() else {
        let op = Operation::GetPipelineExecution.on(of_execution(pipeline, execution));
        return Err(errors::incomplete(op, &session.account.name, "pipelineExecution"));
    };
    let variables = found
        .variables()
        .iter()
        .filter_map(|v| Some((v.name()?.to_owned(), v.resolved_value().unwrap_or_default().to_owned())));
    let trigger = found.trigger();
    let detail = trigger.and_then(|t| t.trigger_detail()).filter(|detail| !detail.is_empty());
    let kind = trigger.and_then(|t| t.trigger_type()).map(|t| t.as_str());
    Ok(Some(Execution {
        id: found.pipeline_execution_id().unwrap_or(execution).to_owned(),
        status: found.status().map_or("", |s| s.as_str()).into(),
        variables: variables.collect(),
        trigger: Trigger::of(kind, detail),
    }))
}

/// A missing pipeline gets its neighbour's name; the rest is the refusal's own fault.
async fn explain(session: &Session, pipeline: &str, refusal: Refusal) -> Fault {
    if !refusal.is("PipelineNotFoundException") {
        return refusal.fault;
    }
    let names = names(session).await.ok();
    not_found(Kind::Pipeline, pipeline, &session.account, names.as_deref())
}

async fn names(session: &Session) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    let mut pages = Pages::new();
    while let Some(next) = pages.next() {
        let call = session.list_pipelines(Target::Pipelines);
        let page = call.send(|r| r.max_results(1000).set_next_token(next).send()).await?;
        names.extend(page.pipelines().iter().filter_map(|p| p.name().map(str::to_owned)));
        pages.read(page.next_token());
    }
    Ok(names)
}

#[cfg(test)]
#[path = "codepipeline_tests.rs"]
mod tests;
