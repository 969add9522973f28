//! Who asks for a release: looked up where a CodePipeline execution asks, and held against who approves.

use super::bench::Bench;
use super::executions::{Found, Named, look_up};
use super::failure::Failure;
use super::identity;
use super::in_codepipeline;
use super::output::Output;
use super::surroundings::Surroundings;
use crate::engine::approval::{conflict, unknown};
use crate::model::approval::{Answer, Identity, Requester, Trigger};
use crate::model::ids::{PlanHash, StageName};
use crate::model::inbox::{Message, MessageBody};
use crate::model::machine;
use crate::model::pipeline::{Account, Pipeline, Stage};
use crate::model::release::Release;
use crate::model::stage_state::Approval;
use crate::ports::approvals::Execution;
use crate::runtime::ports::Ports;

/// Who asks: the CodePipeline execution that is named, looked up there, else whoever the credentials belong to. The credentials of a
/// machine, and of a role that the file names, are nobody's. `release`: what is taken further.
///
/// # Errors
/// Where the execution cannot be found, is not in progress, or carries the question of another release than a new one; where a build
/// that a pipeline started names none; where a machine that no pipeline started, or a session of a role that the file names, names one.
pub async fn of(
    bench: &Bench,
    ports: &Ports,
    pipeline: &Pipeline,
    release: Option<&Release>,
    execution: Option<&str>,
) -> Result<Requester, Failure> {
    let around = bench.surroundings();
    // A variable that is there and empty is one that was forgotten.
    let named = execution.filter(|e| !e.is_empty()).map(Named::read).transpose()?;
    let by = identity::caller(ports, pipeline.account(&pipeline.stages[0].account));
    let Some(named) = named else {
        return match &around {
            Surroundings::OfPipeline(name) => Err(forgotten(name)),
            Surroundings::None | Surroundings::Machine(_) => Ok(asker(&around, pipeline, by.await?)),
        };
    };
    let by = by.await?;
    if let Some(what) = around.stranger(&by) {
        return Err(not_of_it(&what, &named));
    }
    if let Some(role) = pipeline.shared_role(&by.arn).filter(|_| machine::of(&by.arn).is_none()) {
        return Err(of_anybody(role, &named));
    }
    let found = look_up(ports, pipeline, &named, around.pipeline(), &by).await?;
    if release.is_none() {
        asks_nothing_else(&found)?;
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

/// Who asks with these credentials, outside an execution.
fn asker(around: &Surroundings, pipeline: &Pipeline, by: Identity) -> Requester {
    match around.asker(by) {
        Requester::Person { identity } => match pipeline.shared_role(&identity.arn) {
            Some(role) => Requester::Unknown { what: session_of(role), by: identity },
            None => Requester::Person { identity },
        },
        asker @ (Requester::Unknown { .. } | Requester::Pipeline { .. }) => asker,
    }
}

fn session_of(role: &str) -> String {
    format!("a session of the file's role {role}")
}

/// Who started an execution. A session of a role that the file names is kanmon's or anybody's: where the record of what is taken further
/// shows that the execution was started to put its question, who asked for that release started it.
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
                    Trigger::Unknown { kind: STARTED.to_owned(), detail: arn.clone() }
                }
            }
        }
        known => known.clone(),
    }
}

/// CodePipeline's word for a call that started an execution.
const STARTED: &str = "StartPipelineExecution";

fn forgotten(name: &str) -> Failure {
    Failure::wrong(format!("this build was started by CodePipeline {name}, and its execution is not named"))
        .cause("without it, who started the pipeline counts as somebody else than who asked for this release")
        .hint("set KANMON_EXECUTION=#{codepipeline.PipelineExecutionId} on the pipeline's action (not on the CodeBuild project)")
}

/// A machine that no pipeline started could name the execution of anybody.
fn not_of_it(what: &str, named: &Named<'_>) -> Failure {
    Failure::wrong(format!("{what} names execution {}, and CodePipeline did not start it", named.id))
        .cause("who started that execution says nothing of who started this")
        .hint("let an action of the pipeline start the build in CodeBuild, or leave `--execution` and KANMON_EXECUTION out")
}

/// Whether a new release may be made in this execution: not where kanmon started it to put the question of another.
fn asks_nothing_else(Found { pipeline, execution, .. }: &Found) -> Result<(), Failure> {
    let variable = |name: &str| execution.variables.get(name).map_or("", String::as_str);
    match variable("KANMON_PLAN").parse::<PlanHash>() {
        Err(_) => Ok(()),
        Ok(plan) => Err(Failure::wrong(format!(
            "execution {} of CodePipeline {pipeline} carries the question about {}, and makes no release of its own",
            execution.id,
            variable("KANMON_RELEASE")
        ))
        .cause(format!("it was started with plan {}, for which somebody waits", plan.short()))
        .hint("let another pipeline make releases, or start this one with `kanmon release --remote`")),
    }
}

/// Everybody who may enter an account of the file through its role could name the execution of anybody.
fn of_anybody(role: &str, named: &Named<'_>) -> Failure {
    Failure::wrong(format!("{} names execution {}", session_of(role), named.id))
        .cause("who started that execution says nothing of who uses the role")
        .hint("run kanmon with credentials of its own: it assumes the roles of the file itself")
}

/// A requester that is no person, and what a person does instead.
struct Nobody {
    why: String,
    hint: &'static str,
}

impl Nobody {
    fn of(requester: &Requester) -> Option<Nobody> {
        let hint = match requester {
            Requester::Person { .. } | Requester::Pipeline { .. } => {
                "let a person start the pipeline: `kanmon release --remote`, or StartPipelineExecution in the console"
            }
            Requester::Unknown { .. } => {
                "let a person ask with credentials of their own: `kanmon release`, which takes images that exist with \
                 `--image NAME=REFERENCE`; or, where a pipeline runs kanmon, let a person start it with `kanmon release --remote`"
            }
        };
        unknown(requester).map(|why| Nobody { why, hint })
    }
}

/// Whether somebody could approve the stages that this asks for: where it is unknown who asked, nobody could.
///
/// # Errors
/// Names the first stage that nobody may approve.
pub fn approvable(
    pipeline: &Pipeline,
    until: &StageName,
    requesters: &[Requester],
    entered: impl Fn(&Stage) -> bool,
) -> Result<(), Failure> {
    let Some(unknown) = requesters.iter().find_map(Nobody::of) else { return Ok(()) };
    match pipeline.stages[..end(pipeline, until)].iter().filter(|s| !entered(s)).find(asks_another) {
        None => Ok(()),
        Some(stage) => Err(Failure::access(format!("nobody may approve {} of this release", stage.name))
            .cause(format!("{}; an approver has to be somebody else than who asked", unknown.why))
            .hint(unknown.hint)),
    }
}

/// What this release will never come to behind the stage that it asks for: nobody may approve that, so nobody is asked ahead.
pub fn never_further(pipeline: &Pipeline, until: &StageName, requesters: &[Requester]) -> Option<String> {
    let unknown = requesters.iter().find_map(Nobody::of)?;
    let stage = pipeline.stages[end(pipeline, until)..].iter().find(asks_another)?;
    Some(format!(
        "{} is not asked for: nobody may approve it of this release, for {}; {}",
        stage.name, unknown.why, unknown.hint
    ))
}

/// How many stages there are up to this one.
fn end(pipeline: &Pipeline, until: &StageName) -> usize {
    pipeline.stages.iter().position(|s| s.name == *until).map_or(0, |i| i + 1)
}

/// Whether somebody else than who asked has to approve.
fn asks_another(stage: &&Stage) -> bool {
    stage.approval.as_ref().is_some_and(|policy| !policy.self_approval)
}

/// Whether a release can be gone on with by this requester, to this stage.
///
/// # Errors
/// Where nobody could approve what is still to be approved, and where the requester has approved it.
pub async fn goes_on(
    bench: &Bench,
    ports: &Ports,
    output: &Output,
    release: &Release,
    until: &StageName,
    requester: &Requester,
) -> Result<(), Failure> {
    let requesters: Vec<Requester> = release.requesters.iter().chain([requester]).cloned().collect();
    let entered = |stage: &Stage| release.stage(&stage.name).entered.is_some();
    approvable(&release.started.pipeline, until, &requesters, entered)?;
    let inbox = bench.journal.inbox(&release.id).await?;
    for stage in &release.started.pipeline.stages {
        let approvers = match release.stage(&stage.name).entered {
            None => approvers(ports, release, &inbox, stage).await?,
            Some(_) => continue,
        };
        approvers.iter().try_for_each(|arn| not_the_approver(release, stage, arn, requester))?;
    }
    if let Some(text) = never_further(&release.started.pipeline, until, &requesters) {
        output.note(text);
    }
    Ok(())
}

/// Whether one who goes on with a release has approved it: the approval would no longer count.
fn not_the_approver(release: &Release, stage: &Stage, arn: &str, requester: &Requester) -> Result<(), Failure> {
    let Some(policy) = &stage.approval else { return Ok(()) };
    let itself = unknown(requester).is_none() && conflict(policy, std::slice::from_ref(requester), arn).is_some();
    match itself {
        true => Err(Failure::wrong(format!("{arn} has approved {} of {}", stage.name, release.id))
            .cause("who goes on with a release counts among those who asked, and that approval would no longer count")
            .hint("let somebody else go on with it: who made the release, or its pipeline")),
        false => Ok(()),
    }
}

/// Who approved a stage, as the record has it, or as an answer that nobody has taken up yet says: in the inbox or in CodePipeline.
async fn approvers(ports: &Ports, release: &Release, inbox: &[Message], stage: &Stage) -> Result<Vec<String>, Failure> {
    let request = match &release.stage(&stage.name).approval {
        Approval::Given(answer, _) => return Ok(vec![answer.by.arn.clone()]),
        Approval::Asked(request) => request,
        Approval::NotAsked | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => {
            return Ok(vec![]);
        }
    };
    let sent = inbox.iter().filter_map(|message| match &message.body {
        MessageBody::Answer(answer) if answer.stage == stage.name && answer.answer == Answer::Approved => {
            Some(answer.by.arn.clone())
        }
        MessageBody::Answer(_) | MessageBody::Withdraw { .. } | MessageBody::Abort { .. } => None,
    });
    let there = in_codepipeline::read(ports, release, &stage.name, Account::clone).await;
    let there = there.map_err(|(fault, _)| Failure::from(fault))?;
    let decisions = there.iter().flat_map(|action| action.decisions());
    let given = decisions.filter_map(|(answer, decided)| {
        let ours = PlanHash::the_one_in(decided.asked.as_deref()?).as_ref() == Some(&request.plan);
        decided.by.clone().filter(|_| ours && answer == Answer::Approved)
    });
    Ok(sent.chain(given).collect())
}
