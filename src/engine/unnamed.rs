//! The gate on the containers that the file does not name.

use crate::model::gate::GateJudgement;
use crate::model::plan::StagePlan;
use crate::model::verdict::Verdict;

/// One judgement of all of them that is not open, each reason with its container; `None` where nothing is in the way.
pub fn in_the_way(plan: &StagePlan) -> Option<GateJudgement> {
    let services = plan.services.iter().map(|(name, workload)| (name.as_str(), workload));
    let tasks = plan.tasks.iter().map(|(name, workload)| (name.as_str(), workload));
    let mut all = GateJudgement {
        verdict: Verdict::Pass,
        counts: Default::default(),
        suppressed: Default::default(),
        blocking: vec![],
        reasons: vec![],
    };
    for (name, workload) in services.chain(tasks) {
        for (container, unnamed) in &workload.unnamed {
            let Some(judgement) = unnamed.gate.as_ref().filter(|g| !g.verdict.is_open()) else { continue };
            all.verdict = all.verdict.max(judgement.verdict);
            all.reasons.extend(judgement.reasons.iter().map(|r| format!("container {container} of {name}: {r}")));
            all.blocking.extend(judgement.blocking.iter().cloned());
        }
    }
    (!all.verdict.is_open()).then_some(all)
}
