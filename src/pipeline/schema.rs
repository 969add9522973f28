//! The keys of a pipeline file, what each may hold, and what it means.

use serde_json::{Value, json};

use super::shape::{Field, Record, Shape, may, must};
use super::step;

/// The JSON Schema of a pipeline file, for editors.
pub fn schema() -> Value {
    let mut schema = Shape::Record(&FILE).schema();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("kanmon pipeline");
    schema
}

pub static FILE: Record = Record {
    about: "What is built, where it is deployed, and which checks it must pass.",
    fields: &[
        must("version", Shape::Whole(1, 1), "the version of the file format: 1"),
        must("app", Shape::Text, "the application's name"),
        may(
            "state",
            Shape::Text,
            "where releases are recorded: `local` (the default), in `.kanmon/` of the repository, or \
             `dynamodb://ACCOUNT/TABLE`, for many machines",
        ),
        must("accounts", Shape::Names(&Shape::Record(&ACCOUNT)), "the AWS accounts, by names of your own"),
        must("images", Shape::Names(&Shape::Record(&IMAGE)), "the images that a release carries"),
        must("services", Shape::Names(&Shape::Record(&SERVICE)), "the ECS services that run them"),
        may("tasks", Shape::Names(&Shape::Record(&TASK)), "one-off tasks, such as migrations"),
        may("gate", Shape::Record(&GATE), "what every stage requires of a scan; stages may only tighten it"),
        may("defaults", Shape::Record(&DEFAULTS), "what stages do unless they say otherwise"),
        must("stages", Shape::List(&Shape::Record(&STAGE)), "where a release is deployed, in this order"),
    ],
};

static ACCOUNT: Record = Record {
    about: "An AWS account and region, and how to access it.",
    fields: &[
        must("id", Shape::Account, "the account's 12 digits, in quotes"),
        must("region", Shape::Text, "such as ap-northeast-1"),
        may("role", Shape::Text, "the name or ARN of a role to assume; without one, the current credentials are used"),
        may("external_id", Shape::Text, "the external id that the role's trust policy requires"),
        may(
            "assume",
            Shape::OneOf(&["always", "outside"]),
            "when the role is assumed: always (default), or only with credentials of another account",
        ),
        may("profile", Shape::Text, "a profile of the AWS configuration to start from"),
        may("endpoints", Shape::Record(&ENDPOINTS), "endpoints other than AWS's own, by service"),
    ],
};

static ENDPOINTS: Record = Record {
    about: "URLs used instead of AWS's own.",
    fields: &[
        may("default", Shape::Text, "for every service that is not named"),
        may("sts", Shape::Text, "AWS STS"),
        may("ecr", Shape::Text, "Amazon ECR"),
        may("inspector2", Shape::Text, "Amazon Inspector"),
        may("ecs", Shape::Text, "Amazon ECS"),
        may("codepipeline", Shape::Text, "AWS CodePipeline"),
        may("dynamodb", Shape::Text, "Amazon DynamoDB"),
    ],
};

static IMAGE: Record = Record {
    about: "A container image: where it is stored and how it is built. Without a build it is given with `--image`.",
    fields: &[
        must("account", Shape::Text, "the account whose registry has it"),
        must("repository", Shape::Text, "the ECR repository's name"),
        may("builder", Shape::OneOf(BUILDERS), "what builds it; `auto` takes the first that is installed"),
        may("context", Shape::Text, "the build context's folder, below the repository's root"),
        may("file", Shape::Text, "the Dockerfile, below the repository's root; by default `Dockerfile` of the context"),
        may("args", Shape::Table(&Shape::Written), "build arguments"),
        may("target", Shape::Text, "the Dockerfile's stage to build"),
        may("layers", Shape::Record(&LAYERS), "files on a base image, added without a Dockerfile or a daemon"),
        may("platforms", Shape::List(&Shape::Text), "such as linux/amd64 (the default) and linux/arm64"),
    ],
};

pub const BUILDERS: &[&str] = &["auto", "docker", "buildah", "podman", "finch", "layers"];

static LAYERS: Record = Record {
    about: "An image made of files.",
    fields: &[
        may("base", Shape::Text, "`scratch` (the default) or an image reference, by digest if it must stay the same"),
        must(
            "files",
            Shape::Either(&Shape::List(&Shape::Record(&LAYER_FILES)), &Shape::Table(&Shape::Text)),
            "the files: a list of {from, to}, or a mapping of paths in the image to paths in the repository",
        ),
        may("entrypoint", Shape::List(&Shape::Written), "the image's entry point"),
        may("cmd", Shape::List(&Shape::Written), "the image's command"),
        may("env", Shape::Table(&Shape::Written), "the image's environment"),
        may("user", Shape::Written, "the user to run as"),
        may("workdir", Shape::Text, "the working directory"),
        may("ports", Shape::List(&Shape::Written), "ports that it listens on, such as 8080 or 8080/tcp"),
        may("labels", Shape::Table(&Shape::Written), "the image's labels"),
    ],
};

static LAYER_FILES: Record = Record {
    about: "A file or folder, and where it goes.",
    fields: &[
        must("from", Shape::Text, "a path below the repository's root"),
        must("to", Shape::Text, "an absolute path in the image"),
    ],
};

static SERVICE: Record = Record {
    about: "An ECS service.",
    fields: &[
        must("taskdef", Shape::Text, "`live` (what runs now, with the image replaced) or a template of the repository"),
        must("containers", Shape::Names(&Shape::Text), "which image each container runs"),
        UNNAMED,
        SHOW,
    ],
};

const UNNAMED: Field = may(
    "unnamed",
    Shape::OneOf(&["digest", "keep"]),
    "containers that are not named here: digest (the default) pins and gates their images, keep leaves them as they are",
);
const SHOW: Field = may(
    "show",
    Shape::List(&Shape::Text),
    "environment variables whose values are shown to approvers; other values are not shown",
);

static TASK: Record = Record {
    about: "A task that runs once, before services are deployed.",
    fields: &[
        must("taskdef", Shape::Text, "a task definition template of the repository"),
        must("containers", Shape::Names(&Shape::Text), "which image each container runs"),
        UNNAMED,
        SHOW,
        must("network_of", Shape::Text, "the service whose network and launch configuration it runs with"),
        may("container", Shape::Text, "the container whose exit code decides, where there are several"),
        may("command", Shape::List(&Shape::Written), "the container's command, instead of the template's"),
        may("timeout", Shape::Duration, "how long it may take (15m)"),
    ],
};

static GATE: Record = Record {
    about: "What a scan may find and still pass.",
    fields: &[
        may("at_most", Shape::Record(&AT_MOST), "how many findings of each severity still pass"),
        may("timeout", Shape::Duration, "how long a scan may take before the gate blocks (1h)"),
        may("settle", Shape::Duration, "the time between two equal readings of the findings (20s)"),
        may("max_age", Shape::Duration, "how old a scan may be; an older one counts as none (30d)"),
        may(
            "suppressed",
            Shape::OneOf(SUPPRESSED),
            "what happens to findings that are suppressed in the scanner's account (show)",
        ),
    ],
};

static AT_MOST: Record = Record {
    about: "By severity. A severity that is not named has the limit of the gate above; by default critical, high and untriaged 0, the rest unlimited.",
    fields: &[
        may("critical", Shape::Limit, "0 or more, or unlimited"),
        may("high", Shape::Limit, "0 or more, or unlimited"),
        may("medium", Shape::Limit, "0 or more, or unlimited"),
        may("low", Shape::Limit, "0 or more, or unlimited"),
        may("informational", Shape::Limit, "0 or more, or unlimited"),
        may("untriaged", Shape::Limit, "0 or more, or unlimited"),
    ],
};

static DEFAULTS: Record = Record {
    about: "What stages do unless they say otherwise.",
    fields: &[
        may("deadline", Shape::Duration, "how long each rollout may take (45m)"),
        may("on_failure", Shape::OneOf(ON_FAILURE), "what a failed stage does (rollback)"),
        may("poll", Shape::Duration, "how often a resource that is changing is read (5s)"),
    ],
};

/// The values of `suppressed`; the last is the tightest.
pub const SUPPRESSED: &[&str] = &["show", "count"];

pub const ON_FAILURE: &[&str] = &["rollback", "stop"];

static STAGE: Record = Record {
    about: "A stage: a cluster in an account.",
    fields: &[
        must("name", Shape::Text, "the stage's name"),
        must("account", Shape::Text, "one of the accounts above"),
        must("cluster", Shape::Text, "the ECS cluster's name"),
        may("services", Shape::Names(&Shape::Text), "the services' names in ECS, where they differ from the file's"),
        may("values", Shape::Text, "a YAML file of values for the task definition templates"),
        may("images", Shape::OneOf(&["pull", "copy"]), "how this account gets images from another one"),
        may("enter", Shape::Record(&ENTER), "the conditions for entering the stage"),
        must("steps", Shape::List(&Shape::Record(&STEP)), "the steps, in this order"),
        may("deadline", Shape::Duration, "how long each rollout may take"),
        may("on_failure", Shape::OneOf(ON_FAILURE), "what a failed stage does"),
    ],
};

static ENTER: Record = Record {
    about: "The conditions for entering a stage.",
    fields: &[
        may("gate", Shape::Record(&GATE), "a tighter gate than the one above"),
        may("approval", Shape::Record(&APPROVAL), "who approves, and where"),
    ],
};

static APPROVAL: Record = Record {
    about: "A person's approval of exactly what will be deployed.",
    fields: &[
        must("by", Shape::OneOf(&["kanmon", "codepipeline"]), "where approval is requested and given"),
        may(
            "approvers",
            Shape::List(&Shape::Text),
            "ARN patterns of those who may decide, each with its account; without them, anybody except the requester",
        ),
        may("pipeline", Shape::Text, "by codepipeline: the pipeline's name"),
        may("action", Shape::Text, "by codepipeline: the manual approval action's name"),
        may("account", Shape::Text, "by codepipeline: the pipeline's account; by default the first stage's"),
        may("expires", Shape::Duration, "how long it may take (24h)"),
        may("self_approval", Shape::Boolean, "whether the requester may also approve (false)"),
    ],
};

static STEP: Record = Record { about: "A step: exactly one of these keys.", fields: step::FIELDS };
