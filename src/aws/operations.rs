//! Every AWS operation that kanmon calls, once: whether it changes something, which failed attempts may be repeated, whether the lease
//! stops it, which quota it is charged to, and what an answer of AWS's has. `requests` makes the SDK's clients and requests from this
//! list alone, so that no other call can be sent, and none of these in another way.

use std::sync::OnceLock;

use super::limiter::Bucket;
use crate::model::fault::call::Target;

/// What an operation may do, and what a call of it therefore needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Changes nothing: the SDK repeats every failure that may pass by itself.
    Read,
    Write(Retry, Fencing),
}

/// Which failed attempts of a write the SDK may repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Only those that AWS refused for their rate. Anything else may have been done, and would be done twice: kanmon looks it up.
    ThrottlingOnly,
    /// All: the request carries a token by which AWS makes repetitions one call.
    ClientToken,
    /// All: the request names a whole state, and a repetition finds it reached. Where the request has a condition (DynamoDB's
    /// `PutItem`), a repetition of an attempt that was done is answered that the condition does not hold: the caller then reads
    /// the item back and compares it.
    SameAgain,
}

/// Whether the lease is checked before each attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fencing {
    /// It is sent only while this process knows that it holds its lease. Where a process works on no release (a person approves, or
    /// starts a pipeline), nothing stops it.
    Lease,
    None(Unfenced),
}

/// Why a write is not stopped by the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfenced {
    /// A scan changes nothing that runs, and a lost answer leaves nothing open: the next look finds what came of it.
    ScansAnImage,
    /// The store's own writes: each has the lease, or the item that it replaces, as a condition in the same transaction.
    IsTheLease,
}

impl Access {
    /// Whether a lost answer leaves it open if something changed that somebody relies on.
    pub const fn leaves_open(self) -> bool {
        match self {
            Access::Read | Access::Write(_, Fencing::None(Unfenced::ScansAnImage)) => false,
            Access::Write(_, Fencing::Lease | Fencing::None(Unfenced::IsTheLease)) => true,
        }
    }

    pub(super) const fn is_repeatable(self) -> bool {
        match self {
            Access::Read | Access::Write(Retry::ClientToken | Retry::SameAgain, _) => true,
            Access::Write(Retry::ThrottlingOnly, _) => false,
        }
    }

    pub(super) const fn is_fenced(self) -> bool {
        match self {
            Access::Write(_, Fencing::Lease) => true,
            Access::Read | Access::Write(_, Fencing::None(_)) => false,
        }
    }
}

/// One AWS call, and what it is about. Made by `Operation::on`.
#[derive(Debug, Clone)]
pub struct Op {
    pub operation: Operation,
    pub on: Target,
}

impl Op {
    /// As in a policy: `ecs:UpdateService`.
    pub fn action(&self) -> &'static str {
        self.operation.action()
    }

    /// Whether a lost answer leaves it open if something changed.
    pub fn writes(&self) -> bool {
        self.operation.access().leaves_open()
    }
}

/// A service's clients, by whether they repeat what failed, and whether the lease stops them.
type Clients<C> = [[OnceLock<C>; 2]; 2];

macro_rules! operations {
    (
        // Called while signing in, before there is a session.
        signing_in $own:literal { $($early:ident,)* }
        $($service:ident: $sdk:ident, $prefix:literal { $($name:ident $method:ident $builder:ident: $access:expr, $bucket:expr, [$($member:literal),*];)* })*
    ) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Operation { $($early,)* $($($name,)*)* }

        impl Operation {
            pub const ALL: &[Operation] = &[$(Operation::$early,)* $($(Operation::$name,)*)*];

            /// As in a policy: `ecs:UpdateService`.
            pub const fn action(self) -> &'static str {
                match self {
                    $(Operation::$early => concat!($own, ":", stringify!($early)),)*
                    $($(Operation::$name => concat!($prefix, ":", stringify!($name)),)*)*
                }
            }

            pub const fn access(self) -> Access {
                match self {
                    $(Operation::$early)|* => Access::Read,
                    $($(Operation::$name => $access,)*)*
                }
            }

            /// Of this name, as the SDK calls it: `UpdateService`.
            pub(super) fn named(name: &str) -> Option<Operation> {
                match name {
                    $(stringify!($early) => Some(Operation::$early),)*
                    $($(stringify!($name) => Some(Operation::$name),)*)*
                    _ => None,
                }
            }

            /// The bucket that its calls are charged to.
            pub(super) const fn bucket(self) -> Bucket {
                match self {
                    $(Operation::$early)|* => Bucket::Sts,
                    $($(Operation::$name => $bucket,)*)*
                }
            }

            /// What its output has at least one of, by AWS's models and documentation: an empty object from somewhere else would read as
            /// "there is nothing". Without any, it may answer with nothing.
            pub(super) const fn members(self) -> &'static [&'static str] {
                match self {
                    $(Operation::$early)|* => &[],
                    $($(Operation::$name => &[$($member),*],)*)*
                }
            }

            /// A call of it about this.
            pub fn on(self, target: Target) -> Op {
                Op { operation: self, on: target }
            }
        }

        /// The clients of one session, each made when it is first used.
        #[derive(Default)]
        pub(super) struct AllClients { $(pub $service: Clients<$sdk::Client>,)* }
    };
}

/// The list, handed to whatever is made of it.
macro_rules! with_operations {
    ($made:ident) => {
        $made! {
            signing_in "sts" {
                AssumeRole,
                GetCallerIdentity,
            }
            ecs: aws_sdk_ecs, "ecs" {
                DescribeClusters describe_clusters DescribeClustersFluentBuilder: Access::Read, Bucket::EcsOther, ["clusters", "failures"];
                ListClusters list_clusters ListClustersFluentBuilder: Access::Read, Bucket::EcsOther, ["clusterArns"];
                DescribeServices describe_services DescribeServicesFluentBuilder: Access::Read, Bucket::EcsResourceRead, ["services", "failures"];
                ListServices list_services ListServicesFluentBuilder: Access::Read, Bucket::EcsOther, ["serviceArns"];
                ListServiceDeployments list_service_deployments ListServiceDeploymentsFluentBuilder: Access::Read, Bucket::EcsDeployments, ["serviceDeployments"];
                DescribeServiceDeployments describe_service_deployments DescribeServiceDeploymentsFluentBuilder: Access::Read, Bucket::EcsDeployments, ["serviceDeployments", "failures"];
                DescribeServiceRevisions describe_service_revisions DescribeServiceRevisionsFluentBuilder: Access::Read, Bucket::EcsRevisions, ["serviceRevisions", "failures"];
                DescribeTasks describe_tasks DescribeTasksFluentBuilder: Access::Read, Bucket::EcsResourceRead, ["tasks", "failures"];
                ListTasks list_tasks ListTasksFluentBuilder: Access::Read, Bucket::EcsResourceRead, ["taskArns"];
                DescribeTaskDefinition describe_task_definition DescribeTaskDefinitionFluentBuilder: Access::Read, Bucket::EcsDefinitions, ["taskDefinition"];
                ListTaskDefinitions list_task_definitions ListTaskDefinitionsFluentBuilder: Access::Read, Bucket::EcsDefinitions, ["taskDefinitionArns"];
                RegisterTaskDefinition register_task_definition RegisterTaskDefinitionFluentBuilder: Access::Write(Retry::ThrottlingOnly, Fencing::Lease), Bucket::EcsRegister, ["taskDefinition"];
                UpdateService update_service UpdateServiceFluentBuilder: Access::Write(Retry::ThrottlingOnly, Fencing::Lease), Bucket::EcsUpdate, ["service"];
                StopServiceDeployment stop_service_deployment StopServiceDeploymentFluentBuilder: Access::Write(Retry::SameAgain, Fencing::Lease), Bucket::EcsOther, ["serviceDeploymentArn"];
                RunTask run_task RunTaskFluentBuilder: Access::Write(Retry::ClientToken, Fencing::Lease), Bucket::EcsOther, ["tasks", "failures"];
            }
            ecr: aws_sdk_ecr, "ecr" {
                DescribeRepositories describe_repositories DescribeRepositoriesFluentBuilder: Access::Read, Bucket::Ecr, ["repositories"];
                GetAuthorizationToken get_authorization_token GetAuthorizationTokenFluentBuilder: Access::Read, Bucket::Ecr, ["authorizationData"];
                GetRegistryScanningConfiguration get_registry_scanning_configuration GetRegistryScanningConfigurationFluentBuilder: Access::Read, Bucket::Ecr, ["registryId", "scanningConfiguration"];
                BatchGetRepositoryScanningConfiguration batch_get_repository_scanning_configuration BatchGetRepositoryScanningConfigurationFluentBuilder: Access::Read, Bucket::Ecr, ["scanningConfigurations", "failures"];
                DescribeImages describe_images DescribeImagesFluentBuilder: Access::Read, Bucket::Ecr, ["imageDetails"];
                DescribeImageScanFindings describe_image_scan_findings DescribeImageScanFindingsFluentBuilder: Access::Read, Bucket::Ecr, ["imageScanStatus", "imageScanFindings", "imageId"];
                StartImageScan start_image_scan StartImageScanFluentBuilder: Access::Write(Retry::SameAgain, Fencing::None(Unfenced::ScansAnImage)), Bucket::Ecr, ["imageScanStatus", "imageId"];
            }
            inspector2: aws_sdk_inspector2, "inspector2" {
                BatchGetAccountStatus batch_get_account_status BatchGetAccountStatusFluentBuilder: Access::Read, Bucket::Inspector, ["accounts", "failedAccounts"];
                ListCoverage list_coverage ListCoverageFluentBuilder: Access::Read, Bucket::Inspector, ["coveredResources"];
                ListFindings list_findings ListFindingsFluentBuilder: Access::Read, Bucket::Inspector, ["findings"];
            }
            codepipeline: aws_sdk_codepipeline, "codepipeline" {
                GetPipeline get_pipeline GetPipelineFluentBuilder: Access::Read, Bucket::CodePipeline, ["pipeline"];
                GetPipelineState get_pipeline_state GetPipelineStateFluentBuilder: Access::Read, Bucket::CodePipeline, ["pipelineName", "stageStates"];
                GetPipelineExecution get_pipeline_execution GetPipelineExecutionFluentBuilder: Access::Read, Bucket::CodePipeline, ["pipelineExecution"];
                ListActionExecutions list_action_executions ListActionExecutionsFluentBuilder: Access::Read, Bucket::CodePipeline, ["actionExecutionDetails"];
                ListPipelines list_pipelines ListPipelinesFluentBuilder: Access::Read, Bucket::CodePipeline, ["pipelines"];
                StartPipelineExecution start_pipeline_execution StartPipelineExecutionFluentBuilder: Access::Write(Retry::ClientToken, Fencing::Lease), Bucket::CodePipeline, ["pipelineExecutionId"];
                StopPipelineExecution stop_pipeline_execution StopPipelineExecutionFluentBuilder: Access::Write(Retry::SameAgain, Fencing::Lease), Bucket::CodePipeline, ["pipelineExecutionId"];
                PutApprovalResult put_approval_result PutApprovalResultFluentBuilder: Access::Write(Retry::ThrottlingOnly, Fencing::Lease), Bucket::CodePipeline, [];
            }
            dynamodb: aws_sdk_dynamodb, "dynamodb" {
                GetItem get_item GetItemFluentBuilder: Access::Read, Bucket::DynamoDb, [];
                Query query QueryFluentBuilder: Access::Read, Bucket::DynamoDb, ["Items", "Count"];
                BatchGetItem batch_get_item BatchGetItemFluentBuilder: Access::Read, Bucket::DynamoDb, ["Responses"];
                PutItem put_item PutItemFluentBuilder: Access::Write(Retry::SameAgain, Fencing::None(Unfenced::IsTheLease)), Bucket::DynamoDb, [];
                TransactWriteItems transact_write_items TransactWriteItemsFluentBuilder: Access::Write(Retry::ClientToken, Fencing::None(Unfenced::IsTheLease)), Bucket::DynamoDb, [];
            }
        }
    };
}
pub(super) use with_operations;

with_operations!(operations);

#[cfg(test)]
#[path = "operations_tests.rs"]
mod tests;
