//! The operations, one file per subject.

mod clusters;
mod run_task;
mod service_deployments;
pub(super) mod services;
mod tags;
mod task_definitions;
mod tasks;

use super::error::unknown_operation;
use super::regional::RegionalEcs;
use crate::sandbox::latency::Latency;
use crate::sandbox::operations::EcsOperation;
use crate::sandbox::service::{Answer, Call};

/// Answers one call on the region that it is for.
pub fn answer(regional: &mut RegionalEcs, call: &Call, latency: Latency) -> Answer {
    let Some(op) = EcsOperation::named(call.op) else { return Err(unknown_operation()) };
    match op {
        EcsOperation::CreateCluster => clusters::create(regional, call.input),
        EcsOperation::DescribeClusters => clusters::describe(regional, call.input),
        EcsOperation::ListClusters => clusters::list(regional, call.input),
        EcsOperation::RegisterTaskDefinition => task_definitions::register(regional, call),
        EcsOperation::DescribeTaskDefinition => task_definitions::describe(regional, call.input),
        EcsOperation::DeregisterTaskDefinition => task_definitions::deregister(regional, call),
        EcsOperation::ListTaskDefinitions => task_definitions::list(regional, call.input),
        EcsOperation::ListTagsForResource => tags::list(regional, call.input),
        EcsOperation::TagResource => tags::add(regional, call.input),
        EcsOperation::UntagResource => tags::remove(regional, call.input),
        EcsOperation::CreateService => services::create(regional, call, latency),
        EcsOperation::UpdateService => services::update(regional, call, latency),
        EcsOperation::DeleteService => services::delete(regional, call, latency),
        EcsOperation::DescribeServices => services::describe(regional, call),
        EcsOperation::ListServices => services::list(regional, call),
        EcsOperation::ListServiceDeployments => service_deployments::list(regional, call),
        EcsOperation::DescribeServiceDeployments => service_deployments::describe(regional, call),
        EcsOperation::DescribeServiceRevisions => service_deployments::revisions(regional, call),
        EcsOperation::StopServiceDeployment => service_deployments::stop(regional, call, latency),
        EcsOperation::ContinueServiceDeployment => service_deployments::go_on(regional, call, latency),
        EcsOperation::ListTasks => tasks::list(regional, call.input),
        EcsOperation::DescribeTasks => tasks::describe(regional, call.input),
        EcsOperation::RunTask => run_task::run(regional, call, latency),
        EcsOperation::StopTask => tasks::stop(regional, call, latency),
    }
}
