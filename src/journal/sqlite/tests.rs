use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::SqliteJournal;
use super::open::{Trust, open, open_read_only};
use crate::journal::conformance::{Dead, TestStore, conformance, ended, holder};
use crate::journal::process::{has_ended, this_process};
use crate::model::event::{Event, Fact};
use crate::model::fault::state::{Damage, Exposure, ExposureOutcome, Flaw, Part, StoreProblem};
use crate::model::ids::ReleaseId;
use crate::model::ledger::{StageAction, StageCommand};
use crate::model::release::samples::{at, id, started, warned};
use crate::ports::journal::{Holder, Journal, JournalError, Lease};

pub(in crate::journal) fn test_store() -> TestStore {
    let (dead, dir) = (Dead::default(), tempfile::tempdir().unwrap());
    let opened = open(&dir.path().join(".kanmon"), Trust::Named).unwrap();
    let journal = SqliteJournal::start(opened, Arc::new(ended(&dead))).unwrap();
    TestStore { journal: Box::new(journal), dead, _dir: Some(dir) }
}

conformance!(test_store());

fn release() -> ReleaseId {
    id("r1")
}

async fn begin(journal: &SqliteJournal) -> Lease {
    journal.begin(&id("shop"), &release(), started(), &holder("a"), at(0)).await.unwrap().0
}

/// A closed journal of a few events.
async fn small(dir: &Path) -> Vec<Event> {
    let journal = SqliteJournal::open(dir).unwrap();
    let lease = begin(&journal).await;
    journal.append(&lease, 1, &[warned("one"), warned("two"), warned("three")], at(1)).await.unwrap();
    journal.read(&release()).await.unwrap()
}

fn raw(dir: &Path) -> Connection {
    Connection::open(dir.join("journal.db")).unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn is_corrupt(journal: &SqliteJournal, what: &str) {
    let read = journal.read(&release()).await;
    assert!(matches!(read, Err(JournalError::Corrupt(_))), "{what}: {read:?}");
}

#[tokio::test]
async fn what_was_appended_is_there_when_it_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let written = small(dir.path()).await;
    let journal = SqliteJournal::open(dir.path()).unwrap();
    assert_eq!(journal.read(&release()).await.unwrap(), written);
}

#[tokio::test]
async fn its_files_are_for_the_user_only_and_never_committed() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("deep/.kanmon");
    let journal = SqliteJournal::open(&state).unwrap();
    begin(&journal).await;
    assert_eq!(mode(&state), 0o700);
    for file in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        assert_eq!(mode(&state.join(file)), 0o600, "{file}");
    }
    assert_eq!(std::fs::read_to_string(state.join(".gitignore")).unwrap(), "*\n");
}

#[tokio::test]
async fn it_is_durable_by_the_pragmas_that_make_it_so() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let pragmas = journal.call(|opened| {
        let db = &opened.db;
        let mode: String = db.pragma_query_value(None, "journal_mode", |r| r.get(0))?;
        let synchronous: i32 = db.pragma_query_value(None, "synchronous", |r| r.get(0))?;
        Ok((mode, synchronous))
    });
    assert_eq!(pragmas.await.unwrap(), ("wal".into(), 2));
}

#[tokio::test]
async fn every_byte_of_every_payload_counts() {
    let dir = tempfile::tempdir().unwrap();
    small(dir.path()).await;
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let db = raw(dir.path());
    // Without waiting for the disk: this damages on purpose, some thousand times.
    db.pragma_update(None, "synchronous", "OFF").unwrap();
    let mut rows = db.prepare("SELECT seq, payload FROM events ORDER BY seq").unwrap();
    let rows: Vec<(i64, Vec<u8>)> =
        rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap();
    let put = |seq: i64, payload: &[u8]| {
        db.execute("UPDATE events SET payload = ?2 WHERE seq = ?1", params![seq, payload]).unwrap();
    };
    for (seq, payload) in &rows {
        for n in 0..payload.len() {
            let mut damaged = payload.clone();
            damaged[n] ^= 1;
            put(*seq, &damaged);
            is_corrupt(&journal, &format!("byte {n} of event {seq}")).await;
        }
        put(*seq, payload);
    }
    assert_eq!(journal.read(&release()).await.unwrap().len(), rows.len());
}

#[tokio::test]
async fn damage_to_any_other_part_of_the_rows_is_found() {
    let damages = [
        "UPDATE events SET at = '2027-01-15T08:00:02Z' WHERE seq = 2",
        "UPDATE events SET at = 'never' WHERE seq = 2",
        "UPDATE events SET form = 0 WHERE seq = 2",
        "UPDATE events SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 2",
        "UPDATE events SET prev = replace(prev, substr(prev, 1, 1), 'x') WHERE seq = 2",
        "UPDATE events SET seq = -2 WHERE seq = 2",
        "UPDATE events SET hash = CAST(x'ff' AS TEXT) WHERE seq = 2",
        "UPDATE releases SET last_hash = replace(last_hash, substr(last_hash, 1, 1), 'x')",
        "UPDATE releases SET last_seq = 3",
        "DELETE FROM events WHERE seq = 1",
        "DELETE FROM events WHERE seq = 3",
        "DELETE FROM events WHERE seq = 4",
        "DELETE FROM events",
        // Two rows swapped, with all they say, and with their numbers put right.
        "UPDATE events SET seq = 99 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3;
         UPDATE events SET seq = 3 WHERE seq = 99",
        // Only what they say is swapped.
        "UPDATE events SET payload = (SELECT o.payload FROM events o WHERE o.seq = 5 - events.seq) WHERE seq IN (2, 3)",
        // A row that was never appended.
        "INSERT INTO events SELECT release, 5, form, at, payload, prev, hash FROM events WHERE seq = 4",
    ];
    for damage in damages {
        let dir = tempfile::tempdir().unwrap();
        small(dir.path()).await;
        raw(dir.path()).execute_batch(damage).unwrap();
        is_corrupt(&SqliteJournal::open(dir.path()).unwrap(), damage).await;
    }
}

#[tokio::test]
async fn damage_to_a_blob_a_message_or_a_ledger_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let lease = begin(&journal).await;
    let by = crate::model::approval::Identity { arn: "a".into(), account: id("012345678901"), user_id: "A".into() };
    let abort = crate::model::inbox::MessageBody::Abort { by, reason: "x".into(), roll_back: true };
    journal.send(&release(), abort, at(0)).await.unwrap();
    journal.lock_stage(&id("shop"), &id("dev"), &lease, None, at(0)).await.unwrap();
    let entered = crate::model::event::Fact::StageEntered { stage: id("dev") };
    journal.append(&lease, 1, &[entered, warned("long ".repeat(100_000))], at(1)).await.unwrap();
    let db = raw(dir.path());
    db.execute_batch(
        "UPDATE inbox SET body = replace(body, 'true', 'false'); UPDATE ledgers SET body = replace(body, 'r1', 'r2');",
    )
    .unwrap();
    assert!(matches!(journal.inbox(&release()).await, Err(JournalError::Corrupt(_))));
    assert!(matches!(journal.ledger(&id("shop"), &id("dev")).await, Err(JournalError::Corrupt(_))));
    is_corrupt(&journal, "a message").await;
    db.execute_batch("UPDATE inbox SET body = replace(body, 'false', 'true')").unwrap();
    assert_eq!(journal.read(&release()).await.unwrap().len(), 3);
    let mut bytes: Vec<u8> = db.query_row("SELECT bytes FROM chunks", [], |r| r.get(0)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    db.execute("UPDATE chunks SET bytes = ?1", [bytes]).unwrap();
    is_corrupt(&journal, "a chunk").await;
    db.execute_batch("DELETE FROM chunks").unwrap();
    is_corrupt(&journal, "no chunk").await;
}

#[tokio::test]
async fn a_file_that_is_not_a_database_or_not_kanmons_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("journal.db"), "not a database, but long enough to be looked at".repeat(99))
        .unwrap();
    let refused = SqliteJournal::open(dir.path()).err().unwrap();
    let JournalError::Corrupt(Damage { part: Part::Database { file: Some(file) }, .. }) = refused else {
        panic!("{refused}")
    };
    assert!(file.ends_with("journal.db"), "{file}");

    let dir = tempfile::tempdir().unwrap();
    raw(dir.path()).execute_batch("CREATE TABLE theirs (x)").unwrap();
    let refused = SqliteJournal::open(dir.path()).err().unwrap();
    assert_eq!(refused, Part::Database { file: None }.is(Flaw::NotKanmons));
    let theirs: u32 = raw(dir.path()).query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0)).unwrap();
    assert_eq!(theirs, 1, "and left alone");
}

#[tokio::test]
async fn a_file_of_a_later_kanmon_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    small(dir.path()).await;
    raw(dir.path()).pragma_update(None, "user_version", 7).unwrap();
    let refused = SqliteJournal::open(dir.path()).err().unwrap();
    assert_eq!(refused, JournalError::Newer { found: 7, known: 3 });
    let left: u32 = raw(dir.path()).pragma_query_value(None, "user_version", |r| r.get(0)).unwrap();
    assert_eq!(left, 7);
}

#[tokio::test]
async fn a_release_in_a_later_format_is_neither_read_nor_written() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let lease = begin(&journal).await;
    raw(dir.path()).execute_batch("UPDATE events SET form = 3; UPDATE releases SET form = 3").unwrap();
    let newer = JournalError::Newer { found: 3, known: 2 };
    assert_eq!(journal.read(&release()).await.unwrap_err(), newer);
    assert_eq!(journal.append(&lease, 1, &[warned("x")], at(1)).await.unwrap_err(), newer);
}

#[tokio::test]
async fn a_record_in_a_format_from_before_the_first_release_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let lease = begin(&journal).await;
    raw(dir.path()).execute_batch("UPDATE events SET form = 1; UPDATE releases SET form = 1").unwrap();
    let older = JournalError::Older { found: 1, known: 2 };
    assert_eq!(journal.read(&release()).await.unwrap_err(), older);
    assert_eq!(journal.append(&lease, 1, &[warned("x")], at(1)).await.unwrap_err(), older);
}

#[tokio::test]
async fn a_read_only_journal_is_read_and_refuses_writes() {
    let dir = tempfile::tempdir().unwrap();
    let written = small(dir.path()).await;
    let opened = open_read_only(&dir.path().join("journal.db")).unwrap();
    let journal = SqliteJournal::start(opened, Arc::new(has_ended)).unwrap();
    assert!(!journal.is_writable());
    assert_eq!(journal.read(&release()).await.unwrap(), written);
    assert!(!dir.path().join("journal.db-shm").exists(), "nothing is made beside it");
    let refused = journal.take(&release(), &holder("b"), None, at(999)).await.unwrap_err();
    assert!(matches!(refused, JournalError::Store(StoreProblem::ReadOnly { .. })), "{refused}");
}

#[tokio::test]
async fn a_reader_reads_what_is_in_the_log_of_a_running_process() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    begin(&journal).await;
    let opened = open_read_only(&dir.path().join("journal.db")).unwrap();
    let reader = SqliteJournal::start(opened, Arc::new(has_ended)).unwrap();
    assert_eq!(reader.read(&release()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_disk_is_reported_and_the_journal_stays_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let lease = begin(&journal).await;
    let pages = journal.call(|opened| {
        let pages: u32 = opened.db.pragma_query_value(None, "page_count", |r| r.get(0))?;
        Ok(opened.db.pragma_update_and_check(None, "max_page_count", pages + 2, |r| r.get::<_, u32>(0))?)
    });
    pages.await.unwrap();
    let large: Vec<_> = (0..40).map(|n| warned(n.to_string().repeat(1000))).collect();
    let refused = journal.append(&lease, 1, &large, at(1)).await.unwrap_err();
    assert!(matches!(refused, JournalError::Store(StoreProblem::DiskFull { .. })), "{refused}");
    assert_eq!(journal.read(&release()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_there_already_and_open_to_others_is_closed_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join(".kanmon");
    drop(small(&own).await);
    assert!(SqliteJournal::open(&own).unwrap().exposed().is_empty());
    let open = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    open(&own, 0o755);
    open(&own.join("journal.db"), 0o664);
    let journal = SqliteJournal::open(&own).unwrap();
    let closed =
        |path: &Path, mode| Exposure { path: path.display().to_string(), mode, outcome: ExposureOutcome::Closed };
    assert_eq!(journal.exposed(), [closed(&own, 0o755), closed(&own.join("journal.db"), 0o664)]);
    assert_eq!((mode(&own), mode(&own.join("journal.db"))), (0o700, 0o600));

    // A folder that a user named may be there for other things too: only the files in it are kanmon's.
    let named = dir.path().join("shared");
    drop(small(&named).await);
    open(&named, 0o770);
    let journal = SqliteJournal::open(&named).unwrap();
    let left = Exposure { path: named.display().to_string(), mode: 0o770, outcome: ExposureOutcome::Left };
    assert_eq!(journal.exposed(), [left]);
    assert_eq!(mode(&named), 0o770);
}

/// Two releases and two stages, one of which was entered; one message waits and one was absorbed; people have intervened.
async fn busy(dir: &Path) -> SqliteJournal {
    let journal = SqliteJournal::open(dir).unwrap();
    let lease = begin(&journal).await;
    let by = || crate::model::approval::Identity { arn: "a".into(), account: id("012345678901"), user_id: "A".into() };
    for reason in ["one", "two"] {
        let abort = crate::model::inbox::MessageBody::Abort { by: by(), reason: reason.into(), roll_back: true };
        journal.send(&release(), abort, at(0)).await.unwrap();
    }
    for (stage, fence) in [("dev", 1), ("prod", 1)] {
        journal.lock_stage(&id("shop"), &id(stage), &lease, None, at(0)).await.unwrap();
        let action = StageAction::BreakLock { release: id("r7"), fence };
        let command = StageCommand { by: by(), reason: stage.into(), action };
        let _ = journal.intervene(&id("shop"), &id(stage), &command, at(1)).await;
    }
    let freeze = StageCommand { by: by(), reason: "an incident".into(), action: StageAction::Freeze };
    journal.intervene(&id("shop"), &id("prod"), &freeze, at(1)).await.unwrap();
    let facts =
        [Fact::StageEntered { stage: id("dev") }, Fact::Absorbed { message: 1 }, warned("long ".repeat(100_000))];
    journal.append(&lease, 1, &facts, at(1)).await.unwrap();
    journal.begin(&id("shop"), &id("r2"), started(), &holder("b"), at(2)).await.unwrap();
    journal
}

/// Whether reading everything finds damage.
async fn finds(journal: &SqliteJournal) -> bool {
    let app = id("shop");
    let mut found = vec![journal.list(&app).await.map(drop)];
    for release in [id("r1"), id("r2")] {
        found.push(journal.read(&release).await.map(drop));
        found.push(journal.inbox(&release).await.map(drop));
    }
    for stage in [id("dev"), id("prod")] {
        found.push(journal.ledger(&app, &stage).await.map(drop));
        found.push(journal.holder(&app, &stage).await.map(drop));
    }
    found
        .iter()
        .any(|f| matches!(f, Err(JournalError::Corrupt(_) | JournalError::Newer { .. } | JournalError::Older { .. })))
}

const TABLES: [&str; 6] = ["releases", "events", "chunks", "inbox", "stages", "ledgers"];

#[tokio::test]
async fn a_removed_or_swapped_row_of_any_table_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let journal = busy(dir.path()).await;
    assert!(!finds(&journal).await);
    let db = raw(dir.path());
    db.pragma_update(None, "synchronous", "OFF").unwrap();
    let (mut tried, mut missed) = (0, Vec::new());
    for table in TABLES {
        let columns: Vec<(String, bool)> = {
            let mut info = db.prepare(&format!("PRAGMA table_info({table})")).unwrap();
            let column = |r: &rusqlite::Row<'_>| Ok((r.get("name")?, r.get::<_, i64>("pk")? > 0));
            info.query_map([], column).unwrap().map(Result::unwrap).collect()
        };
        let keys: Vec<&str> = columns.iter().filter(|(_, key)| *key).map(|(n, _)| n.as_str()).collect();
        let others: Vec<&str> = columns.iter().filter(|(_, key)| !*key).map(|(n, _)| n.as_str()).collect();
        let rows: u32 = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |r| r.get(0)).unwrap();
        assert!(rows > 0, "{table} is empty");
        let order = keys.join(", ");
        let key = |n: u32| format!("({order}) = (SELECT {order} FROM {table} ORDER BY {order} LIMIT 1 OFFSET {n})");
        let mut damages = vec![format!("DELETE FROM {table}")];
        for n in 0..rows {
            damages.push(format!("DELETE FROM {table} WHERE {}", key(n)));
        }
        // What each says stands under the other's key; one column of it, and all.
        for n in 1..rows {
            for some in others.iter().map(|c| vec![*c]).chain([others.clone()]) {
                let some = some.join(", ");
                damages.push(format!(
                    "CREATE TEMP TABLE two AS SELECT * FROM {table} WHERE {} OR {};
                     UPDATE {table} SET ({some}) = (SELECT {some} FROM two WHERE NOT ({})) WHERE {} OR {};",
                    key(n - 1),
                    key(n),
                    keys.iter().map(|k| format!("two.{k} = {table}.{k}")).collect::<Vec<_>>().join(" AND "),
                    key(n - 1),
                    key(n),
                ));
            }
        }
        for damage in damages {
            let all = |db: &Connection| -> Vec<String> {
                let text = columns.iter().map(|(c, _)| format!("quote({c})")).collect::<Vec<_>>().join(" || '|' || ");
                let mut rows = db.prepare(&format!("SELECT {text} FROM {table} ORDER BY {order}")).unwrap();
                rows.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect()
            };
            let before = all(&db);
            db.execute_batch(&format!("DROP TABLE IF EXISTS temp.whole; CREATE TEMP TABLE whole AS SELECT * FROM {table}; DROP TABLE IF EXISTS temp.two")).unwrap();
            db.execute_batch(&damage).unwrap();
            if all(&db) != before {
                tried += 1;
                if !finds(&journal).await {
                    missed.push(damage);
                }
            }
            db.execute_batch(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM temp.whole")).unwrap();
        }
    }
    assert!(!finds(&journal).await, "whole again");
    assert!(tried > 50, "{tried}");
    assert_eq!(missed, Vec::<String>::new());
}

#[tokio::test]
async fn a_missing_ledger_is_found_even_if_all_of_the_stage_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let journal = busy(dir.path()).await;
    raw(dir.path()).execute_batch("DELETE FROM ledgers; DELETE FROM stages").unwrap();
    let part = Part::StageLedger { stage: "dev".into() };
    let ledger = journal.ledger(&id("shop"), &id("dev")).await;
    assert_eq!(ledger, Err(part.is(Flaw::MissingAfter { release: release() })));
}

#[tokio::test]
async fn a_listing_finds_releases_whose_row_is_lost_or_of_another_application() {
    for (damage, flaw) in [
        ("UPDATE releases SET app = 'shoq'", Flaw::OtherApp { stored: id("shoq"), events: id("shop") }),
        ("DELETE FROM releases", Flaw::Missing),
    ] {
        let dir = tempfile::tempdir().unwrap();
        small(dir.path()).await;
        raw(dir.path()).execute_batch(damage).unwrap();
        let listed = SqliteJournal::open(dir.path()).unwrap().list(&id("shop")).await.unwrap_err();
        assert_eq!(listed, Part::Release { release: "r1".into() }.is(flaw), "{damage}");
    }
}

#[tokio::test]
async fn a_file_that_was_removed_or_replaced_while_open_is_not_written() {
    for (what, then) in [("", false), ("journal.db", false), ("journal.db", true), ("journal.db-wal", false)] {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join(".kanmon");
        let journal = SqliteJournal::open(&state).unwrap();
        let lease = begin(&journal).await;
        journal.append(&lease, 1, &[warned("kept")], at(1)).await.unwrap();
        match what {
            "" => std::fs::remove_dir_all(&state).unwrap(),
            file => std::fs::rename(state.join(file), dir.path().join("moved")).unwrap(),
        }
        if then {
            std::fs::copy(dir.path().join("moved"), state.join(what)).unwrap();
        }
        let appended = journal.append(&lease, 2, &[warned("lost")], at(1)).await;
        assert!(matches!(&appended, Err(JournalError::Gone { .. })), "{what:?}: {appended:?}");
        let read = journal.read(&release()).await;
        assert!(matches!(&read, Err(JournalError::Gone { .. })), "{what:?}: {read:?}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_created_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let refused = SqliteJournal::open(&dir.path().join("file/.kanmon")).err().unwrap();
    assert!(matches!(refused, JournalError::Store(StoreProblem::CannotOpen { .. })), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_that_append_after_the_same_event_one_wins() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (SqliteJournal::open(dir.path()).unwrap(), SqliteJournal::open(dir.path()).unwrap());
    let lease = begin(&one).await;
    for after in 1..=20 {
        let (a, b) = ([warned("a")], [warned("b")]);
        let (a, b) = tokio::join!(one.append(&lease, after, &a, at(1)), two.append(&lease, after, &b, at(1)));
        let lost = match (&a, &b) {
            (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
            both => panic!("{both:?}"),
        };
        assert!(matches!(lost, JournalError::LostLease { .. }), "{lost}");
    }
    assert_eq!(one.read(&release()).await.unwrap().len(), 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_that_take_the_same_lease_or_stage_one_wins() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (SqliteJournal::open(dir.path()).unwrap(), SqliteJournal::open(dir.path()).unwrap());
    let lease = begin(&one).await;
    one.give_up(&lease).await.unwrap();
    let (a, b) = (holder("a"), holder("b"));
    let (r, now) = (release(), at(1));
    let (a, b) = tokio::join!(one.take(&r, &a, None, now), two.take(&r, &b, None, now));
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    assert!(matches!(a.and(b), Err(JournalError::Held { .. })));
}

#[test]
fn many_processes_open_a_new_folder_at_once() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let state = dir.path().join(format!("{round}/.kanmon"));
        std::thread::scope(|scope| {
            let opened: Vec<_> = (0..8).map(|_| scope.spawn(|| SqliteJournal::open(&state).map(drop))).collect();
            for thread in opened {
                thread.join().unwrap().unwrap();
            }
        });
    }
}

#[tokio::test]
async fn a_process_of_this_machine_that_has_ended_holds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let them = Holder { pid: child.id(), ..this_process() };
    journal.begin(&id("shop"), &release(), started(), &them, at(0)).await.unwrap();
    let me = this_process();
    assert!(matches!(journal.take(&release(), &me, None, at(1)).await, Err(JournalError::Held { .. })));
    child.kill().unwrap();
    child.wait().unwrap();
    journal.take(&release(), &me, None, at(1)).await.unwrap();
}

#[tokio::test]
async fn an_append_that_nobody_waits_for_is_still_done() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let lease = begin(&journal).await;
    let facts = [warned("x")];
    let mut appending = Box::pin(journal.append(&lease, 1, &facts, at(1)));
    poll_once(appending.as_mut()).await;
    drop(appending);
    drop(journal);
    assert_eq!(SqliteJournal::open(dir.path()).unwrap().read(&release()).await.unwrap().len(), 2);
}

/// Starts a future, and does not wait for it.
async fn poll_once<F: Future + ?Sized>(mut future: std::pin::Pin<&mut F>) {
    std::future::poll_fn(move |cx| {
        let _ = future.as_mut().poll(cx).is_ready();
        std::task::Poll::Ready(())
    })
    .await;
}
