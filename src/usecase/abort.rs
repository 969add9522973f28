//! Aborting a release.

use super::context::Context;
use super::delivery::{LOOK, WATCHED};
use super::error::Error;
use super::records::VERSION;
use super::take_up::written;
use super::work::UnderWay;
use super::{file_identity, identity, records};
use crate::model::approval::Requester;
use crate::model::event::Fact;
use crate::model::ids::ReleaseId;
use crate::model::inbox::MessageBody;
use crate::model::notice::Notice;
use crate::model::refusal::Refusal;
use crate::model::release::Release;
use crate::ports::journal::JournalError;
use crate::runtime::lease_takeover;

/// Who aborts the release.
pub enum Aborted {
    /// This process, which has its lease now.
    Here(UnderWay),
    /// The process that works on it has read the request.
    Read { holder: String },
    /// The process that works on it has not read the request yet.
    Sent { holder: String },
}

/// Requests the process that works on a release to abort it; if none does, takes it up to abort it here.
///
/// # Errors
/// Where the release has ended, or ends before the request is read.
pub async fn abort(context: &Context, id: &ReleaseId, reason: String, roll_back: bool) -> Result<Aborted, Error> {
    let (_, release) = records::own(context, id).await?;
    check_abortable(&release)?;
    file_identity::agrees(context, &release)?;
    let pipeline = &release.started.pipeline;
    let own_ports = context.ports(id.as_str(), None);
    let by = identity::caller(&own_ports, pipeline.account(&pipeline.stages[0].account)).await?;
    let message = MessageBody::Abort { by: by.clone(), reason, roll_back };
    let message = context.journal.send(id, message, context.clock.now()).await?;
    let watching = |holder: &str, _| context.notice(Notice::CheckingHolder { holder: holder.to_owned(), within: None });
    let lease =
        match lease_takeover::take(context.journal.as_ref(), context.clock.as_ref(), id, &context.holder, &watching)
            .await
        {
            Ok(lease) => lease,
            Err(JournalError::Held { holder, .. }) => return follow(context, id, message, holder).await,
            Err(error) => return Err(error.into()),
        };
    let ports = context.ports(id.as_str(), identity::of(&Requester::Person { identity: by.clone() }));
    // Who aborts a release is not a requester, and may approve it if it is extended.
    let fact = Fact::TakenUpToAbort { by, kanmon: VERSION.to_owned() };
    let events = written(context, &lease, vec![fact], check_abortable, |_, _| false).await?;
    Ok(Aborted::Here(UnderWay::new(ports, lease, events)?))
}

/// Checks that the release can be aborted.
fn check_abortable(release: &Release) -> Result<(), Refusal> {
    match release.ended_for_good() {
        None => Ok(()),
        Some(ending) => Err(Refusal::NothingToAbort { release: release.id.clone(), ending: ending.clone() }),
    }
}

/// Waits until the process that works on the release has read the request.
async fn follow(context: &Context, id: &ReleaseId, message: u64, holder: String) -> Result<Aborted, Error> {
    let late = context.clock.now() + WATCHED;
    loop {
        let read = context.journal.inbox(id).await?.iter().all(|waiting| waiting.id != message);
        let (_, release) = records::one(context, id).await?;
        if read && release.abort.is_some() {
            return Ok(Aborted::Read { holder });
        }
        check_abortable(&release)?;
        if read {
            return Err(Refusal::AbortNotRead { release: id.clone(), holder }.into());
        }
        if context.clock.now() >= late {
            return Ok(Aborted::Sent { holder });
        }
        context.clock.sleep(LOOK).await;
    }
}
