//! The hash that an approval is bound to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::taskdef::canonical;
use crate::model::approval::ApprovalPolicy;
use crate::model::event::Source;
use crate::model::finding::Finding;
use crate::model::gate::{GateJudgement, GateRules};
use crate::model::ids::PlanHash;
use crate::model::pipeline::{Account, ImageSpec, Pipeline, ServiceSpec, Sheet, Stage, TaskSpec};
use crate::model::plan::{Change, StagePlan, Unnamed, UnnamedGate, WorkloadPlan};
use crate::model::release::Release;
use crate::model::step::Step;

/// The hash of what a person approves: the digests, task definitions, steps, accounts and clusters, the gate's rules and judgement, and who
/// may approve for how long.
///
/// Structures are destructured, so that a new member does not compile until it is decided whether it is approved. What is in the pipeline file
/// alone is included as a whole: a step, how an image is built, where a task definition comes from, and the way of approval. What changes
/// without anybody's action is left out, so that it does not void an approval: findings are included only as verdict and blocking set, and the
/// desired count belongs to auto scaling. The requester is left out, too: others may extend the same release, and none of them may approve it.
pub fn hash(release: &Release, stage: &Stage, plan: &StagePlan, gate: &GateJudgement) -> PlanHash {
    let pipeline = &release.started.pipeline;
    let Pipeline { version: _, app, state: _, accounts: _, images: _, services: _, tasks: _, stages: _, poll: _ } =
        pipeline;
    let StagePlan { services, tasks } = plan;
    let all = json!({
        "form": 4,
        "app": app,
        "release": release.id,
        "source": source(&release.started.source),
        "stage": stage_spec(stage),
        "accounts": pipeline.accounts_of(stage).into_iter().map(account).collect::<Vec<_>>(),
        "images": stage.images_used(pipeline).into_iter().map(|n| (n.as_str(), image(pipeline.image(n)))).collect::<BTreeMap<_, _>>(),
        "services": services.iter().map(|(n, w)| (n.as_str(), workload(w, pipeline.services.get(n).map(service)))).collect::<BTreeMap<_, _>>(),
        "tasks": tasks.iter().map(|(n, w)| (n.as_str(), workload(w, pipeline.tasks.get(n).map(task)))).collect::<BTreeMap<_, _>>(),
        "gate": judgement(gate),
    });
    PlanHash::of(canonical(&all).as_bytes())
}

fn stage_spec(stage: &Stage) -> Value {
    let Stage { name, account, cluster, service_names, values, images, gate, approval, steps, deadline, on_failure } =
        stage;
    let GateRules { at_most, timeout, settle, max_age, suppressed } = gate;
    json!({
        "name": name,
        "account": account,
        "cluster": cluster,
        "service_names": service_names,
        "values": values,
        "images": images,
        "gate": { "at_most": at_most, "timeout": timeout, "settle": settle, "max_age": max_age, "suppressed": suppressed },
        "approval": approval.as_ref().map(policy),
        "steps": steps.iter().map(step).collect::<Vec<_>>(),
        "deadline": deadline,
        "on_failure": on_failure,
    })
}

fn policy(policy: &ApprovalPolicy) -> Value {
    let ApprovalPolicy { way, approvers, expires, self_approval } = policy;
    json!({ "way": way, "approvers": approvers, "expires": expires, "self_approval": self_approval })
}

/// A step as a whole: each kind's module defines its members.
fn step(step: &Step) -> Value {
    json!(step)
}

fn account(account: &Account) -> Value {
    let Account { name, id, region, role, external_id, assume, profile, endpoints } = account;
    json!({
        "name": name,
        "id": id,
        "region": region,
        "role": role,
        "external_id": external_id,
        "assume": assume,
        "profile": profile,
        "endpoints": endpoints,
    })
}

fn image(image: &ImageSpec) -> Value {
    let ImageSpec { account, repository, platforms, build } = image;
    json!({ "account": account, "repository": repository, "platforms": platforms, "build": build })
}

fn service(service: &ServiceSpec) -> Value {
    let ServiceSpec { taskdef, containers, sheet } = service;
    json!({ "taskdef": taskdef, "containers": containers, "sheet": shown(sheet) })
}

fn task(task: &TaskSpec) -> Value {
    let TaskSpec { taskdef, containers, sheet, network_of, container, command, timeout } = task;
    json!({
        "taskdef": taskdef,
        "containers": containers,
        "sheet": shown(sheet),
        "network_of": network_of,
        "container": container,
        "command": command,
        "timeout": timeout,
    })
}

fn shown(sheet: &Sheet) -> Value {
    let Sheet { unnamed, show } = sheet;
    json!({ "unnamed": unnamed, "show": show })
}

fn source(source: &Source) -> Value {
    let Source { commit, subject, branch, author, dirty, unreadable, named_by } = source;
    let mut value = json!({ "commit": commit, "branch": branch, "author": author, "dirty": dirty, "unreadable": unreadable, "named_by": named_by });
    if let Some(subject) = subject {
        value["subject"] = json!(subject);
    }
    value
}

/// `spec` is its specification in the pipeline. Changes and drift are what people read, so they are approved as well: a record cannot show less
/// than what is approved.
fn workload(plan: &WorkloadPlan, spec: Option<Value>) -> Value {
    let WorkloadPlan { family, live, content, images, unnamed, changes, drift, desired: _ } = plan;
    let each = |unnamed: &Unnamed| {
        let Unnamed { image, gate } = unnamed;
        json!({ "image": image, "kept": *gate == UnnamedGate::Kept, "gate": gate.judgement().map(judgement) })
    };
    let unnamed: BTreeMap<_, _> = unnamed.iter().map(|(container, u)| (container, each(u))).collect();
    json!({ "spec": spec, "family": family, "live": live, "content": content, "images": images, "unnamed": unnamed, "changes": differences(changes), "drift": differences(drift) })
}

fn differences(changes: &[Change]) -> Vec<Value> {
    let each = |change: &Change| {
        let Change { path, from, to, kind } = change;
        json!({ "path": path, "from": from, "to": to, "kind": kind })
    };
    changes.iter().map(each).collect()
}

fn judgement(gate: &GateJudgement) -> Value {
    let GateJudgement { verdict, counts: _, suppressed: _, blocking, reasons: _ } = gate;
    json!({ "verdict": verdict, "blocking": blocking.iter().map(finding).collect::<Vec<_>>() })
}

/// A finding that blocks: which vulnerability it is, how severe, in which version of what, and what fixes it, as its approver reads it.
fn finding(finding: &Finding) -> Value {
    let Finding { id, severity, package, installed, fixed_in } = finding;
    let mut value = json!({ "id": id, "severity": severity });
    if !package.is_empty() {
        value["package"] = json!(package);
    }
    if let Some(version) = installed {
        value["installed"] = json!(version);
    }
    if let Some(version) = fixed_in {
        value["fixed_in"] = json!(version);
    }
    value
}

/// Whether the plan that the record shows with a request has the requested hash. If not, somebody has changed the record, and an answer would be
/// about a plan that nobody has read.
pub fn is_requested_plan(release: &Release, stage: &Stage, asked: &PlanHash) -> bool {
    let shown = release.stage(&stage.name).shown(asked);
    shown.is_some_and(|shown| hash(release, stage, &shown.plan, &shown.gate) == *asked)
}

#[cfg(test)]
mod tests;
