//! The resolved pipeline, which a release uses from its first event on. It has the hashes of files, not their contents, so that no
//! environment value is journaled.

mod references;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::approval::{ApprovalPolicy, ApprovalWay};
use super::arn;
use super::gate::GateRules;
use super::ids::{
    AccountId, AccountName, AppName, IdError, IdKind, ImageName, Region, ServiceName, StageName, TaskName,
};
use super::step::Step;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    pub version: u32,
    pub app: AppName,
    /// Where releases are recorded.
    #[serde(default)]
    pub state: State,
    pub accounts: BTreeMap<AccountName, Account>,
    pub images: BTreeMap<ImageName, ImageSpec>,
    pub services: BTreeMap<ServiceName, ServiceSpec>,
    pub tasks: BTreeMap<TaskName, TaskSpec>,
    /// In their order.
    pub stages: Vec<Stage>,
    /// The shortest time between two reads of a resource that is changing (ECS's states change within seconds).
    pub poll: SignedDuration,
}

/// Where releases are recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "store", rename_all = "lowercase")]
pub enum State {
    /// A file of this machine, in the repository's `.kanmon/`.
    #[default]
    Local,
    /// A table that many machines share.
    DynamoDb { account: AccountName, table: String },
}

impl std::str::FromStr for State {
    type Err = IdError;

    /// `local`, or `dynamodb://ACCOUNT/TABLE`.
    fn from_str(text: &str) -> Result<State, IdError> {
        // DynamoDB: 3 to 255 of these.
        let is_table = |t: &str| {
            (3..=255).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
        };
        let table = text.strip_prefix("dynamodb://").and_then(|rest| rest.split_once('/'));
        match table {
            None if text == "local" => Ok(State::Local),
            Some((account, table)) if is_table(table) => {
                Ok(State::DynamoDb { account: account.parse()?, table: table.to_owned() })
            }
            None | Some(_) => Err(IdError { expected: IdKind::StateLocation, found: text.to_owned() }),
        }
    }
}

/// An AWS account and region, and how to access it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Account {
    pub name: AccountName,
    pub id: AccountId,
    pub region: Region,
    /// The name or ARN of a role to assume; without one the current credentials must be the account's.
    pub role: Option<String>,
    pub external_id: Option<String>,
    #[serde(default)]
    pub assume: Assume,
    /// A named profile of the AWS configuration to start from.
    pub profile: Option<String>,
    /// Endpoints by service (`ecs`, `ecr`, …) or for all (`default`).
    pub endpoints: BTreeMap<String, String>,
}

/// When an account's role is assumed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assume {
    #[default]
    Always,
    /// Only with credentials of another account: a build in the account itself uses its own credentials.
    Outside,
}

/// A file of the repository: its path below the root, and the SHA-256 of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    pub path: String,
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageSpec {
    pub account: AccountName,
    pub repository: String,
    /// `os/arch`.
    pub platforms: Vec<String>,
    pub build: Build,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "builder", rename_all = "kebab-case")]
pub enum Build {
    /// From a Dockerfile, with the first tool found or the named one.
    Dockerfile {
        tool: Tool,
        /// `context` and `file`: below the repository's root.
        context: String,
        file: String,
        args: BTreeMap<String, String>,
        target: Option<String>,
    },
    /// Files put on a base image without a daemon.
    Layers(LayersSpec),
    /// Not built: the image is given with `--image`.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tool {
    Auto,
    Docker,
    Buildah,
    Podman,
    Finch,
}

/// An image of the `layers` builder: a base, files on it, and the image configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayersSpec {
    /// `scratch`, or a reference (with a digest, for a reproducible result).
    pub base: String,
    /// From paths below the repository's root to absolute paths in the image, in the order of layers.
    pub files: Vec<LayerFiles>,
    pub entrypoint: Option<Vec<String>>,
    pub cmd: Option<Vec<String>>,
    pub env: BTreeMap<String, String>,
    pub user: Option<String>,
    pub workdir: Option<String>,
    pub ports: Vec<String>,
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerFiles {
    pub from: String,
    pub to: String,
}

/// Where a task definition comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum TaskDefinitionSource {
    /// What the service runs now.
    Live,
    /// A template of the repository, rendered with the stage's values.
    Template(FileRef),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSpec {
    pub taskdef: TaskDefinitionSource,
    /// Which image each named container runs.
    pub containers: BTreeMap<String, ImageName>,
    #[serde(flatten)]
    pub sheet: Sheet,
}

/// What an approver sees of a task definition, and what happens to containers that the file does not name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    #[serde(default, skip_serializing_if = "UnnamedContainers::is_default")]
    pub unnamed: UnnamedContainers,
    /// Environment variables whose values may be shown, in whatever container.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub show: BTreeSet<String>,
}

/// What happens to containers that the file does not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnnamedContainers {
    /// Their image is pinned to its digest and judged by the gate like the others.
    #[default]
    Digest,
    /// They stay as in the task definition, and the approver sees that.
    Keep,
}

impl UnnamedContainers {
    fn is_default(&self) -> bool {
        *self == UnnamedContainers::default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSpec {
    pub taskdef: FileRef,
    pub containers: BTreeMap<String, ImageName>,
    #[serde(flatten)]
    pub sheet: Sheet,
    /// The service whose network and launch configuration the task runs with.
    pub network_of: ServiceName,
    /// The container whose exit code decides.
    pub container: String,
    pub command: Vec<String>,
    pub timeout: SignedDuration,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    pub name: StageName,
    pub account: AccountName,
    pub cluster: String,
    /// ECS's names of the services, where they differ from the file's.
    pub service_names: BTreeMap<ServiceName, String>,
    pub values: Option<FileRef>,
    pub images: Transfer,
    pub gate: GateRules,
    pub approval: Option<ApprovalPolicy>,
    pub steps: Vec<Step>,
    /// How long each rollout may take, deregistration delay included.
    pub deadline: SignedDuration,
    pub on_failure: OnFailure,
}

/// How a stage in another account than the image's gets the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transfer {
    /// Tasks pull from the image's own account, by its repository policy.
    Pull,
    /// kanmon copies it into the stage's account, where it is scanned again.
    Copy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    Rollback,
    Stop,
}

impl Pipeline {
    pub fn stage(&self, name: &StageName) -> Option<&Stage> {
        self.stages.iter().find(|s| &s.name == name)
    }

    pub fn account(&self, name: &AccountName) -> &Account {
        self.accounts.get(name).expect("references are checked where a file is resolved and where a record is folded")
    }

    /// The name of an account's role, where this ARN is a session of it. Everybody who enters the account through the role has such a
    /// session and chooses its name, so it does not identify a person.
    pub fn shared_role(&self, principal: &str) -> Option<&str> {
        let (prefix, _) = arn::split(principal)?;
        let (role, _) = arn::session(principal)?;
        self.accounts.values().find_map(|account| {
            // STS omits a role's path, and IAM does not allow two names that differ only in case.
            let own = account.role.as_deref().map(arn::last)?;
            let of_account = prefix.rsplit_once(':').is_some_and(|(_, id)| id == account.id.as_str());
            (of_account && own.eq_ignore_ascii_case(role)).then_some(own)
        })
    }

    pub fn image(&self, name: &ImageName) -> &ImageSpec {
        self.images.get(name).expect("references are checked where a file is resolved and where a record is folded")
    }

    pub fn service(&self, name: &ServiceName) -> &ServiceSpec {
        self.services.get(name).expect("references are checked where a file is resolved and where a record is folded")
    }

    pub fn task(&self, name: &TaskName) -> &TaskSpec {
        self.tasks.get(name).expect("references are checked where a file is resolved and where a record is folded")
    }

    /// The account whose copy of an image a stage's tasks pull.
    pub fn image_account(&self, stage: &Stage, image: &ImageName) -> &Account {
        match stage.images {
            Transfer::Copy => self.account(&stage.account),
            Transfer::Pull => self.account(&self.image(image).account),
        }
    }

    /// The accounts of a stage: its own, those of its images and of its approval, and those whose credentials its checks get.
    pub fn accounts_of<'a>(&'a self, stage: &'a Stage) -> BTreeSet<&'a Account> {
        let images = stage.images_used(self).into_iter().map(|image| &self.image(image).account);
        let approval = stage.approval.iter().filter_map(|policy| match &policy.way {
            ApprovalWay::CodePipeline { account, .. } => Some(account),
            ApprovalWay::Kanmon => None,
        });
        let checks = stage.steps.iter().filter_map(Step::account);
        let names = [&stage.account].into_iter().chain(images).chain(approval).chain(checks);
        names.map(|name| self.account(name)).collect()
    }

    /// The images that the stages up to and including this one need.
    pub fn images_until(&self, until: &StageName) -> BTreeSet<&ImageName> {
        self.stages_until(until).iter().flat_map(|s| s.images_used(self)).collect()
    }

    /// The stages up to and including this one; all stages where it does not exist.
    pub fn stages_until(&self, until: &StageName) -> &[Stage] {
        let end = self.stages.iter().position(|s| s.name == *until).map_or(self.stages.len(), |i| i + 1);
        &self.stages[..end]
    }

    /// The stages after this one; none where it does not exist.
    pub fn stages_after(&self, until: &StageName) -> &[Stage] {
        &self.stages[self.stages_until(until).len()..]
    }
}

impl Stage {
    /// ECS's name of a service.
    pub fn service_name<'a>(&'a self, service: &'a ServiceName) -> &'a str {
        self.service_names.get(service).map_or(service.as_str(), String::as_str)
    }

    /// The services that its steps roll, in their order.
    pub fn services(&self) -> impl Iterator<Item = &ServiceName> {
        self.steps.iter().flat_map(Step::services)
    }

    /// The one-off tasks that its steps run, in their order.
    pub fn tasks(&self) -> impl Iterator<Item = &TaskName> {
        self.steps.iter().filter_map(Step::task)
    }

    /// The images that its services and tasks run.
    pub fn images_used<'a>(&'a self, pipeline: &'a Pipeline) -> BTreeSet<&'a ImageName> {
        let services = self.services().flat_map(|s| pipeline.service(s).containers.values());
        let tasks = self.tasks().flat_map(|t| pipeline.task(t).containers.values());
        services.chain(tasks).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::model::release::samples;

    #[test]
    fn a_session_of_a_role_that_the_file_names_is_known_by_account_and_role() {
        let mut pipeline = samples::pipeline();
        let account = pipeline.accounts.values_mut().next().unwrap();
        let id = account.id.clone();
        let session = |id: &str, rest: &str| format!("arn:aws:sts::{id}:assumed-role/{rest}");
        for role in ["kanmon-deploy", "team/kanmon-deploy", "arn:aws:iam::012345678901:role/team/kanmon-deploy"] {
            pipeline.accounts.values_mut().next().unwrap().role = Some(role.to_owned());
            let of = |principal: &str| pipeline.shared_role(principal);
            assert_eq!(of(&session(id.as_str(), "kanmon-deploy/ann")), Some("kanmon-deploy"), "{role}");
            assert_eq!(of(&session("999999999999", "kanmon-deploy/ann")), None, "another account's");
            assert_eq!(of(&session(id.as_str(), "kanmon-deploy-2/ann")), None);
            assert_eq!(of(&format!("arn:aws:iam::{id}:user/kanmon-deploy")), None);
        }
        pipeline.accounts.values_mut().next().unwrap().role = None;
        assert_eq!(pipeline.shared_role(&session(id.as_str(), "kanmon-deploy/ann")), None);
    }

    #[test]
    fn the_stages_are_those_until_and_those_after_one() {
        let pipeline = samples::pipeline();
        for (until, after) in [("dev", 1), ("prod", 0), ("moon", 0)] {
            let until = until.parse().unwrap();
            let (before, rest) = (pipeline.stages_until(&until), pipeline.stages_after(&until));
            assert_eq!((rest.len(), before.len() + rest.len()), (after, 2));
        }
    }
}
