//! The short forms of long names, for people.

use crate::model::approval::{Identity, Requester, Trigger};
use crate::model::arn;
use crate::model::event::{CommitSource, ImageCommit};
use crate::model::ids::Digest;
use crate::model::machine::Machine;
use crate::model::pipeline::Account;
use crate::model::reference::Reference;
use crate::model::registry::own_repository;

/// A digest's algorithm and first twelve digits: enough to tell two apart.
pub fn digest(digest: &Digest) -> String {
    let text = digest.to_string();
    text.get(..19).map_or_else(|| text.clone(), str::to_owned)
}

/// An image's reference; in the account's own registry without its host, and a digest with its first twelve digits.
pub fn image(reference: &str, account: &Account) -> String {
    match reference.split_once("@sha256:") {
        Some((name, hex)) => format!("{}@sha256:{}", repository(name, account), hex.get(..12).unwrap_or(hex)),
        None => {
            let parts = Reference::of(reference);
            match own_repository(parts.name, account) {
                Some(repository) => format!("{repository}:{}", parts.tag_or_digest()),
                None => reference.to_owned(),
            }
        }
    }
}

/// The commit that an image is made of, after its name.
pub fn commit_of(made_of: &ImageCommit) -> String {
    let commit = crate::model::format::commit(&made_of.commit, 12);
    match &made_of.source {
        CommitSource::Label => format!(", commit {commit} by its label"),
        CommitSource::Release(release) => format!(", commit {commit}, built by {release}"),
    }
}

/// A repository's name; without its registry where that is the account's own.
pub fn repository<'n>(name: &'n str, account: &Account) -> &'n str {
    own_repository(name, account).unwrap_or(name)
}

/// A person by name and account: a user, or a session and its role.
pub fn person(identity: &Identity) -> String {
    let parts: Vec<&str> = identity.arn.splitn(6, ':').collect();
    let Some(resource) = parts.get(5) else { return identity.arn.clone() };
    let of = &identity.account;
    match resource.split('/').collect::<Vec<_>>().as_slice() {
        ["user", .., name] => format!("{name} of {of}"),
        ["assumed-role", role, session] => format!("{session} as {role} of {of}"),
        _ => format!("{resource} of {of}"),
    }
}

/// An approver whom CodePipeline does not show.
pub const NOT_SHOWN: &str = "somebody whom CodePipeline does not show";

/// Who decided about an approval, by name and account.
pub fn decider(by: Option<&Identity>) -> String {
    by.map_or_else(|| NOT_SHOWN.to_owned(), person)
}

/// Who decided about an approval, by ARN.
pub fn decider_arn(by: Option<&Identity>) -> &str {
    by.map_or(NOT_SHOWN, |by| &by.arn)
}

/// A requester, for people.
pub fn requester(who: &Requester) -> String {
    match who {
        Requester::Person { identity } => person(identity),
        Requester::Pipeline { pipeline, execution, trigger, .. } => {
            format!("execution {execution} of {pipeline}, started by {}", started_by(trigger))
        }
        Requester::Unknown { by, machine: what } => {
            format!("{} ({}), which does not identify a person", machine(what), person(by))
        }
    }
}

/// What a machine is.
pub fn machine(machine: &Machine) -> String {
    match machine {
        Machine::CodeBuild { initiator: None } => "a CodeBuild build".to_owned(),
        Machine::CodeBuild { initiator: Some(by) } => format!("a CodeBuild build that {by} started"),
        Machine::GithubActions => "a GitHub Actions job".to_owned(),
        Machine::GitlabCi => "a GitLab CI job".to_owned(),
        Machine::AzurePipelines => "an Azure Pipelines job".to_owned(),
        Machine::TeamCity => "a TeamCity build".to_owned(),
        Machine::CiJob => "a CI job".to_owned(),
        Machine::Instance => "an EC2 instance".to_owned(),
        Machine::EcsTask => "an ECS task".to_owned(),
        Machine::Lambda => "a Lambda function".to_owned(),
        Machine::AwsService => "an AWS service".to_owned(),
        Machine::SharedRole { role } => format!("a session of the file's role {role}"),
    }
}

/// All requesters, for people.
pub fn requesters(all: &[Requester]) -> String {
    all.iter().map(requester).collect::<Vec<_>>().join("; ")
}

fn started_by(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Principal { arn } => arn.clone(),
        Trigger::Unknown { kind, detail } => match (kind, detail) {
            (None, None) => "unknown".to_owned(),
            (Some(kind), None) => format!("{kind}, which does not identify a person"),
            (None, Some(detail)) => format!("{detail}, which does not identify a person"),
            (Some(kind), Some(detail)) => format!("{kind} ({detail}), which does not identify a person"),
        },
    }
}

/// A requester without role and account, for a table.
pub fn short_name(who: &Requester) -> String {
    match who {
        Requester::Person { identity } => arn::last(&identity.arn).to_owned(),
        Requester::Pipeline { trigger: Trigger::Principal { arn }, .. } => arn::last(arn).to_owned(),
        Requester::Pipeline { pipeline, trigger: Trigger::Unknown { .. }, .. } => format!("pipeline {pipeline}"),
        Requester::Unknown { by, .. } => arn::last(&by.arn).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::release::samples::pipeline;

    fn arn(arn: &str) -> String {
        person(&Identity { arn: arn.to_owned(), account: "111111111111".parse().unwrap(), user_id: String::new() })
    }

    #[test]
    fn people_are_called_by_name_role_and_account() {
        assert_eq!(arn("arn:aws:iam::111111111111:user/team/ada"), "ada of 111111111111");
        let session = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Release_0a1b/ada@example.com";
        assert_eq!(arn(session), "ada@example.com as AWSReservedSSO_Release_0a1b of 111111111111");
        assert_eq!(arn("arn:aws:iam::111111111111:root"), "root of 111111111111");
    }

    #[test]
    fn an_images_digest_is_cut_and_only_the_accounts_own_registry_left_out() {
        let hex = "0548ed622ece2ff7bfdd930cbb5a60b842e8216c165401209a56d2a74cc96297";
        let mut account = pipeline().accounts.into_values().next().unwrap();
        account.endpoints.insert("default".into(), "http://127.0.0.1:4566".into());
        let account = &account;
        let (id, region) = (&account.id, &account.region);
        let image = |name: &str| image(name, account);
        let ecr = format!("{id}.dkr.ecr.{region}.amazonaws.com/team/hello@sha256:{hex}");
        assert_eq!(image(&ecr), "team/hello@sha256:0548ed622ece");
        assert_eq!(image(&format!("127.0.0.1:4566/{id}.{region}/hello@sha256:{hex}")), "hello@sha256:0548ed622ece");
        let evil = format!("registry.evil.example/hello@sha256:{hex}");
        assert_eq!(image(&evil), "registry.evil.example/hello@sha256:0548ed622ece");
        let other = format!("999999999999.dkr.ecr.{region}.amazonaws.com/hello");
        assert_eq!(image(&format!("{other}@sha256:{hex}")), format!("{other}@sha256:0548ed622ece"));
        assert_eq!(image("public.ecr.aws/nginx/nginx:1.27"), "public.ecr.aws/nginx/nginx:1.27");
    }
}
