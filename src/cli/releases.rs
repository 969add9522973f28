//! Releases, read from the journal.

use super::bench::Bench;
use super::failure::Failure;
use crate::model::event::Event;
use crate::model::ids::ReleaseId;
use crate::model::release::Release;
use crate::ports::journal::{Imported, JournalError, Listed};

/// A release, and who works on it.
pub struct Recorded {
    pub listed: Listed,
    pub release: Release,
}

impl Recorded {
    /// Whether it is under way, or can be gone on with. One that found something missing before it did anything cannot: it would
    /// only find it missing again.
    pub fn is_open(&self) -> bool {
        // Another store's is not gone on with here.
        if self.listed.imported.is_some() {
            return false;
        }
        match &self.release.ending {
            None => true,
            Some(ending) => ending.outcome.is_resumable() && self.release.surveyed.is_some(),
        }
    }
}

/// One release.
pub async fn one(bench: &Bench, id: &ReleaseId) -> Result<(Vec<Event>, Release), Failure> {
    let events = bench.journal.read(id).await?;
    let release = Release::fold(&events).map_err(|illegal| {
        Failure::access(format!("the record of {id} does not fit together")).cause(illegal.to_string())
    })?;
    Ok((events, release))
}

/// One release that something is to be done with: recorded here, not imported.
pub async fn own(bench: &Bench, id: &ReleaseId) -> Result<(Vec<Event>, Release), Failure> {
    let (events, release) = one(bench, id).await?;
    match imported(bench, &release).await? {
        Some(mark) => Err(JournalError::Imported(id.clone(), mark).into()),
        None => Ok((events, release)),
    }
}

/// Where a release was taken in from a file: when and by whom.
pub async fn imported(bench: &Bench, release: &Release) -> Result<Option<Imported>, Failure> {
    let listed = bench.journal.list(&release.started.pipeline.app).await?;
    Ok(listed.into_iter().find(|l| l.release == release.id).and_then(|l| l.imported))
}

/// The application's releases, newest first.
pub async fn all(bench: &Bench, limit: usize) -> Result<Vec<Recorded>, Failure> {
    let mut found = Vec::new();
    for listed in bench.journal.list(&bench.pipeline().app).await?.into_iter().take(limit) {
        let (_, release) = one(bench, &listed.release).await?;
        found.push(Recorded { listed, release });
    }
    Ok(found)
}
