//! How far the build or the copy of an image is. It is shown while it happens, and never recorded.

use super::ids::Digest;

/// A step of a build or a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A line of the builder's own output, with secrets masked.
    Output { line: String },
    /// A builder starts on a Dockerfile; `program`: its path.
    Building { file: String, builder: String, program: String },
    /// docker's classic builder would copy kanmon's state folder into the build context.
    StateInBuildContext,
    /// The base is named by a tag, which names this digest now.
    BaseNamedByTag { reference: String, digest: Digest },
    /// A layer of the base is not in its registry (OCI image-spec, "non-distributable layers").
    BaseLayerElsewhere { layer: Digest },
    /// A layer of the base is read for its folders; `size` in bytes.
    ReadingBaseLayer { layer: Digest, size: u64 },
    /// What does not go into the image, by paths in the repository.
    LeftOut { files: Vec<String> },
    /// What goes into the image with an unusual mode.
    UnusualModes { files: Vec<UnusualMode> },
    /// A layer was made of files; `size` in bytes.
    LayerPacked { layer: Digest, size: u64, from: String, to: String },
    /// A layer is in the target's repository; `size` in bytes.
    LayerDone { layer: Digest, size: u64, how: Arrival },
    /// A manifest is copied, the `number`th of `all`, with what it names.
    CopyingManifest { manifest: Digest, number: usize, all: usize },
    /// The image does not need to be copied.
    AlreadyCopied { image: Digest, repository: String },
    /// Something that is attached to the image was copied.
    AttachedCopied { attached: Attached },
}

/// How a layer came into a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It was there before.
    AlreadyThere,
    /// From another repository of the same registry, without its bytes being sent.
    Mounted,
    Copied,
    Pushed,
}

/// A file or folder with a mode that is neither 644 nor 755, or with file capabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusualMode {
    pub name: String,
    pub mode: u32,
    pub capabilities: bool,
}

/// A signature, an attestation or a bill of materials, by its tag if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attached {
    Tag(String),
    Digest(Digest),
}
