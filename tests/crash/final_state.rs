//! The final state of a release in AWS and in its record: everything, except what a crash must change.

use std::collections::{BTreeMap, BTreeSet};

use kanmon::aws::operations::{Access, Operation, Retry};
use kanmon::model::event::{Event, Fact};
use kanmon::model::outcome::Outcome;
use kanmon::model::release::Release;
use kanmon::model::stage_state::Compared;
use kanmon::model::step::StepState;

use crate::scenarios::simulation::{Ended, Simulation};

#[derive(Debug, Clone, PartialEq)]
pub struct FinalState {
    /// How often each changing call took effect, by account.
    calls: BTreeMap<(String, String), usize>,
    /// What calls with a token created: tasks and executions.
    made: BTreeMap<String, usize>,
    /// The task definition of every service of the stages.
    runs: Vec<Option<String>>,
    record: Record,
}

/// Whether a repeated call with the same input has the same result as one call. What those with a token created is counted separately.
pub fn is_same_again(operation: &str) -> bool {
    // The sandbox's name for the put of a manifest, which goes through the registry's protocol.
    operation == "PutImage"
        || Operation::ALL.iter().any(|known| {
            let name = known.action().split_once(':').map(|(_, name)| name);
            name == Some(operation)
                && match known.access() {
                    Access::Write(Retry::ClientToken | Retry::SameAgain, _) => true,
                    Access::Write(Retry::ThrottlingOnly, _) | Access::Read => false,
                }
        })
}

pub fn final_state(sim: &Simulation, ended: &Ended) -> FinalState {
    let mut calls = sim.tally();
    for ((operation, account), count) in &mut calls {
        if is_same_again(operation) {
            let of = sim.calls(operation).into_iter().filter(|e| e.account.as_ref() == Some(account));
            *count = of.map(|e| e.input.to_string()).collect::<BTreeSet<_>>().len();
        }
    }
    let pipeline = &ended.release.started.pipeline;
    let services = |spec: &kanmon::model::pipeline::Stage| {
        let account = pipeline.account(&spec.account).id.to_string();
        ["web", "admin"].map(|service| sim.definition(&account, &spec.cluster, service))
    };
    FinalState {
        calls,
        made: sim.interceptor.made(),
        runs: pipeline.stages.iter().flat_map(services).collect(),
        record: Record::of(&ended.release, &ended.events),
    }
}

impl FinalState {
    /// The same without the facts of these kinds.
    pub fn without(mut self, kinds: &[&str]) -> FinalState {
        self.record.kinds.retain(|kind, _| !kinds.contains(&kind.as_str()));
        self
    }

    /// The same without the service deployments that were listed beforehand: if listing them is not allowed, a release does without.
    pub fn without_listed(mut self) -> FinalState {
        let listed = fancy_regex::Regex::new(r"service_deployments: \[[^\]]*\]").expect("a pattern");
        self.record.folded = listed.replace_all(&self.record.folded, "service_deployments").into_owned();
        self
    }
}

/// The contents of a release's record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    outcome: Outcome,
    /// The number of facts of each kind.
    kinds: BTreeMap<String, usize>,
    effects: BTreeSet<String>,
    /// The fold of all facts.
    folded: String,
}

/// Facts that a crash adds, or whose number depends on when something was read. Their result is in the fold.
const AS_OFTEN_AS_IT_TAKES: [&str; 11] = [
    "resumed",
    "effect-absent",
    // The effects must be the same, but not how often each was tried.
    "intended",
    // Each process reads the services before it enters a stage, and before it leaves it.
    "surveyed",
    "scan-observed",
    "gate-judged",
    "stage-planned",
    "stage-locked",
    // Each process that uses an approval in CodePipeline reads it.
    "approval-compared",
    "stage-confirmed",
    "rollout-observed",
];

impl Record {
    pub fn of(release: &Release, events: &[Event]) -> Record {
        let (mut kinds, mut effects) = (BTreeMap::new(), BTreeSet::new());
        for event in events {
            if let Fact::Intended { effect, .. } = &event.fact {
                effects.insert(kanmon::report::effect::text(effect));
            }
            let fact = serde_json::to_value(&event.fact).expect("JSON");
            let kind = fact["kind"].as_str().expect("a kind").to_owned();
            if !AS_OFTEN_AS_IT_TAKES.contains(&kind.as_str()) {
                *kinds.entry(kind).or_default() += 1;
            }
        }
        let ending = release.ending.as_ref().expect("it has ended");
        Record { outcome: ending.outcome(), kinds, effects, folded: folded(release) }
    }

    /// The same without what differs in another run: these words, and the hashes that cover them.
    pub fn but_for(mut self, words: &[&str]) -> Record {
        for word in words {
            self.folded = self.folded.replace(word, "WORD");
        }
        self.folded = masked(&self.folded, |word| is_hash(word).then_some("HASH"));
        self
    }
}

/// The fold as text, without times, random ids, and what each process counts again.
fn folded(release: &Release) -> String {
    let mut release = release.clone();
    release.seq = 0;
    // Each process reads the services before it plans; one that only rolls back does not.
    release.surveyed = None;
    // Read for the gates. After a crash in a stage they are read again if anything is still to be changed.
    release.scans.clear();
    release.earlier_scans.clear();
    for state in release.stages.values_mut() {
        // Each process reads this before it leaves a stage, and none does after that.
        state.confirmed = false;
        // Each process that changes something because of an approval reads this, and none does after that.
        state.compared = Compared::NotYet;
        // A process that takes over judges the gate again if anything is still to be changed.
        state.gate_is_old = false;
        for step in &mut state.steps {
            // The last progress that was seen. The result is a separate member.
            if let StepState::Roll(services) = step {
                let rollouts = services.values_mut().flat_map(|roll| [&mut roll.forward, &mut roll.back]);
                rollouts.filter_map(|rollout| rollout.run.as_mut()).for_each(|run| run.progress = None);
            }
        }
    }
    without_drawn(&format!("{release:#?}"))
}

/// The text with `TIME` for every time and `ID` for every random id of AWS.
fn without_drawn(text: &str) -> String {
    let text = masked(text, |word| if is_time(word) { Some("TIME") } else { is_drawn(word).then_some("ID") });
    without_seen(&text)
}

/// The text with `tasks: N` for `tasks: 3` in the reasons of stopped tasks: the number depends on when they were read.
fn without_seen(text: &str) -> String {
    let seen = fancy_regex::Regex::new(r"(TaskStop \{[^}]*? tasks: )\d+").expect("a pattern");
    seen.replace_all(text, "${1}N").into_owned()
}

/// The text with some of its words replaced.
fn masked(text: &str, mask: impl Fn(&str) -> Option<&'static str>) -> String {
    let (mut out, mut word) = (String::with_capacity(text.len()), String::new());
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || "-:.".contains(c) {
            word.push(c);
            continue;
        }
        out.push_str(mask(&word).unwrap_or(&word));
        word.clear();
        out.push(c);
    }
    out
}

fn is_hash(word: &str) -> bool {
    let digits = word.strip_prefix("sha256:").unwrap_or(word);
    digits.len() == 64 && digits.chars().all(|c| c.is_ascii_hexdigit())
}

/// As jiff and the record write it.
fn is_time(word: &str) -> bool {
    word.len() > 18 && word.ends_with('Z') && word.as_bytes()[10] == b'T' && word.starts_with("20")
}

/// ECS's numbers, the lower-case hexadecimal ids of tasks and executions, and the 21 letters of a service deployment. Hashes are longer,
/// and stay.
fn is_drawn(word: &str) -> bool {
    let hex = (16..=40).contains(&word.len())
        && word.contains(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || c == '-' || ('a'..='f').contains(&c));
    let letters = word.len() == 21
        && word.chars().all(|c| c.is_ascii_alphanumeric())
        && word.contains(|c: char| c.is_ascii_uppercase())
        && word.contains(|c: char| c.is_ascii_lowercase());
    hex || letters
}

/// The lines in which two values differ; `None` if they are equal.
pub fn difference<T: std::fmt::Debug + PartialEq>(undisturbed: &T, disturbed: &T) -> Option<String> {
    if undisturbed == disturbed {
        return None;
    }
    let text = |left: &T| format!("{left:#?}").replace("\\n", "\n");
    let (before, after) = (text(undisturbed), text(disturbed));
    let diff = similar::TextDiff::from_lines(&before, &after);
    Some(diff.unified_diff().context_radius(3).header("undisturbed", "disturbed").to_string())
}
