"""STS: sessions of roles."""

import base64
import json
import time

from comparisons.common import DEV, PROD, client, keys_of, refused, says
from botocore import UNSIGNED

ISSUER = "https://gitlab.example.com"


def sessions(dev, prod):
    who = [client(k, "sts").get_caller_identity() for k in (dev, prod)]
    says("a session is of its role's account", [w["Account"] for w in who] == [DEV, PROD], who)
    says("a session's ARN names role and session", who[1]["Arn"] == f"arn:aws:sts::{PROD}:assumed-role/kanmon-deploy/peers", who)
    by_token()


def by_token():
    """A build without keys assumes a role with its provider's token."""
    sts = client({}, "sts", signature_version=UNSIGNED)
    asks = {"RoleArn": f"arn:aws:iam::{DEV}:role/ci", "RoleSessionName": "build"}
    answer = sts.assume_role_with_web_identity(WebIdentityToken=token(), **asks)
    wanted = f"arn:aws:sts::{DEV}:assumed-role/ci/build"
    says("a token's session names role and session", answer["AssumedRoleUser"]["Arn"] == wanted, answer)
    says("a token's session ends within the hour", 0 < answer["Credentials"]["Expiration"].timestamp() - time.time() < 3700, answer)
    provider = (answer.get("Provider"), answer.get("Audience"), answer.get("SubjectFromWebIdentityToken"))
    says("the token's provider and subject are returned", provider == (ISSUER, ISSUER, "project:shop:ref:main"), provider)
    who = client(keys_of(answer["Credentials"]), "sts").get_caller_identity()
    says("a token's session is of its role's account", (who["Account"], who["Arn"]) == (DEV, wanted), who)
    late = {"WebIdentityToken": token(exp=1), **asks}
    refused("an expired token gives no session", "ExpiredTokenException", sts.assume_role_with_web_identity, **late)
    none = {"WebIdentityToken": "nonsense", **asks}
    refused("an invalid token gives no session", "InvalidIdentityToken", sts.assume_role_with_web_identity, **none)


def token(**claims):
    said = {"iss": ISSUER, "aud": ISSUER, "sub": "project:shop:ref:main", "exp": int(time.time()) + 600, **claims}
    parts = ({"alg": "RS256"}, said, "not read here")
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)
