//! Every code of the JSON output with its meaning: one list for `kanmon codes`, `kanmon help codes` and README.md.

use super::text::Text;
use super::{exit_codes, fault};

/// A code and its meaning, a clause.
type Code = (&'static str, &'static str);

/// The codes of one member of the JSON output.
pub struct Family {
    /// Which member it is, for people.
    pub heading: &'static str,
    pub codes: Vec<Code>,
}

/// All of them.
pub fn families() -> Vec<Family> {
    let own = [
        ("Why a release ended (reason.code)", ENDINGS),
        ("Why a gate does not pass (judgement.reasons)", GATE),
        ("Why a scan has no result yet (waits.code)", SCAN_WAITS),
        ("Why there will be no scan (block.code)", SCAN_BLOCKS),
        ("Why an answer does not count (approval-refused)", ANSWERS),
        ("How an approver may be a requester (conflict.code)", CONFLICTS),
        ("Why an approval is void (approval-voided)", VOIDS),
        ("Why an approval request expired (approval-expired)", EXPIRIES),
        ("How an approval of the record differs (approval-compared)", MISMATCHES),
        ("Why a rollout failed (why.code)", FAILURES),
        ("Why a service is stuck (why.code)", STUCK),
        ("What a person should know (warned)", WARNINGS),
        ("Why a command is refused (reason.code)", REFUSALS),
        ("Why a command fails otherwise (reason.code)", COMMANDS),
    ];
    let own = own.into_iter().map(|(heading, codes)| Family { heading, codes: codes.to_vec() });
    own.chain([Family { heading: "What goes wrong outside (fault.code)", codes: fault::codes::codes().collect() }])
        .collect()
}

/// All of them below their headings, after the exit codes; fitted to a terminal of this width, in cells.
pub fn listed(width: Option<usize>) -> Text {
    exit_codes::listed(width).and(Text::laid_out(&reasons()).wrapped(width, column()))
}

/// The widest code and two blanks.
fn column() -> usize {
    let widest = families().iter().flat_map(|f| &f.codes).map(|(code, _)| code.len()).max().unwrap_or_default();
    widest + 2
}

fn reasons() -> String {
    let column = column();
    let line = |(code, meaning): &Code| format!("\n  {code:<column$}{meaning}");
    let family = |f: &Family| format!("\n{}:{}", f.heading, f.codes.iter().map(line).collect::<String>());
    families().iter().map(family).collect::<Vec<_>>().join("\n")
}

const ENDINGS: &[Code] = &[
    ("deployed", "everything was deployed and proven"),
    ("unchanged", "everything was running already, and this was proven"),
    ("stopped", "stopped by a signal"),
    ("effect-failed", "something could not be done; `fault` says why"),
    ("effect-unknown", "it is unknown whether something took effect"),
    ("unreadable", "what the release waits for can no longer be read"),
    ("gate-blocked", "the severity gate blocks the stage"),
    ("gate-no-longer-passes", "the gate passed when the stage was entered, but no longer passes"),
    ("unnamed-blocked", "the gate blocks a container that the file does not name"),
    ("not-what-was-approved", "the record says that a stage was entered with a plan or images that were not approved"),
    ("not-approved-in-code-pipeline", "the record has an approval that CodePipeline does not show"),
    ("rejected", "an approver rejected it"),
    ("plan-rejected-before", "exactly this plan was rejected before"),
    ("images-rejected-before", "the same images were rejected before"),
    ("approval-expired", "nobody decided in time, or nobody can decide now"),
    ("approval-closed", "the answer does not count, and no other can be given"),
    ("frozen", "the stage is frozen"),
    ("failed-before", "the same images failed in the stage before"),
    ("locked", "another release kept the stage locked"),
    ("newer-release", "a newer release has entered the stage"),
    ("overtaken", "a newer release entered the stage that this one was working in"),
    ("task-failed", "a one-off task failed"),
    ("task-timed-out", "a one-off task did not end in time"),
    ("check-failed", "a check failed or could not be made"),
    ("rollout-ended", "a rollout did not succeed"),
    ("changed-meanwhile", "somebody else changed the service after the plan was made"),
    ("aborted", "somebody aborted the release"),
];

const GATE: &[Code] = &[
    ("nothing-to-judge", "there is no image to judge"),
    ("over-limit", "more findings of a severity than the file allows"),
    ("scan-too-old", "the last scan is older than the file allows"),
    ("scan-in-future", "the scan's time is in the future: one of the clocks is wrong"),
    ("scan-timed-out", "the scan did not end in time"),
    ("not-scannable", "the image cannot be scanned"),
    ("no-repository", "the image is not in a repository that is scanned"),
    ("container", "one of these holds for a container that the file does not name"),
];

const SCAN_WAITS: &[Code] = &[
    ("not-listed", "Inspector does not list the image yet"),
    ("no-status", "the scanner gives no status yet"),
    ("status", "the scanner's own status says that the scan is not done"),
    ("before-push", "the last scan is older than the push"),
    ("never-scanned", "the scanner has not scanned the image yet"),
    ("none-that-counts", "basic scanning has no scan that counts"),
    ("not-taken", "the scanner does not accept the request now"),
    ("manifest", "one of these holds for one of several manifests"),
];

const SCAN_BLOCKS: &[Code] = &[
    ("status", "the scanner's own status says that it will never scan the image"),
    ("no-manifest", "the image has no manifest that could be scanned"),
    ("unclear", "it is unknown which files the image would run"),
    ("manifest", "one of these holds for one of several manifests"),
];

const ANSWERS: &[Code] = &[
    ("another-plan", "it is about a plan other than the one that would be carried out"),
    ("not-an-approver", "the person who answered is not among the approvers"),
    ("requester", "the approver is or may be a requester"),
    ("decided-in-code-pipeline", "only an action of CodePipeline decides"),
    ("too-late", "it came after the approval request expired"),
    ("settled", "there is nothing left to decide"),
    ("plan-not-shown", "the action's message does not name exactly one plan"),
    ("given-before", "it was given before approval was requested"),
    ("release-ended", "the release has ended"),
];

const CONFLICTS: &[Code] = &[
    ("approver-unknown", "it is unknown who approved"),
    ("approver-is-machine", "the approver is not identified as a person"),
    ("is-requester", "the approver is a requester of the release"),
    ("started-pipeline", "the approver started the pipeline"),
    ("requester-unknown", "it is unknown who requested the release"),
];

const VOIDS: &[Code] = &[
    ("plan-changed", "the plan is no longer the one that was approved"),
    ("too-old", "the approval was not used in time"),
    ("requester", "the approver has become a requester of the release"),
    ("approver-gone", "CodePipeline no longer says who approved"),
];

const EXPIRIES: &[Code] = &[
    ("no-execution", "CodePipeline does not know the execution"),
    ("execution-ended", "the execution ended before the action was reached"),
    ("action-ended", "the action ended without a decision"),
    ("untimed", "CodePipeline does not say when it was approved"),
];

const MISMATCHES: &[Code] = &[
    ("no-approval", "no approval was given"),
    ("another-plan", "a plan other than the one that would be carried out was approved"),
    ("no-execution", "the record names no execution that was approved"),
    ("not-an-approver", "the approver is not among the approvers of the file"),
    ("another-approver", "the approver is not the one in the record"),
    ("not-approved", "the action shows no approval of the plan"),
];

const FAILURES: &[Code] = &[
    ("ecs", "ECS ended the rollout as failed"),
    ("tasks-stopped", "too many of its tasks stopped for the same reason"),
    ("timed-out", "it was not done within the stage's deadline"),
    ("not-proven", "ECS reports it as completed, but it was not proven in time"),
];

const STUCK: &[Code] = &[
    ("ecs", "ECS's own rollback failed"),
    ("still-changing", "the service was still changing at the deadline"),
    ("not-restored", "the previous revision was not running again at the deadline"),
    ("refused", "the rollback was refused"),
];

const WARNINGS: &[Code] = &[
    ("withdrawal-refused", "a withdrawal of an approval does not count"),
    ("abort-too-late", "an abort came after everything was done"),
    ("build", "something was noticed while an image was built (noticed.code)"),
    ("label-unread", "the label of a given image with its commit could not be read"),
    ("source-changed", "files changed during the build"),
    ("execution-waits", "an execution still waits for an answer that no longer counts"),
    ("execution-goes-on", "an execution continues after an approval that no longer counts"),
    ("execution-succeeded", "an execution succeeded, but nothing was deployed on its approval"),
    ("stage-unread", "an earlier stage could not be read"),
    ("stage-has-newer", "an earlier stage runs a newer release"),
];

/// In the order of the refusals' variants.
const REFUSALS: &[Code] = &[
    ("no-such-stage", "the pipeline file has no stage of that name"),
    ("no-stage", "the pipeline file has no stages"),
    ("no-such-image", "the pipeline file has no image of that name"),
    ("bad-image-reference", "the image reference is not valid"),
    ("no-image-at-reference", "there is no image at the reference"),
    ("image-not-built", "the file does not say how the image is built, and it was not given"),
    ("nobody-may-approve", "it is unknown who requested the release, so nobody may approve it"),
    ("requester-is-approver", "the person who continues the release has approved it"),
    ("other-pipeline-file", "the release was started with another pipeline file"),
    ("record-inconsistent", "the events of the record do not follow from each other"),
    ("failed-in-stage", "the release failed in a stage, and cannot be promoted"),
    ("release-without-image", "the build of the release failed"),
    ("no-longer-runs", "a stage that the release passed now runs something else"),
    ("release-has-ended", "the release has ended, and cannot be resumed"),
    ("nothing-to-resume", "no release can be resumed"),
    ("several-to-resume", "more than one release can be resumed"),
    ("release-changed-meanwhile", "another process has written to the release"),
    ("nothing-to-abort", "the release has already ended"),
    ("abort-not-read", "the release ended before it read the request to abort"),
    ("neither-release-nor-stage", "the name is neither a release nor a stage"),
    ("execution-not-named", "a build that CodePipeline started does not name its execution"),
    ("not-an-execution-id", "the value is not the id of an execution"),
    ("execution-named-by-machine", "a machine that no pipeline started names an execution"),
    ("execution-named-by-role", "a session of a shared role names an execution"),
    ("execution-of-another-release", "the execution carries the approval request of another release"),
    ("execution-not-in-progress", "the execution is not in progress"),
    ("execution-not-found", "no pipeline has the execution"),
    ("no-pipeline-named", "no pipeline is named to look for the execution in"),
    ("execution-not-shown", "CodePipeline does not show the execution that was started"),
    ("no-pipeline-to-start", "no stage is approved in CodePipeline, so there is no pipeline to start"),
    ("several-pipelines", "the file names more than one pipeline"),
    ("not-waiting-for-approval", "the release does not wait for approval"),
    ("several-stages", "more than one stage waits or is approved, and none is named"),
    ("request-expired", "the approval request has expired"),
    ("plan-hash-too-short", "the plan hash has too few digits"),
    ("other-plan", "another plan waits for approval"),
    ("plan-not-in-record", "the record does not contain the plan"),
    ("answer-not-allowed", "the answer would not count"),
    ("withdrawal-not-allowed", "the withdrawal would not count"),
    ("nothing-to-withdraw", "there is no unused approval"),
    ("approval-after-end", "the release ended before the approval arrived"),
    ("answer-refused", "the release has refused the answer"),
    ("withdrawal-refused-by-release", "the release has refused the withdrawal"),
    ("answer-too-late", "the release no longer waited when it read the answer"),
    ("overruled", "a later decision of somebody else counts"),
];

/// Of a failing command that met neither a fault nor a refusal.
pub const COMMANDS: &[Code] = &[
    ("usage", "the command or the pipeline file is wrong"),
    ("access", "access or set-up is missing"),
    ("defect", "a defect of kanmon"),
    ("unclear", "the result of the command is unknown"),
    ("no-such-release", "no release of that name is recorded"),
    ("release-held", "another process has locked the release or the stage"),
    ("stage-frozen", "the stage is frozen"),
    ("lease-lost", "this process lost its lock to another"),
    ("record-damaged", "the record is damaged"),
    ("record-of-another-version", "the record was written by a newer or an older kanmon"),
    ("record-imported", "the record is imported, and can only be read"),
    ("state-foreign", "it is unknown whether kanmon made the state on this machine"),
    ("record-conflict", "something else is recorded under the same name"),
    ("state-unavailable", "the state cannot be read or written"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::de::DeserializeOwned;

    use super::*;
    use crate::model::approval_reason::{AnswerReason, ApprovalMismatch, Conflict, ExpiryReason, VoidReason};
    use crate::model::fault::Problem;
    use crate::model::gate_reason::{GateReason, ScanBlock, ScanWait};
    use crate::model::reason::Reason;
    use crate::model::refusal;
    use crate::model::rollout_reason::{RolloutFailure, StuckReason};
    use crate::model::warning::Warning;

    /// The codes that a type knows, as serde lists them where it is given one that there is not.
    fn known<T: DeserializeOwned>() -> Vec<String> {
        let Err(error) = serde_json::from_value::<T>(serde_json::json!({ "code": "" })) else {
            panic!("no code is empty")
        };
        let error = error.to_string();
        let (_, names) = error.split_once("expected ").expect("serde names what it expects");
        names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_code_that_can_be_written_stands_in_the_list_and_no_other() {
        let written = [
            (known::<Reason>(), ENDINGS),
            (known::<GateReason>(), GATE),
            (known::<ScanWait>(), SCAN_WAITS),
            (known::<ScanBlock>(), SCAN_BLOCKS),
            (known::<AnswerReason>(), ANSWERS),
            (known::<Conflict>(), CONFLICTS),
            (known::<VoidReason>(), VOIDS),
            (known::<ExpiryReason>(), EXPIRIES),
            (known::<ApprovalMismatch>(), MISMATCHES),
            (known::<RolloutFailure>(), FAILURES),
            (known::<StuckReason>(), STUCK),
            (known::<Warning>(), WARNINGS),
        ];
        for (known, listed) in written {
            assert_eq!(known, listed.iter().map(|(code, _)| *code).collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_refusal_has_its_meaning_and_no_other_is_listed() {
        assert_eq!(REFUSALS.iter().map(|(code, _)| *code).collect::<Vec<_>>(), refusal::codes().collect::<Vec<_>>());
    }

    /// A failing command's `reason.code` is a fault's, a refusal's, or its own.
    #[test]
    fn no_code_of_a_failing_command_means_two_things() {
        let of_commands = REFUSALS.iter().chain(COMMANDS).map(|(code, _)| *code).chain(Problem::codes());
        let mut seen = BTreeSet::new();
        let twice: Vec<_> = of_commands.filter(|code| !seen.insert(*code)).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn the_help_has_every_code_and_every_exit_code() {
        let help = listed(None).shown();
        for (code, meaning) in families().iter().flat_map(|f| &f.codes) {
            assert!(help.contains(code) && help.contains(meaning), "{code}");
        }
        assert!(help.starts_with("Exit codes:"));
    }
}
