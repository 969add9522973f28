//! ECR's errors in ECR's words.

use crate::model::ids::AccountId;
use crate::sandbox::service::AwsError;

pub fn repository_not_found(name: &str, registry: &AccountId) -> AwsError {
    AwsError::new(
        "RepositoryNotFoundException",
        format!("The repository with name '{name}' does not exist in the registry with id '{registry}'"),
    )
}

pub fn repository_exists(name: &str, registry: &AccountId) -> AwsError {
    AwsError::new(
        "RepositoryAlreadyExistsException",
        format!("The repository with name '{name}' already exists in the registry with id '{registry}'"),
    )
}

pub fn policy_not_found(name: &str, registry: &AccountId) -> AwsError {
    AwsError::new(
        "RepositoryPolicyNotFoundException",
        format!(
            "Repository policy does not exist for the repository with name '{name}' in the registry with id '{registry}'"
        ),
    )
}

/// How ECR writes an image id in a message.
pub fn image_id(digest: Option<&str>, tag: Option<&str>) -> String {
    format!("{{imageDigest:'{}', imageTag:'{}'}}", digest.unwrap_or("null"), tag.unwrap_or("null"))
}

pub fn image_not_found(id: &str, name: &str, registry: &AccountId) -> AwsError {
    AwsError::new(
        "ImageNotFoundException",
        format!(
            "The image with imageId {id} does not exist within the repository with name '{name}' in the registry with id \
             '{registry}'"
        ),
    )
}

pub fn scan_not_found(id: &str, name: &str, registry: &AccountId) -> AwsError {
    AwsError::new(
        "ScanNotFoundException",
        format!(
            "Image scan does not exist for the image with '{id}' in the repository with name '{name}' in the registry with \
             id '{registry}'"
        ),
    )
}

pub fn tag_immutable(tag: &str, name: &str) -> String {
    format!(
        "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the tag is \
         immutable."
    )
}

pub fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterException", message)
}

/// A member that violates its model's constraint.
pub fn constraint(member: &str, value: &str, rule: &str) -> AwsError {
    invalid(format!("Invalid parameter at '{member}' failed to satisfy constraint: '{rule}' (value '{value}')"))
}
