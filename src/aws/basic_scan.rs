//! ECR's own scanner. Findings come with the scan's status; the summaries of DescribeImages are not evidence.

use aws_sdk_ecr::types::{ImageIdentifier, ImageScanFinding};
use jiff::{SignedDuration, Timestamp};

use super::ecr;
use super::pages::Pages;
use super::scan_findings::{Found, Read, severity, title_from};
use super::session::Session;
use super::time::timestamp;
use crate::model::aws::scan::BasicScanStatus;
use crate::model::fault::call::Target;
use crate::model::fault::{Fault, FaultKind};
use crate::model::finding::{Finding, ScanState};
use crate::model::gate_reason::{LastScan, ScanBlock, ScanRequest, ScanWait};
use crate::model::ids::Digest;
use crate::ports::scanner::{Wanted, WhereNone};

/// ECR makes one scan of an image in this time, that on push included.
const ONE_SCAN_IN: SignedDuration = SignedDuration::from_hours(24);

pub(super) async fn read(
    session: &Session,
    repository: &str,
    digests: &[Digest],
    wanted: &Wanted,
) -> Result<Read, Fault> {
    let mut states = Vec::new();
    // Basic scanning knows no suppression.
    let mut all = Found::default();
    for digest in digests {
        let (state, found) = read_one(session, repository, digest, wanted).await?;
        states.push((digest.clone(), state));
        all.active.extend(found.active);
        all.titles.extend(found.titles);
    }
    Ok((states, all))
}

async fn read_one(
    session: &Session,
    repository: &str,
    digest: &Digest,
    wanted: &Wanted,
) -> Result<(ScanState, Found), Fault> {
    let Some((status, found)) = last_scan(session, repository, digest).await? else {
        return Ok((request_scan(session, repository, digest, wanted, LastScan::None).await?, Found::default()));
    };
    let state = match status {
        Status::Ended(Some(at)) if !wanted.is_too_old(at) => ScanState::Scanned { at, again_from: None },
        Status::Ended(Some(at)) => {
            request_scan(session, repository, digest, wanted, LastScan::TooOld { scanned_at: at }).await?
        }
        Status::Ended(None) => request_scan(session, repository, digest, wanted, LastScan::Untimed).await?,
        Status::Waiting(waits) => ScanState::Waiting { waits },
        Status::Unscannable(block) => ScanState::Unscannable { block },
    };
    Ok((state, found))
}

/// What ECR has of a digest's last scan, with its findings; `None`: there was none.
async fn last_scan(session: &Session, repository: &str, digest: &Digest) -> Result<Option<(Status, Found)>, Fault> {
    let mut answer: Option<(Status, Found)> = None;
    let mut pages = Pages::new();
    while let Some(next) = pages.next() {
        let call = session.describe_image_scan_findings(of_image(repository, digest));
        let page = call.send(|r| {
            r.repository_name(repository).image_id(image(digest)).max_results(1000).set_next_token(next).send()
        });
        let page = match page.await {
            Ok(page) => page,
            Err(r) if r.is("ScanNotFoundException") => return Ok(None),
            Err(r) => return Err(ecr::explain(session, repository, r).await),
        };
        let (status, description) = match page.image_scan_status() {
            Some(s) => (s.status().map(|s| s.as_str()).filter(|s| !s.is_empty()), s.description().unwrap_or_default()),
            None => (None, ""),
        };
        let completed = page.image_scan_findings().and_then(|f| f.image_scan_completed_at()).and_then(timestamp);
        let (_, found) = answer.get_or_insert_with(|| {
            (meaning(status.map(Into::into).as_ref(), description, completed), Found::default())
        });
        for finding in page.image_scan_findings().into_iter().flat_map(|f| f.findings()) {
            found.active.push(self::finding(finding));
            found.titles.extend(title_of(finding));
        }
        pages.read(page.next_token());
    }
    Ok(answer)
}

/// How far the last scan of a digest is.
#[derive(Debug, PartialEq)]
enum Status {
    /// When it was, as far as ECR says so.
    Ended(Option<Timestamp>),
    Waiting(ScanWait),
    Unscannable(ScanBlock),
}

/// What a scan's status means. Continuous scanning stays `ACTIVE`, which the SDK's waiter takes for unfinished.
fn meaning(status: Option<&BasicScanStatus>, description: &str, completed: Option<Timestamp>) -> Status {
    match status {
        Some(BasicScanStatus::Complete | BasicScanStatus::Active) => Status::Ended(completed),
        Some(status @ (BasicScanStatus::InProgress | BasicScanStatus::Pending)) => {
            Status::Waiting(ScanWait::Status { status: status.to_string() })
        }
        None => Status::Waiting(ScanWait::NoStatus),
        Some(
            status @ (BasicScanStatus::Failed
            | BasicScanStatus::UnsupportedImage
            | BasicScanStatus::ScanEligibilityExpired
            | BasicScanStatus::FindingsUnavailable
            | BasicScanStatus::LimitExceeded
            | BasicScanStatus::ImageArchived
            | BasicScanStatus::ImageSizeExceeded
            | BasicScanStatus::Unknown(_)),
        ) => Status::Unscannable(ScanBlock::Status {
            status: status.to_string(),
            said: Some(description.to_owned()).filter(|said| !said.is_empty()),
        }),
    }
}

/// Asks for a scan where none counts.
async fn request_scan(
    session: &Session,
    repository: &str,
    digest: &Digest,
    wanted: &Wanted,
    last: LastScan,
) -> Result<ScanState, Fault> {
    let old = match last {
        LastScan::TooOld { scanned_at } => Some(scanned_at),
        LastScan::None | LastScan::Untimed => None,
    };
    let waiting = |requested| ScanState::Waiting { waits: ScanWait::NoneThatCounts { last: last.clone(), requested } };
    match wanted.where_none {
        WhereNone::Look => {
            return Ok(match old {
                Some(at) => ScanState::Scanned { at, again_from: None },
                None => waiting(ScanRequest::No),
            });
        }
        WhereNone::Start => {}
    }
    let call = session.start_image_scan(of_image(repository, digest));
    match call.send(|r| r.repository_name(repository).image_id(image(digest)).send()).await {
        Ok(_) => Ok(waiting(ScanRequest::Started)),
        Err(r) if r.is("LimitExceededException") => Ok(match old {
            // Started before it ended, so that the time is over by then at the latest.
            Some(at) if at + ONE_SCAN_IN > wanted.now => ScanState::Scanned { at, again_from: Some(at + ONE_SCAN_IN) },
            Some(_) | None => waiting(ScanRequest::StartedBefore),
        }),
        Err(r) if r.is("UnsupportedImageTypeException") || r.is("ImageArchivedException") => {
            let status = r.code.clone().unwrap_or_default();
            Ok(ScanState::Unscannable { block: ScanBlock::Status { status, said: r.fault.said } })
        }
        // Switched over to enhanced scanning since it was asked: the next reading asks Inspector.
        Err(r) if r.is("ValidationException") && r.fault.kind() == FaultKind::Invalid => {
            Ok(ScanState::Waiting { waits: ScanWait::NotTaken { said: r.fault.said.unwrap_or_default() } })
        }
        Err(r) => Err(ecr::explain(session, repository, r).await),
    }
}

fn of_image(repository: &str, digest: &Digest) -> Target {
    Target::Image { repository: repository.to_owned(), digest: digest.clone() }
}

fn image(digest: &Digest) -> ImageIdentifier {
    ImageIdentifier::builder().image_digest(digest.as_str()).build()
}

fn title_of(f: &ImageScanFinding) -> Option<(String, String)> {
    Some((f.name()?.to_owned(), title_from(f.description()?)?))
}

fn finding(f: &ImageScanFinding) -> Finding {
    let attribute = |key: &str| f.attributes().iter().find(|a| a.key() == key).and_then(|a| a.value());
    Finding {
        id: f.name().unwrap_or_default().to_owned(),
        severity: severity(f.severity().map_or("", |s| s.as_str())),
        package: attribute("package_name").unwrap_or_default().to_owned(),
        installed: attribute("package_version").map(str::to_owned),
        fixed_in: None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("COMPLETE", "scanned")]
    #[case("ACTIVE", "scanned")]
    #[case("IN_PROGRESS", "waiting")]
    #[case("PENDING", "waiting")]
    #[case("FAILED", "unscannable")]
    #[case("UNSUPPORTED_IMAGE", "unscannable")]
    #[case("SCAN_ELIGIBILITY_EXPIRED", "unscannable")]
    #[case("FINDINGS_UNAVAILABLE", "unscannable")]
    #[case("LIMIT_EXCEEDED", "unscannable")]
    #[case("IMAGE_ARCHIVED", "unscannable")]
    #[case("OF_NEXT_YEAR", "unscannable")]
    fn each_status_has_its_answer(#[case] status: &str, #[case] expected: &str) {
        let found = match meaning(Some(&status.into()), "", Some(Timestamp::UNIX_EPOCH)) {
            Status::Ended(_) => "scanned",
            Status::Waiting(_) => "waiting",
            Status::Unscannable(_) => "unscannable",
        };
        assert_eq!(found, expected);
    }
}
