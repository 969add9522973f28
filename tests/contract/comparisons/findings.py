"""Inspector: whether it looks, and what it found."""

from comparisons.common import DEV, PEER, REGION, client, has, refused, says


def findings(dev, _):
    here = client(dev, "inspector2")
    if PEER != "sandbox":
        # In the sandbox's accounts it is on from the start.
        here.enable(accountIds=[DEV], resourceTypes=["ECR"])
    status = here.batch_get_account_status(accountIds=[DEV])
    mine = status["accounts"]
    says("an account's own status", [a["accountId"] for a in mine] == [DEV] and not status.get("failedAccounts"), status)
    says("an account that is looked at", mine and mine[0]["state"]["status"] == "ENABLED", status)
    says("images are looked at", mine and mine[0]["resourceState"]["ecr"]["status"] == "ENABLED", status)
    equals = lambda value: [{"comparison": "EQUALS", "value": value}]
    found = here.list_findings(filterCriteria={"ecrImageRepositoryName": equals("peers/none")}, maxResults=1)
    says("nothing was found where nothing is", found["findings"] == [] and "nextToken" not in found, found)
    refused("no page by what is no token", "ValidationException", here.list_findings, nextToken="nonsense")
    if has("inspector2 ListCoverage"):
        covered = here.list_coverage(filterCriteria={"ecrRepositoryName": equals("peers/none")})
        says("nothing is covered where nothing is", covered["coveredResources"] == [] and "nextToken" not in covered, covered)
    if has("inspector2 BatchGetFindingDetails"):
        arn = f"arn:aws:inspector2:{REGION}:{DEV}:finding/0123456789abcdef0123456789abcdef"
        details = here.batch_get_finding_details(findingArns=[arn])
        errors = [(e.get("findingArn"), e["errorCode"]) for e in details.get("errors", [])]
        wanted = [(arn, "FINDING_DETAILS_NOT_FOUND")]
        says("details of no finding are an error", errors == wanted and not details.get("findingDetails"), details)
    if has("inspector2 GetConfiguration"):
        rescans = here.get_configuration()["ecrConfiguration"]["rescanDurationState"]
        says("for how long images are looked at", rescans["rescanDuration"].startswith(("DAYS_", "LIFETIME")), rescans)
        says("it is so already", rescans["status"] == "SUCCESS", rescans)
