//! AWS resources that are missing, or not set up as a release needs them.

use serde::{Deserialize, Serialize};

use crate::model::aws::ecs::ServiceDeploymentStatus;
use crate::model::ids::{AccountId, AccountName, Region};

/// A resource that is looked up by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Cluster,
    Service,
    Repository,
    TaskDefinition,
    Pipeline,
}

/// An account with its id and region, and a cluster in it where the thing is in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Within {
    pub account: AccountName,
    pub id: AccountId,
    pub region: Region,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
}

/// What exists in place of a missing resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instead {
    /// It could not be listed.
    Unknown,
    /// Nothing of its kind.
    Nothing,
    /// The nearest name.
    Nearest(String),
}

problems! {
    /// What is wrong with a thing in AWS.
    Aws => AwsProblem {
        Missing { kind: Kind, name: String, within: Within, instead: Instead } = "not-found", NotFound;
        /// It may have been created just now.
        ListedAndMissing { kind: Kind, name: String, within: Within } = "listed-and-not-found", Unreachable;
        ScanFrequencyManual { account: AccountName, repository: String } = "scan-frequency-manual", Invalid;
        /// AWS's status; `None`: it gives none.
        InspectorOff {
            account: AccountName,
            region: Region,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            status: Option<String>,
        } = "inspector-off", Invalid;
        /// The image disappeared while its scan was read; AWS's text names it.
        ImageGone { account: AccountName, repository: String } = "scanned-image-missing", NotFound;
        ScanTypeUnknown { account: AccountName, scan_type: String } = "scan-type-unknown", Invalid;
        /// A deployment with this status cannot be stopped.
        StopRefused { deployment: String, status: ServiceDeploymentStatus } = "stop-refused", Invalid;
        TaskNotStarted { task_definition: String } = "task-not-started", Invalid;
        TableMissing {
            table: String,
            within: Within,
        } = "state-table-missing", NotFound;
        TableUnfit { table: String, account: AccountName, region: Region } = "state-table-unfit", Invalid;
        TableBusy { table: String } = "state-table-busy", Throttled;
        RecordContended = "record-contended", Throttled;
    }
}
