//! The inboxes' rows. Messages stay: they are part of the record, and keep numbers from being given twice. Which of them were
//! absorbed, the release's events say and nothing else.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::error::Failure;
use super::head::Head;
use super::number::Number;
use super::rows;
use crate::journal::codec::{self, seal, unseal};
use crate::journal::lease;
use crate::model::event::Fact;
use crate::model::ids::ReleaseId;
use crate::model::inbox::{Message, MessageBody};
use crate::ports::journal::JournalError;

pub(super) fn send(
    tx: &Transaction<'_>,
    release: &ReleaseId,
    body: MessageBody,
    now: Timestamp,
) -> Result<u64, Failure> {
    let mut head = Head::own(tx, release)?;
    head.sent += 1;
    let message = Message { id: head.sent, at: now, release: release.clone(), body };
    let (body, hash) = seal(&message)?;
    tx.prepare_cached("INSERT INTO inbox (release, id, body, hash) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        release.as_str(),
        Number(message.id),
        body,
        hash
    ])?;
    head.save(tx)?;
    Ok(message.id)
}

pub(super) fn waiting(tx: &Transaction<'_>, release: &ReleaseId) -> Result<Vec<Message>, Failure> {
    let head = Head::load(tx, release)?;
    let mut absorbed = absorbed(tx, &head)?;
    let mut messages = messages(tx, &head)?;
    messages.retain(|message| !absorbed.remove(&message.id));
    match absorbed.into_iter().find(|id| *id > head.carried) {
        Some(id) => Err(gone(id, release).into()),
        None => Ok(messages),
    }
}

/// All messages that ever came here.
fn messages(tx: &Transaction<'_>, head: &Head) -> Result<Vec<Message>, Failure> {
    let release = &head.release;
    let mut rows = tx.prepare_cached("SELECT id, body, hash FROM inbox WHERE release = ?1 ORDER BY id")?;
    let rows: Vec<(Number, String, String)> = rows
        .query_map([release.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut messages = Vec::with_capacity(rows.len());
    for (due, (Number(id), body, hash)) in (head.carried + 1..).zip(rows) {
        if id != due {
            return Err(gone(due, release).into());
        }
        let what = format!("message {id} to {release}");
        let message: Message = unseal(&body, &hash, &what)?;
        if message.id != id || &message.release != release {
            return Err(JournalError::Corrupt(format!("{what} is another message")).into());
        }
        messages.push(message);
    }
    match head.carried + messages.len() as u64 {
        last if last == head.sent => Ok(messages),
        last => Err(gone(last.min(head.sent) + 1, release).into()),
    }
}

fn gone(id: u64, release: &ReleaseId) -> JournalError {
    JournalError::Corrupt(format!("message {id} to {release} is gone, or was never sent"))
}

/// The messages that the release's events name as absorbed.
fn absorbed(tx: &Transaction<'_>, head: &Head) -> Result<BTreeSet<u64>, Failure> {
    let mut ids = BTreeSet::new();
    for row in rows::beginning(tx, &head.release, codec::ABSORBED)? {
        ids.extend(codec::absorbs(&head.release, &row)?);
    }
    if ids.len() as u64 != head.absorbed {
        let (release, noted) = (&head.release, head.absorbed);
        let text = format!("the events of {release} absorb {} messages, not {noted} as noted", ids.len());
        return Err(JournalError::Corrupt(text).into());
    }
    Ok(ids)
}

/// Takes in what these facts absorb.
///
/// # Errors
/// `Store` where one of the messages does not wait.
pub(super) fn absorb(tx: &Transaction<'_>, head: &mut Head, facts: &[Fact]) -> Result<(), Failure> {
    if lease::absorbed(facts).next().is_none() {
        return Ok(());
    }
    let mut done = absorbed(tx, head)?;
    for id in lease::absorbed(facts) {
        if id <= head.carried || id > head.sent || !done.insert(id) {
            return Err(lease::not_waiting(&head.release, id).into());
        }
        head.absorbed += 1;
    }
    Ok(())
}
