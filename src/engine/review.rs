//! A review: from the record of the release that waits, and from that of the release that runs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::plan::is_requested_plan;
use super::unnamed;
use crate::model::approval::ApprovalRequest;
use crate::model::commits::{Commits, CommitsUnknown};
use crate::model::event::{Event, Fact};
use crate::model::finding::{Finding, ScanReading, ScanState};
use crate::model::ids::{AccountName, ServiceName, StageName};
use crate::model::ledger::Ledgers;
use crate::model::pipeline::{OnFailure, Stage};
use crate::model::refusal::OtherVersion;
use crate::model::release::Release;
use crate::model::review::{
    EarlierStage, FindingChanges, FindingsUnknown, GoingBack, Origin, Review, Running, SourceDoubt,
};
use crate::model::scan_subject::ScanSubject;
use crate::model::stage_state::Shown;
use crate::model::step::StepState;
use crate::model::warning::Warning;

/// A release with its events.
#[derive(Debug, Clone)]
pub struct Record {
    pub events: Vec<Event>,
    pub release: Release,
}

/// What was gathered for a review.
pub struct Circumstances<'r> {
    pub record: &'r Record,
    /// The last release that passed the stage, and the last that entered it: those that can be read.
    pub candidates: &'r [Record],
    /// Of this stage and those before it.
    pub ledgers: &'r Ledgers,
    pub commits: Result<Commits, CommitsUnknown>,
    pub started_by: Option<OtherVersion>,
}

/// The review of a request.
pub fn review<'r>(of: Circumstances<'r>, stage: &'r Stage, request: &'r ApprovalRequest) -> Review<'r> {
    let Circumstances { record, candidates, ledgers, commits, started_by } = of;
    let release = &record.release;
    let shown = shown(release, stage, request);
    let replaced = replaced(release, candidates, stage, request);
    let ledger = ledgers.get(&stage.name);
    let images = release.digests(stage);
    Review {
        release,
        stage,
        request,
        shown,
        runs: origins(release, candidates, stage, request),
        replaces: replaced.map(|record| of_stage(&record.release, &stage.name)),
        commits,
        findings: match replaced {
            Some(then) => Ok(changes(&readings(then, &stage.name), &readings(record, &stage.name))),
            None => Err(FindingsUnknown::NothingToCompare),
        },
        doubts: doubts(release, stage),
        going_back: going_back(stage, shown),
        earlier: earlier(release, stage, ledgers),
        frozen: ledger.and_then(|ledger| ledger.frozen.as_ref()),
        rejected: match ledger {
            Some(ledger) => ledger.rejected(&images).filter(|r| r.release != release.id).collect(),
            None => Vec::new(),
        },
        started_by,
    }
}

/// The two commits between which the commits of a review are; `Err`: why there are none.
pub fn commits_between<'r>(
    release: &'r Release,
    candidates: &'r [Record],
    stage: &'r Stage,
    request: &ApprovalRequest,
) -> Result<(&'r str, &'r str), CommitsUnknown> {
    let runs = replaced(release, candidates, stage, request).ok_or(CommitsUnknown::NothingToCompare)?;
    let own = commit_of_all(release, stage, false)?;
    let its_stage = runs.release.started.pipeline.stage(&stage.name).ok_or(CommitsUnknown::NothingToCompare)?;
    Ok((commit_of_all(&runs.release, its_stage, true)?, own))
}

/// The one commit of all images of a stage.
fn commit_of_all<'r>(release: &'r Release, stage: &Stage, of_what_runs: bool) -> Result<&'r str, CommitsUnknown> {
    let images = stage.images_used(&release.started.pipeline);
    let commits: Option<BTreeSet<&str>> = images.into_iter().map(|image| release.commit_of(image)).collect();
    let commits = commits.ok_or(CommitsUnknown::NoCommit { of_what_runs })?;
    match commits.len() {
        0 => Err(CommitsUnknown::NoCommit { of_what_runs }),
        1 => commits.into_iter().next().ok_or(CommitsUnknown::NoCommit { of_what_runs }),
        _ => Err(CommitsUnknown::SeveralCommits),
    }
}

/// The plan that a request's hash was computed of.
fn shown<'r>(release: &'r Release, stage: &Stage, request: &ApprovalRequest) -> Option<&'r Shown> {
    let shown = release.stage(&stage.name).shown(&request.plan)?;
    is_requested_plan(release, stage, &request.plan).then_some(shown)
}

/// Where what each service runs comes from, by the plan.
fn origins<'r>(
    release: &'r Release,
    candidates: &[Record],
    stage: &Stage,
    request: &ApprovalRequest,
) -> BTreeMap<&'r ServiceName, Origin> {
    let Some(shown) = shown(release, stage, request) else { return BTreeMap::new() };
    let each = shown.plan.services.iter().map(|(service, workload)| {
        let origin = match workload.live.as_deref() {
            None => Origin::Nothing,
            Some(live) => origin(candidates, stage, service, live),
        };
        (service, origin)
    });
    each.collect()
}

/// The release that brought a revision to a service. A revision that was registered again for a rollback counts as the one before it.
fn origin(candidates: &[Record], stage: &Stage, service: &ServiceName, live: &str) -> Origin {
    let rolls = || {
        candidates.iter().flat_map(|record| {
            let state = record.release.stages.get(&stage.name);
            let rolls = state.into_iter().flat_map(|state| state.rolls()).filter(|(_, name, _)| *name == service);
            rolls.map(|(_, _, roll)| (&record.release.id, roll))
        })
    };
    let before = rolls().find_map(|(_, roll)| {
        let again = roll.back.run.as_ref().filter(|run| run.task_definition == live)?;
        roll.baseline.as_ref().filter(|was| was.task_definition != again.task_definition)
    });
    let live = before.map_or(live, |was| was.task_definition.as_str());
    let brought = rolls().find(|(_, roll)| {
        let runs = roll.forward.run.as_ref().is_some_and(|run| run.task_definition == live);
        // A release that was rolled back does not run, even if it is the last that touched the service.
        runs && roll.back.run.is_none()
    });
    match brought {
        Some((release, _)) => Origin::Release(release.clone()),
        None => Origin::Unknown(live.to_owned()),
    }
}

/// The one release that all services run which run anything.
fn replaced<'r>(
    release: &Release,
    candidates: &'r [Record],
    stage: &Stage,
    request: &ApprovalRequest,
) -> Option<&'r Record> {
    let mut found = None;
    for origin in origins(release, candidates, stage, request).into_values() {
        match origin {
            Origin::Nothing => {}
            Origin::Unknown(_) => return None,
            Origin::Release(id) if found.as_ref().is_none_or(|before| *before == id) => found = Some(id),
            Origin::Release(_) => return None,
        }
    }
    candidates.iter().find(|record| Some(&record.release.id) == found.as_ref())
}

fn of_stage<'r>(release: &'r Release, stage: &StageName) -> Running<'r> {
    let state = release.stages.get(stage);
    let passed = state.and_then(|state| state.left);
    Running { release, since: passed.or(state.and_then(|state| state.entered)), passed: passed.is_some() }
}

/// The last reading of each scan that concerns a stage, by the image's or the repository's name; `None`: it has no result.
type Readings<'r> = BTreeMap<String, Vec<(Timestamp, Option<&'r ScanReading>)>>;

fn readings<'r>(of: &'r Record, stage: &StageName) -> Readings<'r> {
    let release = &of.release;
    let Some(spec) = release.started.pipeline.stage(stage) else { return Readings::new() };
    let mut last: BTreeMap<(&ScanSubject, &AccountName), (Timestamp, &ScanReading)> = BTreeMap::new();
    for event in &of.events {
        if let Fact::ScanObserved { image, account, reading, .. } = &event.fact {
            last.insert((image, account), (event.at, reading));
        }
    }
    let images = spec.images_used(&release.started.pipeline);
    let state = release.stage(stage);
    let plan = state.plan.as_ref().or(state.shown.last().map(|shown| &shown.plan));
    let unnamed = plan.map(|plan| unnamed::keys(release, spec, plan)).unwrap_or_default();
    let mut found = Readings::new();
    for image in &images {
        found.entry(image.to_string()).or_default();
    }
    for ((subject, account), (at, reading)) in last {
        let name = match subject {
            ScanSubject::Image(image) if images.contains(image) => image.to_string(),
            ScanSubject::Unnamed { repository, .. }
                if unnamed.iter().any(|(its, of)| its == subject && of == account) =>
            {
                repository.clone()
            }
            ScanSubject::Image(_) | ScanSubject::Unnamed { .. } => continue,
        };
        let result = match reading.state {
            ScanState::Scanned { .. } => Some(reading),
            ScanState::Waiting { .. } | ScanState::Unscannable { .. } => None,
        };
        found.entry(name).or_default().push((at, result));
    }
    found
}

fn changes(then: &Readings<'_>, now: &Readings<'_>) -> FindingChanges {
    let mut found = FindingChanges::default();
    let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
    let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    for name in names {
        // An image that only one of the two releases has: all of its findings are gone, or new.
        let (was, is) = (then.get(name), now.get(name));
        let known = |readings: Option<&Vec<(Timestamp, Option<&ScanReading>)>>| {
            readings.is_none_or(|all| !all.is_empty() && all.iter().all(|(_, reading)| reading.is_some()))
        };
        if !known(was) || !known(is) {
            found.unknown.insert(name.clone());
            continue;
        }
        let all = |readings: Option<&Vec<(Timestamp, Option<&ScanReading>)>>| {
            let readings = readings.into_iter().flatten().filter_map(|(_, reading)| *reading);
            readings.flat_map(|reading| reading.findings.iter().cloned()).collect::<Vec<_>>()
        };
        before.extend(all(was));
        after.extend(all(is));
        let oldest = was.into_iter().flatten().map(|(at, _)| *at).min();
        found.then = [found.then, oldest].into_iter().flatten().min();
    }
    found.new = beyond(&after, &before);
    found.gone = beyond(&before, &after);
    found
}

/// The findings of one set whose vulnerability is not in the same package of the other, worst first.
fn beyond(of: &BTreeSet<Finding>, other: &BTreeSet<Finding>) -> Vec<Finding> {
    let key = |finding: &Finding| (finding.id.clone(), finding.package.clone());
    let others: BTreeSet<_> = other.iter().map(key).collect();
    let mut seen = BTreeSet::new();
    let mut found: Vec<Finding> =
        of.iter().filter(|f| !others.contains(&key(f)) && seen.insert(key(f))).cloned().collect();
    found.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.cmp(b)));
    found
}

fn doubts(release: &Release, stage: &Stage) -> Vec<SourceDoubt> {
    let mut found = BTreeSet::new();
    for image in stage.images_used(&release.started.pipeline) {
        if release.commit_of(image).is_none() {
            found.insert(SourceDoubt::NoCommit { image: image.clone() });
        } else if !release.started.given.contains_key(image) && release.started.source.dirty {
            found.insert(SourceDoubt::Uncommitted);
        }
        let changed = |warning: &Warning| {
            if let Warning::SourceChanged { image: its, .. } = warning { its == image } else { false }
        };
        if release.warnings.iter().any(changed) {
            found.insert(SourceDoubt::ChangedDuringBuild { image: image.clone() });
        }
    }
    found.into_iter().collect()
}

fn going_back(stage: &Stage, shown: Option<&Shown>) -> GoingBack {
    let services = shown.into_iter().flat_map(|shown| &shown.plan.services);
    GoingBack {
        automatic: match stage.on_failure {
            OnFailure::Rollback => true,
            OnFailure::Stop => false,
        },
        tasks: stage.tasks().cloned().collect(),
        new_services: services.filter(|(_, w)| w.live.is_none()).map(|(name, _)| name.clone()).collect(),
    }
}

fn earlier<'r>(release: &'r Release, stage: &Stage, ledgers: &Ledgers) -> Vec<EarlierStage<'r>> {
    let before = release.started.pipeline.stages.iter().take_while(|spec| spec.name != stage.name);
    let each = before.map(|spec| {
        let state = release.stage(&spec.name);
        let last = ledgers.get(&spec.name).and_then(|ledger| ledger.last_entered.as_ref());
        let (mut checks, mut tasks) = (Vec::new(), Vec::new());
        for step in &state.steps {
            match step {
                StepState::Check(check) => {
                    checks.push(check.judged.as_ref().map(|(verdict, result)| (*verdict, result)))
                }
                StepState::Run(run) => tasks.push((&run.task, run.ended.as_ref().and_then(|end| end.exit_code))),
                StepState::Roll(_) => {}
            }
        }
        EarlierStage {
            name: &spec.name,
            passed_at: state.left,
            replaced_by: last.filter(|last| **last != release.id).cloned(),
            checks,
            tasks,
        }
    });
    each.collect()
}

#[cfg(test)]
mod tests;
