//! Scanning: its configuration, basic scans, and their findings.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::image_id;
use super::{found, found_mut, paged, text, with_token};
use crate::model::ids::AccountId;
use crate::sandbox::ecr::error::{self, constraint, scan_not_found};
use crate::sandbox::ecr::scanning::{Frequency, Rule, Scanning};
use crate::sandbox::ecr::{Ecr, Image, Repository};
use crate::sandbox::iam::actions::repository_arn;
use crate::sandbox::inspector::Inspector;
use crate::sandbox::inspector::finding::Finding;
use crate::sandbox::inspector::location::Location;
use crate::sandbox::inspector::scan::Phase;
use crate::sandbox::members::texts;
use crate::sandbox::service::{Answer, AwsError, Call};
use crate::sandbox::wire::epoch;

/// An image may be scanned by hand once in this time.
const SCAN_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);

fn configuration_json(scanning: &Scanning) -> Value {
    let filter = |f: &String| json!({"filter": f, "filterType": "WILDCARD"});
    let rule = |r: &Rule| {
        let filters: Vec<Value> = r.filters.iter().map(filter).collect();
        json!({"scanFrequency": r.frequency.name(), "repositoryFilters": filters})
    };
    let rules: Vec<Value> = scanning.rules.iter().map(rule).collect();
    json!({"scanType": if scanning.enhanced.is_some() { "ENHANCED" } else { "BASIC" }, "rules": rules})
}

pub fn registry_configuration(ecr: &Ecr, call: &Call) -> Value {
    let basic = Scanning::default();
    let scanning = ecr.registry(call.account, call.region).map_or(&basic, |r| &r.scanning);
    json!({"registryId": call.account.as_str(), "scanningConfiguration": configuration_json(scanning)})
}

pub fn put_registry_configuration(ecr: &mut Ecr, call: &Call) -> Answer {
    let enhanced = text(call.input, "scanType") == Some("ENHANCED");
    let mut rules = Vec::new();
    for rule in call.input.get("rules").and_then(Value::as_array).into_iter().flatten() {
        let given = text(rule, "scanFrequency").unwrap_or("null");
        let frequency =
            Frequency::named(given).ok_or_else(|| constraint("scanFrequency", given, "must be a frequency"))?;
        if frequency == Frequency::ContinuousScan && !enhanced {
            let message = "Continuous scanning is only available for enhanced scanning";
            return Err(AwsError::new("ValidationException", message));
        }
        let filters = rule.get("repositoryFilters").and_then(Value::as_array).into_iter().flatten();
        let filters = filters.filter_map(|f| text(f, "filter")).map(str::to_owned).collect();
        rules.push(Rule { frequency, filters });
    }
    let scanning = &mut ecr.registry_mut(call.account, call.region).scanning;
    // If enhanced scanning was already on, its start does not change.
    scanning.enhanced = enhanced.then(|| scanning.enhanced.unwrap_or(call.now));
    scanning.rules = rules;
    Ok(json!({"registryScanningConfiguration": configuration_json(scanning)}))
}

pub fn repository_configurations(ecr: &Ecr, call: &Call) -> Answer {
    let names = texts(call.input, "repositoryNames");
    let basic = Scanning::default();
    let scanning = ecr.registry(call.account, call.region).map_or(&basic, |r| &r.scanning);
    let (mut configurations, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match ecr.repository(call.account, call.region, name) {
            Some(repository) => {
                let (frequency, filters) = scanning.of(repository);
                let filters: Vec<Value> =
                    filters.iter().map(|f| json!({"filter": f, "filterType": "WILDCARD"})).collect();
                configurations.push(json!({
                    "repositoryArn": repository_arn(call.account, call.region, name),
                    "repositoryName": name,
                    "scanOnPush": frequency != Frequency::Manual,
                    "scanFrequency": frequency.name(),
                    "appliedScanFilters": filters,
                }));
            }
            None => failures.push(json!({
                "repositoryName": name,
                "failureCode": "REPOSITORY_NOT_FOUND",
                "failureReason": "The specified repository was not found",
            })),
        }
    }
    Ok(json!({"scanningConfigurations": configurations, "failures": failures}))
}

pub fn start(ecr: &mut Ecr, call: &Call) -> Answer {
    let id = call.input.get("imageId").unwrap_or(&Value::Null);
    let (registry, repository) = found(ecr, call)?;
    let image = image_id::find(repository, id).map_err(|u| u.error(id, &repository.name, &registry))?;
    if ecr.registry(&registry, call.region).is_some_and(|r| r.scanning.enhanced.is_some()) {
        return Err(AwsError::new("ValidationException", "This feature is disabled"));
    }
    if image.parsed.is_index() {
        let message = format!(
            "The operation failed because the specified image '{}' cannot be scanned: its media type is not supported",
            image.digest
        );
        return Err(AwsError::new("UnsupportedImageTypeException", message));
    }
    if image.scan_asked.is_some_and(|at| call.now < at + SCAN_AGAIN_AFTER) {
        let message = "The scan quota per image has been exceeded. Wait and try again.";
        return Err(AwsError::new("LimitExceededException", message));
    }
    let digest = image.digest.clone();
    let (_, repository) = found_mut(ecr, call)?;
    let name = repository.name.clone();
    if let Some(image) = repository.images.get_mut(&digest) {
        (image.scan_asked, image.basic_scan) = (Some(call.now), Some(call.now));
    }
    Ok(json!({
        "registryId": registry.as_str(),
        "repositoryName": name,
        "imageId": full_id(&digest, id),
        "imageScanStatus": {"status": "IN_PROGRESS"},
    }))
}

fn full_id(digest: &str, asked: &Value) -> Value {
    let mut id = json!({"imageDigest": digest});
    if let Some(tag) = text(asked, "imageTag") {
        id["imageTag"] = tag.into();
    }
    id
}

/// A scan as ECR shows it.
pub struct View {
    status: &'static str,
    description: &'static str,
    /// A finished scan's end and findings.
    finished: Option<(Timestamp, Vec<Finding>)>,
    enhanced: bool,
}

impl View {
    pub fn status_json(&self) -> Value {
        json!({"status": self.status, "description": self.description})
    }
}

/// The scan of an image, `None` where there is none to see.
pub fn view(
    ecr: &Ecr,
    call: &Call,
    registry: &AccountId,
    repository: &Repository,
    image: &Image,
    inspector: &Inspector,
) -> Option<View> {
    let scanning = &ecr.registry(registry, call.region)?.scanning;
    if image.parsed.is_index() {
        return None;
    }
    let location = Location { account: registry, region: call.region, repository: &repository.name };
    let (frequency, _) = scanning.of(repository);
    let begun = match scanning.enhanced {
        Some(_) if frequency == Frequency::Manual => return None,
        Some(since) => image.pushed_at.max(since),
        None => image.basic_scan?,
    };
    let enhanced = scanning.enhanced.is_some();
    let view = |status, description| Some(View { status, description, finished: None, enhanced });
    match inspector.phase(&location, image, begun, call.now) {
        Phase::Unlisted if enhanced => None,
        Phase::Pending if enhanced => view("PENDING", "The scan is pending."),
        Phase::Unlisted | Phase::Pending | Phase::InProgress => view("IN_PROGRESS", "The scan is in progress."),
        Phase::Stays { reason } => match reason.as_str() {
            "PENDING_INITIAL_SCAN" if enhanced => view("PENDING", "The scan is pending."),
            "PENDING_INITIAL_SCAN" | "SCAN_IN_PROGRESS" => view("IN_PROGRESS", "The scan is in progress."),
            "SCAN_ELIGIBILITY_EXPIRED" => view("SCAN_ELIGIBILITY_EXPIRED", "The scan eligibility has expired."),
            "UNSUPPORTED_OS" | "UNSUPPORTED_MEDIA_TYPE" => view(
                "UNSUPPORTED_IMAGE",
                "UnsupportedImageError: The operating system and/or package manager are not supported.",
            ),
            _ => view("FAILED", "The scan failed."),
        },
        Phase::Finished { .. }
            if enhanced
                && frequency == Frequency::ContinuousScan
                && inspector.expired(&location, image, call.now).is_some() =>
        {
            view("SCAN_ELIGIBILITY_EXPIRED", "The scan eligibility has expired.")
        }
        Phase::Finished { at } => {
            let (findings, scanned) = inspector.findings(&location, image, at, call.now);
            let (status, description) = match frequency {
                Frequency::ContinuousScan => ("ACTIVE", "Continuous scan is selected for image."),
                Frequency::ScanOnPush | Frequency::Manual => ("COMPLETE", "The scan was completed successfully."),
            };
            Some(View { status, description, finished: Some((scanned, findings)), enhanced })
        }
    }
}

/// Counts by severity; `None` before the scan's end.
pub fn summary(view: &View) -> Option<Value> {
    let (at, findings) = view.finished.as_ref()?;
    let mut counts = serde_json::Map::new();
    for finding in findings {
        let severity = finding.spec.severity;
        let name = if view.enhanced { severity.name() } else { severity.basic_name() };
        let before = counts.get(name).and_then(Value::as_u64).unwrap_or(0);
        counts.insert(name.to_owned(), (before + 1).into());
    }
    Some(json!({
        "imageScanCompletedAt": epoch(*at),
        "vulnerabilitySourceUpdatedAt": epoch(*at),
        "findingSeverityCounts": counts,
    }))
}

pub fn findings(ecr: &Ecr, call: &Call, inspector: &Inspector) -> Answer {
    let id = call.input.get("imageId").unwrap_or(&Value::Null);
    let (registry, repository) = found(ecr, call)?;
    let image = image_id::find(repository, id).map_err(|u| u.error(id, &repository.name, &registry))?;
    let view = view(ecr, call, &registry, repository, image, inspector).ok_or_else(|| {
        scan_not_found(&error::image_id(Some(&image.digest), text(id, "imageTag")), &repository.name, &registry)
    })?;
    let mut output = json!({
        "registryId": registry.as_str(),
        "repositoryName": repository.name,
        "imageId": full_id(&image.digest, id),
        "imageScanStatus": view.status_json(),
    });
    let (Some((_, found)), Some(mut summary)) = (&view.finished, summary(&view)) else { return Ok(output) };
    let page = paged(found.iter().collect(), call)?;
    let list = if view.enhanced { "enhancedFindings" } else { "findings" };
    let shape = |f: &Finding| if view.enhanced { enhanced_finding(f, &registry) } else { basic_finding(f) };
    summary[list] = page.items.into_iter().map(shape).collect();
    output["imageScanFindings"] = summary;
    Ok(with_token(output, page.next))
}

fn basic_finding(finding: &Finding) -> Value {
    let spec = &finding.spec;
    json!({
        "name": spec.id,
        "description": format!("{} in {}", spec.id, spec.package()),
        "uri": format!("https://nvd.nist.gov/vuln/detail/{}", spec.id),
        "severity": spec.severity.basic_name(),
        "attributes": [
            {"key": "package_name", "value": spec.package()},
            {"key": "package_version", "value": spec.version()},
        ],
    })
}

fn enhanced_finding(finding: &Finding, registry: &AccountId) -> Value {
    let (spec, observed) = (&finding.spec, epoch(finding.observed));
    json!({
        "awsAccountId": registry.as_str(),
        "title": format!("{} - {}", spec.id, spec.package()),
        "description": format!("{} in {}", spec.id, spec.package()),
        "firstObservedAt": observed,
        "lastObservedAt": observed,
        "updatedAt": epoch(finding.updated),
        "packageVulnerabilityDetails": {
            "vulnerabilityId": spec.id,
            "source": "NVD",
            "vulnerablePackages": [{"name": spec.package(), "version": spec.version()}],
        },
        "score": spec.score(),
        "severity": spec.severity.name(),
        "status": spec.status.name(),
        "type": "PACKAGE_VULNERABILITY",
        "fixAvailable": spec.fix(),
        "exploitAvailable": spec.exploit_available(),
    })
}
