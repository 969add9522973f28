//! What is left of a release in the world and in its record.

use std::collections::{BTreeMap, BTreeSet};

use kanmon::model::outcome::Outcome;

use crate::scenarios::stage::{Ended, Stage};

#[derive(Debug, PartialEq)]
pub struct Left {
    outcome: Outcome,
    /// How often each changing call took effect, by account.
    calls: BTreeMap<(String, String), usize>,
    /// The tokens of the calls that AWS itself makes one of.
    once: BTreeMap<&'static str, usize>,
    /// The task definition of every service of the stages.
    runs: Vec<Option<String>>,
    /// How often the record has each of the kinds that tell the story.
    record: BTreeMap<String, usize>,
}

/// With one token a repeated call is the same task or execution.
const BY_TOKEN: [(&str, &str); 2] = [("RunTask", "clientToken"), ("StartPipelineExecution", "clientRequestToken")];

/// With one digest, or one deployment, a repeated call leaves the same.
const REPEATABLE: [&str; 2] = ["PutImage", "StopServiceDeployment"];

const TOLD: [&str; 10] = [
    "image-built",
    "image-copied",
    "approval-requested",
    "approval-given",
    "stage-entered",
    "stage-left",
    "rollout-started",
    "restore-started",
    "stage-failed",
    "task-ran",
];

pub fn left(stage: &Stage, ended: &Ended) -> Left {
    let mut calls = stage.tally();
    let by_token = BY_TOKEN.map(|(operation, token)| {
        calls.retain(|(op, _), _| op != operation);
        let tokens: BTreeSet<String> = stage.calls(operation).iter().map(|e| e.input[token].to_string()).collect();
        (operation, tokens.len())
    });
    calls.retain(|(op, _), _| !REPEATABLE.contains(&op.as_str()));
    let pipeline = &ended.release.started.pipeline;
    let services = |spec: &kanmon::model::pipeline::Stage| {
        let account = pipeline.account(&spec.account).id.to_string();
        ["web", "admin"].map(|service| stage.definition(&account, &spec.cluster, service))
    };
    let mut record = BTreeMap::new();
    for event in &ended.events {
        let fact = serde_json::to_value(&event.fact).unwrap();
        let kind = fact["kind"].as_str().unwrap().to_owned();
        if TOLD.contains(&kind.as_str()) {
            *record.entry(kind).or_default() += 1;
        }
    }
    Left {
        outcome: ended.ending.outcome,
        calls,
        once: by_token.into(),
        runs: pipeline.stages.iter().flat_map(services).collect(),
        record,
    }
}
