//! `approve`, `reject`, `withdraw`: a person decides about exactly one plan.

use jiff::SignedDuration;
use serde_json::json;

use super::approvals::{self, Sheet};
use super::args::{AnswerArgs, Global};
use super::bench::Bench;
use super::failure::Failure;
use super::freezes;
use super::identity;
use super::output::Output;
use super::releases::{self, Recorded};
use super::work::WATCHED;
use crate::engine::approval::refusal;
use crate::model::approval::{Answer, ApprovalAnswer, ApprovalPolicy, ApprovalRequest, ApprovalWay, Identity};
use crate::model::event::{Event, Fact};
use crate::model::ids::{PlanHash, ReleaseId, StageName};
use crate::model::inbox::MessageBody;
use crate::model::pipeline::Stage;
use crate::model::stage_state::Approval;
use crate::ports::journal::Listed;

pub async fn approve(global: &Global, output: &Output, args: AnswerArgs) -> Result<u8, Failure> {
    told(global, output, &args, Answer::Approved).await
}

pub async fn reject(global: &Global, output: &Output, args: AnswerArgs) -> Result<u8, Failure> {
    told(global, output, &args, Answer::Rejected).await
}

async fn told(global: &Global, output: &Output, args: &AnswerArgs, given: Answer) -> Result<u8, Failure> {
    let bench = Bench::new(global, output)?;
    let Answered { stage, taken } = answer(&bench, output, args, given, global.yes).await?;
    let id = &args.release;
    let word = match given {
        Answer::Approved => "approved",
        Answer::Rejected => "rejected",
    };
    let next = match taken {
        Taken::Yes => String::new(),
        Taken::Soon => "; the process that works on it will take it up".to_owned(),
        Taken::ByExecution => "; its execution of CodePipeline takes it up".to_owned(),
        Taken::ByResume => format!("; `kanmon resume {id}` goes on with it"),
    };
    output.tell(
        || format!("{id}: {stage} is {word}{next}"),
        || json!({ "v": 1, "kind": "answered", "release": id, "stage": stage, "answer": given, "taken": taken.word() }),
    );
    Ok(0)
}

/// What became of an answer.
pub struct Answered {
    pub stage: StageName,
    pub taken: Taken,
}

/// Whether the release has heard the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Yes,
    /// A process works on the release and looks from time to time.
    Soon,
    /// The release has done its part; another build of its execution goes on, or none does.
    ByExecution,
    /// Nobody works on it.
    ByResume,
}

impl Taken {
    fn word(self) -> &'static str {
        match self {
            Taken::Yes => "yes",
            Taken::Soon => "soon",
            Taken::ByExecution => "by-execution",
            Taken::ByResume => "by-resume",
        }
    }
}

/// Decides about the question that a release waits with; `yes` answers the question whether it is meant.
pub async fn answer(
    bench: &Bench,
    output: &Output,
    args: &AnswerArgs,
    answer: Answer,
    yes: bool,
) -> Result<Answered, Failure> {
    let recorded = recorded(bench, &args.release).await?;
    let waiting = approvals::asked(&recorded, bench.clock.now());
    let wanted: Vec<_> =
        waiting.iter().filter(|(_, stage, _)| args.stage.as_ref().is_none_or(|s| s == &stage.name)).collect();
    let (stage, request) = match wanted.as_slice() {
        [(_, stage, request)] => (*stage, *request),
        [] => return Err(nothing_waits(&recorded)),
        many => {
            let names: Vec<&str> = many.iter().map(|(_, s, _)| s.name.as_str()).collect();
            return Err(Failure::wrong(format!("{} waits in more than one stage", args.release))
                .hint(format!("name one with --stage: {}", names.join(", "))));
        }
    };
    seen(args, request)?;
    if answer == Answer::Approved {
        freezes::warn(bench.journal.as_ref(), &recorded.release, &stage.name, output).await;
    }
    let policy = stage.approval.as_ref().ok_or_else(|| Failure::defect("a question without a policy"))?;
    let asker = bench.ports(recorded.release.id.as_str(), None)?;
    let account = match &policy.way {
        ApprovalWay::CodePipeline { account, .. } => recorded.release.started.pipeline.account(account),
        ApprovalWay::Kanmon => recorded.release.started.pipeline.account(&stage.account),
    };
    let by = identity::caller(&asker, account).await?;
    let given = ApprovalAnswer {
        stage: stage.name.clone(),
        plan: request.plan.clone(),
        answer,
        by: by.clone(),
        comment: args.comment.clone(),
    };
    if let Some(why) = refusal(policy, &recorded.release.requesters, request, &given) {
        return Err(Failure::access(format!("that answer would not count: {why}")).hint(who_may(policy)));
    }
    if args.plan.is_none() {
        agree(bench, output, &recorded, stage, request, Agree { answer, yes })?;
    }
    match &policy.way {
        ApprovalWay::CodePipeline { pipeline, action, .. } => {
            let execution = request.execution.as_deref().unwrap_or_default();
            let ports = bench.ports(recorded.release.id.as_str(), identity::source_identity(&by))?;
            let approved = answer == Answer::Approved;
            let summary = summary(&given, &by);
            ports.approvals.answer(account, pipeline, execution, action, approved, &summary).await?;
        }
        ApprovalWay::Kanmon => {
            bench.journal.send(&recorded.release.id, MessageBody::Answer(given), bench.clock.now()).await?;
        }
    }
    let taken = follow(bench, &recorded, &stage.name).await?;
    Ok(Answered { stage: stage.name.clone(), taken })
}

/// What was looked at must be what is asked.
fn seen(args: &AnswerArgs, request: &ApprovalRequest) -> Result<(), Failure> {
    match &args.plan {
        Some(plan) if plan.len() < PlanHash::ENOUGH => {
            Err(Failure::wrong(format!("`--plan {plan}` is too short to tell plans apart"))
                .hint(format!("give at least {} digits, as `kanmon approvals` shows them", PlanHash::ENOUGH)))
        }
        Some(plan) if !request.plan.as_str().starts_with(plan.as_str()) => {
            Err(Failure::wrong(format!("what waits now is plan {}, not {plan}", request.plan.short()))
                .hint("`kanmon approvals` shows what it would change"))
        }
        Some(_) | None => Ok(()),
    }
}

/// What is to be agreed to, and whether it was said already that it is meant.
#[derive(Clone, Copy)]
struct Agree {
    answer: Answer,
    yes: bool,
}

/// Without a named plan, a person has to look first.
fn agree(
    bench: &Bench,
    output: &Output,
    recorded: &Recorded,
    stage: &Stage,
    request: &ApprovalRequest,
    Agree { answer, yes }: Agree,
) -> Result<(), Failure> {
    // To say no, nobody has to have looked.
    if yes && answer == Answer::Rejected {
        return Ok(());
    }
    if !output.asks {
        return Err(Failure::wrong("without a terminal, the plan that was looked at has to be named")
            .hint(format!("`kanmon approvals` shows it; then add `--plan {}`", request.plan.short())));
    }
    let sheet = Sheet { paint: output.err, width: output.err_width() };
    output.note(approvals::human(bench, recorded, stage, request, sheet));
    if yes {
        return Ok(());
    }
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

pub async fn withdraw(global: &Global, output: &Output, args: AnswerArgs) -> Result<u8, Failure> {
    let bench = Bench::new(global, output)?;
    let recorded = recorded(&bench, &args.release).await?;
    let release = &recorded.release;
    let inbox = bench.journal.inbox(&release.id).await?;
    let given = release.started.pipeline.stages.iter().find(|s| {
        let state = release.stage(&s.name);
        // Where nobody works on the release, an answer has arrived and is not taken up yet.
        let arrived = || inbox.iter().any(|m| is_approval(&m.body, &s.name));
        args.stage.as_ref().is_none_or(|name| name == &s.name)
            && state.entered.is_none()
            && match &state.approval {
                Approval::Given(..) => true,
                Approval::Asked(_) => arrived(),
                Approval::NotAsked | Approval::Rejected(_) | Approval::Expired(_) | Approval::Closed { .. } => false,
            }
    });
    let Some(stage) = given else {
        return Err(Failure::wrong(format!("{} has no approval that is still unused", release.id))
            .hint("an approval that was used cannot be taken back; `kanmon abort` ends the release"));
    };
    let asker = bench.ports(release.id.as_str(), None)?;
    let by = identity::caller(&asker, release.started.pipeline.account(&stage.account)).await?;
    let message = MessageBody::Withdraw { stage: stage.name.clone(), by, comment: args.comment };
    bench.journal.send(&release.id, message, bench.clock.now()).await?;
    output.say(format!("{}: the approval of {} is taken back, unless it is used first", release.id, stage.name));
    Ok(0)
}

fn is_approval(message: &MessageBody, stage: &StageName) -> bool {
    match message {
        MessageBody::Answer(answer) => answer.stage == *stage && answer.answer == Answer::Approved,
        MessageBody::Withdraw { .. } | MessageBody::Abort { .. } => false,
    }
}

/// Whether the process that works on the release takes the answer.
async fn follow(bench: &Bench, recorded: &Recorded, stage: &StageName) -> Result<Taken, Failure> {
    if recorded.listed.held_by.is_none() {
        let done = recorded.release.ending.as_ref().is_some_and(|e| e.outcome.is_success());
        return Ok(if done { Taken::ByExecution } else { Taken::ByResume });
    }
    let late = bench.clock.now() + WATCHED;
    while bench.clock.now() < late {
        let events = bench.journal.read(&recorded.release.id).await?;
        let news = events.iter().filter(|e| e.seq > recorded.release.seq).find_map(|e| taken(e, stage));
        match news {
            Some(Ok(())) => return Ok(Taken::Yes),
            Some(Err(why)) => return Err(Failure::access(format!("the answer does not count: {why}"))),
            None => bench.clock.sleep(SignedDuration::from_millis(300)).await,
        }
    }
    Ok(Taken::Soon)
}

fn taken(event: &Event, stage: &StageName) -> Option<Result<(), String>> {
    match &event.fact {
        Fact::ApprovalGiven { answer } | Fact::ApprovalRejected { answer } if &answer.stage == stage => Some(Ok(())),
        Fact::ApprovalRefused { answer, why, .. } if &answer.stage == stage => Some(Err(why.clone())),
        _ => None,
    }
}

async fn recorded(bench: &Bench, id: &ReleaseId) -> Result<Recorded, Failure> {
    let (_, release) = releases::one(bench, id).await?;
    let listed = bench.journal.list(&bench.pipeline().app).await?.into_iter().find(|l| &l.release == id);
    let listed = listed.unwrap_or_else(|| Listed {
        release: id.clone(),
        app: release.started.pipeline.app.clone(),
        started_at: release.started_at,
        last_at: release.at,
        held_by: None,
    });
    Ok(Recorded { listed, release })
}

fn nothing_waits(recorded: &Recorded) -> Failure {
    let failure = Failure::wrong(format!("{} does not wait for approval", recorded.release.id));
    match &recorded.release.ending {
        Some(ending) => failure.cause(ending.sentence.clone()),
        None => failure.hint("`kanmon approvals` lists what waits"),
    }
}

fn who_may(policy: &ApprovalPolicy) -> String {
    match &policy.way {
        _ if !policy.approvers.is_empty() => format!("who may: {}", policy.approvers.join(", ")),
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
