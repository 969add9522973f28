//! The record, read again and again: only what has changed is read whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::engine::decide::decide;
use crate::engine::decision::Decision;
use crate::engine::inbox::preview;
use crate::model::event::Event;
use crate::model::ids::{ReleaseId, StageName};
use crate::model::ledger::{Ledgers, StageLedger};
use crate::model::release::Release;
use crate::model::waiting::Wait;
use crate::ports::journal::{Holder, JournalError, Listed};
use crate::usecase::context::Context;
use crate::usecase::error::Error;
use crate::usecase::question::open_requests;
use crate::usecase::records::{Recorded, folded, is_of_the_record};

/// How often the record is read: a person sees a change soon, and a table answers this for a fraction of a cent an hour.
pub const EVERY: SignedDuration = SignedDuration::from_secs(2);

/// The newest releases that are read whole. Of a store of thousands only these are shown, and those that are worked on or run in a stage.
const MOST: usize = 50;

/// An event can be written up to this long after its own time: a release is read once more after it.
const LATE: SignedDuration = SignedDuration::from_secs(5);

/// The record at one time.
#[derive(Clone)]
pub struct Snapshot {
    pub at: Timestamp,
    /// Newest first.
    pub releases: Vec<Arc<Followed>>,
    /// Those whose record cannot be read.
    pub unreadable: Vec<(ReleaseId, Error)>,
    /// How many are recorded, but not read.
    pub older: usize,
    /// Those of the pipeline file, in its order.
    pub stages: Vec<StageRecord>,
}

/// A release with its events.
pub struct Followed {
    /// As it will be once the process that works on it has read its inbox.
    pub recorded: Recorded,
    pub events: Arc<Vec<Event>>,
    /// What it waits for.
    pub waiting: Vec<Wait>,
}

/// What is recorded about a stage.
#[derive(Clone)]
pub struct StageRecord {
    pub stage: StageName,
    pub ledger: StageLedger,
    /// The release that has it, and the process.
    pub holder: Option<(ReleaseId, Holder)>,
}

impl Snapshot {
    pub fn release(&self, id: &ReleaseId) -> Option<&Arc<Followed>> {
        self.releases.iter().find(|followed| &followed.recorded.release.id == id)
    }

    /// The stages in which something is being changed.
    pub fn busy(&self) -> Vec<StageName> {
        self.stages.iter().filter(|stage| stage.holder.is_some()).map(|stage| stage.stage.clone()).collect()
    }
}

/// Reads the record, and remembers what cannot have changed.
pub struct RecordReader {
    context: Context,
    known: BTreeMap<ReleaseId, Known>,
}

/// A release as it was last read, without messages of others.
struct Known {
    read_at: Timestamp,
    followed: Arc<Followed>,
}

impl RecordReader {
    pub fn new(context: Context) -> RecordReader {
        RecordReader { context, known: BTreeMap::new() }
    }

    /// The record as it is now. `also`: a release to read even if it is an old one.
    ///
    /// # Errors
    /// Where the state cannot be read.
    pub async fn read(&mut self, also: Option<&ReleaseId>) -> Result<Snapshot, JournalError> {
        let now = self.context.clock.now();
        let stages = self.stages().await?;
        let listed = self.context.journal.list(&self.context.pipeline.app).await?;
        let runs =
            |id: &ReleaseId| stages.iter().any(|s| s.ledger.last_good.as_ref().is_some_and(|good| &good.release == id));
        let is_read = |(at, one): &(usize, &Listed)| {
            *at < MOST || one.held_by.is_some() || also == Some(&one.release) || runs(&one.release)
        };
        let wanted: Vec<&Listed> = listed.iter().enumerate().filter(is_read).map(|(_, one)| one).collect();
        let older = listed.len() - wanted.len();
        let (mut releases, mut unreadable) = (Vec::new(), Vec::new());
        for one in &wanted {
            match self.release(one, now).await {
                Ok(()) => releases.push(self.followed(&one.release, &stages, now).await?),
                Err(Error::Journal(error)) if !is_of_the_record(&error) => return Err(error),
                Err(why) => unreadable.push((one.release.clone(), why)),
            }
        }
        self.known.retain(|id, _| wanted.iter().any(|one| &one.release == id));
        Ok(Snapshot { at: now, releases, unreadable, older, stages })
    }

    async fn stages(&self) -> Result<Vec<StageRecord>, JournalError> {
        let Context { pipeline, journal, .. } = &self.context;
        let mut stages = Vec::with_capacity(pipeline.stages.len());
        for stage in &pipeline.stages {
            let ledger = journal.ledger(&pipeline.app, &stage.name).await?;
            let holder =
                journal.holder(&pipeline.app, &stage.name).await?.map(|(release, holder, _)| (release, holder));
            stages.push(StageRecord { stage: stage.name.clone(), ledger, holder });
        }
        Ok(stages)
    }

    /// Reads a release's events, unless they are known already.
    async fn release(&mut self, listed: &Listed, now: Timestamp) -> Result<(), Error> {
        let is_current = |known: &Known| {
            let last_at = known.followed.recorded.listed.last_at;
            last_at == listed.last_at && known.read_at.duration_since(last_at) > LATE
        };
        let known = self.known.get(&listed.release).filter(|known| is_current(known));
        if known.is_some_and(|known| known.followed.recorded.listed == *listed) {
            return Ok(());
        }
        let (release, events, read_at) = match known {
            // Only the process that works on it has changed.
            Some(Known { followed, read_at }) => (followed.recorded.release.clone(), followed.events.clone(), *read_at),
            None => {
                let events = self.context.journal.read(&listed.release).await?;
                (folded(&listed.release, &events)?, Arc::new(events), now)
            }
        };
        let recorded = Recorded { listed: listed.clone(), release };
        let followed = Arc::new(Followed { recorded, events, waiting: Vec::new() });
        self.known.insert(listed.release.clone(), Known { read_at, followed });
        Ok(())
    }

    /// The release with what others have sent it, and what it waits for.
    async fn followed(
        &self,
        id: &ReleaseId,
        stages: &[StageRecord],
        now: Timestamp,
    ) -> Result<Arc<Followed>, JournalError> {
        let known = &self.known.get(id).expect("it was read before").followed;
        let recorded = &known.recorded;
        let is_asked = !open_requests(recorded, now).is_empty();
        if !is_asked && recorded.listed.held_by.is_none() {
            return Ok(known.clone());
        }
        let mut recorded = recorded.clone();
        if is_asked {
            // An answered request does not wait any more, even if no process has read the answer yet.
            match self.context.journal.inbox(id).await {
                Ok(inbox) => recorded.release = preview(&recorded.release, &inbox).0,
                Err(error) if is_of_the_record(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let waiting = match recorded.listed.held_by {
            Some(_) => waiting(&recorded.release, stages, now),
            None => Vec::new(),
        };
        Ok(Arc::new(Followed { recorded, events: known.events.clone(), waiting }))
    }
}

/// What a release waits for, as the process that works on it decides it.
fn waiting(release: &Release, stages: &[StageRecord], now: Timestamp) -> Vec<Wait> {
    let ledgers: Ledgers = stages.iter().map(|stage| (stage.stage.clone(), stage.ledger.clone())).collect();
    match decide(release, &ledgers, now) {
        Decision::Go { waiting, .. } => waiting,
        Decision::Record(_) | Decision::Finish(_) => Vec::new(),
    }
}
