//! The hash that an approval is bound to.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::taskdef::canonical;
use crate::model::gate::GateJudgement;
use crate::model::ids::PlanHash;
use crate::model::pipeline::{Pipeline, Stage};
use crate::model::plan::{StagePlan, Unnamed, UnnamedGate, WorkloadPlan};
use crate::model::release::Release;

/// What a person approves: which digests, as which task definitions, by which steps, in which place, reached how, under which rules
/// and judgement, and who may approve it for how long.
///
/// What stands in the file goes in whole, and the rest member by member, so that a new member has to be thought about. Left out is
/// what changes in a quiet night, which leaves an approval standing: findings enter as verdict and blocking set only, and the
/// service's desired count belongs to auto scaling. Who asked is left out, too: others may take the same release further, and each of
/// them is excluded from approving it.
pub fn hash(release: &Release, stage: &Stage, plan: &StagePlan, gate: &GateJudgement) -> PlanHash {
    let pipeline = &release.started.pipeline;
    let Pipeline { version: _, app, state: _, accounts: _, images: _, services: _, tasks: _, stages: _, poll: _ } =
        pipeline;
    let StagePlan { services, tasks } = plan;
    let all = json!({
        "form": 3,
        "app": app,
        "release": release.id,
        "source": release.started.source,
        "stage": stage,
        "accounts": pipeline.accounts_of(stage),
        "images": stage.images_used(pipeline).into_iter().map(|n| (n.as_str(), pipeline.image(n))).collect::<BTreeMap<_, _>>(),
        "services": services.iter().map(|(n, w)| (n.as_str(), workload(w, pipeline.services.get(n)))).collect::<BTreeMap<_, _>>(),
        "tasks": tasks.iter().map(|(n, w)| (n.as_str(), workload(w, pipeline.tasks.get(n)))).collect::<BTreeMap<_, _>>(),
        "gate": judgement(gate),
    });
    PlanHash::of(canonical(&all).as_bytes())
}

/// `spec` is what the file says of it. What differs and what drifted is what people read, so it is approved as well: a record cannot
/// show less than what it asks about.
fn workload(plan: &WorkloadPlan, spec: Option<impl Serialize>) -> Value {
    let WorkloadPlan { family, live, content, images, unnamed, changes, drift, desired: _ } = plan;
    let beside = |unnamed: &Unnamed| {
        let Unnamed { image, gate } = unnamed;
        json!({ "image": image, "kept": *gate == UnnamedGate::Kept, "gate": gate.judgement().map(judgement) })
    };
    let unnamed: BTreeMap<_, _> = unnamed.iter().map(|(container, u)| (container, beside(u))).collect();
    json!({ "spec": spec, "family": family, "live": live, "content": content, "images": images, "unnamed": unnamed, "changes": changes, "drift": drift })
}

fn judgement(gate: &GateJudgement) -> Value {
    let GateJudgement { verdict, counts: _, suppressed: _, blocking, reasons: _ } = gate;
    json!({ "verdict": verdict, "blocking": blocking })
}

/// Whether what the record shows with a question is what the question's hash stands for. Where it is not, somebody has changed the
/// record, and an answer would be about something that nobody has read.
pub fn is_what_was_asked(release: &Release, stage: &Stage, asked: &PlanHash) -> bool {
    let shown = release.stage(&stage.name).shown(asked);
    shown.is_some_and(|shown| hash(release, stage, &shown.plan, &shown.gate) == *asked)
}

#[cfg(test)]
mod tests;
