//! The next task definition of a workload, from its base.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::taskdef;
use crate::model::effect::Workload;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::fault::service::ServiceProblem;
use crate::model::fault::task_definition::TaskDefinitionProblem;
use crate::model::ids::{ImageName, StageName};
use crate::model::pipeline::{Sheet, Stage, TaskDefinitionSource, UnnamedContainers};
use crate::model::plan::{Unnamed, UnnamedGate};
use crate::model::release::Release;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::defect;

/// What a workload's next task definition is made from.
pub struct Base<'a> {
    pub raw: Value,
    pub tags: BTreeMap<String, String>,
    pub containers: &'a BTreeMap<String, ImageName>,
    pub sheet: &'a Sheet,
}

/// The base of a workload in a stage. `live` is the revision it runs now, for `taskdef: live`.
pub async fn base<'a>(
    ports: &Ports,
    release: &'a Release,
    stage: &Stage,
    workload: &Workload,
    live: Option<&str>,
) -> Result<Base<'a>, Fault> {
    let pipeline = &release.started.pipeline;
    let (raw, tags, containers, sheet) = match workload {
        Workload::Service(name) => {
            let spec = pipeline.service(name);
            match &spec.taskdef {
                TaskDefinitionSource::Live => {
                    let live = live.ok_or_else(|| defect(Lack::LiveRevision))?;
                    let base = ports.deployer.task_definition(pipeline.account(&stage.account), live).await?;
                    (base.raw, base.tags, &spec.containers, &spec.sheet)
                }
                TaskDefinitionSource::Template(file) => {
                    let raw = ports.templates.render(file, pipeline, stage)?;
                    let tags = tags_of(&raw);
                    (raw, tags, &spec.containers, &spec.sheet)
                }
            }
        }
        Workload::Task(name) => {
            let spec = pipeline.task(name);
            let raw = ports.templates.render(&spec.taskdef, pipeline, stage)?;
            let tags = tags_of(&raw);
            (raw, tags, &spec.containers, &spec.sheet)
        }
    };
    Ok(Base { raw, tags, containers, sheet })
}

impl Base<'_> {
    /// The containers that the file does not name, and what they run by the base.
    ///
    /// # Errors
    /// `Invalid` where the base has no list of containers.
    pub fn unnamed(&self) -> Result<Vec<(String, String)>, Fault> {
        let all = taskdef::container_images(&self.raw)?;
        Ok(all.into_iter().filter(|(container, _)| !self.containers.contains_key(container)).collect())
    }

    /// The task definition to register: each named container's image by these references, each other one's as it was planned. A
    /// record may leave one out, or have one kept that the file does not keep.
    ///
    /// # Errors
    /// `Changed` for a container that the plan does not have.
    pub fn next(
        &self,
        stage: &StageName,
        workload: &Workload,
        images: &BTreeMap<String, String>,
        planned: &BTreeMap<String, Unnamed>,
    ) -> Result<Value, Fault> {
        let mut all = images.clone();
        for (container, _) in self.unnamed()? {
            match (self.sheet.unnamed, planned.get(&container)) {
                (UnnamedContainers::Keep, _) => {}
                (UnnamedContainers::Digest, Some(unnamed)) if unnamed.gate != UnnamedGate::Kept => {
                    all.insert(container, unnamed.image.clone());
                }
                (UnnamedContainers::Digest, _) => {
                    return Err(TaskDefinitionProblem::Unplanned { container }.into());
                }
            }
        }
        taskdef::compose(stage, workload, &self.raw, &all)
    }
}

/// The reference that each container will run: always by digest, in the repository that ECR itself names for the account. A record
/// may be somebody else's: where it says otherwise, nothing is planned or registered.
///
/// # Errors
/// `Invalid` where the record has an image in another repository than ECR names.
pub async fn images(
    ports: &Ports,
    release: &Release,
    stage: &Stage,
    containers: &BTreeMap<String, ImageName>,
) -> Result<BTreeMap<String, String>, Fault> {
    let pipeline = &release.started.pipeline;
    let mut references = BTreeMap::new();
    for (container, image) in containers {
        let pushed = release.image_for(stage, image).ok_or_else(|| defect(Lack::ImageInAccount))?;
        let (account, repository) = (pipeline.image_account(stage, image), &pipeline.image(image).repository);
        let own = ports.registry.repository(account, repository).await?.uri;
        if pushed.repository != own {
            return Err(ServiceProblem::ForeignRepository {
                image: image.clone(),
                named: pushed.repository.clone(),
                account: account.name.clone(),
                id: account.id.clone(),
                repository: repository.clone(),
                own,
            }
            .into());
        }
        references.insert(container.clone(), format!("{own}@{}", pushed.digest));
    }
    Ok(references)
}

/// A template's own `tags`.
pub fn tags_of(base: &Value) -> BTreeMap<String, String> {
    let text = |tag: &Value, member: &str| tag.get(member).and_then(Value::as_str).map(str::to_owned);
    let tags = base.get("tags").and_then(Value::as_array);
    tags.into_iter().flatten().filter_map(|t| Some((text(t, "key")?, text(t, "value")?))).collect()
}
