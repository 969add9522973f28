//! Why a severity gate does not pass.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{AccountName, Digest};
use super::scan_subject::ScanSubject;
use super::severity::Severity;

/// One thing that keeps a gate from passing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum GateReason {
    /// No image is there to be judged.
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
    /// One of the clocks is wrong.
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
    /// The image is in no repository that is scanned. `account`: where it would have to be; `None`: in one of the file's accounts.
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
    /// The scanner's own word.
    Status { status: String },
    /// The last scan is older than the push.
    BeforePush { status: String },
    /// The scanner is willing, and has not scanned yet.
    NeverScanned { status: String },
    /// Basic scanning has no scan that counts. `asked`: another one was asked for.
    NoneThatCounts { last: LastScan, asked: AskedScan },
    /// The scanner does not take the request now, in its own words.
    NotTaken { said: String },
    /// Of one of several manifests.
    Manifest { digest: Digest, waits: Box<ScanWait> },
}

/// The last basic scan of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum LastScan {
    None,
    /// ECR does not say when it was made.
    Untimed,
    TooOld {
        scanned_at: Timestamp,
    },
}

/// What came of asking for another basic scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskedScan {
    No,
    Started,
    /// Another one was started before.
    StartedBefore,
}

/// Why there will be no scan of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ScanBlock {
    /// The scanner's own word, and its description where it gives one.
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

/// What leaves open which files an image would run, so that no scan answers for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Unclear {
    /// An index that names no image which a runtime could run.
    NothingRunnable { index: Digest },
    /// An index of indexes, deeper than is followed.
    TooDeep { deepest: usize },
    /// It names more manifests than are followed.
    TooMany { most: usize },
    /// A manifest that is fetched from another address.
    ManifestElsewhere { manifest: Digest },
    /// A child of an index with a media type that is not known.
    UnknownManifest { manifest: Digest, media_type: String },
    /// Its size or media type is not what its index says.
    NotAsNamed { manifest: Digest },
    /// It says that nothing runs it, and is not an attestation.
    NoPlatform { manifest: Digest },
    /// It does not say which platform it is for.
    PlatformUnnamed { manifest: Digest },
    /// A layer or configuration that is fetched from another address.
    PartElsewhere { manifest: Digest, part: Digest },
    /// A layer or configuration with a media type that is not known.
    UnknownPart { manifest: Digest, media_type: String },
}
