//! AWS's enumerations in `model::aws`, compared with AWS's models: this test finds a value that AWS adds.

use std::collections::BTreeSet;

use kanmon::model::aws::{codepipeline, ecs, scan};

use super::models;

#[test]
fn each_enumeration_has_every_value_of_its_model() {
    let Some(models) = models("enumerations against models") else { return };
    let known = |service: &str, shape: &str, ours: Vec<&str>| {
        let model = models.iter().find(|m| m.name == service).unwrap_or_else(|| panic!("no model of {service}"));
        let theirs = model.shape(shape)["enum"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        let ours: BTreeSet<&str> = ours.into_iter().collect();
        assert_eq!(ours, theirs.collect::<BTreeSet<_>>(), "{service} {shape}");
    };
    macro_rules! known {
        ($service:literal, $shape:literal, $ours:ty) => {
            known($service, $shape, <$ours>::ALL.iter().map(|word| word.as_str()).collect())
        };
    }
    known!("ecs", "DeploymentControllerType", ecs::DeploymentController);
    known!("ecs", "DeploymentRolloutState", ecs::DeploymentRolloutState);
    known!("ecs", "ServiceDeploymentStatus", ecs::ServiceDeploymentStatus);
    known!("ecs", "ServiceDeploymentRollbackMonitorsStatus", ecs::MonitorStatus);
    known!("ecs", "HealthStatus", ecs::HealthStatus);
    known!("ecs", "TaskStopCode", ecs::TaskStopCode);
    known!("ecs", "TaskDefinitionStatus", ecs::TaskDefinitionStatus);
    known!("ecs", "CPUArchitecture", ecs::CpuArchitecture);
    known!("ecs", "Compatibility", ecs::Compatibility);
    known!("ecs", "PropagateTags", ecs::PropagateTags);
    known!("codepipeline", "PipelineExecutionStatus", codepipeline::ExecutionStatus);
    known!("codepipeline", "ActionExecutionStatus", codepipeline::ActionStatus);
    known!("codepipeline", "TriggerType", codepipeline::TriggerType);
    known!("inspector2", "ScanStatusReason", scan::CoverageReason);
    known!("ecr", "ScanStatus", scan::BasicScanStatus);
}
