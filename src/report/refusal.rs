//! The words of a refusal: what is wrong, why, and what to do.

use super::approval::unknown_requester;
use super::words::Words;
use super::{approval, display_names, fault, illegal, reason, warning};
use crate::model::approval::{ApprovalPolicy, ApprovalWay};
use crate::model::approval_reason::{UnknownRequester, WithdrawalRefusal};
use crate::model::arn;
use crate::model::ending::Ending;
use crate::model::format;
use crate::model::ids::{PlanHash, ReleaseId, StageName};
use crate::model::refusal::{
    AnswerRefusal, ExecutionRefusal, LaterWord, NotWaiting, OtherVersion, Refusal, Replaced, Runs,
};
use crate::report::time::moment;

/// What people read about a refusal.
pub fn words(refusal: &Refusal) -> Words {
    match refusal {
        Refusal::NoSuchStage { stage, stages } => {
            Words::new(format!("the pipeline file has no stage `{stage}`")).hint(format!("its stages are: {}", list(stages)))
        }
        Refusal::NoStage => Words::new("the pipeline file has no stages"),
        Refusal::NoSuchImage { image, images } => {
            Words::new(format!("the pipeline file has no image `{image}`")).hint(format!("its images are: {}", list(images)))
        }
        Refusal::BadReference { image, fault } => {
            let words = fault::words(fault);
            Words { sentence: format!("--image {image}: {}", words.sentence), ..words }
        }
        Refusal::NoImageAt { reference } => Words::new(format!("there is no image {reference}")),
        Refusal::NotBuilt { image } => Words::new(format!("the file does not say how image `{image}` is built"))
            .hint(format!("give it with `--image {image}=REFERENCE`, or add `context:` or `layers:` to it in the file")),
        Refusal::Execution(execution) => of_execution(execution),
        Refusal::NobodyMayApprove { stage, unknown } => {
            Words::new(format!("nobody may approve {stage} for this release"))
                .cause(format!("{}; an approver must be somebody other than the requester", unknown_requester(unknown)))
                .hint(unknown_hint(unknown))
        }
        Refusal::RequesterIsApprover { release, stage, arn } => {
            Words::new(format!("{arn} has approved {stage} of {release}"))
                .cause("whoever continues a release becomes one of its requesters, and that approval would no longer count")
                .hint("let somebody else continue it: the person who started the release, or its pipeline")
        }
        Refusal::OtherFile { release, member, commit } => Words::new(format!(
            "{release} was started with another pipeline file than the one here: `{member}` differs"
        ))
        .cause("the accounts, roles, endpoints, commands and conditions in a record are used only if they are the same in the file here")
        .hint(match commit {
            Some(commit) => format!("check out the commit of that release, {commit}, or make a new release"),
            None => "use the pipeline file of that release, or make a new release".to_owned(),
        }),
        Refusal::BrokenRecord { release, illegal, started_by } => {
            let words = Words::new(format!("the record of {release} is inconsistent"));
            match started_by {
                Some(other) => words.cause(format!("{}; {}", illegal::words(illegal).line(), started_by_other(other))).hint(use_other(other)),
                None => words.cause(illegal::words(illegal).line()),
            }
        }
        Refusal::FailedInStage { release, stage } => {
            Words::new(format!("{release} failed in {stage} and cannot continue"))
                .hint("fix what failed and make a new release")
        }
        Refusal::NoImage { release, ending } => {
            Words::new(format!("{release} has no image")).cause(sentence(ending, release)).hint("make a new release")
        }
        Refusal::NoLongerRuns(replaced) => no_longer_runs(replaced),
        Refusal::HasEnded { release, ending } => Words::new(format!("{release} has ended: {}", sentence(ending, release))).hint(
            format!("`kanmon history {release}` shows its events; `kanmon promote {release} --to STAGE` deploys it to another stage"),
        ),
        Refusal::NothingToResume => {
            Words::new("no release can be resumed").hint("`kanmon history` lists the releases")
        }
        Refusal::SeveralToResume { releases } => {
            Words::new("more than one release can be resumed").hint(format!("name one: {}", list(releases)))
        }
        Refusal::TakenByAnother { release } => Words::new(format!("somebody else has continued {release}")),
        Refusal::NothingToAbort { release, ending } => {
            Words::new(format!("{release} has ended already: {}", sentence(ending, release)))
        }
        Refusal::AbortNotRead { release, holder } => {
            Words::new(format!("{release} ended before {holder} read the request to abort it"))
                .hint(format!("nothing was rolled back; `kanmon history {release}` shows what it changed"))
        }
        Refusal::NeitherReleaseNorStage { text } => {
            Words::new(format!("`{text}` is neither a release nor a stage of the file"))
                .hint("`kanmon status` shows which releases and stages are locked")
        }
        Refusal::Answer(answer) => of_answer(answer),
    }
}

/// About the CodePipeline execution that requests a release.
fn of_execution(refusal: &ExecutionRefusal) -> Words {
    const SETS: &str = "KANMON_EXECUTION=#{codepipeline.PipelineExecutionId}";
    match refusal {
        ExecutionRefusal::NotNamed { pipeline } => Words::new(format!(
            "this build was started by CodePipeline {pipeline}, but its execution is not given"
        ))
        .cause("without it, the person who started the pipeline does not count as a requester of this release")
        .hint(format!("set {SETS} on the pipeline's action (not on the CodeBuild project)")),
        ExecutionRefusal::NotAnId { text, placeholder } => {
            let words = Words::new(format!("`{text}` is not a valid id of a CodePipeline execution"));
            match placeholder {
                true => words
                    .cause("CodePipeline replaces `#{…}` in a variable of its action, not in one of the CodeBuild project")
                    .hint(format!("set {SETS} among the variables of the pipeline's action")),
                false => words.hint(format!(
                    "an id is 32 hex digits in five groups; inside a pipeline, its action sets {SETS}; elsewhere, leave \
                     `--execution` and KANMON_EXECUTION out"
                )),
            }
        }
        ExecutionRefusal::NamedByMachine { what, execution } => {
            Words::new(format!("{} names execution {execution}, but was not started by CodePipeline", display_names::machine(what)))
                .cause("the person who started that execution may be somebody else than who started this")
                .hint(
                    "let an action of the pipeline start the build in CodeBuild, or leave `--execution` and KANMON_EXECUTION out",
                )
        }
        ExecutionRefusal::NamedByRole { role, execution } => {
            Words::new(format!("a session of the file's role {role} names execution {execution}"))
                .cause("the person who started that execution may be somebody else than who uses the role")
                .hint("run kanmon with credentials of its own: it assumes the roles of the file itself")
        }
        ExecutionRefusal::CarriesQuestion { pipeline, execution, release, plan } => Words::new(format!(
            "execution {execution} of CodePipeline {pipeline} belongs to the approval of {release}, and cannot start a release of its own"
        ))
        .cause(format!("it was started for plan {}, which waits for approval", plan.short()))
        .hint("let another pipeline start releases, or start this one with `kanmon release --remote`"),
        ExecutionRefusal::NotInProgress { pipeline, execution, status } => {
            Words::new(format!("execution {execution} of CodePipeline {pipeline} is {status}"))
                .cause("only an execution that is in progress can request a release")
                .hint("start the pipeline again")
        }
        ExecutionRefusal::NotFound { execution, pipelines, unread } => {
            let pipelines: Vec<String> =
                pipelines.iter().map(|(pipeline, account)| format!("{pipeline} (account {account})")).collect();
            Words::new(format!("there is no execution {execution} in CodePipeline {}", pipelines.join(" or ")))
                .cause(match unread {
                    Some(fault) => format!("not every account of the file can be read: {}", fault::words(fault).sentence),
                    None => "an execution that cannot be read does not show who requested the release".to_owned(),
                })
                .hint(format!(
                    "inside a pipeline, its action sets {SETS}, or PIPELINE/#{{codepipeline.PipelineExecutionId}} for a pipeline \
                     that the file does not name; elsewhere, leave `--execution` and KANMON_EXECUTION out"
                ))
        }
        ExecutionRefusal::NoPipelineNamed { execution } => {
            Words::new(format!("it is unknown which pipeline execution {execution} belongs to"))
                .cause("no stage of the file has an approval `by: codepipeline`")
                .hint("name it with `--execution PIPELINE/ID` (KANMON_EXECUTION), or leave the execution out")
        }
        ExecutionRefusal::NotShown { pipeline, account, execution } => Words::new(format!(
            "CodePipeline {pipeline} of account {account} does not show execution {execution}, which was started"
        ))
        .cause("its state is unknown; it may be running")
        .hint("check the pipeline in CodePipeline before you start it again"),
        ExecutionRefusal::NoPipelineToStart => Words::new("no stage of the file names a CodePipeline")
            .hint("`--remote` starts the pipeline of an approval `by: codepipeline`"),
        ExecutionRefusal::SeveralPipelines { first, other } => {
            Words::new(format!("the file names two pipelines, {first} and {other}"))
                .hint("start the right pipeline in CodePipeline itself")
        }
    }
}

/// About an answer to an approval request, or the withdrawal of an approval.
fn of_answer(refusal: &AnswerRefusal) -> Words {
    match refusal {
        AnswerRefusal::NothingWaits => Words::new("no release waits for approval")
            .hint("`kanmon history` lists the releases and what came of them"),
        AnswerRefusal::SeveralWait { waiting } => {
            let each = |(release, stage): &(ReleaseId, StageName)| format!("{release} (for {stage})");
            let waiting: Vec<String> = waiting.iter().map(each).collect();
            Words::new("more than one release waits for approval").hint(format!("name one: {}", waiting.join(", ")))
        }
        AnswerRefusal::NotWaiting { release, why } => {
            let words = Words::new(format!("{release} does not wait for approval"));
            match why {
                Some(why) => words.cause(not_waiting(why, release)),
                None => words.hint("`kanmon approvals` lists what waits"),
            }
        }
        AnswerRefusal::SeveralStages { release, stages, approved } => {
            let what = if *approved { "is approved for more than one stage" } else { "waits in more than one stage" };
            Words::new(format!("{release} {what}")).hint(format!("name one with --stage: {}", list(stages)))
        }
        AnswerRefusal::QuestionExpired { release, stage, at } => {
            Words::new(format!("the approval request for {stage} expired at {}", moment(*at)))
                .hint(format!("`kanmon promote {release} --to {stage}` requests approval again"))
        }
        AnswerRefusal::PlanTooShort { given } => {
            Words::new(format!("`--plan {given}` is too short to identify a plan"))
                .hint(format!("give at least {} digits, as `kanmon approvals` shows them", PlanHash::SHORT_DIGITS))
        }
        AnswerRefusal::OtherPlan { given, waits } => {
            Words::new(format!("plan {} waits for approval now, not plan {given}", waits.short()))
                .hint("`kanmon approvals` shows what that plan would change")
        }
        AnswerRefusal::PlanNotInRecord { plan, started_by } => {
            let words = Words::new(format!("the record does not contain plan {}", plan.short()));
            match started_by {
                Some(other) => words
                    .cause(format!(
                        "{}, which may compute the hash of a plan differently; nothing was answered",
                        started_by_other(other)
                    ))
                    .hint(use_other(other)),
                None => words
                    .cause("somebody has changed the record since approval was requested; nothing was answered")
                    .hint(
                        "do not approve it in any other way; find out who changed the record, then make a new release",
                    ),
            }
        }
        AnswerRefusal::MayNotAnswer { why, policy } => {
            Words::new(format!("this answer would not count: {}", approval::refusal(why))).hint(who_may(policy))
        }
        AnswerRefusal::MayNotWithdraw { arn, policy } => {
            let (arn, approvers) = (arn.clone(), policy.approvers.clone());
            let why = approval::withdrawal(&WithdrawalRefusal::NotAnApprover { arn, approvers });
            Words::new(format!("this withdrawal would not count: {why}")).hint(who_may(policy))
        }
        AnswerRefusal::NoApprovalToWithdraw { release, why } => {
            let words = Words::new(format!("{release} has no approval that can be withdrawn"));
            Words { cause: why.as_ref().map(|why| not_waiting(why, release)), ..words }
                .hint("only an approval that is not used yet can be withdrawn; `kanmon abort` ends the release")
        }
        AnswerRefusal::ApprovalAfterEnd { release, stage, ending, again } => {
            let too_late = format!("the approval came too late: the release has ended: {}", sentence(ending, release));
            after_end(too_late, release, stage, *again)
        }
        AnswerRefusal::Refused { release, stage, why, ended, .. } => {
            let sentence = format!("the answer does not count: {}", approval::refusal(why));
            match ended {
                Some(again) => after_end(sentence, release, stage, *again),
                None => Words::new(sentence),
            }
        }
        AnswerRefusal::WithdrawalRefused { why } => Words::new(warning::text(why)),
        AnswerRefusal::TooLate { why } => {
            let why =
                why.as_ref().map_or_else(|| "the release no longer waits for an answer".to_owned(), approval::settled);
            Words::new(format!("the answer came too late: {why}"))
        }
        AnswerRefusal::LaterWord { stage, why } => {
            let why = match why {
                LaterWord::Settled(why) => approval::settled(why),
                LaterWord::Withdrawn { by } => format!("{by} has withdrawn it"),
                LaterWord::RequestedAgain => "approval was requested again".to_owned(),
            };
            Words::new(format!("somebody decided about {stage} later: {why}"))
        }
    }
}

/// The sentence of an ending.
fn sentence(ending: &Ending, release: &ReleaseId) -> String {
    reason::words(&ending.reason, release).sentence
}

fn not_waiting(why: &NotWaiting, release: &ReleaseId) -> String {
    match why {
        NotWaiting::Ended(ending) => sentence(ending, release),
        NotWaiting::Settled { stage, settled } => format!("{stage}: {}", approval::settled(settled)),
    }
}

/// An answer to a release that has ended, and what can be done instead.
fn after_end(sentence: String, release: &ReleaseId, stage: &StageName, again: bool) -> Words {
    let words = Words::new(sentence).cause("nothing is deployed because of it");
    match again {
        true => words.hint(format!("`kanmon promote {release} --to {stage}` requests approval again")),
        false => words.hint("make a new release"),
    }
}

fn no_longer_runs(replaced: &Replaced) -> Words {
    let Replaced { release, stage, account, service, runs, newer, images, commit } = replaced;
    let place = format!("{stage}/{service}");
    let given: Vec<String> = images.iter().map(|(name, reference)| format!("--image {name}={reference}")).collect();
    let again = format!("`kanmon release --until {stage} {}`", given.join(" "));
    let (sentence, hint) = match runs {
        Runs::Images(images) => {
            let runs: Vec<String> = images.iter().map(|image| display_names::image(image, account)).collect();
            let sentence = format!("{place} does not run the images of {release}, but {}", runs.join(", "));
            (sentence, format!("to deploy these images there again, make a new release of them: {again}"))
        }
        Runs::Revision(revision) => {
            let revision = arn::last(revision);
            let files = match commit {
                Some(commit) => format!("check out commit {}", format::commit(commit, 12)),
                None => format!("use the files of {release}"),
            };
            (
                format!("{place} runs the images of {release} with another configuration: {revision}"),
                format!(
                    "to deploy its configuration there again, {files} and make a new release of its images: {again}"
                ),
            )
        }
    };
    let since = match newer {
        Some(newer) => format!("{newer} has entered {stage} since"),
        None => "somebody has changed it since without kanmon".to_owned(),
    };
    Words::new(sentence)
        .cause(format!("{since}; the record says that {release} has passed {stage}, so nothing would be deployed"))
        .hint(hint)
}

/// The hint where it is unknown who requests a release.
pub fn unknown_hint(unknown: &UnknownRequester) -> &'static str {
    match unknown {
        UnknownRequester::Execution { .. } => {
            "let a person start the pipeline: `kanmon release --remote`, or StartPipelineExecution in the console"
        }
        UnknownRequester::Machine { .. } => {
            "let a person run `kanmon release` with their own credentials (`--image NAME=REFERENCE` uses an existing image); or, \
             where a pipeline runs kanmon, let a person start it with `kanmon release --remote`"
        }
    }
}

fn who_may(policy: &ApprovalPolicy) -> String {
    if !policy.approvers.is_empty() {
        return format!("the approvers are: {}", policy.approvers.join(", "));
    }
    match &policy.way {
        ApprovalWay::Kanmon => "somebody else must decide".to_owned(),
        ApprovalWay::CodePipeline { action, .. } => {
            format!("anybody who may decide action {action} in CodePipeline can answer")
        }
    }
}

/// The clause that another version of kanmon started a release.
pub fn started_by_other(other: &OtherVersion) -> String {
    format!("it was started by kanmon {}, and this is kanmon {}", other.name(), env!("CARGO_PKG_VERSION"))
}

/// What to do where another version of kanmon started it.
pub fn use_other(other: &OtherVersion) -> String {
    format!("use kanmon {}; if it reports the same problem, find out who changed the record", other.name())
}

fn list<T: ToString>(names: &[T]) -> String {
    names.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
