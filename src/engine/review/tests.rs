use std::collections::BTreeMap;

use super::*;
use crate::model::approval::{Answer, ApprovalAnswer};
use crate::model::check_result::CheckResult;
use crate::model::event::{ImageOrigin, PushedImage, Source, Started};
use crate::model::ids::{ContentHash, Digest, PlanHash};
use crate::model::ledger::{LastGood, StageLedger};
use crate::model::plan::{StagePlan, WorkloadPlan};
use crate::model::release::samples::{at, check_result, events, gate_passed, id, started, step};
use crate::model::rollout::{Baseline, RolloutEnd};
use crate::model::severity::Severity;
use crate::model::step::check::CheckFact;
use crate::model::step::part::Direction;
use crate::model::step::roll::RollFact;
use crate::model::verdict::Verdict;

const OLD: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const NEW: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn begun(commit: Option<&str>, dirty: bool) -> Fact {
    let Fact::Started(first) = started() else { panic!("the first fact") };
    let source = Source { commit: commit.map(str::to_owned), dirty, ..Source::default() };
    Fact::Started(Box::new(Started { source, ..*first }))
}

fn built(content: &str) -> Fact {
    let digest = Digest::of(content.as_bytes());
    let pushed = PushedImage { repository: "shop".into(), digest, pushed_at: at(0), not_copied: vec![] };
    Fact::ImageBuilt { image: id("web"), pushed, origin: ImageOrigin::Built { by: "layers".into() } }
}

fn finding(name: &str, severity: Severity) -> Finding {
    Finding { id: name.into(), severity, package: "ssl".into(), installed: None, fixed_in: None }
}

fn scanned(findings: &[(&str, Severity)]) -> Fact {
    let findings = findings.iter().map(|(name, severity)| finding(name, *severity)).collect();
    let state = ScanState::Scanned { at: at(0), again_from: None };
    let reading = ScanReading { findings, ..ScanReading::without_findings(state) };
    Fact::ScanObserved { image: ScanSubject::Image(id("web")), account: id("main"), reading, readings: 1 }
}

fn unscannable() -> Fact {
    let reading = ScanReading::unscannable(crate::model::gate_reason::ScanBlock::NoManifest);
    Fact::ScanObserved { image: ScanSubject::Image(id("web")), account: id("main"), reading, readings: 1 }
}

fn planned(content: &str, live: Option<&str>) -> Fact {
    let web = WorkloadPlan {
        family: "web".into(),
        live: live.map(str::to_owned),
        content: ContentHash::of(content.as_bytes()),
        images: BTreeMap::from([("web".into(), format!("shop@{}", Digest::of(content.as_bytes())))]),
        unnamed: BTreeMap::new(),
        changes: vec![],
        drift: vec![],
        desired: 2,
    };
    let plan = StagePlan { services: BTreeMap::from([(id("web"), web)]), tasks: BTreeMap::new() };
    Fact::StagePlanned { stage: id("prod"), plan }
}

/// Approval is requested, given, and used to roll the service from one revision to another.
fn rolled(from: &str, to: &str) -> Vec<Fact> {
    let plan = PlanHash::of(b"plan");
    let request = ApprovalRequest {
        plan: plan.clone(),
        execution: None,
        answered_at: None,
        requested_at: at(0),
        expires_at: at(3600),
    };
    let answer = ApprovalAnswer { stage: id("prod"), plan, answer: Answer::Approved, by: None, comment: String::new() };
    let baseline = Baseline {
        primary: "ecs-svc/0".into(),
        task_definition: from.into(),
        service_deployments: vec![],
        deployments: vec![],
        desired: 2,
    };
    let service = || id("web");
    let forward = Direction::Forward;
    let started = RollFact::RolloutStarted {
        service: service(),
        direction: forward,
        primary: Some("ecs-svc/1".into()),
        task_definition: to.into(),
    };
    vec![
        Fact::ApprovalRequested { stage: id("prod"), request },
        Fact::ApprovalGiven { answer },
        gate_passed("prod"),
        planned("old", Some(from)),
        Fact::StageEntered { stage: id("prod") },
        Fact::step(&step("prod", 1), RollFact::BaselineTaken { service: service(), baseline }),
        Fact::step(&step("prod", 1), started),
    ]
}

fn record(name: &str, facts: Vec<Fact>) -> Record {
    let events = events(name, facts);
    let release = Release::fold(&events).unwrap();
    Record { events, release }
}

/// The release `r1`, which brought `web:2` to production.
fn running(findings: Fact) -> Record {
    let mut facts =
        vec![begun(Some(OLD), false), built("old"), findings, gate_passed("prod"), planned("old", Some("web:1"))];
    facts.extend(rolled("web:1", "web:2"));
    let ended =
        RollFact::RolloutEnded { service: id("web"), direction: Direction::Forward, end: RolloutEnd::Succeeded };
    facts.push(Fact::step(&step("prod", 1), ended));
    facts.push(Fact::StageLeft { stage: id("prod"), images: BTreeMap::new() });
    record("r1", facts)
}

/// The release `r5`, which waits for production while this revision runs there.
fn waiting(commit: Option<&str>, dirty: bool, live: Option<&str>, findings: Fact) -> (Record, ApprovalRequest) {
    let first = vec![begun(commit, dirty), built("new"), findings, gate_passed("prod"), planned("new", live)];
    let before = record("r5", first.clone());
    let state = before.release.stage(&id("prod"));
    let stage = before.release.started.pipeline.stage(&id("prod")).unwrap();
    let (plan, gate) = (state.plan.as_ref().unwrap(), state.gate.as_ref().unwrap());
    let request = ApprovalRequest {
        plan: crate::engine::plan::hash(&before.release, stage, plan, gate),
        execution: None,
        answered_at: None,
        requested_at: at(10),
        expires_at: at(3600),
    };
    let asked = Fact::ApprovalRequested { stage: id("prod"), request: request.clone() };
    (record("r5", first.into_iter().chain([asked]).collect()), request)
}

fn ledgers() -> Ledgers {
    let prod = StageLedger {
        last_good: Some(LastGood { release: id("r1"), at: at(50) }),
        last_entered: Some(id("r1")),
        ..StageLedger::default()
    };
    Ledgers::from([(id("prod"), prod)])
}

fn seen<T>(of: &(Record, ApprovalRequest), candidates: &[Record], look: impl FnOnce(&Review<'_>) -> T) -> T {
    let (record, request) = of;
    let stage = record.release.started.pipeline.stage(&id("prod")).unwrap();
    let ledgers = ledgers();
    let commits = Ok(Commits::default());
    let circumstances = Circumstances { record, candidates, ledgers: &ledgers, commits, started_by: None };
    look(&review(circumstances, stage, request))
}

fn between(of: &(Record, ApprovalRequest), candidates: &[Record]) -> Result<(String, String), CommitsUnknown> {
    let release = &of.0.release;
    let stage = release.started.pipeline.stage(&id("prod")).unwrap();
    commits_between(release, candidates, stage, &of.1).map(|(from, to)| (from.to_owned(), to.to_owned()))
}

#[test]
fn the_release_that_runs_is_the_one_that_brought_the_plans_revision() {
    let of = waiting(Some(NEW), false, Some("web:2"), scanned(&[]));
    let candidates = [running(scanned(&[]))];
    let (id_of, since) = seen(&of, &candidates, |r| {
        let running = r.replaces.unwrap();
        (running.release.id.clone(), running.since)
    });
    assert_eq!((id_of, since), (id("r1"), candidates[0].release.stage(&id("prod")).left));
    assert_eq!(between(&of, &candidates), Ok((OLD.to_owned(), NEW.to_owned())));
}

#[test]
fn a_revision_that_no_candidate_brought_is_unknown_and_so_is_everything_compared_with_it() {
    for (live, candidates) in [("web:9", vec![running(scanned(&[]))]), ("web:2", vec![])] {
        let of = waiting(Some(NEW), false, Some(live), scanned(&[]));
        let (runs, replaces, findings) = seen(&of, &candidates, |r| {
            (r.runs.values().cloned().collect::<Vec<_>>(), r.replaces.is_some(), r.findings.clone())
        });
        assert_eq!(runs, [Origin::Unknown(live.to_owned())]);
        assert_eq!((replaces, findings), (false, Err(FindingsUnknown::NothingToCompare)));
        assert_eq!(between(&of, &candidates), Err(CommitsUnknown::NothingToCompare));
    }
    let of = waiting(Some(NEW), false, None, scanned(&[]));
    assert_eq!(seen(&of, &[], |r| r.runs.values().cloned().collect::<Vec<_>>()), [Origin::Nothing]);
}

#[test]
fn a_release_that_was_rolled_back_does_not_run() {
    let mut facts = vec![begun(Some(OLD), false), built("old"), gate_passed("prod"), planned("old", Some("web:2"))];
    facts.extend(rolled("web:2", "web:3"));
    let end =
        RolloutEnd::Failed { why: crate::model::rollout_reason::RolloutFailure::Ecs { said: None, monitor: None } };
    let ended = RollFact::RolloutEnded { service: id("web"), direction: Direction::Forward, end };
    let again = RollFact::RolloutStarted {
        service: id("web"),
        direction: Direction::Back,
        primary: None,
        // The previous revision was registered again.
        task_definition: "web:4".into(),
    };
    facts.push(Fact::step(&step("prod", 1), ended));
    facts.push(Fact::step(&step("prod", 1), again));
    let candidates = [running(scanned(&[])), record("r3", facts)];
    for live in ["web:2", "web:4"] {
        let of = waiting(Some(NEW), false, Some(live), scanned(&[]));
        let runs = seen(&of, &candidates, |r| r.replaces.map(|running| running.release.id.clone()));
        assert_eq!(runs, Some(id("r1")), "{live}");
    }
    let of = waiting(Some(NEW), false, Some("web:3"), scanned(&[]));
    assert!(seen(&of, &candidates, |r| r.replaces.is_none()));
}

#[test]
fn findings_are_compared_by_vulnerability_and_package_and_the_worst_is_first() {
    let old = [("CVE-1", Severity::Low), ("CVE-2", Severity::High)];
    let new = [("CVE-1", Severity::Critical), ("CVE-3", Severity::Low), ("CVE-4", Severity::Critical)];
    let of = waiting(Some(NEW), false, Some("web:2"), scanned(&new));
    let found = seen(&of, &[running(scanned(&old))], |r| r.findings.clone()).unwrap();
    let names = |findings: &[Finding]| findings.iter().map(|f| f.id.clone()).collect::<Vec<_>>();
    assert_eq!((names(&found.new), names(&found.gone)), (vec!["CVE-4".into(), "CVE-3".into()], vec!["CVE-2".into()]));
    assert_eq!((found.unknown.len(), found.then), (0, Some(at(3))));
}

#[test]
fn an_image_without_a_scan_result_on_either_side_is_unknown_and_never_counts_as_clean() {
    let found = [("CVE-1", Severity::Low)];
    for (old, new) in [(unscannable(), scanned(&found)), (scanned(&found), unscannable())] {
        let of = waiting(Some(NEW), false, Some("web:2"), new);
        let found = seen(&of, &[running(old)], |r| r.findings.clone()).unwrap();
        assert_eq!((found.new.len(), found.gone.len()), (0, 0));
        assert!(found.unknown.contains("web"));
    }
}

#[test]
fn an_image_of_uncommitted_files_or_of_no_commit_is_in_doubt() {
    let doubts = |commit, dirty| seen(&waiting(commit, dirty, Some("web:2"), scanned(&[])), &[], |r| r.doubts.clone());
    assert_eq!(doubts(Some(NEW), false), []);
    assert_eq!(doubts(Some(NEW), true), [SourceDoubt::Uncommitted]);
    assert_eq!(doubts(None, false), [SourceDoubt::NoCommit { image: id("web") }]);
    let of = waiting(None, false, Some("web:2"), scanned(&[]));
    assert_eq!(between(&of, &[running(scanned(&[]))]), Err(CommitsUnknown::NoCommit { of_what_runs: false }));
}

#[test]
fn a_plan_whose_hash_is_another_is_not_shown() {
    let (record, request) = waiting(Some(NEW), false, Some("web:2"), scanned(&[]));
    let other = ApprovalRequest { plan: PlanHash::of(b"other"), ..request };
    assert!(seen(&(record, other), &[running(scanned(&[]))], |r| r.shown.is_none() && r.replaces.is_none()));
}

#[test]
fn an_earlier_stage_has_its_checks_and_who_entered_it_since() {
    let (record, request) = waiting(Some(NEW), false, Some("web:2"), scanned(&[]));
    let judged = CheckFact::CheckJudged { verdict: Verdict::Pass, result: check_result() };
    let mut facts: Vec<Fact> = record.events.into_iter().map(|event| event.fact).collect();
    let position = facts.len() - 1;
    let dev = [
        gate_passed("dev"),
        Fact::StagePlanned { stage: id("dev"), plan: StagePlan::default() },
        Fact::StageEntered { stage: id("dev") },
        Fact::step(&step("dev", 2), judged),
        Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() },
    ];
    facts.splice(position..position, dev);
    let record = self::record("r5", facts);
    let stage = record.release.started.pipeline.stage(&id("prod")).unwrap();
    let mut ledgers = ledgers();
    ledgers.insert(id("dev"), StageLedger { last_entered: Some(id("r7")), ..StageLedger::default() });
    let commits = Ok(Commits::default());
    let circumstances =
        Circumstances { record: &record, candidates: &[], ledgers: &ledgers, commits, started_by: None };
    let review = review(circumstances, stage, &request);
    let result: &CheckResult = &check_result();
    let [dev] = &review.earlier[..] else { panic!("one stage") };
    assert_eq!((dev.passed_at, dev.replaced_by.clone()), (record.release.stage(&id("dev")).left, Some(id("r7"))));
    assert_eq!(
        (dev.checks.clone(), dev.tasks.clone()),
        (vec![Some((Verdict::Pass, result))], vec![(&id("migrate"), None)])
    );
    assert_eq!(review.going_back.tasks, [id("migrate")]);
}
