//! Faults of local files and folders: the pipeline's, and those of images.

use serde::{Deserialize, Serialize};

/// What is found in place of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Oddity {
    Folder,
    Fifo,
    Socket,
    Device,
    /// A link; where it points, if that can be read.
    BrokenLink {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    CircularLink {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    Unreadable,
}

/// The purpose of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    BuildContext,
    Dockerfile,
    /// `from` of an image's files.
    ImageFiles,
}

/// What could not be done with one of kanmon's temporary files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    Make,
    Link,
    Read,
    Write,
    /// A builder did not write it.
    Expect,
}

/// Why a `.dockerignore` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum IgnoreFileUnusable {
    Unreadable,
    NotAFile,
    TooLarge,
    NotText,
    /// `line` counts from 1.
    Pattern {
        line: u64,
        pattern: String,
    },
}

problems! {
    /// What is wrong with a file.
    File => FileProblem {
        NoPipelineFolder { folder: String, within: String } = "no-pipeline-folder", NotFound;
        NoPipelineFile { path: String, siblings: Vec<String> } = "no-such-pipeline-file", NotFound;
        NoneInFolder { folder: String } = "no-pipeline-file", NotFound;
        SeveralPipelineFiles { folder: String, files: Vec<String> } = "several-pipeline-files", Invalid;
        /// A folder was named as the pipeline file.
        PipelineFolderNamed { path: String, files: Vec<String> } = "folder-named-as-pipeline-file", Invalid;
        NotAPipelineFile { path: String, oddity: Oddity } = "not-a-pipeline-file", Invalid;
        Unreadable { path: String } = "file-unreadable", Invalid;
        /// The repository's root.
        NoRoot { path: String } = "repository-unreadable", NotFound;
        /// A template or its values changed since the release was started.
        Changed { path: String, was: String, is: String } = "file-changed", Changed;
        Gone { path: String } = "file-gone", Changed;
        Missing { role: Role, path: String, looked_in: String } = "file-missing", Invalid;
        Outside { role: Role, path: String } = "path-outside-repository", Invalid;
        /// A build context is a folder, a Dockerfile a file.
        ContextOrFileUnfit { context: String, file: String } = "build-context-unfit", Invalid;
        IgnoreFileUnusable { unusable: IgnoreFileUnusable } = "dockerignore-unusable", Invalid;
        Excluded { path: String } = "files-excluded", Invalid;
        NeverPacked { path: String, never: Vec<String> } = "files-never-packed", Invalid;
        Empty { path: String } = "files-empty", Invalid;
        LinkLeaves { path: String, target: String } = "link-leaves-folder", Invalid;
        /// In a layer, a file of this name deletes files of the layers below.
        Whiteout { path: String } = "file-name-deletes", Invalid;
        NotPackable { path: String } = "file-not-packable", Invalid;
        ChangedWhileRead { path: String } = "file-changed-while-read", Changed;
        /// A folder for temporary files.
        NoTemporaryFolder { parent: String } = "no-temporary-folder", BuildFailed;
        Unusable { path: String, cannot: Use } = "own-file-unusable", BuildFailed;
    }
}
