//! The facts of a release. The journal is their list; everything else is folded from it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::approval::{ApprovalAnswer, ApprovalRequest, Identity, Requester};
use super::approval_reason::{AnswerReason, ApprovalMismatch, ExpiryReason, VoidReason};
use super::effect::{Effect, StepRef, Workload};
use super::ending::Ending;
use super::fact_kind;
use super::fault::Fault;
use super::finding::ScanReading;
use super::gate::GateJudgement;
use super::git_problem::GitProblem;
use super::ids::{AccountName, ContentHash, Digest, ImageName, ReleaseId, StageName};
use super::pipeline::Pipeline;
use super::plan::StagePlan;
use super::reason::Reason;
use super::scan_subject::ScanSubject;
use super::step::StepFact;
use super::warning::Warning;

/// The version of the event's form, as journaled and as printed. A newer major is opened read-only.
pub const EVENT_VERSION: u32 = 2;

/// A fact with its number in the release's journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub v: u32,
    /// From 1, without gaps.
    pub seq: u64,
    pub at: Timestamp,
    pub release: ReleaseId,
    #[serde(flatten)]
    pub fact: Fact,
}

/// The commit that a release's images were built from; all unknown where none was built.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub commit: Option<String>,
    /// The first line of its message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    pub branch: Option<String>,
    pub author: Option<String>,
    /// Whether the working tree had uncommitted changes.
    pub dirty: bool,
    /// Why the commit is unknown although there is a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<GitProblem>,
    /// Who named the commit.
    #[serde(default, skip_serializing_if = "SourceNamedBy::is_git")]
    pub named_by: SourceNamedBy,
}

/// Who named the commit of a release's source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceNamedBy {
    /// git, from the repository of the working tree.
    #[default]
    Git,
    /// CodeBuild, for sources without a repository. Nothing compared the files with the commit.
    CodeBuild,
}

impl SourceNamedBy {
    fn is_git(&self) -> bool {
        match self {
            SourceNamedBy::Git => true,
            SourceNamedBy::CodeBuild => false,
        }
    }
}

/// A release's first fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    pub pipeline: Pipeline,
    /// The version of kanmon that started it.
    pub kanmon: String,
    pub requested_by: Requester,
    pub source: Source,
    /// The last stage to reach.
    pub until: StageName,
    /// References given with `--image`.
    pub given: std::collections::BTreeMap<ImageName, String>,
    /// Why it may enter a stage where the same images failed before (`--force --comment`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forced: Option<String>,
    /// Why approval is requested although the same images were rejected (`--again --comment`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<String>,
}

/// An image in a registry, as the registry reported it after a push, a copy or a look-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedImage {
    /// The repository's URI, from ECR's answer.
    pub repository: String,
    pub digest: Digest,
    /// When it was pushed, by the registry's clock; scans must be later.
    pub pushed_at: Timestamp,
    /// What is attached to the source image (signatures, referrers) and was not copied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_copied: Vec<NotCopied>,
}

/// Why something that is attached to an image was not copied with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum NotCopied {
    /// More manifests refer to this one than are copied with one image.
    TooManyTogether {
        subject: Digest,
        limit: usize,
    },
    /// `left` of the `all` manifests that refer to this one were not copied.
    TooMany {
        subject: Digest,
        left: usize,
        all: usize,
    },
    /// A runtime could run this manifest, and no gate judges it. `name`: a tag or a digest.
    Runnable {
        name: String,
        manifest: Digest,
    },
    TooLarge {
        name: String,
        bytes: u64,
    },
    /// A registry refused it.
    Refused {
        fault: Fault,
    },
}

/// Where an image of a release comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ImageOrigin {
    /// Built from the release's own source. `by`: the builder used.
    Built { by: String },
    /// The same, found in the registry by the release's tag: the answer to the push was lost.
    FoundByTag,
    /// An image that exists already, given with `--image`.
    Given {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commit: Option<ImageCommit>,
    },
}

/// The commit that a given image was built from, and where that is known from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageCommit {
    pub commit: String,
    pub source: CommitSource,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommitSource {
    /// The image's own label `org.opencontainers.image.revision`.
    Label,
    /// The record of the release that built it.
    Release(ReleaseId),
}

/// A tag of a release's image that names another image now. This does not change what is deployed, because images are deployed by digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedTag {
    pub image: ImageName,
    /// `REPOSITORY:TAG`.
    pub tag: String,
    /// What it names now; `None`: the tag is gone.
    pub names: Option<Digest>,
}

/// Why a stage failed, and whether it is rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageFailure {
    pub reason: Reason,
    /// Whether what this release changed in the stage is put back.
    pub roll_back: bool,
}

/// In JSON, a step's position is called `place`, because the event's own `at` is in the same object. A step's facts are written like the
/// others, each with its own kind; `Deserialize` below reads them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "kind", rename_all = "kebab-case")]
pub enum Fact {
    Started(Box<Started>),
    /// The release is extended to a later stage.
    Extended {
        until: StageName,
        requested_by: Requester,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        forced: Option<String>,
        /// Why approval is requested again after a rejection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<String>,
    },
    /// Another process continues where an earlier one stopped.
    Resumed {
        by: Requester,
        kanmon: String,
    },
    /// Another process takes it up to abort it. Who aborts a release is not a requester.
    TakenUpToAbort {
        by: Identity,
        kanmon: String,
    },
    /// Something that a person should know but that changes nothing.
    Warned {
        warning: Warning,
    },
    Intended {
        effect: Effect,
        attempt: u32,
    },
    EffectFailed {
        effect: Effect,
        fault: Fault,
    },
    /// Read and found not to have happened.
    EffectAbsent {
        effect: Effect,
    },
    /// It is unknown whether it happened; a person has to look.
    EffectUnknown {
        effect: Effect,
        fault: Fault,
    },
    Surveyed {
        until: StageName,
    },
    ImageBuilt {
        image: ImageName,
        #[serde(flatten)]
        pushed: PushedImage,
        origin: ImageOrigin,
    },
    ImageCopied {
        image: ImageName,
        account: AccountName,
        #[serde(flatten)]
        pushed: PushedImage,
    },
    /// A reading that differs from the last, or repeats it for the first time.
    ScanObserved {
        image: ScanSubject,
        account: AccountName,
        reading: ScanReading,
        /// Consecutive identical readings, a settling interval apart; counted up to what the gate needs.
        readings: u32,
    },
    GateJudged {
        stage: StageName,
        judgement: GateJudgement,
    },
    StagePlanned {
        stage: StageName,
        plan: StagePlan,
    },
    ApprovalRequested {
        stage: StageName,
        request: ApprovalRequest,
    },
    /// An answer that does not count, and why. `closes`: the request cannot be answered again.
    ApprovalRefused {
        answer: ApprovalAnswer,
        reason: AnswerReason,
        closes: bool,
    },
    ApprovalGiven {
        answer: ApprovalAnswer,
    },
    ApprovalRejected {
        answer: ApprovalAnswer,
        /// The images of the release: approval for another release of the same images needs a reason.
        images: BTreeMap<ImageName, Digest>,
    },
    ApprovalWithdrawn {
        stage: StageName,
        by: Identity,
        comment: String,
    },
    ApprovalExpired {
        stage: StageName,
        /// Why nobody can decide any more, other than that the time is over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<ExpiryReason>,
    },
    /// The plan is no longer the approved one; approval is requested again.
    ApprovalVoided {
        stage: StageName,
        reason: VoidReason,
    },
    /// The recorded approval was compared with CodePipeline. `mismatch`: how they differ, if they do.
    ApprovalCompared {
        stage: StageName,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mismatch: Option<ApprovalMismatch>,
    },
    StageLocked {
        stage: StageName,
        fence: u64,
    },
    /// Images that failed in the stage with the release `over` enter it again, because somebody forced it.
    Forced {
        stage: StageName,
        over: ReleaseId,
        reason: String,
    },
    StageEntered {
        stage: StageName,
    },
    TaskDefinitionRegistered {
        #[serde(rename = "place")]
        at: StepRef,
        workload: Workload,
        arn: String,
        content: ContentHash,
        /// Whether a revision with this content existed already.
        reused: bool,
    },
    StageFailed {
        stage: StageName,
        failure: StageFailure,
    },
    /// Images that failed together and were rolled back; they enter again only by force.
    ImagesFailed {
        stage: StageName,
        images: BTreeMap<ImageName, Digest>,
        reason: Reason,
    },
    /// kanmon froze the stage, because it runs what nobody wanted.
    StageFrozen {
        stage: StageName,
    },
    /// The stage's services still have the release's task definitions.
    StageConfirmed {
        stage: StageName,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        moved: Vec<MovedTag>,
    },
    StageLeft {
        stage: StageName,
        /// The images that were proven to run there: they no longer count as failed or rejected.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        images: BTreeMap<ImageName, Digest>,
    },
    /// Somebody broke the lease of the process that worked on the release.
    LockBroken {
        by: Identity,
        held_by: String,
        reason: String,
    },
    /// A message of the inbox was read. The fact that follows from it is next; if there is none, the message was too late or about
    /// something that does not exist.
    Absorbed {
        message: u64,
    },
    AbortRequested {
        by: Identity,
        reason: String,
        roll_back: bool,
    },
    /// This process stops here; the release can be resumed.
    Suspended {
        #[serde(flatten)]
        ending: Ending,
    },
    Finished {
        #[serde(flatten)]
        ending: Ending,
    },
    /// What became known of a stage's step.
    #[serde(skip)]
    Step {
        at: StepRef,
        fact: StepFact,
    },
}

impl Fact {
    /// The stage whose lease this fact releases.
    pub fn frees(&self) -> Option<&StageName> {
        if let Fact::StageLeft { stage, .. }
        | Fact::ApprovalVoided { stage, .. }
        | Fact::ApprovalWithdrawn { stage, .. } = self
        {
            return Some(stage);
        }
        None
    }

    /// Whether a fact of this kind is known, as its payload names it.
    pub fn is_kind(kind: &str) -> bool {
        StepFact::is_kind(kind) || fact_kind::is_known(kind, Fact::deserialize)
    }

    /// What became known of a step.
    pub fn step(at: &StepRef, fact: impl Into<StepFact>) -> Fact {
        Fact::Step { at: at.clone(), fact: fact.into() }
    }
}

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Placed<'f> {
            place: &'f StepRef,
            #[serde(flatten)]
            fact: &'f StepFact,
        }
        if let Fact::Step { at: place, fact } = self {
            return Placed { place, fact }.serialize(serializer);
        }
        Fact::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Fact {
    /// By its kind: a kind that no step has is one of the release's own, or unknown.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fact, D::Error> {
        #[derive(Deserialize)]
        struct Placed {
            place: StepRef,
        }
        let value = Value::deserialize(deserializer)?;
        let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
        match StepFact::read(kind, &value) {
            Some(fact) => {
                let fact = fact.map_err(D::Error::custom)?;
                let Placed { place: at } = Placed::deserialize(&value).map_err(D::Error::custom)?;
                Ok(Fact::Step { at, fact })
            }
            None => Fact::deserialize(value).map_err(D::Error::custom),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
