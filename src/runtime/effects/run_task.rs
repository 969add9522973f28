//! Starting a one-off task.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Execute, Found, LookUp};
use crate::model::effect::{StepRef, Workload};
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::fault::service::ServiceProblem;
use crate::model::ids::{TaskName, sha256_hex};
use crate::model::pipeline::Account;
use crate::model::release::Release;
use crate::model::step::run::RunFact;
use crate::ports::deployer::TaskStart;
use crate::ports::images::Say;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{cluster, defect, run, stage};
use crate::runtime::task_definition::revision::runs_what_was_planned;

/// ECS keeps a client token of RunTask for 24 hours; half of that leaves no doubt at its edge.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(12);

/// RunTask refuses it for a task definition without a task role, which a service's may have and a migration's not.
const EXECUTE_COMMAND: &str = "enableExecuteCommand";

pub(super) struct RunTask<'e> {
    pub at: &'e StepRef,
    pub task: &'e TaskName,
}

#[async_trait]
impl Execute for RunTask<'_> {
    async fn execute(&self, ports: &Ports, release: &Release, _: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let RunTask { at, task } = *self;
        let pipeline = &release.started.pipeline;
        let stage = stage(release, &at.stage)?;
        let spec = pipeline.task(task);
        let registered = run(release, at)?.registered.clone().ok_or_else(|| defect(Lack::Registered))?;
        let cluster = cluster(release, stage);
        let neighbour = ports.deployer.service(cluster, stage.service_name(&spec.network_of)).await?;
        runs_what_was_planned(ports, release, at, &Workload::Task(task.clone()), &registered).await?;
        let mut launch = neighbour.launch;
        if let Some(Value::Object(members)) = &mut launch
            && members.contains_key(EXECUTE_COMMAND)
            && !has_role(ports, cluster.account, &registered).await?
        {
            members.shift_remove(EXECUTE_COMMAND);
        }
        // One token for one step of one release: a repeated call is the same task.
        let token = sha256_hex(format!("{}/{}/{}", release.id, at.stage, at.step).as_bytes());
        let start = TaskStart {
            task_definition: registered,
            network: neighbour.network,
            launch,
            container: spec.container.clone(),
            command: spec.command.clone(),
            client_token: token[..36].to_owned(),
            started_by: format!("kanmon/{}", release.id).chars().take(36).collect(),
        };
        let arn = ports.deployer.run_task(cluster, &start).await?;
        Ok(vec![Fact::step(at, RunFact::TaskStarted { task: task.clone(), arn })])
    }
}

#[async_trait]
impl LookUp for RunTask<'_> {
    async fn look_up(&self, ports: &Ports, release: &Release, sent_at: Timestamp) -> Result<Found, Fault> {
        // A task that ran once may not run twice: when its token has expired, only a person can find it out.
        let first = run(release, self.at)?.first_requested.unwrap_or(sent_at);
        match ports.clock.now().duration_since(first) <= TOKEN_LIFE {
            true => Ok(Found::Repeatable),
            false => {
                let (stage, task) = (self.at.stage.clone(), self.task.clone());
                Err(ServiceProblem::TaskStartUnknown { stage, task }.into())
            }
        }
    }
}

async fn has_role(ports: &Ports, account: &Account, definition: &str) -> Result<bool, Fault> {
    let found = ports.deployer.task_definition(account, definition).await?;
    Ok(found.raw.get("taskRoleArn").is_some_and(|role| role.as_str().is_some_and(|r| !r.is_empty())))
}
