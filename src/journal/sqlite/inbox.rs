//! The inboxes' rows. Absorbed messages stay: they are part of the record, and keep numbers from being given twice.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::error::Failure;
use super::number::Number;
use crate::journal::codec::{seal, unseal};
use crate::journal::lease;
use crate::model::ids::ReleaseId;
use crate::model::inbox::{Message, MessageBody};
use crate::ports::journal::JournalError;

pub(super) fn send(
    tx: &Transaction<'_>,
    release: &ReleaseId,
    body: MessageBody,
    now: Timestamp,
) -> Result<u64, Failure> {
    recorded(tx, release)?;
    let Number(last) = tx
        .prepare_cached("SELECT coalesce(max(id), 0) FROM inbox WHERE release = ?1")?
        .query_row([release.as_str()], |row| row.get(0))?;
    let message = Message { id: last + 1, at: now, release: release.clone(), body };
    let (body, hash) = seal(&message)?;
    tx.prepare_cached("INSERT INTO inbox (release, id, body, hash) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        release.as_str(),
        Number(message.id),
        body,
        hash
    ])?;
    Ok(message.id)
}

pub(super) fn waiting(tx: &Transaction<'_>, release: &ReleaseId) -> Result<Vec<Message>, Failure> {
    recorded(tx, release)?;
    let mut rows =
        tx.prepare_cached("SELECT id, body, hash FROM inbox WHERE release = ?1 AND absorbed = 0 ORDER BY id")?;
    let rows: Vec<(Number, String, String)> = rows
        .query_map([release.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let message = |(Number(id), body, hash): (Number, String, String)| {
        let what = format!("message {id} to {release}");
        let message: Message = unseal(&body, &hash, &what)?;
        if message.id != id || &message.release != release {
            return Err(JournalError::Corrupt(format!("{what} is another message")));
        }
        Ok(message)
    };
    Ok(rows.into_iter().map(message).collect::<Result<_, _>>()?)
}

pub(super) fn absorb(tx: &Transaction<'_>, release: &ReleaseId, ids: &[u64]) -> Result<(), Failure> {
    let mut mark =
        tx.prepare_cached("UPDATE inbox SET absorbed = 1 WHERE release = ?1 AND id = ?2 AND absorbed = 0")?;
    for id in ids {
        if mark.execute(params![release.as_str(), Number(*id)])? != 1 {
            return Err(lease::not_waiting(release, *id).into());
        }
    }
    Ok(())
}

fn recorded(tx: &Transaction<'_>, release: &ReleaseId) -> Result<(), Failure> {
    tx.prepare_cached("SELECT 1 FROM releases WHERE release = ?1")?
        .query_row([release.as_str()], |_| Ok(()))
        .optional()?
        .ok_or_else(|| JournalError::NoSuchRelease(release.clone()).into())
}
