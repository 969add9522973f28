"""The clients of the lifecycle with boto3, and the checks of answers. Takes a JSON object on stdin (see lifecycle.rs)."""

import json
import os
import subprocess
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

GIVEN = json.load(sys.stdin)
ENDPOINT, REGION, WORK = GIVEN["endpoint"], "ap-northeast-1", GIVEN["work"]
HOST = ENDPOINT.removeprefix("http://")
DEPLOY = "arn:aws:iam::222222222222:role/kanmon-deploy"
APPROVE = "arn:aws:iam::222222222222:role/kanmon-approve"
# A token of this provider for the main branch may assume this role; see lifecycle.rs.
CI, ISSUER = "arn:aws:iam::111111111111:role/ci", "https://gitlab.example.com"
# A rollout takes seconds at the sandbox's speed; a busy machine may need many times that.
TIMEOUT = 120


def session(key, secret, token=None):
    return boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=REGION)


# The paginators that returned a page and the waiters that ended, each with its service.
PAGED, WAITED = set(), set()


def client(of, service, region=None, **config):
    settings = Config(retries={"mode": "standard", "max_attempts": 2}, read_timeout=60, **config)
    made = of.client(service, region_name=region, endpoint_url=ENDPOINT, config=settings)
    paginator, waiter = made.get_paginator, made.get_waiter

    def get_paginator(name):
        found = paginator(name)
        paginate = found.paginate

        def pages(**arguments):
            for page in paginate(**arguments):
                PAGED.add((service, name))
                yield page

        found.paginate = pages
        return found

    def get_waiter(name):
        found = waiter(name)
        wait = found.wait

        def waited(**arguments):
            wait(**arguments)
            WAITED.add((service, name))

        found.wait = waited
        return found

    made.get_paginator, made.get_waiter = get_paginator, get_waiter
    return made


def user(name):
    keys = GIVEN["keys"][name]
    return session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])


def assumed(by, role, **more):
    answer = client(by, "sts").assume_role(RoleArn=role, RoleSessionName="life", **more)
    c = answer["Credentials"]
    return session(c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])


def refused(code, call, **arguments):
    """Asserts that the call fails with this error; returns it."""
    try:
        call(**arguments)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, f"{e} instead of {code}"
        return e
    raise AssertionError(f"{call.__name__} {arguments}: not refused with {code}")


def until(what, ask):
    late = time.monotonic() + TIMEOUT
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < late, f"never {what}"
        time.sleep(0.2)


def soon(waiter, **arguments):
    waiter.wait(WaiterConfig={"Delay": 1, "MaxAttempts": TIMEOUT}, **arguments)


def run(*command, given=None, env=None):
    done = subprocess.run(command, input=given, env={**os.environ, **(env or {})}, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def step(what):
    print(f"boto3: {what}", flush=True)


DEVELOPER, MANAGER = user("developer"), user("manager")
