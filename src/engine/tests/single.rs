//! Decisions that random stories reach too rarely.

use std::collections::BTreeMap;

use crate::engine::decide::decide;
use crate::engine::decision::{Decision, Watch};
use crate::model::effect::{Effect, StepRef, Workload};
use crate::model::event::{Event, Fact, ImageOrigin, PushedImage, StageFailure};
use crate::model::fault::FaultKind;
use crate::model::finding::{Finding, ScanReading, ScanState};
use crate::model::gate_reason::GateReason;
use crate::model::ids::{ContentHash, Digest, ServiceName};
use crate::model::ledger::{Ledgers, StageLedger};
use crate::model::outcome::Outcome;
use crate::model::plan::{Change, ChangeKind, StagePlan, Unnamed, UnnamedGate, WorkloadPlan};
use crate::model::reason::Reason;
use crate::model::release::Release;
use crate::model::release::samples::{at, ending, events, gate_passed, id, reason, started, step, unknown_requester};
use crate::model::rollout::{Baseline, Circumstances, RolloutEnd, RolloutProgress, RolloutState};
use crate::model::rollout_reason::ProofGap;
use crate::model::severity::Severity;
use crate::model::step::part::{Direction, StepPart};
use crate::model::step::roll::{Roll, RollFact};
use crate::model::step::{Step, StepFact};
use crate::model::verdict::Verdict;

fn dev() -> StepRef {
    step("dev", 0)
}

fn planned() -> WorkloadPlan {
    WorkloadPlan {
        family: "web".into(),
        live: Some("web:1".into()),
        content: ContentHash::of(b"next"),
        images: BTreeMap::new(),
        unnamed: Default::default(),
        changes: vec![Change { path: "image".into(), from: None, to: None, kind: ChangeKind::Changed }],
        drift: vec![],
        desired: 2,
    }
}

fn built() -> Fact {
    let pushed =
        PushedImage { repository: "r/web".into(), digest: Digest::of(b"web"), pushed_at: at(0), not_copied: vec![] };
    Fact::ImageBuilt { image: id("web"), pushed, origin: ImageOrigin::Built { by: "layers".into() } }
}

/// A release that has entered `dev`, whose one step rolls `web` and `admin`, both registered; then these facts.
fn in_dev(facts: Vec<Fact>) -> Release {
    let Fact::Started(mut first) = started() else { unreachable!("it starts") };
    let web = first.pipeline.services[&id("web")].clone();
    first.pipeline.services.insert(id("admin"), web);
    let names: [ServiceName; 2] = [id("web"), id("admin")];
    first.pipeline.stages[0].steps = vec![Step::Roll(Roll { services: names.to_vec() })];
    let services = names.iter().map(|name| (name.clone(), planned())).collect();
    let mut all = vec![
        Fact::Started(first),
        Fact::Surveyed { until: id("prod") },
        built(),
        gate_passed("dev"),
        Fact::StageLocked { stage: id("dev"), fence: 1 },
        Fact::StagePlanned { stage: id("dev"), plan: StagePlan { services, tasks: BTreeMap::new() } },
        Fact::StageEntered { stage: id("dev") },
    ];
    for service in names {
        let baseline = Baseline {
            primary: "ecs-svc/0".into(),
            task_definition: "web:1".into(),
            service_deployments: vec![],
            deployments: vec![],
            desired: 2,
        };
        all.push(Fact::step(&dev(), RollFact::BaselineTaken { service: service.clone(), baseline }));
        let (workload, content) = (Workload::Service(service), ContentHash::of(b"next"));
        all.push(Fact::TaskDefinitionRegistered { at: dev(), workload, arn: "web:2".into(), content, reused: false });
    }
    let journal: Vec<Event> = events("r1", all.into_iter().chain(facts));
    Release::fold(&journal).unwrap()
}

fn update(service: &str) -> Effect {
    Effect::Update { at: dev(), service: id(service), direction: Direction::Forward }
}

fn rolled(service: &str, rollout: RolloutState) -> Vec<Fact> {
    let (at, service): (StepRef, ServiceName) = (dev(), id(service));
    let progress = RolloutProgress {
        rollout,
        deployment: Some("sd/1".into()),
        desired: 2,
        running: 2,
        failed: 0,
        task_stops: vec![],
        circumstances: Circumstances::default(),
    };
    let (primary, task_definition) = (Some("ecs-svc/1".to_owned()), "web:2".to_owned());
    vec![
        Fact::step(
            &at,
            RollFact::RolloutStarted {
                service: service.clone(),
                direction: Direction::Forward,
                primary,
                task_definition,
            },
        ),
        Fact::step(&at, RollFact::RolloutObserved { service, direction: Direction::Forward, progress }),
    ]
}

fn unknown_result(effect: Effect) -> Vec<Fact> {
    let fault = crate::model::fault::samples::of(FaultKind::Ambiguous);
    vec![Fact::Intended { effect: effect.clone(), attempt: 1 }, Fact::EffectUnknown { effect, fault }]
}

fn failed(outcome: Outcome) -> Fact {
    let failure = StageFailure { reason: reason(outcome), roll_back: true };
    Fact::StageFailed { stage: id("dev"), failure }
}

fn decided(release: &Release) -> Decision {
    decide(release, &Ledgers::new(), at(100))
}

#[test]
fn a_failed_stage_is_not_rolled_back_while_an_update_is_unknown() {
    let facts = [unknown_result(update("web")), vec![failed(Outcome::Failed)]].concat();
    let Decision::Finish(ending) = decided(&in_dev(facts)) else {
        panic!("nothing can be done before it is looked at")
    };
    assert_eq!(ending.outcome(), Outcome::Unknown, "{ending:?}");
    assert!(ending.outcome().is_resumable(), "so that a resumption reads it");
}

#[test]
fn a_failure_is_recorded_even_if_another_effect_is_unknown() {
    let mut facts = unknown_result(update("web"));
    facts.extend(rolled("admin", RolloutState::RolledBack { said: Some("crash".into()) }));
    let end = RolloutEnd::RolledBack { said: Some("crash".into()) };
    facts.push(Fact::step(&dev(), RollFact::RolloutEnded { service: id("admin"), direction: Direction::Forward, end }));
    let Decision::Record(facts) = decided(&in_dev(facts)) else { panic!("the stage has failed") };
    assert!(
        matches!(&facts[..], [Fact::StageFailed { failure, .. }] if failure.reason.outcome() == Outcome::RolledBack)
    );
}

#[test]
fn an_ambiguous_rollout_is_read_again_once_it_is_resumed() {
    let mut facts = rolled("web", RolloutState::Ambiguous { deployments: vec!["two".into()] });
    facts.extend(rolled("admin", RolloutState::InProgress));
    let Decision::Finish(ending) = decided(&in_dev(facts.clone())) else { panic!("it is unknown") };
    assert_eq!(ending.outcome(), Outcome::Unknown);
    facts.push(Fact::Suspended { ending });
    facts.push(Fact::Resumed { by: unknown_requester(), kanmon: "0".into() });
    facts.push(Fact::StageLocked { stage: id("dev"), fence: 2 });
    let Decision::Go { watch, .. } = decided(&in_dev(facts)) else { panic!("it is watched") };
    let watched: Vec<Watch> = watch.into_iter().map(|w| w.watch).collect();
    assert!(
        watched.contains(&Watch::Step { at: dev(), part: StepPart::Service(id("web"), Direction::Forward) }),
        "{watched:?}"
    );
}

#[test]
fn a_refused_stop_leaves_the_deployment_to_be_followed() {
    let stop = Effect::StopRollout { at: dev(), service: id("web") };
    let mut facts = rolled("web", RolloutState::InProgress);
    facts.push(failed(Outcome::Failed));
    facts.push(Fact::Intended { effect: stop.clone(), attempt: 1 });
    facts.push(Fact::EffectFailed { effect: stop, fault: crate::model::fault::samples::of(FaultKind::Invalid) });
    let Decision::Go { start, watch, .. } = decided(&in_dev(facts)) else { panic!("it is followed to its end") };
    assert!(start.is_empty(), "{start:?}");
    assert_eq!(watch[0].watch, Watch::Step { at: dev(), part: StepPart::Service(id("web"), Direction::Forward) });
}

/// After SUCCESSFUL a deployment can be neither stopped nor rolled back: only a new one restores what ran before.
#[test]
fn a_successful_deployment_without_a_proof_in_time_has_failed_and_is_not_stopped() {
    let mut facts = rolled("web", RolloutState::Proving { missing: ProofGap::NoPrimary });
    facts.push(Fact::step(&dev(), RollFact::RolloutOverdue { service: id("web"), direction: Direction::Forward }));
    let ended = |decision: Decision| match decision {
        Decision::Record(facts) => {
            assert!(
                facts.iter().any(|f| matches!(
                    f,
                    Fact::Step {
                        fact: StepFact::Roll(RollFact::RolloutEnded {
                            direction: Direction::Forward,
                            end: RolloutEnd::Failed { .. },
                            ..
                        }),
                        ..
                    }
                )),
                "{facts:?}"
            );
        }
        other => panic!("{other:?}"),
    };
    ended(decided(&in_dev(facts.clone())));
    facts.push(failed(Outcome::Aborted));
    ended(decided(&in_dev(facts)));
}

#[test]
fn a_release_that_was_overtaken_while_suspended_is_superseded() {
    let ledger = |last: &str| {
        let ledger = StageLedger { last_entered: Some(id(last)), ..StageLedger::default() };
        BTreeMap::from([(id("dev"), ledger)])
    };
    let release = in_dev(vec![]);
    let Decision::Go { start, .. } = decide(&release, &ledger("r1"), at(100)) else { panic!("its own entry is none") };
    assert!(start.contains(&update("web")) && start.contains(&update("admin")), "{start:?}");
    let Decision::Record(facts) = decide(&release, &ledger("r2"), at(100)) else { panic!("a newer one has entered") };
    let [Fact::StageFailed { failure, .. }] = &facts[..] else { panic!("{facts:?}") };
    assert_eq!((failure.reason.outcome(), failure.roll_back), (Outcome::Superseded, false));
}

#[test]
fn a_process_that_takes_over_changes_nothing_before_it_has_judged_the_gate() {
    let taken_over = || {
        let by = unknown_requester();
        vec![Fact::Resumed { by, kanmon: "1".into() }, Fact::StageLocked { stage: id("dev"), fence: 2 }]
    };
    let Decision::Go { start, watch, .. } = decided(&in_dev(taken_over())) else {
        panic!("it looks at the scan first")
    };
    assert_eq!(start, [], "the recorded judgement is not enough");
    let scan = Watch::Scan { image: id("web"), account: id("main") };
    assert_eq!(watch.into_iter().map(|w| w.watch).collect::<Vec<_>>(), [scan]);

    let passed = in_dev([taken_over(), vec![gate_passed("dev")]].concat());
    let Decision::Go { start, .. } = decided(&passed) else { panic!("it continues") };
    assert_eq!(start, [update("admin"), update("web")]);

    let Fact::GateJudged { stage, mut judgement } = gate_passed("dev") else { unreachable!("it is a judgement") };
    judgement.verdict = Verdict::Fail;
    judgement.reasons = vec![GateReason::NothingToJudge];
    let blocked = in_dev([taken_over(), vec![Fact::GateJudged { stage, judgement }]].concat());
    let Decision::Record(facts) = decided(&blocked) else { panic!("the stage has failed") };
    let [Fact::StageFailed { failure, .. }] = &facts[..] else { panic!("{facts:?}") };
    assert!(failure.roll_back && matches!(failure.reason, Reason::GateNoLongerPasses { .. }), "{failure:?}");
}

/// A record may claim that the gate passed a container that the file does not name.
#[test]
fn a_process_that_takes_over_judges_unnamed_containers_again() {
    let image = format!("012345678901.dkr.ecr.ap-northeast-1.amazonaws.com/metrics@{}", Digest::of(b"metrics"));
    let Fact::GateJudged { judgement, .. } = gate_passed("dev") else { unreachable!("it is judged") };
    let unnamed = BTreeMap::from([("metrics".to_owned(), Unnamed { image, gate: UnnamedGate::Judged(judgement) })]);
    let plan = StagePlan {
        services: BTreeMap::from([(id("web"), WorkloadPlan { unnamed, ..planned() })]),
        tasks: BTreeMap::new(),
    };
    let mut facts = vec![
        Fact::StagePlanned { stage: id("dev"), plan },
        Fact::Suspended { ending: ending(Outcome::Suspended) },
        Fact::Resumed { by: unknown_requester(), kanmon: "0".into() },
        Fact::Surveyed { until: id("prod") },
        Fact::StageLocked { stage: id("dev"), fence: 2 },
    ];
    let scanned = |image: &str, findings: Vec<Finding>| {
        let reading = ScanReading {
            state: ScanState::Scanned { at: at(0), again_from: None },
            findings,
            suppressed: vec![],
            titles: Default::default(),
        };
        Fact::ScanObserved { image: id(image), account: id("main"), reading, readings: 2 }
    };
    facts.push(scanned("web", vec![]));
    let metrics = Watch::Scan { image: id(&format!("metrics@{}", Digest::of(b"metrics"))), account: id("main") };
    let Decision::Go { watch, .. } = decided(&in_dev(facts.clone())) else { panic!("its scan is read") };
    assert!(watch.iter().any(|w| w.watch == metrics), "{watch:?}");
    let bad = Finding {
        id: "CVE-1".into(),
        severity: Severity::Critical,
        package: "ssl".into(),
        installed: None,
        fixed_in: None,
    };
    facts.push(scanned(&format!("metrics@{}", Digest::of(b"metrics")), vec![bad]));
    let Decision::Record(judged) = decided(&in_dev(facts.clone())) else { panic!("it is judged") };
    facts.extend(judged);
    let Decision::Record(failed) = decided(&in_dev(facts)) else { panic!("the stage has failed") };
    assert!(
        matches!(&failed[..], [Fact::StageFailed { failure, .. }] if format!("{:?}", failure.reason).contains(r#"container: "metrics", reason: OverLimit { severity: Critical, count: 1"#)),
        "{failed:?}"
    );
}
