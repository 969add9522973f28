//! A record that somebody changed: found by whoever reads it, named, and nothing is done on its word.

use std::path::{Path, PathBuf};

use kanmon::journal::SqliteJournal;
use kanmon::model::ids::ReleaseId;
use kanmon::ports::journal::{Journal as _, JournalError};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::binary::rig::{Desk, Sandbox, release_in};

/// A release through one stage, whole and ended, and what it was released with.
struct Released {
    sandbox: Sandbox,
    desk: Desk,
    id: String,
}

impl Released {
    fn new() -> Released {
        let sandbox = Sandbox::start();
        let desk = Desk::demo(&sandbox);
        let ran = desk.run(&sandbox.keys("developer"), &["release", "--until", "dev"]).ended(0);
        let id = release_in(&ran.out);
        Released { sandbox, desk, id }
    }

    fn state(&self) -> PathBuf {
        self.desk.root.path().join(".kanmon")
    }

    /// The state's file alone, without a log beside it.
    fn db(&self) -> Connection {
        let db = Connection::open(self.state().join("journal.db")).unwrap();
        db.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(())).unwrap();
        db
    }

    /// The same state with this done to it, while nobody looks.
    fn damaged(&self, sql: &str) -> tempfile::TempDir {
        drop(self.db());
        let copy = tempfile::tempdir().unwrap();
        std::fs::copy(self.state().join("journal.db"), copy.path().join("journal.db")).unwrap();
        Connection::open(copy.path().join("journal.db")).unwrap().execute_batch(sql).unwrap();
        copy
    }

    /// Every verb that reads the record refuses it with these words, and asks AWS for nothing that changes anything.
    fn refused_by_all(&self, state: &Path, words: &str) {
        let place = format!("local:{}", state.display());
        let before = self.sandbox.changes();
        let keys = self.sandbox.keys("developer");
        let verbs: [&[&str]; 7] = [
            &["history"],
            &["history", &self.id],
            &["resume", &self.id],
            &["promote", &self.id, "--to", "staging"],
            &["export", &self.id],
            &["status", "--offline"],
            &["abort", &self.id],
        ];
        for verb in verbs {
            let ran = self.desk.run(&keys, &[verb, &["--state", &place]].concat()).ended(40);
            let ran = ran.told("error: the record is damaged: ").told("restore the state folder from a backup");
            let told = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(told.contains(words), "{verb:?} does not say `{words}`:\n{}", ran.err);
        }
        assert_eq!(self.sandbox.changes(), before, "something was changed on the word of a damaged record");
    }
}

#[test]
fn a_row_dropped_two_swapped_or_one_changed_is_named_by_every_verb_that_reads() {
    let released = Released::new();
    let last: u32 = released.db().query_row("SELECT max(seq) FROM events", [], |r| r.get(0)).unwrap();
    assert!(last > 10, "{last} events");
    let id = &released.id;
    let event = |n: u32, what: &str| format!("event {n} of {id} {what}");
    let cases = [
        ("DELETE FROM events WHERE seq = 5".to_owned(), event(6, "stands where event 5 should")),
        ("DELETE FROM events WHERE seq = 1".to_owned(), event(2, "stands where event 1 should")),
        (
            format!("DELETE FROM events WHERE seq = {last}"),
            format!("the journal of {id} ends with event {}, not with event {last} as noted", last - 1),
        ),
        (
            "UPDATE events SET seq = -1 WHERE seq = 5; UPDATE events SET seq = 5 WHERE seq = 6; UPDATE events SET seq = 6 WHERE seq = -1"
                .to_owned(),
            event(5, "does not follow the event before it"),
        ),
        (
            "UPDATE events SET payload = (SELECT o.payload FROM events o WHERE o.seq = 11 - events.seq) WHERE seq IN (5, 6)"
                .to_owned(),
            event(5, "does not have its hash"),
        ),
        (
            "UPDATE events SET payload = CAST(replace(CAST(payload AS TEXT), 'developer', 'managerrr') AS BLOB)".to_owned(),
            event(1, "does not have its hash"),
        ),
        (
            "UPDATE events SET at = '2026-01-01T00:00:00Z' WHERE seq = 7".to_owned(),
            event(7, "does not have its hash"),
        ),
    ];
    for (sql, words) in &cases {
        released.refused_by_all(released.damaged(sql).path(), words);
    }
    // What is noted beside the events: a listing reads them too.
    let sql = format!(
        "UPDATE releases SET last_seq = {0} - 1, last_hash = (SELECT hash FROM events WHERE seq = {0} - 1)",
        last
    );
    released.refused_by_all(
        released.damaged(&sql).path(),
        &format!("ends with event {last}, not with event {} as noted", last - 1),
    );
    let whole = released.damaged("SELECT 1");
    let place = format!("local:{}", whole.path().display());
    released.desk.run(&[], &["history", id, "--state", &place]).ended(0);
}

#[test]
fn a_release_that_was_erased_by_half_or_filed_elsewhere_is_not_overlooked() {
    let released = Released::new();
    for (sql, words) in [
        ("DELETE FROM releases", "has events, and is not noted as a release"),
        ("UPDATE releases SET app = 'hellp'", "what is noted as the application of"),
    ] {
        let state = released.damaged(sql);
        let place = format!("local:{}", state.path().display());
        for verb in ["history", "resume", "status"] {
            let ran = released.desk.run(&released.sandbox.keys("developer"), &[verb, "--state", &place]).ended(40);
            ran.told("error: the record is damaged: ").told(words);
        }
    }
}

/// What a column holds, with one bit of one byte turned; `None` where this is no value of that column any more.
fn turned(value: &Value, at: usize) -> Value {
    match value {
        Value::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            // The lowest bit keeps ASCII what it is: text that SQLite would still hand out.
            bytes[at] ^= 1;
            Value::Text(String::from_utf8(bytes).unwrap())
        }
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            Value::Blob(bytes)
        }
        // A bit that makes no event's number another event's.
        Value::Integer(number) => Value::Integer(number ^ (64 << (at * 8))),
        Value::Real(_) | Value::Null => panic!("no such column: {value:?}"),
    }
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        // One that SQLite would still take for a number of that column.
        Value::Integer(_) => 4,
        Value::Real(_) | Value::Null => 0,
    }
}

#[tokio::test]
async fn every_byte_of_every_value_of_the_record_counts() {
    let released = Released::new();
    let release: ReleaseId = released.id.parse().unwrap();
    let app = "hello".parse().unwrap();
    let copy = released.damaged("PRAGMA journal_mode = WAL");
    let journal = SqliteJournal::open(copy.path()).unwrap();
    journal.read(&release).await.unwrap();
    let db = Connection::open(copy.path().join("journal.db")).unwrap();
    db.pragma_update(None, "synchronous", "OFF").unwrap();

    // Leases (`fence`, `hold`) say who works on it now and are no part of the record.
    let tables = [
        ("events", &["seq", "form", "at", "payload", "prev", "hash"][..]),
        ("releases", &["app", "started_at", "last_at", "form", "last_seq", "last_hash"]),
        ("ledgers", &["body", "hash"]),
    ];
    let (mut turns, mut missed) = (0, Vec::new());
    for (table, columns) in tables {
        for column in columns {
            let id = if table == "events" { "rowid" } else { "last_seq" };
            let id = if table == "ledgers" { "stage" } else { id };
            let mut rows = db.prepare(&format!("SELECT {id}, {column} FROM {table}")).unwrap();
            let rows: Vec<(Value, Value)> =
                rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap().map(Result::unwrap).collect();
            assert!(!rows.is_empty(), "{table} is empty");
            let put = |key: &Value, value: &Value| {
                db.execute(&format!("UPDATE {table} SET {column} = ?2 WHERE {id} = ?1"), [key, value]).unwrap()
            };
            for (key, value) in rows {
                for at in 0..bytes_of(&value) {
                    let changed = turned(&value, at);
                    // The key of this very row may be what changes.
                    let now = if *column == id { changed.clone() } else { key.clone() };
                    assert_eq!(put(&key, &changed), 1);
                    turns += 1;
                    let read = match table {
                        "ledgers" => journal.ledger(&app, &"dev".parse().unwrap()).await.map(drop),
                        _ => journal.read(&release).await.map(drop),
                    };
                    if !matches!(read, Err(JournalError::Corrupt(_) | JournalError::Newer { .. })) {
                        missed.push(format!("{table}.{column} of {key:?}, byte {at}: {read:?}"));
                    }
                    assert_eq!(put(&now, &value), 1);
                }
            }
        }
    }
    journal.read(&release).await.expect("whole again");
    crate::real::road::tell(&format!("{} of {turns} turned bytes were found", turns - missed.len()));
    assert!(turns > 5000, "only {turns} bytes were turned");
    assert_eq!(missed, Vec::<String>::new());
}
