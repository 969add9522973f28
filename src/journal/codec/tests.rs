use crate::model::fault::Problem;
use crate::model::fault::call::{Call, CallProblem, ForeignAnswer, NotFromAws, Target};
use crate::model::fault::file::FileProblem;
use crate::model::fault::file::Oddity;
use crate::model::fault::registry::{AddressRefusal, RedirectRefusal, RegistryProblem, Silence, Work};
use crate::model::fault::service::ServiceProblem;
use proptest::prelude::*;

use super::*;
use crate::model::approval::{Answer, ApprovalAnswer, ApprovalRequest, Identity};
use crate::model::approval_reason::AnswerReason;
use crate::model::check_result::{CheckResult, CommandEnd};
use crate::model::effect::{Effect, Workload};
use crate::model::ending::Ending;
use crate::model::event::{ImageOrigin, PushedImage, StageFailure};
use crate::model::fault::Fault;
use crate::model::fault::state::Damage;
use crate::model::finding::{Finding, ScanReading, ScanState};
use crate::model::gate_reason::{ScanBlock, ScanWait};
use crate::model::ids::{ContentHash, Digest, PlanHash};
use crate::model::plan::{Change, ChangeKind, StagePlan, WorkloadPlan};
use crate::model::program_problem::ProgramProblem;
use crate::model::reason::Reason;
use crate::model::release::samples::{at, gate_passed, id, started, step, warned};
use crate::model::rollout::{
    Baseline, Circumstances, RolloutEnd, RolloutProgress, RolloutState, TaskStop, TaskStopCause,
};
use crate::model::severity::Severity;
use crate::model::step::check::CheckFact;
use crate::model::step::part::Direction;
use crate::model::step::roll::RollFact;
use crate::model::step::run::{RunFact, TaskEnd};
use crate::model::verdict::Verdict;

fn release() -> ReleaseId {
    id("r20260131-094500-1a2b3c")
}

/// The rows of these facts, and what is kept beside them.
fn written(facts: &[Fact]) -> (Vec<Row>, Tip, Chunks, Vec<Event>) {
    let (mut tip, mut rows, mut chunks, mut events) = (Tip::start(), vec![], Chunks::new(), vec![]);
    for (n, fact) in facts.iter().enumerate() {
        let one = link(&release(), &tip, fact, at(n as i64)).unwrap();
        tip = one.tip();
        rows.push(one.row);
        chunks.extend(one.blob);
        events.push(one.event);
    }
    (rows, tip, chunks, events)
}

fn unknown(result: Result<Vec<Event>, JournalError>) -> UnknownContent {
    match result {
        Err(JournalError::Unknown(content)) => content,
        other => panic!("{other:?}"),
    }
}

fn corrupt(result: Result<Vec<Event>, JournalError>) -> Damage {
    match result {
        Err(JournalError::Corrupt(damage)) => damage,
        other => panic!("{other:?}"),
    }
}

/// The row as it would be had this payload been written in its place.
fn with_payload(row: &Row, payload: &str) -> Row {
    let mut row = Row { payload: payload.as_bytes().to_vec(), ..row.clone() };
    row.hash = row.digest(&release());
    row
}

#[test]
fn the_stored_format_is_the_same_as_in_its_first_release() {
    const WARNED: &str = r#"{"kind":"warned","warning":{"code":"build","image":"web","noticed":{"code":"secret-names","files":["kanmon"]}}}"#;
    let (rows, ..) = written(&[warned("kanmon")]);
    assert_eq!(String::from_utf8_lossy(&rows[0].payload), WARNED);
    let text = format!(
        "kanmon-event\n2\nr20260131-094500-1a2b3c\n1\n2027-01-15T08:00:00Z\n{}\n{}",
        sha256_hex(WARNED.as_bytes()),
        "0".repeat(64)
    );
    assert_eq!(rows[0].hash, sha256_hex(text.as_bytes()));
}

#[test]
fn a_later_format_is_refused_by_its_number_whatever_else_is_in_the_row() {
    let (mut rows, tip, chunks, _) = written(&[started(), warned("x")]);
    rows[1] = Row { form: 3, payload: b"\x00".to_vec(), ..rows[1].clone() };
    let refused = decode(&release(), &rows, &tip, &chunks).unwrap_err();
    assert_eq!(refused, JournalError::Newer { found: 3, known: 2 });
}

#[test]
fn a_kind_of_fact_that_is_not_known_is_named() {
    let (rows, ..) = written(&[warned("x")]);
    let row = with_payload(&rows[0], r#"{"kind":"moon-phase-noted","phase":3}"#);
    let tip = Tip { seq: 1, hash: row.hash.clone() };
    let UnknownContent { why, .. } = unknown(decode(&release(), &[row], &tip, &Chunks::new()));
    assert_eq!(why, UnknownWhy::Kind { kind: "moon-phase-noted".into() });
}

#[test]
fn a_known_kind_that_cannot_be_read_says_what_is_wrong() {
    let (rows, ..) = written(&[warned("x")]);
    let row = with_payload(&rows[0], r#"{"kind":"warned"}"#);
    let tip = Tip { seq: 1, hash: row.hash.clone() };
    let UnknownContent { part, why } = unknown(decode(&release(), &[row], &tip, &Chunks::new()));
    assert_eq!(part, Part::Event { release: release(), seq: 1 });
    let UnknownWhy::Members { kind: Some(kind), error } = why else { panic!("{why:?}") };
    assert!(kind == "warned" && error.contains("missing field `warning`"), "{kind}: {error}");
}

#[test]
fn rows_of_one_release_do_not_verify_as_anothers() {
    let (rows, tip, chunks, _) = written(&[started()]);
    assert_eq!(corrupt(decode(&id("r2"), &rows, &tip, &chunks)).flaw, Flaw::HashMismatch);
}

#[test]
fn rows_lost_at_the_end_in_the_middle_or_at_the_start_are_missed() {
    let (rows, tip, chunks, _) = written(&[started(), warned("1"), warned("2")]);
    for lost in 0..3 {
        let mut rows = rows.clone();
        rows.remove(lost);
        corrupt(decode(&release(), &rows, &tip, &chunks));
    }
    corrupt(decode(&release(), &[], &tip, &chunks));
}

#[test]
fn a_row_rewritten_with_its_own_hash_does_not_fit_the_next_one() {
    let (mut rows, tip, chunks, _) = written(&[started(), warned("1"), warned("2")]);
    rows[1] = with_payload(
        &rows[1],
        r#"{"kind":"warned","warning":{"code":"build","image":"web","noticed":{"code":"secret-names","files":["forged"]}}}"#,
    );
    let part = Part::Event { release: release(), seq: 3 };
    assert_eq!(corrupt(decode(&release(), &rows, &tip, &chunks)), Damage { part, flaw: Flaw::NotLinked });
}

#[test]
fn a_payload_just_over_the_limit_is_a_blob_and_a_lost_chunk_is_found() {
    let frame =
        r#"{"kind":"warned","warning":{"code":"build","image":"web","noticed":{"code":"secret-names","files":[""]}}}"#
            .len();
    let (rows, ..) = written(&[warned("x".repeat(INLINE_LIMIT - frame))]);
    assert_eq!((rows[0].payload.len(), rows[0].blob()), (INLINE_LIMIT, None));
    let (rows, tip, mut chunks, events) = written(&[warned("x".repeat(INLINE_LIMIT - frame + 1))]);
    assert_eq!(rows[0].blob().unwrap().of, "warned");
    assert!(rows[0].payload.len() < 300);
    assert_eq!(decode(&release(), &rows, &tip, &chunks).unwrap(), events);
    chunks.clear();
    assert!(matches!(corrupt(decode(&release(), &rows, &tip, &chunks)).flaw, Flaw::Blob { .. }));
}

#[test]
fn a_sealed_value_that_changed_is_not_opened() {
    let (text, hash) = seal(&Answer::Approved).unwrap();
    let part = Part::Message { release: release(), id: 1 };
    assert_eq!(unseal::<Answer>(&text, &hash, part.clone()).unwrap(), Answer::Approved);
    let refused = unseal::<Answer>(r#""rejected""#, &hash, part.clone()).unwrap_err();
    assert_eq!(refused, part.is(Flaw::HashMismatch));
}

fn text() -> impl Strategy<Value = String> + Clone {
    prop_oneof![".{0,20}", Just("\"\\\n\u{0}\u{1f}関門".to_owned())]
}

fn name<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug + 'static>() -> BoxedStrategy<T> {
    "[a-z0-9][a-z0-9._-]{0,12}".prop_map(|s| id(&s)).boxed()
}

fn when() -> impl Strategy<Value = Timestamp> {
    (0i64..4_000_000_000, 0i32..1_000_000_000).prop_map(|(s, n)| Timestamp::new(s, n).unwrap())
}

fn effect() -> impl Strategy<Value = Effect> {
    prop_oneof![
        (name(), name()).prop_map(|(from, until)| Effect::Survey { from, until }),
        name().prop_map(|image| Effect::Build { image }),
        (name(), name()).prop_map(|(image, account)| Effect::Copy { image, account }),
        (name(), text()).prop_map(|(stage, t)| Effect::RequestApproval { stage, plan: PlanHash::of(t.as_bytes()) }),
        (0usize..9, name()).prop_map(|(n, s)| Effect::Register { at: step("dev", n), workload: Workload::Service(s) }),
        (0usize..9, name()).prop_map(|(n, t)| Effect::Register { at: step("dev", n), workload: Workload::Task(t) }),
        (0usize..9).prop_map(|n| Effect::Check { at: step("prod", n) }),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    let call = (text(), text(), text()).prop_map(|(action, cluster, service)| {
        let on = Target::Service { cluster, service };
        Call { action, on, account: "dev".parse().unwrap() }
    });
    let problem = prop_oneof![
        (call.clone(), any::<bool>()).prop_map(|(call, foreign)| {
            let why = NotFromAws::ContentType { content_type: "text/html".into() };
            let foreign = foreign.then_some(ForeignAnswer { status: 403, why });
            CallProblem::NoClearAnswer { call, foreign }.into()
        }),
        (call, proptest::option::of(text()), proptest::option::of(text())).prop_map(|(call, principal, resource)| {
            let denied = call.action.clone();
            CallProblem::NotAllowed { call, principal, denied, resource, explicit: true }.into()
        }),
        (text(), text()).prop_map(|(name, file)| {
            let oddity = Oddity::BrokenLink { to: Some(file) };
            FileProblem::NotAPipelineFile { path: name, oddity }.into()
        }),
        (any::<u64>(), name(), name()).prop_map(|(desired, stage, service)| {
            ServiceProblem::CannotRoll { stage, service, desired, least: 0, most: u64::MAX }.into()
        }),
        text().prop_map(|digest| {
            let work = Work::PutLayer { repository: digest.clone(), digest: Digest::of(digest.as_bytes()) };
            let refusal = RedirectRefusal::Address(AddressRefusal::NotEncrypted { address: digest });
            RegistryProblem::NoAnswer { work, silence: Silence::Redirect(refusal) }.into()
        }),
    ];
    let one = (problem, proptest::option::of(text())).prop_map(|(problem, said): (Problem, _)| Fault { problem, said });
    prop_oneof![
        3 => one.clone(),
        1 => proptest::collection::vec(one, 1..3).prop_map(Fault::several),
    ]
}

fn pushed() -> impl Strategy<Value = PushedImage> {
    (text(), when()).prop_map(|(repository, pushed_at)| PushedImage {
        digest: Digest::of(repository.as_bytes()),
        repository,
        pushed_at,
        not_copied: vec![],
    })
}

fn reading() -> impl Strategy<Value = ScanReading> {
    let finding = (text(), proptest::option::of(text()), 0usize..6).prop_map(|(id, fixed_in, n)| Finding {
        package: id.clone(),
        severity: Severity::ALL[n],
        id,
        installed: None,
        fixed_in,
    });
    let state = prop_oneof![
        text().prop_map(|status| ScanState::Waiting { waits: ScanWait::Status { status } }),
        (when(), proptest::option::of(when())).prop_map(|(at, again_from)| ScanState::Scanned { at, again_from }),
        text().prop_map(|status| ScanState::Unscannable { block: ScanBlock::Status { status, said: None } }),
    ];
    (
        state,
        prop_oneof![
            proptest::collection::vec(finding.clone(), 0..4),
            // Enough to stand elsewhere.
            finding.prop_map(|f| vec![f; 3000]),
        ],
    )
        .prop_map(|(state, findings)| ScanReading {
            state,
            findings,
            suppressed: vec![],
            titles: Default::default(),
        })
}

fn progress() -> impl Strategy<Value = RolloutProgress> {
    let state = prop_oneof![
        any::<u32>().prop_map(|readings| RolloutState::Looking { readings }),
        Just(RolloutState::InProgress),
        proptest::option::of(text()).prop_map(|said| RolloutState::RolledBack { said }),
        text().prop_map(|by| RolloutState::Superseded { by }),
    ];
    (state, any::<u32>(), proptest::option::of(any::<i32>()), proptest::option::of(text())).prop_map(
        |(rollout, n, exit_code, said)| {
            let task_stop = TaskStop { cause: TaskStopCause::OutOfMemory, container: None, exit_code, said, tasks: n };
            RolloutProgress {
                rollout,
                deployment: None,
                desired: n,
                running: n,
                failed: n,
                task_stops: vec![task_stop],
                circumstances: Circumstances { draining: n, ..Circumstances::default() },
            }
        },
    )
}

fn answer() -> impl Strategy<Value = ApprovalAnswer> {
    (name(), text()).prop_map(|(stage, comment)| ApprovalAnswer {
        stage,
        plan: PlanHash::of(comment.as_bytes()),
        answer: Answer::Rejected,
        by: Some(Identity { arn: comment.clone(), account: id("012345678901"), user_id: "A".into() }),
        comment,
    })
}

fn plan() -> impl Strategy<Value = StagePlan> {
    (name(), text(), proptest::option::of(text()), any::<u32>()).prop_map(|(service, family, live, desired)| {
        let change = Change { path: family.clone(), from: None, to: live.clone(), kind: ChangeKind::Added };
        let workload = WorkloadPlan {
            content: ContentHash::of(family.as_bytes()),
            images: BTreeMap::from([(family.clone(), "sha256:…".into())]),
            family,
            live,
            unnamed: Default::default(),
            changes: vec![change],
            drift: Vec::new(),
            desired,
        };
        StagePlan { services: BTreeMap::from([(service, workload)]), tasks: BTreeMap::new() }
    })
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let reason = || text().prop_map(|comment| Reason::Aborted { comment });
    let ending = || reason().prop_map(Ending::of);
    let asked = (name(), text(), proptest::option::of(text()), when()).prop_map(|(stage, plan, execution, t)| {
        let plan = PlanHash::of(plan.as_bytes());
        let request = ApprovalRequest { plan, execution, answered_at: None, requested_at: t, expires_at: t };
        Fact::ApprovalRequested { stage, request }
    });
    let effects = prop_oneof![
        (effect(), any::<u32>()).prop_map(|(effect, attempt)| Fact::Intended { effect, attempt }),
        (effect(), fault()).prop_map(|(effect, fault)| Fact::EffectFailed { effect, fault }),
        effect().prop_map(|effect| Fact::EffectAbsent { effect }),
        (effect(), fault()).prop_map(|(effect, fault)| Fact::EffectUnknown { effect, fault }),
    ];
    let before = prop_oneof![
        Just(started()),
        text().prop_map(warned),
        (name(), pushed(), text()).prop_map(|(image, pushed, by)| Fact::ImageBuilt {
            image,
            pushed,
            origin: ImageOrigin::Built { by }
        }),
        (name(), name(), pushed()).prop_map(|(image, account, pushed)| Fact::ImageCopied { image, account, pushed }),
        (name(), name(), reading(), any::<u32>()).prop_map(|(image, account, reading, readings)| {
            Fact::ScanObserved { image, account, reading, readings }
        }),
        Just(gate_passed("dev")),
        (name(), plan()).prop_map(|(stage, plan)| Fact::StagePlanned { stage, plan }),
        asked,
        answer().prop_map(|answer| Fact::ApprovalGiven { answer }),
        (answer(), text(), any::<bool>()).prop_map(|(answer, action, closes)| Fact::ApprovalRefused {
            answer,
            reason: AnswerReason::PlanNotShown { action },
            closes
        }),
    ];
    let within = prop_oneof![
        (name(), any::<u64>()).prop_map(|(stage, fence)| Fact::StageLocked { stage, fence }),
        (0usize..9, name(), text()).prop_map(|(n, service, arn)| Fact::TaskDefinitionRegistered {
            at: step("dev", n),
            workload: Workload::Service(service),
            content: ContentHash::of(arn.as_bytes()),
            arn,
            reused: n == 1,
        }),
        (0usize..9, name(), proptest::option::of(any::<i32>())).prop_map(|(n, task, exit_code)| Fact::step(
            &step("dev", n),
            RunFact::TaskRan { task, end: TaskEnd { exit_code, said: None } }
        )),
        (name(), text()).prop_map(|(service, primary)| {
            let task_definition = primary.clone();
            let baseline =
                Baseline { primary, task_definition, service_deployments: vec![], deployments: vec![], desired: 2 };
            Fact::step(&step("dev", 1), RollFact::BaselineTaken { service, baseline })
        }),
        (name(), progress()).prop_map(|(service, progress)| {
            Fact::step(&step("dev", 1), RollFact::RolloutObserved { service, direction: Direction::Forward, progress })
        }),
        (name(), proptest::option::of(text())).prop_map(|(service, said)| {
            Fact::step(
                &step("dev", 1),
                RollFact::RolloutEnded { service, direction: Direction::Forward, end: RolloutEnd::RolledBack { said } },
            )
        }),
        text().prop_map(|why| {
            let end = CommandEnd::NotStarted { why: ProgramProblem::System { said: why.clone() } };
            let result = CheckResult::Command { command: why, end };
            Fact::step(&step("dev", 2), CheckFact::CheckJudged { verdict: Verdict::Unknown, result })
        }),
        (name(), reason()).prop_map(|(stage, reason)| {
            Fact::StageFailed { stage, failure: StageFailure { reason, roll_back: true } }
        }),
        name().prop_map(|stage| Fact::StageLeft { stage, images: BTreeMap::new() }),
        ending().prop_map(|ending| Fact::Suspended { ending }),
        ending().prop_map(|ending| Fact::Finished { ending }),
    ];
    prop_oneof![effects, before, within]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_facts_are_read_as_they_were_written(facts in proptest::collection::vec(any_fact(), 0..12)) {
        let (rows, tip, chunks, events) = written(&facts);
        prop_assert!(rows.iter().all(|r| r.payload.len() <= INLINE_LIMIT));
        prop_assert_eq!(decode(&release(), &rows, &tip, &chunks).unwrap(), events);
    }

    #[test]
    fn any_flipped_bit_of_a_row_is_found(
        facts in proptest::collection::vec(any_fact(), 1..5),
        row in any::<prop::sample::Index>(),
        byte in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let (mut rows, tip, chunks, _) = written(&facts);
        let row = row.get_mut(&mut rows);
        *byte.get_mut(&mut row.payload) ^= 1 << bit;
        prop_assert!(matches!(decode(&release(), &rows, &tip, &chunks), Err(JournalError::Corrupt(_))));
    }
}
