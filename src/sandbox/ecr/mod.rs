//! ECR: repositories, images, policies, scanning configuration and tokens. The registry protocol uses the same
//! store.

pub mod api;
pub mod error;
mod lifecycle;
pub mod manifest;
mod pull;
pub mod push;
pub mod replication;
pub mod repository;
pub mod scanning;
pub mod token;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
pub use repository::{Image, Mutability, Repository};

use super::iam::Policy;
use super::id_generator::IdGenerator;
use super::latency::Latency;
use crate::model::ids::{AccountId, Region};
use push::{Push, PushError, Pushed};
use replication::{Replica, Rule};
use scanning::{Frequency, Scanning};
use token::Token;

/// All registries of all accounts.
#[derive(Debug, Clone)]
pub struct Ecr {
    registries: BTreeMap<(AccountId, Region), Registry>,
    tokens: BTreeMap<String, Token>,
    ids: IdGenerator,
    host: String,
    latency: Latency,
    replicas: Vec<Replica>,
}

/// One account's registry in one region.
#[derive(Debug, Clone)]
pub struct Registry {
    pub repositories: BTreeMap<String, Repository>,
    pub scanning: Scanning,
    pub replication: Vec<Rule>,
    /// The policy over what other accounts replicate into it, as it was set and as it is evaluated.
    pub policy: Option<(String, Policy)>,
    /// Blob uploads under way, by their id.
    pub uploads: BTreeMap<String, Upload>,
}

/// What was received of a blob so far.
#[derive(Debug, Clone, Default)]
pub struct Upload {
    pub repository: String,
    pub bytes: Vec<u8>,
}

impl Ecr {
    /// `host` is the `HOST:PORT` at which the registry protocol can be reached.
    pub fn new(host: &str, ids: IdGenerator, latency: Latency) -> Ecr {
        let host = host.to_owned();
        Ecr { registries: BTreeMap::new(), tokens: BTreeMap::new(), ids, host, latency, replicas: Vec::new() }
    }

    /// When something next happens by itself: an image arrives by replication, a lifecycle policy is evaluated.
    pub fn next_at(&self) -> Option<Timestamp> {
        let replica = self.next_replica().map(|(at, _)| at);
        replica.into_iter().chain(self.next_evaluation().map(|(at, ..)| at)).min()
    }

    /// Lets the next of these happen if it is due. Returns whether it was.
    pub fn fire(&mut self, now: Timestamp) -> bool {
        let (replica, evaluation) = (self.next_replica(), self.next_evaluation());
        let first = replica.filter(|(at, _)| evaluation.as_ref().is_none_or(|(other, ..)| at <= other));
        match (first, evaluation) {
            (Some((at, n)), _) if at <= now => self.copy_replica(n, at),
            (None, Some((at, registry, repository))) if at <= now => self.evaluate(&registry, &repository, at),
            (Some(_) | None, _) => return false,
        }
        true
    }

    pub fn set_host(&mut self, host: &str) {
        self.host = host.to_owned();
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn ids(&mut self) -> &mut IdGenerator {
        &mut self.ids
    }

    pub fn registry(&self, account: &AccountId, region: &Region) -> Option<&Registry> {
        self.registries.get(&(account.clone(), region.clone()))
    }

    pub fn registry_mut(&mut self, account: &AccountId, region: &Region) -> &mut Registry {
        self.registries.entry((account.clone(), region.clone())).or_insert_with(|| Registry {
            repositories: BTreeMap::new(),
            scanning: Scanning::default(),
            replication: Vec::new(),
            policy: None,
            uploads: BTreeMap::new(),
        })
    }

    pub fn repository(&self, account: &AccountId, region: &Region, name: &str) -> Option<&Repository> {
        self.registry(account, region)?.repositories.get(name)
    }

    /// What a reference to a repository starts with. All accounts share one socket, so the account and region, which
    /// are a part of AWS's host names, are a part of the path here.
    pub fn repository_uri(&self, account: &AccountId, region: &Region, name: &str) -> String {
        format!("{}/{account}.{region}/{name}", self.host)
    }

    /// Adds a repository, as a seed or `CreateRepository` has it.
    pub fn add_repository(&mut self, account: &AccountId, region: &Region, repository: Repository) {
        self.registry_mut(account, region).repositories.insert(repository.name.clone(), repository);
    }

    /// Puts an image, begins its basic scan if the repository is scanned on push, and starts its replication. `None`: no such repository.
    pub fn put_image(
        &mut self,
        account: &AccountId,
        region: &Region,
        name: &str,
        push: Push,
    ) -> Option<Result<Pushed, PushError>> {
        let (tag, now) = (push.tag.map(str::to_owned), push.now);
        let put = self.take(account, region, name, push)?;
        if let Ok(Pushed::New(digest)) = &put {
            self.replicate(&(account.clone(), region.clone()), name, digest, tag.as_deref(), now);
        }
        Some(put)
    }

    fn take(
        &mut self,
        account: &AccountId,
        region: &Region,
        name: &str,
        push: Push,
    ) -> Option<Result<Pushed, PushError>> {
        let registry = self.registry_mut(account, region);
        let repository = registry.repositories.get_mut(name)?;
        let on_push =
            registry.scanning.enhanced.is_none() && registry.scanning.of(repository).0 == Frequency::ScanOnPush;
        let now = push.now;
        let put = push::put(repository, push);
        if let (Ok(Pushed::New(digest)), true) = (&put, on_push)
            && let Some(image) = repository.images.get_mut(digest)
        {
            image.basic_scan.get_or_insert(now);
        }
        Some(put)
    }
}

/// The account, region and repository of a path as `repository_uri` builds it.
pub fn split_path(path: &str) -> Option<(AccountId, Region, &str)> {
    let (registry, name) = path.split_once('/')?;
    let (account, region) = registry.split_once('.')?;
    Some((account.parse().ok()?, region.parse().ok()?, name))
}

/// Whether an image's reference is in ECR: in this one (see [`Ecr::repository_uri`]), or in AWS's.
pub fn is_reference(image: &str) -> bool {
    let Some((host, path)) = image.split_once('/') else { return false };
    let aws = host.contains(".dkr.ecr") && host.contains(".amazonaws.com");
    let dual_stack = host.contains(".dkr-ecr.") && host.ends_with(".on.aws");
    aws || dual_stack || split_path(path).is_some()
}

impl Registry {
    /// Removes an upload and returns its bytes.
    pub fn finish_upload(&mut self, id: &str) -> Option<Bytes> {
        self.uploads.remove(id).map(|u| Bytes::from(u.bytes))
    }
}
