//! The stored form of an event: canonical JSON, chained by hash. One form for every store.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::blob::{self, BlobRef, INLINE_LIMIT};
use crate::model::event::{EVENT_VERSION, Event, Fact};
use crate::model::fault::state::{Conflict, Flaw, Part, StoreProblem, UnknownContent, UnknownWhy};
use crate::model::ids::{AppName, ReleaseId, sha256_hex};
pub(super) use crate::ports::journal::Row;
use crate::ports::journal::{JournalError, Record};

/// The first form that a released kanmon writes: it and all later ones are read for ever.
pub(super) const FIRST_READ: u32 = 2;

/// The `kind` of a payload that is in a blob; no fact has this name.
const BLOB_KIND: &str = "blob";

/// The end of a release's chain. Kept apart from the rows, so that a row missing at the end is seen too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tip {
    pub seq: u64,
    pub hash: String,
}

/// A fact made into a row, with the chunks that must be stored before it.
#[derive(Debug, Clone)]
pub(super) struct Encoded {
    pub row: Row,
    /// The blob's name and chunks, where the payload is one.
    pub blob: Option<(String, Vec<Vec<u8>>)>,
    pub event: Event,
}

/// Chunks by the blob's name.
pub(super) type Chunks = BTreeMap<String, Vec<Vec<u8>>>;

/// A row's payload where the fact is in a blob.
#[derive(Serialize, Deserialize)]
struct BlobPayload {
    kind: String,
    #[serde(flatten)]
    blob: BlobRef,
}

impl Tip {
    /// Before the first event.
    pub fn start() -> Tip {
        Tip { seq: 0, hash: "0".repeat(64) }
    }
}

impl Row {
    fn digest(&self, release: &ReleaseId) -> String {
        let Row { form, seq, at, payload, prev, hash: _ } = self;
        // None of the parts can hold a newline, so no two rows have the same text.
        let text = format!("kanmon-event\n{form}\n{release}\n{seq}\n{at}\n{}\n{prev}", sha256_hex(payload));
        sha256_hex(text.as_bytes())
    }

    /// Where the payload is, if not in the row.
    pub(super) fn blob(&self) -> Option<BlobRef> {
        let blob: BlobPayload = serde_json::from_slice(&self.payload).ok()?;
        (blob.kind == BLOB_KIND).then_some(blob.blob)
    }
}

/// Makes the fact that comes after `tip` into a row.
///
/// # Errors
/// `Store` where a fact has no JSON, which is a defect.
pub(super) fn link(release: &ReleaseId, tip: &Tip, fact: &Fact, at: Timestamp) -> Result<Encoded, JournalError> {
    let seq = tip.seq + 1;
    let value = canonical(fact)?;
    let mut payload = value.to_string().into_bytes();
    let mut blob = None;
    if payload.len() > INLINE_LIMIT {
        let kind = value.get("kind").and_then(|k| k.as_str()).unwrap_or_default();
        let (name, chunks) = blob::pack(&payload, kind);
        blob = Some((name.sha256.clone(), chunks));
        payload = canonical(&BlobPayload { kind: BLOB_KIND.to_owned(), blob: name })?.to_string().into_bytes();
    }
    let prev = tip.hash.clone();
    let mut row = Row { form: EVENT_VERSION, seq, at: at.to_string(), payload, prev, hash: String::new() };
    row.hash = row.digest(release);
    let event = Event { v: EVENT_VERSION, seq, at, release: release.clone(), fact: fact.clone() };
    Ok(Encoded { row, blob, event })
}

impl Encoded {
    pub fn tip(&self) -> Tip {
        Tip { seq: self.row.seq, hash: self.row.hash.clone() }
    }
}

/// The events of a whole journal; `chunks` holds the blobs that its rows name.
///
/// # Errors
/// `Newer` where a row has a later form, `Unknown` where this kanmon cannot read what is whole by its hashes, `Corrupt` where the
/// rows are not the chain that ends in `tip`.
pub(super) fn decode(
    release: &ReleaseId,
    rows: &[Row],
    tip: &Tip,
    chunks: &Chunks,
) -> Result<Vec<Event>, JournalError> {
    let mut last = Tip::start();
    for row in rows {
        let here = |flaw| Part::Event { release: release.clone(), seq: row.seq }.is(flaw);
        check_form(row.form, || Part::Event { release: release.clone(), seq: row.seq })?;
        if row.seq != last.seq + 1 {
            return Err(here(Flaw::Misplaced { expected: last.seq + 1 }));
        }
        if row.prev != last.hash {
            return Err(here(Flaw::NotLinked));
        }
        if row.digest(release) != row.hash {
            return Err(here(Flaw::HashMismatch));
        }
        last = Tip { seq: row.seq, hash: row.hash.clone() };
    }
    if &last != tip {
        let flaw = Flaw::WrongEnd { found: last.seq, expected: tip.seq };
        return Err(Part::Events { release: release.clone() }.is(flaw));
    }
    rows.iter().map(|row| open(release, row, chunks)).collect()
}

/// What a record holds, once it has been found whole.
pub(super) struct Verified {
    pub events: Vec<Event>,
    pub tip: Tip,
    pub chunks: Chunks,
}

/// Holds a record of another store against its own hashes.
///
/// # Errors
/// Those of `decode`.
pub(super) fn verify(record: &Record) -> Result<Verified, JournalError> {
    let mut chunks = Chunks::new();
    for blob in record.rows.iter().filter_map(Row::blob) {
        let content = record.blobs.get(&blob.sha256).map_or(&[][..], Vec::as_slice);
        let packed = blob::pack_into(content, blob.chunks);
        chunks.insert(blob.sha256, packed);
    }
    let last = record.rows.last().ok_or_else(|| Part::Events { release: record.release.clone() }.is(Flaw::Empty))?;
    let tip = Tip { seq: last.seq, hash: last.hash.clone() };
    let events = decode(&record.release, &record.rows, &tip, &chunks)?;
    if let Some(Fact::Started(started)) = events.first().map(|e| &e.fact)
        && started.pipeline.app != record.app
    {
        let flaw = Flaw::OtherApp { stored: record.app.clone(), events: started.pipeline.app.clone() };
        return Err(Part::Release { release: record.release.to_string() }.is(flaw));
    }
    Ok(Verified { events, tip, chunks })
}

/// A record, of rows and chunks that `decode` has passed.
pub(super) fn record(
    app: &AppName,
    release: &ReleaseId,
    rows: Vec<Row>,
    chunks: &Chunks,
) -> Result<Record, JournalError> {
    let mut blobs = BTreeMap::new();
    for blob in rows.iter().filter_map(Row::blob) {
        let content = blob::unpack(&blob, chunks.get(&blob.sha256).map_or(&[][..], Vec::as_slice));
        let whole = |flaw| Part::Events { release: release.clone() }.is(Flaw::Blob { flaw });
        blobs.insert(blob.sha256, content.map_err(whole)?);
    }
    Ok(Record { app: app.clone(), release: release.clone(), rows, blobs })
}

/// Whether what is here already begins with this record.
///
/// # Errors
/// `Conflict`, naming the first event that differs.
pub(super) fn check_is_prefix(record: &Record, here: &Record) -> Result<(), JournalError> {
    let release = &record.release;
    if record.app != here.app {
        let conflict = Conflict::OtherApp { release: release.clone(), app: here.app.clone() };
        return Err(JournalError::Conflict(conflict));
    }
    let differs = record.rows.iter().zip(&here.rows).find(|(theirs, ours)| theirs.hash != ours.hash);
    match differs {
        Some((row, _)) => Err(JournalError::Conflict(Conflict::OtherEvent { release: release.clone(), seq: row.seq })),
        None if record.rows.len() > here.rows.len() => {
            let (here, record) = (here.rows.len() as u64, record.rows.len() as u64);
            Err(JournalError::Conflict(Conflict::Shorter { release: release.clone(), here, record }))
        }
        None => Ok(()),
    }
}

/// A row whose hash is right may still hold what this kanmon cannot read.
fn open(release: &ReleaseId, row: &Row, chunks: &Chunks) -> Result<Event, JournalError> {
    let here = || Part::Event { release: release.clone(), seq: row.seq };
    let no_time = |e: jiff::Error| here().is(Flaw::Unreadable { error: e.to_string() });
    let at: Timestamp = row.at.parse().map_err(no_time)?;
    let fact =
        |payload: &[u8]| fact(payload).map_err(|why| JournalError::Unknown(UnknownContent { part: here(), why }));
    let fact = match row.blob() {
        Some(blob) => {
            let chunks = chunks.get(&blob.sha256).map_or(&[][..], Vec::as_slice);
            let whole = blob::unpack(&blob, chunks);
            fact(&whole.map_err(|flaw| here().is(Flaw::Blob { flaw }))?)?
        }
        None => fact(&row.payload)?,
    };
    Ok(Event { v: row.form, seq: row.seq, at, release: release.clone(), fact })
}

fn fact(payload: &[u8]) -> Result<Fact, UnknownWhy> {
    serde_json::from_slice(payload).map_err(|e| {
        let kind = serde_json::from_slice::<serde_json::Value>(payload)
            .ok()
            .and_then(|v| v.get("kind").and_then(|k| k.as_str()).map(str::to_owned));
        match kind {
            Some(kind) if !Fact::is_kind(&kind) => UnknownWhy::Kind { kind },
            kind => UnknownWhy::Members { kind, error: e.to_string() },
        }
    })
}

/// A fact's payload as its row holds it.
///
/// # Errors
/// `Store` where a fact has no JSON, which is a defect.
pub(super) fn payload(fact: &Fact) -> Result<Vec<u8>, JournalError> {
    Ok(canonical(fact)?.to_string().into_bytes())
}

/// What the payload of every fact begins with that absorbs a message.
pub(super) const ABSORBED: &[u8] = br#"{"kind":"absorbed","#;

/// The message that a row absorbs; `None` where it does something else.
///
/// # Errors
/// `Corrupt` where the row does not have its hash: it is read by itself here, without the chain around it.
pub(super) fn absorbs(release: &ReleaseId, row: &Row) -> Result<Option<u64>, JournalError> {
    if row.digest(release) != row.hash {
        return Err(Part::Event { release: release.clone(), seq: row.seq }.is(Flaw::HashMismatch));
    }
    let Fact::Absorbed { message } = open(release, row, &Chunks::new())?.fact else { return Ok(None) };
    Ok(Some(message))
}

/// The hash of a row's values, each under its name. It shows damage, but not a deliberate change: whoever makes one can write the hash.
pub(super) fn digest<'v>(values: impl IntoIterator<Item = (&'v str, &'v str)>) -> String {
    // With their lengths, so that no two rows have the same text.
    let text: Vec<String> = values.into_iter().map(|(n, v)| format!("{n} {}\n{v}\n", v.len())).collect();
    sha256_hex(text.concat().as_bytes())
}

/// # Errors
/// `Newer` where this kanmon does not know the form yet, `Older` where it was never released.
pub(super) fn check_form(form: u32, of: impl FnOnce() -> Part) -> Result<(), JournalError> {
    match form {
        // No form was ever 0.
        0 => Err(of().is(Flaw::NoFormat)),
        1..FIRST_READ => Err(JournalError::Older { found: form, known: FIRST_READ }),
        FIRST_READ..=EVENT_VERSION => Ok(()),
        _ => Err(JournalError::Newer { found: form, known: EVENT_VERSION }),
    }
}

/// A value that is not in the chain, with its own hash. It shows damage, but not a deliberate change.
pub(super) fn seal<T: Serialize>(value: &T) -> Result<(String, String), JournalError> {
    let text = canonical(value)?.to_string();
    let hash = sha256_hex(text.as_bytes());
    Ok((text, hash))
}

/// # Errors
/// `Corrupt`, naming `part`; `Unknown` where it is whole and cannot be read.
pub(super) fn unseal<T: DeserializeOwned>(text: &str, hash: &str, part: Part) -> Result<T, JournalError> {
    if sha256_hex(text.as_bytes()) != hash {
        return Err(part.is(Flaw::HashMismatch));
    }
    serde_json::from_str(text).map_err(|e| {
        let why = UnknownWhy::Members { kind: None, error: e.to_string() };
        JournalError::Unknown(UnknownContent { part, why })
    })
}

/// A value of ours that has no JSON, or a request that cannot be built: a defect.
pub(super) fn not_encodable(error: &dyn std::fmt::Display) -> JournalError {
    JournalError::Store(StoreProblem::NotEncodable { error: error.to_string() })
}

/// Members in the order of their names, without white space: the same value always has the same bytes.
fn canonical<T: Serialize>(value: &T) -> Result<serde_json::Value, JournalError> {
    let mut value = serde_json::to_value(value).map_err(|e| not_encodable(&e))?;
    value.sort_all_objects();
    Ok(value)
}

#[cfg(test)]
mod tests;
