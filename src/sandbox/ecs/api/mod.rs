//! The operations, one file a subject.

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
use crate::sandbox::service::{Answer, Call};

/// Answers one call on the place that it is for.
pub fn answer(regional: &mut RegionalEcs, call: &Call, latency: Latency) -> Answer {
    match call.op {
        "CreateCluster" => clusters::create(regional, call.input),
        "DescribeClusters" => clusters::describe(regional, call.input),
        "ListClusters" => clusters::list(regional, call.input),
        "RegisterTaskDefinition" => task_definitions::register(regional, call),
        "DescribeTaskDefinition" => task_definitions::describe(regional, call.input),
        "DeregisterTaskDefinition" => task_definitions::deregister(regional, call),
        "ListTaskDefinitions" => task_definitions::list(regional, call.input),
        "ListTagsForResource" => tags::list(regional, call.input),
        "TagResource" => tags::add(regional, call.input),
        "UntagResource" => tags::remove(regional, call.input),
        "CreateService" => services::create(regional, call, latency),
        "UpdateService" => services::update(regional, call, latency),
        "DeleteService" => services::delete(regional, call, latency),
        "DescribeServices" => services::describe(regional, call),
        "ListServices" => services::list(regional, call),
        "ListServiceDeployments" => service_deployments::list(regional, call),
        "DescribeServiceDeployments" => service_deployments::describe(regional, call),
        "DescribeServiceRevisions" => service_deployments::revisions(regional, call),
        "StopServiceDeployment" => service_deployments::stop(regional, call, latency),
        "ContinueServiceDeployment" => service_deployments::go_on(regional, call, latency),
        "ListTasks" => tasks::list(regional, call.input),
        "DescribeTasks" => tasks::describe(regional, call.input),
        "RunTask" => run_task::run(regional, call, latency),
        "StopTask" => tasks::stop(regional, call, latency),
        _ => Err(unknown_operation()),
    }
}
