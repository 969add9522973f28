//! ECR's own scanner. Findings come with the scan's status; the summaries of DescribeImages are no evidence.

use aws_sdk_ecr::types::{ImageIdentifier, ImageScanFinding};
use jiff::Timestamp;

use super::ecr;
use super::op::Op;
use super::scan::{Read, severity};
use super::session::Session;
use super::time::timestamp;
use crate::model::fault::{Fault, FaultKind};
use crate::model::finding::{Finding, ScanState};
use crate::model::ids::Digest;

pub(super) async fn read(
    session: &Session,
    repository: &str,
    digests: &[Digest],
    pushed_at: Timestamp,
) -> Result<Read, Fault> {
    let mut states = Vec::new();
    let mut findings = Vec::new();
    for digest in digests {
        let (state, found) = read_one(session, repository, digest, pushed_at).await?;
        states.push((digest.clone(), state));
        findings.extend(found);
    }
    // Basic scanning knows no suppression.
    Ok((states, findings, Vec::new()))
}

async fn read_one(
    session: &Session,
    repository: &str,
    digest: &Digest,
    pushed_at: Timestamp,
) -> Result<(ScanState, Vec<Finding>), Fault> {
    let op = Op::read("ecr:DescribeImageScanFindings", format!("image {repository}@{digest}"));
    let mut answer: Option<(ScanState, Vec<Finding>)> = None;
    let mut next = None;
    loop {
        let request = session.ecr().describe_image_scan_findings().repository_name(repository);
        let request = request.image_id(image(digest)).max_results(1000).set_next_token(next);
        let page = match session.call(&op, request.send()).await {
            Ok(page) => page,
            Err(r) if r.is("ScanNotFoundException") => {
                return Ok((start(session, repository, digest).await?, Vec::new()));
            }
            Err(r) => return Err(ecr::explain(session, repository, r).await),
        };
        let (status, description) = match page.image_scan_status() {
            Some(s) => (s.status().map_or("", |s| s.as_str()), s.description().unwrap_or_default()),
            None => ("", ""),
        };
        let completed = page.image_scan_findings().and_then(|f| f.image_scan_completed_at()).and_then(timestamp);
        let (_, found) =
            answer.get_or_insert_with(|| (state(status, description, completed.unwrap_or(pushed_at)), Vec::new()));
        found.extend(page.image_scan_findings().into_iter().flat_map(|f| f.findings()).map(finding));
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            return Ok(answer.expect("the first page has set it"));
        }
    }
}

/// What a scan's status means. Continuous scanning stays `ACTIVE`, which the SDK's waiter takes for unfinished.
fn state(status: &str, description: &str, completed: Timestamp) -> ScanState {
    match status {
        "COMPLETE" | "ACTIVE" => ScanState::Scanned { at: completed },
        "IN_PROGRESS" | "PENDING" => ScanState::Waiting { reason: status.to_owned() },
        "" => ScanState::Waiting { reason: "ECR gives no status yet".to_owned() },
        _ if description.is_empty() => ScanState::Closed { reason: status.to_owned() },
        _ => ScanState::Closed { reason: format!("{status}: {description}") },
    }
}

/// Asks for the scan that nothing else has started: ECR allows one for an image in 24 hours.
async fn start(session: &Session, repository: &str, digest: &Digest) -> Result<ScanState, Fault> {
    // Repeating it starts no second scan, so it is retried and read like a read.
    let op = Op::read("ecr:StartImageScan", format!("image {repository}@{digest}"));
    let request = session.ecr().start_image_scan().repository_name(repository).image_id(image(digest));
    match session.call(&op, request.send()).await {
        Ok(_) => Ok(ScanState::Waiting { reason: "the scan has been started".to_owned() }),
        Err(r) if r.is("LimitExceededException") => {
            Ok(ScanState::Waiting { reason: "a scan was started already".to_owned() })
        }
        Err(r) if r.is("UnsupportedImageTypeException") || r.is("ImageArchivedException") => {
            Ok(ScanState::Closed { reason: r.fault.cause.unwrap_or(r.fault.sentence) })
        }
        // Switched over to enhanced scanning since it was asked: the next reading asks Inspector.
        Err(r) if r.is("ValidationException") && r.fault.kind == FaultKind::Invalid => {
            Ok(ScanState::Waiting { reason: r.fault.cause.unwrap_or(r.fault.sentence) })
        }
        Err(r) => Err(ecr::explain(session, repository, r).await),
    }
}

fn image(digest: &Digest) -> ImageIdentifier {
    ImageIdentifier::builder().image_digest(digest.as_str()).build()
}

fn finding(f: &ImageScanFinding) -> Finding {
    let package = f.attributes().iter().find(|a| a.key() == "package_name").and_then(|a| a.value());
    Finding {
        id: f.name().unwrap_or_default().to_owned(),
        severity: severity(f.severity().map_or("", |s| s.as_str())),
        package: package.unwrap_or_default().to_owned(),
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
    #[case("FAILED", "closed")]
    #[case("UNSUPPORTED_IMAGE", "closed")]
    #[case("SCAN_ELIGIBILITY_EXPIRED", "closed")]
    #[case("FINDINGS_UNAVAILABLE", "closed")]
    #[case("LIMIT_EXCEEDED", "closed")]
    #[case("IMAGE_ARCHIVED", "closed")]
    #[case("OF_NEXT_YEAR", "closed")]
    fn each_status_has_its_answer(#[case] status: &str, #[case] expected: &str) {
        let word = match state(status, "", Timestamp::UNIX_EPOCH) {
            ScanState::Scanned { .. } => "scanned",
            ScanState::Waiting { .. } => "waiting",
            ScanState::Closed { .. } => "closed",
        };
        assert_eq!(word, expected);
    }
}
