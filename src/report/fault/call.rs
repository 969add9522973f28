//! Calls to AWS.

use super::statement;
use crate::model::fault::call::{Call, CallProblem, ForeignAnswer, NotFromAws, Target};
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
            between(Words::new(format!("AWS did not answer {}", what(call))), foreign.as_ref())
        }
        CallProblem::NoClearAnswer { call, foreign } => {
            let sentence = format!("AWS did not clearly answer {}: the change may have been made", what(call));
            between(Words::new(sentence), foreign.as_ref())
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

fn between(words: Words, foreign: Option<&ForeignAnswer>) -> Words {
    match foreign {
        Some(ForeignAnswer { status, why }) => {
            words.cause(format!("the answer (HTTP {status}) is not from AWS: {}", not_from_aws(why))).hint(BETWEEN)
        }
        None => words,
    }
}

fn not_from_aws(why: &NotFromAws) -> String {
    match why {
        NotFromAws::ContentType { content_type } if content_type.is_empty() => "it has no content type".to_owned(),
        NotFromAws::ContentType { content_type } => format!("its content type is `{content_type}`"),
        NotFromAws::BodyNotAnObject => "its body is not a JSON object".to_owned(),
        NotFromAws::Unreadable => "it cannot be read".to_owned(),
        NotFromAws::OtherOperation => "it is an answer to something else".to_owned(),
        NotFromAws::NoMember { members } => format!("it has no `{}`", members.join("` or `")),
        NotFromAws::NoRequestId => "it has no request id".to_owned(),
        NotFromAws::ErrorWithoutCode => "it is an error without a code".to_owned(),
        NotFromAws::ErrorWithoutRequestId => "it is an error without a request id".to_owned(),
        NotFromAws::Redirect => "AWS's APIs do not redirect".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::Fault;

    #[test]
    fn an_answer_of_somebody_else_is_described_with_its_own_words_after_it() {
        let call = || Call { action: "ecs:ListTasks".into(), on: Target::Caller, account: "dev".parse().unwrap() };
        let line = |why| {
            let foreign = Some(ForeignAnswer { status: 403, why });
            let fault = Fault::from(CallProblem::NoAnswer { call: call(), foreign }).said("<html>blocked");
            crate::report::fault::words(&fault).cause.unwrap()
        };
        let content_type = |text: &str| NotFromAws::ContentType { content_type: text.into() };
        let all = [
            content_type("text/html"),
            content_type(""),
            NotFromAws::BodyNotAnObject,
            NotFromAws::Unreadable,
            NotFromAws::OtherOperation,
            NotFromAws::NoMember { members: vec!["service".into(), "failures".into()] },
            NotFromAws::NoRequestId,
            NotFromAws::ErrorWithoutCode,
            NotFromAws::ErrorWithoutRequestId,
            NotFromAws::Redirect,
        ];
        insta::assert_snapshot!(all.map(line).join("\n"), @"
        the answer (HTTP 403) is not from AWS: its content type is `text/html`: <html>blocked
        the answer (HTTP 403) is not from AWS: it has no content type: <html>blocked
        the answer (HTTP 403) is not from AWS: its body is not a JSON object: <html>blocked
        the answer (HTTP 403) is not from AWS: it cannot be read: <html>blocked
        the answer (HTTP 403) is not from AWS: it is an answer to something else: <html>blocked
        the answer (HTTP 403) is not from AWS: it has no `service` or `failures`: <html>blocked
        the answer (HTTP 403) is not from AWS: it has no request id: <html>blocked
        the answer (HTTP 403) is not from AWS: it is an error without a code: <html>blocked
        the answer (HTTP 403) is not from AWS: it is an error without a request id: <html>blocked
        the answer (HTTP 403) is not from AWS: AWS's APIs do not redirect: <html>blocked
        ");
    }
}
