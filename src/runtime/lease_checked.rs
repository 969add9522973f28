//! The ports with a check before every call that changes something.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::lease_guard::LeaseGuard;
use super::ports::Ports;
use crate::model::contents::Contents;
use crate::model::event::PushedImage;
use crate::model::fault::Fault;
use crate::model::ids::{Digest, StageName};
use crate::model::pipeline::{Account, ImageSpec};
use crate::model::rollout::{RolloutReading, ServiceReading, TaskDefinition};
use crate::ports::approvals::{Action, Declared, Execution, PipelineApprovals, Verdict};
use crate::ports::deployer::{Cluster, Deployer, OneOff, TaskStart, Wanted};
use crate::ports::fence::MaySend;
use crate::ports::images::{Access, Built, Images, Say};

/// Ports for one effect: what changes something asks the lease first, and where the effect is a stage's, the stage's too.
pub fn lease_checked(ports: &Ports, guard: &Arc<LeaseGuard>, stage: Option<&StageName>) -> Ports {
    let check = Check { guard: guard.clone(), stage: stage.cloned() };
    Ports {
        deployer: Arc::new(LeaseChecked(ports.deployer.clone(), check.clone())),
        approvals: Arc::new(LeaseChecked(ports.approvals.clone(), Check { stage: None, ..check.clone() })),
        images: Arc::new(LeaseChecked(ports.images.clone(), Check { stage: None, ..check })),
        ..ports.clone()
    }
}

#[derive(Clone)]
struct Check {
    guard: Arc<LeaseGuard>,
    stage: Option<StageName>,
}

impl Check {
    async fn call<T>(&self, call: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        self.guard.call(self.stage.as_ref(), call).await
    }
}

struct LeaseChecked<P: ?Sized>(Arc<P>, Check);

#[async_trait]
impl Deployer for LeaseChecked<dyn Deployer> {
    async fn cluster(&self, at: Cluster<'_>) -> Result<(), Fault> {
        self.0.cluster(at).await
    }

    async fn service(&self, at: Cluster<'_>, service: &str) -> Result<ServiceReading, Fault> {
        self.0.service(at, service).await
    }

    async fn rollout(
        &self,
        at: Cluster<'_>,
        service: &str,
        known: &[String],
        since: Timestamp,
    ) -> Result<RolloutReading, Fault> {
        self.0.rollout(at, service, known, since).await
    }

    async fn task_definition(&self, account: &Account, name: &str) -> Result<TaskDefinition, Fault> {
        self.0.task_definition(account, name).await
    }

    async fn newest(
        &self,
        account: &Account,
        family: &str,
        wanted: Wanted<'_>,
    ) -> Result<Option<TaskDefinition>, Fault> {
        self.0.newest(account, family, wanted).await
    }

    async fn register(
        &self,
        account: &Account,
        input: &Value,
        tags: &BTreeMap<String, String>,
    ) -> Result<String, Fault> {
        self.1.call(self.0.register(account, input, tags)).await
    }

    async fn update(&self, at: Cluster<'_>, service: &str, task_definition: &str) -> Result<String, Fault> {
        self.1.call(self.0.update(at, service, task_definition)).await
    }

    async fn stop(&self, at: Cluster<'_>, deployment: &str) -> Result<(), Fault> {
        self.1.call(self.0.stop(at, deployment)).await
    }

    async fn run_task(&self, at: Cluster<'_>, task: &TaskStart) -> Result<String, Fault> {
        self.1.call(self.0.run_task(at, task)).await
    }

    async fn one_off(&self, at: Cluster<'_>, task: &str, container: &str) -> Result<OneOff, Fault> {
        self.0.one_off(at, task, container).await
    }
}

#[async_trait]
impl PipelineApprovals for LeaseChecked<dyn PipelineApprovals> {
    async fn declared(&self, account: &Account, pipeline: &str) -> Result<Declared, Fault> {
        self.0.declared(account, pipeline).await
    }

    async fn start(
        &self,
        account: &Account,
        pipeline: &str,
        variables: &BTreeMap<String, String>,
        client_token: &str,
    ) -> Result<String, Fault> {
        self.1.call(self.0.start(account, pipeline, variables, client_token)).await
    }

    async fn abandon(&self, account: &Account, pipeline: &str, execution: &str, why: &str) -> Result<(), Fault> {
        self.1.call(self.0.abandon(account, pipeline, execution, why)).await
    }

    async fn execution(&self, account: &Account, pipeline: &str, execution: &str) -> Result<Option<Execution>, Fault> {
        self.0.execution(account, pipeline, execution).await
    }

    async fn action(&self, account: &Account, pipeline: &str, execution: &str, action: &str) -> Result<Action, Fault> {
        self.0.action(account, pipeline, execution, action).await
    }

    async fn answer(
        &self,
        account: &Account,
        pipeline: &str,
        execution: &str,
        action: &str,
        verdict: Verdict<'_>,
    ) -> Result<(), Fault> {
        self.1.call(self.0.answer(account, pipeline, execution, action, verdict)).await
    }
}

#[async_trait]
impl Images for LeaseChecked<dyn Images> {
    async fn build(&self, spec: &ImageSpec, to: &Access, tag: &str, say: Say<'_>) -> Result<Built, Fault> {
        self.1.call(self.0.build(spec, to, tag, say)).await
    }

    async fn commit(&self, at: &Access, digest: &Digest) -> Result<Option<String>, Fault> {
        self.0.commit(at, digest).await
    }

    async fn look(&self, at: &Access, reference: &str) -> Result<Option<PushedImage>, Fault> {
        self.0.look(at, reference).await
    }

    async fn contents(&self, at: &Access, digest: &Digest) -> Result<Option<Contents>, Fault> {
        self.0.contents(at, digest).await
    }

    async fn copy(
        &self,
        from: &Access,
        digest: &Digest,
        to: &Access,
        tag: &str,
        say: Say<'_>,
    ) -> Result<PushedImage, Fault> {
        self.1.call(self.0.copy(from, digest, to, tag, say)).await
    }

    async fn locate(&self, reference: &str) -> Result<(Access, String), Fault> {
        self.0.locate(reference).await
    }

    fn fence(&self, may_send: MaySend) {
        self.0.fence(may_send);
    }
}

#[cfg(test)]
mod tests;
