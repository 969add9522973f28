//! ListTagsForResource, TagResource, UntagResource: of clusters, services, task definitions and tasks.

use serde_json::{Value, json};

use super::clusters::of_resource;
use crate::sandbox::ecs::error::{no_cluster, no_service};
use crate::sandbox::ecs::refusals;
use crate::sandbox::ecs::regional::RegionalEcs;
use crate::sandbox::ecs::wire::{self, invalid, required, text, texts};
use crate::sandbox::service::{Answer, AwsError};

pub fn list(regional: &mut RegionalEcs, input: &Value) -> Answer {
    Ok(json!({ "tags": tags_of(regional, required(input, "resourceArn")?)? }))
}

pub fn add(regional: &mut RegionalEcs, input: &Value) -> Answer {
    refusals::tags(input)?;
    let tags = tags_of(regional, required(input, "resourceArn")?)?;
    for tag in wire::list(input, "tags") {
        tags.retain(|t| text(t, "key") != text(tag, "key"));
        tags.push(tag.clone());
    }
    Ok(json!({}))
}

pub fn remove(regional: &mut RegionalEcs, input: &Value) -> Answer {
    let keys: Vec<String> = texts(input, "tagKeys").into_iter().map(str::to_owned).collect();
    let tags = tags_of(regional, required(input, "resourceArn")?)?;
    tags.retain(|t| !text(t, "key").is_some_and(|k| keys.iter().any(|gone| gone == k)));
    Ok(json!({}))
}

fn tags_of<'a>(regional: &'a mut RegionalEcs, arn: &str) -> Result<&'a mut Vec<Value>, AwsError> {
    let gone = || invalid("The specified resource could not be found. Check your parameters and try again.");
    let resource = arn.splitn(6, ':').nth(5).filter(|_| regional.is_here(arn)).ok_or_else(gone)?;
    match resource.split_once('/').map(|(kind, _)| kind) {
        Some("cluster") => Ok(&mut regional.cluster_named(arn)?.tags),
        Some("service") => {
            let (cluster, service) = of_resource(arn, "service").ok_or_else(gone)?;
            let cluster = regional.clusters.get_mut(cluster).ok_or_else(no_cluster)?;
            Ok(&mut cluster.services.get_mut(service).ok_or_else(no_service)?.tags)
        }
        Some("task") => {
            let (cluster, task) = of_resource(arn, "task").ok_or_else(gone)?;
            let cluster = regional.clusters.get_mut(cluster).ok_or_else(no_cluster)?;
            cluster.tasks.tags_mut(task).ok_or_else(gone)
        }
        Some("task-definition") => {
            let all = regional.families.values_mut().flatten();
            Ok(&mut all.into_iter().find(|t| t.arn == arn).ok_or_else(gone)?.tags)
        }
        _ => Err(gone()),
    }
}
