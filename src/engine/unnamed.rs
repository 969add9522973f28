//! The gate for containers that the file does not name: the same as for the others, for the images of the plan.

use jiff::Timestamp;

use super::gate::{self, Scanned};
use crate::model::gate::GateJudgement;
use crate::model::gate_reason::GateReason;
use crate::model::ids::AccountName;
use crate::model::pipeline::{Stage, Transfer};
use crate::model::plan::{StagePlan, Unnamed, UnnamedGate};
use crate::model::reference::Reference;
use crate::model::registry::owner;
use crate::model::release::Release;
use crate::model::scan_subject::ScanSubject;
use crate::model::verdict::Verdict;

/// The scan that an image is judged by, and its account; `None`: no account of the file has the image.
pub fn key(release: &Release, stage: &Stage, image: &str) -> Option<(ScanSubject, AccountName)> {
    let parts = Reference::of(image);
    let digest = parts.digest?.parse().ok()?;
    let (account, repository) = owner(&release.started.pipeline, stage, parts.name)?;
    Some((ScanSubject::Unnamed { repository: repository.to_owned(), digest }, account.name.clone()))
}

/// The scans that a plan's unnamed containers are judged by.
pub fn keys(release: &Release, stage: &Stage, plan: &StagePlan) -> Vec<(ScanSubject, AccountName)> {
    let judged = plan.unnamed().filter(|(_, _, unnamed)| is_judged_by_a_scan(unnamed));
    let mut keys: Vec<_> = judged.filter_map(|(_, _, unnamed)| key(release, stage, &unnamed.image)).collect();
    keys.sort();
    keys.dedup();
    keys
}

fn is_judged_by_a_scan(unnamed: &Unnamed) -> bool {
    match unnamed.gate {
        UnnamedGate::Kept => false,
        UnnamedGate::Unjudged | UnnamedGate::Judged(_) => true,
    }
}

/// The plan with each unnamed container judged by the known scans.
pub fn judged(release: &Release, stage: &Stage, plan: &StagePlan, now: Timestamp) -> StagePlan {
    let mut plan = plan.clone();
    for unnamed in plan.unnamed_mut().filter(|unnamed| is_judged_by_a_scan(unnamed)) {
        let judgement = match key(release, stage, &unnamed.image) {
            Some(key) => {
                let scan = release.scans.get(&key);
                let scans: Vec<Scanned<'_>> = scan
                    .map(|scan| Scanned { image: &key.0, account: &key.1, reading: &scan.reading })
                    .into_iter()
                    .collect();
                gate::judge(&stage.gate, &scans, now)
            }
            None => without_scan(stage, &unnamed.image),
        };
        unnamed.gate = UnnamedGate::Judged(judgement);
    }
    plan
}

/// The judgement of an image that no scanner of the file's accounts scans.
pub fn without_scan(stage: &Stage, image: &str) -> GateJudgement {
    GateJudgement {
        verdict: Verdict::Unknown,
        counts: Default::default(),
        suppressed: Default::default(),
        blocking: vec![],
        reasons: vec![GateReason::NoRepository { image: image.to_owned(), account: required_account(stage) }],
    }
}

/// The account that must have the stage's images; `None`: any account of the file.
pub fn required_account(stage: &Stage) -> Option<AccountName> {
    match stage.images {
        Transfer::Pull => None,
        Transfer::Copy => Some(stage.account.clone()),
    }
}

/// One judgement of all unnamed containers that do not pass, each reason with its container; `None`: all pass.
pub fn blocking(plan: &StagePlan) -> Option<GateJudgement> {
    let mut all = GateJudgement {
        verdict: Verdict::Pass,
        counts: Default::default(),
        suppressed: Default::default(),
        blocking: vec![],
        reasons: vec![],
    };
    for (name, container, unnamed) in plan.unnamed() {
        let Some(judgement) = unnamed.gate.judgement().filter(|g| !g.verdict.passes()) else { continue };
        all.verdict = all.verdict.max(judgement.verdict);
        all.reasons.extend(judgement.reasons.iter().map(|reason| GateReason::Container {
            workload: name.to_owned(),
            container: container.to_owned(),
            reason: Box::new(reason.clone()),
        }));
        all.blocking.extend(judgement.blocking.iter().cloned());
    }
    (!all.verdict.passes()).then_some(all)
}
