//! Repositories: create, describe, configure, delete.

use serde_json::{Value, json};

use super::{found_mut, paged, registry_id, repository_name, text};
use crate::model::ids::AccountId;
use crate::sandbox::ecr::error::{constraint, repository_exists, repository_not_found};
use crate::sandbox::ecr::{Ecr, Mutability, Repository};
use crate::sandbox::iam::actions::repository_arn;
use crate::sandbox::service::{Answer, AwsError, Call};
use crate::sandbox::wire::epoch;

pub fn create(ecr: &mut Ecr, call: &Call) -> Answer {
    let (registry, name) = (registry_id(call)?, repository_name(call.input));
    if ecr.repository(&registry, call.region, name).is_some() {
        return Err(repository_exists(name, &registry));
    }
    let mut repository = Repository::new(name, call.now);
    if call.input.get("imageTagMutability").is_some() {
        repository.mutability = mutability(call.input)?;
    }
    repository.scan_on_push = scan_on_push(call.input);
    let described = json(ecr, call, &registry, &repository);
    ecr.add_repository(&registry, call.region, repository);
    Ok(json!({"repository": described}))
}

pub fn describe(ecr: &Ecr, call: &Call) -> Answer {
    let registry = registry_id(call)?;
    super::unpaged(call.input, "repositoryNames")?;
    let mut repositories: Vec<&Repository> = Vec::new();
    match call.input.get("repositoryNames").and_then(Value::as_array) {
        Some(names) => {
            for name in names.iter().filter_map(Value::as_str) {
                let found = ecr.repository(&registry, call.region, name);
                repositories.push(found.ok_or_else(|| repository_not_found(name, &registry))?);
            }
        }
        None => {
            repositories.extend(ecr.registry(&registry, call.region).into_iter().flat_map(|r| r.repositories.values()))
        }
    }
    Ok(paged(repositories, call)?.map(|r| json(ecr, call, &registry, r)).answer("repositories"))
}

pub fn delete(ecr: &mut Ecr, call: &Call) -> Answer {
    let (registry, repository) = found_mut(ecr, call)?;
    let force = call.input.get("force").and_then(Value::as_bool).unwrap_or(false);
    if !repository.images.is_empty() && !force {
        let name = &repository.name;
        let message = format!(
            "The repository with name '{name}' in registry with id '{registry}' cannot be deleted because it still contains \
             images"
        );
        return Err(AwsError::new("RepositoryNotEmptyException", message));
    }
    let repository = repository.clone();
    ecr.registry_mut(&registry, call.region).repositories.remove(&repository.name);
    Ok(json!({"repository": json(ecr, call, &registry, &repository)}))
}

pub fn put_mutability(ecr: &mut Ecr, call: &Call) -> Answer {
    let mutability = mutability(call.input)?;
    let (registry, repository) = found_mut(ecr, call)?;
    repository.mutability = mutability;
    let mut output = json!({
        "registryId": registry.as_str(),
        "repositoryName": repository.name,
        "imageTagMutability": repository.mutability.name(),
    });
    add_exclusions(&mut output, &repository.mutability);
    Ok(output)
}

pub fn put_scan_on_push(ecr: &mut Ecr, call: &Call) -> Answer {
    let scan_on_push = scan_on_push(call.input);
    let (registry, repository) = found_mut(ecr, call)?;
    repository.scan_on_push = scan_on_push;
    Ok(json!({
        "registryId": registry.as_str(),
        "repositoryName": repository.name,
        "imageScanningConfiguration": {"scanOnPush": scan_on_push},
    }))
}

fn scan_on_push(input: &Value) -> bool {
    input.pointer("/imageScanningConfiguration/scanOnPush").and_then(Value::as_bool).unwrap_or(false)
}

fn mutability(input: &Value) -> Result<Mutability, AwsError> {
    let filters = input.get("imageTagMutabilityExclusionFilters").and_then(Value::as_array);
    let except: Vec<String> =
        filters.into_iter().flatten().filter_map(|f| text(f, "filter")).map(str::to_owned).collect();
    let given = text(input, "imageTagMutability").unwrap_or("null");
    let immutable = given.starts_with("IMMUTABLE");
    let mutability = Mutability { immutable, except };
    if mutability.name() == given {
        Ok(mutability)
    } else {
        Err(constraint("imageTagMutability", given, "must be a mutability that fits its exclusion filters"))
    }
}

fn add_exclusions(output: &mut Value, mutability: &Mutability) {
    if !mutability.except.is_empty() {
        let filter = |p: &String| json!({"filterType": "WILDCARD", "filter": p});
        output["imageTagMutabilityExclusionFilters"] = mutability.except.iter().map(filter).collect();
    }
}

fn json(ecr: &Ecr, call: &Call, registry: &AccountId, repository: &Repository) -> Value {
    let name = &repository.name;
    let mut described = json!({
        "repositoryArn": repository_arn(registry, call.region, name),
        "registryId": registry.as_str(),
        "repositoryName": name,
        "repositoryUri": ecr.repository_uri(registry, call.region, name),
        "createdAt": epoch(repository.created_at),
        "imageTagMutability": repository.mutability.name(),
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    });
    add_exclusions(&mut described, &repository.mutability);
    described
}
