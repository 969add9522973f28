//! Before anything is touched: is everything there that the stages name, and may it be used?

pub mod approvals;
mod platforms;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::platforms::{OfferedPlatforms, check_unnamed};
use super::task_definition::base::{Base, tags_of};
use super::task_definition::{tags, unnamed};
use crate::engine::taskdef;
use crate::model::approval::ApprovalWay;
use crate::model::arn;
use crate::model::aws::ecs::{DeploymentController, ServiceStatus};
use crate::model::effect::Workload;
use crate::model::fault::Fault;
use crate::model::fault::service::ServiceProblem;
use crate::model::fault::task_definition::TaskDefinitionProblem;
use crate::model::ids::{AccountName, StageName};
use crate::model::pipeline::{FileRef, Pipeline, Stage, TaskDefinitionSource, UnnamedContainers};
use crate::model::release::Release;
use crate::model::step::Step;
use crate::model::step::check::Check;
use crate::ports::deployer::Cluster;
use crate::runtime::ports::Ports;

/// Checks everything between two stages, both included, and reports all that is missing at once.
///
/// # Errors
/// The one fault, or one that lists them; nothing has been changed.
pub async fn survey(ports: &Ports, release: &Release, from: &StageName, until: &StageName) -> Result<(), Fault> {
    let Surveyed { mut faults, outside } = look(ports, release, from, until).await;
    faults.extend(outside);
    together(faults)
}

/// The same without starting anything: answers with what would keep a release that is started here, and not inside the pipeline that
/// asks for its approval, from being approved.
///
/// # Errors
/// What is missing wherever it is started.
pub async fn preview(
    ports: &Ports,
    release: &Release,
    from: &StageName,
    until: &StageName,
) -> Result<Vec<Fault>, Fault> {
    let Surveyed { faults, outside } = look(ports, release, from, until).await;
    together(faults).map(|()| outside)
}

struct Surveyed {
    faults: Vec<Fault>,
    outside: Vec<Fault>,
}

async fn look(ports: &Ports, release: &Release, from: &StageName, until: &StageName) -> Surveyed {
    let pipeline = &release.started.pipeline;
    let position = |name| pipeline.stages.iter().position(|s| &s.name == name);
    let (first, last) = (position(from).unwrap_or(0), position(until).unwrap_or(pipeline.stages.len() - 1));
    let stages = &pipeline.stages[first..=last.max(first)];
    let (mut faults, mut outside) = (Vec::new(), Vec::new());
    let refused = accounts(ports, pipeline, stages, &mut faults).await;
    repositories(ports, pipeline, stages, &refused, &mut faults).await;
    let mut offered = OfferedPlatforms::new(ports, release, &refused);
    for stage in stages.iter().filter(|s| !refused.contains(&s.account)) {
        if let Err(fault) = ports.deployer.cluster(Cluster::of(pipeline, stage)).await {
            faults.push(fault);
            continue;
        }
        workloads(ports, pipeline, stage, &mut offered, &mut faults).await;
    }
    for stage in stages {
        if approval_account(stage).is_none_or(|account| !refused.contains(account)) {
            let missing = approvals::approval(ports, pipeline, stage, &release.requested_by).await;
            faults.extend(missing.always);
            outside.extend(missing.outside);
        }
        let checks = stage.steps.iter().filter_map(Step::check);
        faults.extend(checks.filter_map(|check| ports.checks.preflight(check).err()));
    }
    Surveyed { faults, outside }
}

fn together(mut faults: Vec<Fault>) -> Result<(), Fault> {
    match faults.len() {
        0 => Ok(()),
        1 => Err(faults.remove(0)),
        _ => Err(Fault::several(faults)),
    }
}

/// Enters every account; answers with those that refuse.
async fn accounts(
    ports: &Ports,
    pipeline: &Pipeline,
    stages: &[Stage],
    faults: &mut Vec<Fault>,
) -> BTreeSet<AccountName> {
    let of_images = stages.iter().flat_map(|s| s.images_used(pipeline)).map(|i| pipeline.image(i).account.clone());
    let of_approvals = stages.iter().filter_map(approval_account).cloned();
    let of_checks = stages.iter().flat_map(|s| &s.steps).filter_map(Step::check).filter_map(Check::account).cloned();
    let others = of_images.chain(of_approvals).chain(of_checks);
    let names: BTreeSet<AccountName> = stages.iter().map(|s| s.account.clone()).chain(others).collect();
    let mut refused = BTreeSet::new();
    for name in names {
        if let Err(fault) = ports.accounts.enter(pipeline.account(&name)).await {
            faults.push(fault);
            refused.insert(name);
        }
    }
    refused
}

/// The account whose CodePipeline asks for the stage's approval.
fn approval_account(stage: &Stage) -> Option<&AccountName> {
    match &stage.approval.as_ref()?.way {
        ApprovalWay::CodePipeline { account, .. } => Some(account),
        ApprovalWay::Kanmon => None,
    }
}

async fn repositories(
    ports: &Ports,
    pipeline: &Pipeline,
    stages: &[Stage],
    refused: &BTreeSet<AccountName>,
    faults: &mut Vec<Fault>,
) {
    let mut wanted = BTreeSet::new();
    for stage in stages {
        for image in stage.images_used(pipeline) {
            let spec = pipeline.image(image);
            wanted.insert((spec.account.clone(), spec.repository.clone()));
            wanted.insert((pipeline.image_account(stage, image).name.clone(), spec.repository.clone()));
        }
    }
    for (account, repository) in wanted.into_iter().filter(|(account, _)| !refused.contains(account)) {
        let account = pipeline.account(&account);
        let there = ports.registry.repository(account, &repository).await.map(drop);
        let looked = match there {
            Ok(()) => ports.scanner.preflight(account, &repository).await.map(drop),
            Err(fault) => Err(fault),
        };
        faults.extend(looked.err());
    }
}

async fn workloads(
    ports: &Ports,
    pipeline: &Pipeline,
    stage: &Stage,
    offered: &mut OfferedPlatforms<'_>,
    faults: &mut Vec<Fault>,
) {
    let account = pipeline.account(&stage.account);
    let at = Cluster::of(pipeline, stage);
    let services: BTreeSet<_> = stage.services().chain(stage.tasks().map(|t| &pipeline.task(t).network_of)).collect();
    for name in services {
        let spec = pipeline.service(name);
        let found = match ports.deployer.service(at, stage.service_name(name)).await {
            Ok(found) => found,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        let workload = Workload::Service(name.clone());
        if found.status != ServiceStatus::Active {
            let (stage, service, status) = (stage.name.clone(), name.clone(), found.status.clone());
            faults.push(ServiceProblem::NotActive { stage, service, status }.into());
        }
        if found.controller != DeploymentController::Ecs {
            let (stage, service, controller) = (stage.name.clone(), name.clone(), found.controller.clone());
            faults.push(ServiceProblem::OtherController { stage, service, controller }.into());
        }
        let base = match &spec.taskdef {
            TaskDefinitionSource::Live => {
                let live = ports.deployer.task_definition(account, &found.task_definition).await;
                live.map(|d| (arn::last(&d.arn).to_owned(), d.raw, d.tags))
            }
            TaskDefinitionSource::Template(file) => template(ports, file, pipeline, stage),
        };
        match base {
            Ok((from, raw, tags)) => {
                faults.extend(containers(&stage.name, &workload, &raw, spec.containers.keys()).err());
                let base = Base { raw, tags, containers: &spec.containers, sheet: &spec.sheet };
                task_definition(ports, pipeline, stage, &workload, (&from, &base), offered, faults).await;
            }
            Err(fault) => faults.push(fault),
        }
    }
    for name in stage.tasks() {
        let spec = pipeline.task(name);
        let workload = Workload::Task(name.clone());
        let named = spec.containers.keys().chain([&spec.container]);
        match template(ports, &spec.taskdef, pipeline, stage) {
            Ok((from, raw, tags)) => {
                faults.extend(containers(&stage.name, &workload, &raw, named).err());
                let base = Base { raw, tags, containers: &spec.containers, sheet: &spec.sheet };
                task_definition(ports, pipeline, stage, &workload, (&from, &base), offered, faults).await;
            }
            Err(fault) => faults.push(fault),
        }
    }
}

/// Whether the next task definition can be made from its base, whose name for people is `from`: tags, platforms, unnamed containers.
async fn task_definition(
    ports: &Ports,
    pipeline: &Pipeline,
    stage: &Stage,
    workload: &Workload,
    (from, base): (&str, &Base<'_>),
    offered: &mut OfferedPlatforms<'_>,
    faults: &mut Vec<Fault>,
) {
    faults.extend(tags::room(&base.tags, &stage.name, workload, from).err());
    faults.extend(offered.check(&stage.name, workload, &base.raw, base.containers).await.err());
    unnamed(ports, pipeline, stage, workload, base, faults).await;
}

/// Whether the images of the containers that the file does not name are there, scanned, and for the platform.
async fn unnamed(
    ports: &Ports,
    pipeline: &Pipeline,
    stage: &Stage,
    workload: &Workload,
    base: &Base<'_>,
    faults: &mut Vec<Fault>,
) {
    match base.sheet.unnamed {
        UnnamedContainers::Keep => return,
        UnnamedContainers::Digest => {}
    }
    let all = match base.unnamed() {
        Ok(all) => all,
        Err(fault) => return faults.push(fault),
    };
    for (container, image) in all {
        let looked = match unnamed::found(ports, pipeline, stage, &container, &image).await {
            Ok(Some(found)) => match ports.scanner.preflight(found.account, &found.repository).await {
                Ok(_) => check_unnamed(ports, &stage.name, workload, &base.raw, &found).await,
                Err(fault) => Err(fault),
            },
            Ok(None) => Err(unnamed::unscanned(stage, workload, &container, &image)),
            Err(fault) => Err(fault),
        };
        faults.extend(looked.err());
    }
}

/// What a task definition is made from: what it is called, what it says, and its tags.
type Made = (String, Value, BTreeMap<String, String>);

fn template(ports: &Ports, file: &FileRef, pipeline: &Pipeline, stage: &Stage) -> Result<Made, Fault> {
    let definition = ports.templates.render(file, pipeline, stage)?;
    let tags = tags_of(&definition);
    Ok((file.path.clone(), definition, tags))
}

/// Whether a task definition has the containers that the file names.
fn containers<'a>(
    stage: &StageName,
    workload: &Workload,
    definition: &serde_json::Value,
    named: impl Iterator<Item = &'a String>,
) -> Result<(), Fault> {
    let there = taskdef::container_names(definition);
    for name in named {
        if !there.contains(name) {
            let (stage, workload, container) = (stage.clone(), workload.clone(), name.clone());
            return Err(TaskDefinitionProblem::NoContainer { stage, workload, container, there }.into());
        }
    }
    Ok(())
}
