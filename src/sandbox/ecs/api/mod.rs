//! The operations, one file a subject.

mod clusters;
mod one_off;
mod service_deployments;
pub(super) mod services;
mod tags;
mod task_definitions;
mod tasks;

use super::error::unknown_operation;
use super::place::Place;
use crate::sandbox::latency::Latency;
use crate::sandbox::service::{Answer, Call};

/// Answers one call on the place that it is for.
pub fn answer(place: &mut Place, call: &Call, latency: Latency) -> Answer {
    match call.op {
        "CreateCluster" => clusters::create(place, call.input),
        "DescribeClusters" => clusters::describe(place, call.input),
        "ListClusters" => clusters::list(place, call.input),
        "RegisterTaskDefinition" => task_definitions::register(place, call),
        "DescribeTaskDefinition" => task_definitions::describe(place, call.input),
        "DeregisterTaskDefinition" => task_definitions::deregister(place, call),
        "ListTaskDefinitions" => task_definitions::list(place, call.input),
        "ListTagsForResource" => tags::list(place, call.input),
        "TagResource" => tags::add(place, call.input),
        "UntagResource" => tags::remove(place, call.input),
        "CreateService" => services::create(place, call, latency),
        "UpdateService" => services::update(place, call, latency),
        "DeleteService" => services::delete(place, call, latency),
        "DescribeServices" => services::describe(place, call),
        "ListServices" => services::list(place, call),
        "ListServiceDeployments" => service_deployments::list(place, call),
        "DescribeServiceDeployments" => service_deployments::describe(place, call),
        "DescribeServiceRevisions" => service_deployments::revisions(place, call),
        "StopServiceDeployment" => service_deployments::stop(place, call, latency),
        "ContinueServiceDeployment" => service_deployments::go_on(place, call, latency),
        "ListTasks" => tasks::list(place, call.input),
        "DescribeTasks" => tasks::describe(place, call.input),
        "RunTask" => one_off::run(place, call, latency),
        "StopTask" => tasks::stop(place, call, latency),
        _ => Err(unknown_operation()),
    }
}
