//! Gathers what an approver has to know before they decide about a plan.

use super::context::Context;
use super::error::Error;
use super::records::{self, Recorded};
use crate::engine::review::{Circumstances, Record, commits_between, review};
use crate::model::approval::ApprovalRequest;
use crate::model::commits::{Commits, CommitsUnknown};
use crate::model::ids::{ReleaseId, StageName};
use crate::model::ledger::{Ledgers, StageLedger};
use crate::model::pipeline::Stage;
use crate::model::review::Review;

/// What was gathered about a request.
pub struct Gathered {
    record: Record,
    candidates: Vec<Record>,
    ledgers: Ledgers,
    commits: Result<Commits, CommitsUnknown>,
    stage: Stage,
    request: ApprovalRequest,
}

/// Reads the record of the release, those of the last releases of the stage, and the commits between the two in this checkout.
///
/// # Errors
/// Where the state cannot be read. A damaged record of another release makes only that release unknown.
pub async fn gather(
    context: &Context,
    recorded: &Recorded,
    stage: &Stage,
    request: &ApprovalRequest,
) -> Result<Gathered, Error> {
    let release = recorded.release.clone();
    let pipeline = &release.started.pipeline;
    let events = context.journal.read(&release.id).await?;
    let mut ledgers = Ledgers::new();
    for spec in pipeline.stages_until(&stage.name) {
        ledgers.insert(spec.name.clone(), context.journal.ledger(&pipeline.app, &spec.name).await?);
    }
    let mut candidates = Vec::new();
    for id in last_releases(&ledgers, &stage.name).into_iter().filter(|id| *id != release.id) {
        match records::one(context, &id).await {
            Ok((events, release)) => candidates.push(Record { events, release }),
            Err(Error::Journal(error)) if !records::is_of_the_record(&error) => return Err(error.into()),
            Err(_) => {}
        }
    }
    let commits = commits_between(&release, &candidates, stage, request).and_then(|(from, to)| {
        match from == to {
            // No checkout is needed to know that.
            true => Ok(Commits::default()),
            false => context.ports(release.id.as_str(), None).checkout.between(from, to),
        }
    });
    let record = Record { events, release };
    Ok(Gathered { record, candidates, ledgers, commits, stage: stage.clone(), request: request.clone() })
}

/// The last release that passed a stage, and the last that entered it.
fn last_releases(ledgers: &Ledgers, stage: &StageName) -> Vec<ReleaseId> {
    let ledger = ledgers.get(stage);
    let good = ledger.and_then(|ledger: &StageLedger| ledger.last_good.as_ref()).map(|good| good.release.clone());
    let entered = ledger.and_then(|ledger| ledger.last_entered.clone());
    let mut found: Vec<ReleaseId> = good.into_iter().chain(entered).collect();
    found.dedup();
    found
}

impl Gathered {
    pub fn review(&self) -> Review<'_> {
        let circumstances = Circumstances {
            record: &self.record,
            candidates: &self.candidates,
            ledgers: &self.ledgers,
            commits: self.commits.clone(),
            started_by: records::started_by_other(&self.record.release.started.kanmon),
        };
        review(circumstances, &self.stage, &self.request)
    }
}
