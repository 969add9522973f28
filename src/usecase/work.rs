//! A release that this process holds, worked on until it ends or the process leaves it.

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

/// A release whose lease this process holds.
pub struct UnderWay {
    ports: Ports,
    lease: Lease,
    events: Vec<Event>,
    release: Release,
}

/// How it was left.
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

    /// As it is before anything more is done.
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// This process, as it holds the release.
    pub fn holder(&self) -> &Holder {
        &self.lease.holder
    }

    /// Works on it. The sink gets how this process came to work on it, and everything that follows.
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

/// Whether a fact is how a process came to work on a release.
fn is_taking_up(fact: &Fact) -> bool {
    matches!(fact, Fact::Started(_) | Fact::Extended { .. } | Fact::Resumed { .. } | Fact::TakenUpToAbort { .. })
}
