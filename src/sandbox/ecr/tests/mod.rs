//! What always holds of registries, whatever is done to them in whatever order.

mod immutability;
mod replication;

use jiff::Timestamp;

use super::push::{Push, PushError, Pushed};
use super::replication::RegistryKey;
use super::{Ecr, Repository};
use crate::model::ids::Digest;
use crate::sandbox::registry::tests::{Built, image};

const DEV: &str = "111111111111";
const PROD: &str = "222222222222";

fn registry_key(account: &str, region: &str) -> RegistryKey {
    (account.parse().unwrap(), region.parse().unwrap())
}

fn images(n: usize) -> Vec<Built> {
    (0..n).map(|n| image(&format!("layer {n}"), &[])).collect()
}

fn with_blobs(repository: &mut Repository, image: &Built) {
    repository.blobs.extend(image.blobs.iter().map(|b| (String::from(Digest::of(b)), b.clone())));
}

/// Puts an image with its blobs into a repository that is there.
fn push(
    ecr: &mut Ecr,
    at: &RegistryKey,
    name: &str,
    image: &Built,
    tag: Option<&str>,
    now: Timestamp,
) -> Result<Pushed, PushError> {
    with_blobs(ecr.registry_mut(&at.0, &at.1).repositories.get_mut(name).unwrap(), image);
    let manifest = image.manifest.clone().into();
    let push = Push { manifest, media_type: Some(image.media_type), tag, digest: None, now };
    ecr.put_image(&at.0, &at.1, name, push).unwrap()
}
