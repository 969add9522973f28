"""A whole life on the sandbox by boto3: whoever is let in and whoever is not, images pushed and scanned, services rolled, approvals given.

Takes a JSON object on stdin (see life.rs); tells each step on stdout; ends with 1 at the first thing that is not as on AWS.
"""

import base64
import json
import os
import subprocess
import sys
import time
import urllib.request

import boto3
import botocore.model
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError, WaiterError
from jmespath.exceptions import JMESPathError

GIVEN = json.load(sys.stdin)
ENDPOINT, REGION, WORK = GIVEN["endpoint"], "ap-northeast-1", GIVEN["work"]
HOST = ENDPOINT.removeprefix("http://")
DEPLOY = "arn:aws:iam::222222222222:role/kanmon-deploy"
APPROVE = "arn:aws:iam::222222222222:role/kanmon-approve"
# A rollout takes seconds at the sandbox's speed; a busy machine may need many times that.
PATIENCE = 120


def session(key, secret, token=None):
    return boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=REGION)


def client(of, service, **config):
    settings = Config(retries={"mode": "standard", "max_attempts": 2}, read_timeout=60, **config)
    return of.client(service, endpoint_url=ENDPOINT, config=settings)


def user(name):
    keys = GIVEN["keys"][name]
    return session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])


def assumed(by, role, **more):
    answer = client(by, "sts").assume_role(RoleArn=role, RoleSessionName="life", **more)
    c = answer["Credentials"]
    return session(c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])


def refused(code, call, **arguments):
    """The error, which has to be this one."""
    try:
        call(**arguments)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, f"{e} instead of {code}"
        return e
    raise AssertionError(f"{call.__name__} {arguments}: not refused with {code}")


def until(what, ask):
    late = time.monotonic() + PATIENCE
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < late, f"never {what}"
        time.sleep(0.2)


def soon(waiter, **arguments):
    waiter.wait(WaiterConfig={"Delay": 1, "MaxAttempts": PATIENCE}, **arguments)


def run(*command, given=None, env=None):
    done = subprocess.run(command, input=given, env={**os.environ, **(env or {})}, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def tell(step):
    print(f"boto3: {step}", flush=True)


DEVELOPER, MANAGER = user("developer"), user("manager")


def enter_accounts():
    who = client(DEVELOPER, "sts").get_caller_identity()
    assert (who["Account"], who["Arn"]) == ("111111111111", "arn:aws:iam::111111111111:user/developer"), who
    deployer = assumed(DEVELOPER, DEPLOY, ExternalId="asset", SourceIdentity="developer", DurationSeconds=900)
    who = client(deployer, "sts").get_caller_identity()
    assert (who["Account"], who["Arn"]) == ("222222222222", "arn:aws:sts::222222222222:assumed-role/kanmon-deploy/life"), who
    # What is seen is the other account's.
    clusters = [client(s, "ecs").list_clusters()["clusterArns"] for s in (DEVELOPER, deployer)]
    assert all(":111111111111:" in c for c in clusters[0]) and all(":222222222222:" in c for c in clusters[1]), clusters
    tell("roles are assumed across accounts")

    sts, asks = client(DEVELOPER, "sts"), {"RoleArn": DEPLOY, "RoleSessionName": "life"}
    refused("AccessDenied", sts.assume_role, **asks)
    refused("AccessDenied", sts.assume_role, ExternalId="another", **asks)
    refused("AccessDenied", client(MANAGER, "sts").assume_role, ExternalId="asset", **asks)
    refused("AccessDenied", sts.assume_role, RoleArn="arn:aws:iam::222222222222:role/nobody", RoleSessionName="life")
    refused("ValidationError", sts.assume_role, ExternalId="asset", RoleArn=DEPLOY, RoleSessionName="a name")
    denied = refused("AccessDeniedException", client(MANAGER, "ecr").create_repository, repositoryName="mine")
    assert "ecr:CreateRepository" in str(denied), denied
    narrow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:ListClusters", "Resource": "*"}]}
    narrowed = client(assumed(DEVELOPER, DEPLOY, ExternalId="asset", Policy=json.dumps(narrow)), "ecs")
    narrowed.list_clusters()
    refused("AccessDeniedException", narrowed.list_services, cluster="hello-prod")
    tell("refused: no or a wrong external id, a wrong principal, a missing permission, a session policy")

    keys = GIVEN["keys"]["developer"]
    wrong = session(keys["AWS_ACCESS_KEY_ID"], "wrong")
    nobody = session("AKIAIOSFODNN7EXAMPLE", "wrong")
    refused("SignatureDoesNotMatch", client(wrong, "sts").get_caller_identity)
    refused("InvalidSignatureException", client(wrong, "ecs").list_clusters)
    refused("InvalidSignatureException", client(wrong, "inspector2").list_coverage)
    refused("InvalidClientTokenId", client(nobody, "sts").get_caller_identity)
    refused("UnrecognizedClientException", client(nobody, "codepipeline").list_pipelines)
    end = urllib.request.Request(f"{ENDPOINT}/_sandbox/sessions/222222222222/kanmon-deploy", method="DELETE")
    urllib.request.urlopen(end).read()
    refused("ExpiredToken", client(deployer, "sts").get_caller_identity)
    refused("ExpiredTokenException", client(deployer, "ecs").list_clusters)
    refused("ExpiredTokenException", client(deployer, "inspector2").list_coverage)
    tell("refused: a bad signature, an unknown key, an expired session")


def push_images():
    ecr = client(DEVELOPER, "ecr")
    for n in range(3):
        ecr.create_repository(repositoryName=f"life/{n}")
    refused("RepositoryAlreadyExistsException", ecr.create_repository, repositoryName="life/0")
    refused("RepositoryNotFoundException", ecr.describe_repositories, repositoryNames=["life/9"])
    pages = list(ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 2}))
    names = [r["repositoryName"] for p in pages for r in p["repositories"]]
    assert len(pages) > 1 and {"life/0", "life/1", "life/2"} <= set(names) and len(names) == len(set(names)), names
    uri = ecr.describe_repositories(repositoryNames=["life/0"])["repositories"][0]["repositoryUri"]

    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    name, password = base64.b64decode(token).decode().split(":", 1)
    docker = {"DOCKER_HOST": GIVEN["docker"], "DOCKER_CONFIG": f"{WORK}/docker", "DOCKER_BUILDKIT": "0"}
    with open(f"{WORK}/Dockerfile", "w") as file:
        file.write("FROM scratch\nCOPY Dockerfile /\n")
    run("docker", "login", "--username", name, "--password-stdin", HOST, given=password, env=docker)
    for tag, findings in (("v1", "CRITICAL:1,HIGH:3,LOW:8"), ("v2", "LOW:1")):
        label = f"dev.kanmon.sandbox.findings={findings}"
        run("docker", "build", "-q", "-t", f"{uri}:{tag}", "--label", label, WORK, env=docker)
        run("docker", "push", f"{uri}:{tag}", env=docker)
    run("docker", "save", "-o", f"{WORK}/v2.tar", f"{uri}:v2", env=docker)
    to = f"docker://{uri}:by-skopeo"
    skopeo = ["skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-creds", f"{name}:{password}"]
    run(*skopeo, f"docker-archive:{WORK}/v2.tar", to)
    tell("a repository is created and images pushed by docker and skopeo")

    ids = [i for p in ecr.get_paginator("list_images").paginate(repositoryName="life/0", PaginationConfig={"PageSize": 1}) for i in p["imageIds"]]
    assert {i.get("imageTag") for i in ids} >= {"v1", "v2", "by-skopeo"}, ids
    details = [d for p in ecr.get_paginator("describe_images").paginate(repositoryName="life/0", PaginationConfig={"PageSize": 1}) for d in p["imageDetails"]]
    digests = {tag: d["imageDigest"] for d in details for tag in d.get("imageTags", [])}
    image = ecr.batch_get_image(repositoryName="life/0", imageIds=[{"imageTag": "v1"}])["images"][0]
    assert image["imageId"]["imageDigest"] == digests["v1"], digests
    refused("ImageNotFoundException", ecr.describe_images, repositoryName="life/0", imageIds=[{"imageTag": "v3"}])
    ecr.put_image_tag_mutability(repositoryName="life/0", imageTagMutability="IMMUTABLE")
    manifest = {"imageManifest": image["imageManifest"], "imageManifestMediaType": image["imageManifestMediaType"]}
    refused("ImageTagAlreadyExistsException", ecr.put_image, repositoryName="life/0", imageTag="v2", **manifest)
    refused("ImageAlreadyExistsException", ecr.put_image, repositoryName="life/0", imageTag="v1", **manifest)
    ecr.put_image(repositoryName="life/0", imageTag="v1-again", **manifest)
    gone = ecr.batch_delete_image(repositoryName="life/0", imageIds=[{"imageTag": "v1-again"}, {"imageTag": "v9"}])
    assert gone["failures"][0]["failureCode"] == "ImageNotFound", gone
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "Pull", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}
    ecr.set_repository_policy(repositoryName="life/1", policyText=json.dumps(policy))
    assert json.loads(ecr.get_repository_policy(repositoryName="life/1")["policyText"])["Statement"][0]["Sid"] == "Pull"
    ecr.delete_repository_policy(repositoryName="life/1")
    refused("RepositoryPolicyNotFoundException", ecr.get_repository_policy, repositoryName="life/1")
    ecr.delete_repository(repositoryName="life/2")
    tell("images are listed in pages, read, kept from being overwritten, and deleted")
    return uri, digests


def look_at_scans(digests):
    inspector, ecr = client(DEVELOPER, "inspector2"), client(DEVELOPER, "ecr")
    assert inspector.batch_get_account_status()["accounts"][0]["state"]["status"] == "ENABLED"
    equals = lambda value: [{"comparison": "EQUALS", "value": value}]
    of = {"ecrRepositoryName": equals("life/0")}

    def scanned():
        pages = inspector.get_paginator("list_coverage").paginate(filterCriteria=of, PaginationConfig={"PageSize": 1})
        covered = [c for p in pages for c in p["coveredResources"]]
        return len(covered) >= 2 and all(c["scanStatus"]["statusCode"] == "ACTIVE" and c["scanStatus"]["reason"] == "SUCCESSFUL" for c in covered)

    until("scanned", scanned)
    mine = {"ecrImageRepositoryName": equals("life/0"), "ecrImageHash": equals(digests["v1"])}

    def findings(**criteria):
        pages = inspector.get_paginator("list_findings").paginate(filterCriteria=criteria, PaginationConfig={"PageSize": 5})
        pages = list(pages)
        return [f for p in pages for f in p["findings"]], len(pages)

    all_of_v1, pages = until("found", lambda: (found := findings(**mine)) and len(found[0]) == 12 and found)
    assert pages == 3, pages
    severe, _ = findings(severity=[*equals("CRITICAL"), *equals("HIGH")], **mine)
    assert sorted(f["severity"] for f in severe) == ["CRITICAL", "HIGH", "HIGH", "HIGH"], severe
    others, _ = findings(severity=[{"comparison": "NOT_EQUALS", "value": "LOW"}], **mine)
    assert {f["findingArn"] for f in others} == {f["findingArn"] for f in severe}
    refused("ValidationException", inspector.list_findings, nextToken="nonsense")
    details = inspector.batch_get_finding_details(findingArns=[f["findingArn"] for f in severe])
    assert len(details["findingDetails"]) + len(details["errors"]) == 4, details
    enhanced = [p["imageScanFindings"].get("enhancedFindings", []) for p in ecr.get_paginator("describe_image_scan_findings").paginate(repositoryName="life/0", imageId={"imageTag": "v1"}, PaginationConfig={"PageSize": 5})]
    assert sum(map(len, enhanced)) == 12, enhanced
    tell("the scan is waited for, coverage and findings are read with filters and in pages")

    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[])
    ecr.start_image_scan(repositoryName="life/0", imageId={"imageTag": "v1"})
    soon(ecr.get_waiter("image_scan_complete"), repositoryName="life/0", imageId={"imageTag": "v1"})
    basic = ecr.describe_image_scan_findings(repositoryName="life/0", imageId={"imageTag": "v1"})["imageScanFindings"]
    assert basic["findingSeverityCounts"]["CRITICAL"] == 1, basic
    refused("LimitExceededException", ecr.start_image_scan, repositoryName="life/0", imageId={"imageTag": "v1"})
    again = [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}]
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=again)
    tell("a basic scan is waited for with a waiter")


def roll_services(uri, digests):
    ecs = client(DEVELOPER, "ecs")
    cluster = ecs.create_cluster(clusterName="life")["cluster"]["clusterArn"]

    def register(tag, exits=None):
        container = {"name": "app", "image": f"{uri}@{digests[tag]}", "essential": True, "environment": [{"name": "TAG", "value": tag}]}
        definition = {"family": "life", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}
        definition["executionRoleArn"] = "arn:aws:iam::111111111111:role/ecsTaskExecutionRole"
        return ecs.register_task_definition(containerDefinitions=[container], **definition)["taskDefinition"]["taskDefinitionArn"]

    first, second = register("v1"), register("v2")
    pages = list(ecs.get_paginator("list_task_definitions").paginate(familyPrefix="life", PaginationConfig={"PageSize": 1}))
    assert [a for p in pages for a in p["taskDefinitionArns"]] == [first, second] and len(pages) == 2, pages
    refused("ClientException", ecs.describe_task_definition, taskDefinition="life:9")
    network = {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}}
    service = {"cluster": "life", "service": "web"}
    refused("ServiceNotFoundException", ecs.update_service, taskDefinition=first, **service)
    refused("ClusterNotFoundException", ecs.update_service, cluster="nowhere", service="web", taskDefinition=first)
    ecs.create_service(
        cluster="life", serviceName="web", taskDefinition=first, desiredCount=2, launchType="FARGATE", networkConfiguration=network,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}, "minimumHealthyPercent": 100, "maximumPercent": 200},
    )
    soon(ecs.get_waiter("services_stable"), cluster="life", services=["web"])
    tell("task definitions are registered, a service created and waited for")

    def under_way():
        found = ecs.list_service_deployments(status=["PENDING", "IN_PROGRESS"], **service)["serviceDeployments"]
        return found and found[0]["serviceDeploymentArn"]

    def deployment(arn):
        return ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]

    def ended(arn, status):
        until(status, lambda: deployment(arn)["status"] == status)

    ecs.update_service(taskDefinition=second, **service)
    arn = until("deployed", under_way)
    ended(arn, "SUCCESSFUL")
    target = deployment(arn)["targetServiceRevision"]["arn"]
    revision = ecs.describe_service_revisions(serviceRevisionArns=[target])["serviceRevisions"][0]
    assert revision["taskDefinition"] == second and revision["containerImages"][0]["imageDigest"] == digests["v2"], revision
    soon(ecs.get_waiter("services_stable"), cluster="life", services=["web"])
    tasks = [t for p in ecs.get_paginator("list_tasks").paginate(cluster="life", serviceName="web", PaginationConfig={"PageSize": 1}) for t in p["taskArns"]]
    assert len(tasks) == 2, tasks
    soon(ecs.get_waiter("tasks_running"), cluster="life", tasks=tasks)
    digest = {c["imageDigest"] for t in ecs.describe_tasks(cluster="life", tasks=tasks)["tasks"] for c in t["containers"]}
    assert digest == {digests["v2"]}, digest
    tell("an update is followed to its end by its service deployment and its tasks")

    # Standing still, so that it is stopped in the middle however slow this machine is.
    pause = {"lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}]}
    ecs.update_service(taskDefinition=first, deploymentConfiguration=pause, **service)
    arn = until("deployed", under_way)
    ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    ended(arn, "ROLLBACK_SUCCESSFUL")
    assert ecs.describe_services(cluster="life", services=["web"])["services"][0]["taskDefinition"] == second
    refused("ServiceDeploymentNotFoundException", ecs.stop_service_deployment, serviceDeploymentArn=arn[:-3] + "xyz")
    tell("a deployment is stopped and rolled back")

    ecs.update_service(taskDefinition=first, deploymentConfiguration=pause, **service)
    arn = until("deployed", under_way)
    waiting = lambda: [h for h in deployment(arn).get("lifecycleHookDetails", []) if h["status"] == "AWAITING_ACTION"]
    hook = until("paused", waiting)[0]
    ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"])
    ended(arn, "SUCCESSFUL")
    tell("a paused deployment is continued")

    listed = [a for p in ecs.get_paginator("list_services").paginate(cluster="life", PaginationConfig={"PageSize": 1}) for a in p["serviceArns"]]
    assert len(listed) == 1, listed
    one = ecs.run_task(cluster="life", taskDefinition=second, launchType="FARGATE", networkConfiguration=network, clientToken="once")["tasks"][0]["taskArn"]
    again = ecs.run_task(cluster="life", taskDefinition=second, launchType="FARGATE", networkConfiguration=network, clientToken="once")["tasks"][0]["taskArn"]
    assert one == again
    ecs.stop_task(cluster="life", task=one, reason="seen enough")
    soon(ecs.get_waiter("tasks_stopped"), cluster="life", tasks=[one])
    ecs.tag_resource(resourceArn=cluster, tags=[{"key": "of", "value": "life"}])
    assert ecs.list_tags_for_resource(resourceArn=cluster)["tags"] == [{"key": "of", "value": "life"}]
    ecs.untag_resource(resourceArn=cluster, tagKeys=["of"])
    ecs.update_service(desiredCount=0, **service)
    ecs.delete_service(force=True, **service)
    soon(ecs.get_waiter("services_inactive"), cluster="life", services=["web"])
    ecs.deregister_task_definition(taskDefinition=first)
    tell("a task is run once and stopped, the service deleted and waited for")


def decide():
    deployer = client(assumed(DEVELOPER, DEPLOY, ExternalId="asset"), "codepipeline")
    approver = client(assumed(MANAGER, APPROVE), "codepipeline")
    # The protocol that the model names first, which this client does not prefer.
    order = botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS
    botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = ("smithy-rpc-v2-cbor", *order)
    in_cbor = client(assumed(MANAGER, APPROVE), "codepipeline")
    assert in_cbor.meta.service_model.resolved_protocol == "smithy-rpc-v2-cbor"
    in_cbor.get_pipeline_state(name="asset-manager")
    botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = order

    refused("PipelineNotFoundException", approver.get_pipeline_state, name="nobody")
    refused("PipelineNotFoundException", in_cbor.get_pipeline_state, name="nobody")
    careless = client(assumed(DEVELOPER, DEPLOY, ExternalId="asset"), "codepipeline", parameter_validation=False)
    refused("ValidationException", careless.start_pipeline_execution, name="asset-manager", variables=[])
    for approves, status in ((approver, "Approved"), (in_cbor, "Rejected")):
        variables = [{"name": "KANMON_RELEASE", "value": status}]
        execution = deployer.start_pipeline_execution(name="asset-manager", variables=variables)["pipelineExecutionId"]

        def token():
            stages = approves.get_pipeline_state(name="asset-manager")["stageStates"]
            actions = [a for s in stages for a in s["actionStates"] if s["stageName"] == "Production"]
            latest = actions[0].get("latestExecution", {})
            assert latest.get("lastStatusChange") is None or latest["lastStatusChange"].year > 2000
            return latest.get("status") == "InProgress" and latest.get("token")

        answer = {
            "pipelineName": "asset-manager", "stageName": "Production", "actionName": "Approve",
            "token": until("asked", token), "result": {"summary": status, "status": status},
        }
        refused("AccessDeniedException", deployer.put_approval_result, **answer)
        refused("InvalidApprovalTokenException", approves.put_approval_result, **{**answer, "token": "00000000-0000-0000-0000-000000000000"})
        assert approves.put_approval_result(**answer)["approvedAt"].year > 2000
        refused("ApprovalAlreadyCompletedException", approves.put_approval_result, **answer)
        wanted = "Succeeded" if status == "Approved" else "Failed"
        until(wanted, lambda: approves.get_pipeline_execution(pipelineName="asset-manager", pipelineExecutionId=execution)["pipelineExecution"]["status"] == wanted)
        tell(f"a pipeline is started and its approval {status.lower()}")
    for lists in (approver, in_cbor):
        pages = list(lists.get_paginator("list_pipeline_executions").paginate(pipelineName="asset-manager", PaginationConfig={"PageSize": 1}))
        assert sum(len(p["pipelineExecutionSummaries"]) for p in pages) == 2 and len(pages) == 2, pages
        pages = lists.get_paginator("list_action_executions").paginate(pipelineName="asset-manager", PaginationConfig={"PageSize": 1})
        actions = [a for p in pages for a in p["actionExecutionDetails"] if a["actionName"] == "Approve"]
        assert [a["status"] for a in actions] == ["Failed", "Succeeded"], actions
        assert "asset-manager" in [p["name"] for page in lists.get_paginator("list_pipelines").paginate() for p in page["pipelines"]]
        assert lists.get_pipeline(name="asset-manager")["pipeline"]["name"] == "asset-manager"
    tell("executions are listed in pages, in JSON and in CBOR")


def ask_for_everything():
    """Each operation of the models that this AWS does not have is answered as an unknown one, and none with a server's error."""
    unknown = 0
    for service in ("sts", "ecr", "ecs", "inspector2", "codepipeline", "dynamodb"):
        asks = client(DEVELOPER, service, parameter_validation=False)
        for operation in asks.meta.service_model.operation_names:
            try:
                asks._make_api_call(operation, {})
            except ClientError as e:
                status, code = e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"]["Code"]
                assert status < 500, f"{service} {operation}: {e}"
                unknown += code in ("UnknownOperationException", "InvalidAction")
            except (ParamValidationError, KeyError, JMESPathError):
                # Its path or its endpoint is made of its members.
                pass
    assert unknown > 200, unknown
    tell(f"{unknown} operations that this AWS does not have are unknown ones")
    # The last three have protocols that no service here has; they only are not to ask again.
    others = {"sns": "ListTopics", "cloudformation": "ListStacks", "events": "ListRules", "kms": "ListKeys", "cloudwatch": "ListMetrics"}
    others |= {"sqs": "ListQueues", "securityhub": "GetFindings", "s3": "ListBuckets", "route53": "ListHostedZones", "ec2": "DescribeSubnets"}
    for service, operation in others.items():
        error = None
        try:
            client(DEVELOPER, service)._make_api_call(operation, {})
        except ClientError as e:
            error = e.response
        assert error, f"{service} {operation}: answered"
        metadata, code = error["ResponseMetadata"], error["Error"]["Code"]
        assert metadata["HTTPStatusCode"] in (400, 404) and metadata["RetryAttempts"] == 0, f"{service} {operation}: {error}"
        known = service in ("s3", "route53", "ec2") or code in ("UnknownOperationException", "InvalidAction")
        assert known, f"{service} {operation}: {error}"
    tell("services that this AWS does not have say so in their own protocols")


try:
    enter_accounts()
    uri, digests = push_images()
    look_at_scans(digests)
    roll_services(uri, digests)
    decide()
    ask_for_everything()
except (WaiterError, BotoCoreError) as e:
    sys.exit(f"{type(e).__name__}: {e}")
