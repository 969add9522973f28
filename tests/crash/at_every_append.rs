use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;
use kanmon::journal::Moment;
use kanmon::model::ids::ReleaseId;
use kanmon::model::outcome::Outcome;
use kanmon::model::stage_state::Approval;
use kanmon::ports::journal::JournalError;
use serde_json::json;

use crate::scenarios::stage::{Ended, MANAGER, Run, Stage, Story};

/// What is left of a release in the world and in its record.
#[derive(Debug, PartialEq)]
struct Left {
    outcome: Outcome,
    calls: BTreeMap<(String, String), usize>,
    tasks: usize,
    runs: Vec<Option<String>>,
    kinds: BTreeMap<String, usize>,
}

fn left(stage: &Stage, ended: &Ended) -> Left {
    let mut calls = stage.tally();
    // With one token or one digest, a repeated call is the same task, image or execution.
    for repeatable in ["RunTask", "PutImage", "StartPipelineExecution", "StopServiceDeployment"] {
        calls.retain(|(operation, _), _| operation != repeatable);
    }
    let tokens: std::collections::BTreeSet<String> =
        stage.calls("RunTask").iter().map(|e| e.input["clientToken"].to_string()).collect();
    let mut runs = Vec::new();
    for stage_spec in &ended.release.started.pipeline.stages {
        let account = ended.release.started.pipeline.account(&stage_spec.account).id.to_string();
        for service in ["web", "admin"] {
            runs.push(stage.definition(&account, &stage_spec.cluster, service));
        }
    }
    let mut kinds = BTreeMap::new();
    for event in &ended.events {
        let fact = serde_json::to_value(&event.fact).unwrap();
        let kind = fact["kind"].as_str().unwrap().to_owned();
        let told = ["stage-entered", "stage-left", "rollout-started", "restore-started", "stage-failed", "task-ran"];
        if told.contains(&kind.as_str()) {
            *kinds.entry(kind).or_default() += 1;
        }
    }
    Left { outcome: ended.ending.outcome, calls, tasks: tokens.len(), runs, kinds }
}

/// Answers whatever is asked, for ever.
async fn approving(stage: &Stage, id: &ReleaseId) {
    let mut answered = 0;
    loop {
        let release = stage.release_of(id).await;
        for (name, state) in &release.stages {
            if matches!(state.approval, Approval::Asked(_)) && state.asks > answered {
                answered = state.asks;
                stage.approves(MANAGER, id, name.as_str()).await;
            }
        }
        stage.pass(SignedDuration::from_secs(15)).await;
    }
}

async fn end(stage: &Stage, run: Run) -> Ended {
    let id = run.id.clone();
    tokio::select! {
        ended = run.end(stage) => ended,
        () = approving(stage, &id) => unreachable!("it goes on for ever"),
    }
}

/// Lets the process die at its `nth` append; none where it has fewer.
async fn killed(story: &Story, nth: usize, moment: Moment) -> Option<Left> {
    let stage = story.clone().open();
    let run = stage.release().await;
    let id = run.id.clone();
    let seen = Arc::new(AtomicUsize::new(0));
    let (count, died) = (seen.clone(), Arc::new(AtomicUsize::new(0)));
    let dead = died.clone();
    stage.journal.set_hook(move |at, _| {
        if at == Moment::Before {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if at == moment && count.load(Ordering::Relaxed) == nth {
            dead.store(1, Ordering::Relaxed);
            return Err(JournalError::Store("the process is killed here".to_owned()));
        }
        Ok(())
    });
    tokio::select! {
        () = run.over() => {}
        () = approving(&stage, &id) => unreachable!("it goes on for ever"),
    }
    stage.journal.set_hook(|_, _| Ok(()));
    if died.load(Ordering::Relaxed) == 0 {
        return None;
    }
    run.died(&stage).await;
    // The last append may have been the ending itself.
    let release = stage.release_of(&id).await;
    if release.ending.as_ref().is_some_and(|e| !e.outcome.is_resumable()) {
        return Some(left(&stage, &stage.ended(&id).await));
    }
    stage.pass(SignedDuration::from_secs(30)).await;
    let run = stage.resumes(&id).await;
    let ended = end(&stage, run).await;
    Some(left(&stage, &ended))
}

async fn survives(story: Story, outcome: Outcome) {
    survives_at(story, outcome, &[Moment::Before, Moment::After]).await;
}

async fn survives_at(story: Story, outcome: Outcome, moments: &[Moment]) {
    // What moves is looked at less often, to the same end.
    let story = story.file("/defaults/poll", json!("30s"));
    let undisturbed = {
        let stage = story.clone().open();
        let run = stage.release().await;
        let ended = end(&stage, run).await;
        assert_eq!(ended.ending.outcome, outcome, "{:?}", ended.ending);
        left(&stage, &ended)
    };
    let mut wrong = Vec::new();
    for nth in 1.. {
        for &moment in moments {
            match killed(&story, nth, moment).await {
                None => {
                    assert!(nth > 15, "a release has more appends than {nth}");
                    assert!(wrong.is_empty(), "undisturbed: {undisturbed:#?}\n{}", wrong.join("\n"));
                    return;
                }
                Some(left) if left == undisturbed => {}
                Some(left) => wrong.push(format!("killed {moment:?} append {nth}: {left:#?}")),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_as_if_nothing_had_been() {
    let steps = json!([{ "run": "migrate" }, { "roll": "web" }]);
    survives(Story::new().stages(&["dev"]).steps("dev", steps), Outcome::Succeeded).await;
}

#[tokio::test(start_paused = true)]
async fn a_copy_and_an_approval_end_as_if_nothing_had_been() {
    let story = Story::new().stages(&["prod"]).steps("prod", json!([{ "roll": "web" }]));
    survives(story, Outcome::Succeeded).await;
}

fn way_back() -> Story {
    let url = "https://shop.example/_sandbox/service/111111111111/ap-northeast-1/shop-dev/web";
    let check = json!({ "check": { "http": url, "status": 403, "timeout": "5s" } });
    Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": "admin" }, { "roll": "web" }, check]))
}

#[tokio::test(start_paused = true)]
async fn a_way_back_killed_before_each_ends_as_if_nothing_had_been() {
    survives_at(way_back(), Outcome::RolledBack, &[Moment::Before]).await;
}

#[tokio::test(start_paused = true)]
async fn a_way_back_killed_after_each_ends_as_if_nothing_had_been() {
    survives_at(way_back(), Outcome::RolledBack, &[Moment::After]).await;
}

#[tokio::test(start_paused = true)]
async fn without_service_deployments_it_ends_as_if_nothing_had_been() {
    let story = Story::new().stages(&["dev"]).steps("dev", json!([{ "roll": ["web", "admin"] }]));
    survives(story.world("/ecs/0/serviceDeployments", json!(false)), Outcome::Succeeded).await;
}
