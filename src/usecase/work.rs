//! Working on a release, with its lease, until it ends or the process stops.

use super::error::Error;
use super::records;
use crate::model::ending::Ending;
use crate::model::event::{Event, Fact};
use crate::model::release::Release;
use crate::ports::journal::{Holder, Lease};
use crate::ports::sink::Sink;
use crate::runtime::ports::Ports;
use crate::runtime::runner::{RunError, Runner};
use crate::runtime::stop::Stop;

/// A release whose lease this process has.
pub struct UnderWay {
    ports: Ports,
    lease: Lease,
    events: Vec<Event>,
    release: Release,
}

/// The result of working on a release.
pub struct Worked {
    pub ending: Ending,
    /// As it is recorded now.
    pub release: Release,
}

impl UnderWay {
    /// # Errors
    /// Where the events do not follow from each other.
    pub fn new(ports: Ports, lease: Lease, events: Vec<Event>) -> Result<UnderWay, Error> {
        let release = records::folded(&lease.release, &events)?;
        Ok(UnderWay { ports, lease, events, release })
    }

    /// The release before anything more is done.
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// This process as the lease's holder.
    pub fn holder(&self) -> &Holder {
        &self.lease.holder
    }

    /// Works on it. The sink gets the events from the start or resumption on.
    ///
    /// # Errors
    /// As `Runner::run`, and where the record cannot be read afterwards.
    pub async fn work(self, sink: &mut dyn Sink, stop: Stop) -> Result<Worked, RunError> {
        let UnderWay { ports, lease, events, release } = self;
        let (id, journal) = (release.id.clone(), ports.journal.clone());
        let taken_up = events.iter().rposition(|e| is_taking_up(&e.fact));
        events[taken_up.unwrap_or(0)..].iter().for_each(|event| sink.event(event, &release));
        let ending = Runner::new(ports, lease, release, sink, stop).run().await?;
        let release = Release::fold(&journal.read(&id).await?)?;
        Ok(Worked { ending, release })
    }
}

/// Whether with this fact a process starts to work on a release.
fn is_taking_up(fact: &Fact) -> bool {
    matches!(fact, Fact::Started(_) | Fact::Extended { .. } | Fact::Resumed { .. } | Fact::TakenUpToAbort { .. })
}
