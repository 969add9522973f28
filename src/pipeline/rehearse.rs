//! Every template rendered with every stage's values, before a release finds out.

use super::diagnostics::{Mistake, Source};
use super::nearest;
use super::reader::{Reader, Section};
use super::resolve::Parts;
use super::templates::{self, Scene, Values};
use super::yaml::Node;
use crate::model::ids::AppName;
use crate::model::pipeline::{FileRef, Stage, TaskDefinitionSource};

pub fn rehearse(reader: &mut Reader<'_>, app: &AppName, parts: &Parts, stages: &[Stage]) {
    let none = Values::default();
    for stage in stages {
        let Some(account) = parts.accounts.get(&stage.account) else { continue };
        let values = match &stage.values {
            Some(file) => reader.values.get(&file.path),
            // Without its values a stage renders nothing as it will be; that they are broken was told.
            None if has_values(reader.document, stage) => None,
            None => Some(&none),
        };
        let Some(values) = values.cloned() else { continue };
        let scene = Scene { app, account, values: &values, stage: &stage.name, cluster: &stage.cluster };
        for (section, name, file) in templates_of(parts, stage) {
            render(reader, &scene, section, name, file);
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

fn render(reader: &mut Reader<'_>, scene: &Scene<'_>, section: Section, name: &str, file: &FileRef) {
    let Some(source) = reader.templates.get(&file.path) else { return };
    match templates::render_text(&source.text, scene) {
        Err(Mistake { span, message, hint }) => {
            let message = format!("{message} (stage `{}`)", scene.stage);
            let found = source.diagnose(Mistake { span, message, hint });
            reader.elsewhere.push(found);
        }
        Ok(definition) => containers(reader, section, name, source_name(source).as_str(), &definition),
    }
}

fn source_name(source: &Source) -> String {
    source.file.clone()
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
            let hint = nearest::hint(&key.name, there.iter().copied()).unwrap_or_else(|| "it has no containers".into());
            reader
                .mistakes
                .push(Mistake::new(key.span, format!("`{file}` has no container `{}`", key.name)).hint(hint));
        }
    }
}
