//! The events' items, and the one write that appends.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::item::{Item, Read, bytes, fill, number, text};
use super::key::{CHUNK, EVENT, Key, RELEASE, numbered, of_app, of_blob, of_release};
use super::messages;
use super::number_set::NumberSet;
use super::release_item::ReleaseItem;
use super::stage_item::StageItem;
use super::table::{If, READS, Table, Written};
use super::write_attempts::WriteAttempts;
use crate::journal::codec::{self, Chunks, Encoded, Row, Tip};
use crate::journal::lease::{self, HasEnded};
use crate::model::event::{Event, Fact};
use crate::model::fault::state::{Flaw, Part, StoreProblem};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::model::ledger::{StageLedger, stage_of};
use crate::ports::journal::{Holder, JournalError, Lease, Listed, Record};

/// Rows that an item has room for: with its key it stays under 100 kB.
const ITEM: usize = 90_000;
/// What a row needs beside its payload.
const ROW: usize = 400;
/// `TransactWriteItems` takes 4 MB; the rest is for heads and stages.
const APPEND: usize = 3_900_000;

pub(super) async fn begin(
    table: &Table,
    app: &AppName,
    release: &ReleaseId,
    first: &Fact,
    holder: &Holder,
    now: Timestamp,
    has_ended: &HasEnded,
) -> Result<(Lease, Event), JournalError> {
    if ReleaseItem::find(table, release).await?.is_some() {
        return Err(lease::recorded_already(release));
    }
    let mut release_item = ReleaseItem::new(app, release, now);
    let lease = release_item.lease.take(release, holder, None, now, has_ended)?;
    let one = codec::link(release, &Tip::start(), first, now)?;
    put_blobs(table, std::slice::from_ref(&one)).await?;
    release_item.tip = one.tip();
    let mut attempts = WriteAttempts::new();
    loop {
        let token = attempts.token();
        let mut items = vec![release_item.write(&token)?, listing(app, release)];
        items.extend(pack(release, std::slice::from_ref(&one.row), &token)?);
        let written = table.put_all(&token, items).await?;
        if matches!(written, Written::Yes) || wrote_event(table, &attempts, release, 1).await? {
            return Ok((lease, one.event));
        }
        if ReleaseItem::find(table, release).await?.is_some() {
            return Err(lease::recorded_already(release));
        }
        attempts.again(table, written).await?;
    }
}

pub(super) async fn append(
    table: &Table,
    lease: &Lease,
    after: u64,
    facts: &[Fact],
    now: Timestamp,
) -> Result<Vec<Event>, JournalError> {
    let release = &lease.release;
    let touched = facts.iter().flat_map(|fact| [lease::stage_needed(fact), stage_of(fact)]);
    let stages: BTreeSet<StageName> = touched.flatten().cloned().collect();
    let mut attempts = WriteAttempts::new();
    // Of the first attempt; a later one would link the same, for it begins after the same event.
    let mut linked: Option<Vec<Encoded>> = None;
    loop {
        let mut release_item = ReleaseItem::load(table, release).await?;
        if let Some(linked) = &linked
            && attempts.is_again()
            && release_item.tip.seq > after
            && wrote_event(table, &attempts, release, after + 1).await?
        {
            return Ok(linked.iter().map(|one| one.event.clone()).collect());
        }
        release_item.check_form()?;
        release_item.lease.check(lease)?;
        if release_item.tip.seq != after {
            return Err(lease::not_last(release, after, release_item.tip.seq));
        }
        let mut stage_items: BTreeMap<StageName, StageItem> = BTreeMap::new();
        for stage in &stages {
            stage_items.insert(stage.clone(), StageItem::load(table, &release_item.app, stage).await?);
        }
        for fact in facts {
            if let Some(stage) = lease::stage_needed(fact) {
                lease::may_write(fact, stage, &stage_items[stage].lease, &stage_items[stage].ledger, lease)?;
            }
        }
        for id in lease::absorbed(facts) {
            if !release_item.absorbed.insert(id) || !messages::is_there(table, release, id).await? {
                return Err(lease::not_waiting(release, id));
            }
        }
        if linked.is_none() {
            let encoded = link(release, &release_item.tip, facts, now)?;
            put_blobs(table, &encoded).await?;
            linked = Some(encoded);
        }
        let encoded = linked.as_deref().unwrap_or_default();
        for one in encoded {
            let stage_item = stage_of(&one.event.fact).and_then(|stage| stage_items.get_mut(stage));
            if let Some(stage_item) = stage_item {
                stage_item.ledger.apply(&one.event);
            }
        }
        for stage in lease::stages_left(facts) {
            if let Some(stage_item) = stage_items.get_mut(stage) {
                stage_item.lease.unlock(release);
                release_item.stages.remove(&(release_item.app.clone(), stage.clone()));
            }
        }
        if let Some(last) = encoded.last() {
            release_item.tip = last.tip();
            release_item.last_at = now;
        }
        let token = attempts.token();
        let mut items = vec![release_item.write(&token)?];
        // Also where a stage is only looked at: its `rev` is what holds others off until this is written.
        for stage_item in stage_items.values() {
            items.extend(stage_item.write()?);
        }
        let rows: Vec<Row> = encoded.iter().map(|one| one.row.clone()).collect();
        items.extend(pack(release, &rows, &token)?);
        if attempts.put_all(table, items).await? {
            return Ok(encoded.iter().map(|one| one.event.clone()).collect());
        }
    }
}

fn link(release: &ReleaseId, tip: &Tip, facts: &[Fact], now: Timestamp) -> Result<Vec<Encoded>, JournalError> {
    let mut tip = tip.clone();
    let mut encoded = Vec::with_capacity(facts.len());
    for fact in facts {
        let one = codec::link(release, &tip, fact, now)?;
        tip = one.tip();
        encoded.push(one);
    }
    Ok(encoded)
}

pub(super) async fn wrote_event(
    table: &Table,
    attempts: &WriteAttempts,
    release: &ReleaseId,
    seq: u64,
) -> Result<bool, JournalError> {
    let Some(item) = table.get(&Key::event(release, seq)).await? else { return Ok(false) };
    Ok(attempts.wrote(Read::new(&item, &|| Part::Events { release: release.clone() })?.text("token")?))
}

/// Rows as items, none of which may be there yet.
///
/// # Errors
/// `Store` where they are more than one write takes.
pub(super) fn pack(release: &ReleaseId, rows: &[Row], token: &str) -> Result<Vec<(Item, If)>, JournalError> {
    let size = |row: &Row| row.payload.len() + ROW;
    if rows.iter().map(size).sum::<usize>() > APPEND {
        return Err(JournalError::Store(StoreProblem::TooManyEvents { count: rows.len() }));
    }
    let mut items: Vec<(u64, Vec<AttributeValue>)> = Vec::new();
    let mut room = 0;
    for row in rows {
        if size(row) > room {
            items.push((row.seq, Vec::new()));
            room = ITEM;
        }
        room = room.saturating_sub(size(row));
        if let Some((_, rows)) = items.last_mut() {
            rows.push(AttributeValue::M(row_item(row)));
        }
    }
    let item = |(seq, rows)| {
        fill(Key::event(release, seq).item(), [("rows", AttributeValue::L(rows)), ("token", text(token))])
    };
    Ok(items.into_iter().map(|one| (item(one), If::New)).collect())
}

fn row_item(row: &Row) -> Item {
    let Row { form, seq, at, payload, prev, hash } = row;
    let attributes = [
        ("form", number(*form)),
        ("seq", number(*seq)),
        ("at", text(at)),
        ("payload", bytes(payload)),
        ("prev", text(prev)),
        ("hash", text(hash)),
    ];
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn rows(item: &Item, release: &ReleaseId) -> Result<Vec<Row>, JournalError> {
    let row = |read: Read<'_>| {
        Ok(Row {
            form: read.number("form")?,
            seq: read.number("seq")?,
            at: read.text("at")?.to_owned(),
            payload: read.bytes("payload")?,
            prev: read.text("prev")?.to_owned(),
            hash: read.text("hash")?.to_owned(),
        })
    };
    let events = || Part::Events { release: release.clone() };
    Read::new(item, &events)?.parts("rows")?.into_iter().map(row).collect()
}

/// Blobs are named by their content, so writing one again changes nothing.
pub(super) async fn put_blobs(table: &Table, encoded: &[Encoded]) -> Result<(), JournalError> {
    for (blob, chunks) in encoded.iter().filter_map(|one| one.blob.as_ref()) {
        put_blob(table, blob, chunks).await?;
    }
    Ok(())
}

pub(super) async fn put_blob(table: &Table, blob: &str, chunks: &[Vec<u8>]) -> Result<(), JournalError> {
    for (part, chunk) in chunks.iter().enumerate() {
        let item = fill(Key::chunk(blob, part).item(), [("bytes", bytes(chunk))]);
        let mut attempts = WriteAttempts::new();
        loop {
            let written = table.put(item.clone(), If::Always).await?;
            if attempts.succeeded(table, written).await? {
                break;
            }
        }
    }
    Ok(())
}

pub(super) fn listing(app: &AppName, release: &ReleaseId) -> (Item, If) {
    (fill(Key::listing(app, release).item(), []), If::Always)
}

/// A release's item, rows and chunks as they belong together, not verified yet.
async fn stored(table: &Table, release: &ReleaseId) -> Result<(ReleaseItem, Vec<Row>, Chunks), JournalError> {
    let mut attempt = 0;
    let (release_item, rows) = loop {
        // The events that the release's item counts were written with it or before. What was appended since is left out.
        let release_item = ReleaseItem::load(table, release).await?;
        let items = table.range(&of_release(release), EVENT, &numbered(EVENT, release_item.tip.seq)).await?;
        let mut found = Vec::new();
        for item in &items {
            found.extend(rows(item, release)?);
        }
        attempt += 1;
        if found.len() as u64 == release_item.tip.seq || attempt == READS {
            break (release_item, found);
        }
        table.pause(attempt).await?;
    };
    let mut chunks = Chunks::new();
    for blob in rows.iter().filter_map(Row::blob) {
        if let Entry::Vacant(free) = chunks.entry(blob.sha256) {
            let last = u64::from(blob.chunks.saturating_sub(1));
            let items = table.range(&of_blob(free.key()), CHUNK, &numbered(CHUNK, last)).await?;
            let name = free.key().clone();
            let chunk = |item: &Item| Read::new(item, &|| Part::Blob { name: name.clone() })?.bytes("bytes");
            free.insert(items.iter().map(chunk).collect::<Result<_, _>>()?);
        }
    }
    Ok((release_item, rows, chunks))
}

pub(super) async fn read(table: &Table, release: &ReleaseId) -> Result<Vec<Event>, JournalError> {
    Ok(whole(table, release).await?.3)
}

pub(super) async fn export(table: &Table, release: &ReleaseId) -> Result<Record, JournalError> {
    let (release_item, rows, chunks, _) = whole(table, release).await?;
    codec::record(&release_item.app, release, rows, &chunks)
}

/// The same, found to be whole.
async fn whole(
    table: &Table,
    release: &ReleaseId,
) -> Result<(ReleaseItem, Vec<Row>, Chunks, Vec<Event>), JournalError> {
    let (release_item, rows, chunks) = stored(table, release).await?;
    let events = codec::decode(release, &rows, &release_item.tip, &chunks)?;
    let mut named = NumberSet::default();
    for id in lease::absorbed(events.iter().map(|e| &e.fact)) {
        named.insert(id);
    }
    if named != release_item.absorbed {
        let (found, stored) = (named.to_string(), release_item.absorbed.to_string());
        return Err(Part::Events { release: release.clone() }.is(Flaw::Absorbed { found, stored }));
    }
    // The inbox is not part of the chain, but a record is whole only with it.
    messages::waiting(table, release).await?;
    Ok((release_item, rows, chunks, events))
}

pub(super) async fn list(table: &Table, app: &AppName, has_ended: &HasEnded) -> Result<Vec<Listed>, JournalError> {
    let part = || Part::ReleaseList { app: Some(app.clone()) };
    let mut keys = Vec::new();
    for item in table.all(&of_app(app), RELEASE).await? {
        let sk = Read::new(&item, &part)?.text("sk")?;
        let corrupt = || part().is(Flaw::Unreadable { error: sk.to_owned() });
        let release: ReleaseId = sk.strip_prefix(RELEASE).and_then(|id| id.parse().ok()).ok_or_else(corrupt)?;
        keys.push(Key::release(&release));
    }
    let mut listed = Vec::with_capacity(keys.len());
    for item in table.get_each(&keys).await? {
        let ReleaseItem { release, app, started_at, last_at, lease, imported, .. } = ReleaseItem::parse(&item)?;
        listed.push(Listed { release, app, started_at, last_at, held_by: lease.holder(has_ended), imported });
    }
    if listed.len() != keys.len() {
        return Err(part().is(Flaw::Missing));
    }
    lease::newest_first(&mut listed);
    Ok(listed)
}

pub(super) async fn ledger(table: &Table, app: &AppName, stage: &StageName) -> Result<StageLedger, JournalError> {
    Ok(StageItem::load(table, app, stage).await?.ledger)
}
