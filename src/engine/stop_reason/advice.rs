//! What a person can do about a cause.

use crate::model::rollout::DeathCause;

/// What to look at; `None` where the words say it all.
pub fn hint(cause: DeathCause) -> Option<&'static str> {
    Some(match cause {
        DeathCause::SpotInterruption => "AWS took Spot capacity back: give the service a FARGATE base, or more zones",
        DeathCause::Infrastructure => "AWS replaced what the task ran on; the image is not the cause",
        DeathCause::NoCapacity => {
            "look at the sizes and zones of the instances, the capacity provider and its limits, and the task's cpu and memory"
        }
        DeathCause::Quota => "look at Service Quotas: Fargate's vCPU limit of this account and region",
        DeathCause::NetworkInterface => {
            "look at the free addresses of the subnets and at the quota of network interfaces"
        }
        DeathCause::Disk => "look at the size of the image and at `ephemeralStorage` of the task definition",
        DeathCause::WrongArchitecture => {
            "the image has no platform that fits `runtimePlatform` of the task definition: build it for that one (`platforms`)"
        }
        DeathCause::PullRateLimit => {
            "the registry limits pulls: use a pull through cache of ECR, or a login of the registry"
        }
        DeathCause::PullNetwork => {
            "the task cannot reach the registry: look at the NAT gateway, or the endpoints ecr.api, ecr.dkr, s3 (gateway) and logs, \
             and at port 443 of the security groups"
        }
        DeathCause::PullDenied => {
            "look at the execution role's policy, and at the policy of the repository where it is another account's"
        }
        DeathCause::Kms => "the key's policy has to allow the execution role to decrypt",
        DeathCause::ImageMissing => {
            "look whether a lifecycle policy of the repository deleted the digest, or whether it is in this account and region"
        }
        DeathCause::SecretDenied => {
            "the execution role needs secretsmanager:GetSecretValue or ssm:GetParameters, and kms:Decrypt, for what `secrets` names"
        }
        DeathCause::SecretMissing => "look at the name, the region and the JSON key of what `secrets` names",
        DeathCause::StartNetwork => {
            "the task cannot reach ECR, Secrets Manager or Systems Manager: look at the subnets, the NAT gateway and the endpoints"
        }
        DeathCause::Logging => {
            "look whether the log group exists, and whether the execution role may call logs:CreateLogStream and reach CloudWatch Logs"
        }
        DeathCause::EnvironmentFile => {
            "the execution role needs s3:GetObject and s3:GetBucketLocation for the environment file"
        }
        DeathCause::Volume => {
            "look at the file system's mount targets in these zones, its access point, and port 2049 of the security groups"
        }
        DeathCause::Role => {
            "the role has to exist and to trust ecs-tasks.amazonaws.com; a new role takes some seconds to exist"
        }
        DeathCause::TaskDefinition => {
            "the task definition does not fit what runs it: look at the launch type, cpu and memory"
        }
        DeathCause::OutOfMemory => "raise `memory` of the container or of the task, or lower what the program uses",
        DeathCause::HealthCheckFailed => {
            "run the health check's command in the image (is its program there?), and look at `startPeriod`"
        }
        DeathCause::TargetUnhealthy => {
            "look at the target group's health check (path, port, codes), the security groups, and the service's grace period"
        }
        DeathCause::CannotStart => "look at the image's entry point, command and user",
        DeathCause::Dependency => "another container of the task did not reach the condition that `dependsOn` asks for",
        DeathCause::Stopped
        | DeathCause::CannotPullContainer
        | DeathCause::RuntimeTimeout
        | DeathCause::Platform
        | DeathCause::ContainerExited
        | DeathCause::Throttled
        | DeathCause::Other => return None,
    })
}
