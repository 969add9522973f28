"""Inspector: its configuration and its findings."""

from comparisons.common import DEV, PEER, REGION, client, has, refused, says


def findings(dev, _):
    here = client(dev, "inspector2")
    if PEER != "sandbox":
        # In the sandbox's accounts Inspector is enabled from the start.
        here.enable(accountIds=[DEV], resourceTypes=["ECR"])
    status = here.batch_get_account_status(accountIds=[DEV])
    mine = status["accounts"]
    says("an account's own status", [a["accountId"] for a in mine] == [DEV] and not status.get("failedAccounts"), status)
    says("an account with Inspector enabled", mine and mine[0]["state"]["status"] == "ENABLED", status)
    says("Inspector is enabled for images", mine and mine[0]["resourceState"]["ecr"]["status"] == "ENABLED", status)
    equals = lambda value: [{"comparison": "EQUALS", "value": value}]
    found = here.list_findings(filterCriteria={"ecrImageRepositoryName": equals("peers/none")}, maxResults=1)
    says("no findings of a repository that does not exist", found["findings"] == [] and "nextToken" not in found, found)
    refused("an invalid token gives no page", "ValidationException", here.list_findings, nextToken="nonsense")
    if has("inspector2 ListCoverage"):
        covered = here.list_coverage(filterCriteria={"ecrRepositoryName": equals("peers/none")})
        says("no coverage of a repository that does not exist", covered["coveredResources"] == [] and "nextToken" not in covered, covered)
    if has("inspector2 BatchGetFindingDetails"):
        arn = f"arn:aws:inspector2:{REGION}:{DEV}:finding/0123456789abcdef0123456789abcdef"
        details = here.batch_get_finding_details(findingArns=[arn])
        errors = [(e.get("findingArn"), e["errorCode"]) for e in details.get("errors", [])]
        wanted = [(arn, "FINDING_DETAILS_NOT_FOUND")]
        says("details of no finding are an error", errors == wanted and not details.get("findingDetails"), details)
    if has("inspector2 GetConfiguration"):
        rescans = here.get_configuration()["ecrConfiguration"]["rescanDurationState"]
        says("how long Inspector rescans images", rescans["rescanDuration"].startswith(("DAYS_", "LIFETIME")), rescans)
        says("a configuration that is set already", rescans["status"] == "SUCCESS", rescans)
