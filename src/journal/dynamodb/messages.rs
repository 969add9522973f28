//! The inboxes' items. Absorbed messages stay: they are part of the record, and keep numbers from being given twice.

use jiff::Timestamp;

use super::item::{Item, Read, fill, number, sealed, text};
use super::key::{Key, MESSAGE, SENT, numbered, of_inbox};
use super::release_item::ReleaseItem;
use super::table::{If, READS, Table, Written};
use super::write_attempts::WriteAttempts;
use crate::journal::codec::{seal, unseal};
use crate::model::fault::state::{Flaw, Part};
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
    let imported_messages = ReleaseItem::own(table, release).await?.imported_messages;
    let mut attempts = WriteAttempts::new();
    let mut message = Message { id: 0, at: now, release: release.clone(), body };
    // The number stays the same while it is unknown whether the message was written: two numbers would be the message twice.
    let mut keep = false;
    loop {
        let sent = sent(table.get(&Key::sent(release)).await?.as_ref(), release)?;
        if !keep {
            message.id = sent.max(imported_messages) + 1;
        }
        let (body, hash) = seal(&message)?;
        let key = Key::message(release, message.id);
        let token = attempts.token();
        let item = fill(key.item(), [("body", text(body)), ("hash", text(hash)), ("token", text(&token))]);
        let counted = sealed(fill(Key::sent(release).item(), [("rev", number(message.id))]));
        let counts = if sent == 0 { If::New } else { If::Rev(sent) };
        let written = table.put_all(&token, vec![(item, If::New), (counted, counts)]).await?;
        match &written {
            Written::Yes => return Ok(message.id),
            Written::Perhaps(_) => keep = true,
            Written::No => {
                let there = table.get(&key).await?;
                let ours = there.as_ref().is_some_and(|item| wrote(&attempts, item));
                if ours {
                    return Ok(message.id);
                }
                keep = false;
            }
        }
        attempts.again(table, written).await?;
    }
}

fn wrote(attempts: &WriteAttempts, item: &Item) -> bool {
    item.get("token").and_then(|v| v.as_s().ok()).is_some_and(|token| attempts.wrote(token))
}

/// The last message's number; 0 before the first that came here.
fn sent(item: Option<&Item>, release: &ReleaseId) -> Result<u64, JournalError> {
    let Some(item) = item else { return Ok(0) };
    Read::sealed(item, &|| Part::Inbox { release: release.clone() })?.number("rev")
}

fn id(item: &Item, release: &ReleaseId) -> Result<u64, JournalError> {
    let part = || Part::Inbox { release: release.clone() };
    let sk = Read::new(item, &part)?.text("sk")?;
    let id = sk.strip_prefix(MESSAGE).and_then(|n| n.parse().ok());
    id.ok_or_else(|| part().is(Flaw::Unreadable { error: sk.to_owned() }))
}

/// The messages that wait.
///
/// # Errors
/// `Corrupt` where one is missing or not as it was sent. Those that were absorbed are looked for only as far as the last that waits.
pub(super) async fn waiting(table: &Table, release: &ReleaseId) -> Result<Vec<Message>, JournalError> {
    let mut attempt = 0;
    loop {
        let release_item = ReleaseItem::load(table, release).await?;
        attempt += 1;
        match look(table, &release_item).await? {
            Ok(waiting) => return Ok(waiting),
            Err(missing) if attempt == READS => {
                return Err(Part::Message { release: release.clone(), id: missing }.is(Flaw::Missing));
            }
            Err(_) => table.pause(attempt).await?,
        }
    }
}

/// The messages that wait, or the number of one that should be there.
async fn look(table: &Table, release_item: &ReleaseItem) -> Result<Result<Vec<Message>, u64>, JournalError> {
    let release = &release_item.release;
    let first = release_item.absorbed.first_missing().max(release_item.imported_messages + 1);
    let mut items = table.range(&of_inbox(release), &numbered(MESSAGE, first), SENT).await?;
    let counter = items.pop_if(|item| Key::of(item).sk == SENT);
    let sent = sent(counter.as_ref(), release)?.max(release_item.imported_messages);
    let mut due = first;
    let mut waiting = Vec::new();
    for item in items {
        let id = id(&item, release)?;
        if id != due {
            return Ok(Err(due));
        }
        due += 1;
        if release_item.absorbed.contains(id) {
            continue;
        }
        let part = || Part::Message { release: release.clone(), id };
        let read = Read::new(&item, &part)?;
        let message: Message = unseal(read.text("body")?, read.text("hash")?, part())?;
        if message.id != id || &message.release != release {
            return Err(part().is(Flaw::OtherMessage));
        }
        waiting.push(message);
    }
    Ok(if due == sent + 1 { Ok(waiting) } else { Err(due.min(sent + 1)) })
}

/// Whether there is such a message. None ever vanishes, so that this needs no transaction with the release's partition.
pub(super) async fn is_there(table: &Table, release: &ReleaseId, id: u64) -> Result<bool, JournalError> {
    Ok(table.get(&Key::message(release, id)).await?.is_some())
}
