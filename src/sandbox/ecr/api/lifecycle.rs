//! Repositories' lifecycle policies.

use serde_json::json;

use super::{found, found_mut, text};
use crate::model::ids::AccountId;
use crate::sandbox::ecr::error::invalid;
use crate::sandbox::ecr::lifecycle::Lifecycle;
use crate::sandbox::ecr::{Ecr, Repository};
use crate::sandbox::service::{Answer, AwsError, Call};
use crate::sandbox::wire::epoch;

pub fn put(ecr: &mut Ecr, call: &Call) -> Answer {
    let policy_text = text(call.input, "lifecyclePolicyText").unwrap_or_default();
    let lifecycle = Lifecycle::read(policy_text, call.now, ecr.lifecycle_pace()).map_err(|why| {
        invalid(format!("Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: {why}'"))
    })?;
    let (registry, repository) = found_mut(ecr, call)?;
    repository.lifecycle = Some(lifecycle);
    let mut answer = answer(&registry, repository)?;
    if let Some(members) = answer.as_object_mut() {
        members.remove("lastEvaluatedAt");
    }
    Ok(answer)
}

pub fn get(ecr: &Ecr, call: &Call) -> Answer {
    let (registry, repository) = found(ecr, call)?;
    answer(&registry, repository)
}

pub fn delete(ecr: &mut Ecr, call: &Call) -> Answer {
    let (registry, repository) = found_mut(ecr, call)?;
    let answer = answer(&registry, repository)?;
    repository.lifecycle = None;
    Ok(answer)
}

fn answer(registry: &AccountId, repository: &Repository) -> Answer {
    let name = &repository.name;
    let lifecycle = repository.lifecycle.as_ref().ok_or_else(|| {
        let message = format!(
            "Lifecycle policy does not exist for the repository with name '{name}' in the registry with id '{registry}'"
        );
        AwsError::new("LifecyclePolicyNotFoundException", message)
    })?;
    let mut answer =
        json!({"registryId": registry.as_str(), "repositoryName": name, "lifecyclePolicyText": lifecycle.text});
    if let Some(at) = lifecycle.evaluated {
        answer["lastEvaluatedAt"] = epoch(at);
    }
    Ok(answer)
}
