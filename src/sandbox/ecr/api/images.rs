//! Images put, got, listed and described.

use bytes::Bytes;
use serde_json::{Value, json};

use super::scans::{summary, view};
use super::{found, found_mut, paged, registry_id, repository_name, text, with_token};
use crate::model::ids::AccountId;
use crate::sandbox::ecr::error::{constraint, image_id, image_not_found, tag_immutable};
use crate::sandbox::ecr::push::{Push, PushError, Pushed};
use crate::sandbox::ecr::{Ecr, Image, Repository};
use crate::sandbox::inspector::Inspector;
use crate::sandbox::service::{Answer, AwsError, Call};
use crate::sandbox::wire::epoch;

/// The image that an `imageId` names, or why it names none.
pub fn by_id<'a>(repository: &'a Repository, id: &Value) -> Result<&'a Image, Unfound> {
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
    fn failure(self, id: &Value) -> Value {
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

fn ids(input: &Value) -> Option<&Vec<Value>> {
    input.get("imageIds").and_then(Value::as_array)
}

pub fn put(ecr: &mut Ecr, call: &Call) -> Answer {
    let (registry, name) = (registry_id(call)?, repository_name(call.input));
    let manifest = text(call.input, "imageManifest").unwrap_or_default();
    let tag = text(call.input, "imageTag");
    let push = Push {
        manifest: Bytes::copy_from_slice(manifest.as_bytes()),
        media_type: text(call.input, "imageManifestMediaType"),
        tag,
        digest: text(call.input, "imageDigest"),
        now: call.now,
    };
    let pushed = ecr
        .put_image(&registry, call.region, name, push)
        .ok_or_else(|| super::repository_not_found(name, &registry))?
        .map_err(|e| push_error(e, name, &registry))?;
    if let Pushed::Same(digest) = &pushed {
        let tagged = tag.map(|t| format!(" and tag '{t}'")).unwrap_or_default();
        let message = format!(
            "Image with digest '{digest}'{tagged} already exists in the repository with name '{name}' in registry with id \
             '{registry}'"
        );
        return Err(AwsError::new("ImageAlreadyExistsException", message));
    }
    let (_, repository) = found(ecr, call)?;
    let image = repository.find(pushed.digest()).map(|i| image_json(&registry, repository, i, tag));
    Ok(json!({"image": image}))
}

fn push_error(error: PushError, name: &str, registry: &AccountId) -> AwsError {
    let place = format!("repository with name '{name}' in the registry with id '{registry}'");
    match error {
        PushError::Malformed(why) => constraint("ImageManifest", "…", &why),
        PushError::DigestMismatch { wanted, is } => AwsError::new(
            "ImageDigestDoesNotMatchException",
            format!("The image digest '{wanted}' does not match the calculated digest '{is}'"),
        ),
        PushError::BlobsMissing(digests) => AwsError::new(
            "LayersNotFoundException",
            format!(
                "Layers with digests '[{}]' required for pushing image into {place} do not exist",
                digests.join(", ")
            ),
        ),
        PushError::ImagesMissing(digests) => AwsError::new(
            "ReferencedImagesNotFoundException",
            format!(
                "Images with digests '[{}]' required for pushing image into {place} do not exist",
                digests.join(", ")
            ),
        ),
        PushError::TagImmutable(tag) => AwsError::new("ImageTagAlreadyExistsException", tag_immutable(&tag, name)),
    }
}

fn image_json(registry: &AccountId, repository: &Repository, image: &Image, tag: Option<&str>) -> Value {
    let mut id = json!({"imageDigest": image.digest});
    if let Some(tag) = tag {
        id["imageTag"] = tag.into();
    }
    json!({
        "registryId": registry.as_str(),
        "repositoryName": repository.name,
        "imageId": id,
        "imageManifest": String::from_utf8_lossy(&image.manifest),
        "imageManifestMediaType": image.parsed.media_type,
    })
}

pub fn batch_get(ecr: &Ecr, call: &Call) -> Answer {
    let (registry, repository) = found(ecr, call)?;
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in ids(call.input).into_iter().flatten() {
        match by_id(repository, id) {
            Ok(image) => images.push(image_json(&registry, repository, image, text(id, "imageTag"))),
            Err(unfound) => failures.push(unfound.failure(id)),
        }
    }
    Ok(json!({"images": images, "failures": failures}))
}

/// A tag alone is taken off, unless it was the image's last; a digest goes with its tags.
pub fn batch_delete(ecr: &mut Ecr, call: &Call) -> Answer {
    let ids = ids(call.input).cloned().unwrap_or_default();
    let (_, repository) = found_mut(ecr, call)?;
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for id in &ids {
        let digest = match by_id(repository, id) {
            Ok(image) => image.digest.clone(),
            Err(unfound) => {
                failures.push(unfound.failure(id));
                continue;
            }
        };
        let tags: Vec<String> = repository.tags_of(&digest).into_iter().map(str::to_owned).collect();
        match text(id, "imageTag") {
            Some(tag) if text(id, "imageDigest").is_none() && tags.len() > 1 => {
                repository.tags.remove(tag);
                deleted.push(json!({"imageDigest": digest, "imageTag": tag}));
                continue;
            }
            Some(_) | None => {}
        }
        if repository.children().contains(digest.as_str()) {
            failures.push(json!({
                "imageId": id,
                "failureCode": "ImageReferencedByManifestList",
                "failureReason": format!("Requested image referenced by manifest list: [{digest}]"),
            }));
            continue;
        }
        repository.images.remove(&digest);
        if tags.is_empty() {
            deleted.push(json!({"imageDigest": digest}));
        }
        for tag in tags {
            repository.tags.remove(&tag);
            deleted.push(json!({"imageDigest": digest, "imageTag": tag}));
        }
    }
    Ok(json!({"imageIds": deleted, "failures": failures}))
}

/// Whether `filter` lets an image with these tags through.
fn by_filter(input: &Value, tagged: bool) -> bool {
    let filter = |name: &str| input.get("filter").and_then(|f| text(f, name));
    // Nothing is archived here.
    let is_there = filter("imageStatus").is_none_or(|status| ["ACTIVE", "ANY"].contains(&status));
    is_there
        && match filter("tagStatus") {
            Some("TAGGED") => tagged,
            Some("UNTAGGED") => !tagged,
            _ => true,
        }
}

pub fn list(ecr: &Ecr, call: &Call) -> Answer {
    let (_, repository) = found(ecr, call)?;
    let mut rows = Vec::new();
    for image in repository.images.values() {
        let tags = repository.tags_of(&image.digest);
        if !by_filter(call.input, !tags.is_empty()) {
            continue;
        }
        if tags.is_empty() {
            rows.push(json!({"imageDigest": image.digest}));
        }
        rows.extend(tags.into_iter().map(|t| json!({"imageDigest": image.digest, "imageTag": t})));
    }
    let page = paged(rows, call)?;
    Ok(with_token(json!({"imageIds": page.items}), page.next))
}

pub fn describe(ecr: &Ecr, call: &Call, inspector: &Inspector) -> Answer {
    super::unpaged(call.input, "imageIds")?;
    let (registry, repository) = found(ecr, call)?;
    let images: Vec<&Image> = match ids(call.input) {
        Some(ids) => {
            let mut images: Vec<&Image> = Vec::new();
            for id in ids {
                let image = by_id(repository, id).map_err(|u| u.error(id, &repository.name, &registry))?;
                if !images.iter().any(|i| i.digest == image.digest) {
                    images.push(image);
                }
            }
            images
        }
        None => {
            let fits = |i: &&Image| by_filter(call.input, !repository.tags_of(&i.digest).is_empty());
            repository.images.values().filter(fits).collect()
        }
    };
    let page = paged(images, call)?;
    let detail = |image: &Image| {
        let mut detail = json!({
            "registryId": registry.as_str(),
            "repositoryName": repository.name,
            "imageDigest": image.digest,
            "imageSizeInBytes": image.size(),
            "imagePushedAt": epoch(image.pushed_at),
            "imageManifestMediaType": image.parsed.media_type,
            "imageStatus": "ACTIVE",
        });
        let tags = repository.tags_of(&image.digest);
        if !tags.is_empty() {
            detail["imageTags"] = json!(tags);
        }
        let config_type = image.parsed.config.as_ref().map(|c| c.media_type.as_str());
        if let Some(artifact) = image.parsed.artifact_type.as_deref().or(config_type) {
            detail["artifactMediaType"] = artifact.into();
        }
        if let Some(subject) = &image.parsed.subject {
            detail["subjectManifestDigest"] = subject.as_str().into();
        }
        let scan = view(ecr, call, &registry, repository, image, inspector);
        if let Some(scan) = scan {
            detail["imageScanStatus"] = scan.status_json();
            if let Some(summary) = summary(&scan) {
                detail["imageScanFindingsSummary"] = summary;
            }
        }
        detail
    };
    let details: Vec<Value> = page.items.into_iter().map(detail).collect();
    Ok(with_token(json!({"imageDetails": details}), page.next))
}

pub fn check_layers(ecr: &Ecr, call: &Call) -> Answer {
    let (_, repository) = found(ecr, call)?;
    let digests =
        call.input.get("layerDigests").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let (mut layers, mut failures) = (Vec::new(), Vec::new());
    for digest in digests {
        match repository.blobs.get(digest) {
            _ if digest.parse::<crate::model::ids::Digest>().is_err() => failures.push(json!({
                "layerDigest": digest, "failureCode": "InvalidLayerDigest", "failureReason": "Invalid layer digest",
            })),
            Some(blob) => layers.push(json!({
                "layerDigest": digest, "layerAvailability": "AVAILABLE", "layerSize": blob.len(),
            })),
            None => layers.push(json!({"layerDigest": digest, "layerAvailability": "UNAVAILABLE"})),
        }
    }
    Ok(json!({"layers": layers, "failures": failures}))
}
