//! Task definitions, raw: whatever AWS adds to them travels through.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{self, SortOrder, TaskDefinitionField};
use serde_json::{Value, json};

use crate::aws::errors;
use crate::aws::nearest::not_found;
use crate::aws::operations::Operation;
use crate::aws::raw::{KeepRaw, SendRaw};
use crate::aws::session::Session;
use crate::model::arn;
use crate::model::aws::ecs::TaskDefinitionStatus;
use crate::model::fault::aws::Kind;
use crate::model::fault::call::Target;
use crate::model::fault::task_definition::TaskDefinitionProblem;
use crate::model::fault::{Fault, FaultKind};
use crate::model::rollout::TaskDefinition;
use crate::ports::deployer::Wanted;

/// How many revisions are looked through for one with the same content. A release that is tried again reuses the newest or
/// the one before it; what is older is cheaper registered again than found.
const LOOK_BACK: i32 = 20;

fn of_family(family: &str) -> Target {
    Target::TaskDefinitionFamily { family: family.to_owned() }
}

pub(super) async fn describe(session: &Session, name: &str) -> Result<TaskDefinition, Fault> {
    let raw = KeepRaw::default();
    let what = || Target::TaskDefinition { name: name.to_owned() };
    let call = session.describe_task_definition(what());
    let kept = raw.clone();
    let answer =
        call.send(|r| r.task_definition(name).include(TaskDefinitionField::Tags).customize().interceptor(kept).send());
    match answer.await {
        Ok(_) => {
            let op = || Operation::DescribeTaskDefinition.on(what());
            let found = raw.json().and_then(definition);
            found.ok_or_else(|| errors::incomplete(op(), &session.account.name, "taskDefinition"))
        }
        // ECS has no special code for one that does not exist.
        Err(r) if r.is("ClientException") && r.fault.kind() == FaultKind::Invalid => {
            let missing = not_found(Kind::TaskDefinition, name, &session.account, None);
            Err(Fault { said: r.fault.said, ..missing })
        }
        Err(r) => Err(r.fault),
    }
}

/// Takes a `DescribeTaskDefinition` answer apart.
fn definition(mut answer: Value) -> Option<TaskDefinition> {
    let tags = tags(&answer["tags"]);
    let raw = answer["taskDefinition"].take();
    let text = |member: &str| raw[member].as_str().map(str::to_owned);
    let (arn, status) = (text("taskDefinitionArn")?, text("status")?.into());
    Some(TaskDefinition { arn, status, raw, tags })
}

fn tags(list: &Value) -> BTreeMap<String, String> {
    let pairs = list.as_array().into_iter().flatten().filter_map(|tag| {
        Some((tag["key"].as_str()?.to_owned(), tag["value"].as_str().unwrap_or_default().to_owned()))
    });
    pairs.collect()
}

/// The newest of the family's last ACTIVE revisions that is wanted.
pub(super) async fn newest(
    session: &Session,
    family: &str,
    wanted: Wanted<'_>,
) -> Result<Option<TaskDefinition>, Fault> {
    let call = session.list_task_definitions(of_family(family));
    let page = call
        .send(|r| {
            let newest = r.family_prefix(family).status(types::TaskDefinitionStatus::Active).sort(SortOrder::Desc);
            newest.max_results(LOOK_BACK).send()
        })
        .await?;
    for arn in page.task_definition_arns() {
        // The parameter is called a prefix; AWS matches the whole family, not everybody does.
        if arn::last(arn).rsplit_once(':').is_none_or(|(f, _)| f != family) {
            continue;
        }
        let found = describe(session, arn).await?;
        // It may have been deregistered since the list.
        if found.status == TaskDefinitionStatus::Active && wanted(&found) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

pub(super) async fn register(
    session: &Session,
    input: &Value,
    tags: &BTreeMap<String, String>,
) -> Result<String, Fault> {
    let Some(family) = input["family"].as_str() else {
        return Err(TaskDefinitionProblem::NoFamily.into());
    };
    let body = SendRaw::new(&with_tags(input, tags));
    let call = session.register_task_definition(of_family(family));
    let answer = call.send(|r| r.family(family).customize().interceptor(body).send()).await?;
    answer.task_definition().and_then(|d| d.task_definition_arn()).map(str::to_owned).ok_or_else(|| {
        let op = Operation::RegisterTaskDefinition.on(of_family(family));
        errors::incomplete(op, &session.account.name, "taskDefinition.taskDefinitionArn")
    })
}

/// The input with these tags, which win over its own. AWS keeps the prefix `aws:` for itself and refuses it.
fn with_tags(input: &Value, more: &BTreeMap<String, String>) -> Value {
    let mut all = tags(&input["tags"]);
    all.retain(|key, _| !key.to_ascii_lowercase().starts_with("aws:"));
    all.extend(more.iter().map(|(k, v)| (k.clone(), v.clone())));
    let mut input = input.clone();
    if let Some(members) = input.as_object_mut() {
        members.shift_remove("tags");
        // An empty list is refused.
        if !all.is_empty() {
            let list = all.into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
            members.insert("tags".to_owned(), Value::Array(list));
        }
    }
    input
}
