use aws_sdk_ecr::types::ImageIdentifier;
use aws_sdk_inspector2::Client;
use aws_sdk_inspector2::types::{
    CoverageFilterCriteria, CoverageStringComparison, CoverageStringFilter, CoveredResource, FilterCriteria, Severity,
    StringComparison, StringFilter,
};

use super::*;
use crate::sandbox::inspector::behaviour::{Findings, Images, LaterFindings};
use crate::sandbox::registry::tests::{Pusher, attestation, image, index_of};

const REPOSITORY: &str = "111111111111.ap-northeast-1/asset-manager";

/// The seed with other things for scans to find.
fn finding(inspector: &str) -> TestEnv {
    let mut seed = Seed::demo();
    seed.inspector = serde_saphyr::from_str(inspector).unwrap();
    TestEnv::of(&seed)
}

fn arn(digest: &str) -> String {
    format!("arn:aws:ecr:ap-northeast-1:111111111111:repository/asset-manager/{digest}")
}

async fn coverage(test_env: &TestEnv, digest: &str) -> Option<CoveredResource> {
    let equals = CoverageStringFilter::builder().comparison(CoverageStringComparison::Equals);
    let filter = CoverageFilterCriteria::builder()
        .resource_type(equals.clone().value("AWS_ECR_CONTAINER_IMAGE").build().unwrap())
        .resource_id(equals.value(arn(digest)).build().unwrap());
    let call = Client::new(&test_env.developer()).list_coverage().filter_criteria(filter.build());
    call.send().await.unwrap().covered_resources().first().cloned()
}

async fn reason(test_env: &TestEnv, digest: &str) -> Option<String> {
    coverage(test_env, digest).await.map(|r| r.scan_status().unwrap().reason().as_str().to_owned())
}

fn hash_filter(digest: &str) -> FilterCriteria {
    let equals = StringFilter::builder().comparison(StringComparison::Equals);
    FilterCriteria::builder()
        .ecr_image_hash(equals.clone().value(digest).build().unwrap())
        .ecr_image_repository_name(equals.value("asset-manager").build().unwrap())
        .build()
}

async fn findings(test_env: &TestEnv, digest: &str) -> Vec<(String, Severity)> {
    let mut pages =
        Client::new(&test_env.developer()).list_findings().filter_criteria(hash_filter(digest)).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        for f in page.unwrap().findings() {
            let id = f.package_vulnerability_details().unwrap().vulnerability_id();
            all.push((id.to_owned(), f.severity().clone()));
        }
    }
    all
}

#[tokio::test]
async fn a_scan_takes_time_and_then_reports_its_findings() {
    let test_env = finding("- { images: { repository: asset-* }, findings: 'CRITICAL:1,HIGH:2' }");
    let app = image("one", &[]);
    Pusher::of(&test_env, REPOSITORY).await.push(&app, "v1");
    let mut seen = Vec::new();
    for _ in 0..25 {
        let now = reason(&test_env, &app.digest).await;
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        test_env.clock.pass(1);
    }
    let expected = [None, Some("PENDING_INITIAL_SCAN"), Some("SCAN_IN_PROGRESS"), Some("SUCCESSFUL")];
    assert_eq!(seen, expected.map(|r| r.map(str::to_owned)));
    let row = coverage(&test_env, &app.digest).await.unwrap();
    assert_eq!(row.last_scanned_at().unwrap().secs(), "2026-01-31T09:45:20Z".parse::<Timestamp>().unwrap().as_second());
    let found = findings(&test_env, &app.digest).await;
    assert_eq!(found.iter().filter(|(_, s)| *s == Severity::Critical).count(), 1);
    assert_eq!(found.iter().filter(|(_, s)| *s == Severity::High).count(), 2);
}

#[tokio::test]
async fn findings_may_lag_behind_a_finished_scan_and_turn_up_overnight() {
    let test_env = finding("- { findings_after: 30, findings: 'HIGH:1' }");
    let app = image("one", &[]);
    Pusher::of(&test_env, REPOSITORY).await.push(&app, "v1");
    test_env.clock.pass(20);
    assert_eq!(reason(&test_env, &app.digest).await.as_deref(), Some("SUCCESSFUL"));
    assert_eq!(findings(&test_env, &app.digest).await.len(), 0);
    test_env.clock.pass(30);
    assert_eq!(findings(&test_env, &app.digest).await.len(), 1);
    let tomorrow = test_env.clock.timestamp() + jiff::SignedDuration::from_hours(24);
    let of = Images { repository: Some("asset-manager".to_owned()), ..Images::default() };
    let new = LaterFindings { images: of, at: tomorrow, findings: Findings::Counted("CRITICAL:1".to_owned()) };
    test_env.world.lock().unwrap().add_findings(new);
    assert_eq!(findings(&test_env, &app.digest).await.len(), 1);
    test_env.clock.pass(24 * 3600);
    assert_eq!(findings(&test_env, &app.digest).await[0].1, Severity::Critical);
    let scanned = coverage(&test_env, &app.digest).await.unwrap().last_scanned_at().unwrap().secs();
    assert_eq!(scanned, tomorrow.as_second());
}

#[tokio::test]
async fn pages_of_findings_put_together_are_all_of_them_once() {
    let test_env = finding("- { findings: 'LOW:120,MEDIUM:7' }");
    let app = image("one", &[]);
    Pusher::of(&test_env, REPOSITORY).await.push(&app, "v1");
    test_env.clock.pass(20);
    let mut ids: Vec<String> = findings(&test_env, &app.digest).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 127);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 127);
}

#[tokio::test]
async fn filters_are_alternatives_within_a_field_and_all_hold_across_fields() {
    let test_env = finding("- { findings: 'CRITICAL:1,HIGH:2,LOW:3' }");
    let app = image("one", &[]);
    Pusher::of(&test_env, REPOSITORY).await.push(&app, "v1");
    test_env.clock.pass(20);
    let client = Client::new(&test_env.developer());
    let filter = |value: &str, comparison| StringFilter::builder().comparison(comparison).value(value).build().unwrap();
    let count =
        |criteria| async { client.list_findings().filter_criteria(criteria).send().await.unwrap().findings().len() };
    let equals = StringComparison::Equals;
    let two =
        FilterCriteria::builder().severity(filter("CRITICAL", equals.clone())).severity(filter("HIGH", equals.clone()));
    assert_eq!(count(two.clone().build()).await, 3);
    assert_eq!(count(two.clone().vulnerability_id(filter("CVE-2026-1", StringComparison::Prefix)).build()).await, 1);
    let not = FilterCriteria::builder().severity(filter("LOW", StringComparison::NotEquals)).build();
    assert_eq!(count(not).await, 3);
    assert_eq!(count(two.aws_account_id(filter("222222222222", equals.clone())).build()).await, 0);
    let package = |name: &str, version: &str| {
        let package = aws_sdk_inspector2::types::PackageFilter::builder();
        let package = package.name(filter(name, equals.clone())).version(filter(version, StringComparison::NotEquals));
        FilterCriteria::builder().vulnerable_packages(package.build()).build()
    };
    assert_eq!(count(package("libsample", "9.9.9")).await, 6);
    assert_eq!(count(package("libother", "9.9.9")).await, 0);
    assert_eq!(count(package("libsample", "1.0.0")).await, 0);
}

#[tokio::test]
async fn labels_order_findings_and_reasons_of_their_image() {
    let test_env = finding("[]");
    let pusher = Pusher::of(&test_env, REPOSITORY).await;
    let bad = image("one", &[("dev.kanmon.sandbox.findings", "CRITICAL:2")]);
    let odd = image("two", &[("dev.kanmon.sandbox.scan", "UNSUPPORTED_OS")]);
    let clean = image("three", &[]);
    for app in [&bad, &odd, &clean] {
        pusher.push(app, "latest");
    }
    test_env.clock.pass(20);
    assert_eq!(findings(&test_env, &bad.digest).await.len(), 2);
    assert_eq!(findings(&test_env, &clean.digest).await.len(), 0);
    assert_eq!(reason(&test_env, &odd.digest).await.as_deref(), Some("UNSUPPORTED_OS"));
    assert_eq!(coverage(&test_env, &odd.digest).await.unwrap().last_scanned_at(), None);
}

#[tokio::test]
async fn a_scan_can_be_ordered_never_to_end() {
    let test_env = finding("- { images: { repository: asset-manager }, reason: PENDING_INITIAL_SCAN }");
    let app = image("one", &[]);
    Pusher::of(&test_env, REPOSITORY).await.push(&app, "v1");
    test_env.clock.pass(3 * 3600);
    assert_eq!(reason(&test_env, &app.digest).await.as_deref(), Some("PENDING_INITIAL_SCAN"));
}

#[tokio::test]
async fn an_indexs_platforms_are_scanned_and_neither_the_index_nor_its_attestations() {
    let test_env = finding("[]");
    let pusher = Pusher::of(&test_env, REPOSITORY).await;
    let (app, proof) = (image("one", &[]), attestation("one"));
    let index = index_of(&[&app, &proof]);
    pusher.push_untagged(&app);
    pusher.push_untagged(&proof);
    pusher.push(&index, "v1");
    test_env.clock.pass(20);
    assert_eq!(reason(&test_env, &app.digest).await.as_deref(), Some("SUCCESSFUL"));
    assert_eq!(reason(&test_env, &index.digest).await, None);
    assert_eq!(reason(&test_env, &proof.digest).await.as_deref(), Some("UNSUPPORTED_MEDIA_TYPE"));
}

#[tokio::test]
async fn inspector_reports_whether_it_is_on_and_which_vulnerabilities_are_exploited() {
    let yaml = "[{ findings: [{ id: CVE-2026-1, severity: HIGH, known_exploited: true, epss: 0.9 }] }]";
    let test_env = finding(yaml);
    let client = Client::new(&test_env.developer());
    let status = client.batch_get_account_status().send().await.unwrap();
    let ecr = status.accounts()[0].resource_state().unwrap().ecr().unwrap();
    assert_eq!(ecr.status().as_str(), "ENABLED");
    let app = image("one", &[]);
    Pusher::of(&test_env, REPOSITORY).await.push(&app, "v1");
    test_env.clock.pass(20);
    let found = client.list_findings().filter_criteria(hash_filter(&app.digest)).send().await.unwrap();
    let finding = &found.findings()[0];
    assert_eq!(finding.epss().unwrap().score(), 0.9);
    let other = finding
        .finding_arn()
        .replace("finding/", "finding/0")
        .chars()
        .take(finding.finding_arn().len())
        .collect::<String>();
    let details = client
        .batch_get_finding_details()
        .finding_arns(finding.finding_arn())
        .finding_arns(other)
        .send()
        .await
        .unwrap();
    assert!(details.finding_details()[0].cisa_data().is_some());
    assert_eq!(details.errors()[0].error_code().as_str(), "FINDING_DETAILS_NOT_FOUND");
}

#[tokio::test]
async fn a_basic_scan_is_asked_for_once_a_day_and_pages_its_findings() {
    let mut seed = Seed::demo();
    seed.accounts[0].registry = serde_saphyr::from_str("{ scan: BASIC, frequency: MANUAL }").unwrap();
    seed.inspector = serde_saphyr::from_str("- { findings: 'HIGH:3,UNTRIAGED:1' }").unwrap();
    let test_env = TestEnv::of(&seed);
    let app = image("one", &[]);
    Pusher::of(&test_env, REPOSITORY).await.push(&app, "v1");
    let ecr = aws_sdk_ecr::Client::new(&test_env.developer());
    let id = ImageIdentifier::builder().image_digest(&app.digest).build();
    let read = || {
        ecr.describe_image_scan_findings().repository_name("asset-manager").image_id(id.clone()).max_results(3).send()
    };
    let start = || ecr.start_image_scan().repository_name("asset-manager").image_id(id.clone()).send();
    assert_eq!(said(read().await).0, "ScanNotFoundException");
    start().await.unwrap();
    assert_eq!(said(start().await).0, "LimitExceededException");
    let status = read().await.unwrap().image_scan_status().unwrap().status().unwrap().as_str().to_owned();
    assert_eq!(status, "IN_PROGRESS");
    test_env.clock.pass(20);
    let first = read().await.unwrap();
    assert_eq!(first.image_scan_status().unwrap().status().unwrap().as_str(), "COMPLETE");
    let counts = first.image_scan_findings().unwrap().finding_severity_counts().unwrap().clone();
    assert_eq!(counts.len(), 2);
    assert_eq!(counts[&aws_sdk_ecr::types::FindingSeverity::Undefined], 1);
    assert_eq!(first.image_scan_findings().unwrap().findings().len(), 3);
    assert!(first.next_token().is_some());
    test_env.clock.pass(24 * 3600);
    start().await.unwrap();
    // Inspector does not cover a registry with basic scanning.
    assert_eq!(reason(&test_env, &app.digest).await, None);
}

fn statuses(found: &[aws_sdk_inspector2::types::Finding]) -> Vec<(&str, &str)> {
    let id = |n: usize| found[n].package_vulnerability_details().unwrap().vulnerability_id();
    (0..found.len()).map(|n| (id(n), found[n].status().as_str())).collect()
}

async fn all_findings(test_env: &TestEnv, digest: &str) -> Vec<aws_sdk_inspector2::types::Finding> {
    let call = Client::new(&test_env.developer()).list_findings().filter_criteria(hash_filter(digest));
    call.send().await.unwrap().findings().to_vec()
}

#[tokio::test]
async fn an_old_image_is_no_longer_scanned_and_its_findings_close() {
    let test_env = finding("[{ findings: 'HIGH:1' }]");
    let app = image("one", &[]);
    Pusher::of(&test_env, REPOSITORY).await.push(&app, "v1");
    let late = test_env.clock.timestamp() + jiff::SignedDuration::from_hours(24 * 15);
    let new =
        LaterFindings { images: Images::default(), at: late, findings: Findings::Counted("CRITICAL:1".to_owned()) };
    test_env.world.lock().unwrap().add_findings(new);
    test_env.clock.pass(13 * 24 * 3600);
    assert_eq!(reason(&test_env, &app.digest).await.as_deref(), Some("SUCCESSFUL"));
    test_env.clock.pass(3 * 24 * 3600);
    let row = coverage(&test_env, &app.digest).await.unwrap();
    let scan = row.scan_status().unwrap();
    assert_eq!((scan.reason().as_str(), scan.status_code().as_str()), ("SCAN_ELIGIBILITY_EXPIRED", "INACTIVE"));
    assert_eq!(
        statuses(&all_findings(&test_env, &app.digest).await),
        [("CVE-2026-20001", "CLOSED")],
        "nothing new is seen"
    );
    let inspector = Client::new(&test_env.developer());
    let for_ever = aws_sdk_inspector2::types::EcrConfiguration::builder()
        .rescan_duration(aws_sdk_inspector2::types::EcrRescanDuration::Lifetime)
        .build()
        .unwrap();
    inspector.update_configuration().ecr_configuration(for_ever).send().await.unwrap();
    let configured = inspector.get_configuration().send().await.unwrap();
    let state = configured.ecr_configuration().unwrap().rescan_duration_state().unwrap();
    assert_eq!(state.rescan_duration().unwrap().as_str(), "LIFETIME");
    assert_eq!(reason(&test_env, &app.digest).await.as_deref(), Some("SUCCESSFUL"));
}

#[tokio::test]
async fn findings_close_and_are_suppressed_in_time() {
    let test_env = finding("[{ findings: 'HIGH:2' }]");
    let app = image("one", &[]);
    Pusher::of(&test_env, REPOSITORY).await.push(&app, "v1");
    test_env.clock.pass(60);
    let body =
        serde_json::json!({"close": ["CVE-2026-20001"], "suppress": ["CVE-2026-20002"], "after": 600}).to_string();
    let posted = test_env.send(Request::post("/_sandbox/findings").body(Bytes::from(body)).unwrap());
    assert_eq!(posted.status(), 200);
    let before = all_findings(&test_env, &app.digest).await;
    assert_eq!(statuses(&before), [("CVE-2026-20001", "ACTIVE"), ("CVE-2026-20002", "ACTIVE")]);
    test_env.clock.pass(600);
    let after = all_findings(&test_env, &app.digest).await;
    assert_eq!(statuses(&after), [("CVE-2026-20001", "CLOSED"), ("CVE-2026-20002", "SUPPRESSED")]);
    assert!(
        after[0].updated_at() > before[0].updated_at() && after[0].first_observed_at() == before[0].first_observed_at()
    );
    let active = StringFilter::builder().comparison(StringComparison::Equals).value("ACTIVE").build().unwrap();
    let criteria = FilterCriteria::builder().finding_status(active).build();
    let listed = Client::new(&test_env.developer()).list_findings().filter_criteria(criteria).send().await.unwrap();
    assert_eq!(listed.findings().len(), 0);
}

#[tokio::test]
async fn a_scan_that_was_delayed_continues_and_ends() {
    let test_env = finding("[{ reason: INTERNAL_ERROR, reason_lasts: 300, findings: 'LOW:1' }]");
    let app = image("one", &[]);
    Pusher::of(&test_env, REPOSITORY).await.push(&app, "v1");
    test_env.clock.pass(299);
    assert_eq!(reason(&test_env, &app.digest).await.as_deref(), Some("INTERNAL_ERROR"));
    test_env.clock.pass(2);
    assert_eq!(reason(&test_env, &app.digest).await.as_deref(), Some("PENDING_INITIAL_SCAN"));
    test_env.clock.pass(20);
    assert_eq!(reason(&test_env, &app.digest).await.as_deref(), Some("SUCCESSFUL"));
    assert_eq!(findings(&test_env, &app.digest).await.len(), 1);
}
