//! What a stage would change, for people.

use super::paint::Paint;
use crate::model::pipeline::Stage;
use crate::model::plan::{Change, ChangeKind, StagePlan, WorkloadPlan};

/// Several lines, indented below the stage's name.
pub fn of(stage: &Stage, plan: &StagePlan, paint: Paint) -> String {
    let mut lines = vec![format!("{}  cluster {}", paint.strong(stage.name.as_str()), stage.cluster)];
    for (name, workload) in &plan.services {
        lines.push(format!("  {name}  {}", headline(workload)));
        lines.extend(workload.images.iter().map(|(container, image)| format!("    {container} runs {image}")));
        lines.extend(workload.changes.iter().map(|c| format!("    {}", change(c, paint))));
        if !workload.drift.is_empty() {
            lines.push("    changed by somebody else since kanmon's last revision:".to_owned());
            lines.extend(workload.drift.iter().map(|c| format!("      {}", change(c, paint))));
        }
    }
    for (name, workload) in &plan.tasks {
        lines.push(format!("  {name}  runs once, as {}", workload.family));
        lines.extend(workload.images.iter().map(|(container, image)| format!("    {container} runs {image}")));
    }
    lines.join("\n")
}

fn headline(workload: &WorkloadPlan) -> String {
    let live = workload.live.as_deref().map_or("nothing", super::story::short);
    match workload.is_unchanged() {
        true => format!("unchanged: {live} runs already"),
        false => format!("on {live} now"),
    }
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
