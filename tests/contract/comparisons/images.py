"""ECR: repositories, and the images in them."""

import base64
import hashlib
import json
import urllib.parse
import urllib.request

from comparisons.common import DEV, PEER, REGION, accepted, client, has, refused, says

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
A = {"repositoryName": "peers/a"}


def repositories(dev, prod):
    here, there = client(dev, "ecr"), client(prod, "ecr")
    made = here.create_repository(**A)["repository"]
    says("a repository's ARN", made["repositoryArn"] == f"arn:aws:ecr:{REGION}:{DEV}:repository/peers/a", made)
    says("a new repository's tags are mutable", made["imageTagMutability"] == "MUTABLE", made)
    refused("no repository twice", "RepositoryAlreadyExistsException", here.create_repository, **A)
    refused("no repository of another account", "RepositoryNotFoundException", there.describe_repositories, repositoryNames=["peers/a"])
    here.create_repository(repositoryName="peers/b")
    pages = list(here.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 1}))
    names = [r["repositoryName"] for p in pages for r in p["repositories"]]
    says("a list of repositories has pages", len(pages) > 1 and {"peers/a", "peers/b"} <= set(names), names)
    refused("a policy that is not there", "RepositoryPolicyNotFoundException", here.get_repository_policy, **A)
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "Pull", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}
    here.set_repository_policy(policyText=json.dumps(policy), **A)
    got = here.get_repository_policy(**A)["policyText"]
    says("a policy is what was set", json.loads(got) == policy, got)
    gone = here.delete_repository_policy(**A)
    says("a policy that is deleted is returned", json.loads(gone["policyText"]) == policy, gone)
    refused("no policy is deleted twice", "RepositoryPolicyNotFoundException", here.delete_repository_policy, **A)
    login = here.get_authorization_token()["authorizationData"][0]
    says("a login is AWS's", base64.b64decode(login["authorizationToken"]).startswith(b"AWS:"), login)
    says("a login ends", login["expiresAt"].year > 2000, login)
    settings(here)
    lifecycle(here)
    images(here, made["repositoryUri"], login["authorizationToken"])
    scans(here)
    refused("no repository is deleted that has images", "RepositoryNotEmptyException", here.delete_repository, **A)
    here.delete_repository(repositoryName="peers/b")
    refused("a repository that was deleted", "RepositoryNotFoundException", here.describe_repositories, repositoryNames=["peers/b"])
    here.delete_repository(force=True, **A)


def settings(here):
    described = lambda: here.describe_repositories(repositoryNames=["peers/a"])["repositories"][0]
    asks = {"imageScanningConfiguration": {"scanOnPush": True}, **A}
    answer = here.put_image_scanning_configuration(**asks)
    says("a scanning configuration is answered as set", asks.items() <= answer.items() and answer["registryId"] == DEV, answer)
    says("a scanning configuration is returned as set", described()["imageScanningConfiguration"] == {"scanOnPush": True}, described())
    nobody = {**asks, "repositoryName": "peers/none"}
    refused("no scans of no repository", "RepositoryNotFoundException", here.put_image_scanning_configuration, **nobody)
    for mutability in ("IMMUTABLE", "MUTABLE"):
        answer = here.put_image_tag_mutability(imageTagMutability=mutability, **A)
        says(f"{mutability} is answered as set", (answer["imageTagMutability"], answer["repositoryName"]) == (mutability, "peers/a"), answer)
        says(f"{mutability} is returned as set", described()["imageTagMutability"] == mutability, described())
    nobody = {"repositoryName": "peers/none", "imageTagMutability": "MUTABLE"}
    refused("no tags of no repository", "RepositoryNotFoundException", here.put_image_tag_mutability, **nobody)


def lifecycle(here):
    few = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5}
    rules = {"rules": [{"rulePriority": 1, "selection": few, "action": {"type": "expire"}}]}
    refused("a lifecycle policy that is not there", "LifecyclePolicyNotFoundException", here.get_lifecycle_policy, **A)
    said = here.put_lifecycle_policy(lifecyclePolicyText=json.dumps(rules), **A)
    says("a lifecycle policy is answered as set", json.loads(said["lifecyclePolicyText"]) == rules, said)
    got = here.get_lifecycle_policy(**A)
    says("a lifecycle policy is what was set", (json.loads(got["lifecyclePolicyText"]), got["registryId"]) == (rules, DEV), got)
    gone = here.delete_lifecycle_policy(**A)
    says("a lifecycle policy that is deleted is returned", json.loads(gone["lifecyclePolicyText"]) == rules, gone)
    refused("no lifecycle policy is deleted twice", "LifecyclePolicyNotFoundException", here.delete_lifecycle_policy, **A)
    none = {"lifecyclePolicyText": "no policy".ljust(100, "."), **A}
    refused("an invalid lifecycle policy is refused", "InvalidParameterException", here.put_lifecycle_policy, **none)


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def image(name):
    """A manifest, and the blobs that it names."""
    blobs = [json.dumps({"architecture": "amd64", "os": "linux"}).encode(), f"a layer of {name}".encode()]
    config, layer = ({"digest": digest_of(b), "size": len(b)} for b in blobs)
    config["mediaType"], layer["mediaType"] = "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}), blobs


def upload(uri, authorization, blobs):
    """Pushes through the sandbox's registry; emulators accept images without their layers."""
    host, name = uri.split("/", 1)
    for blob in blobs:
        headers = {"Authorization": f"Basic {authorization}"}
        start = urllib.request.Request(f"http://{host}/v2/{name}/blobs/uploads/", b"", headers, method="POST")
        to = urllib.parse.urljoin(f"http://{host}", urllib.request.urlopen(start).headers["Location"])
        to += ("&" if "?" in to else "?") + urllib.parse.urlencode({"digest": digest_of(blob)})
        headers["Content-Type"] = "application/octet-stream"
        urllib.request.urlopen(urllib.request.Request(to, blob, headers, method="PUT")).read()


def images(here, uri, authorization):
    says("no images", here.describe_images(**A)["imageDetails"] == [])
    says("no image ids", here.list_images(**A)["imageIds"] == [])
    refused("an image that is not there", "ImageNotFoundException", here.describe_images, imageIds=[{"imageTag": "v1"}], **A)
    missing = here.batch_get_image(imageIds=[{"imageTag": "v1"}], **A)
    says("a missing image is a failure and not an error", [f["failureCode"] for f in missing["failures"]] == ["ImageNotFound"], missing)

    put = lambda text, tag: here.put_image(imageManifest=text, imageManifestMediaType=MANIFEST, imageTag=tag, **A)
    refused("no image with missing layers", "LayersNotFoundException", lambda: put(image("empty")[0], "empty"))
    if PEER != "sandbox":
        here.batch_delete_image(imageIds=[{"imageTag": "empty"}], **A)
    (first, blobs), (second, more) = image("v1"), image("v2")
    if PEER == "sandbox":
        upload(uri, authorization, [*blobs, *more])
    if has("ecr BatchCheckLayerAvailability"):
        layers, absent = [digest_of(b) for b in blobs[1:]], "sha256:" + "0" * 64
        asked = here.batch_check_layer_availability(layerDigests=[absent], **A)
        found = [(layer["layerDigest"], layer["layerAvailability"]) for layer in asked["layers"]]
        says("a layer that is not there", found == [(absent, "UNAVAILABLE")], asked)
        asked = here.batch_check_layer_availability(layerDigests=["none"], **A)
        says("an invalid digest is a failure", [f["failureCode"] for f in asked["failures"]] == ["InvalidLayerDigest"], asked)
        asked = here.batch_check_layer_availability(layerDigests=layers, **A)
        says("a layer that is there", [layer["layerAvailability"] for layer in asked["layers"]] == ["AVAILABLE"], asked)

    answer = put(first, "v1")["image"]
    digest = answer["imageId"]["imageDigest"]
    says("an image's digest is its manifest's", digest == digest_of(first.encode()), answer)
    says("a put image is returned", (answer["imageId"]["imageTag"], answer["imageManifest"]) == ("v1", first), answer)
    refused("no image twice", "ImageAlreadyExistsException", lambda: put(first, "v1"))
    accepted("an image has another tag", lambda: put(first, "latest"))
    details = here.describe_images(imageIds=[{"imageTag": "v1"}], **A)["imageDetails"]
    says("an image and its tags", [(d["imageDigest"], sorted(d["imageTags"])) for d in details] == [(digest, ["latest", "v1"])], details)
    says("an image's size and time", details[0]["imageSizeInBytes"] > 0 and details[0]["imagePushedAt"].year > 2000, details)
    ids = here.list_images(filter={"tagStatus": "TAGGED"}, **A)["imageIds"]
    listed = sorted((i["imageDigest"], i.get("imageTag")) for i in ids)
    says("an image's ids are listed by tag", listed == [(digest, "latest"), (digest, "v1")], ids)
    got = here.batch_get_image(imageIds=[{"imageDigest": digest}], **A)["images"]
    says("an image is what was put", got and got[0]["imageManifest"] == first, got)

    moved = put(second, "latest")["image"]["imageId"]
    details = {d["imageDigest"]: d.get("imageTags") for d in here.describe_images(**A)["imageDetails"]}
    says("a tag moves", details == {digest: ["v1"], moved["imageDigest"]: ["latest"]}, details)
    here.put_image_tag_mutability(imageTagMutability="IMMUTABLE", **A)
    refused("an immutable tag does not move", "ImageTagAlreadyExistsException", lambda: put(second, "v1"))
    here.put_image_tag_mutability(imageTagMutability="MUTABLE", **A)
    gone = here.batch_delete_image(imageIds=[{"imageTag": "latest"}, {"imageTag": "v9"}], **A)
    says("deleted images are returned", gone["imageIds"] == [moved], gone)
    says("an image that cannot be deleted is a failure", [f["failureCode"] for f in gone["failures"]] == ["ImageNotFound"], gone)
    details = [d["imageDigest"] for d in here.describe_images(**A)["imageDetails"]]
    says("an image is deleted with its last tag", details == [digest], details)


def scans(here):
    """Basic scans; the findings of an emulator are not compared."""
    scan = {"imageId": {"imageTag": "v1"}, **A}
    if has("ecr PutRegistryScanningConfiguration"):
        before = here.get_registry_scanning_configuration()["scanningConfiguration"]
        every = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "peers/*", "filterType": "WILDCARD"}]}]
        put = here.put_registry_scanning_configuration(scanType="BASIC", rules=every)["registryScanningConfiguration"]
        says("a registry's scanning configuration is answered as set", put == {"scanType": "BASIC", "rules": every}, put)
        got = here.get_registry_scanning_configuration()
        says("a registry's scanning configuration is returned as set", got["scanningConfiguration"] == put and got["registryId"] == DEV, got)
    if has("ecr BatchGetRepositoryScanningConfiguration"):
        asked = here.batch_get_repository_scanning_configuration(repositoryNames=["peers/a", "peers/none"])
        found = [(c["repositoryName"], c["scanFrequency"]) for c in asked["scanningConfigurations"]]
        says("a repository's scanning configuration is the registry's", found == [("peers/a", "SCAN_ON_PUSH")], asked)
        applied = [c["appliedScanFilters"] for c in asked["scanningConfigurations"]]
        says("the rule that applies to a repository is returned", applied == [every[0]["repositoryFilters"]], asked)
        says("scans of no repository are a failure", [f["failureCode"] for f in asked["failures"]] == ["REPOSITORY_NOT_FOUND"], asked)
    none = {**scan, "imageId": {"imageTag": "v9"}}
    if has("ecr StartImageScan"):
        refused("no scan of an image that does not exist is started", "ImageNotFoundException", here.start_image_scan, **none)
        started = here.start_image_scan(**scan)
        says("a scan that is started names its image", started["imageId"]["imageDigest"].startswith("sha256:"), started)
        says("a scan that is started is in progress", started["imageScanStatus"]["status"] == "IN_PROGRESS", started)
        refused("no second basic scan within a day", "LimitExceededException", here.start_image_scan, **scan)
    if has("ecr DescribeImageScanFindings"):
        refused("no scan of an image that does not exist", "ImageNotFoundException", here.describe_image_scan_findings, **none)
        here.get_waiter("image_scan_complete").wait(WaiterConfig={"Delay": 1, "MaxAttempts": 60}, **scan)
        found = here.describe_image_scan_findings(**scan)
        says("the scanned image is returned", found["imageId"]["imageTag"] == "v1" and found["repositoryName"] == "peers/a", found)
        described = found["imageScanFindings"]
        severities = [f["severity"] for f in described["findings"]]
        counted = {severity: severities.count(severity) for severity in severities}
        says("what a scan found is counted", described.get("findingSeverityCounts", {}) == counted, found)
    if has("ecr PutRegistryScanningConfiguration"):
        here.put_registry_scanning_configuration(**before)


def registry(dev, _):
    here = client(dev, "ecr")
    described = here.describe_registry()
    says("a registry is its account's", described["registryId"] == DEV, described)
    says("nothing is replicated at first", described["replicationConfiguration"] == {"rules": []}, described)
    if has("ecr PutReplicationConfiguration"):
        to = [{"region": "us-west-2", "registryId": DEV}]
        rules = {"rules": [{"destinations": to, "repositoryFilters": [{"filter": "nothing", "filterType": "PREFIX_MATCH"}]}]}
        put = here.put_replication_configuration(replicationConfiguration=rules)
        says("a replication configuration is answered as set", put["replicationConfiguration"] == rules, put)
        says("a replication configuration is returned as set", here.describe_registry()["replicationConfiguration"] == rules)
        same = {"replicationConfiguration": {"rules": [{"destinations": [{"region": REGION, "registryId": DEV}]}]}}
        refused("a registry is not replicated to itself", "InvalidParameterException", here.put_replication_configuration, **same)
        here.put_replication_configuration(replicationConfiguration={"rules": []})
    if has("ecr PutRegistryPolicy"):
        refused("a registry's policy that is not there", "RegistryPolicyNotFoundException", here.get_registry_policy)
        allowed = {"Sid": "In", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": ["ecr:ReplicateImage"]}
        allowed["Resource"] = [f"arn:aws:ecr:{REGION}:{DEV}:repository/*"]
        policy = {"Version": "2012-10-17", "Statement": [allowed]}
        put = here.put_registry_policy(policyText=json.dumps(policy))
        says("a registry's policy is answered as set", (json.loads(put["policyText"]), put["registryId"]) == (policy, DEV), put)
        got = here.get_registry_policy()
        says("a registry's policy is what was set", (json.loads(got["policyText"]), got["registryId"]) == (policy, DEV), got)
        gone = here.delete_registry_policy()
        says("a registry's policy that is deleted is returned", json.loads(gone["policyText"]) == policy, gone)
        refused("no registry's policy is deleted twice", "RegistryPolicyNotFoundException", here.delete_registry_policy)
