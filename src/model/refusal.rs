//! Why a command is refused before it changes anything, as data. `report` writes the words.

use jiff::Timestamp;

use super::approval::ApprovalPolicy;
use super::approval_reason::{AnswerReason, Settled, UnknownRequester};
use super::aws::codepipeline::ExecutionStatus;
use super::ending::Ending;
use super::exit_code::ExitCode;
use super::fault::Fault;
use super::ids::{AccountName, ImageName, PlanHash, ReleaseId, ServiceName, StageName};
use super::illegal::Illegal;
use super::machine::Machine;
use super::pipeline::Account;
use super::warning::Warning;

/// Why a use case refuses.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The pipeline file has no stage of this name.
    NoSuchStage {
        stage: StageName,
        stages: Vec<StageName>,
    },
    /// The pipeline file has no stage at all.
    NoStage,
    /// The pipeline file has no image of this name.
    NoSuchImage {
        image: ImageName,
        images: Vec<ImageName>,
    },
    /// A reference that was given with `--image` is not one.
    BadReference {
        image: ImageName,
        fault: Fault,
    },
    /// A given image is not where its reference says.
    NoImageAt {
        reference: String,
    },
    /// An image is neither built nor given.
    NotBuilt {
        image: ImageName,
    },

    /// The CodePipeline execution that asks, or is to be started.
    Execution(ExecutionRefusal),

    /// Nobody may approve this stage: it is unknown who asked, and the requester may not approve.
    NobodyMayApprove {
        stage: StageName,
        unknown: UnknownRequester,
    },
    /// Who goes on with the release has approved it.
    RequesterIsApprover {
        release: ReleaseId,
        stage: StageName,
        arn: String,
    },

    /// The release was started with another pipeline file; `member`: the path of the first difference.
    OtherFile {
        release: ReleaseId,
        member: String,
        commit: Option<String>,
    },
    /// The record's facts do not follow from each other.
    BrokenRecord {
        release: ReleaseId,
        illegal: Illegal,
        started_by: Option<OtherVersion>,
    },
    FailedInStage {
        release: ReleaseId,
        stage: StageName,
    },
    /// The build failed.
    NoImage {
        release: ReleaseId,
        ending: Ending,
    },
    /// A stage that the record calls done runs something else now.
    NoLongerRuns(Replaced),
    /// There is nothing to resume in it.
    HasEnded {
        release: ReleaseId,
        ending: Ending,
    },
    NothingToResume,
    SeveralToResume {
        releases: Vec<ReleaseId>,
    },
    /// Somebody else has written to the release since it was read.
    TakenByAnother {
        release: ReleaseId,
    },
    /// There is nothing to abort.
    NothingToAbort {
        release: ReleaseId,
        ending: Ending,
    },
    /// The release ended before its process read the request to abort it.
    AbortNotRead {
        release: ReleaseId,
        holder: String,
    },
    NeitherReleaseNorStage {
        text: String,
    },

    /// Somebody's word on a stage's approval.
    Answer(AnswerRefusal),
}

/// Of the CodePipeline execution that asks, or is to be started.
#[derive(Debug, Clone, PartialEq)]
pub enum ExecutionRefusal {
    /// A build that this CodePipeline started does not name its execution.
    NotNamed {
        pipeline: String,
    },
    /// Not the id of an execution; `placeholder`: it is a variable that CodePipeline did not replace.
    NotAnId {
        text: String,
        placeholder: bool,
    },
    /// A machine that no pipeline started names an execution.
    NamedByMachine {
        what: Machine,
        execution: String,
    },
    /// A session of a role of the file, which others use too, names an execution.
    NamedByRole {
        role: String,
        execution: String,
    },
    /// The execution was started to carry the question of another release.
    CarriesQuestion {
        pipeline: String,
        execution: String,
        release: String,
        plan: PlanHash,
    },
    NotInProgress {
        pipeline: String,
        execution: String,
        status: ExecutionStatus,
    },
    /// None of these pipelines has the execution; `unread`: why another place could not be read.
    NotFound {
        execution: String,
        pipelines: Vec<(String, AccountName)>,
        unread: Option<Fault>,
    },
    /// Neither the command nor the file names a pipeline to look in.
    NoPipelineNamed {
        execution: String,
    },
    /// An execution that was just started is not shown.
    NotShown {
        pipeline: String,
        account: AccountName,
        execution: String,
    },
    /// No stage of the file is approved in CodePipeline, so there is none to start.
    NoPipelineToStart,
    /// The file names more than one pipeline.
    SeveralPipelines {
        first: String,
        other: String,
    },
}

/// Of somebody's word on a stage's approval.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerRefusal {
    /// No release waits for approval.
    NothingWaits,
    /// More than one release waits, and none is named.
    SeveralWait {
        waiting: Vec<(ReleaseId, StageName)>,
    },
    /// The release does not wait for approval; `why`: what became of the question.
    NotWaiting {
        release: ReleaseId,
        why: Option<NotWaiting>,
    },
    /// More than one stage is meant; `approved`: those are approved, else they wait.
    SeveralStages {
        release: ReleaseId,
        stages: Vec<StageName>,
        approved: bool,
    },
    QuestionExpired {
        release: ReleaseId,
        stage: StageName,
        at: Timestamp,
    },
    PlanTooShort {
        given: String,
    },
    OtherPlan {
        given: String,
        waits: PlanHash,
    },
    /// The record does not hold what this plan is the hash of.
    PlanNotInRecord {
        plan: PlanHash,
        started_by: Option<OtherVersion>,
    },
    /// An answer would not count.
    MayNotAnswer {
        why: AnswerReason,
        policy: ApprovalPolicy,
    },
    /// A withdrawal would not count.
    MayNotWithdraw {
        arn: String,
        policy: ApprovalPolicy,
    },
    /// No approval is left to be withdrawn; `why`: what became of the last.
    NoApprovalToWithdraw {
        release: ReleaseId,
        why: Option<NotWaiting>,
    },
    /// The release had ended when the approval arrived; `again`: `promote` can ask again.
    ApprovalAfterEnd {
        release: ReleaseId,
        stage: StageName,
        ending: Ending,
        again: bool,
    },
    /// The release has judged the answer; `ended`: it has ended, and whether `promote` can ask again; `settled`: nothing is left to decide.
    Refused {
        release: ReleaseId,
        stage: StageName,
        why: AnswerReason,
        ended: Option<bool>,
        settled: bool,
    },
    WithdrawalRefused {
        why: Warning,
    },
    /// Nothing waited for the word any more when it was read.
    TooLate {
        why: Option<Settled>,
    },
    /// Somebody else's later word counts.
    LaterWord {
        stage: StageName,
        why: LaterWord,
    },
}

/// Why a release does not wait for an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum NotWaiting {
    Ended(Ending),
    /// The last question that was asked is settled.
    Settled {
        stage: StageName,
        settled: Settled,
    },
}

/// Another version of kanmon, which may write and count some things differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherVersion(String);

/// Semantic versions with a commit behind them are half as long.
const LONGEST_VERSION: usize = 64;

impl OtherVersion {
    /// The version that started a release, where it is not `own`. The record says it, so what is not a version's name is left out.
    pub fn of(started: &str, own: &str) -> Option<OtherVersion> {
        let is_version = |c: char| c.is_ascii_alphanumeric() || ['.', '-', '+'].contains(&c);
        let name =
            if started.len() <= LONGEST_VERSION && started.chars().all(is_version) { started } else { "unknown" };
        (started != own).then(|| OtherVersion(name.to_owned()))
    }

    pub fn name(&self) -> &str {
        &self.0
    }
}

/// A service that does not run what a release brought there.
#[derive(Debug, Clone, PartialEq)]
pub struct Replaced {
    pub release: ReleaseId,
    pub stage: StageName,
    pub account: Account,
    pub service: ServiceName,
    pub runs: Runs,
    /// The newer release that has entered the stage since.
    pub newer: Option<ReleaseId>,
    /// The release's own images, by their references.
    pub images: Vec<(ImageName, String)>,
    /// The commit that the release was made from, where the working tree was clean.
    pub commit: Option<String>,
}

/// What a service runs instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runs {
    /// The named containers' images.
    Images(Vec<String>),
    /// This revision, which differs in something else than the images.
    Revision(String),
}

/// What came after somebody's word about an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaterWord {
    /// The question is settled in another way.
    Settled(Settled),
    Withdrawn {
        by: String,
    },
    RequestedAgain,
}

/// Gives each of these refusals its code in JSON.
macro_rules! codes {
    ($name:ident { $($variant:ident = $code:literal,)* } $($nested:ident,)*) => {
        impl $name {
            /// All codes, in the order of the variants; those of nested refusals are their own.
            pub const CODES: &[&str] = &[$($code),*];

            pub fn code(&self) -> &'static str {
                match self {
                    $($name::$variant { .. } => $code,)*
                    $($name::$nested(nested) => nested.code(),)*
                }
            }
        }
    };
}

codes! {
    Refusal {
        NoSuchStage = "no-such-stage",
        NoStage = "no-stage",
        NoSuchImage = "no-such-image",
        BadReference = "bad-image-reference",
        NoImageAt = "no-image-at-reference",
        NotBuilt = "image-not-built",
        NobodyMayApprove = "nobody-may-approve",
        RequesterIsApprover = "requester-is-approver",
        OtherFile = "other-pipeline-file",
        BrokenRecord = "record-inconsistent",
        FailedInStage = "failed-in-stage",
        NoImage = "release-without-image",
        NoLongerRuns = "no-longer-runs",
        HasEnded = "release-has-ended",
        NothingToResume = "nothing-to-resume",
        SeveralToResume = "several-to-resume",
        TakenByAnother = "release-changed-meanwhile",
        NothingToAbort = "nothing-to-abort",
        AbortNotRead = "abort-not-read",
        NeitherReleaseNorStage = "neither-release-nor-stage",
    }
    Execution,
    Answer,
}

codes! {
    ExecutionRefusal {
        NotNamed = "execution-not-named",
        NotAnId = "not-an-execution-id",
        NamedByMachine = "execution-named-by-machine",
        NamedByRole = "execution-named-by-role",
        CarriesQuestion = "execution-of-another-release",
        NotInProgress = "execution-not-in-progress",
        NotFound = "execution-not-found",
        NoPipelineNamed = "no-pipeline-named",
        NotShown = "execution-not-shown",
        NoPipelineToStart = "no-pipeline-to-start",
        SeveralPipelines = "several-pipelines",
    }
}

codes! {
    AnswerRefusal {
        NothingWaits = "nothing-waits",
        SeveralWait = "several-wait",
        NotWaiting = "not-waiting-for-approval",
        SeveralStages = "several-stages",
        QuestionExpired = "request-expired",
        PlanTooShort = "plan-hash-too-short",
        OtherPlan = "other-plan",
        PlanNotInRecord = "plan-not-in-record",
        MayNotAnswer = "answer-not-allowed",
        MayNotWithdraw = "withdrawal-not-allowed",
        NoApprovalToWithdraw = "nothing-to-withdraw",
        ApprovalAfterEnd = "approval-after-end",
        Refused = "answer-refused",
        WithdrawalRefused = "withdrawal-refused-by-release",
        TooLate = "answer-too-late",
        LaterWord = "overruled",
    }
}

/// Every code of a refusal, each once.
pub fn codes() -> impl Iterator<Item = &'static str> {
    [Refusal::CODES, ExecutionRefusal::CODES, AnswerRefusal::CODES].into_iter().flatten().copied()
}

impl Refusal {
    /// Says what a person has to change: the command or the file, or access and set-up.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Refusal::Execution(execution) => execution.exit_code(),
            Refusal::Answer(answer) => answer.exit_code(),
            Refusal::NobodyMayApprove { .. } | Refusal::BrokenRecord { .. } | Refusal::NoImageAt { .. } => {
                ExitCode::Access
            }
            Refusal::NoSuchStage { .. }
            | Refusal::NoStage
            | Refusal::NoSuchImage { .. }
            | Refusal::BadReference { .. }
            | Refusal::NotBuilt { .. }
            | Refusal::RequesterIsApprover { .. }
            | Refusal::OtherFile { .. }
            | Refusal::FailedInStage { .. }
            | Refusal::NoImage { .. }
            | Refusal::NoLongerRuns(_)
            | Refusal::HasEnded { .. }
            | Refusal::NothingToResume
            | Refusal::SeveralToResume { .. }
            | Refusal::TakenByAnother { .. }
            | Refusal::NothingToAbort { .. }
            | Refusal::AbortNotRead { .. }
            | Refusal::NeitherReleaseNorStage { .. } => ExitCode::Usage,
        }
    }
}

impl ExecutionRefusal {
    fn exit_code(&self) -> ExitCode {
        match self {
            ExecutionRefusal::NotInProgress { .. } | ExecutionRefusal::NotFound { .. } => ExitCode::Access,
            ExecutionRefusal::NotShown { .. } => ExitCode::Unknown,
            ExecutionRefusal::NotNamed { .. }
            | ExecutionRefusal::NotAnId { .. }
            | ExecutionRefusal::NamedByMachine { .. }
            | ExecutionRefusal::NamedByRole { .. }
            | ExecutionRefusal::CarriesQuestion { .. }
            | ExecutionRefusal::NoPipelineNamed { .. }
            | ExecutionRefusal::NoPipelineToStart
            | ExecutionRefusal::SeveralPipelines { .. } => ExitCode::Usage,
        }
    }
}

impl AnswerRefusal {
    fn exit_code(&self) -> ExitCode {
        match self {
            AnswerRefusal::PlanNotInRecord { .. }
            | AnswerRefusal::MayNotAnswer { .. }
            | AnswerRefusal::MayNotWithdraw { .. } => ExitCode::Access,
            // A mistake of the command where nothing is left to decide, else of who gave the answer.
            AnswerRefusal::Refused { ended, settled, .. } => match ended.is_some() || *settled {
                true => ExitCode::Usage,
                false => ExitCode::Access,
            },
            AnswerRefusal::NothingWaits
            | AnswerRefusal::SeveralWait { .. }
            | AnswerRefusal::NotWaiting { .. }
            | AnswerRefusal::SeveralStages { .. }
            | AnswerRefusal::QuestionExpired { .. }
            | AnswerRefusal::PlanTooShort { .. }
            | AnswerRefusal::OtherPlan { .. }
            | AnswerRefusal::NoApprovalToWithdraw { .. }
            | AnswerRefusal::ApprovalAfterEnd { .. }
            | AnswerRefusal::WithdrawalRefused { .. }
            | AnswerRefusal::TooLate { .. }
            | AnswerRefusal::LaterWord { .. } => ExitCode::Usage,
        }
    }
}
