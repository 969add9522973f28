//! What ECS finds when a task pulls an image.

use std::collections::BTreeMap;

use super::{Ecr, Image, split_path};
use crate::model::ids::{AccountId, Digest, Region};
use crate::sandbox::iam::actions::repository_arn;
use crate::sandbox::iam::evaluate::granted_to_account;
use crate::sandbox::service::{ImageSource, PulledImage, RunsOn};

/// The exit code of containerd's runtime if the kernel refuses a program: `exec format error`.
const EXEC_FORMAT: &str = "255";

/// What the repository's policy must allow for a pull.
const PULL_ACTIONS: [&str; 2] = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

impl ImageSource for Ecr {
    fn pull(&self, account: &AccountId, _region: &Region, reference: &str, on: &RunsOn) -> Result<PulledImage, String> {
        let Some(path) = reference.strip_prefix(self.host()).and_then(|r| r.strip_prefix('/')) else {
            return Ok(elsewhere(reference));
        };
        let failed = |why: String| {
            Err(format!("pull image manifest has been retried 1 time(s): failed to resolve ref {reference}: {why}"))
        };
        let (name, by) = match path.split_once('@') {
            // A tag beside a digest is ignored.
            Some((name, digest)) => (strip_tag(name), digest),
            None => {
                let name = strip_tag(path);
                (name, path[name.len()..].strip_prefix(':').unwrap_or("latest"))
            }
        };
        let Some((owner, region, name)) = split_path(name) else {
            return failed(format!("{reference}: not found"));
        };
        let Some(repository) = self.repository(&owner, &region, name) else {
            return failed(format!("{reference}: not found"));
        };
        let policy = repository.policy.as_ref().map(|(_, p)| p);
        let arn = repository_arn(&owner, &region, name);
        let may = PULL_ACTIONS.iter().all(|a| policy.is_some_and(|p| granted_to_account(p, account, a, &arn)));
        if owner != *account && !may {
            return failed(format!(
                "unexpected status from HEAD request to http://{}/v2/{owner}.{region}/{name}/manifests/{by}: 403 Forbidden",
                self.host()
            ));
        }
        match repository.find(by).and_then(|image| repository.for_platform(image, on)) {
            Some(image) => Ok(pulled(image, on)),
            None if repository.find(by).is_some() => Err(format!(
                "pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor matching \
                 platform '{}/{}'",
                on.os, on.architecture
            )),
            None => failed(format!("{reference}: not found")),
        }
    }
}

/// A plain manifest is pulled whatever it is for; a program for another processor ends as soon as it is started.
fn pulled(image: &Image, on: &RunsOn) -> PulledImage {
    let mut labels = image.config.labels.clone();
    let says = |has: &str, wanted: &str| has.is_empty() || has == wanted;
    if !says(&image.config.os, on.os) || !says(&image.config.architecture, on.architecture) {
        for (name, value) in [("exit-code", EXEC_FORMAT), ("run-exit-code", EXEC_FORMAT), ("exit-after", "0")] {
            labels.insert(format!("dev.kanmon.sandbox.{name}"), value.to_owned());
        }
    }
    PulledImage { digest: image.digest.clone(), labels }
}

/// The reference without its tag: a colon after the last slash.
fn strip_tag(path: &str) -> &str {
    let base = path.rfind('/').map_or(0, |i| i + 1);
    path[base..].find(':').map_or(path, |i| &path[..base + i])
}

/// There is no internet here: an image of another registry always exists, has no labels, and has the digest that its reference names
/// or, for a tag, one derived from it.
fn elsewhere(reference: &str) -> PulledImage {
    let digest = match reference.split_once('@') {
        Some((_, digest)) => digest.to_owned(),
        None => String::from(Digest::of(reference.as_bytes())),
    };
    PulledImage { digest, labels: BTreeMap::new() }
}
