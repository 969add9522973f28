//! The codes of approvals, answers and approval requests.

use super::family::Family;

/// All of them, in the order in which they are shown.
pub const FAMILIES: &[Family] =
    &[ANSWERS, SETTLED, CLOSED, WITHDRAWALS, CONFLICTS, UNKNOWN_REQUESTERS, VOIDS, DIFFERENCES, EXPIRIES, MISMATCHES];

pub const ANSWERS: Family = Family {
    heading: "Why an answer does not count (approval-refused)",
    codes: &[
        ("another-plan", "it is about a plan other than the one that would be carried out"),
        ("not-an-approver", "the person who answered is not among the approvers"),
        ("requester", "the approver is or may be a requester"),
        ("decided-in-codepipeline", "only an action of CodePipeline decides"),
        ("too-late", "it came after the approval request expired"),
        ("settled", "there is nothing left to decide"),
        ("plan-not-shown", "the action's message does not name exactly one plan"),
        ("given-before", "it was given before approval was requested"),
        ("release-ended", "the release has ended"),
    ],
};

pub const SETTLED: Family = Family {
    heading: "Why there is nothing left to decide (settled.code)",
    codes: &[
        ("used", "the approval was used: the stage was entered"),
        ("not-requested", "no approval was requested"),
        ("approved", "it is already approved"),
        ("rejected", "it is already rejected"),
        ("expired", "the approval request expired"),
        ("closed", "the approval request is closed, and cannot be answered again"),
    ],
};

pub const CLOSED: Family = Family {
    heading: "Why an approval request is closed (why.code)",
    codes: &[
        ("withdrawn", "the approval was withdrawn, and CodePipeline cannot request it again in the same execution"),
        ("refused", "the answer does not count, and the request cannot be answered again"),
    ],
};

pub const WITHDRAWALS: Family = Family {
    heading: "Why a withdrawal does not count (refusal.code)",
    codes: &[
        ("settled", "there is nothing left to decide"),
        ("not-an-approver", "the person who withdrew it is not among the approvers"),
        ("not-approved", "there is no approval to withdraw"),
    ],
};

pub const CONFLICTS: Family = Family {
    heading: "How an approver may be a requester (conflict.code)",
    codes: &[
        ("approver-unknown", "it is unknown who approved"),
        ("approver-is-machine", "the approver is not identified as a person"),
        ("is-requester", "the approver is a requester of the release"),
        ("started-pipeline", "the approver started the pipeline"),
        ("requester-unknown", "it is unknown who requested the release"),
    ],
};

pub const UNKNOWN_REQUESTERS: Family = Family {
    heading: "Why the requester is not known to be a person (requester.code)",
    codes: &[
        ("execution", "something that does not identify a person started the execution"),
        ("machine", "a machine requested the release"),
    ],
};

pub const VOIDS: Family = Family {
    heading: "Why an approval is void (approval-voided)",
    codes: &[
        ("plan-changed", "the plan is no longer the one that was approved"),
        ("too-old", "the approval was not used in time"),
        ("requester", "the approver has become a requester of the release"),
        ("approver-gone", "CodePipeline no longer says who approved"),
    ],
};

pub const DIFFERENCES: Family = Family {
    heading: "How a plan differs from the one that was shown (differences)",
    codes: &[
        ("new", "a service or task is new"),
        ("gone", "a service or task no longer exists"),
        ("running", "another task definition is running"),
        ("image", "a container would run another image"),
        ("definition", "another task definition would be registered"),
        ("verdict", "the gate's verdict is another one"),
        ("blocking", "other findings block, or none blocks any longer"),
    ],
};

pub const EXPIRIES: Family = Family {
    heading: "Why an approval request expired (approval-expired)",
    codes: &[
        ("no-execution", "CodePipeline does not know the execution"),
        ("execution-ended", "the execution ended before the action was reached"),
        ("action-ended", "the action ended without a decision"),
        ("untimed", "CodePipeline does not say when it was approved"),
    ],
};

pub const MISMATCHES: Family = Family {
    heading: "How an approval of the record differs (approval-compared)",
    codes: &[
        ("no-approval", "no approval was given"),
        ("another-plan", "a plan other than the one that would be carried out was approved"),
        ("no-execution", "the record names no execution that was approved"),
        ("not-an-approver", "the approver is not among the approvers of the file"),
        ("another-approver", "the approver is not the one in the record"),
        ("not-approved", "the action shows no approval of the plan"),
    ],
};
