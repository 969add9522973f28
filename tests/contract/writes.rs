//! The classes of kanmon's operations, compared with AWS's models: which have a client token, and which only read.

use kanmon::aws::operations::{Access, Operation, Retry};

use super::models;

/// The prefixes of AWS's operations that only read.
const READS: [&str; 6] = ["Describe", "List", "Get", "BatchGet", "Query", "AssumeRole"];

#[test]
fn an_operation_has_the_class_that_its_model_allows() {
    let Some(models) = models("classes against models") else { return };
    for operation in Operation::ALL {
        let (service, name) = operation.action().split_once(':').unwrap();
        let model = models.iter().find(|m| m.name == service).unwrap_or_else(|| panic!("no model of {service}"));
        let described = model.operation(name).unwrap_or_else(|| panic!("{service} has no operation {name}"));
        let input = model.side(described, "input").map(|shape| model.shape(shape));
        let members = input.and_then(|shape| shape["members"].as_object());
        let has_token = members.is_some_and(|all| all.values().any(|m| m["idempotencyToken"] == true));
        let reads = READS.iter().any(|word| name.starts_with(word));
        match operation.access() {
            Access::Read => assert!(reads, "{name} is not a read by its name"),
            Access::Write(Retry::ClientToken, _) => assert!(has_token && !reads, "{name} has no client token"),
            Access::Write(Retry::ThrottlingOnly | Retry::SameAgain, _) => {
                assert!(!has_token && !reads, "{name} has a client token, which is not used");
            }
        }
    }
}
