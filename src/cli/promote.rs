//! `promote`: a release that exists, through every stage it has not passed.

use serde_json::json;

use super::args::{Global, PromoteArgs};
use super::bench::Bench;
use super::failure::Failure;
use super::freezes;
use super::output::Output;
use super::release::stage;
use super::work::{env_file, take_up, work, write_env};
use super::{identity, own_file, passed, releases, requester, unheard};
use crate::engine::ahead;
use crate::engine::inbox::over;
use crate::model::approval::{Answer, Requester};
use crate::model::event::Fact;
use crate::model::exit_code::ExitCode;
use crate::model::ids::StageName;
use crate::model::inbox::{Message, MessageBody};
use crate::model::outcome::{Ending, Outcome};
use crate::model::release::Release;
use crate::model::stage_state::Approval;
use crate::report::summary;
use crate::runtime::execute::survey_approval;
use crate::runtime::ports::Ports;

pub async fn run(global: &Global, output: &Output, args: PromoteArgs) -> Result<ExitCode, Failure> {
    env_file(global)?;
    let bench = Bench::new(global, output)?;
    let (_, release) = releases::own(&bench, &args.release).await?;
    let to = stage(&release.started.pipeline, &args.to)?;
    fit(&release)?;
    own_file::agrees(&bench, &release)?;
    let asker = bench.ports(release.id.as_str(), None)?;
    let requested_by =
        requester::of(&bench, &asker, &release.started.pipeline, Some(&release), args.execution.as_deref()).await?;
    requester::goes_on(&bench, &asker, output, &release, &to, &requested_by).await?;
    let ports = bench.ports(release.id.as_str(), identity::of(&requested_by))?;
    let notes = passed::look(&bench, &ports, &release, &to).await?;
    if is_done(&release, &to, &requested_by) {
        return done(global, output, &release, &to);
    }
    unheard::record(&bench, &ports, output, &to, std::slice::from_ref(&requested_by)).await;
    askable(&ports, &release, &to, &requested_by).await?;
    let (forced, again) = (args.forced.force(), args.forced.again());
    let fact = Fact::Extended { until: to, requested_by, forced, again };
    let notes = notes.into_iter().map(|text| Fact::Warned { text });
    let facts = [fact].into_iter().chain(notes).collect();
    let (lease, events) = take_up(&bench, output, &release.id, facts, fit, is_over_with).await?;
    freezes::warn_on_the_road(bench.journal.as_ref(), &events, output).await;
    work(ports, lease, &events, global, output).await
}

/// Whether whoever asks now could be answered: looked at before anything is written, since only another way of asking helps.
///
/// # Errors
/// What the pipeline of the approval lacks for a question from outside it.
async fn askable(ports: &Ports, release: &Release, to: &StageName, by: &Requester) -> Result<(), Failure> {
    let file = &release.started.pipeline;
    let Some(stage) = file.stage(to).filter(|_| !matches!(release.stage(to).approval, Approval::Given(..))) else {
        return Ok(());
    };
    // What else is missing is found when the release is taken up.
    match survey_approval(ports, file, stage, by).await.outside.into_iter().next() {
        Some(fault) => Err(fault.into()),
        None => Ok(()),
    }
}

/// Whether every stage up to this one is passed, with no question behind it that is still to be put.
fn is_done(release: &Release, to: &StageName, requested_by: &Requester) -> bool {
    let pipeline = &release.started.pipeline;
    let end = pipeline.stages.iter().position(|s| s.name == *to).map_or(0, |i| i + 1);
    let asks = ahead::behind(pipeline, to, requested_by, &release.requesters)
        .is_some_and(|stage| release.stage(&stage.name).approval == Approval::NotAsked);
    !asks && pipeline.stages[..end].iter().all(|s| release.stage(&s.name).left.is_some())
}

/// Nothing is done, so nothing is written down: the release has ended as its record says.
fn done(global: &Global, output: &Output, release: &Release, to: &StageName) -> Result<ExitCode, Failure> {
    let outcome = Outcome::Unchanged;
    let sentence = format!("{} runs in {to} already, and nothing was done", release.id);
    output.tell(
        || format!("✓ {}: {sentence}", summary::word(outcome)),
        || json!({ "v": 1, "kind": "promoted", "release": release.id, "to": to, "outcome": outcome }),
    );
    if let Some(file) = &global.env_file {
        write_env(file, release, Some(&Ending::new(outcome, sentence)))?;
    }
    Ok(outcome.exit_code())
}

/// What was said to a release that had ended, and asks nothing of what it is taken further to: to end it, or an approval that came too
/// late, as whoever gave it was shown. A no still counts.
fn is_over_with(release: &Release, message: &Message) -> bool {
    match &message.body {
        MessageBody::Abort { .. } => release.ended_for_good().is_some(),
        MessageBody::Answer(answer) => answer.answer == Answer::Approved && over(release).is_some(),
        MessageBody::Withdraw { .. } => false,
    }
}

/// Whether a release may go further: not one that is being worked on, and not one that failed in a stage.
pub fn fit(release: &Release) -> Result<(), Failure> {
    let failed = release.started.pipeline.stages.iter().find(|s| release.stage(&s.name).failure.is_some());
    if let Some(stage) = failed {
        return Err(Failure::wrong(format!("{} failed in {} and goes no further", release.id, stage.name))
            .hint("fix what failed and make a new release"));
    }
    match &release.ending {
        None => Ok(()),
        Some(ending) => match ending.outcome {
            Outcome::BuildFailed => Err(Failure::wrong(format!("{} has no image", release.id))
                .cause(ending.sentence.clone())
                .hint("make a new release")),
            _ => Ok(()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::approval::{ApprovalAnswer, Identity};
    use crate::model::release::samples::{at, events, id, started};

    fn ended(as_: Outcome) -> Release {
        let ending = Ending::new(as_, "x");
        let fact = match as_.is_resumable() {
            true => Fact::Suspended { ending },
            false => Fact::Finished { ending },
        };
        Release::fold(&events("r1", [started(), fact])).unwrap()
    }

    #[test]
    fn an_abort_that_came_too_late_does_not_end_what_the_release_is_taken_to() {
        let by = Identity {
            user_id: "x".into(),
            arn: "arn:aws:iam::012345678901:user/x".into(),
            account: id("012345678901"),
        };
        let body = MessageBody::Abort { by: by.clone(), reason: String::new(), roll_back: false };
        let abort = Message { id: 1, at: at(0), release: id("r1"), body };
        assert!(is_over_with(&ended(Outcome::Succeeded), &abort));
        assert!(!is_over_with(&ended(Outcome::Suspended), &abort), "it waits to be heard");
        let body = MessageBody::Withdraw { stage: id("dev"), by: by.clone(), comment: String::new() };
        assert!(!is_over_with(&ended(Outcome::Succeeded), &Message { body, ..abort.clone() }));
        // Whoever approved what had ended was shown that it counts for nothing.
        let answer = |answer| {
            let plan = crate::model::ids::PlanHash::of(b"plan");
            let body = ApprovalAnswer { stage: id("prod"), plan, answer, by: by.clone(), comment: String::new() };
            Message { body: MessageBody::Answer(body), ..abort.clone() }
        };
        assert!(is_over_with(&ended(Outcome::Blocked), &answer(Answer::Approved)));
        assert!(!is_over_with(&ended(Outcome::Blocked), &answer(Answer::Rejected)));
        assert!(!is_over_with(&ended(Outcome::Suspended), &answer(Answer::Approved)), "it waits to be heard");
    }
}
