//! Importing a record of another store: its rows first, which nobody sees without the release's item, then that item.

use super::events;
use super::item::Item;
use super::key::Key;
use super::release_item::ReleaseItem;
use super::table::{If, Table, Written};
use super::write_attempts::WriteAttempts;
use crate::journal::codec::{self, Row, Verified};
use crate::journal::lease;
use crate::model::fault::state::Conflict;
use crate::model::ids::ReleaseId;
use crate::ports::journal::{Imported, JournalError, Record};

/// How many bytes of rows are packed at a time, each item being written by itself.
const PORTION: usize = 1_000_000;

pub(super) async fn import(
    table: &Table,
    record: &Record,
    verified: &Verified,
    mark: &Imported,
) -> Result<bool, JournalError> {
    let Record { app, release, rows, .. } = record;
    let Verified { events, tip, chunks } = verified;
    if ReleaseItem::find(table, release).await?.is_some() {
        codec::check_is_prefix(record, &events::export(table, release).await?)?;
        return Ok(false);
    }
    for (blob, chunks) in chunks {
        events::put_blob(table, blob, chunks).await?;
    }
    put_rows(table, release, rows).await?;
    let mut release_item = ReleaseItem::new(app, release, events[0].at);
    release_item.imported = Some(mark.clone());
    release_item.last_at = events[events.len() - 1].at;
    release_item.tip = tip.clone();
    release_item.imported_messages = lease::imported_messages(events);
    for id in lease::absorbed(events.iter().map(|e| &e.fact)) {
        release_item.absorbed.insert(id);
    }
    let mut attempts = WriteAttempts::new();
    loop {
        let token = attempts.token();
        let items = vec![release_item.write(&token)?, events::listing(app, release)];
        let written = table.put_all(&token, items).await?;
        if matches!(written, Written::Yes) {
            return Ok(true);
        }
        if let Some(there) = ReleaseItem::find(table, release).await? {
            // Somebody else has taken it in at the same time, if it was not an earlier attempt.
            codec::check_is_prefix(record, &events::export(table, release).await?)?;
            return Ok(attempts.wrote(&there.token));
        }
        attempts.again(table, written).await?;
    }
}

/// Every item by itself. Those that an earlier, unfinished import has left are taken if they are the same.
async fn put_rows(table: &Table, release: &ReleaseId, rows: &[Row]) -> Result<(), JournalError> {
    let mut rest = rows;
    while !rest.is_empty() {
        let mut size = 0;
        let fits = |row: &&Row| {
            size += row.payload.len();
            size <= PORTION
        };
        // A row alone always fits: what is larger than 64 KiB is a blob.
        let end = rest.iter().take_while(fits).count().max(1);
        let (portion, after) = rest.split_at(end);
        for (item, _) in events::pack(release, portion, "import")? {
            put(table, release, item).await?;
        }
        rest = after;
    }
    Ok(())
}

async fn put(table: &Table, release: &ReleaseId, item: Item) -> Result<(), JournalError> {
    let mut attempts = WriteAttempts::new();
    loop {
        let written = table.put(item.clone(), If::New).await?;
        match &written {
            Written::Yes => return Ok(()),
            Written::Perhaps(_) => {}
            Written::No => {
                let there = table.get(&Key::of(&item)).await?;
                if there.as_ref() == Some(&item) {
                    return Ok(());
                }
                return Err(JournalError::Conflict(Conflict::UnfinishedImport { release: release.clone() }));
            }
        }
        attempts.again(table, written).await?;
    }
}
