//! Amazon Inspector: whether a digest is covered, and what was found in it.

use std::collections::BTreeMap;

use aws_sdk_inspector2::types::{
    CoverageFilterCriteria, CoverageResourceType, CoverageStringComparison, CoverageStringFilter, CoveredResource,
    FilterCriteria, Finding as InspectorFinding, FindingStatus, Status, StringComparison, StringFilter,
    VulnerablePackage,
};
use jiff::Timestamp;

use super::arn;
use super::pages::Pages;
use super::scan_findings::{Found, severity, title_from};
use super::session::Session;
use super::time::timestamp;
use crate::model::aws::scan::CoverageReason;
use crate::model::fault::Fault;
use crate::model::fault::aws::AwsProblem;
use crate::model::fault::call::Target;
use crate::model::finding::{Finding, ScanState};
use crate::model::gate_reason::{ScanBlock, ScanWait};
use crate::model::ids::Digest;

/// Values that one filter takes.
const FILTER_VALUES: usize = 10;

/// Whether Inspector scans ECR in this account at all.
pub(super) async fn preflight(session: &Session) -> Result<(), Fault> {
    let account = &session.account;
    let call = session.batch_get_account_status(Target::Inspector);
    let answer = call.send(|r| r.account_ids(account.id.as_str()).send()).await?;
    let state = answer.accounts().iter().find(|a| a.account_id() == account.id.as_str());
    match state.and_then(|a| a.resource_state()).and_then(|r| r.ecr()).map(|e| e.status()) {
        Some(Status::Enabled | Status::Enabling) => Ok(()),
        status => Err(AwsProblem::InspectorOff {
            account: account.name.clone(),
            region: account.region.clone(),
            status: status.map(|status| status.as_str().to_owned()),
        }
        .into()),
    }
}

/// The state of each digest, in their order; each comes with the time it was pushed at.
pub(super) async fn coverage(
    session: &Session,
    repository: &str,
    pushed: &[(Digest, Timestamp)],
) -> Result<Vec<(Digest, ScanState)>, Fault> {
    let account = &session.account;
    let arn = |digest: &Digest| {
        let partition = arn::partition(&account.region);
        format!("arn:{partition}:ecr:{}:{}:repository/{repository}/{digest}", account.region, account.id)
    };
    let mut rows: BTreeMap<String, CoveredResource> = BTreeMap::new();
    for batch in pushed.chunks(FILTER_VALUES) {
        let ids = batch.iter().map(|(d, _)| equals_covered(&arn(d))).collect();
        let filter = CoverageFilterCriteria::builder()
            .resource_type(equals_covered(CoverageResourceType::AwsEcrContainerImage.as_str()))
            .set_resource_id(Some(ids))
            .build();
        let mut pages = Pages::new();
        while let Some(next) = pages.next() {
            let call = session.list_coverage(Target::Repository { repository: repository.to_owned() });
            let page =
                call.send(|r| r.filter_criteria(filter.clone()).max_results(200).set_next_token(next).send()).await?;
            rows.extend(page.covered_resources().iter().map(|r| (r.resource_id().to_owned(), r.clone())));
            pages.read(page.next_token());
        }
    }
    Ok(pushed.iter().map(|(d, at)| (d.clone(), row_state(rows.get(&arn(d)), *at))).collect())
}

fn row_state(row: Option<&CoveredResource>, pushed_at: Timestamp) -> ScanState {
    let Some(row) = row else {
        return ScanState::Waiting { waits: ScanWait::NotListed };
    };
    match row.scan_status().map(|status| status.reason().as_str()) {
        None | Some("") => ScanState::Waiting { waits: ScanWait::NoStatus },
        Some(reason) => state(&reason.into(), row.last_scanned_at().and_then(timestamp), pushed_at),
    }
}

/// What a coverage row's reason means. One that is newer than this program proves nothing.
fn state(reason: &CoverageReason, last_scanned: Option<Timestamp>, pushed_at: Timestamp) -> ScanState {
    let status = reason.to_string();
    match reason {
        CoverageReason::Successful => match last_scanned {
            Some(at) if at >= pushed_at => ScanState::Scanned { at, again_from: None },
            Some(_) => ScanState::Waiting { waits: ScanWait::BeforePush { status } },
            None => ScanState::Waiting { waits: ScanWait::NeverScanned { status } },
        },
        CoverageReason::ScanFrequencyScanOnPush => match last_scanned {
            Some(at) => ScanState::Scanned { at, again_from: None },
            None => ScanState::Waiting { waits: ScanWait::NeverScanned { status } },
        },
        CoverageReason::PendingInitialScan
        | CoverageReason::ScanInProgress
        | CoverageReason::PendingRevivalScan
        | CoverageReason::InternalError => ScanState::Waiting { waits: ScanWait::Status { status } },
        CoverageReason::AccessDenied
        | CoverageReason::UnmanagedEc2Instance
        | CoverageReason::UnsupportedOs
        | CoverageReason::ScanEligibilityExpired
        | CoverageReason::ResourceTerminated
        | CoverageReason::NoResourcesFound
        | CoverageReason::ImageSizeExceeded
        | CoverageReason::ScanFrequencyManual
        | CoverageReason::Ec2InstanceStopped
        | CoverageReason::PendingDisable
        | CoverageReason::NoInventory
        | CoverageReason::StaleInventory
        | CoverageReason::ExcludedByTag
        | CoverageReason::UnsupportedRuntime
        | CoverageReason::UnsupportedMediaType
        | CoverageReason::UnsupportedConfigFile
        | CoverageReason::DeepInspectionPackageCollectionLimitExceeded
        | CoverageReason::DeepInspectionDailySsmInventoryLimitExceeded
        | CoverageReason::DeepInspectionCollectionTimeLimitExceeded
        | CoverageReason::DeepInspectionNoInventory
        | CoverageReason::AgentlessInstanceStorageLimitExceeded
        | CoverageReason::AgentlessInstanceCollectionTimeLimitExceeded
        | CoverageReason::IntegrationConnectionLost
        | CoverageReason::AccessDeniedToEncryptionKey
        | CoverageReason::UnsupportedLanguage
        | CoverageReason::NoScanConfigurationAssociated
        | CoverageReason::ImageArchived
        | CoverageReason::UnsupportedCodeArtifacts
        | CoverageReason::ResourceUnmanaged
        | CoverageReason::ResourceStopped
        | CoverageReason::ExtractionCollectionTimeLimitExceeded
        | CoverageReason::StorageLimitExceeded
        | CoverageReason::InvalidArtifact
        | CoverageReason::Unknown(_) => ScanState::Unscannable { block: ScanBlock::Status { status, said: None } },
    }
}

/// All findings of these digests, one for each vulnerable package: those that are ACTIVE, and those that a filter of the account has
/// SUPPRESSED.
pub(super) async fn findings(session: &Session, repository: &str, digests: &[Digest]) -> Result<Found, Fault> {
    let mut all = Found::default();
    for batch in digests.chunks(FILTER_VALUES) {
        let hashes = batch.iter().map(|d| equals(d.as_str())).collect();
        let filter = FilterCriteria::builder()
            .set_ecr_image_hash(Some(hashes))
            .ecr_image_repository_name(equals(repository))
            .aws_account_id(equals(session.account.id.as_str()))
            .finding_status(equals(FindingStatus::Active.as_str()))
            .finding_status(equals(FindingStatus::Suppressed.as_str()))
            .build();
        let mut pages = Pages::new();
        while let Some(next) = pages.next() {
            let call = session.list_findings(Target::Repository { repository: repository.to_owned() });
            let page =
                call.send(|r| r.filter_criteria(filter.clone()).max_results(100).set_next_token(next).send()).await?;
            for found in page.findings() {
                // A status that is newer than this program counts like an active one.
                let list =
                    if *found.status() == FindingStatus::Suppressed { &mut all.suppressed } else { &mut all.active };
                list.extend(finding(found));
                if let Some((id, title)) = title_of(found) {
                    all.titles.insert(id, title);
                }
            }
            pages.read(page.next_token());
        }
    }
    Ok(all)
}

fn finding(f: &InspectorFinding) -> Vec<Finding> {
    let severity = severity(f.severity().as_str());
    let Some(details) = f.package_vulnerability_details() else {
        // Not about a package: only its title identifies it.
        let id = f.title().unwrap_or(f.finding_arn()).to_owned();
        return vec![Finding { id, severity, package: String::new(), installed: None, fixed_in: None }];
    };
    let id = details.vulnerability_id().to_owned();
    let packages = details.vulnerable_packages();
    if packages.is_empty() {
        return vec![Finding { id, severity, package: String::new(), installed: None, fixed_in: None }];
    }
    let each = packages.iter().map(|p| Finding {
        id: id.clone(),
        severity,
        package: p.name().to_owned(),
        installed: installed(p),
        // Inspector's value for none.
        fixed_in: p.fixed_in_version().filter(|v| *v != "NotAvailable").map(str::to_owned),
    });
    each.collect()
}

/// A package's version as its manager writes it: `EPOCH:VERSION-RELEASE`, as far as Inspector has the parts.
fn installed(package: &VulnerablePackage) -> Option<String> {
    let version = Some(package.version()).filter(|version| !version.is_empty())?;
    let epoch = match package.epoch() {
        0 => String::new(),
        epoch => format!("{epoch}:"),
    };
    let release = package.release().filter(|release| !release.is_empty());
    let release = release.map(|release| format!("-{release}")).unwrap_or_default();
    Some(format!("{epoch}{version}{release}"))
}

/// A vulnerability's title by its id. Inspector's is often no more than `ID - PACKAGE`, and its description then says what it is about.
fn title_of(f: &InspectorFinding) -> Option<(String, String)> {
    let details = f.package_vulnerability_details()?;
    let id = details.vulnerability_id();
    let title = f.title().unwrap_or_default();
    let said = if title.is_empty() || title.starts_with(id) { f.description() } else { title };
    Some((id.to_owned(), title_from(said)?))
}

fn equals_covered(value: &str) -> CoverageStringFilter {
    CoverageStringFilter::builder()
        .comparison(CoverageStringComparison::Equals)
        .value(value)
        .build()
        .expect("comparison and value are all it needs")
}

fn equals(value: &str) -> StringFilter {
    StringFilter::builder()
        .comparison(StringComparison::Equals)
        .value(value)
        .build()
        .expect("comparison and value are all it needs")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const PUSH: &str = "2026-01-31T09:00:00Z";

    #[derive(Debug, PartialEq)]
    enum Is {
        Scanned,
        Waiting,
        Unscannable,
    }

    fn is(reason: &str, last: Option<&str>) -> Is {
        match state(&reason.into(), last.map(|t| t.parse().unwrap()), PUSH.parse().unwrap()) {
            ScanState::Scanned { .. } => Is::Scanned,
            ScanState::Waiting { .. } => Is::Waiting,
            ScanState::Unscannable { .. } => Is::Unscannable,
        }
    }

    const AFTER: Option<&str> = Some("2026-01-31T09:01:00Z");
    const BEFORE: Option<&str> = Some("2026-01-31T08:59:59Z");

    #[rstest]
    #[case("SUCCESSFUL", AFTER, Is::Scanned)]
    #[case("SUCCESSFUL", Some(PUSH), Is::Scanned)]
    #[case("SUCCESSFUL", BEFORE, Is::Waiting)]
    #[case("SUCCESSFUL", None, Is::Waiting)]
    #[case("SCAN_FREQUENCY_SCAN_ON_PUSH", AFTER, Is::Scanned)]
    #[case("SCAN_FREQUENCY_SCAN_ON_PUSH", None, Is::Waiting)]
    #[case("PENDING_INITIAL_SCAN", None, Is::Waiting)]
    #[case("SCAN_IN_PROGRESS", AFTER, Is::Waiting)]
    #[case("PENDING_REVIVAL_SCAN", AFTER, Is::Waiting)]
    #[case("INTERNAL_ERROR", None, Is::Waiting)]
    #[case("UNSUPPORTED_OS", AFTER, Is::Unscannable)]
    #[case("UNSUPPORTED_MEDIA_TYPE", None, Is::Unscannable)]
    #[case("SCAN_ELIGIBILITY_EXPIRED", AFTER, Is::Unscannable)]
    #[case("SCAN_FREQUENCY_MANUAL", AFTER, Is::Unscannable)]
    #[case("IMAGE_ARCHIVED", AFTER, Is::Unscannable)]
    #[case("EXCLUDED_BY_TAG", None, Is::Unscannable)]
    #[case("ACCESS_DENIED", None, Is::Unscannable)]
    #[case("ACCESS_DENIED_TO_ENCRYPTION_KEY", None, Is::Unscannable)]
    #[case("PENDING_DISABLE", AFTER, Is::Unscannable)]
    #[case("RESOURCE_TERMINATED", AFTER, Is::Unscannable)]
    #[case("IMAGE_SIZE_EXCEEDED", None, Is::Unscannable)]
    #[case("A_REASON_OF_NEXT_YEAR", AFTER, Is::Unscannable)]
    fn each_coverage_reason_has_its_answer(#[case] reason: &str, #[case] last: Option<&str>, #[case] expected: Is) {
        assert_eq!(is(reason, last), expected);
    }

    #[test]
    fn an_image_that_is_not_listed_waits() {
        assert!(matches!(row_state(None, PUSH.parse().unwrap()), ScanState::Waiting { .. }));
    }

    #[test]
    fn an_unscannable_reason_is_inspectors_own_value() {
        assert_eq!(
            state(&CoverageReason::UnsupportedOs, None, PUSH.parse().unwrap()),
            ScanState::Unscannable { block: ScanBlock::Status { status: "UNSUPPORTED_OS".into(), said: None } }
        );
    }
}
