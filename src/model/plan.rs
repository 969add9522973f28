//! What a stage would change: computed before anybody is asked, compared before anything is done.

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
    /// What the service runs now; for a one-off task, the last revision of its family. `None`: there is none.
    pub live: Option<String>,
    /// The hash of what would be registered.
    pub content: ContentHash,
    /// The image each named container would run, by digest.
    pub images: BTreeMap<String, String>,
    /// The containers that the file does not name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unnamed: BTreeMap<String, Unnamed>,
    /// Against `live`; values of the environment are shown only where the file says so.
    pub changes: Vec<Change>,
    /// What somebody other than kanmon changed in what runs, since kanmon's last revision of the family.
    pub drift: Vec<Change>,
    /// The service's desired count when it was read.
    pub desired: u32,
}

impl WorkloadPlan {
    /// Whether what would be registered is what runs.
    pub fn is_unchanged(&self) -> bool {
        self.live.is_some() && self.changes.is_empty()
    }
}

/// A container that the file does not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unnamed {
    /// The image that it would run: by digest, unless it is kept or in no registry of the file's accounts.
    pub image: String,
    pub gate: UnnamedGate,
}

/// What the stage's gate says of the image of a container that the file does not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnnamedGate {
    /// The file says `unnamed: keep`: nothing.
    Kept,
    /// Its scan is read first.
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

    /// The same, to be judged.
    pub fn unnamed_mut(&mut self) -> impl Iterator<Item = &mut Unnamed> {
        let workloads = self.services.values_mut().chain(self.tasks.values_mut());
        workloads.flat_map(|workload| workload.unnamed.values_mut())
    }

    /// Whether the gate has not answered yet for one of them.
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

/// One member of a task definition that would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// As in `containerDefinitions[web].image`.
    pub path: String,
    /// `None`: it is not there, or its value is not for showing.
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
