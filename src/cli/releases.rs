//! Releases, read from the journal.

use super::bench::Bench;
use super::failure::Failure;
use crate::model::event::Event;
use crate::model::ids::ReleaseId;
use crate::model::release::Release;
use crate::ports::journal::Listed;

/// A release, and who works on it.
pub struct Recorded {
    pub listed: Listed,
    pub release: Release,
}

impl Recorded {
    /// Whether it is under way, or can be gone on with. One that found something missing before it did anything cannot: it would
    /// only find it missing again.
    pub fn is_open(&self) -> bool {
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

/// The application's releases, newest first.
pub async fn all(bench: &Bench, limit: usize) -> Result<Vec<Recorded>, Failure> {
    let mut found = Vec::new();
    for listed in bench.journal.list(&bench.pipeline().app).await?.into_iter().take(limit) {
        let (_, release) = one(bench, &listed.release).await?;
        found.push(Recorded { listed, release });
    }
    Ok(found)
}
