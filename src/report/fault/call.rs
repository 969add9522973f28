//! Calls to AWS.

use super::statement;
use crate::model::fault::call::{Call, CallProblem, Target};
use crate::report::words::Words;

const BETWEEN: &str =
    "if this continues, check the network between this machine and AWS, such as the proxy that HTTPS_PROXY names";

pub fn words(problem: &CallProblem) -> Words {
    match problem {
        CallProblem::NotAllowed { call, principal, denied, resource, explicit } => {
            let (on, account) = (target(&call.on), &call.account);
            let principal = principal.as_deref();
            let who = statement::who(principal);
            Words::new(format!("{who} is not allowed to call {denied} on {on} in account {account}"))
                .hint(statement::allow(principal, denied, resource.as_deref(), *explicit))
        }
        CallProblem::CredentialsRejected { account } => {
            Words::new(format!("AWS does not accept the credentials for account {account}"))
                .hint("sign in again, then continue with `kanmon resume`: the credentials may have expired")
                .hint("check the clock of this machine: AWS rejects requests with a wrong time")
        }
        CallProblem::TargetMissing { call: Call { on, account, .. } } => {
            Words::new(format!("{} does not exist in account {account}", target(on)))
        }
        CallProblem::Throttled { call } => Words::new(format!("AWS throttles {}", what(call))),
        CallProblem::NoAnswer { call, foreign } => {
            between(Words::new(format!("AWS did not answer {}", what(call))), *foreign)
        }
        CallProblem::NoClearAnswer { call, foreign } => {
            let sentence = format!("AWS did not clearly answer {}: the change may have been made", what(call));
            between(Words::new(sentence), *foreign)
        }
        CallProblem::Refused { call } => Words::new(format!("AWS refuses {}", what(call))),
        CallProblem::Incomplete { call, lacks } => {
            Words::new(format!("the answer to {} has no usable `{lacks}`", what(call)))
        }
        CallProblem::WriteIncomplete { call, lacks } => {
            Words::new(format!("AWS carried out {}, but its answer has no `{lacks}`", what(call)))
        }
    }
}

fn what(Call { action, on, account }: &Call) -> String {
    format!("{action} on {} in account {account}", target(on))
}

fn target(on: &Target) -> String {
    match on {
        Target::Caller => "the caller".to_owned(),
        Target::Role { arn } => arn.clone(),
        Target::Registry => "the registry".to_owned(),
        Target::Repositories => "all repositories".to_owned(),
        Target::Repository { repository } => format!("repository {repository}"),
        Target::Image { repository, digest } => format!("image {repository}@{digest}"),
        Target::Inspector => "Inspector".to_owned(),
        Target::Clusters => "all clusters".to_owned(),
        Target::Cluster { cluster } => format!("cluster {cluster}"),
        Target::Service { cluster, service } => format!("service {service} of cluster {cluster}"),
        Target::ServiceDeployments => "the deployments of a service".to_owned(),
        Target::ServiceDeployment { arn } => format!("service deployment {arn}"),
        Target::ServiceRevisions => "the revisions of a service".to_owned(),
        Target::TaskDefinition { name } => format!("task definition {name}"),
        Target::TaskDefinitionFamily { family } => format!("task definition family {family}"),
        Target::Task { cluster, task_definition } => format!("a task of {task_definition} in cluster {cluster}"),
        Target::Tasks { cluster } => format!("tasks of cluster {cluster}"),
        Target::Pipelines => "all pipelines".to_owned(),
        Target::Pipeline { pipeline } => format!("pipeline {pipeline}"),
        Target::Execution { pipeline, execution } => format!("execution {execution} of pipeline {pipeline}"),
        Target::Action { pipeline, action } => format!("action {action} of pipeline {pipeline}"),
        Target::Table { table } => format!("table {table}"),
    }
}

fn between(words: Words, foreign: bool) -> Words {
    if foreign { words.hint(BETWEEN) } else { words }
}
