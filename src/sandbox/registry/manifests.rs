//! Manifests by tag and digest, tags, and referrers.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{RegistryError, RegistryRequest, Reply, reply, with_body};
use crate::model::ids::Digest;
use crate::sandbox::ecr::manifest::OCI_INDEX;
use crate::sandbox::ecr::push::Push;
use crate::sandbox::ecr::{Ecr, Image, Repository};

fn repository<'a>(ecr: &'a Ecr, asked: &RegistryRequest) -> Result<&'a Repository, RegistryError> {
    let route = asked.route;
    let found = ecr.repository(&route.account, &route.region, &route.repository);
    found.ok_or_else(|| RegistryError::name_unknown(route))
}

pub fn get(ecr: &Ecr, asked: &RegistryRequest, reference: &str) -> Reply {
    let image = repository(ecr, asked)?.find(reference).ok_or_else(|| RegistryError::manifest_unknown(reference))?;
    let builder = reply(StatusCode::OK)
        .header("content-type", &image.parsed.media_type)
        .header("docker-content-digest", &image.digest);
    sized(builder, image.manifest.clone(), asked)
}

/// A body with its length; HEAD gives the length alone.
pub fn sized(builder: http::response::Builder, body: Bytes, asked: &RegistryRequest) -> Reply {
    let builder = builder.header("content-length", body.len());
    let head = asked.request.method() == Method::HEAD;
    with_body(builder, if head { Bytes::new() } else { body })
}

pub fn put(ecr: &mut Ecr, asked: &RegistryRequest, reference: &str) -> Reply {
    let route = asked.route;
    let by_digest = reference.parse::<Digest>().is_ok();
    if !by_digest && !is_tag(reference) {
        return Err(RegistryError::new(400, "TAG_INVALID", format!("`{reference}` is not a valid tag")));
    }
    let push = Push {
        manifest: asked.request.body().clone(),
        media_type: asked.request.headers().get("content-type").and_then(|v| v.to_str().ok()),
        tag: (!by_digest).then_some(reference),
        digest: by_digest.then_some(reference),
        now: asked.now,
    };
    let pushed = ecr
        .put_image(&route.account, &route.region, &route.repository, push)
        .ok_or_else(|| RegistryError::name_unknown(route))?
        .map_err(|e| RegistryError::of_push(e, route))?;
    let mut builder = reply(StatusCode::CREATED)
        .header("location", route.path(&format!("manifests/{}", pushed.digest())))
        .header("docker-content-digest", pushed.digest());
    let subject = repository(ecr, asked)?.find(pushed.digest()).and_then(|i| i.parsed.subject.clone());
    if let Some(subject) = subject {
        builder = builder.header("oci-subject", subject);
    }
    with_body(builder, Bytes::new())
}

/// The distribution specification's pattern for tags.
fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=128).contains(&text.len()) && text.starts_with(word) && text.chars().all(|c| word(c) || c == '.' || c == '-')
}

/// Tags in their order, `n` of them after `last`, and a `Link` to the next where there are more. *OCI Distribution Specification*,
/// "Listing Tags"; an `n` that is not a number is refused as the reference registry refuses it.
pub fn tags(ecr: &Ecr, asked: &RegistryRequest) -> Reply {
    let query = asked.request.uri().query().unwrap_or_default();
    let parameter = |name: &str| query.split('&').find_map(|p| p.strip_prefix(name)?.strip_prefix('='));
    let wanted = match parameter("n").map(str::parse::<usize>) {
        None => usize::MAX,
        Some(Ok(n)) => n,
        Some(Err(_)) => {
            return Err(RegistryError::new(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested"));
        }
    };
    let last = parameter("last").unwrap_or_default();
    let mut after = repository(ecr, asked)?.tags.keys().filter(|tag| tag.as_str() > last);
    let tags: Vec<&String> = after.by_ref().take(wanted).collect();
    let route = asked.route;
    let name = format!("{}.{}/{}", route.account, route.region, route.repository);
    let mut builder = reply(StatusCode::OK).header("content-type", "application/json");
    if let (Some(last), Some(_)) = (tags.last(), after.next()) {
        let next = route.path(&format!("tags/list?n={wanted}&last={last}"));
        builder = builder.header("link", format!("<{next}>; rel=\"next\""));
    }
    let body = json!({"name": name, "tags": tags}).to_string();
    with_body(builder, Bytes::from(body))
}

/// An index of the manifests whose subject this is.
pub fn referrers(ecr: &Ecr, asked: &RegistryRequest, digest: &str) -> Reply {
    let repository = repository(ecr, asked)?;
    let wanted = asked.request.uri().query().and_then(|q| q.split('&').find_map(|p| p.strip_prefix("artifactType=")));
    let wanted = wanted.map(|w| w.replace("%2F", "/").replace("%2f", "/").replace("%2B", "+").replace("%2b", "+"));
    let of = |image: &&Image| image.parsed.subject.as_deref() == Some(digest);
    let descriptor = |image: &Image| -> Value {
        json!({
            "mediaType": image.parsed.media_type,
            "digest": image.digest,
            "size": image.manifest.len(),
            "artifactType": artifact_type(image),
            "annotations": image.parsed.annotations,
        })
    };
    let fits = |image: &&Image| wanted.as_deref().is_none_or(|w| artifact_type(image) == Some(w));
    let manifests: Vec<Value> = repository.images.values().filter(of).filter(fits).map(descriptor).collect();
    let body = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}).to_string();
    let mut builder = reply(StatusCode::OK).header("content-type", OCI_INDEX);
    if wanted.is_some() {
        builder = builder.header("oci-filters-applied", "artifactType");
    }
    with_body(builder, Bytes::from(body))
}

fn artifact_type(image: &Image) -> Option<&str> {
    let config = image.parsed.config.as_ref().map(|c| c.media_type.as_str());
    image.parsed.artifact_type.as_deref().or(config)
}
