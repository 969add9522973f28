//! What of a service can be looked at, account by account: who may not enter one still sees the others.

use std::collections::BTreeSet;

use super::bench::Bench;
use crate::engine::taskdef;
use crate::model::fault::{Fault, FaultKind};
use crate::model::ids::{AccountName, ServiceName};
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::ports::deployer::Cluster;
use crate::report::names;
use crate::runtime::ports::Ports;

/// A service as it stands in AWS.
pub struct Live {
    pub running: u32,
    pub desired: u32,
    /// The task definition's ARN.
    pub task_definition: String,
    /// The PRIMARY deployment's id, `ecs-svc/…`.
    pub deployment: Option<String>,
    /// The named containers' images.
    pub images: Vec<String>,
    /// The same, as people read them.
    pub shown: Vec<String>,
}

impl Live {
    /// Whether every image that a release has for the service is among those that run.
    pub fn runs_all_of(&self, release: &Release, stage: &Stage, service: &ServiceName) -> bool {
        let wanted = release.started.pipeline.services.get(service).map(|s| s.containers.values());
        let runs = |image| {
            let digest = release.image_for(stage, image).map(|p| format!("@{}", p.digest));
            digest.is_some_and(|d| self.images.iter().any(|i| i.ends_with(&d)))
        };
        wanted.is_some_and(|mut images| images.all(runs))
    }
}

/// Something that cannot be looked at, an account or a service, and why.
pub struct Unseen {
    pub what: String,
    pub why: Fault,
}

/// Looks, and keeps what could not be seen.
pub struct Eyes<'b> {
    bench: &'b Bench,
    ports: &'b Ports,
    /// Accounts that let nobody look.
    shut: BTreeSet<AccountName>,
    pub unseen: Vec<Unseen>,
}

impl<'b> Eyes<'b> {
    pub fn new(bench: &'b Bench, ports: &'b Ports) -> Eyes<'b> {
        Eyes { bench, ports, shut: BTreeSet::new(), unseen: Vec::new() }
    }

    /// The service of a stage; `None` where it cannot be looked at.
    pub async fn look(&mut self, stage: &Stage, service: &ServiceName) -> Option<Live> {
        // Each further question to a shut account would be refused as slowly as the first.
        if self.shut.contains(&stage.account) {
            return None;
        }
        match self.live(stage, service).await {
            Ok(live) => Some(live),
            Err(why) if of_the_account(why.kind()) => {
                self.shut.insert(stage.account.clone());
                self.unseen.push(Unseen { what: format!("account {}", stage.account), why });
                None
            }
            Err(why) => {
                self.unseen.push(Unseen { what: format!("{}/{service}", stage.name), why });
                None
            }
        }
    }

    async fn live(&self, stage: &Stage, service: &ServiceName) -> Result<Live, Fault> {
        let account = self.bench.pipeline().account(&stage.account);
        let at = Cluster { account, name: &stage.cluster };
        let found = self.ports.deployer.service(at, stage.service_name(service)).await?;
        let revision = found.primary().map_or(found.task_definition.clone(), |p| p.task_definition.clone());
        let definition = self.ports.deployer.task_definition(account, &revision).await?;
        let wanted = self.bench.pipeline().service(service).containers.keys();
        let images: Vec<_> = wanted.filter_map(|name| taskdef::container_image(&definition.raw, name)).collect();
        Ok(Live {
            running: found.running,
            desired: found.desired,
            task_definition: revision,
            deployment: found.primary().map(|p| p.id.clone()),
            shown: images.iter().map(|i| names::image(i, account)).collect(),
            images,
        })
    }
}

/// Whether a fault is of the whole account, not of one service in it.
fn of_the_account(kind: FaultKind) -> bool {
    match kind {
        FaultKind::CredentialsRefused
        | FaultKind::WrongAccount
        | FaultKind::AccessDenied
        | FaultKind::Unreachable
        | FaultKind::Throttled => true,
        FaultKind::NotFound
        | FaultKind::Invalid
        | FaultKind::Ambiguous
        | FaultKind::BuildFailed
        | FaultKind::ToolMissing
        | FaultKind::Changed
        | FaultKind::Defect => false,
    }
}
