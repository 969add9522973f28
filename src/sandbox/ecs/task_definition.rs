//! Task definitions: validated and completed as RegisterTaskDefinition does, kept as raw JSON so that no member is lost.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::arn::Home;
use super::defaults;
use super::refusals;
use super::wire::{Members, epoch, list, list_of, text};
use crate::sandbox::service::AwsError;

/// One revision of a family.
#[derive(Debug, Clone)]
pub struct TaskDefinition {
    pub arn: String,
    pub family: String,
    pub revision: u64,
    pub active: bool,
    /// The `TaskDefinition` structure as DescribeTaskDefinition answers it, without `status`.
    body: Members,
    pub tags: Vec<Value>,
}

/// What a task needs to know of one container.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerSpec {
    pub name: String,
    pub image: String,
    pub essential: bool,
    pub health_check: bool,
    /// The `containerPort`s of its port mappings.
    pub ports: Vec<u64>,
}

impl TaskDefinition {
    /// The next revision from the input of RegisterTaskDefinition, or AWS's error.
    pub fn register(
        home: &Home,
        revision: u64,
        input: &Value,
        by: &str,
        now: Timestamp,
    ) -> Result<TaskDefinition, AwsError> {
        refusals::check(input)?;
        let family = text(input, "family").unwrap_or_default().to_owned();
        let arn = home.task_definition(&family, revision);
        let mut body = input.as_object().cloned().unwrap_or_default();
        let tags = match body.remove("tags") {
            Some(Value::Array(tags)) => tags,
            _ => Vec::new(),
        };
        refusals::in_units(&mut body);
        let network_mode = text(input, "networkMode").map(str::to_owned);
        defaults::fill_in(&mut body);
        body.insert("taskDefinitionArn".into(), json!(arn));
        body.insert("revision".into(), json!(revision));
        body.insert("requiresAttributes".into(), requires(input));
        body.insert("compatibilities".into(), compatible(network_mode.as_deref(), input));
        body.insert("registeredAt".into(), epoch(now));
        body.insert("registeredBy".into(), json!(by));
        Ok(TaskDefinition { arn, family, revision, active: true, body, tags })
    }

    /// The `TaskDefinition` structure.
    pub fn view(&self) -> Value {
        let mut body = self.body.clone();
        body.insert("status".into(), json!(if self.active { "ACTIVE" } else { "INACTIVE" }));
        Value::Object(body)
    }

    pub fn deregister(&mut self, now: Timestamp) {
        if self.active {
            self.active = false;
            self.body.insert("deregisteredAt".into(), epoch(now));
        }
    }

    /// A member of the definition itself, such as `cpu`.
    pub fn member(&self, name: &str) -> Value {
        self.body.get(name).cloned().unwrap_or(Value::Null)
    }

    pub fn uses_awsvpc(&self) -> bool {
        self.body.get("networkMode").and_then(Value::as_str) == Some("awsvpc")
    }

    /// Whether its `compatibilities` have the launch type.
    pub fn is_compatible(&self, launch_type: &str) -> bool {
        list_of(&self.body, "compatibilities").iter().any(|c| c == launch_type)
    }

    pub fn containers(&self) -> Vec<ContainerSpec> {
        let Some(Value::Array(containers)) = self.body.get("containerDefinitions") else {
            return Vec::new();
        };
        containers
            .iter()
            .map(|c| ContainerSpec {
                name: text(c, "name").unwrap_or_default().to_owned(),
                image: text(c, "image").unwrap_or_default().to_owned(),
                essential: c.get("essential").and_then(Value::as_bool).unwrap_or(true),
                health_check: c.get("healthCheck").is_some_and(Value::is_object),
                ports: list(c, "portMappings").iter().filter_map(|p| p.get("containerPort")?.as_u64()).collect(),
            })
            .collect()
    }
}

fn requires(input: &Value) -> Value {
    let mut names = Vec::new();
    if text(input, "networkMode") == Some("awsvpc") {
        names.push("ecs.capability.task-eni");
    }
    if text(input, "taskRoleArn").is_some() {
        names.push("com.amazonaws.ecs.capability.task-iam-role");
    }
    if text(input, "executionRoleArn").is_some() {
        names.push("com.amazonaws.ecs.capability.ecr-auth");
    }
    Value::Array(names.into_iter().map(|n| json!({ "name": n })).collect())
}

fn compatible(network_mode: Option<&str>, input: &Value) -> Value {
    let fargate = network_mode == Some("awsvpc") && text(input, "cpu").is_some() && text(input, "memory").is_some();
    if fargate { json!(["EC2", "FARGATE"]) } else { json!(["EC2"]) }
}
