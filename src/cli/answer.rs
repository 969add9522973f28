//! `approve`, `reject`, `withdraw`: a person decides about exactly one plan.

use serde_json::json;

use super::args::{ApproveArgs, Global, RejectArgs, WithdrawArgs};
use super::context;
use super::failure::Failure;
use super::output::Output;
use super::{follow, pager};
use crate::model::approval::Answer;
use crate::model::exit_code::ExitCode;
use crate::model::ids::ReleaseId;
use crate::model::review::SourceDoubt;
use crate::report::review::{Layout, doubt, sheet};
use crate::report::verb::answer as words;
use crate::usecase::answer::{Answered, Decision, Prepared, prepare};
use crate::usecase::context::Context;
use crate::usecase::follow::last_event;
use crate::usecase::pending;
use crate::usecase::review::{Gathered, gather};
use crate::usecase::withdraw::withdraw as withdrawn;

pub async fn approve(global: &Global, output: &Output, args: ApproveArgs) -> Result<ExitCode, Failure> {
    if global.yes && args.plan.is_none() {
        return Err(Failure::wrong(words::plan_not_named(args.release.as_ref())));
    }
    let context = context::open(global, output)?;
    let id = named(&context, args.release).await?;
    let comment = args.comment.clone().unwrap_or_default();
    let decision = Decision { answer: Answer::Approved, stage: args.stage, plan: args.plan.clone(), comment };
    let mut prepared = prepare(&context, &id, &decision).await?;
    let gathered = gathered(&context, &prepared).await?;
    if args.plan.is_some() {
        // The plan's hash is also that of its source, so whoever names it has decided about that.
        doubts(&gathered).iter().for_each(|doubt| output.warn(&self::doubt(doubt)));
    } else {
        let asked = Asked { answer: Answer::Approved, details: args.details, comment: args.comment };
        match ask(&context, output, &prepared, &gathered, asked)? {
            Some(comment) => prepared.comment(comment),
            None => return Ok(left(output, Answer::Approved)),
        }
        if !doubts(&gathered).is_empty() && !go_on_in_doubt(output, &gathered)? {
            return Ok(left(output, Answer::Approved));
        }
    }
    let before = last_event(&context, &id).await?;
    let answered = send(&context, output, prepared, &id, Answer::Approved).await?;
    match args.wait {
        true => follow::run(&context, global, output, &id, before, &answered).await,
        false => Ok(ExitCode::Done),
    }
}

pub async fn reject(global: &Global, output: &Output, args: RejectArgs) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    if args.release.is_none() && args.plan.is_none() && global.yes {
        return Err(Failure::wrong(words::nothing_named()));
    }
    let id = named(&context, args.release).await?;
    let comment = args.comment.clone().unwrap_or_default();
    let decision = Decision { answer: Answer::Rejected, stage: args.stage, plan: args.plan.clone(), comment };
    let mut prepared = prepare(&context, &id, &decision).await?;
    // To reject, nobody has to see the plan.
    if args.plan.is_none() && !global.yes {
        let gathered = gathered(&context, &prepared).await?;
        let asked = Asked { answer: Answer::Rejected, details: args.details, comment: args.comment };
        match ask(&context, output, &prepared, &gathered, asked)? {
            Some(comment) => prepared.comment(comment),
            None => return Ok(left(output, Answer::Rejected)),
        }
    } else if args.comment.is_none() {
        return Err(Failure::wrong(words::reason_missing()));
    }
    send(&context, output, prepared, &id, Answer::Rejected).await?;
    Ok(ExitCode::Done)
}

/// The named release, or the only one that waits.
async fn named(context: &Context, release: Option<ReleaseId>) -> Result<ReleaseId, Failure> {
    match release {
        Some(id) => Ok(id),
        None => Ok(pending::the_only_one(context).await?),
    }
}

async fn gathered(context: &Context, prepared: &Prepared) -> Result<Gathered, Failure> {
    let (recorded, stage, request) = prepared.question();
    Ok(gather(context, recorded, stage, request).await?)
}

fn doubts(gathered: &Gathered) -> Vec<SourceDoubt> {
    gathered.review().doubts
}

async fn send(
    context: &Context,
    output: &Output,
    prepared: Prepared,
    id: &ReleaseId,
    given: Answer,
) -> Result<Answered, Failure> {
    let answered = prepared.send(context, words::summary).await?;
    let Answered { stage, read_by, by_oneself } = &answered;
    output.result(
        || words::given(id, stage, given, *read_by, *by_oneself),
        || json!({ "v": 1, "kind": "answered", "release": id, "stage": stage, "answer": given, "read_by": read_by.word() }),
    );
    Ok(answered)
}

/// How a person is asked.
struct Asked {
    answer: Answer,
    /// Whether everything is shown at first.
    details: bool,
    comment: Option<String>,
}

/// The lines below a request: the question, and the line after the answer.
const QUESTION: usize = 2;

/// Shows the request, and asks until there is a decision; returns the comment. `None`: no.
fn ask(
    context: &Context,
    output: &Output,
    prepared: &Prepared,
    gathered: &Gathered,
    asked: Asked,
) -> Result<Option<String>, Failure> {
    let (_, _, request) = prepared.question();
    if !output.interactive {
        return Err(Failure::wrong(words::no_terminal(&request.plan)));
    }
    let review = gathered.review();
    let height = output.err_height().map(|lines| lines.saturating_sub(QUESTION));
    let page = |height| Layout { paint: output.err, width: output.err_width(), height };
    let whole = || sheet(&review, context.clock.now(), page(None));
    match asked.details {
        true => pager::show(output, &whole()),
        false => output.note(sheet(&review, context.clock.now(), page(height.or(Some(usize::MAX))))),
    }
    let mut comment = asked.comment;
    loop {
        let key = output.prompt(words::question(asked.answer));
        match key.as_deref().map(words::Key::of) {
            None => return Err(Failure::wrong(words::unanswered(asked.answer))),
            Some(words::Key::No) => return Ok(None),
            Some(words::Key::Details) => pager::show(output, &whole()),
            Some(words::Key::Comment) => comment = output.prompt(words::COMMENT).or(comment),
            Some(words::Key::Other) => output.note(words::WHICH_KEYS),
            Some(words::Key::Yes) => break,
        }
    }
    match (asked.answer, comment.filter(|comment| !comment.is_empty())) {
        (_, Some(comment)) => Ok(Some(comment)),
        (Answer::Approved, None) => Ok(Some(String::new())),
        (Answer::Rejected, None) => match output.prompt(words::REASON) {
            Some(reason) if !reason.is_empty() => Ok(Some(reason)),
            Some(_) | None => Err(Failure::wrong(words::reason_missing())),
        },
    }
}

/// The question of its own where it is not known what the images were built from.
fn go_on_in_doubt(output: &Output, gathered: &Gathered) -> Result<bool, Failure> {
    let review = gathered.review();
    review.doubts.iter().for_each(|doubt| output.warn(&self::doubt(doubt)));
    match output.prompt(&words::in_doubt(&review.stage.name)).as_deref().map(words::Key::of) {
        Some(words::Key::Yes) => Ok(true),
        Some(words::Key::No | words::Key::Details | words::Key::Comment | words::Key::Other) => Ok(false),
        None => Err(Failure::wrong(words::unanswered(Answer::Approved))),
    }
}

/// Nothing was decided, because the person said no.
fn left(output: &Output, answer: Answer) -> ExitCode {
    output.print(words::left(answer));
    ExitCode::Done
}

pub async fn withdraw(global: &Global, output: &Output, args: WithdrawArgs) -> Result<ExitCode, Failure> {
    let context = context::open(global, output)?;
    let id = &args.release;
    let (name, read_by) = withdrawn(&context, id, args.stage.as_ref(), args.comment).await?;
    output.result(
        || words::withdrawn(id, &name, read_by),
        || json!({ "v": 1, "kind": "withdrawn", "release": id, "stage": name, "read_by": read_by.word() }),
    );
    Ok(ExitCode::Done)
}
