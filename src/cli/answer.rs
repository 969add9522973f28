//! `approve`, `reject`, `withdraw`: a person decides about exactly one plan.

use jiff::Timestamp;
use serde_json::json;

use super::approvals::{self, Question, Sheet};
use super::args::{AnswerArgs, Global};
use super::bench::Bench;
use super::failure::Failure;
use super::freezes;
use super::heard::{Sent, Taken, Word, follow};
use super::identity::{self, own};
use super::in_codepipeline;
use super::output::Output;
use super::own_file;
use super::releases::{self, OtherKanmon, Recorded};
use crate::engine::approval::{no_approver, refusal};
use crate::engine::inbox::{foresee, settled};
use crate::engine::plan::is_what_was_asked;
use crate::model::approval::{Answer, ApprovalAnswer, ApprovalPolicy, ApprovalRequest, ApprovalWay, Identity};
use crate::model::exit_code::ExitCode;
use crate::model::fault::Fault;
use crate::model::ids::{PlanHash, ReleaseId, StageName};
use crate::model::inbox::MessageBody;
use crate::model::pipeline::{Account, Stage};
use crate::model::stage_state::Approval;
use crate::model::words::moment;
use crate::ports::approvals::{ActionState, Verdict};
use crate::ports::journal::Listed;
use crate::runtime::ports::Ports;

pub async fn approve(global: &Global, output: &Output, args: AnswerArgs) -> Result<ExitCode, Failure> {
    told(global, output, &args, Answer::Approved).await
}

pub async fn reject(global: &Global, output: &Output, args: AnswerArgs) -> Result<ExitCode, Failure> {
    told(global, output, &args, Answer::Rejected).await
}

async fn told(global: &Global, output: &Output, args: &AnswerArgs, given: Answer) -> Result<ExitCode, Failure> {
    if given == Answer::Approved && global.yes && args.plan.is_none() {
        return Err(Failure::wrong("`--yes` approves a plan only where it is named")
            .cause("without a question nobody looks at what would be approved")
            .hint(format!(
                "`kanmon approvals` shows the plan, and `kanmon approve {} --plan PLAN` approves it",
                args.release
            )));
    }
    let bench = Bench::new(global, output)?;
    let Answered { stage, taken, by_oneself } = answer(&bench, output, args, given, global.yes).await?;
    let id = &args.release;
    let (word, noun) = match given {
        Answer::Approved => ("approved", "approval"),
        Answer::Rejected => ("rejected", "rejection"),
    };
    let text = match taken {
        Taken::Yes => format!("{id}: {stage} is {word}"),
        Taken::Soon => format!(
            "{id}: the {noun} of {stage} is sent; the process that works on it reads it before it enters {stage}"
        ),
        Taken::ByExecution => format!("{id}: {stage} is {word}; its execution of CodePipeline takes it up"),
        Taken::ByResume => match given {
            Answer::Approved if by_oneself => format!("{id}: {stage} is {word}; `kanmon resume {id}` goes on with it"),
            Answer::Approved => format!(
                "{id}: {stage} is {word}; somebody other than the approver goes on with it: `kanmon resume {id}`"
            ),
            Answer::Rejected => format!("{id}: {stage} is {word}; `kanmon resume {id}` ends it"),
        },
        Taken::ByPromote => format!(
            "{id}: {stage} is {word}; the release has ended, and `kanmon promote {id} --to {stage}` reads that before anything else"
        ),
        Taken::ByNobody => format!("{id}: {stage} is {word}; the release has ended, and goes no further"),
    };
    output.tell(
        || text,
        || json!({ "v": 1, "kind": "answered", "release": id, "stage": stage, "answer": given, "taken": taken.word() }),
    );
    Ok(ExitCode::Done)
}

/// What became of an answer.
pub struct Answered {
    pub stage: StageName,
    pub taken: Taken,
    /// Whether who decided may go on with the release themselves: else that would make them one of those who asked.
    pub by_oneself: bool,
}

/// Decides about the question that a release waits with. `yes`: a rejection is meant, and asks nobody again. A rejection also follows
/// an approval that is not used yet.
pub async fn answer(
    bench: &Bench,
    output: &Output,
    args: &AnswerArgs,
    answer: Answer,
    yes: bool,
) -> Result<Answered, Failure> {
    let recorded = recorded(bench, &args.release).await?;
    let now = bench.clock.now();
    let (stage, request) = question(&recorded, args, answer, now)?;
    if now >= request.expires_at && unused(&recorded, stage).is_none() {
        let at = moment(request.expires_at);
        return Err(Failure::wrong(format!("the question about {} expired at {at}", stage.name))
            .hint(format!("`kanmon promote {} --to {}` asks again", args.release, stage.name)));
    }
    seen(args, request)?;
    if answer == Answer::Approved && !is_what_was_asked(&recorded.release, stage, &request.plan) {
        let failure =
            Failure::access(format!("the record does not show what plan {} stands for", request.plan.short()));
        return Err(match OtherKanmon::of(&recorded.release.started.kanmon) {
            Some(other) => failure
                .cause(format!(
                    "{}, which may compute the hash of a plan in another way; nothing was answered",
                    other.sentence()
                ))
                .hint(other.hint()),
            None => failure
                .cause("somebody has changed the record since the question was asked; nothing was answered")
                .hint("do not approve it elsewhere either; find out who writes the state, then make a new release"),
        });
    }
    if answer == Answer::Approved {
        freezes::warn(bench.journal.as_ref(), &recorded.release, &stage.name, output).await;
    }
    let policy = stage.approval.as_ref().ok_or_else(|| Failure::defect("a question without a policy"))?;
    let ports = bench.ports(recorded.release.id.as_str(), None)?;
    let by = caller(&ports, &recorded, stage, policy).await?;
    let given = ApprovalAnswer {
        stage: stage.name.clone(),
        plan: request.plan.clone(),
        answer,
        by,
        comment: args.comment.clone(),
    };
    if let Some(why) = refusal(policy, &recorded.release.requesters, request, &given) {
        return Err(Failure::access(format!("that answer would not count: {why}")).hint(who_may(policy)));
    }
    // To say no, nobody has to have looked.
    if args.plan.is_none() && !(yes && answer == Answer::Rejected) {
        agree(bench, output, &recorded, stage, request, answer).await?;
    }
    let sent = match place(&ports, &recorded, stage, policy, request, answer).await? {
        Some(action) => {
            let verdict = Verdict {
                approved: answer == Answer::Approved,
                plan: &given.plan,
                summary: &summary(&given, &given.by),
            };
            let Action { account, pipeline, action, execution } = &action;
            let put = ports.approvals.answer(account, pipeline, execution, action, verdict).await;
            put.map_err(|fault| of_approver(fault, account))?;
            Sent::Action
        }
        None => {
            let body = MessageBody::Answer(given);
            Sent::Message(bench.journal.send(&recorded.release.id, body, bench.clock.now()).await?)
        }
    };
    let taken = follow(bench, &recorded, &stage.name, Word::Answer(answer), sent).await?;
    Ok(Answered { stage: stage.name.clone(), taken, by_oneself: policy.self_approval })
}

/// The question that is meant, or the approval of it that a rejection follows.
fn question<'r>(
    recorded: &'r Recorded,
    args: &AnswerArgs,
    answer: Answer,
    now: Timestamp,
) -> Result<(&'r Stage, &'r ApprovalRequest), Failure> {
    let release = &recorded.release;
    let asked = approvals::asked(recorded, now).into_iter().map(|(_, stage, request)| (stage, request));
    let given = release.started.pipeline.stages.iter().filter_map(|stage| match unused(recorded, stage) {
        Some(request) if answer == Answer::Rejected => Some((stage, request)),
        Some(_) | None => None,
    });
    let mut found: Vec<_> = asked.chain(given).collect();
    found.retain(|(stage, _)| args.stage.as_ref().is_none_or(|s| s == &stage.name));
    let several = || format!("{} waits in more than one stage", args.release);
    match the_one(found, |(stage, _)| &stage.name, several)? {
        Some(one) => Ok(one),
        None => Err(nothing_waits(recorded, args.stage.as_ref())),
    }
}

/// What is meant where one alone can be; with several it has to be named. `None`: there is none.
fn the_one<T>(
    mut found: Vec<T>,
    stage: impl Fn(&T) -> &StageName,
    several: impl Fn() -> String,
) -> Result<Option<T>, Failure> {
    if found.len() > 1 {
        let names: Vec<&str> = found.iter().map(|one| stage(one).as_str()).collect();
        return Err(Failure::wrong(several()).hint(format!("name one with --stage: {}", names.join(", "))));
    }
    Ok(found.pop())
}

/// The question of an approval that is given and not used. None outlives an abort: what is taken further asks again.
fn unused<'r>(recorded: &'r Recorded, stage: &Stage) -> Option<&'r ApprovalRequest> {
    let release = &recorded.release;
    let state = release.stage(&stage.name);
    if release.abort.is_some() && release.ended_for_good().is_some() {
        return None;
    }
    match &state.approval {
        Approval::Given(_, request) if state.entered.is_none() => Some(request),
        Approval::Given(..)
        | Approval::NotAsked
        | Approval::Asked(_)
        | Approval::Rejected(_)
        | Approval::Expired(_)
        | Approval::Closed { .. } => None,
    }
}

/// Who answers.
async fn caller(
    ports: &Ports,
    recorded: &Recorded,
    stage: &Stage,
    policy: &ApprovalPolicy,
) -> Result<Identity, Failure> {
    let pipeline = &recorded.release.started.pipeline;
    let account = match &policy.way {
        ApprovalWay::CodePipeline { account, .. } => account,
        ApprovalWay::Kanmon => &stage.account,
    };
    identity::caller(ports, pipeline.account(account)).await
}

/// A waiting action of CodePipeline.
struct Action {
    account: Account,
    pipeline: String,
    action: String,
    execution: String,
}

/// Where an answer is put: into the action that carries the question, as long as it waits; `None`: into the release's inbox, as also a
/// rejection of what was approved there.
async fn place(
    ports: &Ports,
    recorded: &Recorded,
    stage: &Stage,
    policy: &ApprovalPolicy,
    request: &ApprovalRequest,
    answer: Answer,
) -> Result<Option<Action>, Failure> {
    let ApprovalWay::CodePipeline { pipeline, action, account } = &policy.way else { return Ok(None) };
    let account = own(recorded.release.started.pipeline.account(account));
    let execution = request.execution.clone().unwrap_or_default();
    if answer == Answer::Rejected {
        if unused(recorded, stage).is_some() {
            return Ok(None);
        }
        let found = ports.approvals.action(&account, pipeline, &execution, action).await;
        if let ActionState::Approved(_) = found.map_err(|fault| of_approver(fault, &account))?.state {
            return Ok(None);
        }
    }
    Ok(Some(Action { account, pipeline: pipeline.clone(), action: action.clone(), execution }))
}

/// A fault on the way to CodePipeline, for somebody who decides: the rights that are missing are a decider's own.
fn of_approver(fault: Fault, account: &Account) -> Failure {
    identity::of_own(
        fault,
        account,
        "answer",
        "codepipeline:GetPipelineState, codepipeline:GetPipelineExecution, codepipeline:ListActionExecutions and \
         codepipeline:PutApprovalResult",
    )
}

/// What was looked at must be what is asked.
fn seen(args: &AnswerArgs, request: &ApprovalRequest) -> Result<(), Failure> {
    match &args.plan {
        Some(plan) if plan.len() < PlanHash::ENOUGH => {
            Err(Failure::wrong(format!("`--plan {plan}` is too short to identify a plan"))
                .hint(format!("give at least {} digits, as `kanmon approvals` shows them", PlanHash::ENOUGH)))
        }
        Some(plan) if !request.plan.as_str().starts_with(plan.as_str()) => {
            Err(Failure::wrong(format!("what waits now is plan {}, not {plan}", request.plan.short()))
                .hint("`kanmon approvals` shows what it would change"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Without a named plan, a person has to look first.
async fn agree(
    bench: &Bench,
    output: &Output,
    recorded: &Recorded,
    stage: &Stage,
    request: &ApprovalRequest,
    answer: Answer,
) -> Result<(), Failure> {
    if !output.asks {
        return Err(Failure::wrong("without a terminal, the plan that was looked at has to be named")
            .hint(format!("`kanmon approvals` shows it; then add `--plan {}`", request.plan.short())));
    }
    let sheet = Sheet { paint: output.err, width: output.err_width() };
    let (frozen, rejected) = approvals::around(bench, recorded, stage).await;
    output.note(approvals::human(bench, &Question { recorded, stage, request, frozen, rejected }, sheet));
    let question = match answer {
        Answer::Approved => "approve exactly this?",
        Answer::Rejected => "reject it?",
    };
    match output.ask(question) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::wrong("not answered; nothing was changed")),
        None => Err(Failure::wrong("nobody answered the question; nothing was changed")),
    }
}

pub async fn withdraw(global: &Global, output: &Output, args: AnswerArgs) -> Result<ExitCode, Failure> {
    let bench = Bench::new(global, output)?;
    let recorded = recorded(&bench, &args.release).await?;
    let release = &recorded.release;
    let ports = bench.ports(release.id.as_str(), None)?;
    let mut given = Vec::new();
    for stage in &release.started.pipeline.stages {
        let meant = args.stage.as_ref().is_none_or(|name| name == &stage.name);
        if meant && (unused(&recorded, stage).is_some() || approved_unread(&ports, &recorded, stage).await?) {
            given.push(stage);
        }
    }
    let several = || format!("{} is approved for more than one stage", release.id);
    let Some(stage) = the_one(given, |stage| &stage.name, several)? else {
        let none = Failure::wrong(format!("{} has no approval that is still unused", release.id))
            .hint("an approval that was used cannot be taken back; `kanmon abort` ends the release");
        return Err(match why_settled(&recorded, args.stage.as_ref()) {
            Some(why) => none.cause(why),
            None => none,
        });
    };
    let policy = stage.approval.as_ref().ok_or_else(|| Failure::defect("an approval without a policy"))?;
    let by = caller(&ports, &recorded, stage, policy).await?;
    let gave = matches!(&release.stage(&stage.name).approval, Approval::Given(answer, _) if answer.by.arn == by.arn);
    if let Some(why) = no_approver(policy, &by.arn).filter(|_| !gave) {
        return Err(Failure::access(format!("that withdrawal would not count: {why}")).hint(who_may(policy)));
    }
    let message = MessageBody::Withdraw { stage: stage.name.clone(), by, comment: args.comment };
    let message = bench.journal.send(&release.id, message, bench.clock.now()).await?;
    let taken = follow(&bench, &recorded, &stage.name, Word::Withdrawal, Sent::Message(message)).await?;
    let (id, name) = (&release.id, &stage.name);
    output.tell(
        || match taken {
            Taken::Soon => {
                format!("{id}: the withdrawal for {name} is sent; the process that works on it reads it before it enters {name}")
            }
            Taken::Yes | Taken::ByExecution | Taken::ByResume | Taken::ByPromote | Taken::ByNobody => {
                format!("{id}: the approval of {name} is withdrawn")
            }
        },
        || json!({ "v": 1, "kind": "withdrawn", "release": id, "stage": name, "taken": taken.word() }),
    );
    Ok(ExitCode::Done)
}

/// Whether CodePipeline's action is approved, and nobody has read that yet.
async fn approved_unread(ports: &Ports, recorded: &Recorded, stage: &Stage) -> Result<bool, Failure> {
    let found = in_codepipeline::read(ports, &recorded.release, &stage.name, own).await;
    let found = found.map_err(|(fault, account)| of_approver(fault, &account))?;
    Ok(matches!(found.map(|action| action.state), Some(ActionState::Approved(_))))
}

async fn recorded(bench: &Bench, id: &ReleaseId) -> Result<Recorded, Failure> {
    let (_, release) = releases::own(bench, id).await?;
    own_file::answers(bench, &release)?;
    // What others have said already and nobody has read yet counts here too.
    let release = foresee(&release, &bench.journal.inbox(id).await?).0;
    let listed = bench.journal.list(&bench.pipeline().app).await?.into_iter().find(|l| &l.release == id);
    let listed = listed.unwrap_or_else(|| Listed {
        release: id.clone(),
        app: release.started.pipeline.app.clone(),
        started_at: release.started_at,
        last_at: release.at,
        held_by: None,
        imported: None,
    });
    let ports = bench.ports(id.as_str(), None)?;
    let recorded = Recorded { listed, release };
    // Who may not answer at all is told that; where the answer is put, it is read again, and a fault there counts.
    Ok(in_codepipeline::heard(&ports, recorded.clone(), own).await.unwrap_or(recorded))
}

fn nothing_waits(recorded: &Recorded, stage: Option<&StageName>) -> Failure {
    let failure = Failure::wrong(format!("{} does not wait for approval", recorded.release.id));
    match (why_settled(recorded, stage), &recorded.release.ending) {
        (Some(why), _) => failure.cause(why),
        (None, Some(ending)) => failure.cause(ending.sentence.clone()),
        (None, None) => failure.hint("`kanmon approvals` lists what waits"),
    }
}

/// What became of the last approval that was asked for, in this stage or in any.
fn why_settled(recorded: &Recorded, stage: Option<&StageName>) -> Option<String> {
    let release = &recorded.release;
    if let (Some(_), Some(ending)) = (&release.abort, release.ended_for_good()) {
        return Some(ending.sentence.clone());
    }
    let stages = release.started.pipeline.stages.iter().filter(|s| stage.is_none_or(|name| name == &s.name));
    let mut asked = stages.filter(|s| release.stage(&s.name).approval != Approval::NotAsked);
    let last = asked.next_back()?;
    settled(release.stage(&last.name)).map(|why| format!("{}: {why}", last.name))
}

fn who_may(policy: &ApprovalPolicy) -> String {
    if !policy.approvers.is_empty() {
        return format!("who may: {}", policy.approvers.join(", "));
    }
    match &policy.way {
        ApprovalWay::Kanmon => "somebody else has to decide".to_owned(),
        ApprovalWay::CodePipeline { action, .. } => format!("who may decide action {action} in CodePipeline may"),
    }
}

fn summary(answer: &ApprovalAnswer, by: &Identity) -> String {
    match answer.comment.is_empty() {
        true => format!("plan {} by {}", answer.plan.short(), by.arn),
        false => format!("plan {}: {}", answer.plan.short(), answer.comment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_stages_one_has_to_be_named() {
        let stage = |name: &str| -> StageName { name.parse().unwrap() };
        let one = |found: &[&str]| {
            let found = found.iter().map(|name| stage(name)).collect();
            the_one(found, |name| name, || "r1 is approved for more than one stage".to_owned())
        };
        assert_eq!(one(&[]), Ok(None));
        assert_eq!(one(&["prod"]), Ok(Some(stage("prod"))));
        let failure = one(&["staging", "prod"]).unwrap_err();
        assert_eq!(
            (failure.code, failure.hint.as_deref()),
            (ExitCode::Usage, Some("name one with --stage: staging, prod"))
        );
    }
}
