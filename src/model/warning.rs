//! What a person should know about a release, although it changes nothing.

use serde::{Deserialize, Serialize};

use super::approval_reason::WithdrawalRefusal;
use super::fault::Fault;
use super::ids::{ImageName, ReleaseId, StageName};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Warning {
    /// A withdrawal of an approval does not count. `by`: the ARN of who sent it.
    WithdrawalRefused { stage: StageName, by: String, refusal: WithdrawalRefusal },
    /// An abort came after everything was done. `by`: the ARN of who sent it.
    AbortTooLate { by: String },
    /// Something about the build of an image.
    Build { image: ImageName, noticed: BuildNotice },
    /// The label of a given image with its commit could not be read.
    LabelUnread { image: ImageName, fault: Fault },
    /// Files changed during the build, so the image may hold more than the commit.
    SourceChanged { image: ImageName, commit: String },
    /// An execution still waits for an answer that no longer counts, because it could not be stopped.
    ExecutionWaits { execution: String, pipeline: String, fault: Fault },
    /// An execution continues after an approval that no longer counts, because it could not be stopped.
    ExecutionGoesOn { execution: String, pipeline: String, fault: Fault },
    /// An execution has succeeded after an approval with which nothing was deployed.
    ExecutionSucceeded { execution: String, pipeline: String, stage: StageName },
    /// A stage on the way could not be read.
    StageUnread { stage: StageName, fault: Fault },
    /// A newer release has entered a stage on the way.
    StageHasNewer { stage: StageName, newer: ReleaseId },
}

/// What a person should know about how an image was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum BuildNotice {
    /// Files go into the image whose names often hold secrets.
    SecretNames { files: Vec<String> },
    /// `.dockerignore` files that do not count, because they are not in the repository's root.
    DockerignoreUnused { files: Vec<String> },
}
