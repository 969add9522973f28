//! `imageId`: a digest, a tag or both, and the image that it names.

use serde_json::{Value, json};

use super::text;
use crate::model::ids::AccountId;
use crate::sandbox::ecr::error::{constraint, image_id, image_not_found};
use crate::sandbox::ecr::{Image, Repository};
use crate::sandbox::service::AwsError;

/// The image that an `imageId` names, or why it names none.
pub fn find<'a>(repository: &'a Repository, id: &Value) -> Result<&'a Image, Unfound> {
    let (digest, tag) = (text(id, "imageDigest"), text(id, "imageTag"));
    if digest.is_some_and(|d| d.parse::<crate::model::ids::Digest>().is_err()) {
        return Err(Unfound::InvalidDigest);
    }
    let reference = digest.or(tag).ok_or(Unfound::NothingNamed)?;
    let image = repository.find(reference).ok_or(Unfound::NotThere)?;
    match tag {
        Some(tag) if repository.tags.get(tag) != Some(&image.digest) => Err(Unfound::TagOfAnother),
        _ => Ok(image),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfound {
    InvalidDigest,
    NothingNamed,
    NotThere,
    TagOfAnother,
}

impl Unfound {
    /// `failureCode` and `failureReason` of batch operations.
    pub fn failure(self, id: &Value) -> Value {
        let (code, reason) = match self {
            Unfound::InvalidDigest => (
                "InvalidImageDigest",
                "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
            ),
            Unfound::NothingNamed => {
                ("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null")
            }
            Unfound::NotThere => ("ImageNotFound", "Requested image not found"),
            Unfound::TagOfAnother => ("ImageTagDoesNotMatchDigest", "Requested image tag does not match image digest"),
        };
        json!({"imageId": id, "failureCode": code, "failureReason": reason})
    }

    /// The error of operations on one image.
    pub fn error(self, id: &Value, name: &str, registry: &AccountId) -> AwsError {
        let (digest, tag) = (text(id, "imageDigest"), text(id, "imageTag"));
        match self {
            Unfound::InvalidDigest => constraint("imageDigest", digest.unwrap_or_default(), "must be a digest"),
            Unfound::NothingNamed => constraint("imageId", "null", "both tag and digest cannot be null"),
            Unfound::NotThere | Unfound::TagOfAnother => image_not_found(&image_id(digest, tag), name, registry),
        }
    }
}
