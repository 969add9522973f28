"""Images that are pushed, protected and scanned."""

import base64
import json

from lifecycles.common import DEPLOY, DEVELOPER, GIVEN, HOST, REGION, WORK, assumed, client, refused, run, soon, step, until


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
    step("a repository is created and images pushed by docker and skopeo")

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
    scans = {"repositoryName": "life/1", "imageScanningConfiguration": {"scanOnPush": True}}
    ecr.put_image_scanning_configuration(**scans)
    made = ecr.describe_repositories(repositoryNames=["life/1"])["repositories"][0]
    assert made["imageScanningConfiguration"] == {"scanOnPush": True}, made
    manifest = json.loads(image["imageManifest"])
    layers, absent = [layer["digest"] for layer in manifest["layers"]], "sha256:" + "0" * 64
    asked = ecr.batch_check_layer_availability(repositoryName="life/0", layerDigests=[*layers, absent, "none"])
    found = {layer["layerDigest"]: layer["layerAvailability"] for layer in asked["layers"]}
    assert found == {**dict.fromkeys(layers, "AVAILABLE"), absent: "UNAVAILABLE"}, asked
    assert [f["failureCode"] for f in asked["failures"]] == ["InvalidLayerDigest"], asked
    ecr.delete_repository_policy(repositoryName="life/1")
    refused("RepositoryPolicyNotFoundException", ecr.get_repository_policy, repositoryName="life/1")
    rule_registry(ecr)
    replicate(ecr, image)
    ecr.delete_repository(repositoryName="life/2")
    step("images are listed in pages, read, protected from being overwritten, and deleted")
    return uri, digests


def rule_registry(ecr):
    rules = {"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5}, "action": {"type": "expire"}}]}
    refused("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName="life/1")
    ecr.put_lifecycle_policy(repositoryName="life/1", lifecyclePolicyText=json.dumps(rules))
    assert json.loads(ecr.get_lifecycle_policy(repositoryName="life/1")["lifecyclePolicyText"]) == rules
    ecr.delete_lifecycle_policy(repositoryName="life/1")
    refused("RegistryPolicyNotFoundException", ecr.get_registry_policy)
    to = {"rules": [{"destinations": [{"region": "us-west-2", "registryId": "111111111111"}], "repositoryFilters": [{"filter": "nothing", "filterType": "PREFIX_MATCH"}]}]}
    ecr.put_replication_configuration(replicationConfiguration=to)
    assert ecr.describe_registry()["replicationConfiguration"] == to
    ecr.put_replication_configuration(replicationConfiguration={"rules": []})
    careless = client(DEVELOPER, "ecr", parameter_validation=False)
    refused("InvalidParameterException", careless.put_replication_configuration)
    step("the registry's rules are set and read")


def replicate(ecr, image):
    """To another region directly, to another account once that account allows it."""
    prod, digest = client(assumed(DEVELOPER, DEPLOY, ExternalId="asset"), "ecr"), image["imageId"]["imageDigest"]
    to = [{"region": "us-west-2", "registryId": "111111111111"}, {"region": REGION, "registryId": "222222222222"}]
    rule = {"destinations": to, "repositoryFilters": [{"filter": "life/0", "filterType": "PREFIX_MATCH"}]}
    ecr.put_replication_configuration(replicationConfiguration={"rules": [rule]})
    manifest = {"imageManifest": image["imageManifest"], "imageManifestMediaType": image["imageManifestMediaType"]}

    def put(tag, wanted):
        ecr.put_image(repositoryName="life/0", imageTag=tag, **manifest)
        states = {}

        def ended():
            answer = ecr.describe_image_replication_status(repositoryName="life/0", imageId={"imageTag": tag})
            states.update({s["registryId"]: s for s in answer["replicationStatuses"]})
            return len(states) == 2 and all(s["status"] != "IN_PROGRESS" for s in states.values())

        until("replicated", ended)
        assert [states[place["registryId"]]["status"] for place in to] == ["COMPLETE", wanted], states
        assert ("failureCode" in states["222222222222"]) == (wanted == "FAILED"), states

    put("elsewhere-1", "FAILED")
    allowed = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"]}
    allowed["Resource"] = [f"arn:aws:ecr:{REGION}:222222222222:repository/*"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    assert prod.put_registry_policy(policyText=policy)["registryId"] == "222222222222"
    assert json.loads(prod.get_registry_policy()["policyText"])["Statement"] == [allowed]
    put("elsewhere-2", "COMPLETE")
    refused("ImageNotFoundException", prod.describe_images, repositoryName="life/0", imageIds=[{"imageTag": "elsewhere-1"}])
    for there, tags in ((client(DEVELOPER, "ecr", region="us-west-2"), ["elsewhere-1", "elsewhere-2"]), (prod, ["elsewhere-2"])):
        details = there.describe_images(repositoryName="life/0", imageIds=[{"imageTag": tags[-1]}])["imageDetails"]
        assert [(d["imageDigest"], sorted(d["imageTags"])) for d in details] == [(digest, tags)], details
        there.delete_repository(repositoryName="life/0", force=True)
    prod.delete_registry_policy()
    refused("RegistryPolicyNotFoundException", prod.delete_registry_policy)
    refused("ImageNotFoundException", ecr.describe_image_replication_status, repositoryName="life/0", imageId={"imageTag": "v9"})
    ecr.put_replication_configuration(replicationConfiguration={"rules": []})
    ecr.batch_delete_image(repositoryName="life/0", imageIds=[{"imageTag": "elsewhere-1"}, {"imageTag": "elsewhere-2"}])
    step("images are replicated to another region and, where it allows it, to another account")


def look_at_scans(digests):
    inspector, ecr = client(DEVELOPER, "inspector2"), client(DEVELOPER, "ecr")
    assert inspector.batch_get_account_status()["accounts"][0]["state"]["status"] == "ENABLED"
    rescans = lambda: inspector.get_configuration()["ecrConfiguration"]["rescanDurationState"]
    before = rescans()["rescanDuration"]
    for days in ("DAYS_90", before):
        inspector.update_configuration(ecrConfiguration={"rescanDuration": days})
        assert (rescans()["rescanDuration"], rescans()["status"]) == (days, "SUCCESS") and rescans()["updatedAt"].year > 2000, rescans()
    assert before != "DAYS_90"
    asked = ecr.batch_get_repository_scanning_configuration(repositoryNames=["life/0", "life/9"])
    assert [(c["repositoryName"], c["scanFrequency"]) for c in asked["scanningConfigurations"]] == [("life/0", "CONTINUOUS_SCAN")], asked
    assert [(f["repositoryName"], f["failureCode"]) for f in asked["failures"]] == [("life/9", "REPOSITORY_NOT_FOUND")], asked
    assert ecr.get_registry_scanning_configuration()["scanningConfiguration"]["scanType"] == "ENHANCED"
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
    step("the scan is waited for, coverage and findings are read with filters and in pages")

    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[])
    ecr.start_image_scan(repositoryName="life/0", imageId={"imageTag": "v1"})
    soon(ecr.get_waiter("image_scan_complete"), repositoryName="life/0", imageId={"imageTag": "v1"})
    basic = ecr.describe_image_scan_findings(repositoryName="life/0", imageId={"imageTag": "v1"})["imageScanFindings"]
    assert basic["findingSeverityCounts"]["CRITICAL"] == 1, basic
    refused("LimitExceededException", ecr.start_image_scan, repositoryName="life/0", imageId={"imageTag": "v1"})
    again = [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}]
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=again)
    step("a basic scan is waited for with a waiter")
