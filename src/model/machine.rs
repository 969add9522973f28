//! Recognizes principals that are machines. AWS's services and CI jobs use a session of a role, which does not name the person behind it.

use serde::{Deserialize, Serialize};

use super::approvers::IDENTITY_CENTER;
use super::arn;

/// A caller that is certainly not a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Machine {
    /// A build. `initiator`: what started it, by CodeBuild, where that is not a pipeline.
    CodeBuild {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        initiator: Option<String>,
    },
    GithubActions,
    GitlabCi,
    AzurePipelines,
    TeamCity,
    /// A job of another CI service.
    CiJob,
    /// An EC2 instance.
    Instance,
    EcsTask,
    Lambda,
    /// A service of AWS.
    AwsService,
    /// A session of a role that the pipeline file itself uses, by the role's ARN.
    SharedRole {
        role: String,
    },
}

/// The machine that a principal certainly is; `None`: it may be a person.
///
/// A session is recognized by its name only, which services choose: `AWSCodeBuild-…`, the id of an instance or of a task. A name that could
/// be a person's counts as a person's, so a function whose role and name do not contain "lambda" is not recognized.
pub fn of(principal: &str) -> Option<Machine> {
    let (role, name) = arn::session(principal)?;
    // The session names of Identity Center are its users' names, which may be anything.
    if role.starts_with(IDENTITY_CENTER) {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let numbered = |prefix: &str| lower.strip_prefix(prefix).is_some_and(|rest| is(rest, 1.., |c| c.is_ascii_digit()));
    if name.starts_with("AWSCodeBuild-") {
        Some(Machine::CodeBuild { initiator: None })
    } else if lower.starts_with("githubactions") || numbered("github-") {
        Some(Machine::GithubActions)
    } else if lower.starts_with("gitlabrunner") || numbered("gitlab-") {
        Some(Machine::GitlabCi)
    } else if name.strip_prefix("i-").is_some_and(|id| [8, 17].contains(&id.len()) && is(id, 1.., is_hex)) {
        Some(Machine::Instance)
    } else if is(name, 32..=32, is_hex) {
        Some(Machine::EcsTask)
    } else if is_function(role, &lower) {
        Some(Machine::Lambda)
    } else if is_service(role, name) {
        Some(Machine::AwsService)
    } else {
        None
    }
}

fn is(text: &str, length: impl std::ops::RangeBounds<usize>, of: fn(char) -> bool) -> bool {
    length.contains(&text.len()) && text.chars().all(of)
}

fn is_hex(c: char) -> bool {
    matches!(c, '0'..='9' | 'a'..='f')
}

/// A function's session has the function's name. The role that Lambda creates is called `FUNCTION-role-` and eight characters; other roles
/// are recognized where they contain "lambda" and a word for execution, because people's roles may contain "lambda" too.
fn is_function(role: &str, session: &str) -> bool {
    let role = role.to_ascii_lowercase();
    let own = role.strip_prefix(session).and_then(|rest| rest.strip_prefix("-role-"));
    own.is_some_and(|rest| is(rest, 8..=8, |c| c.is_ascii_alphanumeric()))
        || session.contains("lambda")
        || (role.contains("lambda") && ["exec", "service"].iter().any(|word| role.contains(word)))
}

/// Roles and sessions with a service's own name.
fn is_service(role: &str, session: &str) -> bool {
    let roles =
        ["AWSServiceRoleFor", "AWSCodePipelineServiceRole", "Amazon_EventBridge_", "StepFunctions-", "AWS-QuickSetup-"];
    let sessions =
        ["AWSCloudFormation", "AWSCodeDeploy", "GlueJobRunnerSession", "SageMaker", "BackplaneAssumeRoleSession"];
    roles.iter().any(|own| role.starts_with(own))
        || sessions.iter().any(|own| session.starts_with(own))
        // Milliseconds since 1970: the session names of CodePipeline's own role.
        || is(session, 13..=13, |c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_build("kanmon-build/AWSCodeBuild-0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f", Machine::CodeBuild { initiator: None })]
    #[case::a_github_job("ci/GitHubActions", Machine::GithubActions)]
    #[case::the_examples_github_job("ci/github-17000000001", Machine::GithubActions)]
    #[case::a_gitlab_job("ci/GitLabRunner-4711-12", Machine::GitlabCi)]
    #[case::the_examples_gitlab_job("ci/gitlab-4711", Machine::GitlabCi)]
    #[case::an_instance("Jenkins/i-0123456789abcdef0", Machine::Instance)]
    #[case::an_older_instance("Jenkins/i-01234567", Machine::Instance)]
    #[case::a_task("worker/0123456789abcdef0123456789abcdef", Machine::EcsTask)]
    #[case::a_function_with_lambdas_role("starter-role-0a1b2c3d/starter", Machine::Lambda)]
    #[case::a_function_by_its_name("starts/StartPipelineLambda", Machine::Lambda)]
    #[case::a_function_by_its_role("LambdaExecutionRole/starter", Machine::Lambda)]
    #[case::a_service_linked_role("AWSServiceRoleForECS/ecs", Machine::AwsService)]
    #[case::a_pipeline("AWSCodePipelineServiceRole-ap-northeast-1-hello/1764500000000", Machine::AwsService)]
    #[case::a_pipelines_own_role("pipelines/1764500000000", Machine::AwsService)]
    #[case::a_schedule("Amazon_EventBridge_Scheduler_0a1b/x", Machine::AwsService)]
    fn sessions_with_a_services_names_are_machines(#[case] session: &str, #[case] what: Machine) {
        assert_eq!(of(&format!("arn:aws:sts::111111111111:assumed-role/{session}")), Some(what));
    }

    #[rstest]
    #[case::identity_center("AWSReservedSSO_Developer_0123456789abcdef/ann@bank.example")]
    #[case::identity_center_whatever_the_user_is_called(
        "AWSReservedSSO_Developer_0123456789abcdef/i-0123456789abcdef0"
    )]
    #[case::a_mail_address("Deploy/ann@bank.example")]
    #[case::a_name("Deploy/ann")]
    #[case::the_clis_own_name("Deploy/botocore-session-1764500000")]
    #[case::a_personnel_number("Deploy/00012345")]
    #[case::somebody_of_the_lambda_team("LambdaDevelopers/ann")]
    #[case::somebody_who_may_use_codepipeline("CodePipelineApprovers/ann")]
    #[case::a_role_in_words("deploy-role-frontend/ann")]
    #[case::a_name_with_github("Deploy/github-ann")]
    fn sessions_that_could_be_a_persons_are_not_machines(#[case] session: &str) {
        assert_eq!(of(&format!("arn:aws:sts::111111111111:assumed-role/{session}")), None);
    }

    #[test]
    fn users_may_be_persons() {
        for arn in ["arn:aws:iam::111111111111:user/AWSCodeBuild-1", "arn:aws:iam::111111111111:root", "unknown"] {
            assert_eq!(of(arn), None);
        }
    }
}
