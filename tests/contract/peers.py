"""The same questions to the sandbox, to moto and to ministack, by boto3. Takes {"peer", "endpoint", "keys"?} on stdin.

Tells what was held on stdout; ends with 1 where a peer answers other than AWS's documentation says and DIFFERS does not know it,
and where DIFFERS says what is not so any more. What others answer is written down as traffic, for the models to judge.
"""

import base64
import json
import os
import sys
from types import SimpleNamespace

import boto3
import signals
from botocore.config import Config
from botocore.exceptions import ClientError

GIVEN = json.load(sys.stdin)
PEER, REGION = GIVEN["peer"], "ap-northeast-1"
DEV, PROD = "111111111111", "222222222222"

# Where an emulator is not as AWS, whose API references say what these operations answer. The sandbox may differ in nothing.
DIFFERS = {
    ("ministack", "repositories come in pages"): "cuts the list at maxResults and gives no nextToken (DescribeRepositories: a token where more remain)",
    ("ministack", "an image that is not there"): "an empty list (DescribeImages: ImageNotFoundException)",
    ("ministack", "no service in a cluster that is not there"): "makes it (CreateService: ClusterNotFoundException)",
    ("ministack", "no services of a cluster that is not there"): "tells them (DescribeServices: ClusterNotFoundException)",
    ("ministack", "deployments are listed"): "always empty (ListServiceDeployments: every deployment of the last 90 days)",
    ("ministack", "nothing is published to another account's topic"): "takes it (SNS Developer Guide: the default policy lets the topic's owner alone publish)",
    ("ministack", "an entry fails alone: a detail that is no JSON"): "takes it (PutEvents: ErrorCode MalformedDetail, counted in FailedEntryCount)",
    ("ministack", "an entry fails alone: no source"): "takes it (PutEvents: ErrorCode InvalidArgument, counted in FailedEntryCount)",
    ("ministack", "no rule is deleted that has targets"): "deletes it (DeleteRule: \"you must remove all targets\" before)",
    ("moto", "nothing is published to another account's topic"): "takes it (SNS Developer Guide: the default policy lets the topic's owner alone publish)",
    ("moto", "an event is what was put, and where and by whom"): "lacks its account (EventBridge User Guide, event structure: account is always there)",
    ("moto", "nothing arrives by a rule that is disabled"): "it arrives (DisableRule: a disabled rule matches no events)",
    ("moto", "what a stack made goes with it"): "a queue that has a name stays (DeleteStack: a stack's resources are deleted)",
    ("moto", "repositories come in pages"): "all at once (DescribeRepositories: at most maxResults of them)",
    ("moto", "definitions are listed newest first"): "as if sort were not given (ListTaskDefinitions: DESC, newest first)",
    ("moto", "a task that is not there is a failure"): "no word of it (DescribeTasks: failures, MISSING)",
    ("moto", "no stop of a task that is not there"): "an HTML page with status 500 (StopTask: InvalidParameterException)",
}

# Operations that an emulator does not have, and what it says then.
LACKS = {
    ("ministack", "DescribeImageScanFindings"): "InvalidAction",
    # An HTML page, which clients ask for again.
    ("moto", "ListServiceDeployments"): "500",
}

SEEN, SERVED = set(), set()


def writes():
    """Where this peer's traffic goes; the sandbox writes its own."""
    folder = os.environ.get("KANMON_TRAFFIC")
    return open(f"{folder}/peers-{os.getpid()}.jsonl", "a") if folder and PEER != "sandbox" else None


TRAFFIC, SENT = writes(), {}
HEADERS = ("accept", "content-type", "smithy-protocol", "user-agent", "x-amz-target", "x-amzn-errortype", "x-amzn-requestid")


def message(headers, body, **more):
    text = lambda value: value.decode() if isinstance(value, bytes) else value
    shown = {name.lower(): text(value) for name, value in headers.items() if name.lower() in HEADERS}
    body = body.encode() if isinstance(body, str) else body or b""
    return {"headers": shown, "base64": base64.b64encode(body).decode(), **more}


def sends(request, **_):
    path = "/" + request.url.split("/", 3)[3] if request.url.count("/") > 2 else "/"
    SENT["request"] = message(request.headers, request.body, method=request.method, uri=path)


def receives(response_dict, **_):
    if TRAFFIC and response_dict:
        answered = message(response_dict["headers"], response_dict["body"], status=response_dict["status_code"])
        request, answered = masked(SENT["request"]), masked(answered)
        TRAFFIC.write(json.dumps({"peer": PEER, "request": request, "response": answered}) + "\n")
        TRAFFIC.flush()


def masked(said):
    """As text where it is text. An emulator's keys open nothing and stay."""
    body = base64.b64decode(said["base64"])
    try:
        return {**{k: v for k, v in said.items() if k != "base64"}, "text": body.decode()}
    except UnicodeDecodeError:
        return said


def client(keys, service, **config):
    settings = Config(retries={"mode": "standard", "max_attempts": 1}, read_timeout=60, **config)
    c = boto3.client(service, endpoint_url=GIVEN["endpoint"], region_name=REGION, config=settings, **keys)
    c.meta.events.register("before-send", sends)
    c.meta.events.register("response-received", receives)
    c.meta.events.register("after-call", lambda model, **_: SERVED.add(f"{service} {model.name}"))
    return c


def assumed(keys, role, **more):
    c = client(keys, "sts").assume_role(RoleArn=role, RoleSessionName="peers", **more)["Credentials"]
    return {"aws_access_key_id": c["AccessKeyId"], "aws_secret_access_key": c["SecretAccessKey"], "aws_session_token": c["SessionToken"]}


def accounts():
    """Keys of one account, and of another that is entered from it."""
    if PEER == "sandbox":
        keys = GIVEN["keys"]
        dev = {"aws_access_key_id": keys["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": keys["AWS_SECRET_ACCESS_KEY"]}
    else:
        anybody = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        dev = assumed(anybody, f"arn:aws:iam::{DEV}:role/developer")
    return dev, assumed(dev, f"arn:aws:iam::{PROD}:role/kanmon-deploy", ExternalId="asset")


def says(what, is_so, seen=None):
    """Holds one thing that AWS documents."""
    SEEN.add(what)
    known = DIFFERS.get((PEER, what))
    if is_so and known:
        sys.exit(f"{PEER}: {what}: is as on AWS now; take it out of DIFFERS")
    if not is_so and not known and os.environ.get("DISCOVER"):
        print(f"DIFF {PEER}: {what}: {seen}")
    elif not is_so and not known:
        sys.exit(f"{PEER}: {what}: is not so: {seen}")
    if known:
        print(f"{PEER} differs: {what}: {known}", flush=True)


def refused(what, code, call, **arguments):
    try:
        says(what, False, call(**arguments))
    except ClientError as e:
        says(what, e.response["Error"]["Code"] == code, e)


def accepted(what, call, **arguments):
    try:
        call(**arguments)
        says(what, True)
    except ClientError as e:
        says(what, False, e)


def has(operation, call, **arguments):
    """Whether this peer has the operation; where it does not, that has to be known."""
    said = None
    try:
        call(**arguments)
    except ClientError as e:
        said = e.response["Error"]["Code"]
    lacks = LACKS.get((PEER, operation))
    if lacks:
        assert said == lacks, f"{PEER} {operation}: {said}; look at LACKS again"
        print(f"{PEER} has no {operation}", flush=True)
    return not lacks


def sts(dev, prod):
    who = [client(k, "sts").get_caller_identity() for k in (dev, prod)]
    says("a session is of its role's account", [w["Account"] for w in who] == [DEV, PROD], who)
    says("a session's ARN names role and session", who[1]["Arn"] == f"arn:aws:sts::{PROD}:assumed-role/kanmon-deploy/peers", who)


def ecr(dev, prod):
    here, there = client(dev, "ecr"), client(prod, "ecr")
    made = here.create_repository(repositoryName="peers/a")["repository"]
    says("a repository's ARN", made["repositoryArn"] == f"arn:aws:ecr:{REGION}:{DEV}:repository/peers/a", made)
    says("a new repository's tags are mutable", made["imageTagMutability"] == "MUTABLE", made)
    refused("no repository twice", "RepositoryAlreadyExistsException", here.create_repository, repositoryName="peers/a")
    refused("no repository of another account", "RepositoryNotFoundException", there.describe_repositories, repositoryNames=["peers/a"])
    here.create_repository(repositoryName="peers/b")
    pages = list(here.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 1}))
    names = [r["repositoryName"] for p in pages for r in p["repositories"]]
    says("repositories come in pages", len(pages) > 1 and {"peers/a", "peers/b"} <= set(names), names)
    refused("a policy that is not there", "RepositoryPolicyNotFoundException", here.get_repository_policy, repositoryName="peers/a")
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "Pull", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}
    here.set_repository_policy(repositoryName="peers/a", policyText=json.dumps(policy))
    got = here.get_repository_policy(repositoryName="peers/a")["policyText"]
    says("a policy is what was set", json.loads(got) == policy, got)
    here.delete_repository_policy(repositoryName="peers/a")
    token = here.get_authorization_token()["authorizationData"][0]
    says("a login is AWS's", base64.b64decode(token["authorizationToken"]).startswith(b"AWS:"), token)
    says("a login ends", token["expiresAt"].year > 2000, token)
    says("no images", here.describe_images(repositoryName="peers/a")["imageDetails"] == [])
    says("no image ids", here.list_images(repositoryName="peers/a")["imageIds"] == [])
    refused("an image that is not there", "ImageNotFoundException", here.describe_images, repositoryName="peers/a", imageIds=[{"imageTag": "v1"}])
    missing = here.batch_get_image(repositoryName="peers/a", imageIds=[{"imageTag": "v1"}])
    says("what is not there is a failure, not an error", [f["failureCode"] for f in missing["failures"]] == ["ImageNotFound"], missing)
    scan = {"repositoryName": "peers/a", "imageId": {"imageTag": "v1"}}
    if has("DescribeImageScanFindings", here.describe_image_scan_findings, **scan):
        refused("no scan of what is not there", "ImageNotFoundException", here.describe_image_scan_findings, **scan)
    here.delete_repository(repositoryName="peers/b")
    refused("a repository that was deleted", "RepositoryNotFoundException", here.describe_repositories, repositoryNames=["peers/b"])


def ecs(dev, prod):
    here, there = client(dev, "ecs"), client(prod, "ecs")
    cluster = here.create_cluster(clusterName="peers")["cluster"]
    says("a cluster's ARN", cluster["clusterArn"] == f"arn:aws:ecs:{REGION}:{DEV}:cluster/peers", cluster)
    found = there.describe_clusters(clusters=["peers"])
    says("no cluster of another account", [f["reason"] for f in found["failures"]] == ["MISSING"] and not found["clusters"], found)
    container = {"name": "app", "image": "public.ecr.aws/nginx/nginx:1.27", "essential": True, "memory": 64}
    register = lambda: here.register_task_definition(family="peers", networkMode="host", containerDefinitions=[container])["taskDefinition"]
    first, second = register(), register()
    says("revisions count", (first["revision"], second["revision"]) == (1, 2), (first, second))
    says("a definition without a revision is the latest", here.describe_task_definition(taskDefinition="peers")["taskDefinition"]["revision"] == 2)
    listed = here.list_task_definitions(familyPrefix="peers", sort="DESC")["taskDefinitionArns"]
    says("definitions are listed newest first", listed == [second["taskDefinitionArn"], first["taskDefinitionArn"]], listed)
    refused("a definition that is not there", "ClientException", here.describe_task_definition, taskDefinition="peers:9")
    says("what is deregistered is inactive", here.deregister_task_definition(taskDefinition="peers:1")["taskDefinition"]["status"] == "INACTIVE")
    says("what is inactive can be read", here.describe_task_definition(taskDefinition="peers:1")["taskDefinition"]["status"] == "INACTIVE")
    definition = second["taskDefinitionArn"]
    refused("no service in a cluster that is not there", "ClusterNotFoundException", here.create_service, cluster="nowhere", serviceName="web", taskDefinition=definition, desiredCount=0)
    made = here.create_service(cluster="peers", serviceName="web", taskDefinition=definition, desiredCount=0)["service"]
    says("a service's first deployment is primary", [d["status"] for d in made["deployments"]] == ["PRIMARY"], made)
    found = here.describe_services(cluster="peers", services=["web", "other"])
    says("a service that is not there is a failure", [f["reason"] for f in found["failures"]] == ["MISSING"], found)
    refused("no update of a service that is not there", "ServiceNotFoundException", here.update_service, cluster="peers", service="other", desiredCount=0)
    updated = here.update_service(cluster="peers", service="web", forceNewDeployment=True)["service"]
    primary = [d for d in updated["deployments"] if d["status"] == "PRIMARY"]
    says("an update is a new deployment", len(primary) == 1 and primary[0]["id"] != made["deployments"][0]["id"], updated)
    says("a deployment's id", primary[0]["id"].startswith("ecs-svc/"), primary)
    refused("no services of a cluster that is not there", "ClusterNotFoundException", here.describe_services, cluster="nowhere", services=["web"])
    if has("ListServiceDeployments", here.list_service_deployments, cluster="peers", service="web"):
        deployments = here.list_service_deployments(cluster="peers", service="web")["serviceDeployments"]
        says("deployments are listed", len(deployments) >= 1, deployments)
    says("no tasks where none is wanted", here.list_tasks(cluster="peers", serviceName="web")["taskArns"] == [])
    gone = here.describe_tasks(cluster="peers", tasks=["0123456789abcdef0123456789abcdef"])
    says("a task that is not there is a failure", [f["reason"] for f in gone["failures"]] == ["MISSING"], gone)
    refused("no stop of a task that is not there", "InvalidParameterException", here.stop_task, cluster="peers", task="0123456789abcdef0123456789abcdef")
    here.delete_service(cluster="peers", service="web", force=True)


def dynamodb(dev, prod):
    here = client(dev, "dynamodb")
    key = [{"AttributeName": n, "KeyType": t} for n, t in (("pk", "HASH"), ("sk", "RANGE"))]
    of = [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")]
    table = {"TableName": "peers", "KeySchema": key, "AttributeDefinitions": of, "BillingMode": "PAY_PER_REQUEST"}
    here.create_table(**table)
    here.get_waiter("table_exists").wait(TableName="peers", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    refused("no table twice", "ResourceInUseException", here.create_table, **table)
    refused("no table of another account", "ResourceNotFoundException", client(prod, "dynamodb").get_item, TableName="peers", Key={"pk": {"S": "r"}, "sk": {"S": "1"}})
    item = lambda n: {"pk": {"S": "r"}, "sk": {"S": str(n)}, "n": {"N": str(n)}}
    once = {"TableName": "peers", "ConditionExpression": "attribute_not_exists(pk)"}
    here.put_item(Item=item(1), **once)
    refused("no item twice under a condition", "ConditionalCheckFailedException", here.put_item, Item=item(1), **once)
    put = lambda n: {"Put": {"Item": item(n), **once}}
    try:
        here.transact_write_items(TransactItems=[put(2), put(1)])
        says("a transaction is all or nothing", False)
    except ClientError as e:
        reasons = [r["Code"] for r in e.response.get("CancellationReasons", [])]
        says("a transaction is all or nothing", reasons == ["None", "ConditionalCheckFailed"], e.response)
    here.transact_write_items(TransactItems=[put(2), put(3)])
    query = {"TableName": "peers", "KeyConditionExpression": "pk = :r", "ExpressionAttributeValues": {":r": {"S": "r"}}, "ConsistentRead": True}
    pages = list(here.get_paginator("query").paginate(PaginationConfig={"PageSize": 2}, **query))
    says("a query comes in pages, in order", [i["sk"]["S"] for p in pages for i in p["Items"]] == ["1", "2", "3"] and len(pages) > 1, pages)
    got = here.batch_get_item(RequestItems={"peers": {"Keys": [{"pk": {"S": "r"}, "sk": {"S": n}} for n in ("1", "9")]}})
    says("a batch leaves out what is not there", len(got["Responses"]["peers"]) == 1, got)


OURS, THEIRS = (sts, ecr, ecs), (dynamodb,)
SIGNALS = (signals.sns, signals.events, signals.cloudformation)
ASK = SimpleNamespace(client=client, says=says, refused=refused, accepted=accepted, dev=DEV, region=REGION)
for subject in OURS if PEER == "sandbox" else OURS + THEIRS:
    subject(*accounts())
for subject in (signals.unknown,) if PEER == "sandbox" else SIGNALS:
    subject(*accounts(), ASK)
for peer, what in DIFFERS:
    assert peer != PEER or what in SEEN, f"{what} was not asked of {peer}"
print(f"{PEER}: {len(SEEN)} things held, by {len(SERVED)} operations", flush=True)
