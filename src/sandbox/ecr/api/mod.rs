//! ECR's operations.

mod images;
mod lifecycle;
mod policies;
mod replication;
mod repositories;
mod scans;

use serde_json::{Value, json};

use super::error::{constraint, invalid, repository_not_found};
use super::{Ecr, Repository};
use crate::model::ids::AccountId;
use crate::sandbox::iam::Caller;
use crate::sandbox::inspector::Inspector;
use crate::sandbox::page::{BadPage, Page, Sizes, page};
use crate::sandbox::service::{Answer, AwsError, Call};
use crate::sandbox::wire::epoch;

pub(super) fn handle(ecr: &mut Ecr, call: &Call, caller: &Caller, inspector: &Inspector) -> Answer {
    match call.op {
        "CreateRepository" => repositories::create(ecr, call),
        "DescribeRepositories" => repositories::describe(ecr, call),
        "DeleteRepository" => repositories::delete(ecr, call),
        "PutImageTagMutability" => repositories::put_mutability(ecr, call),
        "PutImageScanningConfiguration" => repositories::put_scan_on_push(ecr, call),
        "SetRepositoryPolicy" => policies::set(ecr, call),
        "GetRepositoryPolicy" => policies::get(ecr, call),
        "DeleteRepositoryPolicy" => policies::delete(ecr, call),
        "PutLifecyclePolicy" => lifecycle::put(ecr, call),
        "GetLifecyclePolicy" => lifecycle::get(ecr, call),
        "DeleteLifecyclePolicy" => lifecycle::delete(ecr, call),
        "PutReplicationConfiguration" => replication::put(ecr, call),
        "DescribeRegistry" => Ok(replication::describe_registry(ecr, call)),
        "DescribeImageReplicationStatus" => replication::status(ecr, call),
        "PutRegistryPolicy" => replication::put_policy(ecr, call),
        "GetRegistryPolicy" => replication::get_policy(ecr, call),
        "DeleteRegistryPolicy" => replication::delete_policy(ecr, call),
        "GetAuthorizationToken" => Ok(authorization_token(ecr, call, caller)),
        "PutImage" => images::put(ecr, call),
        "BatchGetImage" => images::batch_get(ecr, call),
        "BatchDeleteImage" => images::batch_delete(ecr, call),
        "ListImages" => images::list(ecr, call),
        "DescribeImages" => images::describe(ecr, call, inspector),
        "BatchCheckLayerAvailability" => images::check_layers(ecr, call),
        "GetRegistryScanningConfiguration" => Ok(scans::registry_configuration(ecr, call)),
        "PutRegistryScanningConfiguration" => scans::put_registry_configuration(ecr, call),
        "BatchGetRepositoryScanningConfiguration" => scans::repository_configurations(ecr, call),
        "StartImageScan" => scans::start(ecr, call),
        "DescribeImageScanFindings" => scans::findings(ecr, call, inspector),
        _ => Err(AwsError::new("UnknownOperationException", "")),
    }
}

fn authorization_token(ecr: &mut Ecr, call: &Call, caller: &Caller) -> Value {
    let (token, expires) = ecr.issue_token(caller, call.now);
    let endpoint = format!("http://{}", ecr.host());
    json!({"authorizationData": [
        {"authorizationToken": token, "expiresAt": epoch(expires), "proxyEndpoint": endpoint},
    ]})
}

fn text<'a>(input: &'a Value, member: &str) -> Option<&'a str> {
    input.get(member).and_then(Value::as_str)
}

/// The registry that the input names, or the caller's own.
fn registry_id(call: &Call) -> Result<AccountId, AwsError> {
    match text(call.input, "registryId") {
        Some(id) => id.parse().map_err(|_| constraint("registryId", id, "must satisfy regular expression '[0-9]{12}'")),
        None => Ok(call.account.clone()),
    }
}

fn repository_name(input: &Value) -> &str {
    text(input, "repositoryName").unwrap_or_default()
}

/// The repository that a call is about, and its registry's account.
fn found<'a>(ecr: &'a Ecr, call: &Call) -> Result<(AccountId, &'a Repository), AwsError> {
    let (registry, name) = (registry_id(call)?, repository_name(call.input));
    let repository =
        ecr.repository(&registry, call.region, name).ok_or_else(|| repository_not_found(name, &registry))?;
    Ok((registry, repository))
}

fn found_mut<'a>(ecr: &'a mut Ecr, call: &Call) -> Result<(AccountId, &'a mut Repository), AwsError> {
    let (registry, name) = (registry_id(call)?, repository_name(call.input));
    let repositories = &mut ecr.registry_mut(&registry, call.region).repositories;
    let repository = repositories.get_mut(name).ok_or_else(|| repository_not_found(name, &registry))?;
    Ok((registry, repository))
}

/// What names its items has no pages.
fn unpaged(input: &Value, items: &str) -> Result<(), AwsError> {
    let paged = ["maxResults", "nextToken"].into_iter().find(|member| input.get(*member).is_some());
    match paged.filter(|_| input.get(items).is_some()) {
        Some(member) => Err(invalid(format!("Invalid parameter at '{member}': it cannot be used with {items}"))),
        None => Ok(()),
    }
}

/// ECR's pages: 100 without `maxResults`, at most 1,000.
fn paged<T>(items: Vec<T>, call: &Call) -> Result<Page<T>, AwsError> {
    page(items, call.input, Sizes { default: 100, most: 1000, held: 1000 }).map_err(|bad| match bad {
        BadPage::Token => invalid("Invalid parameter at 'nextToken'"),
        BadPage::Size => constraint("maxResults", "out of range", "must be between 1 and 1000"),
    })
}

fn with_token(mut output: Value, next: Option<String>) -> Value {
    if let Some(token) = next {
        output["nextToken"] = token.into();
    }
    output
}
