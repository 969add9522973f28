//! CPU and memory of a task.

use serde_json::{Value, json};

use super::super::error::client;
use super::super::wire::{Members, text};
use crate::sandbox::service::AwsError;

/// What a task definition says at the task's level, in ECS's units.
pub struct Size {
    /// 1024 are one vCPU.
    pub cpu: Option<u64>,
    /// MiB.
    pub memory: Option<u64>,
}

const SEE: &str = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";

/// # Errors
/// `ClientException` for what is neither units nor `1 vCPU`, neither MiB nor `1 GB`.
pub fn of_task(input: &Value) -> Result<Size, AwsError> {
    let read = |member: &str, unit: &str| match text(input, member) {
        None => Ok(None),
        Some(given) => match units(given, unit) {
            Some(n) => Ok(Some(n)),
            None => Err(client(format!("Invalid '{member}' setting for task. {SEE}"))),
        },
    };
    let size = Size { cpu: read("cpu", "vcpu")?, memory: read("memory", "gb")? };
    // "Supported values are between 128 CPU units (0.125 vCPUs) and 196608 CPU units (192 vCPUs)."
    if size.cpu.is_some_and(|n| !(128..=196_608).contains(&n)) {
        return Err(client(format!("Invalid 'cpu' setting for task. {SEE}")));
    }
    Ok(size)
}

/// "String values are converted to an integer indicating the CPU units when the task definition is registered", and so for
/// memory.
pub fn in_units(definition: &mut Members) {
    for (member, unit) in [("cpu", "vcpu"), ("memory", "gb")] {
        if let Some(n) = definition.get(member).and_then(Value::as_str).and_then(|given| units(given, unit)) {
            definition.insert(member.to_owned(), json!(n.to_string()));
        }
    }
}

fn units(given: &str, unit: &str) -> Option<u64> {
    let given = given.trim().to_ascii_lowercase();
    match given.strip_suffix(unit) {
        None => given.parse().ok(),
        Some(number) => {
            let units = number.trim().parse::<f64>().ok()? * 1024.0;
            (units >= 1.0 && units.fract() == 0.0 && units < 1e9).then_some(units as u64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_come_to_the_same_units() {
        for (given, unit, n) in [("256", "vcpu", 256), ("1 vCPU", "vcpu", 1024), (".25 vcpu", "vcpu", 256)] {
            assert_eq!(units(given, unit), Some(n), "{given}");
        }
        for (given, unit, n) in [("512", "gb", 512), ("1GB", "gb", 1024), ("0.5 GB", "gb", 512)] {
            assert_eq!(units(given, unit), Some(n), "{given}");
        }
        for given in ["", "-1", "1 MB", "nan GB", "one", "0 GB", "1e300 GB"] {
            assert_eq!(units(given, "gb"), None, "{given}");
        }
    }
}
