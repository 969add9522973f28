//! Starting a one-off task.

use serde_json::Value;

use super::deploy::runs_what_was_planned;
use super::{defect, run as run_state, stage};
use crate::model::effect::{StepRef, Workload};
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::ids::{TaskName, sha256_hex};
use crate::model::pipeline::Account;
use crate::model::release::Release;
use crate::model::step::run::RunFact;
use crate::ports::deployer::{Cluster, TaskStart};
use crate::runtime::ports::Ports;

/// RunTask refuses it for a task definition without a task role, which a service's may have and a migration's not.
const EXECUTE_COMMAND: &str = "enableExecuteCommand";

pub async fn run(ports: &Ports, release: &Release, at: &StepRef, task: &TaskName) -> Result<Fact, Fault> {
    let pipeline = &release.started.pipeline;
    let stage = stage(release, at)?;
    let spec = pipeline.task(task);
    let registered = run_state(release, at)?.registered.clone().ok_or_else(|| defect(Lack::Registered))?;
    let cluster = Cluster { account: pipeline.account(&stage.account), name: &stage.cluster };
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
    Ok(Fact::step(at, RunFact::TaskStarted { task: task.clone(), arn }))
}

async fn has_role(ports: &Ports, account: &Account, definition: &str) -> Result<bool, Fault> {
    let found = ports.deployer.task_definition(account, definition).await?;
    Ok(found.raw.get("taskRoleArn").is_some_and(|role| role.as_str().is_some_and(|r| !r.is_empty())))
}
