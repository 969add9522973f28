//! One release from its start to its end, through crashes and resumptions, with all invariants checked.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::invariants::Checker;
use super::world::{Chance, REQUESTER, World};
use crate::engine::decide::decide;
use crate::engine::decision::{Decision, Watch};
use crate::engine::inbox::absorb_first;
use crate::model::approval::{Identity, Requester};
use crate::model::effect::Effect;
use crate::model::ending::Ending;
use crate::model::event::{Event, Fact, Started};
use crate::model::ledger::{Ledgers, StageLedger};
use crate::model::pipeline::{OnFailure, Transfer};
use crate::model::release::Release;
use crate::model::release::samples::{id, started};
use crate::model::stage_state::{Approval, StageState};
use crate::model::step::Step;
use crate::model::step::roll::Roll;

/// More than any story needs: with everything going wrong for two hours of deadlines, a few thousand steps are made.
const MOST_STEPS: u32 = 20_000;
/// How often a suspended release is resumed.
const RESUMPTIONS: u32 = 4;

/// A release's story, run to its end.
pub(super) struct Story {
    pub world: World,
    pub ending: Ending,
}

/// What the process is doing.
enum Job {
    Do(Effect),
    LookUp(Effect),
}

impl Job {
    fn effect(&self) -> &Effect {
        match self {
            Job::Do(effect) | Job::LookUp(effect) => effect,
        }
    }
}

/// `dev`, then `prod` in another account, with copies and approval: a migration, two services in parallel, a check.
pub(super) fn first(chance: &mut Chance) -> Started {
    let Fact::Started(mut first) = started() else { unreachable!("it starts") };
    let pipeline = &mut first.pipeline;
    let mut prod = pipeline.accounts[&id("main")].clone();
    prod.name = id("prod");
    pipeline.accounts.insert(id("prod"), prod);
    let web = pipeline.services[&id("web")].clone();
    pipeline.services.insert(id("admin"), web);
    for stage in &mut pipeline.stages {
        stage.steps[1] = Step::Roll(Roll { services: vec![id("web"), id("admin")] });
        stage.on_failure = if chance.odds(25) { OnFailure::Stop } else { OnFailure::Rollback };
    }
    (pipeline.stages[1].account, pipeline.stages[1].images) = (id("prod"), Transfer::Copy);
    if chance.odds(20) {
        first.given = BTreeMap::from([(id("web"), "registry/web:1".to_owned())]);
    }
    let identity = Identity { arn: REQUESTER.into(), account: id("012345678901"), user_id: "A".into() };
    first.requested_by = Requester::Person { identity };
    if chance.odds(15) {
        first.until = id("dev");
    }
    *first
}

/// Runs the release under these choices.
pub(super) fn run(bytes: Vec<u8>) -> Story {
    let mut chance = Chance::new(bytes);
    let started = first(&mut chance);
    let mut world = World::new(started, chance);
    let mut checker = Checker::default();
    let mut jobs: Vec<Job> = Vec::new();
    let mut ledgers = Ledgers::new();
    let mut resumptions = 0;
    for _ in 0..MOST_STEPS {
        nothing_is_lost(&world, &jobs);
        let decision = decide(&world.release, &ledgers, world.now);
        let read_first = match &decision {
            Decision::Record(facts) => absorb_first(facts),
            Decision::Finish(ending) => !ending.outcome().is_resumable(),
            Decision::Go { .. } => false,
        };
        if read_first && world.read_inbox() {
            continue;
        }
        checker.check(&world, &decision);
        match decision {
            Decision::Record(facts) => world.append(facts),
            Decision::Finish(ending) => {
                let resumable = ending.outcome().is_resumable();
                world.append([match resumable {
                    true => Fact::Suspended { ending: ending.clone() },
                    false => Fact::Finished { ending: ending.clone() },
                }]);
                if !resumable || resumptions == RESUMPTIONS {
                    checker.at_the_end(&world, &ending);
                    return Story { world, ending };
                }
                resumptions += 1;
                world.now += SignedDuration::from_hours(1);
                jobs = resume(&mut world);
            }
            Decision::Go { start, watch, wake_at, waiting: _ } => {
                for effect in start {
                    let attempt = world.release.failed.get(&effect).map_or(0, |f| f.attempts) + 1;
                    world.append([Fact::Intended { effect: effect.clone(), attempt }]);
                    jobs.push(Job::Do(effect));
                }
                interfere(&mut world, &mut ledgers);
                if world.chance.odds(2) {
                    jobs = crash(&mut world, jobs);
                    continue;
                }
                let watched: Vec<Watch> = watch.iter().map(|w| w.watch.clone()).collect();
                let every = watch.iter().map(|w| w.every).min();
                if !act(&mut world, &mut jobs, &watched) {
                    // What is watched is read again by then, if only to see that its time is over.
                    let idle = world.now + every.map_or(SignedDuration::from_secs(1), |every| every * 20);
                    world.now = wake_at.filter(|at| *at > world.now).map_or(idle, |at| at.min(idle));
                } else {
                    world.now += every.unwrap_or(SignedDuration::from_secs(1));
                }
            }
        }
    }
    panic!("it has not ended after {MOST_STEPS} steps; the last: {:?}", world.events.last());
}

/// Concludes one effect under way, or reports something new; false: nothing changed.
fn act(world: &mut World, jobs: &mut Vec<Job>, watched: &[Watch]) -> bool {
    if !jobs.is_empty() && (!world.chance.odds(40) || watched.is_empty()) {
        let job = jobs.swap_remove(world.chance.pick(jobs.len()));
        let fact = match &job {
            Job::Do(effect) => world.carry_out(effect),
            Job::LookUp(effect) => world.look_up(effect),
        };
        world.append([fact]);
        return true;
    }
    let start = world.chance.pick(watched.len().max(1));
    for watch in watched.iter().cycle().skip(start).take(watched.len()) {
        let facts = world.look(watch);
        if !facts.is_empty() {
            world.append(facts);
            return true;
        }
    }
    !jobs.is_empty()
}

/// What others do meanwhile.
fn interfere(world: &mut World, ledgers: &mut Ledgers) {
    let identity = || Identity { arn: REQUESTER.into(), account: id("012345678901"), user_id: "A".into() };
    if world.chance.odds(1) {
        world.somebody_deploys();
    }
    if world.release.abort.is_none() && world.chance.odds(1) {
        let roll_back = world.chance.odds(60);
        world.append([Fact::AbortRequested { by: identity(), reason: "enough".into(), roll_back }]);
    }
    let open =
        |s: &StageState| matches!(s.approval, Approval::Given(..) | Approval::Requested(_)) && s.entered.is_none();
    let asked = world.release.stages.iter().find(|(_, s)| open(s)).map(|(name, _)| name.clone());
    if let Some(stage) = asked
        && world.chance.odds(4)
    {
        world.approver_sends(&stage);
    }
    // The process reads its inbox from time to time.
    if world.chance.odds(30) {
        world.read_inbox();
    }
    if world.chance.odds(1) {
        let ledger = StageLedger { last_entered: Some(id("r2")), ..StageLedger::default() };
        ledgers.insert(id("prod"), ledger);
    }
}

/// The process crashes: its effects may or may not have taken place.
fn crash(world: &mut World, jobs: Vec<Job>) -> Vec<Job> {
    for job in &jobs {
        if let Job::Do(effect) = job {
            world.perhaps(effect);
        }
    }
    world.now += SignedDuration::from_secs(90);
    resume(world)
}

fn resume(world: &mut World) -> Vec<Job> {
    let identity = Identity { arn: REQUESTER.into(), account: id("012345678901"), user_id: "A".into() };
    world.append([Fact::Resumed { by: Requester::Person { identity }, kanmon: "0.1.0".into() }]);
    world.release.open.keys().cloned().map(Job::LookUp).collect()
}

/// Checks that folding the journal again, at once or from its middle, gives the same release.
pub(super) fn folds_alike(events: &[Event], release: &Release) {
    let half = events.len() / 2 + 1;
    let mut resumed = Release::fold(&events[..half.min(events.len())]).expect("the first half is a journal");
    for event in &events[half.min(events.len())..] {
        resumed.apply(event).expect("the second half follows");
    }
    assert_eq!(&resumed, release, "continuing from the middle gives the same release");
    assert_eq!(&Release::fold(events).expect("it is a journal"), release, "folding it again gives the same release");
}

/// Every effect under way has a job.
fn nothing_is_lost(world: &World, jobs: &[Job]) {
    for effect in world.release.open.keys() {
        assert!(jobs.iter().any(|j| j.effect() == effect), "`{effect:?}` is open, and nobody is at it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::Outcome;

    #[test]
    fn without_failures_everything_runs_in_order() {
        let story = run(vec![]);
        assert_eq!(story.ending.outcome(), Outcome::Succeeded, "{:?}", story.ending);
        let entered: Vec<&str> = story
            .world
            .events
            .iter()
            .filter_map(|e| match &e.fact {
                Fact::StageEntered { stage } | Fact::StageLeft { stage, .. } => Some(stage.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(entered, ["dev", "dev", "prod", "prod"]);
        assert!(story.world.services.values().all(|s| s.updates == 1 && s.definition.ends_with(":2")));
    }
}
