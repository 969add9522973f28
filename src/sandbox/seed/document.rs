//! The seed's form.

use serde::Deserialize;
use serde_json::Value;

use crate::model::ids::{AccountId, Region};
use crate::sandbox::inspector::behaviour::Behaviour;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    pub version: u32,
    /// The region of whatever names none.
    pub region: Region,
    pub accounts: Vec<Account>,
    /// Whether calls are throttled beyond AWS's published quotas.
    #[serde(default = "yes")]
    pub quotas: bool,
    /// What scans do and find.
    #[serde(default)]
    pub inspector: Vec<Behaviour>,
    /// Clusters, task definitions and services, in the form that the ECS model reads.
    #[serde(default)]
    pub ecs: Value,
    /// Pipelines, in the form that the CodePipeline model reads.
    #[serde(default)]
    pub codepipeline: Value,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub id: AccountId,
    /// For people.
    pub name: String,
    #[serde(default)]
    pub users: Vec<User>,
    #[serde(default)]
    pub roles: Vec<Role>,
    #[serde(default)]
    pub registry: Registry,
    #[serde(default)]
    pub repositories: Vec<Repository>,
    /// Whether Inspector is on.
    #[serde(default = "yes")]
    pub inspector: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub name: String,
    pub key: Key,
    /// Policy documents as IAM has them.
    #[serde(default)]
    pub policies: Vec<Value>,
}

/// A long-lived access key. Examples, never anybody's own.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub id: String,
    pub secret: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub name: String,
    /// The trust policy's document.
    pub trust: Value,
    #[serde(default)]
    pub policies: Vec<Value>,
    /// MaxSessionDuration, in seconds.
    #[serde(default = "an_hour")]
    pub max_session: u32,
}

/// A registry's scanning configuration and policy.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// ENHANCED or BASIC.
    pub scan: String,
    /// CONTINUOUS_SCAN, SCAN_ON_PUSH or MANUAL, for repositories that match one of the filters.
    pub frequency: String,
    #[serde(default = "everything")]
    pub filters: Vec<String>,
    /// The registry policy's document: what other accounts may replicate into it.
    #[serde(default)]
    pub policy: Option<Value>,
}

impl Default for Registry {
    fn default() -> Registry {
        Registry {
            scan: "ENHANCED".to_owned(),
            frequency: "CONTINUOUS_SCAN".to_owned(),
            filters: everything(),
            policy: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    pub name: String,
    pub region: Option<Region>,
    #[serde(default)]
    pub immutable: bool,
    #[serde(default)]
    pub scan_on_push: bool,
    /// The repository policy's document.
    pub policy: Option<Value>,
}

fn yes() -> bool {
    true
}

fn an_hour() -> u32 {
    3_600
}

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}
