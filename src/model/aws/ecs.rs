//! ECS's states of services, deployments, tasks and task definitions.

use super::words;

words! {
    /// `Service.status`.
    ServiceStatus {
        Active = "ACTIVE",
        Draining = "DRAINING",
        Inactive = "INACTIVE",
    }
}

words! {
    /// `Cluster.status`.
    ClusterStatus {
        Active = "ACTIVE",
        Provisioning = "PROVISIONING",
        Deprovisioning = "DEPROVISIONING",
        Failed = "FAILED",
        /// Deleted, but still described for some time.
        Inactive = "INACTIVE",
    }
}

words! {
    /// `DeploymentControllerType`: who deploys a service.
    DeploymentController {
        Ecs = "ECS",
        CodeDeploy = "CODE_DEPLOY",
        External = "EXTERNAL",
    }
}

words! {
    /// `Deployment.status`: an entry of a service's `deployments[]`.
    DeploymentStatus {
        Primary = "PRIMARY",
        Active = "ACTIVE",
        Inactive = "INACTIVE",
    }
}

words! {
    /// `DeploymentRolloutState`, of an entry of `deployments[]`.
    DeploymentRolloutState {
        InProgress = "IN_PROGRESS",
        Completed = "COMPLETED",
        Failed = "FAILED",
    }
}

words! {
    /// `ServiceDeploymentStatus`.
    ServiceDeploymentStatus {
        Pending = "PENDING",
        InProgress = "IN_PROGRESS",
        StopRequested = "STOP_REQUESTED",
        RollbackRequested = "ROLLBACK_REQUESTED",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        Successful = "SUCCESSFUL",
        Stopped = "STOPPED",
        RollbackSuccessful = "ROLLBACK_SUCCESSFUL",
        RollbackFailed = "ROLLBACK_FAILED",
    }
}

/// The phase of a service deployment, by its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Rolling out.
    Forward,
    /// Stopping or rolling back.
    Ending,
    Succeeded,
    /// Ended without success.
    Undone,
    /// The status is newer than this program.
    Unknown,
}

impl ServiceDeploymentStatus {
    pub fn phase(&self) -> Phase {
        match self {
            ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress => Phase::Forward,
            ServiceDeploymentStatus::StopRequested
            | ServiceDeploymentStatus::RollbackRequested
            | ServiceDeploymentStatus::RollbackInProgress => Phase::Ending,
            ServiceDeploymentStatus::Successful => Phase::Succeeded,
            ServiceDeploymentStatus::Stopped
            | ServiceDeploymentStatus::RollbackSuccessful
            | ServiceDeploymentStatus::RollbackFailed => Phase::Undone,
            ServiceDeploymentStatus::Unknown(_) => Phase::Unknown,
        }
    }

    /// Whether it continues. False for a status that is newer than this program.
    pub fn is_under_way(&self) -> bool {
        match self.phase() {
            Phase::Forward | Phase::Ending => true,
            Phase::Succeeded | Phase::Undone | Phase::Unknown => false,
        }
    }

    /// Whether it will not change any more. False for a status that is newer than this program.
    pub fn is_final(&self) -> bool {
        match self.phase() {
            Phase::Succeeded | Phase::Undone => true,
            Phase::Forward | Phase::Ending | Phase::Unknown => false,
        }
    }
}

words! {
    /// `ServiceDeploymentRollbackMonitorsStatus`: of a circuit breaker, or of alarms.
    MonitorStatus {
        Triggered = "TRIGGERED",
        Monitoring = "MONITORING",
        MonitoringComplete = "MONITORING_COMPLETE",
        Disabled = "DISABLED",
    }
}

words! {
    /// `Task.lastStatus`.
    TaskStatus {
        Provisioning = "PROVISIONING",
        Pending = "PENDING",
        Activating = "ACTIVATING",
        Running = "RUNNING",
        Deactivating = "DEACTIVATING",
        Stopping = "STOPPING",
        Deprovisioning = "DEPROVISIONING",
        Stopped = "STOPPED",
        Deleted = "DELETED",
    }
}

words! {
    /// `HealthStatus`: by the containers' own health checks.
    HealthStatus {
        Healthy = "HEALTHY",
        Unhealthy = "UNHEALTHY",
        /// There is no health check, or it has not ended yet.
        NotKnown = "UNKNOWN",
    }
}

words! {
    /// `TaskStopCode`.
    TaskStopCode {
        TaskFailedToStart = "TaskFailedToStart",
        EssentialContainerExited = "EssentialContainerExited",
        UserInitiated = "UserInitiated",
        ServiceSchedulerInitiated = "ServiceSchedulerInitiated",
        SpotInterruption = "SpotInterruption",
        TerminationNotice = "TerminationNotice",
        InfrastructureHealth = "InfrastructureHealth",
    }
}

words! {
    /// `TaskDefinitionStatus`.
    TaskDefinitionStatus {
        Active = "ACTIVE",
        Inactive = "INACTIVE",
        DeleteInProgress = "DELETE_IN_PROGRESS",
    }
}

words! {
    /// `CPUArchitecture`.
    CpuArchitecture {
        X86 = "X86_64",
        Arm = "ARM64",
    }
}

words! {
    /// `Compatibility`: where tasks of a definition may run.
    Compatibility {
        Ec2 = "EC2",
        Fargate = "FARGATE",
        External = "EXTERNAL",
        ManagedInstances = "MANAGED_INSTANCES",
    }
}

words! {
    /// `PropagateTags`: whose tags a task gets.
    PropagateTags {
        TaskDefinition = "TASK_DEFINITION",
        Service = "SERVICE",
        None = "NONE",
    }
}

/// The prefix of the ids in `deployments[]`. The scheduler's tasks have such an id as `startedBy`.
const DEPLOYMENT: &str = "ecs-svc/";

/// Whether a task's `startedBy` is the id of a deployment.
pub fn is_deployment(started_by: &str) -> bool {
    started_by.starts_with(DEPLOYMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_a_service_deployment_is_under_way_or_final() {
        for status in ServiceDeploymentStatus::ALL {
            assert_ne!(status.is_under_way(), status.is_final(), "{status}");
        }
        let newer = ServiceDeploymentStatus::from("NEWER");
        assert!(!newer.is_under_way() && !newer.is_final());
    }
}
