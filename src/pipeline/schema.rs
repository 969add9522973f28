//! The keys of a pipeline file, what each may hold, and what it means.

use serde_json::{Value, json};

use super::json_schema;
use super::shape::{Field, Record, Rule, Shape, may, must};
use super::step;

/// The schema's id; its number is the `version` of the file's format.
const ID: &str = "urn:kanmon:schema:pipeline:1";

/// The JSON Schema of a pipeline file, for editors.
pub fn schema() -> Value {
    let mut schema = json!({ "$schema": json_schema::DIALECT, "$id": ID, "title": "kanmon pipeline file" });
    if let (Value::Object(head), Value::Object(of_file)) = (&mut schema, json_schema::of(&Shape::Record(&FILE))) {
        head.extend(of_file);
    }
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
            "where releases are recorded: `local`, in `.kanmon/` of the repository, or `dynamodb://ACCOUNT/TABLE`, for many \
             machines",
        )
        .or("local"),
        must("accounts", Shape::Names(&Shape::Record(&ACCOUNT)), "the AWS accounts, by names of your own"),
        must("images", Shape::Names(&Shape::Record(&IMAGE)), "the images that a release carries"),
        must("services", Shape::Names(&Shape::Record(&SERVICE)), "the ECS services that run them"),
        may("tasks", Shape::Names(&Shape::Record(&TASK)), "one-off tasks, such as migrations"),
        may("gate", Shape::Record(&GATE), "what every stage requires of a scan; stages may only tighten it"),
        may("defaults", Shape::Record(&DEFAULTS), "what stages do unless they say otherwise"),
        must("stages", Shape::List(&Shape::Record(&STAGE)), "where a release is deployed, in this order"),
    ],
    rules: &[],
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
            "when the role is assumed: always, or only with credentials of another account",
        )
        .or("always"),
        may("profile", Shape::Text, "a profile of the AWS configuration to start from"),
        may("endpoints", Shape::Record(&ENDPOINTS), "endpoints other than AWS's own, by service"),
    ],
    rules: &[Rule::Needs("external_id", "role")],
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
    rules: &[],
};

static IMAGE: Record = Record {
    about: "A container image: where it is stored and how it is built. Without a build it is given with `--image`.",
    fields: &[
        must("account", Shape::Text, "the account whose registry has it"),
        must("repository", Shape::Text, "the ECR repository's name"),
        may("builder", Shape::OneOf(BUILDERS), "what builds it; `auto` takes the first that is installed")
            .or_else("`auto`; `layers` if that key is there"),
        may("context", Shape::Text, "the build context's folder, below the repository's root").or("."),
        may("file", Shape::Text, "the Dockerfile, below the repository's root").or_else("`Dockerfile` of the context"),
        may("args", Shape::Table(&Shape::Written), "build arguments; they are recorded, so not for secrets"),
        may("target", Shape::Text, "the Dockerfile's stage to build"),
        may("layers", Shape::Record(&LAYERS), "files on a base image, added without a Dockerfile or a daemon"),
        may("platforms", Shape::List(&Shape::Text), "such as linux/amd64 and linux/arm64").or("[linux/amd64]"),
    ],
    rules: &[
        Rule::Excludes("layers", DOCKERFILE_KEYS),
        Rule::With { key: "builder", values: &["layers"], needs: &["layers"], excludes: DOCKERFILE_KEYS },
        Rule::With {
            key: "builder",
            values: &["auto", "docker", "buildah", "podman", "finch"],
            needs: &[],
            excludes: &["layers"],
        },
    ],
};

/// Keys that only a build from a Dockerfile has.
pub const DOCKERFILE_KEYS: &[&str] = &["context", "file", "args", "target"];

pub const BUILDERS: &[&str] = &["auto", "docker", "buildah", "podman", "finch", "layers"];

static LAYERS: Record = Record {
    about: "An image made of files.",
    fields: &[
        may("base", Shape::Text, "`scratch` or an image reference, by digest if it must stay the same").or("scratch"),
        must(
            "files",
            Shape::Either(&Shape::List(&Shape::Record(&LAYER_FILES)), &Shape::Keyed("PATH", &Shape::Text)),
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
    rules: &[],
};

static LAYER_FILES: Record = Record {
    about: "A file or folder, and where it goes.",
    fields: &[
        must("from", Shape::Text, "a path below the repository's root"),
        must("to", Shape::Text, "an absolute path in the image"),
    ],
    rules: &[],
};

static SERVICE: Record = Record {
    about: "An ECS service.",
    fields: &[
        must("taskdef", Shape::Text, "`live` (what runs now, with the image replaced) or a template of the repository"),
        must("containers", Shape::Keyed("CONTAINER", &Shape::Text), "which image each container runs"),
        UNNAMED,
        SHOW,
    ],
    rules: &[],
};

const UNNAMED: Field = may(
    "unnamed",
    Shape::OneOf(&["digest", "keep"]),
    "containers that are not named here: digest pins and gates their images, keep leaves them as they are",
)
.or("digest");
const SHOW: Field = may(
    "show",
    Shape::List(&Shape::Text),
    "environment variables whose values are shown to approvers; other values are not shown",
);

static TASK: Record = Record {
    about: "A task that runs once, before services are deployed.",
    fields: &[
        must("taskdef", Shape::Text, "a task definition template of the repository"),
        must("containers", Shape::Keyed("CONTAINER", &Shape::Text), "which image each container runs"),
        UNNAMED,
        SHOW,
        must("network_of", Shape::Text, "the service whose network and launch configuration it runs with"),
        may("container", Shape::Text, "the container whose exit code decides").or_else("the only one of `containers`"),
        may("command", Shape::List(&Shape::Written), "the container's command").or_else("the template's"),
        may("timeout", Shape::Duration, "how long it may take").or("15m"),
    ],
    rules: &[],
};

static GATE: Record = Record {
    about: "What a scan may find and still pass.",
    fields: &[
        may("at_most", Shape::Record(&AT_MOST), "how many findings of each severity still pass"),
        may("timeout", Shape::Duration, "how long a scan may take before the gate blocks").or("1h"),
        may("settle", Shape::Duration, "the least time between two equal readings of the findings").or("20s"),
        may("max_age", Shape::Duration, "how old a scan may be; an older one counts as none").or("30d"),
        may(
            "suppressed",
            Shape::OneOf(SUPPRESSED),
            "findings that a filter of the scanner's account suppresses: show does not count them, count does",
        )
        .or("show"),
    ],
    rules: &[],
};

static AT_MOST: Record = Record {
    about: "How many findings still pass, by severity: 0 or more, or unlimited.",
    fields: &[
        may("critical", Shape::Limit, "findings of the severity CRITICAL").or("0"),
        may("high", Shape::Limit, "findings of the severity HIGH").or("0"),
        may("medium", Shape::Limit, "findings of the severity MEDIUM").or("unlimited"),
        may("low", Shape::Limit, "findings of the severity LOW").or("unlimited"),
        may("informational", Shape::Limit, "findings of the severity INFORMATIONAL").or("unlimited"),
        may("untriaged", Shape::Limit, "findings of the severity UNTRIAGED").or("0"),
    ],
    rules: &[],
};

static DEFAULTS: Record = Record {
    about: "What stages do unless they say otherwise.",
    fields: &[
        may("deadline", Shape::Duration, "how long each rollout may take").or("45m"),
        may("on_failure", Shape::OneOf(ON_FAILURE), "what a failed stage does with the services that it has changed")
            .or("rollback"),
        may("poll", Shape::Duration, "how often a resource that is changing is read").or("5s"),
    ],
    rules: &[],
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
        may(
            "services",
            Shape::Keyed("SERVICE", &Shape::Text),
            "the services' names in ECS, where they differ from the file's",
        ),
        may("values", Shape::Text, "a YAML file of values for the task definition templates"),
        may("images", Shape::OneOf(&["pull", "copy"]), "how this account gets images from another account or region")
            .or_else("required if it runs one of them"),
        may("enter", Shape::Record(&ENTER), "the conditions for entering the stage"),
        must("steps", Shape::List(&Shape::Record(&STEP)), "the steps, in this order"),
        may("deadline", Shape::Duration, "how long each rollout may take").or_else("that of `defaults`"),
        may("on_failure", Shape::OneOf(ON_FAILURE), "what a failed stage does with the services that it has changed")
            .or_else("that of `defaults`"),
    ],
    rules: &[],
};

static ENTER: Record = Record {
    about: "The conditions for entering a stage.",
    fields: &[
        may("gate", Shape::Tighter(&GATE), "a gate that is tighter than the one of the stage before, or of the file")
            .or_else("the same gate"),
        may("approval", Shape::Record(&APPROVAL), "who approves, and where"),
    ],
    rules: &[],
};

static APPROVAL: Record = Record {
    about: "A person's approval of exactly what will be deployed.",
    fields: &[
        must("by", Shape::OneOf(&["kanmon", "codepipeline"]), "where approval is requested and given"),
        may("approvers", Shape::List(&Shape::Text), "ARN patterns of those who may decide, each with its account")
            .or_else("anybody except the requester"),
        may("pipeline", Shape::Text, "by codepipeline: the pipeline's name"),
        may("action", Shape::Text, "by codepipeline: the manual approval action's name"),
        may("account", Shape::Text, "by codepipeline: the pipeline's account").or_else("the first stage's"),
        may("expires", Shape::Duration, "how long it may take").or("24h"),
        may("self_approval", Shape::Boolean, "whether the requester may also approve").or("false"),
    ],
    rules: &[
        Rule::With { key: "by", values: &["kanmon"], needs: &[], excludes: &["pipeline", "action", "account"] },
        Rule::With { key: "by", values: &["codepipeline"], needs: &["pipeline", "action"], excludes: &[] },
    ],
};

static STEP: Record =
    Record { about: "A step: exactly one of these keys.", fields: step::FIELDS, rules: &[Rule::One(step::KEYS)] };
