//! The hash that an approval is bound to.

use serde_json::{Value, json};

use super::taskdef::canonical;
use crate::model::gate::GateJudgement;
use crate::model::ids::PlanHash;
use crate::model::pipeline::Stage;
use crate::model::plan::{StagePlan, WorkloadPlan};
use crate::model::release::Release;

/// What a person approves: which digests, as which task definitions, by which steps, in which place, under which judgement.
///
/// Findings enter as verdict, rules and blocking set only: a quiet night of re-scans leaves an approval standing. The revision
/// that runs now enters, its desired count does not: auto scaling owns that.
pub fn hash(release: &Release, stage: &Stage, plan: &StagePlan, gate: &GateJudgement) -> PlanHash {
    let pipeline = &release.started.pipeline;
    let account = pipeline.account(&stage.account);
    let workload = |w: &WorkloadPlan| json!({ "live": w.live, "content": w.content, "images": w.images });
    let workloads: Value = json!({
        "services": plan.services.iter().map(|(n, w)| (n.to_string(), workload(w))).collect::<serde_json::Map<_, _>>(),
        "tasks": plan.tasks.iter().map(|(n, w)| (n.to_string(), workload(w))).collect::<serde_json::Map<_, _>>(),
    });
    let all = json!({
        "form": 1,
        "app": pipeline.app,
        "release": release.id,
        "stage": stage.name,
        "account": account.id,
        "region": account.region,
        "cluster": stage.cluster,
        "service_names": stage.service_names,
        "steps": stage.steps,
        "on_failure": stage.on_failure,
        "workloads": workloads,
        "gate": { "verdict": gate.verdict, "blocking": gate.blocking, "at_most": stage.gate.at_most },
    });
    PlanHash::of(canonical(&all).as_bytes())
}

#[cfg(test)]
mod tests;
