//! The final state of a release in the world and in its record: everything, except what a crash must change.

use std::collections::{BTreeMap, BTreeSet};

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
    /// What calls made that carry a token: tasks, and executions.
    made: BTreeMap<String, usize>,
    /// The task definition of every service of the stages.
    runs: Vec<Option<String>>,
    record: Record,
}

/// With the same input, a repeated call leaves what one leaves.
pub const SAME_AGAIN: [&str; 4] = [
    "PutImage",
    "StopServiceDeployment",
    // With their tokens: what they made is counted beside them.
    "RunTask",
    "StartPipelineExecution",
];

pub fn final_state(sim: &Simulation, ended: &Ended) -> FinalState {
    let mut calls = sim.tally();
    for ((operation, account), count) in &mut calls {
        if SAME_AGAIN.contains(&operation.as_str()) {
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
    /// The same, whatever facts of these kinds there are.
    pub fn without(mut self, kinds: &[&str]) -> FinalState {
        self.record.kinds.retain(|kind, _| !kinds.contains(&kind.as_str()));
        self
    }

    /// The same, whatever service deployments were listed beforehand: where they may not be listed, a release goes without.
    pub fn without_listed(mut self) -> FinalState {
        let listed = fancy_regex::Regex::new(r"service_deployments: \[[^\]]*\]").expect("a pattern");
        self.record.folded = listed.replace_all(&self.record.folded, "service_deployments").into_owned();
        self
    }
}

/// What a release's record says.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    outcome: Outcome,
    /// How often it has each kind of fact.
    kinds: BTreeMap<String, usize>,
    effects: BTreeSet<String>,
    /// What all facts fold into.
    folded: String,
}

/// Facts that a crash adds, or whose number hangs on when somebody looked. What they come to is in the fold.
const AS_OFTEN_AS_IT_TAKES: [&str; 11] = [
    "resumed",
    "effect-absent",
    // Each effect is held to be the same; how often it was tried is not.
    "intended",
    // A process looks for itself before it enters a stage, and before it leaves it.
    "surveyed",
    "scan-observed",
    "gate-judged",
    "stage-planned",
    "stage-locked",
    // A process that acts on an approval in CodePipeline reads it for itself.
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

    /// The same without what another machine's run has otherwise: these words, and hashes, which cover them.
    pub fn but_for(mut self, words: &[&str]) -> Record {
        for word in words {
            self.folded = self.folded.replace(word, "WORD");
        }
        self.folded = masked(&self.folded, |word| is_hash(word).then_some("HASH"));
        self
    }
}

/// The fold as text, without times, drawn ids, and what is counted anew by whoever looks.
fn folded(release: &Release) -> String {
    let mut release = release.clone();
    release.seq = 0;
    // What a process looks at beforehand is its own; one that only goes back does not.
    release.surveyed = None;
    // Read for the gates; those of a stage that was entered before the crash are read again where anything is still to be changed.
    release.scans.clear();
    for state in release.stages.values_mut() {
        // Asked of every process before it leaves a stage, and of none after that.
        state.confirmed = false;
        // Asked of every process that changes something on an approval, and of none after that.
        state.compared = Compared::NotYet;
        // Whoever takes over judges again, where anything is still to be changed.
        state.gate_is_old = false;
        for step in &mut state.steps {
            // How far it was seen to come. How it ended stands beside it.
            if let StepState::Roll(services) = step {
                let rollouts = services.values_mut().flat_map(|roll| [&mut roll.forward, &mut roll.back]);
                rollouts.filter_map(|rollout| rollout.run.as_mut()).for_each(|run| run.progress = None);
            }
        }
    }
    without_drawn(&format!("{release:#?}"))
}

/// A text with every time as `TIME` and every id that AWS draws as `ID`.
fn without_drawn(text: &str) -> String {
    let text = masked(text, |word| if is_time(word) { Some("TIME") } else { is_drawn(word).then_some("ID") });
    without_seen(&text)
}

/// `tasks: 3` of a cause that tasks stopped for as `tasks: N`: how many of them somebody was there to see.
fn without_seen(text: &str) -> String {
    let seen = fancy_regex::Regex::new(r"(TaskStop \{[^}]*? tasks: )\d+").expect("a pattern");
    seen.replace_all(text, "${1}N").into_owned()
}

/// A text with some of its words as others.
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

/// ECS's numbers, the lower-case hex of tasks and executions, and the 21 letters of a service deployment. Hashes are longer: they say
/// what it was.
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

/// Where two differ, line by line; `None` where they do not.
pub fn difference<T: std::fmt::Debug + PartialEq>(undisturbed: &T, disturbed: &T) -> Option<String> {
    if undisturbed == disturbed {
        return None;
    }
    let text = |left: &T| format!("{left:#?}").replace("\\n", "\n");
    let (before, after) = (text(undisturbed), text(disturbed));
    let diff = similar::TextDiff::from_lines(&before, &after);
    Some(diff.unified_diff().context_radius(3).header("undisturbed", "disturbed").to_string())
}
