"""Pipelines started, approved, rejected and stopped."""

import botocore.model

from lifecycles.common import APPROVE, DEPLOY, DEVELOPER, MANAGER, assumed, client, refused, step, until


def decide():
    deployer = client(assumed(DEVELOPER, DEPLOY, ExternalId="asset"), "codepipeline")
    approver = client(assumed(MANAGER, APPROVE), "codepipeline")
    # The first protocol of the model, which this client does not prefer.
    order = botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS
    botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = ("smithy-rpc-v2-cbor", *order)
    in_cbor = client(assumed(MANAGER, APPROVE), "codepipeline")
    assert in_cbor.meta.service_model.resolved_protocol == "smithy-rpc-v2-cbor"
    in_cbor.get_pipeline_state(name="asset-manager")
    botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = order

    refused("PipelineNotFoundException", approver.get_pipeline_state, name="nobody")
    refused("PipelineNotFoundException", in_cbor.get_pipeline_state, name="nobody")
    careless = client(assumed(DEVELOPER, DEPLOY, ExternalId="asset"), "codepipeline", parameter_validation=False)
    refused("ValidationException", careless.start_pipeline_execution, name="asset-manager", variables=[])
    for approves, status in ((approver, "Approved"), (in_cbor, "Rejected")):
        variables = [{"name": "KANMON_RELEASE", "value": status}]
        execution = deployer.start_pipeline_execution(name="asset-manager", variables=variables)["pipelineExecutionId"]

        def token():
            stages = approves.get_pipeline_state(name="asset-manager")["stageStates"]
            actions = [a for s in stages for a in s["actionStates"] if s["stageName"] == "Production"]
            latest = actions[0].get("latestExecution", {})
            assert latest.get("lastStatusChange") is None or latest["lastStatusChange"].year > 2000
            return latest.get("status") == "InProgress" and latest.get("token")

        answer = {
            "pipelineName": "asset-manager", "stageName": "Production", "actionName": "Approve",
            "token": until("asked", token), "result": {"summary": status, "status": status},
        }
        refused("AccessDeniedException", deployer.put_approval_result, **answer)
        refused("InvalidApprovalTokenException", approves.put_approval_result, **{**answer, "token": "00000000-0000-0000-0000-000000000000"})
        assert approves.put_approval_result(**answer)["approvedAt"].year > 2000
        refused("ApprovalAlreadyCompletedException", approves.put_approval_result, **answer)
        wanted = "Succeeded" if status == "Approved" else "Failed"
        until(wanted, lambda: approves.get_pipeline_execution(pipelineName="asset-manager", pipelineExecutionId=execution)["pipelineExecution"]["status"] == wanted)
        step(f"a pipeline is started and its approval {status.lower()}")
    for lists in (approver, in_cbor):
        pages = list(lists.get_paginator("list_pipeline_executions").paginate(pipelineName="asset-manager", PaginationConfig={"PageSize": 1}))
        assert sum(len(p["pipelineExecutionSummaries"]) for p in pages) == 2 and len(pages) == 2, pages
        pages = lists.get_paginator("list_action_executions").paginate(pipelineName="asset-manager", PaginationConfig={"PageSize": 1})
        actions = [a for p in pages for a in p["actionExecutionDetails"] if a["actionName"] == "Approve"]
        assert [a["status"] for a in actions] == ["Failed", "Succeeded"], actions
        assert "asset-manager" in [p["name"] for page in lists.get_paginator("list_pipelines").paginate() for p in page["pipelines"]]
        assert lists.get_pipeline(name="asset-manager")["pipeline"]["name"] == "asset-manager"
    step("executions are listed in pages, in JSON and in CBOR")
    retry(deployer, approver)
    stop(deployer, approver)


def retry(deployer, approver):
    rejected = approver.list_pipeline_executions(pipelineName="asset-manager")["pipelineExecutionSummaries"][0]["pipelineExecutionId"]
    of = {"pipelineName": "asset-manager", "pipelineExecutionId": rejected}
    stage = {**of, "stageName": "Production", "retryMode": "FAILED_ACTIONS"}
    refused("AccessDeniedException", approver.retry_stage_execution, **stage)
    refused("StageNotFoundException", deployer.retry_stage_execution, **{**stage, "stageName": "Nowhere"})
    assert deployer.retry_stage_execution(**stage)["pipelineExecutionId"] == rejected
    refused("StageNotRetryableException", deployer.retry_stage_execution, **stage)
    actions = approver.list_action_executions(pipelineName="asset-manager", filter={"pipelineExecutionId": rejected})
    runs = [a["status"] for a in actions["actionExecutionDetails"] if a["actionName"] == "Approve"]
    assert runs == ["InProgress", "Failed"], runs
    deployer.stop_pipeline_execution(abandon=True, **of)
    until("stopped", lambda: approver.get_pipeline_execution(**of)["pipelineExecution"]["status"] == "Stopped")
    step("a rejected stage is retried, and waits for approval again in the same execution")


def stop(deployer, approver):
    running = deployer.start_pipeline_execution(name="asset-manager")["pipelineExecutionId"]
    of = {"pipelineName": "asset-manager", "pipelineExecutionId": running}
    status = lambda: approver.get_pipeline_execution(**of)["pipelineExecution"]["status"]
    waits = lambda: [s for s in approver.get_pipeline_state(name="asset-manager")["stageStates"] if s["stageName"] == "Production"][0]
    until("asked", lambda: waits()["actionStates"][0].get("latestExecution", {}).get("status") == "InProgress" and waits()["latestExecution"]["pipelineExecutionId"] == running)
    refused("AccessDeniedException", approver.stop_pipeline_execution, **of)
    assert deployer.stop_pipeline_execution(reason="another plan", **of)["pipelineExecutionId"] == running
    # It waits for an approval that is not given.
    assert status() == "Stopping"
    refused("DuplicatedStopRequestException", deployer.stop_pipeline_execution, **of)
    deployer.stop_pipeline_execution(abandon=True, reason="another plan", **of)
    until("stopped", lambda: status() == "Stopped")
    refused("PipelineExecutionNotStoppableException", deployer.stop_pipeline_execution, abandon=True, **of)
    latest = approver.list_pipeline_executions(pipelineName="asset-manager")["pipelineExecutionSummaries"][0]
    assert (latest["status"], latest["stopTrigger"]["reason"]) == ("Stopped", "another plan"), latest
    step("an execution is stopped, and one that waits is abandoned")
