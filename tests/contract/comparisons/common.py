"""The emulator that is asked, its clients, and the checks of an answer. Takes {"peer", "endpoint", "keys"?} on stdin."""

import base64
import json
import os
import sys

import boto3
from comparisons.known import DIFFERS, LACKS
from botocore.config import Config
from botocore.exceptions import ClientError

GIVEN = json.load(sys.stdin)
PEER, REGION = GIVEN["peer"], "ap-northeast-1"
DEV, PROD = "111111111111", "222222222222"

# The checks that were made, and the operations that succeeded.
SEEN, SERVED = set(), set()


def writes():
    """The file for this emulator's traffic; the sandbox records its own."""
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
    """The body as text if it is text. An emulator's keys are not secret and stay."""
    body = base64.b64decode(said["base64"])
    try:
        return {**{k: v for k, v in said.items() if k != "base64"}, "text": body.decode()}
    except UnicodeDecodeError:
        return said


def client(keys, service, **config):
    settings = Config(retries={"mode": "standard", "max_attempts": 1}, read_timeout=60, **config)
    c = boto3.client(service, endpoint_url=GIVEN["endpoint"], region_name=REGION, config=settings, **keys)

    def served(http_response, model, **_):
        if http_response.status_code < 300:
            SERVED.add(f"{service} {model.name}")

    c.meta.events.register("before-send", sends)
    c.meta.events.register("response-received", receives)
    c.meta.events.register("after-call", served)
    return c


def keys_of(credentials):
    c = credentials
    return {"aws_access_key_id": c["AccessKeyId"], "aws_secret_access_key": c["SecretAccessKey"], "aws_session_token": c["SessionToken"]}


def assumed(keys, role, **more):
    return keys_of(client(keys, "sts").assume_role(RoleArn=role, RoleSessionName="peers", **more)["Credentials"])


def accounts():
    """Keys of one account, and of another one whose role is assumed from it."""
    if PEER == "sandbox":
        keys = GIVEN["keys"]
        dev = {"aws_access_key_id": keys["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": keys["AWS_SECRET_ACCESS_KEY"]}
    else:
        anybody = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        dev = assumed(anybody, f"arn:aws:iam::{DEV}:role/developer")
    return dev, assumed(dev, f"arn:aws:iam::{PROD}:role/kanmon-deploy", ExternalId="asset")


def says(what, is_so, seen=None):
    """Checks one thing that AWS documents."""
    SEEN.add(what)
    known = DIFFERS.get((PEER, what))
    if is_so and known:
        sys.exit(f"{PEER}: {what}: is as on AWS now; remove it from DIFFERS")
    if not is_so and not known and os.environ.get("DISCOVER"):
        print(f"DIFF {PEER}: {what}: {seen}")
    elif not is_so and not known:
        sys.exit(f"{PEER}: {what}: differs: {seen}")
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


def has(operation):
    """Whether this emulator has it; whole.py tests what it lacks. The sandbox gets all requests."""
    return not any(lacking == operation for peer, lacking in LACKS if peer == PEER)
