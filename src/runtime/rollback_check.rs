//! What a service may go back to. A record may name any revision, so it is held against what ECS itself says of the service, and against
//! what the stage's plan showed. An honest record always agrees: the baseline was read from ECS, the plan was made of the same revision, or
//! nothing would have been rolled, and ECS writes down what its deployment replaces.

use super::ports::Ports;
use super::recorded::{account, baseline, cluster, forward_run, planned, roll, stage};
use crate::engine::taskdef::{compose, runs};
use crate::model::aws::ecs::ServiceDeploymentStatus;
use crate::model::effect::{StepRef, Workload};
use crate::model::fault::Fault;
use crate::model::fault::service::{ServiceProblem, Witness};
use crate::model::ids::ServiceName;
use crate::model::release::Release;
use crate::model::rollout::ServiceReading;

/// Whether the record's baseline ran in the service right before its present deployment.
///
/// # Errors
/// `Invalid` where it did not; `Unreachable` where ECS does not list that deployment yet.
pub async fn ran_before(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    name: &ServiceName,
    service: &ServiceReading,
) -> Result<(), Fault> {
    let stage = stage(release, &at.stage)?;
    let state = roll(release, at, name)?;
    let (run, baseline) = (forward_run(state)?, baseline(state)?);
    let back = &baseline.task_definition;
    let live = planned(release, at, &Workload::Service(name.clone()))?.live.as_ref();
    let never_ran = |ran, witness| -> Fault {
        let (stage, service, revision) = (stage.name.clone(), name.clone(), back.clone());
        ServiceProblem::NeverRan { stage, service, revision, ran, witness }.into()
    };
    if live != Some(back) {
        return Err(never_ran(live.cloned().into_iter().collect(), Witness::Plan));
    }
    let Some(primary) = service.primary().filter(|p| p.task_definition == run.task_definition) else {
        return Err(never_ran(vec![run.task_definition.clone()], Witness::Record));
    };
    // By ECS's own time: a record could put its deployment where nothing is listed.
    let since = primary.created_at.unwrap_or(run.started_at);
    let reading = ports.deployer.rollout(cluster(release, stage), stage.service_name(name), &[], since).await?;
    match replaced(&reading.service, &primary.task_definition) {
        Replaced::Unknown => Ok(()),
        Replaced::These(before) if before.contains(&back.as_str()) => Ok(()),
        Replaced::These(before) => Err(never_ran(before.into_iter().map(str::to_owned).collect(), Witness::Ecs)),
        Replaced::NotListed => Err(ServiceProblem::DeploymentNotListed {
            stage: stage.name.clone(),
            service: name.clone(),
            primary: primary.id.clone(),
            task_definition: primary.task_definition.clone(),
        }
        .into()),
    }
}

/// Whether a revision that the record says was registered again for the rollback runs what its baseline runs.
///
/// # Errors
/// `Invalid` where it runs something else.
pub async fn is_the_baseline(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    name: &ServiceName,
    target: &str,
) -> Result<(), Fault> {
    let stage = stage(release, &at.stage)?;
    let account = account(release, stage);
    let baseline = baseline(roll(release, at, name)?)?;
    if target == baseline.task_definition {
        return Ok(());
    }
    let before = ports.deployer.task_definition(account, &baseline.task_definition).await?;
    let found = ports.deployer.task_definition(account, target).await?;
    let workload = Workload::Service(name.clone());
    match runs::runs_the_same(&found.raw, &compose(&stage.name, &workload, &before.raw, &Default::default())?) {
        true => Ok(()),
        false => {
            let (stage, service) = (stage.name.clone(), name.clone());
            let (revision, baseline) = (target.to_owned(), baseline.task_definition.clone());
            Err(ServiceProblem::NotTheBaseline { stage, service, revision, baseline }.into())
        }
    }
}

/// What ECS says a service's present deployment replaced.
#[derive(Debug, PartialEq, Eq)]
enum Replaced<'a> {
    /// It keeps no list here, may not be asked for it, or has none so old.
    Unknown,
    /// The list does not have the present deployment (yet).
    NotListed,
    These(Vec<&'a str>),
}

/// `present` is PRIMARY's task definition.
fn replaced<'a>(service: &'a ServiceReading, present: &str) -> Replaced<'a> {
    let Some(all) = &service.service_deployments else { return Replaced::Unknown };
    let Some(own) = all.iter().rposition(|d| d.target_task_definition.as_deref() == Some(present)) else {
        return Replaced::NotListed;
    };
    // Sources are revisions that had tasks; one that was set and had none (desired count 0, or failed and not rolled back) is the last one's
    // target.
    let last = own
        .checked_sub(1)
        .map(|before| &all[before])
        .filter(|d| d.status != ServiceDeploymentStatus::RollbackSuccessful);
    let set = last.and_then(|d| d.target_task_definition.as_deref());
    let mut before: Vec<&str> = all[own].source_task_definitions.iter().map(String::as_str).chain(set).collect();
    before.sort_unstable();
    before.dedup();
    if before.is_empty() { Replaced::Unknown } else { Replaced::These(before) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::release::samples::at;
    use crate::model::rollout::{Monitors, ServiceDeployment};

    fn one(n: i64, status: &str, target: &str, sources: &[&str]) -> ServiceDeployment {
        ServiceDeployment {
            arn: format!("sd/{n}"),
            status: status.into(),
            status_reason: None,
            created_at: at(n),
            target_task_definition: Some(target.into()),
            source_task_definitions: sources.iter().map(|s| (*s).to_owned()).collect(),
            monitors: Monitors::default(),
        }
    }

    fn service(all: Option<Vec<ServiceDeployment>>) -> ServiceReading {
        ServiceReading {
            status: "ACTIVE".into(),
            controller: "ECS".into(),
            desired: 1,
            running: 1,
            pending: 0,
            task_definition: "web:3".into(),
            minimum_percent: 100,
            maximum_percent: 200,
            deployments: vec![],
            service_deployments: all,
            network: None,
            launch: None,
            early_success: None,
            events: vec![],
        }
    }

    fn found(all: Vec<ServiceDeployment>) -> Vec<String> {
        match replaced(&service(Some(all)), "web:3") {
            Replaced::These(these) => these.into_iter().map(str::to_owned).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_the_present_deployment_replaced_is_what_had_tasks_or_was_set_last() {
        let first = || one(1, "SUCCESSFUL", "web:1", &[]);
        assert_eq!(found(vec![first(), one(2, "SUCCESSFUL", "web:3", &["web:1"])]), ["web:1"]);
        let failed = || one(2, "STOPPED", "web:2", &["web:1"]);
        let both = vec![first(), failed(), one(3, "SUCCESSFUL", "web:3", &["web:1"])];
        assert_eq!(found(both), ["web:1", "web:2"], "one that failed was not rolled back");
        let undone = ServiceDeployment { status: "ROLLBACK_SUCCESSFUL".into(), ..failed() };
        let gone_back = vec![first(), undone, one(3, "SUCCESSFUL", "web:3", &["web:1"])];
        assert_eq!(found(gone_back), ["web:1"], "what ECS undid does not run");
        let none_ran = vec![first(), one(2, "SUCCESSFUL", "web:3", &[])];
        assert_eq!(found(none_ran), ["web:1"], "desired count 0");
        let twice =
            vec![one(1, "SUCCESSFUL", "web:3", &["web:0"]), failed(), one(3, "SUCCESSFUL", "web:3", &["web:2"])];
        assert_eq!(found(twice), ["web:2"], "the newest of that revision");
    }

    #[test]
    fn where_ecs_lists_nothing_it_is_unknown_and_a_list_without_it_is_read_again() {
        assert_eq!(replaced(&service(None), "web:3"), Replaced::Unknown);
        assert_eq!(replaced(&service(Some(vec![one(1, "SUCCESSFUL", "web:3", &[])])), "web:3"), Replaced::Unknown);
        assert_eq!(replaced(&service(Some(vec![one(1, "SUCCESSFUL", "web:2", &[])])), "web:3"), Replaced::NotListed);
    }
}
