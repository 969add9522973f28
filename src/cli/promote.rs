//! `promote`: a release that exists, through every stage it has not passed.

use super::args::{Global, PromoteArgs};
use super::bench::Bench;
use super::failure::Failure;
use super::freezes;
use super::output::Output;
use super::release::stage;
use super::work::{env_file, take_up, work};
use super::{identity, own_file, releases, requester};
use crate::model::event::Fact;
use crate::model::inbox::{Message, MessageBody};
use crate::model::outcome::Outcome;
use crate::model::release::Release;

pub async fn run(global: &Global, output: &Output, args: PromoteArgs) -> Result<u8, Failure> {
    env_file(global)?;
    let bench = Bench::new(global, output)?;
    let (_, release) = releases::own(&bench, &args.release).await?;
    let to = stage(&release.started.pipeline, &args.to)?;
    fit(&release)?;
    own_file::agrees(&bench, &release)?;
    let asker = bench.ports(release.id.as_str(), None)?;
    let requested_by = requester::of(&asker, &release.started.pipeline, args.execution.as_deref()).await?;
    requester::goes_on(&bench, &release, &to, &requested_by).await?;
    let ports = bench.ports(release.id.as_str(), identity::of(&requested_by))?;
    let forced = args.reason.clone().filter(|_| args.force);
    let fact = Fact::Extended { until: to, requested_by, forced, again: args.reason };
    let (lease, events) = take_up(&bench, output, &release.id, fact, fit, is_over_with).await?;
    freezes::warn_on_the_road(bench.journal.as_ref(), &events, output).await;
    work(ports, lease, &events, global, output).await
}

/// To end a release that has ended asks nothing of what it is taken further to.
fn is_over_with(release: &Release, message: &Message) -> bool {
    release.ended_for_good().is_some() && matches!(message.body, MessageBody::Abort { .. })
}

/// Whether a release may go further: not one that is being worked on, and not one that failed in a stage.
fn fit(release: &Release) -> Result<(), Failure> {
    let failed = release.started.pipeline.stages.iter().find(|s| release.stage(&s.name).failure.is_some());
    if let Some(stage) = failed {
        return Err(Failure::wrong(format!("{} failed in {} and goes no further", release.id, stage.name))
            .hint("mend what failed and make a new release"));
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
    use crate::model::approval::Identity;
    use crate::model::outcome::Ending;
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
        let body = MessageBody::Withdraw { stage: id("dev"), by, comment: String::new() };
        assert!(!is_over_with(&ended(Outcome::Succeeded), &Message { body, ..abort }));
    }
}
