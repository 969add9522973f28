//! A record of another store, taken in: its rows first, which nobody sees without a head, then the head.

use super::call::Call;
use super::events;
use super::head::Head;
use super::item::Item;
use super::key::Key;
use super::table::{If, Table, Written};
use crate::journal::codec::{self, Row, Verified};
use crate::journal::lease;
use crate::model::ids::ReleaseId;
use crate::ports::journal::{Imported, JournalError, Record};

/// How many bytes of rows are packed at a time, each item being written by itself.
const PORTION: usize = 1_000_000;

pub(super) async fn restore(
    table: &Table,
    record: &Record,
    verified: &Verified,
    mark: &Imported,
) -> Result<bool, JournalError> {
    let Record { app, release, rows, .. } = record;
    let Verified { events, tip, chunks } = verified;
    if Head::find(table, release).await?.is_some() {
        codec::same(record, &events::export(table, release).await?)?;
        return Ok(false);
    }
    for (blob, chunks) in chunks {
        events::put_blob(table, blob, chunks).await?;
    }
    put_rows(table, release, rows).await?;
    let mut head = Head::new(app, release, events[0].at);
    head.imported = Some(mark.clone());
    head.last_at = events[events.len() - 1].at;
    head.tip = tip.clone();
    head.carried = lease::carried(events);
    for id in events.iter().flat_map(|e| lease::absorbed(std::slice::from_ref(&e.fact))) {
        head.absorbed.insert(id);
    }
    let mut call = Call::new();
    loop {
        let token = call.token();
        let items = vec![head.write(&token)?, events::listing(app, release)];
        let written = table.put_all(&token, items).await?;
        if matches!(written, Written::Yes) {
            return Ok(true);
        }
        if let Some(there) = Head::find(table, release).await? {
            // Somebody else has taken it in at the same time, if it was not an earlier attempt.
            codec::same(record, &events::export(table, release).await?)?;
            return Ok(call.wrote(&there.token));
        }
        call.again(table, written).await?;
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
    let mut call = Call::new();
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
                let text = format!("an import of {release} with other events was begun here and not ended");
                return Err(JournalError::Store(text));
            }
        }
        call.again(table, written).await?;
    }
}
