//! What a stage would change, worked out from what runs there now.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ports::Ports;
use super::task_definition::base::{Base, base, images};
use super::task_definition::{tags, unnamed};
use crate::engine::changes::changes;
use crate::engine::taskdef::{content_hash, family, sent};
use crate::model::effect::Workload;
use crate::model::fault::{Fault, FaultKind};
use crate::model::pipeline::{Account, Pipeline, Stage};
use crate::model::plan::{Change, StagePlan, WorkloadPlan};
use crate::model::release::Release;
use crate::model::rollout::TaskDefinition;
use crate::ports::deployer::Cluster;

/// The plan of one stage. Reads only.
pub async fn stage_plan(ports: &Ports, release: &Release, stage: &Stage) -> Result<StagePlan, Fault> {
    let pipeline = &release.started.pipeline;
    let account = pipeline.account(&stage.account);
    let mut plan = StagePlan { services: BTreeMap::new(), tasks: BTreeMap::new() };
    for name in stage.services() {
        let service = ports.deployer.service(Cluster::of(pipeline, stage), stage.service_name(name)).await?;
        let live = ports.deployer.task_definition(account, &service.task_definition).await?;
        let of = Workload::Service(name.clone());
        let base = base(ports, release, stage, &of, Some(&service.task_definition)).await?;
        let (definition, planned) = workload(ports, release, stage, &of, &base, Some(&live)).await?;
        let drift = drift(ports, pipeline, stage, &live, &definition, &base.sheet.show).await?;
        plan.services.insert(
            name.clone(),
            WorkloadPlan { live: Some(service.task_definition), drift, desired: service.desired, ..planned },
        );
    }
    for name in stage.tasks() {
        let of = Workload::Task(name.clone());
        let base = base(ports, release, stage, &of, None).await?;
        let last = last(ports, account, &family(&base.raw)).await?;
        let (_, planned) = workload(ports, release, stage, &of, &base, last.as_ref()).await?;
        plan.tasks.insert(name.clone(), planned);
    }
    Ok(plan)
}

/// What would be registered from a base, against the revision that runs or ran last; without one all of it is new.
async fn workload(
    ports: &Ports,
    release: &Release,
    stage: &Stage,
    of: &Workload,
    base: &Base<'_>,
    before: Option<&TaskDefinition>,
) -> Result<(Value, WorkloadPlan), Fault> {
    let pipeline = &release.started.pipeline;
    let images = images(ports, release, stage, base.containers).await?;
    let unnamed = unnamed::resolve(ports, pipeline, stage, base).await?;
    let definition = base.next(&stage.name, of, &images, &unnamed)?;
    let sent = |before: &TaskDefinition| sent::as_sent(&before.raw, tags::content(&before.tags).as_ref(), &definition);
    let before_it = before.map_or_else(|| Value::Object(serde_json::Map::new()), sent);
    let planned = WorkloadPlan {
        family: family(&definition),
        live: before.map(|b| b.arn.clone()),
        content: content_hash(&definition),
        changes: changes(&before_it, &definition, &base.sheet.show),
        images,
        unnamed,
        drift: Vec::new(),
        desired: 1,
    };
    Ok((definition, planned))
}

/// The newest revision of a one-off task's family, which is what ran last; `None` where there is none.
async fn last(ports: &Ports, account: &Account, family: &str) -> Result<Option<TaskDefinition>, Fault> {
    match ports.deployer.task_definition(account, family).await {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.kind() == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// What others changed since kanmon's last revision. A revision is kanmon's where it carries the hash of its content: a tag alone
/// may have been copied.
async fn drift(
    ports: &Ports,
    pipeline: &Pipeline,
    stage: &Stage,
    live: &TaskDefinition,
    next: &Value,
    show: &BTreeSet<String>,
) -> Result<Vec<Change>, Fault> {
    let is_ours = |found: &TaskDefinition| {
        tags::content(&found.tags).is_some_and(|hash| sent::is_proven(&found.raw, &hash, next))
    };
    if is_ours(live) {
        return Ok(Vec::new());
    }
    let account = pipeline.account(&stage.account);
    let ours = ports.deployer.newest(account, &family(&live.raw), &is_ours).await?;
    // What ECS describes of both is compared; what it has begun to describe since is nobody's change.
    Ok(ours.map_or_else(Vec::new, |was| changes(&was.raw, &sent::as_sent(&live.raw, None, &was.raw), show)))
}
