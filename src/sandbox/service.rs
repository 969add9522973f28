//! The interface between the protocols and each service's model: one call in, one answer or AWS error out.

use jiff::Timestamp;
use serde_json::Value;

use crate::model::ids::{AccountId, Region};

/// An authenticated, authorised call as a service's model sees it. Pure: the time is a value.
pub struct Call<'a> {
    /// The operation's name in AWS's model, e.g. `UpdateService`.
    pub op: &'a str,
    /// The input members, as the service's model names them (JSON form for every protocol).
    pub input: &'a Value,
    /// The account and region that the call's credentials and signature scope name.
    pub account: &'a AccountId,
    pub region: &'a Region,
    /// The caller's ARN, as `sts:GetCallerIdentity` would show it.
    pub principal: &'a str,
    pub now: Timestamp,
}

/// An error as AWS sends it: code, HTTP status, message, and members of its own where the model has some.
#[derive(Debug, Clone, PartialEq)]
pub struct AwsError {
    pub code: String,
    pub status: u16,
    pub message: String,
    pub extra: serde_json::Map<String, Value>,
}

impl AwsError {
    /// A client's error (HTTP 400).
    pub fn new(code: &str, message: impl Into<String>) -> AwsError {
        AwsError { code: code.to_owned(), status: 400, message: message.into(), extra: serde_json::Map::new() }
    }
}

pub type Answer = Result<Value, AwsError>;

/// What a pull of an image by a task finds, asked by ECS of ECR.
#[derive(Debug, Clone, PartialEq)]
pub struct PulledImage {
    /// The digest that `containers[].imageDigest` shows (the platform child's where the reference was an index).
    pub digest: String,
    /// `config.Labels` of the image configuration; the labels `dev.kanmon.sandbox.*` steer how its container behaves.
    pub labels: std::collections::BTreeMap<String, String>,
}

/// What a task's host runs, in the words of image specifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunsOn {
    pub os: &'static str,
    pub architecture: &'static str,
}

impl RunsOn {
    /// By a task definition's `runtimePlatform`; Linux on x86 where it leaves that out, as Fargate takes it.
    pub fn of(runtime_platform: &Value) -> RunsOn {
        let text = |name: &str| runtime_platform.get(name).and_then(Value::as_str).unwrap_or_default();
        RunsOn {
            os: if text("operatingSystemFamily").starts_with("WINDOWS") { "windows" } else { "linux" },
            architecture: if text("cpuArchitecture") == "ARM64" { "arm64" } else { "amd64" },
        }
    }
}

/// Where tasks get their images from. The error is the text that follows `CannotPullContainerError: `.
pub trait ImageSource {
    fn pull(&self, account: &AccountId, region: &Region, reference: &str, on: &RunsOn) -> Result<PulledImage, String>;
}
