//! A state file whose bytes were changed: it is the record that was written, or it is refused.

use std::path::Path;
use std::time::Instant;

use kanmon::journal::SqliteJournal;
use kanmon::ports::journal::{Journal as _, JournalError};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::harness::{seconds, seed};
use super::targets;
use crate::real::end_to_end::print_line;
use crate::redteam::record::Record;

#[tokio::test]
async fn state_files() {
    let record = Record::read(targets::RECORD);
    let whole = tempfile::tempdir().unwrap();
    record.append_to(whole.path()).await;
    let journal = SqliteJournal::open(whole.path()).unwrap();
    let (app, release) = (record.app.parse().unwrap(), record.release.parse().unwrap());
    let written = journal.read(&release).await.unwrap();
    let stage = written.iter().find_map(|e| kanmon::model::ledger::stage_of(&e.fact)).unwrap().clone();
    let ledger = journal.ledger(&app, &stage).await.unwrap();
    drop(journal);
    let bytes = std::fs::read(whole.path().join("journal.db")).unwrap();
    assert!(!whole.path().join("journal.db-wal").exists(), "everything is in the one file");

    let (seed, until) = (seed(), Instant::now() + seconds());
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut tried, mut refused) = (0, 0);
    while Instant::now() < until {
        let mut changed = bytes.clone();
        for _ in 0..rng.random_range(1..=3) {
            let at = rng.random_range(0..changed.len());
            match rng.random_range(0..4) {
                0 => changed[at] ^= 1 << rng.random_range(0..8),
                1 => changed[at..].iter_mut().take(rng.random_range(1..=512)).for_each(|b| *b = rng.random()),
                2 => changed.truncate(at.max(1)),
                _ => {
                    let from = rng.random_range(0..changed.len() / 4096) * 4096;
                    let to = rng.random_range(0..changed.len() / 4096) * 4096;
                    changed.copy_within(from..from + 4096, to);
                }
            }
            if changed.len() < 2 * 4096 {
                break;
            }
        }
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("journal.db"), &changed).unwrap();
        tried += 1;
        let read = look(dir.path(), &release, &app, &stage).await;
        match read {
            Ok((events, known)) => {
                targets::fold(&events);
                assert!(events == written, "seed {seed}, input {tried}: another record was taken for this one");
                assert!(known == ledger, "seed {seed}, input {tried}: another ledger");
            }
            Err(error) => {
                refused += 1;
                let why = kanmon::report::fault::state::words(&error, None).line();
                assert!(!why.is_empty());
                let is_reported = matches!(
                    error,
                    JournalError::Corrupt(_)
                        | JournalError::Foreign(_)
                        | JournalError::MadeElsewhere(_)
                        | JournalError::Newer { .. }
                        | JournalError::Store(_)
                        | JournalError::NoSuchRelease(_)
                );
                assert!(is_reported, "seed {seed}, input {tried}: {why}");
            }
        }
    }
    print_line(&format!("state files: {tried} inputs, {refused} refused, seed {seed}"));
    assert!(refused > 0 && tried > 5, "{refused} of {tried} were refused");
}

type Read = (Vec<kanmon::model::event::Event>, kanmon::model::ledger::StageLedger);

async fn look(
    dir: &Path,
    release: &kanmon::model::ids::ReleaseId,
    app: &kanmon::model::ids::AppName,
    stage: &kanmon::model::ids::StageName,
) -> Result<Read, JournalError> {
    let journal = SqliteJournal::open(dir)?;
    let events = journal.read(release).await?;
    journal.list(app).await?;
    journal.inbox(release).await?;
    Ok((events, journal.ledger(app, stage).await?))
}
