//! How executions move: into stages, through their actions, and out.

use jiff::{SignedDuration, Timestamp};

use super::execution::{ActionRun, ActionStatus, Execution, StageRun, StageStatus, Status};
use super::mode::Mode;
use super::pipeline::{Action, ActionResult, Pipeline};
use super::variables;
use crate::model::ids::sha256_hex;
use crate::sandbox::latency::Latency;

/// How long an abandoned execution takes to stop.
const ABANDON: SignedDuration = SignedDuration::from_secs(2);

/// How long an action takes if the seed does not say.
fn nominal(category: &str) -> SignedDuration {
    SignedDuration::from_secs(match category {
        "Source" => 5,
        "Build" | "Test" | "Compute" => 60,
        _ => 30,
    })
}

/// An id in a UUID's form, derived from what it names.
pub fn uuid(parts: &[&str]) -> String {
    let h = sha256_hex(parts.join("\u{0}").as_bytes());
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..32])
}

/// Lets what is due at `at` happen.
pub fn fire(pipeline: &mut Pipeline, at: Timestamp, latency: Latency) {
    for e in 0..pipeline.executions.len() {
        if pipeline.executions[e].stops_at.is_some_and(|t| t <= at) {
            close(&mut pipeline.executions[e], Status::Stopped, StageStatus::Stopped, at);
        }
        let stage = pipeline.executions[e].stages.len().saturating_sub(1);
        let Pipeline { executions, stages, .. } = pipeline;
        let Some(run) = executions[e].stages.get_mut(stage) else { continue };
        for action in run.actions.iter_mut().filter(|a| a.due.is_some_and(|t| t <= at)) {
            finish_action(action, &stages[stage].actions[action.action], at);
        }
        proceed(pipeline, e, at, latency);
    }
    admit(pipeline, at, latency);
}

fn finish_action(run: &mut ActionRun, action: &Action, at: Timestamp) {
    if action.is_approval() {
        run.due = None;
        run.updated = at;
        run.status = ActionStatus::Failed;
        run.error =
            Some(("TimedOut".to_owned(), "The approval action was not completed before it timed out.".to_owned()));
        return;
    }
    conclude(run, action.behaviour.end.clone(), at);
}

/// Ends an action that is not an approval.
pub fn conclude(run: &mut ActionRun, end: ActionResult, at: Timestamp) {
    run.due = None;
    run.updated = at;
    run.summary = end.summary;
    if end.fails {
        run.status = ActionStatus::Failed;
        let message = run.summary.clone().unwrap_or_else(|| "The action failed.".to_owned());
        run.error = Some(("JobFailed".to_owned(), message));
    } else {
        run.status = ActionStatus::Succeeded;
        run.output_variables = end.output_variables;
    }
}

/// Continues an execution after its actions changed: the next actions of its stage, the stage's end, its own end.
pub fn proceed(pipeline: &mut Pipeline, e: usize, at: Timestamp, latency: Latency) {
    let execution = &pipeline.executions[e];
    let stage_index = execution.stages.len().saturating_sub(1);
    let Some(stage) = execution.stage().filter(|s| s.status.is_open()) else { return };
    if stage.latest().any(|a| a.status == ActionStatus::InProgress) {
        return;
    }
    let status_of = |wanted| stage.latest().any(|a| a.status == wanted);
    if execution.stops_at.is_some() {
        return;
    }
    if status_of(ActionStatus::Failed) {
        close(&mut pipeline.executions[e], Status::Failed, StageStatus::Failed, at);
        return;
    }
    if execution.status == Status::Stopping {
        close(&mut pipeline.executions[e], Status::Stopped, StageStatus::Stopped, at);
        return;
    }
    let declared = &pipeline.stages[stage_index].actions;
    let reached = stage.latest().map(|a| declared[a.action].run_order).max();
    let next = declared.iter().map(|a| a.run_order).filter(|o| reached.is_none_or(|r| *o > r)).min();
    if let Some(order) = next {
        start_actions(pipeline, e, stage_index, order, at, latency);
        return;
    }
    let last = stage_index + 1 == pipeline.stages.len();
    let execution = &mut pipeline.executions[e];
    execution.updated = at;
    if let Some(stage) = execution.stages.last_mut() {
        stage.status = StageStatus::Succeeded;
    }
    if last {
        execution.status = Status::Succeeded;
    } else {
        execution.waits_since = Some(at);
    }
}

/// Ends an execution and the stage that it is in.
fn close(execution: &mut Execution, status: Status, stage_status: StageStatus, at: Timestamp) {
    execution.status = status;
    execution.updated = at;
    execution.stops_at = None;
    execution.waits_since = None;
    if let Some(stage) = execution.stages.last_mut().filter(|s| s.status.is_open()) {
        stage.status = stage_status;
    }
}

/// Lets waiting executions into stages that are free, until nothing moves.
pub fn admit(pipeline: &mut Pipeline, at: Timestamp, latency: Latency) {
    if pipeline.mode == Mode::Superseded {
        supersede(pipeline, at);
    }
    loop {
        // The later stages first, so that a stage is free before the one before it is checked.
        let next = (0..pipeline.stages.len()).rev().find_map(|stage| {
            let free = pipeline.mode == Mode::Parallel || pipeline.holder(stage).is_none();
            free.then(|| first_waiting(pipeline, stage)).flatten().map(|e| (stage, e))
        });
        let Some((stage, e)) = next else { return };
        let execution = &mut pipeline.executions[e];
        execution.waits_since = None;
        execution.updated = at;
        execution.stages.push(StageRun { status: StageStatus::InProgress, actions: Vec::new(), from: 0 });
        let order = pipeline.stages[stage].actions.iter().map(|a| a.run_order).min().unwrap_or(1);
        start_actions(pipeline, e, stage, order, at, latency);
    }
}

/// The execution that has waited longest before a stage.
fn first_waiting(pipeline: &Pipeline, stage: usize) -> Option<usize> {
    let waiting = pipeline.executions.iter().enumerate().filter(|(_, e)| waits_for(e, stage));
    waiting.min_by_key(|(i, e)| (e.waits_since, *i)).map(|(i, _)| i)
}

/// The execution waits for the stage, and enters as soon as it is free.
pub fn waits_for(execution: &Execution, stage: usize) -> bool {
    execution.is_between_stages() && execution.waits_since.is_some() && execution.stages.len() == stage
}

/// Of several executions that wait for a stage, only the newest continues.
fn supersede(pipeline: &mut Pipeline, at: Timestamp) {
    for stage in 0..pipeline.stages.len() {
        let waiting: Vec<usize> =
            (0..pipeline.executions.len()).filter(|i| waits_for(&pipeline.executions[*i], stage)).collect();
        let Some((newest, older)) = waiting.split_last() else { continue };
        let by = pipeline.executions[*newest].id.clone();
        for e in older {
            let execution = &mut pipeline.executions[*e];
            execution.status_summary = Some(format!("Superseded by execution {by}."));
            execution.status = Status::Superseded;
            execution.waits_since = None;
            execution.updated = at;
        }
    }
}

/// Runs an execution's last stage again, which has failed: its failed actions, or `all` from the first.
pub fn retry(pipeline: &mut Pipeline, e: usize, all: bool, at: Timestamp, latency: Latency) {
    let execution = &mut pipeline.executions[e];
    let Some(stage) = execution.stages.len().checked_sub(1) else { return };
    execution.status = Status::InProgress;
    let run = &mut execution.stages[stage];
    run.status = StageStatus::InProgress;
    let declared = &pipeline.stages[stage].actions;
    let again: Vec<usize> = match all {
        true => {
            run.from = run.actions.len();
            let first = declared.iter().map(|a| a.run_order).min();
            (0..declared.len()).filter(|i| Some(declared[*i].run_order) == first).collect()
        }
        false => run.latest().filter(|a| a.status == ActionStatus::Failed).map(|a| a.action).collect(),
    };
    start_those(pipeline, e, stage, &again, at, latency);
}

fn start_actions(pipeline: &mut Pipeline, e: usize, stage: usize, order: i64, at: Timestamp, latency: Latency) {
    let declared = pipeline.stages[stage].actions.iter().enumerate();
    let those: Vec<usize> = declared.filter(|(_, a)| a.run_order == order).map(|(i, _)| i).collect();
    start_those(pipeline, e, stage, &those, at, latency);
}

fn start_those(pipeline: &mut Pipeline, e: usize, stage: usize, those: &[usize], at: Timestamp, latency: Latency) {
    let Pipeline { executions, stages, name, .. } = pipeline;
    let execution = &executions[e];
    let mut runs = Vec::new();
    for (i, action) in those.iter().map(|i| (*i, &stages[stage].actions[*i])) {
        let before = execution.stages.get(stage).map_or(0, |s| s.actions.iter().filter(|r| r.action == i).count());
        let nth = before.to_string();
        let mut identity = vec![name.as_str(), &execution.id, &stages[stage].name, &action.name];
        identity.extend((before > 0).then_some(nth.as_str()));
        let configuration = action.declared.get("configuration").cloned().unwrap_or_default();
        let takes = match action.behaviour.seconds {
            Some(seconds) => SignedDuration::from_secs(seconds),
            None => nominal(&action.category),
        };
        let due = match (action.is_approval(), action.behaviour.external) {
            (true, _) => Some(at + action.timeout),
            (false, true) => None,
            (false, false) => Some(at + latency.of(takes)),
        };
        runs.push(ActionRun {
            id: uuid(&[&identity[..], &["run"]].concat()),
            action: i,
            status: ActionStatus::InProgress,
            started: at,
            updated: at,
            updated_by: None,
            summary: None,
            error: None,
            external_id: uuid(&[&identity[..], &["external"]].concat()),
            resolved: variables::in_configuration(execution, stages, &configuration),
            output_variables: Default::default(),
            due,
        });
    }
    let execution = &mut executions[e];
    execution.updated = at;
    if let Some(run) = execution.stages.last_mut() {
        run.actions.extend(runs);
    }
}

/// Makes an execution stop: its actions end first, or are abandoned.
pub fn stop(pipeline: &mut Pipeline, e: usize, abandon: bool, at: Timestamp, latency: Latency) {
    let execution = &mut pipeline.executions[e];
    execution.status = Status::Stopping;
    execution.updated = at;
    execution.waits_since = None;
    let open = execution.stages.last_mut().filter(|s| s.status.is_open());
    let Some(stage) = open else {
        execution.stops_at = Some(at + latency.of(ABANDON));
        return;
    };
    stage.status = StageStatus::Stopping;
    if abandon {
        for action in stage.actions.iter_mut().filter(|a| a.status == ActionStatus::InProgress) {
            action.status = ActionStatus::Abandoned;
            action.updated = at;
            action.due = None;
        }
        execution.stops_at = Some(at + latency.of(ABANDON));
    }
}
