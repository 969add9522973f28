//! Task definitions: validated and completed as RegisterTaskDefinition does, kept as raw JSON so that no member is lost.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::arn::Home;
use super::error::{client, invalid};
use super::wire::{Members, epoch, list, text};
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
}

/// Lists that AWS answers empty where a container definition leaves them out.
const CONTAINER_LISTS: [&str; 5] = ["portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"];

impl TaskDefinition {
    /// The next revision from the input of RegisterTaskDefinition, or what AWS has against it.
    pub fn register(
        home: &Home,
        revision: u64,
        input: &Value,
        by: &str,
        now: Timestamp,
    ) -> Result<TaskDefinition, AwsError> {
        validate(input)?;
        let family = text(input, "family").unwrap_or_default().to_owned();
        let arn = home.task_definition(&family, revision);
        let mut body = input.as_object().cloned().unwrap_or_default();
        let tags = match body.remove("tags") {
            Some(Value::Array(tags)) => tags,
            _ => Vec::new(),
        };
        let network_mode = text(input, "networkMode").map(str::to_owned);
        if let Some(Value::Array(containers)) = body.get_mut("containerDefinitions") {
            for container in containers.iter_mut().filter_map(Value::as_object_mut) {
                complete(container, network_mode.as_deref());
            }
        }
        for absent in ["volumes", "placementConstraints"] {
            body.entry(absent).or_insert_with(|| json!([]));
        }
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
            })
            .collect()
    }
}

fn complete(container: &mut Members, network_mode: Option<&str>) {
    container.entry("cpu").or_insert_with(|| json!(0));
    container.entry("essential").or_insert_with(|| json!(true));
    for absent in CONTAINER_LISTS {
        container.entry(absent).or_insert_with(|| json!([]));
    }
    if let Some(Value::Array(ports)) = container.get_mut("portMappings") {
        for port in ports.iter_mut().filter_map(Value::as_object_mut) {
            port.entry("protocol").or_insert_with(|| json!("tcp"));
            let inside = port.get("containerPort").cloned();
            if let (Some("awsvpc" | "host"), Some(inside)) = (network_mode, inside) {
                port.entry("hostPort").or_insert(inside);
            }
        }
    }
    if let Some(Value::Object(check)) = container.get_mut("healthCheck") {
        for (member, default) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            check.entry(member).or_insert_with(|| json!(default));
        }
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

fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn validate(input: &Value) -> Result<(), AwsError> {
    let Some(family) = text(input, "family") else {
        return Err(client("Family should not be null or blank."));
    };
    if !is_name(family) {
        return Err(client("Family contains invalid characters."));
    }
    let containers = list(input, "containerDefinitions");
    if containers.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    let task_memory = text(input, "memory").is_some();
    let mut names: Vec<&str> = Vec::new();
    let mut essential = false;
    for container in containers {
        let name = text(container, "name").ok_or_else(|| client("Container.name should not be null or empty."))?;
        if !is_name(name) {
            return Err(client("Container.name contains invalid characters."));
        }
        if names.contains(&name) {
            return Err(client(format!("Container names must be unique within a task definition: {name}.")));
        }
        names.push(name);
        if text(container, "image").is_none() {
            return Err(client("Container.image should not be null or empty."));
        }
        let memory = container.get("memory").is_some() || container.get("memoryReservation").is_some();
        if !task_memory && !memory {
            return Err(client(format!(
                "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be specified."
            )));
        }
        essential |= container.get("essential").and_then(Value::as_bool).unwrap_or(true);
    }
    if !essential {
        return Err(client("At least one container in a task must be marked essential."));
    }
    for mode in text(input, "networkMode").into_iter() {
        if !["bridge", "host", "awsvpc", "none"].contains(&mode) {
            return Err(client(format!("Unrecognised network mode: {mode}.")));
        }
    }
    if list(input, "requiresCompatibilities").iter().any(|c| c == "FARGATE") {
        validate_fargate(input)?;
    }
    tags(input)
}

fn validate_fargate(input: &Value) -> Result<(), AwsError> {
    if text(input, "networkMode") != Some("awsvpc") {
        return Err(client("Fargate only supports network mode ‘awsvpc’."));
    }
    if text(input, "cpu").is_none() || text(input, "memory").is_none() {
        return Err(client("Fargate requires that 'cpu' be defined at the task level."));
    }
    let number = |member| text(input, member).and_then(|t| t.parse::<u32>().ok());
    // Units such as `1 vCPU` are accepted without a look at the pair, since they are converted before the check.
    let (Some(cpu), Some(memory)) = (number("cpu"), number("memory")) else {
        return Ok(());
    };
    let fits = match cpu {
        256 => [512, 1024, 2048].contains(&memory),
        512 => (1024..=4096).contains(&memory) && memory % 1024 == 0,
        1024 => (2048..=8192).contains(&memory) && memory % 1024 == 0,
        2048 => (4096..=16384).contains(&memory) && memory % 1024 == 0,
        4096 => (8192..=30720).contains(&memory) && memory % 1024 == 0,
        8192 => (16384..=61440).contains(&memory) && memory % 4096 == 0,
        16384 => (32768..=122_880).contains(&memory) && memory % 8192 == 0,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(client(format!(
        "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation \
         for the valid values."
    )))
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
