"""DynamoDB, which holds the journal. The sandbox does not have it."""

from comparisons.common import client, refused, says
from botocore.exceptions import ClientError


def items(dev, prod):
    here, there = client(dev, "dynamodb"), client(prod, "dynamodb")
    key_of = lambda n: {"pk": {"S": "r"}, "sk": {"S": str(n)}}
    key = [{"AttributeName": n, "KeyType": t} for n, t in (("pk", "HASH"), ("sk", "RANGE"))]
    of = [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")]
    table = {"TableName": "peers", "KeySchema": key, "AttributeDefinitions": of, "BillingMode": "PAY_PER_REQUEST"}
    here.create_table(**table)
    here.get_waiter("table_exists").wait(TableName="peers", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    refused("no table twice", "ResourceInUseException", here.create_table, **table)
    refused("no table of another account", "ResourceNotFoundException", there.get_item, TableName="peers", Key=key_of(1))
    item = lambda n: {**key_of(n), "n": {"N": str(n)}}
    once = {"TableName": "peers", "ConditionExpression": "attribute_not_exists(pk)"}
    here.put_item(Item=item(1), **once)
    refused("no item twice under a condition", "ConditionalCheckFailedException", here.put_item, Item=item(1), **once)
    put = lambda n: {"Put": {"Item": item(n), **once}}
    try:
        here.transact_write_items(TransactItems=[put(2), put(1)])
        says("a transaction is all or nothing", False)
    except ClientError as e:
        reasons = [r["Code"] for r in e.response.get("CancellationReasons", [])]
        says("a transaction is all or nothing", reasons == ["None", "ConditionalCheckFailed"], e.response)
    here.transact_write_items(TransactItems=[put(2), put(3)])
    query = {"KeyConditionExpression": "pk = :r", "ExpressionAttributeValues": {":r": {"S": "r"}}}
    query |= {"TableName": "peers", "ConsistentRead": True}
    pages = list(here.get_paginator("query").paginate(PaginationConfig={"PageSize": 2}, **query))
    says("a query is sorted and has pages", [i["sk"]["S"] for p in pages for i in p["Items"]] == ["1", "2", "3"] and len(pages) > 1, pages)
    got = here.batch_get_item(RequestItems={"peers": {"Keys": [{"pk": {"S": "r"}, "sk": {"S": n}} for n in ("1", "9")]}})
    says("a batch leaves out items that do not exist", len(got["Responses"]["peers"]) == 1, got)

