//! Checking whether a stage works.

use async_trait::async_trait;

use super::Execute;
use crate::model::effect::StepRef;
use crate::model::event::Fact;
use crate::model::fault::Fault;
use crate::model::fault::own::Lack;
use crate::model::release::Release;
use crate::model::step::Step;
use crate::model::step::check::{Check, CheckFact};
use crate::ports::images::Say;
use crate::runtime::ports::Ports;
use crate::runtime::recorded::{defect, stage};

pub(super) struct AskCheck<'e> {
    pub at: &'e StepRef,
}

#[async_trait]
impl Execute for AskCheck<'_> {
    async fn execute(&self, ports: &Ports, release: &Release, _: Say<'_>) -> Result<Vec<Fact>, Fault> {
        let at = self.at;
        let stage = stage(release, &at.stage)?;
        let Some(Step::Check(check)) = stage.steps.get(at.step) else {
            return Err(defect(Lack::Check));
        };
        let mut vars = vec![
            ("KANMON_RELEASE".to_owned(), release.id.to_string()),
            ("KANMON_STAGE".to_owned(), stage.name.to_string()),
        ];
        for image in stage.images_used(&release.started.pipeline) {
            if let Some(pushed) = release.image_for(stage, image) {
                let name = image.as_str().to_uppercase().replace(['-', '.'], "_");
                vars.push((format!("KANMON_DIGEST_{name}"), pushed.digest.to_string()));
            }
        }
        if let Check::Command { account: Some(account), .. } = check {
            vars.extend(ports.accounts.environment(release.started.pipeline.account(account)).await?);
        }
        let checked = ports.checks.check(check, &vars).await;
        Ok(vec![Fact::step(at, CheckFact::CheckJudged { verdict: checked.verdict, result: checked.result })])
    }
}
