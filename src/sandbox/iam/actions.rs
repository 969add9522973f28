//! What each operation needs: actions and resources, as AWS's Service Authorization Reference lists them.

use serde_json::Value;

use super::Context;
use crate::model::ids::{AccountId, Region};
use crate::sandbox::operations::{CodePipelineOperation, EcrOperation, EcsOperation};
use crate::sandbox::wire::Service;

/// One permission that a call needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    pub action: String,
    pub resource: String,
    pub context: Context,
}

impl Need {
    fn new(action: String, resource: String) -> Need {
        Need { action, resource, context: Context::new() }
    }
}

/// The permissions that an operation needs of its caller. STS's are not here: a trust policy decides, in `sts`.
pub fn needed(service: Service, op: &str, input: &Value, account: &AccountId, region: &Region) -> Vec<Need> {
    let at = Scope { account, region, input };
    let (prefix, resources) = match service {
        Service::Sts => return Vec::new(),
        Service::Ecr => ("ecr", at.ecr(op)),
        Service::Inspector2 => ("inspector2", vec!["*".to_owned()]),
        Service::CodePipeline => {
            ("codepipeline", CodePipelineOperation::named(op).map(|op| at.codepipeline(op)).into_iter().collect())
        }
        Service::Ecs => ("ecs", EcsOperation::named(op).map(|op| at.ecs(op)).unwrap_or_default()),
    };
    let resources = if resources.is_empty() { vec!["*".to_owned()] } else { resources };
    let mut needs: Vec<Need> = resources.into_iter().map(|r| Need::new(format!("{prefix}:{op}"), r)).collect();
    if service == Service::Ecs {
        let mut own = Context::new().with("ecs:cluster", at.cluster_arn());
        for (key, value) in at.ecs_keys(op) {
            own.add(key, value);
        }
        needs.extend(at.tagged(op));
        for need in &mut needs {
            need.context = std::mem::take(&mut need.context).and(&own);
        }
        needs.extend(at.passed_roles());
    }
    let tags = at.request_tags();
    for need in needs.iter_mut().filter(|n| n.action != "iam:PassRole") {
        for (key, value) in &tags {
            need.context.add(&format!("aws:RequestTag/{key}"), value);
            need.context.add("aws:TagKeys", key);
        }
    }
    for need in &mut needs {
        need.context.add("aws:RequestedRegion", region.as_str());
    }
    needs
}

/// The ARN of an ECR repository, in the registry that the input names or the caller's own.
pub fn repository_arn(account: &AccountId, region: &Region, name: &str) -> String {
    format!("arn:aws:ecr:{region}:{account}:repository/{name}")
}

struct Scope<'a> {
    account: &'a AccountId,
    region: &'a Region,
    input: &'a Value,
}

impl Scope<'_> {
    fn text(&self, member: &str) -> Option<&str> {
        self.input.get(member).and_then(Value::as_str)
    }

    fn texts(&self, member: &str) -> Vec<&str> {
        let list = self.input.get(member).and_then(Value::as_array);
        list.map(|l| l.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    }

    fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{rest}", self.region, self.account)
    }

    /// The text if it is an ARN already, else the ARN of what it names.
    fn arn_of(&self, given: &str, rest: impl FnOnce(&str) -> String) -> String {
        if given.starts_with("arn:") { given.to_owned() } else { self.arn("ecs", &rest(given)) }
    }

    fn ecr(&self, op: &str) -> Vec<String> {
        let registry = self.text("registryId").and_then(|id| id.parse().ok()).unwrap_or_else(|| self.account.clone());
        let mut names = self.texts("repositoryNames");
        names.extend(self.text("repositoryName"));
        if names.is_empty() && EcrOperation::named(op) == Some(EcrOperation::DescribeRepositories) {
            // All of a registry's, which may be another account's.
            names.push("*");
        }
        names.into_iter().map(|n| repository_arn(&registry, self.region, n)).collect()
    }

    fn codepipeline(&self, op: CodePipelineOperation) -> String {
        use CodePipelineOperation::*;
        let name = match op {
            GetPipeline | GetPipelineState | StartPipelineExecution => self.text("name"),
            GetPipelineExecution
            | ListActionExecutions
            | ListPipelineExecutions
            | PutApprovalResult
            | RetryStageExecution
            | StopPipelineExecution => self.text("pipelineName"),
            ListPipelines => None,
        };
        match (op, name) {
            (PutApprovalResult, Some(name)) => {
                let (stage, action) = (self.text("stageName").unwrap_or("*"), self.text("actionName").unwrap_or("*"));
                self.arn("codepipeline", &format!("{name}/{stage}/{action}"))
            }
            (_, Some(name)) => self.arn("codepipeline", name),
            (_, None) => "*".to_owned(),
        }
    }

    /// The cluster's name: ECS takes names and ARNs, and `default` where none is given.
    fn cluster(&self) -> &str {
        let given = self.text("cluster").unwrap_or("default");
        given.rsplit_once("cluster/").map_or(given, |(_, name)| name)
    }

    fn cluster_arn(&self) -> String {
        self.arn("ecs", &format!("cluster/{}", self.cluster()))
    }

    fn ecs(&self, op: EcsOperation) -> Vec<String> {
        use EcsOperation::*;
        let cluster = self.cluster();
        let service = |s: &str| self.arn_of(s, |s| format!("service/{cluster}/{s}"));
        let task = |s: &str| self.arn_of(s, |s| format!("task/{cluster}/{s}"));
        let all = |member: &str| self.texts(member).into_iter().map(str::to_owned).collect::<Vec<_>>();
        match op {
            CreateCluster => {
                vec![self.arn("ecs", &format!("cluster/{}", self.text("clusterName").unwrap_or("default")))]
            }
            DescribeClusters => {
                self.texts("clusters").into_iter().map(|c| self.arn_of(c, |c| format!("cluster/{c}"))).collect()
            }
            CreateService => self.text("serviceName").into_iter().map(service).collect(),
            UpdateService | DeleteService | ListServiceDeployments => {
                self.text("service").into_iter().map(service).collect()
            }
            DescribeServices => self.texts("services").into_iter().map(service).collect(),
            DescribeServiceDeployments => all("serviceDeploymentArns"),
            DescribeServiceRevisions => all("serviceRevisionArns"),
            StopServiceDeployment | ContinueServiceDeployment => {
                self.text("serviceDeploymentArn").into_iter().map(str::to_owned).collect()
            }
            DescribeTasks => self.texts("tasks").into_iter().map(task).collect(),
            StopTask => self.text("task").into_iter().map(task).collect(),
            RunTask => {
                let definition = |t: &str| {
                    let any = if t.contains(':') { t.to_owned() } else { format!("{t}:*") };
                    format!("task-definition/{any}")
                };
                self.text("taskDefinition").into_iter().map(|t| self.arn_of(t, definition)).collect()
            }
            RegisterTaskDefinition => {
                self.text("family").into_iter().map(|f| self.arn("ecs", &format!("task-definition/{f}:*"))).collect()
            }
            TagResource | UntagResource | ListTagsForResource => {
                self.text("resourceArn").into_iter().map(str::to_owned).collect()
            }
            // These have no resource of their own.
            DeregisterTaskDefinition
            | DescribeTaskDefinition
            | ListClusters
            | ListServices
            | ListTaskDefinitions
            | ListTasks => Vec::new(),
        }
    }

    /// ECS's own condition keys beyond `ecs:cluster`: what the request names.
    fn ecs_keys(&self, op: &str) -> Vec<(&'static str, String)> {
        let cluster = self.cluster();
        let mut keys = Vec::new();
        if let ("CreateService" | "UpdateService" | "RunTask", Some(named)) = (op, self.text("taskDefinition")) {
            keys.push(("ecs:task-definition", self.arn_of(named, |t| format!("task-definition/{t}"))));
        }
        let service = match self.text("serviceDeploymentArn") {
            // `…:service-deployment/CLUSTER/SERVICE/ID`.
            Some(arn) => arn.rsplit('/').nth(1).map(|name| (arn.rsplit('/').nth(2).unwrap_or(cluster), name)),
            None => self.text("service").or_else(|| self.text("serviceName")).map(|name| (cluster, name)),
        };
        if let Some((cluster, name)) = service {
            keys.push(("ecs:service", self.arn_of(name, |s| format!("service/{cluster}/{s}"))));
        }
        if let Some(on) = self.input.get("enableExecuteCommand").and_then(Value::as_bool) {
            keys.push(("ecs:enable-execute-command", on.to_string()));
        }
        keys
    }

    /// Tags given at a resource's creation need `ecs:TagResource` too (ECS's *tagging authorization*).
    fn tagged(&self, op: &str) -> Option<Need> {
        let creates = ["CreateCluster", "CreateService", "RegisterTaskDefinition", "RunTask"].contains(&op);
        if !creates || self.request_tags().is_empty() {
            return None;
        }
        // Its tasks do not exist yet.
        let resource = match op {
            "RunTask" => self.arn("ecs", &format!("task/{}/*", self.cluster())),
            _ => self.ecs(EcsOperation::named(op)?).into_iter().next()?,
        };
        let mut need = Need::new("ecs:TagResource".to_owned(), resource);
        need.context.add("ecs:CreateAction", op);
        Some(need)
    }

    /// The request's tags, which services spell with either case.
    fn request_tags(&self) -> Vec<(String, String)> {
        let part = |tag: &Value, names: [&str; 2]| names.iter().find_map(|n| Some(tag.get(*n)?.as_str()?.to_owned()));
        let list = self.input.get("tags").and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|t| Some((part(t, ["key", "Key"])?, part(t, ["value", "Value"]).unwrap_or_default()))).collect()
    }

    /// Roles given to ECS's tasks, and those with which ECS itself moves traffic and calls hooks, need `iam:PassRole`.
    fn passed_roles(&self) -> Vec<Need> {
        let overrides = self.input.get("overrides").unwrap_or(&Value::Null);
        let list = |pointer: &str| self.input.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        let mut roles: Vec<(&str, &str)> = Vec::new();
        for holder in [self.input, overrides] {
            let given = ["taskRoleArn", "executionRoleArn"].iter().filter_map(|m| holder.get(*m)?.as_str());
            roles.extend(given.map(|role| (role, "ecs-tasks.amazonaws.com")));
        }
        let balancers = list("/loadBalancers").filter_map(|b| b.pointer("/advancedConfiguration/roleArn")?.as_str());
        let hooks = list("/deploymentConfiguration/lifecycleHooks").filter_map(|h| h.get("roleArn")?.as_str());
        roles.extend(balancers.chain(hooks).map(|role| (role, "ecs.amazonaws.com")));
        let need = |(role, service): (&str, &str)| {
            let arn =
                if role.starts_with("arn:") { role.to_owned() } else { super::directory::role_arn(self.account, role) };
            let mut need = Need::new("iam:PassRole".to_owned(), arn);
            need.context.add("iam:PassedToService", service);
            need
        };
        roles.into_iter().map(need).collect()
    }
}
