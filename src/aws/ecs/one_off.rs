//! One-off tasks, such as migrations.

use aws_sdk_ecs::types::Task;
use serde_json::{Value, json};

use super::{service, tasks};
use crate::aws::raw::SendRaw;
use crate::aws::session::Session;
use crate::model::aws::ecs::TaskStatus;
use crate::model::fault::Fault;
use crate::model::fault::aws::AwsProblem;
use crate::model::fault::call::Target;
use crate::model::step::run::TaskEnd;
use crate::ports::deployer::{OneOff, TaskStart};

pub(super) async fn run(session: &Session, cluster: &str, task: &TaskStart) -> Result<String, Fault> {
    let body = SendRaw::new(&input(cluster, task));
    let (cluster_name, task_definition) = (cluster.to_owned(), task.task_definition.clone());
    let call = session.run_task(Target::Task { cluster: cluster_name, task_definition });
    let answer = call.send(|r| r.task_definition(&task.task_definition).customize().interceptor(body).send()).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(r) => return Err(service::explain(session, cluster, r).await),
    };
    if let Some(arn) = answer.tasks().first().and_then(|t| t.task_arn()) {
        return Ok(arn.to_owned());
    }
    let why = answer.failures().first().map(|failure| [failure.reason(), failure.detail()]);
    let said = why.map(|why| why.into_iter().flatten().collect::<Vec<_>>().join(": "));
    let problem = AwsProblem::TaskNotStarted { task_definition: task.task_definition.clone() };
    Err(Fault { said, ..problem.into() })
}

/// RunTask's input, with the service's network and launch members as they are.
fn input(cluster: &str, task: &TaskStart) -> Value {
    let mut input = json!({
        "cluster": cluster,
        "taskDefinition": task.task_definition,
        "count": 1,
        "clientToken": task.client_token,
        "startedBy": task.started_by,
    });
    if let Some(network) = &task.network {
        input["networkConfiguration"] = network.clone();
    }
    if let Some(Value::Object(launch)) = &task.launch {
        for (member, value) in launch {
            input[member] = value.clone();
        }
    }
    if !task.command.is_empty() {
        input["overrides"] = json!({"containerOverrides": [{"name": task.container, "command": task.command}]});
    }
    input
}

pub(super) async fn read(session: &Session, cluster: &str, arn: &str, container: &str) -> Result<OneOff, Fault> {
    let found = tasks::describe(session, cluster, &[arn.to_owned()]).await?;
    Ok(found.first().map_or(OneOff::Gone, |task| state(task, container)))
}

/// The named container's exit code decides, and only once the task has stopped: a sidecar's may come first.
fn state(task: &Task, container: &str) -> OneOff {
    let last_status = TaskStatus::from(task.last_status().unwrap_or_default());
    if last_status != TaskStatus::Stopped {
        return OneOff::Moving { last_status };
    }
    let Some(named) = task.containers().iter().find(|c| c.name() == Some(container)) else {
        return OneOff::Ended(TaskEnd { exit_code: None, said: None });
    };
    let exit_code = named.exit_code();
    let said = match exit_code {
        Some(0) => None,
        _ => named.reason().or(task.stopped_reason()).map(str::to_owned),
    };
    OneOff::Ended(TaskEnd { exit_code, said })
}
