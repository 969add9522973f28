//! Decides what to do now, from a release and its stages' ledgers.

use jiff::Timestamp;

use super::agenda::{Agenda, Flow, join};
use super::decision::Decision;
use super::{abort, preapproval, quarantine};
use super::{ending, enter, rollback, step};
use crate::model::effect::Effect;
use crate::model::ending::Ending;
use crate::model::event::Fact;
use crate::model::ledger::Ledgers;
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::rollout::RolloutEnd;

/// What to do now. Total: every release has an answer.
pub fn decide(release: &Release, ledgers: &Ledgers, now: Timestamp) -> Decision {
    if let Some(ending) = &release.ending {
        return Decision::Finish(ending.clone());
    }
    let mut agenda = Agenda::new(release, ledgers, now);
    let flow = walk(&mut agenda, ledgers);
    agenda.decision(flow, || success(release))
}

fn walk(a: &mut Agenda<'_>, ledgers: &Ledgers) -> Flow {
    let release = a.release;
    let pipeline = &release.started.pipeline;
    abort::walk(a)?;
    let stages: Vec<&Stage> = release.stages_to_go().collect();
    let Some(first) = stages.first().copied().or_else(|| preapproval::stage(release)) else { return Ok(()) };
    let horizon = preapproval::horizon(release);
    // A failed stage is rolled back even where something else is unreachable.
    let entered = stages.iter().any(|s| release.stage(&s.name).entered.is_some());
    if !entered && release.surveyed.as_ref() != Some(horizon) {
        a.effect(Effect::Survey { from: first.name.clone(), until: horizon.clone() })?;
    }
    let missing: Vec<_> =
        pipeline.images_until(horizon).into_iter().filter(|i| !release.images.contains_key(*i)).collect();
    let built = missing.into_iter().map(|image| {
        let image = image.clone();
        let given = release.started.given.contains_key(&image);
        a.effect(if given { Effect::Adopt { image } } else { Effect::Build { image } })
    });
    join(built.collect::<Vec<_>>())?;
    for stage in stages {
        walk_stage(a, stage, ledgers)?;
    }
    preapproval::walk(a)
}

fn walk_stage(a: &mut Agenda<'_>, stage: &Stage, ledgers: &Ledgers) -> Flow {
    let state = a.release.stage(&stage.name);
    if state.entered.is_none() {
        enter::walk(a, stage, ledgers.get(&stage.name))?;
    }
    enter::locked(a, stage)?;
    if let Some(failure) = &state.failure {
        return rollback::walk(a, stage, failure);
    }
    // A suspended release holds no lease.
    if state.entered.is_some()
        && let Some(newer) = enter::newer(a, ledgers.get(&stage.name))
    {
        return step::fail(a, stage, ending::overtaken(&stage.name, newer));
    }
    step::walk(a, stage)?;
    step::confirmed(a, stage)?;
    let images = quarantine::proven_images(a.release, stage);
    a.record(Fact::StageLeft { stage: stage.name.clone(), images })
}

fn success(release: &Release) -> Ending {
    let ends: Vec<&RolloutEnd> =
        release.stages.values().flat_map(|s| s.rolls()).filter_map(|(_, _, r)| r.forward.ended.as_ref()).collect();
    let ran_tasks = release.stages.values().flat_map(|s| &s.steps).any(step::ran);
    if !ran_tasks && !ends.is_empty() && ends.iter().all(|e| **e == RolloutEnd::Unchanged) {
        return ending::done(release, true, false);
    }
    ending::done(release, false, ends.iter().any(|e| **e == RolloutEnd::Unverified))
}
