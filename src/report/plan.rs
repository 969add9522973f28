//! What a stage would change, for people.

use super::display_names::image;
use super::gate;
use super::paint::Paint;
use super::rollout::tasks;
use super::text::Text;
use crate::model::arn;
use crate::model::pipeline::{Account, Pipeline, Stage};
use crate::model::plan::{Change, ChangeKind, StagePlan, UnnamedGate, WorkloadPlan};

/// Indented below the stage's name.
pub fn of(pipeline: &Pipeline, stage: &Stage, plan: &StagePlan, paint: Paint) -> Text {
    let account = pipeline.account(&stage.account);
    let place = format!("cluster {}, account {} ({})", stage.cluster, account.name, account.id);
    let mut text = Text::from(format!("{}  {}", paint.strong(stage.name.as_str()), paint.faint(&place)));
    endpoints(pipeline, stage).iter().for_each(|line| text.line(paint.careful(line)));
    for (name, workload) in &plan.services {
        let live = workload.live.as_deref().map_or("nothing", arn::last);
        text.line(match workload.is_unchanged() {
            true => format!("  {name}  {live}, unchanged"),
            false => format!("  {name}  {live} → new revision of {}, {}", workload.family, tasks(workload.desired)),
        });
        text = text.and(inside(workload, account, paint));
        if !workload.drift.is_empty() {
            text.line(paint.careful("    changed by somebody else since kanmon's last revision:"));
            workload.drift.iter().for_each(|c| text.line(format!("      {}", change(c, paint))));
        }
    }
    for (name, workload) in &plan.tasks {
        let before = match workload.live.as_deref() {
            Some(last) => format!("compared with {}, the last of its family", arn::last(last)),
            None => "the first of its family".to_owned(),
        };
        text.line(format!("  {name}  runs once, as a new revision of {}, {before}", workload.family));
        if let Some(spec) = pipeline.tasks.get(name).filter(|spec| !spec.command.is_empty()) {
            let command = serde_json::to_string(&spec.command).unwrap_or_default();
            text.line(format!("    {} runs {command}", spec.container));
        }
        text = text.and(inside(workload, account, paint));
    }
    text
}

/// The endpoints in the file that are not AWS's own: whoever operates one decides what kanmon reads.
pub(super) fn endpoints(pipeline: &Pipeline, stage: &Stage) -> Vec<String> {
    let line = |account: &Account| {
        let all: Vec<String> = account.endpoints.iter().map(|(service, url)| format!("{service} {url}")).collect();
        (!all.is_empty()).then(|| format!("  custom endpoints of {}: {}", account.name, all.join(", ")))
    };
    pipeline.accounts_of(stage).into_iter().filter_map(line).collect()
}

/// Each container's image, and what else would change.
fn inside(workload: &WorkloadPlan, account: &Account, paint: Paint) -> Text {
    let mut text = Text::new();
    for (container, next) in &workload.images {
        text.line(of_container(workload, container, "", next, account, paint));
    }
    for (container, unnamed) in &workload.unnamed {
        let (how, gate) = match &unnamed.gate {
            UnnamedGate::Judged(judged) => (" (not named in the file)", format!(", gate {}", gate::judgement(judged))),
            UnnamedGate::Unjudged => (" (not named in the file)", ", judged by the gate once it is scanned".to_owned()),
            UnnamedGate::Kept => (" (not named in the file, unnamed: keep)", ", not judged by the gate".to_owned()),
        };
        text.line(of_container(workload, container, how, &unnamed.image, account, paint) + &gate);
    }
    let others = workload.changes.iter().filter(|c| !is_image(c, workload));
    others.for_each(|c| text.line(format!("    {}", change(c, paint))));
    text
}

/// The image of a container, before and after.
fn of_container(
    workload: &WorkloadPlan,
    container: &str,
    how: &str,
    next: &str,
    account: &Account,
    paint: Paint,
) -> String {
    let next = image(next, account);
    let changed = workload.changes.iter().find(|c| c.path == path(container));
    match changed.map(|c| (c.kind, c.from.as_deref())) {
        Some((ChangeKind::Added, _)) => paint.good(&format!("    + image of {container}{how}: {next}")),
        Some((_, Some(was))) => {
            paint.careful(&format!("    ~ image of {container}{how}: {} → {next}", image(was, account)))
        }
        Some((_, None)) | None => format!("    image of {container}{how}: {next}"),
    }
}

fn path(container: &str) -> String {
    format!("containerDefinitions[{container}].image")
}

pub(super) fn is_image(change: &Change, workload: &WorkloadPlan) -> bool {
    workload.images.keys().chain(workload.unnamed.keys()).any(|container| change.path == path(container))
}

/// A changed member; of a value that must not be shown, only that it changes.
pub(super) fn change(change: &Change, paint: Paint) -> String {
    match (change.kind, &change.from, &change.to) {
        (ChangeKind::Added, _, Some(to)) => paint.good(&format!("+ {}: {to}", change.path)),
        (ChangeKind::Added, _, None) => paint.good(&format!("+ {} (value not shown)", change.path)),
        (ChangeKind::Removed, Some(from), _) => paint.bad(&format!("- {}: {from}", change.path)),
        (ChangeKind::Removed, None, _) => paint.bad(&format!("- {} (value not shown)", change.path)),
        (ChangeKind::Changed, Some(from), Some(to)) => paint.careful(&format!("~ {}: {from} → {to}", change.path)),
        (ChangeKind::Changed, _, _) => paint.careful(&format!("~ {} (value not shown)", change.path)),
    }
}
