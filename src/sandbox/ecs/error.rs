//! ECS's errors, in AWS's wording.

use serde_json::json;

use crate::sandbox::service::AwsError;

pub fn client(message: impl Into<String>) -> AwsError {
    AwsError::new("ClientException", message)
}

pub fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterException", message)
}

pub fn no_cluster() -> AwsError {
    AwsError::new("ClusterNotFoundException", "Cluster not found.")
}

pub fn no_service() -> AwsError {
    AwsError::new("ServiceNotFoundException", "Service not found.")
}

pub fn not_active() -> AwsError {
    AwsError::new("ServiceNotActiveException", "Service was not ACTIVE.")
}

pub fn no_service_deployment() -> AwsError {
    AwsError::new("ServiceDeploymentNotFoundException", "Service deployment not found.")
}

pub fn unsupported(message: impl Into<String>) -> AwsError {
    AwsError::new("UnsupportedFeatureException", message)
}

/// The `clientToken` was used for other parameters; `resourceIds` names what it made.
pub fn token_conflict(ids: &[String]) -> AwsError {
    let mut error = conflict("The client token was already used with different parameters.");
    error.extra.insert("resourceIds".to_owned(), json!(ids));
    error
}

pub fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new("ConflictException", message)
}

/// An operation that is not served.
pub fn unknown_operation() -> AwsError {
    AwsError::new("UnknownOperationException", "")
}
