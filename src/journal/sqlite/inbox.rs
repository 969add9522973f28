//! The inboxes' rows. Messages stay: they are part of the record, so that no number is given twice. Only the release's events say which
//! of them were absorbed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::error::Failure;
use super::number::Number;
use super::release_row::ReleaseRow;
use super::rows;
use crate::journal::codec::{self, seal, unseal};
use crate::journal::lease;
use crate::model::event::Fact;
use crate::model::fault::state::{Flaw, Part};
use crate::model::ids::ReleaseId;
use crate::model::inbox::{Message, MessageBody};
use crate::ports::journal::JournalError;

pub(super) fn send(
    tx: &Transaction<'_>,
    release: &ReleaseId,
    body: MessageBody,
    now: Timestamp,
) -> Result<u64, Failure> {
    let mut release_row = ReleaseRow::own(tx, release)?;
    release_row.last_message += 1;
    let message = Message { id: release_row.last_message, at: now, release: release.clone(), body };
    let (body, hash) = seal(&message)?;
    tx.prepare_cached("INSERT INTO inbox (release, id, body, hash) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        release.as_str(),
        Number(message.id),
        body,
        hash
    ])?;
    release_row.save(tx)?;
    Ok(message.id)
}

pub(super) fn waiting(tx: &Transaction<'_>, release: &ReleaseId) -> Result<Vec<Message>, Failure> {
    let release_row = ReleaseRow::load(tx, release)?;
    let mut absorbed = absorbed(tx, &release_row)?;
    let mut messages = messages(tx, &release_row)?;
    messages.retain(|message| !absorbed.remove(&message.id));
    match absorbed.into_iter().find(|id| *id > release_row.imported_messages) {
        Some(id) => Err(gone(id, release).into()),
        None => Ok(messages),
    }
}

/// All messages that ever came here.
fn messages(tx: &Transaction<'_>, release_row: &ReleaseRow) -> Result<Vec<Message>, Failure> {
    let release = &release_row.release;
    let mut rows = tx.prepare_cached("SELECT id, body, hash FROM inbox WHERE release = ?1 ORDER BY id")?;
    let rows: Vec<(Number, String, String)> = rows
        .query_map([release.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut messages = Vec::with_capacity(rows.len());
    for (due, (Number(id), body, hash)) in (release_row.imported_messages + 1..).zip(rows) {
        if id != due {
            return Err(gone(due, release).into());
        }
        let part = || Part::Message { release: release.clone(), id };
        let message: Message = unseal(&body, &hash, part())?;
        if message.id != id || &message.release != release {
            return Err(part().is(Flaw::OtherMessage).into());
        }
        messages.push(message);
    }
    match release_row.imported_messages + messages.len() as u64 {
        last if last == release_row.last_message => Ok(messages),
        last => Err(gone(last.min(release_row.last_message) + 1, release).into()),
    }
}

fn gone(id: u64, release: &ReleaseId) -> JournalError {
    Part::Message { release: release.clone(), id }.is(Flaw::Missing)
}

/// The messages that the release's events name as absorbed.
fn absorbed(tx: &Transaction<'_>, release_row: &ReleaseRow) -> Result<BTreeSet<u64>, Failure> {
    let mut ids = BTreeSet::new();
    for row in rows::beginning(tx, &release_row.release, codec::ABSORBED)? {
        ids.extend(codec::absorbs(&release_row.release, &row)?);
    }
    if ids.len() as u64 != release_row.absorbed {
        let (found, stored) = (ids.len().to_string(), release_row.absorbed.to_string());
        let part = Part::Events { release: release_row.release.clone() };
        return Err(part.is(Flaw::Absorbed { found, stored }).into());
    }
    Ok(ids)
}

/// Absorbs the messages that these facts name.
///
/// # Errors
/// `Store` where one of the messages does not wait.
pub(super) fn absorb(tx: &Transaction<'_>, release_row: &mut ReleaseRow, facts: &[Fact]) -> Result<(), Failure> {
    if lease::absorbed(facts).next().is_none() {
        return Ok(());
    }
    let mut done = absorbed(tx, release_row)?;
    for id in lease::absorbed(facts) {
        if id <= release_row.imported_messages || id > release_row.last_message || !done.insert(id) {
            return Err(lease::not_waiting(&release_row.release, id).into());
        }
        release_row.absorbed += 1;
    }
    Ok(())
}
