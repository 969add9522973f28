//! The services as they run now. If one account cannot be read, the others still are.

use std::collections::BTreeSet;

use crate::engine::taskdef;
use crate::model::fault::Fault;
use crate::model::ids::{AccountName, ServiceName};
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::ports::deployer::Cluster;
use crate::report::display_names;
use crate::report::verb::status::Unread;
use crate::runtime::ports::Ports;
use crate::usecase::context::Context;

/// A service as it runs in AWS.
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
    /// Whether the service runs every image that a release has for it.
    pub fn runs_all_of(&self, release: &Release, stage: &Stage, service: &ServiceName) -> bool {
        let wanted = release.started.pipeline.services.get(service).map(|s| s.containers.values());
        let runs = |image| {
            let digest = release.image_for(stage, image).map(|p| format!("@{}", p.digest));
            digest.is_some_and(|d| self.images.iter().any(|i| i.ends_with(&d)))
        };
        wanted.is_some_and(|mut images| images.all(runs))
    }
}

/// An account or a service that cannot be read, and why.
pub struct Unreadable {
    pub what: Unread,
    pub why: Fault,
}

/// Reads services, and keeps what could not be read.
pub struct LiveServices<'b> {
    context: &'b Context,
    ports: &'b Ports,
    /// Accounts that cannot be read.
    unreadable_accounts: BTreeSet<AccountName>,
    pub unreadable: Vec<Unreadable>,
}

impl<'b> LiveServices<'b> {
    pub fn new(context: &'b Context, ports: &'b Ports) -> LiveServices<'b> {
        LiveServices { context, ports, unreadable_accounts: BTreeSet::new(), unreadable: Vec::new() }
    }

    /// The service of a stage; `None` where it cannot be read.
    pub async fn read(&mut self, stage: &Stage, service: &ServiceName) -> Option<Live> {
        // Further calls to an account that cannot be read would only take time.
        if self.unreadable_accounts.contains(&stage.account) {
            return None;
        }
        match self.live(stage, service).await {
            Ok(live) => Some(live),
            Err(why) if why.kind().is_of_the_account() => {
                self.unreadable_accounts.insert(stage.account.clone());
                self.unreadable.push(Unreadable { what: Unread::Account { account: stage.account.clone() }, why });
                None
            }
            Err(why) => {
                let what = Unread::Service { stage: stage.name.clone(), service: service.clone() };
                self.unreadable.push(Unreadable { what, why });
                None
            }
        }
    }

    async fn live(&self, stage: &Stage, service: &ServiceName) -> Result<Live, Fault> {
        let at = Cluster::of(&self.context.pipeline, stage);
        let account = at.account;
        let found = self.ports.deployer.service(at, stage.service_name(service)).await?;
        let revision = found.primary().map_or(found.task_definition.clone(), |p| p.task_definition.clone());
        let definition = self.ports.deployer.task_definition(account, &revision).await?;
        let wanted = self.context.pipeline.service(service).containers.keys();
        let images: Vec<_> = wanted.filter_map(|name| taskdef::container_image(&definition.raw, name)).collect();
        Ok(Live {
            running: found.running,
            desired: found.desired,
            task_definition: revision,
            deployment: found.primary().map(|p| p.id.clone()),
            shown: images.iter().map(|i| display_names::image(i, account)).collect(),
            images,
        })
    }
}
