//! Following a release that another process works on, by reading its record.

use jiff::SignedDuration;

use super::context::Context;
use super::delivery::WATCHED;
use super::error::Error;
use super::records;
use crate::engine::decide::decide;
use crate::engine::decision::Decision;
use crate::model::ending::Ending;
use crate::model::ids::ReleaseId;
use crate::model::ledger::Ledgers;
use crate::model::release::Release;
use crate::ports::sink::Sink;

/// How a followed release came to rest.
pub enum Followed {
    /// It ended, or its process suspended it.
    Ended { ending: Ending, release: Release },
    /// No process works on it.
    Unattended,
}

/// Passes on the release's events after this number until it ends. A release that nobody works on is waited for: this long at first, and
/// later as long as a process needs to be replaced.
///
/// # Errors
/// Where the record cannot be read.
pub async fn follow(
    context: &Context,
    id: &ReleaseId,
    after: u64,
    unattended_for: SignedDuration,
    sink: &mut dyn Sink,
) -> Result<Followed, Error> {
    let mut passed_on = after;
    let mut seen = None;
    let mut given_up_at = context.clock.now() + unattended_for;
    loop {
        let listed = context.journal.list(&context.pipeline.app).await?.into_iter().find(|l| &l.release == id);
        let unattended = listed.as_ref().is_none_or(|l| l.held_by.is_none());
        let last_at = listed.map(|l| l.last_at);
        // Two events may have the same time; those of a process that has left are all read.
        if last_at != seen || unattended {
            seen = last_at;
            if let Some(ended) = pass_on(context, id, &mut passed_on, sink).await? {
                return Ok(ended);
            }
        }
        let now = context.clock.now();
        match unattended {
            true if now >= given_up_at => return Ok(Followed::Unattended),
            true => {}
            false => given_up_at = now + WATCHED,
        }
        context.clock.sleep(EVERY).await;
    }
}

/// Between two looks at the record. Nobody who follows lines misses a second, and each look reads the list of releases.
const EVERY: SignedDuration = SignedDuration::from_secs(1);

/// Passes on the events after the last one, and what is waited for; the end, where one of them is.
async fn pass_on(
    context: &Context,
    id: &ReleaseId,
    passed_on: &mut u64,
    sink: &mut dyn Sink,
) -> Result<Option<Followed>, Error> {
    let events = context.journal.read(id).await?;
    let mut release: Option<Release> = None;
    let mut is_new = false;
    for event in &events {
        let known = match release.as_mut() {
            None => release.insert(Release::begin(event).map_err(Error::Illegal)?),
            Some(release) => {
                release.apply(event).map_err(Error::Illegal)?;
                release
            }
        };
        if event.seq > *passed_on {
            sink.event(event, known);
            (*passed_on, is_new) = (event.seq, true);
        }
    }
    let Some(release) = release else { return Ok(None) };
    match release.ending.clone() {
        Some(ending) if is_new => return Ok(Some(Followed::Ended { ending, release })),
        Some(_) => {}
        None => {
            if let Decision::Go { waiting, .. } = decide(&release, &Ledgers::new(), context.clock.now()) {
                sink.waiting(&waiting);
            }
        }
    }
    Ok(None)
}

/// The record's last event of a release.
///
/// # Errors
/// Where the record cannot be read.
pub async fn last_event(context: &Context, id: &ReleaseId) -> Result<u64, Error> {
    Ok(records::one(context, id).await?.1.seq)
}
