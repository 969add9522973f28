//! What a stage would change, for people.

use super::names::{image, short};
use super::paint::Paint;
use super::text::Text;
use crate::model::pipeline::{Pipeline, Stage};
use crate::model::plan::{Change, ChangeKind, StagePlan, WorkloadPlan};
use crate::model::words::tasks;

/// Indented below the stage's name.
pub fn of(pipeline: &Pipeline, stage: &Stage, plan: &StagePlan, paint: Paint) -> Text {
    let account = pipeline.account(&stage.account);
    let place = format!("cluster {}, account {} ({})", stage.cluster, account.name, account.id);
    let mut lines = vec![format!("{}  {}", paint.strong(stage.name.as_str()), paint.faint(&place))];
    for (name, workload) in &plan.services {
        let live = workload.live.as_deref().map_or("nothing", short);
        lines.push(match workload.is_unchanged() {
            true => format!("  {name}  {live}, unchanged"),
            false => format!("  {name}  {live} → next of {}, {}", workload.family, tasks(workload.desired)),
        });
        lines.extend(images(workload, paint));
        lines.extend(
            workload.changes.iter().filter(|c| !is_image(c, workload)).map(|c| format!("    {}", change(c, paint))),
        );
        if !workload.drift.is_empty() {
            lines.push(paint.careful("    changed by somebody else since kanmon's last revision:"));
            lines.extend(workload.drift.iter().map(|c| format!("      {}", change(c, paint))));
        }
    }
    for (name, workload) in &plan.tasks {
        lines.push(format!("  {name}  runs once, as next of {}", workload.family));
        lines.extend(images(workload, paint));
    }
    lines.into_iter().collect()
}

/// What each named container runs, and ran.
fn images(workload: &WorkloadPlan, paint: Paint) -> Vec<String> {
    let line = |(container, next): (&String, &String)| {
        let was = workload.changes.iter().find(|c| c.path == path(container)).and_then(|c| c.from.as_deref());
        match was {
            Some(was) => paint.careful(&format!("    ~ image of {container}: {} → {}", image(was), image(next))),
            None => format!("    image of {container}: {}", image(next)),
        }
    };
    workload.images.iter().map(line).collect()
}

fn path(container: &str) -> String {
    format!("containerDefinitions[{container}].image")
}

fn is_image(change: &Change, workload: &WorkloadPlan) -> bool {
    workload.images.keys().any(|container| change.path == path(container))
}

/// A member that changes; a value that is not for showing is only said to change.
fn change(change: &Change, paint: Paint) -> String {
    match (change.kind, &change.from, &change.to) {
        (ChangeKind::Added, _, Some(to)) => paint.good(&format!("+ {}: {to}", change.path)),
        (ChangeKind::Added, _, None) => paint.good(&format!("+ {} (value not shown)", change.path)),
        (ChangeKind::Removed, Some(from), _) => paint.bad(&format!("- {}: {from}", change.path)),
        (ChangeKind::Removed, None, _) => paint.bad(&format!("- {} (value not shown)", change.path)),
        (ChangeKind::Changed, Some(from), Some(to)) => paint.careful(&format!("~ {}: {from} → {to}", change.path)),
        (ChangeKind::Changed, _, _) => paint.careful(&format!("~ {} (value not shown)", change.path)),
    }
}
