//! An effect that was intended and not concluded: what does reading tell?

use jiff::{SignedDuration, Timestamp};

use crate::engine::taskdef::family;
use crate::model::aws::ecs::Phase;
use crate::model::effect::{Effect, StepRef, Workload};
use crate::model::effect_table::Lookup;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::fault::service::ServiceProblem;
use crate::model::ids::{ContentHash, ImageName, ServiceName};
use crate::model::pipeline::Account;
use crate::model::release::Release;
use crate::model::rollout::{ServiceReading, TaskDefinition};
use crate::model::step::part::Direction;
use crate::model::step::roll::RollFact;
use crate::ports::deployer::Cluster;
use crate::runtime::execute::{before_restore, defect, planned, revived, roll, run, stage};
use crate::runtime::ports::Ports;
use crate::runtime::tags;

/// What reading found.
#[derive(Debug)]
pub enum Found {
    /// It took effect: this concludes it.
    Landed(Box<Fact>),
    /// No trace of it (yet).
    Absent,
    /// Repeating the very call is safe: it carries a token, or leaves nothing behind.
    Repeatable,
}

/// ECS keeps a client token of RunTask for 24 hours; half of that leaves no doubt at its edge.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(12);

/// Looks whether an effect took place that was sent at this time.
pub async fn reconcile(ports: &Ports, release: &Release, effect: &Effect, sent_at: Timestamp) -> Result<Found, Fault> {
    let lookup = effect.row().lookup;
    match lookup {
        Lookup::Reads | Lookup::Repeats => Ok(Found::Repeatable),
        Lookup::WhileItsTokenLives { at, task } => {
            // A task that ran once may not run twice: past its token's life, only a person can tell.
            let first = run(release, at)?.first_asked.unwrap_or(sent_at);
            match ports.clock.now().duration_since(first) <= TOKEN_LIFE {
                true => Ok(Found::Repeatable),
                false => Err(ServiceProblem::TaskStartUnknown { place: format!("{}/{task}", at.stage) }.into()),
            }
        }
        Lookup::Tag(image) => pushed(ports, release, image).await,
        Lookup::Revision { at, workload } => registered(ports, release, at, workload).await,
        Lookup::RevivedRevision { at, service } => prepared(ports, release, at, service).await,
        Lookup::Deployment { at, service, direction } => updated(ports, release, at, service, direction, sent_at).await,
    }
}

/// The release's own tag names what a build of it pushed.
async fn pushed(ports: &Ports, release: &Release, image: &ImageName) -> Result<Found, Fault> {
    let pipeline = &release.started.pipeline;
    let spec = pipeline.image(image);
    let access = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
    Ok(match ports.images.look(&access, &release.tag(image)).await? {
        Some(pushed) => Found::Landed(Box::new(Fact::ImageBuilt {
            image: image.clone(),
            pushed,
            by: "found in the registry".to_owned(),
            commit: None,
        })),
        None => Found::Absent,
    })
}

async fn registered(ports: &Ports, release: &Release, at: &StepRef, workload: &Workload) -> Result<Found, Fault> {
    let stage = stage(release, at)?;
    let account = release.started.pipeline.account(&stage.account);
    let plan = planned(release, at, workload)?;
    Ok(match tagged(ports, account, &plan.family, &plan.content).await? {
        // `register` reuses the revision that has the content.
        Some(_) => Found::Repeatable,
        None => Found::Absent,
    })
}

/// Only what had to be registered again leaves something behind.
async fn prepared(ports: &Ports, release: &Release, at: &StepRef, name: &ServiceName) -> Result<Found, Fault> {
    let Some(again) = revived(ports, release, at, name).await? else { return Ok(Found::Repeatable) };
    let account = release.started.pipeline.account(&stage(release, at)?.account);
    Ok(match tagged(ports, account, &family(&again.definition), &again.content).await? {
        Some(_) => Found::Repeatable,
        None => Found::Absent,
    })
}

/// A revision that kanmon's tag says to have this content.
async fn tagged(
    ports: &Ports,
    account: &Account,
    family: &str,
    content: &ContentHash,
) -> Result<Option<TaskDefinition>, Fault> {
    let wanted = |found: &TaskDefinition| tags::content(&found.tags).as_ref() == Some(content);
    ports.deployer.newest(account, family, &wanted).await
}

async fn updated(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    name: &ServiceName,
    direction: Direction,
    sent_at: Timestamp,
) -> Result<Found, Fault> {
    let state = roll(release, at, name)?;
    let baseline = state.baseline.as_ref().ok_or_else(|| defect(Lack::Baseline))?;
    let (before, task_definition) = match direction {
        Direction::Forward => {
            let arn = state.registered.as_ref().ok_or_else(|| defect(Lack::Registered))?;
            let (deployments, service_deployments) =
                (baseline.deployments.clone(), baseline.service_deployments.clone());
            (Before { primary: &baseline.primary, deployments, service_deployments }, arn)
        }
        Direction::Back => {
            let run = state.forward.run.as_ref().ok_or_else(|| defect(Lack::Rolled))?;
            let (deployments, service_deployments) = before_restore(state, run);
            let to = state.target.as_ref().map_or(&baseline.task_definition, |target| &target.task_definition);
            (Before { primary: &run.primary, deployments, service_deployments }, to)
        }
    };
    let service = read(ports, release, at, name, &before.service_deployments, sent_at).await?;
    Ok(match since(&service, &before, task_definition)? {
        Some(primary) => {
            let (service, task_definition) = (name.clone(), task_definition.clone());
            let started = RollFact::RolloutStarted { service, direction, primary, task_definition };
            Found::Landed(Box::new(Fact::step(at, started)))
        }
        None => Found::Absent,
    })
}

/// What was there before a call was sent.
struct Before<'a> {
    primary: &'a str,
    /// All ids of `deployments[]`: what ran before, or failed, is listed until its last task is gone.
    deployments: Vec<String>,
    service_deployments: Vec<String>,
}

/// A deployment of this task definition that was not there before: its `ecs-svc/…`. One that has already gone from
/// `deployments[]` (rolled back, superseded) still shows among the service deployments; its id is not to be had any more.
///
/// # Errors
/// `Unreachable` where ECS's own answers are of different age: the service deployment is there, and PRIMARY is still what it was.
fn since(service: &ServiceReading, before: &Before<'_>, task_definition: &str) -> Result<Option<String>, Fault> {
    let is_new = |id: &String| id != before.primary && !before.deployments.contains(id);
    let listed = service.deployments.iter().find(|d| is_new(&d.id) && d.task_definition == task_definition);
    if let Some(listed) = listed {
        return Ok(Some(listed.id.clone()));
    }
    let mut all = service.service_deployments.iter().flatten();
    let Some(ours) = all.find(|d| {
        !before.service_deployments.contains(&d.arn) && d.target_task_definition.as_deref() == Some(task_definition)
    }) else {
        return Ok(None);
    };
    let moved_on = service.primary().is_some_and(|p| p.id != before.primary);
    let undone = ours.status.phase() == Phase::Undone;
    match moved_on || undone {
        true => Ok(Some(GONE.to_owned())),
        false => Err(ServiceProblem::DeploymentNotShown { deployment: ours.arn.clone() }.into()),
    }
}

/// Stands for the id of a deployment that is no longer listed.
const GONE: &str = "ecs-svc/gone";

async fn read(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    name: &ServiceName,
    known: &[String],
    since: Timestamp,
) -> Result<ServiceReading, Fault> {
    let stage = stage(release, at)?;
    let cluster = Cluster { account: release.started.pipeline.account(&stage.account), name: &stage.cluster };
    Ok(ports.deployer.rollout(cluster, stage.service_name(name), known, since).await?.service)
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

    fn found(reading: &ServiceReading) -> Result<Option<String>, FaultKind> {
        let (deployments, service_deployments) =
            (vec!["ecs-svc/0".to_owned(), "ecs-svc/old".to_owned()], vec!["sd/0".to_owned()]);
        let before = Before { primary: "ecs-svc/0", deployments, service_deployments };
        since(reading, &before, "web:2").map_err(|f| f.kind())
    }

    #[test]
    fn a_deployment_of_ours_is_found_by_what_it_runs_and_not_by_what_was_there_before() {
        assert_eq!(found(&reading(("ecs-svc/1", "web:2"), Some("IN_PROGRESS"))), Ok(Some("ecs-svc/1".into())));
        assert_eq!(
            found(&reading(("ecs-svc/1", "web:2"), None)),
            Ok(Some("ecs-svc/1".into())),
            "where none are listed"
        );
        assert_eq!(found(&reading(("ecs-svc/0", "web:1"), None)), Ok(None));
        assert_eq!(found(&reading(("ecs-svc/0", "web:2"), None)), Ok(None), "the same revision ran before");
    }

    #[test]
    fn what_was_listed_beside_primary_is_no_trace_of_ours_whatever_it_runs() {
        let mut failed = reading(("ecs-svc/0", "web:1"), None);
        let old = Deployment { id: "ecs-svc/old".into(), status: "ACTIVE".into(), ..failed.deployments[0].clone() };
        failed.deployments.push(Deployment { task_definition: "web:2".into(), ..old });
        assert_eq!(found(&failed), Ok(None));
        failed.deployments[1].id = "ecs-svc/1".into();
        assert_eq!(found(&failed), Ok(Some("ecs-svc/1".into())));
    }

    #[test]
    fn one_that_primary_does_not_show_yet_is_looked_at_again_never_taken_for_gone() {
        for status in ["PENDING", "IN_PROGRESS", "SUCCESSFUL"] {
            assert_eq!(found(&reading(("ecs-svc/0", "web:1"), Some(status))), Err(FaultKind::Unreachable), "{status}");
        }
    }

    #[test]
    fn one_that_came_and_went_took_place() {
        assert_eq!(found(&reading(("ecs-svc/0", "web:1"), Some("ROLLBACK_SUCCESSFUL"))), Ok(Some(GONE.into())));
        assert_eq!(found(&reading(("ecs-svc/9", "web:3"), Some("SUCCESSFUL"))), Ok(Some(GONE.into())));
    }
}
