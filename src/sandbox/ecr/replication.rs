//! Replication of a registry's images to other accounts and regions, some time after the push.

use jiff::{SignedDuration, Timestamp};

use super::push::{Push, PushError};
use super::{Ecr, Repository};
use crate::model::ids::{AccountId, Region};
use crate::sandbox::iam::actions::repository_arn;
use crate::sandbox::iam::evaluate::granted_to_account;

/// From the push to the copy, nominally. AWS: "most images replicate in less than 30 minutes".
pub(super) const DELAY: SignedDuration = SignedDuration::from_mins(2);

/// Where a registry is.
pub type RegistryKey = (AccountId, Region);

/// One rule of a registry's replication configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    pub to: Vec<RegistryKey>,
    /// `PREFIX_MATCH` filters; all repositories where there is none.
    pub prefixes: Vec<String>,
}

impl Rule {
    fn covers(&self, repository: &str) -> bool {
        self.prefixes.is_empty() || self.prefixes.iter().any(|p| repository.starts_with(p.as_str()))
    }
}

/// `ImageReplicationStatus`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    InProgress {
        due: Timestamp,
    },
    Complete,
    /// With its `failureCode`.
    Failed(&'static str),
}

/// The replication of an image to another registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    pub from: RegistryKey,
    pub repository: String,
    pub digest: String,
    tag: Option<String>,
    pub to: RegistryKey,
    pub state: State,
}

impl Ecr {
    /// Starts the replication of a pushed image by the registry's rules. Replicated images are not replicated further.
    pub(super) fn replicate(
        &mut self,
        from: &RegistryKey,
        repository: &str,
        digest: &str,
        tag: Option<&str>,
        at: Timestamp,
    ) {
        let Some(registry) = self.registry(&from.0, &from.1) else { return };
        let rules = registry.replication.iter().filter(|r| r.covers(repository));
        let mut registries: Vec<RegistryKey> = rules.flat_map(|r| r.to.iter().cloned()).filter(|p| p != from).collect();
        registries.sort();
        registries.dedup();
        let due = at + self.latency.of(DELAY);
        self.replicas.extend(registries.into_iter().map(|to| Replica {
            from: from.clone(),
            repository: repository.to_owned(),
            digest: digest.to_owned(),
            tag: tag.map(str::to_owned),
            to,
            state: State::InProgress { due },
        }));
    }

    /// The latest state of an image's replication to each place.
    pub fn replicas_of(&self, from: &RegistryKey, repository: &str, digest: &str) -> Vec<(&RegistryKey, &State)> {
        let mut latest: Vec<(&RegistryKey, &State)> = Vec::new();
        let of = |r: &&Replica| r.from == *from && r.repository == repository && r.digest == digest;
        for replica in self.replicas.iter().filter(of) {
            match latest.iter_mut().find(|(to, _)| **to == replica.to) {
                Some(entry) => entry.1 = &replica.state,
                None => latest.push((&replica.to, &replica.state)),
            }
        }
        latest
    }

    /// When the next copy is made, and which.
    pub(super) fn next_replica(&self) -> Option<(Timestamp, usize)> {
        let due = |(n, r): (usize, &Replica)| match r.state {
            State::InProgress { due } => Some((due, n)),
            State::Complete | State::Failed(_) => None,
        };
        self.replicas.iter().enumerate().filter_map(due).min()
    }

    pub(super) fn copy_replica(&mut self, n: usize, at: Timestamp) {
        let Some(replica) = self.replicas.get(n).cloned() else { return };
        let state = self.copy(&replica, at).map_or_else(State::Failed, |()| State::Complete);
        if let Some(replica) = self.replicas.get_mut(n) {
            replica.state = state;
        }
    }

    fn copy(&mut self, replica: &Replica, at: Timestamp) -> Result<(), &'static str> {
        let Replica { from, to, repository: name, .. } = replica;
        let source = self.repository(&from.0, &from.1, name);
        let image = source.and_then(|r| r.images.get(&replica.digest)).cloned().ok_or("IMAGE_NOT_FOUND")?;
        let blobs: Vec<_> = source
            .into_iter()
            .flat_map(|r| image.parsed.blobs().filter_map(|d| r.blobs.get_key_value(&d.digest)))
            .map(|(digest, blob)| (digest.clone(), blob.clone()))
            .collect();
        let registry = self.registry_mut(&to.0, &to.1);
        let arn = repository_arn(&to.0, &to.1, name);
        let may = |action: &str| {
            from.0 == to.0
                || registry.policy.as_ref().is_some_and(|(_, p)| granted_to_account(p, &from.0, action, &arn))
        };
        // The destination's registry policy decides about other accounts' images.
        if !may("ecr:ReplicateImage") {
            return Err("ACCESS_DENIED");
        }
        if !registry.repositories.contains_key(name) && !may("ecr:CreateRepository") {
            return Err("REPOSITORY_NOT_FOUND");
        }
        let repository = registry.repositories.entry(name.clone()).or_insert_with(|| Repository::new(name, at));
        repository.blobs.extend(blobs);
        let push = Push {
            manifest: image.manifest.clone(),
            media_type: Some(&image.parsed.media_type),
            tag: replica.tag.as_deref(),
            digest: None,
            now: at,
        };
        match self.take(&to.0, &to.1, name, push) {
            Some(Ok(_)) => Ok(()),
            Some(Err(PushError::TagImmutable(_))) => Err("IMAGE_TAG_ALREADY_EXISTS"),
            Some(Err(_)) | None => Err("INTERNAL_ERROR"),
        }
    }
}
