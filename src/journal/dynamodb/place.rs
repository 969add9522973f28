//! A stage's item: who has it, and what it knows.

use super::item::{Item, Read, fill, number, text};
use super::key::Key;
use super::table::{If, Table};
use crate::journal::codec::{seal, unseal};
use crate::journal::lease::{self, StageLease};
use crate::model::ids::{AppName, StageName};
use crate::model::ledger::StageLedger;
use crate::ports::journal::JournalError;

#[derive(Debug)]
pub(super) struct Place {
    key: Key,
    pub lease: StageLease,
    pub ledger: StageLedger,
    /// 0 where it is not written yet.
    rev: u64,
}

impl Place {
    /// A stage that nobody has taken or entered yet has no item.
    pub async fn load(table: &Table, app: &AppName, stage: &StageName) -> Result<Place, JournalError> {
        let key = Key::stage(app, stage);
        match table.get(&key).await? {
            Some(item) => Place::parse(key, &item, stage),
            None => Ok(Place { key, lease: StageLease::default(), ledger: StageLedger::default(), rev: 0 }),
        }
    }

    fn parse(key: Key, item: &Item, stage: &StageName) -> Result<Place, JournalError> {
        let what = format!("stage {stage}");
        let read = Read::new(item, &what)?;
        let hold = lease::parse_hold(read.maybe_text("hold")?, &what)?;
        let ledger = unseal(read.text("ledger")?, read.text("ledger_hash")?, &format!("the ledger of {what}"))?;
        Ok(Place { key, lease: StageLease { fence: read.number("fence")?, hold }, ledger, rev: read.number("rev")? })
    }

    /// The item that takes this one's place.
    pub fn write(&self) -> Result<(Item, If), JournalError> {
        let (ledger, hash) = seal(&self.ledger)?;
        let mut item = fill(
            self.key.item(),
            [
                ("fence", number(self.lease.fence)),
                ("ledger", text(ledger)),
                ("ledger_hash", text(hash)),
                ("rev", number(self.rev + 1)),
            ],
        );
        if let Some(hold) = lease::hold_text(self.lease.hold.as_ref())? {
            item.insert("hold".to_owned(), text(hold));
        }
        Ok((item, if self.rev == 0 { If::New } else { If::Rev(self.rev) }))
    }
}
