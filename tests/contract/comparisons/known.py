"""Known differences of emulators to AWS."""

PUBLISHES = "takes it (SNS Developer Guide: the default policy lets the topic's owner alone publish)"

# AWS's API references describe the answers of these operations. The sandbox must not differ at all.
DIFFERS = {
    ("ministack", "the token's provider and subject are returned"): "does not read them from the token (AssumeRoleWithWebIdentity: Provider, Audience and subject are the token's)",
    ("ministack", "an expired token gives no session"): "gives one (AssumeRoleWithWebIdentity: ExpiredTokenException)",
    ("ministack", "an invalid token gives no session"): "gives one (AssumeRoleWithWebIdentity: InvalidIdentityToken)",
    ("ministack", "a list of repositories has pages"):
        "cuts the list at maxResults and gives no nextToken (DescribeRepositories: a token where more remain)",
    ("ministack", "an invalid lifecycle policy is refused"): "takes it (PutLifecyclePolicy: InvalidParameterException)",
    ("ministack", "an image that is not there"): "an empty list (DescribeImages: ImageNotFoundException)",
    ("ministack", "no image with missing layers"): "takes it (PutImage: LayersNotFoundException)",
    ("ministack", "an invalid digest is a failure"): "a layer like others (BatchCheckLayerAvailability: failureCode InvalidLayerDigest)",
    ("ministack", "a layer that is there"): "none ever is (BatchCheckLayerAvailability: AVAILABLE)",
    ("ministack", "no image twice"): "takes it again (PutImage: ImageAlreadyExistsException)",
    ("ministack", "an image's ids are listed by tag"): "one of its tags alone (ListImages: all image ids of a repository)",
    ("ministack", "no tags of a cluster that is not there"): "no tags, and no error (ListTagsForResource: ClusterNotFoundException)",
    ("ministack", "no tag on a cluster that is not there"): "InvalidParameterException (TagResource: ClusterNotFoundException)",
    ("ministack", "no service in a cluster that is not there"): "creates it (CreateService: ClusterNotFoundException)",
    ("ministack", "no list of a cluster that is not there"): "an empty list (ListServices: ClusterNotFoundException)",
    ("ministack", "no services of a cluster that is not there"): "returns them (DescribeServices: ClusterNotFoundException)",
    ("ministack", "deployments are listed"): "always empty (ListServiceDeployments: every deployment of the last 90 days)",
    ("ministack", "a deployment that is not there is a failure"): "always empty (DescribeServiceDeployments: failures, MISSING)",
    ("ministack", "a revision that is not there is a failure"): "always empty (DescribeServiceRevisions: failures, MISSING)",
    ("ministack", "no task in a cluster that is not there"): "runs it (RunTask: ClusterNotFoundException)",
    ("ministack", "a task's group is its definition's family"): "an empty text (RunTask: by default the family, family:NAME)",
    ("ministack", "an account with Inspector enabled"):
        "disabled, while images are (BatchGetAccountStatus: state, the status of Inspector for the account)",
    ("ministack", "no findings of a repository that does not exist"): "what it made up, whatever the filter (ListFindings: filterCriteria)",
    ("ministack", "an invalid token gives no page"): "the first (ListFindings: ValidationException)",
    ("ministack", "no coverage of a repository that does not exist"): "what it made up, whatever the filter (ListCoverage: filterCriteria)",
    ("ministack", "details of no finding are an error"):
        "a code and a member that are none (FindingDetailsError: findingArn, FINDING_DETAILS_NOT_FOUND)",
    ("ministack", "nothing is published to another account's topic"): PUBLISHES,
    ("ministack", "an entry fails alone: a detail that is not JSON"):
        "takes it (PutEvents: ErrorCode MalformedDetail, counted in FailedEntryCount)",
    ("ministack", "an entry fails alone: no source"): "takes it (PutEvents: ErrorCode InvalidArgument, counted in FailedEntryCount)",
    ("ministack", "no rule is deleted that has targets"): "deletes it (DeleteRule: \"you must remove all targets\" before)",
    ("moto", "the token's provider and subject are returned"): "missing (AssumeRoleWithWebIdentity: Provider, Audience and subject)",
    ("moto", "an expired token gives no session"): "gives one (AssumeRoleWithWebIdentity: ExpiredTokenException)",
    ("moto", "an invalid token gives no session"): "gives one (AssumeRoleWithWebIdentity: InvalidIdentityToken)",
    ("moto", "a list of repositories has pages"): "all at once (DescribeRepositories: at most maxResults of them)",
    ("moto", "no image with missing layers"): "takes it (PutImage: LayersNotFoundException)",
    ("moto", "an image's digest is its manifest's"): "some other one (ImageIdentifier: the sha256 digest of the image manifest)",
    ("moto", "an immutable tag does not move"): "ImageAlreadyExistsException (PutImage: ImageTagAlreadyExistsException)",
    ("moto", "definitions are listed newest first"): "as if sort were not given (ListTaskDefinitions: DESC, newest first)",
    ("moto", "a service that was deleted is not listed"): "it is listed (DeleteService: INACTIVE services are not in ListServices)",
    ("moto", "a task that was stopped"): "does not say who stopped it (Task: stopCode UserInitiated)",
    ("moto", "when a task stopped"): "missing (Task: stoppedAt)",
    ("moto", "a task that is not there is a failure"): "not mentioned (DescribeTasks: failures, MISSING)",
    ("moto", "no stop of a task that is not there"): "an HTML page with status 500 (StopTask: InvalidParameterException)",
    ("moto", "an invalid token gives no page"): "nothing found (ListFindings: ValidationException)",
    ("moto", "nothing is published to another account's topic"): PUBLISHES,
    ("moto", "an event has its content, account and region"):
        "lacks its account (EventBridge User Guide, event structure: account is always there)",
    ("moto", "nothing arrives through a disabled rule"): "it arrives (DisableRule: a disabled rule matches no events)",
    ("moto", "a stack's resources are deleted with it"): "a queue that has a name stays (DeleteStack: a stack's resources are deleted)",
}

# Operations that an emulator lacks, and its answer; moto answers an HTML page, of which a client reads only the status.
LACKING = {
    ("ministack", "codepipeline", "400"): (
        "GetPipeline GetPipelineExecution GetPipelineState ListActionExecutions ListPipelineExecutions ListPipelines "
        "PutApprovalResult RetryStageExecution StartPipelineExecution StopPipelineExecution"
    ),
    ("ministack", "ecr", "InvalidAction"): (
        "BatchGetRepositoryScanningConfiguration DeleteRegistryPolicy DescribeImageReplicationStatus "
        "DescribeImageScanFindings GetRegistryPolicy GetRegistryScanningConfiguration PutRegistryPolicy "
        "PutRegistryScanningConfiguration PutReplicationConfiguration StartImageScan"
    ),
    ("ministack", "ecs", "InvalidAction"): "ContinueServiceDeployment StopServiceDeployment",
    ("ministack", "inspector2", "InvalidAction"): "UpdateConfiguration",
    ("moto", "codepipeline", "500"): (
        "GetPipelineExecution GetPipelineState ListActionExecutions ListPipelineExecutions PutApprovalResult RetryStageExecution "
        "StartPipelineExecution StopPipelineExecution"
    ),
    ("moto", "ecr", "500"): "BatchCheckLayerAvailability DescribeImageReplicationStatus",
    ("moto", "ecs", "500"): (
        "ContinueServiceDeployment DescribeServiceDeployments DescribeServiceRevisions ListServiceDeployments "
        "StopServiceDeployment"
    ),
    ("moto", "inspector2", "404"): "BatchGetFindingDetails GetConfiguration ListCoverage UpdateConfiguration",
}
LACKS = {(peer, f"{service} {name}"): code for (peer, service, code), names in LACKING.items() for name in names.split()}
