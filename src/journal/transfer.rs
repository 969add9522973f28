//! A release's record as a file: one JSON value a line, the rows as their stores keep them, so that hashes stay what they are.
//!
//! The first line is the header. A line `{"blob":…,"content":…}` comes before the first row that names it; every other line is
//! a row, its fact or its blob's reference under `payload`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, Read as _, Take};

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::codec;
use crate::model::ids::{AppName, ReleaseId};
use crate::model::release::Release;
use crate::ports::journal::{JournalError, Record, Row};

/// The major version of the file's form.
const VERSION: u32 = 1;
/// What a file of this kind begins with.
const KIND: &str = "kanmon-record";

#[derive(Serialize, Deserialize)]
struct Header {
    v: u32,
    kind: String,
    app: AppName,
    release: ReleaseId,
    /// How many rows follow: a file that was cut off at a line's end is noticed.
    events: u64,
}

/// Payloads are hashed as they are, so they are carried as they are.
#[derive(Serialize, Deserialize)]
struct BlobLine {
    blob: String,
    content: Box<RawValue>,
}

#[derive(Serialize, Deserialize)]
struct RowLine {
    form: u32,
    seq: u64,
    at: String,
    payload: Box<RawValue>,
    prev: String,
    hash: String,
}

/// The file of a record.
///
/// # Errors
/// `Corrupt` where a payload is no JSON.
pub fn to_file(record: &Record) -> Result<String, JournalError> {
    let Record { app, release, rows, blobs } = record;
    let events = rows.len() as u64;
    let header = Header { v: VERSION, kind: KIND.to_owned(), app: app.clone(), release: release.clone(), events };
    let mut text = String::new();
    line(&mut text, &header)?;
    let mut written = std::collections::BTreeSet::new();
    for row in rows {
        if let Some(blob) = row.blob()
            && let Some(content) = blobs.get(&blob.sha256)
            && written.insert(blob.sha256.clone())
        {
            line(&mut text, &BlobLine { blob: blob.sha256, content: raw(content, row.seq)? })?;
        }
        let Row { form, seq, at, payload, prev, hash } = row.clone();
        line(&mut text, &RowLine { form, seq, at, payload: raw(&payload, seq)?, prev, hash })?;
    }
    Ok(text)
}

fn line<T: Serialize>(text: &mut String, value: &T) -> Result<(), JournalError> {
    let value = to_raw_value(value).map_err(|e| JournalError::Store(format!("a row has no JSON: {e}")))?;
    writeln!(text, "{value}").expect("writing to a string does not fail");
    Ok(())
}

fn raw(payload: &[u8], seq: u64) -> Result<Box<RawValue>, JournalError> {
    let text = String::from_utf8_lossy(payload).into_owned();
    RawValue::from_string(text).map_err(|e| JournalError::Corrupt(format!("event {seq} is no JSON: {e}")))
}

/// The longest line that is read. A line is one fact; the largest are scans, and one of ten thousand findings has some two MB.
const LINE_LIMIT: u64 = 16 * 1024 * 1024;
/// The largest file that is read. A release's record has some hundred lines and is rarely above one MB; all of it is held in memory.
const FILE_LIMIT: u64 = 128 * 1024 * 1024;

/// The record of a file: its chain verified, its events found to be a release. Read line by line, and never beyond the limits.
///
/// # Errors
/// `Newer` for a file of a later kanmon, `Corrupt` for everything that is wrong with it.
pub fn from_file(file: impl BufRead) -> Result<Record, JournalError> {
    let mut lines = Lines { file: file.take(FILE_LIMIT + 1), n: 0 };
    let header: Header = match lines.next()? {
        Some(first) => serde_json::from_str(&first)
            .map_err(|e| JournalError::Corrupt(format!("this is not a file of `kanmon export`: {e}")))?,
        None => return Err(JournalError::Corrupt("the file is empty".to_owned())),
    };
    if header.kind != KIND {
        return Err(JournalError::Corrupt(format!("this is not a file of `kanmon export`, but `{}`", header.kind)));
    }
    if header.v > VERSION {
        return Err(JournalError::Newer { found: header.v, known: VERSION });
    }
    let mut record = Record { app: header.app, release: header.release, rows: Vec::new(), blobs: BTreeMap::new() };
    while let Some(text) = lines.next()? {
        if let Ok(BlobLine { blob, content }) = serde_json::from_str(&text) {
            record.blobs.insert(blob, content.get().as_bytes().to_vec());
            continue;
        }
        let RowLine { form, seq, at, payload, prev, hash } = serde_json::from_str(&text)
            .map_err(|e| JournalError::Corrupt(format!("line {} of the file cannot be read: {e}", lines.n)))?;
        let payload = payload.get().as_bytes().to_vec();
        record.rows.push(Row { form, seq, at, payload, prev, hash });
    }
    if record.rows.len() as u64 != header.events {
        let text = format!("the file has {} of {} events", record.rows.len(), header.events);
        return Err(JournalError::Corrupt(text));
    }
    let events = codec::verify(&record)?.events;
    Release::fold(&events)
        .map_err(|illegal| JournalError::Corrupt(format!("the events do not fit together: {illegal}")))?;
    Ok(record)
}

/// The lines of a file, within the limits.
struct Lines<F> {
    /// What may still be read, and one byte that may not.
    file: Take<F>,
    /// The number of the last line.
    n: u64,
}

impl<F: BufRead> Lines<F> {
    fn next(&mut self) -> Result<Option<String>, JournalError> {
        self.n += 1;
        let here = |what: &str| JournalError::Corrupt(format!("line {} of the file {what}", self.n));
        let mut line = Vec::new();
        let read = (&mut self.file).take(LINE_LIMIT + 1).read_until(b'\n', &mut line);
        read.map_err(|e| here(&format!("cannot be read: {e}")))?;
        if line.len() as u64 > LINE_LIMIT {
            return Err(here(&format!("is longer than {} MiB", LINE_LIMIT >> 20)));
        }
        if self.file.limit() == 0 {
            return Err(JournalError::Corrupt(format!("the file is larger than {} MiB", FILE_LIMIT >> 20)));
        }
        if line.is_empty() {
            return Ok(None);
        }
        String::from_utf8(line).map(Some).map_err(|_| here("is not UTF-8 text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::MemoryJournal;
    use crate::journal::conformance::holder;
    use crate::model::release::samples::{at, id, started, warned};
    use crate::ports::journal::Journal;

    async fn file() -> String {
        let journal = MemoryJournal::new();
        let (lease, _) = journal.begin(&id("shop"), &id("r1"), started(), &holder("a"), at(0)).await.unwrap();
        let large = warned("長い".repeat(50_000));
        journal.append(&lease, 1, &[warned("審査"), large.clone(), large], at(1)).await.unwrap();
        to_file(&journal.export(&id("r1")).await.unwrap()).unwrap()
    }

    fn refused(text: &str) -> String {
        from_file(text.as_bytes()).unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_file_is_the_record_again_and_holds_each_blob_once() {
        let text = file().await;
        assert_eq!(text.lines().count(), 1 + 4 + 1);
        assert_eq!(to_file(&from_file(text.as_bytes()).unwrap()).unwrap(), text);
    }

    #[tokio::test]
    async fn what_was_changed_cut_off_left_out_or_put_elsewhere_is_seen() {
        let text = file().await;
        let lines: Vec<&str> = text.lines().collect();
        assert!(refused(&text.replace("審査", "審判")).contains("event 2 of r1 does not have its hash"));
        assert!(refused(&text.replacen("長い", "短い", 1)).contains("event 3 of r1 is incomplete"));
        assert!(refused(&lines[..4].join("\n")).contains("the file has 2 of 4 events"));
        let without: Vec<&str> = lines.iter().filter(|l| !l.contains("審査")).copied().collect();
        let counted = without.join("\n").replace("\"events\":4", "\"events\":3");
        assert!(refused(&counted).contains("event 3 of r1 stands where event 2 should"));
        assert!(refused(&text.replace("\"r1\"", "\"r2\"")).contains("does not have its hash"));
        assert!(refused(&text[..text.len() - 9]).contains("cannot be read"));
        assert!(refused(&text.replacen("\"app\":\"shop\"", "\"app\":\"shoq\"", 1)).contains("said to be one of shoq"));
    }

    #[tokio::test]
    async fn another_file_and_a_later_form_are_said_to_be_such() {
        assert!(refused("").contains("empty"));
        assert!(refused("version: 1\n").contains("not a file of `kanmon export`"));
        let later = file().await.replacen("{\"v\":1", "{\"v\":2", 1);
        assert_eq!(from_file(later.as_bytes()), Err(JournalError::Newer { found: 2, known: 1 }));
    }

    #[tokio::test]
    async fn a_line_or_a_file_that_never_ends_is_read_to_its_limit_and_no_further() {
        use std::io::{BufReader, Read, repeat};

        /// Counts what is taken of it.
        struct Counted<R>(R, u64);
        impl<R: Read> Read for Counted<R> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let n = self.0.read(buffer)?;
                self.1 += n as u64;
                Ok(n)
            }
        }
        let mut zeros = Counted(repeat(0), 0);
        let refused = from_file(BufReader::new(&mut zeros)).unwrap_err().to_string();
        assert!(refused.contains("line 1 of the file is longer than 16 MiB"), "{refused}");
        assert!(zeros.1 < LINE_LIMIT + 1_000_000, "{} bytes were read", zeros.1);

        let text = file().await;
        let (header, rest) = text.split_once('\n').unwrap();
        let blob = format!("{{\"blob\":\"x\",\"content\":\"{}\"}}\n", "y".repeat(8 * 1024 * 1024));
        let long = format!("{header}\n").into_bytes();
        let many = (0..20).fold(Box::new(std::io::Cursor::new(long)) as Box<dyn Read>, |all, _| {
            Box::new(all.chain(std::io::Cursor::new(blob.clone().into_bytes())))
        });
        let refused = from_file(BufReader::new(many.chain(rest.as_bytes()))).unwrap_err().to_string();
        assert!(refused.contains("the file is larger than 128 MiB"), "{refused}");
    }
}
