//! How a one-off task is placed and tagged: as the service's own tasks are.

use serde_json::{Map, Value, json};

use crate::model::aws::ecs::PropagateTags;

/// Members that DescribeServices and RunTask have in common, and that mean the same in both.
const AS_THEY_ARE: [&str; 7] = [
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "placementConstraints",
    "placementStrategy",
    "enableECSManagedTags",
    "enableExecuteCommand",
];

/// RunTask's members from a service's description; `None` where it has none of them.
pub(super) fn of_service(service: &Value) -> Option<Value> {
    let mut launch = Map::new();
    for member in AS_THEY_ARE {
        match service.get(member) {
            None | Some(Value::Null | Value::Bool(false)) => {}
            Some(Value::Array(items)) if items.is_empty() => {}
            Some(value) => {
                launch.insert(member.to_owned(), value.clone());
            }
        }
    }
    // RunTask refuses both.
    if launch.contains_key("capacityProviderStrategy") {
        launch.shift_remove("launchType");
    }
    match service.get("propagateTags").and_then(Value::as_str).map(PropagateTags::from) {
        Some(PropagateTags::TaskDefinition) => {
            launch.insert("propagateTags".to_owned(), json!(PropagateTags::TaskDefinition));
        }
        // RunTask has no service to take them from, and refuses this value.
        Some(PropagateTags::Service) => {
            let tags = tags(service);
            if !tags.is_empty() {
                launch.insert("tags".to_owned(), Value::Array(tags));
            }
        }
        Some(PropagateTags::None | PropagateTags::Unknown(_)) | None => {}
    }
    (!launch.is_empty()).then_some(Value::Object(launch))
}

/// A service's tags without AWS's own, which nobody else can set.
fn tags(service: &Value) -> Vec<Value> {
    let own = |tag: &&Value| !tag["key"].as_str().is_some_and(|key| key.to_ascii_lowercase().starts_with("aws:"));
    service["tags"].as_array().into_iter().flatten().filter(own).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_places_and_tags_the_services_tasks_does_so_for_a_one_off_task() {
        let service = json!({
            "serviceName": "web", "desiredCount": 2, "launchType": "EC2", "platformVersion": null,
            "placementConstraints": [{ "type": "memberOf", "expression": "attribute:zone == inner" }],
            "placementStrategy": [{ "type": "spread", "field": "attribute:ecs.availability-zone" }],
            "enableECSManagedTags": true, "enableExecuteCommand": true, "propagateTags": "SERVICE",
            "tags": [{ "key": "CostCenter", "value": "42" }, { "key": "aws:cloudformation:stack-name", "value": "s" }],
        });
        assert_eq!(
            of_service(&service),
            Some(json!({
                "launchType": "EC2",
                "placementConstraints": [{ "type": "memberOf", "expression": "attribute:zone == inner" }],
                "placementStrategy": [{ "type": "spread", "field": "attribute:ecs.availability-zone" }],
                "enableECSManagedTags": true, "enableExecuteCommand": true,
                "tags": [{ "key": "CostCenter", "value": "42" }],
            }))
        );
    }

    #[test]
    fn tags_are_only_those_that_the_services_tasks_get() {
        let tagged = |propagate: Value| {
            of_service(&json!({ "propagateTags": propagate, "tags": [{ "key": "team", "value": "a" }] }))
        };
        assert_eq!(tagged(json!("TASK_DEFINITION")), Some(json!({ "propagateTags": "TASK_DEFINITION" })));
        assert_eq!((tagged(json!("NONE")), tagged(Value::Null)), (None, None));
    }

    #[test]
    fn a_capacity_provider_strategy_goes_without_a_launch_type() {
        let spot = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]);
        let service =
            json!({ "launchType": "FARGATE", "capacityProviderStrategy": spot, "enableExecuteCommand": false });
        assert_eq!(of_service(&service), Some(json!({ "capacityProviderStrategy": spot })));
    }
}
