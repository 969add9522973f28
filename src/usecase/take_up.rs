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

/// Takes a release up: with its lease, which is given back where the release does not `fit` any more, and with these facts written
/// behind all that others wrote until now. `stale` are the messages that they leave behind.
///
/// # Errors
/// As `written`, and where somebody else holds the release.
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

/// `take_up` with the lease in hand: all events of the release.
///
/// # Errors
/// Where the release does not fit any more, or is not of this file, or cannot be written.
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
        // Somebody may have written another record since it was looked at first.
        file_identity::agrees(context, &release)?;
        let inbox = context.journal.inbox(id).await?;
        let stale = inbox.iter().filter(|m| stale(&release, m)).map(|m| Fact::Absorbed { message: m.id });
        let facts: Vec<Fact> = facts.into_iter().chain(stale).collect();
        events.extend(context.journal.append(lease, release.seq, &facts, context.clock.now()).await?);
        Ok(events)
    };
    let written = written.await;
    if written.is_err() {
        // One that cannot be given back runs out.
        let _ = context.journal.give_up(lease).await;
    }
    written
}

/// Takes the lease of a release that its holder has left; where that is not certain yet, the holder is watched for as long as a lease lasts.
async fn take(context: &Context, id: &ReleaseId) -> Result<Lease, Error> {
    let watching = |holder: &str, within: SignedDuration| {
        context.notice(Notice::CheckingHolder { holder: holder.to_owned(), within: Some(within) });
    };
    Ok(lease_takeover::take(context.journal.as_ref(), context.clock.as_ref(), id, &context.holder, &watching).await?)
}
