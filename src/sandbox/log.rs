//! What was called: each call that was understood, with its answer's code and no secrets.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// A call that was seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Counts from 1.
    pub seq: u64,
    pub at: Timestamp,
    /// The service's signing name; `registry` for the registry protocol.
    pub service: String,
    pub operation: String,
    /// Whose credentials they were; absent where nobody's.
    pub account: Option<String>,
    pub principal: Option<String>,
    pub status: u16,
    /// The error's code; `OK` without one.
    pub code: String,
    pub input: Value,
    /// The fault that it met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<super::faults::Kind>,
}

/// Members whose values are never shown.
const SECRET: &[&str] =
    &["token", "nextToken", "imageManifest", "TokenCode", "policyText", "Policy", "WebIdentityToken"];

/// The input with what is secret or long replaced: credentials, and environment values of task definitions.
pub fn without_secrets(input: &Value) -> Value {
    match input {
        Value::Object(map) => {
            let environment = |k: &str, v: &Value| k == "environment" && v.is_array();
            let member = |(k, v): (&String, &Value)| {
                let shown = if SECRET.contains(&k.as_str()) {
                    Value::from("…")
                } else if environment(k, v) {
                    names_only(v)
                } else {
                    without_secrets(v)
                };
                (k.clone(), shown)
            };
            Value::Object(map.iter().map(member).collect())
        }
        Value::Array(list) => list.iter().map(without_secrets).collect(),
        other => other.clone(),
    }
}

fn names_only(environment: &Value) -> Value {
    let name = |e: &Value| serde_json::json!({"name": e.get("name").cloned().unwrap_or_default(), "value": "…"});
    environment.as_array().map(|list| list.iter().map(name).collect()).unwrap_or_default()
}
