//! What would change: services and one-off tasks, their order, and what can be undone.

use super::fit::{Part, Worth, row, under};
use crate::model::arn;
use crate::model::pipeline::Pipeline;
use crate::model::plan::{Change, UnnamedGate, WorkloadPlan};
use crate::model::review::Review;
use crate::model::step::Step;
use crate::report::paint::Paint;
use crate::report::plan;
use crate::report::rollout::tasks;
use crate::report::text::Text;

/// How many changes of a task definition are listed where there is room for some.
const SOME: usize = 3;

/// Each service and one-off task, with the changes of its task definition other than images.
pub(super) fn workloads(review: &Review<'_>, paint: Paint) -> Vec<Part> {
    let Some(shown) = review.shown else { return Vec::new() };
    let pipeline = &review.release.started.pipeline;
    let services = shown.plan.services.iter().map(|(name, workload)| {
        let live = workload.live.as_deref().map_or("nothing", arn::last);
        let what = match workload.is_unchanged() {
            true => format!("{live}, unchanged"),
            false => format!("{live} → {}, {}", next(workload), tasks(workload.desired)),
        };
        of_workload(name.as_str(), &what, workload, paint)
    });
    let once = shown.plan.tasks.iter().map(|(name, workload)| {
        let command = pipeline.tasks.get(name).map(|spec| &spec.command).filter(|command| !command.is_empty());
        let command = command.map(|words| format!(": {}", words.join(" "))).unwrap_or_default();
        of_workload(name.as_str(), &format!("runs once{command}"), workload, paint)
    });
    services.chain(once).collect()
}

fn of_workload(name: &str, what: &str, workload: &WorkloadPlan, paint: Paint) -> Part {
    let changes: Vec<&Change> = workload.changes.iter().filter(|change| !plan::is_image(change, workload)).collect();
    let count = |n: usize| if n == 1 { "1 change".to_owned() } else { format!("{n} changes") };
    let mut short = what.to_owned();
    short += &match (changes.len(), &workload.live) {
        (_, None) => format!("; the first revision of {}", workload.family),
        (0, Some(_)) if workload.is_unchanged() => String::new(),
        (0, Some(_)) => "; only images change".to_owned(),
        (1, _) => paint.careful("; 1 configuration change"),
        (n, _) => paint.careful(&format!("; {n} configuration changes")),
    };
    if !workload.drift.is_empty() {
        let drift = format!("; {} by somebody else since kanmon's last revision", count(workload.drift.len()));
        short += &paint.careful(&drift);
    }
    let kept = workload.unnamed.iter().filter(|(_, unnamed)| unnamed.gate == UnnamedGate::Kept);
    let kept: Vec<&str> = kept.map(|(container, _)| container.as_str()).collect();
    if !kept.is_empty() {
        short += &paint.careful(&format!("; no gate judges {}", kept.join(", ")));
    }
    let short = row(name, short);
    let with = |most: usize| {
        let lines = changes.iter().take(most).map(|change| under(plan::change(change, paint))).collect::<Text>();
        let more = match changes.len().saturating_sub(most) {
            0 => Text::new(),
            more => under(format!("and {more} more")),
        };
        short.clone().and(lines).and(more)
    };
    let drift = || workload.drift.iter().map(|change| under(format!("drift {}", plan::change(change, paint))));
    Part::of(Worth::Configuration, vec![short.clone(), with(SOME), with(usize::MAX).and(drift().collect())])
}

/// The next revision; its family where that is another than what runs now.
fn next(workload: &WorkloadPlan) -> String {
    let live = workload.live.as_deref().map(arn::last).and_then(|live| live.rsplit_once(':'));
    match live {
        Some((family, _)) if family == workload.family => "new revision".to_owned(),
        Some(_) => format!("new revision of {}", workload.family),
        None => "new".to_owned(),
    }
}

/// What is done in the stage, in its order.
pub(super) fn steps(review: &Review<'_>) -> Text {
    let each = review.stage.steps.iter().map(|step| match step {
        Step::Run(run) => format!("run {}", run.task),
        Step::Roll(roll) => {
            let names: Vec<&str> = roll.services.iter().map(|service| service.as_str()).collect();
            format!("roll {}", names.join(" and "))
        }
        Step::Check(_) => "check".to_owned(),
    });
    row("steps", each.collect::<Vec<_>>().join(" → "))
}

/// Whether going back is possible and safe.
pub(super) fn going_back(review: &Review<'_>, paint: Paint) -> Text {
    let back = &review.going_back;
    let how = match back.automatic {
        true => "if it fails, each service runs again what it runs now",
        false => "if it fails, nothing is rolled back (on_failure: stop)",
    };
    let mut lines = row("rollback", how);
    if !back.new_services.is_empty() {
        let names: Vec<&str> = back.new_services.iter().map(|service| service.as_str()).collect();
        lines = lines.and(under(format!("nothing to go back to: {}", names.join(", "))));
    }
    if !back.tasks.is_empty() {
        let names: Vec<&str> = back.tasks.iter().map(|task| task.as_str()).collect();
        let (are, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
        let names = names.join(" and ");
        let stays = format!("{names} {are} not undone; not known whether what runs works after {them}");
        lines = lines.and(under(paint.careful(&stays)));
    }
    lines
}

/// Endpoints that are not AWS's own.
pub(super) fn endpoints(review: &Review<'_>, paint: Paint) -> Part {
    let pipeline: &Pipeline = &review.release.started.pipeline;
    let accounts = pipeline.accounts_of(review.stage).into_iter().filter(|account| !account.endpoints.is_empty());
    let names: Vec<&str> = accounts.map(|account| account.name.as_str()).collect();
    if names.is_empty() {
        return Part::always(Text::new());
    }
    let short = paint.careful(&format!("custom, not AWS's own: accounts {}", names.join(", ")));
    let long = plan::endpoints(pipeline, review.stage).into_iter();
    let of = |line: &str| line.trim_start().trim_start_matches("custom endpoints ").to_owned();
    let long = long.map(|line| row("endpoints", paint.careful(&of(&line)))).collect();
    Part::of(Worth::Endpoints, vec![row("endpoints", short), long])
}
