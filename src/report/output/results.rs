//! What the verbs print besides the events of a release.

use super::events::{DIGESTS, JUDGEMENT, PLAN, REQUEST, REQUESTER, Row};
use super::shape::Shape::{Boolean, By, List, Names, Object, OneOf, OrNull, Other, Text, Time, Whole};
use super::shape::{Member, Shape, always, sometimes};

const RELEASE: Member = always!("release", Text, "the release");
const STAGE: Member = always!("stage", Text, "the stage");
const READ_BY: Member = always!(
    "read_by",
    OneOf(&["yes", "soon", "by-execution", "by-resume", "by-promote", "by-nobody"]),
    "whether a process reads the answer, or who does later",
);
const UNREADABLE: Member = always!(
    "unreadable",
    List(&Object(&[RELEASE, always!("why", Text, "why, a sentence")])),
    "releases whose records cannot be read",
);

/// A process that holds a lock.
const HOLDER: Shape = Object(&[
    always!("id", Text, "random, one for each process"),
    always!("who", Text, "the user, the machine and the process"),
    always!("host", Text, "the machine"),
    always!("pid", Whole, "the id of the process"),
]);

const FROZEN: Shape = Object(&[always!("at", Time, "since when"), always!("by", By("kind"), "by whom, and why")]);

const ENDING: Shape = By("outcome");

const FINDING: Shape = Object(&[
    always!(
        "severity",
        OneOf(&["critical", "high", "medium", "low", "informational", "untriaged"]),
        "how severe it is"
    ),
    always!("id", Text, "`CVE-…`, or the scanner's own id"),
    always!("package", Text, "the package; empty: the scanner names none"),
    always!("installed", OrNull(&Text), "the package's version in the image"),
    always!("fixed_in", OrNull(&Text), "a version that fixes it"),
    always!("title", OrNull(&Text), "what it is about, in the scanner's words"),
]);

/// The last line of a command that fails.
pub const FAILURE: Row = (
    "finished",
    "a command failed: its last line",
    &[
        always!("at", Time, "when"),
        always!("outcome", OneOf(&["error"]), "always error"),
        always!("sentence", Text, "what is wrong, for people"),
        always!("cause", OrNull(&Text), "why, for people"),
        always!("hints", List(&Text), "what to do, for people"),
        always!("reason", Object(&[always!("code", Text, "why, for programs")]), "why, for programs"),
        always!("exit", Whole, "the exit code"),
    ],
);

pub const RESULTS: &[Row] = &[
    (
        "mistake",
        "a mistake in the pipeline file",
        &[
            always!("file", Text, "the file"),
            always!("line", Whole, "the line, from 1; 0: the file as a whole"),
            always!("column", Whole, "the column, from 1, in characters"),
            always!("length", Whole, "how many characters are marked"),
            always!("message", Text, "what is wrong"),
            sometimes!("hint", Text, "what to do"),
        ],
    ),
    (
        "checked",
        "`check`: the pipeline file is valid",
        &[
            always!("file", Text, "the file"),
            always!("sha256", Text, "of the file's bytes"),
            always!("pipeline", Other, "the resolved pipeline"),
            always!("warnings", List(&Text), "what is valid, but weaker than its author may expect"),
        ],
    ),
    (
        "plan",
        "`plan`: what a release would do",
        &[always!(
            "stages",
            List(&Object(&[
                STAGE,
                always!("plan", PLAN, "what would change"),
                always!(
                    "gate",
                    OrNull(&JUDGEMENT),
                    "the current result of the gate; null: unknown before the image is built",
                ),
                always!("approval", OrNull(&By("by")), "who may approve; null: no approval is required"),
            ])),
            "the stages in their order",
        )],
    ),
    (
        "approvals",
        "`approvals`: what waits for approval",
        &[
            always!(
                "waiting",
                List(&Object(&[
                    RELEASE,
                    STAGE,
                    always!("request", REQUEST, "of which plan, and until when"),
                    always!("requesters", List(&REQUESTER), "who requested, promoted or resumed the release"),
                    always!("plan", OrNull(&PLAN), "what would change; null: the record does not have this plan"),
                    always!("gate", OrNull(&JUDGEMENT), "the result of the gate"),
                    always!("frozen", OrNull(&FROZEN), "whether the stage is frozen"),
                    always!("earlier", List(&Other), "earlier decisions about this stage"),
                    always!("rejected", List(&Other), "rejections of the same images in other releases"),
                    always!("again", OrNull(&Text), "why approval is requested again after a rejection"),
                    always!("runs", OrNull(&Text), "the release that runs there now; null: not known"),
                    always!("source", Other, "the commit that its images are built from"),
                    always!(
                        "findings",
                        OrNull(&Object(&[
                            always!("new", List(&Other), "what is found now and was not in what runs, the worst first"),
                            always!("gone", List(&Other), "what was found in what runs and is no more"),
                            always!("unknown", List(&Text), "images of which one of the two results is missing"),
                            always!("then", OrNull(&Time), "when what runs was read"),
                        ])),
                        "findings against what runs; null: they cannot be compared",
                    ),
                ])),
                "the requests",
            ),
            UNREADABLE,
        ],
    ),
    (
        "answered",
        "`approve`, `reject`: the answer is recorded",
        &[RELEASE, STAGE, always!("answer", OneOf(&["approved", "rejected"]), "the answer"), READ_BY],
    ),
    ("withdrawn", "`withdraw`: the withdrawal is recorded", &[RELEASE, STAGE, READ_BY]),
    (
        "promoted",
        "`promote`: the release has reached the stage already",
        &[RELEASE, always!("to", Text, "the stage"), always!("outcome", OneOf(&["unchanged"]), "always unchanged")],
    ),
    (
        "aborting",
        "`abort`: the process that works on the release ends it",
        &[
            RELEASE,
            always!("held_by", Text, "the user, the machine and the process"),
            always!("read", Boolean, "whether that process has read the request"),
        ],
    ),
    (
        "execution",
        "`release --remote`: the state of the execution changed",
        &[
            always!("pipeline", Text, "the pipeline in CodePipeline"),
            always!("execution", Text, "the id of the execution"),
            always!("status", Text, "its status, as CodePipeline reports it"),
        ],
    ),
    (
        "frozen",
        "`freeze`: the stage is frozen",
        &[STAGE, always!("frozen", OrNull(&FROZEN), "by whom, and since when")],
    ),
    (
        "unfrozen",
        "`unfreeze`: the stage is no longer frozen",
        &[STAGE, always!("was", OrNull(&FROZEN), "by whom and since when it was frozen; null: it was not")],
    ),
    (
        "unlocked",
        "`unlock`: the lock is broken",
        &[
            always!("what", Text, "the release or the stage"),
            always!("was_held_by", OrNull(&Text), "the process that had it; null: none"),
        ],
    ),
    (
        "status",
        "`status`: what runs where",
        &[
            always!(
                "services",
                List(&Object(&[
                    STAGE,
                    always!("service", Text, "the service"),
                    always!(
                        "live",
                        OrNull(&Object(&[
                            always!("running", Whole, "how many tasks run"),
                            always!("desired", Whole, "how many tasks should run"),
                            always!("task_definition", Text, "the family and the revision"),
                            always!("images", List(&Text), "the images of the named containers"),
                            always!(
                                "release",
                                OrNull(&Text),
                                "the release that deployed it; null: none that is recorded here",
                            ),
                        ])),
                        "what runs; null: not read",
                    ),
                    always!("last_good", OrNull(&Text), "the last release that passed the stage"),
                ])),
                "the services of every stage",
            ),
            always!(
                "frozen",
                List(&Object(&[STAGE, always!("frozen", FROZEN, "by whom, and since when")])),
                "frozen stages",
            ),
            always!(
                "stages",
                List(&Object(&[STAGE, RELEASE, always!("held_by", HOLDER, "the process")])),
                "locked stages",
            ),
            always!(
                "open",
                List(&Object(&[
                    RELEASE,
                    always!("held_by", OrNull(&HOLDER), "the process that works on it"),
                    always!("ending", OrNull(&ENDING), "how the last process left it"),
                ])),
                "releases that have not ended",
            ),
            always!(
                "unread",
                List(&Object(&[
                    always!("what", Other, "the `account`, or the `stage` and the `service`"),
                    always!("fault", By("code"), "why"),
                ])),
                "what could not be read",
            ),
            UNREADABLE,
        ],
    ),
    (
        "sandbox",
        "`sandbox`: it listens",
        &[
            always!("endpoint", Text, "its address, for AWS_ENDPOINT_URL"),
            always!("region", Text, "its region"),
            always!(
                "accounts",
                List(&Object(&[
                    always!("id", Text, "the account's id"),
                    always!("name", Text, "its name in the seed"),
                    always!(
                        "users",
                        List(&Object(&[
                            always!("name", Text, "the user"),
                            always!("export", Names(&Text), "the variables that a shell exports to be this user"),
                            always!("unset", List(&Text), "the variables that it unsets"),
                        ])),
                        "its users",
                    ),
                ])),
                "its accounts",
            ),
            always!(
                "services",
                List(&Object(&[
                    always!("account", Text, "the account's id"),
                    always!("region", Text, "the region"),
                    always!("cluster", Text, "the cluster"),
                    always!("service", Text, "the service"),
                    always!("url", Text, "where its containers answer"),
                ])),
                "its services",
            ),
            always!("addresses", Names(&Text), "the URLs of the seed's addresses, by their names"),
        ],
    ),
    (
        "findings",
        "`findings`: what scans have found in a release's images, as last read",
        &[
            RELEASE,
            always!("stage", OrNull(&Text), "the stage whose images these are; null: all images"),
            always!(
                "images",
                List(&Object(&[
                    always!("image", Text, "its name in the pipeline file, or `REPOSITORY@DIGEST`"),
                    always!("accounts", List(&Text), "the accounts whose scanners have this result"),
                    always!("digest", OrNull(&Text), "its digest"),
                    always!("scan", By("state"), "the state of the scan"),
                    always!("findings", List(&FINDING), "what counts for the gate, the worst first"),
                    always!("suppressed", List(&FINDING), "what a filter of the scanner's account hides"),
                ])),
                "each image, once for each result",
            ),
        ],
    ),
    (
        "history",
        "`history`: past releases",
        &[
            always!(
                "releases",
                List(&Object(&[
                    RELEASE,
                    always!("started_at", Time, "when it began"),
                    always!("last_at", Time, "its last event"),
                    always!("ending", OrNull(&ENDING), "how it ended; null: it has not"),
                    always!("held_by", OrNull(&HOLDER), "the process that works on it"),
                    always!("waits_for_approval", List(&Text), "the stages whose approval it waits for"),
                    always!("imported", OrNull(&IMPORT), "who imported it; null: it was made here"),
                    always!("until", Text, "the last stage to reach"),
                    always!("images", DIGESTS, "its images"),
                    always!("source", Other, "the commit that its images are built from"),
                    always!("image_commits", Names(&Other), "the commits of images that were given"),
                    always!("requested_by", REQUESTER, "who requested it"),
                ])),
                "the newest first",
            ),
            always!(
                "commands",
                List(&Object(&[STAGE, always!("recorded", By("action"), "the command, by whom, and when")])),
                "commands of people about stages, the newest first",
            ),
            UNREADABLE,
        ],
    ),
    (
        "record-imported",
        "`history RELEASE`: the record was imported; its events follow",
        &[RELEASE, always!("at", Time, "when"), always!("by", Text, "the user, the machine and the process")],
    ),
    (
        "imported",
        "`import`: the record can be read here",
        &[
            RELEASE,
            always!("events", Whole, "how many events it has"),
            always!("new", Boolean, "whether it was not here before"),
        ],
    ),
    (
        "codes",
        "`help codes`: what the codes mean",
        &[
            always!(
                "exit_codes",
                List(&Object(&[always!("exit_code", Whole, "the number"), always!("meaning", Text, "what it means")])),
                "the exit codes",
            ),
            always!(
                "reasons",
                List(&Object(&[
                    always!("of", Text, "what the codes answer"),
                    always!(
                        "codes",
                        List(&Object(&[always!("code", Text, "the code"), always!("meaning", Text, "what it means")])),
                        "the codes",
                    ),
                ])),
                "the codes of the JSON output",
            ),
        ],
    ),
    (
        "topic",
        "`help TOPIC`: an explanation",
        &[always!("topic", Text, "its name"), always!("markdown", Text, "the text, in Markdown")],
    ),
];

const IMPORT: Shape = Object(&[always!("at", Time, "when"), always!("by", Text, "who, and where")]);
