//! Invariants of every decision and of every ending.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::story::{folds_alike, run};
use super::world::{World, ours};
use crate::engine::decision::Decision;
use crate::engine::enter::SCAN_READINGS;
use crate::engine::{plan, unnamed};
use crate::model::effect::Effect;
use crate::model::effect_properties::Subject;
use crate::model::ending::Ending;
use crate::model::event::Fact;
use crate::model::finding::ScanState;
use crate::model::ids::StageName;
use crate::model::outcome::Outcome;
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::rollout::RolloutEnd;
use crate::model::scan_subject::ScanSubject;
use crate::model::severity::Severity;
use crate::model::stage_state::Approval;
use crate::model::step::StepState;
use crate::model::step::part::Direction;
use crate::model::waiting::Waiting;

/// Checks every decision before it is carried out.
#[derive(Default)]
pub(super) struct Checker {
    seen: usize,
    /// By stage: the last approval's event number, and the last judgement's.
    approved: BTreeMap<StageName, u64>,
    judged: BTreeMap<StageName, u64>,
    /// By stage: the last rejection's or withdrawal's event number.
    refused: BTreeMap<StageName, u64>,
    /// Updates that were intended and neither failed nor were absent.
    updates: BTreeMap<Effect, u64>,
}

impl Checker {
    pub fn check(&mut self, world: &World, decision: &Decision) {
        self.catch_up(world);
        let release = &world.release;
        match decision {
            Decision::Record(facts) => {
                assert!(!facts.is_empty(), "a decision to write something down writes something down");
                for fact in facts {
                    if let Fact::StageEntered { stage } = fact {
                        self.may_enter(release, stage);
                        assert!(world.inbox.is_empty(), "{stage} is entered with unread messages: {:?}", world.inbox);
                    }
                }
            }
            Decision::Go { start, watch, wake_at, waiting } => {
                assert!(!waiting.is_empty(), "what is not being done has a reason");
                let moves = !start.is_empty() || !watch.is_empty() || !release.open.is_empty() || wake_at.is_some();
                assert!(moves, "it waits for nothing: {waiting:?}");
                let finishing = waiting.iter().any(|w| matches!(w.what, Waiting::Finishing { .. }));
                assert!(!finishing || start.is_empty(), "{start:?} begins after the end was decided");
                for effect in start {
                    self.may_start(release, effect);
                }
                for (i, w) in watch.iter().enumerate() {
                    assert!(!watch[..i].iter().any(|o| o.watch == w.watch), "{:?} is watched two times", w.watch);
                }
            }
            Decision::Finish(_) => {
                let open: Vec<&Effect> = release.open.keys().collect();
                assert!(open.is_empty(), "it ends with effects under way: {open:?}");
            }
        }
    }

    fn catch_up(&mut self, world: &World) {
        for event in &world.events[self.seen..] {
            match &event.fact {
                Fact::ApprovalGiven { answer } => {
                    self.approved.insert(answer.stage.clone(), event.seq);
                }
                Fact::ApprovalRejected { answer, .. } => {
                    self.refused.insert(answer.stage.clone(), event.seq);
                }
                Fact::ApprovalWithdrawn { stage, .. } => {
                    self.refused.insert(stage.clone(), event.seq);
                }
                Fact::GateJudged { stage, .. } => {
                    self.judged.insert(stage.clone(), event.seq);
                }
                Fact::Intended { effect: effect @ Effect::Update { direction: Direction::Forward, .. }, .. } => {
                    let before = self.updates.insert(effect.clone(), event.seq);
                    assert_eq!(
                        before, None,
                        "`{effect:?}` is sent again, and the first was neither refused nor absent"
                    );
                }
                Fact::EffectFailed { effect, .. } | Fact::EffectAbsent { effect } => {
                    self.updates.remove(effect);
                }
                _ => {}
            }
        }
        self.seen = world.events.len();
    }

    fn may_start(&self, release: &Release, effect: &Effect) {
        assert!(!release.open.contains_key(effect), "`{effect:?}` is started while it is under way");
        assert!(!release.unknown.contains_key(effect), "`{effect:?}` is started while its result is unknown");
        let entered = |stage: &StageName| release.stage(stage).entered.is_some();
        match effect.row().subject {
            Subject::Accounts { .. }
            | Subject::Image(_)
            | Subject::Copy(..)
            | Subject::Plan(_)
            | Subject::Approval(_) => {}
            Subject::Confirm(stage) => {
                let state = release.stage(stage);
                assert!(state.steps.iter().all(is_done), "`{effect:?}` is started before every step is done");
                assert!(state.lock.is_some(), "`{effect:?}` is started while the stage is not held");
            }
            Subject::Step(at, _) => {
                assert!(entered(&at.stage), "`{effect:?}` is started before its stage is entered");
                assert!(release.stage(&at.stage).left.is_none(), "`{effect:?}` is started after its stage was left");
                assert!(release.stage(&at.stage).lock.is_some(), "`{effect:?}` is started while the stage is not held");
            }
        }
        if let Effect::Copy { image, .. } = effect {
            let own = &release.started.pipeline.image(image).account;
            let scan = release
                .scans
                .get(&(ScanSubject::Image(image.clone()), own.clone()))
                .expect("only what was scanned is copied");
            assert!(matches!(scan.reading.state, ScanState::Scanned { .. }), "only what was scanned is copied");
            let critical = scan.reading.findings.iter().any(|f| f.severity == Severity::Critical);
            assert!(!critical, "only what passed is copied");
        }
        if let Effect::RunTask { at, .. }
        | Effect::Update { at, direction: Direction::Forward, .. }
        | Effect::Check { at } = effect
        {
            assert!(release.stage(&at.stage).failure.is_none(), "`{effect:?}` is started in a stage that has failed");
            let earlier = &release.stage(&at.stage).steps[..at.step];
            assert!(earlier.iter().all(is_done), "`{effect:?}` is started before the steps before it are done");
        }
        if let Effect::Update { at, service, direction: Direction::Back } = effect {
            let prepared = release.roll(at, service).is_some_and(|roll| roll.target.is_some());
            assert!(prepared, "`{effect:?}` is started before it is known what was there before it");
        }
        if let Effect::PrepareRollback { at, .. } | Effect::Update { at, direction: Direction::Back, .. } = effect {
            let failure = release.stage(&at.stage).failure.as_ref();
            assert!(failure.is_some_and(|f| f.roll_back), "`{effect:?}` is started where no rollback was asked for");
        }
    }

    fn may_enter(&self, release: &Release, name: &StageName) {
        let pipeline = &release.started.pipeline;
        let stage = pipeline.stage(name).expect("it is there");
        let state = release.stage(name);
        for earlier in pipeline.stages.iter().take_while(|s| &s.name != name) {
            assert!(release.stage(&earlier.name).left.is_some(), "{name} is entered before {} is left", earlier.name);
        }
        let gate = state.gate.as_ref().expect("a stage is entered only once it is judged");
        assert!(gate.verdict.passes(), "{name} is entered although its gate does not pass");
        let plan = state.plan.as_ref().expect("a stage is entered only once it is planned");
        assert!(
            plan.passes_unnamed(),
            "{name} is entered with a container that nobody judged, or whose gate does not pass"
        );
        for (_, _, unnamed) in plan.unnamed() {
            let (image, account) = unnamed::key(release, stage, &unnamed.image).expect("it is in the account");
            let scan = release.scans.get(&(image, account)).expect("it was scanned");
            assert!(scan.readings >= SCAN_READINGS, "{name} is entered after one reading of a scan");
        }
        assert!(state.lock.is_some(), "{name} is entered while it is not held");
        assert!(release.abort.is_none(), "{name} is entered after an abort");
        if stage.approval.is_some() {
            let Approval::Given(answer, _) = &state.approval else {
                panic!("{name} is entered without an approval: {:?}", state.approval)
            };
            assert!(self.approved.get(name) > self.refused.get(name), "{name} is entered after a rejection");
            assert!(
                self.judged.get(name) > self.approved.get(name),
                "{name} is entered by a judgement from before the approval"
            );
            assert_eq!(
                answer.plan,
                current(release, stage),
                "{name} is entered with another plan than the approved one"
            );
        }
    }

    /// What must hold when it has ended finally, or after the last resumption.
    pub fn at_the_end(&mut self, world: &World, ending: &Ending) {
        self.catch_up(world);
        folds_alike(&world.events, &world.release);
        let release = &world.release;
        for ((stage, service), found) in &world.services {
            assert!(found.updates <= 1, "{stage}/{service} was updated {} times", found.updates);
        }
        if ending.outcome().is_success() {
            succeeded(world);
        }
        for (name, state) in &release.stages {
            let Some(failure) = &state.failure else { continue };
            let must_be_back =
                failure.roll_back && !ending.outcome().is_resumable() && ending.outcome() != Outcome::Stuck;
            for (_, service, roll) in state.rolls() {
                let found = &world.services[&(name.clone(), service.clone())];
                let still_ours = found.updates > 0 && found.definition == ours(name, service);
                let outcome = ending.outcome();
                assert!(
                    !(must_be_back && still_ours),
                    "{name}/{service} still runs the failed release, but the outcome is {outcome:?}: {roll:?}"
                );
                assert!(
                    !(outcome == Outcome::RolledBack && still_ours),
                    "the outcome is rolled back, but {name}/{service} is not: {roll:?}"
                );
            }
        }
    }
}

fn current(release: &Release, stage: &Stage) -> crate::model::ids::PlanHash {
    let state = release.stage(&stage.name);
    let (plan, gate) = (state.plan.as_ref().expect("it is planned"), state.gate.as_ref().expect("it is judged"));
    plan::hash(release, stage, plan, gate)
}

fn is_done(step: &StepState) -> bool {
    match step {
        StepState::Run(run) => run.ended.as_ref().is_some_and(|e| e.exit_code == Some(0)),
        StepState::Roll(services) => services.values().all(|r| {
            matches!(r.forward.ended, Some(RolloutEnd::Succeeded | RolloutEnd::Unchanged | RolloutEnd::Unverified))
        }),
        StepState::Check(check) => check.judged.as_ref().is_some_and(|(verdict, _)| verdict.passes()),
    }
}

fn succeeded(world: &World) {
    let release = &world.release;
    let pipeline = &release.started.pipeline;
    let until = pipeline.stages.iter().position(|s| s.name == release.until).expect("it is there");
    for stage in &pipeline.stages[..=until] {
        let state = release.stage(&stage.name);
        assert!(state.left.is_some(), "it succeeded, and {} was not left", stage.name);
        assert!(state.failure.is_none(), "it succeeded, and {} failed", stage.name);
        assert!(state.steps.iter().all(is_done), "it succeeded, and a step of {} did not", stage.name);
        for service in stage.services() {
            let found = &world.services[&(stage.name.clone(), service.clone())];
            let runs = found.theirs || found.definition == ours(&stage.name, service);
            assert!(runs, "it succeeded, and {}/{service} runs {}", stage.name, found.definition);
        }
    }
    for stage in &pipeline.stages[until + 1..] {
        assert!(release.stage(&stage.name).entered.is_none(), "{} was not requested", stage.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, max_shrink_iters: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_invariants_hold_in_every_story(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        run(bytes);
    }
}

/// A world in which nothing ever fails would prove nothing.
#[test]
fn the_stories_end_with_every_kind_of_outcome() {
    let mut ends: BTreeMap<String, u32> = BTreeMap::new();
    let mut bytes = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..600 {
        let story = run((0..300).map(|_| xorshift(&mut bytes)).collect());
        *ends.entry(format!("{:?}", story.ending.outcome())).or_default() += 1;
    }
    let wanted =
        ["Succeeded", "Blocked", "Rejected", "RolledBack", "Superseded", "Stuck", "Aborted", "Failed", "BuildFailed"];
    let missing: Vec<_> = wanted.iter().filter(|w| !ends.contains_key(**w)).collect();
    assert!(missing.is_empty(), "no story ends as {missing:?}; they end as {ends:?}");
}

fn xorshift(state: &mut u64) -> u8 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 32) as u8
}
