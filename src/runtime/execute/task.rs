//! Starting a one-off task.

use super::{defect, run as run_state, stage};
use crate::model::effect::StepRef;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::ids::{TaskName, sha256_hex};
use crate::model::release::Release;
use crate::ports::deployer::{Cluster, TaskStart};
use crate::runtime::ports::Ports;

pub async fn run(ports: &Ports, release: &Release, at: &StepRef, task: &TaskName) -> Result<Fact, Fault> {
    let pipeline = &release.started.pipeline;
    let stage = stage(release, at)?;
    let spec = pipeline.task(task);
    let registered = run_state(release, at)?.registered.clone().ok_or_else(|| defect("nothing is registered"))?;
    let cluster = Cluster { account: pipeline.account(&stage.account), name: &stage.cluster };
    let neighbour = ports.deployer.service(cluster, stage.service_name(&spec.network_of)).await?;
    // One token for one step of one release: a repeated call is the same task.
    let token = sha256_hex(format!("{}/{}/{}", release.id, at.stage, at.step).as_bytes());
    let start = TaskStart {
        task_definition: registered,
        network: neighbour.network,
        launch: neighbour.launch,
        container: spec.container.clone(),
        command: spec.command.clone(),
        client_token: token[..36].to_owned(),
        started_by: format!("kanmon/{}", release.id).chars().take(36).collect(),
    };
    let arn = ports.deployer.run_task(cluster, &start).await?;
    Ok(Fact::TaskStarted { at: at.clone(), task: task.clone(), arn })
}
