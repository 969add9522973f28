use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::approval::{Answer, Trigger};
use crate::model::approval_reason::{AnswerReason, ApprovalMismatch, Conflict, ExpiryReason, VoidReason};
use crate::model::aws::codepipeline::TriggerType;
use crate::model::effect::samples::effects;
use crate::model::effect_properties::{Lookup, Needs};
use crate::model::effect_table::Row;
use crate::model::fault::FaultKind;
use crate::model::finding::{Finding, ScanState};
use crate::model::gate_reason::{GateReason, ScanBlock, ScanWait};
use crate::model::ids::{PlanHash, ServiceName};
use crate::model::outcome::Outcome;
use crate::model::plan::{Change, ChangeKind, WorkloadPlan};
use crate::model::release::samples::{at, check_result, ending, id, reason, started, step, unknown_requester, warned};
use crate::model::rollout::{
    Baseline, Circumstances, RollbackTarget, RolloutEnd, RolloutProgress, RolloutState, TaskStop, TaskStopCause,
};
use crate::model::rollout_reason::{Monitor, ProofGap, RolloutFailure, StuckReason, SupersededBy, UnknownRollout};
use crate::model::severity::Severity;
use crate::model::step::check::CheckFact;
use crate::model::step::part::Direction;
use crate::model::step::roll::RollFact;
use crate::model::step::run::{RunFact, TaskEnd};
use crate::model::verdict::Verdict;

/// Names every variant in one match without a wildcard: a new variant does not compile until it is named here, and a name without a
/// sample fails a test.
macro_rules! kinds {
    (
        $($variant:ident => $kind:literal),+;
        $($step:ident $facts:ident { $($fact:ident => $of:literal),+ })+
    ) => {
        fn kind(fact: &Fact) -> &'static str {
            match fact {
                $(Fact::$variant { .. } => $kind,)+
                Fact::Step { fact, .. } => match fact {
                    $(StepFact::$step(fact) => match fact {
                        $($facts::$fact { .. } => $of,)+
                    },)+
                },
            }
        }
        pub(crate) const KINDS: &[&str] = &[$($kind,)+ $($($of),+),+];
    };
}

kinds! {
    Started => "started",
    Extended => "extended",
    Resumed => "resumed",
    TakenUpToAbort => "taken-up-to-abort",
    Warned => "warned",
    Intended => "intended",
    EffectFailed => "effect-failed",
    EffectAbsent => "effect-absent",
    EffectUnknown => "effect-unknown",
    Surveyed => "surveyed",
    ImageBuilt => "image-built",
    ImageCopied => "image-copied",
    ScanObserved => "scan-observed",
    GateJudged => "gate-judged",
    StagePlanned => "stage-planned",
    ApprovalRequested => "approval-requested",
    ApprovalRefused => "approval-refused",
    ApprovalGiven => "approval-given",
    ApprovalRejected => "approval-rejected",
    ApprovalWithdrawn => "approval-withdrawn",
    ApprovalExpired => "approval-expired",
    ApprovalVoided => "approval-voided",
    ApprovalCompared => "approval-compared",
    StageLocked => "stage-locked",
    StageEntered => "stage-entered",
    TaskDefinitionRegistered => "task-definition-registered",
    StageFailed => "stage-failed",
    Forced => "forced",
    ImagesFailed => "images-failed",
    StageFrozen => "stage-frozen",
    StageConfirmed => "stage-confirmed",
    LockBroken => "lock-broken",
    StageLeft => "stage-left",
    Absorbed => "absorbed",
    AbortRequested => "abort-requested",
    Suspended => "suspended",
    Finished => "finished";
    Run RunFact { TaskStarted => "task-started", TaskOverdue => "task-overdue", TaskRan => "task-ran" }
    Roll RollFact {
        BaselineTaken => "baseline-taken",
        RolloutStarted => "rollout-started",
        RolloutObserved => "rollout-observed",
        RolloutOverdue => "rollout-overdue",
        RolloutStopRequested => "rollout-stop-requested",
        RolloutEnded => "rollout-ended",
        RollbackPrepared => "rollback-prepared"
    }
    Check CheckFact { CheckJudged => "check-judged" }
}

fn stage() -> StageName {
    id("prod")
}

fn web() -> ServiceName {
    id("web")
}

fn roll() -> StepRef {
    step("prod", 1)
}

fn somebody() -> Identity {
    Identity { arn: "arn:aws:iam::012345678901:user/a".into(), account: id("012345678901"), user_id: "AIDA".into() }
}

fn answer(answer: Answer) -> ApprovalAnswer {
    ApprovalAnswer { stage: stage(), plan: PlanHash::of(b"plan"), answer, by: Some(somebody()), comment: "seen".into() }
}

fn fault() -> Fault {
    crate::model::fault::samples::of(FaultKind::Throttled).said("Rate exceeded")
}

fn pushed() -> PushedImage {
    PushedImage { repository: "r/web".into(), digest: Digest::of(b"index"), pushed_at: at(5), not_copied: vec![] }
}

fn progresses() -> Vec<RolloutProgress> {
    let reason = || "because".to_owned();
    let states = vec![
        RolloutState::Looking { readings: 2 },
        RolloutState::InProgress,
        RolloutState::Proving { missing: ProofGap::NoPrimary },
        RolloutState::Proven { readings: 3 },
        RolloutState::RollingBack { said: Some(reason()) },
        RolloutState::RolledBack { said: Some(reason()) },
        RolloutState::RollbackFailed { said: Some(reason()) },
        RolloutState::Failed { said: Some(reason()), monitor: Some(Monitor::CircuitBreaker) },
        RolloutState::Stopped { said: Some(reason()) },
        RolloutState::Superseded { by: "ecs-svc/9".into() },
        RolloutState::Ambiguous { deployments: vec![reason()] },
    ];
    let task_stop = TaskStop {
        cause: TaskStopCause::ContainerExited,
        container: Some("web".into()),
        exit_code: Some(137),
        said: Some("Essential container in task exited".into()),
        tasks: 2,
    };
    states
        .into_iter()
        .map(|rollout| RolloutProgress {
            rollout,
            deployment: Some("arn:sd/1".into()),
            desired: 2,
            running: 1,
            failed: 1,
            task_stops: vec![task_stop.clone()],
            circumstances: Circumstances::default(),
        })
        .collect()
}

fn ends() -> Vec<RolloutEnd> {
    let reason = || "because".to_owned();
    vec![
        RolloutEnd::Succeeded,
        RolloutEnd::Unchanged,
        RolloutEnd::Unverified,
        RolloutEnd::RolledBack { said: Some(reason()) },
        RolloutEnd::Failed {
            why: RolloutFailure::Ecs {
                said: Some(reason()),
                monitor: Some(Monitor::Alarms { names: vec!["web-5xx".into()] }),
            },
        },
        RolloutEnd::Superseded { by: SupersededBy::Deployment { id: "ecs-svc/9".into() } },
        RolloutEnd::Stopped { said: Some(reason()) },
        RolloutEnd::Stuck { why: StuckReason::Ecs { said: Some(reason()) } },
        RolloutEnd::StillRunning,
        RolloutEnd::Unknown { why: UnknownRollout::Ambiguous { deployments: vec![reason()] } },
    ]
}

fn scan_readings() -> Vec<ScanReading> {
    let finding = Finding {
        id: "CVE-1".into(),
        severity: Severity::High,
        package: "ssl".into(),
        installed: Some("1".into()),
        fixed_in: Some("2".into()),
    };
    vec![
        ScanReading {
            state: ScanState::Waiting { waits: ScanWait::Status { status: "PENDING".into() } },
            findings: vec![],
            suppressed: vec![],
            titles: Default::default(),
        },
        ScanReading {
            state: ScanState::Unscannable { block: ScanBlock::Status { status: "UNSUPPORTED_OS".into(), said: None } },
            findings: vec![],
            suppressed: vec![],
            titles: Default::default(),
        },
        ScanReading {
            state: ScanState::Scanned { at: at(7), again_from: Some(at(9)) },
            findings: vec![finding],
            suppressed: vec![],
            titles: Default::default(),
        },
    ]
}

fn judgement() -> GateJudgement {
    GateJudgement {
        verdict: Verdict::Fail,
        counts: BTreeMap::from([(Severity::High, 1)]),
        suppressed: BTreeMap::from([(Severity::Low, 2)]),
        blocking: scan_readings().pop().unwrap().findings,
        reasons: vec![GateReason::OverLimit { severity: Severity::High, count: 1, limit: 0 }],
    }
}

fn plan() -> StagePlan {
    let change = |kind| Change {
        path: "containerDefinitions[web].image".into(),
        from: Some("a".into()),
        to: Some("b".into()),
        kind,
    };
    let workload = WorkloadPlan {
        family: "web".into(),
        live: Some("web:1".into()),
        content: ContentHash::of(b"next"),
        images: BTreeMap::from([("web".into(), format!("r/web@{}", Digest::of(b"index")))]),
        unnamed: Default::default(),
        changes: vec![change(ChangeKind::Changed), change(ChangeKind::Added), change(ChangeKind::Removed)],
        drift: vec![],
        desired: 2,
    };
    StagePlan {
        services: BTreeMap::from([(web(), workload.clone())]),
        tasks: BTreeMap::from([(id("migrate"), workload)]),
    }
}

fn execution(trigger: Trigger) -> Requester {
    let (pipeline, execution) = ("shop".to_owned(), "e".to_owned());
    Requester::Pipeline { pipeline, account: id("dev"), execution, trigger, by: somebody() }
}

fn image_of(source: CommitSource) -> Fact {
    let commit = Some(ImageCommit { commit: "0a1b2c".into(), source });
    Fact::ImageBuilt { image: id("web"), pushed: pushed(), origin: ImageOrigin::Given { commit } }
}

fn requesters() -> Vec<Requester> {
    vec![
        Requester::Person { identity: somebody() },
        execution(Trigger::Principal { arn: "arn:aws:iam::012345678901:user/ann".into() }),
        execution(Trigger::Unknown { kind: Some(TriggerType::WebhookV2), detail: Some("arn:x".into()) }),
        unknown_requester(),
    ]
}

/// Every variant at least once, and every value of the enums that they carry.
pub(crate) fn samples() -> Vec<Fact> {
    let request = ApprovalRequest {
        plan: PlanHash::of(b"plan"),
        execution: Some("e".into()),
        answered_at: None,
        requested_at: at(1),
        expires_at: at(3600),
    };
    let baseline = Baseline {
        primary: "ecs-svc/0".into(),
        task_definition: "web:1".into(),
        service_deployments: vec!["arn:sd/0".into()],
        deployments: vec!["ecs-svc/0".into()],
        desired: 2,
    };
    let (primary, task_definition) = (Some("ecs-svc/1".to_owned()), "web:2".to_owned());
    let mut all = vec![
        started(),
        warned("look"),
        Fact::Surveyed { until: stage() },
        Fact::ImageBuilt { image: id("web"), pushed: pushed(), origin: ImageOrigin::Built { by: "layers".into() } },
        image_of(CommitSource::Label),
        image_of(CommitSource::Release(id("r0"))),
        Fact::ImageCopied { image: id("web"), account: id("main"), pushed: pushed() },
        Fact::GateJudged { stage: stage(), judgement: judgement() },
        Fact::StagePlanned { stage: stage(), plan: plan() },
        Fact::ApprovalRequested { stage: stage(), request },
        Fact::ApprovalRefused {
            answer: answer(Answer::Approved),
            reason: AnswerReason::Requester { conflict: Conflict::ApproverUnknown },
            closes: true,
        },
        Fact::ApprovalGiven { answer: answer(Answer::Approved) },
        Fact::ApprovalRejected { answer: answer(Answer::Rejected), images: [(id("web"), Digest::of(b"web"))].into() },
        Fact::ApprovalWithdrawn { stage: stage(), by: somebody(), comment: "no".into() },
        Fact::ApprovalExpired { stage: stage(), reason: Some(ExpiryReason::NoExecution { execution: "e".into() }) },
        Fact::ApprovalVoided { stage: stage(), reason: VoidReason::ApproverGone { execution: "e".into() } },
        Fact::ApprovalCompared { stage: stage(), mismatch: None },
        Fact::ApprovalCompared { stage: stage(), mismatch: Some(ApprovalMismatch::NoApproval) },
        Fact::TakenUpToAbort { by: somebody(), kanmon: "0".into() },
        Fact::StageLocked { stage: stage(), fence: 7 },
        Fact::StageEntered { stage: stage() },
        Fact::TaskDefinitionRegistered {
            at: roll(),
            workload: Workload::Service(web()),
            arn: "web:2".into(),
            content: ContentHash::of(b"next"),
            reused: true,
        },
        Fact::step(&step("prod", 0), RunFact::TaskStarted { task: id("migrate"), arn: "task/1".into() }),
        Fact::step(&step("dev", 0), RunFact::TaskOverdue { task: id("migrate") }),
        Fact::step(
            &step("prod", 0),
            RunFact::TaskRan { task: id("migrate"), end: TaskEnd { exit_code: Some(-1), said: Some("no".into()) } },
        ),
        Fact::step(&roll(), RollFact::BaselineTaken { service: web(), baseline }),
        Fact::step(
            &roll(),
            RollFact::RolloutStarted {
                service: web(),
                direction: Direction::Forward,
                primary: primary.clone(),
                task_definition: task_definition.clone(),
            },
        ),
        Fact::step(&step("dev", 1), RollFact::RolloutOverdue { service: id("web"), direction: Direction::Forward }),
        Fact::step(&step("dev", 1), RollFact::RolloutOverdue { service: id("web"), direction: Direction::Back }),
        Fact::step(&roll(), RollFact::RolloutStopRequested { service: web() }),
        Fact::step(
            &roll(),
            RollFact::RollbackPrepared {
                service: web(),
                target: RollbackTarget {
                    task_definition: "web:3".into(),
                    service_deployments: vec!["arn:sd/1".into()],
                    deployments: vec!["ecs-svc/0".into(), "ecs-svc/1".into()],
                },
                again: true,
            },
        ),
        Fact::step(
            &roll(),
            RollFact::RolloutStarted { service: web(), direction: Direction::Back, primary, task_definition },
        ),
        Fact::StageFailed {
            stage: stage(),
            failure: StageFailure { reason: reason(Outcome::Failed), roll_back: true },
        },
        Fact::StageLeft { stage: stage(), images: BTreeMap::from([(id("web"), Digest::of(b"x"))]) },
        Fact::Forced { stage: stage(), over: id("r0"), reason: "x".into() },
        Fact::ImagesFailed {
            stage: stage(),
            images: BTreeMap::from([(id("web"), Digest::of(b"x"))]),
            reason: reason(Outcome::RolledBack),
        },
        Fact::StageFrozen { stage: stage() },
        Fact::StageConfirmed {
            stage: stage(),
            moved: vec![MovedTag { image: id("web"), tag: "x/web:v1".into(), names: Some(Digest::of(b"y")) }],
        },
        Fact::LockBroken { by: somebody(), held_by: "a@b, pid 1".into(), reason: "gone".into() },
        Fact::Absorbed { message: 3 },
        Fact::AbortRequested { by: somebody(), reason: "stop".into(), roll_back: true },
        Fact::Suspended { ending: ending(Outcome::Suspended) },
        Fact::Finished { ending: ending(Outcome::Succeeded) },
    ];
    for requested_by in requesters() {
        all.push(Fact::Extended {
            until: stage(),
            requested_by: requested_by.clone(),
            forced: Some("x".into()),
            again: Some("x".into()),
        });
        all.push(Fact::Resumed { by: requested_by, kanmon: "0.1.0".into() });
    }
    for effect in effects() {
        all.push(Fact::EffectFailed { effect: effect.clone(), fault: fault() });
        all.push(Fact::EffectAbsent { effect: effect.clone() });
        all.push(Fact::EffectUnknown { effect: effect.clone(), fault: fault() });
        all.push(Fact::Intended { effect, attempt: 2 });
    }
    for reading in scan_readings() {
        all.push(Fact::ScanObserved { image: id("web"), account: id("main"), reading, readings: 2 });
    }
    for progress in progresses() {
        all.push(Fact::step(
            &roll(),
            RollFact::RolloutObserved { service: web(), direction: Direction::Forward, progress: progress.clone() },
        ));
        all.push(Fact::step(
            &roll(),
            RollFact::RolloutObserved { service: web(), direction: Direction::Back, progress },
        ));
    }
    for end in ends() {
        all.push(Fact::step(
            &roll(),
            RollFact::RolloutEnded { service: web(), direction: Direction::Forward, end: end.clone() },
        ));
        all.push(Fact::step(&roll(), RollFact::RolloutEnded { service: web(), direction: Direction::Back, end }));
    }
    for verdict in [Verdict::Pass, Verdict::Waived, Verdict::Unknown, Verdict::Fail] {
        all.push(Fact::step(&step("prod", 2), CheckFact::CheckJudged { verdict, result: check_result() }));
    }
    all
}

#[test]
fn every_kind_of_fact_has_a_sample_and_is_written_under_its_own_name() {
    let samples = samples();
    let sampled: BTreeSet<&str> = samples.iter().map(kind).collect();
    let unsampled: Vec<&&str> = KINDS.iter().filter(|k| !sampled.contains(**k)).collect();
    assert!(unsampled.is_empty(), "no sample of {unsampled:?}");
    for fact in samples {
        assert_eq!(serde_json::to_value(&fact).unwrap()["kind"], kind(&fact));
    }
}

#[test]
fn a_fact_is_the_same_after_it_was_written_and_read() {
    for (seq, fact) in (1..).zip(samples()) {
        let event = Event { v: EVENT_VERSION, seq, at: at(seq as i64), release: id("r1"), fact };
        let text = serde_json::to_string(&event).unwrap();
        let back: Event = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(back, event, "{text}");
    }
}

#[test]
fn no_member_of_an_event_hides_another() {
    // Flattened parts share one JSON object with the event's own members: a second member of one name would be lost on reading.
    for fact in samples() {
        let event = Event { v: EVENT_VERSION, seq: 3, at: at(3), release: id("r1"), fact };
        let text = serde_json::to_string(&event).unwrap();
        for member in ["v", "seq", "at", "release", "kind", "state", "end", "outcome"] {
            let top = members_of_top(&text);
            assert!(top.iter().filter(|m| *m == member).count() <= 1, "`{member}` twice in {text}");
        }
    }
}

/// The member names of the outermost object, repeats included (a JSON parser would drop them).
fn members_of_top(text: &str) -> Vec<String> {
    let (mut depth, mut inside, mut escaped, mut word, mut names) = (0, false, false, String::new(), Vec::new());
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => {
                inside = !inside;
                if inside {
                    word.clear();
                }
            }
            _ if inside => word.push(c),
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            ':' if depth == 1 => names.push(std::mem::take(&mut word)),
            _ => {}
        }
    }
    names
}

#[test]
fn an_effect_is_concluded_by_its_own_fact_and_by_no_other_effects() {
    let facts = samples();
    for effect in effects() {
        for fact in &facts {
            let other = match fact {
                Fact::EffectFailed { effect: e, .. }
                | Fact::EffectAbsent { effect: e }
                | Fact::EffectUnknown { effect: e, .. } => Some(e),
                _ => None,
            };
            if let Some(other) = other {
                assert_eq!(effect.is_concluded_by(fact), other == &effect, "{fact:?} on {effect:?}");
            }
        }
        let elsewhere = match effect.clone() {
            Effect::Update { service, direction, .. } => {
                Some(Effect::Update { at: step("dev", 1), service, direction })
            }
            Effect::PrepareRollback { service, .. } => Some(Effect::PrepareRollback { at: step("dev", 1), service }),
            Effect::Baseline { service, .. } => Some(Effect::Baseline { at: step("dev", 1), service }),
            _ => None,
        };
        if let Some(elsewhere) = elsewhere {
            let own = facts.iter().filter(|f| elsewhere.is_concluded_by(f));
            assert_eq!(own.count(), 0, "a fact of prod concludes {elsewhere:?}");
        }
    }
    // All but the task's registration, its start, and the check, whose samples are of other steps.
    let concluded = effects().into_iter().filter(|e| {
        facts.iter().any(|f| {
            e.is_concluded_by(f)
                && !matches!(f, Fact::EffectFailed { .. } | Fact::EffectAbsent { .. } | Fact::EffectUnknown { .. })
        })
    });
    assert_eq!(concluded.count(), effects().len() - 3);
}

#[test]
fn the_table_has_the_properties_of_each_effect() {
    let name = |effect: &Effect| {
        let value = serde_json::to_value(effect).unwrap();
        let words = ["effect", "direction"].into_iter().filter_map(|member| value[member].as_str());
        words.collect::<Vec<_>>().join(" ")
    };
    let are = |is: fn(&Row<'_>) -> bool| -> Vec<String> {
        effects().iter().filter(|effect| is(&effect.row())).map(name).collect()
    };
    let forward = ["register", "register", "run-task", "update forward"];
    let changes = [&forward[..], &["stop-rollout", "prepare-rollback", "update back"]].concat();
    assert_eq!(are(|row| row.forward), forward);
    assert_eq!(are(|row| row.lease == Needs::Stage), changes);
    assert_eq!(are(|row| row.atomic), [&["request-approval"], &changes[..]].concat());
    assert_eq!(are(|row| row.lookup == Lookup::Reads), ["survey", "plan", "baseline", "check", "confirm"]);
    let once_read = ["register", "register", "run-task", "prepare-rollback"];
    assert_eq!(are(|row| row.lookup == Lookup::RepeatsOnceRead), once_read);
    assert_eq!(are(|row| row.lookup == Lookup::Traced), ["build", "update forward", "update back"]);
}
