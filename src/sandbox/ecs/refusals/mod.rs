//! What RegisterTaskDefinition refuses, in the words that AWS's documentation and users of ECS quote. It answers with the first
//! thing that is wrong; in which order AWS looks is not published.

mod containers;
mod fargate;
mod network;
mod ranges;
mod size;

use serde_json::Value;

use super::error::{client, invalid};
use super::wire::{list, text};
use crate::sandbox::service::AwsError;

pub use size::in_units;

/// Quota *Containers per task definition*, which cannot be raised.
const CONTAINERS: usize = 10;
/// Quota *Task definition size limit*: 64 KiB.
const BYTES: usize = 65_536;

/// Why AWS refuses the input of RegisterTaskDefinition.
///
/// # Errors
/// `ClientException` for the definition, `InvalidParameterException` for its tags.
pub fn check(input: &Value) -> Result<(), AwsError> {
    let Some(family) = text(input, "family") else {
        return Err(client("Family should not be null or blank."));
    };
    if !is_name(family) {
        return Err(client("Family contains invalid characters."));
    }
    let all = list(input, "containerDefinitions");
    if all.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    if all.len() > CONTAINERS {
        return Err(client("Too many containers."));
    }
    // Measured by ECS in a form of its own, which is not published; the request's size is the closest available.
    let length = input.to_string().len();
    if length > BYTES {
        return Err(client(format!("Actual length: '{length}'. Max allowed length is '{BYTES}' bytes.")));
    }
    let of_task = size::of_task(input)?;
    containers::check(input, &of_task)?;
    network::check(input)?;
    if list(input, "requiresCompatibilities").iter().any(|c| c == "FARGATE") {
        fargate::check(input, &of_task)?;
    }
    if input.get("tags").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        return Err(invalid("Tags can not be empty."));
    }
    tags(input)
}

/// At most 50 tags, each with a key.
pub fn tags(input: &Value) -> Result<(), AwsError> {
    let tags = list(input, "tags");
    if tags.len() > 50 {
        return Err(invalid("Maximum number of tags is 50."));
    }
    for tag in tags {
        let key = text(tag, "key").ok_or_else(|| invalid("Tag key can not be blank."))?;
        if key.starts_with("aws:") {
            return Err(invalid("Tag keys starting with 'aws:' are reserved for system use."));
        }
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// The name of a container that was checked.
fn name(container: &Value) -> &str {
    text(container, "name").unwrap_or_default()
}

fn is_essential(container: &Value) -> bool {
    container.get("essential").and_then(Value::as_bool).unwrap_or(true)
}
