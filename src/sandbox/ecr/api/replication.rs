//! A registry's own settings: replication, and the policy over what others replicate into it.

use serde_json::{Value, json};

use super::image_id;
use super::{found, text};
use crate::sandbox::ecr::Ecr;
use crate::sandbox::ecr::error::{constraint, invalid};
use crate::sandbox::ecr::replication::{Rule, State};
use crate::sandbox::iam::Policy;
use crate::sandbox::service::{Answer, AwsError, Call};

fn list<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

pub fn put(ecr: &mut Ecr, call: &Call) -> Answer {
    let configuration = call.input.get("replicationConfiguration").unwrap_or(&Value::Null);
    let mut rules = Vec::new();
    for rule in list(configuration, "rules") {
        let mut to = Vec::new();
        for destination in list(rule, "destinations") {
            let part = |member: &str| text(destination, member).unwrap_or("null").to_owned();
            let (account, region) = (part("registryId"), part("region"));
            let place = account.parse().ok().zip(region.parse().ok());
            to.push(
                place
                    .ok_or_else(|| constraint("destinations", &format!("{account} {region}"), "must be a registry"))?,
            );
        }
        if to.contains(&(call.account.clone(), call.region.clone())) {
            return Err(invalid(
                "Invalid parameter at 'replicationConfiguration': the destination is the registry itself",
            ));
        }
        let prefixes = list(rule, "repositoryFilters").filter_map(|f| text(f, "filter")).map(str::to_owned).collect();
        rules.push(Rule { to, prefixes });
    }
    if rules.len() > 10 {
        return Err(constraint("rules", &rules.len().to_string(), "must have length less than or equal to 10"));
    }
    ecr.registry_mut(call.account, call.region).replication = rules;
    Ok(json!({"replicationConfiguration": configured(ecr, call)}))
}

fn configured(ecr: &Ecr, call: &Call) -> Value {
    let rules = ecr.registry(call.account, call.region).map_or(&[][..], |r| &r.replication);
    let rule = |r: &Rule| {
        let destinations: Vec<Value> =
            r.to.iter()
                .map(|(account, region)| json!({"region": region.as_str(), "registryId": account.as_str()}))
                .collect();
        let mut rule = json!({"destinations": destinations});
        if !r.prefixes.is_empty() {
            rule["repositoryFilters"] =
                r.prefixes.iter().map(|p| json!({"filter": p, "filterType": "PREFIX_MATCH"})).collect();
        }
        rule
    };
    json!({"rules": rules.iter().map(rule).collect::<Vec<_>>()})
}

pub fn describe_registry(ecr: &Ecr, call: &Call) -> Value {
    json!({"registryId": call.account.as_str(), "replicationConfiguration": configured(ecr, call)})
}

pub fn status(ecr: &Ecr, call: &Call) -> Answer {
    let id = call.input.get("imageId").unwrap_or(&Value::Null);
    let (registry, repository) = found(ecr, call)?;
    let image = image_id::find(repository, id).map_err(|u| u.error(id, &repository.name, &registry))?;
    let from = (registry, call.region.clone());
    let statuses: Vec<Value> = ecr
        .replicas_of(&from, &repository.name, &image.digest)
        .into_iter()
        .map(|((account, region), state)| {
            let (status, failure) = match state {
                State::InProgress { .. } => ("IN_PROGRESS", None),
                State::Complete => ("COMPLETE", None),
                State::Failed(code) => ("FAILED", Some(*code)),
            };
            let mut shown = json!({"region": region.as_str(), "registryId": account.as_str(), "status": status});
            if let Some(code) = failure {
                shown["failureCode"] = code.into();
            }
            shown
        })
        .collect();
    Ok(json!({"repositoryName": repository.name, "imageId": id, "replicationStatuses": statuses}))
}

pub fn put_policy(ecr: &mut Ecr, call: &Call) -> Answer {
    let policy_text = text(call.input, "policyText").unwrap_or_default();
    let policy = Policy::read_text(policy_text).map_err(|why| {
        invalid(format!(
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid registry policy provided' ({why})"
        ))
    })?;
    ecr.registry_mut(call.account, call.region).policy = Some((policy_text.to_owned(), policy));
    get_policy(ecr, call)
}

pub fn get_policy(ecr: &Ecr, call: &Call) -> Answer {
    let policy = ecr.registry(call.account, call.region).and_then(|r| r.policy.as_ref());
    let (policy_text, _) = policy.ok_or_else(|| {
        let message = format!("Registry policy does not exist in the registry with id '{}'", call.account);
        AwsError::new("RegistryPolicyNotFoundException", message)
    })?;
    Ok(json!({"registryId": call.account.as_str(), "policyText": policy_text}))
}

pub fn delete_policy(ecr: &mut Ecr, call: &Call) -> Answer {
    let deleted = get_policy(ecr, call)?;
    ecr.registry_mut(call.account, call.region).policy = None;
    Ok(deleted)
}
