//! What a stage would change: computed before approval is requested, and compared before anything is changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::gate::GateJudgement;
use super::ids::{ContentHash, ServiceName, TaskName};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagePlan {
    pub services: BTreeMap<ServiceName, WorkloadPlan>,
    pub tasks: BTreeMap<TaskName, WorkloadPlan>,
}

/// A service's or task's next task definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadPlan {
    pub family: String,
    /// The revision that the service runs now; for a one-off task, the last revision of its family.
    pub live: Option<String>,
    /// The hash of what would be registered.
    pub content: ContentHash,
    /// The image each named container would run, by digest.
    pub images: BTreeMap<String, String>,
    /// The containers that the file does not name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unnamed: BTreeMap<String, Unnamed>,
    /// Compared with `live`. Environment values are included only where the file allows it.
    pub changes: Vec<Change>,
    /// What somebody else changed in the running revision after kanmon's last one of the family.
    pub drift: Vec<Change>,
    /// The service's desired count when it was read.
    pub desired: u32,
}

impl WorkloadPlan {
    /// Whether the running revision has the planned content already.
    pub fn is_unchanged(&self) -> bool {
        self.live.is_some() && self.changes.is_empty()
    }
}

/// A container that the file does not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unnamed {
    /// The image that it would run: by digest, unless it stays as it is or is in no registry of the file's accounts.
    pub image: String,
    pub gate: UnnamedGate,
}

/// The gate's judgement of the image of a container that the file does not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnnamedGate {
    /// Not judged: the file sets `unnamed: keep`.
    Kept,
    /// Not judged yet: its scan must be read first.
    Unjudged,
    Judged(GateJudgement),
}

impl UnnamedGate {
    pub fn judgement(&self) -> Option<&GateJudgement> {
        match self {
            UnnamedGate::Judged(judgement) => Some(judgement),
            UnnamedGate::Kept | UnnamedGate::Unjudged => None,
        }
    }
}

impl StagePlan {
    /// The containers that the file does not name, each with its workload's and its own name.
    pub fn unnamed(&self) -> impl Iterator<Item = (&str, &str, &Unnamed)> {
        let services = self.services.iter().map(|(name, workload)| (name.as_str(), workload));
        let tasks = self.tasks.iter().map(|(name, workload)| (name.as_str(), workload));
        let each = |(name, workload)| {
            let workload: &WorkloadPlan = workload;
            workload.unnamed.iter().map(move |(container, unnamed)| (name, container.as_str(), unnamed))
        };
        services.chain(tasks).flat_map(each)
    }

    /// The same, to be changed.
    pub fn unnamed_mut(&mut self) -> impl Iterator<Item = &mut Unnamed> {
        let workloads = self.services.values_mut().chain(self.tasks.values_mut());
        workloads.flat_map(|workload| workload.unnamed.values_mut())
    }

    /// Whether one of them is not judged yet.
    pub fn awaits_scans(&self) -> bool {
        self.unnamed().any(|(_, _, unnamed)| unnamed.gate == UnnamedGate::Unjudged)
    }

    /// Whether the gate passes for each of them.
    pub fn passes_unnamed(&self) -> bool {
        self.unnamed().all(|(_, _, unnamed)| match &unnamed.gate {
            UnnamedGate::Kept => true,
            UnnamedGate::Unjudged => false,
            UnnamedGate::Judged(judgement) => judgement.verdict.passes(),
        })
    }
}

/// A change of one member of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Such as `containerDefinitions[web].image`.
    pub path: String,
    /// `None`: it does not exist, or its value must not be shown.
    pub from: Option<String>,
    pub to: Option<String>,
    pub kind: ChangeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Added,
    Removed,
    Changed,
}
