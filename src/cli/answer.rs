//! `approve`, `reject`, `withdraw`: a person decides about exactly one plan.

use serde_json::json;

use super::approvals::{self, Layout, PendingApproval};
use super::args::{AnswerArgs, Global};
use super::context;
use super::failure::Failure;
use super::output::Output;
use crate::model::approval::Answer;
use crate::model::exit_code::ExitCode;
use crate::usecase::answer::{Answered, Decision, Prepared, ReadBy, prepare};
use crate::usecase::context::Context;
use crate::usecase::question::stage_circumstances;
use crate::usecase::withdraw::withdraw as withdrawn;

pub async fn approve(global: &Global, output: &Output, args: AnswerArgs) -> Result<ExitCode, Failure> {
    decide(global, output, &args, Answer::Approved).await
}

pub async fn reject(global: &Global, output: &Output, args: AnswerArgs) -> Result<ExitCode, Failure> {
    decide(global, output, &args, Answer::Rejected).await
}

async fn decide(global: &Global, output: &Output, args: &AnswerArgs, given: Answer) -> Result<ExitCode, Failure> {
    if given == Answer::Approved && global.yes && args.plan.is_none() {
        return Err(Failure::wrong("`approve --yes` needs `--plan`")
            .cause("with `--yes` no plan is shown, so the plan that was reviewed must be named")
            .hint(format!(
                "`kanmon approvals` shows the plan, and `kanmon approve {} --plan PLAN` approves it",
                args.release
            )));
    }
    let context = context::open(global, output)?;
    let decision =
        Decision { answer: given, stage: args.stage.clone(), plan: args.plan.clone(), comment: args.comment.clone() };
    let prepared = prepare(&context, &args.release, &decision).await?;
    // To reject, nobody has to see the plan.
    if args.plan.is_none() && !(global.yes && given == Answer::Rejected) {
        agree(&context, output, &prepared, given).await?;
    }
    let Answered { stage, read_by, by_oneself } = prepared.send(&context).await?;
    let id = &args.release;
    let (word, noun) = match given {
        Answer::Approved => ("approved", "approval"),
        Answer::Rejected => ("rejected", "rejection"),
    };
    let text = match read_by {
        ReadBy::Process => format!("{id}: {stage} is {word}"),
        ReadBy::ProcessSoon => format!(
            "{id}: the {noun} of {stage} is sent; the process that works on it reads it before it enters {stage}"
        ),
        ReadBy::Execution => format!("{id}: {stage} is {word}; its CodePipeline execution continues"),
        ReadBy::Resume => match given {
            Answer::Approved if by_oneself => format!("{id}: {stage} is {word}; `kanmon resume {id}` continues it"),
            Answer::Approved => format!(
                "{id}: {stage} is {word}; somebody other than the approver can continue it: `kanmon resume {id}`"
            ),
            Answer::Rejected => format!("{id}: {stage} is {word}; `kanmon resume {id}` ends it"),
        },
        ReadBy::Promote => format!(
            "{id}: {stage} is {word}; the release has ended, and `kanmon promote {id} --to {stage}` reads the answer first"
        ),
        ReadBy::Nobody => format!("{id}: {stage} is {word}; the release has ended and cannot continue"),
    };
    output.result(
        || text,
        || json!({ "v": 1, "kind": "answered", "release": id, "stage": stage, "answer": given, "read_by": read_by.word() }),
    );
    Ok(ExitCode::Done)
}

/// Without a named plan, a person has to see the plan first.
async fn agree(context: &Context, output: &Output, prepared: &Prepared, answer: Answer) -> Result<(), Failure> {
    let (recorded, stage, request) = prepared.question();
    if !output.interactive {
        return Err(Failure::wrong("without a terminal, the plan that was reviewed must be named")
            .hint(format!("`kanmon approvals` shows it; then add `--plan {}`", request.plan.short())));
    }
    let layout = Layout { paint: output.err, width: output.err_width() };
    let (frozen, rejected) = stage_circumstances(context, recorded, stage).await;
    output.note(approvals::human(context, &PendingApproval { recorded, stage, request, frozen, rejected }, layout));
    let (question, state) = match answer {
        Answer::Approved => ("approve exactly this plan?", "not approved"),
        Answer::Rejected => ("reject this plan?", "not rejected"),
    };
    match output.ask(question) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::not_answered(format!("{state}; the release still waits"))),
        None => Err(Failure::not_answered(format!("the question was not answered: {state}; the release still waits"))),
    }
}

pub async fn withdraw(global: &Global, output: &Output, args: AnswerArgs) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let id = &args.release;
    let (name, read_by) = withdrawn(&context, id, args.stage.as_ref(), args.comment).await?;
    output.result(
        || match read_by {
            ReadBy::ProcessSoon => {
                format!("{id}: the withdrawal for {name} is sent; the process that works on it reads it before it enters {name}")
            }
            ReadBy::Process | ReadBy::Execution | ReadBy::Resume | ReadBy::Promote | ReadBy::Nobody => {
                format!("{id}: the approval of {name} is withdrawn")
            }
        },
        || json!({ "v": 1, "kind": "withdrawn", "release": id, "stage": name, "read_by": read_by.word() }),
    );
    Ok(ExitCode::Done)
}
