"""Services that are rolled, stopped and continued, and whose traffic is shifted."""

from lifecycles.common import DEVELOPER, REGION, client, refused, soon, step, until


def roll_services(uri, digests):
    ecs = client(DEVELOPER, "ecs")
    cluster = ecs.create_cluster(clusterName="life")["cluster"]["clusterArn"]
    pages = list(ecs.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 1}))
    clusters = [arn for p in pages for arn in p["clusterArns"]]
    assert len(pages) == len(set(clusters)) > 1 and cluster in clusters, clusters
    described = ecs.describe_clusters(clusters=["life", "nowhere"])
    assert [(c["clusterArn"], c["status"]) for c in described["clusters"]] == [(cluster, "ACTIVE")], described
    assert [f["reason"] for f in described["failures"]] == ["MISSING"], described

    def register(tag, exits=None):
        container = {"name": "app", "image": f"{uri}@{digests[tag]}", "essential": True, "environment": [{"name": "TAG", "value": tag}]}
        return ecs.register_task_definition(family="life", containerDefinitions=[container], **definition)["taskDefinition"]["taskDefinitionArn"]

    definition = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}
    definition["executionRoleArn"] = "arn:aws:iam::111111111111:role/ecsTaskExecutionRole"
    first, second = register("v1"), register("v2")
    pages = list(ecs.get_paginator("list_task_definitions").paginate(familyPrefix="life", PaginationConfig={"PageSize": 1}))
    assert [a for p in pages for a in p["taskDefinitionArns"]] == [first, second] and len(pages) == 2, pages
    described = ecs.describe_task_definition(taskDefinition="life:2", include=["TAGS"])
    definition_of = described["taskDefinition"]
    assert (definition_of["taskDefinitionArn"], definition_of["revision"], definition_of["status"]) == (second, 2, "ACTIVE"), described
    assert definition_of["containerDefinitions"][0]["environment"] == [{"name": "TAG", "value": "v2"}] and described["tags"] == [], described
    refused("ClientException", ecs.describe_task_definition, taskDefinition="life:9")
    network = {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}}
    service = {"cluster": "life", "service": "web"}
    refused("ServiceNotFoundException", ecs.update_service, taskDefinition=first, **service)
    refused("ClusterNotFoundException", ecs.update_service, cluster="nowhere", service="web", taskDefinition=first)
    ecs.create_service(
        cluster="life", serviceName="web", taskDefinition=first, desiredCount=2, launchType="FARGATE", networkConfiguration=network,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}, "minimumHealthyPercent": 100, "maximumPercent": 200},
    )
    soon(ecs.get_waiter("services_stable"), cluster="life", services=["web"])
    step("task definitions are registered, a service created and waited for")

    def under_way():
        found = ecs.list_service_deployments(status=["PENDING", "IN_PROGRESS"], **service)["serviceDeployments"]
        return found and found[0]["serviceDeploymentArn"]

    def deployment(arn):
        return ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]

    def ended(arn, status):
        until(status, lambda: deployment(arn)["status"] == status)

    ecs.update_service(taskDefinition=second, **service)
    arn = until("deployed", under_way)
    ended(arn, "SUCCESSFUL")
    target = deployment(arn)["targetServiceRevision"]["arn"]
    revision = ecs.describe_service_revisions(serviceRevisionArns=[target])["serviceRevisions"][0]
    assert revision["taskDefinition"] == second and revision["containerImages"][0]["imageDigest"] == digests["v2"], revision
    soon(ecs.get_waiter("services_stable"), cluster="life", services=["web"])
    tasks = [t for p in ecs.get_paginator("list_tasks").paginate(cluster="life", serviceName="web", PaginationConfig={"PageSize": 1}) for t in p["taskArns"]]
    assert len(tasks) == 2, tasks
    soon(ecs.get_waiter("tasks_running"), cluster="life", tasks=tasks)
    digest = {c["imageDigest"] for t in ecs.describe_tasks(cluster="life", tasks=tasks)["tasks"] for c in t["containers"]}
    assert digest == {digests["v2"]}, digest
    step("an update is followed to its end by its service deployment and its tasks")

    # Paused, so that it is stopped in the middle on a slow machine too.
    pause = {"lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}]}
    ecs.update_service(taskDefinition=first, deploymentConfiguration=pause, **service)
    arn = until("deployed", under_way)
    ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    ended(arn, "ROLLBACK_SUCCESSFUL")
    assert ecs.describe_services(cluster="life", services=["web"])["services"][0]["taskDefinition"] == second
    refused("ServiceDeploymentNotFoundException", ecs.stop_service_deployment, serviceDeploymentArn=arn[:-3] + "xyz")
    step("a deployment is stopped and rolled back")

    ecs.update_service(taskDefinition=first, deploymentConfiguration=pause, **service)
    arn = until("deployed", under_way)
    waiting = lambda: [h for h in deployment(arn).get("lifecycleHookDetails", []) if h["status"] == "AWAITING_ACTION"]
    hook = until("paused", waiting)[0]
    ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"])
    ended(arn, "SUCCESSFUL")
    step("a paused deployment is continued")

    listed = [a for p in ecs.get_paginator("list_services").paginate(cluster="life", PaginationConfig={"PageSize": 1}) for a in p["serviceArns"]]
    assert len(listed) == 1, listed
    one = ecs.run_task(cluster="life", taskDefinition=second, launchType="FARGATE", networkConfiguration=network, clientToken="once")["tasks"][0]["taskArn"]
    again = ecs.run_task(cluster="life", taskDefinition=second, launchType="FARGATE", networkConfiguration=network, clientToken="once")["tasks"][0]["taskArn"]
    assert one == again
    ecs.stop_task(cluster="life", task=one, reason="seen enough")
    soon(ecs.get_waiter("tasks_stopped"), cluster="life", tasks=[one])
    ecs.tag_resource(resourceArn=cluster, tags=[{"key": "of", "value": "life"}])
    assert ecs.list_tags_for_resource(resourceArn=cluster)["tags"] == [{"key": "of", "value": "life"}]
    ecs.untag_resource(resourceArn=cluster, tagKeys=["of"])
    ecs.update_service(desiredCount=0, **service)
    ecs.delete_service(force=True, **service)
    soon(ecs.get_waiter("services_inactive"), cluster="life", services=["web"])
    ecs.deregister_task_definition(taskDefinition=first)
    step("a task is run once and stopped, the service deleted and waited for")
    shift_traffic(ecs, definition, uri, digests, network)


def shift_traffic(ecs, definition, uri, digests, network):
    def register(tag):
        container = {"name": "app", "image": f"{uri}@{digests[tag]}", "essential": True, "portMappings": [{"containerPort": 80}]}
        return ecs.register_task_definition(family="shifted", containerDefinitions=[container], **definition)["taskDefinition"]["taskDefinitionArn"]

    group = lambda name: f"arn:aws:elasticloadbalancing:{REGION}:111111111111:targetgroup/{name}/0123456789abcdef"
    rule = f"arn:aws:elasticloadbalancing:{REGION}:111111111111:listener-rule/app/life/0123456789abcdef/0123456789abcdef/0123456789abcdef"
    moves = {"alternateTargetGroupArn": group("green"), "productionListenerRule": rule, "roleArn": "arn:aws:iam::111111111111:role/ecsInfrastructureRole"}
    balancer = [{"targetGroupArn": group("blue"), "containerName": "app", "containerPort": 80, "advancedConfiguration": moves}]
    alarms = {"alarmNames": ["life-errors"], "enable": True, "rollback": True}
    pause = [{"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}]
    service = {"cluster": "life", "service": "shifted"}
    ecs.create_service(
        cluster="life", serviceName="shifted", taskDefinition=register("v1"), desiredCount=2, launchType="FARGATE", networkConfiguration=network,
        loadBalancers=balancer, deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0},
    )
    soon(ecs.get_waiter("services_stable"), cluster="life", services=["shifted"])
    ways = [
        {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": pause, "alarms": alarms},
        {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 0}, "bakeTimeInMinutes": 0, "lifecycleHooks": []},
        {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 0}, "bakeTimeInMinutes": 0, "lifecycleHooks": []},
    ]
    for way in ways:
        ecs.update_service(taskDefinition=register("v2"), deploymentConfiguration=way, **service)
        arn, stages = ecs.list_service_deployments(**service)["serviceDeployments"][0]["serviceDeploymentArn"], set()

        def ended():
            found = ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]
            stages.add(found.get("lifecycleStage"))
            ecs.describe_services(cluster="life", services=["shifted"])
            ecs.describe_service_revisions(serviceRevisionArns=[found["targetServiceRevision"]["arn"]])
            for hook in found.get("lifecycleHookDetails", []):
                if hook["status"] == "AWAITING_ACTION":
                    ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"])
            assert found["status"] in ("PENDING", "IN_PROGRESS", "SUCCESSFUL"), found
            return found["status"] == "SUCCESSFUL"

        until("successful", ended)
        assert way["strategy"] != "BLUE_GREEN" or "POST_SCALE_UP" in stages, stages
        step(f"traffic is shifted {way['strategy'].lower()}")
    ecs.update_service(desiredCount=0, **service)
    ecs.delete_service(force=True, **service)
