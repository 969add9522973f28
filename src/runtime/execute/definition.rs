//! The next task definition of a workload, from its base.

use std::collections::BTreeMap;

use serde_json::Value;

use super::defect;
use crate::engine::taskdef;
use crate::model::effect::Workload;
use crate::model::fault::Fault;
use crate::model::ids::ImageName;
use crate::model::pipeline::{Stage, TaskDefinitionSource};
use crate::model::release::Release;
use crate::runtime::ports::Ports;

/// A task definition to register, and the tags of what it is based on.
pub struct Next {
    pub definition: Value,
    pub tags: BTreeMap<String, String>,
}

/// The task definition that a workload shall run in a stage. `live` is the revision it runs now, for `taskdef: live`.
pub async fn next(
    ports: &Ports,
    release: &Release,
    stage: &Stage,
    workload: &Workload,
    live: Option<&str>,
) -> Result<Next, Fault> {
    let pipeline = &release.started.pipeline;
    let (base, tags, containers) = match workload {
        Workload::Service(name) => {
            let spec = pipeline.service(name);
            match &spec.taskdef {
                TaskDefinitionSource::Live => {
                    let live = live.ok_or_else(|| defect("the live revision is not known"))?;
                    let base = ports.deployer.task_definition(pipeline.account(&stage.account), live).await?;
                    (base.raw, base.tags, &spec.containers)
                }
                TaskDefinitionSource::Template(file) => {
                    let base = ports.templates.render(file, pipeline, stage)?;
                    let tags = tags_of(&base);
                    (base, tags, &spec.containers)
                }
            }
        }
        Workload::Task(name) => {
            let spec = pipeline.task(name);
            let base = ports.templates.render(&spec.taskdef, pipeline, stage)?;
            let tags = tags_of(&base);
            (base, tags, &spec.containers)
        }
    };
    let definition = taskdef::compose(&base, &images(release, stage, containers)?)?;
    Ok(Next { definition, tags })
}

/// The reference that each container shall run: always by digest.
pub fn images(
    release: &Release,
    stage: &Stage,
    containers: &BTreeMap<String, ImageName>,
) -> Result<BTreeMap<String, String>, Fault> {
    containers
        .iter()
        .map(|(container, image)| {
            let pushed =
                release.image_for(stage, image).ok_or_else(|| defect("the image is not where the stage pulls it"))?;
            Ok((container.clone(), format!("{}@{}", pushed.repository, pushed.digest)))
        })
        .collect()
}

/// A template's own `tags`.
pub fn tags_of(base: &Value) -> BTreeMap<String, String> {
    let text = |tag: &Value, member: &str| tag.get(member).and_then(Value::as_str).map(str::to_owned);
    let tags = base.get("tags").and_then(Value::as_array);
    tags.into_iter().flatten().filter_map(|t| Some((text(t, "key")?, text(t, "value")?))).collect()
}
