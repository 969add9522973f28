//! The codes of rollouts.

use super::family::Family;

/// All of them, in the order in which they are shown.
pub const FAMILIES: &[Family] = &[FAILURES, STUCK, SUPERSEDING, UNKNOWN, PROOF_GAPS];

pub const FAILURES: Family = Family {
    heading: "Why a rollout failed (why.code)",
    codes: &[
        ("ecs", "ECS ended the rollout as failed"),
        ("tasks-stopped", "too many of its tasks stopped for the same reason"),
        ("timed-out", "it was not done within the stage's deadline"),
        ("not-proven", "ECS reports it as completed, but it was not proven in time"),
    ],
};

pub const STUCK: Family = Family {
    heading: "Why a service is stuck (why.code)",
    codes: &[
        ("ecs", "ECS's own rollback failed"),
        ("still-changing", "the service was still changing at the deadline"),
        ("not-restored", "the previous revision was not running again at the deadline"),
        ("refused", "the rollback was refused"),
    ],
};

pub const SUPERSEDING: Family = Family {
    heading: "How it is known that somebody else deployed over a rollout (by.code)",
    codes: &[
        ("deployment", "ECS shows another deployment"),
        ("found", "a call was refused because of it; `fault` says which"),
    ],
};

pub const UNKNOWN: Family = Family {
    heading: "Why the state of a rollout is unknown (why.code)",
    codes: &[
        ("ambiguous", "several deployments could be the rollout"),
        ("not-proven", "nothing had to change, but what runs was not proven in time"),
    ],
};

pub const PROOF_GAPS: Family = Family {
    heading: "What is missing for the proof of a rollout (missing.code)",
    codes: &[
        ("no-primary", "the service has no PRIMARY deployment"),
        ("other-primary", "PRIMARY is another deployment"),
        ("other-definition", "PRIMARY has another task definition"),
        ("too-few-of-ours", "fewer new tasks are running than ECS waits for"),
        ("too-few-running", "the service reports too few running tasks"),
        ("too-few-seen", "too few running tasks are listed"),
        ("other-deployments-task", "a task of another deployment is still running"),
        ("other-definitions-task", "a task of another task definition is still running"),
        ("unhealthy", "a task is unhealthy"),
        ("not-approved", "a container runs an image that was not approved"),
        ("digest-unknown", "ECS does not yet report which image a container runs"),
    ],
};
