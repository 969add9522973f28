"""ECS: clusters, definitions, services, their deployments and tasks."""

from comparisons.common import DEV, PEER, REGION, client, has, refused, says

NONE = "0123456789abcdef0123456789abcdef"


def services(dev, prod):
    here, there = client(dev, "ecs"), client(prod, "ecs")
    cluster = here.create_cluster(clusterName="peers")["cluster"]
    says("a cluster's ARN", cluster["clusterArn"] == f"arn:aws:ecs:{REGION}:{DEV}:cluster/peers", cluster)
    found = there.describe_clusters(clusters=["peers"])
    says("no cluster of another account", [f["reason"] for f in found["failures"]] == ["MISSING"] and not found["clusters"], found)
    lists = [[a for p in c.get_paginator("list_clusters").paginate() for a in p["clusterArns"]] for c in (here, there)]
    says("clusters are listed, of one account", [cluster["clusterArn"] in arns for arns in lists] == [True, False], lists)
    again = here.create_cluster(clusterName="peers")["cluster"]
    says("an existing cluster is not created again", again["clusterArn"] == cluster["clusterArn"], again)
    tags(here, cluster["clusterArn"])
    definition = definitions(here)
    service(here, definition)
    tasks(dev, here)


def tags(here, cluster):
    both = [{"key": "of", "value": "peers"}, {"key": "at", "value": "once"}]
    ordered = lambda: sorted(here.list_tags_for_resource(resourceArn=cluster)["tags"], key=lambda t: t["key"])
    here.tag_resource(resourceArn=cluster, tags=both)
    says("tags are what was set", ordered() == both[::-1], ordered())
    here.tag_resource(resourceArn=cluster, tags=[{"key": "of", "value": "others"}])
    says("a tag is set again", ordered() == [both[1], {"key": "of", "value": "others"}], ordered())
    here.untag_resource(resourceArn=cluster, tagKeys=["of", "none"])
    says("tags are removed by key", ordered() == both[1:], ordered())
    none = f"arn:aws:ecs:{REGION}:{DEV}:cluster/nowhere"
    refused("no tags of a cluster that is not there", "ClusterNotFoundException", here.list_tags_for_resource, resourceArn=none)
    refused("no tag on a cluster that is not there", "ClusterNotFoundException", here.tag_resource, resourceArn=none, tags=both)


def definitions(here):
    container = {"name": "app", "image": "public.ecr.aws/nginx/nginx:1.27", "essential": True, "memory": 64}
    said = {"family": "peers", "networkMode": "host", "containerDefinitions": [container]}
    register = lambda: here.register_task_definition(**said)["taskDefinition"]
    first, second = register(), register()
    says("revisions count", (first["revision"], second["revision"]) == (1, 2), (first, second))
    latest = here.describe_task_definition(taskDefinition="peers")["taskDefinition"]
    says("a definition without a revision is the latest", latest["revision"] == 2)
    listed = here.list_task_definitions(familyPrefix="peers", sort="DESC")["taskDefinitionArns"]
    says("definitions are listed newest first", listed == [second["taskDefinitionArn"], first["taskDefinitionArn"]], listed)
    refused("a definition that is not there", "ClientException", here.describe_task_definition, taskDefinition="peers:9")
    gone = here.deregister_task_definition(taskDefinition="peers:1")["taskDefinition"]
    says("a deregistered definition is inactive", gone["status"] == "INACTIVE")
    read = here.describe_task_definition(taskDefinition="peers:1")["taskDefinition"]
    says("an inactive definition can be read", read["status"] == "INACTIVE")
    return second["taskDefinitionArn"]


def service(here, definition):
    says("no services at first", here.list_services(cluster="peers")["serviceArns"] == [])
    asks = {"serviceName": "web", "taskDefinition": definition, "desiredCount": 0}
    refused("no service in a cluster that is not there", "ClusterNotFoundException", here.create_service, cluster="nowhere", **asks)
    made = here.create_service(cluster="peers", **asks)["service"]
    says("a service's ARN", made["serviceArn"] == f"arn:aws:ecs:{REGION}:{DEV}:service/peers/web", made)
    says("a service's first deployment is primary", [d["status"] for d in made["deployments"]] == ["PRIMARY"], made)
    listed = here.list_services(cluster="peers")["serviceArns"]
    says("services are listed", listed == [made["serviceArn"]], listed)
    refused("no list of a cluster that is not there", "ClusterNotFoundException", here.list_services, cluster="absent")
    found = here.describe_services(cluster="peers", services=["web", "other"])
    says("a service that is not there is a failure", [f["reason"] for f in found["failures"]] == ["MISSING"], found)
    none = {"service": "other", "desiredCount": 0}
    refused("no update of a service that is not there", "ServiceNotFoundException", here.update_service, cluster="peers", **none)
    updated = here.update_service(cluster="peers", service="web", forceNewDeployment=True)["service"]
    primary = [d for d in updated["deployments"] if d["status"] == "PRIMARY"]
    says("an update is a new deployment", len(primary) == 1 and primary[0]["id"] != made["deployments"][0]["id"], updated)
    says("a deployment's id", primary[0]["id"].startswith("ecs-svc/"), primary)
    nowhere = {"cluster": "nowhere", "services": ["web"]}
    refused("no services of a cluster that is not there", "ClusterNotFoundException", here.describe_services, **nowhere)
    deployments(here)
    says("no tasks if the desired count is 0", here.list_tasks(cluster="peers", serviceName="web")["taskArns"] == [])
    gone = here.delete_service(cluster="peers", service="web", force=True)["service"]
    says("a service that is deleted has desired count 0", (gone["serviceName"], gone["desiredCount"]) == ("web", 0), gone)
    says("a service that is deleted is no longer active", gone["status"] in ("DRAINING", "INACTIVE"), gone)
    here.get_waiter("services_inactive").wait(cluster="peers", services=["web"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    left = here.list_services(cluster="peers")["serviceArns"]
    says("a service that was deleted is not listed", left == [], left)


def deployments(here):
    """An emulator may have these operations but never a deployment; missing ones can be requested from each."""
    place, listed = f"arn:aws:ecs:{REGION}:{DEV}", []
    failed = lambda answer: [(f["arn"], f["reason"]) for f in answer.get("failures", [])]
    if has("ecs ListServiceDeployments"):
        listed = here.list_service_deployments(cluster="peers", service="web")["serviceDeployments"]
        says("deployments are listed", len(listed) >= 1, listed)
    if has("ecs DescribeServiceDeployments"):
        none = f"{place}:service-deployment/peers/web/{NONE[:21]}"
        asked = here.describe_service_deployments(serviceDeploymentArns=[none, *(d["serviceDeploymentArn"] for d in listed[:1])])
        says("a deployment that is not there is a failure", failed(asked) == [(none, "MISSING")], asked)
        found = [(d["serviceDeploymentArn"], d["targetServiceRevision"]["arn"]) for d in asked["serviceDeployments"]]
        as_listed = [(d["serviceDeploymentArn"], d["targetServiceRevisionArn"]) for d in listed[:1]]
        says("a deployment is described as it was listed", found == as_listed, asked)
    if has("ecs DescribeServiceRevisions"):
        none = f"{place}:service-revision/peers/web/4980306466373577095"
        asked = here.describe_service_revisions(serviceRevisionArns=[none, *(d["targetServiceRevisionArn"] for d in listed[:1])])
        says("a revision that is not there is a failure", failed(asked) == [(none, "MISSING")], asked)
        found = [r["serviceRevisionArn"] for r in asked["serviceRevisions"]]
        says("a deployment's revision is described", found == [d["targetServiceRevisionArn"] for d in listed[:1]], asked)


def tasks(dev, here):
    container = {"name": "app", "image": "public.ecr.aws/nginx/nginx:1.27", "essential": True, "cpu": 128, "memory": 256}
    fargate = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}
    fargate["executionRoleArn"] = f"arn:aws:iam::{DEV}:role/ecsTaskExecutionRole"
    once = here.register_task_definition(family="once", containerDefinitions=[container], **fargate)["taskDefinition"]
    says("the launch types of a definition", "FARGATE" in once["compatibilities"], once)
    # The sandbox has no networks; moto needs one.
    subnet = client(dev, "ec2").describe_subnets()["Subnets"][0]["SubnetId"] if PEER == "moto" else "subnet-0a1b2c3d"
    network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": ["sg-0a1b2c3d"]}}
    runs = {"launchType": "FARGATE", "networkConfiguration": network, "taskDefinition": "once"}
    refused("no task in a cluster that is not there", "ClusterNotFoundException", here.run_task, cluster="absent", **runs)
    ran = here.run_task(cluster="peers", startedBy="peers", count=2, **runs)
    arns = [t["taskArn"] for t in ran["tasks"]]
    says("as many tasks as were requested", len(set(arns)) == 2 and not ran["failures"], ran)
    task = ran["tasks"][0]
    says("a task's ARN", task["taskArn"].startswith(f"arn:aws:ecs:{REGION}:{DEV}:task/peers/"), task)
    says("a task is of the latest revision", task["taskDefinitionArn"] == once["taskDefinitionArn"], task)
    says("a task's group is its definition's family", (task["group"], task["startedBy"]) == ("family:once", "peers"), task)
    listed = here.list_tasks(cluster="peers", startedBy="peers")["taskArns"]
    says("tasks are listed by who started them", sorted(listed) == sorted(arns), listed)
    described = here.stop_task(cluster="peers", task=arns[0], reason="seen enough")["task"]
    said = (described["taskArn"], described["desiredStatus"], described.get("stoppedReason"))
    says("a task's desired status and stop reason", said == (arns[0], "STOPPED", "seen enough"), described)
    here.get_waiter("tasks_stopped").wait(cluster="peers", tasks=arns[:1], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    described = here.describe_tasks(cluster="peers", tasks=arns[:1])["tasks"][0]
    says("a task that was stopped", (described.get("stopCode"), described.get("stoppedReason")) == ("UserInitiated", "seen enough"), described)
    says("when a task stopped", "stoppedAt" in described and described["stoppedAt"] >= described["createdAt"], described)
    gone = here.describe_tasks(cluster="peers", tasks=[NONE])
    says("a task that is not there is a failure", [f["reason"] for f in gone["failures"]] == ["MISSING"], gone)
    refused("no stop of a task that is not there", "InvalidParameterException", here.stop_task, cluster="peers", task=NONE)
    here.stop_task(cluster="peers", task=arns[1])
