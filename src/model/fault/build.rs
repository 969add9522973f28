//! Images that cannot be built.

use serde::{Deserialize, Serialize};

use super::Fault;
use crate::model::ids::{Digest, ImageName, ReleaseId, StageName};
use crate::model::platform::{NotAPlatform, Platform};

/// What a builder was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doing {
    Build,
    Push,
}

/// A builder that was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedFor {
    pub name: String,
    #[serde(flatten)]
    pub trouble: BuilderTrouble,
}

/// Why a builder is not usable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "trouble", rename_all = "kebab-case")]
pub enum BuilderTrouble {
    NotInPath,
    /// Its daemon does not answer. `said`: the program's own error, if any.
    NoDaemon {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
    },
    DaemonTooSlow {
        seconds: u64,
    },
}

/// A setting of an image that the `layers` builder makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    Platform,
    Port,
    VariableName,
    WorkingDirectory,
    /// `to` of files.
    PlaceInImage,
    /// The environment variable.
    SourceDateEpoch,
}

/// Why the layer of a base cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayerFlaw {
    NotTar,
    /// A part of a layer that begins with zstd frames is none.
    NotZstd,
    /// The names of its files need more memory than kanmon uses for them.
    TooManyFiles,
    PaxRecordsUnreadable,
    /// More bytes than an extended header may have.
    ExtendedHeaderTooLarge {
        limit: u64,
    },
}

/// Why an image cannot be built on a base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum BaseUnfit {
    /// It is for one platform, and another is wanted.
    OtherPlatform {
        has: Platform,
        wanted: Platform,
    },
    NoSuchPlatform {
        wanted: Platform,
        offered: Vec<Platform>,
    },
    IndexInIndex,
    /// Its index names a manifest that is not there.
    PartMissing {
        digest: Digest,
    },
    LayersMiscounted {
        layers: u64,
        named: u64,
    },
    ConfigurationUnreadable,
    ConfigurationNotAnObject,
    /// `flaw`: where it is not what the system says.
    LayerUnreadable {
        digest: Digest,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flaw: Option<LayerFlaw>,
    },
}

/// A working tree: its commit, where it is known, and whether it has changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dirty: bool,
}

problems! {
    /// What is wrong with a build.
    Build => BuildProblem {
        NoBuilder { looked_for: Vec<LookedFor>, path: String } = "no-builder", ToolMissing;
        BuildxMissing { platforms: Vec<String> } = "buildx-missing", ToolMissing;
        NotRunnable { program: String } = "builder-not-runnable", ToolMissing;
        /// The exit status as the system describes it.
        Failed { program: String, doing: Doing, status: String } = "build-failed", BuildFailed;
        PushDenied { program: String, status: String } = "push-not-allowed", AccessDenied;
        TooLong { program: String, hours: u64 } = "build-too-long", BuildFailed;
        NeverBuilt = "image-never-built-here", Invalid;
        /// The release was built from another source than this working tree.
        OtherSource { image: ImageName, release: ReleaseId, was: Tree, is: Tree } = "source-differs", NotFound;
        /// The release was started with given images only; `given`: `NAME=REPOSITORY@DIGEST`.
        NoSource { image: ImageName, release: ReleaseId, started_until: StageName, until: StageName, given: Vec<String> }
            = "release-without-source", NotFound;
        BaseUnfit { reference: String, why: BaseUnfit } = "base-image-unfit", Invalid;
        InvalidSetting { setting: Setting, value: String } = "image-setting-invalid", Invalid;
        PlatformsRepeated = "platforms-missing-or-repeated", Invalid;
        Empty = "image-empty", Invalid;
        FileAsRoot { from: String } = "file-as-root", Invalid;
        FolderBecomesFile { path: String, to: String } = "folder-becomes-file", Invalid;
        TooManyLinks { path: String } = "too-many-links-in-base", Invalid;
    }
}

impl From<NotAPlatform> for Fault {
    fn from(NotAPlatform(value): NotAPlatform) -> Fault {
        BuildProblem::InvalidSetting { setting: Setting::Platform, value }.into()
    }
}
