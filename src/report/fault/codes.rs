//! Every code of a fault with its meaning: for readers of JSON output, `kanmon help codes` and README.

use crate::report::codes::family::{Code, Family};

/// All of them, by subject, in the order of the problems.
pub const FAMILIES: &[Family] = &[
    Family { heading: "What goes wrong with a call of AWS (fault.code)", codes: CALL },
    Family { heading: "What goes wrong with credentials (fault.code)", codes: CREDENTIALS },
    Family { heading: "What goes wrong with resources in AWS (fault.code)", codes: AWS },
    Family { heading: "What goes wrong with an approval in CodePipeline (fault.code)", codes: APPROVAL },
    Family { heading: "What goes wrong with a registry or an image in it (fault.code)", codes: REGISTRY },
    Family { heading: "What goes wrong with a build (fault.code)", codes: BUILD },
    Family { heading: "What goes wrong with files (fault.code)", codes: FILE },
    Family { heading: "What goes wrong with a service or task (fault.code)", codes: SERVICE },
    Family { heading: "What goes wrong with a task definition (fault.code)", codes: TASK_DEFINITION },
    Family { heading: "What goes wrong with kanmon itself or its locks (fault.code)", codes: OWN },
    Family { heading: "What goes wrong in several ways (fault.code)", codes: SEVERAL },
];

const CALL: &[Code] = &[
    ("call-not-allowed", "AWS does not allow the caller to make a call"),
    ("credentials-rejected", "AWS does not accept the credentials, which may have expired"),
    ("call-target-missing", "what a call is about does not exist"),
    ("call-throttled", "AWS throttles a call"),
    ("call-not-answered", "AWS did not answer a call that changes nothing, or that was not sent"),
    ("write-not-answered", "AWS did not clearly answer a call that changes something: the change may have been made"),
    ("call-refused", "AWS refuses a call, for wrong input or a wrong state"),
    ("answer-incomplete", "the answer to a call lacks what kanmon needs of it"),
    ("write-answer-incomplete", "AWS carried out a call, but its answer does not identify the result"),
];

const CREDENTIALS: &[Code] = &[
    ("no-credentials", "there are no credentials for an account"),
    ("role-not-allowed", "the caller is not allowed to assume the account's role"),
    ("wrong-account", "the credentials belong to another account than the file says"),
    ("role-in-another-account", "the role is in another account than the file says"),
    ("credentials-not-available", "the credentials cannot be passed on to another program"),
    ("aws-configuration-unreadable", "AWS's configuration files cannot be read"),
    ("no-such-profile", "AWS's configuration has no profile of that name"),
    ("profile-needs-mfa", "the profile needs MFA, which kanmon cannot ask for"),
    ("profile-not-signed-in", "the profile is not signed in"),
    ("credentials-malformed", "the credentials contain a line end or a control character"),
    ("ca-bundle-unreadable", "the file of certificate authorities cannot be read"),
    ("ca-bundle-without-certificate", "the file of certificate authorities has no certificate"),
    ("ca-bundle-unusable", "the certificate authorities cannot be used"),
];

const AWS: &[Code] = &[
    ("not-found", "a cluster, service, repository, task definition or pipeline does not exist"),
    ("listed-and-not-found", "AWS lists a resource, but says that it does not exist"),
    ("scan-frequency-manual", "Inspector does not scan the repository: its scan frequency is MANUAL"),
    ("inspector-off", "Inspector does not scan ECR in the account"),
    ("scanned-image-missing", "an image that should be scanned no longer exists"),
    ("scan-type-unknown", "the account uses a scan type that this kanmon does not know"),
    ("stop-refused", "a service deployment cannot be stopped in its status"),
    ("task-not-started", "ECS started no task"),
    ("state-table-missing", "the DynamoDB table for the state does not exist"),
    ("state-table-unfit", "the DynamoDB table is not a table for kanmon's state"),
    ("state-table-busy", "the DynamoDB table is too busy to write to"),
    ("record-contended", "other processes kept writing to the same record"),
];

const APPROVAL: &[Code] = &[
    ("no-such-action", "the pipeline has no action of that name"),
    ("action-not-an-approval", "the action is not a manual approval"),
    ("plan-not-shown", "the action's message would not show the release's plan"),
    ("pipeline-without-variables", "a V1 pipeline takes no variables"),
    ("pipeline-variables-missing", "the pipeline does not declare the variables with which kanmon starts it"),
    ("pipeline-variables-unset", "the pipeline needs a value for a variable that kanmon does not know"),
    ("approval-not-waiting", "the action does not wait for an answer"),
    ("approval-of-another-plan", "the action requests approval of another plan, or of none"),
    ("approval-without-token", "CodePipeline gives no token to answer with"),
    ("approval-requested-again", "the action was reached again in the meantime"),
    ("approval-already-decided", "somebody has already decided"),
];

const REGISTRY: &[Code] = &[
    ("registry-not-allowed", "a registry denies access"),
    ("registry-not-found", "a registry does not have what was requested"),
    ("registry-refused", "a registry refuses a request"),
    ("tag-immutable", "the tag is immutable and names another image"),
    ("registry-throttled", "a registry throttles requests"),
    ("registry-not-answered", "a registry did not answer"),
    ("tag-write-not-answered", "a registry did not clearly answer a change of a tag: the change may have been made"),
    ("registry-answer-unusable", "a registry's answer cannot be used"),
    ("file-for-registry-unreadable", "a file that is pushed to a registry cannot be read"),
    ("tag-moved", "somebody else changed a tag that was just pushed"),
    ("pushed-image-missing", "an image does not exist after its push"),
    ("image-missing", "an image of the release no longer exists"),
    ("image-part-missing", "an index names a manifest that does not exist"),
    ("base-image-missing", "the base image does not exist"),
    ("given-image-missing", "an image that was given does not exist"),
    ("container-image-missing", "the image of a container that the file does not name does not exist"),
    ("not-an-image-manifest", "a registry has something that is not an image manifest"),
    ("manifest-ambiguous", "programs read an image manifest in different ways"),
    ("image-has-too-many-manifests", "an image index names too many manifests"),
    ("image-has-too-many-levels", "an image index has too many levels"),
    ("invalid-registry", "not a valid registry"),
    ("registry-without-tls", "a registry that is not on this machine would be used without TLS"),
    ("invalid-repository", "not a valid repository"),
    ("invalid-image-reference", "not a valid image reference"),
    ("unclear-image-reference", "an image reference does not say which registry it is in"),
    ("no-http-client", "no connection to a registry can be set up"),
];

const BUILD: &[Code] = &[
    ("no-builder", "no builder for a Dockerfile is installed and running"),
    ("buildx-missing", "docker needs buildx for several platforms"),
    ("builder-not-runnable", "a builder cannot be run"),
    ("build-failed", "a builder could not build or push the image"),
    ("push-not-allowed", "the registry did not allow a builder to push"),
    ("build-too-long", "a builder did not end in time"),
    ("image-never-built-here", "the file names no builder for the image"),
    ("source-differs", "the working tree is not the source that the release was started from"),
    ("release-without-source", "the release was started without a source to build from"),
    ("base-image-unfit", "the base image cannot be built on"),
    ("image-setting-invalid", "a setting of the image is not valid"),
    ("platforms-missing-or-repeated", "an image needs at least one platform, and each only once"),
    ("image-empty", "the image would be empty"),
    ("file-as-root", "a file cannot become the image's root"),
    ("folder-becomes-file", "a folder of the image would become a file"),
    ("too-many-links-in-base", "a path leads through too many links of the base image"),
];

const FILE: &[Code] = &[
    ("no-pipeline-folder", "there is no folder with pipeline files"),
    ("no-such-pipeline-file", "the pipeline file that was named does not exist"),
    ("no-pipeline-file", "the folder has no pipeline file"),
    ("several-pipeline-files", "there are several pipeline files, and none was named"),
    ("folder-named-as-pipeline-file", "a folder was named as the pipeline file"),
    ("not-a-pipeline-file", "what was named as the pipeline file is not a file"),
    ("file-unreadable", "a file cannot be read"),
    ("repository-unreadable", "the folder that the pipeline's paths are below cannot be read"),
    ("file-changed", "a template or its values changed since the release started"),
    ("file-gone", "a template or its values no longer exist, but did when the release started"),
    ("file-missing", "a file or folder that an image is made of does not exist"),
    ("path-outside-repository", "a path is outside the repository"),
    ("build-context-unfit", "the build context is not a folder, or the Dockerfile not a file"),
    ("dockerignore-unusable", "the file .dockerignore cannot be used"),
    ("files-excluded", "the image's files are excluded by .dockerignore"),
    ("files-never-packed", "these files never go into an image"),
    ("files-empty", "there is nothing to make a layer of"),
    ("link-leaves-folder", "a symbolic link leads out of its folder"),
    ("file-name-deletes", "a file's name would delete files of the layers below"),
    ("file-not-packable", "something that is neither a file, a folder nor a link cannot be in a layer"),
    ("file-changed-while-read", "a file was changed while it was read"),
    ("no-temporary-folder", "no temporary folder can be created"),
    ("own-file-unusable", "a temporary file of kanmon's own cannot be used"),
];

const SERVICE: &[Code] = &[
    ("service-not-active", "the service is not ACTIVE"),
    ("service-not-deployed-by-ecs", "the service has another deployment controller than ECS"),
    ("service-without-primary", "the service has no PRIMARY deployment"),
    ("service-being-deployed", "somebody else is deploying the service"),
    ("service-cannot-roll", "the service's limits leave no room for a rollout"),
    ("service-changed-by-somebody-else", "somebody else deployed the service in the meantime"),
    ("service-deployed-over", "somebody else deployed the service before the stage was done"),
    ("task-gone", "ECS no longer knows the task"),
    ("task-start-unknown", "it is unknown whether the task was started"),
    ("deployment-not-shown", "ECS does not yet show a deployment that it has begun"),
    ("deployment-not-listed", "ECS does not list the deployment that would be rolled back"),
    ("deployment-of-another-service", "the record names a deployment of another service"),
    ("revision-never-ran", "the record names a task definition for a rollback that never ran there"),
    ("revision-not-the-baseline", "the task definition for a rollback does not run what ran before"),
    ("revision-not-as-planned", "the registered task definition is not the one that was planned"),
    ("record-names-foreign-repository", "the record names an image in a repository that is not the account's"),
];

const TASK_DEFINITION: &[Code] = &[
    ("task-definition-not-an-object", "the task definition is not a JSON object"),
    ("task-definition-without-containers", "the task definition has no containers"),
    ("task-definition-without-family", "the task definition has no family"),
    ("no-such-container", "the task definition has no container of that name"),
    ("container-without-name", "the task definition has a container without a name"),
    ("container-twice", "the task definition has two containers of one name"),
    ("too-many-tags", "the task definition has too many tags to be registered"),
    ("task-definition-changed", "the task definition is no longer the one that was planned"),
    ("container-not-planned", "the plan lacks a container that the file does not name"),
    ("platform-differs", "the image is not for the platform of the task definition"),
    ("container-not-scannable", "a container's image is not in a repository that is scanned"),
    ("template-invalid", "the template does not make a valid task definition"),
];

const OWN: &[Code] = &[
    ("process-paused", "this process was paused for too long; nothing was sent"),
    ("stage-not-locked", "the stage could not be locked"),
    ("sent-without-effect", "a call was sent, but had no effect"),
    ("check-not-possible", "a check of the file cannot be made on this machine"),
    ("release-inconsistent", "kanmon's own state is inconsistent: a defect"),
    ("kanmon-defect", "a part of kanmon failed unexpectedly: a defect"),
];

const SEVERAL: &[Code] = &[("several-faults", "several problems were found at once")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::Problem;

    #[test]
    fn every_code_has_its_meaning_and_every_meaning_its_code() {
        let listed: Vec<&str> = FAMILIES.iter().flat_map(|family| family.codes).map(|(code, _)| *code).collect();
        assert_eq!(listed, Problem::codes().collect::<Vec<_>>());
    }
}
