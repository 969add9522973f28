//! CreateCluster, DescribeClusters, ListClusters.

use serde_json::{Value, json};

use crate::sandbox::ecs::arn;
use crate::sandbox::ecs::refusals;
use crate::sandbox::ecs::regional::{Cluster, RegionalEcs};
use crate::sandbox::ecs::wire::{self, includes, invalid, only, text, texts};
use crate::sandbox::service::Answer;

const SETTINGS: [&str; 5] =
    ["settings", "configuration", "capacityProviders", "defaultCapacityProviderStrategy", "serviceConnectDefaults"];

/// Creating a cluster that exists returns it.
pub fn create(regional: &mut RegionalEcs, input: &Value) -> Answer {
    let name = text(input, "clusterName").unwrap_or("default");
    let valid = name.len() <= 255 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !valid {
        return Err(invalid("Invalid cluster name."));
    }
    refusals::tags(input)?;
    let home = regional.home.clone();
    let cluster = regional.clusters.entry(name.to_owned()).or_insert_with(|| {
        let mut cluster = Cluster::new(home, name);
        cluster.settings = input.as_object().map(|m| only(m, &SETTINGS)).unwrap_or_default();
        cluster.tags = wire::list(input, "tags").to_vec();
        cluster
    });
    Ok(json!({ "cluster": cluster.view(true) }))
}

pub fn describe(regional: &mut RegionalEcs, input: &Value) -> Answer {
    let mut named = texts(input, "clusters");
    if named.is_empty() {
        named.push("default");
    }
    if named.len() > 100 {
        return Err(invalid("Clusters cannot have more than 100 elements."));
    }
    let tags = includes(input, "TAGS");
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for name in named {
        match regional.cluster_named(name) {
            Ok(cluster) => clusters.push(cluster.view(tags)),
            Err(_) => {
                let arn = if name.starts_with("arn:") { name.to_owned() } else { regional.home.cluster(name) };
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
            }
        }
    }
    Ok(json!({ "clusters": clusters, "failures": failures }))
}

pub fn list(regional: &mut RegionalEcs, input: &Value) -> Answer {
    let arns = regional.clusters.values().map(|c| json!(c.arn())).collect();
    wire::page(input, "clusterArns", arns)
}

/// The cluster part of a resource such as `service/CLUSTER/NAME`.
pub fn of_resource<'a>(resource: &'a str, kind: &str) -> Option<(&'a str, &'a str)> {
    arn::tail(resource, kind).split_once('/')
}
