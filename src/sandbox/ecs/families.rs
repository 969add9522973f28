//! Task definitions of a region, by family.

use std::collections::BTreeMap;

use super::arn;
use super::task_definition::TaskDefinition;

/// Revisions by family, oldest first.
pub type Families = BTreeMap<String, Vec<TaskDefinition>>;

/// A task definition by family, `family:revision` or ARN.
pub fn find<'a>(families: &'a Families, named: &str) -> Option<&'a TaskDefinition> {
    let name = arn::tail(named, "task-definition");
    match name.split_once(':') {
        Some((family, revision)) => {
            let revision: u64 = revision.parse().ok()?;
            families.get(family)?.iter().find(|t| t.revision == revision)
        }
        None => families.get(name)?.iter().rev().find(|t| t.active),
    }
}
