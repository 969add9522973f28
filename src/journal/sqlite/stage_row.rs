//! A stage's two rows: its lease and its ledger. Each has the other's hash or name, so that the loss of one of them is found.

use rusqlite::{OptionalExtension, Transaction, params};

use super::error::Failure;
use super::number::Number;
use crate::journal::codec::{self, seal, unseal};
use crate::journal::lease::{self, StageLease};
use crate::model::event::Fact;
use crate::model::fault::state::{Flaw, Part};
use crate::model::ids::{AppName, IdError, ReleaseId, StageName};
use crate::model::ledger::StageLedger;

#[derive(Debug, Clone, Default)]
pub(super) struct StageRow {
    pub lease: StageLease,
    pub ledger: StageLedger,
}

/// The row of its lease.
struct LeaseRow {
    lease: StageLease,
    /// The hash of the ledger.
    ledger: String,
}

impl StageRow {
    /// A stage that nobody has locked, entered or intervened in has no rows yet.
    ///
    /// # Errors
    /// `Corrupt` where a row is missing or not as it was written.
    pub fn load(tx: &Transaction<'_>, app: &AppName, stage: &StageName) -> Result<StageRow, Failure> {
        let known: Option<(String, String)> = tx
            .prepare_cached("SELECT body, hash FROM ledgers WHERE app = ?1 AND stage = ?2")?
            .query_row(params![app.as_str(), stage.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let part = || Part::StageLedger { stage: stage.to_string() };
        let corrupt = |flaw| part().is(flaw).into();
        match (LeaseRow::load(tx, app.as_str(), stage.as_str())?, known) {
            (Some(held), Some((body, hash))) => {
                let ledger = unseal(&body, &hash, part())?;
                if held.ledger != hash {
                    return Err(corrupt(Flaw::Outdated));
                }
                Ok(StageRow { lease: held.lease, ledger })
            }
            (Some(_), None) => Err(corrupt(Flaw::Missing)),
            (None, Some(_)) => Err(corrupt(Flaw::Unpaired)),
            (None, None) => match entered(tx, app, stage)? {
                Some(release) => Err(corrupt(Flaw::MissingAfter { release })),
                None => Ok(StageRow::default()),
            },
        }
    }

    pub fn save(&self, tx: &Transaction<'_>, app: &AppName, stage: &StageName) -> Result<(), Failure> {
        let (body, hash) = seal(&self.ledger)?;
        tx.prepare_cached("INSERT OR REPLACE INTO ledgers (app, stage, body, hash) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![app.as_str(), stage.as_str(), body, hash])?;
        LeaseRow { lease: self.lease.clone(), ledger: hash }.save(tx, app.as_str(), stage.as_str())
    }
}

impl LeaseRow {
    fn load(tx: &Transaction<'_>, app: &str, stage: &str) -> Result<Option<LeaseRow>, Failure> {
        let row: Option<(Number, Option<String>, String, String)> = tx
            .prepare_cached("SELECT fence, claim, ledger, seal FROM stages WHERE app = ?1 AND stage = ?2")?
            .query_row([app, stage], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((Number(fence), claim, ledger, seal)) = row else { return Ok(None) };
        let part = || Part::StageLease { stage: stage.to_owned() };
        if digest(app, stage, fence, claim.as_deref(), &ledger) != seal {
            return Err(part().is(Flaw::HashMismatch).into());
        }
        let lease = StageLease { fence, claim: lease::from_json(claim.as_deref(), part)? };
        Ok(Some(LeaseRow { lease, ledger }))
    }

    fn save(&self, tx: &Transaction<'_>, app: &str, stage: &str) -> Result<(), Failure> {
        let claim = lease::to_json(self.lease.claim.as_ref())?;
        let seal = digest(app, stage, self.lease.fence, claim.as_deref(), &self.ledger);
        tx.prepare_cached(
            "INSERT OR REPLACE INTO stages (app, stage, fence, claim, ledger, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![app, stage, Number(self.lease.fence), claim, self.ledger, seal])?;
        Ok(())
    }
}

fn digest(app: &str, stage: &str, fence: u64, claim: Option<&str>, ledger: &str) -> String {
    let fence = fence.to_string();
    let claim = claim.unwrap_or_default();
    codec::digest([("app", app), ("stage", stage), ("fence", &fence), ("claim", claim), ("ledger", ledger)])
}

/// Applies a change to every stage that is held, and saves those for which it answers true; answers which these are.
pub(super) fn each_claimed(
    tx: &Transaction<'_>,
    mut change: impl FnMut(&mut StageLease) -> bool,
) -> Result<Vec<StageName>, Failure> {
    let mut held = tx.prepare_cached("SELECT app, stage FROM stages WHERE claim IS NOT NULL")?;
    let keys: Vec<(String, String)> =
        held.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut changed = Vec::new();
    for (app, stage) in keys {
        let Some(mut held) = LeaseRow::load(tx, &app, &stage)? else { continue };
        if change(&mut held.lease) {
            held.save(tx, &app, &stage)?;
            let name = stage.parse::<StageName>().map_err(|e: IdError| {
                Part::StageLease { stage: stage.clone() }.is(Flaw::Unreadable { error: e.to_string() })
            });
            changed.push(name?);
        }
    }
    Ok(changed)
}

/// A release of the application whose events say that it entered the stage. Only looked for where the stage has no rows: every other fact
/// that changes a ledger comes after this one.
fn entered(tx: &Transaction<'_>, app: &AppName, stage: &StageName) -> Result<Option<ReleaseId>, Failure> {
    let payload = codec::payload(&Fact::StageEntered { stage: stage.clone() })?;
    let found: Option<String> = tx
        .prepare_cached(
            "SELECT e.release FROM events e JOIN releases r ON r.release = e.release
             WHERE r.app = ?1 AND r.imported IS NULL AND length(e.payload) = length(?2) AND e.payload = ?2 LIMIT 1",
        )?
        .query_row(params![app.as_str(), payload], |row| row.get(0))
        .optional()?;
    let Some(found) = found else { return Ok(None) };
    let unreadable =
        |e: IdError| Part::Release { release: found.clone() }.is(Flaw::Unreadable { error: e.to_string() });
    Ok(Some(found.parse::<ReleaseId>().map_err(unreadable)?))
}
