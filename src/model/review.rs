//! What an approver has to know before they decide about a plan.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::approval::ApprovalRequest;
use super::check_result::CheckResult;
use super::commits::{Commits, CommitsUnknown};
use super::finding::Finding;
use super::freeze::Frozen;
use super::ids::{ImageName, ReleaseId, ServiceName, StageName, TaskName};
use super::ledger::Rejected;
use super::pipeline::Stage;
use super::refusal::OtherVersion;
use super::release::Release;
use super::stage_state::Shown;
use super::verdict::Verdict;

/// A request for approval, with what is recorded about it.
pub struct Review<'r> {
    pub release: &'r Release,
    pub stage: &'r Stage,
    pub request: &'r ApprovalRequest,
    /// The plan and the judgement that the request's hash was computed of. `None`: the record does not contain them, so somebody has changed it.
    pub shown: Option<&'r Shown>,
    /// What each service of the plan runs now.
    pub runs: BTreeMap<&'r ServiceName, Origin>,
    /// The release that all of them run, where it is one.
    pub replaces: Option<Running<'r>>,
    pub commits: Result<Commits, CommitsUnknown>,
    pub findings: Result<FindingChanges, FindingsUnknown>,
    pub doubts: Vec<SourceDoubt>,
    pub going_back: GoingBack,
    /// The stages before this one, in their order.
    pub earlier: Vec<EarlierStage<'r>>,
    pub frozen: Option<&'r Frozen>,
    /// Rejections of the same images in other releases.
    pub rejected: Vec<&'r Rejected>,
    /// The other version of kanmon that started the release, which may compute hashes in another way.
    pub started_by: Option<OtherVersion>,
}

/// Where the running revision of a service comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The service runs nothing yet.
    Nothing,
    /// A release brought it.
    Release(ReleaseId),
    /// None of the stage's last releases brought it. The ARN of the task definition.
    Unknown(String),
}

/// The release that runs.
#[derive(Debug, Clone, Copy)]
pub struct Running<'r> {
    pub release: &'r Release,
    /// When it had passed the stage, or had entered it where it never passed.
    pub since: Option<Timestamp>,
    pub passed: bool,
}

/// Findings that an image would bring or remove.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingChanges {
    /// Worst first.
    pub new: Vec<Finding>,
    pub gone: Vec<Finding>,
    /// The images of which one of the two readings is missing or has no result.
    pub unknown: BTreeSet<String>,
    /// When the oldest reading of what runs was made: later findings are in both.
    pub then: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingsUnknown {
    /// It is unknown which release runs.
    NothingToCompare,
}

/// Why it is not known what an image was built from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceDoubt {
    /// The working tree had uncommitted changes.
    Uncommitted,
    /// Files changed while the image was built.
    ChangedDuringBuild {
        image: ImageName,
    },
    NoCommit {
        image: ImageName,
    },
}

/// What happens if the stage fails after it was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoingBack {
    /// Whether the services are rolled back by themselves.
    pub automatic: bool,
    /// One-off tasks, in their order. What they change stays as it is.
    pub tasks: Vec<TaskName>,
    /// Services that run nothing now, so there is nothing to go back to.
    pub new_services: Vec<ServiceName>,
}

/// A stage before the one that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierStage<'r> {
    pub name: &'r StageName,
    /// When the release had passed it; `None`: it has not.
    pub passed_at: Option<Timestamp>,
    /// Another release that has entered it since.
    pub replaced_by: Option<ReleaseId>,
    /// Its checks, in their order; `None`: not judged.
    pub checks: Vec<Option<(Verdict, &'r CheckResult)>>,
    /// Its one-off tasks with their exit codes.
    pub tasks: Vec<(&'r TaskName, Option<i32>)>,
}
