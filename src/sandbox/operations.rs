//! The operations of this AWS, one list per service. Whatever decides something about each operation matches on its enum, so that a new
//! one does not compile until all have decided; the shape of its input is in `src/shapes/data`, and a test compares the two lists.

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident { $($op:ident),* $(,)? })*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($op),* }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$op),*];

            /// The name in AWS's model.
            pub fn name(self) -> &'static str {
                match self { $($name::$op => stringify!($op)),* }
            }

            /// The operation of this name; `None`: this AWS does not have it.
            pub fn named(name: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|op| op.name() == name)
            }
        }
    )* };
}

operations! {
    /// STS's.
    StsOperation {
        AssumeRole,
        AssumeRoleWithWebIdentity,
        GetCallerIdentity,
    }
    /// ECR's.
    EcrOperation {
        BatchCheckLayerAvailability,
        BatchDeleteImage,
        BatchGetImage,
        BatchGetRepositoryScanningConfiguration,
        CreateRepository,
        DeleteLifecyclePolicy,
        DeleteRegistryPolicy,
        DeleteRepository,
        DeleteRepositoryPolicy,
        DescribeImageReplicationStatus,
        DescribeImageScanFindings,
        DescribeImages,
        DescribeRegistry,
        DescribeRepositories,
        GetAuthorizationToken,
        GetLifecyclePolicy,
        GetRegistryPolicy,
        GetRegistryScanningConfiguration,
        GetRepositoryPolicy,
        ListImages,
        PutImage,
        PutImageScanningConfiguration,
        PutImageTagMutability,
        PutLifecyclePolicy,
        PutRegistryPolicy,
        PutRegistryScanningConfiguration,
        PutReplicationConfiguration,
        SetRepositoryPolicy,
        StartImageScan,
    }
    /// ECS's.
    EcsOperation {
        ContinueServiceDeployment,
        CreateCluster,
        CreateService,
        DeleteService,
        DeregisterTaskDefinition,
        DescribeClusters,
        DescribeServiceDeployments,
        DescribeServiceRevisions,
        DescribeServices,
        DescribeTaskDefinition,
        DescribeTasks,
        ListClusters,
        ListServiceDeployments,
        ListServices,
        ListTagsForResource,
        ListTaskDefinitions,
        ListTasks,
        RegisterTaskDefinition,
        RunTask,
        StopServiceDeployment,
        StopTask,
        TagResource,
        UntagResource,
        UpdateService,
    }
    /// Inspector's.
    Inspector2Operation {
        BatchGetAccountStatus,
        BatchGetFindingDetails,
        GetConfiguration,
        ListCoverage,
        ListFindings,
        UpdateConfiguration,
    }
    /// CodePipeline's.
    CodePipelineOperation {
        GetPipeline,
        GetPipelineExecution,
        GetPipelineState,
        ListActionExecutions,
        ListPipelineExecutions,
        ListPipelines,
        PutApprovalResult,
        RetryStageExecution,
        StartPipelineExecution,
        StopPipelineExecution,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_its_shape_and_every_shape_its_operation() {
        let lists = [
            ("sts", StsOperation::ALL.iter().map(|op| op.name()).collect::<Vec<_>>()),
            ("ecr", EcrOperation::ALL.iter().map(|op| op.name()).collect::<Vec<_>>()),
            ("ecs", EcsOperation::ALL.iter().map(|op| op.name()).collect::<Vec<_>>()),
            ("inspector2", Inspector2Operation::ALL.iter().map(|op| op.name()).collect::<Vec<_>>()),
            ("codepipeline", CodePipelineOperation::ALL.iter().map(|op| op.name()).collect::<Vec<_>>()),
        ];
        for (service, mut listed) in lists {
            let model = crate::shapes::of(service).expect("every service here has its shapes");
            listed.sort_unstable();
            assert_eq!(listed, model.operations.keys().map(String::as_str).collect::<Vec<_>>(), "{service}");
        }
    }
}
