//! How far a release is: its stages, the tasks of its rollouts, and what it waits for.

use jiff::Timestamp;

use super::release_state::{Shown, age, inked};
use super::tasks;
use crate::model::arn;
use crate::model::format::{commit as commit_name, lasting};
use crate::model::ids::ServiceName;
use crate::model::pipeline::Stage;
use crate::model::rollout::{Deployment, ServiceReading};
use crate::model::step::part::Direction;
use crate::model::step::roll_state::{RollState, RolloutRun};
use crate::model::waiting::Waiting;
use crate::report::paint::Paint;
use crate::report::story_line::StoryLine;
use crate::report::text::Text;
use crate::report::wrap::{cells, filled, padded};
use crate::report::{display_names, rollout, story, summary, waiting};

/// The live reading of a service of a stage.
pub type Live<'a> = &'a dyn Fn(&Stage, &ServiceName) -> Option<&'a ServiceReading>;

/// The release's progress. `width`: in cells.
pub fn page(shown: &Shown<'_>, live: Live<'_>, now: Timestamp, width: usize, paint: Paint) -> Text {
    let mut text = head(shown, now, paint);
    text.line("");
    let stages = shown.release.stages_requested();
    let widest = stages.iter().map(|stage| cells(stage.name.as_str())).max().unwrap_or(0);
    for stage in stages {
        text = text.and(of_stage(shown, stage, widest, live, now, paint));
    }
    if let Some(ending) = &shown.release.ending {
        text.line("");
        return text.and(summary::of(shown.release, ending, true, paint, None)).wrapped(Some(width), 4);
    }
    // What the stages above say already is left out.
    let waits = shown.waiting.iter().filter(|wait| !matches!(wait.what, Waiting::Approval { .. }));
    let doing: Vec<String> = waits.map(|wait| format!("  {}", waiting::timed(wait, now))).collect();
    if !doing.is_empty() {
        text.line("");
        text.line(paint.strong("now"));
        doing.iter().for_each(|line| text.line(line));
    }
    text.wrapped(Some(width), 4)
}

/// The last lines of the story, the newest first. `width`: in cells.
pub fn recent(story: &[(Timestamp, StoryLine)], now: Timestamp, width: usize, paint: Paint) -> Text {
    let mut text = Text::from("").and(Text::from(paint.strong("before, the newest first")));
    for (at, line) in story.iter().rev().take(RECENT) {
        let age = format!("{:>5}", age(now.duration_since(*at)));
        // What stands below a line is instructions, which are on other pages.
        let line = StoryLine { more: Vec::new(), ..line.clone() };
        let room = width.saturating_sub(age.len() + 1);
        text = text.and(line.render(paint, Some(room)).beside(&paint.faint(&age), age.len() + 1));
    }
    text
}

/// How many lines of the story are shown below the progress.
const RECENT: usize = 8;

fn head(shown: &Shown<'_>, now: Timestamp, paint: Paint) -> Text {
    let release = shown.release;
    let (ink, state) = shown.state(now);
    let since = lasting(now.duration_since(release.started_at));
    let mut text = Text::from(format!("{}, started {since} ago", inked(ink, &state, paint)));
    let source = &release.started.source;
    if let Some(commit) = &source.commit {
        let dirty = if source.dirty { " with uncommitted changes" } else { "" };
        let by = source.author.as_deref().map(|author| format!(" by {author}")).unwrap_or_default();
        text.line(format!("commit {}{dirty}{by}", commit_name(commit, 12)));
    }
    text.line(format!("requested by {}", display_names::requesters(&release.requesters)));
    match shown.held_by {
        Some(who) => text.line(format!("{who} works on it")),
        None if release.ending.is_none() && !shown.imported => {
            text.line(paint.careful(&format!("no process works on it; `kanmon resume {}` continues it", release.id)));
        }
        None => {}
    }
    text
}

fn of_stage(shown: &Shown<'_>, stage: &Stage, widest: usize, live: Live<'_>, now: Timestamp, paint: Paint) -> Text {
    let state = shown.release.stage(&stage.name);
    let (ink, sign) = shown.sign(stage);
    let name = paint.strong(&padded(stage.name.as_str(), widest));
    let word = match (state.entered, state.left) {
        (Some(entered), Some(left)) => format!("done in {}", lasting(left.duration_since(entered))),
        (Some(_), None) if shown.release.ended_for_good().is_some() => "not passed".to_owned(),
        (Some(entered), None) => format!("entered {} ago", lasting(now.duration_since(entered))),
        (None, _) => before(shown, stage, now),
    };
    let mut text = Text::from(format!("{} {name}  {word}", inked(ink, &sign.to_string(), paint)));
    // A stage that is passed needs no more room, and how a release has ended stands below the stages.
    if state.left.is_none() && shown.release.ending.is_none() {
        for (_, service, roll) in state.rolls() {
            text = text.and(of_roll(service, roll, live(stage, service), paint).after("    "));
        }
    }
    text
}

/// A stage that is not entered.
fn before(shown: &Shown<'_>, stage: &Stage, now: Timestamp) -> String {
    let request = shown.requests.iter().find(|(name, _)| **name == stage.name);
    let state = shown.release.stage(&stage.name);
    match (request, &stage.approval, &state.gate) {
        (Some((_, request)), Some(policy), _) => {
            let left = lasting(request.expires_at.duration_since(now));
            format!("waits for approval by {}, {left} left", story::who_may(policy))
        }
        (_, _, Some(gate)) if !gate.verdict.passes() => format!("gate {}", crate::report::gate::judgement(gate)),
        (_, Some(_), _) => "needs approval".to_owned(),
        (_, None, _) => String::new(),
    }
}

/// A service's rollout, with its tasks where it has begun.
fn of_roll(service: &ServiceName, roll: &RollState, reading: Option<&ServiceReading>, paint: Paint) -> Text {
    let direction = if roll.back.run.is_some() { Direction::Back } else { Direction::Forward };
    let rolling = roll.rollout(direction);
    let Some(run) = &rolling.run else { return Text::new() };
    let to = arn::last(&run.task_definition);
    let from = roll.baseline.as_ref().map(|before| arn::last(&before.task_definition)).filter(|from| *from != to);
    let what = match (direction, from) {
        (Direction::Forward, Some(from)) => format!("{from} → {to}"),
        (Direction::Forward, None) => to.to_owned(),
        (Direction::Back, _) => format!("rolls back to {to}"),
    };
    let mut text = Text::from(format!("{}  {what}", paint.strong(service.as_str())));
    match &rolling.ended {
        Some(end) => text.line(format!("  {}", rollout::ended(end))),
        None => text = text.and(deployments(roll, run, reading, paint).after("  ")),
    }
    text
}

/// The deployments of a service that is being rolled: ours, and what it replaces. Without a reading, what the record has.
fn deployments(roll: &RollState, run: &RolloutRun, reading: Option<&ServiceReading>, paint: Paint) -> Text {
    let Some(reading) = reading else {
        let recorded = run.progress.as_ref();
        let [drawn, text] =
            recorded.map_or_else(Default::default, |p| tasks::starting(p.running, p.desired, p.failed, paint));
        return if recorded.is_some() { Text::from(format!("new   {drawn}  {text}")) } else { Text::new() };
    };
    let before = roll.baseline.as_ref().map(|baseline| &baseline.task_definition);
    let mut rows = Vec::new();
    for deployment in &reading.deployments {
        let Deployment { id, task_definition, desired, running, failed, .. } = deployment;
        let is_ours = run.primary.as_ref() == Some(id);
        let is_primary = reading.primary().is_some_and(|primary| primary.id == *id);
        let (word, [drawn, text]) = match (is_ours, is_primary) {
            (true, _) => ("new", tasks::starting(*running, *desired, *failed, paint)),
            // ECS rolls back to it.
            (false, true) if before == Some(task_definition) => {
                ("back", tasks::starting(*running, *desired, *failed, paint))
            }
            (false, true) => ("other", tasks::starting(*running, *desired, *failed, paint)),
            (false, false) => ("old", tasks::stopping(*running, paint)),
        };
        rows.push((word, drawn, text, arn::last(task_definition)));
    }
    let widest = rows.iter().map(|(_, drawn, ..)| cells(drawn)).max().unwrap_or(0);
    let line = |(word, drawn, text, revision): (&str, String, String, &str)| {
        format!("{word:<5} {}  {text}  {}", filled(&drawn, widest), paint.faint(revision))
    };
    rows.into_iter().map(line).collect()
}
