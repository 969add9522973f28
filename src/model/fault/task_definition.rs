//! Faults of task definitions that cannot be rendered, registered or run.

use crate::model::effect::Workload;
use crate::model::ids::{AccountName, ImageName, StageName};
use crate::model::platform::Platform;

/// An image that is not for the platform.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherPlatformImage {
    /// An image of the file, by its name.
    Name(ImageName),
    /// That of a container that the file does not name, by its repository with the registry's host.
    Repository(String),
}

problems! {
    /// What is wrong with a task definition. `workload`: what it is for, in its stage.
    TaskDefinition => TaskDefinitionProblem {
        NotAnObject = "task-definition-not-an-object", Invalid;
        NoContainers = "task-definition-without-containers", Invalid;
        NoFamily = "task-definition-without-family", Invalid;
        NoContainer {
            stage: StageName,
            workload: Workload,
            container: String,
            there: Vec<String>,
        } = "no-such-container", NotFound;
        ContainerUnnamed = "container-without-name", Invalid;
        ContainerTwice { container: String } = "container-twice", Invalid;
        /// `from`: the revision or template that has them; kanmon adds one more.
        TooManyTags {
            stage: StageName,
            workload: Workload,
            from: String,
            others: u64,
            most: u64,
            ours: String,
        } = "too-many-tags", Invalid;
        NotAsPlanned { stage: StageName, workload: Workload } = "task-definition-changed", Changed;
        Unplanned { container: String } = "container-not-planned", Changed;
        OtherPlatform {
            stage: StageName,
            workload: Workload,
            wanted: Platform,
            image: OtherPlatformImage,
            offered: Vec<Platform>,
        } = "platform-differs", Invalid;
        /// Its image is in no repository of the file's accounts, or not in the account that the stage copies its images into.
        Unscannable {
            stage: StageName,
            workload: Workload,
            container: String,
            image: String,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            into: Option<AccountName>,
        } = "container-not-scannable", Invalid;
        /// `said` is the error of the template engine or the JSON parser; `line` of the file, where it is known.
        Template {
            path: String,
            stage: StageName,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            line: Option<u64>,
        } = "template-invalid", Invalid;
    }
}
