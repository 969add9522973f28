//! A release's record as a file: one JSON value a line, the rows as their stores keep them, so that hashes stay what they are.
//!
//! The first line is the header. A line `{"blob":…,"content":…}` comes before the first row that names it; every other line is
//! a row, its fact or its blob's reference under `payload`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead, Read as _, Take};

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::codec;
use crate::model::fault::state::{Flaw, Part};
use crate::model::ids::{AppName, ReleaseId};
use crate::model::illegal::Illegal;
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
    let mut written = BTreeSet::new();
    let raw = |payload: &[u8], seq| raw(payload, || Part::Event { release: release.clone(), seq });
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
    let value = to_raw_value(value).map_err(|e| codec::not_encodable(&e))?;
    writeln!(text, "{value}").expect("writing to a string does not fail");
    Ok(())
}

fn raw(payload: &[u8], of: impl FnOnce() -> Part) -> Result<Box<RawValue>, JournalError> {
    let text = String::from_utf8_lossy(payload).into_owned();
    RawValue::from_string(text).map_err(|e| of().is(Flaw::Unreadable { error: e.to_string() }))
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
            .map_err(|e| Part::File.is(Flaw::NotAnExport { kind: None, error: Some(e.to_string()) }))?,
        None => return Err(Part::File.is(Flaw::Empty)),
    };
    if header.kind != KIND {
        return Err(Part::File.is(Flaw::NotAnExport { kind: Some(header.kind), error: None }));
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
        let unreadable =
            |e: serde_json::Error| Part::FileLine { line: lines.n }.is(Flaw::Unreadable { error: e.to_string() });
        let RowLine { form, seq, at, payload, prev, hash } = serde_json::from_str(&text).map_err(unreadable)?;
        let payload = payload.get().as_bytes().to_vec();
        record.rows.push(Row { form, seq, at, payload, prev, hash });
    }
    if record.rows.len() as u64 != header.events {
        let flaw = Flaw::EventCount { found: record.rows.len() as u64, expected: header.events };
        return Err(Part::File.is(flaw));
    }
    let events = codec::verify(&record)?.events;
    let inconsistent = |illegal: Illegal| {
        Part::Events { release: record.release.clone() }.is(Flaw::Inconsistent { illegal: Box::new(illegal) })
    };
    Release::fold(&events).map_err(inconsistent)?;
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
        let n = self.n;
        let here = |flaw| Part::FileLine { line: n }.is(flaw);
        let mut line = Vec::new();
        let read = (&mut self.file).take(LINE_LIMIT + 1).read_until(b'\n', &mut line);
        read.map_err(|e| here(Flaw::Unreadable { error: e.to_string() }))?;
        if line.len() as u64 > LINE_LIMIT {
            return Err(here(Flaw::TooLarge { mib: LINE_LIMIT >> 20 }));
        }
        if self.file.limit() == 0 {
            return Err(Part::File.is(Flaw::TooLarge { mib: FILE_LIMIT >> 20 }));
        }
        if line.is_empty() {
            return Ok(None);
        }
        String::from_utf8(line).map(Some).map_err(|_| here(Flaw::NotUtf8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::MemoryJournal;
    use crate::journal::conformance::holder;
    use crate::model::fault::state::Damage;
    use crate::model::release::samples::{at, id, started, warned};
    use crate::ports::journal::Journal;

    async fn file() -> String {
        let journal = MemoryJournal::new();
        let (lease, _) = journal.begin(&id("shop"), &id("r1"), started(), &holder("a"), at(0)).await.unwrap();
        let large = warned("長い".repeat(50_000));
        journal.append(&lease, 1, &[warned("審査"), large.clone(), large], at(1)).await.unwrap();
        to_file(&journal.export(&id("r1")).await.unwrap()).unwrap()
    }

    fn refused(text: &str) -> Damage {
        damage(from_file(text.as_bytes()))
    }

    fn damage(read: Result<Record, JournalError>) -> Damage {
        match read {
            Err(JournalError::Corrupt(damage)) => damage,
            other => panic!("{other:?}"),
        }
    }

    fn event(seq: u64, flaw: Flaw) -> Damage {
        Damage { part: Part::Event { release: id("r1"), seq }, flaw }
    }

    #[tokio::test]
    async fn a_file_is_the_record_again_and_holds_each_blob_once() {
        let text = file().await;
        assert_eq!(text.lines().count(), 1 + 4 + 1);
        assert_eq!(to_file(&from_file(text.as_bytes()).unwrap()).unwrap(), text);
    }

    #[tokio::test]
    async fn changed_cut_missing_or_moved_parts_of_a_file_are_found() {
        let text = file().await;
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(refused(&text.replace("審査", "審判")), event(2, Flaw::HashMismatch));
        let shorter = refused(&text.replacen("長い", "短い", 1));
        assert!(matches!(&shorter, Damage { flaw: Flaw::Blob { .. }, .. }), "{shorter:?}");
        assert_eq!(refused(&lines[..4].join("\n")).flaw, Flaw::EventCount { found: 2, expected: 4 });
        let without: Vec<&str> = lines.iter().filter(|l| !l.contains("審査")).copied().collect();
        let counted = without.join("\n").replace("\"events\":4", "\"events\":3");
        assert_eq!(refused(&counted), event(3, Flaw::Misplaced { expected: 2 }));
        assert_eq!(refused(&text.replace("\"r1\"", "\"r2\"")).flaw, Flaw::HashMismatch);
        let cut = refused(&text[..text.len() - 9]);
        assert!(matches!(&cut, Damage { part: Part::FileLine { .. }, flaw: Flaw::Unreadable { .. } }), "{cut:?}");
        let other = refused(&text.replacen("\"app\":\"shop\"", "\"app\":\"shoq\"", 1));
        assert_eq!(other.flaw, Flaw::OtherApp { stored: id("shoq"), events: id("shop") });
    }

    #[tokio::test]
    async fn another_file_and_a_later_format_are_refused() {
        assert_eq!(refused("").flaw, Flaw::Empty);
        assert!(matches!(refused("version: 1\n").flaw, Flaw::NotAnExport { .. }));
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
        let refused = damage(from_file(BufReader::new(&mut zeros)));
        assert_eq!(refused, Damage { part: Part::FileLine { line: 1 }, flaw: Flaw::TooLarge { mib: 16 } });
        assert!(zeros.1 < LINE_LIMIT + 1_000_000, "{} bytes were read", zeros.1);

        let text = file().await;
        let (header, rest) = text.split_once('\n').unwrap();
        let blob = format!("{{\"blob\":\"x\",\"content\":\"{}\"}}\n", "y".repeat(8 * 1024 * 1024));
        let long = format!("{header}\n").into_bytes();
        let many = (0..20).fold(Box::new(std::io::Cursor::new(long)) as Box<dyn Read>, |all, _| {
            Box::new(all.chain(std::io::Cursor::new(blob.clone().into_bytes())))
        });
        let refused = damage(from_file(BufReader::new(many.chain(rest.as_bytes()))));
        assert_eq!(refused, Damage { part: Part::File, flaw: Flaw::TooLarge { mib: 128 } });
    }
}
