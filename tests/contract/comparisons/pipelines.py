"""CodePipeline: descriptions of pipelines. Only AWS and the sandbox execute them."""

import json

from comparisons.common import PEER, PROD, REGION, client, has, refused, says

NAME = "asset-manager"


def pipelines(dev, prod):
    if not has("codepipeline GetPipeline"):
        return
    here, there = client(prod, "codepipeline"), client(dev, "codepipeline")
    if PEER != "sandbox":
        make(prod, here)
    listed = [p for page in here.get_paginator("list_pipelines").paginate() for p in page["pipelines"]]
    mine = [p for p in listed if p["name"] == NAME]
    says("pipelines are listed", len(mine) == 1 and mine[0]["version"] >= 1 and mine[0]["created"].year > 2000, listed)
    got = here.get_pipeline(name=NAME)
    says("a pipeline is as it was listed", (got["pipeline"]["name"], got["pipeline"]["version"]) == (NAME, mine[0]["version"]), got)
    says("a pipeline's ARN", got["metadata"]["pipelineArn"] == f"arn:aws:codepipeline:{REGION}:{PROD}:{NAME}", got)
    says("a pipeline's times", got["metadata"]["created"] <= got["metadata"]["updated"], got)
    stages = got["pipeline"]["stages"]
    says("a pipeline has stages, with actions", len(stages) > 1 and all(s["name"] and s["actions"] for s in stages), got)
    approves = [a["actionTypeId"] for s in stages for a in s["actions"] if a["actionTypeId"]["category"] == "Approval"]
    says("an approval's type", approves == [{"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}], got)
    refused("no pipeline that is not there", "PipelineNotFoundException", here.get_pipeline, name="nobody")
    refused("no pipeline of another account", "PipelineNotFoundException", there.get_pipeline, name=NAME)


def make(prod, here):
    """The sandbox has a pipeline from the start, and cannot create any."""
    trust = {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = client(prod, "iam").create_role(RoleName="pipeline", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    kind = lambda category, provider: {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    source = {"name": "Source", "actionTypeId": kind("Source", "S3"), "outputArtifacts": [{"name": "App"}]}
    source["configuration"] = {"S3Bucket": "peers", "S3ObjectKey": "app.zip"}
    approve = {"name": "Approve", "actionTypeId": kind("Approval", "Manual")}
    stages = [{"name": "Source", "actions": [source]}, {"name": "Production", "actions": [approve]}]
    pipeline = {"name": NAME, "roleArn": role, "artifactStore": {"type": "S3", "location": "peers"}, "stages": stages}
    here.create_pipeline(pipeline=pipeline)
