//! Images: put, get, list, describe, delete.

use bytes::Bytes;
use serde_json::{Value, json};

use super::image_id;
use super::scans::{summary, view};
use super::{found, found_mut, paged, registry_id, repository_name, text};
use crate::model::ids::AccountId;
use crate::sandbox::ecr::error::{constraint, tag_immutable};
use crate::sandbox::ecr::push::{Push, PushError, Pushed};
use crate::sandbox::ecr::{Ecr, Image, Repository};
use crate::sandbox::inspector::Inspector;
use crate::sandbox::members::texts;
use crate::sandbox::service::{Answer, AwsError, Call};
use crate::sandbox::wire::epoch;

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
        match image_id::find(repository, id) {
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
        let digest = match image_id::find(repository, id) {
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

/// Whether an image with these tags matches `filter`.
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
    Ok(page.answer("imageIds"))
}

pub fn describe(ecr: &Ecr, call: &Call, inspector: &Inspector) -> Answer {
    super::unpaged(call.input, "imageIds")?;
    let (registry, repository) = found(ecr, call)?;
    let images: Vec<&Image> = match ids(call.input) {
        Some(ids) => {
            let mut images: Vec<&Image> = Vec::new();
            for id in ids {
                let image = image_id::find(repository, id).map_err(|u| u.error(id, &repository.name, &registry))?;
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
    Ok(page.map(detail).answer("imageDetails"))
}

pub fn check_layers(ecr: &Ecr, call: &Call) -> Answer {
    let (_, repository) = found(ecr, call)?;
    let digests = texts(call.input, "layerDigests");
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
