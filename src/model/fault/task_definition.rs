//! Faults of task definitions that cannot be rendered, registered or run.

use crate::model::ids::{AccountName, StageName};
use crate::model::platform::Platform;

problems! {
    /// What is wrong with a task definition. `place` is `STAGE/NAME`.
    TaskDefinition => TaskDefinitionProblem {
        NotAnObject = "task-definition-not-an-object", Invalid;
        NoContainers = "task-definition-without-containers", Invalid;
        NoFamily = "task-definition-without-family", Invalid;
        NoContainer {
            #[serde(default, skip_serializing_if = "Option::is_none")]
            place: Option<String>,
            container: String,
            there: Vec<String>,
        } = "no-such-container", NotFound;
        ContainerUnnamed = "container-without-name", Invalid;
        ContainerTwice { container: String } = "container-twice", Invalid;
        /// `from`: the revision or template that has them; kanmon adds one more.
        TooManyTags { place: String, from: String, others: u64, most: u64, ours: String } = "too-many-tags", Invalid;
        NotAsPlanned { place: String } = "task-definition-changed", Changed;
        Unplanned { container: String } = "container-not-planned", Changed;
        OtherPlatform { place: String, wanted: Platform, image: String, offered: Vec<Platform> } = "platform-differs", Invalid;
        /// Its image is in no repository of the file's accounts, or not in the account that the stage copies its images into.
        Unscannable {
            place: String,
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
