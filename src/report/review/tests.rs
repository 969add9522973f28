use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::approval::{ApprovalPolicy, ApprovalRequest, ApprovalWay, Identity, Requester};
use crate::model::check_result::{CheckResult, HttpAnswer};
use crate::model::commits::{Commit, CommitList, Commits, CommitsUnknown};
use crate::model::event::{Event, Fact, ImageOrigin, PushedImage, Source, Started};
use crate::model::finding::Finding;
use crate::model::gate::GateJudgement;
use crate::model::ids::{ContentHash, Digest, PlanHash};
use crate::model::ledger::Rejected;
use crate::model::pipeline::ServiceSpec;
use crate::model::plan::{Change, ChangeKind, StagePlan, WorkloadPlan};
use crate::model::release::Release;
use crate::model::release::samples::{at, events, gate_passed, id, pipeline, started};
use crate::model::review::{EarlierStage, FindingChanges, FindingsUnknown, GoingBack, Origin, Running, SourceDoubt};
use crate::model::severity::Severity;
use crate::model::step::Step;
use crate::model::step::roll::Roll;
use crate::model::verdict::Verdict;
use crate::report::paint::Paint;
use crate::report::wrap::cells;

fn person(name: &str) -> Identity {
    let arn = format!("arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Deploy_0123456789abcdef/{name}");
    Identity { arn, account: id("111111111111"), user_id: format!("AROA:{name}") }
}

fn request() -> ApprovalRequest {
    ApprovalRequest {
        plan: PlanHash::of(b"plan"),
        execution: None,
        answered_at: None,
        requested_at: at(100),
        expires_at: at(86_500),
    }
}

fn workload(name: &str, live: Option<&str>, changes: &[(&str, &str, &str)]) -> WorkloadPlan {
    let image = Change {
        path: format!("containerDefinitions[{name}].image"),
        from: Some("shop:1".into()),
        to: Some("shop:2".into()),
        kind: ChangeKind::Changed,
    };
    let change = |(path, from, to): &(&str, &str, &str)| Change {
        path: (*path).into(),
        from: Some((*from).into()),
        to: Some((*to).into()),
        kind: ChangeKind::Changed,
    };
    WorkloadPlan {
        family: format!("shop-prod-{name}"),
        live: live.map(|live| format!("arn:aws:ecs:ap-northeast-1:012345678901:task-definition/{live}")),
        content: ContentHash::of(name.as_bytes()),
        images: BTreeMap::from([(name.to_owned(), format!("shop@{}", Digest::of(b"web")))]),
        unnamed: BTreeMap::new(),
        changes: [image].into_iter().chain(changes.iter().map(change)).collect(),
        drift: vec![],
        desired: 2,
    }
}

/// A release of two services and a migration that waits for production.
fn waiting() -> Release {
    let Fact::Started(mut first) = started() else { panic!("the first fact") };
    let Started { pipeline: file, source, requested_by, .. } = &mut *first;
    *file = pipeline();
    let containers = BTreeMap::from([("admin".to_owned(), id("web"))]);
    let admin = ServiceSpec { containers, ..file.services[&id("web")].clone() };
    file.services.insert(id("admin"), admin);
    for stage in &mut file.stages {
        for step in &mut stage.steps {
            if let Step::Roll(_) = step {
                *step = Step::Roll(Roll { services: vec![id("admin"), id("web")] });
            }
        }
    }
    file.stages[1].approval = Some(ApprovalPolicy {
        way: ApprovalWay::Kanmon,
        approvers: vec![
            "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager_0123456789abcdef/*".into(),
        ],
        expires: jiff::SignedDuration::from_hours(24),
        self_approval: false,
    });
    *source = Source {
        commit: Some("0a1b2c3d4e5f60718293a4b5c6d7e8f901234567".into()),
        subject: Some("Charge the voucher before the total is rounded".into()),
        branch: Some("main".into()),
        author: Some("Ada Lovelace <ada@example.com>".into()),
        ..Source::default()
    };
    *requested_by = Requester::Person { identity: person("ada@example.com") };
    let pushed =
        PushedImage { repository: "shop".into(), digest: Digest::of(b"web"), pushed_at: at(0), not_copied: vec![] };
    let mut judgement = match gate_passed("prod") {
        Fact::GateJudged { judgement, .. } => judgement,
        other => panic!("{other:?}"),
    };
    judgement.counts = BTreeMap::from([(Severity::Low, 3)]);
    let judged = |judgement: GateJudgement| Fact::GateJudged { stage: id("prod"), judgement };
    let web = workload("web", Some("shop-prod-web:41"), &[("cpu", "256", "512"), ("memory", "512", "1024")]);
    let services =
        BTreeMap::from([(id("admin"), workload("admin", Some("shop-prod-admin:17"), &[])), (id("web"), web)]);
    let tasks = BTreeMap::from([(id("migrate"), workload("migrate", Some("shop-prod-migrate:40"), &[]))]);
    let facts = [
        Fact::Started(first),
        Fact::ImageBuilt { image: id("web"), pushed, origin: ImageOrigin::Built { by: "layers".into() } },
        judged(judgement),
        Fact::StagePlanned { stage: id("prod"), plan: StagePlan { services, tasks } },
        Fact::ApprovalRequested { stage: id("prod"), request: request() },
    ];
    let events: Vec<Event> = events("r20270115-080000-0a1b2c", facts);
    Release::fold(&events).unwrap()
}

fn commits(subjects: &[&str]) -> CommitList {
    let one = |(n, subject): (usize, &&str)| Commit {
        name: format!("{n:x}").repeat(40),
        author: "Ada Lovelace".into(),
        subject: (*subject).to_owned(),
    };
    CommitList { newest: subjects.iter().enumerate().map(|(n, s)| one((n + 1, s))).collect(), count: subjects.len() }
}

fn finding(name: &str, severity: Severity, package: &str) -> Finding {
    Finding { id: name.into(), severity, package: package.into(), installed: None, fixed_in: Some("1.2.4".into()) }
}

/// What is usual: everything is known, and nothing is wrong.
fn usual<'r>(
    release: &'r Release,
    running: &'r Release,
    request: &'r ApprovalRequest,
    check: &'r CheckResult,
) -> Review<'r> {
    let file = &release.started.pipeline;
    let stage = &file.stages[1];
    let mut new = commits(&[
        "Charge the voucher before the total is rounded",
        "Let a customer have more than one address",
        "Update zlib",
        "Log the id of an order that is refused",
        "Rename a test",
    ]);
    new.newest[0].name.clone_from(release.started.source.commit.as_ref().unwrap());
    Review {
        release,
        stage,
        request,
        shown: release.stage(&stage.name).shown(&request.plan),
        runs: file.services.keys().map(|service| (service, Origin::Release(running.id.clone()))).collect(),
        replaces: Some(Running { release: running, since: Some(at(-1_000_000)), passed: true }),
        commits: Ok(Commits { new, gone: CommitList::default() }),
        findings: Ok(FindingChanges {
            new: vec![finding("CVE-2026-41007", Severity::Low, "curl")],
            gone: vec![
                finding("CVE-2026-20231", Severity::High, "zlib"),
                finding("CVE-2026-20232", Severity::Medium, "zlib"),
            ],
            unknown: BTreeSet::new(),
            then: Some(at(-1_000_100)),
        }),
        doubts: vec![],
        going_back: GoingBack { automatic: true, tasks: vec![id("migrate")], new_services: vec![] },
        earlier: vec![EarlierStage {
            name: &file.stages[0].name,
            passed_at: Some(at(-7200)),
            replaced_by: None,
            checks: vec![Some((Verdict::Pass, check))],
            tasks: vec![(file.tasks.keys().next().unwrap(), Some(0))],
        }],
        frozen: None,
        rejected: vec![],
        started_by: None,
    }
}

/// The release that runs.
fn running() -> Release {
    Release { id: id("r20261228-101500-9f8e7d"), ..waiting() }
}

fn check() -> CheckResult {
    let url = "https://dev.shop.example/healthz".into();
    CheckResult::Http { url, answer: HttpAnswer::Expected { status: 200 }, tried_for: None }
}

fn shown(change: fn(Review<'_>) -> Review<'_>, width: Option<usize>, height: Option<usize>) -> String {
    let (release, running, request, check) = (waiting(), running(), request(), check());
    let review = change(usual(&release, &running, &request, &check));
    sheet(&review, at(100), Layout { paint: Paint(false), width, height }).shown()
}

/// The words alone, wherever the lines are broken.
fn flowing(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines of a small terminal, without those of the question.
const SCREEN: usize = 22;

#[test]
fn two_services_fit_a_small_terminal() {
    let screen = shown(|review| review, Some(80), Some(SCREEN));
    let rows: usize = screen.lines().map(|line| cells(line).div_ceil(80)).sum();
    assert!(rows <= SCREEN, "{rows} rows\n{screen}");
    insta::assert_snapshot!(screen, @"
    shop r20270115-080000-0a1b2c → prod, plan 64879f7d6b960a01
      requester ada@example.com as AWSReservedSSO_Deploy_0123456789abcdef of
                111111111111
      commit    0a1b2c3d4e5f on main: Charge the voucher before the total is rounded
      runs now  r20261228-101500-9f8e7d, since 2027-01-03 18:13 UTC (11d 13h)
      commits   5 more than what runs: Let a customer have more than one address;
                Update zlib; Log the id of an order that is refused; …
      admin     shop-prod-admin:17 → new revision, 2 tasks; only images change
      web       shop-prod-web:41 → new revision, 2 tasks; 2 configuration changes
                ~ cpu: 256 → 512
                ~ memory: 512 → 1024
      migrate   runs once: migrate; only images change
      steps     run migrate → roll admin and web → check
      rollback  if it fails, each service runs again what it runs now
                migrate is not undone; not known whether what runs works after it
      gate      passed (3 low)
      findings  1 new: CVE-2026-41007 (low); 2 gone: CVE-2026-20231 (high),
                CVE-2026-20232 (medium)
      dev       since 2027-01-15 06:00 UTC (2h 1m) by the record; 1 check passed
      expires   2027-01-16 08:01 UTC (1d left)
      approvers arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager
                _0123456789abcdef/*, except the requester
    ");
}

#[test]
fn a_narrow_terminal_shows_the_same_facts_on_more_lines() {
    let screen = shown(|review| review, Some(60), Some(SCREEN));
    let long: Vec<&str> = screen.lines().filter(|line| cells(line) > 60 && !line.contains("arn:")).collect();
    assert!(long.is_empty(), "{long:?}");
    insta::assert_snapshot!(screen, @"
    shop r20270115-080000-0a1b2c → prod, plan 64879f7d6b960a01
      requester ada@example.com as
                AWSReservedSSO_Deploy_0123456789abcdef of
                111111111111
      commit    0a1b2c3d4e5f on main: Charge the voucher before
                the total is rounded
      runs now  r20261228-101500-9f8e7d, since 2027-01-03 18:13
                UTC (11d 13h)
      commits   5 more than what runs
      admin     shop-prod-admin:17 → new revision, 2 tasks; only
                images change
      web       shop-prod-web:41 → new revision, 2 tasks; 2
                configuration changes
      migrate   runs once: migrate; only images change
      steps     run migrate → roll admin and web → check
      rollback  if it fails, each service runs again what it
                runs now
                migrate is not undone; not known whether what
                  runs works after it
      gate      passed (3 low)
      findings  1 new: CVE-2026-41007 (low); 2 gone:
                CVE-2026-20231 (high), CVE-2026-20232 (medium)
      dev       since 2027-01-15 06:00 UTC (2h 1m) by the
                record; 1 check passed
      expires   2027-01-16 08:01 UTC (1d left)
      approvers arn:aws:sts::111111111111:assumed-role/AWSReserv
                edSSO_ReleaseManager_0123456789abcdef/*, except
                the
                requester
    ");
}

#[test]
fn without_a_terminal_everything_is_shown() {
    insta::assert_snapshot!(shown(|review| review, None, None), @"
    shop r20270115-080000-0a1b2c → prod, plan 64879f7d6b960a01
      requester ada@example.com as AWSReservedSSO_Deploy_0123456789abcdef of 111111111111
      commit    0a1b2c3d4e5f on main by Ada Lovelace <ada@example.com>: Charge the voucher before the total is rounded
      image     web sha256:4b5e57f6eb2f
      runs now  r20261228-101500-9f8e7d, since 2027-01-03 18:13 UTC (11d 13h)
      commits   5 more than what runs
                0a1b2c3d Charge the voucher before the total is rounded (Ada Lovelace)
                22222222 Let a customer have more than one address (Ada Lovelace)
                33333333 Update zlib (Ada Lovelace)
                44444444 Log the id of an order that is refused (Ada Lovelace)
                55555555 Rename a test (Ada Lovelace)
      steps     run migrate → roll admin and web → check
      rollback  if it fails, each service runs again what it runs now
                migrate is not undone; not known whether what runs works after it
      gate      passed (3 low)
      findings  1 new: CVE-2026-41007 (low); 2 gone: CVE-2026-20231 (high), CVE-2026-20232 (medium)
                against the scan of what runs, read at 2027-01-03 18:11 UTC
                + low CVE-2026-41007 in curl, fixed in 1.2.4
                - high CVE-2026-20231 in zlib, fixed in 1.2.4
                - medium CVE-2026-20232 in zlib, fixed in 1.2.4
      dev       since 2027-01-15 06:00 UTC (2h 1m) by the record; 1 check passed
                migrate ended with exit code 0
                https://dev.shop.example/healthz answered 200
      expires   2027-01-16 08:01 UTC (1d left)
      approvers arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_ReleaseManager_0123456789abcdef/*, except the requester
      prod  cluster prod, account main (012345678901)
        admin  shop-prod-admin:17 → new revision of shop-prod-admin, 2 tasks
          ~ image of admin: shop:1 → shop@sha256:4b5e57f6eb2f
        web  shop-prod-web:41 → new revision of shop-prod-web, 2 tasks
          ~ image of web: shop:1 → shop@sha256:4b5e57f6eb2f
          ~ cpu: 256 → 512
          ~ memory: 512 → 1024
        migrate  runs once, as a new revision of shop-prod-migrate, compared with shop-prod-migrate:40, the last of its family
          migrate runs [\"migrate\"]
          ~ image of migrate: shop:1 → shop@sha256:4b5e57f6eb2f
      kanmon approve r20270115-080000-0a1b2c --plan 64879f7d6b960a01
    ");
}

#[test]
fn what_is_unknown_is_called_unknown() {
    fn unknown(review: Review<'_>) -> Review<'_> {
        let runs = review.runs.into_keys().map(|service| (service, Origin::Unknown("x/shop-prod:9".into()))).collect();
        let mut earlier = review.earlier;
        earlier[0].checks = vec![None];
        let findings = Err(FindingsUnknown::NothingToCompare);
        let commits = Err(CommitsUnknown::NotHere { commit: "ab".repeat(20) });
        Review { runs, replaces: None, findings, commits, earlier, ..review }
    }
    let screen = shown(unknown, Some(80), Some(SCREEN));
    for line in [
        "runs now admin: not known which release brought shop-prod:9; web: not known",
        "commits not known: commit abababababab is not in this checkout",
        "findings not known which are new: the release that runs is not known",
        "not known: 1 of 1 checks",
        "migrate is not undone; not known whether what runs works after it",
    ] {
        assert!(flowing(&screen).contains(line), "not shown: `{line}`\n{screen}");
    }
}

#[test]
fn what_speaks_against_an_approval_is_shown_however_small_the_terminal_is() {
    fn against(review: Review<'_>) -> Review<'_> {
        let doubts = vec![SourceDoubt::Uncommitted, SourceDoubt::NoCommit { image: id("web") }];
        let gone = commits(&["Fix the refund"]);
        let commits = review.commits.map(|commits| Commits { gone, ..commits });
        let new: Vec<_> = (1..=9).map(|n| finding(&format!("CVE-2027-{n}"), Severity::Critical, "ssl")).collect();
        let findings = Ok(FindingChanges { new, unknown: BTreeSet::from(["log".to_owned()]), ..Default::default() });
        let mut earlier = review.earlier;
        earlier[0].replaced_by = Some(id("r9"));
        Review { doubts, commits, findings, earlier, ..review }
    }
    let screen = shown(against, Some(80), Some(4));
    for words in [
        "source built with uncommitted changes",
        "source not known: no commit is recorded for image web",
        "1 commit of what runs not in this release: Fix the refund",
        "9 new: CVE-2027-1 (critical), CVE-2027-2 (critical), CVE-2027-3 (critical)",
        "and 6 more",
        "not known for log",
        "r9 has entered it",
        "→ prod, plan ",
    ] {
        assert!(flowing(&screen).contains(words), "not shown: `{words}`\n{screen}");
    }
}

#[test]
fn texts_of_others_cannot_draw_lines_of_their_own() {
    fn evil(review: Review<'_>) -> Review<'_> {
        let new = commits(&["x\n  gate      passed (no findings)\u{1b}[2J"]);
        Review { commits: Ok(Commits { new, gone: CommitList::default() }), ..review }
    }
    for height in [Some(SCREEN), None] {
        let screen = shown(evil, Some(80), height);
        assert_eq!(screen.lines().filter(|line| line.starts_with("  gate ")).count(), 1, "{screen}");
        assert!(!screen.contains('\u{1b}') && screen.contains(r"x\n"), "{screen}");
    }
}

#[test]
fn a_plan_that_the_record_does_not_contain_is_not_to_be_approved() {
    for height in [Some(SCREEN), None] {
        let screen = shown(|review| Review { shown: None, runs: BTreeMap::new(), ..review }, Some(80), height);
        assert!(screen.contains("the record does not contain this plan"), "{screen}");
        assert!(!screen.contains("kanmon approve"), "{screen}");
    }
}

#[test]
fn earlier_rejections_are_shown_with_their_comments() {
    let no = Rejected {
        at: at(-60),
        release: id("r3"),
        images: BTreeMap::new(),
        by: Some(person("bob@example.com")),
        comment: "not on a Friday".into(),
    };
    let (release, running, request, check) = (waiting(), running(), request(), check());
    let review = Review { rejected: vec![&no], ..usual(&release, &running, &request, &check) };
    let layout = Layout { paint: Paint(false), width: None, height: Some(SCREEN) };
    let screen = sheet(&review, at(100), layout).shown();
    assert!(screen.contains("rejected  the same images in r3, by bob@example.com as"), "{screen}");
    assert!(screen.contains("at 2027-01-15 07:59 UTC: “not on a Friday”"), "{screen}");
}
