//! ECR's operations.

mod image_id;
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
use crate::sandbox::operations::EcrOperation;
use crate::sandbox::page::{BadPage, Page, Sizes, page, with_token};
use crate::sandbox::service::{Answer, AwsError, Call};
use crate::sandbox::wire::epoch;

/// Answers a call that is authorised.
///
/// # Errors
/// AWS's own, by code; `UnknownOperationException` for an operation that is not served.
pub fn handle(ecr: &mut Ecr, call: &Call, caller: &Caller, inspector: &Inspector) -> Answer {
    let Some(op) = EcrOperation::named(call.op) else { return Err(AwsError::new("UnknownOperationException", "")) };
    match op {
        EcrOperation::CreateRepository => repositories::create(ecr, call),
        EcrOperation::DescribeRepositories => repositories::describe(ecr, call),
        EcrOperation::DeleteRepository => repositories::delete(ecr, call),
        EcrOperation::PutImageTagMutability => repositories::put_mutability(ecr, call),
        EcrOperation::PutImageScanningConfiguration => repositories::put_scan_on_push(ecr, call),
        EcrOperation::SetRepositoryPolicy => policies::set(ecr, call),
        EcrOperation::GetRepositoryPolicy => policies::get(ecr, call),
        EcrOperation::DeleteRepositoryPolicy => policies::delete(ecr, call),
        EcrOperation::PutLifecyclePolicy => lifecycle::put(ecr, call),
        EcrOperation::GetLifecyclePolicy => lifecycle::get(ecr, call),
        EcrOperation::DeleteLifecyclePolicy => lifecycle::delete(ecr, call),
        EcrOperation::PutReplicationConfiguration => replication::put(ecr, call),
        EcrOperation::DescribeRegistry => Ok(replication::describe_registry(ecr, call)),
        EcrOperation::DescribeImageReplicationStatus => replication::status(ecr, call),
        EcrOperation::PutRegistryPolicy => replication::put_policy(ecr, call),
        EcrOperation::GetRegistryPolicy => replication::get_policy(ecr, call),
        EcrOperation::DeleteRegistryPolicy => replication::delete_policy(ecr, call),
        EcrOperation::GetAuthorizationToken => Ok(authorization_token(ecr, call, caller)),
        EcrOperation::PutImage => images::put(ecr, call),
        EcrOperation::BatchGetImage => images::batch_get(ecr, call),
        EcrOperation::BatchDeleteImage => images::batch_delete(ecr, call),
        EcrOperation::ListImages => images::list(ecr, call),
        EcrOperation::DescribeImages => images::describe(ecr, call, inspector),
        EcrOperation::BatchCheckLayerAvailability => images::check_layers(ecr, call),
        EcrOperation::GetRegistryScanningConfiguration => Ok(scans::registry_configuration(ecr, call)),
        EcrOperation::PutRegistryScanningConfiguration => scans::put_registry_configuration(ecr, call),
        EcrOperation::BatchGetRepositoryScanningConfiguration => scans::repository_configurations(ecr, call),
        EcrOperation::StartImageScan => scans::start(ecr, call),
        EcrOperation::DescribeImageScanFindings => scans::findings(ecr, call, inspector),
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

/// A request that names its items has no pages.
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
