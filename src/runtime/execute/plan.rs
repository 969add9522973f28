//! What a stage would change, worked out from what runs there now.

use std::collections::BTreeMap;

use serde_json::Value;

use super::defect;
use super::definition::{images, next};
use crate::engine::taskdef::{changes, content_hash, family, sent};
use crate::model::effect::Workload;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::ids::StageName;
use crate::model::pipeline::{Pipeline, Stage};
use crate::model::plan::{Change, StagePlan, WorkloadPlan};
use crate::model::release::Release;
use crate::model::rollout::TaskDefinition;
use crate::ports::deployer::Cluster;
use crate::runtime::ports::Ports;
use crate::runtime::tags;

pub async fn plan(ports: &Ports, release: &Release, stage: &StageName) -> Result<Fact, Fault> {
    let spec = release.started.pipeline.stage(stage).ok_or_else(|| defect("no such stage"))?;
    Ok(Fact::StagePlanned { stage: stage.clone(), plan: stage_plan(ports, release, spec).await? })
}

/// The plan of one stage. Reads only.
pub async fn stage_plan(ports: &Ports, release: &Release, stage: &Stage) -> Result<StagePlan, Fault> {
    let pipeline = &release.started.pipeline;
    let account = pipeline.account(&stage.account);
    let mut plan = StagePlan { services: BTreeMap::new(), tasks: BTreeMap::new() };
    for name in stage.services() {
        let at = Cluster { account, name: &stage.cluster };
        let service = ports.deployer.service(at, stage.service_name(name)).await?;
        let live = ports.deployer.task_definition(account, &service.task_definition).await?;
        let workload = Workload::Service(name.clone());
        let definition = next(ports, release, stage, &workload, Some(&service.task_definition)).await?.definition;
        let planned = WorkloadPlan {
            family: family(&definition),
            live: Some(service.task_definition.clone()),
            content: content_hash(&definition),
            images: images(release, stage, &pipeline.service(name).containers)?,
            changes: changes(&sent::as_sent(&live.raw, tags::content(&live.tags).as_ref(), &definition), &definition),
            drift: drift(ports, pipeline, stage, &live, &definition).await?,
            desired: service.desired,
        };
        plan.services.insert(name.clone(), planned);
    }
    for name in stage.tasks() {
        let definition = next(ports, release, stage, &Workload::Task(name.clone()), None).await?.definition;
        let planned = WorkloadPlan {
            family: family(&definition),
            live: None,
            content: content_hash(&definition),
            images: images(release, stage, &pipeline.task(name).containers)?,
            changes: Vec::new(),
            drift: Vec::new(),
            desired: 1,
        };
        plan.tasks.insert(name.clone(), planned);
    }
    Ok(plan)
}

/// What others changed since kanmon's last revision. A revision is kanmon's where it carries the hash of its content: a tag alone
/// may have been copied.
async fn drift(
    ports: &Ports,
    pipeline: &Pipeline,
    stage: &Stage,
    live: &TaskDefinition,
    next: &Value,
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
    Ok(ours.map_or_else(Vec::new, |was| changes(&was.raw, &sent::as_sent(&live.raw, None, &was.raw))))
}
