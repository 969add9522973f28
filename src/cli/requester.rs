//! Who asks for a release: looked up where a CodePipeline execution asks, and held against who approves.

use super::bench::Bench;
use super::failure::Failure;
use super::identity;
use super::surroundings::Surroundings;
use crate::engine::ahead;
use crate::engine::approval::{conflict, unknown};
use crate::model::approval::{Answer, ApprovalWay, Requester};
use crate::model::ids::{AccountName, StageName};
use crate::model::inbox::{Message, MessageBody};
use crate::model::pipeline::{Pipeline, Stage};
use crate::model::release::Release;
use crate::model::stage_state::Approval;
use crate::ports::approvals::Execution;
use crate::runtime::ports::Ports;

/// Who asks: the CodePipeline execution that is named, looked up there, else whoever the credentials belong to. A machine's credentials
/// are nobody's.
///
/// # Errors
/// Where the execution is not one of the file's pipelines, does not exist or is not in progress; where a build that a pipeline
/// started names none; where a machine that no pipeline started names one.
pub async fn of(
    bench: &Bench,
    ports: &Ports,
    pipeline: &Pipeline,
    execution: Option<&str>,
) -> Result<Requester, Failure> {
    let around = bench.surroundings();
    // A variable that is there and empty is one that was forgotten.
    let named = execution.filter(|e| !e.is_empty()).map(Named::read).transpose()?;
    let by = identity::caller(ports, pipeline.account(&pipeline.stages[0].account));
    let Some(named) = named else {
        return match &around {
            Surroundings::OfPipeline(name) => Err(forgotten(name)),
            Surroundings::None | Surroundings::Machine(_) => Ok(around.asker(by.await?)),
        };
    };
    let by = by.await?;
    if let Some(what) = around.stranger(&by) {
        return Err(not_of_it(&what, &named));
    }
    let (pipeline, account, execution) = look_up(ports, pipeline, &named, around.pipeline()).await?;
    Ok(Requester::Pipeline { pipeline, account, execution: execution.id, trigger: execution.trigger, by })
}

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

/// `ID`, or `PIPELINE/ID`.
struct Named<'a> {
    pipeline: Option<&'a str>,
    id: &'a str,
}

impl Named<'_> {
    fn read(text: &str) -> Result<Named<'_>, Failure> {
        let (pipeline, id) = text.rsplit_once('/').map_or((None, text), |(name, id)| (Some(name), id));
        let groups: Vec<usize> = id.split('-').map(str::len).collect();
        let hex = id.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f' | '-'));
        if hex && groups == [8, 4, 4, 4, 12] && pipeline != Some("") {
            return Ok(Named { pipeline, id });
        }
        let failure = Failure::wrong(format!("`{text}` is not a valid id of a CodePipeline execution"));
        Err(match text.contains("#{") {
            true => failure.cause("CodePipeline replaces `#{…}` in a variable of its action, not in one of the CodeBuild project").hint(
                "set KANMON_EXECUTION=#{codepipeline.PipelineExecutionId} among the variables of the pipeline's action",
            ),
            false => failure.hint(
                "an id is 32 hex digits in five groups; inside a pipeline, its action sets \
                 KANMON_EXECUTION=#{codepipeline.PipelineExecutionId}; elsewhere, leave `--execution` and KANMON_EXECUTION out",
            ),
        })
    }
}

/// The execution at CodePipeline, with its pipeline.
async fn look_up(
    ports: &Ports,
    file: &Pipeline,
    named: &Named<'_>,
    started_by: Option<&str>,
) -> Result<(String, AccountName, Execution), Failure> {
    let places = places(file, named, started_by)?;
    for (name, account) in &places {
        let Some(found) = ports.approvals.execution(file.account(account), name, named.id).await? else { continue };
        if found.status != "InProgress" {
            return Err(Failure::access(format!("execution {} of CodePipeline {name} is {}", named.id, found.status))
                .cause("only an execution that is in progress can ask for a release")
                .hint("start the pipeline again"));
        }
        return Ok((name.clone(), account.clone(), found));
    }
    let where_: Vec<String> = places.iter().map(|(name, account)| format!("{name} (account {account})")).collect();
    Err(Failure::access(format!("there is no execution {} in CodePipeline {}", named.id, where_.join(" or ")))
        .cause("an execution that cannot be looked up does not show who asked")
        .hint(
            "inside that pipeline, its action sets KANMON_EXECUTION=#{codepipeline.PipelineExecutionId}; \
             elsewhere, leave `--execution` and KANMON_EXECUTION out",
        ))
}

/// Where the execution is looked for: in the pipelines of the file's approvals; where no stage has one, in the pipeline that is named
/// with it, or that started this build, in the first stage's account.
fn places(file: &Pipeline, named: &Named<'_>, started_by: Option<&str>) -> Result<Vec<(String, AccountName)>, Failure> {
    let mut known: Vec<(String, AccountName)> = Vec::new();
    for policy in file.stages.iter().filter_map(|s| s.approval.as_ref()) {
        if let ApprovalWay::CodePipeline { pipeline, account, .. } = &policy.way {
            let place = (pipeline.clone(), account.clone());
            if !known.contains(&place) {
                known.push(place);
            }
        }
    }
    let wanted = named.pipeline.or(started_by);
    match (known.is_empty(), wanted) {
        (true, Some(name)) => Ok(vec![(name.to_owned(), file.stages[0].account.clone())]),
        (true, None) => {
            Err(Failure::wrong(format!("no pipeline is named in which execution {} can be looked up", named.id))
                .cause("no stage of the file has an approval `by: codepipeline`")
                .hint("name it with `--execution PIPELINE/ID` (KANMON_EXECUTION), or leave the execution out"))
        }
        (false, None) => Ok(known),
        (false, Some(name)) => {
            let all: Vec<String> = known.iter().map(|(n, _)| n.clone()).collect();
            known.retain(|(n, _)| n == name);
            if known.is_empty() {
                return Err(Failure::wrong(format!(
                    "execution {} is of CodePipeline {name}, and the file's approvals are in {}",
                    named.id,
                    all.join(" and ")
                ))
                .hint("name in the file the pipeline that runs kanmon, or leave the execution out"));
            }
            Ok(known)
        }
    }
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
pub fn approvable<'a>(
    pipeline: &'a Pipeline,
    until: &StageName,
    requesters: &[Requester],
    entered: impl Fn(&Stage) -> bool,
) -> Result<(), Failure> {
    let Some(unknown) = requesters.iter().find_map(Nobody::of) else { return Ok(()) };
    let end = pipeline.stages.iter().position(|s| s.name == *until).map_or(0, |i| i + 1);
    let behind = requesters.last().and_then(|last| ahead::behind(pipeline, until, last));
    let asks = |stage: &&'a Stage| stage.approval.as_ref().is_some_and(|policy| !policy.self_approval);
    match pipeline.stages[..end].iter().chain(behind).filter(|s| !entered(s)).find(asks) {
        None => Ok(()),
        Some(stage) => Err(Failure::access(format!("nobody may approve {} of this release", stage.name))
            .cause(format!("{}; an approver has to be somebody else than who asked", unknown.why))
            .hint(unknown.hint)),
    }
}

/// Whether a release can be gone on with by this requester, to this stage.
///
/// # Errors
/// Where nobody could approve what is still to be approved, and where the requester has approved it.
pub async fn goes_on(
    bench: &Bench,
    release: &Release,
    until: &StageName,
    requester: &Requester,
) -> Result<(), Failure> {
    let requesters: Vec<Requester> = release.requesters.iter().chain([requester]).cloned().collect();
    let entered = |stage: &Stage| release.stage(&stage.name).entered.is_some();
    approvable(&release.started.pipeline, until, &requesters, entered)?;
    not_the_approver(release, &bench.journal.inbox(&release.id).await?, requester)
}

/// Whether one who goes on with a release has approved it: the approval would no longer count.
fn not_the_approver(release: &Release, inbox: &[Message], requester: &Requester) -> Result<(), Failure> {
    let requesters = std::slice::from_ref(requester);
    for stage in &release.started.pipeline.stages {
        let (Some(policy), None) = (&stage.approval, release.stage(&stage.name).entered) else { continue };
        if let Some(arn) = approver(release, inbox, &stage.name)
            && unknown(requester).is_none()
            && conflict(policy, requesters, arn).is_some()
        {
            return Err(Failure::wrong(format!("{arn} has approved {} of {}", stage.name, release.id))
                .cause(
                    "who goes on with a release counts among those who asked, and that approval would no longer count",
                )
                .hint("let somebody else go on with it: who made the release, or its pipeline"));
        }
    }
    Ok(())
}

/// Who approved a stage, as the record has it or as an answer that nobody has taken up yet says.
fn approver<'a>(release: &'a Release, inbox: &'a [Message], stage: &StageName) -> Option<&'a str> {
    match &release.stage(stage).approval {
        Approval::Given(answer, _) => Some(&answer.by.arn),
        Approval::Asked(_) => inbox.iter().find_map(|message| match &message.body {
            MessageBody::Answer(answer) if answer.stage == *stage && answer.answer == Answer::Approved => {
                Some(answer.by.arn.as_str())
            }
            MessageBody::Answer(_) | MessageBody::Withdraw { .. } | MessageBody::Abort { .. } => None,
        }),
        Approval::NotAsked | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => None,
    }
}
