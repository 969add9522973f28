use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::aws::testing::{Asked, Peer, Reply, account};
use crate::model::fault::aws::AwsProblem;
use crate::model::finding::Finding;
use crate::model::gate_reason::{ScanBlock, ScanRequest, ScanWait};
use crate::model::severity::Severity;
use crate::ports::scanner::WhereNone;

const PUSHED: i64 = 1_769_850_000;

fn digest(n: u8) -> Digest {
    Digest::of(&[n])
}

fn at() -> Timestamp {
    Timestamp::from_second(PUSHED).unwrap()
}

fn wanted() -> Wanted {
    let now = Timestamp::from_second(PUSHED + 3600).unwrap();
    Wanted { pushed_at: Some(at()), now, max_age: SignedDuration::from_hours(24 * 30), where_none: WhereNone::Start }
}

fn scanner(scan_type: &'static str, handler: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> (Peer, Scans) {
    let peer = Peer::new(move |asked, before| match asked.op.as_str() {
        "GetCallerIdentity" => Reply::Json(Value::Null),
        "GetRegistryScanningConfiguration" => Reply::Json(json!({"scanningConfiguration": {"scanType": scan_type}})),
        _ => handler(asked, before),
    });
    let scanner = Scans::new(peer.sessions());
    (peer, scanner)
}

fn row(digest: &Digest, reason: &str, last: Option<i64>) -> Value {
    let mut row = json!({
        "resourceType": "AWS_ECR_CONTAINER_IMAGE", "accountId": "222222222222", "scanType": "PACKAGE",
        "resourceId": format!("arn:aws:ecr:ap-northeast-1:222222222222:repository/app/{digest}"),
        "scanStatus": {"statusCode": "ACTIVE", "reason": reason},
    });
    if let Some(at) = last {
        row["lastScannedAt"] = json!(at);
    }
    row
}

fn found(id: &str, severity: &str, package: &str, fixed: Option<&str>) -> Value {
    json!({
        "findingArn": format!("arn:{id}"), "awsAccountId": "222222222222", "type": "PACKAGE_VULNERABILITY",
        "title": format!("{id} - {package}"), "description": format!("{package} lets anybody in\nand more"), "remediation": {}, "severity": severity, "firstObservedAt": 1, "lastObservedAt": 1,
        "status": "ACTIVE", "resources": [],
        "packageVulnerabilityDetails": {"vulnerabilityId": id, "source": "NVD", "vulnerablePackages": [
            {"name": package, "version": "1", "release": "2", "epoch": 3, "fixedInVersion": fixed.unwrap_or("NotAvailable")}]},
    })
}

fn suppressed() -> Value {
    let mut hidden = found("CVE-4", "CRITICAL", "zlib", None);
    hidden["status"] = "SUPPRESSED".into();
    hidden
}

#[tokio::test]
async fn an_enhanced_scan_is_read_over_all_pages_sorted_and_without_repeats() {
    let (peer, scanner) = scanner("ENHANCED", |asked, _| match asked.op.as_str() {
        "DescribeImages" => Reply::Json(json!({"imageDetails": []})),
        "coverage" => Reply::Json(json!({"coveredResources": [row(&digest(0), "SUCCESSFUL", Some(PUSHED + 60))]})),
        "findings" if asked.json().get("nextToken").is_none() => Reply::Json(json!({
            "findings": [found("CVE-2", "HIGH", "zlib", None), found("CVE-1", "CRITICAL", "openssl", Some("3.1"))],
            "nextToken": "2"})),
        "findings" => Reply::Json(json!({"findings": [
            found("CVE-2", "HIGH", "zlib", None), found("CVE-3", "OF_NEXT_YEAR", "x", None), suppressed()]})),
        other => panic!("{other}"),
    });
    let reading = scanner.read(&account("prod"), "app", &[digest(0)], &wanted()).await.unwrap();
    assert_eq!(
        reading.state,
        ScanState::Scanned { at: Timestamp::from_second(PUSHED + 60).unwrap(), again_from: None }
    );
    let finding = |id: &str, severity, package: &str, fixed: Option<&str>| Finding {
        id: id.into(),
        severity,
        package: package.into(),
        installed: Some("3:1-2".to_owned()),
        fixed_in: fixed.map(str::to_owned),
    };
    assert_eq!(
        reading.findings,
        [
            finding("CVE-1", Severity::Critical, "openssl", Some("3.1")),
            finding("CVE-2", Severity::High, "zlib", None),
            finding("CVE-3", Severity::Untriaged, "x", None),
        ]
    );
    assert_eq!(reading.suppressed, [finding("CVE-4", Severity::Critical, "zlib", None)]);
    assert_eq!(reading.titles.len(), 4);
    assert_eq!(reading.titles["CVE-1"], "openssl lets anybody in");
    let asked = peer.asked("findings")[0].json();
    assert_eq!(asked["maxResults"], 100);
    let status = |value: &str| json!({ "comparison": "EQUALS", "value": value });
    assert_eq!(asked["filterCriteria"]["findingStatus"], json!([status("ACTIVE"), status("SUPPRESSED")]));
    assert_eq!(asked["filterCriteria"]["ecrImageHash"], json!([{"comparison": "EQUALS", "value": digest(0).as_str()}]));
    assert_eq!(asked["filterCriteria"]["ecrImageRepositoryName"][0]["value"], "app");
    assert_eq!(asked["filterCriteria"]["awsAccountId"][0]["value"], "222222222222");
}

#[tokio::test]
async fn each_child_of_an_index_has_to_be_scanned() {
    let children = [digest(1), digest(2)];
    let (peer, scanner) = scanner("ENHANCED", |asked, before| match asked.op.as_str() {
        "DescribeImages" => Reply::Json(json!({"imageDetails": []})),
        "coverage" => Reply::Json(json!({"coveredResources": match before {
            0 => vec![row(&digest(1), "SUCCESSFUL", Some(PUSHED + 1))],
            1 => vec![row(&digest(1), "PENDING_INITIAL_SCAN", None), row(&digest(2), "UNSUPPORTED_OS", None)],
            _ => vec![row(&digest(1), "SUCCESSFUL", Some(PUSHED + 9)), row(&digest(2), "SUCCESSFUL", Some(PUSHED + 5))],
        }})),
        "findings" => Reply::Json(json!({"findings": []})),
        other => panic!("{other}"),
    });
    let a = account("prod");
    let unsupported = ScanBlock::Status { status: "UNSUPPORTED_OS".into(), said: None };
    let mut states = Vec::new();
    for _ in 0..3 {
        states.push(scanner.read(&a, "app", &children, &wanted()).await.unwrap().state);
    }
    assert!(
        matches!(&states[0], ScanState::Waiting { waits: ScanWait::Manifest { digest: of, .. } } if *of == digest(2)),
        "{states:?}"
    );
    assert!(
        matches!(&states[1], ScanState::Unscannable { block: ScanBlock::Manifest { block, .. } } if **block == unsupported),
        "{states:?}"
    );
    assert_eq!(states[2], ScanState::Scanned { at: Timestamp::from_second(PUSHED + 5).unwrap(), again_from: None });
    assert_eq!(peer.asked("findings").len(), 1, "findings of a scan that is not complete are not read");
    let values = peer.asked("coverage")[0].json()["filterCriteria"]["resourceId"].as_array().unwrap().len();
    assert_eq!(values, 2, "the children, not the index");
}

#[tokio::test]
async fn a_child_scanned_before_its_index_was_pushed_counts_by_its_own_push() {
    let children = [digest(1)];
    let (_, scanner) = scanner("ENHANCED", |asked, _| match asked.op.as_str() {
        "DescribeImages" => Reply::Json(json!({"imageDetails": [
            {"imageDigest": digest(1).as_str(), "imagePushedAt": PUSHED - 30}]})),
        "coverage" => Reply::Json(json!({"coveredResources": [row(&digest(1), "SUCCESSFUL", Some(PUSHED - 10))]})),
        _ => Reply::Json(json!({"findings": []})),
    });
    let reading = scanner.read(&account("prod"), "app", &children, &wanted()).await.unwrap();
    assert!(matches!(reading.state, ScanState::Scanned { .. }), "{reading:?}");
}

#[tokio::test]
async fn more_digests_than_a_filter_takes_are_asked_in_turns() {
    let children: Vec<Digest> = (1..=12).map(digest).collect();
    let (peer, scanner) = scanner("ENHANCED", |asked, _| match asked.op.as_str() {
        "DescribeImages" => Reply::Error(400, "AccessDeniedException", "no"),
        "coverage" => {
            let asked = asked.json();
            let rows: Vec<_> = asked["filterCriteria"]["resourceId"]
                .as_array()
                .unwrap()
                .iter()
                .map(|f| {
                    let d = f["value"].as_str().unwrap().rsplit('/').next().unwrap();
                    row(&d.parse().unwrap(), "SCAN_FREQUENCY_SCAN_ON_PUSH", Some(PUSHED + 1))
                })
                .collect();
            Reply::Json(json!({"coveredResources": rows}))
        }
        _ => Reply::Json(json!({"findings": []})),
    });
    let reading = scanner.read(&account("prod"), "app", &children, &wanted()).await.unwrap();
    assert!(matches!(reading.state, ScanState::Scanned { .. }), "{reading:?}");
    assert_eq!((peer.asked("coverage").len(), peer.asked("findings").len()), (2, 2));
}

#[tokio::test]
async fn a_missing_basic_scan_is_started() {
    let (peer, scanner) = scanner("BASIC", |asked, before| match (asked.op.as_str(), before) {
        ("DescribeImageScanFindings", 0 | 1) => Reply::Error(400, "ScanNotFoundException", "no scan"),
        ("StartImageScan", 0) => Reply::Json(json!({})),
        ("StartImageScan", _) => Reply::Error(400, "LimitExceededException", "once in 24 hours"),
        ("DescribeImageScanFindings", 2) => Reply::Json(json!({
            "imageScanStatus": {"status": "ACTIVE"}, "nextToken": "2",
            "imageScanFindings": {"imageScanCompletedAt": PUSHED + 9, "findings": [
                {"name": "CVE-1", "severity": "UNDEFINED", "description": "zlib reads too far", "attributes": [
                    {"key": "package_name", "value": "zlib"}, {"key": "package_version", "value": "1.2"}]}]}})),
        ("DescribeImageScanFindings", _) => Reply::Json(json!({
            "imageScanStatus": {"status": "ACTIVE"},
            "imageScanFindings": {"findings": [{"name": "CVE-0", "severity": "HIGH"}]}})),
        (other, _) => panic!("{other}"),
    });
    let a = account("prod");
    for _ in 0..2 {
        let waiting = scanner.read(&a, "app", &[digest(0)], &wanted()).await.unwrap();
        assert!(matches!(waiting.state, ScanState::Waiting { .. }), "{waiting:?}");
    }
    let reading = scanner.read(&a, "app", &[digest(0)], &wanted()).await.unwrap();
    assert_eq!(reading.state, ScanState::Scanned { at: Timestamp::from_second(PUSHED + 9).unwrap(), again_from: None });
    let ids: Vec<_> = reading.findings.iter().map(|f| (f.id.as_str(), f.severity, f.package.as_str())).collect();
    assert_eq!(ids, [("CVE-0", Severity::High, ""), ("CVE-1", Severity::Untriaged, "zlib")]);
    assert_eq!(reading.findings[1].installed.as_deref(), Some("1.2"));
    assert_eq!(reading.titles, [("CVE-1".to_owned(), "zlib reads too far".to_owned())].into());
    assert_eq!(peer.asked("DescribeImageScanFindings")[2].json()["maxResults"], 1000);
}

/// A basic scan of this age, an hour after the push; it is too old after half a day. `limited`: ECR starts no other.
async fn old_basic_scan(completed: Option<i64>, limited: bool, where_none: WhereNone) -> (ScanState, usize) {
    let (peer, scanner) = scanner("BASIC", move |asked, _| match asked.op.as_str() {
        "DescribeImageScanFindings" => {
            let mut found = json!({"findings": []});
            if let Some(at) = completed {
                found["imageScanCompletedAt"] = at.into();
            }
            Reply::Json(json!({"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": found}))
        }
        "StartImageScan" if limited => Reply::Error(400, "LimitExceededException", "once in 24 hours"),
        "StartImageScan" => Reply::Json(json!({"imageScanStatus": {"status": "IN_PROGRESS"}})),
        other => panic!("{other}"),
    });
    let wanted = Wanted { max_age: SignedDuration::from_hours(12), where_none, ..wanted() };
    let state = scanner.read(&account("prod"), "app", &[digest(0)], &wanted).await.unwrap().state;
    (state, peer.asked("StartImageScan").len())
}

#[tokio::test]
async fn a_basic_scan_that_is_too_old_is_repeated() {
    let hours = |n: i64| Some(PUSHED + 3600 - n * 3600);
    let fresh = old_basic_scan(hours(11), false, WhereNone::Start).await;
    assert!(matches!(fresh, (ScanState::Scanned { again_from: None, .. }, 0)), "{fresh:?}");
    let old = old_basic_scan(hours(13), false, WhereNone::Start).await;
    assert!(
        matches!(
            &old,
            (ScanState::Waiting { waits: ScanWait::NoneThatCounts { requested: ScanRequest::Started, .. } }, 1)
        ),
        "{old:?}"
    );
    let (limited, _) = old_basic_scan(hours(13), true, WhereNone::Start).await;
    let again = Timestamp::from_second(PUSHED + 3600 + 11 * 3600).unwrap();
    assert!(matches!(limited, ScanState::Scanned { again_from: Some(from), .. } if from == again), "{limited:?}");
    let (since, _) = old_basic_scan(hours(30), true, WhereNone::Start).await;
    assert!(matches!(since, ScanState::Waiting { .. }), "ECR is making another one: {since:?}");
}

#[tokio::test]
async fn a_scan_without_a_time_does_not_count() {
    let (started, calls) = old_basic_scan(None, false, WhereNone::Start).await;
    assert!(matches!(started, ScanState::Waiting { .. }) && calls == 1, "{started:?}");
    let (limited, _) = old_basic_scan(None, true, WhereNone::Start).await;
    assert!(matches!(limited, ScanState::Waiting { .. }), "{limited:?}");
}

#[tokio::test]
async fn looking_starts_no_scan() {
    for completed in [None, Some(PUSHED - 24 * 3600)] {
        assert_eq!(old_basic_scan(completed, false, WhereNone::Look).await.1, 0);
    }
}

#[tokio::test]
async fn a_scan_does_not_count_if_the_time_of_the_push_is_unknown() {
    let (_, scanner) = scanner("ENHANCED", |asked, _| match asked.op.as_str() {
        "DescribeImages" => Reply::Error(400, "AccessDeniedException", "no"),
        other => panic!("{other}"),
    });
    let wanted = Wanted { pushed_at: None, ..wanted() };
    let fault = scanner.read(&account("prod"), "app", &[digest(0)], &wanted).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::AccessDenied);
}

#[tokio::test]
async fn an_image_that_basic_scanning_cannot_scan_is_unscannable() {
    let (_, scanner) = scanner("BASIC", |asked, _| match asked.op.as_str() {
        "DescribeImageScanFindings" => Reply::Error(400, "ScanNotFoundException", "no scan"),
        _ => Reply::Error(400, "UnsupportedImageTypeException", "not this one"),
    });
    let reading = scanner.read(&account("prod"), "app", &[digest(0)], &wanted()).await.unwrap();
    assert!(
        matches!(reading.state, ScanState::Unscannable { block: ScanBlock::Status { said: Some(said), .. } } if said.contains("not this one"))
    );
}

#[tokio::test]
async fn preflight_refuses_a_repository_that_will_never_be_scanned() {
    let with = |frequency: &'static str, ecr: &'static str| {
        scanner("ENHANCED", move |asked, _| match asked.op.as_str() {
            "BatchGetRepositoryScanningConfiguration" => {
                Reply::Json(json!({"scanningConfigurations": [{"repositoryName": "app", "scanFrequency": frequency}]}))
            }
            _ => {
                let state = |status| json!({"status": status, "errorCode": "", "errorMessage": ""});
                Reply::Json(json!({"accounts": [{"accountId": "222222222222", "state": state("ENABLED"),
                    "resourceState": {"ec2": state("DISABLED"), "ecr": state(ecr)}}]}))
            }
        })
        .1
    };
    let a = account("prod");
    assert_eq!(with("SCAN_ON_PUSH", "ENABLED").preflight(&a, "app").await.unwrap(), ScanType::Enhanced);
    let manual = with("MANUAL", "ENABLED").preflight(&a, "app").await.unwrap_err();
    assert_eq!((manual.kind(), manual.code()), (FaultKind::Invalid, "scan-frequency-manual"));
    let off = with("SCAN_ON_PUSH", "DISABLED").preflight(&a, "app").await.unwrap_err();
    let (account, region, status) = (a.name.clone(), a.region.clone(), Some("DISABLED".to_owned()));
    assert_eq!(off, AwsProblem::InspectorOff { account, region, status }.into());
}

#[tokio::test]
async fn preflight_of_basic_scanning_needs_no_rule() {
    let (_, scanner) = scanner("BASIC", |_, _| {
        Reply::Json(json!({"scanningConfigurations": [{"repositoryName": "app", "scanFrequency": "MANUAL"}]}))
    });
    assert_eq!(scanner.preflight(&account("prod"), "app").await.unwrap(), ScanType::Basic);
}
