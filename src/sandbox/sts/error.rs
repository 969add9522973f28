//! STS's errors, in AWS's wording.

use crate::sandbox::service::AwsError;

pub fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationError", message)
}
