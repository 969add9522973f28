//! A record that somebody changed: every verb that reads it reports that, and nothing is changed because of it.

use std::path::{Path, PathBuf};

use kanmon::journal::SqliteJournal;
use kanmon::model::approval::Identity;
use kanmon::model::event::Fact;
use kanmon::model::ids::{AppName, ReleaseId};
use kanmon::model::inbox::MessageBody;
use kanmon::model::ledger::{StageAction, StageCommand};
use kanmon::model::warning::{BuildNotice, Warning};
use kanmon::ports::journal::{Holder, Journal as _, JournalError};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::binary::test_env::{Sandbox, TestEnv, release_in};

/// A release through one stage that has ended, and its environment.
struct Released {
    sandbox: Sandbox,
    test_env: TestEnv,
    id: String,
}

impl Released {
    fn new() -> Released {
        let sandbox = Sandbox::start();
        let test_env = TestEnv::demo(&sandbox);
        let ran = test_env.run(&sandbox.keys("developer"), &["release", "--until", "dev"]).ended(0);
        let id = release_in(&ran.out);
        Released { sandbox, test_env, id }
    }

    fn state(&self) -> PathBuf {
        self.test_env.root.path().join(".kanmon")
    }

    /// The database of the state, without its log.
    fn db(&self) -> Connection {
        let db = Connection::open(self.state().join("journal.db")).unwrap();
        db.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(())).unwrap();
        db
    }

    /// A copy of the state after this SQL.
    fn damaged(&self, sql: &str) -> tempfile::TempDir {
        drop(self.db());
        let copy = tempfile::tempdir().unwrap();
        std::fs::copy(self.state().join("journal.db"), copy.path().join("journal.db")).unwrap();
        Connection::open(copy.path().join("journal.db")).unwrap().execute_batch(sql).unwrap();
        copy
    }

    /// Asserts that every verb that reads the record refuses it with these words, and changes nothing in AWS.
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
            let ran = self.test_env.run(&keys, &[verb, &["--state", &place]].concat()).ended(40);
            let ran = ran.on_stderr("error: the record is damaged: ").on_stderr("restore the state from a backup");
            let output = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(output.contains(words), "{verb:?} does not say `{words}`:\n{}", ran.err);
        }
        assert_eq!(self.sandbox.changes(), before, "something was changed because of a damaged record");
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
        ("DELETE FROM events WHERE seq = 5".to_owned(), event(6, "is where event 5 should be")),
        ("DELETE FROM events WHERE seq = 1".to_owned(), event(2, "is where event 1 should be")),
        (
            format!("DELETE FROM events WHERE seq = {last}"),
            format!("the events of {id} end with event {}, but should end with event {last}", last - 1),
        ),
        (
            "UPDATE events SET seq = -1 WHERE seq = 5; UPDATE events SET seq = 5 WHERE seq = 6; UPDATE events SET seq = 6 WHERE seq = -1"
                .to_owned(),
            event(5, "does not follow the event before it"),
        ),
        (
            "UPDATE events SET payload = (SELECT o.payload FROM events o WHERE o.seq = 11 - events.seq) WHERE seq IN (5, 6)"
                .to_owned(),
            event(5, "does not match its hash"),
        ),
        (
            "UPDATE events SET payload = CAST(replace(CAST(payload AS TEXT), 'developer', 'managerrr') AS BLOB)".to_owned(),
            event(1, "does not match its hash"),
        ),
        (
            "UPDATE events SET at = '2026-01-01T00:00:00Z' WHERE seq = 7".to_owned(),
            event(7, "does not match its hash"),
        ),
    ];
    for (sql, words) in &cases {
        released.refused_by_all(released.damaged(sql).path(), words);
    }
    // The columns beside the events, which a listing reads too.
    let sql = format!(
        "UPDATE releases SET last_seq = {0} - 1, last_hash = (SELECT hash FROM events WHERE seq = {0} - 1)",
        last
    );
    released.refused_by_all(released.damaged(&sql).path(), &format!("the row of {id} does not match its hash"));
    let whole = released.damaged("SELECT 1");
    let place = format!("local:{}", whole.path().display());
    released.test_env.run(&[], &["history", id, "--state", &place]).ended(0);
}

#[test]
fn a_partly_erased_or_moved_release_is_detected() {
    let released = Released::new();
    for (sql, words) in [
        ("DELETE FROM releases", "is missing"),
        ("UPDATE releases SET app = 'hellp'", "is stored as a release of hellp"),
    ] {
        let state = released.damaged(sql);
        let place = format!("local:{}", state.path().display());
        for verb in ["history", "resume", "status"] {
            let ran = released.test_env.run(&released.sandbox.keys("developer"), &[verb, "--state", &place]).ended(40);
            ran.on_stderr("error: the record is damaged: ").on_stderr(words);
        }
    }
}

/// The value of a column with one flipped bit.
fn turned(value: &Value, at: usize) -> Value {
    match value {
        Value::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            // Flipping the lowest bit keeps ASCII valid text, which SQLite still returns.
            bytes[at] ^= 1;
            Value::Text(String::from_utf8(bytes).unwrap())
        }
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            Value::Blob(bytes)
        }
        // A bit that cannot turn an event's number into another event's number.
        Value::Integer(number) => Value::Integer(number ^ (64 << (at * 8))),
        Value::Real(_) | Value::Null => panic!("no such column: {value:?}"),
    }
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        // A number that is still valid in that column.
        Value::Integer(_) => 4,
        Value::Real(_) | Value::Null => 0,
    }
}

fn holder() -> Holder {
    Holder { id: "t".into(), who: "t@host, pid 1".into(), host: "elsewhere".into(), pid: 1 }
}

/// Fills every table: a release and a stage that are held, a word in the ledger, a message that waits and one that was read, and a fact
/// too large for its row.
async fn filled(journal: &SqliteJournal, app: &AppName, release: &ReleaseId) {
    let now = jiff::Timestamp::now();
    let by = Identity { arn: "a".into(), account: "111111111111".parse().unwrap(), user_id: "A".into() };
    let lease = journal.take(release, &holder(), None, now).await.unwrap();
    let stage = "prod".parse().unwrap();
    journal.lock_stage(app, &stage, &lease, None, now).await.unwrap();
    for reason in ["one", "two"] {
        let body = MessageBody::Abort { by: by.clone(), reason: reason.into(), roll_back: true };
        journal.send(release, body, now).await.unwrap();
    }
    let last = journal.read(release).await.unwrap().len() as u64;
    let warning = Warning::Build {
        image: "hello".parse().unwrap(),
        noticed: BuildNotice::SecretNames { files: vec!["long ".repeat(100_000)] },
    };
    let facts = [Fact::Absorbed { message: 1 }, Fact::Warned { warning }];
    journal.append(&lease, last, &facts, now).await.unwrap();
    let command = StageCommand { by, reason: "an incident".into(), action: StageAction::Freeze };
    journal.intervene(app, &stage, &command, now).await.unwrap();
}

#[tokio::test]
async fn every_byte_of_every_value_of_every_table_counts() {
    let released = Released::new();
    let (release, app): (ReleaseId, AppName) = (released.id.parse().unwrap(), "hello".parse().unwrap());
    let copy = released.damaged("PRAGMA journal_mode = WAL");
    let journal = SqliteJournal::open(copy.path()).unwrap();
    filled(&journal, &app, &release).await;
    let written = journal.read(&release).await.unwrap();
    let db = Connection::open(copy.path().join("journal.db")).unwrap();
    db.pragma_update(None, "synchronous", "OFF").unwrap();
    let tables: Vec<String> = {
        let mut names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
        names.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(tables, ["chunks", "events", "inbox", "ledgers", "releases", "stages"]);

    let (mut turns, mut harmless, mut missed) = (0, 0, Vec::new());
    for table in &tables {
        let (mut columns, mut keys) = (Vec::new(), Vec::new());
        let mut info = db.prepare(&format!("PRAGMA table_info({table})")).unwrap();
        let mut rows = info.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            columns.push(row.get::<_, String>("name").unwrap());
            if row.get::<_, i64>("pk").unwrap() > 0 {
                keys.push(columns.len() - 1);
            }
        }
        let mut all = db.prepare(&format!("SELECT {} FROM {table}", columns.join(", "))).unwrap();
        let values = |r: &rusqlite::Row<'_>| (0..columns.len()).map(|n| r.get(n)).collect::<Result<Vec<Value>, _>>();
        let rows: Vec<Vec<Value>> = all.query_map([], values).unwrap().map(Result::unwrap).collect();
        assert!(!rows.is_empty(), "{table} is empty");
        let this: Vec<String> = keys.iter().map(|k| format!("{} = ?{}", columns[*k], k + 2)).collect();
        let put = |at: usize, row: &[Value], value: &Value| {
            let sql = format!("UPDATE {table} SET {} = ?1 WHERE {}", columns[at], this.join(" AND "));
            let mut put = db.prepare_cached(&sql).unwrap();
            put.raw_bind_parameter(1, value).unwrap();
            for key in &keys {
                put.raw_bind_parameter(key + 2, &row[*key]).unwrap();
            }
            assert_eq!(put.raw_execute().unwrap(), 1, "{table}.{}", columns[at]);
        };
        for row in &rows {
            for (at, value) in row.iter().enumerate() {
                for byte in 0..bytes_of(value) {
                    let mut changed = row.clone();
                    changed[at] = turned(value, byte);
                    put(at, row, &changed[at]);
                    turns += 1;
                    let mut found = Vec::new();
                    match table.as_str() {
                        "ledgers" | "stages" => {
                            for stage in ["dev", "prod"] {
                                found.push(journal.ledger(&app, &stage.parse().unwrap()).await.map(drop));
                            }
                        }
                        // A blob is checked against its name; unused bits of its compression may change.
                        "chunks" => match journal.read(&release).await {
                            Ok(read) if read == written => {
                                harmless += 1;
                                put(at, &changed, value);
                                continue;
                            }
                            read => found.push(read.map(drop)),
                        },
                        _ => found.push(journal.read(&release).await.map(drop)),
                    }
                    if !found.iter().any(|f| matches!(f, Err(JournalError::Corrupt(_) | JournalError::Newer { .. }))) {
                        missed.push(format!("{table}.{}, byte {byte}: {found:?}", columns[at]));
                    }
                    // The key of this row may have been changed.
                    put(at, &changed, value);
                }
            }
        }
    }
    journal.read(&release).await.expect("whole again");
    let found = turns - harmless - missed.len();
    crate::real::end_to_end::print_line(&format!(
        "{found} of {turns} turned bytes were found, {harmless} had no effect"
    ));
    assert!(turns > 5000 && harmless < 20, "{turns} bytes were changed, {harmless} had no effect");
    assert_eq!(missed, Vec::<String>::new());
}

#[test]
fn a_freeze_and_a_quarantine_cannot_be_erased_unnoticed() {
    let released = Released::new();
    released.test_env.run(&released.sandbox.keys("manager"), &["freeze", "dev", "--comment", "an incident"]).ended(0);
    let before = released.sandbox.changes();
    for (sql, words) in [
        ("DELETE FROM ledgers", "the ledger of stage dev is missing"),
        ("DELETE FROM stages", "the ledger of stage dev is there, but the stage's own row is missing"),
        ("DELETE FROM ledgers; DELETE FROM stages", "has entered the stage"),
        (
            "UPDATE ledgers SET body = replace(body, 'incident', 'accident')",
            "the ledger of stage dev does not match its hash",
        ),
    ] {
        let state = released.damaged(sql);
        let place = format!("local:{}", state.path().display());
        for verb in
            [&["release", "--until", "dev"][..], &["status", "--offline"], &["unfreeze", "dev", "--comment", "x"]]
        {
            let ran =
                released.test_env.run(&released.sandbox.keys("developer"), &[verb, &["--state", &place]].concat());
            let ran =
                ran.ended(40).on_stderr("error: the record is damaged: ").on_stderr("restore the state from a backup");
            let output = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(output.contains(words), "{verb:?} after `{sql}` does not say `{words}`:\n{}", ran.err);
        }
    }
    assert_eq!(released.sandbox.changes(), before, "something was changed because of a damaged record");
}

#[tokio::test]
async fn answers_to_a_release_cannot_be_erased_unnoticed() {
    let released = Released::new();
    let (release, app): (ReleaseId, AppName) = (released.id.parse().unwrap(), "hello".parse().unwrap());
    filled(&SqliteJournal::open(&released.state()).unwrap(), &app, &release).await;
    for (sql, words) in [
        ("DELETE FROM inbox", "message 1 to"),
        ("DELETE FROM inbox WHERE id = 2", "message 2 to"),
        ("UPDATE inbox SET body = (SELECT o.body FROM inbox o WHERE o.id = 3 - inbox.id)", "message 1 to"),
        ("UPDATE releases SET absorbed = 2", "the row of"),
        ("UPDATE releases SET last_message = 1; DELETE FROM inbox WHERE id = 2", "the row of"),
    ] {
        released.refused_by_all(released.damaged(sql).path(), words);
    }
}
