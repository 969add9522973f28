//! Renders every template with every stage's values, so that mistakes are found before a release.

use super::diagnostics::Mistake;
use super::parts::Parts;
use super::reader::{Reader, Section};
use super::templates::{self, Values, Variables};
use super::yaml::Node;
use crate::model::ids::AppName;
use crate::model::pipeline::{FileRef, Stage, TaskDefinitionSource};
use crate::report::nearest;

/// A template's mistake or warning, and the stages that have it.
struct Found {
    file: String,
    mistake: Mistake,
    stops: bool,
    stages: Vec<String>,
}

pub fn check(reader: &mut Reader<'_>, app: &AppName, parts: &Parts, stages: &[Stage]) {
    let none = Values::default();
    let mut found: Vec<Found> = Vec::new();
    for stage in stages {
        let Some(account) = parts.accounts.get(&stage.account) else { continue };
        let values = match &stage.values {
            Some(file) => reader.values.get(&file.path),
            // The stage's values are invalid, which was reported: rendering without them would report more mistakes than there are.
            None if has_values(reader.document, stage) => None,
            None => Some(&none),
        };
        let Some(values) = values.cloned() else { continue };
        let variables = Variables { app, account, values: &values, stage: &stage.name, cluster: &stage.cluster };
        for (section, name, file) in templates_of(parts, stage) {
            let Some(source) = reader.templates.get(&file.path) else { continue };
            let (stops, mistakes) = match templates::render_text(&source.text, &variables) {
                Ok(rendered) => {
                    containers(reader, section, name, &file.path, &rendered.definition);
                    (false, rendered.warnings)
                }
                Err(mistakes) => (true, mistakes),
            };
            for mistake in mistakes {
                match found.iter_mut().find(|f| f.file == file.path && f.mistake == mistake) {
                    Some(same) => same.stages.push(format!("`{}`", stage.name)),
                    None => {
                        let stages = vec![format!("`{}`", stage.name)];
                        found.push(Found { file: file.path.clone(), mistake, stops, stages });
                    }
                }
            }
        }
    }
    for Found { file, mut mistake, stops, mut stages } in found {
        stages.dedup();
        mistake.message += &format!(" (stage {})", stages.join(", "));
        let reported = reader.templates.get(&file).map(|source| source.diagnose(mistake));
        if stops {
            reader.elsewhere.extend(reported);
        } else {
            reader.warnings_elsewhere.extend(reported);
        }
    }
}

fn has_values(document: &Node, stage: &Stage) -> bool {
    let stages = document.get("stages").map_or(&[][..], Node::items);
    stages.iter().any(|s| s.get("name").and_then(Node::text) == Some(stage.name.as_str()) && s.get("values").is_some())
}

fn templates_of<'a>(parts: &'a Parts, stage: &'a Stage) -> Vec<(Section, &'a str, &'a FileRef)> {
    let services = stage.services().filter_map(|name| match &parts.services.get(name)?.taskdef {
        TaskDefinitionSource::Template(file) => Some((Section::Services, name.as_str(), file)),
        TaskDefinitionSource::Live => None,
    });
    let tasks = stage.tasks().filter_map(|name| Some((Section::Tasks, name.as_str(), &parts.tasks.get(name)?.taskdef)));
    services.chain(tasks).collect()
}

/// The containers that the pipeline names must be in the task definition.
fn containers(reader: &mut Reader<'_>, section: Section, name: &str, file: &str, definition: &serde_json::Value) {
    let there: Vec<&str> = definition["containerDefinitions"]
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .filter_map(|c| c["name"].as_str())
        .collect();
    let workload = reader.document.get(section.key()).and_then(|s| s.get(name));
    for (key, _) in workload.and_then(|w| w.get("containers")).map_or(&[][..], Node::entries) {
        if !there.contains(&key.name.as_str()) {
            let hint = nearest::hint(&key.name, there.iter().copied())
                .unwrap_or_else(|| "the template has no containers".into());
            reader.say_hint(key.span, format!("`{file}` has no container `{}`", key.name), hint);
        }
    }
}
