//! Why a severity gate does not pass.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{AccountName, Digest};
use super::scan_subject::ScanSubject;
use super::severity::Severity;

/// A reason why a gate does not pass.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum GateReason {
    /// There is no image to judge.
    NothingToJudge,
    /// More findings of a severity than the file allows.
    OverLimit {
        severity: Severity,
        count: u32,
        limit: u32,
    },
    /// `again_from`: ECR makes no other scan before this time.
    ScanTooOld {
        image: ScanSubject,
        account: AccountName,
        scanned_at: Timestamp,
        max_age: SignedDuration,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again_from: Option<Timestamp>,
    },
    /// The scan's time is in the future: a clock is wrong.
    ScanInFuture {
        image: ScanSubject,
        account: AccountName,
        scanned_at: Timestamp,
    },
    ScanTimedOut {
        image: ScanSubject,
        account: AccountName,
        timeout: SignedDuration,
        waits: ScanWait,
    },
    NotScannable {
        image: ScanSubject,
        account: AccountName,
        block: ScanBlock,
    },
    /// The image is not in a scanned repository. `account`: the account where it must be; `None`: any of the file's accounts.
    NoRepository {
        image: String,
        account: Option<AccountName>,
    },
    /// Of a container that the file does not name.
    Container {
        workload: String,
        container: String,
        reason: Box<GateReason>,
    },
}

/// Why a scan has no result yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ScanWait {
    /// Inspector does not list the image yet.
    NotListed,
    /// The scanner gives no status yet.
    NoStatus,
    /// The scanner's status.
    Status { status: String },
    /// The last scan is older than the push.
    BeforePush { status: String },
    /// The scanner supports the image, but has not scanned it yet.
    NeverScanned { status: String },
    /// Basic scanning has no usable scan. `requested`: whether another one was requested.
    NoneThatCounts { last: LastScan, requested: ScanRequest },
    /// The scanner refuses the request for now. `said`: its own words.
    NotTaken { said: String },
    /// Of one of several manifests.
    Manifest { digest: Digest, waits: Box<ScanWait> },
}

/// The last basic scan of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum LastScan {
    None,
    /// ECR does not report its time.
    Untimed,
    TooOld {
        scanned_at: Timestamp,
    },
}

/// Whether another basic scan was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScanRequest {
    No,
    Started,
    /// Another one was started before.
    StartedBefore,
}

/// Why there will be no scan of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ScanBlock {
    /// The scanner's status, and its description where it gives one.
    Status {
        status: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
    },
    /// The image has no manifest that could be scanned.
    NoManifest,
    /// It is unknown what would run.
    Unclear { unclear: Unclear },
    /// Of one of several manifests.
    Manifest { digest: Digest, block: Box<ScanBlock> },
}

/// Why it is unclear what an image would run, so that no scan covers it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Unclear {
    /// An index without an image that a runtime could run.
    NothingRunnable { index: Digest },
    /// Indexes nested deeper than kanmon reads.
    TooDeep { deepest: usize },
    /// It has more manifests than kanmon reads.
    TooMany { most: usize },
    /// A manifest that is fetched from another address.
    ManifestElsewhere { manifest: Digest },
    /// A child of an index with a media type that is not known.
    UnknownManifest { manifest: Digest, media_type: String },
    /// Its size or media type differs from its index.
    NotAsNamed { manifest: Digest },
    /// Its platform is `unknown`, but it is not an attestation.
    NoPlatform { manifest: Digest },
    /// It does not name its platform.
    PlatformUnnamed { manifest: Digest },
    /// A layer or configuration that is fetched from another address.
    PartElsewhere { manifest: Digest, part: Digest },
    /// A layer or configuration with a media type that is not known.
    UnknownPart { manifest: Digest, media_type: String },
}
