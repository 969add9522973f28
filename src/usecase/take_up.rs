//! Resuming work on a release, under its lease.

use jiff::SignedDuration;

use super::context::Context;
use super::error::Error;
use super::work::UnderWay;
use super::{file_identity, freeze_warnings, records};
use crate::model::event::{Event, Fact};
use crate::model::ids::ReleaseId;
use crate::model::inbox::Message;
use crate::model::notice::Notice;
use crate::model::refusal::Refusal;
use crate::model::release::Release;
use crate::ports::journal::Lease;
use crate::runtime::lease_takeover;
use crate::runtime::ports::Ports;

/// Takes a release up: takes its lease, and appends these facts. The lease is given back where `fit` refuses the release. Messages that are `stale` are
/// absorbed without effect.
///
/// # Errors
/// As `written`, and where another process works on the release.
pub async fn take_up(
    context: &Context,
    ports: Ports,
    id: &ReleaseId,
    facts: Vec<Fact>,
    fit: impl Fn(&Release) -> Result<(), Refusal>,
    stale: impl Fn(&Release, &Message) -> bool,
) -> Result<UnderWay, Error> {
    let lease = take(context, id).await?;
    let events = written(context, &lease, facts, fit, stale).await?;
    let taken = UnderWay::new(ports, lease, events)?;
    freeze_warnings::of_all_stages(context, taken.release()).await;
    Ok(taken)
}

/// The same with the lease: all events of the release.
///
/// # Errors
/// Where `fit` refuses the release, where it is not of this file, or where it cannot be written.
pub async fn written(
    context: &Context,
    lease: &Lease,
    facts: Vec<Fact>,
    fit: impl Fn(&Release) -> Result<(), Refusal>,
    stale: impl Fn(&Release, &Message) -> bool,
) -> Result<Vec<Event>, Error> {
    let id = &lease.release;
    let written = async {
        let (mut events, release) = records::one(context, id).await?;
        fit(&release)?;
        // The record may have changed after it was read first.
        file_identity::agrees(context, &release)?;
        let inbox = context.journal.inbox(id).await?;
        let stale = inbox.iter().filter(|m| stale(&release, m)).map(|m| Fact::Absorbed { message: m.id });
        let facts: Vec<Fact> = facts.into_iter().chain(stale).collect();
        events.extend(context.journal.append(lease, release.seq, &facts, context.clock.now()).await?);
        Ok(events)
    };
    let written = written.await;
    if written.is_err() {
        // A lease that cannot be given back expires.
        let _ = context.journal.give_up(lease).await;
    }
    written
}

/// Takes the lease of a release. If its holder may still be running, waits at most as long as a lease lasts.
async fn take(context: &Context, id: &ReleaseId) -> Result<Lease, Error> {
    let watching = |holder: &str, within: SignedDuration| {
        context.notice(Notice::CheckingHolder { holder: holder.to_owned(), within: Some(within) });
    };
    Ok(lease_takeover::take(context.journal.as_ref(), context.clock.as_ref(), id, &context.holder, &watching).await?)
}
