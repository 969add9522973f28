//! What each network mode does not allow.

use serde_json::Value;

use super::super::error::client;
use super::super::wire::{list, text};
use crate::sandbox::service::AwsError;

/// Members of a container that `awsvpc` does not allow, and AWS's names for them.
const NOT_IN_AWSVPC: [(&str, &str); 6] = [
    ("links", "Links are"),
    ("extraHosts", "ExtraHosts are"),
    ("hostname", "Hostname is"),
    ("dnsServers", "DNS servers are"),
    ("dnsSearchDomains", "DNS search domains are"),
    ("disableNetworking", "Disable Networking is"),
];

pub fn check(input: &Value) -> Result<(), AwsError> {
    let mode = text(input, "networkMode").unwrap_or("bridge");
    for container in list(input, "containerDefinitions") {
        let ports = list(container, "portMappings");
        if mode == "none" && !ports.is_empty() {
            return Err(client("Port mappings are not supported when networkMode=none."));
        }
        // A host port of 0 asks for one that is free.
        let host = |p: &Value| p.get("hostPort").filter(|h| **h != 0).cloned();
        let differs = |p: &Value| host(p).is_some_and(|h| Some(&h) != p.get("containerPort"));
        if (mode == "awsvpc" || mode == "host") && ports.iter().any(differs) {
            return Err(client(format!(
                "When networkMode={mode}, the host ports and container ports in port mappings must match."
            )));
        }
        for (member, called) in NOT_IN_AWSVPC {
            let given = match container.get(member) {
                None | Some(Value::Null | Value::Bool(false)) => false,
                Some(Value::Array(all)) => !all.is_empty(),
                Some(_) => true,
            };
            if given && mode == "awsvpc" {
                let on = if ["links", "extraHosts"].contains(&member) { "" } else { " on container" };
                return Err(client(format!("{called} not supported{on} when networkMode=awsvpc.")));
            }
        }
    }
    Ok(())
}
