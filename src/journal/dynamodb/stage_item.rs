//! A stage's item: its lease and its ledger.

use super::item::{Item, Read, fill, number, sealed, text};
use super::key::Key;
use super::table::{If, READS, Table};
use crate::journal::codec::{seal, unseal};
use crate::journal::lease::{self, StageLease};
use crate::model::fault::state::{Flaw, Part};
use crate::model::ids::{AppName, StageName};
use crate::model::ledger::StageLedger;
use crate::ports::journal::JournalError;

#[derive(Debug)]
pub(super) struct StageItem {
    key: Key,
    /// Of the item that says that this one exists: it is in another partition, so that the loss of one of them is found.
    known: Key,
    pub lease: StageLease,
    pub ledger: StageLedger,
    /// 0 where it is not written yet.
    rev: u64,
}

impl StageItem {
    /// A stage that nobody has locked, entered or intervened in has no item yet.
    ///
    /// # Errors
    /// `Corrupt` where the item is missing or not as it was written.
    pub async fn load(table: &Table, app: &AppName, stage: &StageName) -> Result<StageItem, JournalError> {
        let (key, known) = (Key::stage(app, stage), Key::known(app, stage));
        for attempt in 1..=READS {
            if let Some(item) = table.get(&key).await? {
                return StageItem::parse(key, known, &item, stage);
            }
            if table.get(&known).await?.is_none() {
                return Ok(StageItem {
                    key,
                    known,
                    lease: StageLease::default(),
                    ledger: StageLedger::default(),
                    rev: 0,
                });
            }
            table.pause(attempt).await?;
        }
        Err(Part::StageLedger { stage: stage.to_string() }.is(Flaw::Missing))
    }

    fn parse(key: Key, known: Key, item: &Item, stage: &StageName) -> Result<StageItem, JournalError> {
        let part = || Part::StageLease { stage: stage.to_string() };
        let read = Read::sealed(item, &part)?;
        let claim = lease::from_json(read.maybe_text("claim")?, part)?;
        let ledger_part = Part::StageLedger { stage: stage.to_string() };
        let ledger = unseal(read.text("ledger")?, read.text("ledger_hash")?, ledger_part)?;
        let lease = StageLease { fence: read.number("fence")?, claim };
        Ok(StageItem { key, known, lease, ledger, rev: read.number("rev")? })
    }

    /// The item that replaces this one, and the first time the one that says that it exists.
    pub fn write(&self) -> Result<Vec<(Item, If)>, JournalError> {
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
        if let Some(claim) = lease::to_json(self.lease.claim.as_ref())? {
            item.insert("claim".to_owned(), text(claim));
        }
        match self.rev {
            0 => Ok(vec![(sealed(item), If::New), (fill(self.known.item(), []), If::Always)]),
            rev => Ok(vec![(sealed(item), If::Rev(rev))]),
        }
    }
}
