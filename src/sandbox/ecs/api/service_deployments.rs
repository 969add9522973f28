//! ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions, StopServiceDeployment,
//! ContinueServiceDeployment.

use serde_json::{Value, json};

use crate::sandbox::ecs::arn;
use crate::sandbox::ecs::error::{no_service, no_service_deployment};
use crate::sandbox::ecs::hooks;
use crate::sandbox::ecs::regional::RegionalEcs;
use crate::sandbox::ecs::requests;
use crate::sandbox::ecs::service::Service;
use crate::sandbox::ecs::wire::{from_epoch, invalid, page_of, required, text, texts};
use crate::sandbox::latency::Latency;
use crate::sandbox::service::{Answer, AwsError, Call};

/// Without `maxResults`, as the model's documentation has it.
const PAGE: usize = 20;

/// Newest first.
pub fn list(regional: &mut RegionalEcs, call: &Call) -> Answer {
    let named = required(call.input, "service")?;
    let deployments_shown = regional.service_deployments;
    let statuses = texts(call.input, "status");
    let bound = |member: &str| call.input.get("createdAt").and_then(|c| c.get(member)).and_then(from_epoch);
    let (after, before) = (bound("after"), bound("before"));
    // A service's ARN names its cluster.
    let cluster = match arn::tail(named, "service").split_once('/') {
        Some((cluster, _)) if named.starts_with("arn:") => regional.cluster_named(cluster)?,
        _ => regional.cluster(call.input)?,
    };
    let service = cluster.services.get(cluster.service_name(named)).ok_or_else(no_service)?;
    let briefs = service
        .as_read(call.now)
        .service_deployments
        .iter()
        .rev()
        .filter(|d| deployments_shown && (statuses.is_empty() || statuses.contains(&d.status().name())))
        .filter(|d| after.is_none_or(|t| d.created >= t) && before.is_none_or(|t| d.created <= t))
        .map(|d| d.brief())
        .collect();
    page_of(PAGE, call.input, "serviceDeployments", briefs)
}

pub fn describe(regional: &mut RegionalEcs, call: &Call) -> Answer {
    let find = |service: &Service, arn: &str| {
        service.as_read(call.now).service_deployments.iter().find(|d| d.arn == arn).map(|d| d.view())
    };
    let (found, failures) = look_up(regional, call, "serviceDeploymentArns", "service-deployment", find)?;
    Ok(json!({ "serviceDeployments": found, "failures": failures }))
}

pub fn revisions(regional: &mut RegionalEcs, call: &Call) -> Answer {
    let find = |service: &Service, arn: &str| {
        service.as_read(call.now).revisions.iter().find(|r| r.arn == arn).map(|r| r.view(service))
    };
    let (found, failures) = look_up(regional, call, "serviceRevisionArns", "service-revision", find)?;
    Ok(json!({ "serviceRevisions": found, "failures": failures }))
}

type Found = (Vec<Value>, Vec<Value>);

/// At most 20 ARNs; what is not there is among the failures.
fn look_up(
    regional: &RegionalEcs,
    call: &Call,
    member: &str,
    kind: &str,
    find: impl Fn(&Service, &str) -> Option<Value>,
) -> Result<Found, AwsError> {
    let arns = texts(call.input, member);
    if arns.is_empty() {
        return Err(invalid(format!("{member} cannot be empty.")));
    }
    if arns.len() > 20 {
        return Err(invalid(format!("{member} cannot have more than 20 elements.")));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        let service = regional.service_deployments.then(|| service_of(regional, arn, kind)).flatten();
        match service.and_then(|s| find(s, arn)) {
            Some(view) => found.push(view),
            None => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
        }
    }
    Ok((found, failures))
}

/// The service that an ARN `…:KIND/CLUSTER/SERVICE/ID` is of.
fn service_of<'a>(regional: &'a RegionalEcs, arn: &str, kind: &str) -> Option<&'a Service> {
    let mut path = arn::tail(arn, kind).split('/');
    let cluster = regional.clusters.get(path.next()?)?;
    cluster.services.get(path.next()?).filter(|_| regional.is_here(arn))
}

fn service_mut<'a>(regional: &'a mut RegionalEcs, arn: &str) -> Result<&'a mut Service, AwsError> {
    let known = service_of(regional, arn, "service-deployment")
        .filter(|s| regional.service_deployments && s.service_deployments.iter().any(|d| d.arn == arn));
    let (cluster, name) = known.map(|s| (s.cluster.clone(), s.name.clone())).ok_or_else(no_service_deployment)?;
    let service = regional.clusters.get_mut(&cluster).and_then(|c| c.services.get_mut(&name));
    service.ok_or_else(no_service_deployment)
}

pub fn stop(regional: &mut RegionalEcs, call: &Call, latency: Latency) -> Answer {
    let arn = required(call.input, "serviceDeploymentArn")?;
    let lag = regional.lag(latency);
    let service = service_mut(regional, arn)?;
    service.remember(call.now, lag);
    requests::stop(service, arn, text(call.input, "stopType").unwrap_or("ROLLBACK"), call.now, latency)?;
    Ok(json!({ "serviceDeploymentArn": arn }))
}

pub fn go_on(regional: &mut RegionalEcs, call: &Call, latency: Latency) -> Answer {
    let arn = required(call.input, "serviceDeploymentArn")?;
    let hook = required(call.input, "hookId")?;
    let lag = regional.lag(latency);
    let service = service_mut(regional, arn)?;
    service.remember(call.now, lag);
    hooks::answer(service, hook, text(call.input, "action").unwrap_or("CONTINUE"), call.now, latency)?;
    Ok(json!({ "serviceDeploymentArn": arn }))
}
