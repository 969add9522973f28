//! Tasks of a service, running and stopped.

use aws_sdk_ecs::types::{DesiredStatus, Task};

use super::of_cluster;
use crate::aws::pages::Pages;
use crate::aws::session::Session;
use crate::aws::time::timestamp;
use crate::model::aws::ecs::HealthStatus;
use crate::model::fault::Fault;
use crate::model::fault::call::Target;
use crate::model::rollout::{StoppedContainer, StoppedTask, TaskReading};

/// What DescribeTasks takes at once.
const BATCH: usize = 100;

pub(super) async fn running(session: &Session, cluster: &str, service: &str) -> Result<Vec<TaskReading>, Fault> {
    Ok(of_service(session, cluster, service, DesiredStatus::Running).await?.iter().map(reading).collect())
}

/// ECS forgets a stopped task after about an hour.
pub(super) async fn stopped(session: &Session, cluster: &str, service: &str) -> Result<Vec<StoppedTask>, Fault> {
    Ok(of_service(session, cluster, service, DesiredStatus::Stopped).await?.iter().map(stopped_task).collect())
}

/// Tasks that vanish between the list and the description are simply not there.
async fn of_service(
    session: &Session,
    cluster: &str,
    service: &str,
    status: DesiredStatus,
) -> Result<Vec<Task>, Fault> {
    let mut arns = Vec::new();
    let mut pages = Pages::new();
    while let Some(next) = pages.next() {
        let call = session.list_tasks(of_cluster(cluster, service));
        let page = call.send(|r| {
            let wanted = r.cluster(cluster).service_name(service).desired_status(status.clone());
            wanted.max_results(100).set_next_token(next).send()
        });
        let page = page.await?;
        arns.extend_from_slice(page.task_arns());
        pages.read(page.next_token());
    }
    describe(session, cluster, &arns).await
}

pub(super) async fn describe(session: &Session, cluster: &str, arns: &[String]) -> Result<Vec<Task>, Fault> {
    let mut tasks = Vec::new();
    for batch in arns.chunks(BATCH) {
        let call = session.describe_tasks(Target::Tasks { cluster: cluster.to_owned() });
        let found = call.send(|r| r.cluster(cluster).set_tasks(Some(batch.to_vec())).send()).await?;
        tasks.extend_from_slice(found.tasks());
    }
    Ok(tasks)
}

fn reading(task: &Task) -> TaskReading {
    let digests = task
        .containers()
        .iter()
        .map(|c| (c.name().unwrap_or_default().to_owned(), c.image_digest().map(str::to_owned)));
    TaskReading {
        arn: task.task_arn().unwrap_or_default().to_owned(),
        started_by: task.started_by().map(str::to_owned),
        task_definition: task.task_definition_arn().unwrap_or_default().to_owned(),
        last_status: task.last_status().unwrap_or_default().into(),
        health: task.health_status().map_or(HealthStatus::NotKnown, |h| h.as_str().into()),
        digests: digests.collect(),
    }
}

fn stopped_task(task: &Task) -> StoppedTask {
    let containers = task.containers().iter().map(|c| StoppedContainer {
        name: c.name().unwrap_or_default().to_owned(),
        exit_code: c.exit_code(),
        reason: c.reason().map(str::to_owned),
    });
    StoppedTask {
        arn: task.task_arn().unwrap_or_default().to_owned(),
        started_by: task.started_by().map(str::to_owned),
        task_definition: task.task_definition_arn().unwrap_or_default().to_owned(),
        created_at: task.created_at().and_then(timestamp),
        stop_code: task.stop_code().map(|c| c.as_str().into()),
        stopped_reason: task.stopped_reason().map(str::to_owned),
        containers: containers.collect(),
    }
}
