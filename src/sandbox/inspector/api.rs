//! Inspector's operations.

use serde_json::{Value, json};

use super::Inspector;
use super::filter::{Criteria, invalid};
use super::location::Location;
use super::rescan;
use super::rows::{Found, Row};
use crate::sandbox::ecr::Ecr;
use crate::sandbox::members::texts;
use crate::sandbox::operations::Inspector2Operation;
use crate::sandbox::page::{BadPage, Page, Sizes, page};
use crate::sandbox::service::{Answer, AwsError, Call};
use crate::sandbox::wire::epoch;

pub fn handle(inspector: &mut Inspector, call: &Call, ecr: &Ecr) -> Answer {
    let Some(op) = Inspector2Operation::named(call.op) else {
        return Err(AwsError::new("UnknownOperationException", ""));
    };
    match op {
        Inspector2Operation::BatchGetAccountStatus => account_status(inspector, call),
        Inspector2Operation::ListCoverage => list_coverage(inspector, call, ecr),
        Inspector2Operation::ListFindings => list_findings(inspector, call, ecr),
        Inspector2Operation::BatchGetFindingDetails => finding_details(inspector, call, ecr),
        Inspector2Operation::GetConfiguration => Ok(rescan::get(inspector, call)),
        Inspector2Operation::UpdateConfiguration => rescan::update(inspector, call),
    }
}

/// An account sees itself; there is no delegated administrator here.
fn account_status(inspector: &Inspector, call: &Call) -> Answer {
    let own = call.account.as_str();
    let named = texts(call.input, "accountIds");
    let asked = if named.is_empty() { vec![own] } else { named };
    let (mut accounts, mut failed) = (Vec::new(), Vec::new());
    for id in asked {
        if id == own {
            let status = if inspector.disabled.contains(call.account) { "DISABLED" } else { "ENABLED" };
            let state =
                |status: &str| json!({"errorCode": "ALREADY_ENABLED", "errorMessage": status, "status": status});
            accounts.push(json!({
                "accountId": id,
                "state": state(status),
                "resourceState": {
                    "ec2": state("DISABLED"),
                    "ecr": state(status),
                    "lambda": state("DISABLED"),
                    "lambdaCode": state("DISABLED"),
                    "codeRepository": state("DISABLED"),
                },
            }));
        } else {
            failed.push(json!({
                "accountId": id,
                "errorCode": "ACCESS_DENIED",
                "errorMessage": "Invoking account does not have access to the requested account",
            }));
        }
    }
    Ok(json!({"accounts": accounts, "failedAccounts": failed}))
}

/// All rows of the caller's account and region, in a fixed order.
fn rows<'a>(inspector: &Inspector, call: &Call<'a>, ecr: &'a Ecr) -> Vec<Row<'a>> {
    if inspector.disabled.contains(call.account) {
        return Vec::new();
    }
    let Some(registry) = ecr.registry(call.account, call.region) else { return Vec::new() };
    let of = |repository: &'a crate::sandbox::ecr::Repository| {
        let location = Location { account: call.account, region: call.region, repository: &repository.name };
        inspector.rows(location, repository, &registry.scanning, call.now)
    };
    registry.repositories.values().flat_map(of).collect()
}

fn list_coverage(inspector: &Inspector, call: &Call, ecr: &Ecr) -> Answer {
    let criteria = Criteria::of(call.input);
    let rows =
        rows(inspector, call, ecr).into_iter().filter(|r| criteria.pass(|f| r.field(f))).map(|r| r.json()).collect();
    let page = paged(rows, call, Sizes { default: 50, most: 200, held: 200 })?;
    Ok(page.answer("coveredResources"))
}

fn list_findings(inspector: &Inspector, call: &Call, ecr: &Ecr) -> Answer {
    let criteria = Criteria::of(call.input);
    let rows = rows(inspector, call, ecr);
    let mut found: Vec<Found> = found(&rows).filter(|f| criteria.pass(|name| f.field(name))).collect();
    sort(&mut found, call.input);
    let found = found.iter().map(Found::json).collect();
    // `maxResults` goes to 100, the model's list of findings to 25.
    let page = paged(found, call, Sizes { default: 25, most: 100, held: 25 })?;
    Ok(page.answer("findings"))
}

fn found<'a>(rows: &'a [Row<'a>]) -> impl Iterator<Item = Found<'a>> {
    let of =
        |row: &'a Row<'a>| row.image.map(|image| row.findings.iter().map(move |finding| Found { row, image, finding }));
    rows.iter().filter_map(of).flatten()
}

fn sort(found: &mut [Found], input: &Value) {
    let Some(sort) = input.get("sortCriteria") else { return };
    match sort.get("field").and_then(Value::as_str) {
        Some("SEVERITY" | "VENDOR_SEVERITY") => found.sort_by_key(|f| f.finding.spec.severity),
        Some("VULNERABILITY_ID") => found.sort_by(|a, b| a.finding.spec.id.cmp(&b.finding.spec.id)),
        Some("FIRST_OBSERVED_AT" | "LAST_OBSERVED_AT") => found.sort_by_key(|f| f.finding.observed),
        Some("INSPECTOR_SCORE") => found.sort_by(|a, b| a.finding.spec.score().total_cmp(&b.finding.spec.score())),
        Some("ECR_IMAGE_PUSHED_AT") => found.sort_by_key(|f| f.image.pushed_at),
        Some("ECR_IMAGE_REPOSITORY_NAME") => {
            found.sort_by(|a, b| a.row.location.repository.cmp(b.row.location.repository))
        }
        // Equal for every finding here.
        Some(_) | None => {}
    }
    if sort.get("sortOrder").and_then(Value::as_str) == Some("DESC") {
        found.reverse();
    }
}

fn finding_details(inspector: &Inspector, call: &Call, ecr: &Ecr) -> Answer {
    let arns = texts(call.input, "findingArns");
    let rows = rows(inspector, call, ecr);
    let all: Vec<Found> = found(&rows).collect();
    let (mut details, mut errors) = (Vec::new(), Vec::new());
    for arn in arns {
        match all.iter().find(|f| f.arn() == arn) {
            Some(f) => details.push(detail(f)),
            None => errors.push(json!({
                "findingArn": arn,
                "errorCode": "FINDING_DETAILS_NOT_FOUND",
                "errorMessage": "Finding details not found",
            })),
        }
    }
    Ok(json!({"findingDetails": details, "errors": errors}))
}

fn detail(found: &Found) -> Value {
    let spec = &found.finding.spec;
    let mut detail =
        json!({"findingArn": found.arn(), "cwes": [], "referenceUrls": [], "tools": [], "ttps": [], "evidences": []});
    if spec.known_exploited {
        let added = epoch(found.finding.observed);
        detail["cisaData"] =
            json!({"dateAdded": added, "dateDue": added, "action": "Apply updates per vendor instructions."});
        detail["exploitObserved"] = json!({"firstSeen": added, "lastSeen": added});
    }
    if let Some(epss) = spec.epss {
        detail["epssScore"] = epss.into();
    }
    detail
}

fn paged(items: Vec<Value>, call: &Call, sizes: Sizes) -> Result<Page<Value>, AwsError> {
    page(items, call.input, sizes).map_err(|bad| match bad {
        BadPage::Token => invalid("nextToken is not valid"),
        BadPage::Size => invalid(format!(
            "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must have value between \
             1 and {}",
            sizes.most
        )),
    })
}
