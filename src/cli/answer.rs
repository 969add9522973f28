//! `approve`, `reject`, `withdraw`: a person decides about exactly one plan.

use serde_json::json;

use super::approvals::{self, Layout, PendingApproval};
use super::args::{AnswerArgs, Global};
use super::context;
use super::failure::Failure;
use super::output::Output;
use crate::model::approval::Answer;
use crate::model::exit_code::ExitCode;
use crate::report::verb::answer as words;
use crate::usecase::answer::{Answered, Decision, Prepared, prepare};
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
        return Err(Failure::wrong(words::plan_not_named(&args.release)));
    }
    let context = context::open(global, output)?;
    let decision =
        Decision { answer: given, stage: args.stage.clone(), plan: args.plan.clone(), comment: args.comment.clone() };
    let prepared = prepare(&context, &args.release, &decision).await?;
    // To reject, nobody has to see the plan.
    if args.plan.is_none() && !(global.yes && given == Answer::Rejected) {
        agree(&context, output, &prepared, given).await?;
    }
    let Answered { stage, read_by, by_oneself } = prepared.send(&context, words::summary).await?;
    let id = &args.release;
    output.result(
        || words::given(id, &stage, given, read_by, by_oneself),
        || json!({ "v": 1, "kind": "answered", "release": id, "stage": stage, "answer": given, "read_by": read_by.word() }),
    );
    Ok(ExitCode::Done)
}

/// Without a named plan, a person has to see the plan first.
async fn agree(context: &Context, output: &Output, prepared: &Prepared, answer: Answer) -> Result<(), Failure> {
    let (recorded, stage, request) = prepared.question();
    if !output.interactive {
        return Err(Failure::wrong(words::no_terminal(&request.plan)));
    }
    let layout = Layout { paint: output.err, width: output.err_width() };
    let (frozen, rejected) = stage_circumstances(context, recorded, stage).await;
    output.note(approvals::human(context, &PendingApproval { recorded, stage, request, frozen, rejected }, layout));
    match output.ask(words::question(answer)) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::wrong(words::declined(answer))),
        None => Err(Failure::wrong(words::unanswered(answer))),
    }
}

pub async fn withdraw(global: &Global, output: &Output, args: AnswerArgs) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let id = &args.release;
    let (name, read_by) = withdrawn(&context, id, args.stage.as_ref(), args.comment).await?;
    output.result(
        || words::withdrawn(id, &name, read_by),
        || json!({ "v": 1, "kind": "withdrawn", "release": id, "stage": name, "read_by": read_by.word() }),
    );
    Ok(ExitCode::Done)
}
