"""Operations and services that this AWS does not have."""

from botocore.exceptions import ClientError, ParamValidationError
from jmespath.exceptions import JMESPathError

from lifecycles.common import DEVELOPER, client, step


def ask_for_everything():
    """Each operation of the models that this AWS does not have is answered as unknown, and none with a server error.

    Gives what it has: a client of each service, and its operations."""
    unknown, has = 0, []
    for service in ("sts", "ecr", "ecs", "inspector2", "codepipeline", "dynamodb"):
        # Marked, because the answer to an empty request proves little about an operation.
        asks = client(DEVELOPER, service, parameter_validation=False, user_agent_extra="asks-for-everything")
        there = set()
        for operation in asks.meta.service_model.operation_names:
            try:
                asks._make_api_call(operation, {})
                there.add(operation)
            except ClientError as e:
                status, code = e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"]["Code"]
                assert status < 500, f"{service} {operation}: {e}"
                if code in ("UnknownOperationException", "InvalidAction"):
                    unknown += 1
                else:
                    there.add(operation)
            except (ParamValidationError, KeyError, JMESPathError):
                # Its path or its endpoint contains its members.
                pass
        has.append((asks, there))
    assert unknown > 200, unknown
    step(f"{unknown} operations that this AWS does not have are answered as unknown")
    return has


def ask_for_services():
    """A request to a service that this AWS does not have fails, and the client does not retry."""
    # The last three have protocols that no service here has; the client must only not retry.
    others = {"sns": "ListTopics", "cloudformation": "ListStacks", "events": "ListRules", "kms": "ListKeys", "cloudwatch": "ListMetrics"}
    # Its paths begin like a registry's.
    others |= {"apigatewayv2": "GetApis"}
    others |= {"sqs": "ListQueues", "securityhub": "GetFindings", "s3": "ListBuckets", "route53": "ListHostedZones", "ec2": "DescribeSubnets"}
    for service, operation in others.items():
        error = None
        try:
            client(DEVELOPER, service)._make_api_call(operation, {})
        except ClientError as e:
            error = e.response
        assert error, f"{service} {operation}: answered"
        metadata, code = error["ResponseMetadata"], error["Error"]["Code"]
        assert metadata["HTTPStatusCode"] in (400, 404) and metadata["RetryAttempts"] == 0, f"{service} {operation}: {error}"
        known = service in ("s3", "route53", "ec2") or code in ("UnknownOperationException", "InvalidAction")
        assert known, f"{service} {operation}: {error}"
    step("services that this AWS does not have fail in their own protocols")
