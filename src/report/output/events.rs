//! The events of a release, as they are recorded.

use super::shape::Shape::{Boolean, By, List, Names, Object, OneOf, OrNull, Other, Text, Time, Whole};
use super::shape::{Member, Shape, always, sometimes};

/// The name of a kind, its meaning, and its own members.
pub type Row = (&'static str, &'static str, &'static [Member]);

/// What every event has.
pub const MEMBERS: &[Member] = &[
    always!("seq", Whole, "the number of the event in its release, from 1, without gaps"),
    always!("at", Time, "when it was recorded"),
    always!("release", Text, "the release"),
];

const STAGE: Member = always!("stage", Text, "the stage");
const IMAGE: Member = always!("image", Text, "the name of the image in the pipeline file");
const ACCOUNT: Member = always!("account", Text, "the name of the account in the pipeline file");
const SERVICE: Member = always!("service", Text, "the service");
const TASK: Member = always!("task", Text, "the task");
const EFFECT: Member = always!("effect", By("effect"), "what is done to the world");
const FAULT: Member = always!("fault", By("code"), "what failed");
const KANMON: Member = always!("kanmon", Text, "the version of kanmon");
const PLACE: Member = always!("place", Object(PLACE_OF), "which step");
const DIRECTION: Member =
    always!("direction", OneOf(&["forward", "back"]), "to the release, or back to what ran before");
const BY: Member = always!("by", IDENTITY, "who");
const FORCED: Member = sometimes!("forced", Text, "why a stage may be entered in which the same images failed");
const AGAIN: Member = sometimes!("again", Text, "why approval is requested again after a rejection");
const ANSWER: Member = always!("answer", Object(ANSWER_OF), "the answer");
const IMAGES: Member = always!("images", DIGESTS, "their digests, by name");

const PLACE_OF: &[Member] = &[STAGE, always!("step", Whole, "the position of the step in the stage, from 0")];

/// A caller, as STS reports it.
pub const IDENTITY: Shape = Object(&[
    always!("arn", Text, "the caller's ARN"),
    always!("account", Text, "the id of the account"),
    always!("user_id", Text, "the unique id of the caller"),
]);

/// Who requested, extended or resumed a release.
pub const REQUESTER: Shape = By("kind");

/// Digests by the names of images.
pub const DIGESTS: Shape = Names(&Text);

const ANSWER_OF: &[Member] = &[
    STAGE,
    always!("plan", Text, "the hash of the plan that the person saw"),
    always!("answer", OneOf(&["approved", "rejected"]), "what they decided"),
    always!("by", OrNull(&IDENTITY), "who decided; null: CodePipeline does not show it"),
    always!("comment", Text, "their comment"),
];

/// A request for approval.
pub const REQUEST: Shape = Object(&[
    always!("plan", Text, "the hash of the plan"),
    sometimes!("execution", Text, "the CodePipeline execution whose action is to be answered"),
    sometimes!("answered_at", Time, "when its action was answered last before the request"),
    always!("requested_at", Time, "when it was requested"),
    always!("expires_at", Time, "until when it can be answered"),
]);

/// What a gate decided.
pub const JUDGEMENT: Shape = Object(&[
    always!(
        "verdict",
        OneOf(&["pass", "waived", "unknown", "fail"]),
        "the result; everything except pass and waived blocks",
    ),
    always!("counts", Names(&Whole), "how many findings there are, by severity"),
    sometimes!("suppressed", Names(&Whole), "how many are suppressed and do not count, by severity"),
    always!("blocking", List(&FINDING), "the findings of every severity that is over its limit"),
    always!("reasons", List(&By("code")), "why the gate does not pass"),
]);

const FINDING: Shape = Object(&[
    always!("id", Text, "the vulnerability, or the scanner's own id"),
    always!("severity", Text, "its severity"),
    sometimes!("package", Text, "the package"),
    sometimes!("installed", Text, "the package's version in the image"),
    sometimes!("fixed_in", Text, "a version that fixes it"),
]);

/// What a stage would change.
pub const PLAN: Shape = Object(&[
    always!("services", Names(&Other), "the next task definition of each service, and what changes in it"),
    always!("tasks", Names(&Other), "the same of each task"),
]);

/// How a release, or a process working on it, ended.
const ENDING: &[Member] = &[
    always!("outcome", Text, "how it ended"),
    always!("reason", By("code"), "why"),
    sometimes!("rollback", OrNull(&Other), "which services were restored, and which were not"),
];

const PUSHED: [Member; 4] = [
    always!("repository", Text, "the repository's URI"),
    always!("digest", Text, "the digest"),
    always!("pushed_at", Time, "when it was pushed, by the registry's clock"),
    sometimes!("not_copied", List(&By("code")), "what is attached to the image and was not copied"),
];

pub const EVENTS: &[Row] = &[
    (
        "started",
        "a release begins",
        &[
            always!("pipeline", Other, "the resolved pipeline file"),
            KANMON,
            always!("requested_by", REQUESTER, "who requested it"),
            always!("source", Other, "the commit that its images are built from"),
            always!("until", Text, "the last stage to reach"),
            always!("given", Names(&Text), "existing images that were given, by name"),
            FORCED,
            AGAIN,
        ],
    ),
    (
        "extended",
        "the release goes on to a later stage",
        &[
            always!("until", Text, "the last stage to reach"),
            always!("requested_by", REQUESTER, "who requested it"),
            FORCED,
            AGAIN,
        ],
    ),
    ("resumed", "another process continues the release", &[always!("by", REQUESTER, "who resumed it"), KANMON]),
    ("taken-up-to-abort", "another process takes it up to abort it", &[BY, KANMON]),
    ("warned", "something to know that changes nothing", &[always!("warning", By("code"), "what")]),
    ("intended", "something will be done to the world", &[EFFECT, always!("attempt", Whole, "which attempt, from 1")]),
    ("effect-failed", "it failed", &[EFFECT, FAULT]),
    ("effect-absent", "it was looked up, and had not happened", &[EFFECT]),
    ("effect-unknown", "it is unknown whether it happened", &[EFFECT, FAULT]),
    (
        "surveyed",
        "everything that the stages name exists and may be used",
        &[always!("until", Text, "the last stage that was checked")],
    ),
    (
        "image-built",
        "an image was built, found or looked up",
        &[IMAGE, PUSHED[0], PUSHED[1], PUSHED[2], PUSHED[3], always!("origin", By("kind"), "where it comes from")],
    ),
    (
        "image-copied",
        "an image was copied into the registry of another account",
        &[IMAGE, ACCOUNT, PUSHED[0], PUSHED[1], PUSHED[2], PUSHED[3]],
    ),
    (
        "scan-observed",
        "the state of a scan changed, or its findings did",
        &[
            IMAGE,
            ACCOUNT,
            always!("reading", Other, "the state and the findings"),
            always!("readings", Whole, "how many equal readings there were in a row"),
        ],
    ),
    ("gate-judged", "the gate of a stage was judged", &[STAGE, always!("judgement", JUDGEMENT, "the result")]),
    ("stage-planned", "what a stage would change is known", &[STAGE, always!("plan", PLAN, "what would change")]),
    (
        "approval-requested",
        "approval is requested",
        &[STAGE, always!("request", REQUEST, "of which plan, and until when")],
    ),
    (
        "approval-refused",
        "an answer does not count",
        &[
            ANSWER,
            always!("reason", By("code"), "why"),
            always!("closes", Boolean, "whether the request cannot be answered again"),
        ],
    ),
    ("approval-given", "a person approved", &[ANSWER]),
    ("approval-rejected", "a person rejected", &[ANSWER, IMAGES]),
    ("approval-withdrawn", "an approval was withdrawn", &[STAGE, BY, always!("comment", Text, "the comment")]),
    (
        "approval-expired",
        "nobody can decide any more",
        &[STAGE, sometimes!("reason", By("code"), "why, other than that the time is over")],
    ),
    (
        "approval-voided",
        "the approval no longer counts, and approval is requested again",
        &[STAGE, always!("reason", By("code"), "why")],
    ),
    (
        "approval-compared",
        "the recorded approval was compared with CodePipeline",
        &[STAGE, sometimes!("mismatch", By("code"), "how they differ, if they do")],
    ),
    ("stage-locked", "the release holds the stage", &[STAGE, always!("fence", Whole, "grows with each holder")]),
    (
        "forced",
        "images that failed in the stage enter it again",
        &[
            STAGE,
            always!("over", Text, "the release with which they failed"),
            always!("reason", Text, "the reason that was given"),
        ],
    ),
    ("stage-entered", "the release enters the stage", &[STAGE]),
    (
        "task-definition-registered",
        "a task definition was registered, or found",
        &[
            PLACE,
            always!("workload", Other, "the service or the task"),
            always!("arn", Text, "its ARN"),
            always!("content", Text, "the hash of its content"),
            always!("reused", Boolean, "whether a revision with this content existed already"),
        ],
    ),
    (
        "stage-failed",
        "the stage failed",
        &[
            STAGE,
            always!(
                "failure",
                Object(&[
                    always!("reason", By("code"), "why"),
                    always!("roll_back", Boolean, "whether what was changed in the stage is rolled back"),
                ]),
                "why, and what follows",
            ),
        ],
    ),
    (
        "images-failed",
        "images that failed together do not enter the stage again",
        &[STAGE, IMAGES, always!("reason", By("code"), "why they failed")],
    ),
    ("stage-frozen", "kanmon froze the stage, because a rollback failed", &[STAGE]),
    (
        "stage-confirmed",
        "the services of the stage still run the release",
        &[STAGE, sometimes!("moved", List(&Other), "tags of the release's images that name other images by now")],
    ),
    (
        "stage-left",
        "the stage is done",
        &[STAGE, sometimes!("images", DIGESTS, "the images that were proven to run there")],
    ),
    (
        "lock-broken",
        "a person broke the lock of the process that worked on the release",
        &[BY, always!("held_by", Text, "the process"), always!("reason", Text, "the reason that was given")],
    ),
    (
        "absorbed",
        "a message to the release was read; what follows from it is the next event",
        &[always!("message", Whole, "the number of the message")],
    ),
    (
        "abort-requested",
        "a person asked to end the release",
        &[
            BY,
            always!("reason", Text, "the reason that was given"),
            always!("roll_back", Boolean, "whether to roll back the current stage"),
        ],
    ),
    ("suspended", "the process stops, and the release can be resumed: the last event of a process", ENDING),
    ("finished", "the release ends: the last event of a process", ENDING),
    ("task-started", "a task was started", &[PLACE, TASK, always!("arn", Text, "its ARN")]),
    ("task-overdue", "a task still runs after its timeout", &[PLACE, TASK]),
    ("task-ran", "a task ended", &[PLACE, TASK, always!("end", Other, "its exit code, and what ECS said")]),
    (
        "baseline-taken",
        "what a service runs before it is changed",
        &[PLACE, SERVICE, always!("baseline", Other, "its task definition, deployments and count")],
    ),
    (
        "rollout-started",
        "a rollout began",
        &[
            PLACE,
            SERVICE,
            DIRECTION,
            always!("primary", OrNull(&Text), "the id of its deployment; null: ECS no longer lists it"),
            always!("task_definition", Text, "the task definition that is rolled out"),
        ],
    ),
    (
        "rollout-observed",
        "a rollout made progress",
        &[PLACE, SERVICE, DIRECTION, always!("progress", Other, "its state, and counts of tasks")],
    ),
    ("rollout-overdue", "a rollout has not ended at its deadline", &[PLACE, SERVICE, DIRECTION]),
    ("rollout-stop-requested", "ECS is asked to stop a rollout", &[PLACE, SERVICE]),
    ("rollout-ended", "a rollout ended", &[PLACE, SERVICE, DIRECTION, always!("end", By("end"), "how")]),
    (
        "rollback-prepared",
        "what a rollback restores is known",
        &[
            PLACE,
            SERVICE,
            always!("target", Other, "the task definition, and the deployments just before"),
            always!("again", Boolean, "whether it had to be registered again"),
        ],
    ),
    (
        "check-judged",
        "a check was carried out",
        &[
            PLACE,
            always!("verdict", OneOf(&["pass", "waived", "unknown", "fail"]), "the result"),
            always!("result", Other, "what was found"),
        ],
    ),
];
