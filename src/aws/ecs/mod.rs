//! `ports::deployer` over ECS: services and their deployments, rollouts, task definitions as raw JSON, one-off tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::session::Sessions;
use crate::model::fault::Fault;
use crate::model::fault::call::Target;
use crate::model::pipeline::Account;
use crate::model::rollout::{RolloutReading, ServiceReading, TaskDefinition};
use crate::ports::deployer::{Cluster, Deployer, OneOff, TaskStart, Wanted};

mod cluster;
mod launch;
mod one_off;
mod rollout;
mod service;
mod service_deployments;
mod task_definition;
mod tasks;
#[cfg(test)]
mod tests;

pub struct Ecs {
    sessions: Arc<Sessions>,
}

impl Ecs {
    pub fn new(sessions: Arc<Sessions>) -> Ecs {
        Ecs { sessions }
    }
}

/// What a call about a service is about.
fn of_cluster(cluster: &str, service: &str) -> Target {
    Target::Service { cluster: cluster.to_owned(), service: service.to_owned() }
}

#[async_trait]
impl Deployer for Ecs {
    async fn cluster(&self, at: Cluster<'_>) -> Result<(), Fault> {
        let session = self.sessions.session(at.account).await?;
        cluster::check(&session, at.name).await
    }

    async fn service(&self, at: Cluster<'_>, service: &str) -> Result<ServiceReading, Fault> {
        let session = self.sessions.session(at.account).await?;
        service::read(&session, at.name, service, service_deployments::Wanted::Newest).await
    }

    async fn rollout(
        &self,
        at: Cluster<'_>,
        service: &str,
        known: &[String],
        since: Timestamp,
    ) -> Result<RolloutReading, Fault> {
        let session = self.sessions.session(at.account).await?;
        rollout::read(&session, at.name, service, known, since).await
    }

    async fn task_definition(&self, account: &Account, name: &str) -> Result<TaskDefinition, Fault> {
        let session = self.sessions.session(account).await?;
        task_definition::describe(&session, name).await
    }

    async fn newest(
        &self,
        account: &Account,
        family: &str,
        wanted: Wanted<'_>,
    ) -> Result<Option<TaskDefinition>, Fault> {
        let session = self.sessions.session(account).await?;
        task_definition::newest(&session, family, wanted).await
    }

    async fn register(
        &self,
        account: &Account,
        input: &Value,
        tags: &BTreeMap<String, String>,
    ) -> Result<String, Fault> {
        let session = self.sessions.session(account).await?;
        task_definition::register(&session, input, tags).await
    }

    async fn update(&self, at: Cluster<'_>, service: &str, task_definition: &str) -> Result<String, Fault> {
        let session = self.sessions.session(at.account).await?;
        rollout::update(&session, at.name, service, task_definition).await
    }

    async fn stop(&self, at: Cluster<'_>, deployment: &str) -> Result<(), Fault> {
        let session = self.sessions.session(at.account).await?;
        rollout::stop(&session, deployment).await
    }

    async fn run_task(&self, at: Cluster<'_>, task: &TaskStart) -> Result<String, Fault> {
        let session = self.sessions.session(at.account).await?;
        one_off::run(&session, at.name, task).await
    }

    async fn one_off(&self, at: Cluster<'_>, task: &str, container: &str) -> Result<OneOff, Fault> {
        let session = self.sessions.session(at.account).await?;
        one_off::read(&session, at.name, task, container).await
    }
}
