//! The seed's form.

use std::collections::BTreeMap;

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
    /// Which service answers at an address of the outside, by the host's name: `/_sandbox/at/HOST/…`.
    #[serde(default)]
    pub addresses: BTreeMap<String, Address>,
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
    /// A role of the account: the key is that of a session of this role with the user's name, as IAM Identity Center gives them to
    /// people. It has the role's policies.
    #[serde(default)]
    pub session_of: Option<String>,
    /// Policy documents as IAM has them.
    #[serde(default)]
    pub policies: Vec<Value>,
}

/// An access key. Examples, never anybody's own.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub id: String,
    pub secret: String,
    /// A session's key has one.
    #[serde(default)]
    pub token: Option<String>,
}

/// A service that answers at an address.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    pub account: AccountId,
    /// The seed's by default.
    pub region: Option<Region>,
    pub cluster: String,
    pub service: String,
    /// How it answers while the service runs.
    #[serde(default = "ok")]
    pub status: u16,
    /// By default, what runs there.
    pub body: Option<String>,
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

fn ok() -> u16 {
    200
}

fn an_hour() -> u32 {
    3_600
}

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}
