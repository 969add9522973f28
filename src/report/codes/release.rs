//! The codes of a release: its ending, and what is noticed on the way.

use super::family::Family;

/// All of them, in the order in which they are shown.
pub const FAMILIES: &[Family] = &[ENDINGS, MANUAL_STEPS, WARNINGS, BUILD_NOTICES, GIT];

pub const ENDINGS: Family = Family {
    heading: "Why a release ended (reason.code)",
    codes: &[
        ("deployed", "everything was deployed and proven"),
        ("unchanged", "everything was running already, and this was proven"),
        ("stopped", "stopped by a signal"),
        ("effect-failed", "something could not be done; `fault` says why"),
        ("effect-unknown", "it is unknown whether something took effect"),
        ("unreadable", "what the release waits for can no longer be read"),
        ("gate-blocked", "the severity gate blocks the stage"),
        ("gate-no-longer-passes", "the gate passed when the stage was entered, but no longer passes"),
        ("unnamed-blocked", "the gate blocks a container that the file does not name"),
        (
            "not-what-was-approved",
            "the record says that a stage was entered with a plan or images that were not approved",
        ),
        ("not-approved-in-codepipeline", "the record has an approval that CodePipeline does not show"),
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
    ],
};

pub const MANUAL_STEPS: Family = Family {
    heading: "What a person can do about a service that still runs what failed (rollback.frozen)",
    codes: &[
        ("restore", "roll back to the task definition that is named"),
        ("refused", "find out which task definition is right: kanmon refused to restore the recorded one"),
    ],
};

pub const WARNINGS: Family = Family {
    heading: "What a person should know (warned)",
    codes: &[
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
    ],
};

pub const BUILD_NOTICES: Family = Family {
    heading: "What was noticed while an image was built (noticed.code)",
    codes: &[
        ("secret-names", "files with names that secrets often have go into the image"),
        ("dockerignore-unused", "a `.dockerignore` outside the repository's root is not used"),
    ],
};

pub const GIT: Family = Family {
    heading: "Why the commit of a release is unknown (unreadable.code)",
    codes: &[
        ("not-installed", "git is not installed"),
        ("not-started", "git cannot be run"),
        ("timed-out", "git did not answer in time"),
        ("answer-too-long", "git's answer is longer than kanmon reads"),
        ("refused", "git failed with a message"),
        ("failed", "git failed without a message"),
        ("nested-too-deeply", "submodules are nested too deeply"),
    ],
};
