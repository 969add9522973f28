//! What the journal in memory holds, and how it changes: every change is checked before it begins.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::journal::codec::{self, Chunks, Encoded, Row, Tip, Verified};
use crate::journal::lease::{self, HasEnded, ReleaseLease, StageLease};
use crate::model::event::{Event, Fact};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::inbox::Message;
use crate::model::ledger::{StageLedger, stage_of};
use crate::ports::journal::{self as port, Holder, Imported, JournalError, Lease};

#[derive(Clone, Default)]
pub(super) struct State {
    pub releases: BTreeMap<ReleaseId, Record>,
    pub chunks: Chunks,
    pub stages: BTreeMap<(AppName, StageName), StageLease>,
    pub ledgers: BTreeMap<(AppName, StageName), StageLedger>,
}

#[derive(Clone)]
pub(super) struct Record {
    pub app: AppName,
    pub started_at: Timestamp,
    pub last_at: Timestamp,
    pub rows: Vec<Row>,
    pub tip: Tip,
    pub lease: ReleaseLease,
    /// With whether it was absorbed.
    pub inbox: Vec<(Message, bool)>,
    /// The last message that was absorbed elsewhere.
    pub imported_messages: u64,
    pub imported: Option<Imported>,
}

impl State {
    /// Records a release's first event, and takes its lease.
    pub fn begin(
        &mut self,
        app: &AppName,
        release: &ReleaseId,
        first: Fact,
        holder: &Holder,
        now: Timestamp,
        has_ended: &HasEnded,
    ) -> Result<(Lease, Event), JournalError> {
        if self.releases.contains_key(release) {
            return Err(lease::recorded_already(release));
        }
        let mut lease = ReleaseLease::default();
        let taken = lease.take(release, holder, None, now, has_ended)?;
        let first = codec::link(release, &Tip::start(), &first, now)?;
        let record = Record {
            app: app.clone(),
            started_at: now,
            last_at: now,
            rows: Vec::new(),
            tip: Tip::start(),
            lease,
            inbox: Vec::new(),
            imported_messages: 0,
            imported: None,
        };
        self.releases.insert(release.clone(), record);
        let events = self.put(release, vec![first], now)?;
        Ok((taken, events.into_iter().next().expect("one fact was put")))
    }

    /// Appends events, and applies them to the ledgers and the inbox.
    pub fn append(
        &mut self,
        lease: &Lease,
        after: u64,
        facts: &[Fact],
        now: Timestamp,
    ) -> Result<Vec<Event>, JournalError> {
        let release = &lease.release;
        let record = self.held(lease)?;
        if record.tip.seq != after {
            return Err(lease::not_last(release, after, record.tip.seq));
        }
        let app = record.app.clone();
        let mut seen = BTreeSet::new();
        for id in lease::absorbed(facts) {
            let waits = record.inbox.iter().any(|(m, done)| m.id == id && !done);
            if !waits || !seen.insert(id) {
                return Err(lease::not_waiting(release, id));
            }
        }
        let mut tip = record.tip.clone();
        let mut encoded = Vec::with_capacity(facts.len());
        for fact in facts {
            let one = codec::link(release, &tip, fact, now)?;
            tip = one.tip();
            encoded.push(one);
        }
        for fact in facts {
            let Some(stage) = lease::stage_needed(fact) else { continue };
            let key = (app.clone(), stage.clone());
            let held = self.stages.get(&key).cloned().unwrap_or_default();
            let ledger = self.ledgers.get(&key).cloned().unwrap_or_default();
            lease::may_write(fact, stage, &held, &ledger, lease)?;
        }
        for (message, done) in &mut self.record(release)?.inbox {
            *done |= seen.contains(&message.id);
        }
        for stage in lease::stages_left(facts) {
            if let Some(held) = self.stages.get_mut(&(app.clone(), stage.clone())) {
                held.unlock(release);
            }
        }
        self.put(release, encoded, now)
    }

    pub fn import(&mut self, record: &port::Record, verified: Verified, mark: &Imported) -> Result<bool, JournalError> {
        if self.releases.contains_key(&record.release) {
            codec::check_is_prefix(record, &self.export(&record.release)?)?;
            return Ok(false);
        }
        let Verified { events, tip, chunks } = verified;
        let (started_at, last_at) = (events[0].at, events[events.len() - 1].at);
        let (app, rows, imported_messages) =
            (record.app.clone(), record.rows.clone(), lease::imported_messages(&events));
        let (lease, inbox) = (ReleaseLease::default(), Vec::new());
        let imported = Some(mark.clone());
        let here = Record { app, started_at, last_at, rows, tip, lease, inbox, imported_messages, imported };
        self.releases.insert(record.release.clone(), here);
        self.chunks.extend(chunks);
        Ok(true)
    }

    pub fn export(&self, release: &ReleaseId) -> Result<port::Record, JournalError> {
        let record = self.releases.get(release).ok_or_else(|| JournalError::NoSuchRelease(release.clone()))?;
        codec::decode(release, &record.rows, &record.tip, &self.chunks)?;
        codec::record(&record.app, release, record.rows.clone(), &self.chunks)
    }

    /// A release that is worked on here.
    pub fn own(&mut self, release: &ReleaseId) -> Result<&mut Record, JournalError> {
        let record = self.record(release)?;
        match record.imported.clone() {
            Some(mark) => Err(JournalError::Imported(release.clone(), mark)),
            None => Ok(record),
        }
    }

    pub fn record(&mut self, release: &ReleaseId) -> Result<&mut Record, JournalError> {
        self.releases.get_mut(release).ok_or_else(|| JournalError::NoSuchRelease(release.clone()))
    }

    pub fn held(&mut self, lease: &Lease) -> Result<&mut Record, JournalError> {
        let record = self.record(&lease.release)?;
        record.lease.check(lease)?;
        Ok(record)
    }

    pub fn put(
        &mut self,
        release: &ReleaseId,
        encoded: Vec<Encoded>,
        now: Timestamp,
    ) -> Result<Vec<Event>, JournalError> {
        let mut events = Vec::with_capacity(encoded.len());
        for one in encoded {
            let record = self.record(release)?;
            let app = record.app.clone();
            record.tip = one.tip();
            record.last_at = now;
            record.rows.push(one.row);
            self.chunks.extend(one.blob);
            if let Some(stage) = stage_of(&one.event.fact) {
                self.ledgers.entry((app, stage.clone())).or_default().apply(&one.event);
            }
            events.push(one.event);
        }
        Ok(events)
    }
}
