//! Who is at the keyboard.

use super::failure::Failure;
use crate::model::approval::{ApprovalWay, Identity, Requester};
use crate::model::pipeline::{Account, Pipeline};
use crate::runtime::ports::Ports;

/// The person that the ambient credentials belong to, asked through this account's endpoint and profile.
pub async fn caller(ports: &Ports, account: &Account) -> Result<Identity, Failure> {
    Ok(ports.accounts.caller(account).await?)
}

/// Who asks for a release: a pipeline execution where one is named, else a person.
pub async fn requester(
    ports: &Ports,
    pipeline: &Pipeline,
    execution: Option<&str>,
    author: Option<&str>,
) -> Result<Requester, Failure> {
    let Some(execution) = execution else {
        let account = &pipeline.stages[0].account;
        return Ok(Requester::Person { identity: caller(ports, pipeline.account(account)).await? });
    };
    let ways = pipeline.stages.iter().filter_map(|s| s.approval.as_ref()).map(|p| &p.way);
    let mut trigger = None;
    for way in ways {
        if let ApprovalWay::CodePipeline { pipeline: name, account, .. } = way {
            trigger = ports.approvals.execution(pipeline.account(account), name, execution).await?.trigger;
            break;
        }
    }
    Ok(Requester::Pipeline { execution: execution.to_owned(), trigger: trigger.or(author.map(str::to_owned)) })
}

/// A person's name, fit for `SourceIdentity`: 2 to 64 of `[\w+=,.@-]`, from the end of the ARN.
pub fn source_identity(identity: &Identity) -> Option<String> {
    let name: String = identity
        .arn
        .rsplit([':', '/'])
        .next()
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' })
        .take(64)
        .collect();
    (name.len() >= 2).then_some(name)
}

/// The source identity that a requester's calls carry.
pub fn of(requester: &Requester) -> Option<String> {
    match requester {
        Requester::Person { identity } => source_identity(identity),
        // A build's own credentials are the pipeline's: they name no person.
        Requester::Pipeline { .. } | Requester::Unknown => None,
    }
}
