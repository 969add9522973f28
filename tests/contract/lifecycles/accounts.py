"""Sessions: who is authenticated and who is not."""

import base64
import json
import time
import urllib.request

import boto3

from lifecycles.common import CI, DEPLOY, DEVELOPER, ENDPOINT, GIVEN, ISSUER, MANAGER, REGION, assumed, client, refused, session, step


def enter_accounts():
    who = client(DEVELOPER, "sts").get_caller_identity()
    assert (who["Account"], who["Arn"]) == ("111111111111", "arn:aws:iam::111111111111:user/developer"), who
    deployer = assumed(DEVELOPER, DEPLOY, ExternalId="asset", SourceIdentity="developer", DurationSeconds=900)
    who = client(deployer, "sts").get_caller_identity()
    assert (who["Account"], who["Arn"]) == ("222222222222", "arn:aws:sts::222222222222:assumed-role/kanmon-deploy/life"), who
    # The session sees the other account.
    clusters = [client(s, "ecs").list_clusters()["clusterArns"] for s in (DEVELOPER, deployer)]
    assert all(":111111111111:" in c for c in clusters[0]) and all(":222222222222:" in c for c in clusters[1]), clusters
    step("roles are assumed across accounts")

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
    step("refused: no or a wrong external id, a wrong principal, a missing permission, a session policy")

    token_from_provider()
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
    step("refused: a bad signature, an unknown key, an expired session")


def token_from_provider():
    """A build without keys assumes a role with its provider's token."""
    sts = client(boto3.Session(region_name=REGION), "sts")

    def token(**claims):
        said = {"iss": ISSUER, "aud": ISSUER, "sub": "project:shop:ref:main", "exp": int(time.time()) + 600, **claims}
        parts = ({"alg": "RS256"}, said, "not read here")
        return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)

    asks = {"RoleArn": CI, "RoleSessionName": "build"}
    answer = sts.assume_role_with_web_identity(WebIdentityToken=token(), **asks)
    assert (answer["Provider"], answer["Audience"]) == (ISSUER, ISSUER), answer
    c = answer["Credentials"]
    who = client(session(c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"]), "sts").get_caller_identity()
    assert who["Arn"] == "arn:aws:sts::111111111111:assumed-role/ci/build", who
    refused("AccessDenied", sts.assume_role_with_web_identity, WebIdentityToken=token(sub="project:shop:ref:other"), **asks)
    refused("ExpiredTokenException", sts.assume_role_with_web_identity, WebIdentityToken=token(exp=1), **asks)
    refused("InvalidIdentityToken", sts.assume_role_with_web_identity, WebIdentityToken="nonsense", **asks)
    step("a provider's token is accepted if its claims are trusted")
