//! The inboxes' items. Absorbed messages stay: they are part of the record, and keep numbers from being given twice.

use jiff::Timestamp;

use super::call::Call;
use super::head::Head;
use super::item::{Item, Read, fill, text};
use super::key::{Key, MESSAGE, numbered, of_inbox};
use super::table::{If, Table, Written};
use crate::journal::codec::{seal, unseal};
use crate::model::ids::ReleaseId;
use crate::model::inbox::{Message, MessageBody};
use crate::ports::journal::JournalError;

pub(super) async fn send(
    table: &Table,
    release: &ReleaseId,
    body: MessageBody,
    now: Timestamp,
) -> Result<u64, JournalError> {
    // A release that was begun stays, so that this needs no transaction with its partition.
    Head::load(table, release).await?;
    let mut call = Call::new();
    let mut message = Message { id: 0, at: now, release: release.clone(), body };
    // The number is kept while nobody can tell whether it was written: two would be one message twice.
    let mut keep = false;
    loop {
        if !keep {
            message.id = next(table, release).await?;
        }
        let (body, hash) = seal(&message)?;
        let key = Key::message(release, message.id);
        let item = fill(key.item(), [("body", text(body)), ("hash", text(hash)), ("token", text(call.token()))]);
        let written = table.put(item, If::New).await?;
        match &written {
            Written::Yes => return Ok(message.id),
            Written::Perhaps(_) => keep = true,
            Written::No => {
                let there = table.get(&key).await?;
                let ours = there.as_ref().is_some_and(|item| wrote(&call, item));
                if ours {
                    return Ok(message.id);
                }
                keep = false;
            }
        }
        call.again(table, written).await?;
    }
}

fn wrote(call: &Call, item: &Item) -> bool {
    Read::part(item, "a message").text("token").is_ok_and(|token| call.wrote(token))
}

async fn next(table: &Table, release: &ReleaseId) -> Result<u64, JournalError> {
    match table.last(&of_inbox(release)).await? {
        Some(item) => Ok(id(&item, release)? + 1),
        None => Ok(1),
    }
}

fn id(item: &Item, release: &ReleaseId) -> Result<u64, JournalError> {
    let what = format!("a message to {release}");
    let sk = Read::new(item, &what)?.text("sk")?;
    let id = sk.strip_prefix(MESSAGE).and_then(|n| n.parse().ok());
    id.ok_or_else(|| JournalError::Corrupt(format!("`{sk}` is no message to {release}")))
}

pub(super) async fn waiting(table: &Table, release: &ReleaseId) -> Result<Vec<Message>, JournalError> {
    let head = Head::load(table, release).await?;
    let (from, to) = (numbered(MESSAGE, head.absorbed.first_missing()), numbered(MESSAGE, u64::MAX));
    let mut waiting = Vec::new();
    for item in table.range(&of_inbox(release), &from, &to).await? {
        let id = id(&item, release)?;
        if head.absorbed.contains(id) {
            continue;
        }
        let what = format!("message {id} to {release}");
        let read = Read::new(&item, &what)?;
        let message: Message = unseal(read.text("body")?, read.text("hash")?, &what)?;
        if message.id != id || &message.release != release {
            return Err(JournalError::Corrupt(format!("{what} is another message")));
        }
        waiting.push(message);
    }
    Ok(waiting)
}

/// Whether there is such a message. None ever vanishes, so that this needs no transaction with the release's partition.
pub(super) async fn is_there(table: &Table, release: &ReleaseId, id: u64) -> Result<bool, JournalError> {
    Ok(table.get(&Key::message(release, id)).await?.is_some())
}
