//! The cases of a release's report: each condition, its status, its start and its duration, in the words of the story.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::case_key::{CaseKey, FactSubject, closes, of_stage, subject_of};
pub use super::case_status::CaseStatus;
use super::paint::Paint;
use super::{ending, story, summary};
use crate::model::event::{Event, Fact};
use crate::model::ids::StageName;
use crate::model::release::Release;
use crate::model::step::part::{Direction, StepPart};

/// Cases that belong together: those of a stage, or those before the first stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Suite {
    pub name: String,
    pub cases: Vec<Case>,
    /// The lines about the stage as a whole.
    pub story: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Unique in its suite, and the same in every release of the same pipeline.
    pub name: String,
    pub status: CaseStatus,
    /// Why it did not pass, or what it waits for; empty where it passed.
    pub why: String,
    /// The same at length.
    pub detail: String,
    pub story: Vec<String>,
    /// The first fact about it.
    pub since: Option<Timestamp>,
    /// How long work on it took, as far as this is known.
    pub took: SignedDuration,
}

/// The suite of what comes before the first stage, and one for each requested stage, in the file's order.
pub fn of(events: &[Event], release: &Release) -> Vec<Suite> {
    let traces = Traces::of(events, release);
    let pipeline = &release.started.pipeline;
    let images = pipeline.images_until(&release.until).into_iter().cloned().map(CaseKey::Image);
    let first: Vec<CaseKey> = [CaseKey::Accounts].into_iter().chain(images).chain([CaseKey::Release]).collect();
    let mut suites = vec![traces.suite(pipeline.app.to_string(), first, release, |_| true, vec![])];
    let mut asked = true;
    for stage in &pipeline.stages {
        let keys = of_stage(release, stage);
        // A stage beyond the requested ones may have been prepared, up to its approval request.
        if asked || keys.iter().any(|m| traces.cases.contains_key(m)) {
            let shown = |case: &Case| asked || case.status != CaseStatus::NotReached;
            let story = traces.stages.get(&stage.name).cloned().unwrap_or_default();
            suites.push(traces.suite(stage.name.to_string(), keys, release, shown, story));
        }
        asked &= stage.name != release.until;
    }
    suites
}

/// The facts, case by case.
struct Traces {
    cases: BTreeMap<CaseKey, Trace>,
    stages: BTreeMap<StageName, Vec<String>>,
}

struct Trace {
    first: Timestamp,
    open_since: Option<Timestamp>,
    took: SignedDuration,
    /// The text of the last line.
    last: Option<String>,
    story: Vec<String>,
}

impl Traces {
    fn of(events: &[Event], release: &Release) -> Traces {
        let mut traces = Traces { cases: BTreeMap::new(), stages: BTreeMap::new() };
        let mut entered = BTreeSet::new();
        for event in events {
            let line = story::line(event, release);
            let dated = line.as_ref().map(|l| l.dated(event.at, Paint(false), None).shown());
            match subject_of(&event.fact, release, &entered) {
                FactSubject::Case(key) => {
                    let trace = traces.cases.entry(key).or_insert_with(|| Trace::new(event.at));
                    trace.goes_on(event.at);
                    if closes(&event.fact) {
                        trace.stops(event.at);
                    }
                    trace.last = line.map(|l| l.text).or(trace.last.take());
                    trace.story.extend(dated);
                }
                FactSubject::Stage(stage) => traces.stages.entry(stage).or_default().extend(dated),
            }
            if let Fact::StageEntered { stage } = &event.fact {
                entered.insert(stage.clone());
            }
            if let Fact::Suspended { .. } | Fact::Finished { .. } = &event.fact {
                traces.rests(event.at);
            }
        }
        traces.cases.values_mut().for_each(|t| t.stops(release.at));
        traces
    }

    /// No process works on the release any longer; an approval request stays open.
    fn rests(&mut self, at: Timestamp) {
        let worked = self.cases.iter_mut().filter(|(key, _)| !matches!(key, CaseKey::Approval(_)));
        worked.for_each(|(_, trace)| trace.stops(at));
    }

    fn suite(
        &self,
        name: String,
        keys: Vec<CaseKey>,
        release: &Release,
        shown: impl Fn(&Case) -> bool,
        story: Vec<String>,
    ) -> Suite {
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        keys.iter().for_each(|m| *names.entry(m.name(release)).or_default() += 1);
        let mut cases: Vec<Case> = Vec::new();
        for key in keys {
            let mut case = self.case(&key, release);
            // Only what failed is rolled back.
            if is_rollback(&key) && case.status == CaseStatus::NotReached {
                continue;
            }
            if let Some(step) = key.step().filter(|_| names[&case.name] > 1) {
                case.name = format!("{} (step {})", case.name, step + 1);
            }
            cases.push(case);
        }
        cases.retain(shown);
        Suite { name, cases, story }
    }

    fn case(&self, key: &CaseKey, release: &Release) -> Case {
        let trace = self.cases.get(key);
        let status = key.status(release, trace.is_some());
        let last = trace.and_then(|t| t.last.clone());
        let ended = release.ending.as_ref().map(|e| ending::words(e, release).sentence);
        let why = match (key, status) {
            (_, CaseStatus::Passed) => String::new(),
            (CaseKey::Release, _) => ended.unwrap_or_else(|| summary::NOT_ENDED.to_owned()),
            (CaseKey::Approval(_), CaseStatus::Waiting) | (_, CaseStatus::Failed | CaseStatus::Unknown) => {
                last.or(ended).unwrap_or_default()
            }
            (_, CaseStatus::Waiting) => ended.or(last).unwrap_or_else(|| summary::NOT_ENDED.to_owned()),
            (_, CaseStatus::NotReached) => match ended {
                Some(ended) => format!("not reached: {ended}"),
                None => "not reached".to_owned(),
            },
        };
        let detail = if let (CaseKey::Release, Some(ending)) = (key, &release.ending) {
            summary::of(release, ending, true, Paint(false), None).shown()
        } else {
            why.clone()
        };
        Case {
            name: key.name(release),
            status,
            why,
            detail,
            story: trace.map(|t| t.story.clone()).unwrap_or_default(),
            since: trace.map(|t| t.first),
            took: trace.map(|t| t.took).unwrap_or_default(),
        }
    }
}

/// Whether it is the rollback of a service.
fn is_rollback(key: &CaseKey) -> bool {
    matches!(key, CaseKey::Step(_, StepPart::Service(_, Direction::Back)))
}

impl Trace {
    fn new(at: Timestamp) -> Trace {
        Trace { first: at, open_since: None, took: SignedDuration::ZERO, last: None, story: Vec::new() }
    }

    fn goes_on(&mut self, at: Timestamp) {
        self.open_since.get_or_insert(at);
    }

    fn stops(&mut self, at: Timestamp) {
        if let Some(since) = self.open_since.take() {
            // Facts are dated by several machines' clocks.
            self.took += at.duration_since(since).max(SignedDuration::ZERO);
        }
    }
}
