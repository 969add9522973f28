"""Notifications and set-up of accounts: SNS and EventBridge to SQS, and CloudFormation's stacks.

The sandbox has none of them; peers.py asks those who do.
"""

import json


def queue(sqs, name, account, region):
    """A queue to which anybody may send: its URL and its ARN."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    senders = {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}
    send = {"Effect": "Allow", "Principal": senders, "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [send]})})
    assert arn == f"arn:aws:sqs:{region}:{account}:{name}", arn
    return url, arn


def arrived(sqs, url, wanted):
    """The bodies of the messages that arrive, until this many have arrived and no other follows."""
    bodies = []
    while True:
        seconds = 5 if len(bodies) < wanted else 1
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=seconds).get("Messages", [])
        for message in got:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            bodies.append(message["Body"])
        if not got:
            return bodies


def sns(dev, prod, ask):
    here, there, sqs = ask.client(dev, "sns"), ask.client(prod, "sns"), ask.client(dev, "sqs")
    topic = here.create_topic(Name="peers", Tags=[{"Key": "of", "Value": "peers"}])["TopicArn"]
    ask.says("a topic's ARN", topic == f"arn:aws:sns:{ask.region}:{ask.dev}:peers", topic)
    ask.says("an existing topic is not created again", here.create_topic(Name="peers")["TopicArn"] == topic)
    ask.says("topics are listed", {"TopicArn": topic} in here.list_topics()["Topics"])
    ask.refused("nothing is published to a topic that is not there", "NotFound", here.publish, TopicArn=f"{topic}-none", Message="x")
    ask.refused("nothing is published to another account's topic", "AuthorizationError", there.publish, TopicArn=topic, Message="x")
    long = {"TopicArn": topic, "Message": "x" * (256 * 1024 + 1)}
    ask.refused("no message of more than 256 kB", "InvalidParameter", here.publish, **long)

    url, arn = queue(sqs, "of-topic", ask.dev, ask.region)
    subscription = here.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)["SubscriptionArn"]
    ask.says("a subscription's ARN is its topic's, and a name", subscription.startswith(f"{topic}:"), subscription)
    # The format of AWS's chat application.
    chat = {"version": "1.0", "source": "custom", "content": {"textType": "client-markdown", "title": "Released", "description": "*hello*"}}
    kind = {"kind": {"DataType": "String", "StringValue": "release"}}
    sent = here.publish(TopicArn=topic, Message=json.dumps(chat), Subject="Released", MessageAttributes=kind)["MessageId"]
    bodies = arrived(sqs, url, 1)
    ask.says("a published message arrives once", len(bodies) == 1, bodies)
    envelope = json.loads(bodies[0])
    wanted = {"Type": "Notification", "MessageId": sent, "TopicArn": topic, "Subject": "Released", "Message": json.dumps(chat)}
    ask.says("a message arrives in an envelope", wanted.items() <= envelope.items(), envelope)
    attributes = {"kind": {"Type": "String", "Value": "release"}}
    ask.says("a message arrives with its attributes", envelope.get("MessageAttributes") == attributes, envelope)
    signed = {"Timestamp", "SignatureVersion", "Signature", "SigningCertURL", "UnsubscribeURL"}
    ask.says("the envelope is signed and dated", signed <= set(envelope) and envelope["Timestamp"].endswith("Z"), envelope)

    entries = [{"Id": n, "Message": n} for n in ("a", "b")]
    batch = here.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    ask.says("each entry of a batch is answered", [e["Id"] for e in batch["Successful"]] == ["a", "b"] and not batch["Failed"], batch)
    ids = {e["MessageId"] for e in batch["Successful"]}
    bodies = [json.loads(b) for b in arrived(sqs, url, 2)]
    came = {b["MessageId"] for b in bodies}, sorted(b["Message"] for b in bodies)
    ask.says("each entry of a batch arrives", came == (ids, ["a", "b"]), bodies)
    twice = {"TopicArn": topic, "PublishBatchRequestEntries": entries[:1] * 2}
    ask.refused("ids of a batch are distinct", "BatchEntryIdsNotDistinct", here.publish_batch, **twice)

    set_to = lambda name, value: here.set_subscription_attributes(SubscriptionArn=subscription, AttributeName=name, AttributeValue=value)
    set_to("RawMessageDelivery", "true")
    set_to("FilterPolicy", json.dumps({"kind": ["release"]}))
    for value in ("other", "release"):
        here.publish(TopicArn=topic, Message=f"raw {value}", MessageAttributes={"kind": {"DataType": "String", "StringValue": value}})
    bodies = arrived(sqs, url, 1)
    ask.says("a filter passes matching messages, and raw delivery has no envelope", bodies == ["raw release"], bodies)
    here.unsubscribe(SubscriptionArn=subscription)
    here.publish(TopicArn=topic, Message="nobody listens", MessageAttributes=kind)
    ask.says("nothing arrives without a subscription", arrived(sqs, url, 0) == [])
    here.delete_topic(TopicArn=topic)
    ask.refused("nothing is published to a topic that was deleted", "NotFound", here.publish, TopicArn=topic, Message="x")
    ask.accepted("a topic may be deleted again", here.delete_topic, TopicArn=topic)
    sqs.delete_queue(QueueUrl=url)


def events(dev, prod, ask):
    here, there, sqs = ask.client(dev, "events"), ask.client(prod, "events"), ask.client(dev, "sqs")
    pattern = json.dumps({"source": ["kanmon"], "detail": {"outcome": ["succeeded"]}})
    rule = here.put_rule(Name="peers", EventPattern=pattern)["RuleArn"]
    ask.says("a rule's ARN", rule == f"arn:aws:events:{ask.region}:{ask.dev}:rule/peers", rule)
    ask.refused("an invalid pattern", "InvalidEventPatternException", here.put_rule, Name="none", EventPattern="{")
    url, arn = queue(sqs, "of-rule", ask.dev, ask.region)
    put = here.put_targets(Rule="peers", Targets=[{"Id": "queue", "Arn": arn}])
    ask.says("targets that are put have no failures", (put["FailedEntryCount"], put["FailedEntries"]) == (0, []), put)
    listed = here.list_targets_by_rule(Rule="peers")["Targets"]
    ask.says("targets are listed", listed == [{"Id": "queue", "Arn": arn}], listed)
    none = {"Rule": "none", "Targets": [{"Id": "queue", "Arn": arn}]}
    ask.refused("no targets of a rule that is not there", "ResourceNotFoundException", here.put_targets, **none)
    ask.refused("no rule that is not there", "ResourceNotFoundException", here.describe_rule, Name="none")
    ask.refused("no rule of another account", "ResourceNotFoundException", there.describe_rule, Name="peers")

    about = ["arn:aws:ecs:ap-northeast-1:111111111111:service/c/s"]
    entry = lambda outcome: {"Source": "kanmon", "DetailType": "Release", "Detail": json.dumps({"outcome": outcome}), "Resources": about}
    answer = here.put_events(Entries=[entry("succeeded"), entry("failed")])
    ids = [e.get("EventId") for e in answer["Entries"]]
    ask.says("each event that is taken has an id", answer["FailedEntryCount"] == 0 and len(set(ids)) == 2 and all(ids), answer)
    bodies = arrived(sqs, url, 1)
    ask.says("only events that match the pattern arrive", len(bodies) == 1, bodies)
    event = json.loads(bodies[0])
    wanted = {"version": "0", "id": ids[0], "source": "kanmon", "detail-type": "Release", "detail": {"outcome": "succeeded"}}
    wanted |= {"account": ask.dev, "region": ask.region, "resources": about}
    ask.says("an event has its content, account and region", wanted.items() <= event.items(), event)
    ask.says("an event's time", event["time"].endswith("Z") and len(event["time"]) == len("2026-01-31T09:45:00Z"), event)

    broken = [{**entry("succeeded"), "Detail": "no JSON"}, {k: v for k, v in entry("succeeded").items() if k != "Source"}]
    for what, code, bad in (("a detail that is not JSON", "MalformedDetail", broken[0]), ("no source", "InvalidArgument", broken[1])):
        answer = here.put_events(Entries=[bad, entry("succeeded")])
        codes = [e.get("ErrorCode") for e in answer["Entries"]]
        ask.says(f"an entry fails alone: {what}", answer["FailedEntryCount"] == 1 and codes == [code, None], answer)
        bodies = arrived(sqs, url, 1)
        ask.says(f"the entry beside it arrives: {what}", len(bodies) == 1, bodies)
    ask.refused("no more than ten events", "ValidationException", here.put_events, Entries=[entry("succeeded")] * 11)
    here.disable_rule(Name="peers")
    here.put_events(Entries=[entry("succeeded")])
    ask.says("nothing arrives through a disabled rule", arrived(sqs, url, 0) == [])
    ask.refused("no rule is deleted that has targets", "ValidationException", here.delete_rule, Name="peers")
    gone = here.remove_targets(Rule="peers", Ids=["queue"])
    ask.says("targets that are removed have no failures", (gone["FailedEntryCount"], gone["FailedEntries"]) == (0, []), gone)
    here.delete_rule(Name="peers")
    ask.accepted("a rule may be deleted again", here.delete_rule, Name="peers")
    sqs.delete_queue(QueueUrl=url)


TEMPLATE = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Description": "A queue",
    "Parameters": {"Name": {"Type": "String"}},
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}},
    "Outputs": {
        "Url": {"Value": {"Ref": "Queue"}},
        "Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}, "Description": "whose", "Export": {"Name": "peers-arn"}},
    },
}


def cloudformation(dev, prod, ask):
    here, there, sqs = ask.client(dev, "cloudformation"), ask.client(prod, "cloudformation"), ask.client(dev, "sqs")
    parameters = [{"ParameterKey": "Name", "ParameterValue": "of-stack"}]
    stack = {"StackName": "peers", "TemplateBody": json.dumps(TEMPLATE), "Parameters": parameters}
    ask.refused("no stack that is not there", "ValidationError", here.describe_stacks, StackName="peers")
    short = {"StackName": "short", "TemplateBody": stack["TemplateBody"]}
    ask.refused("no stack without a required parameter", "ValidationError", here.create_stack, **short)
    made = here.create_stack(Tags=[{"Key": "of", "Value": "peers"}], **stack)["StackId"]
    ask.says("a stack's id", made.startswith(f"arn:aws:cloudformation:{ask.region}:{ask.dev}:stack/peers/"), made)
    here.get_waiter("stack_create_complete").wait(StackName="peers", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    found = here.describe_stacks(StackName="peers")["Stacks"][0]
    ask.says("a stack that was created", (found["StackId"], found["StackStatus"]) == (made, "CREATE_COMPLETE"), found)
    said = (found["Parameters"], found["Tags"], found.get("Description"))
    ask.says("a stack is described as it was created", said == (parameters, [{"Key": "of", "Value": "peers"}], "A queue"), found)
    outputs, arn = {o["OutputKey"]: o for o in found["Outputs"]}, f"arn:aws:sqs:{ask.region}:{ask.dev}:of-stack"
    ask.says("a stack's outputs, of attributes", outputs["Arn"]["OutputValue"] == arn, outputs)
    # The host differs between emulators.
    named = [url.split("/", 3)[3] for url in (outputs["Url"]["OutputValue"], sqs.get_queue_url(QueueName="of-stack")["QueueUrl"])]
    ask.says("a stack's outputs, of references", named == [f"{ask.dev}/of-stack"] * 2, outputs)
    ask.says("an output's export", (outputs["Arn"].get("ExportName"), outputs["Arn"].get("Description")) == ("peers-arn", "whose"), outputs)
    exports = here.list_exports()["Exports"]
    ask.says("exports are listed", {"ExportingStackId": made, "Name": "peers-arn", "Value": arn} in exports, exports)
    found = here.describe_stack_resources(StackName="peers")["StackResources"]
    resources = [(r["LogicalResourceId"], r["ResourceType"], r["ResourceStatus"]) for r in found]
    ask.says("a stack's resources", resources == [("Queue", "AWS::SQS::Queue", "CREATE_COMPLETE")], resources)
    ask.refused("no stack twice", "AlreadyExistsException", here.create_stack, **stack)
    ask.refused("no stack of another account", "ValidationError", there.describe_stacks, StackName="peers")
    ask.refused("no update that changes nothing", "ValidationError", here.update_stack, **stack)
    here.delete_stack(StackName="peers")
    here.get_waiter("stack_delete_complete").wait(StackName=made, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    ask.refused("no stack that was deleted, by its name", "ValidationError", here.describe_stacks, StackName="peers")
    left = here.describe_stacks(StackName=made)["Stacks"]
    ask.says("a stack that was deleted, by its id", [s["StackStatus"] for s in left] == ["DELETE_COMPLETE"], left)
    ask.refused("a stack's resources are deleted with it", "AWS.SimpleQueueService.NonExistentQueue", sqs.get_queue_url, QueueName="of-stack")
    ask.accepted("a stack may be deleted again", here.delete_stack, StackName="peers")


def unknown(dev, _, ask):
    """A peer without these services answers each operation as unknown, in the service's own protocol, and clients do not retry."""
    queries, jsons = ("sns", "cloudformation"), ("sqs", "events")
    for service in queries + jsons:
        code = "InvalidAction" if service in queries else "UnknownOperationException"
        asks = ask.client(dev, service, parameter_validation=False)
        for operation in asks.meta.service_model.operation_names:
            ask.refused(f"{service} {operation} is unknown", code, lambda **_: asks._make_api_call(operation, {}))
