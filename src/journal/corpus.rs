//! The corpus: whole journals with every ending and every kind of fact, in the format version that their folder names. Every later
//! version reads them. `KANMON_WRITE_JOURNALS=DIR tests/run scenarios` writes those of the present version; for an ending that no story
//! comes to, the last fact of one of them was replaced.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::codec::FIRST_READ;
use super::transfer::{from_file, to_file};
use super::{MemoryJournal, SqliteJournal};
use crate::model::event::{EVENT_VERSION, Event};
use crate::model::reason::Reason;
use crate::model::release::Release;
use crate::ports::journal::{Imported, Journal, JournalError, Record};

/// Every journal of every format version that is read, with its name.
pub(super) fn all() -> Vec<(String, String, Record)> {
    let forms = (FIRST_READ..=EVENT_VERSION)
        .map(|form| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/journal/corpus/v{form}")));
    let mut found = Vec::new();
    for dir in forms {
        for entry in std::fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let record = from_file(text.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
            found.push((name, text, record));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn events(record: &Record) -> Vec<Event> {
    super::codec::verify(record).unwrap().events
}

fn kind(event: &Event) -> String {
    serde_json::to_value(event).unwrap()["kind"].as_str().unwrap().to_owned()
}

#[test]
fn each_is_read_and_written_as_it_was() {
    for (name, text, record) in all() {
        assert_eq!(to_file(&record).unwrap(), text, "{name}");
        let ending = Release::fold(&events(&record)).unwrap().ending.unwrap_or_else(|| panic!("{name} has ended"));
        assert!(name.starts_with(&format!("{}.", code(&ending.reason))), "{name}");
    }
}

/// Imports one journal into an empty store, and reads it there.
async fn is_imported(store: &dyn Journal, name: &str, record: &Record) {
    let mark = Imported { at: jiff::Timestamp::UNIX_EPOCH, by: "somebody".to_owned() };
    assert!(store.import(record, &mark).await.unwrap(), "{name}");
    assert_eq!(store.read(&record.release).await.unwrap(), events(record), "{name}");
    assert_eq!(store.export(&record.release).await.unwrap(), *record, "{name}");
}

#[tokio::test]
async fn each_is_imported_and_read_in_memory_and_on_disk() {
    for (name, _, record) in all() {
        is_imported(&MemoryJournal::new(), &name, &record).await;
        let dir = tempfile::tempdir().unwrap();
        is_imported(&SqliteJournal::open(dir.path()).unwrap(), &name, &record).await;
    }
}

#[tokio::test]
async fn each_is_imported_and_read_in_dynamodb() {
    let Some(moto) = super::dynamodb::tests::Store::start("the corpus on DynamoDB").await else { return };
    for (name, _, record) in all() {
        is_imported(moto.test_store().journal.as_ref(), &name, &record).await;
    }
}

#[test]
fn a_journal_of_form_1_is_refused() {
    let (_, text, _) = all().swap_remove(0);
    let older = text.replace("{\"form\":2,", "{\"form\":1,");
    assert_eq!(from_file(older.as_bytes()), Err(JournalError::Older { found: 1, known: FIRST_READ }));
}

#[test]
fn the_corpus_has_every_kind_of_fact_and_every_ending() {
    let sorted = |all: &[&str]| all.iter().map(|&name| name.to_owned()).collect::<BTreeSet<String>>();
    let kinds: BTreeSet<String> = all().iter().flat_map(|(_, _, record)| events(record)).map(|e| kind(&e)).collect();
    assert_eq!(kinds, sorted(crate::model::event::tests::KINDS));
    let endings: BTreeSet<String> =
        all().into_iter().map(|(name, ..)| name.split('.').next().unwrap().to_owned()).collect();
    assert_eq!(endings, sorted(ENDINGS));
}

/// Names every ending in one match without a wildcard: one that is added does not compile until it is named here, and then fails without
/// a journal.
macro_rules! endings {
    ($($variant:ident => $code:literal),+ $(,)?) => {
        fn code(reason: &Reason) -> &'static str {
            match reason {
                $(Reason::$variant { .. } => $code,)+
            }
        }
        const ENDINGS: &[&str] = &[$($code),+];
    };
}

endings! {
    Deployed => "deployed",
    Unchanged => "unchanged",
    Stopped => "stopped",
    EffectFailed => "effect-failed",
    EffectUnknown => "effect-unknown",
    Unreadable => "unreadable",
    GateBlocked => "gate-blocked",
    GateNoLongerPasses => "gate-no-longer-passes",
    UnnamedBlocked => "unnamed-blocked",
    NotWhatWasApproved => "not-what-was-approved",
    NotApprovedInCodePipeline => "not-approved-in-codepipeline",
    Rejected => "rejected",
    PlanRejectedBefore => "plan-rejected-before",
    ImagesRejectedBefore => "images-rejected-before",
    ApprovalExpired => "approval-expired",
    ApprovalClosed => "approval-closed",
    Frozen => "frozen",
    FailedBefore => "failed-before",
    Locked => "locked",
    NewerRelease => "newer-release",
    Overtaken => "overtaken",
    TaskFailed => "task-failed",
    TaskTimedOut => "task-timed-out",
    CheckFailed => "check-failed",
    RolloutEnded => "rollout-ended",
    ChangedMeanwhile => "changed-meanwhile",
    Aborted => "aborted",
}
