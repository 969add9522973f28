//! Releases, read from the journal.

use serde_json::{Value, json};

use super::bench::Bench;
use super::failure::Failure;
use super::output::Output;
use crate::model::event::{Event, Fact};
use crate::model::ids::ReleaseId;
use crate::model::release::Release;
use crate::ports::journal::{Imported, JournalError, Listed};

/// A release, and who works on it.
#[derive(Clone)]
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
    let release = folded(id, &events)?;
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

/// An application's releases, newest first.
pub struct All {
    pub recorded: Vec<Recorded>,
    pub unreadable: Vec<Unreadable>,
}

/// A release whose record is damaged, or is another kanmon's. It does not hide the others.
pub struct Unreadable {
    pub listed: Listed,
    pub why: Failure,
}

impl Unreadable {
    /// Why, without what one would do about the whole state.
    pub fn reason(&self) -> String {
        match &self.why.cause {
            Some(cause) => format!("{}: {cause}", self.why.sentence),
            None => self.why.sentence.clone(),
        }
    }
}

impl All {
    /// Those that cannot be read, for people beside the data.
    pub fn warn(&self, output: &Output) {
        for one in &self.unreadable {
            output.warn(&format!("{} cannot be read, and is left out: {}", one.listed.release, one.reason()));
        }
    }

    /// Those that cannot be read, for programs.
    pub fn unreadable(&self) -> Vec<Value> {
        let json = |one: &Unreadable| json!({ "release": one.listed.release, "why": one.reason() });
        self.unreadable.iter().map(json).collect()
    }
}

/// The application's releases.
///
/// # Errors
/// Where the state cannot be read, and where none of its records can: the first of them.
pub async fn all(bench: &Bench, limit: usize) -> Result<All, Failure> {
    let (mut recorded, mut unreadable) = (Vec::new(), Vec::new());
    for listed in bench.journal.list(&bench.pipeline().app).await?.into_iter().take(limit) {
        let read = match bench.journal.read(&listed.release).await {
            Ok(events) => folded(&listed.release, &events),
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

/// Whether a record cannot be read for what is in it, not for how the state is reached.
pub fn is_of_the_record(error: &JournalError) -> bool {
    match error {
        JournalError::Corrupt(_) | JournalError::Unknown(_) | JournalError::Newer { .. } => true,
        JournalError::NoSuchRelease(_)
        | JournalError::Held { .. }
        | JournalError::Frozen(_)
        | JournalError::LostLease { .. }
        | JournalError::Store(_)
        | JournalError::Busy(_)
        | JournalError::Gone(_)
        | JournalError::Imported(..)
        | JournalError::Foreign(_)
        | JournalError::MadeElsewhere(_)
        | JournalError::Remote(_) => false,
    }
}

fn folded(id: &ReleaseId, events: &[Event]) -> Result<Release, Failure> {
    Release::fold(events).map_err(|illegal| {
        let failure = Failure::access(format!("the record of {id} does not fit together"));
        let by = match events.first().map(|event| &event.fact) {
            Some(Fact::Started(started)) => OtherKanmon::of(&started.kanmon),
            Some(_) | None => None,
        };
        match by {
            Some(other) => failure.cause(format!("{illegal}; {}", other.sentence())).hint(other.hint()),
            None => failure.cause(illegal.to_string()),
        }
    })
}

/// Another version of kanmon than this one, which may write and count some things differently.
pub struct OtherKanmon<'a>(&'a str);

impl<'a> OtherKanmon<'a> {
    /// The version that started a release, where it is another one. It is the record's word, and no sentence of somebody else's.
    pub fn of(started: &'a str) -> Option<OtherKanmon<'a>> {
        let is_version = |c: char| c.is_ascii_alphanumeric() || ['.', '-', '+'].contains(&c);
        let name =
            if started.len() <= LONGEST_VERSION && started.chars().all(is_version) { started } else { "unknown" };
        (started != env!("CARGO_PKG_VERSION")).then_some(OtherKanmon(name))
    }

    pub fn sentence(&self) -> String {
        format!("it was started by kanmon {}, and this is kanmon {}", self.0, env!("CARGO_PKG_VERSION"))
    }

    pub fn hint(&self) -> String {
        format!("use kanmon {}; if it says the same, find out who writes the state", self.0)
    }
}

/// Semantic versions with a commit behind them are half as long.
const LONGEST_VERSION: usize = 64;
