use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use kanmon::journal::Moment;
use kanmon::model::outcome::Outcome;
use kanmon::ports::journal::JournalError;

use super::left::Left;
use super::matrix::{ALL, BOTH, Point, Share, every, gone_on_with, survives};
use super::roads::{approving, way_back, whole, without_service_deployments};
use crate::scenarios::stage::{Run, Stage, Story};

/// Lets the process that runs die at its `nth` append from now on; whether it came so far.
pub async fn dies(stage: &Stage, run: Run, nth: usize, moment: Moment) -> bool {
    let id = run.id.clone();
    let (appends, died) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
    let dead = died.clone();
    stage.journal.set_hook(move |at, _| {
        if at == Moment::Before {
            appends.fetch_add(1, Ordering::Relaxed);
        }
        if at == moment && appends.load(Ordering::Relaxed) == nth {
            dead.store(true, Ordering::Relaxed);
            return Err(JournalError::Store("the process is killed here".to_owned()));
        }
        Ok(())
    });
    tokio::select! {
        () = run.over() => {}
        () = approving(stage, &id) => unreachable!("it goes on for ever"),
    }
    stage.journal.set_hook(|_, _| Ok(()));
    if died.load(Ordering::Relaxed) {
        run.died(stage).await;
        return true;
    }
    false
}

async fn killed(story: &Story, (nth, moment): Point) -> Option<Left> {
    let stage = story.clone().open();
    let run = stage.release().await;
    let id = run.id.clone();
    if dies(&stage, run, nth, moment).await { Some(gone_on_with(&stage, &id).await) } else { None }
}

async fn whole_road(share: Share) {
    let what = "three stages, killed around every append";
    survives(what, &whole(), Outcome::Succeeded, every(&BOTH), share, killed).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_as_if_nothing_had_been() {
    whole_road(Share { nth: 0, of: 2 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_as_if_nothing_had_been_2() {
    whole_road(Share { nth: 1, of: 2 }).await;
}

#[tokio::test(start_paused = true)]
async fn a_way_back_ends_as_if_nothing_had_been() {
    let what = "a way back, killed around every append";
    survives(what, &way_back(), Outcome::RolledBack, every(&BOTH), ALL, killed).await;
}

#[tokio::test(start_paused = true)]
async fn without_service_deployments_it_ends_as_if_nothing_had_been() {
    let what = "no service deployments, killed around every append";
    survives(what, &without_service_deployments(), Outcome::Succeeded, every(&BOTH), ALL, killed).await;
}
