"""Every operation of the sandbox with the `aws` command. Takes the same input as lifecycle.py."""

import json
import os
import subprocess
import sys
import time
import urllib.request

GIVEN = json.load(sys.stdin)
WORK = GIVEN["work"]
HOST = GIVEN["endpoint"].removeprefix("http://")
DEPLOY = "arn:aws:iam::222222222222:role/kanmon-deploy"
APPROVE = "arn:aws:iam::222222222222:role/kanmon-approve"
TIMEOUT = 120


def user(name):
    return dict(GIVEN["keys"][name])


def shell(keys, *command, given=None):
    return subprocess.run(command, input=given, env={**os.environ, **keys}, capture_output=True, text=True)


def aws(keys, *command):
    done = shell(keys, "aws", *command)
    assert done.returncode == 0, f"aws {' '.join(command)}: {done.stdout}{done.stderr}"
    if "text" in command or not done.stdout.strip() or command[1] == "get-login-password":
        return done.stdout.strip()
    return json.loads(done.stdout)


def refused(code, keys, *command):
    done = shell(keys, "aws", *command)
    assert done.returncode != 0 and f"({code})" in done.stderr, f"aws {' '.join(command)}: no {code}: {done.stdout}{done.stderr}"


def until(what, ask):
    late = time.monotonic() + TIMEOUT
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < late, f"never {what}"
        time.sleep(0.3)


def assumed(keys, role, *more):
    c = aws(keys, "sts", "assume-role", "--role-arn", role, "--role-session-name", "shell", *more)["Credentials"]
    session = {"AWS_ACCESS_KEY_ID": c["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": c["SecretAccessKey"]}
    return {**keys, **session, "AWS_SESSION_TOKEN": c["SessionToken"]}


def step(what):
    print(f"aws: {what}", flush=True)


DEVELOPER, MANAGER = user("developer"), user("manager")

assert aws(DEVELOPER, "sts", "get-caller-identity", "--query", "Account", "--output", "text") == "111111111111"
DEPLOYER = assumed(DEVELOPER, DEPLOY, "--external-id", "asset", "--source-identity", "developer")
assert aws(DEPLOYER, "sts", "get-caller-identity")["Account"] == "222222222222"
assume = ["sts", "assume-role", "--role-arn", DEPLOY, "--role-session-name", "shell"]
refused("AccessDenied", DEVELOPER, *assume, "--external-id", "another")
refused("AccessDenied", MANAGER, *assume, "--external-id", "asset")
refused("AccessDeniedException", MANAGER, "ecr", "create-repository", "--repository-name", "mine")
wrong = {**DEVELOPER, "AWS_SECRET_ACCESS_KEY": "wrong"}
refused("InvalidSignatureException", wrong, "ecs", "list-clusters")
refused("SignatureDoesNotMatch", wrong, "sts", "get-caller-identity")
end = urllib.request.Request(f"{GIVEN['endpoint']}/_sandbox/sessions/222222222222/kanmon-deploy", method="DELETE")
urllib.request.urlopen(end).read()
refused("ExpiredTokenException", DEPLOYER, "ecs", "list-clusters")
step("roles are assumed, and refused where they must be")

uri = aws(DEVELOPER, "ecr", "create-repository", "--repository-name", "shell", "--image-tag-mutability", "IMMUTABLE")["repository"]["repositoryUri"]
refused("RepositoryAlreadyExistsException", DEVELOPER, "ecr", "create-repository", "--repository-name", "shell")
docker = {"DOCKER_HOST": GIVEN["docker"], "DOCKER_CONFIG": f"{WORK}/docker", "DOCKER_BUILDKIT": "0"}
password = aws(DEVELOPER, "ecr", "get-login-password")
with open(f"{WORK}/Dockerfile", "w") as file:
    file.write("FROM scratch\nCOPY Dockerfile /\nLABEL dev.kanmon.sandbox.findings=HIGH:2,LOW:3\n")
for command in (["login", "--username", "AWS", "--password-stdin", HOST], ["build", "-q", "-t", f"{uri}:v1", WORK], ["push", f"{uri}:v1"]):
    done = shell(docker, "docker", *command, given=password)
    assert done.returncode == 0, done.stderr
pushed = aws(DEVELOPER, "ecr", "describe-images", "--repository-name", "shell", "--query", "imageDetails[].imageDigest", "--output", "text")
digest = pushed.split()[0]
step("an image is pushed with the login that the command gives to docker")

# skopeo copies the same image with the same login, and reads it back by tag and by digest.
for command in (["docker", "save", "-o", f"{WORK}/v1.tar", f"{uri}:v1"],
                ["skopeo", "--insecure-policy", "copy", "--quiet", f"docker-archive:{WORK}/v1.tar", f"oci:{WORK}/oci:v1"]):
    done = shell(docker, *command)
    assert done.returncode == 0, done.stderr
with open(f"{WORK}/oci/index.json") as file:
    carried = json.load(file)["manifests"][0]["digest"]
login = [f"AWS:{aws(DEVELOPER, 'ecr', 'get-login-password')}"]
done = shell({}, "skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", "--dest-creds", *login, f"oci:{WORK}/oci:v1", f"docker://{uri}:carried")
assert done.returncode == 0, done.stderr
seen = aws(DEVELOPER, "ecr", "describe-images", "--repository-name", "shell", "--image-ids", "imageTag=carried", "--query", "imageDetails[0].imageDigest", "--output", "text")
assert seen == carried, (seen, carried)
for reference in (f"{uri}:carried", f"{uri}@{carried}"):
    done = shell({}, "skopeo", "inspect", "--tls-verify=false", "--creds", *login, f"docker://{reference}")
    assert done.returncode == 0, done.stderr
    inspected = json.loads(done.stdout)
    assert inspected["Digest"] == carried and sorted(inspected["RepoTags"]) == ["carried", "v1"], inspected
    assert inspected["Labels"]["dev.kanmon.sandbox.findings"] == "HIGH:2,LOW:3", inspected
done = shell({}, "skopeo", "inspect", "--tls-verify=false", "--creds", "AWS:wrong", f"docker://{uri}:carried")
assert done.returncode != 0, done.stdout
aws(DEVELOPER, "ecr", "batch-delete-image", "--repository-name", "shell", "--image-ids", f"imageDigest={carried}")
step("an image is copied by skopeo, and is the same")

of = json.dumps({"ecrImageRepositoryName": [{"comparison": "EQUALS", "value": "shell"}]})
page = ["inspector2", "list-findings", "--filter-criteria", of, "--page-size", "2", "--query", "findings[].severity"]
severities = until("found", lambda: (found := aws(DEVELOPER, *page)) and len(found) == 5 and found)
assert sorted(severities) == ["HIGH", "HIGH", "LOW", "LOW", "LOW"], severities
first = aws(DEVELOPER, "inspector2", "list-coverage", "--max-items", "1")
assert len(first["coveredResources"]) == 1, first
step("findings and coverage are read in pages")

aws(DEVELOPER, "ecs", "create-cluster", "--cluster-name", "shell")
container = json.dumps([{"name": "app", "image": f"{uri}@{digest}", "essential": True}])
register = ["ecs", "register-task-definition", "--family", "shell", "--requires-compatibilities", "FARGATE", "--network-mode", "awsvpc"]
register += ["--cpu", "256", "--memory", "512", "--execution-role-arn", "arn:aws:iam::111111111111:role/ecsTaskExecutionRole"]
definitions = [aws(DEVELOPER, *register, "--container-definitions", container)["taskDefinition"]["taskDefinitionArn"] for _ in range(2)]
create = ["ecs", "create-service", "--cluster", "shell", "--service-name", "web", "--task-definition", "shell:1", "--desired-count", "1"]
create += ["--launch-type", "FARGATE", "--network-configuration", "awsvpcConfiguration={subnets=[subnet-0a1b2c3d]}"]
aws(DEVELOPER, *create)
aws(DEVELOPER, "ecs", "wait", "services-stable", "--cluster", "shell", "--services", "web")
aws(DEVELOPER, "ecs", "update-service", "--cluster", "shell", "--service", "web", "--task-definition", "shell:2")
listing = ["ecs", "list-service-deployments", "--cluster", "shell", "--service", "web", "--query", "serviceDeployments[0]"]
until("rolled", lambda: (d := aws(DEVELOPER, *listing)) and d["status"] == "SUCCESSFUL" and d["targetServiceRevisionArn"])
assert aws(DEVELOPER, "ecs", "describe-services", "--cluster", "shell", "--services", "web", "--query", "services[0].taskDefinition", "--output", "text") == definitions[1]
# Paused, so that it is stopped in the middle on a slow machine too.
pause = json.dumps({"lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}]})
update = ["ecs", "update-service", "--cluster", "shell", "--service", "web", "--task-definition", "shell:1"]
aws(DEVELOPER, *update, "--deployment-configuration", pause)
arn = until("deploying", lambda: (d := aws(DEVELOPER, *listing)) and d["status"] in ("PENDING", "IN_PROGRESS") and d["serviceDeploymentArn"])
aws(DEVELOPER, "ecs", "stop-service-deployment", "--service-deployment-arn", arn)
until("rolled back", lambda: aws(DEVELOPER, *listing)["status"] == "ROLLBACK_SUCCESSFUL")
step("a service is created, updated, waited for, stopped in the middle and rolled back")

APPROVER, DEPLOYER = assumed(MANAGER, APPROVE), assumed(DEVELOPER, DEPLOY, "--external-id", "asset")
for status, wanted in (("Approved", "Succeeded"), ("Rejected", "Failed")):
    start = ["codepipeline", "start-pipeline-execution", "--name", "asset-manager", "--variables", "name=KANMON_RELEASE,value=r1"]
    execution = aws(DEPLOYER, *start)["pipelineExecutionId"]
    state = ["codepipeline", "get-pipeline-state", "--name", "asset-manager", "--query", "stageStates[?stageName=='Production'].actionStates[0].latestExecution"]
    token = until("asked", lambda: (s := aws(APPROVER, *state)) and s[0] and s[0]["status"] == "InProgress" and s[0].get("token"))
    put = ["codepipeline", "put-approval-result", "--pipeline-name", "asset-manager", "--stage-name", "Production", "--action-name", "Approve"]
    put += ["--result", f"summary=looked,status={status}", "--token", token]
    refused("AccessDeniedException", DEPLOYER, *put)
    aws(APPROVER, *put)
    get = ["codepipeline", "get-pipeline-execution", "--pipeline-name", "asset-manager", "--pipeline-execution-id", execution]
    until(wanted, lambda: aws(APPROVER, *get)["pipelineExecution"]["status"] == wanted)
listed = aws(APPROVER, "codepipeline", "list-pipeline-executions", "--pipeline-name", "asset-manager", "--page-size", "1")
assert [e["status"] for e in listed["pipelineExecutionSummaries"]] == ["Failed", "Succeeded"], listed
step("a pipeline is started, approved and rejected")
