//! Updating a service: forward to what is released, or back to what ran before.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Execute, Found, LookUp};
use crate::engine::rollout::Before;
use crate::model::aws::ecs::Phase;
use crate::model::effect::{StepRef, Workload};
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::fault::service::ServiceProblem;
use crate::model::ids::ServiceName;
use crate::model::release::Release;
use crate::model::rollout::ServiceReading;
use crate::model::step::part::Direction;
use crate::model::step::roll::RollFact;
use crate::ports::images::Say;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{baseline, cluster, defect, forward_run, registered, roll, stage};
use crate::runtime::rollback_target::before;
use crate::runtime::task_definition::revision::runs_what_was_planned;
use crate::runtime::{rollback_check, service_check};

pub(super) struct Update<'e> {
    pub at: &'e StepRef,
    pub service: &'e ServiceName,
    pub direction: Direction,
}

#[async_trait]
impl Execute for Update<'_> {
    /// Unless somebody else has deployed since it was decided.
    async fn execute(&self, ports: &Ports, release: &Release, _: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let Update { at, service: name, direction } = *self;
        let stage = stage(release, &at.stage)?;
        let cluster = cluster(release, stage);
        let state = roll(release, at, name)?;
        let (primary, task_definition) = match direction {
            Direction::Forward => (Some(baseline(state)?.primary.as_str()), registered(state)?),
            Direction::Back => {
                let target = state.target.as_ref().ok_or_else(|| defect(Lack::RollbackTarget))?;
                (forward_run(state)?.primary.as_deref(), &target.task_definition)
            }
        };
        let service = ports.deployer.service(cluster, stage.service_name(name)).await?;
        service_check::primary_is_still(primary, &service, &stage.name, name)?;
        match direction {
            Direction::Forward => {
                let workload = Workload::Service(name.clone());
                runs_what_was_planned(ports, release, at, &workload, task_definition).await?;
            }
            Direction::Back => {
                rollback_check::ran_before(ports, release, at, name, &service).await?;
                rollback_check::is_the_baseline(ports, release, at, name, task_definition).await?;
            }
        }
        let primary = ports.deployer.update(cluster, stage.service_name(name), task_definition).await?;
        Ok(vec![self.started(Some(primary), task_definition)])
    }
}

impl Update<'_> {
    fn started(&self, primary: Option<String>, task_definition: &str) -> Fact {
        let (service, task_definition) = (self.service.clone(), task_definition.to_owned());
        let direction = self.direction;
        Fact::step(self.at, RollFact::RolloutStarted { service, direction, primary, task_definition })
    }
}

#[async_trait]
impl LookUp for Update<'_> {
    async fn look_up(&self, ports: &Ports, release: &Release, sent_at: Timestamp) -> Result<Found, Fault> {
        let Update { at, service: name, direction } = *self;
        let state = roll(release, at, name)?;
        let before = before(state, direction)?;
        let task_definition = match direction {
            Direction::Forward => registered(state)?,
            Direction::Back => state.target.as_ref().map_or(&baseline(state)?.task_definition, |t| &t.task_definition),
        };
        let stage = stage(release, &at.stage)?;
        let known = &before.service_deployments;
        let reading = ports.deployer.rollout(cluster(release, stage), stage.service_name(name), known, sent_at).await?;
        Ok(match look(&reading.service, &before, task_definition)? {
            Looked::Listed(primary) => Found::Landed(Box::new(self.started(Some(primary), task_definition))),
            Looked::NoLongerListed => Found::Landed(Box::new(self.started(None, task_definition))),
            Looked::Absent => Found::Absent,
        })
    }
}

/// What a reading shows of an update whose answer was lost.
#[derive(Debug, PartialEq, Eq)]
enum Looked {
    /// Its `ecs-svc/…`.
    Listed(String),
    /// It took place, and has left `deployments[]` again (rolled back, superseded).
    NoLongerListed,
    Absent,
}

/// Looks for a deployment of this task definition that was not there before. One that has left `deployments[]` still shows among the
/// service deployments.
///
/// # Errors
/// `Unreachable` where ECS's own answers are of different age: the service deployment is there, and PRIMARY is still what it was.
fn look(service: &ServiceReading, before: &Before, task_definition: &str) -> Result<Looked, Fault> {
    let is_new = |id: &String| Some(id) != before.primary.as_ref() && !before.deployments.contains(id);
    let listed = service.deployments.iter().find(|d| is_new(&d.id) && d.task_definition == task_definition);
    if let Some(listed) = listed {
        return Ok(Looked::Listed(listed.id.clone()));
    }
    let mut all = service.service_deployments.iter().flatten();
    let Some(ours) = all.find(|d| {
        !before.service_deployments.contains(&d.arn) && d.target_task_definition.as_deref() == Some(task_definition)
    }) else {
        return Ok(Looked::Absent);
    };
    let moved_on = service.primary().is_some_and(|p| Some(&p.id) != before.primary.as_ref());
    let undone = ours.status.phase() == Phase::Undone;
    match moved_on || undone {
        true => Ok(Looked::NoLongerListed),
        false => Err(ServiceProblem::DeploymentNotShown { deployment: ours.arn.clone() }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::FaultKind;
    use crate::model::release::samples::at;
    use crate::model::rollout::{Deployment, Monitors, ServiceDeployment};

    fn reading(primary: (&str, &str), theirs: Option<&str>) -> ServiceReading {
        let entry = |id: &str, status: &str, definition: &str| Deployment {
            id: id.into(),
            status: status.into(),
            task_definition: definition.into(),
            rollout_state: Some("IN_PROGRESS".into()),
            rollout_state_reason: None,
            desired: 1,
            running: 1,
            failed: 0,
            created_at: Some(at(0)),
        };
        let deployment = |arn: &str, status: &str, target: &str| ServiceDeployment {
            arn: arn.into(),
            status: status.into(),
            status_reason: None,
            created_at: at(0),
            target_task_definition: Some(target.into()),
            source_task_definitions: vec![],
            monitors: Monitors::default(),
        };
        let old = deployment("sd/0", "SUCCESSFUL", "web:2");
        let new = theirs.map(|status| deployment("sd/1", status, "web:2"));
        ServiceReading {
            status: "ACTIVE".into(),
            controller: "ECS".into(),
            desired: 1,
            running: 1,
            pending: 0,
            task_definition: primary.1.into(),
            minimum_percent: 100,
            maximum_percent: 200,
            deployments: vec![entry(primary.0, "PRIMARY", primary.1)],
            service_deployments: Some([old].into_iter().chain(new).collect()),
            network: None,
            launch: None,
            early_success: None,
            events: vec![],
        }
    }

    fn found(reading: &ServiceReading) -> Result<Looked, FaultKind> {
        let (deployments, service_deployments) =
            (vec!["ecs-svc/0".to_owned(), "ecs-svc/old".to_owned()], vec!["sd/0".to_owned()]);
        let (primary, task_definition) = (Some("ecs-svc/0".to_owned()), "web:1".to_owned());
        let before = Before { primary, task_definition, deployments, service_deployments };
        look(reading, &before, "web:2").map_err(|f| f.kind())
    }

    #[test]
    fn a_deployment_of_ours_is_found_by_what_it_runs_and_not_by_what_was_there_before() {
        assert_eq!(
            found(&reading(("ecs-svc/1", "web:2"), Some("IN_PROGRESS"))),
            Ok(Looked::Listed("ecs-svc/1".into()))
        );
        assert_eq!(
            found(&reading(("ecs-svc/1", "web:2"), None)),
            Ok(Looked::Listed("ecs-svc/1".into())),
            "where none are listed"
        );
        assert_eq!(found(&reading(("ecs-svc/0", "web:1"), None)), Ok(Looked::Absent));
        assert_eq!(found(&reading(("ecs-svc/0", "web:2"), None)), Ok(Looked::Absent), "the same revision ran before");
    }

    #[test]
    fn what_was_listed_beside_primary_is_no_trace_of_ours_whatever_it_runs() {
        let mut failed = reading(("ecs-svc/0", "web:1"), None);
        let old = Deployment { id: "ecs-svc/old".into(), status: "ACTIVE".into(), ..failed.deployments[0].clone() };
        failed.deployments.push(Deployment { task_definition: "web:2".into(), ..old });
        assert_eq!(found(&failed), Ok(Looked::Absent));
        failed.deployments[1].id = "ecs-svc/1".into();
        assert_eq!(found(&failed), Ok(Looked::Listed("ecs-svc/1".into())));
    }

    #[test]
    fn one_that_primary_does_not_show_yet_is_looked_at_again_never_taken_for_gone() {
        for status in ["PENDING", "IN_PROGRESS", "SUCCESSFUL"] {
            assert_eq!(found(&reading(("ecs-svc/0", "web:1"), Some(status))), Err(FaultKind::Unreachable), "{status}");
        }
    }

    #[test]
    fn one_that_came_and_went_took_place() {
        assert_eq!(found(&reading(("ecs-svc/0", "web:1"), Some("ROLLBACK_SUCCESSFUL"))), Ok(Looked::NoLongerListed));
        assert_eq!(found(&reading(("ecs-svc/9", "web:3"), Some("SUCCESSFUL"))), Ok(Looked::NoLongerListed));
    }
}
