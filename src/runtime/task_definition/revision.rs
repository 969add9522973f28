//! Revisions of a task definition: registered, found again, and held against what was planned.

use std::collections::BTreeMap;

use serde_json::Value;

use super::base::{base, images};
use super::tags;
use crate::engine::taskdef::{content_hash, family, runs, sent};
use crate::model::effect::{StepRef, Workload};
use crate::model::fault::Fault;
use crate::model::fault::service::ServiceProblem;
use crate::model::fault::task_definition::TaskDefinitionProblem;
use crate::model::ids::ContentHash;
use crate::model::pipeline::Account;
use crate::model::release::Release;
use crate::model::rollout::TaskDefinition;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{account, planned, stage};

/// The task definition that was planned, made again from its base, and the base's tags.
///
/// # Errors
/// `Changed` where its content is no longer what was planned.
pub async fn as_planned(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    workload: &Workload,
) -> Result<(Value, BTreeMap<String, String>), Fault> {
    let stage = stage(release, &at.stage)?;
    let plan = planned(release, at, workload)?;
    let base = base(ports, release, stage, workload, plan.live.as_deref()).await?;
    let definition =
        base.next(&stage.name, workload, &images(ports, release, stage, base.containers).await?, &plan.unnamed)?;
    if content_hash(&definition) != plan.content {
        let (stage, workload) = (stage.name.clone(), workload.clone());
        return Err(TaskDefinitionProblem::NotAsPlanned { stage, workload }.into());
    }
    Ok((definition, base.tags))
}

/// Reads the revision that the record calls registered, right before it is used: a record may name any.
///
/// # Errors
/// `Invalid` where it runs something other than what was planned, and so was approved.
pub async fn runs_what_was_planned(
    ports: &Ports,
    release: &Release,
    at: &StepRef,
    workload: &Workload,
    arn: &str,
) -> Result<(), Fault> {
    let stage = stage(release, &at.stage)?;
    let (definition, _) = as_planned(ports, release, at, workload).await?;
    let found = ports.deployer.task_definition(account(release, stage), arn).await?;
    match runs::runs_the_same(&found.raw, &definition) {
        true => Ok(()),
        false => {
            let (stage, workload, arn) = (stage.name.clone(), workload.clone(), arn.to_owned());
            Err(ServiceProblem::NotTheRegistered { stage, workload, arn }.into())
        }
    }
}

/// The ACTIVE revision that has this content, and whether it existed already.
pub async fn find_or_register(
    ports: &Ports,
    account: &Account,
    definition: &Value,
    content: &ContentHash,
    to_tag: &BTreeMap<String, String>,
) -> Result<(String, bool), Fault> {
    // A tag can be set by anybody: the content decides.
    let wanted = |found: &TaskDefinition| {
        tags::content(&found.tags).as_ref() == Some(content) && sent::holds(&found.raw, content, definition)
    };
    match ports.deployer.newest(account, &family(definition), &wanted).await? {
        Some(found) => Ok((found.arn, true)),
        None => Ok((ports.deployer.register(account, definition, to_tag).await?, false)),
    }
}

/// Whether there is a revision whose kanmon tag names this content.
pub async fn is_tagged(ports: &Ports, account: &Account, family: &str, content: &ContentHash) -> Result<bool, Fault> {
    let wanted = |found: &TaskDefinition| tags::content(&found.tags).as_ref() == Some(content);
    Ok(ports.deployer.newest(account, family, &wanted).await?.is_some())
}
