//! What a person is asked to approve, in few words.

use crate::model::finding::Severity;
use crate::model::pipeline::Stage;
use crate::model::release::Release;
use crate::model::words;

/// CodePipeline's limit for a summary, and a good one for people.
pub const MOST: usize = 512;

/// One line for each image and workload, at most `MOST` characters.
pub fn of(release: &Release, stage: &Stage) -> String {
    let state = release.stage(&stage.name);
    let mut lines = vec![format!("{} {} to {}", release.started.pipeline.app, release.id, stage.name)];
    if let Some(commit) = &release.started.source.commit {
        let dirty = if release.started.source.dirty { " with uncommitted changes" } else { "" };
        lines.push(format!("commit {}{dirty}", words::commit(commit, 12)));
    } else if release.started.source.unreadable.is_some() {
        lines.push("commit unknown".to_owned());
    }
    for image in stage.images_used(&release.started.pipeline) {
        if let Some(pushed) = release.image_for(stage, image) {
            lines.push(format!("{image} {}", pushed.digest));
        }
    }
    if let Some(gate) = &state.gate {
        let counts: Vec<String> =
            Severity::ALL.iter().filter_map(|s| gate.counts.get(s).map(|n| format!("{n} {}", s.word()))).collect();
        lines.push(match counts.is_empty() {
            true => "no findings".to_owned(),
            false => format!("findings: {}", counts.join(", ")),
        });
    }
    let services = state.plan.iter().flat_map(|p| &p.services).map(|(name, plan)| (name.as_str(), plan));
    let tasks = state.plan.iter().flat_map(|p| &p.tasks).map(|(name, plan)| (name.as_str(), plan));
    for (name, plan) in services.chain(tasks) {
        let what = match plan.changes.as_slice() {
            [] => "unchanged".to_owned(),
            [one] => format!("{} changes", one.path),
            many => format!("{} members change", many.len()),
        };
        lines.push(format!("{name}: {what}"));
    }
    let text = lines.join("\n");
    text.chars().take(MOST).collect()
}
