//! Copying an image into the registry of another account.

use async_trait::async_trait;

use super::Execute;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::ids::{AccountName, ImageName};
use crate::model::release::Release;
use crate::ports::images::Say;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::defect;

pub(super) struct Copy<'e> {
    pub image: &'e ImageName,
    pub account: &'e AccountName,
}

#[async_trait]
impl Execute for Copy<'_> {
    async fn execute(&self, ports: &Ports, release: &Release, say: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let Copy { image, account } = *self;
        let pipeline = &release.started.pipeline;
        let spec = pipeline.image(image);
        let source = release.images.get(image).ok_or_else(|| defect(Lack::Built))?;
        let from = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
        let to = ports.registry.access(pipeline.account(account), &spec.repository).await?;
        let pushed = ports.images.copy(&from, &source.digest, &to, &release.tag(image), say).await?;
        Ok(vec![Fact::ImageCopied { image: image.clone(), account: account.clone(), pushed }])
    }
}
