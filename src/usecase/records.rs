//! Releases, read from the journal.

use super::context::Context;
use super::error::Error;
use crate::model::event::{Event, Fact};
use crate::model::ids::ReleaseId;
use crate::model::refusal::{OtherVersion, Refusal};
use crate::model::release::Release;
use crate::ports::journal::{Imported, JournalError, Listed};

/// A release, and who works on it.
#[derive(Clone)]
pub struct Recorded {
    pub listed: Listed,
    pub release: Release,
}

impl Recorded {
    /// Whether it is under way, or can be resumed. A release that failed in its survey cannot: it did nothing yet, and a new one can be started.
    pub fn is_open(&self) -> bool {
        // An imported release cannot be resumed here.
        if self.listed.imported.is_some() {
            return false;
        }
        match &self.release.ending {
            None => true,
            Some(ending) => ending.outcome().is_resumable() && self.release.surveyed.is_some(),
        }
    }
}

/// One release.
pub async fn one(context: &Context, id: &ReleaseId) -> Result<(Vec<Event>, Release), Error> {
    let events = context.journal.read(id).await?;
    let release = folded(id, &events)?;
    Ok((events, release))
}

/// One release to work with: recorded here, not imported.
pub async fn own(context: &Context, id: &ReleaseId) -> Result<(Vec<Event>, Release), Error> {
    let (events, release) = one(context, id).await?;
    match imported(context, &release).await? {
        Some(mark) => Err(JournalError::Imported(id.clone(), mark).into()),
        None => Ok((events, release)),
    }
}

/// When a release was imported from a file and who did so, if it was.
pub async fn imported(context: &Context, release: &Release) -> Result<Option<Imported>, Error> {
    let listed = context.journal.list(&release.started.pipeline.app).await?;
    Ok(listed.into_iter().find(|l| l.release == release.id).and_then(|l| l.imported))
}

/// An application's releases, newest first.
pub struct All {
    pub recorded: Vec<Recorded>,
    pub unreadable: Vec<Unreadable>,
}

/// A release whose record is damaged, or of another version of kanmon. The others are still listed.
pub struct Unreadable {
    pub listed: Listed,
    pub why: Error,
}

/// The application's releases.
///
/// # Errors
/// Where the state cannot be read, and where none of the records can: the first one's error.
pub async fn all(context: &Context, limit: usize) -> Result<All, Error> {
    let (mut recorded, mut unreadable) = (Vec::new(), Vec::new());
    for listed in context.journal.list(&context.pipeline.app).await?.into_iter().take(limit) {
        let read = match context.journal.read(&listed.release).await {
            Ok(events) => folded(&listed.release, &events).map_err(Error::from),
            Err(error) if is_of_the_record(&error) => Err(error.into()),
            Err(error) => return Err(error.into()),
        };
        match read {
            Ok(release) => recorded.push(Recorded { listed, release }),
            Err(why) => unreadable.push(Unreadable { listed, why }),
        }
    }
    match (recorded.is_empty(), unreadable.is_empty()) {
        (true, false) => Err(unreadable.swap_remove(0).why),
        _ => Ok(All { recorded, unreadable }),
    }
}

/// Whether the error is about a record's contents, not about access to the state.
pub fn is_of_the_record(error: &JournalError) -> bool {
    match error {
        JournalError::Corrupt(_)
        | JournalError::Unknown(_)
        | JournalError::Newer { .. }
        | JournalError::Older { .. } => true,
        JournalError::NoSuchRelease(_)
        | JournalError::Held { .. }
        | JournalError::Frozen(_)
        | JournalError::LostLease { .. }
        | JournalError::Store(_)
        | JournalError::Conflict(_)
        | JournalError::Busy { .. }
        | JournalError::Gone { .. }
        | JournalError::Imported(..)
        | JournalError::Foreign(_)
        | JournalError::MadeElsewhere(_)
        | JournalError::Remote(_) => false,
    }
}

/// A release's events, folded.
///
/// # Errors
/// Where they do not follow from each other.
pub fn folded(id: &ReleaseId, events: &[Event]) -> Result<Release, Refusal> {
    Release::fold(events).map_err(|illegal| {
        let started_by = match events.first().map(|event| &event.fact) {
            Some(Fact::Started(started)) => started_by_other(&started.kanmon),
            Some(_) | None => None,
        };
        Refusal::BrokenRecord { release: id.clone(), illegal, started_by }
    })
}

/// The version of kanmon that started a release, where it is not this one.
pub fn started_by_other(started: &str) -> Option<OtherVersion> {
    OtherVersion::of(started, VERSION)
}

/// The version of this kanmon.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
