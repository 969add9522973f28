//! Repositories' policies.

use serde_json::json;

use super::{found, found_mut, text};
use crate::model::ids::AccountId;
use crate::sandbox::ecr::error::{invalid, policy_not_found};
use crate::sandbox::ecr::{Ecr, Repository};
use crate::sandbox::iam::Policy;
use crate::sandbox::service::{Answer, Call};

pub fn set(ecr: &mut Ecr, call: &Call) -> Answer {
    let policy_text = text(call.input, "policyText").unwrap_or_default();
    let policy = Policy::read_text(policy_text).map_err(|why| {
        invalid(format!("Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided' ({why})"))
    })?;
    let (registry, repository) = found_mut(ecr, call)?;
    repository.policy = Some((policy_text.to_owned(), policy));
    answer(&registry, repository)
}

pub fn get(ecr: &Ecr, call: &Call) -> Answer {
    let (registry, repository) = found(ecr, call)?;
    answer(&registry, repository)
}

pub fn delete(ecr: &mut Ecr, call: &Call) -> Answer {
    let (registry, repository) = found_mut(ecr, call)?;
    let answer = answer(&registry, repository);
    repository.policy = None;
    answer
}

fn answer(registry: &AccountId, repository: &Repository) -> Answer {
    let name = &repository.name;
    let (policy_text, _) = repository.policy.as_ref().ok_or_else(|| policy_not_found(name, registry))?;
    Ok(json!({"registryId": registry.as_str(), "repositoryName": name, "policyText": policy_text}))
}
