use proptest::prelude::*;

use super::samples::{
    at, check_result, ending, events, gate_passed, id, reason, started, step, unknown_requester, warned,
};
use super::*;
use crate::model::approval::{Answer, ApprovalAnswer, Identity};
use crate::model::approval_reason::AnswerReason;
use crate::model::effect::Workload;
use crate::model::event::{ImageOrigin, StageFailure};
use crate::model::fault::FaultKind;
use crate::model::finding::{ScanReading, ScanState};
use crate::model::gate::GateJudgement;
use crate::model::ids::{ContentHash, Digest, PlanHash};
use crate::model::outcome::Outcome;
use crate::model::plan::{StagePlan, WorkloadPlan};
use crate::model::rollout::{Baseline, Circumstances, RolloutEnd, RolloutProgress, RolloutState};
use crate::model::step::check::CheckFact;
use crate::model::step::part::{Direction, StepPart};
use crate::model::step::roll::RollFact;
use crate::model::step::roll_state::RollState;
use crate::model::step::run::RunFact;
use crate::model::unresolved::Unresolved;
use crate::model::verdict::Verdict;

fn fold(facts: impl IntoIterator<Item = Fact>) -> Result<Release, Illegal> {
    Release::fold(&events("r1", [started()].into_iter().chain(facts)))
}

/// Why these facts after `started` are refused, at the last of them.
fn refused(facts: impl IntoIterator<Item = Fact>) -> Illegal {
    let facts: Vec<Fact> = facts.into_iter().collect();
    let last = facts.len() as u64 + 1;
    let illegal = fold(facts).unwrap_err();
    assert_eq!(illegal.seq, last, "{illegal}");
    illegal
}

fn build() -> Effect {
    Effect::Build { image: id("web") }
}

fn intended(effect: Effect) -> Fact {
    Fact::Intended { effect, attempt: 1 }
}

fn fault() -> Fault {
    crate::model::fault::samples::of(FaultKind::BuildFailed)
}

fn built() -> Fact {
    let pushed =
        PushedImage { repository: "shop".into(), digest: Digest::of(b"web"), pushed_at: at(0), not_copied: vec![] };
    Fact::ImageBuilt { image: id("web"), pushed, origin: ImageOrigin::Built { by: "layers".into() } }
}

fn scanned() -> Fact {
    let reading = ScanReading {
        state: ScanState::Scanned { at: at(0), again_from: None },
        findings: vec![],
        suppressed: vec![],
        titles: Default::default(),
    };
    Fact::ScanObserved { image: id("web"), account: id("main"), reading, readings: 1 }
}

fn planned(stage: &str) -> Fact {
    Fact::StagePlanned { stage: id(stage), plan: StagePlan::default() }
}

fn entered(stage: &str) -> Fact {
    Fact::StageEntered { stage: id(stage) }
}

fn asked(stage: &str) -> Fact {
    let request = ApprovalRequest {
        plan: PlanHash::of(b"plan"),
        execution: None,
        answered_at: None,
        requested_at: at(0),
        expires_at: at(3600),
    };
    Fact::ApprovalRequested { stage: id(stage), request }
}

fn somebody() -> Identity {
    Identity { arn: "arn:aws:iam::012345678901:user/a".into(), account: id("012345678901"), user_id: "A".into() }
}

fn answer(stage: &str, answer: Answer) -> ApprovalAnswer {
    ApprovalAnswer {
        stage: id(stage),
        plan: PlanHash::of(b"plan"),
        answer,
        by: Some(somebody()),
        comment: String::new(),
    }
}

fn given(stage: &str) -> Fact {
    Fact::ApprovalGiven { answer: answer(stage, Answer::Approved) }
}

fn withdrawn(stage: &str) -> Fact {
    Fact::ApprovalWithdrawn { stage: id(stage), by: somebody(), comment: String::new() }
}

fn resumed() -> Fact {
    Fact::Resumed { by: unknown_requester(), kanmon: "0.1.0".into() }
}

fn baseline() -> Fact {
    let baseline = Baseline {
        primary: "ecs-svc/0".into(),
        task_definition: "web:1".into(),
        service_deployments: vec![],
        deployments: vec![],
        desired: 2,
    };
    Fact::step(&step("dev", 1), RollFact::BaselineTaken { service: id("web"), baseline })
}

fn rollout_started() -> Fact {
    Fact::step(
        &step("dev", 1),
        RollFact::RolloutStarted {
            service: id("web"),
            direction: Direction::Forward,
            primary: Some("ecs-svc/1".into()),
            task_definition: "web:2".into(),
        },
    )
}

fn progress() -> RolloutProgress {
    let rollout = RolloutState::InProgress;
    RolloutProgress {
        rollout,
        deployment: None,
        desired: 2,
        running: 1,
        failed: 0,
        task_stops: vec![],
        circumstances: Circumstances::default(),
    }
}

fn observed() -> Fact {
    Fact::step(
        &step("dev", 1),
        RollFact::RolloutObserved { service: id("web"), direction: Direction::Forward, progress: progress() },
    )
}

fn roll(release: &Release) -> &RollState {
    release.stage(&id("dev")).rolls().next().unwrap().2
}

#[test]
fn a_journal_begins_with_started_as_number_one() {
    assert_eq!(Release::fold(&[]).unwrap_err().why, IllegalReason::NoEvents);
    let other = Release::fold(&events("r1", [warned("x")])).unwrap_err();
    assert_eq!((other.seq, other.kind.as_str()), (1, "warned"));
    let mut late = events("r1", [started()]);
    late[0].seq = 2;
    assert_eq!(Release::fold(&late).unwrap_err().why, IllegalReason::WrongNumber { expected: 1 });
    assert_eq!(refused([started()]).why, IllegalReason::StartedTwice);
}

#[test]
fn numbers_have_no_gaps_and_releases_do_not_mix() {
    let all = events("r1", [started(), warned("1"), warned("2")]);
    assert_eq!(Release::fold([&all[0], &all[2]]).unwrap_err().why, IllegalReason::WrongNumber { expected: 2 });
    assert_eq!(Release::fold([&all[0], &all[1], &all[1]]).unwrap_err().why, IllegalReason::WrongNumber { expected: 3 });
    let other = events("r2", [started(), warned("1")]);
    assert_eq!(Release::fold([&all[0], &other[1]]).unwrap_err().why, IllegalReason::OtherRelease);
}

#[test]
fn an_effect_is_under_way_from_its_intent_to_its_conclusion() {
    let open = fold([intended(build())]).unwrap();
    assert_eq!(open.open[&build()], Open { seq: 2, at: at(2), attempt: 1 });
    assert_eq!(refused([intended(build()), intended(build())]).why, IllegalReason::EffectUnderWay);
    let done = fold([intended(build()), built()]).unwrap();
    assert!(done.open.is_empty() && done.images.contains_key(&id("web")));
    for never_begun in [
        Fact::EffectFailed { effect: build(), fault: fault() },
        Fact::EffectAbsent { effect: build() },
        Fact::EffectUnknown { effect: build(), fault: fault() },
    ] {
        assert_eq!(refused([never_begun]).why, IllegalReason::EffectNotUnderWay);
    }
}

#[test]
fn failures_are_counted_until_it_succeeds_or_somebody_resumes() {
    let fails = || [intended(build()), Fact::EffectFailed { effect: build(), fault: fault() }];
    let twice = fold(fails().into_iter().chain(fails())).unwrap();
    let failed = &twice.failed[&build()];
    assert_eq!((failed.attempts, failed.first_at, failed.last_at), (2, at(3), at(5)));
    let then_done = fold(fails().into_iter().chain([intended(build()), built()])).unwrap();
    assert!(then_done.failed.is_empty());
    let then_resumed = fold(fails().into_iter().chain([resumed()])).unwrap();
    assert!(then_resumed.failed.is_empty());
}

#[test]
fn an_unknown_effect_is_under_way_again_after_resuming_so_that_it_is_read() {
    let facts = [intended(build()), Fact::EffectUnknown { effect: build(), fault: fault() }];
    let unknown = fold(facts.clone()).unwrap();
    assert!(unknown.open.is_empty() && unknown.unknown.contains_key(&build()));
    let again = fold(facts.into_iter().chain([resumed()])).unwrap();
    assert!(again.open.contains_key(&build()) && again.unknown.is_empty());
}

#[test]
fn facts_about_what_the_pipeline_does_not_have_are_refused() {
    assert_eq!(refused([entered("moon")]).why, Unresolved::Stage(id("moon")).into());
    let extended = Fact::Extended { until: id("moon"), requested_by: unknown_requester(), forced: None, again: None };
    assert_eq!(refused([extended]).why, Unresolved::Stage(id("moon")).into());
    let roll = |at: StepRef, service: &str| Fact::step(&at, RollFact::RolloutStopRequested { service: id(service) });
    assert_eq!(refused([roll(step("dev", 9), "web")]).why, Unresolved::Step(step("dev", 9)).into());
    assert_eq!(
        refused([roll(step("dev", 0), "web")]).why,
        Unresolved::Part(step("dev", 0), StepPart::Service(id("web"), Direction::Forward)).into()
    );
    assert_eq!(
        refused([roll(step("dev", 1), "admin")]).why,
        Unresolved::Part(step("dev", 1), StepPart::Service(id("admin"), Direction::Forward)).into()
    );
    let ran = Fact::step(&step("dev", 1), RunFact::TaskStarted { task: id("migrate"), arn: "a".into() });
    assert_eq!(refused([ran]).why, Unresolved::Part(step("dev", 1), StepPart::Task(id("migrate"))).into());
    let judged = Fact::step(&step("dev", 0), CheckFact::CheckJudged { verdict: Verdict::Pass, result: check_result() });
    assert_eq!(refused([judged]).why, Unresolved::Part(step("dev", 0), StepPart::Whole).into());
}

#[test]
fn a_release_whose_pipeline_names_something_missing_does_not_begin() {
    let begin = |change: fn(&mut Started)| {
        let Fact::Started(mut first) = started() else { panic!("it starts") };
        change(&mut first);
        Release::fold(&events("r1", [Fact::Started(first)])).map(drop)
    };
    assert_eq!(begin(|_| {}), Ok(()));
    let why = |change: fn(&mut Started)| begin(change).unwrap_err().why;
    assert_eq!(why(|s| s.pipeline.accounts.clear()), Unresolved::Account(id("main")).into());
    assert_eq!(why(|s| s.until = id("moon")), Unresolved::Stage(id("moon")).into());
    assert_eq!(why(|s| drop(s.given.insert(id("moon"), "x".into()))), Unresolved::Image(id("moon")).into());
}

#[test]
fn effects_images_and_plans_that_the_pipeline_does_not_have_are_refused() {
    let why = |fact: Fact| refused([fact]).why;
    let survey = Effect::Survey { from: id("dev"), until: id("moon") };
    assert_eq!(why(intended(survey)), Unresolved::Stage(id("moon")).into());
    assert_eq!(why(intended(Effect::Build { image: id("moon") })), Unresolved::Image(id("moon")).into());
    let copy = Effect::Copy { image: id("web"), account: id("moon") };
    assert_eq!(why(intended(copy)), Unresolved::Account(id("moon")).into());
    let restore = Effect::Update { at: step("moon", 1), service: id("web"), direction: Direction::Back };
    assert_eq!(why(intended(restore)), Unresolved::Stage(id("moon")).into());
    let Fact::ImageBuilt { pushed, .. } = built() else { panic!("it is built") };
    let copied = |image: &str, account: &str| Fact::ImageCopied {
        image: id(image),
        account: id(account),
        pushed: pushed.clone(),
    };
    assert_eq!(why(copied("moon", "main")), Unresolved::Image(id("moon")).into());
    assert_eq!(why(copied("web", "moon")), Unresolved::Account(id("moon")).into());
    let answer = ApprovalAnswer { stage: id("moon"), ..answer("prod", Answer::Approved) };
    let refusal = Fact::ApprovalRefused {
        answer,
        reason: AnswerReason::PlanNotShown { action: "approve".into() },
        closes: false,
    };
    assert_eq!(why(refusal), Unresolved::Stage(id("moon")).into());
}

#[test]
fn two_facts_about_one_image_must_agree() {
    let pushed = |digest: &[u8]| PushedImage {
        repository: "shop".into(),
        digest: Digest::of(digest),
        pushed_at: at(0),
        not_copied: vec![],
    };
    let copied = |digest: &[u8]| Fact::ImageCopied { image: id("web"), account: id("main"), pushed: pushed(digest) };
    let again = |digest: &[u8]| Fact::ImageBuilt {
        image: id("web"),
        pushed: pushed(digest),
        origin: ImageOrigin::Built { by: "layers".into() },
    };
    let is_another = IllegalReason::OtherImage { image: id("web"), own: Digest::of(b"web"), found: Digest::of(b"x") };
    assert_eq!(refused([built(), copied(b"x")]).why, is_another.clone());
    assert_eq!(refused([built(), again(b"x")]).why, is_another.clone());
    assert_eq!(refused([copied(b"web")]).why, IllegalReason::NoImage { image: id("web") });
    fold([built(), copied(b"web"), again(b"web")]).unwrap();
    let images = |digest: &[u8]| BTreeMap::from([(id("web"), Digest::of(digest))]);
    let failed = |digest: &[u8]| Fact::ImagesFailed {
        stage: id("dev"),
        images: images(digest),
        reason: reason(Outcome::Failed),
    };
    assert_eq!(refused([built(), failed(b"x")]).why, is_another.clone());
    fold([built(), failed(b"web")]).unwrap();
}

#[test]
fn registrations_rollouts_and_passed_stages_must_agree_with_earlier_facts() {
    let planned_with = |image: &str| {
        let web = WorkloadPlan {
            family: "web".into(),
            live: None,
            content: ContentHash::of(b"web"),
            images: BTreeMap::from([("web".into(), image.to_owned())]),
            unnamed: BTreeMap::new(),
            changes: vec![],
            drift: vec![],
            desired: 1,
        };
        let plan = StagePlan { services: BTreeMap::from([(id("web"), web)]), tasks: BTreeMap::new() };
        Fact::StagePlanned { stage: id("dev"), plan }
    };
    let ours = format!("registry/shop@{}", Digest::of(b"web"));
    let planned = "registry/shop@sha256:0".to_owned();
    let other_image = IllegalReason::OtherImagePlanned {
        stage: id("dev"),
        container: "web".to_owned(),
        image: id("web"),
        own: Digest::of(b"web"),
        planned: planned.clone(),
    };
    assert_eq!(refused([built(), planned_with(&planned)]).why, other_image);
    assert_eq!(refused([planned_with(&ours)]).why, IllegalReason::NoImage { image: id("web") });
    let registered = |arn: &str, content: &[u8]| Fact::TaskDefinitionRegistered {
        at: step("dev", 1),
        workload: Workload::Service(id("web")),
        arn: arn.into(),
        content: ContentHash::of(content),
        reused: false,
    };
    let inside = || vec![built(), planned_with(&ours), gate_passed("dev"), entered("dev"), baseline()];
    let other_content = [inside(), vec![registered("web:2", b"x")]].concat();
    assert_eq!(
        refused(other_content).why,
        IllegalReason::OtherDefinitionRegistered { stage: id("dev"), workload: Workload::Service(id("web")) }
    );
    let other_revision = [inside(), vec![registered("web:3", b"web"), rollout_started()]].concat();
    let (registered_arn, rolled) = ("web:3".to_owned(), "web:2".to_owned());
    let (stage, service) = (id("dev"), id("web"));
    let other_definition = IllegalReason::OtherDefinitionRolled { stage, service, registered: registered_arn, rolled };
    assert_eq!(refused(other_revision).why, other_definition);
    fold([inside(), vec![registered("web:2", b"web"), rollout_started()]].concat()).unwrap();
    let left = Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() };
    assert_eq!(refused([left]).why, IllegalReason::NotEntered { stage: id("dev") });
    let ran = Fact::step(
        &step("dev", 0),
        RunFact::TaskRan {
            task: id("migrate"),
            end: crate::model::step::run::TaskEnd { exit_code: Some(0), said: None },
        },
    );
    assert_eq!(refused([ran]).why, IllegalReason::TaskNotStarted { stage: id("dev") });
}

#[test]
fn a_stage_is_entered_only_once_it_is_planned_and_judged() {
    for before in [vec![], vec![planned("dev")], vec![gate_passed("dev")]] {
        assert_eq!(refused(before.into_iter().chain([entered("dev")])).why, IllegalReason::NotPlannedOrJudged);
    }
    let release = fold([planned("dev"), gate_passed("dev"), entered("dev")]).unwrap();
    assert_eq!(release.stage(&id("dev")).entered, Some(at(4)));
    let twice = [planned("dev"), gate_passed("dev"), entered("dev"), entered("dev")];
    assert_eq!(refused(twice).why, IllegalReason::EnteredTwice);
}

#[test]
fn a_stage_is_entered_only_with_a_passed_gate_and_with_the_requested_approval() {
    for verdict in [Verdict::Unknown, Verdict::Fail] {
        let judgement = GateJudgement {
            verdict,
            counts: BTreeMap::new(),
            suppressed: BTreeMap::new(),
            blocking: vec![],
            reasons: vec![],
        };
        let judged = Fact::GateJudged { stage: id("dev"), judgement };
        assert_eq!(refused([planned("dev"), judged, entered("dev")]).why, IllegalReason::GateNotPassed);
    }
    let ready = || vec![planned("prod"), gate_passed("prod"), entered("prod")];
    assert_eq!(refused(ready()).why, IllegalReason::ApprovalMissing);
    assert_eq!(refused([vec![asked("prod")], ready()].concat()).why, IllegalReason::ApprovalMissing);
    let withdrawn_again = vec![asked("prod"), given("prod"), withdrawn("prod")];
    assert_eq!(refused([withdrawn_again, ready()].concat()).why, IllegalReason::ApprovalMissing);
    fold([vec![asked("prod"), given("prod")], ready()].concat()).unwrap();
    let other = ApprovalAnswer { plan: PlanHash::of(b"another"), ..answer("prod", Answer::Approved) };
    assert_eq!(refused([asked("prod"), Fact::ApprovalGiven { answer: other }]).why, IllegalReason::OtherThanRequested);
    let rejected = Fact::ApprovalGiven { answer: answer("prod", Answer::Rejected) };
    assert_eq!(refused([asked("prod"), rejected]).why, IllegalReason::OtherThanRequested);
}

#[test]
fn a_process_that_takes_over_judges_an_entered_stage_again() {
    let inside = [planned("dev"), gate_passed("dev"), entered("dev")];
    let old = |facts: Vec<Fact>| fold(facts).unwrap().stage(&id("dev")).gate_is_old;
    assert!(!old(inside.to_vec()));
    let taken_over = [inside.to_vec(), vec![resumed()]].concat();
    assert!(old(taken_over.clone()));
    assert!(!old([taken_over, vec![gate_passed("dev")]].concat()));
    assert!(!old(vec![resumed()]), "what is not entered has no judgement yet");
}

#[test]
fn an_answer_needs_a_request_and_a_withdrawal_an_unused_approval() {
    assert_eq!(refused([given("prod")]).why, IllegalReason::NoOpenRequest);
    let rejected = Fact::ApprovalRejected { answer: answer("prod", Answer::Rejected), images: BTreeMap::new() };
    assert_eq!(refused([rejected.clone()]).why, IllegalReason::NoOpenRequest);
    assert_eq!(refused([asked("prod"), given("prod"), given("prod")]).why, IllegalReason::NoOpenRequest);
    assert_eq!(refused([asked("prod"), withdrawn("prod")]).why, IllegalReason::NothingToWithdraw);
    let used = [asked("prod"), given("prod"), planned("prod"), gate_passed("prod"), entered("prod"), withdrawn("prod")];
    assert_eq!(refused(used).why, IllegalReason::NothingToWithdraw);

    let approval = |facts: &[Fact]| fold(facts.to_vec()).unwrap().stage(&id("prod")).approval.clone();
    assert!(matches!(approval(&[asked("prod"), given("prod")]), Approval::Given(..)));
    assert!(matches!(approval(&[asked("prod"), given("prod"), withdrawn("prod")]), Approval::Requested(_)));
    assert!(matches!(approval(&[asked("prod"), rejected.clone()]), Approval::Rejected(_)));
    assert!(matches!(approval(&[asked("prod"), given("prod"), rejected.clone()]), Approval::Rejected(_)));
    assert_eq!(approval(&[asked("prod"), rejected.clone(), resumed()]), Approval::NotRequested);
    let used = [asked("prod"), given("prod"), planned("prod"), gate_passed("prod"), entered("prod"), rejected.clone()];
    assert_eq!(refused(used).why, IllegalReason::NoOpenRequest);
    // A rejection stays recorded after later requests.
    let asked_again =
        fold([asked("prod"), rejected, resumed(), asked("prod"), given("prod"), withdrawn("prod")]).unwrap();
    let words: Vec<_> = asked_again.stage(&id("prod")).earlier.iter().map(|no| no.word).collect();
    assert_eq!(
        words,
        [
            crate::model::stage_state::EarlierDecisionKind::Rejected,
            crate::model::stage_state::EarlierDecisionKind::Withdrawn
        ]
    );
}

#[test]
fn after_an_approval_plan_gate_and_scans_are_read_again() {
    let release = fold([scanned(), planned("prod"), gate_passed("prod"), asked("prod"), given("prod")]).unwrap();
    let prod = release.stage(&id("prod"));
    assert!(release.scans.is_empty() && prod.plan.is_none() && prod.gate.is_none());
}

#[test]
fn a_rollout_that_is_observed_without_a_start_is_the_baselines() {
    assert_eq!(refused([observed()]).why, IllegalReason::RolloutNotStarted { direction: Direction::Forward });
    let unchanged = fold([baseline(), observed()]).unwrap();
    let run = roll(&unchanged).forward.run.as_ref().unwrap();
    assert_eq!((run.primary.as_deref(), run.progress.as_ref()), (Some("ecs-svc/0"), Some(&progress())));
    let ours = fold([baseline(), rollout_started(), observed()]).unwrap();
    assert_eq!(roll(&ours).forward.run.as_ref().unwrap().primary.as_deref(), Some("ecs-svc/1"));
    let restore = Fact::step(
        &step("dev", 1),
        RollFact::RolloutObserved { service: id("web"), direction: Direction::Back, progress: progress() },
    );
    assert_eq!(refused([restore]).why, IllegalReason::RolloutNotStarted { direction: Direction::Back });
}

#[test]
fn resuming_keeps_what_was_done_and_restarts_deadlines() {
    let before = [
        gate_passed("dev"),
        Fact::StageLocked { stage: id("dev"), fence: 4 },
        planned("dev"),
        entered("dev"),
        baseline(),
        rollout_started(),
        planned("prod"),
        Fact::Suspended { ending: ending(Outcome::Suspended) },
    ];
    let suspended = fold(before.clone()).unwrap();
    assert_eq!((suspended.ending.clone(), suspended.stage(&id("dev")).lock), (Some(ending(Outcome::Suspended)), None));
    assert_eq!(roll(&suspended).forward.run.as_ref().unwrap().counted_from, at(7));
    let release = fold(before.into_iter().chain([resumed()])).unwrap();
    assert_eq!(release.ending, None);
    assert_eq!(roll(&release).forward.run.as_ref().unwrap().counted_from, at(10));
    let (dev, prod) = (release.stage(&id("dev")), release.stage(&id("prod")));
    assert!(dev.plan.is_some() && dev.entered.is_some(), "an entered stage stays as approved");
    assert!(prod.plan.is_none(), "one that is not is planned again");
}

#[test]
fn resuming_restarts_the_timeout_of_a_task_so_that_it_is_read_once_before_it_is_late() {
    let started = Fact::step(&step("dev", 0), RunFact::TaskStarted { task: id("migrate"), arn: "task/1".into() });
    let counted_from = |facts: Vec<Fact>| match &fold(facts).unwrap().stage(&id("dev")).steps[0] {
        StepState::Run(run) => run.started.clone().unwrap(),
        other => panic!("{other:?} runs no task"),
    };
    assert_eq!(counted_from(vec![started.clone()]), ("task/1".to_owned(), at(2)));
    assert_eq!(
        counted_from(vec![started, Fact::Suspended { ending: ending(Outcome::Suspended) }, resumed()]),
        ("task/1".to_owned(), at(4))
    );
}

#[test]
fn resuming_restarts_what_counts_in_consecutive_readings() {
    let rollout_after = |rollout: RolloutState| {
        let progress = RolloutProgress { rollout, ..progress() };
        let seen = Fact::step(
            &step("dev", 1),
            RollFact::RolloutObserved { service: id("web"), direction: Direction::Forward, progress },
        );
        let release = fold([baseline(), rollout_started(), seen, resumed()]).unwrap();
        roll(&release).forward.run.clone().unwrap().progress.unwrap().rollout
    };
    let reset = RolloutState::Looking { readings: 0 };
    assert_eq!(rollout_after(RolloutState::Proven { readings: 2 }), reset);
    assert_eq!(rollout_after(RolloutState::Looking { readings: 5 }), reset);
    let ambiguous = RolloutState::Ambiguous { deployments: vec!["two".into()] };
    assert_eq!(rollout_after(ambiguous), reset, "what is unknown is read again");
    let failed = RolloutState::RollbackFailed { said: Some("no".into()) };
    assert_eq!(rollout_after(failed.clone()), failed, "what has ended has ended");
}

#[test]
fn a_withdrawn_approval_has_no_lease_and_is_not_read_again_from_an_answered_execution() {
    let locked = || Fact::StageLocked { stage: id("prod"), fence: 3 };
    let own = fold([asked("prod"), given("prod"), locked(), withdrawn("prod")]).unwrap();
    let state = own.stage(&id("prod"));
    assert!(matches!(state.approval, Approval::Requested(_)) && state.lock.is_none());

    let Fact::ApprovalRequested { stage, mut request } = asked("prod") else { unreachable!("it is a request") };
    request.execution = Some("e".into());
    let by_codepipeline = [Fact::ApprovalRequested { stage, request }, given("prod"), withdrawn("prod")];
    assert!(matches!(fold(by_codepipeline).unwrap().stage(&id("prod")).approval, Approval::Closed { .. }));
}

#[test]
fn a_refused_event_leaves_the_release_as_it_was() {
    let mut release = fold([intended(build())]).unwrap();
    let before = release.clone();
    let next = |fact| Event { v: 1, seq: 3, at: at(9), release: id("r1"), fact };
    release.apply(&next(entered("dev"))).unwrap_err();
    release.apply(&next(given("prod"))).unwrap_err();
    release.apply(&next(observed())).unwrap_err();
    assert_eq!(release, before);
    release.apply(&next(built())).unwrap();
    assert_eq!((release.seq, release.at), (3, at(9)));
}

/// Facts of which many follow one another legally, and some do not.
fn any_fact() -> impl Strategy<Value = Fact> {
    let register = Fact::TaskDefinitionRegistered {
        at: step("dev", 0),
        workload: Workload::Task(id("migrate")),
        arn: "migrate:2".into(),
        content: ContentHash::of(b"migrate"),
        reused: false,
    };
    let ended = Fact::step(
        &step("dev", 1),
        RollFact::RolloutEnded { service: id("web"), direction: Direction::Forward, end: RolloutEnd::Succeeded },
    );
    let failed = StageFailure { reason: reason(Outcome::Failed), roll_back: true };
    prop::sample::select(vec![
        warned("x"),
        intended(build()),
        built(),
        Fact::EffectFailed { effect: build(), fault: fault() },
        Fact::EffectAbsent { effect: build() },
        Fact::EffectUnknown { effect: build(), fault: fault() },
        scanned(),
        planned("dev"),
        gate_passed("dev"),
        entered("dev"),
        asked("prod"),
        given("prod"),
        withdrawn("prod"),
        Fact::ApprovalExpired { stage: id("prod"), reason: None },
        Fact::StageLocked { stage: id("dev"), fence: 1 },
        intended(Effect::Update { at: step("dev", 1), service: id("web"), direction: Direction::Forward }),
        register,
        baseline(),
        rollout_started(),
        observed(),
        ended,
        Fact::StageFailed { stage: id("dev"), failure: failed },
        Fact::StageLeft { stage: id("dev"), images: BTreeMap::new() },
        Fact::Extended { until: id("prod"), requested_by: unknown_requester(), forced: None, again: None },
        resumed(),
        Fact::Suspended { ending: ending(Outcome::Suspended) },
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Events that cannot follow are left out, as a writer does that folds before it appends.
    #[test]
    fn continuing_from_any_event_gives_the_fold_of_all_events(
        facts in prop::collection::vec(any_fact(), 0..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut live = fold([]).unwrap();
        let mut journal = events("r1", [started()]);
        for fact in facts {
            let seq = live.seq + 1;
            let event = Event { v: 1, seq, at: at(seq as i64), release: id("r1"), fact };
            let before = live.clone();
            match live.apply(&event) {
                Ok(()) => journal.push(event),
                Err(illegal) => {
                    prop_assert_eq!(illegal.seq, seq);
                    prop_assert_eq!(&live, &before);
                }
            }
        }
        prop_assert_eq!(&Release::fold(&journal).unwrap(), &live);
        let cut = cut.index(journal.len()) + 1;
        let mut resumed = Release::fold(&journal[..cut]).unwrap();
        for event in &journal[cut..] {
            resumed.apply(event).unwrap();
        }
        prop_assert_eq!(&resumed, &live);
    }
}

#[test]
fn a_finished_release_is_not_resumed_and_a_suspended_one_is() {
    let ended = |outcome| Fact::Finished { ending: ending(outcome) };
    let resumed = || Fact::Resumed { by: unknown_requester(), kanmon: "0".into() };
    for outcome in [Outcome::Rejected, Outcome::Succeeded, Outcome::Aborted] {
        let illegal = Release::fold(&events("r1", [started(), ended(outcome), resumed()])).unwrap_err();
        assert_eq!(illegal.why, IllegalReason::AfterEnd, "{outcome:?}");
    }
    let left = Fact::Suspended { ending: ending(Outcome::Suspended) };
    assert!(Release::fold(&events("r1", [started(), left, resumed()])).unwrap().ending.is_none());
}

#[test]
fn an_approval_that_is_read_late_is_as_old_as_its_question() {
    let mut all = events("r1", [started(), asked("prod"), given("prod")]);
    let lives_from = |all: &[Event]| Release::fold(all).unwrap().stage(&id("prod")).approved_at;
    assert_eq!(lives_from(&all), Some(all[2].at), "read in time");
    all[2].at = at(30 * 24 * 3600);
    assert_eq!(lives_from(&all), Some(at(3600)), "it was given before that");
}
