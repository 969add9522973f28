//! The corpus: whole journals with every ending and every kind of fact that the stories come to, in the format version that their
//! folder names. Every later version reads them. `KANMON_WRITE_JOURNALS=DIR tests/run scenarios` writes those of the present version.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::SqliteJournal;
use super::transfer::{from_file, to_file};
use crate::model::event::{EVENT_VERSION, Event};
use crate::model::release::Release;
use crate::ports::journal::{Imported, Journal, Record};

/// Every journal of every format version that is read, with its name.
pub(super) fn all() -> Vec<(String, String, Record)> {
    let forms = (2..=EVENT_VERSION)
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
        assert!(name.starts_with(&format!("{}.", ending.reason.code())), "{name}");
    }
}

#[tokio::test]
async fn each_is_imported_into_an_empty_store() {
    for (name, _, record) in all() {
        let dir = tempfile::tempdir().unwrap();
        let journal = SqliteJournal::open(dir.path()).unwrap();
        let mark = Imported { at: jiff::Timestamp::UNIX_EPOCH, by: "somebody".to_owned() };
        assert!(journal.import(&record, &mark).await.unwrap(), "{name}");
        assert_eq!(journal.read(&record.release).await.unwrap(), events(&record), "{name}");
        assert_eq!(journal.export(&record.release).await.unwrap(), record, "{name}");
    }
}

#[test]
fn the_corpus_has_every_kind_of_fact_and_every_ending_of_the_stories() {
    let kinds: BTreeSet<String> = all().iter().flat_map(|(_, _, record)| events(record)).map(|e| kind(&e)).collect();
    let endings: BTreeSet<String> =
        all().into_iter().map(|(name, ..)| name.split('.').next().unwrap().to_owned()).collect();
    assert_eq!(join(&kinds), KINDS);
    assert_eq!(join(&endings), ENDINGS);
}

/// The kinds of facts in them, and the codes of their endings.
const KINDS: &str = "\
    abort-requested absorbed approval-compared approval-expired approval-given approval-refused approval-rejected \
    approval-requested approval-voided approval-withdrawn baseline-taken check-judged effect-absent effect-failed \
    effect-unknown extended finished forced gate-judged image-built image-copied images-failed intended lock-broken resumed \
    rollback-prepared rollout-ended rollout-observed rollout-overdue rollout-started rollout-stop-requested \
    scan-observed stage-confirmed stage-entered stage-failed stage-frozen stage-left stage-locked stage-planned started \
    surveyed suspended taken-up-to-abort task-definition-registered task-overdue task-ran task-started warned";
const ENDINGS: &str = "\
    aborted approval-closed approval-expired changed-meanwhile check-failed deployed effect-failed effect-unknown \
    failed-before frozen gate-blocked newer-release plan-rejected-before rejected rollout-ended stopped \
    task-failed task-timed-out unchanged unnamed-blocked unreadable";

fn join(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}
