//! `services` and `tasks`: what runs the images.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::diagnostics::Span;
use super::duration;
use super::reader::{Reader, Section};
use super::yaml::Node;
use crate::model::ids::{ImageName, ServiceName, TaskName};
use crate::model::pipeline::{ServiceSpec, Sheet, TaskDefinitionSource, TaskSpec, UnnamedContainers};
use crate::report::nearest;

/// Enough for most migrations; the file can set more.
const TASK_TIMEOUT: SignedDuration = SignedDuration::from_mins(15);
const LIVE: &str = "live";

pub fn services(reader: &mut Reader<'_>) -> BTreeMap<ServiceName, ServiceSpec> {
    let mut services = BTreeMap::new();
    for (key, node) in reader.document.get(Section::Services.key()).map_or(&[][..], Node::entries) {
        let name = reader.key::<ServiceName>(key);
        let taskdef = match node.get("taskdef") {
            Some(n) if n.text() == Some(LIVE) => Some(TaskDefinitionSource::Live),
            Some(n) => reader.template(n).map(TaskDefinitionSource::Template),
            None => None,
        };
        let (containers, sheet) = (containers(reader, node), sheet(node));
        if let (Some(name), Some(taskdef)) = (name, taskdef) {
            services.insert(name, ServiceSpec { taskdef, containers, sheet });
        }
    }
    services
}

pub fn tasks(reader: &mut Reader<'_>) -> BTreeMap<TaskName, TaskSpec> {
    let mut tasks = BTreeMap::new();
    for (key, node) in reader.document.get(Section::Tasks.key()).map_or(&[][..], Node::entries) {
        let name = reader.key::<TaskName>(key);
        let taskdef = match node.get("taskdef") {
            Some(n) if n.text() == Some(LIVE) => {
                reader.say_hint(
                    n.span,
                    "a one-off task has no live task definition",
                    "write the path of a template in the repository",
                );
                None
            }
            Some(n) => reader.template(n),
            None => None,
        };
        let (containers, sheet) = (containers(reader, node), sheet(node));
        let network_of = node.get("network_of").and_then(|n| reader.refer::<ServiceName>(Section::Services, n));
        let container = deciding(reader, node, key.span);
        let command = Reader::words(node.get("command"));
        let timeout = node.get("timeout").and_then(Node::text).and_then(duration::parse).unwrap_or(TASK_TIMEOUT);
        if let (Some(name), Some(taskdef), Some(network_of), Some(container)) = (name, taskdef, network_of, container) {
            tasks.insert(name, TaskSpec { taskdef, containers, sheet, network_of, container, command, timeout });
        }
    }
    tasks
}

/// What approvers see, and what happens to containers that the file does not name.
fn sheet(node: &Node) -> Sheet {
    let unnamed = match node.get("unnamed").and_then(Node::text) {
        Some("keep") => UnnamedContainers::Keep,
        Some(_) | None => UnnamedContainers::Digest,
    };
    Sheet { unnamed, show: Reader::words(node.get("show")).into_iter().collect() }
}

fn containers(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, ImageName> {
    let mut containers = BTreeMap::new();
    for (key, image) in node.get("containers").map_or(&[][..], Node::entries) {
        if let Some(image) = reader.refer::<ImageName>(Section::Images, image) {
            containers.insert(key.name.clone(), image);
        }
    }
    containers
}

/// The container whose exit code decides: the one that is named, or the only one.
fn deciding(reader: &mut Reader<'_>, node: &Node, owner: Span) -> Option<String> {
    let names: Vec<&str> =
        node.get("containers").map_or(&[][..], Node::entries).iter().map(|(k, _)| k.name.as_str()).collect();
    match (node.get("container"), names.as_slice()) {
        (Some(n), _) => {
            let text = n.text()?;
            if !names.is_empty() && !names.contains(&text) {
                let hint = nearest::hint(text, names.iter().copied()).unwrap_or_default();
                reader.say_hint(n.span, format!("`{text}` is not one of this task's containers"), hint);
                return None;
            }
            Some(text.to_owned())
        }
        (None, []) => None,
        (None, [only]) => Some((*only).to_owned()),
        (None, [first, ..]) => {
            let at = node.key("containers").map_or(owner, |k| k.span);
            reader.say_hint(
                at,
                format!("which container's exit code decides: {}?", names.join(", ")),
                format!("write `container: {first}`"),
            );
            None
        }
    }
}
